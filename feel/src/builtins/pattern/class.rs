//! Character classes: `[a-z-[aeiou]]` as XPath subtracts, `[a-z&&[^b]]` as Java intersects.

use super::{Translator, Wrong, push_literal};

impl Translator<'_> {
    /// A class after its opening bracket.
    pub(super) fn class(&mut self, depth_left: u8) -> Result<String, Wrong> {
        let Some(depth_left) = depth_left.checked_sub(1) else {
            return Err("classes are nested too deep".to_owned());
        };
        let mut class = String::from(if self.eat("^") { "[^" } else { "[" });
        let mut first = true;
        loop {
            if self.eat("-[") {
                let subtracted = self.class(depth_left)?;
                if !self.eat("]") {
                    return Err("a class ends with what it subtracts".to_owned());
                }
                return Ok(format!("[{class}]--{subtracted}]"));
            }
            let Some(c) = self.take() else {
                return Err("a `]` is missing".to_owned());
            };
            match c {
                ']' if !first => {
                    class.push(']');
                    return Ok(class);
                }
                '[' => class.push_str(&self.class(depth_left)?),
                '&' if self.eat("&") => class.push_str("&&"),
                c => self.class_item(c, &mut class)?,
            }
            first = false;
        }
    }

    /// A character, a range or an escape.
    fn class_item(&mut self, c: char, class: &mut String) -> Result<(), Wrong> {
        let Some(start) = self.class_char(c, class)? else {
            return Ok(());
        };
        let mut after = self.rest.strip_prefix('-').unwrap_or("]").chars();
        // A minus at the end, or before a class that is subtracted, makes no range.
        if matches!(after.next(), None | Some(']' | '[')) {
            push_literal(class, start);
            return Ok(());
        }
        self.eat("-");
        let mut ignored = String::new();
        let end = match self.take() {
            Some(c) => self.class_char(c, &mut ignored)?,
            None => None,
        };
        match end {
            Some(end) if start <= end => {
                push_literal(class, start);
                class.push('-');
                push_literal(class, end);
                Ok(())
            }
            Some(end) => Err(format!("the range `{start}-{end}` is empty")),
            None => Err(format!("the range from `{start}` has no end")),
        }
    }

    /// The character that `c` begins; `None` when it is an escape for a class, which is appended.
    fn class_char(&mut self, c: char, class: &mut String) -> Result<Option<char>, Wrong> {
        if c != '\\' {
            return Ok(Some(c));
        }
        match self.take() {
            Some(c @ '0'..='9') => Err(format!("`\\{c}` cannot stand in a class")),
            Some(c) => match self.char_escape(c)? {
                Some(char) => Ok(Some(char)),
                None => {
                    class.push_str(&self.class_escape(c)?);
                    Ok(None)
                }
            },
            None => Err("the pattern ends with a backslash".to_owned()),
        }
    }
}
