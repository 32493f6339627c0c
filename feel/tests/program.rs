//! Programs: names decided by scope, decisions that need each other, tables, types and services.

use feel::program::{
    Aggregation, Boxed, Builder, Cells, HitPolicy, Program, Rule, Scope, Table, TableOutput, Type,
    TypeName,
};
use feel::{Environment, Names, Value, json};

const NUMBER: Type = Type::Named(TypeName::Number);
const STRING: Type = Type::Named(TypeName::String);

fn variables(text: &str) -> Vec<u8> {
    json::normalize_object(text.as_bytes(), &json::Limits::default())
        .expect("an object")
        .to_vec()
}

fn written(value: Value<'_>) -> String {
    value.to_string()
}

#[test]
fn names_are_decided_by_what_is_in_scope() {
    let rows = [
        ("Monthly Salary * 12", "36000"),
        ("Monthly   Salary*12", "36000"),
        ("a-b", "7"),
        ("a - b", "7"),
        ("a-c", "-1"),
        ("O'Reilly", "\"press\""),
        ("if and only if + 1", "2"),
        ("Applicant.Full Name", "\"Ann Lee\""),
        ("Applicants[Full Name = \"Bo\"].Full Name", "[\"Bo\"]"),
        ("for Full Name in [1] return Full Name", "[1]"),
        ("{Monthly Salary: 1, b: Monthly Salary}.b", "1"),
        ("count", "5"),
        ("count(Applicants)", "2"),
    ];
    let variables = variables(
        r#"{"Monthly Salary": 3000, "a-b": 7, "a": 1, "c": 2, "O'Reilly": "press", "if and only if": 1, "count": 5,
            "Applicant": {"Full Name": "Ann Lee"}, "Applicants": [{"Full Name": "Bo"}, {"Full Name": "Cy"}]}"#,
    );
    let mut names = Names::new();
    for name in [
        "Monthly Salary",
        "a-b",
        "O'Reilly",
        "if and only if",
        "count",
        "a",
        "c",
    ] {
        names.variable(name);
    }
    names.member("Full Name");
    for (text, expected) in rows {
        let expression =
            feel::parse_in(text, &names).unwrap_or_else(|error| panic!("{text}: {error}"));
        let value = expression.evaluate(&Environment::new(&variables, 0));
        assert_eq!(value.map(written).as_deref(), Ok(expected), "{text}");
    }
}

/// Inputs `Amount` and `Name`; decisions that need them and each other.
struct Graph {
    builder: Builder,
    scope: Scope,
}

impl Graph {
    fn new() -> Graph {
        let mut graph = Graph {
            builder: Builder::new(),
            scope: Scope::new(),
        };
        for (name, type_) in [("Amount", NUMBER), ("Name", STRING)] {
            let number = graph.declare(name);
            graph.builder.input(number, name, Some(type_));
        }
        graph
    }

    fn declare(&mut self, name: &str) -> u32 {
        let number = self.builder.declare();
        self.scope.definition(name, number);
        number
    }

    fn text(&mut self, text: &str) -> Boxed {
        let parsed = self.builder.expression(text, &self.scope);
        parsed.unwrap_or_else(|error| panic!("{text}: {error}")).0
    }

    fn cells(&mut self, text: &str) -> Cells {
        let parsed = self.builder.cells(text, &self.scope);
        parsed.unwrap_or_else(|error| panic!("{text}: {error}")).0
    }

    fn decision(&mut self, name: &str, text: &str, type_: Option<Type>) -> u32 {
        let number = self.declare(name);
        let logic = self.text(text);
        self.builder
            .decision(number, logic, type_)
            .expect("not deep");
        number
    }

    /// A table over `Amount` and `Name`: rows of input entries and outputs.
    fn table(&mut self, policy: HitPolicy, outputs: &[Output<'_>], rules: &[&[&str]]) -> Boxed {
        let inputs = vec![self.text("Amount"), self.text("Name")];
        let outputs = outputs.iter().map(|output| TableOutput {
            name: output.name.into(),
            values: output.values.map(|values| self.cells(values)),
            default: output.default.map(|default| self.text(default)),
        });
        let outputs = outputs.collect();
        let rules = rules.iter().map(|rule| {
            let (tests, values) = rule.split_at(2);
            Rule {
                tests: tests.iter().map(|test| self.cells(test)).collect(),
                outputs: values.iter().map(|value| self.text(value)).collect(),
            }
        });
        let rules = rules.collect();
        let table = Table {
            policy,
            inputs,
            outputs,
            rules,
        };
        Boxed::table(table).expect("not deep")
    }
}

#[derive(Default)]
struct Output<'t> {
    name: &'t str,
    values: Option<&'t str>,
    default: Option<&'t str>,
}

fn evaluate(program: &Program, number: u32, variables: &[u8]) -> String {
    match program.evaluate(number, &Environment::new(&variables, 0), &[]) {
        Ok(value) => written(value),
        Err(error) => format!("text {}, {error}", error.source),
    }
}

#[test]
fn decisions_need_each_other_and_are_made_once() {
    let mut graph = Graph::new();
    let yearly = graph.declare("Yearly Amount");
    let message = graph.decision(
        "Message",
        "Name + \": \" + string(Yearly Amount + Yearly Amount)",
        None,
    );
    let logic = graph.text("Amount * 12");
    graph
        .builder
        .decision(yearly, logic, Some(NUMBER))
        .expect("not deep");
    let program = graph.builder.finish();
    let variables = variables(r#"{"Amount": 2, "Name": "Ann"}"#);
    let environment = Environment::new(&variables, 0);
    let run = program.audit(message, &environment, &[]);
    assert_eq!(run.value.map(written).as_deref(), Ok("\"Ann: 48\""));
    let made: Vec<u32> = run.decisions.iter().map(|run| run.definition).collect();
    assert_eq!(made, [yearly, message]);
    let given = [(yearly, Value::Number(5i64.into()))];
    let value = program.evaluate(message, &environment, &given);
    assert_eq!(value.map(written).as_deref(), Ok("\"Ann: 10\""));
}

#[test]
fn what_needs_itself_is_an_error_with_its_place() {
    let mut graph = Graph::new();
    let (one, other) = (graph.declare("One"), graph.declare("Other"));
    let (to_other, to_one) = (graph.text("Other + 1"), graph.text("2 *\n One"));
    graph
        .builder
        .decision(one, to_other, None)
        .expect("not deep");
    graph
        .builder
        .decision(other, to_one, None)
        .expect("not deep");
    let program = graph.builder.finish();
    let error = "text 1, line 2, column 2: the definition needs its own value";
    assert_eq!(evaluate(&program, one, &variables("{}")), error);
}

#[test]
fn values_are_converted_to_types() {
    let mut graph = Graph::new();
    let person = graph.builder.declare_type();
    graph.scope.type_("Person", person);
    let adult = graph.builder.declare_type();
    let allowed = graph.cells(">= 18");
    graph.builder.define_type(adult, NUMBER, Some(allowed));
    let members = vec![("age".into(), Type::Declared(adult, "Adult".into()))];
    graph
        .builder
        .define_type(person, Type::Context(members), None);
    let list = Type::List(Box::new(NUMBER));
    let person = Type::Declared(person, "Person".into());
    let rows = [
        ("[5]", NUMBER, "5"),
        ("5", list.clone(), "[5]"),
        ("\"5\"", NUMBER, "null"),
        ("[1, \"2\"]", list, "null"),
        (
            "@\"2024-01-01\"",
            Type::Named(TypeName::DateTime),
            "@\"2024-01-01T00:00:00Z\"",
        ),
        (
            "{age: 18, name: \"Ann\"}",
            person.clone(),
            "{age: 18, name: \"Ann\"}",
        ),
        ("{age: 17}", person.clone(), "null"),
        ("{}", person, "null"),
        (
            "{age: 20} instance of Person",
            Type::Named(TypeName::Boolean),
            "true",
        ),
    ];
    let numbers: Vec<u32> = rows
        .iter()
        .map(|(text, type_, _)| graph.decision("d", text, Some(type_.clone())))
        .collect();
    let program = graph.builder.finish();
    for ((text, _, expected), number) in rows.iter().zip(numbers) {
        assert_eq!(
            evaluate(&program, number, &variables("{}")),
            *expected,
            "{text}"
        );
    }
}

#[test]
fn services_run_apart_with_the_arguments_of_their_call() {
    let mut graph = Graph::new();
    let double = graph.decision("Double", "Amount * 2", None);
    let quadruple = graph.decision("Quadruple", "Double * 2", None);
    let service = graph.declare("Service");
    graph.builder.service(
        service,
        "Service",
        vec![("Amount".into(), 0)],
        vec![("Quadruple".into(), quadruple)],
        None,
    );
    let overriding = graph.declare("Overriding");
    graph.builder.service(
        overriding,
        "Overriding",
        vec![("Double".into(), double)],
        vec![("a".into(), quadruple), ("b".into(), double)],
        None,
    );
    let main = graph.decision(
        "Main",
        "[Quadruple, Service(Amount: 10), Service(100), Overriding(5), Service(1, 2)]",
        None,
    );
    let program = graph.builder.finish();
    let expected = "[4, 40, 400, {a: 10, b: 5}, null]";
    assert_eq!(
        evaluate(&program, main, &variables(r#"{"Amount": 1}"#)),
        expected
    );
}

#[test]
fn hit_policies() {
    let one = [Output::default()];
    let ranked = [Output {
        values: Some(r#""high", "low""#),
        default: Some(r#""none""#),
        ..Output::default()
    }];
    let rules: &[&[&str]] = &[
        &["> 0", "-", r#""low""#],
        &["> 10", "\"a\"", r#""high""#],
        &["> 10", "not(\"a\")", r#""low""#],
    ];
    let numbers: &[&[&str]] = &[&["> 0", "-", "3"], &["> 10", "-", "5"], &["> 20", "-", "4"]];
    let sum = HitPolicy::Collect(Some(Aggregation::Sum));
    let rows = [
        (HitPolicy::Unique, &ranked, rules, 5, "\"low\""),
        (HitPolicy::Unique, &ranked, rules, -1, "\"none\""),
        (HitPolicy::Unique, &one, rules, -1, "null"),
        (
            HitPolicy::Unique,
            &one,
            rules,
            11,
            "text 0, line 1, column 1: the hit policy is unique, and 2 rules of the table match",
        ),
        (HitPolicy::First, &ranked, rules, 11, "\"low\""),
        (HitPolicy::Priority, &ranked, rules, 11, "\"high\""),
        (HitPolicy::Any, &one, rules, 5, "\"low\""),
        (
            HitPolicy::Any,
            &one,
            rules,
            11,
            "text 0, line 1, column 1: the hit policy is any, and the rules that match disagree",
        ),
        (HitPolicy::RuleOrder, &one, rules, 11, "[\"low\", \"high\"]"),
        (
            HitPolicy::OutputOrder,
            &ranked,
            rules,
            11,
            "[\"high\", \"low\"]",
        ),
        (
            HitPolicy::Collect(None),
            &one,
            rules,
            11,
            "[\"low\", \"high\"]",
        ),
        (sum, &one, numbers, 21, "12"),
        (
            HitPolicy::Collect(Some(Aggregation::Min)),
            &one,
            numbers,
            21,
            "3",
        ),
        (
            HitPolicy::Collect(Some(Aggregation::Max)),
            &one,
            numbers,
            21,
            "5",
        ),
        (
            HitPolicy::Collect(Some(Aggregation::Count)),
            &one,
            numbers,
            11,
            "2",
        ),
        (
            HitPolicy::Collect(Some(Aggregation::Count)),
            &one,
            numbers,
            -1,
            "0",
        ),
    ];
    for (policy, outputs, rules, amount, expected) in rows {
        let mut graph = Graph::new();
        let table = graph.table(policy, outputs, rules);
        let number = graph.declare("d");
        graph
            .builder
            .decision(number, table, None)
            .expect("not deep");
        let program = graph.builder.finish();
        let variables = variables(&format!(r#"{{"Amount": {amount}, "Name": "a"}}"#));
        assert_eq!(
            evaluate(&program, number, &variables),
            expected,
            "{policy:?} {amount}"
        );
    }
}

#[test]
fn an_audit_tells_inputs_and_matched_rules() {
    let mut graph = Graph::new();
    let outputs = [
        Output {
            name: "x",
            ..Output::default()
        },
        Output {
            name: "y",
            ..Output::default()
        },
    ];
    let rules: &[&[&str]] = &[
        &["< 0", "-", "1", "2"],
        &["[0..9]", "\"a\", \"b\"", "3", "Amount"],
    ];
    let table = graph.table(HitPolicy::Unique, &outputs, rules);
    let number = graph.declare("d");
    graph
        .builder
        .decision(number, table, None)
        .expect("not deep");
    let program = graph.builder.finish();
    let variables = variables(r#"{"Amount": 4, "Name": "b"}"#);
    let run = program.audit(number, &Environment::new(&variables, 0), &[]);
    assert_eq!(run.value.map(written).as_deref(), Ok("{x: 3, y: 4}"));
    let table = &run.decisions[0].tables[0];
    let inputs: Vec<String> = table.inputs.iter().cloned().map(written).collect();
    assert_eq!(inputs, ["4", "\"b\""]);
    let (rule, outputs) = &table.matched[0];
    assert_eq!(*rule, 1);
    assert_eq!(
        outputs.iter().cloned().map(written).collect::<Vec<_>>(),
        ["3", "4"]
    );
}

/// The index must answer as the cells themselves do. `? in (…)` is a condition, which is not indexed.
#[test]
fn indexed_cells_match_as_asked_ones_do() {
    let mut random = fastrand::Rng::with_seed(7);
    let tests = [
        "1", "2", "2.0", "-3", "< 2", ">= 2", "[1..3]", "]1..3[", "(1..3)", "\"a\"", "\"b\"",
        "true", "false", "null", "> -3", "= 1", "= \"a\"", "[3..1]", "<= 1e30",
    ];
    let values = [
        "null", "true", "false", "0", "1", "1.5", "2", "3", "-3", "-4", "1e31", "\"a\"", "\"b\"",
        "\"c\"", "[1]", "{}",
    ];
    for _ in 0..300 {
        let mut graph = Graph::new();
        let mut indexed = Vec::new();
        let mut asked = Vec::new();
        for _ in 0..random.usize(1..70) {
            let chosen: Vec<&str> = (0..random.usize(1..4))
                .map(|_| tests[random.usize(..tests.len())])
                .collect();
            let all = chosen.join(", ");
            let (plain, condition) = match random.u8(..4) {
                0 => ("-".to_owned(), "? = ? or ? != ?".to_owned()),
                1 => (format!("not({all})"), format!("not(? in ({all}))")),
                _ => (all.clone(), format!("? in ({all})")),
            };
            indexed.push(Rule {
                tests: vec![graph.cells(&plain)],
                outputs: vec![],
            });
            asked.push(Rule {
                tests: vec![graph.cells(&condition)],
                outputs: vec![],
            });
        }
        let mut numbers = Vec::new();
        for rules in [indexed, asked] {
            let rules = rules.into_iter().enumerate().map(|(at, rule)| Rule {
                outputs: vec![graph.text(&at.to_string())],
                ..rule
            });
            let rules = rules.collect();
            let table = Table {
                policy: HitPolicy::RuleOrder,
                inputs: vec![graph.text("Any")],
                outputs: vec![TableOutput {
                    name: "".into(),
                    values: None,
                    default: None,
                }],
                rules,
            };
            let number = graph.declare("d");
            let table = Boxed::table(table).expect("not deep");
            graph
                .builder
                .decision(number, table, None)
                .expect("not deep");
            numbers.push(number);
        }
        let program = graph.builder.finish();
        for value in values {
            let variables = variables(&format!("{{\"Any\": {value}}}"));
            let results: Vec<String> = numbers
                .iter()
                .map(|number| evaluate(&program, *number, &variables))
                .collect();
            assert_eq!(results[0], results[1], "{value}");
        }
    }
}
