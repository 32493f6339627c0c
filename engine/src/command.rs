//! Commands: who may do what now. A handler checks everything, then emits.

mod decisions;
mod deploy;
mod distribute;
mod incidents;
mod instances;
mod jobs;
mod leases;
pub(crate) mod messages;
pub(crate) mod partition;
mod records;
pub(crate) mod signals;
mod subscriptions;
mod tasks;
mod tick;
mod variables;

pub use deploy::check_deployment;

use bytes::Bytes;
use proto::record::{
    Answer, Command, Done, KeyUsed, RequestAnswered, answer, command::Kind, event,
};

use crate::Position;
use crate::effect::Outcome;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::step::{Limits, Step, Stuck};

/// What a handler gives: the answer, or `None` when it comes later.
type Handled = Result<Option<Answer>, Rejection>;

/// Applies one command. Either nothing changed (`Rejection`), or all of it did.
///
/// # Errors
/// The caller was wrong; the rejection says how.
pub fn apply(
    state: &mut State,
    position: Position,
    command: &Command,
    limits: &Limits,
) -> Result<Outcome, Rejection> {
    if let Some(first) = state.first_answer(&command.request_id) {
        return Ok(Outcome {
            answer: Some(first),
            ..Outcome::default()
        });
    }
    let Some(kind) = &command.kind else {
        let message = "the command is of a kind that this build does not know";
        return Err(Rejection::new(
            Code::InvalidArgument,
            "COMMAND_UNKNOWN",
            message,
        ));
    };
    let mut step = Step::new(state, position, *limits);
    let answer = handle(&mut step, command, kind)?;
    step.run();
    if let Some(answer) = &answer
        && is_remembered(kind)
    {
        remember(&mut step, &command.request_id, answer);
    }
    Ok(step.finish(answer))
}

fn handle(step: &mut Step<'_>, command: &Command, kind: &Kind) -> Handled {
    match kind {
        Kind::DeployResources(deploy) => deploy::deploy(step, command, deploy),
        Kind::CreateInstance(create) => instances::create(step, command, create),
        Kind::CancelInstance(cancel) => instances::cancel(step, command, cancel),
        Kind::SetVariables(set) => variables::set(step, set),
        Kind::ResolveIncident(resolve) => incidents::resolve(step, command, resolve),
        Kind::PublishMessage(publish) => messages::publish(step, publish),
        Kind::BroadcastSignal(broadcast) => signals::broadcast(step, broadcast),
        Kind::EvaluateDecision(evaluate) => decisions::evaluate(step, evaluate),
        Kind::ActivateJobs(activate) => leases::activate(step, activate),
        Kind::OpenStream(open) => leases::open_stream(step, open),
        Kind::CreditStream(credit) => leases::credit_stream(step, credit),
        Kind::CloseStream(close) => leases::close_stream(step, close),
        Kind::ReturnJobs(give_back) => leases::return_jobs(step, &give_back.leases),
        Kind::CompleteJob(complete) => jobs::complete(step, complete),
        Kind::FailJob(fail) => jobs::fail(step, fail),
        Kind::ThrowJobError(throw) => jobs::throw_error(step, throw),
        Kind::UpdateJobRetries(update) => jobs::update_retries(step, update),
        Kind::UpdateJobTimeout(update) => jobs::update_timeout(step, update),
        Kind::ClaimTask(claim) => tasks::claim(step, claim),
        Kind::UnclaimTask(unclaim) => tasks::unclaim(step, unclaim),
        Kind::AssignTask(assign) => tasks::assign(step, assign),
        Kind::UpdateTask(update) => tasks::update(step, update),
        Kind::CompleteTask(complete) => tasks::complete(step, complete),
        Kind::CommentTask(comment) => tasks::comment(step, comment),
        Kind::Tick(_) => tick::tick(step),
        Kind::Continue(work) => instances::go_on(step, work),
        Kind::BeginTerm(begin) => partition::begin_term(step, begin),
        Kind::RaiseSemantics(raise) => partition::raise_semantics(step, raise),
        Kind::ReceiveSend(receive) => partition::receive(step, receive),
        Kind::SendsDelivered(delivered) => partition::delivered(step, delivered),
        Kind::ParkRecord(park) => records::park(step, park),
    }
}

/// Leases are not repeated but time out: their answer would hold every job's variables.
fn is_remembered(kind: &Kind) -> bool {
    !matches!(kind, Kind::ActivateJobs(_))
}

/// Keeps the first answer of a request that may be repeated.
pub(crate) fn remember(step: &mut Step<'_>, request_id: &Bytes, answer: &Answer) {
    if request_id.is_empty() {
        return;
    }
    step.emit(event::Kind::RequestAnswered(RequestAnswered {
        request_id: request_id.clone(),
        answer: Some(answer.clone()),
        bucket: step.state.requests_entry(step.now_ms(), request_id, answer),
    }));
}

/// There is no room for variables where a command wants them.
fn no_room(stuck: Stuck) -> Rejection {
    Rejection::new(
        Code::ResourceExhausted,
        "VARIABLES_TOO_LARGE",
        stuck.message,
    )
}

/// A key that is given to a caller and that no other event carries is used up all the same.
fn use_key(step: &mut Step<'_>, key: u64) {
    step.emit(event::Kind::KeyUsed(KeyUsed { key }));
}

fn done() -> Handled {
    answered(answer::Kind::Done(Done {}))
}

fn answered(kind: answer::Kind) -> Handled {
    Ok(Some(Answer { kind: Some(kind) }))
}

fn invalid(reason: &'static str, message: impl Into<String>) -> Rejection {
    Rejection::new(Code::InvalidArgument, reason, message)
}

fn not_found(reason: &'static str, message: impl Into<String>) -> Rejection {
    Rejection::new(Code::NotFound, reason, message)
}

fn wrong_state(reason: &'static str, message: impl Into<String>) -> Rejection {
    Rejection::new(Code::InvalidState, reason, message)
}

/// Whether they may be taken at all. The edge has normalized them, which is not proven again here:
/// only their size, and that they look like an object.
fn check_variables(step: &Step<'_>, variables: &Bytes) -> Result<Bytes, Rejection> {
    let limits = feel::json::Limits {
        bytes: step.limits.variables_bytes,
        ..feel::json::Limits::default()
    };
    if variables.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    if variables.len() > limits.bytes {
        let message = format!(
            "the variables take {} bytes, {} are allowed",
            variables.len(),
            limits.bytes
        );
        return Err(Rejection::new(
            Code::ResourceExhausted,
            "VARIABLES_TOO_LARGE",
            message,
        ));
    }
    if variables.first() != Some(&b'{') || variables.last() != Some(&b'}') {
        return Err(invalid(
            "VARIABLES_INVALID",
            "the variables are not a JSON object",
        ));
    }
    Ok(variables.clone())
}
