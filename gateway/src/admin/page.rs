//! Pages: their sizes, and tokens that say where the next one begins.

use std::collections::BTreeSet;

use node::{Node, Partition};
use prost::Message;
use tonic::{Code, Status};

use super::{QUERIES_MAX, QUERY_ENTRIES_MAX};
use crate::status::with_reason;

const SIZE_DEFAULT: usize = 100;
const SIZE_MAX: usize = 1_000;

/// What a page may still hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    entries: usize,
    bytes: usize,
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
            entries,
            bytes: message_bytes_max / 2,
        }
    }

    pub fn entries(self) -> usize {
        self.entries
    }

    pub fn is_full(self) -> bool {
        self.entries == 0 || self.bytes == 0
    }

    pub fn take(&mut self, entry: &impl Message) {
        /// Tag and length in the message that holds it.
        const FRAME_BYTES: usize = 6;
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(entry.encoded_len() + FRAME_BYTES);
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

/// The partition that has the greatest keys below this one: a list goes from the last partition to the first.
pub(super) fn partition_below(node: &Node, below: u64) -> &Partition {
    let number = engine::partition_of(below.saturating_sub(1)) as usize;
    let partitions = node.partitions();
    &partitions[number.clamp(1, partitions.len()) - 1]
}

/// Where the list goes on: in the partition while there is more, then in the one before it.
pub(super) fn or_next_partition(partition: &Partition, next: Option<u64>) -> Option<u64> {
    let number = partition.id().number();
    next.or_else(|| (number > 1).then(|| engine::first_key_of(number)))
}

/// Entries of the state below a key, the newest first, until the room is full; looks at a bounded number. And the key
/// below which others may follow. `shown` gives an entry as it is shown, unless it is left out.
pub(super) fn newest<T: Message>(
    keys: &BTreeSet<u64>,
    below: u64,
    mut room: Room,
    mut shown: impl FnMut(u64) -> Option<T>,
) -> (Vec<T>, Option<u64>) {
    let mut found = Vec::new();
    let mut keys = keys.range(..below).rev();
    for key in keys.by_ref().take(QUERY_ENTRIES_MAX) {
        found.extend(shown(*key).inspect(|entry| room.take(entry)));
        if room.is_full() {
            return (found, Some(*key));
        }
    }
    // Where the scan has stopped without having seen all.
    let next = keys.next().map(|next| next.saturating_add(1));
    (found, next)
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

/// Where a page of instances begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Running ones below this key.
    Running { below: u64 },
    /// Ended ones before this end: milliseconds, key.
    Ended { before: Option<(i64, u64)> },
}

impl Cursor {
    pub fn parse(token: &str) -> Result<Cursor, Status> {
        if token == "e" {
            return Ok(Cursor::Ended { before: None });
        }
        let Some(ended) = token.strip_prefix('e') else {
            return below(token).map(|below| Cursor::Running { below });
        };
        let (ended_ms, key) = ended.split_once('.').ok_or_else(invalid)?;
        let before = ended_ms.parse().ok().zip(key.parse().ok());
        let before = Some(before.ok_or_else(invalid)?);
        Ok(Cursor::Ended { before })
    }

    pub fn token(self) -> String {
        match self {
            Cursor::Running { below } => format!("k{below}"),
            Cursor::Ended { before: None } => "e".to_owned(),
            Cursor::Ended {
                before: Some((ended_ms, key)),
            } => format!("e{ended_ms}.{key}"),
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
            Cursor::Running { below: 7 },
            Cursor::Ended { before: None },
            Cursor::Ended {
                before: Some((1_700_000_000_000, u64::MAX)),
            },
        ] {
            assert_eq!(Cursor::parse(&cursor.token()).ok(), Some(cursor));
        }
        assert_eq!(
            Cursor::parse("").ok(),
            Some(Cursor::Running { below: u64::MAX })
        );
        for token in ["x", "k", "k-1", "e1", "e1.", "e.1", "e1.2.3", "k1 ", "é"] {
            let refused = Cursor::parse(token).err().map(|status| status.code());
            assert_eq!(refused, Some(Code::InvalidArgument), "{token}");
        }
    }
}
