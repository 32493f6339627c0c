//! A node of the simulation: the real driver, with a shell that does one thing at a time.
//!
//! Owns what the shell of a node owns: a queue for the log, who waits for which answer, streams, one checkpoint under
//! way. It must not decide anything that the driver decides.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use engine::{Rejection, State};
use journal::{AppendError, CheckpointError, Journal, Record};
use node::driver::{Draft, Output, begin_term, encode};
use node::leadership::{Led, take_over};
use node::{Caller, PartitionMeasures};
use proto::record::{ActivatedJob, Answer, CloseStream, OpenStream, answer, command::Kind};

use super::tamper::Bug;
use super::{Check, Ended, Fate, PARTITION, World};

/// Queued commands that one append takes at most.
const APPEND_MAX: usize = 6;
/// Stream ids and correlations are unique: the leader's number stands above these bits.
const LEADER_BITS: u32 = 32;

/// What a client hears of its request, or of its stream.
#[derive(Debug, Clone)]
pub enum Notice {
    Answered {
        client: usize,
        serial: u64,
        offset: u64,
        result: Box<Result<Answer, Rejection>>,
    },
    /// It may have been applied, it may be applied yet.
    Unknown {
        client: usize,
        serial: u64,
    },
    /// It was not taken.
    Refused {
        client: usize,
        serial: u64,
    },
    Pushed {
        client: usize,
        stream_id: u64,
        offset: u64,
        job: Box<ActivatedJob>,
    },
    StreamLost {
        client: usize,
        stream_id: u64,
    },
}

impl Notice {
    pub fn client(&self) -> usize {
        match self {
            Notice::Answered { client, .. }
            | Notice::Unknown { client, .. }
            | Notice::Refused { client, .. }
            | Notice::Pushed { client, .. }
            | Notice::StreamLost { client, .. } => *client,
        }
    }
}

/// Who waits: client and serial number of the request.
type Ticket = (usize, u64);

pub struct Leader {
    number: u64,
    led: Led,
    /// Read and not applied yet.
    inbox: VecDeque<Record>,
    queue: VecDeque<(u64, Bytes)>,
    waiting: BTreeMap<u64, Ticket>,
    streams: BTreeMap<u64, usize>,
    draft: Option<Draft>,
    notices: Vec<Notice>,
    serving: bool,
    last_id: u64,
    bug: Option<Bug>,
}

impl Leader {
    /// Fences whoever leads, and restores.
    pub fn new(world: &mut World, number: u64) -> Ended<Leader> {
        let name = format!("leader {number}");
        world.ledger.tell(|| format!("{name} takes over"));
        let led = take_over(
            &world.journal,
            PARTITION,
            &name,
            world.limits,
            BTreeSet::new(),
            &PartitionMeasures::default(),
        )
        .map_err(|error| (Check::Restored, error.to_string()))?;
        world.reference.catch_up();
        let restored = led.driver.state().digest();
        let expected = world.reference.digest_before(led.lead.next_offset());
        if restored != expected && led.lead.next_offset() > 0 {
            let what = format!("restored {restored:?}, the log gives {expected:?}");
            return Err((Check::Restored, what));
        }
        Ok(Leader {
            number,
            led,
            inbox: VecDeque::new(),
            queue: VecDeque::new(),
            waiting: BTreeMap::new(),
            streams: BTreeMap::new(),
            draft: None,
            notices: Vec::new(),
            serving: false,
            last_id: 0,
            bug: world.plan.bug,
        })
    }

    pub fn name(&self) -> String {
        format!("leader {}", self.number)
    }

    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn is_serving(&self) -> bool {
        self.serving
    }

    pub fn state(&self) -> &State {
        self.led.driver.state()
    }

    pub fn next_offset(&self) -> u64 {
        self.led.driver.next_offset()
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.number << LEADER_BITS | self.last_id
    }

    /// Takes a request of a client. Streams get an id of this leader, and are known before their command.
    pub fn submit(&mut self, ticket: Ticket, request_id: [u8; 16], kind: Kind) {
        let correlation = self.id();
        self.waiting.insert(correlation, ticket);
        let is_stripped = self.bug == Some(Bug::ForgetsRequestIds);
        let caller = Caller {
            principal: format!("client {}", ticket.0),
            request_id: (!is_stripped).then_some(request_id),
            ..Caller::default()
        };
        self.queue
            .push_back((correlation, encode(&caller, correlation, kind)));
    }

    /// A stream for this client, which it then opens.
    pub fn register_stream(&mut self, client: usize, open: OpenStream) -> OpenStream {
        let stream_id = self.id();
        self.streams.insert(stream_id, client);
        OpenStream { stream_id, ..open }
    }

    pub fn forget_stream(&mut self, stream_id: u64) {
        self.streams.remove(&stream_id);
    }

    pub fn propose(&mut self, world: &mut World) -> Ended<Fate> {
        if !self.serving {
            return Ok(Fate::Idle);
        }
        let mut proposals = self.led.driver.propose(world.memory.now_ms());
        if self.bug == Some(Bug::NeverTicks) {
            proposals.retain(|kind| !matches!(kind, Kind::Tick(_)));
        }
        let fate = if proposals.is_empty() {
            Fate::Idle
        } else {
            Fate::GoesOn
        };
        let proposals = proposals.into_iter();
        self.queue
            .extend(proposals.map(|kind| (0, encode(&Caller::default(), 0, kind))));
        Ok(fate)
    }

    pub fn append(&mut self, world: &mut World) -> Ended<Fate> {
        let batch = if self.serving {
            let number = world.random.usize(1..=APPEND_MAX).min(self.queue.len());
            self.queue.drain(..number).collect::<Vec<_>>()
        } else {
            // Again and again until it is seen: what comes twice is refused.
            vec![(0, begin_term(self.led.lead.term(), &self.name()))]
        };
        if batch.is_empty() {
            return Ok(Fate::Idle);
        }
        let commands = batch.iter().map(|(_, bytes)| bytes.clone());
        let commands = commands.collect::<Vec<_>>();
        let appended = world.journal.append(PARTITION.in_journal(), &commands);
        world
            .ledger
            .tell(|| format!("{} appends {}: {appended:?}", self.name(), batch.len()));
        match appended {
            Ok(()) => {}
            Err(AppendError::Unknown(_)) if self.bug == Some(Bug::AnswersTooEarly) => {
                self.answer_too_early(world, &batch);
            }
            Err(AppendError::Unknown(_)) => {
                self.drop_batch(&batch, |client, serial| Notice::Unknown { client, serial })
            }
            Err(AppendError::Full) => {
                self.drop_batch(&batch, |client, serial| Notice::Refused { client, serial })
            }
            Err(error) => return Err((Check::Finishes, error.to_string())),
        }
        Ok(Fate::GoesOn)
    }

    pub fn append_all(&mut self, world: &mut World) -> Ended<Fate> {
        while self.serving && !self.queue.is_empty() {
            self.append(world)?;
        }
        Ok(Fate::GoesOn)
    }

    fn drop_batch(&mut self, batch: &[(u64, Bytes)], notice: impl Fn(usize, u64) -> Notice) {
        self.led.driver.forget_proposals();
        for (correlation, _) in batch {
            if let Some((client, serial)) = self.waiting.remove(correlation) {
                self.notices.push(notice(client, serial));
            }
        }
    }

    /// The planted bug: says what would be answered, if only the command were in the log.
    fn answer_too_early(&mut self, world: &World, batch: &[(u64, Bytes)]) {
        let mut state = self.state().clone();
        for (correlation, bytes) in batch {
            let position = engine::Position {
                offset: self.next_offset(),
                timestamp_ms: world.memory.now_ms(),
            };
            let command = prost::Message::decode(bytes.clone()).unwrap_or_default();
            let outcome = engine::apply(&mut state, position, &command, &world.limits);
            let answer = outcome.map(|outcome| outcome.answer);
            if let Some((client, serial)) = self.waiting.remove(correlation)
                && let Ok(Some(answer)) = answer
            {
                let result = Box::new(Ok(answer));
                let offset = self.next_offset();
                self.notices.push(Notice::Answered {
                    client,
                    serial,
                    offset,
                    result,
                });
            }
        }
        self.led.driver.forget_proposals();
    }

    pub fn apply(&mut self, world: &mut World) -> Ended<Fate> {
        if self.inbox.is_empty() {
            match self.led.reader.next(std::time::Duration::ZERO) {
                Ok(records) => self.inbox.extend(records),
                Err(journal::Error::OutOfBounds { .. }) => {
                    return Ok(Fate::Resigns("left behind the log"));
                }
                Err(error) => return Err((Check::Finishes, error.to_string())),
            }
        }
        if self.inbox.is_empty() {
            return Ok(Fate::Idle);
        }
        world.reference.catch_up();
        // A crash may come between any two of them.
        let number = world.random.usize(1..=self.inbox.len());
        for record in self.inbox.drain(..number).collect::<Vec<_>>() {
            let mut outputs = Vec::new();
            let applied = self.led.driver.apply(&record, &mut outputs);
            applied.map_err(|halt| (Check::Replicas, format!("{halt:?}")))?;
            for output in outputs {
                world.reference.compare(&output)?;
                if let Some(fate) = self.heed(world, output)? {
                    return Ok(fate);
                }
            }
        }
        Ok(Fate::GoesOn)
    }

    fn heed(&mut self, world: &mut World, output: Output) -> Ended<Option<Fate>> {
        match output {
            // Somebody waits for the end of the instance.
            Output::Applied {
                result: Ok(None), ..
            } => {}
            Output::Applied {
                offset,
                correlation,
                result: Ok(Some(answer)),
            } => {
                self.answer(world, offset, correlation, Ok(answer));
            }
            Output::Applied {
                offset,
                correlation,
                result: Err(rejection),
            } => {
                self.answer(world, offset, correlation, Err(rejection));
            }
            Output::Late {
                offset,
                correlation,
                answer,
            } => {
                self.answer(world, offset, correlation, Ok(answer));
            }
            Output::PushJob {
                offset,
                stream_id,
                job,
            } => self.push(offset, stream_id, job),
            Output::TermBegun { term, .. } if term == self.led.lead.term() => self.serving = true,
            Output::TermBegun { term, .. } if term > self.led.lead.term() => {
                return Ok(Some(Fate::Resigns("sees a later term")));
            }
            Output::TermBegun { .. } | Output::JobsAvailable { .. } | Output::TaskChanged(_) => {}
            output @ (Output::Skipped { .. } | Output::Unreadable { .. }) => {
                return Err((Check::Replicas, format!("{output:?}")));
            }
        }
        Ok(None)
    }

    fn answer(
        &mut self,
        world: &mut World,
        offset: u64,
        correlation: u64,
        mut result: Result<Answer, Rejection>,
    ) {
        let Some((client, serial)) = self.waiting.remove(&correlation) else {
            return;
        };
        world.ledger.tell(|| {
            format!(
                "{} answers client {client} at {offset}: {result:?}",
                self.name()
            )
        });
        if self.bug == Some(Bug::ChangesAnswers)
            && world.random.bool()
            && let Ok(Answer {
                kind: Some(answer::Kind::InstanceStarted(started)),
            }) = &mut result
        {
            started.instance_key += 1;
        }
        let result = Box::new(result);
        self.notices.push(Notice::Answered {
            client,
            serial,
            offset,
            result,
        });
    }

    fn push(&mut self, offset: u64, stream_id: u64, job: Box<ActivatedJob>) {
        if let Some(&client) = self.streams.get(&stream_id) {
            self.notices.push(Notice::Pushed {
                client,
                stream_id,
                offset,
                job: job.clone(),
            });
            if self.bug != Some(Bug::PushesTwice) {
                return;
            }
            let others = self.streams.iter().filter(|(id, _)| **id != stream_id);
            let others = others.map(|(&stream_id, &client)| Notice::Pushed {
                client,
                stream_id,
                offset,
                job: job.clone(),
            });
            self.notices.extend(others.collect::<Vec<_>>());
            return;
        }
        if self.serving {
            // Opened by somebody who is gone. The request id makes it harmless twice.
            let close = CloseStream {
                stream_id,
                undelivered_jobs: vec![job.key],
            };
            let id = u128::from(self.id()) << 64 | 1;
            let caller = Caller {
                request_id: Some(id.to_be_bytes()),
                ..Caller::default()
            };
            self.queue
                .push_back((0, encode(&caller, 0, Kind::CloseStream(close))));
        }
    }

    /// Begins a checkpoint; one that found no space takes in what came since.
    pub fn draft(&mut self, world: &mut World) -> Ended<Fate> {
        if !self.serving || self.led.driver.applied() == 0 {
            return Ok(Fate::Idle);
        }
        let newer = self.led.driver.draft();
        match &mut self.draft {
            Some(draft) => draft.merge(newer),
            None => self.draft = Some(newer),
        }
        world.reference.catch_up();
        let (found, next_offset) = (self.state().digest(), self.next_offset());
        let expected = world.reference.digest_before(next_offset);
        if found != expected {
            let what = format!("below {next_offset}: {found:?}, the log gives {expected:?}");
            return Err((Check::Replicas, what));
        }
        Ok(Fate::GoesOn)
    }

    pub fn commit(&mut self, world: &mut World) -> Ended<Fate> {
        let Some(draft) = &self.draft else {
            return Ok(Fate::Idle);
        };
        let committed = draft.commit(&mut *self.led.lead);
        world.ledger.tell(|| {
            format!(
                "{} commits {}: {committed:?}",
                self.name(),
                draft.next_offset()
            )
        });
        match committed {
            Ok(refused) => {
                self.draft = None;
                self.led.driver.withhold(refused);
            }
            Err(CheckpointError::Full) => {}
            Err(CheckpointError::Fenced) => return Ok(Fate::Resigns("fenced")),
            Err(CheckpointError::Failed(_) | CheckpointError::Refused(_)) => {
                return Ok(Fate::Resigns("rebuilds"));
            }
        }
        Ok(Fate::GoesOn)
    }

    /// Everything in turn, when there are no faults.
    pub fn do_all(&mut self, world: &mut World) -> Ended<Fate> {
        let mut fate = Fate::Idle;
        for act in [
            Self::propose,
            Self::append,
            Self::apply,
            Self::draft,
            Self::commit,
        ] {
            match act(self, world)? {
                Fate::Idle => {}
                Fate::GoesOn => fate = Fate::GoesOn,
                Fate::Resigns(why) => return Ok(Fate::Resigns(why)),
            }
        }
        Ok(fate)
    }

    /// What its clients notice of its end.
    pub fn last_words(mut self) -> Vec<Notice> {
        let mut notices = self.take_notices();
        let waiting = self.waiting.into_values();
        notices.extend(waiting.map(|(client, serial)| Notice::Unknown { client, serial }));
        let streams = self.streams.into_iter();
        notices.extend(streams.map(|(stream_id, client)| Notice::StreamLost { client, stream_id }));
        notices
    }

    /// When time is to pass to, by the journal's time.
    pub fn tick_due_ms(&self) -> Option<i64> {
        self.led.driver.tick_due_ms()
    }
}
