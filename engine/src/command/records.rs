//! Records that their topics refused.

use proto::record::{ParkRecord, RecordParked, event, incident, work};

use super::{Handled, done, invalid, wrong_state};
use crate::step::{At, Step, Stuck};

/// Makes an incident of a record that its topic refused. The element that published it is long done, so the instance
/// itself has the incident, and does not complete before it is resolved.
pub(super) fn park(step: &mut Step<'_>, park: &ParkRecord) -> Handled {
    let refused = park.refused.as_ref();
    let parts = refused.and_then(|refused| Some((refused, refused.record.as_ref()?)));
    let Some((refused, record)) = parts else {
        return Err(invalid("RECORD_MISSING", "no record is to be parked"));
    };
    // As with sends: each once, however often it is brought.
    let expected = step.state.last_parked() + 1;
    if refused.sequence != expected {
        let message = format!("the next one is {expected}, not {}", refused.sequence);
        return Err(wrong_state("RECORD_OUT_OF_ORDER", message).with("expected", expected));
    }
    let process = step.at(record.instance, record.instance);
    let found = process.filter(|at| (record.node as usize) < at.executable.nodes.len());
    step.emit(event::Kind::RecordParked(RecordParked {
        sequence: refused.sequence,
        instance: found.as_ref().map_or(0, |at| at.instance),
    }));
    if let Some(process) = found {
        let at = At {
            index: record.node,
            ..process
        };
        let message = format!(
            "the topic `{}` has refused the record: {}",
            record.topic, refused.reason
        );
        let stuck = Stuck::new(incident::Type::RecordRefused, message);
        let again = work::Kind::Publish(Box::new(record.clone()));
        step.raise(&at, stuck, again, 0);
    }
    done()
}
