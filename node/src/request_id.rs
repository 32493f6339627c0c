//! Ids that callers give to requests they may repeat: how they are written.

/// Why a text is no request id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestIdError {
    #[error("is neither 32 hexadecimal digits nor a UUID")]
    Malformed,
    /// What a caller sends that forgot to choose.
    #[error("is all zeros")]
    Zeros,
}

/// The bytes of an id: 32 hexadecimal digits, or a UUID with its hyphens where they belong.
///
/// # Errors
/// See [`RequestIdError`].
pub fn parse_request_id(text: &str) -> Result<[u8; 16], RequestIdError> {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let mut places = text.bytes().enumerate();
    let is_uuid =
        text.len() == 36 && places.all(|(at, byte)| (byte == b'-') == HYPHENS.contains(&at));
    if !is_uuid && text.len() != 32 {
        return Err(RequestIdError::Malformed);
    }
    let mut id = [0; 16];
    let digits = text.chars().filter(|digit| !(is_uuid && *digit == '-'));
    for (at, digit) in digits.enumerate() {
        let value = digit.to_digit(16).ok_or(RequestIdError::Malformed)?;
        let byte = id.get_mut(at / 2).ok_or(RequestIdError::Malformed)?;
        *byte = *byte << 4 | value as u8;
    }
    match id {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => Err(RequestIdError::Zeros),
        id => Ok(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_hexadecimal_digits_or_a_uuid() {
        let expected = [
            0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
            0xcd, 0xef,
        ];
        for text in [
            "0123456789abcdef0123456789ABCDEF",
            "01234567-89ab-cdef-0123-456789abcdef",
        ] {
            assert_eq!(parse_request_id(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "0123456789abcdef0123456789abcdeg",
            "0123456789abcdef0123456789abcdef0",
            "0123-456789ab-cdef-0123-456789abcdef",
            "01234567-89ab-cdef-0123-456789abcdefff",
            "0-1-2-3-4-5-6-7-89ab-cdef-0123-456789abcdef",
            "ä123456789abcdef0123456789abcde",
        ] {
            let refused = Err(RequestIdError::Malformed);
            assert_eq!(parse_request_id(text), refused, "{text}");
        }
        for text in [
            "00000000000000000000000000000000",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(parse_request_id(text), Err(RequestIdError::Zeros));
        }
    }
}
