//! Runs decision tables (DMN 1.5, 8.2 and 8.2.10).

use std::cmp::Ordering;

use smallvec::{SmallVec, smallvec};

use super::{Machine, Outcome, Scope};
use crate::syntax::{Aggregation, Candidates, HitPolicy, Node, Table, TableOutput};
use crate::value::{Entry, Value};
use crate::{EvalError, EvalErrorKind};

/// The positions of rules that matched, in the order in which they count.
type Matched = SmallVec<[usize; 4]>;

/// What a run of a table was, for those who audit.
#[derive(Clone, Debug)]
pub struct TableRun<'a> {
    /// The value of each input.
    pub inputs: Vec<Value<'a>>,
    /// The rules that matched, from 0, in the order in which they count, with the value of each output; without them
    /// where so many rules must not match.
    pub matched: Vec<(usize, Vec<Value<'a>>)>,
}

impl<'a> Machine<'a> {
    pub(super) fn table(
        &mut self,
        at: u32,
        table: &'a Table,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut inputs: SmallVec<[Value<'a>; 4]> = SmallVec::new();
        for input in &table.inputs {
            inputs.push(self.eval(input, scope)?);
        }
        let mut matched = self.matching(at, table, &inputs, scope)?;
        self.rank(table, &mut matched, scope)?;
        if let Err(error) = self.check(at, table.policy, matched.len()) {
            let matched = matched.iter().map(|rule| (*rule, Vec::new()));
            self.tell(&inputs, matched);
            return Err(error);
        }
        if table.policy == HitPolicy::Priority {
            matched.truncate(1);
        }
        let mut outputs = Vec::with_capacity(matched.len());
        for rule in &matched {
            let mut values: SmallVec<[Value<'a>; 2]> = SmallVec::new();
            for node in &table.rules[*rule].outputs {
                values.push(self.eval(node, scope)?);
            }
            outputs.push(values);
        }
        let told = outputs.iter().map(|values| values.to_vec());
        self.tell(&inputs, matched.iter().copied().zip(told));
        if matched.is_empty() {
            return self.default(at, table, scope);
        }
        let mut results = Vec::with_capacity(outputs.len());
        for values in outputs {
            results.push(self.result(at, &table.outputs, values)?);
        }
        self.together(at, table.policy, results)
    }

    /// Tells of a run, if anybody wants to know.
    fn tell(
        &mut self,
        inputs: &[Value<'a>],
        matched: impl Iterator<Item = (usize, Vec<Value<'a>>)>,
    ) {
        if let Some(runs) = self.table_runs() {
            runs.push(TableRun {
                inputs: inputs.to_vec(),
                matched: matched.collect(),
            });
        }
    }

    /// The rules that match, in the order of the table.
    fn matching(
        &mut self,
        at: u32,
        table: &'a Table,
        inputs: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Matched, EvalError> {
        let mut candidates: Candidates = smallvec![u64::MAX; table.rules.len().div_ceil(64)];
        for (column, value) in table.columns.iter().zip(inputs) {
            self.charge(at, 1 + candidates.len() / 8)?;
            column.narrow(value, &mut candidates);
        }
        let mut matched = Matched::new();
        for (word, bits) in candidates.into_iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let rule = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if rule < table.rules.len() && self.matches(at, table, rule, inputs, scope)? {
                    matched.push(rule);
                    if table.policy == HitPolicy::First {
                        return Ok(matched);
                    }
                }
            }
        }
        Ok(matched)
    }

    /// Whether the cells of a rule that no index has answered hold.
    fn matches(
        &mut self,
        at: u32,
        table: &'a Table,
        rule: usize,
        inputs: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<bool, EvalError> {
        self.charge(at, 1)?;
        let cells = table.rules[rule].tests.iter().zip(inputs);
        for ((tests, value), column) in cells.zip(&table.columns) {
            if column.is_open(rule) && !self.passes(value, tests, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts the matched rules in the order of their output values, where the hit policy asks for it.
    fn rank(
        &mut self,
        table: &'a Table,
        matched: &mut Matched,
        scope: &Scope<'_, 'a>,
    ) -> Result<(), EvalError> {
        match table.policy {
            HitPolicy::Priority | HitPolicy::OutputOrder => {}
            HitPolicy::Unique
            | HitPolicy::First
            | HitPolicy::Any
            | HitPolicy::Collect(_)
            | HitPolicy::RuleOrder => return Ok(()),
        }
        let mut ranked: Vec<(SmallVec<[usize; 2]>, usize)> = Vec::with_capacity(matched.len());
        for rule in &*matched {
            let mut ranks = SmallVec::new();
            for (node, output) in table.rules[*rule].outputs.iter().zip(&table.outputs) {
                ranks.push(self.rank_of(node, output, scope)?);
            }
            ranked.push((ranks, *rule));
        }
        ranked.sort();
        *matched = ranked.into_iter().map(|(_, rule)| rule).collect();
        Ok(())
    }

    /// The position of the first output value that an output has.
    fn rank_of(
        &mut self,
        node: &'a Node,
        output: &'a TableOutput,
        scope: &Scope<'_, 'a>,
    ) -> Result<usize, EvalError> {
        let value = self.eval(node, scope)?;
        for (rank, tests) in output.values.iter().enumerate() {
            if self.passes(&value, tests, scope)? {
                return Ok(rank);
            }
        }
        Ok(output.values.len())
    }

    fn check(&self, at: u32, policy: HitPolicy, matched: usize) -> Result<(), EvalError> {
        match policy {
            HitPolicy::Unique if matched > 1 => {
                let message =
                    format!("the hit policy is unique, and {matched} rules of the table match");
                Err(self.error_with(at, EvalErrorKind::HitPolicy, message))
            }
            HitPolicy::Unique
            | HitPolicy::First
            | HitPolicy::Priority
            | HitPolicy::Any
            | HitPolicy::Collect(_)
            | HitPolicy::RuleOrder
            | HitPolicy::OutputOrder => Ok(()),
        }
    }

    /// One value, or a context when there are several outputs.
    fn result(
        &mut self,
        at: u32,
        outputs: &'a [TableOutput],
        values: SmallVec<[Value<'a>; 2]>,
    ) -> Outcome<'a> {
        if let [_] = outputs {
            return Ok(values.into_iter().next().unwrap_or(Value::Null));
        }
        let names = outputs.iter().map(|output| (&*output.name).into());
        let entries: Vec<Entry<'a>> = names.zip(values).collect();
        self.context(at, entries)
    }

    /// What the table says when no rule matches.
    fn default(&mut self, at: u32, table: &'a Table, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        if table.policy == HitPolicy::Collect(Some(Aggregation::Count)) {
            return Ok(Value::Number(0i64.into()));
        }
        if table.outputs.iter().all(|output| output.default.is_none()) {
            return Ok(Value::Null);
        }
        let mut values = SmallVec::new();
        for output in &table.outputs {
            values.push(match &output.default {
                Some(node) => self.eval(node, scope)?,
                None => Value::Null,
            });
        }
        self.result(at, &table.outputs, values)
    }

    fn together(&mut self, at: u32, policy: HitPolicy, mut results: Vec<Value<'a>>) -> Outcome<'a> {
        match policy {
            HitPolicy::Unique | HitPolicy::First | HitPolicy::Priority => {
                Ok(results.pop().unwrap_or(Value::Null))
            }
            HitPolicy::Any => self.agreed(at, results),
            HitPolicy::Collect(None) | HitPolicy::RuleOrder | HitPolicy::OutputOrder => {
                self.list(at, results)
            }
            HitPolicy::Collect(Some(Aggregation::Count)) => {
                let count = i64::try_from(results.len()).unwrap_or(i64::MAX);
                Ok(Value::Number(count.into()))
            }
            HitPolicy::Collect(Some(Aggregation::Sum)) => {
                let sum = results
                    .into_iter()
                    .reduce(|sum, value| super::add(&sum, &value));
                Ok(sum.unwrap_or(Value::Null))
            }
            HitPolicy::Collect(Some(Aggregation::Min)) => {
                self.outermost(at, results, Ordering::Less)
            }
            HitPolicy::Collect(Some(Aggregation::Max)) => {
                self.outermost(at, results, Ordering::Greater)
            }
        }
    }

    fn agreed(&mut self, at: u32, results: Vec<Value<'a>>) -> Outcome<'a> {
        let mut results = results.into_iter();
        let first = results.next().unwrap_or(Value::Null);
        for other in results {
            if self.equal(at, &first, &other)? != Some(true) {
                let message = "the hit policy is any, and the rules that match disagree";
                return Err(self.error_with(at, EvalErrorKind::HitPolicy, message.to_owned()));
            }
        }
        Ok(first)
    }

    /// The smallest or largest; null when they do not compare.
    fn outermost(&mut self, at: u32, results: Vec<Value<'a>>, wanted: Ordering) -> Outcome<'a> {
        let mut results = results.into_iter();
        let mut found = results.next().unwrap_or(Value::Null);
        for value in results {
            match self.order(at, &value, &found)? {
                Some(order) if order == wanted => found = value,
                Some(_) => {}
                None => return Ok(Value::Null),
            }
        }
        Ok(found)
    }
}
