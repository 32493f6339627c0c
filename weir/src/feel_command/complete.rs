//! What a line could go on with: functions with their parameters, variables, their members, commands.

use serde_json::Value;

use super::repl::{COMMANDS, Variables};

/// How many are offered at most.
const FOUND_MAX: usize = 500;
/// A name has no more words than that, for completion.
const WORDS_MAX: usize = 8;

/// Something that a line could go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// For the list: with parameters, where it is a function.
    pub shown: String,
    /// What takes the place of what was typed.
    pub inserted: String,
}

pub(super) struct Completions {
    /// Functions and words of the grammar.
    language: Vec<Found>,
    variables: Variables,
}

impl Completions {
    pub fn new() -> Completions {
        let functions = feel::functions().into_iter().flat_map(|function| {
            let name = function.name;
            let forms = function.forms.into_iter();
            forms.map(move |form| Found {
                shown: format!("{name}({form})"),
                inserted: match form.as_str() {
                    "" => format!("{name}()"),
                    _ => format!("{name}("),
                },
            })
        });
        let words = feel::RESERVED_WORDS.iter().map(|word| Found::word(word));
        Completions {
            language: functions.chain(words).collect(),
            variables: Variables::new(),
        }
    }

    pub fn know(&mut self, variables: &Variables) {
        self.variables = variables.clone();
    }

    /// Where what could be completed begins, and what could stand there. `at` is a place in the line.
    pub fn of(&self, line: &str, at: usize) -> (usize, Vec<Found>) {
        let typed = line.get(..at).unwrap_or(line);
        if typed.starts_with(':') {
            let commands = COMMANDS.iter().filter(|command| command.starts_with(typed));
            return (0, commands.map(|command| Found::word(command)).collect());
        }
        if let Some((start, members)) = self.members(typed) {
            return (start, members);
        }
        for start in starts(typed) {
            let found = self.beginning_with(&typed[start..]);
            if !found.is_empty() {
                return (start, found);
            }
        }
        (typed.len(), Vec::new())
    }

    /// What begins with a text; with everything at the beginning of a name.
    fn beginning_with(&self, text: &str) -> Vec<Found> {
        let variables = self.variables.keys().map(|name| Found::name(name));
        let known = variables.chain(self.language.iter().cloned());
        known
            .filter(|found| found.shown.starts_with(text))
            .take(FOUND_MAX)
            .collect()
    }

    /// Behind a point the members of what is before it, if that is known; `None` elsewhere.
    fn members(&self, typed: &str) -> Option<(usize, Vec<Found>)> {
        let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let (path, part) = typed.rsplit_once('.')?;
        // Two points are a range, with a name of its own behind them.
        if path.ends_with('.') || !part.chars().all(is_path) {
            return None;
        }
        let path_start = path.rfind(|c| !is_path(c)).map_or(0, |before| {
            before + path[before..].chars().next().map_or(0, char::len_utf8)
        });
        let known = self.member_names(&path[path_start..]).into_iter().flatten();
        let found = known.filter(|name| name.starts_with(part)).take(FOUND_MAX);
        let found = found.map(|name| Found::name(name)).collect();
        Some((typed.len() - part.len(), found))
    }

    fn member_names(&self, path: &str) -> Option<impl Iterator<Item = &String>> {
        let mut names = path.split('.');
        let mut value = self.variables.get(names.next()?)?;
        for name in names {
            value = first(value).get(name)?;
        }
        Some(first(value).as_object()?.keys())
    }
}

impl Found {
    fn word(word: &str) -> Found {
        Found {
            shown: word.to_owned(),
            inserted: word.to_owned(),
        }
    }

    /// A name as an expression has it; one that is more than words is between back-ticks.
    fn name(name: &str) -> Found {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ');
        let inserted = match name.chars().all(is_plain) {
            true => name.to_owned(),
            false => format!("`{name}`"),
        };
        Found {
            shown: name.to_owned(),
            inserted,
        }
    }
}

/// The items of a list stand for its first: `orders.total` is a list, too.
fn first(value: &Value) -> &Value {
    value
        .as_array()
        .and_then(|items| items.first())
        .unwrap_or(value)
}

/// Where a name of several words may begin before the end of what was typed, the longest first.
fn starts(typed: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ');
    let end = typed.rfind(|c| !is_part(c));
    let from = end.map_or(0, |at| {
        at + typed[at..].chars().next().map_or(0, char::len_utf8)
    });
    let mut starts: Vec<usize> = Vec::new();
    let mut is_in_word = false;
    for (at, c) in typed[from..].char_indices() {
        if c != ' ' && !is_in_word {
            starts.push(from + at);
        }
        is_in_word = c != ' ';
    }
    // A list of everything is of use where a name may begin.
    if !is_in_word && starts.is_empty() {
        starts.push(typed.len());
    }
    let skip = starts.len().saturating_sub(WORDS_MAX);
    starts.split_off(skip)
}

/// Whether an expression ends before its brackets are closed. One whose last line is empty is given up.
pub(super) fn is_unfinished(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    if text.trim_start().starts_with(':') || line.trim().is_empty() {
        return false;
    }
    let mut depth = 0_i64;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('"'), '\\') => drop(chars.next()),
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
    }
    depth > 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn completed(line: &str) -> (usize, Vec<String>) {
        let mut completions = Completions::new();
        let variables = json!({
            "order": {"total": 1, "lines": [{"price": 2}], "tax": 3},
            "Applicant Age": 51,
            "odd-name": 1,
        });
        let variables = variables.as_object().cloned().unwrap_or_default();
        completions.know(&variables);
        let (start, found) = completions.of(line, line.len());
        (start, found.into_iter().map(|it| it.inserted).collect())
    }

    #[test]
    fn functions_of_several_words_are_completed_from_their_first() {
        let shown = Completions::new().of("string le", 9).1;
        assert_eq!(shown[0].shown, "string length(string)");
        assert_eq!(
            completed("1 + string le"),
            (4, vec!["string length(".into()])
        );
        assert_eq!(completed("1 + App"), (4, vec!["Applicant Age".into()]));
        assert_eq!(
            completed("x in Applicant A"),
            (5, vec!["Applicant Age".into()])
        );
        assert_eq!(
            completed("odd"),
            (0, vec!["`odd-name`".into(), "odd(".into()])
        );
        assert_eq!(completed("toda"), (0, vec!["today()".into()]));
        assert_eq!(completed("order zzz").1, Vec::<String>::new());
    }

    #[test]
    fn members_are_completed_behind_a_point() {
        assert_eq!(
            completed("1 + order.t"),
            (10, vec!["total".into(), "tax".into()])
        );
        assert_eq!(completed("order.lines.p"), (12, vec!["price".into()]));
        assert_eq!(completed("order.total.p").1, Vec::<String>::new());
        assert_eq!(completed("nothing.p").1, Vec::<String>::new());
        assert_eq!(completed("[1..App"), (4, vec!["Applicant Age".into()]));
    }

    #[test]
    fn commands_are_completed_at_the_beginning() {
        assert_eq!(completed(":ex"), (0, vec![":explain".into()]));
    }

    #[test]
    fn nothing_typed_panics() {
        let completions = Completions::new();
        let parts = [
            "", "ä", " ", ".", "(", "order", "=", "`", "\"", "1", ":", "😀", "\\", "\n",
        ];
        for number in 0..parts.len().pow(4) {
            let digits = (0..4).map(|digit| number / parts.len().pow(digit) % parts.len());
            let line: String = digits.map(|digit| parts[digit]).collect();
            let (start, _) = completions.of(&line, line.len());
            assert!(line.is_char_boundary(start), "{line}");
            is_unfinished(&line);
        }
    }

    #[test]
    fn open_brackets_go_on() {
        for (text, goes_on) in [
            ("[1,", true),
            ("[1,\n2]", false),
            ("[1,\n", false),
            ("\"[\"", false),
            ("{a: \"}\"", true),
            (":context {", false),
            ("1 +", false),
        ] {
            assert_eq!(is_unfinished(text), goes_on, "{text:?}");
        }
    }
}
