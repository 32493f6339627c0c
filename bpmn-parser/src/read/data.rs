//! Data objects, inputs and outputs, associations, resource roles and artifacts.
//!
//! Owns BPMN 2.0 sections 8.3.1, 10.3.1 and 10.4; all of it is drawn or kept, none executed.

use model_xml::ElementIndex;
use petgraph::graph::NodeIndex;

use super::Reader;
use crate::code;
use crate::element_table::Tag;
use crate::extension::Extensions;
use crate::model::{
    Artifact, ArtifactKind, AssociationDirection, DataAssignment, DataAssociation, DataInput,
    DataObject, DataOutput, DataReference, DataReferenceKind, DataSet, IoSpecification,
    ParameterBinding, Property, ResourceRole, ResourceRoleKind,
};

impl Reader<'_, '_> {
    /// The name of the `dataState` in an element; its other children are kept.
    fn data_state(&mut self, element: ElementIndex, kept: &mut Extensions) -> Option<String> {
        let dom = self.dom;
        let mut state = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::DataState => state = self.string(child, "name"),
                _ => self.unexpected(child, kept),
            }
        }
        state
    }

    pub(super) fn data_object(
        &mut self,
        element: ElementIndex,
        scope: Option<NodeIndex>,
    ) -> DataObject {
        let mut basics = self.basics(element);
        DataObject {
            id: self.id(element),
            name: self.string(element, "name"),
            scope,
            item_subject: self.string(element, "itemSubjectRef"),
            is_collection: self.boolean(element, "isCollection", false),
            state: self.data_state(element, &mut basics.extensions),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn data_reference(
        &mut self,
        element: ElementIndex,
        scope: Option<NodeIndex>,
    ) -> DataReference {
        let mut basics = self.basics(element);
        let (kind, role) = match self.tag(element) {
            Tag::DataStoreReference => (DataReferenceKind::Store, "dataStoreRef"),
            _ => (DataReferenceKind::Object, "dataObjectRef"),
        };
        DataReference {
            id: self.id(element),
            name: self.string(element, "name"),
            kind,
            scope,
            target: self.noted_attribute(element, role),
            item_subject: self.string(element, "itemSubjectRef"),
            state: self.data_state(element, &mut basics.extensions),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn property(&mut self, element: ElementIndex) -> Property {
        let mut basics = self.basics(element);
        Property {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            item_subject: self.string(element, "itemSubjectRef"),
            state: self.data_state(element, &mut basics.extensions),
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn data_input(&mut self, element: ElementIndex) -> DataInput {
        let mut basics = self.basics(element);
        DataInput {
            id: self.id(element),
            name: self.string(element, "name"),
            item_subject: self.string(element, "itemSubjectRef"),
            is_collection: self.boolean(element, "isCollection", false),
            state: self.data_state(element, &mut basics.extensions),
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    pub(super) fn data_output(&mut self, element: ElementIndex) -> DataOutput {
        let input = self.data_input(element);
        DataOutput {
            id: input.id,
            name: input.name,
            item_subject: input.item_subject,
            is_collection: input.is_collection,
            state: input.state,
            extensions: input.extensions,
            location: input.location,
        }
    }

    pub(super) fn io_specification(&mut self, element: ElementIndex) -> IoSpecification {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut io = IoSpecification {
            id: self.string(element, "id"),
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..IoSpecification::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::DataInput => io.inputs.push(self.data_input(child)),
                Tag::DataOutput => io.outputs.push(self.data_output(child)),
                Tag::InputSet => io.input_sets.push(self.data_set(child)),
                Tag::OutputSet => io.output_sets.push(self.data_set(child)),
                _ => self.unexpected(child, &mut io.extensions),
            }
        }
        io
    }

    fn data_set(&mut self, element: ElementIndex) -> DataSet {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut set = DataSet {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..DataSet::default()
        };
        for child in dom.children(element) {
            let list = match self.tag(child) {
                Tag::DataInputRefs | Tag::DataOutputRefs => &mut set.members,
                Tag::OptionalInputRefs | Tag::OptionalOutputRefs => &mut set.optional,
                Tag::WhileExecutingInputRefs | Tag::WhileExecutingOutputRefs => {
                    &mut set.while_executing
                }
                Tag::InputSetRefs | Tag::OutputSetRefs => &mut set.counterparts,
                _ => {
                    self.unexpected(child, &mut set.extensions);
                    continue;
                }
            };
            // An empty element is how some tools write an empty list.
            list.extend(self.noted_child(child));
        }
        set
    }

    pub(super) fn data_association(&mut self, element: ElementIndex) -> DataAssociation {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut association = DataAssociation {
            id: self.string(element, "id"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..DataAssociation::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::SourceRef => association.sources.extend(self.noted_child(child)),
                Tag::TargetRef => association.target = self.noted_child(child),
                Tag::Transformation => {
                    association.transformation = Some(self.expression(child));
                }
                Tag::Assignment => {
                    let assignment = self.data_assignment(child);
                    association.assignments.push(assignment);
                }
                _ => self.unexpected(child, &mut association.extensions),
            }
        }
        association
    }

    fn data_assignment(&mut self, element: ElementIndex) -> DataAssignment {
        let dom = self.dom;
        let mut assignment = DataAssignment {
            extensions: self.basics(element).extensions,
            ..DataAssignment::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::From => assignment.from = Some(self.expression(child)),
                Tag::To => assignment.to = Some(self.expression(child)),
                _ => self.unexpected(child, &mut assignment.extensions),
            }
        }
        assignment
    }

    pub(super) fn resource_role(&mut self, element: ElementIndex) -> ResourceRole {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut role = ResourceRole {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            kind: match self.tag(element) {
                Tag::Performer => ResourceRoleKind::Performer,
                Tag::HumanPerformer => ResourceRoleKind::HumanPerformer,
                Tag::PotentialOwner => ResourceRoleKind::PotentialOwner,
                _ => ResourceRoleKind::ResourceRole,
            },
            resource: None,
            assignment_expression: None,
            parameter_bindings: Vec::new(),
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::ResourceRef => role.resource = self.noted_child(child),
                Tag::ResourceAssignmentExpression => {
                    role.assignment_expression = self.wrapped_expression(child);
                }
                Tag::ResourceParameterBinding => {
                    let binding = ParameterBinding {
                        extensions: self.basics(child).extensions,
                        parameter: self.noted_attribute(child, "parameterRef"),
                        expression: self.wrapped_expression(child),
                    };
                    role.parameter_bindings.push(binding);
                }
                _ => self.unexpected(child, &mut role.extensions),
            }
        }
        role
    }

    pub(super) fn artifact(&mut self, element: ElementIndex, scope: Option<NodeIndex>) -> Artifact {
        let dom = self.dom;
        let mut basics = self.basics(element);
        let mut text = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::AnnotationText if self.tag(element) == Tag::TextAnnotation => {
                    text = self.text(child);
                }
                _ => self.unexpected(child, &mut basics.extensions),
            }
        }
        let kind = match self.tag(element) {
            Tag::TextAnnotation => ArtifactKind::TextAnnotation {
                text,
                text_format: self.string(element, "textFormat"),
            },
            Tag::Group => ArtifactKind::Group {
                category_value: self.noted_attribute(element, "categoryValueRef"),
            },
            _ => ArtifactKind::Association {
                source: self.noted_attribute(element, "sourceRef"),
                target: self.noted_attribute(element, "targetRef"),
                direction: self.direction(element),
            },
        };
        Artifact {
            id: self.id(element),
            kind,
            scope,
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        }
    }

    fn direction(&mut self, element: ElementIndex) -> AssociationDirection {
        match self.raw(element, "associationDirection") {
            None | Some("None" | "none") => AssociationDirection::None,
            Some("One" | "one") => AssociationDirection::One,
            Some("Both" | "both") => AssociationDirection::Both,
            Some(other) => {
                let message = format!("associationDirection={other:?} is not None, One or Both");
                self.error(code::BAD_VALUE, element, message, "write None, One or Both");
                AssociationDirection::None
            }
        }
    }
}
