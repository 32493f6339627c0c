//! A value of the model that is static text or, after `=`, a FEEL expression.

use feel::{Environment, EvalError, Expression, Value, json};

#[derive(Debug)]
pub(crate) enum Template {
    Static(Box<str>),
    Expression(Box<Expression>),
}

/// What a template gave, owned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Evaluated {
    Null,
    Text(String),
    /// The JSON of anything that is neither null nor text (numbers among them).
    Json(Vec<u8>),
}

impl Template {
    /// Static text stands for itself. Takes what it costs from `steps`.
    pub fn evaluate(
        &self,
        environment: &Environment<'_>,
        steps: &mut u32,
    ) -> Result<Evaluated, EvalError> {
        match self {
            Template::Static(text) => Ok(Evaluated::Text(text.to_string())),
            Template::Expression(expression) => Ok(Evaluated::of(
                &expression.evaluate_within(environment, steps)?,
            )),
        }
    }

    /// The value as JSON; static text becomes a string. Takes what it costs from `steps`.
    pub fn write_json(
        &self,
        environment: &Environment<'_>,
        steps: &mut u32,
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        match self {
            Template::Static(text) => {
                json::write_string(out, text);
                Ok(())
            }
            Template::Expression(expression) => {
                expression.evaluate_json_within(environment, steps, out)
            }
        }
    }

    /// As the model has it.
    pub fn source(&self) -> String {
        match self {
            Template::Static(text) => text.to_string(),
            Template::Expression(expression) => format!("={}", expression.text()),
        }
    }
}

impl Evaluated {
    fn of(value: &Value<'_>) -> Evaluated {
        match value {
            Value::Null => Evaluated::Null,
            Value::String(text) => Evaluated::Text(text.as_str().to_owned()),
            Value::Boolean(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Context(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_)
            | Value::Range(_)
            | Value::Function(_) => Evaluated::from_json(value),
        }
    }

    /// Temporal values are strings in JSON; everything else stays JSON.
    fn from_json(value: &Value<'_>) -> Evaluated {
        let mut out = Vec::new();
        value.write_json(&mut out);
        match json::string(&out) {
            Some(text) => Evaluated::Text(text.into_owned()),
            None => Evaluated::Json(out),
        }
    }

    /// Text, or the text of a number; nothing else.
    pub fn into_text(self) -> Option<String> {
        match self {
            Evaluated::Text(text) => Some(text),
            Evaluated::Json(json) => {
                let is_number = json
                    .first()
                    .is_some_and(|first| first.is_ascii_digit() || *first == b'-');
                is_number.then(|| String::from_utf8_lossy(&json).into_owned())
            }
            Evaluated::Null => None,
        }
    }

    /// How an error message shows it.
    pub fn shown(&self) -> String {
        match self {
            Evaluated::Null => "null".to_owned(),
            Evaluated::Text(text) => format!("{text:?}"),
            Evaluated::Json(json) => String::from_utf8_lossy(json).into_owned(),
        }
    }
}
