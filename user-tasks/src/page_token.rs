//! Page tokens: the place after which the next page begins, and the question that it belongs to.
//!
//! A token names a place in the order, not a row: the task may be gone, the place is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use xxhash_rust::xxh3::xxh3_64;

use crate::order::{Rank, Value};

/// A name in it may be as long as a model allows.
const TOKEN_BYTES_MAX: usize = 1 << 20;
const CHECKSUM_BYTES: usize = 8;

#[derive(Clone, PartialEq, Message)]
struct Token {
    /// Hash of the filter and the order.
    #[prost(fixed64, tag = "1")]
    question: u64,
    #[prost(bool, tag = "2")]
    missing: bool,
    #[prost(sint64, tag = "3")]
    number: i64,
    #[prost(string, optional, tag = "4")]
    text: Option<String>,
    #[prost(uint64, tag = "5")]
    key: u64,
}

pub(crate) fn encode(question: u64, last: &Rank) -> String {
    let (number, text) = match &last.value {
        Value::Number(number) => (*number, None),
        Value::Text(text) => (0, Some(text.clone())),
    };
    let token = Token {
        question,
        missing: last.missing,
        number,
        text,
        key: last.key,
    };
    let mut bytes = token.encode_to_vec();
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place, or what is wrong with the token.
pub(crate) fn decode(question: u64, token: &str) -> Result<Rank, &'static str> {
    const DAMAGED: &str = "this is no page token, or it was altered";
    if token.len() > TOKEN_BYTES_MAX {
        return Err(DAMAGED);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| DAMAGED)?;
    let (body, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(DAMAGED)?;
    if xxh3_64(body).to_le_bytes() != *checksum {
        return Err(DAMAGED);
    }
    let token = Token::decode(body).map_err(|_| DAMAGED)?;
    if token.question != question {
        return Err("the page token belongs to another filter or order");
    }
    Ok(Rank {
        missing: token.missing,
        value: token.text.map_or(Value::Number(token.number), Value::Text),
        key: token.key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_place_again_and_survives_no_change() {
        for value in [
            Value::Number(-7),
            Value::Text(String::new()),
            Value::Text("Prüfen".to_owned()),
        ] {
            let rank = Rank {
                missing: true,
                value,
                key: 1 << 51,
            };
            let token = encode(42, &rank);
            assert_eq!(decode(42, &token), Ok(rank));
            assert!(decode(43, &token).is_err());
            for at in 0..token.len() {
                let mut altered = token.clone().into_bytes();
                altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
                let altered = String::from_utf8(altered).expect("ASCII");
                assert!(decode(42, &altered).is_err(), "{altered}");
            }
        }
        assert!(decode(42, "").is_err());
        assert!(decode(42, "not a token").is_err());
    }
}
