//! `definitions` and the numbering of what is in it (BPMN 2.0 section 8.1).
//!
//! Owns the order: everything gets its position before anything is read, so that references may
//! point forwards.

use model_xml::ElementIndex;

use super::{Place, Reader};
use crate::code;
use crate::element_table::{Category, Tag};
use crate::model::{Import, Model, Relationship};

/// How many of each kind have been numbered.
#[derive(Default)]
struct Counts {
    messages: u32,
    signals: u32,
    errors: u32,
    escalations: u32,
    processes: u32,
}

impl Reader<'_, '_> {
    /// Gives each root element that others refer to, and each flow node, its position.
    pub(super) fn number(&mut self, root: ElementIndex) {
        let dom = self.dom;
        let mut counts = Counts::default();
        for child in dom.children(root) {
            let count = match self.tag(child) {
                Tag::Message => &mut counts.messages,
                Tag::Signal => &mut counts.signals,
                Tag::Error => &mut counts.errors,
                Tag::Escalation => &mut counts.escalations,
                Tag::Process => &mut counts.processes,
                Tag::Import => {
                    self.has_imports = true;
                    continue;
                }
                _ => continue,
            };
            let position = *count;
            *count += 1;
            self.place(child, position, None);
            if self.tag(child) == Tag::Process {
                let mut nodes = 0;
                self.number_scope(child, position, &mut nodes);
            }
        }
    }

    /// Numbers flow nodes in document order, a sub-process before what is in it, as
    /// `process.rs` adds them to the graph. The recursion is bounded by `Limits::depth`.
    fn number_scope(&mut self, scope: ElementIndex, process: u32, nodes: &mut u32) {
        let dom = self.dom;
        for child in dom.children(scope) {
            if !self.tag(child).is_flow_node() {
                continue;
            }
            self.place(child, *nodes, Some(process));
            *nodes += 1;
            if self.tag(child).category() == Category::SubProcess {
                self.number_scope(child, process, nodes);
            }
        }
    }

    fn place(&mut self, element: ElementIndex, position: u32, process: Option<u32>) {
        if let Some(place) = self.places.get_mut(element.0 as usize) {
            *place = Place {
                position: Some(position),
                process,
            };
        }
    }

    /// Reads the whole file.
    pub(super) fn definitions(&mut self, root: ElementIndex, source_name: &str) -> Model {
        let dom = self.dom;
        let basics = self.basics(root);
        let mut model = Model {
            source_name: source_name.to_owned(),
            id: self.string(root, "id"),
            name: self.string(root, "name"),
            target_namespace: self.string(root, "targetNamespace"),
            expression_language: self.string(root, "expressionLanguage"),
            type_language: self.string(root, "typeLanguage"),
            exporter: self.string(root, "exporter"),
            exporter_version: self.string(root, "exporterVersion"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(root).location,
            ..Model::default()
        };
        for child in dom.children(root) {
            self.root_element(child, &mut model);
        }
        self.index_drawables(&mut model);
        model
    }

    fn root_element(&mut self, child: ElementIndex, model: &mut Model) {
        match self.tag(child) {
            Tag::Process => {
                let process = self.process(child);
                model.processes.push(process);
            }
            Tag::Collaboration | Tag::GlobalConversation => {
                let collaboration = self.collaboration(child);
                model.collaborations.push(collaboration);
            }
            Tag::BpmnDiagram => {
                let diagram = self.diagram(child);
                model.diagrams.push(diagram);
            }
            Tag::Message => {
                let message = self.message(child);
                model.messages.push(message);
            }
            Tag::Signal => {
                let signal = self.signal(child);
                model.signals.push(signal);
            }
            Tag::Error => {
                let error = self.bpmn_error(child);
                model.errors.push(error);
            }
            Tag::Escalation => {
                let escalation = self.escalation(child);
                model.escalations.push(escalation);
            }
            _ => self.supporting_element(child, model),
        }
    }

    /// What processes refer to without effect on execution.
    fn supporting_element(&mut self, child: ElementIndex, model: &mut Model) {
        match self.tag(child) {
            Tag::ItemDefinition => {
                let item = self.item_definition(child);
                model.item_definitions.push(item);
            }
            Tag::Interface => {
                let interface = self.interface(child);
                model.interfaces.push(interface);
            }
            Tag::Resource => {
                let resource = self.resource(child);
                model.resources.push(resource);
            }
            Tag::DataStore => {
                let store = self.data_store(child);
                model.data_stores.push(store);
            }
            Tag::Category => {
                let category = self.category(child);
                model.categories.push(category);
            }
            Tag::CorrelationProperty => {
                let property = self.correlation_property(child);
                model.correlation_properties.push(property);
            }
            Tag::PartnerEntity | Tag::PartnerRole => {
                let partner = self.partner(child);
                model.partners.push(partner);
            }
            Tag::EndPoint => {
                let end_point = self.end_point(child);
                model.end_points.push(end_point);
            }
            Tag::GlobalTask
            | Tag::GlobalUserTask
            | Tag::GlobalManualTask
            | Tag::GlobalScriptTask
            | Tag::GlobalBusinessRuleTask => {
                let task = self.global_task(child);
                model.global_tasks.push(task);
            }
            Tag::Import => {
                let import = self.import(child);
                model.imports.push(import);
            }
            Tag::Relationship => {
                let relationship = self.relationship(child);
                model.relationships.push(relationship);
            }
            _ => self.other_root(child, model),
        }
    }

    /// What has no type in the model is kept as written.
    fn other_root(&mut self, child: ElementIndex, model: &mut Model) {
        let tag = self.tag(child);
        if tag.category() == Category::Choreography {
            let message = format!("{} is kept but not drawn", tag.name());
            self.warning(
                code::IGNORED,
                child,
                message,
                "choreographies have no effect",
            );
        } else if tag.category() != Category::EventDefinition && tag != Tag::Extension {
            // Root event definitions are read where an eventDefinitionRef names them.
            self.unexpected(child, &mut model.extensions);
            return;
        }
        model.other_roots.push(self.xml(child));
    }

    fn import(&mut self, element: ElementIndex) -> Import {
        let basics = self.basics(element);
        Import {
            extensions: basics.extensions,
            import_type: self.string(element, "importType").unwrap_or_default(),
            location_uri: self.string(element, "location"),
            namespace: self.string(element, "namespace").unwrap_or_default(),
            location: self.dom.element(element).location,
        }
    }

    fn relationship(&mut self, element: ElementIndex) -> Relationship {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut relationship = Relationship {
            id: self.string(element, "id"),
            relationship_type: self.string(element, "type"),
            direction: self.string(element, "direction"),
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..Relationship::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Source => relationship.sources.push(self.trimmed(child)),
                Tag::Target => relationship.targets.push(self.trimmed(child)),
                _ => self.unexpected(child, &mut relationship.extensions),
            }
        }
        relationship
    }
}
