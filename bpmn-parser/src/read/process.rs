//! Processes: their scopes, nodes and sequence flows become one graph (BPMN 2.0 chapter 10).
//!
//! Owns the graph and its links. Node indices are the positions given in `root.rs`, because both
//! walk the file in the same order.

use model_xml::{ElementIndex, clip};
use petgraph::graph::{EdgeIndex, NodeIndex};

use super::{A_FLOW_NODE, A_SEQUENCE_FLOW, Reader};
use crate::code;
use crate::element_table::{Category, Tag};
use crate::extension::Extensions;
use crate::model::{
    CorrelationSubscription, EventPosition, FlowNode, FlowNodeKind, NodeLinks, Process,
    ProcessGraph, ProcessType, SequenceFlow,
};

/// What a scope of a process is read into.
pub(super) struct Scopes {
    pub process: Process,
    /// Sequence flows, read once all nodes are known.
    flows: Vec<ElementIndex>,
    /// The elements that became nodes, in the order of the nodes.
    nodes: Vec<ElementIndex>,
}

/// Whether a child belongs to the scope that a process or sub-process is, rather than to itself.
pub(super) fn is_scope_content(tag: Tag) -> bool {
    tag.is_flow_node()
        || tag.category() == Category::Artifact
        || matches!(
            tag,
            Tag::SequenceFlow
                | Tag::DataObject
                | Tag::DataObjectReference
                | Tag::DataStoreReference
                | Tag::LaneSet
        )
}

impl Reader<'_, '_> {
    pub(super) fn process(&mut self, element: ElementIndex) -> Process {
        let dom = self.dom;
        let is_executable = self.boolean(element, "isExecutable", false);
        let id = self.id(element);
        self.process = is_executable.then(|| self.raw(element, "id").unwrap_or_default());
        let basics = self.basics(element);
        let extensions = self.zeebe(element);
        let mut process = Process {
            id,
            name: self.string(element, "name"),
            is_executable,
            is_closed: self.boolean(element, "isClosed", false),
            process_type: self.process_type(element),
            version_tag: extensions.version_tag,
            definitional_collaboration: self
                .noted_attribute(element, "definitionalCollaborationRef"),
            user_task_forms: extensions.user_task_forms,
            zeebe: extensions.zeebe,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..Process::default()
        };
        for child in dom.children(element) {
            self.process_part(child, &mut process);
        }
        let mut scopes = Scopes {
            process,
            flows: Vec::new(),
            nodes: Vec::new(),
        };
        self.scope(element, None, &mut scopes);
        self.sequence_flows(&mut scopes);
        self.defaults(&mut scopes);
        self.check_incoming_and_outgoing(&scopes);
        self.process = None;
        scopes.process
    }

    fn process_type(&mut self, element: ElementIndex) -> ProcessType {
        match self.raw(element, "processType") {
            None | Some("None" | "none" | "") => ProcessType::None,
            Some("Public" | "public") => ProcessType::Public,
            Some("Private" | "private") => ProcessType::Private,
            Some(other) => {
                let message = format!("processType={other:?} is not None, Public or Private");
                self.error(code::BAD_VALUE, element, message, "write Private");
                ProcessType::None
            }
        }
    }

    fn process_part(&mut self, child: ElementIndex, process: &mut Process) {
        match self.tag(child) {
            Tag::Supports => process.supports.extend(self.noted_child(child)),
            Tag::SupportedInterfaceRef => {
                let interface = self.noted_child(child);
                process.supported_interfaces.extend(interface);
            }
            Tag::Auditing | Tag::Monitoring => process.auditing.push(self.xml(child)),
            Tag::Property => {
                let property = self.property(child);
                process.properties.push(property);
            }
            Tag::IoSpecification => {
                self.once(&mut process.io_specification, child, Self::io_specification);
            }
            Tag::IoBinding => process.extensions.elements.push(self.xml(child)),
            Tag::ResourceRole | Tag::Performer | Tag::HumanPerformer | Tag::PotentialOwner => {
                let role = self.resource_role(child);
                process.resource_roles.push(role);
            }
            Tag::CorrelationSubscription => {
                let subscription = self.correlation_subscription(child);
                process.correlation_subscriptions.push(subscription);
            }
            tag if is_scope_content(tag) => {}
            _ => self.unexpected(child, &mut process.extensions),
        }
    }

    fn correlation_subscription(&mut self, element: ElementIndex) -> CorrelationSubscription {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut subscription = CorrelationSubscription {
            id: self.string(element, "id"),
            correlation_key: self.noted_attribute(element, "correlationKeyRef"),
            bindings: Vec::new(),
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            if self.tag(child) != Tag::CorrelationPropertyBinding {
                self.unexpected(child, &mut subscription.extensions);
                continue;
            }
            let binding = self.property_binding(child, "correlationPropertyRef", Tag::DataPath);
            subscription.bindings.push(binding);
        }
        subscription
    }

    /// Reads what is in a process or sub-process. The recursion is bounded by `Limits::depth`.
    fn scope(&mut self, container: ElementIndex, parent: Option<NodeIndex>, scopes: &mut Scopes) {
        let dom = self.dom;
        for child in dom.children(container) {
            match self.tag(child) {
                Tag::SequenceFlow => scopes.flows.push(child),
                Tag::DataObject => {
                    let object = self.data_object(child, parent);
                    scopes.process.data_objects.push(object);
                }
                Tag::DataObjectReference | Tag::DataStoreReference => {
                    let reference = self.data_reference(child, parent);
                    scopes.process.data_references.push(reference);
                }
                Tag::LaneSet => self.lane_set(child, parent, None, &mut scopes.process),
                Tag::TextAnnotation | Tag::Group | Tag::Association => {
                    let artifact = self.artifact(child, parent);
                    scopes.process.artifacts.push(artifact);
                }
                tag if tag.is_flow_node() => self.add_node(child, tag, parent, scopes),
                // Parts of the container itself, read with it.
                _ => {}
            }
        }
    }

    fn add_node(
        &mut self,
        element: ElementIndex,
        tag: Tag,
        parent: Option<NodeIndex>,
        scopes: &mut Scopes,
    ) {
        let mut node = self.flow_node(element, parent);
        scopes.process.auditing.append(&mut node.auditing);
        let graph = &mut scopes.process.graph;
        let id = node.node.id.clone();
        let attached_to = host(&node.node);
        let index = graph.graph.add_node(node.node);
        graph.links.push(NodeLinks::default());
        scopes.nodes.push(element);
        if !id.is_empty() {
            graph.nodes_by_id.entry(id).or_insert(index);
        }
        match parent {
            None => graph.roots.push(index),
            Some(parent) => graph.links[parent.index()].children.push(index),
        }
        // A host may follow its event in the file: its links are then not there yet.
        if let Some(host) = attached_to {
            scopes.process.graph.attached.push((host, index));
        }
        if tag.category() == Category::SubProcess {
            self.scope(element, Some(index), scopes);
        }
    }

    fn sequence_flows(&mut self, scopes: &mut Scopes) {
        let graph = &mut scopes.process.graph;
        for (host, event) in std::mem::take(&mut graph.attached) {
            if let Some(links) = graph.links.get_mut(host.index()) {
                links.boundary_events.push(event);
            }
        }
        for element in std::mem::take(&mut scopes.flows) {
            let flow = self.sequence_flow(element);
            let source = self.flow_end(element, "sourceRef");
            let target = self.flow_end(element, "targetRef");
            let (Some(source), Some(target)) = (source, target) else {
                continue;
            };
            if !self.is_within_scope(element, source, target, &scopes.process.graph) {
                continue;
            }
            let (Some(source), Some(target)) = (self.node_index(source), self.node_index(target))
            else {
                continue;
            };
            add_flow(&mut scopes.process.graph, source, target, flow);
        }
    }

    fn sequence_flow(&mut self, element: ElementIndex) -> SequenceFlow {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut flow = SequenceFlow {
            id: self.id(element),
            name: self.string(element, "name"),
            condition: None,
            is_immediate: self.optional_boolean(element, "isImmediate"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::ConditionExpression if flow.condition.is_some() => self.repeated(child),
                Tag::ConditionExpression => {
                    let condition = self.expression(child);
                    // An empty element is what tools leave when a condition is deleted.
                    if !condition.text.value.is_empty() {
                        flow.condition = Some(condition);
                    }
                }
                Tag::Auditing | Tag::Monitoring | Tag::CategoryValueRef => {
                    flow.extensions.elements.push(self.xml(child));
                }
                _ => self.unexpected(child, &mut flow.extensions),
            }
        }
        flow
    }

    fn flow_end(&mut self, element: ElementIndex, role: &str) -> Option<ElementIndex> {
        let reference = self.raw(element, role)?;
        self.follow(element, role, reference, A_FLOW_NODE)
    }

    pub(super) fn node_index(&self, element: ElementIndex) -> Option<NodeIndex> {
        let place = self.places.get(element.0 as usize)?;
        place.process?;
        Some(NodeIndex::new(place.position? as usize))
    }

    /// Whether both ends are in one scope of the process that is being read.
    fn is_within_scope(
        &mut self,
        flow: ElementIndex,
        source: ElementIndex,
        target: ElementIndex,
        graph: &ProcessGraph,
    ) -> bool {
        let parent = |end: ElementIndex| self.dom.element(end).parent;
        let in_graph = |end: ElementIndex| {
            let node = self
                .node_index(end)
                .and_then(|node| graph.graph.node_weight(node));
            node.is_some_and(|node| node.location == self.dom.element(end).location)
        };
        if parent(source) == parent(target) && in_graph(source) {
            return true;
        }
        let name = |end: ElementIndex| clip(self.raw(end, "id").unwrap_or_default());
        let message = format!(
            "the flow from {:?} to {:?} leaves a process or sub-process",
            name(source),
            name(target)
        );
        let help = "connect elements of the same scope; between pools use a message flow";
        self.error(code::CROSSES_SCOPE, flow, message, help);
        false
    }

    /// Resolves `default`, now that flows have their indices.
    fn defaults(&mut self, scopes: &mut Scopes) {
        for (position, element) in scopes.nodes.iter().enumerate() {
            let Some(reference) = self.raw(*element, "default") else {
                continue;
            };
            // Where it has no meaning it has been reported as unknown.
            let row = self.tag(*element).row();
            if !row.is_some_and(|row| row.allows("default")) {
                continue;
            }
            if reference.trim().is_empty() {
                continue;
            }
            let Some(target) = self.follow(*element, "default", reference, A_SEQUENCE_FLOW) else {
                continue;
            };
            let node = NodeIndex::new(position);
            let graph = &mut scopes.process.graph;
            let flow = self.raw(target, "id").and_then(|id| graph.flow(id));
            let leaves =
                |flow: &EdgeIndex| graph.endpoints(*flow).is_some_and(|ends| ends.0 == node);
            let flow = flow.filter(leaves);
            if flow.is_none() {
                let message = format!("the default flow {reference:?} does not leave this element");
                let help = "let default name one of its outgoing sequence flows";
                self.error(code::WRONG_TARGET, *element, message, help);
            }
            if let Some(node) = graph.graph.node_weight_mut(node) {
                node.default_flow = flow;
            }
        }
    }

    /// `incoming` and `outgoing` repeat what flows say; where they disagree, the flow is right.
    fn check_incoming_and_outgoing(&mut self, scopes: &Scopes) {
        let dom = self.dom;
        let graph = &scopes.process.graph;
        for (position, element) in scopes.nodes.iter().enumerate() {
            let node = NodeIndex::new(position);
            for child in dom.children(*element) {
                let is_incoming = match self.tag(child) {
                    Tag::Incoming => true,
                    Tag::Outgoing => false,
                    _ => continue,
                };
                let reference = self.trimmed(child);
                let role = dom.element(child).name;
                let Some(target) = self.lookup(child, &reference) else {
                    self.noted(child, role, &reference);
                    continue;
                };
                let flow = self.raw(target, "id").and_then(|id| graph.flow(id));
                let ends = flow.and_then(|flow| graph.endpoints(flow));
                let end = ends.map(|ends| if is_incoming { ends.1 } else { ends.0 });
                if end == Some(node) {
                    continue;
                }
                let message = format!("{role} {reference:?} is not a flow of this element");
                let help = "sourceRef and targetRef of the flow decide; correct or remove this";
                self.warning(code::INCONSISTENT_FLOW, child, message, help);
            }
        }
    }

    /// Children of a process or sub-process that neither its own reader nor [`Self::scope`] takes.
    pub(super) fn keep_unless_scope_content(
        &mut self,
        child: ElementIndex,
        in_sub_process: bool,
        kept: &mut Extensions,
    ) {
        if !(in_sub_process && is_scope_content(self.tag(child))) {
            self.unexpected(child, kept);
        }
    }
}

fn host(node: &FlowNode) -> Option<NodeIndex> {
    match &node.kind {
        FlowNodeKind::Event(event) => match event.position {
            EventPosition::Boundary { attached_to, .. } => Some(attached_to),
            EventPosition::Start { .. }
            | EventPosition::IntermediateCatch
            | EventPosition::IntermediateThrow
            | EventPosition::End => None,
        },
        FlowNodeKind::Task(_)
        | FlowNodeKind::SubProcess(_)
        | FlowNodeKind::CallActivity(_)
        | FlowNodeKind::Gateway(_) => None,
    }
}

fn add_flow(graph: &mut ProcessGraph, source: NodeIndex, target: NodeIndex, flow: SequenceFlow) {
    // Both ends were found in this graph; petgraph would panic on others.
    if source.index() >= graph.links.len() || target.index() >= graph.links.len() {
        return;
    }
    let id = flow.id.clone();
    let index = graph.graph.add_edge(source, target, flow);
    graph.links[source.index()].outgoing.push(index);
    graph.links[target.index()].incoming.push(index);
    if !id.is_empty() {
        graph.flows_by_id.entry(id).or_insert(index);
    }
}
