//! How everything is printed: tables for people, JSON for scripts, colours where they are wanted.
//!
//! Standard output carries results and nothing else; failures and progress go to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::failure::{Exit, Failure};

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// What to print: text for people, or one JSON document for scripts
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub format: Format,

    /// Colours: auto means on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

/// Where results go. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    colour: bool,
    colour_err: bool,
}

impl Output {
    pub fn new(args: &OutputArgs) -> Self {
        let colour = |terminal: bool| match args.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !is_set("NO_COLOR") && !is_set_to("TERM", "dumb"),
        };
        let output = Self {
            json: args.format == Format::Json,
            colour: colour(io::stdout().is_terminal()),
            colour_err: colour(io::stderr().is_terminal()),
        };
        // crossterm looks at NO_COLOR by itself; --color always outranks it.
        crossterm::style::force_color_output(output.colour);
        output
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    pub fn colours_errors(self) -> bool {
        self.colour_err
    }

    pub fn paint(self) -> Paint {
        Paint {
            colour: self.colour,
        }
    }

    /// Prints a result. A reader that has gone away (`weir … | head`) is not a failure.
    pub fn print(self, text: &str) -> Result<(), Failure> {
        let text = printable(text, self.colour);
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::failed(format!(
                "standard output cannot be written: {error}"
            ))),
        }
    }

    pub fn print_json(self, value: &Value) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.print(&(text + "\n"))
    }

    /// Prints one of the two, as `--format` says.
    pub fn show(
        self,
        json: impl FnOnce() -> Value,
        text: impl FnOnce(Paint) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            self.print_json(&json())
        } else {
            self.print(&text(self.paint()))
        }
    }

    /// Says on standard error how it goes, as `--format` says; a JSON is one line.
    pub fn note(self, json: impl FnOnce() -> Value, text: impl FnOnce() -> String) {
        let mut err = io::stderr().lock();
        // Nothing is left to do when standard error is gone.
        let _ = match self.json {
            true => writeln!(err, "{}", json()),
            false => writeln!(err, "{}", printable(&text(), false)),
        };
    }

    /// Says on standard error why the command failed.
    pub fn report(self, failure: &Failure) {
        let mut err = io::stderr().lock();
        // Nothing is left to do when standard error is gone, too.
        if self.json {
            let _ = writeln!(err, "{}", failure.json());
            return;
        }
        let paint = Paint {
            colour: self.colour_err,
        };
        let clean = |text: &str| printable(text, false).into_owned();
        let _ = match &failure.shown {
            Some(shown) => {
                let excerpt = printable(shown.excerpt.trim_end(), self.colour_err);
                writeln!(err, "{excerpt}")
            }
            None => writeln!(err, "{} {}", paint.bad("error:"), clean(&failure.message)),
        };
        if failure.exit != Exit::Usage && !is_plain(&failure.reason) {
            let reason = clean(&failure.reason);
            let _ = writeln!(err, "  {} {reason}", paint.faint("reason:"));
        }
        if let Some(hint) = &failure.hint {
            let _ = writeln!(err, "  {} {}", paint.faint("help:"), clean(hint));
        }
    }
}

/// The text without control characters but line breaks and tabs: they are written as JSON would. With `colour` the
/// codes that colour stay, and no others.
fn printable(text: &str, colour: bool) -> Cow<'_, str> {
    let is_harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if is_harmless(c) || (colour && is_colour(&text[at..])) {
            clean.push(c);
        } else {
            clean += &format!("\\u{:04x}", u32::from(c));
        }
    }
    Cow::Owned(clean)
}

/// Whether the text begins with a code of a colour: ESC, `[`, numbers, `m`.
fn is_colour(text: &str) -> bool {
    let numbers = text.strip_prefix("\u{1b}[");
    let end = numbers.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
    end.is_some_and(|end| end.starts_with('m'))
}

/// Reasons that say nothing that the sentence does not.
fn is_plain(reason: &str) -> bool {
    matches!(
        reason,
        "FAILED" | "UNAVAILABLE" | "DATA_FOLDER" | "UNKNOWN" | "NOT_FEEL" | "MODEL_INVALID"
    )
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn is_set_to(variable: &str, value: &str) -> bool {
    std::env::var_os(variable).is_some_and(|found| found == value)
}

/// Gives text its colour, or leaves it alone.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub colour: bool,
}

impl Paint {
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub fn faint(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    pub fn warn(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    pub fn name(self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    /// One of a few colours that tell neighbours apart.
    pub fn label(self, number: usize, text: &str) -> String {
        let colours = [
            AnsiColor::Cyan,
            AnsiColor::Magenta,
            AnsiColor::Blue,
            AnsiColor::Yellow,
        ];
        self.with(colours[number % colours.len()].on_default(), text)
    }

    pub fn by_tone(self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Plain => text.to_owned(),
            Tone::Faint => self.faint(text),
            Tone::Bold => self.bold(text),
            Tone::Name => self.name(text),
            Tone::Good => self.good(text),
            Tone::Warn => self.warn(text),
            Tone::Bad => self.bad(text),
        }
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// What a piece of text means, by which it gets its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Faint,
    Bold,
    Name,
    Good,
    Warn,
    Bad,
}

/// One row of a table: text and tone of each cell.
pub type Row = Vec<(String, Tone)>;

pub fn plain(text: impl ToString) -> (String, Tone) {
    (text.to_string(), Tone::Plain)
}

pub fn faint(text: impl ToString) -> (String, Tone) {
    (text.to_string(), Tone::Faint)
}

pub fn toned(text: impl ToString, tone: Tone) -> (String, Tone) {
    (text.to_string(), tone)
}

/// Columns under a header, without lines, each row ended by a newline.
pub fn table(paint: Paint, header: &[&str], rows: Vec<Row>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if paint.colour {
        table.enforce_styling();
    }
    let head = |text: &&str| cell(paint, text, Tone::Bold);
    table.set_header(header.iter().map(head));
    for row in rows {
        table.add_row(row.iter().map(|(text, tone)| cell(paint, text, *tone)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn cell(paint: Paint, text: &str, tone: Tone) -> Cell {
    let cell = Cell::new(text);
    if !paint.colour {
        return cell;
    }
    match tone {
        Tone::Plain => cell,
        Tone::Faint => cell.add_attribute(Attribute::Dim),
        Tone::Bold => cell.add_attribute(Attribute::Bold),
        Tone::Name => cell.fg(Color::Cyan),
        Tone::Good => cell.fg(Color::Green),
        Tone::Warn => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_cannot_steer_the_terminal() {
        let evil = "a\u{1b}]0;title\u{7}\u{9b}2Jb\r\n\tc";
        assert_eq!(
            printable(evil, true),
            "a\\u001b]0;title\\u0007\\u009b2Jb\\u000d\n\tc"
        );
        let red = "\u{1b}[1;31mx\u{1b}[0m";
        assert_eq!(printable(red, true), red);
        assert_eq!(printable(red, false), "\\u001b[1;31mx\\u001b[0m");
    }
}
