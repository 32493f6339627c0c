//! The index from ids to what is drawn, made when everything has been read.

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use super::Reader;
use crate::model::{DrawableAddress as Address, FlowNode, Model};

impl Reader<'_, '_> {
    pub(super) fn index_drawables(&self, model: &mut Model) {
        let mut index = Index {
            addresses: FxHashMap::with_capacity_and_hasher(
                self.ids.len() / 2,
                rustc_hash::FxBuildHasher,
            ),
        };
        for position in 0..model.processes.len() {
            index.process(model, position);
        }
        for position in 0..model.collaborations.len() {
            index.collaboration(model, position);
        }
        for (position, message) in model.messages.iter().enumerate() {
            index.add(&message.id, Address::Message(position));
        }
        model.drawables = index.addresses;
    }
}

struct Index {
    addresses: FxHashMap<String, Address>,
}

impl Index {
    /// The first element with an id keeps it; a duplicate has been reported.
    fn add(&mut self, id: &str, address: Address) {
        if !id.is_empty() && !self.addresses.contains_key(id) {
            self.addresses.insert(id.to_owned(), address);
        }
    }

    fn process(&mut self, model: &Model, p: usize) {
        let Some(process) = model.processes.get(p) else {
            return;
        };
        self.add(&process.id, Address::Process(p));
        for (index, node) in process.graph.nodes() {
            self.add(&node.id, Address::FlowNode(p, index));
            self.node_data(node, p, index);
        }
        for (index, flow) in process.graph.flows() {
            self.add(&flow.id, Address::SequenceFlow(p, index));
        }
        for (i, lane) in process.lanes.iter().enumerate() {
            self.add(&lane.id, Address::Lane(p, i));
        }
        for (i, object) in process.data_objects.iter().enumerate() {
            self.add(&object.id, Address::DataObject(p, i));
        }
        for (i, reference) in process.data_references.iter().enumerate() {
            self.add(&reference.id, Address::DataReference(p, i));
        }
        for (i, artifact) in process.artifacts.iter().enumerate() {
            self.add(&artifact.id, Address::ProcessArtifact(p, i));
        }
        if let Some(io) = &process.io_specification {
            for (i, input) in io.inputs.iter().enumerate() {
                self.add(&input.id, Address::ProcessInput(p, i));
            }
            for (i, output) in io.outputs.iter().enumerate() {
                self.add(&output.id, Address::ProcessOutput(p, i));
            }
        }
    }

    fn node_data(&mut self, node: &FlowNode, p: usize, index: NodeIndex) {
        for (i, association) in node.data_input_associations.iter().enumerate() {
            let id = association.id.as_deref().unwrap_or_default();
            self.add(id, Address::DataInputAssociation(p, index, i));
        }
        for (i, association) in node.data_output_associations.iter().enumerate() {
            let id = association.id.as_deref().unwrap_or_default();
            self.add(id, Address::DataOutputAssociation(p, index, i));
        }
        let io = node.io_specification.as_ref();
        let inputs = io.map_or(&node.data_inputs, |io| &io.inputs);
        for (i, input) in inputs.iter().enumerate() {
            self.add(&input.id, Address::NodeInput(p, index, i));
        }
        let outputs = io.map_or(&node.data_outputs, |io| &io.outputs);
        for (i, output) in outputs.iter().enumerate() {
            self.add(&output.id, Address::NodeOutput(p, index, i));
        }
    }

    fn collaboration(&mut self, model: &Model, c: usize) {
        let Some(collaboration) = model.collaborations.get(c) else {
            return;
        };
        if let Some(id) = &collaboration.id {
            self.add(id, Address::Collaboration(c));
        }
        for (i, participant) in collaboration.participants.iter().enumerate() {
            self.add(&participant.id, Address::Participant(c, i));
        }
        for (i, flow) in collaboration.message_flows.iter().enumerate() {
            self.add(&flow.id, Address::MessageFlow(c, i));
        }
        for (i, artifact) in collaboration.artifacts.iter().enumerate() {
            self.add(&artifact.id, Address::CollaborationArtifact(c, i));
        }
        for (i, node) in collaboration.conversation_nodes.iter().enumerate() {
            self.add(&node.id, Address::ConversationNode(c, i));
        }
        for (i, link) in collaboration.conversation_links.iter().enumerate() {
            self.add(&link.id, Address::ConversationLink(c, i));
        }
    }
}
