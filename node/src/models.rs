//! Definitions that were looked up before: they never change, so that what shows a model needs no second trip to a
//! partition's thread, or to another node.

use std::sync::{Arc, PoisonError, RwLock};

use engine::{Executable, State};
use proto::record::{Definition, Resource};
use rustc_hash::FxHashMap;

use crate::error::SubmitError;
use crate::partition_client::PartitionClient;
use crate::query::Query;

/// So many definitions are kept; then it begins anew.
const DEFINITIONS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Models(RwLock<FxHashMap<u64, Arc<Executable>>>);

impl Models {
    /// The process of a definition, looked up at this partition; `None` when there is none.
    pub async fn get(
        &self,
        partition: &PartitionClient,
        definition: u64,
    ) -> Result<Option<Arc<Executable>>, SubmitError> {
        if let Some(known) = self.known(definition) {
            return Ok(Some(known));
        }
        let found = match partition.here() {
            Some(here) => {
                let executable = move |state: &State| state.executable(definition).cloned();
                here.query_at(executable).await?.0
            }
            None => {
                let (model, _) = partition.ask(ModelOf { definition }).await?;
                model.compiled().map(Arc::new)
            }
        };
        if let Some(found) = &found {
            self.keep(definition, Arc::clone(found));
        }
        Ok(found)
    }

    fn known(&self, definition: u64) -> Option<Arc<Executable>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&definition).cloned()
    }

    fn keep(&self, definition: u64, executable: Arc<Executable>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DEFINITIONS_MAX {
            known.clear();
        }
        known.insert(definition, executable);
    }
}

/// Asks for a definition and the resource that has its model.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ModelOf {
    #[prost(uint64, tag = "1")]
    definition: u64,
}

/// A definition with its resource; empty when there is none.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Model {
    #[prost(message, optional, tag = "1")]
    definition: Option<Definition>,
    #[prost(message, optional, tag = "2")]
    resource: Option<Resource>,
}

impl Model {
    fn compiled(&self) -> Option<Executable> {
        engine::executable_of(self.resource.as_ref()?, self.definition.as_ref()?)
    }
}

impl Query for ModelOf {
    type Answer = Model;
    const NAME: &'static str = "node.ModelOf";

    fn answer(self, state: &State) -> Model {
        let definition = state.definition(self.definition);
        let resource = definition.and_then(|found| state.resource(found.resource_key));
        Model {
            definition: definition.cloned(),
            resource: resource.cloned(),
        }
    }
}

/// Asks for nothing but the last offset that was applied.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Offset {}

impl Query for Offset {
    type Answer = ();
    const NAME: &'static str = "node.Offset";

    fn answer(self, _: &State) {}
}
