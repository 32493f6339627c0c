//! `cargo run -p feel --example evaluate -- 'EXPRESSION' ['CONTEXT AS JSON']`

use std::process::ExitCode;

use feel::{Environment, json};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(text) = arguments.next() else {
        eprintln!("usage: evaluate EXPRESSION [JSON]");
        return ExitCode::from(2);
    };
    let context = arguments.next().unwrap_or_default();
    match evaluate(&text, &context) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn evaluate(text: &str, context: &str) -> Result<String, String> {
    let variables = json::normalize_object(context.as_bytes(), &json::Limits::default())
        .map_err(|e| format!("context: {e}"))?;
    let expression = feel::parse(text).map_err(|e| e.to_string())?;
    let environment = Environment::new(&variables, 1_767_225_600_000);
    let value = expression
        .evaluate(&environment)
        .map_err(|e| e.to_string())?;
    Ok(value.to_string())
}
