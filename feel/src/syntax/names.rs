//! What names mean where an expression stands, before the expression defines any itself.
//!
//! Owns names of several tokens (DMN 1.5, 10.3.1.2, rules 27 to 30, and 10.3.1.4: a name may have spaces and
//! operators in it, and only what is in scope tells where it ends). Must not know what a name's value is.

use std::collections::HashMap;
use std::sync::Arc;

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
    /// No variables but those in scope.
    closed: bool,
    /// What surrounds these names, and holds where they say nothing.
    outer: Option<Arc<Names>>,
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

    /// Names that are added to others without copying those.
    pub(crate) fn inside(outer: Arc<Names>) -> Names {
        Names {
            tested: outer.tested.clone(),
            in_filter: outer.in_filter,
            closed: outer.closed,
            outer: Some(outer),
            ..Names::default()
        }
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

    /// There are no variables but those in scope: the name of a built-in function is the function.
    pub(crate) fn close(&mut self) {
        self.closed = true;
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
        let before = self.outer.as_ref().and_then(|outer| outer.known(name));
        let entry = self.meanings.entry(name.into());
        entry.or_insert_with(|| before.unwrap_or_default())
    }

    /// These names, then those around them, and so on.
    fn all(&self) -> impl Iterator<Item = &Names> {
        std::iter::successors(Some(self), |names| names.outer.as_deref())
    }

    fn known(&self, name: &str) -> Option<Meaning> {
        self.all()
            .find_map(|names| names.meanings.get(name).copied())
    }

    pub(super) fn is_tested(&self, name: &str) -> bool {
        self.tested.as_deref() == Some(name)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn is_in_filter(&self) -> bool {
        self.in_filter
    }

    /// All names by how they are written, the innermost first.
    pub(super) fn phrases(&self) -> impl Iterator<Item = &Phrases> {
        self.all().map(|names| &names.phrases)
    }

    /// Whether the name stands for a value, in a filter or elsewhere.
    pub(super) fn has_value(&self, name: &str, in_filter: bool) -> bool {
        let meaning = self.known(name).unwrap_or_default();
        meaning.variable || meaning.global.is_some() || in_filter && meaning.member
    }

    /// Whether a built-in function of the same name is hidden where it would be called.
    pub(super) fn is_function(&self, name: &str) -> bool {
        let meaning = self.known(name);
        meaning.is_some_and(|meaning| meaning.global.is_some() && meaning.is_function)
    }

    pub(super) fn is_member(&self, name: &str) -> bool {
        self.known(name).is_some_and(|meaning| meaning.member)
    }

    pub(super) fn global_of(&self, name: &str) -> Option<u32> {
        self.known(name)?.global
    }

    pub(super) fn type_of(&self, name: &str) -> Option<u32> {
        self.all().find_map(|names| names.types.get(name).copied())
    }
}

/// Names by the tokens that they are written with: a tree in which each name is a way.
#[derive(Clone, Debug, Default)]
pub(super) struct Phrases {
    /// Those that end here; spelled with more or less space they are the same tokens.
    names: Vec<Box<str>>,
    next: HashMap<Box<str>, Phrases>,
}

/// How many tokens a name may have; longer ones cannot be written in an expression.
const TOKENS_MAX: usize = 64;

impl Phrases {
    /// Whether there was none like it.
    pub fn add(&mut self, name: &str) -> bool {
        let Some(tokens) = tokens(name) else {
            return false;
        };
        let end = tokens.into_iter().fold(self, |phrases, token| {
            phrases.next.entry(token.into()).or_default()
        });
        let is_new = end.names.iter().all(|known| **known != *name);
        if is_new {
            end.names.push(name.into());
        }
        is_new
    }

    pub fn has(&self, name: &str) -> bool {
        let end = tokens(name).and_then(|tokens| {
            let mut tokens = tokens.into_iter();
            tokens.try_fold(self, |phrases, token| phrases.next.get(token))
        });
        end.is_some_and(|end| end.names.iter().any(|known| **known == *name))
    }

    /// The longest name that the tokens begin with and that is accepted, with how many tokens it has.
    pub fn longest<'t>(
        &self,
        tokens: impl Iterator<Item = &'t str>,
        accept: impl Fn(&str) -> bool,
    ) -> Option<(&str, usize)> {
        let mut longest = None;
        let mut phrases = self;
        for (token, count) in tokens.zip(1..) {
            let Some(next) = phrases.next.get(token) else {
                break;
            };
            phrases = next;
            if let Some(name) = phrases.names.iter().find(|name| accept(name)) {
                longest = Some((&**name, count));
            }
        }
        longest
    }
}

/// The tokens of a name that can be written.
fn tokens(name: &str) -> Option<Vec<&str>> {
    lexer::texts(name).filter(|tokens| (1..=TOKENS_MAX).contains(&tokens.len()))
}
