//! Access tokens for SASL/OAUTHBEARER, from a file that somebody else keeps fresh.
//!
//! librdkafka asks for a token only where a client is polled, and those that only ask are never polled. So every client
//! gets its token when it is made, and a thread per file renews those of all clients that are still there.

use super::sys;
use crate::Error;
use crate::feed::locked;
use rdkafka::admin::AdminClient;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::producer::{Producer, ProducerContext, ThreadedProducer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file is read so often at least, for a token that is replaced before its time.
const RENEWAL_MAX: Duration = Duration::from_secs(60);
/// And so often at most, also when it cannot be read.
const RENEWAL_MIN: Duration = Duration::from_secs(1);

/// A client that can be given a token.
pub(super) trait Bearer: Send + Sync + 'static {
    fn bear(&self, token: &OAuthToken) -> Result<(), String>;
}

impl<C: ConsumerContext + 'static> Bearer for BaseConsumer<C> {
    fn bear(&self, token: &OAuthToken) -> Result<(), String> {
        sys::set_token(self.client(), token)
    }
}

impl<C: ProducerContext + 'static> Bearer for ThreadedProducer<C> {
    fn bear(&self, token: &OAuthToken) -> Result<(), String> {
        sys::set_token(self.client(), token)
    }
}

impl<C: ClientContext + 'static> Bearer for AdminClient<C> {
    fn bear(&self, token: &OAuthToken) -> Result<(), String> {
        sys::set_token(self.inner(), token)
    }
}

type Clients = Vec<Weak<dyn Bearer>>;

/// By file; each has a thread for as long as it is here.
static KEPT: Mutex<BTreeMap<PathBuf, Clients>> = Mutex::new(BTreeMap::new());

/// Gives a client the token of a file, now and for as long as the client lives.
pub(super) fn keep<T: Bearer>(file: &Path, client: &Arc<T>) -> Result<(), Error> {
    let now = SystemTime::now();
    let token = read(file, now).map_err(Error::Failed)?;
    client.bear(&token).map_err(Error::Failed)?;
    let client: Arc<dyn Bearer> = Arc::clone(client) as _;
    let client = Arc::downgrade(&client);
    let mut kept = locked(&KEPT);
    if let Some(clients) = kept.get_mut(file) {
        clients.retain(|client| client.strong_count() > 0);
        clients.push(client);
        return Ok(());
    }
    let path = file.to_owned();
    std::thread::Builder::new()
        .name("weir-token".to_owned())
        .spawn(move || renew(&path, wait(&token, now)))
        .map_err(|error| Error::Failed(format!("a thread for access tokens: {error}")))?;
    kept.insert(file.to_owned(), vec![client]);
    Ok(())
}

/// Until all clients of the file are gone.
fn renew(file: &Path, first: Duration) {
    let mut pause = first;
    let mut told = None;
    loop {
        std::thread::sleep(pause);
        let Some(clients) = clients(file) else {
            return;
        };
        let now = SystemTime::now();
        let renewed = read(file, now).and_then(|token| {
            let given = clients.iter().map(|client| client.bear(&token));
            // All get it, whatever becomes of one.
            given.fold(Ok(()), Result::and).map(|()| wait(&token, now))
        });
        // Every second is often enough to look, and too often to tell.
        match renewed {
            Ok(next) => (pause, told) = (next, None),
            Err(reason) => {
                pause = RENEWAL_MIN;
                if told.as_ref() != Some(&reason) {
                    tracing::warn!(reason, "there is no new access token; it is looked for");
                }
                told = Some(reason);
            }
        }
    }
}

/// Those that are still there; `None`, and the file is forgotten, when none is.
fn clients(file: &Path) -> Option<Vec<Arc<dyn Bearer>>> {
    let mut kept = locked(&KEPT);
    let clients = kept.get(file)?.iter().filter_map(Weak::upgrade);
    let clients: Vec<Arc<dyn Bearer>> = clients.collect();
    if clients.is_empty() {
        kept.remove(file);
        return None;
    }
    Some(clients)
}

/// As librdkafka reckons it: four fifths of what is left.
fn wait(token: &OAuthToken, now: SystemTime) -> Duration {
    let left = token.lifetime_ms.saturating_sub(millis(now));
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    (left / 5 * 4).clamp(RENEWAL_MIN, RENEWAL_MAX)
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn read(file: &Path, now: SystemTime) -> Result<OAuthToken, String> {
    let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let token = read.and_then(|text| token_of(text.trim()));
    let token = token.and_then(|token| match token.lifetime_ms > millis(now) {
        true => Ok(token),
        false => Err("it has expired".to_owned()),
    });
    token.map_err(|reason| format!("the access token in {}: {reason}", file.display()))
}

#[derive(serde::Deserialize)]
struct Claims {
    /// Seconds since 1970 at which the token expires.
    exp: f64,
    sub: Option<String>,
}

/// A JWT with the name and the expiry that it claims. The broker checks the signature, not we.
fn token_of(token: &str) -> Result<OAuthToken, String> {
    let claims = token.split('.').nth(1).and_then(decode_base64);
    let claims = claims.ok_or("it is not a JWT")?;
    let claims: Claims =
        serde_json::from_slice(&claims).map_err(|error| format!("its claims: {error}"))?;
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

    /// {"alg":"none"} . {"sub":"weir","exp":1800000000}
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWlyIiwiZXhwIjoxODAwMDAwMDAwfQ.x";

    #[test]
    fn a_token_tells_its_owner_and_expiry() {
        let read = token_of(TOKEN).expect("a token");
        assert_eq!(read.principal_name, "weir");
        assert_eq!(read.lifetime_ms, 1_800_000_000_000);
        assert!(token_of("nonsense").is_err());
    }

    #[test]
    fn a_token_is_renewed_when_a_fifth_of_its_life_is_left() {
        let token = token_of(TOKEN).expect("a token");
        let at = |left: u64| UNIX_EPOCH + Duration::from_secs(1_800_000_000 - left);
        for (left, pause) in [(0, 1), (1, 1), (50, 40), (75, 60), (3600, 60)] {
            assert_eq!(wait(&token, at(left)), Duration::from_secs(pause), "{left}");
        }
        let expired = UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        assert_eq!(wait(&token, expired), RENEWAL_MIN);
    }

    #[test]
    fn what_is_no_token_is_told_with_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let said = |at: u64| {
            let read = read(&file, UNIX_EPOCH + Duration::from_secs(at));
            read.map(|token| token.principal_name)
        };
        assert!(said(0).is_err_and(|reason| reason.contains("No such file")));
        std::fs::write(&file, "nonsense").expect("written");
        assert!(said(0).is_err_and(|reason| reason.ends_with("it is not a JWT")));
        std::fs::write(&file, format!("{TOKEN}\n")).expect("written");
        assert_eq!(said(1_799_999_999), Ok("weir".to_owned()));
        let expired = said(1_800_000_000).expect_err("it has expired");
        assert!(expired.contains(&file.display().to_string()), "{expired}");
        assert!(expired.ends_with("it has expired"), "{expired}");
    }
}
