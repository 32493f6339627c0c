//! The context of every client: log lines and errors go to `tracing`, access tokens come from a file.

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use std::path::PathBuf;

pub(super) struct Context {
    token_file: Option<PathBuf>,
}

impl Context {
    pub(super) fn new(token_file: Option<PathBuf>) -> Self {
        Self { token_file }
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn error(&self, error: KafkaError, reason: &str) {
        // Brokers come and go; what matters comes back from the call that it concerns.
        tracing::debug!(target: "librdkafka", %error, reason);
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let file = self.token_file.as_ref();
        let file = file.ok_or("OAUTHBEARER needs the option oauth_token_file")?;
        let token = std::fs::read_to_string(file)
            .map_err(|error| format!("the access token {}: {error}", file.display()))?;
        Ok(token_of(token.trim())?)
    }
}

impl ConsumerContext for Context {}

#[derive(serde::Deserialize)]
struct Claims {
    /// Seconds since 1970 at which the token expires.
    exp: f64,
    sub: Option<String>,
}

/// A JWT with the name and the expiry that it claims. The broker checks the signature, not we.
fn token_of(token: &str) -> Result<OAuthToken, String> {
    let claims = token.split('.').nth(1).and_then(decode_base64);
    let claims = claims.ok_or("the access token is not a JWT")?;
    let claims: Claims = serde_json::from_slice(&claims)
        .map_err(|error| format!("the access token's claims: {error}"))?;
    Ok(OAuthToken {
        token: token.to_owned(),
        principal_name: claims.sub.unwrap_or_default(),
        lifetime_ms: (claims.exp * 1000.0) as i64,
    })
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut bits) = (0_u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == character)?;
        buffer = (buffer << 6 | digit as u32) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_owner_and_expiry() {
        // {"alg":"none"} . {"sub":"weir","exp":1800000000}
        let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWlyIiwiZXhwIjoxODAwMDAwMDAwfQ.x";
        let read = token_of(token).expect("a token");
        assert_eq!(read.principal_name, "weir");
        assert_eq!(read.lifetime_ms, 1_800_000_000_000);
        assert!(token_of("nonsense").is_err());
    }
}
