//! Decisions that are asked for by themselves, without a process.

use proto::record::{DecisionAnswer, DecisionEvaluated, EvaluateDecision, answer, event};

use super::{Handled, answered, check_variables, invalid, not_found};
use crate::decision;
use crate::rejection::Rejection;
use crate::state::State;
use crate::step::Step;

/// A decision that cannot be made is answered too: the answer says why.
pub(super) fn evaluate(step: &mut Step<'_>, evaluate: &EvaluateDecision) -> Handled {
    let key = called(step.state, evaluate)?;
    let variables = check_variables(step, &evaluate.variables)?;
    let Some(made) = decision::make(step, key, &variables) else {
        return Err(unknown(format!("the decision {key} cannot be made")));
    };
    let mut evaluation = made.evaluation;
    evaluation.key = step.next_key();
    step.emit(event::Kind::DecisionEvaluated(Box::new(
        DecisionEvaluated {
            evaluation: Some(evaluation.clone()),
            ..DecisionEvaluated::default()
        },
    )));
    answered(answer::Kind::Decision(DecisionAnswer {
        evaluation: Some(evaluation),
        output: made.output,
    }))
}

/// As with Zeebe, the id is asked first.
fn called(state: &State, evaluate: &EvaluateDecision) -> Result<u64, Rejection> {
    let id = &evaluate.decision_id;
    match (id.as_str(), evaluate.decision_key) {
        ("", 0) => Err(invalid(
            "DECISION_MISSING",
            "a decision is named by its id or its key: neither is given",
        )),
        ("", key) => {
            let found = state.decision(key).map(|found| found.key);
            found.ok_or_else(|| {
                unknown(format!("no decision has the key {key}")).with("decision_key", key)
            })
        }
        _ => state.latest_decision(id).ok_or_else(|| {
            unknown(format!("no decision `{id}` is deployed")).with("decision_id", id)
        }),
    }
}

fn unknown(message: impl Into<String>) -> Rejection {
    not_found("DECISION_NOT_FOUND", message)
}
