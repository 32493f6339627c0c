//! Functions with regular expressions: `matches`, `replace`, `split`, `extract` (DMN 1.5, 10.3.4.3, and
//! Camunda's additions).
//!
//! Owns running them within the budget. Most patterns run in linear time; those with back-references or
//! look-around backtrack, for so many steps as they are charged, and no further.

mod replacement;

use std::rc::Rc;

use super::pattern::{self, Names, Wrong};
use super::strings::text;
use super::{Builtin, Run};
use crate::eval::{Call, Outcome};
use crate::value::Value;
use crate::{EvalError, EvalErrorKind};
use replacement::Replacement;

/// How large compiled regular expressions may be, in bytes, and what trying to compile one costs, in
/// steps. Most are small; classes of Unicode letters that are counted, as in `\p{L}{2,20}`, are not.
const REGEX_SIZES: [(usize, usize); 2] = [(64 << 10, 2_000), (1 << 20, 30_000)];

/// What a search may remember of where it was, in bytes.
const REGEX_MEMORY_BYTES_MAX: usize = 1 << 20;

/// How often a search may backtrack, and the steps that this costs for each begun half KiB of text. The
/// first limit is enough for patterns that mean well.
const BACKTRACKS: [(usize, usize); 2] = [(2_000, 400), (100_000, 50_000)];

/// A regular expression as it was asked for. A loop mostly asks for the same one again.
pub(crate) struct Compiled {
    pattern: Box<str>,
    flags: Box<str>,
    regex: Result<Rc<Regex>, Wrong>,
}

/// A compiled pattern.
struct Regex {
    engine: Engine,
    /// Whether replacements are literal text.
    literal: bool,
    names: Names,
}

enum Engine {
    Linear(::regex::Regex),
    /// With the limits of [`BACKTRACKS`]; boxed, since they are large.
    Backtracking(Box<[fancy_regex::Regex; 2]>),
}

/// Byte offsets of the groups of a match, the whole first; `None` for those that are not in it.
type Groups = Vec<Option<(usize, usize)>>;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "matches",
        forms: &["input: string, pattern: string, flags?: string|null"],
        fails: "",
        run: Run::Full(matches),
    },
    Builtin {
        name: "replace",
        forms: &["input: string, pattern: string, replacement: string, flags?: string|null"],
        fails: "",
        run: Run::Full(replace),
    },
    Builtin {
        name: "split",
        forms: &["string: string, delimiter: string"],
        fails: "",
        run: Run::Full(split),
    },
    Builtin {
        name: "extract",
        forms: &[
            "input: string, pattern: string",
            "string: string, pattern: string",
        ],
        fails: "",
        run: Run::Full(extract),
    },
];

fn matches<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some((input, regex)) = call.regex(1, Some(2))? else {
        return Ok(Value::Null);
    };
    if let Engine::Linear(linear) = &regex.engine {
        return Ok(Value::Boolean(linear.is_match(input)));
    }
    Ok(Value::Boolean(call.search(&regex, input, 0)?.is_some()))
}

fn replace<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some((input, regex)) = call.regex(1, Some(3))? else {
        return Ok(Value::Null);
    };
    let Some(replacement) = text(call.arguments, 2) else {
        return Ok(Value::Null);
    };
    let replacement = match Replacement::read(replacement, &regex) {
        Ok(replacement) => replacement,
        Err(wrong) => return call.fail(&wrong),
    };
    let mut out = String::with_capacity(input.len());
    let mut copied = 0;
    call.each_match(&regex, input, |call, groups| {
        let (start, end) = whole(groups, copied);
        out.push_str(&input[copied..start]);
        let before = out.len();
        replacement.expand(input, groups, &mut out);
        copied = end;
        call.charge(1 + (out.len() - before) / 64)
    })?;
    out.push_str(&input[copied..]);
    Ok(Value::text(out))
}

fn split<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some((input, regex)) = call.regex(1, None)? else {
        return Ok(Value::Null);
    };
    let mut parts = Vec::new();
    let mut copied = 0;
    call.each_match(&regex, input, |call, groups| {
        let (start, end) = whole(groups, copied);
        // Nothing stands before a delimiter of no length at the start, as in Java.
        if end > 0 {
            parts.push(Value::text(&input[copied..start]));
            copied = end;
        }
        call.charge(1)
    })?;
    parts.push(Value::text(&input[copied..]));
    call.make_list(parts)
}

/// Where a match is: its first group.
fn whole(groups: &[Option<(usize, usize)>], otherwise: usize) -> (usize, usize) {
    let first = groups.first().copied().flatten();
    first.unwrap_or((otherwise, otherwise))
}

/// Every match of the pattern.
fn extract<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some((input, regex)) = call.regex(1, None)? else {
        return Ok(Value::Null);
    };
    let mut found = Vec::new();
    call.each_match(&regex, input, |call, groups| {
        if let Some(Some((start, end))) = groups.first() {
            found.push(Value::text(&input[*start..*end]));
        }
        call.charge(1)
    })?;
    call.make_list(found)
}

impl<'m, 'a> Call<'m, 'a> {
    /// The first argument with the regular expression of another one; `None` when that is wrong. The
    /// one pass that a search mostly is, is paid for here.
    fn regex(
        &mut self,
        pattern: usize,
        flags: Option<usize>,
    ) -> Result<Option<(&'m str, Rc<Regex>)>, EvalError> {
        let arguments = self.arguments;
        let flags = match flags.and_then(|index| arguments.get(index)) {
            None | Some(Value::Null) => Some(""),
            Some(flags) => flags.as_str(),
        };
        let (Some(input), Some(pattern), Some(flags)) =
            (text(arguments, 0), text(arguments, pattern), flags)
        else {
            return Ok(None);
        };
        self.charge(input.len() / 16)?;
        let last = self.machine.compiled.as_ref();
        let known = last.filter(|it| *it.pattern == *pattern && *it.flags == *flags);
        let regex = match known {
            Some(known) => known.regex.clone(),
            None => {
                let regex = self.compile(pattern, flags)?.map(Rc::new);
                self.machine.compiled = Some(Box::new(Compiled {
                    pattern: pattern.into(),
                    flags: flags.into(),
                    regex: regex.clone(),
                }));
                regex
            }
        };
        match regex {
            Ok(regex) => Ok(Some((input, regex))),
            Err(wrong) => {
                self.fail(&format!("the regular expression is wrong: {wrong}"))?;
                Ok(None)
            }
        }
    }

    fn compile(&mut self, pattern: &str, flags: &str) -> Result<Result<Regex, Wrong>, EvalError> {
        self.charge(pattern.len() / 16)?;
        let pattern = match pattern::translate(pattern, flags) {
            Ok(pattern) => pattern,
            Err(wrong) => return Ok(Err(wrong)),
        };
        for (bytes_max, steps) in REGEX_SIZES {
            self.charge(steps)?;
            let engine = match pattern.backtracks {
                true => backtracking(&pattern.text, bytes_max),
                false => linear(&pattern.text, bytes_max),
            };
            match engine {
                Ok(Some(engine)) => {
                    let (literal, names) = (pattern.literal, pattern.names);
                    return Ok(Ok(Regex {
                        engine,
                        literal,
                        names,
                    }));
                }
                Ok(None) => (),
                Err(wrong) => return Ok(Err(wrong)),
            }
        }
        Ok(Err(
            "it is larger than a regular expression may be".to_owned()
        ))
    }

    /// The first match that starts at or after `from`.
    fn search(
        &mut self,
        regex: &Regex,
        input: &str,
        from: usize,
    ) -> Result<Option<Groups>, EvalError> {
        let engines = match &regex.engine {
            Engine::Linear(linear) => {
                let found = linear.captures_at(input, from);
                let groups = |c: ::regex::Captures<'_>| {
                    c.iter().map(|g| g.map(|g| (g.start(), g.end()))).collect()
                };
                return Ok(found.map(groups));
            }
            Engine::Backtracking(engines) => engines,
        };
        for (engine, (_, steps)) in engines.iter().zip(BACKTRACKS) {
            self.charge(steps * (1 + (input.len() - from) / 512))?;
            match engine.captures_from_pos(input, from) {
                Ok(found) => {
                    let groups = |c: fancy_regex::Captures<'_, str>| {
                        c.iter().map(|g| g.map(|g| (g.start(), g.end()))).collect()
                    };
                    return Ok(found.map(groups));
                }
                // Once more, with the next limit.
                Err(fancy_regex::Error::RuntimeError(_)) => (),
                Err(_) => return Ok(None),
            }
        }
        let message = "the regular expression backtracks more than its budget".to_owned();
        let machine = &self.machine;
        Err(machine.error_with(self.at, EvalErrorKind::Steps, message))
    }

    /// Tells all matches from left to right. One of no length moves on by a character.
    fn each_match(
        &mut self,
        regex: &Regex,
        input: &str,
        mut tell: impl FnMut(&mut Self, &Groups) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut from = 0;
        while from <= input.len() {
            let Some(groups) = self.search(regex, input, from)? else {
                return Ok(());
            };
            tell(self, &groups)?;
            let (start, end) = groups.first().copied().flatten().unwrap_or((from, from));
            from = match end > start {
                true => end,
                false => end + input[end..].chars().next().map_or(1, char::len_utf8),
            };
        }
        Ok(())
    }
}

/// `None` when it is larger than allowed.
fn linear(pattern: &str, bytes_max: usize) -> Result<Option<Engine>, Wrong> {
    let built = ::regex::RegexBuilder::new(pattern)
        .size_limit(bytes_max)
        .dfa_size_limit(REGEX_MEMORY_BYTES_MAX)
        .build();
    match built {
        Ok(regex) => Ok(Some(Engine::Linear(regex))),
        Err(::regex::Error::CompiledTooBig(_)) => Ok(None),
        Err(error) => Err(last_line(&error.to_string())),
    }
}

fn backtracking(pattern: &str, bytes_max: usize) -> Result<Option<Engine>, Wrong> {
    use fancy_regex::{CompileError, Error};
    let build = |backtracks: usize| {
        fancy_regex::RegexBuilder::new(pattern)
            .backtrack_limit(backtracks)
            .delegate_size_limit(bytes_max)
            .delegate_dfa_size_limit(REGEX_MEMORY_BYTES_MAX)
            .build()
    };
    let [quick, thorough] = BACKTRACKS.map(|(backtracks, _)| build(backtracks));
    match (quick, thorough) {
        (Ok(quick), Ok(thorough)) => Ok(Some(Engine::Backtracking(Box::new([quick, thorough])))),
        (Err(Error::CompileError(error)), _) if matches!(&*error, CompileError::InnerError(e) if e.size_limit().is_some()) => {
            Ok(None)
        }
        (Err(error), _) | (_, Err(error)) => Err(last_line(&error.to_string())),
    }
}

/// What an engine complains about stands at the end of its message, below the pattern.
fn last_line(message: &str) -> Wrong {
    let line = message.lines().last().unwrap_or(message);
    line.trim_start_matches("error: ").to_owned()
}
