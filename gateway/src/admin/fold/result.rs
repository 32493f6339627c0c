//! Which run wrote which variables.
//!
//! The machine writes what a job, task, message or script brings directly after the event that names the element, and
//! what output mappings give directly before the element's end.

use bytes::Bytes;

/// Writes of one command that nobody has claimed yet, at most.
const UNCLAIMED_MAX: usize = 100;

/// The writes of the command that is being folded.
#[derive(Default)]
pub(super) struct Results {
    author: Author,
    unclaimed: Vec<Bytes>,
}

/// Whose writes follow.
#[derive(Default, Clone, Copy)]
enum Author {
    #[default]
    Unknown,
    /// The element has just begun: what it writes into its own scope are inputs.
    Beginning(u64),
    Answering(u64),
}

impl Results {
    /// Something else than a write came.
    pub fn interrupt(&mut self) {
        self.author = Author::Unknown;
    }

    /// The element has begun; its script may write.
    pub fn begin(&mut self, element: u64) {
        self.author = Author::Beginning(element);
        self.unclaimed.clear();
    }

    /// Its worker, user or message has answered the element.
    pub fn answer(&mut self, element: u64) {
        self.author = Author::Answering(element);
    }

    /// Whose result a write is, if anybody's by now.
    pub fn written(&mut self, scope: u64, document: &Bytes) -> Option<u64> {
        match self.author {
            Author::Beginning(element) if scope == element => None,
            Author::Beginning(element) | Author::Answering(element) => Some(element),
            Author::Unknown => {
                if self.unclaimed.len() < UNCLAIMED_MAX {
                    self.unclaimed.push(document.clone());
                }
                None
            }
        }
    }

    /// What an element that ends here has written by its output mappings.
    pub fn claim(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.unclaimed)
    }

    /// What was written belongs to no element's end.
    pub fn forget(&mut self) {
        self.author = Author::Unknown;
        self.unclaimed.clear();
    }
}
