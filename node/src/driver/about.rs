//! Which instance a command is about: for those who read the log of a node.

use engine::State;
use proto::record::Command;
use proto::record::command::Kind;

/// `None` when it is about none, about one that it would only have made, or about more than one.
pub(super) fn instance(state: &State, command: &Command) -> Option<u64> {
    let of_job = |key| state.job(key).map(|job| job.instance);
    let of_task = |key| state.task(key).map(|task| task.instance);
    match command.kind.as_ref()? {
        Kind::CancelInstance(command) => Some(command.instance_key),
        // Those of a signal are of many.
        Kind::Continue(command) => Some(command.instance_key).filter(|key| *key != 0),
        Kind::SetVariables(command) => state.instance_of(command.scope_key),
        Kind::ResolveIncident(command) => {
            let incident = state.incident(command.incident_key)?;
            Some(incident.instance)
        }
        Kind::CompleteJob(command) => of_job(command.job_key),
        Kind::FailJob(command) => of_job(command.job_key),
        Kind::ThrowJobError(command) => of_job(command.job_key),
        Kind::UpdateJobRetries(command) => of_job(command.job_key),
        Kind::UpdateJobTimeout(command) => of_job(command.job_key),
        Kind::ClaimTask(command) => of_task(command.task_key),
        Kind::UnclaimTask(command) => of_task(command.task_key),
        Kind::AssignTask(command) => of_task(command.task_key),
        Kind::UpdateTask(command) => of_task(command.task_key),
        Kind::CompleteTask(command) => of_task(command.task_key),
        Kind::CommentTask(command) => of_task(command.task_key),
        Kind::ParkRecord(command) => {
            let record = command.refused.as_ref()?.record.as_ref()?;
            Some(record.instance)
        }
        Kind::DeployResources(_)
        | Kind::CreateInstance(_)
        | Kind::PublishMessage(_)
        | Kind::BroadcastSignal(_)
        | Kind::ActivateJobs(_)
        | Kind::ReturnJobs(_)
        | Kind::OpenStream(_)
        | Kind::CreditStream(_)
        | Kind::CloseStream(_)
        | Kind::Tick(_)
        | Kind::BeginTerm(_)
        | Kind::RaiseSemantics(_)
        | Kind::EvaluateDecision(_)
        | Kind::ReceiveSend(_)
        | Kind::SendsDelivered(_) => None,
    }
}
