//! Decimal arithmetic against Python's `decimal`: `tables/decimal.txt` has an operation, its operands and
//! the result on each line. To make the table anew, run `python3 decimal.py > decimal.txt` in `tables`.

use feel::{Decimal, Rounding};

/// What no library promises to round correctly may differ by one in the last of its 34 digits.
const TRANSCENDENTAL: [&str; 3] = ["**", "log", "exp"];

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn rounding(name: &str) -> Rounding {
    match name {
        "half-even" => Rounding::HalfEven,
        "half-up" => Rounding::HalfUp,
        "half-down" => Rounding::HalfDown,
        "up" => Rounding::Up,
        "down" => Rounding::Down,
        "ceiling" => Rounding::Ceiling,
        "floor" => Rounding::Floor,
        other => panic!("no rounding {other}"),
    }
}

fn apply(name: &str, operands: &[Decimal]) -> Option<Decimal> {
    match (name, operands) {
        ("+", [a, b]) => a.plus(*b),
        ("-", [a, b]) => a.minus(*b),
        ("*", [a, b]) => a.times(*b),
        ("/", [a, b]) => a.divided_by(*b),
        ("modulo", [a, b]) => a.modulo(*b),
        ("**", [a, b]) => a.power(*b),
        ("compare", [a, b]) => Some(Decimal::from(a.cmp(b) as i64)),
        ("sqrt", [a]) => a.square_root(),
        ("log", [a]) => a.natural_log(),
        ("exp", [a]) => a.exponential(),
        (mode, [a, scale]) => {
            let scale = i32::try_from(scale.to_i64().unwrap()).unwrap();
            a.round(scale, rounding(mode))
        }
        (name, _) => panic!("no operation {name}"),
    }
}

/// Whether two results are equal, or as near as 34 digits allow.
fn agree(name: &str, ours: Option<Decimal>, theirs: Option<Decimal>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return ours.is_none() && theirs.is_none();
    };
    if !TRANSCENDENTAL.contains(&name) {
        return ours == theirs;
    }
    let unit = Decimal::new(2, -33).unwrap();
    let distance = ours.minus(theirs).unwrap().absolute();
    distance <= ours.absolute().times(unit).unwrap()
}

#[test]
fn arithmetic_is_that_of_python() {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in include_str!("tables/decimal.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        count += 1;
        let words: Vec<&str> = line.split(' ').collect();
        let [name, operands @ .., expected] = &words[..] else {
            panic!("{line}");
        };
        let operands: Vec<Decimal> = operands.iter().map(|text| number(text)).collect();
        let expected = (*expected != "null").then(|| number(expected));
        let result = apply(name, &operands);
        if !agree(name, result, expected) {
            let result = result.map_or_else(|| "null".to_owned(), |n| n.to_string());
            failures.push(format!("{line}\n  got {result}"));
        }
    }
    assert!(count >= 2_000, "only {count} lines");
    assert!(
        failures.is_empty(),
        "{} of {count}\n{}",
        failures.len(),
        failures.join("\n")
    );
}
