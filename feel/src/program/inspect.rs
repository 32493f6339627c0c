//! What rules of a decision table overlap, can never count, or are missing (DMN 1.5, 8.2.7 and 8.2.10).
//!
//! Tells only what is certain: a cell that must be evaluated to know what it accepts is taken for one that accepts
//! everything where rules are missing, and for one that accepts nothing where they overlap.

use super::boxed::Boxed;
use super::builder::Cells;
use crate::syntax::{Classes, Column, HitPolicy, Kind, Table};

/// How many findings of each kind are told.
const FINDINGS_MAX: usize = 10;

/// How many combinations of values are looked at.
const COMBINATIONS_MAX: usize = 100_000;

/// In tables with more rules, pairs of rules are not looked at.
const RULES_MAX: usize = 4_000;

/// What is worth knowing of a table. Rules count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Two rules that may match at once where only one may (hit policy U) or both must say the same (A), with values
    /// for which both match, one for each input.
    pub overlaps: Vec<(usize, usize, Vec<String>)>,
    /// A rule that never counts, and the one before it that matches whenever it does (hit policy F).
    pub hidden: Vec<(usize, usize)>,
    /// Values, one for each input, that no rule matches; `-` is any value. Null is not looked at.
    pub missing: Vec<Vec<String>>,
    /// There is more than is told, or than was looked at.
    pub is_cut: bool,
}

impl Boxed {
    /// What is worth knowing of a decision table; `None` for other expressions. `allowed` are the values that inputs
    /// may have, by the positions of the inputs.
    pub fn inspect(&self, allowed: &[Option<Cells>]) -> Option<Findings> {
        let Kind::Table(table) = &self.node().kind else {
            return None;
        };
        let columns: Vec<Domain> = (0..table.inputs.len())
            .map(|input| Domain::of(table, input, allowed.get(input).and_then(Option::as_ref)))
            .collect();
        let mut findings = Findings::default();
        overlaps(table, &columns, &mut findings);
        missing(table, &columns, &mut findings);
        Some(findings)
    }
}

/// What an input may be: groups of values that all rules treat alike.
struct Domain {
    groups: Vec<Group>,
    /// The rules whose cell must be asked.
    open: Vec<u64>,
}

struct Group {
    /// As a cell would say it.
    text: String,
    /// The rules that match, without those that must be asked.
    rules: Vec<u64>,
}

impl Domain {
    fn of(table: &Table, input: usize, allowed: Option<&Cells>) -> Domain {
        let rules = table.rules.len();
        let cells = table.rules.iter().map(|rule| &rule.tests[input]);
        let column = Column::of(cells.chain(allowed.map(|cells| &cells.0)));
        let words = rules.div_ceil(64).max(1);
        let open = (0..words).map(|word| column.open_word(word)).collect();
        let anything = Group {
            text: "-".to_owned(),
            rules: vec![0; words],
        };
        let Some(classes) = column.classes() else {
            return Domain {
                groups: vec![anything],
                open,
            };
        };
        let is_allowed = |class: usize| {
            let is_told = allowed.is_some() && !column.is_open(rules);
            !is_told || classes.matches(class, rules)
        };
        let row = |class: usize| classes.row(class, words, rules);
        let mut groups: Vec<Group> = Vec::new();
        for run in runs(classes, is_allowed, row) {
            groups.push(Group {
                text: classes.describe(run.0, run.1),
                rules: row(run.0),
            });
        }
        // Cells that accept everything know no values.
        if groups.is_empty() {
            groups.push(Group {
                rules: row(Classes::OTHER),
                ..anything
            });
        }
        Domain { groups, open }
    }
}

/// The first and last class of each group: neighbours among numbers that all rules treat alike are one.
fn runs(
    classes: &Classes,
    is_allowed: impl Fn(usize) -> bool,
    row: impl Fn(usize) -> Vec<u64>,
) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for class in classes.of_known_types().filter(|class| is_allowed(*class)) {
        match runs.last_mut() {
            Some((_, last))
                if *last + 1 == class
                    && classes.is_number(*last)
                    && classes.is_number(class)
                    && row(*last) == row(class) =>
            {
                *last = class;
            }
            _ => runs.push((class, class)),
        }
    }
    runs
}

fn has(rules: &[u64], rule: usize) -> bool {
    rules[rule / 64] >> (rule % 64) & 1 == 1
}

fn overlaps(table: &Table, columns: &[Domain], findings: &mut Findings) {
    let rules = table.rules.len();
    let is_first = match table.policy {
        HitPolicy::Unique | HitPolicy::Any => false,
        HitPolicy::First => true,
        HitPolicy::Priority
        | HitPolicy::Collect(_)
        | HitPolicy::RuleOrder
        | HitPolicy::OutputOrder => return,
    };
    if rules > RULES_MAX {
        findings.is_cut = true;
        return;
    }
    for later in 1..rules {
        for earlier in 0..later {
            if findings.overlaps.len().max(findings.hidden.len()) == FINDINGS_MAX {
                findings.is_cut = true;
                return;
            }
            match is_first {
                true if hides(columns, earlier, later) => {
                    findings.hidden.push((later, earlier));
                    break;
                }
                true => {}
                false if table.policy == HitPolicy::Any && says_the_same(table, earlier, later) => {
                }
                false => {
                    if let Some(values) = both(columns, earlier, later) {
                        findings.overlaps.push((earlier, later, values));
                    }
                }
            }
        }
    }
}

/// Values for which both rules match.
fn both(columns: &[Domain], one: usize, other: usize) -> Option<Vec<String>> {
    let values = columns.iter().map(|column| {
        let matching = column
            .groups
            .iter()
            .filter(|group| has(&group.rules, one) && has(&group.rules, other));
        let texts: Vec<&str> = matching.map(|group| &*group.text).collect();
        match texts.len() {
            0 => None,
            all if all == column.groups.len() => Some("-".to_owned()),
            _ => Some(texts.join(", ")),
        }
    });
    values.collect()
}

/// Whether the earlier rule matches whenever the later one does.
fn hides(columns: &[Domain], earlier: usize, later: usize) -> bool {
    columns.iter().all(|column| {
        let may_match = |group: &Group| has(&group.rules, later) || has(&column.open, later);
        let mut groups = column.groups.iter();
        groups.all(|group| !may_match(group) || has(&group.rules, earlier))
    })
}

fn says_the_same(table: &Table, one: usize, other: usize) -> bool {
    let text = |rule: usize| {
        let outputs = table.rules[rule].outputs.iter();
        outputs.map(ToString::to_string).collect::<Vec<_>>()
    };
    text(one) == text(other)
}

fn missing(table: &Table, columns: &[Domain], findings: &mut Findings) {
    let has_default = table.outputs.iter().any(|output| output.default.is_some());
    let is_list = matches!(
        table.policy,
        HitPolicy::Collect(_) | HitPolicy::RuleOrder | HitPolicy::OutputOrder
    );
    // Where several rules may count, none may too.
    if has_default || is_list || columns.is_empty() {
        return;
    }
    let all = vec![u64::MAX; table.rules.len().div_ceil(64).max(1)];
    let mut search = Search {
        columns,
        rules: table.rules.len(),
        left: COMBINATIONS_MAX,
        findings,
    };
    search.below(&all, &mut Vec::new());
}

/// Looks for combinations that no rule matches, one column after the other.
struct Search<'s> {
    columns: &'s [Domain],
    rules: usize,
    left: usize,
    findings: &'s mut Findings,
}

impl Search<'_> {
    /// The recursion is as deep as the table is wide.
    fn below(&mut self, candidates: &[u64], values: &mut Vec<String>) {
        let columns = self.columns;
        let Some(column) = columns.get(values.len()) else {
            return;
        };
        for group in &column.groups {
            if self.left == 0 || self.findings.missing.len() == FINDINGS_MAX {
                self.findings.is_cut = true;
                return;
            }
            self.left -= 1;
            let of_group = group.rules.iter().zip(&column.open);
            let matching = candidates.iter().zip(of_group);
            let matching: Vec<u64> = matching
                .map(|(candidates, (rules, open))| candidates & (rules | open))
                .collect();
            values.push(group.text.clone());
            match (0..self.rules).any(|rule| has(&matching, rule)) {
                true => self.below(&matching, values),
                false => {
                    let mut found = values.clone();
                    found.resize(columns.len(), "-".to_owned());
                    self.findings.missing.push(found);
                }
            }
            values.pop();
        }
    }
}
