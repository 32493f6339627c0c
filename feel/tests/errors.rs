//! Syntax errors: each names its place and what was expected there.

fn check(text: &str, expected: &str) -> Result<(), String> {
    let found = match feel::parse(text) {
        Ok(expression) => format!("reads as {expression}"),
        Err(error) => {
            assert_eq!(
                error.to_string(),
                format!(
                    "line {}, column {}: {}",
                    error.line, error.column, error.message
                )
            );
            assert!(text.is_char_boundary(error.offset), "{text}");
            format!("{}:{} {}", error.line, error.column, error.message)
        }
    };
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "{text:?}\n  expected {expected}\n  got      {found}"
    ))
}

#[test]
fn positions_and_messages() {
    let failures: Vec<String> = include_str!("tables/errors.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let (text, expected) = line.split_once(" ==> ").unwrap_or((line, ""));
            check(&text.replace("\\n", "\n"), expected).err()
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn expectations_are_data() {
    let error = feel::parse("(1 +\n 2").unwrap_err();
    assert_eq!(error.expected, ["`)`"]);
    assert_eq!(error.found, "");
    assert_eq!((error.offset, error.line, error.column), (7, 2, 3));
    let error = feel::parse("if a foo").unwrap_err();
    assert_eq!(error.expected, ["`then`"]);
    assert_eq!(error.found, "foo");
}

#[test]
fn variables_are_those_that_the_expression_does_not_define() {
    let names = |text: &str| -> Vec<String> {
        let expression = feel::parse(text).unwrap();
        expression.variables().map(str::to_owned).collect()
    };
    assert_eq!(names("a.b + c + a"), ["a", "c"]);
    assert_eq!(names("for x in xs return x + y"), ["xs", "y"]);
    assert_eq!(names("{a: 1, b: a + c}.b + a"), ["c", "a"]);
    assert_eq!(names("(function(x) x + y)(z)"), ["y", "z"]);
    assert_eq!(names("list[item > limit]"), ["list", "limit"]);
    assert_eq!(names("`first name` in (?, \"a\")"), ["first name"]);
    assert_eq!(names("count(count)"), ["count"]);
    assert!(names("1 + 2").is_empty());
}

#[test]
fn an_expression_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&feel::parse("a + 1").unwrap());
}
