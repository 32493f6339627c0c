//! What all events have in common.

use crate::record::event::Kind;
use crate::record::{Event, TaskRecord};

impl Event {
    /// The key of the process instance in whose story the event belongs; `None` when it is of the partition itself.
    pub fn instance(&self) -> Option<u64> {
        let instance = match self.kind.as_ref()? {
            Kind::InstanceCreated(of) => of.instance.as_ref()?.key,
            Kind::InstanceCompleted(of) => of.instance,
            Kind::InstanceCanceled(of) => of.instance,
            Kind::ElementActivated(of) => of.instance,
            Kind::ElementCompleted(of) => of.instance,
            Kind::ElementTerminated(of) => of.instance,
            Kind::FlowTaken(of) => of.instance,
            Kind::TokensConsumed(of) => of.instance,
            Kind::VariablesWritten(of) => of.instance,
            Kind::ContinuationSaved(of) => of.continuation.as_ref()?.instance,
            Kind::ContinuationTaken(of) => of.instance,
            Kind::ResultAwaited(of) => of.instance,
            Kind::DecisionEvaluated(of) => of.instance,
            Kind::JobCreated(of) => of.job.as_ref()?.instance,
            Kind::JobLeased(of) => of.instance,
            Kind::JobCompleted(of) => of.instance,
            Kind::JobFailed(of) => of.instance,
            Kind::JobErrorThrown(of) => of.instance,
            Kind::JobCanceled(of) => of.instance,
            Kind::JobTimedOut(of) => of.instance,
            Kind::JobReturned(of) => of.instance,
            Kind::JobRetriesUpdated(of) => of.instance,
            Kind::JobTimeoutUpdated(of) => of.instance,
            Kind::JobBackOffEnded(of) => of.instance,
            Kind::TaskCreated(of) => of.task.as_ref()?.instance,
            Kind::TaskChanged(of) => of.task.as_ref()?.instance,
            Kind::TaskEnded(of) => of.instance,
            Kind::TimerCreated(of) => of.timer.as_ref()?.instance,
            Kind::TimerFired(of) => of.instance,
            Kind::TimerCanceled(of) => of.instance,
            Kind::MessageCorrelated(of) => of.instance,
            Kind::SignalBroadcast(of) => of.instance,
            Kind::SignalCorrelated(of) => of.instance,
            Kind::SubscriptionOpened(of) => of.subscription.as_ref()?.instance,
            Kind::SubscriptionClosed(of) => of.instance,
            Kind::RecordPublished(of) => of.record.as_ref()?.instance,
            Kind::RecordParked(of) => of.instance,
            Kind::IncidentRaised(of) => of.incident.as_ref()?.instance,
            Kind::IncidentResolved(of) => of.instance,
            Kind::ResourceAdded(_)
            | Kind::DefinitionAdded(_)
            | Kind::DecisionRequirementsAdded(_)
            | Kind::DecisionAdded(_)
            | Kind::StreamOpened(_)
            | Kind::StreamCredited(_)
            | Kind::StreamClosed(_)
            | Kind::MessagePublished(_)
            | Kind::MessageExpired(_)
            | Kind::RequestAnswered(_)
            | Kind::RequestsForgotten(_)
            | Kind::TermBegun(_)
            | Kind::SemanticsRaised(_)
            | Kind::SendQueued(_)
            | Kind::SendReceived(_)
            | Kind::SendsRemoved(_)
            | Kind::DeploymentPended(_)
            | Kind::DeploymentAwaited(_)
            | Kind::DeploymentSettled(_)
            | Kind::RemoteSubscriptionOpened(_)
            | Kind::RemoteSubscriptionClosed(_)
            | Kind::MessageReserved(_)
            | Kind::ReservationConfirmed(_)
            | Kind::ReservationReleased(_)
            | Kind::KeyUsed(_) => 0,
        };
        (instance != 0).then_some(instance)
    }

    /// What the event adds to the records of a user task; nothing when it is not about that one.
    pub fn into_records_of(self, task_key: u64) -> Vec<TaskRecord> {
        match self.kind {
            Some(Kind::TaskCreated(of)) => {
                let task = of.task.filter(|task| task.key == task_key);
                task.map(|task| task.records).unwrap_or_default()
            }
            Some(Kind::TaskChanged(of)) => {
                let is_it = of.task.is_some_and(|task| task.key == task_key);
                of.record.filter(|_| is_it).into_iter().collect()
            }
            Some(Kind::TaskEnded(of)) => {
                let is_it = of.task == task_key;
                of.record.filter(|_| is_it).into_iter().collect()
            }
            None => Vec::new(),
            Some(
                Kind::InstanceCreated(_)
                | Kind::InstanceCompleted(_)
                | Kind::InstanceCanceled(_)
                | Kind::ElementActivated(_)
                | Kind::ElementCompleted(_)
                | Kind::ElementTerminated(_)
                | Kind::FlowTaken(_)
                | Kind::TokensConsumed(_)
                | Kind::VariablesWritten(_)
                | Kind::ContinuationSaved(_)
                | Kind::ContinuationTaken(_)
                | Kind::ResultAwaited(_)
                | Kind::DecisionEvaluated(_)
                | Kind::JobCreated(_)
                | Kind::JobLeased(_)
                | Kind::JobCompleted(_)
                | Kind::JobFailed(_)
                | Kind::JobErrorThrown(_)
                | Kind::JobCanceled(_)
                | Kind::JobTimedOut(_)
                | Kind::JobReturned(_)
                | Kind::JobRetriesUpdated(_)
                | Kind::JobTimeoutUpdated(_)
                | Kind::JobBackOffEnded(_)
                | Kind::TimerCreated(_)
                | Kind::TimerFired(_)
                | Kind::TimerCanceled(_)
                | Kind::MessageCorrelated(_)
                | Kind::SignalBroadcast(_)
                | Kind::SignalCorrelated(_)
                | Kind::SubscriptionOpened(_)
                | Kind::SubscriptionClosed(_)
                | Kind::RecordPublished(_)
                | Kind::RecordParked(_)
                | Kind::IncidentRaised(_)
                | Kind::IncidentResolved(_)
                | Kind::KeyUsed(_)
                | Kind::ResourceAdded(_)
                | Kind::DefinitionAdded(_)
                | Kind::DecisionRequirementsAdded(_)
                | Kind::DecisionAdded(_)
                | Kind::StreamOpened(_)
                | Kind::StreamCredited(_)
                | Kind::StreamClosed(_)
                | Kind::MessagePublished(_)
                | Kind::MessageExpired(_)
                | Kind::RequestAnswered(_)
                | Kind::RequestsForgotten(_)
                | Kind::TermBegun(_)
                | Kind::SemanticsRaised(_)
                | Kind::SendQueued(_)
                | Kind::SendReceived(_)
                | Kind::SendsRemoved(_)
                | Kind::RemoteSubscriptionOpened(_)
                | Kind::RemoteSubscriptionClosed(_)
                | Kind::MessageReserved(_)
                | Kind::ReservationConfirmed(_)
                | Kind::ReservationReleased(_)
                | Kind::DeploymentPended(_)
                | Kind::DeploymentAwaited(_)
                | Kind::DeploymentSettled(_),
            ) => Vec::new(),
        }
    }
}
