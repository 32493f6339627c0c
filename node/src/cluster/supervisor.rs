//! The thread that makes this node do its part of the plan.
//!
//! It hears what all nodes tell, tells how this one is, and moves partitions: leads what has no leader, follows what it
//! should stand by for, hands over what another one is to lead. It must not wait for any of that: each is done by a
//! thread of its own, which reports. Architecture, section 5.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, select, unbounded};
use journal::{ClusterLog, Journal, Record};
use prost::Message;
use proto::node::Heartbeat;

use super::clocks::{Apart, Clocks};
use super::lease::Sent;
use super::membership::{Membership, Plan};
use super::role::{self, Order, Report, Role};
use crate::config::Config;
use crate::core::Shared;
use crate::error::StartError;
use crate::health::Health;
use crate::partition_id::PartitionId;
use crate::peer::client::{Connections, Peer};
use crate::place::{Place, Slot};
use crate::reading::Reading;
use crate::status::Phase;

/// After a failure to lead or follow a partition, it is tried again after so long.
const FAILED_PAUSE: Duration = Duration::from_secs(2);
/// The log of the cluster is read anew after so long when it could not be read.
const LISTEN_PAUSE: Duration = Duration::from_millis(200);
/// How long a node that stops waits to be relieved.
const LEAVE_PATIENCE: Duration = Duration::from_secs(10);
/// Own heartbeats that have not come back; older ones do not matter.
const UNHEARD_MAX: usize = 64;

/// What a node of a cluster is told from outside.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Hand over everything and end.
    pub leave: AtomicBool,
    /// End at once, as in a crash.
    pub abort: AtomicBool,
}

pub(crate) struct Supervisor {
    pub journal: Arc<dyn Journal>,
    pub cluster: Arc<dyn ClusterLog>,
    pub config: Config,
    /// What the partitions share. Their health is not the node's: others may lead them.
    pub shared: Shared,
    pub health: Arc<Health>,
    pub slots: Arc<[Slot]>,
    pub connections: Connections,
    pub orders: Arc<Orders>,
    /// Unique to this run.
    pub me: String,
    /// Why this node cannot do its part, when repeating does not help.
    pub failure: Arc<Mutex<Option<StartError>>>,
}

/// The supervisor at work.
struct Work {
    given: Supervisor,
    membership: Membership,
    roles: BTreeMap<PartitionId, Role>,
    reports: Receiver<(PartitionId, Report)>,
    reporter: Sender<(PartitionId, Report)>,
    sequence: u64,
    sent: VecDeque<(u64, Sent)>,
    clocks: Clocks,
    next_beat: Instant,
    leaving_since: Option<Instant>,
}

impl Supervisor {
    /// Runs until it is told to end.
    pub fn run(self) {
        tracing::info!(
            node = self.me,
            address = self.config.peer_address,
            "joining the cluster"
        );
        let (reporter, reports) = unbounded();
        let config = &self.config;
        let timeout_ms = i64::try_from(config.silence_max.as_millis()).unwrap_or(i64::MAX);
        let partitions = self.journal.partitions();
        let mut work = Work {
            membership: Membership::new(partitions, config.standby, timeout_ms),
            roles: PartitionId::all(partitions)
                .map(|id| (id, Role::idle()))
                .collect(),
            given: self,
            reports,
            reporter,
            sequence: 0,
            sent: VecDeque::new(),
            clocks: Clocks::default(),
            next_beat: Instant::now(),
            leaving_since: None,
        };
        while work.listen_and_act() {}
        work.end();
    }
}

impl Work {
    /// Hears the others for as long as the log can be read. Whether to go on.
    fn listen_and_act(&mut self) -> bool {
        let listening = self.given.cluster.listen();
        let listening = listening.map_err(StartError::from).and_then(Reading::start);
        let (reading, thread) = match listening {
            Ok(listening) => listening,
            Err(error) => {
                tracing::warn!(%error, "cannot hear the other nodes");
                std::thread::park_timeout(LISTEN_PAUSE);
                return !self.is_over();
            }
        };
        loop {
            if self.is_over() {
                return false;
            }
            self.beat_if_due();
            select! {
                recv(reading.records) -> batch => match batch {
                    Ok(Ok(notices)) => self.hear(&notices),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the other nodes are not heard any more");
                        break;
                    }
                    Err(_) => break,
                },
                recv(self.reports) -> report => {
                    if let Ok((partition, report)) = report {
                        self.take(partition, report);
                    }
                },
                default(self.next_beat.saturating_duration_since(Instant::now())) => {}
            }
            self.look_after_partitions();
            self.act();
        }
        drop(reading);
        // It ends within one look at the log.
        let _ = thread.join();
        true
    }

    /// Whether there is nothing more to do.
    fn is_over(&mut self) -> bool {
        let orders = &self.given.orders;
        if orders.abort.load(Ordering::Acquire) {
            return true;
        }
        if !orders.leave.load(Ordering::Acquire) {
            return false;
        }
        let since = *self.leaving_since.get_or_insert_with(|| {
            self.next_beat = Instant::now();
            Instant::now()
        });
        let is_alone = self
            .membership
            .members()
            .keys()
            .all(|node| *node == self.given.me);
        let is_relieved = !self.roles.values().any(Role::may_lead);
        is_alone || is_relieved || since.elapsed() >= LEAVE_PATIENCE
    }

    fn hear(&mut self, notices: &[Record]) {
        for notice in notices {
            match Heartbeat::decode(notice.command.clone()) {
                Ok(heartbeat) => {
                    if heartbeat.node == self.given.me {
                        self.came_back(heartbeat.sequence, notice.timestamp_ms);
                    }
                    self.membership.hear(notice.timestamp_ms, heartbeat);
                }
                Err(error) => {
                    tracing::warn!(offset = notice.offset, %error, "a notice of a node cannot be read");
                }
            }
        }
        if let Some(known) = self.membership.semantics(&self.given.me) {
            let agreed = &self.given.shared.semantics;
            agreed.store(known, Ordering::Release);
        }
        self.tell_places();
    }

    fn came_back(&mut self, sequence: u64, brokers_ms: i64) {
        while let Some((sent, at)) = self.sent.pop_front() {
            if sent == sequence {
                self.given.shared.lease.renew(at);
                let sent = at.on_the_wall();
                let apart = self.clocks.compare(sent, brokers_ms, SystemTime::now());
                if let Some(Apart { brokers_ms, own_ms }) = apart {
                    tracing::warn!(
                        brokers_ms,
                        own_ms,
                        "the clocks of the brokers and of this machine are far apart: set them"
                    );
                }
            }
            if sent >= sequence {
                break;
            }
        }
    }

    /// Everybody who calls learns where the leaders are.
    fn tell_places(&self) {
        let reachable = self.membership.reachable();
        self.given.connections.tell_reachable(reachable);
        for slot in &*self.given.slots {
            let leader = self.membership.leader(slot.id());
            if let Some(leader) = &leader {
                let measures = self.given.config.measures.of(slot.id());
                measures.leader_checkpointed(leader.checkpointed);
            }
            let place = match (self.roles.get(&slot.id()), leader) {
                (Some(Role::Leading(partition)), _) => Place::Here(partition.clone()),
                (Some(Role::Ceding(partition) | Role::Ceded(partition)), Some(leader))
                    if leader.node == self.given.me =>
                {
                    Place::Here(partition.clone())
                }
                (_, Some(leader)) if leader.node != self.given.me => Place::There(Peer {
                    address: leader.address,
                    partition: slot.id(),
                    connections: self.given.connections.clone(),
                }),
                (_, Some(_) | None) => Place::Nowhere,
            };
            let phase = match (&place, self.failure()) {
                (_, Some(failure)) => Phase::Failed(failure.to_string()),
                (Place::Nowhere, None) => Phase::Starting,
                // It is in doubt, and restores.
                (Place::Here(here), None) if here.status().phase == Phase::Starting => {
                    Phase::Starting
                }
                (Place::Here(_) | Place::There(_), None) => Phase::Serving,
            };
            slot.move_to(place);
            self.given.health.tell(slot.id(), &phase);
        }
    }

    fn failure(&self) -> Option<StartError> {
        let failure = self.given.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn beat_if_due(&mut self) {
        if Instant::now() < self.next_beat {
            return;
        }
        self.next_beat = Instant::now() + self.given.config.heartbeat_interval;
        self.beat(false);
    }

    fn beat(&mut self, gone: bool) {
        self.sequence += 1;
        let numbers = |is: fn(&Role) -> bool| {
            let those = self.roles.iter().filter(|(_, role)| is(role));
            those.map(|(id, _)| id.number()).collect::<Vec<_>>()
        };
        let leads = self.roles.iter().filter_map(|(id, role)| role.claim(*id));
        let heartbeat = Heartbeat {
            node: self.given.me.clone(),
            address: self.given.config.peer_address.clone(),
            leads: leads.collect(),
            follows: numbers(Role::is_following),
            restores: numbers(Role::is_restoring),
            unable: numbers(Role::is_unable),
            leaving: self.leaving_since.is_some(),
            gone,
            semantics: self.given.config.limits.semantics,
            sequence: self.sequence,
            takes_over: numbers(Role::is_taking_over),
        };
        let sent = Sent::now();
        let notice = Bytes::from(heartbeat.encode_to_vec());
        match self.given.cluster.tell(&self.given.me, &notice) {
            Ok(()) => {
                self.sent.push_back((self.sequence, sent));
                if self.sent.len() > UNHEARD_MAX {
                    self.sent.pop_front();
                }
            }
            Err(error) => tracing::warn!(%error, "cannot tell the other nodes how this one is"),
        }
    }

    /// A thread has done what it was to do, or cannot.
    fn take(&mut self, partition: PartitionId, report: Report) {
        let Some(role) = self.roles.get_mut(&partition) else {
            return;
        };
        match report {
            Report::Follows => {
                tracing::info!(%partition, "following the partition");
                if let Role::Restoring(order) = role {
                    *role = Role::Following(Arc::clone(order));
                }
            }
            Report::Restores => {
                if let Role::Following(order) = role {
                    *role = Role::Restoring(Arc::clone(order));
                }
            }
            Report::Leads(led) => *role = Role::Leading(led),
            Report::Ceded => {
                if let Role::Ceding(partition) = role {
                    *role = Role::Ceded(partition.clone());
                }
            }
            Report::Stopped => *role = Role::idle(),
            Report::Failed(error) => {
                tracing::error!(%partition, %error, "cannot do anything for the partition");
                *role = Role::Idle(Some(Instant::now() + FAILED_PAUSE));
                if error.is_broken() {
                    let failure = self.given.failure.lock();
                    *failure.unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }
        // The others need not wait for the next turn.
        self.next_beat = Instant::now();
        self.tell_places();
    }

    /// A leadership that has ended by itself: another one leads, or something is broken.
    fn look_after_partitions(&mut self) {
        let mut has_changed = false;
        for role in self.roles.values_mut() {
            let Some(partition) = role.partition() else {
                continue;
            };
            let until = match partition.status().phase {
                Phase::Starting | Phase::Serving => continue,
                Phase::Stopped => None,
                Phase::Failed(_) => Some(Instant::now() + FAILED_PAUSE),
            };
            *role = Role::Idle(until);
            has_changed = true;
        }
        if has_changed {
            self.next_beat = Instant::now();
            self.tell_places();
        }
    }

    /// Does what the plan says. Nothing before this node's own heartbeat has come back: until then it knows only what
    /// others said some time ago.
    fn act(&mut self) {
        if !self.membership.members().contains_key(&self.given.me) {
            return;
        }
        let plan = self.membership.plan();
        let ids = self.roles.keys().copied().collect::<Vec<_>>();
        for id in ids {
            self.act_on(id, &plan);
        }
    }

    fn act_on(&mut self, id: PartitionId, plan: &Plan) {
        let me = &self.given.me;
        let leads = plan.leads.get(&id) == Some(me);
        let follows = plan.follows.contains(&(id, me.clone()));
        let leader = self.membership.leader(id);
        let is_ceded = leader.as_ref().is_some_and(|leader| leader.is_ceded);
        let is_free = leader.is_none() || is_ceded;
        let is_mine = leader.is_some_and(|leader| leader.node == *me);
        // One at a time.
        let may_cede = is_mine && !leads && !self.roles.values().any(Role::is_ceding);
        let Some(role) = self.roles.get_mut(&id) else {
            return;
        };
        let context = || role::Context {
            id,
            journal: Arc::clone(&self.given.journal),
            config: self.given.config.clone(),
            shared: self.given.shared.clone(),
            reporter: self.reporter.clone(),
        };
        let next = match role {
            Role::Idle(_) if leads && is_free => {
                tracing::info!(partition = %id, "taking the partition over");
                role::lead(context())
            }
            Role::Idle(not_before) if follows => match not_before {
                Some(not_before) if *not_before > Instant::now() => return,
                Some(_) | None => role::follow(context()),
            },
            Role::Restoring(order) | Role::Following(order) => {
                if leads && is_free {
                    tracing::info!(partition = %id, "taking the partition over");
                    order.set(Order::Lead);
                    Ok(Role::Promoting)
                } else if follows || leads {
                    return;
                } else {
                    order.set(Order::Stop);
                    Ok(Role::Busy)
                }
            }
            Role::Leading(partition) if may_cede => {
                let partition = partition.clone();
                tracing::info!(partition = %id, to = plan.leads.get(&id), "handing the partition over");
                Ok(role::cede(context(), partition))
            }
            // The plan is made with the knowledge that it is ceded, and nobody wants it any more.
            Role::Ceded(partition) if is_mine && leads && is_ceded => {
                tracing::info!(partition = %id, "going on to lead the partition");
                partition.keep();
                Ok(Role::Leading(partition.clone()))
            }
            Role::Ceding(partition) | Role::Ceded(partition) if !is_mine => {
                let partition = partition.clone();
                role::release(context(), partition)
            }
            Role::Idle(_)
            | Role::Leading(_)
            | Role::Ceding(_)
            | Role::Ceded(_)
            | Role::Promoting
            | Role::Busy => return,
        };
        *role = next.unwrap_or_else(|error| {
            tracing::error!(partition = %id, %error, "a thread could not be started");
            Role::Idle(Some(Instant::now() + FAILED_PAUSE))
        });
        // The others should not begin the same.
        self.next_beat = Instant::now();
        self.tell_places();
    }

    fn end(&mut self) {
        let is_leaving = self.given.orders.leave.load(Ordering::Acquire);
        for (id, role) in &mut self.roles {
            match std::mem::replace(role, Role::Busy) {
                Role::Restoring(order) | Role::Following(order) => order.set(Order::Stop),
                Role::Leading(partition) | Role::Ceding(partition) | Role::Ceded(partition)
                    if is_leaving =>
                {
                    partition.stop_and_wait();
                }
                Role::Leading(_)
                | Role::Ceding(_)
                | Role::Ceded(_)
                | Role::Idle(_)
                | Role::Promoting
                | Role::Busy => {}
            }
            self.given.health.tell(*id, &Phase::Stopped);
        }
        // Calls that come while the server ends still find those who lead elsewhere.
        for slot in &*self.given.slots {
            if slot.here().is_some() {
                slot.move_to(Place::Nowhere);
            }
        }
        if is_leaving {
            self.beat(true);
        }
    }
}
