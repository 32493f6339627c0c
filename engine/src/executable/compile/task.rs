//! Tasks.

use bpmn_parser::model::{FlowNode, TaskKind};

use super::Compiler;
use crate::executable::{DecisionSpec, JobSpec, Kind, Template, UserTaskSpec};

/// Tries of a job when the model does not say (Zeebe's default).
const DEFAULT_RETRIES: &str = "3";

impl Compiler<'_> {
    pub(super) fn task(&mut self, node: &FlowNode, task: &TaskKind) -> Kind {
        match task {
            TaskKind::Abstract | TaskKind::Manual => Kind::PassThrough,
            TaskKind::Service { .. } => self.job(node),
            TaskKind::BusinessRule { .. } => self.business_rule(node),
            TaskKind::Send { .. } => self.publication_or_job(node),
            TaskKind::Script { .. } => self.script(node),
            TaskKind::User { .. } => self.user(node),
            TaskKind::Receive { message, .. } => {
                Kind::MessageCatch(self.message(node, *message, true))
            }
        }
    }

    pub(super) fn job(&mut self, node: &FlowNode) -> Kind {
        let Some(definition) = &node.zeebe.task_definition else {
            return self.not_executed(node);
        };
        let retries = match &definition.retries {
            Some(retries) => self.required(&node.id, Some(retries)),
            None => Template::Static(Box::from(DEFAULT_RETRIES)),
        };
        Kind::JobTask(JobSpec {
            job_type: self.required(&node.id, Some(&definition.job_type)),
            retries,
        })
    }

    fn business_rule(&mut self, node: &FlowNode) -> Kind {
        match &node.zeebe.called_decision {
            Some(called) => Kind::BusinessRuleTask(Box::new(DecisionSpec {
                decision_id: self.required(&node.id, Some(&called.decision_id)),
                result: Box::from(called.result_variable.as_str()),
                binding: called.binding.clone(),
            })),
            None => self.job(node),
        }
    }

    fn script(&mut self, node: &FlowNode) -> Kind {
        match &node.zeebe.script {
            Some(script) => Kind::ScriptTask {
                expression: self.required(&node.id, Some(&script.expression)),
                result: Box::from(script.result_variable.as_str()),
            },
            None => self.job(node),
        }
    }

    fn user(&mut self, node: &FlowNode) -> Kind {
        let (id, zeebe) = (node.id.as_str(), &node.zeebe);
        let assignment = zeebe.assignment.as_ref();
        let schedule = zeebe.schedule.as_ref();
        let form = zeebe.form.as_ref();
        let spec = UserTaskSpec {
            assignee: self.optional(id, assignment.and_then(|a| a.assignee.as_ref())),
            candidate_users: self.optional(id, assignment.and_then(|a| a.candidate_users.as_ref())),
            candidate_groups: self
                .optional(id, assignment.and_then(|a| a.candidate_groups.as_ref())),
            excluded_users: self.optional(id, node.weir.excluded_users.as_ref()),
            due: self.optional(id, schedule.and_then(|s| s.due_date.as_ref())),
            follow_up: self.optional(id, schedule.and_then(|s| s.follow_up_date.as_ref())),
            priority: self.optional(id, zeebe.priority.as_ref()),
            form_key: self.optional(id, form.and_then(|f| f.form_key.as_ref())),
            form_id: self.optional(id, form.and_then(|f| f.form_id.as_ref())),
            external_form: self.optional(id, form.and_then(|f| f.external_reference.as_ref())),
        };
        Kind::UserTask(Box::new(spec))
    }
}
