//! What a node does for one partition, and the threads that change it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use journal::Journal;
use journal::fail_point::{self, FailPoint};
use proto::node::Claim;

use crate::config::Config;
use crate::core::Shared;
use crate::error::StartError;
use crate::follower::{FollowError, Follower};
use crate::leadership::SKIPPED_MAX;
use crate::measures::{self, PartitionMeasures};
use crate::partition::Partition;
use crate::partition_id::PartitionId;

/// How long a follower waits for the next checkpoint before it looks at its orders.
const LOOK: Duration = Duration::from_millis(5);
/// A follower that has failed begins anew after so long.
const AGAIN_PAUSE: Duration = Duration::from_millis(500);

/// What a node does for a partition.
pub(super) enum Role {
    /// Nothing; and should not be asked to lead or follow before this moment.
    Idle(Option<Instant>),
    /// It is about to follow.
    Restoring(Arc<Standing>),
    /// It has the state of the last checkpoint.
    Following(Arc<Standing>),
    /// It is about to lead.
    Promoting,
    Leading(Partition),
    /// It leads, and writes its last checkpoint: who began to lead before would run into a transaction that is open.
    Ceding(Partition),
    /// It has written its last checkpoint, and serves until another node is heard to lead.
    Ceded(Partition),
    /// It stops to lead or to follow.
    Busy,
}

impl Role {
    pub fn idle() -> Role {
        Role::Idle(None)
    }

    pub fn is_following(&self) -> bool {
        matches!(self, Role::Following(_))
    }

    pub fn is_taking_over(&self) -> bool {
        matches!(self, Role::Promoting)
    }

    pub fn is_ceding(&self) -> bool {
        matches!(self, Role::Ceding(_) | Role::Ceded(_))
    }

    pub fn is_restoring(&self) -> bool {
        matches!(self, Role::Restoring(_))
    }

    /// Whether it is led here, or may be until the thread that changes that has reported.
    pub fn may_lead(&self) -> bool {
        matches!(
            self,
            Role::Leading(_) | Role::Ceding(_) | Role::Ceded(_) | Role::Busy | Role::Promoting
        )
    }

    pub fn is_unable(&self) -> bool {
        matches!(self, Role::Idle(Some(until)) if *until > Instant::now())
    }

    /// What it serves.
    pub fn partition(&self) -> Option<&Partition> {
        match self {
            Role::Leading(partition) | Role::Ceding(partition) | Role::Ceded(partition) => {
                Some(partition)
            }
            Role::Idle(_)
            | Role::Restoring(_)
            | Role::Following(_)
            | Role::Promoting
            | Role::Busy => None,
        }
    }

    /// What is told of a leadership.
    pub fn claim(&self, id: PartitionId) -> Option<Claim> {
        let status = self.partition()?.status();
        Some(Claim {
            partition: id.number(),
            term: status.term,
            checkpointed: status.checkpointed,
            ceded: matches!(self, Role::Ceded(_)),
        })
    }
}

/// What a thread tells the supervisor.
pub(super) enum Report {
    /// The follower has the state.
    Follows,
    /// The follower begins anew.
    Restores,
    Leads(Partition),
    /// It could not lead, or what it should follow is of a newer build.
    Failed(StartError),
    /// Another node may begin to lead.
    Ceded,
    /// It leads or follows no longer.
    Stopped,
}

/// What a follower is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Follow = 0,
    Lead = 1,
    Stop = 2,
}

/// The order that a follower has.
#[derive(Debug, Default)]
pub(super) struct Standing(AtomicU8);

impl Standing {
    pub fn set(&self, order: Order) {
        self.0.store(order as u8, Ordering::Release);
    }

    fn get(&self) -> Order {
        match self.0.load(Ordering::Acquire) {
            0 => Order::Follow,
            1 => Order::Lead,
            _ => Order::Stop,
        }
    }
}

/// What a thread needs to know.
pub(super) struct Context {
    pub id: PartitionId,
    pub journal: Arc<dyn Journal>,
    pub config: Config,
    pub shared: Shared,
    pub reporter: Sender<(PartitionId, Report)>,
}

impl Context {
    /// A supervisor that has ended needs no report.
    fn report(&self, report: Report) {
        let _ = self.reporter.send((self.id, report));
    }

    fn stopped(&self) {
        let measures = self.config.measures.of(self.id);
        measures.take_role(measures::Role::None);
        self.report(Report::Stopped);
    }

    fn lead(self, follower: Option<Follower>) {
        let (journal, config) = (Arc::clone(&self.journal), self.config.clone());
        let led = Partition::start(self.id, journal, config, self.shared.clone(), follower);
        self.report(match led {
            Ok(partition) => Report::Leads(partition),
            Err(error) => Report::Failed(error),
        });
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("weir-cluster".to_owned());
    thread.spawn(work).map(drop)
}

/// Leads without having followed.
pub(super) fn lead(context: Context) -> std::io::Result<Role> {
    spawn(move || context.lead(None))?;
    Ok(Role::Promoting)
}

/// Lets another node lead; calls are answered here until it does.
pub(super) fn cede(context: Context, partition: Partition) -> Role {
    fail_point::pass(FailPoint::BeforeHandOver);
    partition.cede(move || context.report(Report::Ceded));
    Role::Ceding(partition)
}

/// Stops to lead; what was accepted is answered.
pub(super) fn release(context: Context, partition: Partition) -> std::io::Result<Role> {
    spawn(move || {
        partition.stop_and_wait();
        fail_point::pass(FailPoint::AfterHandOver);
        context.report(Report::Stopped);
    })?;
    Ok(Role::Busy)
}

pub(super) fn follow(context: Context) -> std::io::Result<Role> {
    let standing = Arc::new(Standing::default());
    let orders = Arc::clone(&standing);
    spawn(move || stand_by(context, &orders))?;
    Ok(Role::Restoring(standing))
}

/// Follows, begins anew when something is wrong, and leads when it is told to.
fn stand_by(context: Context, orders: &Standing) {
    let mut skipped = BTreeSet::new();
    let all = Arc::clone(&context.config.measures);
    let measures = all.of(context.id);
    loop {
        let (journal, limits) = (&*context.journal, context.config.limits);
        measures.take_role(measures::Role::Restoring);
        let restored = Follower::restore(journal, context.id, limits, skipped.clone(), measures);
        let followed = restored
            .map_err(FollowError::from)
            .and_then(|mut follower| {
                // The first look beyond the entries makes the connections that leading takes.
                follower.step(Duration::ZERO)?;
                measures.followed(follower.next_offset());
                measures.take_role(measures::Role::Follower);
                context.report(Report::Follows);
                keep_up(follower, orders, measures)
            });
        let partition = context.id;
        match followed {
            Ok(follower) => match orders.get() {
                Order::Lead => return context.lead(Some(follower)),
                Order::Stop | Order::Follow => return context.stopped(),
            },
            Err(FollowError::Panicked { offset, message }) if skipped.len() < SKIPPED_MAX => {
                tracing::error!(%partition, offset, message, "the machine failed on a command: following anew without it");
                skipped.insert(offset);
            }
            Err(FollowError::Start(error)) if error.is_newer() => {
                return context.report(Report::Failed(error));
            }
            Err(error) => {
                tracing::warn!(%partition, %error, "cannot follow the partition; beginning anew");
                std::thread::park_timeout(AGAIN_PAUSE);
            }
        }
        match orders.get() {
            Order::Follow => context.report(Report::Restores),
            Order::Lead => return context.lead(None),
            Order::Stop => return context.stopped(),
        }
    }
}

/// Until there is another order.
fn keep_up(
    mut follower: Follower,
    orders: &Standing,
    measures: &PartitionMeasures,
) -> Result<Follower, FollowError> {
    while orders.get() == Order::Follow {
        follower.step(LOOK)?;
        measures.followed(follower.next_offset());
    }
    Ok(follower)
}
