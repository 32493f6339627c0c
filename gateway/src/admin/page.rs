//! Pages: their sizes, and tokens that say where the next one begins.

use std::collections::BTreeSet;

use node::{Node, Query};
use prost::Message;
use tonic::{Code, Status};

use super::{QUERIES_MAX, QUERY_ENTRIES_MAX, failed};
use crate::status::with_reason;

const SIZE_DEFAULT: usize = 100;
const SIZE_MAX: usize = 1_000;

/// What a page may still hold.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Room {
    #[prost(uint64, tag = "1")]
    entries: u64,
    #[prost(uint64, tag = "2")]
    bytes: u64,
}

impl Room {
    /// Of a page of so many entries, 0 for the usual number, in messages of at most `message_bytes_max`. A page ends
    /// at half of that, since the last entry counts after it was taken.
    pub fn new(asked: u32, message_bytes_max: usize) -> Room {
        let entries = match asked {
            0 => SIZE_DEFAULT,
            asked => (asked as usize).min(SIZE_MAX),
        };
        Room {
            entries: entries as u64,
            bytes: message_bytes_max as u64 / 2,
        }
    }

    pub fn entries(self) -> usize {
        self.entries as usize
    }

    pub fn is_full(self) -> bool {
        self.entries == 0 || self.bytes == 0
    }

    pub fn take(&mut self, entry: &impl Message) {
        /// Tag and length in the message that holds it.
        const FRAME_BYTES: usize = 6;
        self.entries = self.entries.saturating_sub(1);
        let length = entry.encoded_len() + FRAME_BYTES;
        self.bytes = self.bytes.saturating_sub(length as u64);
    }

    /// Takes the first entries until it is full; how many.
    pub fn take_some(&mut self, entries: &[impl Message]) -> usize {
        let mut taken = 0;
        for entry in entries {
            if self.is_full() {
                break;
            }
            self.take(entry);
            taken += 1;
        }
        taken
    }
}

/// A place in the order by creation, and where a page of it begins: before that. In a partition this is the order of
/// the keys, since its time and its keys only grow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Message)]
pub(super) struct Place {
    #[prost(sint64, tag = "1")]
    pub at_ms: i64,
    #[prost(uint64, tag = "2")]
    pub key: u64,
}

impl Place {
    pub fn new(at_ms: i64, key: u64) -> Place {
        Place { at_ms, key }
    }
}

/// Where a page of a list by key begins: below this key.
pub(super) fn below(token: &str) -> Result<u64, Status> {
    match token {
        "" => Ok(u64::MAX),
        token => token
            .strip_prefix('k')
            .and_then(|key| key.parse().ok())
            .ok_or_else(invalid),
    }
}

/// Where a page of a list by creation begins.
pub(super) fn before(token: &str) -> Result<Option<Place>, Status> {
    match token {
        "" => Ok(None),
        token => token.strip_prefix('c').ok_or_else(invalid).and_then(place),
    }
}

fn place(text: &str) -> Result<Option<Place>, Status> {
    let (at_ms, key) = text.split_once('.').ok_or_else(invalid)?;
    let place = at_ms.parse().ok().zip(key.parse().ok());
    let place = place.map(|(at_ms, key)| Place::new(at_ms, key));
    place.map(Some).ok_or_else(invalid)
}

/// Entries of the state below a key, the newest first, until the room is full; looks at a bounded number. And the last
/// key that was looked at when others may follow. `shown` gives an entry as it is shown, unless it is left out.
pub(super) fn newest<T: Message>(
    keys: &BTreeSet<u64>,
    below: u64,
    mut room: Room,
    mut shown: impl FnMut(u64) -> Option<T>,
) -> (Vec<T>, Option<u64>) {
    let mut found = Vec::new();
    let mut last = None;
    let mut keys = keys.range(..below).rev();
    for key in keys.by_ref().take(QUERY_ENTRIES_MAX) {
        last = Some(*key);
        found.extend(shown(*key).inspect(|entry| room.take(entry)));
        if room.is_full() {
            break;
        }
    }
    let has_more = keys.next().is_some();
    (found, last.filter(|_| has_more))
}

/// A partition's part of a list by creation: entries before a place, the newest first, and the place where it stopped
/// when others may follow.
pub(super) fn scan<T: Message>(
    keys: &BTreeSet<u64>,
    before: Option<Place>,
    room: Option<Room>,
    created_ms: impl Fn(u64) -> i64,
    shown: impl FnMut(u64) -> Option<T>,
) -> (Vec<T>, Option<Place>) {
    let below = key_before(keys, before, &created_ms);
    let (found, last) = newest(keys, below, room.unwrap_or_default(), shown);
    (found, last.map(|key| Place::new(created_ms(key), key)))
}

/// The key below which the entries before a place are.
fn key_before(keys: &BTreeSet<u64>, before: Option<Place>, created_ms: impl Fn(u64) -> i64) -> u64 {
    let is_behind =
        |before| node::first_key(keys, |key| Place::new(created_ms(key), key) >= before);
    before.and_then(is_behind).unwrap_or(u64::MAX)
}

/// Asks every partition for what it has before a place, and merges that, the newest first. Gives what fits into the
/// room, and the place before which others may follow: where the first partition had to stop.
pub(super) async fn newest_of_all<Q, T>(
    node: &Node,
    mut room: Room,
    question: Q,
    parts: impl Fn(Q::Answer) -> (Vec<T>, Option<Place>),
    place: impl Fn(&T) -> Place,
) -> Result<(Vec<T>, Option<Place>), Status>
where
    Q: Query + Clone,
    T: Message,
{
    let (mut all, mut stopped) = (Vec::new(), None);
    for partition in node.partitions() {
        let asked = partition.ask(question.clone()).await;
        let (answer, _) = asked.map_err(failed)?;
        let (found, last) = parts(answer);
        all.extend(found);
        stopped = stopped.max(last);
    }
    // Behind it some partition may have others that were not looked at.
    all.retain(|entry| stopped.is_none_or(|stopped| place(entry) >= stopped));
    all.sort_unstable_by_key(|entry| std::cmp::Reverse(place(entry)));
    let fitting = room.take_some(&all);
    if fitting < all.len() {
        all.truncate(fitting);
        stopped = all.last().map(&place);
    }
    Ok((all, stopped))
}

/// Takes steps from a place on until the page is full, nothing is left, or enough was asked. Gives the page, and where
/// the next one begins.
pub(super) async fn gather<T, P, F>(
    mut room: Room,
    from: P,
    mut step: impl FnMut(P, Room) -> F,
) -> Result<(Vec<T>, Option<P>), Status>
where
    T: Message,
    F: Future<Output = Result<(Vec<T>, Option<P>), Status>>,
{
    let (mut page, mut next) = (Vec::new(), Some(from));
    for _ in 0..QUERIES_MAX {
        if room.is_full() {
            break;
        }
        let Some(place) = next.take() else {
            break;
        };
        let (found, more) = step(place, room).await?;
        room.take_some(&found);
        page.extend(found);
        next = more;
    }
    Ok((page, next))
}

/// The token for what is below a key; empty when nothing is.
pub(super) fn after(last: Option<u64>) -> String {
    last.map_or_else(String::new, |key| format!("k{key}"))
}

/// The token for what is before a place in the order by creation; empty when nothing is.
pub(super) fn after_place(last: Option<Place>) -> String {
    last.map_or_else(String::new, |Place { at_ms, key }| {
        format!("c{at_ms}.{key}")
    })
}

/// Where a page of instances begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Running ones before this creation.
    Running { before: Option<Place> },
    /// Ended ones before this end.
    Ended { before: Option<Place> },
}

impl Cursor {
    pub fn parse(token: &str) -> Result<Cursor, Status> {
        match token.strip_prefix('e') {
            None => before(token).map(|before| Cursor::Running { before }),
            Some("") => Ok(Cursor::Ended { before: None }),
            Some(ended) => place(ended).map(|before| Cursor::Ended { before }),
        }
    }

    pub fn token(self) -> String {
        match self {
            Cursor::Running { before } => after_place(before),
            Cursor::Ended { before: None } => "e".to_owned(),
            Cursor::Ended {
                before: Some(Place { at_ms, key }),
            } => format!("e{at_ms}.{key}"),
        }
    }
}

fn invalid() -> Status {
    let message = "this page token was not made by this list";
    with_reason(Code::InvalidArgument, "PAGE_TOKEN_INVALID", message, [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_where_its_page_begins() {
        for cursor in [
            Cursor::Running { before: None },
            Cursor::Running {
                before: Some(Place::new(1_700_000_000_000, 7)),
            },
            Cursor::Ended { before: None },
            Cursor::Ended {
                before: Some(Place::new(1_700_000_000_000, u64::MAX)),
            },
        ] {
            assert_eq!(Cursor::parse(&cursor.token()).ok(), Some(cursor));
        }
        for token in [
            "x", "c", "k1", "c1", "c1.", "c.1", "c1.-1", "e1", "e1.", "e.1", "e1.2.3", "c1.1 ", "é",
        ] {
            let refused = Cursor::parse(token).err().map(|status| status.code());
            assert_eq!(refused, Some(Code::InvalidArgument), "{token}");
        }
    }
}
