//! One command being applied: what it emitted, and the steps that are left to take.
//!
//! Control flow is this bounded queue, never recursion. A command that uses up its steps leaves a
//! continuation in the state.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use feel::{Environment, Variables};
use prost::Message;
use proto::record::{
    ActivateElement, CompleteElement, Continuation, ContinuationSaved, ContinuationTaken,
    ContinueInstance, ElementInstance, Event, FireTrigger, Incident, IncidentRaised, Instance,
    ThrowError, Work, event, incident, work,
};

use crate::command::signals;
use crate::effect::{Effect, Outcome};
use crate::executable::{Executable, Node, NodeIndex};
use crate::flow;
use crate::state::instance::Elements;
use crate::state::{COUNTER_BITS, State};
use crate::{Position, element, seed};

/// What one command may cost, and what an instance may hold.
///
/// These numbers decide what a command gives, so that they belong to the semantics of a build: a log
/// replayed with others gives another state. Nothing but a test departs from the default.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Elements entered, activated or completed by one command.
    pub steps: u32,
    /// Continuations of an instance in a row before it gets an incident.
    pub continuations: u32,
    /// Timers, leases and messages that one Tick handles.
    pub due_per_tick: u32,
    /// The encoded variables of one scope, in bytes.
    pub variables_bytes: usize,
    /// Steps of all FEEL expressions that one command evaluates. Less than half of them left: the
    /// command takes no more steps.
    pub feel_steps: u32,
    /// Key, value and headers of a record that an element publishes, in bytes.
    pub record_bytes: usize,
    /// Element instances of a process instance, and its tokens on flows, together.
    pub elements: usize,
    /// The newest behaviour that the build knows, see [`crate::SEMANTICS`].
    pub semantics: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            steps: 10_000,
            continuations: 10,
            due_per_tick: 1_000,
            variables_bytes: 4 << 20,
            feel_steps: 10_000_000,
            record_bytes: 1 << 20,
            elements: 10_000,
            semantics: crate::SEMANTICS,
        }
    }
}

/// The process is stuck: becomes an incident.
#[derive(Debug, Clone)]
pub(crate) struct Stuck {
    pub kind: incident::Type,
    pub message: String,
}

impl Stuck {
    pub fn new(kind: incident::Type, message: impl Into<String>) -> Stuck {
        Stuck {
            kind,
            message: message.into(),
        }
    }
}

pub(crate) struct Step<'s> {
    pub state: &'s mut State,
    pub limits: Limits,
    pub effects: Vec<Effect>,
    position: Position,
    events: Vec<Event>,
    queue: VecDeque<work::Kind>,
    steps_left: u32,
    /// Evaluations only look, but what they cost is counted.
    feel_left: Cell<u32>,
    /// Evaluations so far: each has chance of its own.
    evaluations: Cell<u64>,
    next_counter: u64,
    /// Instances that moved and have inclusive joins to look at once all is quiet.
    joining: BTreeSet<u64>,
    /// Of the continuation that is being worked on; 0 otherwise.
    pub consecutive: u32,
}

/// An element instance and what it runs.
#[derive(Clone)]
pub(crate) struct At {
    pub instance: u64,
    pub element: u64,
    /// The scope the element runs in; 0 for the process.
    pub scope: u64,
    pub index: NodeIndex,
    pub executable: Arc<Executable>,
}

impl At {
    pub fn node(&self) -> &Node {
        self.executable.node(self.index)
    }
}

impl<'s> Step<'s> {
    pub fn new(state: &'s mut State, position: Position, limits: Limits) -> Step<'s> {
        Step {
            next_counter: state.meta.next_counter,
            state,
            limits,
            effects: Vec::new(),
            position,
            events: Vec::with_capacity(16),
            queue: VecDeque::new(),
            steps_left: limits.steps,
            feel_left: Cell::new(limits.feel_steps),
            evaluations: Cell::new(0),
            joining: BTreeSet::new(),
            consecutive: 0,
        }
    }

    pub fn finish(self, answer: Option<proto::record::Answer>) -> Outcome {
        Outcome {
            events: self.events,
            effects: self.effects,
            answer,
        }
    }

    /// The one way to change anything.
    pub fn emit(&mut self, fact: event::Kind) {
        let event = Event { kind: Some(fact) };
        self.state.evolve(self.position, &event);
        self.events.push(event);
    }

    pub fn queue(&mut self, work: work::Kind) {
        self.queue.push_back(work);
    }

    /// The machine's time.
    pub fn now_ms(&self) -> i64 {
        self.state.now_ms().max(self.position.timestamp_ms)
    }

    pub fn next_key(&mut self) -> u64 {
        self.next_counter = self.next_counter.max(self.state.meta.next_counter);
        let counter = self.next_counter;
        self.next_counter += 1;
        u64::from(self.state.partition()) << COUNTER_BITS | counter
    }

    /// `None` when the element is gone.
    pub fn at(&self, instance: u64, element: u64) -> Option<At> {
        let found = self.state.instance(instance)?;
        let ElementInstance { node, scope, .. } = found.element(element)?;
        let executable = self.state.executable(found.definition_key)?;
        Some(At {
            instance,
            element,
            scope: *scope,
            index: *node,
            executable: executable.clone(),
        })
    }

    pub fn instance(&self, at: &At) -> Option<&Instance> {
        self.state.instance(at.instance)
    }

    pub fn element(&self, at: &At) -> Option<&ElementInstance> {
        self.instance(at)?.element(at.element)
    }

    /// Whether the command may take no more steps.
    pub fn is_spent(&self) -> bool {
        self.steps_left == 0 || self.feel_left.get() < self.limits.feel_steps / 2
    }

    /// Evaluates with what is left of the command's FEEL steps.
    pub fn evaluating<T>(&self, evaluate: impl FnOnce(&mut u32) -> T) -> T {
        let mut left = self.feel_left.get();
        let result = evaluate(&mut left);
        self.feel_left.set(left);
        result
    }

    /// What the next evaluation sees. Chance is a function of the place in the log, and no two evaluations have the same.
    pub fn environment<'a>(&self, variables: &'a dyn Variables) -> Environment<'a> {
        let evaluation = self.evaluations.get() + 1;
        self.evaluations.set(evaluation);
        Environment {
            seed: seed::of(self.state.partition(), self.position, evaluation),
            ..Environment::new(variables, self.now_ms())
        }
    }

    /// Takes steps until all is quiet or the command's steps are used up.
    pub fn run(&mut self) {
        loop {
            while let Some(work) = self.queue.pop_front() {
                if self.is_spent() {
                    self.queue.push_front(work);
                    self.save_continuations();
                    return;
                }
                self.steps_left -= 1;
                if self.is_crowded(&work) {
                    self.park(work);
                } else {
                    self.take(work);
                }
            }
            let Some(instance) = self.joining.pop_first() else {
                return;
            };
            // A join that goes on queues steps, which put the instance back on the list.
            element::inclusive_gateway::join(self, instance);
        }
    }

    fn take(&mut self, work: work::Kind) {
        let instance = instance_of(&work);
        self.watch_joins(instance);
        match work {
            work::Kind::Enter(enter) => flow::enter(self, &enter),
            work::Kind::Activate(ActivateElement { instance, element }) => {
                flow::activate(self, instance, element);
            }
            work::Kind::Complete(CompleteElement { instance, element }) => {
                flow::complete(self, instance, element);
            }
            work::Kind::ThrowError(thrown) => flow::error::throw(self, &thrown),
            work::Kind::Trigger(trigger) => flow::trigger::fire(self, &trigger),
            work::Kind::Continue(ContinueInstance { instance, number }) => {
                self.resume(instance, number);
            }
            work::Kind::Publish(record) => element::publication::again(self, *record),
            work::Kind::SpreadSignal(spread) => signals::spread(self, spread),
        }
    }

    fn watch_joins(&mut self, instance: u64) {
        let Some(found) = self.state.instance(instance) else {
            return;
        };
        if let Some(executable) = self.state.executable(found.definition_key)
            && !executable.inclusive_joins.is_empty()
        {
            self.joining.insert(instance);
        }
    }

    /// Takes up the steps that a continuation left. False when it is not the one that waits.
    pub fn resume(&mut self, instance: u64, number: u64) -> bool {
        let waiting = self.state.continuation(number);
        let Some(continuation) = waiting.filter(|waiting| waiting.instance == instance) else {
            return false;
        };
        if !continuation.parked {
            self.consecutive = continuation.consecutive;
        }
        let left = continuation
            .work
            .iter()
            .filter_map(|work| work.kind.clone());
        let left = left.collect::<Vec<_>>();
        self.emit(event::Kind::ContinuationTaken(ContinuationTaken {
            instance,
            number,
        }));
        left.into_iter().for_each(|work| self.queue(work));
        true
    }

    fn save_continuations(&mut self) {
        let mut left = BTreeMap::<u64, Vec<Work>>::new();
        for work in std::mem::take(&mut self.queue) {
            let of_instance = left.entry(instance_of(&work)).or_default();
            of_instance.push(Work { kind: Some(work) });
        }
        for instance in std::mem::take(&mut self.joining) {
            left.entry(instance).or_default();
        }
        let consecutive = self.consecutive + 1;
        for (instance, work) in left {
            let is_parked = instance != NOBODY && consecutive > self.limits.continuations;
            let stuck = is_parked.then(|| {
                Stuck::new(
                    incident::Type::StepsExceeded,
                    format!(
                        "{consecutive} commands in a row went on with it and it reached no wait state: an endless loop?"
                    ),
                )
            });
            self.save(instance, work, stuck);
        }
    }

    /// Leaves steps for another command; for a person to release when the instance is stuck.
    fn save(&mut self, instance: u64, work: Vec<Work>, stuck: Option<Stuck>) {
        if instance == NOBODY || self.state.instance(instance).is_some() {
            for work in pieces(work) {
                self.save_piece(instance, work, stuck.clone());
            }
        }
    }

    fn save_piece(&mut self, instance: u64, work: Vec<Work>, stuck: Option<Stuck>) {
        let number = self.next_key();
        // How many wait for a signal says nothing of those that it reaches.
        let consecutive = match instance {
            NOBODY => 0,
            _ => self.consecutive + 1,
        };
        self.emit(event::Kind::ContinuationSaved(ContinuationSaved {
            continuation: Some(Continuation {
                instance,
                number,
                work,
                consecutive,
                parked: stuck.is_some(),
            }),
        }));
        if let Some(stuck) = stuck
            && let Some(at) = self.at(instance, instance)
        {
            let retry = work::Kind::Continue(ContinueInstance { instance, number });
            self.raise(&at, stuck, retry, 0);
        }
    }

    /// Whether the step would let an instance grow that is as large as one may be.
    fn is_crowded(&self, work: &work::Kind) -> bool {
        let work::Kind::Enter(enter) = work else {
            return false;
        };
        let found = self.state.instance(enter.instance);
        found.is_some_and(|found| found.elements.len() + found.tokens.len() > self.limits.elements)
    }

    /// Takes no more steps in an instance that is too large: one incident for all that are left.
    fn park(&mut self, first: work::Kind) {
        let instance = instance_of(&first);
        let (mut parked, mut others) = (vec![Work { kind: Some(first) }], VecDeque::new());
        for work in std::mem::take(&mut self.queue) {
            if instance_of(&work) == instance {
                parked.push(Work { kind: Some(work) });
            } else {
                others.push_back(work);
            }
        }
        self.queue = others;
        let stuck = Stuck::new(
            incident::Type::StepsExceeded,
            format!(
                "the instance has more than {} elements and tokens: an endless loop that forks?",
                self.limits.elements
            ),
        );
        self.save(instance, parked, Some(stuck));
    }

    /// Raises an incident; `retry` is done again when it is resolved.
    pub fn raise(&mut self, at: &At, stuck: Stuck, retry: work::Kind, job: u64) {
        let mut incident = Incident {
            key: self.next_key(),
            instance: at.instance,
            element: at.element,
            definition_key: at.executable.key,
            node: at.index,
            job,
            message: stuck.message,
            created_ms: self.now_ms(),
            retry: Some(Work { kind: Some(retry) }),
            ..Incident::default()
        };
        incident.set_type(stuck.kind);
        self.emit(event::Kind::IncidentRaised(Box::new(IncidentRaised {
            incident: Some(incident),
        })));
    }
}

/// Steps in as few entries as their size allows, in order: each may carry the variables of a message.
fn pieces(work: Vec<Work>) -> Vec<Vec<Work>> {
    const PIECE_BYTES: usize = 1 << 20;
    let (mut pieces, mut bytes) = (vec![Vec::new()], 0);
    for work in work {
        let length = work.encoded_len();
        match pieces.last_mut() {
            Some(piece) if bytes == 0 || bytes + length <= PIECE_BYTES => piece.push(work),
            Some(_) | None => {
                pieces.push(vec![work]);
                bytes = 0;
            }
        }
        bytes += length;
    }
    pieces
}

/// The instance that the steps of a signal are of, which reaches many.
const NOBODY: u64 = 0;

pub(crate) fn instance_of(work: &work::Kind) -> u64 {
    match work {
        work::Kind::Enter(enter) => enter.instance,
        work::Kind::Activate(activate) => activate.instance,
        work::Kind::Complete(complete) => complete.instance,
        work::Kind::ThrowError(thrown) => thrown.instance,
        work::Kind::Continue(continued) => continued.instance,
        work::Kind::Trigger(trigger) => trigger.instance,
        work::Kind::Publish(record) => record.instance,
        work::Kind::SpreadSignal(_) => NOBODY,
    }
}

pub(crate) fn activate(instance: u64, element: u64) -> work::Kind {
    work::Kind::Activate(ActivateElement { instance, element })
}

pub(crate) fn complete(instance: u64, element: u64) -> work::Kind {
    work::Kind::Complete(CompleteElement { instance, element })
}

pub(crate) fn trigger(
    instance: u64,
    element: u64,
    node: NodeIndex,
    variables: Bytes,
) -> work::Kind {
    work::Kind::Trigger(FireTrigger {
        instance,
        element,
        node,
        variables,
    })
}

pub(crate) fn throw(at: &At, code: String, message: String, variables: Bytes) -> ThrowError {
    ThrowError {
        instance: at.instance,
        element: at.element,
        code,
        message,
        variables,
    }
}
