//! Decision tables as parts of the program (DMN 1.5, chapter 8).

use feel::program::{self, Boxed, Cells, Table, TableOutput};

use super::{At, Compiler};
use crate::model::{self, DecisionTable, InputClause, OutputClause, Rule, Text};

impl Compiler<'_> {
    pub(super) fn decision_table(
        &mut self,
        at: At<'_>,
        logic: &model::Boxed,
        table: &DecisionTable,
    ) -> Boxed {
        let allowed: Vec<Option<Cells>> = table
            .inputs
            .iter()
            .map(|input| self.cells(at, input.allowed_values.as_ref()?))
            .collect();
        let compiled = Boxed::table(self.table(at, table, &allowed));
        let compiled = self.bounded(at, logic.location, compiled);
        if self.inspects {
            self.inspect(at, logic.location, table, &compiled, &allowed);
        }
        self.converted(at, logic, compiled)
    }

    fn table(&mut self, at: At<'_>, table: &DecisionTable, allowed: &[Option<Cells>]) -> Table {
        let inputs = table.inputs.iter().zip(allowed);
        let inputs = inputs.map(|(input, allowed)| self.input(at, input, allowed.as_ref()));
        let inputs = inputs.collect();
        let outputs = table.outputs.iter();
        let outputs = outputs.map(|output| self.output(at, output)).collect();
        let rules = table.rules.iter();
        let rules = rules.map(|rule| self.rule(at, table, rule)).collect();
        Table {
            policy: table.hit_policy,
            inputs,
            outputs,
            rules,
        }
    }

    /// The expression of an input; one whose value is not allowed is null.
    fn input(&mut self, at: At<'_>, input: &InputClause, allowed: Option<&Cells>) -> Boxed {
        let value = self.literal(at, &input.expression.content);
        if allowed.is_none() || !self.units[at.unit].is_typed {
            return value;
        }
        let any = program::Type::Named(program::TypeName::Any);
        let type_ = self.passing("allowed values", any, allowed.cloned());
        self.bounded(at, input.location, value.typed(type_))
    }

    fn output(&mut self, at: At<'_>, output: &OutputClause) -> TableOutput {
        let values = output.allowed_values.as_ref();
        TableOutput {
            name: output.name.as_deref().unwrap_or_default().into(),
            values: values.and_then(|values| self.cells(at, values)),
            default: output
                .default
                .as_ref()
                .map(|it| self.literal(at, &it.content)),
        }
    }

    fn rule(&mut self, at: At<'_>, table: &DecisionTable, rule: &Rule) -> program::Rule {
        let tests = rule.input_entries.iter().zip(&table.inputs);
        let tests = tests.map(|(test, input)| self.test(at, test, input));
        let tests = tests.collect();
        let outputs = rule.output_entries.iter();
        program::Rule {
            tests,
            outputs: outputs.map(|it| self.literal(at, &it.content)).collect(),
        }
    }

    fn test(&mut self, at: At<'_>, text: &Text, input: &InputClause) -> Cells {
        if text.value.is_empty() {
            return Cells::any();
        }
        let cells = match &input.input_variable {
            Some(name) => {
                let mut scope = at.scope.child();
                scope.tested(name);
                self.cells(
                    At {
                        scope: &scope,
                        ..at
                    },
                    text,
                )
            }
            None => self.cells(at, text),
        };
        cells.unwrap_or_else(Cells::any)
    }
}
