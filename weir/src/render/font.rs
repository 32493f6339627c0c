//! How wide text is, and where it breaks.
//!
//! Owns the metrics: pictures name a font but hold none, so widths are those of Helvetica, which
//! Arial and Liberation Sans share. Must not write SVG.

/// The fonts that a picture asks for.
pub(super) const FAMILY: &str = "Arial, Helvetica, 'Liberation Sans', sans-serif";
/// From base line to base line, as a multiple of the size.
pub(super) const LEADING: f64 = 1.2;

/// Advance widths of the characters from U+0020 to U+007E in thousandths of the size.
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Of Latin, Greek and Cyrillic letters beyond ASCII, about.
const OTHER: u16 = 580;
/// Of Chinese, Japanese and Korean characters and of emoji.
const WIDE: u16 = 1000;

/// The width of one line in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|character| advance(character, size)).sum()
}

fn advance(character: char, size: f64) -> f64 {
    let thousandths = match character {
        ' '..='~' => ASCII
            .get(character as usize - 0x20)
            .copied()
            .unwrap_or(OTHER),
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' => 0,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffdc}' | '\u{1f000}'..='\u{3ffff}' => WIDE,
        _ => OTHER,
    };
    f64::from(thousandths) * size / 1000.0
}

/// How much of one text is drawn; a file may have megabytes of it, and draw them often.
const TEXT_CHARS_MAX: usize = 4_000;

/// The first characters of a text.
pub(super) fn clipped(text: &str, chars_max: usize) -> &str {
    let end = text.char_indices().nth(chars_max);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Breaks text into lines of at most `limit` pixels, between words where that is possible.
///
/// What does not fit into `lines_max` lines is cut off with an ellipsis; of a very long text only the
/// beginning is looked at.
pub(super) fn wrap(text: &str, size: f64, limit: f64, lines_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let space = width(" ", size);
    'text: for paragraph in clipped(text, TEXT_CHARS_MAX).trim().lines() {
        let mut line = String::new();
        let mut filled = 0.0;
        for word in paragraph.split_whitespace() {
            let wide = width(word, size);
            if line.is_empty() {
                filled = wide;
            } else if filled + space + wide <= limit {
                line.push(' ');
                filled += space + wide;
            } else {
                lines.push(std::mem::take(&mut line));
                filled = wide;
            }
            line.push_str(word);
            if filled > limit {
                filled = split_long(&mut line, size, limit, &mut lines, lines_max);
            }
            if lines.len() > lines_max {
                break 'text;
            }
        }
        lines.push(line);
        if lines.len() > lines_max {
            break;
        }
    }
    shorten(&mut lines, size, limit, lines_max);
    lines
}

/// Moves the full lines of a word that is wider than a line to `lines`; gives the width of the rest.
fn split_long(
    line: &mut String,
    size: f64,
    limit: f64,
    lines: &mut Vec<String>,
    lines_max: usize,
) -> f64 {
    let word = std::mem::take(line);
    let mut filled = 0.0;
    for character in word.chars() {
        let wide = advance(character, size);
        // At least one character goes, so that this ends.
        if !line.is_empty() && filled + wide > limit {
            lines.push(std::mem::take(line));
            filled = 0.0;
            if lines.len() > lines_max {
                break;
            }
        }
        line.push(character);
        filled += wide;
    }
    filled
}

fn shorten(lines: &mut Vec<String>, size: f64, limit: f64, lines_max: usize) {
    if lines.len() <= lines_max {
        return;
    }
    lines.truncate(lines_max);
    if let Some(last) = lines.last_mut() {
        let mut filled = width("…", size);
        let cut = last.char_indices().find(|(_, character)| {
            filled += advance(*character, size);
            filled > limit
        });
        let fitting = cut.map_or(last.len(), |(at, _)| at);
        last.truncate(fitting);
        last.truncate(last.trim_end().len());
        last.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::{width, wrap};

    #[test]
    fn words_stay_whole_where_they_fit() {
        let lines = wrap("Check the coverage of this claim", 12.0, 86.0, 5);
        assert_eq!(lines, ["Check the", "coverage of this", "claim"]);
        assert!(lines.iter().all(|line| width(line, 12.0) <= 86.0));
    }

    #[test]
    fn long_words_break_and_long_texts_end_with_an_ellipsis() {
        let lines = wrap("Donaudampfschifffahrtsgesellschaft", 12.0, 86.0, 5);
        assert_eq!(lines.concat(), "Donaudampfschifffahrtsgesellschaft");
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 12.0) <= 86.0));
        let lines = wrap(&"word ".repeat(100_000), 12.0, 86.0, 2);
        assert_eq!(lines, ["word word word", "word word wor…"]);
        assert_eq!(wrap(&"x".repeat(100_000), 12.0, 0.5, 3).len(), 3);
        assert!(wrap("  ", 12.0, 86.0, 2).is_empty());
        // However wide the line, a text has an end.
        let longest = |text: &str| wrap(text, 12.0, 1e9, 5).concat().chars().count();
        assert_eq!(longest(&"ü".repeat(1_000_000)), super::TEXT_CHARS_MAX);
        assert!(longest(&"word ".repeat(1_000_000)) < super::TEXT_CHARS_MAX);
    }

    #[test]
    fn lines_of_the_file_are_kept() {
        assert_eq!(wrap("one\ntwo", 12.0, 86.0, 5), ["one", "two"]);
    }
}
