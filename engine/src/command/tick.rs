//! Time has passed: fires what is due, a bounded number at a time.

use bytes::Bytes;
use proto::record::{
    Instance, JobBackOffEnded, JobTimedOut, MessageExpired, RequestsForgotten, Timer, TimerFired,
    event, job,
};

use super::{Handled, done, messages};
use crate::element::job_task;
use crate::flow::catch;
use crate::state::Due;
use crate::step::{self, Step};

pub(super) fn tick(step: &mut Step<'_>) -> Handled {
    let now_ms = step.now_ms();
    for _ in 0..step.limits.due_per_tick {
        let Some(due) = step.state.first_due(now_ms) else {
            break;
        };
        fire(step, due);
        // One after another: what fires first may end what else is due.
        step.run();
        if step.is_spent() {
            break; // The next Tick goes on.
        }
    }
    done()
}

fn fire(step: &mut Step<'_>, due: Due) {
    match due {
        Due::Timer(timer) => {
            if let Some(timer) = step.state.timer(timer).cloned() {
                fire_timer(step, &timer);
            }
        }
        Due::Job(job) => release_job(step, job),
        Due::Message(message) => {
            step.emit(event::Kind::MessageExpired(MessageExpired { message }));
        }
        Due::Requests(bucket) => {
            step.emit(event::Kind::RequestsForgotten(RequestsForgotten { bucket }));
        }
    }
}

fn fire_timer(step: &mut Step<'_>, timer: &Timer) {
    let next_due_ms = catch::next_due_ms(timer);
    step.emit(event::Kind::TimerFired(TimerFired {
        timer: timer.key,
        instance: timer.instance,
        node: timer.node,
        next_due_ms,
    }));
    if timer.instance == 0 {
        let instance = Instance {
            definition_key: timer.definition_key,
            ..Instance::default()
        };
        messages::begin_at(step, instance, timer.node, &Bytes::from_static(b"{}"));
        return;
    }
    let variables = Bytes::from_static(b"{}");
    step.queue(step::trigger(
        timer.instance,
        timer.element,
        timer.node,
        variables,
    ));
}

/// The lease or the back-off of a job has ended.
fn release_job(step: &mut Step<'_>, key: u64) {
    let Some((state, instance)) = step.state.job(key).map(|job| (job.state(), job.instance)) else {
        return;
    };
    let fact = match state {
        job::State::Leased => event::Kind::JobTimedOut(JobTimedOut { job: key, instance }),
        job::State::BackingOff => {
            event::Kind::JobBackOffEnded(JobBackOffEnded { job: key, instance })
        }
        job::State::Activatable | job::State::Failed | job::State::ErrorThrown => return,
    };
    step.emit(fact);
    job_task::offer(step, key);
}
