//! The root elements that processes share: messages, signals, errors, interfaces, resources, …
//!
//! Owns BPMN 2.0 sections 8.3 and 8.4; references without effect on execution stay ids.

use model_xml::ElementIndex;

use super::{A_MESSAGE, AN_ERROR, Reader};
use crate::element_table::Tag;
use crate::extension::Extensions;
use crate::model::{
    BpmnError, Category, CategoryValue, CorrelationProperty, DataStore, EndPoint, Escalation,
    GlobalTask, Interface, ItemDefinition, Message, Operation, Partner, PropertyBinding, Resource,
    ResourceParameter, Signal, TaskKind,
};

impl Reader<'_, '_> {
    /// Keeps children of an element that has none of its own in the model.
    pub(super) fn keep_children(&mut self, element: ElementIndex, kept: &mut Extensions) {
        let dom = self.dom;
        for child in dom.children(element) {
            self.unexpected(child, kept);
        }
    }

    pub(super) fn message(&mut self, element: ElementIndex) -> Message {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        let zeebe = self.zeebe(element).zeebe;
        Message {
            id: self.id(element),
            name: self.text_attribute(element, "name"),
            item: self.string(element, "itemRef"),
            zeebe_correlation_key: zeebe.subscription,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn signal(&mut self, element: ElementIndex) -> Signal {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        Signal {
            id: self.id(element),
            name: self.text_attribute(element, "name"),
            structure: self.string(element, "structureRef"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn bpmn_error(&mut self, element: ElementIndex) -> BpmnError {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        BpmnError {
            id: self.id(element),
            name: self.string(element, "name"),
            error_code: self.text_attribute(element, "errorCode"),
            structure: self.string(element, "structureRef"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn escalation(&mut self, element: ElementIndex) -> Escalation {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        Escalation {
            id: self.id(element),
            name: self.string(element, "name"),
            escalation_code: self.text_attribute(element, "escalationCode"),
            structure: self.string(element, "structureRef"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn item_definition(&mut self, element: ElementIndex) -> ItemDefinition {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        ItemDefinition {
            id: self.string(element, "id"),
            structure: self.string(element, "structureRef"),
            is_collection: self.boolean(element, "isCollection", false),
            item_kind: self.string(element, "itemKind"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn interface(&mut self, element: ElementIndex) -> Interface {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut operations = Vec::new();
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Operation => operations.push(self.operation(child)),
                _ => self.unexpected(child, &mut basics.extensions),
            }
        }
        Interface {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            implementation: self.string(element, "implementationRef"),
            operations,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        }
    }

    fn operation(&mut self, element: ElementIndex) -> Operation {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut operation = Operation {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            implementation: self.string(element, "implementationRef"),
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..Operation::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::InMessageRef => {
                    operation.in_message = self.child_position(child, A_MESSAGE);
                }
                Tag::OutMessageRef => {
                    operation.out_message = self.child_position(child, A_MESSAGE);
                }
                Tag::ErrorRef => operation
                    .errors
                    .extend(self.child_position(child, AN_ERROR)),
                _ => self.unexpected(child, &mut operation.extensions),
            }
        }
        operation
    }

    /// The position of what the text of a child such as `<errorRef>` names.
    fn child_position(&mut self, child: ElementIndex, expected: super::Expected) -> Option<usize> {
        let reference = self.trimmed(child);
        let role = self.dom.element(child).name;
        let target = self.follow(child, role, &reference, expected)?;
        self.position_of(target)
    }

    pub(super) fn resource(&mut self, element: ElementIndex) -> Resource {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut parameters = Vec::new();
        for child in dom.children(element) {
            if self.tag(child) != Tag::ResourceParameter {
                self.unexpected(child, &mut basics.extensions);
                continue;
            }
            let extensions = self.basics(child).extensions;
            parameters.push(ResourceParameter {
                extensions,
                id: self.string(child, "id"),
                name: self.string(child, "name"),
                parameter_type: self.string(child, "type"),
                is_required: self.boolean(child, "isRequired", false),
            });
        }
        Resource {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            parameters,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        }
    }

    pub(super) fn data_store(&mut self, element: ElementIndex) -> DataStore {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut state = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::DataState => state = self.string(child, "name"),
                _ => self.unexpected(child, &mut basics.extensions),
            }
        }
        DataStore {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            capacity: self.integer(element, "capacity"),
            is_unlimited: self.boolean(element, "isUnlimited", true),
            item_subject: self.string(element, "itemSubjectRef"),
            state,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        }
    }

    pub(super) fn category(&mut self, element: ElementIndex) -> Category {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut values = Vec::new();
        for child in dom.children(element) {
            if self.tag(child) != Tag::CategoryValue {
                self.unexpected(child, &mut basics.extensions);
                continue;
            }
            values.push(CategoryValue {
                id: self.string(child, "id"),
                value: self.string(child, "value"),
                extensions: self.basics(child).extensions,
            });
        }
        Category {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            values,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        }
    }

    pub(super) fn correlation_property(&mut self, element: ElementIndex) -> CorrelationProperty {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut property = CorrelationProperty {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            item_type: self.string(element, "type"),
            retrievals: Vec::new(),
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            if self.tag(child) != Tag::CorrelationPropertyRetrievalExpression {
                self.unexpected(child, &mut property.extensions);
                continue;
            }
            let retrieval = self.property_binding(child, "messageRef", Tag::MessagePath);
            property.retrievals.push(retrieval);
        }
        property
    }

    /// A message or property with the expression in a child of this tag.
    pub(super) fn property_binding(
        &mut self,
        element: ElementIndex,
        role: &str,
        path: Tag,
    ) -> PropertyBinding {
        let dom = self.dom;
        let mut binding = PropertyBinding {
            extensions: self.basics(element).extensions,
            subject: self.noted_attribute(element, role),
            path: None,
        };
        for child in dom.children(element) {
            if self.tag(child) == path {
                binding.path = Some(self.expression(child));
            } else {
                self.unexpected(child, &mut binding.extensions);
            }
        }
        binding
    }

    pub(super) fn partner(&mut self, element: ElementIndex) -> Partner {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut partner = Partner {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            is_role: self.tag(element) == Tag::PartnerRole,
            participants: Vec::new(),
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::ParticipantRef => partner.participants.extend(self.noted_child(child)),
                _ => self.unexpected(child, &mut partner.extensions),
            }
        }
        partner
    }

    pub(super) fn end_point(&mut self, element: ElementIndex) -> EndPoint {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        EndPoint {
            id: self.string(element, "id"),
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn global_task(&mut self, element: ElementIndex) -> GlobalTask {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut task = GlobalTask {
            id: self.id(element),
            name: self.string(element, "name"),
            kind: TaskKind::Abstract,
            supported_interfaces: Vec::new(),
            io_specification: None,
            resource_roles: Vec::new(),
            documentation: basics.documentation,
            extensions: Extensions::default(),
            location: dom.element(element).location,
        };
        let mut script = None;
        let mut renderings = Vec::new();
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::SupportedInterfaceRef => {
                    task.supported_interfaces.extend(self.noted_child(child));
                }
                Tag::IoSpecification => task.io_specification = Some(self.io_specification(child)),
                Tag::Script => script = self.text(child),
                Tag::Rendering => renderings.push(self.basics(child).extensions),
                Tag::Performer | Tag::HumanPerformer | Tag::PotentialOwner | Tag::ResourceRole => {
                    let role = self.resource_role(child);
                    task.resource_roles.push(role);
                }
                Tag::IoBinding => basics.extensions.elements.push(self.xml(child)),
                _ => self.unexpected(child, &mut basics.extensions),
            }
        }
        let implementation = self.string(element, "implementation");
        task.kind = match self.tag(element) {
            Tag::GlobalUserTask => TaskKind::User {
                implementation,
                renderings,
            },
            Tag::GlobalManualTask => TaskKind::Manual,
            Tag::GlobalScriptTask => TaskKind::Script {
                script_format: self.string(element, "scriptLanguage"),
                script,
            },
            Tag::GlobalBusinessRuleTask => TaskKind::BusinessRule { implementation },
            _ => TaskKind::Abstract,
        };
        task.extensions = basics.extensions;
        task
    }
}
