//! The `zeebe:` extension elements (namespace `http://camunda.org/schema/zeebe/1.0`), typed, and
//! Weir's own (`http://weir.dev/schema/1.0`).
//!
//! Owns their shapes; must not evaluate: a [`Text`] that starts with `=` is FEEL for the engine.

use model_xml::Location;

use super::Text;

/// The namespace of the `zeebe:` extension elements.
pub const ZEEBE_NAMESPACE: &str = "http://camunda.org/schema/zeebe/1.0";
/// The namespace of Weir's own extension elements.
pub const WEIR_NAMESPACE: &str = "http://weir.dev/schema/1.0";

/// Everything `zeebe:` on one element. What an element does not carry is `None` or empty; what is
/// rare is boxed, since every flow node has room for all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZeebeExtensions {
    pub task_definition: Option<TaskDefinition>,
    pub inputs: Vec<Mapping>,
    pub outputs: Vec<Mapping>,
    /// Static job headers: key, value.
    pub headers: Vec<(String, String)>,
    pub assignment: Option<Assignment>,
    pub schedule: Option<TaskSchedule>,
    pub form: Option<Box<FormDefinition>>,
    /// `zeebe:userTask`: a native user task.
    pub user_task: bool,
    /// `zeebe:priorityDefinition`: 0 to 100.
    pub priority: Option<Text>,
    /// `zeebe:jobPriorityDefinition`.
    pub job_priority: Option<Text>,
    pub called_decision: Option<Box<CalledDecision>>,
    pub called_element: Option<Box<CalledElement>>,
    pub script: Option<ZeebeScript>,
    /// `zeebe:properties`: name, value.
    pub properties: Vec<(String, String)>,
    /// `zeebe:subscription` found here; on a `bpmn:message` it is also `Message::zeebe_correlation_key`.
    pub subscription: Option<Text>,
    pub loop_characteristics: Option<Box<ZeebeLoop>>,
    pub execution_listeners: Vec<Listener>,
    pub task_listeners: Vec<Listener>,
    pub linked_resources: Vec<LinkedResource>,
    pub ad_hoc: Option<Box<ZeebeAdHoc>>,
    pub conditional_filter: Option<Box<ConditionalFilter>>,
    pub publish_message: Option<Box<PublishMessage>>,
    /// `zeebe:agentDefinition`: its `agentType`.
    pub agent_type: Option<String>,
}

/// `zeebe:taskDefinition`: the job that a worker does.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition {
    pub job_type: Text,
    /// How often the job may be tried; 3 where it is not given.
    pub retries: Option<Text>,
    pub location: Location,
}

/// One `zeebe:input` or `zeebe:output`: an expression and the variable path that it sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub source: Text,
    pub target: Text,
}

/// `zeebe:assignmentDefinition`: who may do a user task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assignment {
    pub assignee: Option<Text>,
    pub candidate_groups: Option<Text>,
    pub candidate_users: Option<Text>,
}

/// `zeebe:taskSchedule`: ISO 8601 date-times or FEEL.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskSchedule {
    pub due_date: Option<Text>,
    pub follow_up_date: Option<Text>,
}

/// Which version of a called thing is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Binding {
    #[default]
    Latest,
    /// The version deployed together with the caller.
    Deployment,
    /// The version that carries this tag.
    VersionTag(String),
}

/// `zeebe:formDefinition`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormDefinition {
    /// An embedded form: `camunda-forms:bpmn:<id>` names a `zeebe:userTaskForm` of the process.
    pub form_key: Option<Text>,
    /// A form that is deployed by itself.
    pub form_id: Option<Text>,
    /// A form that only the task app knows.
    pub external_reference: Option<Text>,
    pub binding: Binding,
}

/// `zeebe:calledDecision`.
#[derive(Debug, Clone, PartialEq)]
pub struct CalledDecision {
    pub decision_id: Text,
    pub result_variable: String,
    pub binding: Binding,
}

/// `zeebe:calledElement`.
#[derive(Debug, Clone, PartialEq)]
pub struct CalledElement {
    pub process_id: Option<Text>,
    pub propagate_all_child_variables: bool,
    pub propagate_all_parent_variables: bool,
    pub business_id: Option<Text>,
    pub binding: Binding,
}

/// `zeebe:script`: FEEL evaluated inline.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeebeScript {
    pub expression: Text,
    pub result_variable: String,
}

/// `zeebe:loopCharacteristics` of a multi-instance activity.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeebeLoop {
    pub input_collection: Text,
    pub input_element: Option<String>,
    pub output_collection: Option<String>,
    pub output_element: Option<Text>,
}

/// `zeebe:executionListener` or `zeebe:taskListener`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// As written: `start`, `end`, `creating`, …
    pub event_type: String,
    pub job_type: Text,
    pub retries: Option<Text>,
    pub headers: Vec<(String, String)>,
    pub location: Location,
}

/// `zeebe:linkedResource`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedResource {
    pub resource_id: String,
    pub resource_type: String,
    pub link_name: String,
    pub binding: Binding,
}

/// `zeebe:adHoc`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZeebeAdHoc {
    pub active_elements_collection: Option<Text>,
    pub output_collection: Option<String>,
    pub output_element: Option<Text>,
}

/// `zeebe:conditionalFilter` of a conditional event definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConditionalFilter {
    pub variable_names: Option<String>,
    pub variable_events: Option<String>,
}

/// `zeebe:publishMessage` of a message throw or end event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishMessage {
    pub correlation_key: Option<Text>,
    pub message_id: Option<Text>,
    pub time_to_live: Option<Text>,
}

/// Everything in Weir's own namespace on one element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeirExtensions {
    /// `<weir:exclusion users="=…"/>` on a user task: who may not take it.
    pub excluded_users: Option<Text>,
    /// The `zeebe:property`s whose names begin with `weir:`.
    pub publication: Option<Box<Publication>>,
    /// Those of them that mean nothing, by their names.
    pub unknown_properties: Vec<Text>,
}

/// What an element publishes to a topic of the user's: `zeebe:property`s named `weir:topic`, `weir:key`, `weir:value`,
/// `weir:headers` and `weir:timestamp`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Publication {
    pub topic: Option<Text>,
    pub key: Option<Text>,
    pub value: Option<Text>,
    pub headers: Option<Text>,
    pub timestamp: Option<Text>,
}

/// The longest name of a topic, in bytes.
const TOPIC_NAME_MAX: usize = 249;

impl Publication {
    /// Whether Kafka allows a topic of this name.
    pub fn is_topic_name(name: &str) -> bool {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=TOPIC_NAME_MAX).contains(&name.len())
            && name.bytes().all(is_good)
            && name != "."
            && name != ".."
    }
}
