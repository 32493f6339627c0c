//! Decisions: which versions there are, what is made of their files, and how they are found.
//!
//! A file is compiled when it becomes known, and again after a restore, each version once.

use std::sync::Arc;

use proto::record::{Decision, DecisionRequirements, Resource};
use rustc_hash::FxHashMap;

use super::State;

/// A version, and the key of what has it.
type Version = (i32, u64);

/// What is derived from the entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decisions {
    /// Requirements → what their file became.
    compiled: FxHashMap<u64, Arc<dmn::Decisions>>,
    /// Id of requirements → the latest.
    requirements: FxHashMap<String, Version>,
    /// Id of a decision → the latest.
    latest: FxHashMap<String, Version>,
    /// Id of a decision → version tag → the latest that has it.
    tagged: FxHashMap<String, FxHashMap<String, Version>>,
    /// Requirements → id of a decision → its key.
    members: FxHashMap<u64, FxHashMap<String, u64>>,
}

impl Decisions {
    pub fn add(&mut self, decision: &Decision) {
        let (id, version) = (&decision.decision_id, (decision.version, decision.key));
        set(&mut self.latest, id, version);
        if !decision.version_tag.is_empty() {
            let tagged = self.tagged.entry(id.clone()).or_default();
            set(tagged, &decision.version_tag, version);
        }
        let members = self.members.entry(decision.requirements_key).or_default();
        members.insert(id.clone(), decision.key);
    }
}

/// Versions come in any order.
fn set(latest: &mut FxHashMap<String, Version>, id: &str, version: Version) {
    match latest.get_mut(id) {
        Some(present) => *present = version.max(*present),
        None => {
            latest.insert(id.to_owned(), version);
        }
    }
}

impl State {
    pub fn decision(&self, key: u64) -> Option<&Decision> {
        self.decisions.get(key)
    }

    pub fn decision_requirements(&self, key: u64) -> Option<&DecisionRequirements> {
        self.requirements.get(key)
    }

    /// The key of the latest version of a decision.
    pub fn latest_decision(&self, id: &str) -> Option<u64> {
        self.index.decisions.latest.get(id).map(|(_, key)| *key)
    }

    /// The key of the latest version of a decision that has a tag.
    pub(crate) fn tagged_decision(&self, id: &str, tag: &str) -> Option<u64> {
        let tagged = self.index.decisions.tagged.get(id)?;
        tagged.get(tag).map(|(_, key)| *key)
    }

    /// The key of a decision of these requirements.
    pub(crate) fn decision_of(&self, requirements: u64, id: &str) -> Option<u64> {
        let members = self.index.decisions.members.get(&requirements)?;
        members.get(id).copied()
    }

    pub(crate) fn latest_requirements(&self, id: &str) -> Option<&DecisionRequirements> {
        let (_, key) = self.index.decisions.requirements.get(id)?;
        self.requirements.get(*key)
    }

    pub(crate) fn compiled_decisions(&self, requirements: u64) -> Option<&Arc<dmn::Decisions>> {
        self.index.decisions.compiled.get(&requirements)
    }

    /// Makes requirements known, whose resource and those it imports are there.
    pub(super) fn index_requirements(&mut self, requirements: &DecisionRequirements) {
        let version = (requirements.version, requirements.key);
        let found = self.resources.get(requirements.key);
        let imported = requirements.imported.iter();
        let imported = imported.filter_map(|key| self.resources.get(*key));
        let compiled = found.and_then(|resource| compiled(resource, &imported.collect::<Vec<_>>()));
        let index = &mut self.index.decisions;
        set(
            &mut index.requirements,
            &requirements.requirements_id,
            version,
        );
        if let Some(compiled) = compiled {
            index.compiled.insert(requirements.key, Arc::new(compiled));
        }
    }

    pub(super) fn index_decisions(&mut self) {
        let requirements = self.requirements.in_order().cloned().collect::<Vec<_>>();
        for requirements in &requirements {
            self.index_requirements(requirements);
        }
        for decision in self.decisions.iter() {
            self.index.decisions.add(decision);
        }
    }
}

/// Deploying has proven that the files are good; the same bytes are good again.
fn compiled(resource: &Resource, imported: &[&Resource]) -> Option<dmn::Decisions> {
    let files = std::iter::once(&resource).chain(imported);
    let files = files.map(|resource| {
        let model = dmn::parse(&resource.name, &resource.content).model?;
        Some((model, dmn::decode(&resource.content).ok()?))
    });
    let files = files.collect::<Option<Vec<_>>>()?;
    let files = files.iter().map(|(model, text)| dmn::File { model, text });
    let files = files.collect::<Vec<_>>();
    let (file, others) = files.split_first()?;
    Some(dmn::compile(*file, others).decisions)
}
