//! Lines typed at a terminal: edited, completed, and remembered in the user's state folder.

use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Helper, completion};

use super::complete::{Completions, is_unfinished};
use super::repl::Variables;
use crate::failure::Failure;
use crate::output::Paint;

const HISTORY_LINES_MAX: usize = 1000;

pub(super) struct Editor {
    lines: rustyline::Editor<Help, FileHistory>,
    /// Where lines are remembered, if anywhere.
    history: Option<PathBuf>,
    prompt: (&'static str, String),
}

/// What was typed.
pub(super) enum Typed {
    Line(String),
    /// It was given up.
    Nothing,
    End,
}

impl Editor {
    /// # Errors
    /// When the terminal cannot be used.
    pub fn new(paint: Paint) -> Result<Editor, Failure> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .auto_add_history(true)
            .max_history_size(HISTORY_LINES_MAX)
            .map_err(unusable)?
            .build();
        let mut lines = rustyline::Editor::with_config(config).map_err(unusable)?;
        lines.set_helper(Some(Help(Completions::new())));
        let history = history();
        if let Some(path) = &history {
            // There is none at the first start.
            let _ = lines.load_history(path);
        }
        Ok(Editor {
            lines,
            history,
            prompt: ("feel> ", paint.name("feel> ")),
        })
    }

    /// What is completed from now on.
    pub fn know(&mut self, variables: &Variables) {
        if let Some(help) = self.lines.helper_mut() {
            help.0.know(variables);
        }
    }

    /// # Errors
    /// When the terminal cannot be read.
    pub fn line(&mut self) -> Result<Typed, Failure> {
        match self.lines.readline(&self.prompt) {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Nothing),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(unusable(error)),
        }
    }

    /// Remembers what was typed. That it cannot be is no failure: there may be no folder to write to.
    pub fn keep(&mut self) {
        let Some(path) = &self.history else {
            return;
        };
        let folder = path.parent().map(std::fs::create_dir_all);
        if matches!(folder, Some(Ok(()))) {
            let _ = self.lines.append_history(path);
        }
    }
}

fn unusable(error: ReadlineError) -> Failure {
    Failure::failed(format!("the terminal cannot be used: {error}"))
}

/// The file of the history: in the folder that the user's system has for such things.
fn history() -> Option<PathBuf> {
    let folder = |variable: &str| {
        let path = std::env::var_os(variable).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let state = match cfg!(windows) {
        true => folder("LOCALAPPDATA"),
        false => folder("XDG_STATE_HOME")
            .or_else(|| std::env::home_dir().map(|home| home.join(".local").join("state"))),
    };
    state.map(|state| state.join("weir").join("feel-history"))
}

struct Help(Completions);

impl Helper for Help {}

impl Highlighter for Help {}

impl Hinter for Help {
    type Hint = String;
}

impl completion::Completer for Help {
    type Candidate = completion::Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<completion::Pair>)> {
        let (start, found) = self.0.of(line, at);
        let pairs = found.into_iter().map(|found| completion::Pair {
            display: found.shown,
            replacement: found.inserted,
        });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Help {
    /// A line whose brackets are open goes on in the next one, unless that is empty.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        match is_unfinished(context.input()) {
            true => Ok(ValidationResult::Incomplete),
            false => Ok(ValidationResult::Valid(None)),
        }
    }
}
