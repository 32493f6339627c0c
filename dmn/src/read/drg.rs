//! The file and its requirement graph: imports, input data, decisions, business knowledge models,
//! decision services, knowledge sources.
//!
//! Owns DMN 1.5 chapter 6; what has no effect on evaluation is passed over.

use model_xml::ElementIndex;

use super::Reader;
use super::reference::{
    A_DECISION, A_FUNCTION, ADVISING_INPUT_DATA, AN_ADVISING_DECISION, AN_AUTHORITY, Expected,
    INPUT_DATA,
};
use crate::code;
use crate::model::{
    BusinessKnowledgeModel, Decision, DecisionService, Definitions, Import, ImportKind,
    InformationItem, InputData, KnowledgeSource, Reference,
};
use crate::namespace;
use crate::tag::Tag;

impl Reader<'_, '_> {
    pub(super) fn definitions(&mut self, root: ElementIndex, source_name: &str) -> Definitions {
        let dom = self.dom;
        self.open(root);
        for child in dom.children(root) {
            if self.tag(child) == Tag::Import {
                self.import(child);
            }
        }
        let mut model = Definitions {
            source_name: source_name.to_owned(),
            id: self.id(root).unwrap_or_default(),
            name: self.string(root, "name").unwrap_or_default(),
            namespace: self.namespace.to_owned(),
            dmn_namespace: dom.namespace(dom.element(root).namespace).to_owned(),
            expression_language: self.language(root),
            type_language: self.string(root, "typeLanguage"),
            exporter: self.string(root, "exporter"),
            exporter_version: self.string(root, "exporterVersion"),
            execution_platform: self.execution_platform(root),
            version_tag: self.version_tag(root),
            imports: self.imports.clone(),
            item_definitions: Vec::new(),
            input_data: Vec::new(),
            decisions: Vec::new(),
            knowledge_models: Vec::new(),
            services: Vec::new(),
            knowledge_sources: Vec::new(),
        };
        self.advise_id(root, "the file");
        for child in dom.children(root) {
            self.root_element(child, &mut model);
        }
        model
    }

    fn root_element(&mut self, child: ElementIndex, model: &mut Definitions) {
        match self.tag(child) {
            Tag::ItemDefinition => model.item_definitions.push(self.item_definition(child)),
            Tag::InputData => model.input_data.push(self.input_data(child)),
            Tag::Decision => model.decisions.push(self.decision(child)),
            Tag::BusinessKnowledgeModel => {
                model.knowledge_models.push(self.knowledge_model(child));
            }
            Tag::DecisionService => model.services.push(self.service(child)),
            Tag::KnowledgeSource => model.knowledge_sources.push(self.knowledge_source(child)),
            // Documentation for people, and what has been read before.
            Tag::Import
            | Tag::ElementCollection
            | Tag::PerformanceIndicator
            | Tag::OrganizationUnit
            | Tag::TextAnnotation
            | Tag::Association
            | Tag::Group => {}
            // Diagrams: of DMN, but not of the model.
            _ if self.is_diagram(child) => {}
            _ => self.unexpected(child),
        }
    }

    fn is_diagram(&self, child: ElementIndex) -> bool {
        let of = self.dom.element(child).namespace;
        namespace::is_specified(of) && !namespace::is_model(of)
    }

    /// What Camunda's Modeler makes the file for.
    fn execution_platform(&self, root: ElementIndex) -> Option<String> {
        let dom = self.dom;
        let attribute = dom.attribute_in(root, namespace::MODELER, "executionPlatform")?;
        Some(attribute.value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Whoever calls it needs an id.
    fn advise_id(&mut self, element: ElementIndex, noun: &str) {
        if self.id(element).is_none() {
            let message = format!("{noun} has no id to be called by");
            self.warning(code::MISSING_ID, element, message, "add id=\"…\"");
        }
    }

    fn import(&mut self, element: ElementIndex) {
        self.leaf(element);
        let written = self.raw(element, "importType").unwrap_or_default().trim();
        let is_dmn = written.contains("omg.org/spec/DMN/");
        if !is_dmn && !written.is_empty() {
            let message = format!("imports of {:?} are not used", model_xml::clip(written));
            let help = "import DMN only; write types as itemDefinition and functions as FEEL";
            self.refuse(code::NOT_EXECUTED, element, message, help);
        }
        let import = Import {
            name: self.name(element),
            namespace: self
                .raw(element, "namespace")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            location_uri: self.string(element, "locationURI"),
            kind: match is_dmn {
                true => ImportKind::Dmn,
                false => ImportKind::Other(written.to_owned()),
            },
            location: self.dom.element(element).location,
        };
        let position = self.imports.len();
        self.import_names.insert(import.name.clone());
        if is_dmn {
            let places = [Some(import.namespace.clone()), import.location_uri.clone()];
            for place in places.into_iter().flatten() {
                self.import_places.entry(place).or_insert(position);
            }
        }
        self.imports.push(import);
    }

    /// The children of a requirement or service that lead to what is expected of each.
    fn references(
        &mut self,
        element: ElementIndex,
        expected: &[(Tag, Expected)],
        found: &mut Vec<Reference>,
    ) {
        self.open(element);
        let mut is_empty = true;
        for child in self.dom.children(element) {
            let tag = self.tag(child);
            match expected.iter().find(|(of, _)| *of == tag) {
                Some((_, expected)) => {
                    is_empty = false;
                    found.extend(self.reference(child, *expected));
                }
                None => self.unexpected(child),
            }
        }
        let first = expected.first().and_then(|(tag, _)| tag.row());
        if let (true, Some(row)) = (is_empty, first) {
            self.missing(element, row.name);
        }
    }

    /// The variable of an element, whose name it has where it says none.
    fn variable(&mut self, child: ElementIndex) -> InformationItem {
        let mut variable = self.information_item(child);
        let parent = self.dom.element(child).parent;
        if let (true, Some(parent)) = (variable.name.is_empty(), parent) {
            variable.name = self.name(parent);
        }
        variable
    }

    fn information_requirement(&mut self, element: ElementIndex, found: &mut Vec<Reference>) {
        let expected = [
            (Tag::RequiredDecision, A_DECISION),
            (Tag::RequiredInput, INPUT_DATA),
        ];
        self.references(element, &expected, found);
    }

    fn knowledge_requirement(&mut self, element: ElementIndex, found: &mut Vec<Reference>) {
        self.references(element, &[(Tag::RequiredKnowledge, A_FUNCTION)], found);
    }

    fn authority_requirement(&mut self, element: ElementIndex, found: &mut Vec<Reference>) {
        let expected = [
            (Tag::RequiredDecision, AN_ADVISING_DECISION),
            (Tag::RequiredInput, ADVISING_INPUT_DATA),
            (Tag::RequiredAuthority, AN_AUTHORITY),
        ];
        self.references(element, &expected, found);
    }

    fn input_data(&mut self, element: ElementIndex) -> InputData {
        self.open(element);
        if self.name(element).is_empty() {
            let message = "inputData needs the attribute \"name\"".to_owned();
            self.error(code::MISSING_ATTRIBUTE, element, message, "add name=\"…\"");
        }
        let mut variable = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Variable => self.once(&mut variable, child, Self::variable),
                _ => self.unexpected(child),
            }
        }
        InputData {
            id: self.id(element).unwrap_or_default(),
            name: self.name(element),
            variable,
            location: self.dom.element(element).location,
        }
    }

    fn decision(&mut self, element: ElementIndex) -> Decision {
        self.open(element);
        self.advise_id(element, "a decision");
        let mut variable = None;
        let mut logic = None;
        let mut information = Vec::new();
        let mut knowledge = Vec::new();
        let mut authority = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Variable => self.once(&mut variable, child, Self::variable),
                Tag::InformationRequirement => {
                    self.information_requirement(child, &mut information);
                }
                Tag::KnowledgeRequirement => self.knowledge_requirement(child, &mut knowledge),
                Tag::AuthorityRequirement => self.authority_requirement(child, &mut authority),
                tag if tag.is_expression() => self.once(&mut logic, child, Self::boxed),
                // Documentation for people.
                Tag::Question
                | Tag::AllowedAnswers
                | Tag::SupportedObjective
                | Tag::ImpactedPerformanceIndicator
                | Tag::DecisionMaker
                | Tag::DecisionOwner
                | Tag::UsingProcess
                | Tag::UsingTask => {}
                _ => self.unexpected(child),
            }
        }
        if logic.is_none() {
            self.advise_logic(element);
        }
        Decision {
            id: self.id(element).unwrap_or_default(),
            name: self.name(element),
            description: self.description(element),
            variable,
            information_requirements: information,
            knowledge_requirements: knowledge,
            authority_requirements: authority,
            logic: logic.flatten(),
            version_tag: self.version_tag(element),
            location: self.dom.element(element).location,
        }
    }

    fn advise_logic(&mut self, element: ElementIndex) {
        let name = self.dom.element(element).name;
        let message = format!("a {name} without logic is null");
        let help = "add a decision table or a literal expression";
        self.warning(code::MISSING_LOGIC, element, message, help);
    }

    fn knowledge_model(&mut self, element: ElementIndex) -> BusinessKnowledgeModel {
        self.open(element);
        let mut variable = None;
        let mut logic = None;
        let mut knowledge = Vec::new();
        let mut authority = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Variable => self.once(&mut variable, child, Self::variable),
                Tag::EncapsulatedLogic => self.once(&mut logic, child, Self::encapsulated_logic),
                Tag::KnowledgeRequirement => self.knowledge_requirement(child, &mut knowledge),
                Tag::AuthorityRequirement => self.authority_requirement(child, &mut authority),
                _ => self.unexpected(child),
            }
        }
        if logic.is_none() {
            self.advise_logic(element);
        }
        BusinessKnowledgeModel {
            id: self.id(element).unwrap_or_default(),
            name: self.name(element),
            description: self.description(element),
            variable,
            knowledge_requirements: knowledge,
            authority_requirements: authority,
            logic,
            location: self.dom.element(element).location,
        }
    }

    fn service(&mut self, element: ElementIndex) -> DecisionService {
        self.open(element);
        let mut service = DecisionService {
            id: self.id(element).unwrap_or_default(),
            name: self.name(element),
            description: self.description(element),
            variable: None,
            output_decisions: Vec::new(),
            encapsulated_decisions: Vec::new(),
            input_decisions: Vec::new(),
            input_data: Vec::new(),
            location: self.dom.element(element).location,
        };
        for child in self.dom.children(element) {
            let (list, expected) = match self.tag(child) {
                Tag::OutputDecision => (&mut service.output_decisions, A_DECISION),
                Tag::EncapsulatedDecision => (&mut service.encapsulated_decisions, A_DECISION),
                Tag::InputDecision => (&mut service.input_decisions, A_DECISION),
                Tag::InputData => (&mut service.input_data, INPUT_DATA),
                Tag::Variable => {
                    self.once(&mut service.variable, child, Self::variable);
                    continue;
                }
                _ => {
                    self.unexpected(child);
                    continue;
                }
            };
            list.extend(self.reference(child, expected));
        }
        let mut children = self.dom.children(element);
        if !children.any(|child| self.tag(child) == Tag::OutputDecision) {
            self.missing(element, "outputDecision");
        }
        service
    }

    fn knowledge_source(&mut self, element: ElementIndex) -> KnowledgeSource {
        self.open(element);
        let mut authority = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::AuthorityRequirement => self.authority_requirement(child, &mut authority),
                // Documentation for people.
                Tag::Type | Tag::Owner => {}
                _ => self.unexpected(child),
            }
        }
        KnowledgeSource {
            id: self.id(element).unwrap_or_default(),
            name: self.name(element),
            location_uri: self.string(element, "locationURI"),
            authority_requirements: authority,
            location: self.dom.element(element).location,
        }
    }
}
