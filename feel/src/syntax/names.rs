//! What names mean where an expression stands, before the expression defines any itself.
//!
//! Owns names of several tokens (DMN 1.5, 10.3.1.2, rules 27 to 30, and 10.3.1.4: a name may have spaces and
//! operators in it, and only what is in scope tells where it ends). Must not know what a name's value is.

use std::collections::HashMap;

use super::lexer;

/// Names in scope at an expression, for [`crate::parse_in`].
#[derive(Clone, Debug, Default)]
pub struct Names {
    phrases: Phrases,
    meanings: HashMap<Box<str>, Meaning>,
    types: HashMap<Box<str>, u32>,
    /// Another name for what is tested, `?`.
    tested: Option<Box<str>>,
    /// The expression stands in a filter that is not written around it.
    in_filter: bool,
}

/// What a name is known as.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meaning {
    variable: bool,
    /// A definition of the program, by its number.
    global: Option<u32>,
    /// The definition is a function: what stands in parentheses behind the name are its arguments.
    is_function: bool,
    /// A member of contexts.
    member: bool,
}

impl Names {
    /// No names: what an expression does not define is a variable of one word.
    pub fn new() -> Names {
        Names::default()
    }

    /// Makes a variable known, so that its name may have spaces and operators in it.
    pub fn variable(&mut self, name: &str) {
        self.meaning(name).variable = true;
    }

    /// Makes the name of a member known: it may stand after a point, and in a filter.
    pub fn member(&mut self, name: &str) {
        self.meaning(name).member = true;
    }

    /// Makes a type known by a name, for `instance of` and for parameters.
    pub(crate) fn type_named(&mut self, name: &str, number: u32) {
        self.phrases.add(name);
        self.types.insert(name.into(), number);
    }

    /// Makes another name for what is tested known.
    pub(crate) fn tested(&mut self, name: &str) {
        self.meaning(name).variable = true;
        self.tested = Some(name.into());
    }

    /// Members are known as they are in a filter.
    pub(crate) fn enter_filter(&mut self) {
        self.in_filter = true;
    }

    /// Makes a definition of a program known; the last one of a name counts.
    pub(crate) fn global(&mut self, name: &str, number: u32, is_function: bool) {
        let meaning = self.meaning(name);
        meaning.global = Some(number);
        meaning.is_function = is_function;
    }

    /// Makes a name known that what surrounds the expression defines: no definition of the program.
    pub(crate) fn local(&mut self, name: &str) {
        let meaning = self.meaning(name);
        meaning.variable = true;
        meaning.global = None;
    }

    fn meaning(&mut self, name: &str) -> &mut Meaning {
        self.phrases.add(name);
        self.meanings.entry(name.into()).or_default()
    }

    pub(super) fn is_tested(&self, name: &str) -> bool {
        self.tested.as_deref() == Some(name)
    }

    pub(super) fn is_in_filter(&self) -> bool {
        self.in_filter
    }

    pub(super) fn phrases(&self) -> &Phrases {
        &self.phrases
    }

    /// Whether the name stands for a value, in a filter or elsewhere.
    pub(super) fn has_value(&self, name: &str, in_filter: bool) -> bool {
        let meaning = self.meanings.get(name).copied().unwrap_or_default();
        meaning.variable || meaning.global.is_some() || in_filter && meaning.member
    }

    /// Whether a built-in function of the same name is hidden where it would be called.
    pub(super) fn is_function(&self, name: &str) -> bool {
        let meaning = self.meanings.get(name);
        meaning.is_some_and(|meaning| meaning.global.is_some() && meaning.is_function)
    }

    pub(super) fn is_member(&self, name: &str) -> bool {
        self.meanings
            .get(name)
            .is_some_and(|meaning| meaning.member)
    }

    pub(super) fn global_of(&self, name: &str) -> Option<u32> {
        self.meanings.get(name)?.global
    }

    pub(super) fn type_of(&self, name: &str) -> Option<u32> {
        self.types.get(name).copied()
    }
}

/// Names, found by how they begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Phrases(HashMap<Box<str>, Vec<Phrase>>);

/// A name and the tokens that it is written with.
#[derive(Clone, Debug)]
pub(super) struct Phrase {
    pub name: Box<str>,
    pub tokens: Box<[Box<str>]>,
}

impl Phrases {
    /// Whether there was none like it.
    pub fn add(&mut self, name: &str) -> bool {
        // A name that has no tokens cannot be written: it can only be meant by what does not write it.
        let Some(tokens) = lexer::texts(name).filter(|tokens| !tokens.is_empty()) else {
            return false;
        };
        let those = self.0.entry(tokens[0].into()).or_default();
        let is_new = those.iter().all(|phrase| *phrase.name != *name);
        if is_new {
            those.push(Phrase {
                name: name.into(),
                tokens: tokens.into_iter().map(Box::from).collect(),
            });
        }
        is_new
    }

    pub fn has(&self, name: &str) -> bool {
        let first = lexer::texts(name).and_then(|tokens| tokens.first().copied());
        let those = first.map_or(&[][..], |first| self.starting_with(first));
        those.iter().any(|phrase| *phrase.name == *name)
    }

    /// Those that begin with this token.
    pub fn starting_with(&self, token: &str) -> &[Phrase] {
        self.0.get(token).map_or(&[], Vec::as_slice)
    }
}
