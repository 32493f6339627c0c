//! What rules of a decision table overlap, can never count, or are missing (DMN 1.5, 8.2.7 and 8.2.10).
//!
//! Tells only what is certain: a cell that must be evaluated to know what it accepts is taken for one that accepts
//! everything where rules are missing, and for one that accepts nothing where they overlap.

use super::boxed::Boxed;
use super::builder::Cells;
use crate::syntax::{Classes, Column, HitPolicy, Kind, Table, has};

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
    /// The rules that match, without those that must be asked. What comes behind the last rule means nothing.
    rules: Vec<u64>,
}

impl Domain {
    fn of(table: &Table, input: usize, allowed: Option<&Cells>) -> Domain {
        let rules = table.rules.len();
        let cells = table.rules.iter().map(|rule| &rule.tests[input]);
        let column = Column::of(cells.chain(allowed.map(|cells| &cells.0)));
        let open = column.open().to_vec();
        let anything = Group {
            text: "-".to_owned(),
            rules: vec![0; open.len()],
        };
        let Some(classes) = column.classes() else {
            return Domain {
                groups: vec![anything],
                open,
            };
        };
        let is_allowed = |class: usize| {
            let is_told = allowed.is_some() && !column.is_open(rules);
            !is_told || has(classes.row(class), rules)
        };
        let groups = runs(classes, is_allowed).into_iter();
        let groups = groups.map(|(first, last)| Group {
            text: classes.describe(first, last),
            rules: classes.row(first).to_vec(),
        });
        let mut groups: Vec<Group> = groups.collect();
        // Cells that accept everything know no values.
        if groups.is_empty() {
            groups.push(Group {
                rules: classes.row(Classes::OTHER).to_vec(),
                ..anything
            });
        }
        Domain { groups, open }
    }
}

/// The first and last class of each group: neighbours among numbers that all rules treat alike are one.
fn runs(classes: &Classes, is_allowed: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for class in classes.of_known_types().filter(|class| is_allowed(*class)) {
        match runs.last_mut() {
            Some((_, last))
                if *last + 1 == class
                    && classes.is_number(*last)
                    && classes.is_number(class)
                    && classes.row(*last) == classes.row(class) =>
            {
                *last = class;
            }
            _ => runs.push((class, class)),
        }
    }
    runs
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
        let others = match is_first {
            true => hiding(columns, later, rules),
            false => matching_with(columns, later, rules),
        };
        for earlier in 0..later {
            if findings.overlaps.len().max(findings.hidden.len()) == FINDINGS_MAX {
                findings.is_cut = true;
                return;
            }
            if !has(&others, earlier) {
                continue;
            }
            if is_first {
                findings.hidden.push((later, earlier));
                break;
            }
            if table.policy == HitPolicy::Unique || !says_the_same(table, earlier, later) {
                let values = both(columns, earlier, later);
                findings.overlaps.push((earlier, later, values));
            }
        }
    }
}

/// The rules that match some values for which this one does.
fn matching_with(columns: &[Domain], rule: usize, rules: usize) -> Vec<u64> {
    let mut found = all(rules);
    for column in columns {
        let mut of_column = vec![0; found.len()];
        for group in column.groups.iter().filter(|it| has(&it.rules, rule)) {
            let words = of_column.iter_mut().zip(&group.rules);
            words.for_each(|(word, rules)| *word |= rules);
        }
        narrow(&mut found, &of_column);
    }
    found
}

/// The rules that match whenever this one does.
fn hiding(columns: &[Domain], rule: usize, rules: usize) -> Vec<u64> {
    let mut found = all(rules);
    for column in columns {
        let may_match = |group: &&Group| has(&group.rules, rule) || has(&column.open, rule);
        for group in column.groups.iter().filter(may_match) {
            narrow(&mut found, &group.rules);
        }
    }
    found
}

fn all(rules: usize) -> Vec<u64> {
    vec![u64::MAX; rules.div_ceil(64)]
}

fn narrow(rules: &mut [u64], to: &[u64]) {
    let words = rules.iter_mut().zip(to);
    words.for_each(|(word, to)| *word &= to);
}

/// Values for which both rules match, which they do somewhere.
fn both(columns: &[Domain], one: usize, other: usize) -> Vec<String> {
    let values = columns.iter().map(|column| {
        let groups = column.groups.iter();
        let matching = groups.filter(|it| has(&it.rules, one) && has(&it.rules, other));
        let texts: Vec<&str> = matching.map(|group| &*group.text).collect();
        match texts.len() == column.groups.len() {
            true => "-".to_owned(),
            false => texts.join(", "),
        }
    });
    values.collect()
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
    let mut search = Search {
        columns,
        rules: table.rules.len(),
        left: COMBINATIONS_MAX,
        findings,
    };
    search.below(&all(table.rules.len()), &mut Vec::new());
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
