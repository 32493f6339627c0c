//! The words and colours for states of instances and elements.

use proto::admin as api;

use crate::output::Tone;

pub fn instance_state(state: api::InstanceState) -> (&'static str, Tone) {
    match state {
        api::InstanceState::Unspecified => ("UNKNOWN", Tone::Faint),
        api::InstanceState::Active => ("ACTIVE", Tone::Plain),
        api::InstanceState::Incident => ("INCIDENT", Tone::Bad),
        api::InstanceState::Completed => ("COMPLETED", Tone::Good),
        api::InstanceState::Canceled => ("CANCELED", Tone::Faint),
    }
}

pub fn element_state(state: api::ElementState) -> &'static str {
    match state {
        api::ElementState::Unspecified => "UNKNOWN",
        api::ElementState::Active => "ACTIVE",
        api::ElementState::Completed => "COMPLETED",
        api::ElementState::Terminated => "TERMINATED",
    }
}

/// The name that the model gives, or the id.
pub fn name_or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}
