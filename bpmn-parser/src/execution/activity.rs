//! Tasks and sub-processes that can be executed (BPMN 2.0 section 10.3).

use model_xml::Severity;
use petgraph::graph::NodeIndex;

use super::Checker;
use super::publication::publishes;
use crate::code;
use crate::element_table::Tag;
use crate::extension::Extensions;
use crate::model::{
    Binding, Event, FlowNode, LoopCharacteristics, SubProcess, SubProcessKind, TaskKind,
    ZeebeExtensions,
};

impl<'m> Checker<'m, '_> {
    /// What tasks, sub-processes and call activities have in common.
    pub(super) fn activity(&mut self, index: NodeIndex, node: &FlowNode) {
        match &node.loop_characteristics {
            None => {}
            Some(LoopCharacteristics::Standard(_)) => {
                self.refuse_element(node, Tag::StandardLoopCharacteristics);
            }
            Some(LoopCharacteristics::MultiInstance(_)) => {
                self.refuse_element(node, Tag::MultiInstanceLoopCharacteristics);
            }
        }
        if node.is_for_compensation {
            self.refuse(node, "compensation handlers");
        }
        if node.start_quantity != 1 || node.completion_quantity != 1 {
            self.refuse(node, "start and completion quantities");
        }
        self.conditions_without_gateway(index, node);
        self.boundary_events_differ(index);
        if !node.resource_roles.is_empty() {
            let message = "resource roles have no effect".to_owned();
            let help = "say who may do the task with zeebe:assignmentDefinition";
            self.warn(node, code::IGNORED, message, help);
        }
        if !node.data_input_associations.is_empty() || !node.data_output_associations.is_empty() {
            let message = "data associations have no effect".to_owned();
            self.warn(
                node,
                code::IGNORED,
                message,
                "map variables with zeebe:ioMapping",
            );
        }
    }

    pub(super) fn task(&mut self, node: &'m FlowNode, task: &TaskKind) {
        match task {
            TaskKind::Abstract | TaskKind::Manual | TaskKind::User { .. } => {}
            TaskKind::Service { implementation, .. } | TaskKind::Send { implementation, .. } => {
                self.job(node, &node.extensions, implementation.as_deref());
            }
            TaskKind::BusinessRule { implementation } => {
                self.business_rule(node, implementation.as_deref());
            }
            TaskKind::Script { script_format, .. } => self.script(node, script_format.as_deref()),
            TaskKind::Receive {
                message,
                instantiate,
                ..
            } => {
                if *instantiate {
                    self.refuse(node, "receive tasks that start a process");
                } else {
                    self.awaited_message(node, *message);
                }
            }
        }
    }

    fn business_rule(&mut self, node: &FlowNode, implementation: Option<&str>) {
        let Some(called) = &node.zeebe.called_decision else {
            self.job(node, &node.extensions, implementation);
            return;
        };
        if let Some(definition) = &node.zeebe.task_definition {
            let message = "this calls a decision and has a job type".to_owned();
            let help = "remove zeebe:taskDefinition to call the decision, or zeebe:calledDecision to let a worker do it";
            let location = definition.location;
            self.error_in(node, location, code::BAD_DECISION, message, help);
        }
        let id = &called.decision_id;
        if id.value.trim().is_empty() || Self::is_other_language(id) {
            let message = "a called decision needs the id of one".to_owned();
            let help = "fill in decisionId, with text or FEEL after `=`";
            self.error_in(node, id.location, code::BAD_DECISION, message, help);
        }
        if called.result_variable.trim().is_empty() {
            let message = "a called decision needs a variable for its result".to_owned();
            let help = "fill in resultVariable";
            self.error(node, code::MISSING_ATTRIBUTE, message, help);
        }
        if matches!(&called.binding, Binding::VersionTag(tag) if tag.trim().is_empty()) {
            let message = "bindingType=\"versionTag\" needs the tag".to_owned();
            self.error(node, code::BAD_BINDING, message, "fill in versionTag");
        }
    }

    fn script(&mut self, node: &FlowNode, script_format: Option<&str>) {
        let Some(script) = &node.zeebe.script else {
            self.job(node, &node.extensions, script_format);
            return;
        };
        if script.expression.expression().is_none() {
            let message = "a script is FEEL and starts with `=`".to_owned();
            self.error(
                node,
                code::NOT_AN_EXPRESSION,
                message,
                "write expression=\"=…\"",
            );
        }
        if script.result_variable.trim().is_empty() {
            let message = "a script needs a variable for its result".to_owned();
            let help = "fill in resultVariable";
            self.error(node, code::MISSING_ATTRIBUTE, message, help);
        }
    }

    /// Work that a worker does needs the type of its job.
    pub(super) fn job(
        &mut self,
        node: &FlowNode,
        extensions: &Extensions,
        implementation: Option<&str>,
    ) {
        if has_job_type(&node.zeebe) || node.weir.publication.is_some() {
            return;
        }
        let found = found_implementation(extensions, implementation);
        let message = match &found {
            Some(found) => format!("this needs a job type; {found} is not executed"),
            None => "this needs a job type".to_owned(),
        };
        let help = match publishes(node) {
            true => {
                "add <zeebe:taskDefinition type=\"…\"/> and let a worker do the job, or the property weir:topic to publish a record"
            }
            false => "add <zeebe:taskDefinition type=\"…\"/> and let a worker do the job",
        };
        let subject = self.node_subject(node);
        self.sink.report(
            Severity::Refusal,
            code::MISSING_JOB_TYPE,
            subject,
            message,
            help,
        );
    }

    /// [`Self::job`] of a message throw or end event, whose vendor attributes are on the definition.
    pub(super) fn event_job(&mut self, node: &FlowNode, event: &Event) {
        let source = event.definition_sources.first();
        let extensions = source.map_or(&node.extensions, |source| &source.extensions);
        self.job(node, extensions, None);
    }

    pub(super) fn sub_process(
        &mut self,
        index: NodeIndex,
        node: &FlowNode,
        sub_process: &SubProcess,
    ) {
        match &sub_process.kind {
            SubProcessKind::Embedded => self.scope(Some(index)),
            SubProcessKind::Event => self.refuse(node, "event sub-processes"),
            SubProcessKind::Transaction { .. } => self.refuse_element(node, Tag::Transaction),
            SubProcessKind::AdHoc { .. } => self.refuse_element(node, Tag::AdHocSubProcess),
        }
    }
}

fn has_job_type(zeebe: &ZeebeExtensions) -> bool {
    zeebe
        .task_definition
        .as_ref()
        .is_some_and(|task| !task.job_type.value.trim().is_empty())
}

/// How the file says that the work is done elsewhere, as it says it.
fn found_implementation(extensions: &Extensions, implementation: Option<&str>) -> Option<String> {
    const ATTRIBUTES: &[&str] = &[
        "class",
        "delegateExpression",
        "expression",
        "topic",
        "decisionRef",
        "resource",
        "type",
    ];
    let attribute = ATTRIBUTES.iter().find_map(|name| {
        let attributes = &mut extensions.attributes.iter();
        attributes.find(|attribute| attribute.name == *name)
    });
    if let Some(attribute) = attribute {
        let colon = if attribute.prefix.is_empty() { "" } else { ":" };
        return Some(format!("{}{colon}{}", attribute.prefix, attribute.name));
    }
    let element = extensions
        .elements
        .iter()
        .find(|element| element.name == "connector");
    if let Some(element) = element {
        return Some(format!("{}:{}", element.prefix, element.name));
    }
    implementation.map(|implementation| format!("{implementation:?}"))
}
