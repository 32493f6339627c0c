//! Evaluations per second on one core: `cargo run --release -p feel --example feel_throughput`.
//!
//! Each line is one expression over the same five variables in encoded bytes, as the engine keeps
//! them; parsing is not part of it.

use std::hint::black_box;
use std::time::Instant;

use feel::{Environment, Value, json};

const VARIABLES: &[u8] = br#"{"customer":{"id":"c-4711","name":"Ada","address":{"city":"London","zip":"N1"}},
    "currency":"EUR","items":[{"price":10.5,"count":2},{"price":3,"count":7},{"price":0.99,"count":1}],
    "amount":1250.75,"status":"approved"}"#;

const EXPRESSIONS: &[&str] = &[
    r#"amount > 1000 and status = "approved""#,
    r#"status = "rejected""#,
    "customer.address.city",
    "amount * 1.19 + 5",
    "amount / 3",
    r#"if amount > 5000 then "high" else "low""#,
    "sum(for i in items return i.price * i.count)",
    "items[price > 3].count",
    r#"date("2024-02-28") + duration("P1D")"#,
    r#"{id: customer.id, total: amount, ok: status = "approved"}"#,
];

const ROUNDS: u32 = 300_000;

/// Time that the thread ran, so that other work on the machine does not count; where the system does
/// not tell, time on the wall.
struct Stopwatch {
    wall: Instant,
    ran: Option<u64>,
}

impl Stopwatch {
    fn start() -> Self {
        Stopwatch {
            wall: Instant::now(),
            ran: Self::ran(),
        }
    }

    fn ran() -> Option<u64> {
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        statistics.split_whitespace().next()?.parse().ok()
    }

    fn nanoseconds(&self) -> f64 {
        match (self.ran, Self::ran()) {
            (Some(before), Some(now)) => (now - before) as f64,
            (None, _) | (_, None) => self.wall.elapsed().as_secs_f64() * 1e9,
        }
    }
}

fn main() {
    let variables = match json::normalize_object(VARIABLES, &json::Limits::default()) {
        Ok(variables) => variables,
        Err(error) => return eprintln!("{error}"),
    };
    let environment = Environment::new(&variables, 0);
    println!("{:<62} {:>10} {:>12}", "expression", "ns/eval", "evals/s");
    for text in EXPRESSIONS {
        let expression = match feel::parse(text) {
            Ok(expression) => expression,
            Err(error) => return eprintln!("{error}"),
        };
        let start = Stopwatch::start();
        let mut nulls = 0u32;
        for _ in 0..ROUNDS {
            let value = black_box(&expression).evaluate(black_box(&environment));
            nulls += u32::from(matches!(value, Ok(Value::Null) | Err(_)));
        }
        let each = start.nanoseconds() / f64::from(ROUNDS);
        assert_eq!(nulls, 0, "{text} does not evaluate to a value");
        println!("{text:<62} {each:>10.0} {:>12.0}", 1e9 / each);
    }
}
