//! Regular expressions as people write them: XPath's (which DMN names) and Java's (which Camunda runs),
//! translated into what the engines here read.
//!
//! Owns the syntax: flags, classes with subtraction, block names, escapes. Says which constructs need
//! backtracking; running them is the matter of [`super::regex`]. Where XPath and Java mean different
//! things by the same text, `feel/README.md` says which one wins.

mod blocks;
mod class;
mod escape;

/// The longest nesting of classes in classes.
const CLASS_DEPTH_MAX: u8 = 16;

/// What makes a parenthesis something else than a group that is counted, and whether it backtracks.
const SPECIAL: [(&str, bool); 6] = [
    ("?:", false),
    ("?=", true),
    ("?!", true),
    ("?<=", true),
    ("?<!", true),
    ("?>", true),
];

/// A translated pattern.
pub(super) struct Pattern {
    /// In the syntax of the engines, with its flags.
    pub(super) text: String,
    /// Whether it has back-references, look-around, atomic groups or possessive quantifiers.
    pub(super) backtracks: bool,
    /// Whether `q` was given: a replacement is literal text then, too.
    pub(super) literal: bool,
    /// The names of the groups that have one, with their numbers.
    pub(super) names: Names,
}

/// Names of groups with their numbers. The engines know numbers only.
pub(super) type Names = Vec<(String, usize)>;

/// Why a pattern is none, for people.
pub(super) type Wrong = String;

/// Translates a pattern with its flags `s`, `m`, `i`, `x` and `q`.
pub(super) fn translate(pattern: &str, flags: &str) -> Result<Pattern, Wrong> {
    if let Some(flag) = flags.chars().find(|c| !"smixq".contains(*c)) {
        return Err(format!("`{flag}` is not one of the flags s, m, i, x and q"));
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    if flags.contains('m') {
        out.push_str("(?m)");
    }
    if flags.contains('i') {
        out.push_str("(?i)");
    }
    if flags.contains('q') {
        pattern.chars().for_each(|c| push_literal(&mut out, c));
        return Ok(Pattern {
            text: out,
            backtracks: false,
            literal: true,
            names: Vec::new(),
        });
    }
    let mut translator = Translator {
        rest: pattern,
        out,
        dot_all: flags.contains('s'),
        extended: flags.contains('x'),
        backtracks: false,
        groups: 0,
        names: Vec::new(),
        open: Vec::new(),
        closed: Vec::new(),
        repeated: false,
    };
    while let Some(c) = translator.take() {
        translator.piece(c)?;
    }
    if !translator.open.is_empty() {
        return Err("a `)` is missing".to_owned());
    }
    Ok(Pattern {
        text: translator.out,
        backtracks: translator.backtracks,
        literal: false,
        names: translator.names,
    })
}

struct Translator<'p> {
    rest: &'p str,
    out: String,
    /// The flag `s`, in force here.
    dot_all: bool,
    /// The flag `x`, in force here.
    extended: bool,
    backtracks: bool,
    /// How many groups have been opened.
    groups: usize,
    names: Names,
    open: Vec<Open>,
    /// The numbers of the groups that are closed: those that can be referred to.
    closed: Vec<usize>,
    /// Whether what was just read is a quantifier.
    repeated: bool,
}

/// A parenthesis that is not closed yet, with the flags that come back into force after it.
struct Open {
    group: Option<usize>,
    dot_all: bool,
    extended: bool,
}

impl Translator<'_> {
    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// One character of the pattern with what belongs to it.
    fn piece(&mut self, c: char) -> Result<(), Wrong> {
        let repeated = std::mem::replace(&mut self.repeated, false);
        match c {
            ' ' | '\t' | '\n' | '\r' if self.extended => self.repeated = repeated,
            '#' if self.extended => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            }
            '.' if self.dot_all => self.out.push_str("(?s:.)"),
            '.' => self.out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            '\\' => self.escape()?,
            '[' => {
                let class = self.class(CLASS_DEPTH_MAX)?;
                self.out.push_str(&class);
            }
            '(' => self.open()?,
            ')' => {
                let Some(open) = self.open.pop() else {
                    return Err("a `)` has no `(`".to_owned());
                };
                self.closed.extend(open.group);
                (self.dot_all, self.extended) = (open.dot_all, open.extended);
                self.out.push(')');
            }
            '*' | '+' | '?' => {
                // A plus behind a quantifier makes it possessive.
                self.backtracks |= repeated && c == '+';
                self.repeated = true;
                self.out.push(c);
            }
            '{' => {
                self.counted()?;
                self.repeated = true;
            }
            '^' | '$' | '|' => self.out.push(c),
            c => push_literal(&mut self.out, c),
        }
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}`, after its brace.
    fn counted(&mut self) -> Result<(), Wrong> {
        let Some((inner, rest)) = self.rest.split_once('}') else {
            return Err("a `}` is missing".to_owned());
        };
        let count: String = match self.extended {
            true => inner.split_ascii_whitespace().collect(),
            false => inner.to_owned(),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (least, most) = count.split_once(',').unwrap_or((&count, ""));
        if least.is_empty() || !digits(least) || !digits(most) {
            return Err(format!("`{{{inner}}}` is not a number of repetitions"));
        }
        self.rest = rest;
        self.out.push_str(&format!("{{{count}}}"));
        Ok(())
    }

    /// What stands behind an opening parenthesis.
    fn open(&mut self) -> Result<(), Wrong> {
        let mut open = Open {
            group: None,
            dot_all: self.dot_all,
            extended: self.extended,
        };
        let special = SPECIAL.into_iter().find(|(prefix, _)| self.eat(prefix));
        if let Some((prefix, backtracks)) = special {
            self.backtracks |= backtracks;
            self.out.push('(');
            self.out.push_str(prefix);
        } else if self.eat("?<") {
            let Some((name, rest)) = self.rest.split_once('>') else {
                return Err("the name of a group does not end: `>` is missing".to_owned());
            };
            if !is_group_name(name) || self.names.iter().any(|(known, _)| known == name) {
                return Err(format!("`{name}` is not a new name for a group"));
            }
            self.rest = rest;
            self.out.push('(');
            self.groups += 1;
            self.names.push((name.to_owned(), self.groups));
            open.group = Some(self.groups);
        } else if self.eat("?") {
            if !self.inline_flags()? {
                return Ok(());
            }
        } else {
            self.groups += 1;
            open.group = Some(self.groups);
            self.out.push('(');
        }
        self.open.push(open);
        Ok(())
    }

    /// Java's `(?i)` and `(?i:`, after the question mark; whether a group opens.
    fn inline_flags(&mut self) -> Result<bool, Wrong> {
        let (mut on, mut off) = (String::new(), String::new());
        let mut positive = true;
        loop {
            match self.take() {
                Some('-') if positive => positive = false,
                Some('s') => self.dot_all = positive,
                Some('x') => self.extended = positive,
                // Unicode is what the engines always know.
                Some('u') => (),
                Some(c @ ('i' | 'm')) if positive => on.push(c),
                Some(c @ ('i' | 'm')) => off.push(c),
                Some(end @ (')' | ':')) => {
                    let minus = if off.is_empty() { "" } else { "-" };
                    if end == ':' || !on.is_empty() || !off.is_empty() {
                        self.out.push_str(&format!("(?{on}{minus}{off}{end}"));
                    }
                    return Ok(end == ':');
                }
                Some(c) => return Err(format!("`(?{c}` is not a group or a flag")),
                None => return Err("a `)` is missing".to_owned()),
            }
        }
    }
}

fn is_group_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A character that means itself, in any context of the engines' syntax.
fn push_literal(out: &mut String, c: char) {
    if c.is_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    }
}
