//! Which partition a command is for.

use engine::{partition_for, partition_of};
use proto::record::command::Kind;

use crate::config::Caller;
use crate::partition_id::PartitionId;

/// Where a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    To(PartitionId),
    /// Any will do: the caller spreads them.
    Any,
}

/// `partitions` is at least 1. A key that no partition has made goes to the first, which does not know it either.
pub(crate) fn route(caller: &Caller, command: &Kind, partitions: u32) -> Route {
    match command {
        // All definitions are numbered by one partition.
        Kind::DeployResources(_) => Route::To(PartitionId::FIRST),
        Kind::CreateInstance(_) | Kind::BroadcastSignal(_) | Kind::EvaluateDecision(_) => {
            match caller.request_id {
                // Repeated, it must come where it is remembered.
                Some(id) => Route::To(owner(&id, partitions)),
                None => Route::Any,
            }
        }
        Kind::PublishMessage(publish) => {
            Route::To(owner(publish.correlation_key.as_bytes(), partitions))
        }
        Kind::CancelInstance(command) => of_key(command.instance_key, partitions),
        Kind::SetVariables(command) => of_key(command.scope_key, partitions),
        Kind::ResolveIncident(command) => of_key(command.incident_key, partitions),
        Kind::CompleteJob(command) => of_key(command.job_key, partitions),
        Kind::FailJob(command) => of_key(command.job_key, partitions),
        Kind::ThrowJobError(command) => of_key(command.job_key, partitions),
        Kind::UpdateJobRetries(command) => of_key(command.job_key, partitions),
        Kind::UpdateJobTimeout(command) => of_key(command.job_key, partitions),
        Kind::ClaimTask(command) => of_key(command.task_key, partitions),
        Kind::UnclaimTask(command) => of_key(command.task_key, partitions),
        Kind::AssignTask(command) => of_key(command.task_key, partitions),
        Kind::UpdateTask(command) => of_key(command.task_key, partitions),
        Kind::CompleteTask(command) => of_key(command.task_key, partitions),
        Kind::CommentTask(command) => of_key(command.task_key, partitions),
        Kind::ReturnJobs(command) => {
            let first = command.leases.first();
            of_key(first.map_or(0, |lease| lease.job_key), partitions)
        }
        // The partition's own; a caller who sends one means nothing by it.
        Kind::ActivateJobs(_)
        | Kind::OpenStream(_)
        | Kind::CreditStream(_)
        | Kind::CloseStream(_)
        | Kind::Tick(_)
        | Kind::Continue(_)
        | Kind::BeginTerm(_)
        | Kind::RaiseSemantics(_)
        | Kind::ReceiveSend(_)
        | Kind::SendsDelivered(_)
        | Kind::ParkRecord(_) => Route::To(PartitionId::FIRST),
    }
}

/// The partition that made a key.
pub(crate) fn home(key: u64, partitions: u32) -> PartitionId {
    let id = PartitionId::new(partition_of(key));
    id.filter(|id| id.number() <= partitions)
        .unwrap_or(PartitionId::FIRST)
}

fn of_key(key: u64, partitions: u32) -> Route {
    Route::To(home(key, partitions))
}

fn owner(bytes: &[u8], partitions: u32) -> PartitionId {
    PartitionId::new(partition_for(bytes, partitions)).unwrap_or(PartitionId::FIRST)
}
