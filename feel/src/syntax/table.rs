//! Decision tables (DMN 1.5, chapter 8) as a part of the tree.
//!
//! Owns their shape and the index of their rules; `eval/table.rs` runs them.

mod classes;
mod index;

use super::tree::{Node, Tests};

pub(crate) use index::{Candidates, Classes, Column, has};

/// A decision table whose cells are parsed.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) policy: HitPolicy,
    pub(crate) inputs: Vec<Node>,
    pub(crate) outputs: Vec<TableOutput>,
    pub(crate) rules: Vec<TableRule>,
    /// One for each input.
    pub(crate) columns: Vec<Column>,
}

#[derive(Clone, Debug)]
pub(crate) struct TableOutput {
    /// Not asked for when it is the only one.
    pub(crate) name: Box<str>,
    /// From the most to the least important, for those hit policies that rank.
    pub(crate) values: Vec<Tests>,
    pub(crate) default: Option<Node>,
}

#[derive(Clone, Debug)]
pub(crate) struct TableRule {
    /// One for each input.
    pub(crate) tests: Vec<Tests>,
    /// One for each output.
    pub(crate) outputs: Vec<Node>,
}

/// Which of the rules that match count, and in what order (DMN 1.5, 8.2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPolicy {
    /// At most one rule may match.
    Unique,
    /// The first one in the order of the table.
    First,
    /// The one whose outputs come first among the output values.
    Priority,
    /// Any: they must all say the same.
    Any,
    /// All, in the order of the table, together.
    Collect(Option<Aggregation>),
    /// All, in the order of the table.
    RuleOrder,
    /// All, in the order of the output values.
    OutputOrder,
}

/// What is made of the outputs that are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
}

impl Table {
    /// A table with an index of its rules. Every rule has as many tests as there are inputs, and as many outputs as
    /// there are outputs.
    pub(crate) fn new(
        policy: HitPolicy,
        inputs: Vec<Node>,
        outputs: Vec<TableOutput>,
        rules: Vec<TableRule>,
    ) -> Table {
        let columns = (0..inputs.len())
            .map(|input| Column::of(rules.iter().map(|rule| &rule.tests[input])))
            .collect();
        Table {
            policy,
            inputs,
            outputs,
            rules,
            columns,
        }
    }

    /// Visits the expressions of all cells.
    pub(crate) fn each_node<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.inputs.iter().for_each(&mut *visit);
        for output in &self.outputs {
            for tests in &output.values {
                tests.each_node(visit);
            }
            output.default.iter().for_each(&mut *visit);
        }
        for rule in &self.rules {
            for tests in &rule.tests {
                tests.each_node(visit);
            }
            rule.outputs.iter().for_each(&mut *visit);
        }
    }
}
