//! What is printed of the files checked: excerpts and a summary, or one JSON document.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use bpmn_parser::{Diagnostic, Severity};
use engine::Rejection;
use serde_json::{Value, json};

/// One file and what was found in it.
pub(super) struct Checked {
    pub name: String,
    /// What the locations of the diagnostics count in.
    pub text: String,
    pub diagnostics: Vec<Diagnostic>,
    /// What keeps the file as a whole from being deployed, where nothing else does.
    pub rejection: Option<Rejection>,
    /// Why the file cannot be read.
    pub unreadable: Option<String>,
}

impl Checked {
    pub fn unreadable(name: String, reason: String) -> Checked {
        Checked {
            name,
            text: String::new(),
            diagnostics: Vec::new(),
            rejection: None,
            unreadable: Some(reason),
        }
    }
}

/// Sums over all files.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub files: usize,
    pub unreadable: usize,
    pub errors: usize,
    pub refusals: usize,
    pub warnings: usize,
}

impl Counts {
    pub fn add(&mut self, checked: &Checked) {
        self.files += 1;
        self.unreadable += usize::from(checked.unreadable.is_some());
        self.errors += usize::from(checked.rejection.is_some());
        for diagnostic in &checked.diagnostics {
            match diagnostic.severity {
                Severity::Error => self.errors += 1,
                Severity::Refusal => self.refusals += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
    }
}

/// Prints for people.
pub(super) struct People {
    pub colour: bool,
}

impl People {
    pub fn file(&self, checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
        if let Some(reason) = &checked.unreadable {
            let error = self.painted("error", AnsiColor::Red);
            writeln!(out, "{error}: {} cannot be read: {reason}\n", checked.name)?;
        }
        let text = bpmn_parser::render(&checked.diagnostics, &checked.text, self.colour);
        out.write_all(text.as_bytes())?;
        if let Some(rejection) = &checked.rejection {
            let error = self.painted(&format!("error[{}]", rejection.reason), AnsiColor::Red);
            writeln!(
                out,
                "{error}: {}\n  --> {}\n",
                rejection.message, checked.name
            )?;
        }
        Ok(())
    }

    pub fn summary(&self, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
        if counts.files == 0 {
            let error = self.painted("error", AnsiColor::Red);
            return writeln!(out, "{error}: no .bpmn or .dmn file found");
        }
        let is_blocked = counts.errors + counts.refusals + counts.unreadable > 0;
        let word = if is_blocked {
            self.painted("failed", AnsiColor::Red)
        } else {
            self.painted("ok", AnsiColor::Green)
        };
        let mut parts = vec![
            plural(counts.errors, "error"),
            plural(counts.refusals, "refusal"),
            plural(counts.warnings, "warning"),
        ];
        if counts.unreadable > 0 {
            parts.push(format!(
                "{} cannot be read",
                plural(counts.unreadable, "file")
            ));
        }
        writeln!(
            out,
            "{word}: {} checked: {}",
            plural(counts.files, "file"),
            parts.join(", ")
        )
    }

    fn painted(&self, word: &str, colour: AnsiColor) -> String {
        if !self.colour {
            return word.to_owned();
        }
        let style = Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{word}{style:#}")
    }
}

fn plural(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// One file for machines.
pub(super) fn json(checked: &Checked) -> Value {
    json!({
        "file": checked.name,
        "unreadable": checked.unreadable,
        "diagnostics": checked.diagnostics,
        "rejection": checked.rejection.as_ref().map(|rejection| json!({
            "reason": rejection.reason,
            "message": rejection.message,
        })),
    })
}

/// The document for machines.
pub(super) fn json_document(
    files: Vec<Value>,
    counts: &Counts,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = json!({
        "files": files,
        "summary": {
            "files": counts.files,
            "unreadable": counts.unreadable,
            "errors": counts.errors,
            "refusals": counts.refusals,
            "warnings": counts.warnings,
        },
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
