//! How decisions came about, for people and for machines.

use dmn::Made;
use feel::EvalErrorKind;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Paint;
use crate::variables::shorten;

pub(super) use crate::feel_command::as_json;

/// Characters that are shown of a value on the way.
const SHOWN_CHARS_MAX: usize = 200;

pub(super) fn text(made: &[Made<'_>], paint: Paint) -> String {
    let mut text = String::new();
    for (number, made) in (1..).zip(made) {
        let decision = made.decision;
        let kind = decision.kind.name().to_lowercase().replace('_', " ");
        let id = paint.faint(&format!("({}, {kind})", decision.id));
        text += &format!("{number}. {} {id}\n", paint.bold(&decision.name));
        let mut line = |what: &str, told: String| {
            let what = paint.faint(&format!("{what:<8}"));
            text += &format!("   {what} {told}\n");
        };
        if let (Some(run), Some(shape)) = (&made.table, &decision.table) {
            for ((_, label), value) in shape.inputs.iter().zip(&run.inputs) {
                line("input", format!("{} = {}", shown(label), shown(value)));
            }
            if run.matched.is_empty() {
                line("rules", "none matched".to_owned());
            }
            for (rule, outputs) in &run.matched {
                let id = shape.rules.get(*rule).map_or("", |id| id);
                let names = shape.outputs.iter().map(|(_, name)| name.as_str());
                let outputs = names.zip(outputs).map(|(name, value)| match name {
                    "" => shown(value),
                    name => format!("{} = {}", shown(name), shown(value)),
                });
                let outputs: Vec<_> = outputs.collect();
                let told = format!("{} {}", paint.name(id), outputs.join(", "));
                line(&format!("rule {}", rule + 1), told.trim().to_owned());
            }
        }
        line("output", shown(&made.output));
    }
    text
}

pub(super) fn json(made: &[Made<'_>]) -> Result<Value, Failure> {
    made.iter().map(one).collect()
}

fn one(made: &Made<'_>) -> Result<Value, Failure> {
    let decision = made.decision;
    let mut document = json!({
        "id": decision.id,
        "name": decision.name,
        "kind": decision.kind.name(),
        "output": as_json(&made.output)?,
    });
    if let (Some(run), Some(shape)) = (&made.table, &decision.table) {
        document["inputs"] = named(&shape.inputs, &run.inputs)?;
        let matched = run.matched.iter().map(|(rule, outputs)| {
            Ok(json!({
                "rule": rule + 1,
                "id": shape.rules.get(*rule),
                "outputs": named(&shape.outputs, outputs)?,
            }))
        });
        document["matched"] = matched.collect::<Result<_, Failure>>()?;
    }
    Ok(document)
}

/// The values of columns.
fn named(columns: &[(String, String)], values: &[feel::Value<'_>]) -> Result<Value, Failure> {
    let cells = columns.iter().zip(values);
    let cells = cells
        .map(|((id, name), value)| Ok(json!({ "id": id, "name": name, "value": as_json(value)? })));
    cells.collect()
}

fn shown(value: impl ToString) -> String {
    shorten(&value.to_string(), SHOWN_CHARS_MAX)
}

/// What to do when an evaluation failed.
pub(super) fn help(kind: EvalErrorKind) -> &'static str {
    match kind {
        EvalErrorKind::Steps => "make the lists shorter, or the expression simpler",
        EvalErrorKind::Depth => "end the recursion earlier",
        EvalErrorKind::Size => "let it build less",
        EvalErrorKind::Assertion => "look at what the assertion is about",
        EvalErrorKind::HitPolicy => {
            "change the rules so that they do not contradict, or the policy"
        }
    }
}
