//! Page tokens: the place after which the next page begins, and the question that it belongs to.
//!
//! A token names a place in the order, not a row: the task may be gone, the place is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use xxhash_rust::xxh3::xxh3_64;

use crate::order::Rank;

/// A name in it may be as long as a model allows.
const TOKEN_BYTES_MAX: usize = 1 << 20;
const CHECKSUM_BYTES: usize = 8;

#[derive(Clone, PartialEq, Message)]
struct Token {
    /// Hash of the filter and the order.
    #[prost(fixed64, tag = "1")]
    question: u64,
    #[prost(message, required, tag = "2")]
    last: Rank,
}

pub(crate) fn encode(question: u64, last: Rank) -> String {
    let token = Token { question, last };
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
    Ok(token.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_place_again_and_survives_no_change() {
        for (number, text) in [(-7, ""), (0, ""), (0, "Prüfen")] {
            let rank = Rank {
                missing: true,
                number,
                text: text.to_owned(),
                key: 1 << 51,
            };
            let token = encode(42, rank.clone());
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
