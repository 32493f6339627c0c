//! The typed model of one DMN file.
//!
//! Owns the shape: what `read` gives and evaluation takes. Plain data without behaviour beyond
//! look-ups; names of types are DMN's. `model/boxed.rs` has expressions, `model/table.rs` decision
//! tables. DMN 1.5 chapters 6 and 7.

mod boxed;
mod table;

pub use boxed::{
    Binding, Boxed, Conditional, Context, ContextEntry, Expression, Filter, FunctionDefinition,
    FunctionKind, Invocation, Iteration, Literal, Quantified, Quantifier, Relation, Typed,
};
pub use table::{Aggregation, DecisionTable, HitPolicy, InputClause, OutputClause, Rule};

use model_xml::{Location, place_in};

/// A text with the place where it starts, without the space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Empty where the file has none.
    pub value: String,
    pub location: Location,
}

impl Text {
    /// Where a byte of this text is in the file; `source` is what [`crate::decode`] gives of it.
    pub fn place(&self, source: &str, byte: usize) -> Location {
        place_in(source, self.location, byte)
    }
}

/// The name of a type as FEEL would write it: `number`, `tPerson`, `Imported.tPerson`. Prefixes of
/// DMN 1.1 are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRef {
    pub name: String,
    pub location: Location,
}

/// A variable, parameter or column.
#[derive(Debug, Clone, PartialEq)]
pub struct InformationItem {
    pub id: Option<String>,
    /// Without space around it and with single spaces inside.
    pub name: String,
    pub type_ref: Option<TypeRef>,
    pub location: Location,
}

/// A whole file. Lists are in document order.
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions {
    /// The name given to [`crate::parse`].
    pub source_name: String,
    /// Empty where the file has none.
    pub id: String,
    pub name: String,
    /// What other files import this one by.
    pub namespace: String,
    /// The namespace of DMN itself, which tells the version.
    pub dmn_namespace: String,
    pub expression_language: Option<String>,
    pub type_language: Option<String>,
    pub exporter: Option<String>,
    pub exporter_version: Option<String>,
    /// `modeler:executionPlatform`: `Camunda Cloud`, for which Camunda's Modeler makes a file.
    pub execution_platform: Option<String>,
    pub version_tag: Option<String>,
    pub imports: Vec<Import>,
    pub item_definitions: Vec<ItemDefinition>,
    pub input_data: Vec<InputData>,
    pub decisions: Vec<Decision>,
    pub knowledge_models: Vec<BusinessKnowledgeModel>,
    pub services: Vec<DecisionService>,
    pub knowledge_sources: Vec<KnowledgeSource>,
}

impl Definitions {
    /// The namespaces of the DMN files that it imports.
    pub fn imported_namespaces(&self) -> impl Iterator<Item = &str> {
        let imports = self.imports.iter();
        imports
            .filter(|import| import.kind == ImportKind::Dmn)
            .map(|import| &*import.namespace)
    }

    /// Which of the files it imports, and those import, each once, in the order in which they are found: the first with
    /// the namespace. `None` is a file that could not be read.
    pub fn imported(&self, files: &[Option<&Definitions>]) -> Vec<usize> {
        let mut imported = Vec::new();
        let mut found = vec![self];
        let mut at = 0;
        while let Some(importing) = found.get(at).copied() {
            at += 1;
            for namespace in importing.imported_namespaces() {
                let is_it = |file: &&Definitions| file.namespace == namespace;
                if found.iter().any(is_it) {
                    continue;
                }
                let number = files
                    .iter()
                    .position(|file| file.as_ref().is_some_and(is_it));
                imported.extend(number);
                found.extend(number.and_then(|number| files[number]));
            }
        }
        imported
    }

    /// The element with an id, for references from other files.
    pub fn find(&self, id: &str) -> Option<Target> {
        fn at<T>(list: &[T], id: &str, of: fn(&T) -> &str) -> Option<usize> {
            list.iter().position(|it| of(it) == id)
        }
        if id.is_empty() {
            return None;
        }
        let decision = at(&self.decisions, id, |it| &it.id).map(Target::Decision);
        decision
            .or_else(|| at(&self.input_data, id, |it| &it.id).map(Target::InputData))
            .or_else(|| at(&self.knowledge_models, id, |it| &it.id).map(Target::KnowledgeModel))
            .or_else(|| at(&self.services, id, |it| &it.id).map(Target::Service))
            .or_else(|| at(&self.knowledge_sources, id, |it| &it.id).map(Target::KnowledgeSource))
    }
}

/// Another file whose elements and types are used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What its elements are called by here; empty for none.
    pub name: String,
    pub namespace: String,
    /// Where the file may be; never followed.
    pub location_uri: Option<String>,
    pub kind: ImportKind,
    pub location: Location,
}

/// What an import brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportKind {
    Dmn,
    /// XML Schema, PMML and others, by what `importType` says.
    Other(String),
}

/// What a reference leads to; numbers are positions in the lists of [`Definitions`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    InputData(usize),
    Decision(usize),
    KnowledgeModel(usize),
    Service(usize),
    KnowledgeSource(usize),
    /// An element of another file, by the position in `imports` and its id there.
    Imported {
        import: usize,
        id: String,
    },
}

/// A reference that leads somewhere; those that do not are left out of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// As written.
    pub href: String,
    pub target: Target,
    pub location: Location,
}

/// A named type, or a component of one.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDefinition {
    pub id: Option<String>,
    pub name: String,
    pub is_collection: bool,
    pub shape: Shape,
    /// Unary tests that a value must pass; of a collection, each of its items.
    pub allowed_values: Option<Text>,
    /// Unary tests that a value must pass; of a collection, the whole of it.
    pub type_constraint: Option<Text>,
    pub location: Location,
}

/// What values of a type are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Nothing is said: any value.
    Any,
    /// The values of another type.
    Reference(TypeRef),
    /// Contexts with these entries.
    Components(Vec<ItemDefinition>),
    /// Functions.
    Function {
        parameters: Vec<InformationItem>,
        output: Option<TypeRef>,
    },
}

/// What is given from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct InputData {
    pub id: String,
    pub name: String,
    /// `None`: the input data's name, and any type. One without a name has that of the input data.
    pub variable: Option<InformationItem>,
    pub location: Location,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    /// `None`: the decision's name, and any type. One without a name has that of the decision.
    pub variable: Option<InformationItem>,
    /// Decisions and input data.
    pub information_requirements: Vec<Reference>,
    /// Business knowledge models and decision services.
    pub knowledge_requirements: Vec<Reference>,
    pub authority_requirements: Vec<Reference>,
    pub logic: Option<Boxed>,
    pub version_tag: Option<String>,
    pub location: Location,
}

/// A function that decisions call.
#[derive(Debug, Clone, PartialEq)]
pub struct BusinessKnowledgeModel {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub variable: Option<InformationItem>,
    /// Business knowledge models and decision services.
    pub knowledge_requirements: Vec<Reference>,
    pub authority_requirements: Vec<Reference>,
    pub logic: Option<Typed<FunctionDefinition>>,
    pub location: Location,
}

/// Decisions as a function: the decisions of the file, with some of their requirements as parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionService {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub variable: Option<InformationItem>,
    pub output_decisions: Vec<Reference>,
    pub encapsulated_decisions: Vec<Reference>,
    /// With `input_data` after them the parameters, in this order.
    pub input_decisions: Vec<Reference>,
    pub input_data: Vec<Reference>,
    pub location: Location,
}

/// An authority; without effect on evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct KnowledgeSource {
    pub id: String,
    pub name: String,
    pub location_uri: Option<String>,
    pub authority_requirements: Vec<Reference>,
    pub location: Location,
}
