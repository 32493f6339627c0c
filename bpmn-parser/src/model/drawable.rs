//! From the `bpmnElement` of a shape or edge to the element that is drawn.
//!
//! Owns the look-up; must not know about coordinates or drawing.

use petgraph::graph::{EdgeIndex, NodeIndex};

use super::{
    Artifact, Collaboration, ConversationLink, ConversationNode, DataAssociation, DataInput,
    DataObject, DataOutput, DataReference, FlowNode, Lane, Message, MessageFlow, Model,
    Participant, Process, SequenceFlow,
};

/// Anything that BPMN DI can draw.
#[derive(Debug, Clone, Copy)]
pub enum Drawable<'m> {
    FlowNode {
        process: &'m Process,
        index: NodeIndex,
        node: &'m FlowNode,
    },
    SequenceFlow {
        process: &'m Process,
        index: EdgeIndex,
        flow: &'m SequenceFlow,
    },
    Lane(&'m Lane),
    DataObject(&'m DataObject),
    /// A data object reference or a data store reference.
    DataReference(&'m DataReference),
    DataInput(&'m DataInput),
    DataOutput(&'m DataOutput),
    DataAssociation(&'m DataAssociation),
    /// A text annotation, group or association.
    Artifact(&'m Artifact),
    Participant(&'m Participant),
    MessageFlow(&'m MessageFlow),
    ConversationNode(&'m ConversationNode),
    ConversationLink(&'m ConversationLink),
    Message(&'m Message),
    /// A plane's element.
    Process(&'m Process),
    /// A plane's element.
    Collaboration(&'m Collaboration),
}

/// Where a drawable is; small and free of borrows so that the model can hold it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DrawableAddress {
    FlowNode(usize, NodeIndex),
    SequenceFlow(usize, EdgeIndex),
    Lane(usize, usize),
    DataObject(usize, usize),
    DataReference(usize, usize),
    /// Process, index in its `ioSpecification`.
    ProcessInput(usize, usize),
    ProcessOutput(usize, usize),
    /// Process, node, index.
    DataInputAssociation(usize, NodeIndex, usize),
    DataOutputAssociation(usize, NodeIndex, usize),
    NodeInput(usize, NodeIndex, usize),
    NodeOutput(usize, NodeIndex, usize),
    ProcessArtifact(usize, usize),
    CollaborationArtifact(usize, usize),
    Participant(usize, usize),
    MessageFlow(usize, usize),
    ConversationNode(usize, usize),
    ConversationLink(usize, usize),
    Message(usize),
    Process(usize),
    Collaboration(usize),
}

impl Model {
    /// What the `bpmnElement` of a shape, edge or plane names, with or without a prefix.
    pub fn drawable(&self, bpmn_element: &str) -> Option<Drawable<'_>> {
        let address = self.drawables.get(bpmn_element).or_else(|| {
            let (_, local) = bpmn_element.rsplit_once(':')?;
            self.drawables.get(local)
        })?;
        self.at(*address)
    }

    fn at(&self, address: DrawableAddress) -> Option<Drawable<'_>> {
        use DrawableAddress as A;
        Some(match address {
            A::FlowNode(..)
            | A::SequenceFlow(..)
            | A::Lane(..)
            | A::DataObject(..)
            | A::DataReference(..)
            | A::ProcessInput(..)
            | A::ProcessOutput(..)
            | A::DataInputAssociation(..)
            | A::DataOutputAssociation(..)
            | A::NodeInput(..)
            | A::NodeOutput(..)
            | A::ProcessArtifact(..) => return self.in_process(address),
            A::CollaborationArtifact(c, i) => {
                Drawable::Artifact(self.collaborations.get(c)?.artifacts.get(i)?)
            }
            A::Participant(c, i) => {
                Drawable::Participant(self.collaborations.get(c)?.participants.get(i)?)
            }
            A::MessageFlow(c, i) => {
                Drawable::MessageFlow(self.collaborations.get(c)?.message_flows.get(i)?)
            }
            A::ConversationNode(c, i) => {
                Drawable::ConversationNode(self.collaborations.get(c)?.conversation_nodes.get(i)?)
            }
            A::ConversationLink(c, i) => {
                Drawable::ConversationLink(self.collaborations.get(c)?.conversation_links.get(i)?)
            }
            A::Message(i) => Drawable::Message(self.messages.get(i)?),
            A::Process(i) => Drawable::Process(self.processes.get(i)?),
            A::Collaboration(i) => Drawable::Collaboration(self.collaborations.get(i)?),
        })
    }

    fn in_process(&self, address: DrawableAddress) -> Option<Drawable<'_>> {
        use DrawableAddress as A;
        let node = |p: usize, n: NodeIndex| self.processes.get(p)?.graph.graph.node_weight(n);
        Some(match address {
            A::FlowNode(p, index) => Drawable::FlowNode {
                process: self.processes.get(p)?,
                index,
                node: node(p, index)?,
            },
            A::SequenceFlow(p, index) => {
                let process = self.processes.get(p)?;
                let flow = process.graph.graph.edge_weight(index)?;
                Drawable::SequenceFlow {
                    process,
                    index,
                    flow,
                }
            }
            A::Lane(p, i) => Drawable::Lane(self.processes.get(p)?.lanes.get(i)?),
            A::DataObject(p, i) => {
                Drawable::DataObject(self.processes.get(p)?.data_objects.get(i)?)
            }
            A::DataReference(p, i) => {
                Drawable::DataReference(self.processes.get(p)?.data_references.get(i)?)
            }
            A::ProcessInput(p, i) => {
                let io = self.processes.get(p)?.io_specification.as_ref()?;
                Drawable::DataInput(io.inputs.get(i)?)
            }
            A::ProcessOutput(p, i) => {
                let io = self.processes.get(p)?.io_specification.as_ref()?;
                Drawable::DataOutput(io.outputs.get(i)?)
            }
            // Activities have theirs in an ioSpecification, events directly.
            A::NodeInput(p, n, i) => {
                let node = node(p, n)?;
                let io = node.io_specification.as_ref();
                Drawable::DataInput(io.map_or(&node.data_inputs, |io| &io.inputs).get(i)?)
            }
            A::NodeOutput(p, n, i) => {
                let node = node(p, n)?;
                let io = node.io_specification.as_ref();
                Drawable::DataOutput(io.map_or(&node.data_outputs, |io| &io.outputs).get(i)?)
            }
            A::DataInputAssociation(p, n, i) => {
                Drawable::DataAssociation(node(p, n)?.data_input_associations.get(i)?)
            }
            A::DataOutputAssociation(p, n, i) => {
                Drawable::DataAssociation(node(p, n)?.data_output_associations.get(i)?)
            }
            A::ProcessArtifact(p, i) => {
                Drawable::Artifact(self.processes.get(p)?.artifacts.get(i)?)
            }
            A::CollaborationArtifact(..)
            | A::Participant(..)
            | A::MessageFlow(..)
            | A::ConversationNode(..)
            | A::ConversationLink(..)
            | A::Message(_)
            | A::Process(_)
            | A::Collaboration(_) => return None,
        })
    }
}
