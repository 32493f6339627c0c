//! Deployments on their way to the other partitions: the caller is answered once all of them have it.
//!
//! Else who deploys and then starts an instance, on whichever partition, could start the version before.

use proto::record::{
    Answer, Command, DeploymentAwaited, DeploymentPended, DeploymentSettled, Mark,
    PendingDeployment, SentResources, event, send,
};

use super::{partition, remember};
use crate::effect::Effect;
use crate::step::Step;

/// Sends what is new to every other partition.
pub(super) fn send(step: &mut Step<'_>, sent: &SentResources) {
    if sent.resources.is_empty() {
        return;
    }
    for target in partition::others(step) {
        partition::send(step, target, send::Kind::Deploy(sent.clone()));
    }
}

/// A repeated deployment waits with the first one. False when none is pending.
pub(super) fn join(step: &mut Step<'_>, command: &Command) -> bool {
    let Some(deployment) = step.state.deployment_of(&command.request_id) else {
        return false;
    };
    step.emit(event::Kind::DeploymentAwaited(DeploymentAwaited {
        deployment,
        correlation: command.correlation,
    }));
    true
}

/// Keeps the answer until all have the deployment; gives it back when they have.
///
/// What was there already may itself be on its way: then it is waited for too.
pub(super) fn pend(
    step: &mut Step<'_>,
    command: &Command,
    deployment: u64,
    answer: Answer,
) -> Option<Answer> {
    let last = partition::others(step).into_iter().map(|partition| Mark {
        partition,
        sequence: step.state.last_sent(partition),
    });
    let mut awaited = last.collect::<Vec<_>>();
    awaited.retain(|mark| !step.state.has_sent(mark));
    if awaited.is_empty() {
        return Some(answer);
    }
    step.emit(event::Kind::DeploymentPended(Box::new(DeploymentPended {
        pending: Some(PendingDeployment {
            key: deployment,
            request_id: command.request_id.clone(),
            correlation: command.correlation,
            answer: Some(answer),
            awaited,
        }),
    })));
    None
}

/// Sends have arrived: answers those who waited for them.
pub(super) fn settle(step: &mut Step<'_>) {
    let state = &step.state;
    let pending = state.pending_deployments();
    let settled = pending.filter(|pending| pending.awaited.iter().all(|mark| state.has_sent(mark)));
    for pending in settled.cloned().collect::<Vec<_>>() {
        step.emit(event::Kind::DeploymentSettled(DeploymentSettled {
            deployment: pending.key,
        }));
        let Some(answer) = pending.answer else {
            continue;
        };
        remember(step, &pending.request_id, &answer);
        step.effects.push(Effect::Answer {
            correlation: pending.correlation,
            request_id: pending.request_id,
            answer: Box::new(answer),
        });
    }
}
