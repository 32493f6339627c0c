//! What is evaluated: expressions and decision tables with their variables, for Weir and for its peers.

mod table;

use feel::json;

pub use table::{Hit, Rules};

/// One line of the figures.
pub struct Case {
    pub name: String,
    pub work: Work,
    /// Items that one evaluation goes through; 1 where there is no list.
    pub items: usize,
    /// A JSON object each, taken in turn.
    pub variables: Vec<String>,
    /// Whether an index of the fields was made before.
    pub is_indexed: bool,
}

pub enum Work {
    Expression(&'static str),
    Table(Rules),
}

const CONDITION: &str = r#"amount > 1000 and status = "approved""#;
const SUM: &str = "sum(for x in list return x.price * x.quantity)";

/// All lines.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, variables) in [
        ("5 variables", five()),
        ("5 variables, 210 bytes, both read last", five_nested()),
        ("100 variables, both read last", hundred()),
    ] {
        for is_indexed in [false, true] {
            let index = if is_indexed { ", indexed" } else { "" };
            cases.push(Case {
                name: format!("condition, {name}{index}"),
                work: Work::Expression(CONDITION),
                items: 1,
                variables: vec![variables.clone()],
                is_indexed,
            });
        }
    }
    for items in [10, 100, 1_000, 10_000, 100_000] {
        cases.push(Case {
            name: format!("sum over {items} items"),
            work: Work::Expression(SUM),
            items,
            variables: vec![list(items)],
            is_indexed: false,
        });
    }
    for hit in [Hit::Unique, Hit::First, Hit::Collect] {
        let rules = Rules::new(hit);
        cases.push(Case {
            name: format!("table of 1,000 rules, {}", hit.name()),
            variables: rules.questions(),
            work: Work::Table(rules),
            items: 1,
            is_indexed: false,
        });
    }
    cases
}

/// # Panics
/// When it is no object.
pub fn encoded(object: &str) -> Vec<u8> {
    let limits = json::Limits::default();
    let limits = json::Limits {
        bytes: 64 << 20,
        ..limits
    };
    let encoded = json::normalize_object(object.as_bytes(), &limits);
    encoded.expect("an object").to_vec()
}

fn five() -> String {
    r#"{"customer":"c-4711","currency":"EUR","amount":1250.75,"status":"approved","priority":3}"#
        .to_owned()
}

fn five_nested() -> String {
    r#"{"customer":{"id":"c-4711","name":"Ada","address":{"city":"London","zip":"N1"}},"currency":"EUR",
        "items":[{"price":10.5,"count":2},{"price":3,"count":7},{"price":0.99,"count":1}],
        "amount":1250.75,"status":"approved"}"#
        .to_owned()
}

/// Texts, numbers, truth values and objects, about 3 kB.
fn hundred() -> String {
    let fields = (0..98).map(|n| match n % 5 {
        0 => format!(r#""customerName{n}":"Ada Lovelace {n}""#),
        1 => format!(r#""orderTotal{n}":{}.{:02}"#, n * 31, n % 100),
        2 => format!(r#""isChecked{n}":{}"#, n % 2 == 0),
        3 => format!(r#""address{n}":{{"city":"London","zip":"N{n}"}}"#),
        _ => format!(r#""note{n}":"received on 2026-03-{:02}""#, n % 28 + 1),
    });
    let fields = fields.collect::<Vec<_>>().join(",");
    format!(r#"{{{fields},"amount":1250.75,"status":"approved"}}"#)
}

fn list(items: usize) -> String {
    let items = (0..items).map(|n| {
        let (whole, cents, quantity) = (n % 900 + 1, n * 7 % 100, n % 9 + 1);
        format!(r#"{{"sku":"sku-{n:05}","price":{whole}.{cents:02},"quantity":{quantity}}}"#)
    });
    format!(r#"{{"list":[{}]}}"#, items.collect::<Vec<_>>().join(","))
}
