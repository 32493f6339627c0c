//! What a request says: who, with which id, and the checks of its fields. Finds everything wrong at once.

use bytes::Bytes;
use feel::json;
use node::Caller;
use prost_types::Timestamp;
use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic_types::FieldViolation;

use crate::convert;
use crate::fault;
use crate::position::Position;
use crate::reason;

/// The longest name of a user, group, action, process or variable, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 1_000;
/// The most names in a list.
pub(crate) const NAMES_MAX: usize = 1_000;
/// A comment's length in bytes; the machine has the same limit.
const COMMENT_BYTES_MAX: usize = 16 << 10;
/// 9999-12-31T23:59:59Z, the last second that a Timestamp may name.
const TIMESTAMP_SECONDS_MAX: i64 = 253_402_300_799;

/// What the metadata of a call says.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    user: String,
    groups: Vec<String>,
    request_id: String,
    traceparent: String,
    /// Names of what is not ASCII text.
    unreadable: Vec<&'static str>,
}

impl Metadata {
    pub fn of(map: &MetadataMap) -> Metadata {
        let mut unreadable = Vec::new();
        let mut text = |name: &'static str| match map.get(name).map(MetadataValue::to_str) {
            None => String::new(),
            Some(Ok(text)) => text.trim().to_owned(),
            Some(Err(_)) => {
                unreadable.push(name);
                String::new()
            }
        };
        let groups = text("weir-groups");
        let groups = groups
            .split(',')
            .map(str::trim)
            .filter(|group| !group.is_empty());
        let groups = groups.map(str::to_owned).collect();
        Metadata {
            user: text("weir-user"),
            groups,
            request_id: text("weir-request-id"),
            traceparent: text("traceparent"),
            unreadable,
        }
    }
}

/// Checks the fields of one request and keeps what is wrong.
#[derive(Debug)]
pub(crate) struct Check {
    metadata: Metadata,
    found: Vec<FieldViolation>,
}

impl Check {
    pub fn new(map: &MetadataMap) -> Check {
        let metadata = Metadata::of(map);
        let not_text = |name: &&str| {
            fault::violation(
                name,
                reason::FIELD_INVALID,
                "the metadata is not ASCII text",
            )
        };
        Check {
            found: metadata.unreadable.iter().map(not_text).collect(),
            metadata,
        }
    }

    pub fn wrong(&mut self, field: &str, reason: &str, description: impl AsRef<str>) {
        self.found
            .push(fault::violation(field, reason, description.as_ref()));
    }

    /// Everything was right, or the status that says what was not.
    pub fn done(self) -> Result<(), Status> {
        match self.found.is_empty() {
            true => Ok(()),
            false => Err(fault::invalid(self.found)),
        }
    }

    /// The user of the request, or else that of the metadata.
    pub fn user(&mut self, field: &str, given: String) -> String {
        let user = match given.trim().is_empty() {
            true => self.metadata.user.clone(),
            false => given,
        };
        if user.is_empty() {
            let help = "name the user here or in the metadata `weir-user`";
            self.wrong(field, reason::USER_MISSING, help);
        }
        self.name(field, &user);
        user
    }

    /// The groups of the request, or else those of the metadata.
    pub fn groups(&mut self, field: &str, given: Vec<String>) -> Vec<String> {
        let groups = match given.is_empty() {
            true => self.metadata.groups.clone(),
            false => given,
        };
        self.names(field, &groups);
        groups
    }

    /// On whose behalf the command is submitted.
    pub fn caller(&mut self, user: &str, request_id: &str) -> Caller {
        let given = match request_id.is_empty() {
            true => self.metadata.request_id.clone(),
            false => request_id.to_owned(),
        };
        let read = match given.as_str() {
            "" => Ok(None),
            given => node::parse_request_id(given).map(Some),
        };
        if let Err(wrong) = read {
            self.wrong("request_id", reason::FIELD_INVALID, wrong.to_string());
        }
        Caller {
            principal: user.to_owned(),
            request_id: read.unwrap_or_default(),
            traceparent: self.metadata.traceparent.clone(),
            ..Caller::default()
        }
    }

    /// A name that may be empty.
    pub fn name(&mut self, field: &str, name: &str) {
        if name.len() > NAME_BYTES_MAX {
            let description = format!("{} bytes, {NAME_BYTES_MAX} are allowed", name.len());
            self.wrong(field, reason::FIELD_INVALID, description);
        }
    }

    pub fn names(&mut self, field: &str, names: &[String]) {
        if names.len() > NAMES_MAX {
            let description = format!("{} names, {NAMES_MAX} are allowed", names.len());
            self.wrong(field, reason::FIELD_INVALID, description);
            return;
        }
        if names.iter().any(|name| name.trim().is_empty()) {
            self.wrong(field, reason::FIELD_INVALID, "a name is empty");
        }
        if let Some(long) = names.iter().find(|name| name.len() > NAME_BYTES_MAX) {
            self.name(field, long);
        }
    }

    /// Milliseconds since 1970.
    pub fn moment(&mut self, field: &str, timestamp: &Timestamp) -> i64 {
        let Timestamp { seconds, nanos } = *timestamp;
        let seconds_ok = (-TIMESTAMP_SECONDS_MAX..=TIMESTAMP_SECONDS_MAX).contains(&seconds);
        if !seconds_ok || !(0..1_000_000_000).contains(&nanos) {
            let description = format!("{seconds} s and {nanos} ns are no valid timestamp");
            self.wrong(field, reason::FIELD_INVALID, description);
            return 0;
        }
        convert::milliseconds(timestamp)
    }

    /// A task's date, or 0 for none.
    pub fn date(&mut self, field: &str, date: Option<&Timestamp>) -> i64 {
        let Some(date) = date else {
            return 0;
        };
        let before = self.found.len();
        let date_ms = self.moment(field, date);
        if date_ms <= 0 && self.found.len() == before {
            self.wrong(
                field,
                reason::FIELD_INVALID,
                "the date is not after 1970-01-01T00:00:00Z",
            );
        }
        date_ms
    }

    /// `None` for an empty text, or when it is wrong.
    pub fn position(&mut self, field: &str, text: &str, partitions: u32) -> Option<Position> {
        if text.is_empty() {
            return None;
        }
        Position::parse(text, partitions)
            .map_err(|wrong| self.wrong(field, reason::POSITION_INVALID, wrong))
            .ok()
    }

    pub fn priority(&mut self, field: &str, priority: Option<i32>) {
        if let Some(priority) = priority
            && !(0..=100).contains(&priority)
        {
            let description = format!("a priority is 0 to 100, not {priority}");
            self.wrong(field, reason::PRIORITY_INVALID, description);
        }
    }

    pub fn comment(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.wrong(field, reason::COMMENT_EMPTY, "the comment is empty");
        }
        if text.len() > COMMENT_BYTES_MAX {
            let description = format!("{} bytes, {COMMENT_BYTES_MAX} are allowed", text.len());
            self.wrong(field, reason::COMMENT_TOO_LONG, description);
        }
    }

    /// One normalized JSON value of at most `bytes_max`.
    pub fn value(&mut self, field: &str, text: &str, bytes_max: usize) -> String {
        let limits = json::Limits {
            bytes: bytes_max,
            ..json::Limits::default()
        };
        let normalized = json::normalize(text.as_bytes(), &limits).unwrap_or_else(|error| {
            self.wrong(field, reason::FIELD_INVALID, format!("not JSON: {error}"));
            Bytes::new()
        });
        // Normalized JSON is UTF-8.
        String::from_utf8_lossy(&normalized).into_owned()
    }

    /// Normalized variables.
    ///
    /// # Errors
    /// They are too large, which is no fault of a field.
    pub fn variables(
        &mut self,
        field: &str,
        text: &str,
        bytes_max: usize,
    ) -> Result<Bytes, Status> {
        if text.len() > bytes_max {
            let message = format!(
                "the variables take {} bytes, {bytes_max} are allowed",
                text.len()
            );
            let sizes = [("size", text.len()), ("limit", bytes_max)];
            return Err(fault::too_large(
                reason::VARIABLES_TOO_LARGE,
                message,
                sizes,
            ));
        }
        let limits = json::Limits {
            bytes: bytes_max,
            ..json::Limits::default()
        };
        Ok(
            json::normalize_object(text.as_bytes(), &limits).unwrap_or_else(|error| {
                self.wrong(field, reason::VARIABLES_INVALID, error.to_string());
                Bytes::new()
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_outside_its_range_is_wrong() {
        for (seconds, nanos, right) in [
            (1, 5_999_999, true),
            (1, -1, false),
            (i64::MAX, 0, false),
            (0, 1_000_000_000, false),
        ] {
            let mut check = Check::new(&MetadataMap::new());
            let read_ms = check.moment("at", &Timestamp { seconds, nanos });
            assert_eq!(check.done().is_ok(), right, "{seconds} {nanos}");
            assert!(!right || read_ms == 1_005);
        }
    }
}
