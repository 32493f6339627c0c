//! Making decisions: one that is deployed, with all that it needs, inside the command that asks; and telling how.
//!
//! Owns what the record of an evaluation says; what decisions mean is `dmn`'s. DMN 1.5 chapter 6.

use bytes::Bytes;
use dmn::{Decision, Decisions, Failure, Kind, TableShape};
use feel::{Value, Variables};
use proto::record::{
    DecisionEvaluation, DecisionRequirements, EvaluatedInput, EvaluatedOutput, MadeDecision,
    MatchedRule,
};

use crate::state::State;
use crate::step::Step;

/// What is told of one evaluation, in bytes: it is a part of records of the journal.
const TOLD_BYTES_MAX: usize = 1 << 20;
/// About what a part of the record takes beside its texts and values.
const PART_BYTES: usize = 16;

/// A decision that was made, or could not be.
pub(crate) struct Outcome {
    pub evaluation: DecisionEvaluation,
    /// JSON; null when it has failed.
    pub output: Bytes,
}

/// Makes a decision with what is left of the command's FEEL steps; `None` when no decision has this key.
pub(crate) fn make(step: &Step<'_>, key: u64, variables: &dyn Variables) -> Option<Outcome> {
    let state = &*step.state;
    let called = state.decision(key)?;
    let requirements = state.decision_requirements(called.requirements_key)?;
    let decisions = state.compiled_decisions(requirements.key)?;
    let decision = decisions.find(&called.decision_id)?;
    let mut environment = step.environment(variables);
    let made = step.evaluating(|steps| {
        environment.budget.steps = environment.budget.steps.min(*steps);
        let made = decisions.evaluate(decision, &environment);
        *steps = steps.saturating_sub(made.steps);
        made
    });
    let mut evaluation = DecisionEvaluation {
        decision_key: key,
        decision_id: called.decision_id.clone(),
        name: called.name.clone(),
        version: called.version,
        requirements_key: requirements.key,
        requirements_id: requirements.requirements_id.clone(),
        ..DecisionEvaluation::default()
    };
    let mut room = Room(Some(TOLD_BYTES_MAX));
    for made in &made.made {
        let told = tell(state, requirements, made, &mut room);
        evaluation.made.extend(told);
    }
    evaluation.is_cut = room.0.is_none();
    let failure = match made.output {
        Ok(value) => match written(&value, step.limits.variables_bytes) {
            Ok(output) => return Some(Outcome { evaluation, output }),
            Err(too_large) => {
                let id = called.decision_id.clone();
                let failure = format!("`{id}`: {too_large}");
                (id, failure)
            }
        },
        Err(failure) => (
            failed_decision(decisions, decision, &failure),
            failure.to_string(),
        ),
    };
    (evaluation.failed_decision_id, evaluation.failure) = failure;
    Some(Outcome {
        evaluation,
        output: Bytes::from_static(b"null"),
    })
}

fn written(value: &Value<'_>, limit: usize) -> Result<Bytes, String> {
    let mut output = Vec::new();
    value.write_json(&mut output);
    let bytes = output.len();
    match bytes > limit {
        true => Err(format!(
            "the result takes {bytes} bytes, more than the {limit} allowed"
        )),
        false => Ok(Bytes::from(output)),
    }
}

/// What fails may be a business knowledge model: then it is the decision that was asked for.
fn failed_decision(decisions: &Decisions, asked: &Decision, failure: &Failure) -> String {
    let found = decisions.find(&failure.element);
    found.unwrap_or(asked).id.clone()
}

/// What is left for telling; nothing any more once something did not fit.
struct Room(Option<usize>);

impl Room {
    /// Takes the room for so many bytes, if it is there.
    fn take(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0?.checked_sub(bytes);
        self.0.map(|_| ())
    }

    fn value(&mut self, value: &Value<'_>) -> Option<Bytes> {
        self.0?;
        let mut json = Vec::new();
        value.write_json(&mut json);
        self.take(json.len())?;
        Some(Bytes::from(json))
    }
}

/// `None` when there is no room for it; a table is told as far as there is.
fn tell(
    state: &State,
    requirements: &DecisionRequirements,
    made: &dmn::Made<'_>,
    room: &mut Room,
) -> Option<MadeDecision> {
    let dmn::Made {
        decision,
        output,
        table,
    } = made;
    room.take(PART_BYTES + decision.id.len() + decision.name.len())?;
    let key = key_of(state, requirements, &decision.id);
    let version = key.and_then(|key| state.decision(key));
    let mut told = MadeDecision {
        decision_key: key.unwrap_or_default(),
        decision_id: decision.id.clone(),
        name: decision.name.clone(),
        version: version.map_or(0, |found| found.version),
        kind: kind(decision.kind).to_owned(),
        output: room.value(output)?,
        ..MadeDecision::default()
    };
    if let (Some(shape), Some(run)) = (&decision.table, table) {
        let inputs = shape.inputs.iter().zip(&run.inputs);
        let inputs = inputs.map_while(|(input, value)| tell_input(input, value, room));
        told.inputs = inputs.collect();
        let rules = run.matched.iter();
        let rules = rules.map_while(|(rule, outputs)| tell_rule(shape, *rule, outputs, room));
        told.rules = rules.collect();
    }
    Some(told)
}

/// A decision of the file itself, or of one that it imports.
fn key_of(state: &State, requirements: &DecisionRequirements, id: &str) -> Option<u64> {
    let files = std::iter::once(&requirements.key).chain(&requirements.imported);
    let mut found = files.filter_map(|file| state.decision_of(*file, id));
    found.next()
}

fn tell_input(
    (id, name): &(String, String),
    value: &Value<'_>,
    room: &mut Room,
) -> Option<EvaluatedInput> {
    room.take(PART_BYTES + id.len() + name.len())?;
    Some(EvaluatedInput {
        id: id.clone(),
        name: name.clone(),
        value: room.value(value)?,
    })
}

fn tell_rule(
    shape: &TableShape,
    rule: usize,
    outputs: &[Value<'_>],
    room: &mut Room,
) -> Option<MatchedRule> {
    let id = shape.rules.get(rule).cloned().unwrap_or_default();
    room.take(PART_BYTES + id.len())?;
    let told = shape.outputs.iter().zip(outputs).map(|(output, value)| {
        let (id, name) = output;
        room.take(PART_BYTES + id.len() + name.len())?;
        Some(EvaluatedOutput {
            id: id.clone(),
            name: name.clone(),
            value: room.value(value)?,
        })
    });
    Some(MatchedRule {
        outputs: told.collect::<Option<Vec<_>>>()?,
        id,
        index: u32::try_from(rule).map_or(u32::MAX, |rule| rule.saturating_add(1)),
    })
}

/// As Zeebe spells it, which knows those of DMN 1.3.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::DecisionTable
        | Kind::LiteralExpression
        | Kind::Context
        | Kind::Invocation
        | Kind::Relation
        | Kind::List => kind.name(),
        Kind::FunctionDefinition
        | Kind::Conditional
        | Kind::Filter
        | Kind::For
        | Kind::Quantified
        | Kind::None => "UNKNOWN",
    }
}
