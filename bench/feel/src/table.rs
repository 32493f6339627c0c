//! Decision tables of 1,000 rules: a country, a product and a range of amounts say a rate.

use std::fmt::Write as _;

use feel::program::{Boxed, Builder, HitPolicy, Program, Rule, Scope, Table, TableOutput};

const COUNTRIES: usize = 10;
const PRODUCTS: usize = 10;
const RANGES: usize = 10;

/// How many rules count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    Unique,
    First,
    Collect,
}

impl Hit {
    /// As figures name it.
    pub fn name(self) -> &'static str {
        match self {
            Hit::Unique => "unique",
            Hit::First => "first",
            Hit::Collect => "collect",
        }
    }

    fn policy(self) -> HitPolicy {
        match self {
            Hit::Unique => HitPolicy::Unique,
            Hit::First => HitPolicy::First,
            Hit::Collect => HitPolicy::Collect(None),
        }
    }
}

/// Rules as texts: three input entries and an output entry each.
pub struct Rules {
    pub hit: Hit,
    rows: Vec<[String; 4]>,
}

const INPUTS: [&str; 3] = ["country", "product", "amount"];

impl Rules {
    /// Unique: the ranges touch. First: each range is open above, the highest comes first, and the last rules take any
    /// product. Collect: ranges overlap, so that five rules match.
    pub fn new(hit: Hit) -> Rules {
        let mut rows = Vec::new();
        for country in 0..COUNTRIES {
            for product in 0..PRODUCTS {
                for range in 0..RANGES {
                    let low = range * 100;
                    let amount = match hit {
                        Hit::Unique if range + 1 == RANGES => format!(">= {low}"),
                        Hit::Unique => format!("[{low}..{})", low + 100),
                        Hit::First => format!(">= {}", (RANGES - 1 - range) * 100),
                        Hit::Collect => format!("[{low}..{})", low + 500),
                    };
                    let any = hit == Hit::First && product + 1 == PRODUCTS;
                    rows.push([
                        format!("\"country-{country}\""),
                        match any {
                            true => "-".to_owned(),
                            false => format!("\"product-{product}\", \"special-{product}\""),
                        },
                        amount,
                        format!("{}.{range}", country * 10 + product),
                    ]);
                }
            }
        }
        Rules { hit, rows }
    }

    /// Variables to ask the table with.
    pub fn questions(&self) -> Vec<String> {
        let questions = (0..64).map(|n| {
            let (country, product) = (n * 7 % COUNTRIES, n * 3 % PRODUCTS);
            let kind = if n % 4 == 0 { "special" } else { "product" };
            let amount = 450 + n * 37 % 500;
            format!(
                r#"{{"amount":{amount}.5,"country":"country-{country}","product":"{kind}-{product}"}}"#
            )
        });
        questions.collect()
    }

    /// The table as a program, and the number of its decision.
    ///
    /// # Panics
    /// When the texts do not parse.
    pub fn program(&self) -> (Program, u32) {
        let (mut builder, mut scope) = (Builder::new(), Scope::new());
        for name in INPUTS {
            let number = builder.declare();
            builder.input(number, name, None);
            scope.definition(name, number);
        }
        let mut text = |text: &str| {
            let parsed = builder.expression(text, &scope);
            parsed.expect("an expression").0
        };
        let inputs = INPUTS.map(&mut text).to_vec();
        let outputs = self.rows.iter().map(|row| text(&row[3]));
        let outputs = outputs.collect::<Vec<_>>();
        let rules = self.rows.iter().zip(outputs).map(|(row, output)| Rule {
            tests: row[..3]
                .iter()
                .map(|cell| builder.cells(cell, &scope).expect("tests").0)
                .collect(),
            outputs: vec![output],
        });
        let table = Table {
            policy: self.hit.policy(),
            inputs,
            rules: rules.collect(),
            outputs: vec![TableOutput {
                name: "rate".into(),
                values: None,
                default: None,
            }],
        };
        let table = Boxed::table(table).expect("not deep");
        let number = builder.declare();
        builder.decision(number, table, None).expect("not deep");
        (builder.finish(), number)
    }

    /// The table as DMN 1.3; its decision is `rate`.
    pub fn dmn(&self) -> String {
        let mut xml = format!(
            r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="bench"><decision id="rate" name="rate"><decisionTable id="t" hitPolicy="{}">"#,
            self.hit.name().to_uppercase()
        );
        for name in INPUTS {
            let _ = write!(
                xml,
                r#"<input id="{name}"><inputExpression id="e-{name}"><text>{name}</text></inputExpression></input>"#
            );
        }
        xml.push_str(r#"<output id="o" name="rate"/>"#);
        for (number, [country, product, amount, rate]) in self.rows.iter().enumerate() {
            let _ = write!(xml, r#"<rule id="r{number}">"#);
            for (column, cell) in [country, product, amount].into_iter().enumerate() {
                let cell = cell.replace('<', "&lt;").replace('>', "&gt;");
                let _ = write!(
                    xml,
                    r#"<inputEntry id="i{number}-{column}"><text>{cell}</text></inputEntry>"#
                );
            }
            let _ = write!(
                xml,
                r#"<outputEntry id="o{number}"><text>{rate}</text></outputEntry></rule>"#
            );
        }
        xml.push_str("</decisionTable></decision></definitions>");
        xml
    }
}
