//! One line of a scenario: words, `name=value` options, and JSON at the end.

use bytes::Bytes;

pub(super) struct Line {
    pub text: String,
    pub words: Vec<String>,
    options: Vec<(String, String)>,
    /// Normalized; empty when the line has none.
    pub json: Bytes,
}

impl Line {
    pub fn parse(text: &str) -> Line {
        let (head, json) = match text.find(" {") {
            Some(at) => (&text[..at], text[at..].trim()),
            None => (text, ""),
        };
        let limits = feel::json::Limits::default();
        let json = feel::json::normalize_object(json.as_bytes(), &limits)
            .unwrap_or_else(|error| panic!("`{text}`: {error}"));
        let (mut words, mut options) = (Vec::new(), Vec::new());
        for word in split(head) {
            match word.split_once('=') {
                Some((name, value)) if !word.starts_with('"') => {
                    options.push((name.to_owned(), value.trim_matches('"').to_owned()));
                }
                _ => words.push(word.trim_matches('"').to_owned()),
            }
        }
        Line {
            text: text.to_owned(),
            words,
            options,
            json,
        }
    }

    pub fn word(&self, index: usize) -> &str {
        let word = self.words.get(index);
        word.unwrap_or_else(|| panic!("`{}` has no word {index}", self.text))
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|present| present == word)
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|(present, _)| present == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str, default: i32) -> i32 {
        let value = self.option(name);
        value.map_or(default, |text| text.parse().expect("a number"))
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        let value = self.option(name).unwrap_or_default();
        value
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The duration that a word says.
    pub fn millis(&self, index: usize) -> i64 {
        millis(self.word(index))
    }
}

/// An ISO 8601 duration in milliseconds; with `-` in front it is negative.
pub(super) fn millis(text: &str) -> i64 {
    let duration = feel::temporal::parse_duration(text.trim_start_matches('-'))
        .unwrap_or_else(|error| panic!("{error}"));
    let millis = duration.add_to(0).expect("a duration that fits");
    if text.starts_with('-') {
        -millis
    } else {
        millis
    }
}

/// At blanks, but not inside quotation marks.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.push(character);
            }
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
