//! Definitions that were looked up before: they never change, so that a change of a task needs no second trip to the
//! partition's thread.

use std::sync::{Arc, PoisonError, RwLock};

use engine::Executable;
use node::Node;
use rustc_hash::FxHashMap;
use tonic::Status;

use crate::fault;

/// So many definitions are kept; then it begins anew.
const DEFINITIONS_MAX: usize = 1_000;

pub(crate) struct Catalog {
    node: Node,
    known: RwLock<FxHashMap<u64, Arc<Executable>>>,
}

impl Catalog {
    pub fn new(node: Node) -> Catalog {
        Catalog {
            node,
            known: RwLock::default(),
        }
    }

    pub async fn get(&self, definition: u64) -> Result<Option<Arc<Executable>>, Status> {
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&definition).cloned()
        };
        if known.is_some() {
            return Ok(known);
        }
        let found = self
            .node
            .first()
            .query(move |state| state.executable(definition).cloned())
            .await
            .map_err(fault::refused)?;
        if let Some(found) = &found {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= DEFINITIONS_MAX {
                known.clear();
            }
            known.insert(definition, Arc::clone(found));
        }
        Ok(found)
    }
}
