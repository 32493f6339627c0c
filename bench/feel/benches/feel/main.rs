//! How fast expressions and decision tables are, and how fast Camunda's are beside them.
//!
//! `cargo bench -p weir-bench-feel -- --peer` measures both in one run; without `--peer` Weir alone. Words choose the
//! lines that have them in their names. The peer needs Java and Maven, which fetches it once.

mod ours;
mod peer;

use std::error::Error;

use weir_bench_feel::{Case, cases};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args().skip(1);
    let (options, words) = arguments.partition::<Vec<_>, _>(|word| word.starts_with("--"));
    let chosen = |case: &Case| words.iter().all(|word| case.name.contains(word.as_str()));
    let cases = cases().into_iter().filter(chosen).collect::<Vec<_>>();
    let ours = cases.iter().map(ours::measured).collect::<Vec<_>>();
    let theirs = match options.iter().any(|option| option == "--peer") {
        true => peer::measured(&cases)?,
        false => cases.iter().map(|_| None).collect(),
    };
    println!("| | ns | evaluations/s | ns per item | Camunda: ns | evaluations/s | times |");
    println!("|---|---|---|---|---|---|---|");
    for ((case, ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
        line(case, ours, theirs.as_ref())?;
    }
    Ok(())
}

/// What one evaluation took, and what it gave.
struct Measured {
    nanoseconds: f64,
    result: serde_json::Value,
}

impl Measured {
    fn cells(&self) -> String {
        let (each, rate) = (self.nanoseconds, 1e9 / self.nanoseconds);
        format!("{each:.0} | {rate:.0}")
    }
}

fn line(case: &Case, ours: &Measured, theirs: Option<&Measured>) -> Result<(), String> {
    let items = case.items as f64;
    let item = match case.items {
        1 => String::new(),
        _ => format!("{:.0}", ours.nanoseconds / items),
    };
    let beside = match theirs {
        Some(theirs) if !same(&ours.result, &theirs.result) => {
            let (ours, theirs) = (&ours.result, &theirs.result);
            return Err(format!("{}: {ours} here, {theirs} there", case.name));
        }
        Some(theirs) => {
            let times = theirs.nanoseconds / ours.nanoseconds;
            format!("{} | {times:.1}", theirs.cells())
        }
        None => " | | ".to_owned(),
    };
    println!("| {} | {} | {item} | {beside} |", case.name, ours.cells());
    Ok(())
}

/// Whether two results are the same; numbers may differ in how they are written.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (None, None) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 1e-9,
            (_, _) => one == other,
        },
        (_, _) => false,
    }
}
