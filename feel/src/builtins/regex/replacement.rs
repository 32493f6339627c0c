//! The replacement of `replace`: text with `$1` and `${name}` for groups (XPath 3.1, 5.6.4, and Java).

use super::{Engine, Groups, Regex};
use crate::builtins::pattern::Wrong;

/// A replacement, read once for all matches.
pub(super) struct Replacement {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Fails on a group that the pattern does not have, and on `$` and `\` that mean nothing.
    pub(super) fn read(text: &str, regex: &Regex) -> Result<Replacement, Wrong> {
        let mut replacement = Replacement { parts: Vec::new() };
        if regex.literal {
            replacement.parts.push(Part::Text(text.to_owned()));
            return Ok(replacement);
        }
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '$']) {
            replacement.push_text(&rest[..at]);
            let special = &rest[at..];
            rest = if let Some(escaped) = special.strip_prefix('\\') {
                let length = escaped.chars().next().map_or(0, char::len_utf8);
                if length == 0 {
                    return Err("the replacement ends with a backslash".to_owned());
                }
                replacement.push_text(&escaped[..length]);
                &escaped[length..]
            } else {
                let (group, rest) = group(&special[1..], regex)?;
                replacement.parts.push(Part::Group(group));
                rest
            };
        }
        replacement.push_text(rest);
        Ok(replacement)
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            Some(Part::Group(_)) | None => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// Appends the replacement for one match; a group that is not in it is empty.
    pub(super) fn expand(&self, input: &str, groups: &Groups, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(number) => {
                    if let Some(Some((start, end))) = groups.get(*number) {
                        out.push_str(&input[*start..*end]);
                    }
                }
            }
        }
    }
}

/// The group that stands behind a `$`, and what follows it. The digits go on for as long as there is
/// such a group.
fn group<'t>(text: &'t str, regex: &Regex) -> Result<(usize, &'t str), Wrong> {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        return match regex.names.iter().find(|(known, _)| known == name) {
            Some((_, number)) => Ok((*number, rest)),
            None => Err(format!("there is no group `{name}`")),
        };
    }
    let count = regex.group_count();
    let digit = |at: usize| text.as_bytes().get(at).filter(|b| b.is_ascii_digit());
    let Some(first) = digit(0) else {
        return Err("after `$` stands the number of a group; a dollar sign is `\\$`".to_owned());
    };
    let mut number = usize::from(first - b'0');
    let mut length = 1;
    while let Some(next) = digit(length) {
        let longer = number * 10 + usize::from(next - b'0');
        if longer >= count {
            break;
        }
        number = longer;
        length += 1;
    }
    if number >= count {
        return Err(format!("there is no group {number}"));
    }
    Ok((number, &text[length..]))
}

impl Regex {
    /// How many groups there are, with the whole match.
    fn group_count(&self) -> usize {
        match &self.engine {
            Engine::Linear(regex) => regex.captures_len(),
            Engine::Backtracking(engines) => engines[0].captures_len(),
        }
    }
}
