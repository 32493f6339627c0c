//! BPMN errors: found by the nearest boundary event, outward (BPMN 2.0 section 10.5.7).

use proto::record::{ThrowError, incident, work};

use crate::executable::{Executable, Kind, NodeIndex};
use crate::state::State;
use crate::state::instance::Elements;
use crate::step::{self, Step, Stuck};

/// An error occurs in an element: caught, or an incident.
pub(crate) fn throw(step: &mut Step<'_>, thrown: &ThrowError) {
    if let Some((host, event)) = catcher(step.state, thrown.instance, thrown.element, &thrown.code)
    {
        let variables = thrown.variables.clone();
        step.queue(step::trigger(thrown.instance, host, event, variables));
        return;
    }
    let Some(at) = step.at(thrown.instance, thrown.element) else {
        return;
    };
    let message = match thrown.message.as_str() {
        "" => format!("no boundary event catches the error `{}`", thrown.code),
        said => format!(
            "no boundary event catches the error `{}`: {said}",
            thrown.code
        ),
    };
    let stuck = Stuck::new(incident::Type::UnhandledErrorEvent, message);
    // Resolving offers the job again; an end event throws again.
    let found = step
        .instance(&at)
        .and_then(|found| found.element(at.element));
    let job = found.map_or(0, |element| element.job);
    step.raise(&at, stuck, work::Kind::ThrowError(thrown.clone()), job);
}

/// The element that hosts the catching event, and that event.
pub(crate) fn catcher(
    state: &State,
    instance: u64,
    element: u64,
    code: &str,
) -> Option<(u64, NodeIndex)> {
    let found = state.instance(instance)?;
    let executable = state.executable(found.definition_key)?;
    let mut current = element;
    // Each turn goes one scope outward.
    for _ in 0..found.elements.len() {
        let host = found.element(current)?;
        if let Some(event) = catching_event(executable, host.node, code) {
            return Some((current, event));
        }
        current = host.scope;
    }
    None
}

/// A specific code beats a catch-all on the same activity.
fn catching_event(executable: &Executable, host: NodeIndex, code: &str) -> Option<NodeIndex> {
    let events = &executable.node(host).boundary_events;
    let find = |wanted: Option<&str>| {
        events.iter().copied().find(|event| {
            matches!(&executable.node(*event).kind,
                Kind::BoundaryError { code } if code.as_deref() == wanted)
        })
    };
    find(Some(code)).or_else(|| find(None))
}
