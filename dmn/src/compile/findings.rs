//! What is worth knowing of a decision table: rules that overlap, never count, or are missing.

use feel::program::{Boxed, Cells, Findings};
use model_xml::{Location, Severity, Subject};

use super::{At, Compiler};
use crate::code::{self, Code};
use crate::model::{DecisionTable, HitPolicy};

impl Compiler<'_> {
    /// Warns of what the cells of a table show by themselves.
    pub(super) fn inspect(
        &mut self,
        at: At<'_>,
        location: Location,
        table: &DecisionTable,
        compiled: &Boxed,
        allowed: &[Option<Cells>],
    ) {
        let Some(findings) = compiled.inspect(allowed) else {
            return;
        };
        self.overlaps(at, table, &findings);
        for values in &findings.missing {
            let values = described(table, values);
            let message = format!("no rule matches {values}");
            let help = "add a rule, or a default output; the result is null there";
            self.warn(at, code::MISSING_RULE, location, message, help);
        }
        if findings.is_cut {
            let message = "the table has more of this than is told, or is too large for all of it";
            let help = "mend these first";
            self.warn(at, code::MORE_FINDINGS, location, message.to_owned(), help);
        }
    }

    fn overlaps(&mut self, at: At<'_>, table: &DecisionTable, findings: &Findings) {
        let place = |rule: usize| table.rules.get(rule).map(|it| it.location);
        for (earlier, later, values) in &findings.overlaps {
            let location = place(*later).unwrap_or_default();
            let (policy, effect) = match table.hit_policy {
                HitPolicy::Any => ("ANY", "they differ in their outputs"),
                _ => ("UNIQUE", "only one may"),
            };
            let values = described(table, values);
            let (earlier, later) = (earlier + 1, later + 1);
            let message = format!("rules {earlier} and {later} both match {values}, and {effect}");
            let help = format!("narrow one of them; with hit policy {policy} the decision fails");
            self.warn(at, code::OVERLAPPING_RULES, location, message, &help);
        }
        for (later, earlier) in &findings.hidden {
            let location = place(*later).unwrap_or_default();
            let (earlier, later) = (earlier + 1, later + 1);
            let message = format!("rule {later} never counts: rule {earlier} matches all it does");
            let help = "remove it, or put it before the other one";
            self.warn(at, code::HIDDEN_RULE, location, message, help);
        }
    }

    fn warn(&mut self, at: At<'_>, code: Code, location: Location, message: String, help: &str) {
        let subject = Subject {
            location,
            element_id: Some(at.owner).filter(|id| !id.is_empty()),
            ..Subject::default()
        };
        let sink = &mut self.units[at.unit].sink;
        sink.report(Severity::Warning, code, subject, message, help);
    }
}

/// `amount > 5, status "a", "b"`; inputs that may be anything are left out.
fn described(table: &DecisionTable, values: &[String]) -> String {
    let inputs = table.inputs.iter().zip(values);
    let told = inputs
        .filter(|(_, value)| *value != "-")
        .map(|(input, value)| {
            let name = model_xml::clip(&input.expression.content.text.value);
            format!("{name}: {value}")
        });
    let told = told.collect::<Vec<_>>().join("; ");
    match told.is_empty() {
        true => "any input".to_owned(),
        false => told,
    }
}
