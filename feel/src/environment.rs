//! What an evaluation may see and what it may cost.
//!
//! Must stay free of clocks and randomness: equal environments give equal results.

use bytes::Bytes;

use crate::json;

/// Gives encoded values by name. Implementors walk their scopes, innermost first.
pub trait Variables {
    /// The normalized JSON value (see [`json::normalize`]) of the variable, or `None`.
    fn get(&self, name: &str) -> Option<&[u8]>;

    /// About how many bytes a look-up may have to read. It is charged to the budget, so that large
    /// variables cannot make a small expression slow; 0 charges nothing.
    fn bytes(&self) -> usize {
        0
    }
}

/// No variables.
impl Variables for () {
    fn get(&self, _name: &str) -> Option<&[u8]> {
        None
    }
}

/// The fields of one normalized object.
impl Variables for Bytes {
    fn get(&self, name: &str) -> Option<&[u8]> {
        json::get(self, name)
    }

    fn bytes(&self) -> usize {
        self.len()
    }
}

/// The fields of one normalized object.
impl Variables for Vec<u8> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        json::get(self, name)
    }

    fn bytes(&self) -> usize {
        self.len()
    }
}

/// The fields of one normalized object.
impl Variables for &[u8] {
    fn get(&self, name: &str) -> Option<&[u8]> {
        json::get(self, name)
    }

    fn bytes(&self) -> usize {
        self.len()
    }
}

/// The fields of one normalized object. Charges as if there was no index: with and without it, an evaluation takes the
/// same steps.
impl Variables for json::Indexed {
    fn get(&self, name: &str) -> Option<&[u8]> {
        <[u8]>::get(self.object(), self.find(name)?)
    }

    fn bytes(&self) -> usize {
        self.object().len()
    }
}

/// Everything an evaluation depends on.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The variables in scope.
    pub variables: &'a dyn Variables,
    /// What `now()` and `today()` say: milliseconds since 1970-01-01T00:00Z.
    pub now_ms: i64,
    /// The limits of this evaluation.
    pub budget: Budget,
    /// What `uuid()` and `random number()` are drawn from. Equal seeds give equal results: whoever
    /// evaluates gives each evaluation its own, such as a position in a log.
    pub seed: u128,
}

impl<'a> Environment<'a> {
    /// The default budget, and the instant as the seed.
    pub fn new(variables: &'a dyn Variables, now_ms: i64) -> Self {
        Environment {
            variables,
            now_ms,
            budget: Budget::default(),
            seed: now_ms.cast_unsigned().into(),
        }
    }
}

/// The limits of one evaluation; what goes beyond fails with [`crate::EvalErrorKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Evaluated nodes, visited list items, 64-byte blocks of text that is built or compared and of
    /// lists, blocks of variables that are read, and compiled regular expressions, together.
    pub steps: u32,
    /// Nested evaluations, function calls included. The default fits a 2 MiB stack in debug builds.
    pub depth: u16,
}

impl Default for Budget {
    /// 1 000 000 steps, depth 256.
    fn default() -> Self {
        Budget {
            steps: 1_000_000,
            depth: 256,
        }
    }
}
