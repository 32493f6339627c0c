//! Places inside a text: where in the file the n-th byte of what was read stands.
//!
//! Owns the way back over references, CDATA sections, comments and line breaks. An expression in a
//! model is parsed as it was read; its errors are shown as it was written.

use crate::diagnostic::Location;
use crate::dom::Cursor;

/// The place of a byte of a text or attribute value that starts at `start` in `source`.
///
/// `bytes` counts in the text as it was read: references replaced, line breaks normalized, markup
/// between its runs left out. Beyond the end of the text its end is given.
pub fn place_in(source: &str, start: Location, bytes: usize) -> Location {
    let from = source.floor_char_boundary((start.offset as usize).min(source.len()));
    let (before, mut rest) = source.split_at(from);
    let mut in_cdata = before.rfind(CDATA_START) > before.rfind(CDATA_END);
    let mut left = bytes;
    while let Some(step) = Step::of(rest, in_cdata) {
        // What reads as nothing is passed even at the end: the byte stands behind it.
        if step.read > left {
            break;
        }
        left -= step.read;
        in_cdata = step.in_cdata;
        rest = rest.get(step.written..).unwrap_or_default();
    }
    let mut cursor = Cursor::at(source, start);
    cursor.advance(u32::try_from(source.len() - rest.len()).unwrap_or(u32::MAX));
    cursor.location
}

const CDATA_START: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

/// A piece of the source that is read as one character or as nothing.
struct Step {
    written: usize,
    read: usize,
    in_cdata: bool,
}

impl Step {
    /// The first piece of the rest of a source; `None` where the text ends.
    fn of(rest: &str, in_cdata: bool) -> Option<Step> {
        let character = rest.chars().next()?;
        let step = |written: usize, read: usize, in_cdata: bool| {
            Some(Step {
                written,
                read,
                in_cdata,
            })
        };
        if rest.starts_with("\r\n") {
            return step(2, 1, in_cdata);
        }
        if in_cdata {
            return match rest.starts_with(CDATA_END) {
                true => step(CDATA_END.len(), 0, false),
                false => step(character.len_utf8(), character.len_utf8(), true),
            };
        }
        match character {
            '<' if rest.starts_with(CDATA_START) => step(CDATA_START.len(), 0, true),
            '<' if rest.starts_with("<!--") => step(rest.find("-->")? + 3, 0, false),
            '<' if rest.starts_with("<?") => step(rest.find("?>")? + 2, 0, false),
            '<' => None,
            '&' => {
                let end = rest.find(';')?;
                let name = rest.get(1..end).unwrap_or_default();
                step(end + 1, length(name), false)
            }
            other => step(other.len_utf8(), other.len_utf8(), false),
        }
    }
}

/// Bytes of the character that a reference stands for.
fn length(name: &str) -> usize {
    let number = name.strip_prefix('#').map(|digits| {
        let parsed = match digits.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => digits.parse(),
        };
        parsed.ok().and_then(char::from_u32)
    });
    match number {
        Some(character) => character.map_or(0, char::len_utf8),
        // The five that XML defines are ASCII.
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the text `wanted` begins according to the way back, by its place in what was read.
    fn written_at(source: &str, start: &str, read: &str, wanted: &str) -> usize {
        let at = read.find(wanted).expect("is read");
        let offset = source.find(start).expect("is written");
        let mut cursor = Cursor::new(source);
        cursor.advance(u32::try_from(offset).expect("is small"));
        place_in(source, cursor.location, at).offset as usize
    }

    #[test]
    fn the_way_back_passes_references_markup_and_line_breaks() {
        let source = "<a>x &lt; ä &#228;\r\n and <!-- & --> y<![CDATA[ & <z>]]> q</a>";
        let read = "x < ä ä\n and  y & <z> q";
        for (wanted, written) in [
            ("x", "x &lt;"),
            ("<", "&lt;"),
            ("and", "and"),
            ("y", "y<!"),
            ("& <z>", "& <z>"),
            ("q", "q</a>"),
        ] {
            let expected = source.find(written).expect("is written");
            assert_eq!(
                written_at(source, "x &lt;", read, wanted),
                expected,
                "{wanted}"
            );
        }
        let start = Location {
            line: 1,
            column: 4,
            offset: 3,
        };
        let place = place_in(source, start, read.find("and").expect("is read"));
        assert_eq!((place.line, place.column), (2, 2));
        let end = place_in(source, start, 1_000);
        assert_eq!(end.offset as usize, source.find("</a>").expect("is closed"));
    }

    #[test]
    fn a_text_may_start_inside_a_cdata_section() {
        let source = "<a><![CDATA[x &lt; y]]></a>";
        assert_eq!(written_at(source, "x &", "x &lt; y", "y"), 19);
    }
}
