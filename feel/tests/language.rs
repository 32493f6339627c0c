//! The language by tables: each row is an expression, its result, and the variables it reads.

use feel::{Environment, json};

/// 2026-01-01T00:00Z
const NOW_MS: i64 = 1_767_225_600_000;

const TABLES: [&str; 6] = [
    include_str!("tables/core.txt"),
    include_str!("tables/functions.txt"),
    include_str!("tables/text.txt"),
    include_str!("tables/numbers.txt"),
    include_str!("tables/lists.txt"),
    include_str!("tables/times.txt"),
];

struct Row<'t> {
    expression: &'t str,
    result: &'t str,
    context: &'t str,
}

fn rows(table: &str) -> impl Iterator<Item = (usize, Row<'_>)> {
    table
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(i, line)| {
            let (expression, rest) = line
                .split_once(" ==> ")
                .unwrap_or_else(|| panic!("line {}: no ==>", i + 1));
            let (result, context) = rest.split_once(" <== ").unwrap_or((rest, "{}"));
            let row = Row {
                expression,
                result,
                context,
            };
            (i + 1, row)
        })
}

fn evaluate(row: &Row<'_>) -> Result<String, String> {
    let variables = json::normalize_object(row.context.as_bytes(), &json::Limits::default())
        .map_err(|e| e.to_string())?;
    let environment = Environment::new(&variables, NOW_MS);
    let expression = feel::parse(row.expression).map_err(|_| "error".to_owned())?;
    let value = expression
        .evaluate(&environment)
        .map_err(|e| e.to_string())?;
    let printed = value.to_string();
    assert_eq!(
        value.into_owned().to_string(),
        printed,
        "{}: without borrows",
        row.expression
    );
    check_encoded(&expression, &environment, row.expression);
    Ok(printed)
}

/// What is written as JSON is normalized JSON.
fn check_encoded(expression: &feel::Expression, environment: &Environment<'_>, text: &str) {
    let mut written = Vec::new();
    expression
        .evaluate_json(environment, &mut written)
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    let normalized = json::normalize(&written, &json::Limits::default())
        .unwrap_or_else(|e| panic!("{text}: {e}: {}", String::from_utf8_lossy(&written)));
    assert_eq!(normalized, written, "{text}");
}

fn run(table: &str) {
    let mut failures = Vec::new();
    let mut count = 0;
    for (line, row) in rows(table) {
        count += 1;
        let result = evaluate(&row).unwrap_or_else(|e| e);
        if result != row.result {
            failures.push(format!(
                "line {line}: {}\n  expected {}\n  got      {result}",
                row.expression, row.result
            ));
        }
    }
    assert!(count > 0);
    assert!(
        failures.is_empty(),
        "{} of {count} rows\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn core() {
    run(TABLES[0]);
}

#[test]
fn functions() {
    run(TABLES[1]);
}

#[test]
fn text() {
    run(TABLES[2]);
}

#[test]
fn numbers() {
    run(TABLES[3]);
}

#[test]
fn lists() {
    run(TABLES[4]);
}

#[test]
fn times() {
    run(TABLES[5]);
}

/// Every row that parses prints to text that parses to the same print and the same value.
#[test]
fn printed_expressions_read_back() {
    for (_, row) in TABLES.into_iter().flat_map(rows) {
        let Ok(expression) = feel::parse(row.expression) else {
            continue;
        };
        let printed = expression.to_string();
        let again = feel::parse(&printed)
            .unwrap_or_else(|e| panic!("{} printed as {printed}: {e}", row.expression));
        assert_eq!(again.to_string(), printed, "{}", row.expression);
        let result = evaluate(&Row {
            expression: &printed,
            ..row
        });
        assert_eq!(result.as_deref(), Ok(row.result), "{printed}");
    }
}

/// Every result that is not a function is an expression for itself.
#[test]
fn printed_values_read_back() {
    for (_, row) in TABLES.into_iter().flat_map(rows) {
        if row.result == "error" || row.result.starts_with("function") {
            continue;
        }
        let result = evaluate(&Row {
            expression: row.result,
            result: row.result,
            context: "{}",
        });
        assert_eq!(result.as_deref(), Ok(row.result), "of {}", row.expression);
    }
}
