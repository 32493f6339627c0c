//! Runs of elements, as a story tells them.

use std::collections::BTreeMap;

use engine::Executable;
use proto::admin::{ElementRun, ElementState};

use super::document;

/// Runs that an answer holds at most: the last ones.
pub(super) const RUNS_MAX: usize = 10_000;

/// The runs of one instance by key, which is the order in which they began.
pub(super) struct Runs<'a> {
    model: Option<&'a Executable>,
    runs: BTreeMap<u64, ElementRun>,
    /// Some that had ended were left out.
    pub is_truncated: bool,
}

impl<'a> Runs<'a> {
    pub fn new(model: Option<&'a Executable>) -> Runs<'a> {
        Runs {
            model,
            runs: BTreeMap::new(),
            is_truncated: false,
        }
    }

    /// A run begins. Known already: nothing changes.
    pub fn begin(&mut self, key: u64, node: u32, scope_key: u64, started_ms: i64) {
        if self.runs.len() >= 2 * RUNS_MAX {
            self.forget();
        }
        let element = self.model.and_then(|model| model.nodes.get(node as usize));
        let name = element.and_then(|element| element.name.as_deref());
        self.runs.entry(key).or_insert_with(|| ElementRun {
            key,
            element_id: element.map_or_else(String::new, |element| document::cut(&element.id)),
            name: document::cut(name.unwrap_or_default()),
            tag: element.map_or_else(String::new, |element| element.tag.to_owned()),
            scope_key,
            state: ElementState::Active.into(),
            started_ms,
            ..ElementRun::default()
        });
    }

    pub fn end(&mut self, key: u64, state: ElementState, ended_ms: i64) {
        self.change(key, |run| {
            run.set_state(state);
            run.ended_ms = ended_ms;
        });
    }

    pub fn change(&mut self, key: u64, change: impl FnOnce(&mut ElementRun)) {
        if let Some(run) = self.runs.get_mut(&key) {
            change(run);
        }
    }

    /// What the run wrote.
    pub fn add_result(&mut self, key: u64, written: &[u8]) {
        self.change(key, |run| document::add(&mut run.result, written));
    }

    pub fn get(&self, key: u64) -> Option<&ElementRun> {
        self.runs.get(&key)
    }

    /// Leaves out all but the last and the active ones.
    fn forget(&mut self) {
        let kept = self.runs.keys().rev().nth(RUNS_MAX).copied();
        let oldest_kept = kept.unwrap_or(0);
        self.runs
            .retain(|key, run| *key > oldest_kept || run.state() == ElementState::Active);
        self.is_truncated = true;
    }

    pub fn into_vec(mut self) -> (Vec<ElementRun>, bool) {
        if self.runs.len() > RUNS_MAX {
            self.forget();
        }
        (self.runs.into_values().collect(), self.is_truncated)
    }
}
