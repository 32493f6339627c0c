//! Bytes → text: UTF-8, UTF-16 (both orders) with and without a byte-order mark, ISO-8859-1.
//!
//! Owns the detection of XML 1.0 appendix F as far as needed; must not parse XML beyond the
//! encoding declaration.

use std::borrow::Cow;

/// Why bytes are not text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// How much could be decoded, as text.
    pub valid_prefix: String,
    pub message: String,
}

/// The text of a file, without its byte-order mark. Offsets in diagnostics are offsets in it.
///
/// # Errors
/// When the bytes are not valid in the encoding that they start with or declare, or when they
/// declare an encoding other than UTF-8, UTF-16, US-ASCII and ISO-8859-1.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0x00, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        [b'<', 0x00, ..] => utf16(bytes, u16::from_le_bytes),
        _ => match declared_encoding(bytes) {
            None => utf8(bytes),
            Some(name) if is_one_of(name, &["utf-8", "utf8", "us-ascii", "ascii"]) => utf8(bytes),
            // The bytes are plainly not UTF-16, so the declaration is a leftover of a conversion.
            Some(name) if is_one_of(name, &["utf-16", "utf-16le", "utf-16be"]) => utf8(bytes),
            Some(name) if is_one_of(name, &["iso-8859-1", "latin1"]) => Ok(Cow::Owned(
                bytes.iter().map(|byte| char::from(*byte)).collect(),
            )),
            Some(name) => Err(DecodeError {
                valid_prefix: String::new(),
                message: format!(
                    "the encoding {:?} is not supported",
                    String::from_utf8_lossy(name)
                ),
            }),
        },
    }
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Err(DecodeError {
                valid_prefix: String::from_utf8_lossy(valid).into_owned(),
                message: "the bytes are not UTF-8".to_owned(),
            })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, DecodeError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) => text.push(character),
            Err(_) => {
                return Err(DecodeError {
                    valid_prefix: text,
                    message: "the bytes are not UTF-16: half of a surrogate pair".to_owned(),
                });
            }
        }
    }
    if !rest.is_empty() {
        return Err(DecodeError {
            valid_prefix: text,
            message: "the bytes are not UTF-16: their number is odd".to_owned(),
        });
    }
    // A byte-order mark in the wrong place is a character of the text.
    Ok(Cow::Owned(text))
}

/// The value of `encoding` in an XML declaration of a file whose bytes include ASCII.
fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    /// An XML declaration is shorter than this.
    const DECLARATION_BYTES_MAX: usize = 200;
    let head = bytes.get(..DECLARATION_BYTES_MAX).unwrap_or(bytes);
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = head.get(..end)?;
    let key = b"encoding";
    let at = declaration
        .windows(key.len())
        .position(|window| window == key)?;
    let value = declaration.get(at + key.len()..)?.trim_ascii_start();
    let value = value.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    let end = value.iter().position(|byte| byte == quote)?;
    value.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_encoding_is_named() {
        let error = decode(b"<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>").unwrap_err();
        assert!(error.message.contains("EBCDIC-CP-US"), "{}", error.message);
    }

    #[test]
    fn latin1_is_read() {
        let text = decode(b"<?xml version='1.0' encoding = \"ISO-8859-1\"?><a b='\xE9'/>");
        assert!(text.expect("decodes").contains('é'));
    }

    #[test]
    fn utf16_without_a_mark_is_seen_by_its_first_character() {
        let bytes: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&bytes).expect("decodes"), "<a/>");
        let bytes: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&bytes).expect("decodes"), "<a/>");
    }

    #[test]
    fn half_characters_are_errors() {
        assert!(decode(b"\xFF\xFE<").is_err());
        assert!(decode(b"\xFF\xFE\x00\xD8").is_err());
        let error = decode(b"ab\xFF").unwrap_err();
        assert_eq!(error.valid_prefix, "ab");
    }
}
