//! The logic of leading a partition: commands in, outputs and checkpoints out.
//!
//! Owns the state, what is not checkpointed yet, and which of its own commands are under way. It is deterministic: it
//! is fed with records and told the time; it must not know threads, clocks, journals or who waits for what. The shell
//! (`applier`) and the simulation drive the same code. Architecture, sections 4 and 5.
//!
//! How to drive it: [`Driver::restore`] from the entries of the last checkpoint, [`Driver::apply`] for each record from
//! its `next_offset` on, append what [`Driver::propose`] gives, commit what [`Driver::draft`] gives. After a [`Halt`]
//! the driver is worth nothing: restore another one.

mod about;
mod draft;
mod history;
mod loading;
mod outbound;
mod outbox;
mod tasks;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use engine::{Effect, Limits, Outcome, Position, Rejection, State};
use journal::{DeadLetter, Record};
use prost::Message;
use proto::record::{
    ActivatedJob, Answer, BeginTerm, Command, Continue, RaiseSemantics, Tick, command::Kind,
};
use rustc_hash::FxHashSet;

pub use draft::Draft;
pub use history::{History, Story};
pub use loading::Loading;
pub use outbox::Sending;

use crate::config::Caller;
use crate::views::Definitions;
use crate::watch::TaskEvent;
use outbound::{Published, Refused};
use outbox::Outbox;

/// After a Tick that changed nothing although something is due: no other one for so long.
const TICK_PAUSE_MS: i64 = 1_000;

/// What became of the commands, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A command was applied or refused. `Ok(None)`: the answer comes later, as [`Output::Late`].
    Applied {
        offset: u64,
        correlation: u64,
        result: Result<Option<Answer>, Rejection>,
    },
    /// The late answer to an earlier command.
    Late {
        offset: u64,
        correlation: u64,
        answer: Answer,
    },
    /// A job was leased to a stream.
    PushJob {
        offset: u64,
        stream_id: u64,
        job: Box<ActivatedJob>,
    },
    /// Somebody who polls for this type would find a job.
    JobsAvailable {
        job_type: String,
    },
    TaskChanged(Box<TaskEvent>),
    /// A leadership began; the streams of earlier ones are closed.
    TermBegun {
        offset: u64,
        term: u64,
    },
    /// A command that makes the machine fail was passed over.
    Skipped {
        offset: u64,
        correlation: u64,
        /// That it is about, if it is about one.
        instance: Option<u64>,
    },
    /// A record that is no command was passed over: somebody else wrote into the log.
    Unreadable {
        offset: u64,
        reason: String,
    },
}

/// Why nothing more can be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The machine failed. Restore, and skip this offset.
    Panicked { offset: u64, message: String },
    /// Written by a newer build: stop following.
    NewerSemantics { offset: u64, found: u32 },
}

/// The logic of one partition. See the module.
#[derive(Debug)]
pub struct Driver {
    state: State,
    limits: Limits,
    next_offset: u64,
    skipped: BTreeSet<u64>,
    history: History,
    /// Commands since the last draft, and whether one of them changed anything.
    applied: u64,
    applied_bytes: u64,
    changed: bool,
    ticking: bool,
    /// The behaviour that all nodes know, and whether the state is being raised to it.
    agreed: u32,
    raising: bool,
    tick_not_before_ms: i64,
    /// Numbers of the continuations that were proposed.
    continuing: FxHashSet<u64>,
    outbox: Outbox,
    /// For the next draft.
    published: Vec<Published>,
    refused: Refused,
    /// Records that were passed over, for the next draft.
    dead_letters: Vec<DeadLetter>,
    /// What the views take names from; `None`: there are no views.
    definitions: Option<Arc<Definitions>>,
}

impl Driver {
    /// From now on checkpoints bring the public views up to date.
    pub fn publish_views(&mut self) {
        self.definitions.get_or_insert_default();
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The last offset applied + 1.
    pub fn next_offset(&self) -> u64 {
        self.next_offset
    }

    /// Commands since the last [`Driver::draft`].
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// How long these commands are together.
    pub fn applied_bytes(&self) -> u64 {
        self.applied_bytes
    }

    /// Whether a command since the last [`Driver::draft`] changed anything.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The history since the last [`Driver::draft`].
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Applies the next record; what came of it is added to the outputs.
    ///
    /// # Errors
    /// The record was not applied; see [`Halt`].
    pub fn apply(&mut self, record: &Record, outputs: &mut Vec<Output>) -> Result<(), Halt> {
        let offset = record.offset;
        // A copy: else a value that stays in the state would keep the whole batch of the log in memory.
        let bytes = Bytes::copy_from_slice(&record.command);
        match Command::decode(bytes) {
            Err(error) => {
                let reason = error.to_string();
                self.pass_over(record, format!("it is no command: {reason}"));
                outputs.push(Output::Unreadable { offset, reason });
            }
            Ok(command) if command.semantics > self.limits.semantics => {
                let found = command.semantics;
                return Err(Halt::NewerSemantics { offset, found });
            }
            Ok(command) if self.skipped.contains(&offset) => {
                self.pass_over(record, "the machine failed on it".to_owned());
                outputs.push(Output::Skipped {
                    offset,
                    correlation: command.correlation,
                    instance: about::instance(&self.state, &command),
                });
            }
            Ok(command) => self.command(record, &command, outputs)?,
        }
        self.next_offset = offset + 1;
        self.applied += 1;
        self.applied_bytes += record.command.len() as u64;
        Ok(())
    }

    /// What cannot be applied is kept for people, and the log goes on.
    fn pass_over(&mut self, record: &Record, reason: String) {
        self.changed = true;
        self.dead_letters.push(DeadLetter {
            topic: None,
            partition: self.partition_in_journal(),
            offset: record.offset,
            record: record.command.clone(),
            reason,
        });
    }

    fn partition_in_journal(&self) -> u32 {
        self.state.partition().saturating_sub(1)
    }

    fn command(
        &mut self,
        record: &Record,
        command: &Command,
        outputs: &mut Vec<Output>,
    ) -> Result<(), Halt> {
        let (offset, term) = (record.offset, self.state.term());
        let applied = self.guarded(record, command)?;
        let changed = applied
            .as_ref()
            .is_ok_and(|outcome| !outcome.events.is_empty());
        self.settle(command, record.timestamp_ms, changed);
        match applied {
            Err(rejection) => outputs.push(Output::Applied {
                offset,
                correlation: command.correlation,
                result: Err(rejection),
            }),
            Ok(outcome) => {
                self.changed |= changed;
                self.record(offset, &command.principal, outcome, command, outputs);
            }
        }
        if self.state.term() != term {
            let term = self.state.term();
            outputs.push(Output::TermBegun { offset, term });
        }
        Ok(())
    }

    /// A panic must not take the node along, nor leave a half-changed state in use.
    fn guarded(
        &mut self,
        record: &Record,
        command: &Command,
    ) -> Result<Result<Outcome, Rejection>, Halt> {
        let position = Position {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
        };
        let (state, limits) = (&mut self.state, &self.limits);
        let applying = AssertUnwindSafe(|| {
            #[cfg(any(test, feature = "fail-points"))]
            assert!(command.principal != PLANTED, "a planted panic");
            engine::apply(state, position, command, limits)
        });
        catch_unwind(applying).map_err(|panic| Halt::Panicked {
            offset: record.offset,
            message: panic_message(&*panic),
        })
    }

    /// The driver's own commands are under way until they come back.
    fn settle(&mut self, command: &Command, timestamp_ms: i64, changed: bool) {
        match &command.kind {
            Some(Kind::Tick(_)) => {
                self.ticking = false;
                let is_due = |due_ms| due_ms <= timestamp_ms;
                if !changed && self.state.next_due_ms().is_some_and(is_due) {
                    self.tick_not_before_ms = timestamp_ms.saturating_add(TICK_PAUSE_MS);
                }
            }
            Some(Kind::Continue(work)) => {
                self.continuing.remove(&work.number);
            }
            Some(Kind::SendsDelivered(delivered)) => self.outbox.delivered(delivered.target),
            Some(Kind::ParkRecord(park)) => self.refused.came(park),
            Some(Kind::RaiseSemantics(_)) => self.raising = false,
            Some(_) | None => {}
        }
    }

    fn record(
        &mut self,
        offset: u64,
        principal: &str,
        outcome: Outcome,
        command: &Command,
        outputs: &mut Vec<Output>,
    ) {
        let now_ms = self.state.now_ms();
        let tasks = self.task_events(offset, now_ms, &outcome);
        for effect in outcome.effects {
            outputs.extend(self.output(offset, effect));
        }
        outputs.extend(tasks);
        outputs.push(Output::Applied {
            offset,
            correlation: command.correlation,
            result: Ok(outcome.answer),
        });
        for event in outcome.events {
            if let Some(ended) = history::ended(&self.state, now_ms, &event) {
                self.history.end(ended);
            }
            self.follow_records(offset, command, &event);
            self.history.add(offset, now_ms, principal, event);
        }
    }

    fn output(&mut self, offset: u64, effect: Effect) -> Option<Output> {
        match effect {
            Effect::Answer {
                correlation,
                request_id: _,
                answer,
            } => Some(Output::Late {
                offset,
                correlation,
                answer: *answer,
            }),
            Effect::PushJob { stream_id, job } => Some(Output::PushJob {
                offset,
                stream_id,
                job,
            }),
            Effect::JobsAvailable { job_type } => Some(Output::JobsAvailable { job_type }),
            Effect::SendQueued { target: _ } => {
                self.outbox.queued();
                None
            }
            // All of a command together, see `task_events`.
            Effect::TaskChanged { task: _ } => None,
        }
    }

    /// All nodes know this behaviour: the state may be raised to it.
    pub fn agree_on(&mut self, semantics: u32) {
        self.agreed = semantics;
    }

    /// The commands that are to be appended now: a Tick when something is due by the journal's time, what goes on with
    /// instances that used up their steps, and what raises the state to a newer behaviour. Each is proposed once until it comes back, or until
    /// [`Driver::forget_proposals`].
    pub fn propose(&mut self, now_ms: i64) -> Vec<Kind> {
        let mut proposals = Vec::new();
        if !self.ticking && self.tick_due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
            self.ticking = true;
            proposals.push(Kind::Tick(Tick {}));
        }
        for (instance_key, number) in self.state.continuations() {
            if self.continuing.insert(number) {
                proposals.push(Kind::Continue(Continue {
                    instance_key,
                    number,
                }));
            }
        }
        proposals.extend(self.refused.propose());
        if !self.raising && self.agreed > self.state.semantics() {
            self.raising = true;
            proposals.push(Kind::RaiseSemantics(RaiseSemantics {
                semantics: self.agreed,
            }));
        }
        proposals
    }

    /// The sends that are to be appended to the logs of other partitions now. Each is given once until it was
    /// delivered, or until [`Driver::forget_sends`].
    pub fn sends(&mut self) -> Vec<Sending> {
        self.outbox.take(&self.state)
    }

    /// What was sent may not have come into the other logs: sends it again. Twice does no harm.
    pub fn forget_sends(&mut self) {
        self.outbox.forget();
    }

    /// When the next Tick is to be proposed, by the journal's time; `None` while one is under way.
    pub fn tick_due_ms(&self) -> Option<i64> {
        let due_ms = self.state.next_due_ms()?;
        (!self.ticking).then_some(due_ms.max(self.tick_not_before_ms))
    }

    /// What was proposed may not have come into the log: proposes it again. Twice does no harm.
    pub fn forget_proposals(&mut self) {
        self.ticking = false;
        self.raising = false;
        self.continuing.clear();
        self.refused.forget_proposals();
        // That something was delivered is proposed, too.
        self.outbox.forget();
    }

    /// Takes everything that the next checkpoint is to write. Whoever takes it must commit it, merge it into the next
    /// one, or restore.
    pub fn draft(&mut self) -> Draft {
        self.changed = false;
        let last = self.next_offset.saturating_sub(1);
        Draft {
            next_offset: self.next_offset,
            commands: std::mem::take(&mut self.applied),
            bytes: std::mem::take(&mut self.applied_bytes),
            changes: self.state.drain_changes(last),
            history: std::mem::take(&mut self.history),
            partition: self.partition_in_journal(),
            published: std::mem::take(&mut self.published),
            refused: self.refused.draft(),
            dead_letters: std::mem::take(&mut self.dead_letters),
            definitions: self.definitions(),
        }
    }

    /// All definitions, taken anew when there are others than last time.
    pub(crate) fn definitions(&mut self) -> Option<Arc<Definitions>> {
        let known = self.definitions.as_mut()?;
        let keys = self.state.definition_keys();
        if known.len() != keys.len() {
            let definition = |key: &u64| Some((*key, Arc::clone(self.state.executable(*key)?)));
            *known = Arc::new(keys.iter().filter_map(definition).collect());
        }
        Some(Arc::clone(known))
    }
}

/// An encoded command, ready to be appended. `correlation` comes back in [`Output::Applied`]; 0 is nobody's.
pub fn encode(caller: &Caller, correlation: u64, kind: Kind) -> Bytes {
    let request_id = caller.request_id.as_ref();
    let command = Command {
        request_id: request_id.map_or_else(Bytes::new, |id| Bytes::copy_from_slice(id)),
        principal: caller.principal.clone(),
        tenant: caller.tenant.clone(),
        traceparent: caller.traceparent.clone(),
        semantics: engine::semantics_of(&kind),
        correlation,
        kind: Some(kind),
    };
    Bytes::from(command.encode_to_vec())
}

/// The first command of a leadership.
pub fn begin_term(term: u64, leader: &str) -> Bytes {
    let begin = BeginTerm {
        term,
        leader: leader.to_owned(),
    };
    encode(&Caller::default(), 0, Kind::BeginTerm(begin))
}

/// A command of this principal makes the machine fail, in tests.
#[cfg(any(test, feature = "fail-points"))]
pub const PLANTED: &str = "planted panic";

pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
