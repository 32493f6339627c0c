//! The one mutator: every change of state is an event that comes through here.
//!
//! Infallible: an event about something that is not there changes nothing, which the machine never
//! emits. Handlers check, events state facts.

mod catch;
mod instance;
mod job;
mod node;
mod remote;

use proto::record::{Event, event::Kind as Fact};

use super::{COUNTER_BITS, State, partition_of};
use crate::Position;
pub(super) use node::{mark_bytes, requests_due_ms};

impl State {
    /// Makes the fact part of the state.
    pub fn evolve(&mut self, position: Position, event: &Event) {
        self.meta.now_ms = self.meta.now_ms.max(position.timestamp_ms);
        let Some(fact) = &event.kind else {
            return;
        };
        match fact {
            Fact::ResourceAdded(fact) => self.resource_added(fact),
            Fact::DefinitionAdded(fact) => self.definition_added(fact),
            Fact::DecisionRequirementsAdded(fact) => self.requirements_added(fact),
            Fact::DecisionAdded(fact) => self.decision_added(fact),
            Fact::RequestAnswered(fact) => self.request_answered(fact),
            Fact::RequestsForgotten(fact) => self.requests_forgotten(fact),
            Fact::TermBegun(fact) => self.term_begun(fact),
            Fact::SemanticsRaised(fact) => self.semantics_raised(fact),
            Fact::StreamOpened(fact) => self.stream_opened(fact),
            Fact::StreamCredited(fact) => self.stream_credited(fact),
            Fact::StreamClosed(fact) => self.stream_closed(fact),
            Fact::SendQueued(fact) => self.send_queued(fact),
            Fact::SendReceived(fact) => self.send_received(fact),
            Fact::SendsRemoved(fact) => self.sends_removed(fact),
            Fact::DeploymentPended(fact) => self.deployment_pended(fact),
            Fact::DeploymentAwaited(fact) => self.deployment_awaited(fact),
            Fact::DeploymentSettled(fact) => self.deployment_settled(fact),
            Fact::KeyUsed(fact) => self.use_key(fact.key),
            Fact::DecisionEvaluated(fact) => self.decision_evaluated(fact),
            Fact::InstanceCreated(fact) => self.instance_created(fact),
            Fact::InstanceCompleted(fact) => self.instance_completed(fact),
            Fact::InstanceCanceled(fact) => self.instance_canceled(fact),
            Fact::ElementActivated(fact) => self.element_activated(fact),
            Fact::ElementCompleted(fact) => self.element_completed(fact),
            Fact::ElementTerminated(fact) => self.element_terminated(fact),
            Fact::FlowTaken(fact) => self.flow_taken(fact),
            Fact::TokensConsumed(fact) => self.tokens_consumed(fact),
            Fact::VariablesWritten(fact) => self.variables_written(fact),
            Fact::ContinuationSaved(fact) => self.continuation_saved(fact),
            Fact::ContinuationTaken(fact) => self.continuation_taken(fact),
            Fact::ResultAwaited(fact) => self.result_awaited(fact),
            Fact::IncidentRaised(fact) => self.incident_raised(fact),
            Fact::IncidentResolved(fact) => self.incident_resolved(fact),
            Fact::JobCreated(fact) => self.job_created(fact),
            Fact::JobLeased(fact) => self.job_leased(fact),
            Fact::JobCompleted(fact) => self.job_completed(fact),
            Fact::JobCanceled(fact) => self.job_canceled(fact),
            Fact::JobErrorThrown(fact) => self.job_error_thrown(fact),
            Fact::JobFailed(fact) => self.job_failed(fact),
            Fact::JobTimedOut(fact) => self.job_timed_out(fact),
            Fact::JobReturned(fact) => self.job_returned(fact),
            Fact::JobBackOffEnded(fact) => self.job_back_off_ended(fact),
            Fact::JobRetriesUpdated(fact) => self.job_retries_updated(fact),
            Fact::JobTimeoutUpdated(fact) => self.job_timeout_updated(fact),
            Fact::TaskCreated(fact) => self.task_created(fact),
            Fact::TaskChanged(fact) => self.task_changed(fact),
            Fact::TaskEnded(fact) => self.task_ended(fact),
            Fact::TimerCreated(fact) => self.timer_created(fact),
            Fact::TimerFired(fact) => self.timer_fired(fact),
            Fact::TimerCanceled(fact) => self.timer_canceled(fact),
            Fact::MessagePublished(fact) => self.message_published(fact),
            Fact::MessageCorrelated(fact) => self.message_correlated(fact),
            Fact::MessageExpired(fact) => self.message_expired(fact),
            Fact::SignalBroadcast(fact) => self.use_key(fact.signal),
            // What it does has events of its own.
            Fact::SignalCorrelated(_) => {}
            Fact::SubscriptionOpened(fact) => self.subscription_opened(fact),
            Fact::SubscriptionClosed(fact) => self.subscription_closed(fact),
            Fact::RemoteSubscriptionOpened(fact) => self.remote_opened(fact),
            Fact::RemoteSubscriptionClosed(fact) => self.remote_closed(fact),
            Fact::MessageReserved(fact) => self.message_reserved(fact),
            Fact::ReservationConfirmed(fact) => self.reservation_confirmed(fact),
            Fact::ReservationReleased(fact) => self.reservation_released(fact),
            // The leader brings it out; the state has nothing to remember.
            Fact::RecordPublished(_) => {}
            Fact::RecordParked(fact) => self.meta.parked = fact.sequence,
        }
    }

    /// A key of this partition that an event carries is used up.
    fn use_key(&mut self, key: u64) {
        if partition_of(key) != self.meta.partition {
            return; // Definitions come from another one, whose counter is not this one's.
        }
        let counter = key & ((1 << COUNTER_BITS) - 1);
        self.meta.next_counter = self.meta.next_counter.max(counter + 1);
    }
}
