//! What clients want: to deploy, start, work, decide, publish, cancel.
//!
//! Owns how each kind of client chooses its next request. In a storm workers die, fail and throw; in a calm everybody
//! does their duty.

use std::collections::VecDeque;

use bytes::Bytes;
use engine::{Rejection, State};
use fastrand::Rng;
use proto::record::{
    ActivateJobs, ActivatedJob, Answer, CancelInstance, ClaimTask, CloseStream, CompleteJob,
    CompleteTask, CreditStream, FailJob, Lease, OpenStream, ResolveIncident, ReturnJobs,
    ThrowJobError, UnclaimTask, UserTask, answer, command::Kind, incident, user_task,
};

use super::client::Act;
use super::leader::Leader;
use super::ledger::Ledger;
use super::load::{self, ERRAND};
use crate::oracle::{self, Choice};

/// How long a worker holds a job.
const LEASE_MS: i64 = 4_000;
/// Jobs that a stream may push before it is given more credit.
const CREDIT: u32 = 3;

/// The next request. A pinned one is about a stream of the leader that was asked.
#[derive(Debug)]
pub struct Wish {
    pub kind: Kind,
    pub is_pinned: bool,
}

#[derive(Debug)]
pub enum Role {
    /// Sends these, one after another, as soon as the process they name is deployed.
    Sender(Vec<Kind>),
    Worker(Worker),
    Person(String),
    /// Follows the plan of an oracle's case.
    Conductor(oracle::Plan),
    /// Cancels so many instances.
    Canceler(u32),
    /// Has records published again that a topic refused.
    Operator,
}

#[derive(Debug)]
pub struct Worker {
    name: String,
    types: &'static [&'static str],
    /// Gets its jobs pushed; else it polls.
    is_streaming: bool,
    stream: Option<Stream>,
    held: VecDeque<ActivatedJob>,
}

#[derive(Debug)]
struct Stream {
    id: u64,
    received: u32,
    is_closing: bool,
}

impl Role {
    pub fn is_done(&self) -> bool {
        match self {
            Role::Sender(left) => left.is_empty(),
            Role::Worker(worker) => worker.held.is_empty(),
            Role::Person(_) | Role::Conductor(_) | Role::Canceler(_) | Role::Operator => true,
        }
    }

    pub fn next(
        &mut self,
        act: Act,
        leader: &mut Leader,
        random: &mut Rng,
        ledger: &mut Ledger,
    ) -> Option<Wish> {
        let kind = match self {
            Role::Sender(left) => {
                let first = left.last()?;
                if !load::may_be_sent(first, leader.state()) {
                    return None;
                }
                left.pop()?
            }
            Role::Worker(worker) => return worker.next(act, leader, random, ledger),
            Role::Person(name) => decide(name, act, leader.state(), random)?,
            Role::Conductor(plan) => conduct(plan, leader.state(), random)?,
            Role::Canceler(left) => cancel(left, act, leader.state(), random)?,
            Role::Operator => resolve(leader.state())?,
        };
        Some(Wish {
            kind,
            is_pinned: false,
        })
    }

    pub fn told(&mut self, kind: &Kind, result: &Result<Answer, Rejection>) {
        let Role::Worker(worker) = self else {
            return;
        };
        if let Ok(Answer {
            kind: Some(answer::Kind::ActivatedJobs(activated)),
        }) = result
        {
            worker.held.extend(activated.jobs.iter().cloned());
        }
        let is_closed = matches!(kind, Kind::CloseStream(_));
        let is_about_stream = matches!(kind, Kind::OpenStream(_) | Kind::CreditStream(_));
        if is_closed || (is_about_stream && result.is_err()) {
            worker.stream = None;
        }
    }

    /// Whether it does not ask again after doubt: a stream that is to be closed is forgotten, whatever became of it.
    pub fn gives_up(&mut self, kind: &Kind) -> bool {
        match (self, kind) {
            (Role::Worker(worker), Kind::CloseStream(_)) => {
                worker.stream = None;
                true
            }
            _ => false,
        }
    }

    pub fn pushed(&mut self, stream_id: u64, job: ActivatedJob) {
        if let Role::Worker(worker) = self {
            if let Some(stream) = worker
                .stream
                .as_mut()
                .filter(|stream| stream.id == stream_id)
            {
                stream.received += 1;
            }
            worker.held.push_back(job);
        }
    }

    pub fn lose_stream(&mut self, stream_id: u64) {
        if let Role::Worker(worker) = self {
            worker.stream.take_if(|stream| stream.id == stream_id);
        }
    }
}

impl Worker {
    pub fn new(name: &str, types: &'static [&'static str], is_streaming: bool) -> Worker {
        Worker {
            name: name.to_owned(),
            types,
            is_streaming,
            stream: None,
            held: VecDeque::new(),
        }
    }

    fn next(
        &mut self,
        act: Act,
        leader: &mut Leader,
        random: &mut Rng,
        ledger: &mut Ledger,
    ) -> Option<Wish> {
        if let Some(wish) = self.care_for_stream(act, leader, random) {
            return Some(Wish {
                kind: wish,
                is_pinned: true,
            });
        }
        let kind = match self.held.pop_front() {
            Some(job) => self.work(&job, act, random, ledger)?,
            None if self.is_streaming => return None,
            None => self.poll(act, leader.state(), random)?,
        };
        Some(Wish {
            kind,
            is_pinned: false,
        })
    }

    fn work(
        &self,
        job: &ActivatedJob,
        act: Act,
        random: &mut Rng,
        ledger: &mut Ledger,
    ) -> Option<Kind> {
        let job_key = job.key;
        let storm = if act.is_calm { 0 } else { random.u32(0..12) };
        Some(match storm {
            1 => {
                ledger.strike("worker dies");
                return None;
            }
            2 => Kind::FailJob(FailJob {
                job_key,
                retries: 3,
                retry_back_off_ms: random.i64(0..2) * 700,
                ..FailJob::default()
            }),
            3 if job.r#type == load::PACK => Kind::ThrowJobError(ThrowJobError {
                job_key,
                error_code: load::TROUBLE.to_owned(),
                ..ThrowJobError::default()
            }),
            4 => Kind::ReturnJobs(ReturnJobs {
                leases: vec![Lease {
                    job_key,
                    until_ms: job.deadline_ms,
                }],
            }),
            _ => Kind::CompleteJob(CompleteJob {
                job_key,
                variables: Bytes::from(format!("{{\"{}\":{job_key}}}", job.r#type)),
            }),
        })
    }

    fn poll(&self, act: Act, state: &State, random: &mut Rng) -> Option<Kind> {
        let job_type = self.types[random.usize(0..self.types.len())];
        let mut types = self.types.iter().copied();
        let waits = |job_type: &str| state.activatable_jobs(job_type).next().is_some();
        let job_type = match act.is_calm {
            true => types.find(|job_type| waits(job_type))?,
            false if waits(job_type) || random.u32(0..10) == 0 => job_type,
            false => return None,
        };
        Some(Kind::ActivateJobs(ActivateJobs {
            r#type: job_type.to_owned(),
            worker: self.name.clone(),
            timeout_ms: LEASE_MS,
            max_jobs: random.u32(1..4),
            fetch_variables: Vec::new(),
        }))
    }

    fn care_for_stream(&mut self, act: Act, leader: &mut Leader, random: &mut Rng) -> Option<Kind> {
        if !self.is_streaming {
            return None;
        }
        let Some(stream) = &mut self.stream else {
            let open = OpenStream {
                r#type: self.types[0].to_owned(),
                worker: self.name.clone(),
                timeout_ms: LEASE_MS,
                credit: CREDIT,
                ..OpenStream::default()
            };
            let open = leader.register_stream(act.me, open);
            let id = open.stream_id;
            self.stream = Some(Stream {
                id,
                received: 0,
                is_closing: false,
            });
            return Some(Kind::OpenStream(open));
        };
        if stream.is_closing {
            return None;
        }
        if stream.received + 1 >= CREDIT {
            let credit = std::mem::take(&mut stream.received);
            return Some(Kind::CreditStream(CreditStream {
                stream_id: stream.id,
                credit,
            }));
        }
        if act.is_calm || random.u32(0..15) > 0 {
            return None;
        }
        stream.is_closing = true;
        leader.forget_stream(stream.id);
        let undelivered = self.held.drain(..).map(|job| job.key);
        Some(Kind::CloseStream(CloseStream {
            stream_id: stream.id,
            undelivered_jobs: undelivered.collect(),
        }))
    }
}

fn is_errand(state: &State, task: &UserTask) -> bool {
    let executable = state.executable(task.definition_key);
    executable.is_some_and(|executable| &*executable.process_id == ERRAND)
}

/// Claims what nobody has, completes what they have.
fn decide(name: &str, act: Act, state: &State, random: &mut Rng) -> Option<Kind> {
    let tasks = state.task_keys().iter().filter_map(|key| state.task(*key));
    let open = tasks.filter(|task| task.state() == user_task::State::Created);
    let open = open.filter(|task| is_errand(state, task));
    let mine = open.filter(|task| task.assignee.is_empty() || task.assignee == name);
    let mine = mine.collect::<Vec<_>>();
    let task = mine.get(random.usize(0..mine.len().max(1)))?;
    let (task_key, user) = (task.key, name.to_owned());
    Some(match task.assignee.as_str() {
        "" => Kind::ClaimTask(ClaimTask {
            task_key,
            user,
            groups: Vec::new(),
        }),
        _ if !act.is_calm && random.u32(0..8) == 0 => {
            Kind::UnclaimTask(UnclaimTask { task_key, user })
        }
        _ => Kind::CompleteTask(CompleteTask {
            task_key,
            user,
            action: "approve".to_owned(),
            ..CompleteTask::default()
        }),
    })
}

fn conduct(plan: &mut oracle::Plan, state: &State, random: &mut Rng) -> Option<Kind> {
    // The plan counts on all being quiet: a terminate end event would end what still moves.
    if state.continuations().next().is_some() {
        return None;
    }
    let mut choices = oracle::choices(state, plan);
    if choices.is_empty() {
        return None;
    }
    let user = "ann".to_owned();
    Some(match choices.swap_remove(random.usize(0..choices.len())) {
        Choice::Job(id, job_key) => match plan.throwing.get(&id).cloned() {
            Some(error_code) => Kind::ThrowJobError(ThrowJobError {
                job_key,
                error_code,
                ..ThrowJobError::default()
            }),
            None => Kind::CompleteJob(CompleteJob {
                job_key,
                ..CompleteJob::default()
            }),
        },
        Choice::Task(task_key) if state.task(task_key)?.assignee.is_empty() => {
            Kind::ClaimTask(ClaimTask {
                task_key,
                user,
                groups: Vec::new(),
            })
        }
        Choice::Task(task_key) => Kind::CompleteTask(CompleteTask {
            task_key,
            user,
            ..CompleteTask::default()
        }),
        Choice::Send(name) => plan.send(name),
    })
}

/// The oldest one: it may have been resolved before this comes.
fn resolve(state: &State) -> Option<Kind> {
    let mut incidents = state.incident_keys().iter();
    let is_refused = |key: &&u64| {
        let incident = state.incident(**key);
        incident.is_some_and(|it| it.r#type() == incident::Type::RecordRefused)
    };
    let incident_key = *incidents.find(is_refused)?;
    Some(Kind::ResolveIncident(ResolveIncident { incident_key }))
}

fn cancel(left: &mut u32, act: Act, state: &State, random: &mut Rng) -> Option<Kind> {
    if *left == 0 || act.is_calm || random.u32(0..10) > 0 {
        return None;
    }
    let instances = state
        .instance_keys()
        .iter()
        .filter_map(|key| state.instance(*key));
    // Whoever awaits a result is left alone: the ledger expects one for each of them.
    let instances = instances.filter(|instance| instance.awaiting.is_none());
    let errand = instances.map(|instance| (instance, state.executable(instance.definition_key)));
    let mut errand = errand.filter(|(_, executable)| {
        executable.is_some_and(|executable| &*executable.process_id == ERRAND)
    });
    let (instance, _) = errand.next()?;
    *left -= 1;
    Some(Kind::CancelInstance(CancelInstance {
        instance_key: instance.key,
    }))
}
