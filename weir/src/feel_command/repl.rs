//! The dialogue: a line is an expression, an assignment, or a command with a colon.
//!
//! Owns what a line means. On a terminal lines are edited (`editor.rs`); elsewhere they are read as they come, and one
//! that failed ends the program with status 1, after all others.

use std::io::{BufRead, IsTerminal, Read};

use serde_json::{Map, Value, json};

use super::editor::{Editor, Typed};
use super::session::Session;
use crate::failure::Failure;
use crate::output::Output;
use crate::variables::object;

/// The longest line that is read from a file: variables with `:context` are the longest.
const LINE_BYTES_MAX: u64 = 8 << 20;

const HELP: &str = "\
EXPRESSION         its value
NAME = EXPRESSION  gives a variable its value; to compare, write (NAME = EXPRESSION)
:context           shows the variables as JSON
:context JSON      replaces them
:explain on|off    tells what became null, where and why
:functions [TEXT]  lists the built-in functions, or those with TEXT in their names
:quit              ends the dialogue, as Ctrl-D does

Variables are JSON, as those of a process: a date that is kept becomes text.
";

/// The commands, for completion.
pub(super) const COMMANDS: [&str; 5] = [":context", ":explain", ":functions", ":help", ":quit"];

/// What comes after a line.
#[derive(PartialEq, Eq)]
enum Next {
    Line,
    End,
}

struct Dialogue {
    session: Session,
    explain: bool,
    output: Output,
}

pub(super) fn run(session: Session, explain: bool, output: Output) -> Result<(), Failure> {
    let mut dialogue = Dialogue {
        session,
        explain,
        output,
    };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match is_terminal {
        true => dialogue.with_a_person(),
        false => dialogue.with_lines(std::io::stdin().lock()),
    }
}

impl Dialogue {
    fn with_a_person(&mut self) -> Result<(), Failure> {
        let mut editor = Editor::new(self.output.paint())?;
        if !self.output.is_json() {
            let hello = "FEEL. Tab completes, :help says more, Ctrl-D ends.\n";
            self.output.print(&self.output.paint().faint(hello))?;
        }
        loop {
            editor.know(self.session.variables());
            let line = match editor.line()? {
                Typed::Line(line) => line,
                Typed::Nothing => continue,
                Typed::End => break,
            };
            match self.line(&line) {
                Ok(Next::Line) => {}
                Ok(Next::End) => break,
                Err(failure) => self.output.report(&failure),
            }
        }
        editor.keep();
        Ok(())
    }

    fn with_lines(&mut self, mut lines: impl BufRead) -> Result<(), Failure> {
        let mut failed = 0;
        loop {
            let line = match read_line(&mut lines)? {
                None => break,
                Some(line) => line,
            };
            match line.and_then(|line| self.line(&line)) {
                Ok(Next::Line) => {}
                Ok(Next::End) => break,
                Err(failure) => {
                    failed += 1;
                    self.output.report(&failure);
                }
            }
        }
        match failed {
            0 => Ok(()),
            1 => Err(Failure::failed("a line failed")),
            _ => Err(Failure::failed(format!("{failed} lines failed"))),
        }
    }

    fn line(&mut self, line: &str) -> Result<Next, Failure> {
        let line = line.trim();
        if let Some(command) = line.strip_prefix(':') {
            return self.command(command);
        }
        if line.is_empty() {
            return Ok(Next::Line);
        }
        match assignment(line) {
            Some((name, text)) => self.assign(&name, text)?,
            None => {
                let colour = self.output.colours_errors();
                let evaluated = self.session.evaluate(line, self.explain, colour)?;
                self.tell(evaluated.to_json(), |paint| evaluated.to_text(line, paint))?;
            }
        }
        Ok(Next::Line)
    }

    fn assign(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let colour = self.output.colours_errors();
        let evaluated = self.session.evaluate(text, self.explain, colour)?;
        if evaluated.is_function {
            let text = "a function cannot be kept: variables are JSON";
            return Err(Failure::failed(text).hint(
                "define it where it is called: {f: function(x) x + 1, result: f(2)}.result",
            ));
        }
        let kept = self.session.assign(name, evaluated.json.clone())?;
        self.tell(evaluated.to_json(), |paint| {
            let explained = evaluated.explained(text, paint);
            format!("{} = {kept}\n{explained}", paint.name(name))
        })
    }

    fn command(&mut self, command: &str) -> Result<Next, Failure> {
        let (word, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        match (word, rest.trim()) {
            ("context" | "c", "") => {
                let variables = self.session.variables().clone();
                let text = serde_json::to_string_pretty(&variables).unwrap_or_default();
                self.tell(Value::Object(variables), |_| text + "\n")?;
            }
            ("context" | "c", text) => self.session.replace(object(":context", text)?)?,
            ("explain", "on") => self.explain = true,
            ("explain", "off") => self.explain = false,
            ("explain", _) => return Err(Failure::usage(":explain takes on or off")),
            ("functions" | "f", text) => self.functions(text)?,
            ("help" | "h" | "?", _) => self.tell(json!({ "help": HELP }), |_| HELP.to_owned())?,
            ("quit" | "q" | "exit", _) => return Ok(Next::End),
            _ => {
                let failure = Failure::usage(format!("there is no command :{word}"));
                return Err(failure.hint(":help lists the commands"));
            }
        }
        Ok(Next::Line)
    }

    fn functions(&self, text: &str) -> Result<(), Failure> {
        let found = feel::functions().into_iter();
        let found: Vec<_> = found.filter(|it| it.name.contains(text)).collect();
        let forms = found.iter().flat_map(|function| {
            let name = function.name;
            function
                .forms
                .iter()
                .map(move |form| format!("{name}({form})"))
        });
        let forms: Vec<String> = forms.collect();
        let document = json!({ "functions": forms });
        self.tell(document, |_| {
            forms.iter().map(|form| format!("{form}\n")).collect()
        })
    }

    /// Prints one of the two, as `--format` says: a JSON is one line.
    fn tell(
        &self,
        json: Value,
        text: impl FnOnce(crate::output::Paint) -> String,
    ) -> Result<(), Failure> {
        match self.output.is_json() {
            true => self.output.print(&format!("{json}\n")),
            false => self.output.print(&text(self.output.paint())),
        }
    }
}

/// The next line without its end; `None` when there is none. Inside, one that is no text or too long.
fn read_line(lines: &mut impl BufRead) -> Result<Option<Result<String, Failure>>, Failure> {
    let mut line = Vec::new();
    let mut limited = lines.take(LINE_BYTES_MAX);
    let read = limited
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    if read == 0 {
        return Ok(None);
    }
    if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
        let text = format!("a line is longer than {LINE_BYTES_MAX} bytes");
        return Err(Failure::usage(text));
    }
    let line = String::from_utf8(line);
    Ok(Some(line.map_err(|_| {
        Failure::failed("a line is not text in UTF-8")
    })))
}

/// `NAME = EXPRESSION`; spaces within the name are single ones.
fn assignment(line: &str) -> Option<(String, &str)> {
    let (name, text) = line.split_once('=')?;
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_name = !words.is_empty() && words.iter().all(|word| is_word(word));
    (is_name && !text.trim().is_empty()).then(|| (words.join(" "), text.trim()))
}

fn is_word(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
        && !feel::RESERVED_WORDS.contains(&word)
}

/// What a dialogue knows, for completion.
pub(super) type Variables = Map<String, Value>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_before_an_equals_sign_is_assigned_to() {
        for (line, name) in [
            ("a = 1", "a"),
            ("Applicant  Age=2", "Applicant Age"),
            ("_x = y = 2", "_x"),
        ] {
            assert_eq!(assignment(line).map(|it| it.0).as_deref(), Some(name));
        }
        for line in [
            "a",
            "a >= 1",
            "a != 1",
            "(a = 1)",
            "a.b = 1",
            "if a = 1 then 2 else 3",
            "some x in y satisfies x = 1",
            "f(a: 1) = 2",
            "true = x",
            "a =",
            "= 1",
            "1 = 1",
        ] {
            assert_eq!(assignment(line), None, "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_ends() {
        let mut endless = std::io::BufReader::new(std::io::repeat(b'1'));
        assert!(read_line(&mut endless).is_err());
        let mut bytes = &b"\xff\n1"[..];
        assert!(matches!(read_line(&mut bytes), Ok(Some(Err(_)))));
        assert!(matches!(read_line(&mut bytes), Ok(Some(Ok(line))) if line == "1"));
        assert!(matches!(read_line(&mut bytes), Ok(None)));
    }
}
