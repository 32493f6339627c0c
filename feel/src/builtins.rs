//! The built-in functions: one table, from which calls are checked, named arguments ordered, functions
//! run and their nulls explained.
//!
//! Owns what a function is called, which arguments its forms take, and what it does with them. Wrong
//! types and values give null (DMN 1.5, 10.3.4); only budgets give errors.

mod arguments;
mod chance;
mod contexts;
mod convert;
mod json;
mod lists;
mod numbers;
mod pattern;
mod positions;
mod ranges;
mod regex;
mod sorting;
mod strings;
mod times;
mod truth;

pub(crate) use regex::Compiled;

use std::fmt;

use crate::eval::{Call, Outcome};
use crate::value::Value;

/// A built-in function.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    /// Parameter lists, one for each form: `"string: string, length?: number"`. A `?` marks an
    /// optional parameter, `...` one that takes any number of arguments, at least one. What stands
    /// after the colon is for calls that gave null ([`arguments`]); the function itself looks at its
    /// values.
    forms: &'static [&'static str],
    /// Why the result is null although the arguments are of the right types. Empty when such a null is
    /// a result like any other.
    fails: &'static str,
    pub(crate) run: Run,
}

/// How a function runs.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// On its arguments alone, in time linear in their text; `None` is null.
    Simple(for<'a> fn(&[Value<'a>]) -> Option<Value<'a>>),
    /// With the budget.
    Full(for<'a> fn(&mut Call<'_, 'a>) -> Outcome<'a>),
}

/// One parameter list of a function.
#[derive(Clone, Copy)]
pub(crate) struct Form(&'static str);

pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) optional: bool,
    variadic: bool,
    /// Type words with `|` between them.
    types: &'static str,
}

impl Form {
    pub(crate) fn parameters(self) -> impl Iterator<Item = Parameter> {
        self.0.split(", ").filter(|p| !p.is_empty()).map(|p| {
            let (name, types) = p.split_once(": ").unwrap_or((p, "any"));
            Parameter {
                name: name.trim_end_matches(['?', '.']),
                optional: name.ends_with('?'),
                variadic: name.ends_with("..."),
                types,
            }
        })
    }

    /// Whether the form takes so many arguments.
    pub(crate) fn takes(self, count: usize) -> bool {
        let required = self.parameters().filter(|p| !p.optional).count();
        let variadic = self.parameters().any(|p| p.variadic);
        count >= required && (variadic || count <= self.parameters().count())
    }
}

impl Builtin {
    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> {
        self.forms.iter().map(|form| Form(form))
    }

    /// The forms for people: `(string, match)`.
    pub(crate) fn describe(&self) -> String {
        let forms = self.parameter_names().into_iter();
        let forms: Vec<_> = forms.map(|form| format!("({form})")).collect();
        forms.join(" or ")
    }

    /// The names of the parameters, for each form that has other ones: `string, match`.
    fn parameter_names(&self) -> Vec<String> {
        let names = |form: &&str| {
            let names = form.split(", ").map(|p| p.split(": ").next().unwrap_or(p));
            names.collect::<Vec<_>>().join(", ")
        };
        let mut forms: Vec<String> = self.forms.iter().map(names).collect();
        forms.dedup();
        forms
    }
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn all() -> impl Iterator<Item = &'static Builtin> {
    [
        strings::TABLE,
        regex::TABLE,
        truth::TABLE,
        lists::TABLE,
        positions::TABLE,
        sorting::TABLE,
        numbers::TABLE,
        times::TABLE,
        contexts::TABLE,
        convert::TABLE,
        json::TABLE,
        chance::TABLE,
        ranges::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// A built-in function, for people who write expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What it is called by.
    pub name: &'static str,
    /// The names of the parameters of each of its forms: `string, start position, length?`. A `?` marks an optional
    /// one, `...` one that takes any number of arguments.
    pub forms: Vec<String>,
}

/// The built-in functions by their names.
pub fn functions() -> Vec<Signature> {
    let mut functions: Vec<Signature> = all()
        .map(|builtin| Signature {
            name: builtin.name,
            forms: builtin.parameter_names(),
        })
        .collect();
    functions.sort_by_key(|function| function.name);
    functions
}

/// The functions whose name begins with this word.
pub(crate) fn starting_with(word: &str) -> impl Iterator<Item = &'static Builtin> {
    all().filter(move |builtin| {
        builtin
            .name
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// The function whose name is at most two typing errors away.
pub(crate) fn similar(name: &str) -> Option<&'static str> {
    // A short name has no room for errors: everything is near it.
    let distance_max = (name.len() / 2).min(2);
    all()
        .filter(|builtin| builtin.name.len().abs_diff(name.len()) <= distance_max)
        .map(|builtin| (distance(builtin.name, name), builtin.name))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein's distance in bytes; the caller has checked that both are about as long.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let above = row[j + 1];
            let replaced = diagonal + usize::from(x != y);
            row[j + 1] = replaced.min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
