//! The one-way switch that closes a journal, with the reason.
//!
//! After a failed fsync the kernel may have dropped the dirty pages and will report success the next time, so nothing
//! may be tried again: the first reason stays, for ever, and everybody is told it.

use std::sync::OnceLock;

#[derive(Default)]
pub(crate) struct Latch(OnceLock<String>);

impl Latch {
    /// Closes; the first reason wins.
    pub(crate) fn close(&self, reason: impl Into<String>) {
        // A second reason is a consequence of the first, so it is dropped on purpose.
        let _ = self.0.set(reason.into());
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
