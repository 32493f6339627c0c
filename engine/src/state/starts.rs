//! Start events that wait for something with a name: a message, a signal.

use std::collections::BTreeMap;

use proto::record::Definition;
use rustc_hash::FxHashMap;

use crate::executable::NodeIndex;

#[derive(Debug, Clone, Default)]
pub(crate) struct Starts {
    /// Name → process id → (definition, start node), of latest versions.
    by_name: FxHashMap<String, BTreeMap<String, (u64, NodeIndex)>>,
    /// Process id → the names that have it.
    names: FxHashMap<String, Vec<String>>,
}

impl Starts {
    /// Only the latest version of a process is started.
    pub fn set(&mut self, latest: &Definition, starts: &[(String, NodeIndex)]) {
        let process_id = &latest.process_id;
        for name in self.names.remove(process_id).unwrap_or_default() {
            if let Some(processes) = self.by_name.get_mut(&name) {
                processes.remove(process_id);
                if processes.is_empty() {
                    self.by_name.remove(&name);
                }
            }
        }
        for (name, node) in starts {
            let processes = self.by_name.entry(name.clone()).or_default();
            processes.insert(process_id.clone(), (latest.key, *node));
        }
        if !starts.is_empty() {
            let names = starts.iter().map(|(name, _)| name.clone());
            self.names.insert(process_id.clone(), names.collect());
        }
    }

    /// Process, definition, node.
    pub fn named(&self, name: &str) -> Vec<(String, u64, NodeIndex)> {
        let processes = self.by_name.get(name).into_iter().flatten();
        processes
            .map(|(process_id, (definition, node))| (process_id.clone(), *definition, *node))
            .collect()
    }
}
