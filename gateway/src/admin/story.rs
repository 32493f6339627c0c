//! What happened, as people read it: one line for each event that means something to them.

use std::collections::VecDeque;

use proto::admin::StoryEvent;
use proto::admin::story_event::Type;
use proto::record::HistoryBatch;

use super::run::Runs;

/// Events that an answer holds at most: the last ones.
const EVENTS_MAX: usize = 5_000;

/// The command that caused an event.
#[derive(Clone, Copy)]
pub(super) struct Cause<'b> {
    pub at_ms: i64,
    pub offset: u64,
    pub principal: &'b str,
}

impl<'b> Cause<'b> {
    pub fn of(batch: &'b HistoryBatch) -> Cause<'b> {
        Cause {
            at_ms: batch.at_ms,
            offset: batch.offset,
            principal: &batch.principal,
        }
    }

    /// An event of this cause in an element; 0 for none.
    pub fn event(self, kind: Type, runs: &Runs<'_>, element_key: u64) -> StoryEvent {
        let run = runs.get(element_key);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        StoryEvent {
            r#type: kind.into(),
            at_ms: self.at_ms,
            offset: self.offset,
            principal: self.principal.to_owned(),
            element_key,
            element_id: text(run.map(|run| &run.element_id)),
            element_name: text(run.map(|run| &run.name)),
            element_tag: text(run.map(|run| &run.tag)),
            ..StoryEvent::default()
        }
    }
}

/// The events so far.
#[derive(Default)]
pub(super) struct Story {
    events: VecDeque<StoryEvent>,
    /// The first ones were left out.
    pub is_truncated: bool,
}

impl Story {
    pub fn push(&mut self, event: StoryEvent) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
            self.is_truncated = true;
        }
        self.events.push_back(event);
    }

    pub fn into_vec(self) -> Vec<StoryEvent> {
        self.events.into()
    }
}
