//! Data, resources and artifacts: what is drawn and described, not executed.
//!
//! Owns the shapes of BPMN 2.0 sections 8.3.1, 8.3.2, 10.3.1 and 10.4; must not refer to the flow
//! other than by index.

use model_xml::Location;
use petgraph::graph::NodeIndex;

use super::{Documentation, Expression, Text};
use crate::extension::Extensions;

/// `dataObject`.
#[derive(Debug, Clone, Default)]
pub struct DataObject {
    pub id: String,
    pub name: Option<String>,
    /// The enclosing sub-process, `None` at the process level.
    pub scope: Option<NodeIndex>,
    pub item_subject: Option<String>,
    pub is_collection: bool,
    pub state: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `dataObjectReference` or `dataStoreReference`: a place where data is drawn.
#[derive(Debug, Clone)]
pub struct DataReference {
    pub id: String,
    pub name: Option<String>,
    pub kind: DataReferenceKind,
    pub scope: Option<NodeIndex>,
    /// The id of the data object or data store.
    pub target: Option<String>,
    pub item_subject: Option<String>,
    pub state: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// What a [`DataReference`] refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataReferenceKind {
    Object,
    Store,
}

/// `property` of a process, activity or event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Property {
    pub id: Option<String>,
    pub name: Option<String>,
    pub item_subject: Option<String>,
    pub state: Option<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `ioSpecification`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IoSpecification {
    pub id: Option<String>,
    pub inputs: Vec<DataInput>,
    pub outputs: Vec<DataOutput>,
    pub input_sets: Vec<DataSet>,
    pub output_sets: Vec<DataSet>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `dataInput`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataInput {
    pub id: String,
    pub name: Option<String>,
    pub item_subject: Option<String>,
    pub is_collection: bool,
    pub state: Option<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `dataOutput`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataOutput {
    pub id: String,
    pub name: Option<String>,
    pub item_subject: Option<String>,
    pub is_collection: bool,
    pub state: Option<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `inputSet` or `outputSet`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataSet {
    pub id: Option<String>,
    pub name: Option<String>,
    /// `dataInputRefs` or `dataOutputRefs`.
    pub members: Vec<String>,
    pub optional: Vec<String>,
    pub while_executing: Vec<String>,
    /// The sets of the other side that this one goes with.
    pub counterparts: Vec<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `dataInputAssociation` or `dataOutputAssociation`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataAssociation {
    pub id: Option<String>,
    pub sources: Vec<String>,
    pub target: Option<String>,
    pub transformation: Option<Expression>,
    pub assignments: Vec<DataAssignment>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `assignment` of a data association.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataAssignment {
    pub from: Option<Expression>,
    pub to: Option<Expression>,
    pub extensions: Extensions,
}

/// Who answers for an activity or process.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceRole {
    pub id: Option<String>,
    pub name: Option<String>,
    pub kind: ResourceRoleKind,
    pub resource: Option<String>,
    pub assignment_expression: Option<Expression>,
    pub parameter_bindings: Vec<ParameterBinding>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `resourceParameterBinding`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParameterBinding {
    pub parameter: Option<String>,
    pub expression: Option<Expression>,
    pub extensions: Extensions,
}

/// The tag of a [`ResourceRole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceRoleKind {
    ResourceRole,
    Performer,
    HumanPerformer,
    PotentialOwner,
}

/// `laneSet`. Lane sets and lanes of a process are flat lists that refer to each other by index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LaneSet {
    pub id: Option<String>,
    pub name: Option<String>,
    /// The lane that this set divides further.
    pub parent_lane: Option<usize>,
    /// The sub-process that it divides, `None` for the process.
    pub scope: Option<NodeIndex>,
    /// Indices of `Process::lanes`.
    pub lanes: Vec<usize>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `lane`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lane {
    pub id: String,
    pub name: Option<String>,
    /// Index of `Process::lane_sets`.
    pub lane_set: usize,
    pub flow_nodes: Vec<NodeIndex>,
    /// Index of `Process::lane_sets`.
    pub child_lane_set: Option<usize>,
    pub partition_element: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// A text annotation, group or association.
#[derive(Debug, Clone)]
pub struct Artifact {
    pub id: String,
    pub kind: ArtifactKind,
    /// The enclosing sub-process; `None` at the level of a process or collaboration.
    pub scope: Option<NodeIndex>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// What an [`Artifact`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum ArtifactKind {
    TextAnnotation {
        text: Option<Text>,
        text_format: Option<String>,
    },
    Group {
        category_value: Option<String>,
    },
    Association {
        source: Option<String>,
        target: Option<String>,
        direction: AssociationDirection,
    },
}

/// `associationDirection`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AssociationDirection {
    #[default]
    None,
    One,
    Both,
}
