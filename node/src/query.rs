//! Questions to the state of a partition, as data: asked here or of another node.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::State;
use prost::Message;

use crate::models::{ModelOf, Offset};

/// A question to a partition. It is asked on the partition's thread: keep it short.
pub trait Query: Message + Default + 'static {
    /// What it gives.
    type Answer: Message + Default + 'static;
    /// Unique among all queries; it goes between nodes, so it never changes its meaning.
    const NAME: &'static str;

    /// The answer, from the state as it is.
    fn answer(self, state: &State) -> Self::Answer;
}

type Asked = Box<dyn FnOnce(&State) -> Bytes + Send>;
type Decode = fn(Bytes) -> Result<Asked, prost::DecodeError>;

/// All queries that other nodes may ask, by name.
#[derive(Clone)]
pub struct Queries(Arc<HashMap<&'static str, Decode>>);

impl Default for Queries {
    /// Those of the node itself.
    fn default() -> Queries {
        Queries(Arc::default()).with::<ModelOf>().with::<Offset>()
    }
}

impl Queries {
    /// With one more.
    #[must_use]
    pub fn with<Q: Query>(self) -> Queries {
        let mut queries = Arc::unwrap_or_clone(self.0);
        queries.insert(Q::NAME, decode::<Q>);
        Queries(Arc::new(queries))
    }

    pub(crate) fn decode(&self, name: &str, question: Bytes) -> Result<Asked, String> {
        let decode = self
            .0
            .get(name)
            .ok_or_else(|| format!("this node does not know the query {name}"))?;
        decode(question).map_err(|error| format!("the query {name} cannot be read: {error}"))
    }
}

fn decode<Q: Query>(question: Bytes) -> Result<Asked, prost::DecodeError> {
    let question = Q::decode(question)?;
    Ok(Box::new(move |state| {
        Bytes::from(question.answer(state).encode_to_vec())
    }))
}
