//! Business rule tasks that call a decision: made inside the command that reaches them, and told in the history.
//!
//! Those that are a worker's job are in `job_task.rs`.

use bpmn_parser::model::Binding;
use bytes::Bytes;
use proto::record::{DecisionEvaluated, event, incident};

use crate::decision;
use crate::executable::DecisionSpec;
use crate::scope::{self, View};
use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At, spec: &DecisionSpec) -> Result<(), Stuck> {
    let key = called(step, at, spec)?;
    let Some(instance) = step.instance(at) else {
        return Ok(());
    };
    let view = View::new(step.state, instance, at.element);
    let Some(made) = decision::make(step, key, &view) else {
        return Err(unknown("it is deployed, but cannot be made"));
    };
    let failure = made.evaluation.failure.clone();
    let document = Bytes::from(scope::object(&spec.result, &made.output));
    // What failed is told too; it changes nothing of the state.
    let fits = match failure.as_str() {
        "" => scope::check_delivery(step, at, &document),
        failure => {
            let kind = incident::Type::DecisionEvaluationError;
            Err(Stuck::new(kind, failure))
        }
    };
    step.emit(event::Kind::DecisionEvaluated(Box::new(
        DecisionEvaluated {
            instance: at.instance,
            element: at.element,
            evaluation: Some(made.evaluation),
        },
    )));
    fits?;
    scope::deliver(step, at, &document);
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}

/// The key of the decision that is called now.
fn called(step: &Step<'_>, at: &At, spec: &DecisionSpec) -> Result<u64, Stuck> {
    let kind = incident::Type::ExtractValueError;
    let id = scope::evaluate(step, at, at.element, &spec.decision_id, kind)?;
    let shown = id.shown();
    let id = id
        .into_text()
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Stuck::new(kind, format!("the decision id is {shown}, not text")))?;
    let state = &*step.state;
    match &spec.binding {
        Binding::Latest => state
            .latest_decision(&id)
            .ok_or_else(|| unknown(format!("no decision `{id}` is deployed"))),
        Binding::VersionTag(tag) => state.tagged_decision(&id, tag).ok_or_else(|| {
            unknown(format!(
                "no version of the decision `{id}` with the version tag `{tag}` is deployed"
            ))
        }),
        Binding::Deployment => {
            let definition = state.definition(at.executable.key);
            let files = definition.into_iter().flat_map(|it| &it.deployed_with);
            let mut found = files.filter_map(|file| state.decision_of(*file, &id));
            found.next().ok_or_else(|| {
                unknown(format!(
                    "no decision `{id}` was deployed together with this version of the process"
                ))
            })
        }
    }
}

fn unknown(message: impl Into<String>) -> Stuck {
    Stuck::new(incident::Type::CalledDecisionError, message)
}
