//! Activities, gateways and events as nodes of the graph.
//!
//! Owns what each of their elements means; event definitions are in `event.rs`, loops in
//! `looping.rs`.

use model_xml::ElementIndex;
use petgraph::graph::NodeIndex;

use super::{A_MESSAGE, AN_ACTIVITY, Reader};
use crate::code;
use crate::element_table::{Category, Tag};
use crate::extension::{Extensions, XmlElement};
use crate::model::{
    CallActivity, DataAssociation, DataInput, DataOutput, Event, EventBasedGatewayKind,
    EventDefinition, EventDefinitionSource, EventPosition, Expression, FlowNode, FlowNodeKind,
    Gateway, IoSpecification, LoopCharacteristics, Property, ResourceRole, SubProcess,
    SubProcessKind, TaskKind, Text,
};

/// A node and what of it the process keeps.
pub(super) struct ReadNode {
    pub node: FlowNode,
    pub auditing: Vec<XmlElement>,
}

/// What was found among the children of a node.
#[derive(Default)]
struct Parts {
    definitions: Vec<EventDefinition>,
    sources: Vec<EventDefinitionSource>,
    looping: Option<LoopCharacteristics>,
    script: Option<Text>,
    renderings: Vec<Extensions>,
    operation: Option<String>,
    condition: Option<Expression>,
    io_specification: Option<IoSpecification>,
    inputs: Vec<DataAssociation>,
    outputs: Vec<DataAssociation>,
    data_inputs: Vec<DataInput>,
    data_outputs: Vec<DataOutput>,
    properties: Vec<Property>,
    roles: Vec<ResourceRole>,
    categories: Vec<String>,
    auditing: Vec<XmlElement>,
}

impl Reader<'_, '_> {
    pub(super) fn flow_node(
        &mut self,
        element: ElementIndex,
        parent: Option<NodeIndex>,
    ) -> ReadNode {
        let mut basics = self.basics(element);
        let mut parts = self.parts(element, &mut basics.extensions);
        let extensions = self.zeebe(element);
        let kind = self.kind(element, &mut parts);
        let node = FlowNode {
            id: self.id(element),
            name: self.string(element, "name"),
            parent,
            kind,
            default_flow: None,
            gateway_direction: self.string(element, "gatewayDirection"),
            loop_characteristics: parts.looping,
            is_for_compensation: self.boolean(element, "isForCompensation", false),
            start_quantity: self.small_integer(element, "startQuantity", 1),
            completion_quantity: self.small_integer(element, "completionQuantity", 1),
            zeebe: extensions.zeebe,
            weir: extensions.weir,
            io_specification: parts.io_specification,
            data_input_associations: parts.inputs,
            data_output_associations: parts.outputs,
            data_inputs: parts.data_inputs,
            data_outputs: parts.data_outputs,
            properties: parts.properties,
            resource_roles: parts.roles,
            category_values: parts.categories,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        };
        ReadNode {
            node,
            auditing: parts.auditing,
        }
    }

    fn parts(&mut self, element: ElementIndex, kept: &mut Extensions) -> Parts {
        let dom = self.dom;
        let mut parts = Parts::default();
        let category = self.tag(element).category();
        for child in dom.children(element) {
            let tag = self.tag(child);
            match tag {
                // Checked against the flows once those are known.
                Tag::Incoming | Tag::Outgoing => {}
                Tag::CategoryValueRef => parts.categories.extend(self.noted_child(child)),
                Tag::Auditing | Tag::Monitoring => parts.auditing.push(self.xml(child)),
                Tag::Property => parts.properties.push(self.property(child)),
                _ if category == Category::Gateway => self.gateway_part(child, &mut parts, kept),
                _ if category == Category::Event => self.event_part(child, &mut parts, kept),
                _ => self.activity_part(child, category, &mut parts, kept),
            }
        }
        parts
    }

    fn gateway_part(&mut self, child: ElementIndex, parts: &mut Parts, kept: &mut Extensions) {
        match self.tag(child) {
            Tag::ActivationCondition => {
                self.once(&mut parts.condition, child, Self::expression);
            }
            _ => self.unexpected(child, kept),
        }
    }

    fn event_part(&mut self, child: ElementIndex, parts: &mut Parts, kept: &mut Extensions) {
        let tag = self.tag(child);
        match tag {
            Tag::DataInputAssociation => parts.inputs.push(self.data_association(child)),
            Tag::DataOutputAssociation => parts.outputs.push(self.data_association(child)),
            Tag::DataInput => parts.data_inputs.push(self.data_input(child)),
            Tag::DataOutput => parts.data_outputs.push(self.data_output(child)),
            // The sets only say again that each of them is there.
            Tag::InputSet | Tag::OutputSet => kept.elements.push(self.xml(child)),
            Tag::EventDefinitionRef => {
                if let Some((definition, source)) = self.referenced_definition(child) {
                    parts.definitions.push(definition);
                    parts.sources.push(source);
                }
            }
            _ if tag.category() == Category::EventDefinition => {
                if let Some((definition, source)) = self.event_definition(child) {
                    parts.definitions.push(definition);
                    parts.sources.push(source);
                }
            }
            _ => self.unexpected(child, kept),
        }
    }

    fn activity_part(
        &mut self,
        child: ElementIndex,
        category: Category,
        parts: &mut Parts,
        kept: &mut Extensions,
    ) {
        match self.tag(child) {
            Tag::IoSpecification => {
                self.once(&mut parts.io_specification, child, Self::io_specification);
            }
            Tag::DataInputAssociation => parts.inputs.push(self.data_association(child)),
            Tag::DataOutputAssociation => parts.outputs.push(self.data_association(child)),
            Tag::IoBinding => kept.elements.push(self.xml(child)),
            Tag::ResourceRole | Tag::Performer | Tag::HumanPerformer | Tag::PotentialOwner => {
                parts.roles.push(self.resource_role(child));
            }
            Tag::StandardLoopCharacteristics => {
                self.once(&mut parts.looping, child, |reader, child| {
                    LoopCharacteristics::Standard(Box::new(reader.standard_loop(child)))
                });
            }
            Tag::MultiInstanceLoopCharacteristics => {
                self.once(&mut parts.looping, child, |reader, child| {
                    LoopCharacteristics::MultiInstance(Box::new(reader.multi_instance(child)))
                });
            }
            Tag::Script if parts.script.is_some() => self.repeated(child),
            Tag::Script => parts.script = self.text(child),
            Tag::Rendering => parts.renderings.push(self.basics(child).extensions),
            Tag::OperationRef if parts.operation.is_some() => self.repeated(child),
            Tag::OperationRef => parts.operation = self.noted_child(child),
            Tag::CompletionCondition => {
                self.once(&mut parts.condition, child, Self::expression);
            }
            _ => {
                let in_sub_process = category == Category::SubProcess;
                self.keep_unless_scope_content(child, in_sub_process, kept);
            }
        }
    }

    fn kind(&mut self, element: ElementIndex, parts: &mut Parts) -> FlowNodeKind {
        match self.tag(element).category() {
            Category::Gateway => FlowNodeKind::Gateway(self.gateway(element, parts)),
            Category::Event => FlowNodeKind::Event(Event {
                position: self.event_position(element),
                definitions: std::mem::take(&mut parts.definitions),
                definition_sources: std::mem::take(&mut parts.sources),
                parallel_multiple: self.boolean(element, "parallelMultiple", false),
            }),
            Category::SubProcess => FlowNodeKind::SubProcess(self.sub_process(element, parts)),
            Category::Activity => FlowNodeKind::CallActivity(CallActivity {
                called_element: self.string(element, "calledElement"),
            }),
            Category::Task
            | Category::Foundation
            | Category::Shared
            | Category::Process
            | Category::EventDefinition
            | Category::Flow
            | Category::Data
            | Category::Artifact
            | Category::Collaboration
            | Category::Choreography
            | Category::Diagram
            | Category::Extension
            | Category::Part => FlowNodeKind::Task(self.task(element, parts)),
        }
    }

    fn task(&mut self, element: ElementIndex, parts: &mut Parts) -> TaskKind {
        let implementation = self.string(element, "implementation");
        let operation = parts.operation.take();
        let operation = operation.or_else(|| self.noted_attribute(element, "operationRef"));
        match self.tag(element) {
            Tag::ServiceTask => TaskKind::Service {
                implementation,
                operation,
            },
            Tag::UserTask => TaskKind::User {
                implementation,
                renderings: std::mem::take(&mut parts.renderings),
            },
            Tag::ScriptTask => TaskKind::Script {
                script_format: self.string(element, "scriptFormat"),
                script: parts.script.take(),
            },
            Tag::BusinessRuleTask => TaskKind::BusinessRule { implementation },
            Tag::SendTask => TaskKind::Send {
                message: self.position(element, "messageRef", A_MESSAGE),
                implementation,
                operation,
            },
            Tag::ReceiveTask => TaskKind::Receive {
                message: self.position(element, "messageRef", A_MESSAGE),
                instantiate: self.boolean(element, "instantiate", false),
                implementation,
                operation,
            },
            Tag::ManualTask => TaskKind::Manual,
            _ => TaskKind::Abstract,
        }
    }

    fn sub_process(&mut self, element: ElementIndex, parts: &mut Parts) -> SubProcess {
        let triggered_by_event = self.boolean(element, "triggeredByEvent", false);
        let kind = match self.tag(element) {
            Tag::Transaction => SubProcessKind::Transaction {
                method: self.string(element, "method"),
                protocol: self.string(element, "protocol"),
            },
            Tag::AdHocSubProcess => SubProcessKind::AdHoc {
                completion_condition: parts.condition.take(),
                is_sequential: self.choice(element, "ordering", ["Parallel", "Sequential"]) == 1,
                cancel_remaining_instances: self.boolean(element, "cancelRemainingInstances", true),
            },
            _ if triggered_by_event => SubProcessKind::Event,
            _ => SubProcessKind::Embedded,
        };
        SubProcess {
            kind,
            triggered_by_event,
        }
    }

    fn gateway(&mut self, element: ElementIndex, parts: &mut Parts) -> Gateway {
        match self.tag(element) {
            Tag::InclusiveGateway => Gateway::Inclusive,
            Tag::ParallelGateway => Gateway::Parallel,
            Tag::EventBasedGateway => Gateway::EventBased {
                instantiate: self.boolean(element, "instantiate", false),
                kind: match self.choice(element, "eventGatewayType", ["Exclusive", "Parallel"]) {
                    0 => EventBasedGatewayKind::Exclusive,
                    _ => EventBasedGatewayKind::Parallel,
                },
            },
            Tag::ComplexGateway => Gateway::Complex {
                activation_condition: parts.condition.take(),
            },
            _ => Gateway::Exclusive,
        }
    }

    fn event_position(&mut self, element: ElementIndex) -> EventPosition {
        match self.tag(element) {
            Tag::StartEvent => EventPosition::Start {
                interrupting: self.boolean(element, "isInterrupting", true),
            },
            Tag::IntermediateThrowEvent => EventPosition::IntermediateThrow,
            Tag::EndEvent => EventPosition::End,
            Tag::BoundaryEvent => match self.host(element) {
                Some(attached_to) => EventPosition::Boundary {
                    attached_to,
                    cancel_activity: self.boolean(element, "cancelActivity", true),
                },
                // The error is reported; it is drawn like an event that stands by itself.
                None => EventPosition::IntermediateCatch,
            },
            _ => EventPosition::IntermediateCatch,
        }
    }

    fn host(&mut self, element: ElementIndex) -> Option<NodeIndex> {
        // Without the attribute the table's check has spoken already.
        let reference = self.raw(element, "attachedToRef")?;
        let host = self.follow(element, "attachedToRef", reference, AN_ACTIVITY)?;
        if self.dom.element(host).parent != self.dom.element(element).parent {
            let message = format!("the host {reference:?} is in another scope");
            let help = "put the boundary event beside the activity that it is attached to";
            self.error(code::MISSING_HOST, element, message, help);
            return None;
        }
        self.node_index(host)
    }
}
