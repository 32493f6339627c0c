//! Boxed expressions (DMN 1.5, 10.2): those that a modelling tool draws instead of writing them.
//!
//! They become parts of the same tree as text does, so that there is one way to evaluate.

use super::builder::Cells;
use crate::syntax::{
    self, Arguments, HEIGHT_MAX, HitPolicy, Iteration, Kind, Lambda, Node, Source, Tests, Type,
};

/// An expression of a program.
#[derive(Clone, Debug)]
pub struct Boxed(Node);

/// The expression is nested deeper than any may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

impl std::fmt::Display for TooDeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the expression is nested deeper than {HEIGHT_MAX} levels"
        )
    }
}

impl std::error::Error for TooDeep {}

/// A decision table (DMN 1.5, chapter 8).
#[derive(Clone, Debug)]
pub struct Table {
    /// Which of the rules that match count.
    pub policy: HitPolicy,
    /// The expression of each input.
    pub inputs: Vec<Boxed>,
    /// At least one.
    pub outputs: Vec<TableOutput>,
    /// In their order.
    pub rules: Vec<Rule>,
}

/// An output of a table.
#[derive(Clone, Debug)]
pub struct TableOutput {
    /// The name in the result, when there are several outputs.
    pub name: Box<str>,
    /// The output values, the most important first.
    pub values: Option<Cells>,
    /// When no rule matches.
    pub default: Option<Boxed>,
}

/// A rule of a table.
#[derive(Clone, Debug)]
pub struct Rule {
    /// One for each input; missing ones accept anything.
    pub tests: Vec<Cells>,
    /// One for each output; missing ones are null.
    pub outputs: Vec<Boxed>,
}

type Result = std::result::Result<Boxed, TooDeep>;

impl Boxed {
    pub(super) fn of(node: Node) -> Boxed {
        Boxed(node)
    }

    pub(super) fn node(&self) -> &Node {
        &self.0
    }

    pub(super) fn into_node(self) -> Node {
        self.0
    }

    /// A part that begins where its first part does.
    fn whole(first: Option<u32>, kind: Kind) -> Result {
        let height = kind.children_height() + 1;
        match height > HEIGHT_MAX {
            true => Err(TooDeep),
            false => Ok(Boxed(Node {
                at: first.unwrap_or(0),
                height,
                kind,
            })),
        }
    }

    /// Null: what is not there.
    pub fn null() -> Boxed {
        Boxed(Node {
            at: 0,
            height: 1,
            kind: Kind::Null,
        })
    }

    /// A text as it is.
    pub fn text(text: &str) -> Boxed {
        Boxed(Node {
            at: 0,
            height: 1,
            kind: Kind::String(text.into()),
        })
    }

    /// A list, and a relation as a list of contexts.
    ///
    /// # Errors
    /// [`TooDeep`], as all of these.
    pub fn list(items: Vec<Boxed>) -> Result {
        let first = items.first().map(|item| item.0.at);
        Boxed::whole(first, Kind::List(nodes(items)))
    }

    /// A context. Its entries see those before them.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn context(entries: Vec<(Box<str>, Boxed)>) -> Result {
        let first = entries.first().map(|(_, value)| value.0.at);
        Boxed::whole(first, Kind::Context(named(entries)))
    }

    /// A context with a result, which sees all entries and is the value.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn result(entries: Vec<(Box<str>, Boxed)>, result: Boxed) -> Result {
        let first = result.0.at;
        Boxed::whole(Some(first), Kind::Let(named(entries), Box::new(result.0)))
    }

    /// A conditional; null when the condition is neither true nor false nor null.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn conditional(condition: Boxed, then: Boxed, otherwise: Boxed) -> Result {
        let first = condition.0.at;
        let parts = Box::new((condition.truth()?.0, then.0, otherwise.0));
        Boxed::whole(Some(first), Kind::If(parts))?.judged()
    }

    /// A filter: the match sees `item` and its members.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn filter(list: Boxed, condition: Boxed) -> Result {
        let first = list.0.at;
        let pair = Box::new((list.0, condition.truth()?.0));
        Boxed::whole(Some(first), Kind::Filter(pair))?.judged()
    }

    /// An iteration: the body sees the variable, and `partial`.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn for_(variable: &str, list: Boxed, body: Boxed) -> Result {
        let first = list.0.at;
        Boxed::whole(
            Some(first),
            Kind::For(over(variable, list), Box::new(body.0)),
        )
    }

    /// Whether some item satisfies the condition.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn some(variable: &str, list: Boxed, condition: Boxed) -> Result {
        let first = list.0.at;
        let condition = Box::new(condition.truth()?.0);
        Boxed::whole(Some(first), Kind::Some(over(variable, list), condition))?.judged()
    }

    /// Whether every item satisfies the condition.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn every(variable: &str, list: Boxed, condition: Boxed) -> Result {
        let first = list.0.at;
        let condition = Box::new(condition.truth()?.0);
        Boxed::whole(Some(first), Kind::Every(over(variable, list), condition))?.judged()
    }

    /// A function.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn function(parameters: Vec<(Box<str>, Option<Type>)>, body: Boxed) -> Result {
        let first = body.0.at;
        let lambda = Box::new(Lambda::new(parameters, body.0));
        Boxed::whole(Some(first), Kind::Function(lambda))
    }

    /// A call with arguments by name.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn invocation(function: Boxed, bindings: Vec<(Box<str>, Boxed)>) -> Result {
        let first = function.0.at;
        let arguments = Arguments::Named(named(bindings));
        Boxed::whole(Some(first), Kind::Invoke(Box::new(function.0), arguments))
    }

    /// The value, converted to a type; null when it does not conform.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn typed(self, type_: Type) -> Result {
        let first = self.0.at;
        Boxed::whole(Some(first), Kind::Typed(Box::new(self.0), type_))
    }

    /// A condition, which must be true, false or null.
    fn truth(self) -> Result {
        let first = self.0.at;
        Boxed::whole(Some(first), Kind::Truth(Box::new(self.0)))
    }

    /// Null where a condition was none.
    fn judged(self) -> Result {
        let first = self.0.at;
        Boxed::whole(Some(first), Kind::Judged(Box::new(self.0)))
    }

    /// A decision table.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn table(table: Table) -> Result {
        let first = table.inputs.first().map(|input| input.0.at);
        let (inputs, outputs) = (table.inputs.len(), table.outputs.len());
        let rules = table.rules.into_iter().map(|rule| {
            let mut tests: Vec<Tests> = rule.tests.into_iter().map(|cells| cells.0).collect();
            tests.resize(inputs, Tests::ANY);
            let mut values = nodes(rule.outputs);
            values.resize(outputs, Boxed::null().0);
            syntax::TableRule {
                tests,
                outputs: values,
            }
        });
        let rules = rules.collect();
        let outputs = table.outputs.into_iter().map(|output| syntax::TableOutput {
            name: output.name,
            values: output.values.map(|cells| each(cells.0)).unwrap_or_default(),
            default: output.default.map(|value| value.0),
        });
        let outputs = outputs.collect();
        let table = syntax::Table::new(table.policy, nodes(table.inputs), outputs, rules);
        Boxed::whole(first, Kind::Table(Box::new(table)))
    }
}

/// Each test by itself.
fn each(tests: Tests) -> Vec<Tests> {
    let Tests { is_negated, tests } = tests;
    let alone = |test| Tests {
        is_negated,
        tests: vec![test],
    };
    tests.into_iter().map(alone).collect()
}

fn over(variable: &str, list: Boxed) -> Vec<Iteration> {
    vec![Iteration {
        name: variable.into(),
        source: Source::List(list.0),
    }]
}

fn nodes(parts: Vec<Boxed>) -> Vec<Node> {
    parts.into_iter().map(|part| part.0).collect()
}

fn named(parts: Vec<(Box<str>, Boxed)>) -> Vec<(Box<str>, Node)> {
    let parts = parts.into_iter();
    parts.map(|(name, part)| (name, part.0)).collect()
}
