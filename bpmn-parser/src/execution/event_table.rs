//! The table of events: which event is executed where it stands.
//!
//! Owns the matrix of BPMN 2.0 table 10.93 with Weir's support; `event.rs` and the support page
//! read it.

use crate::model::{Event, EventDefinition, EventPosition};

/// Where an event stands; the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Start,
    Catch,
    Throw,
    Boundary,
    BoundaryNonInterrupting,
    End,
}

pub(crate) const COLUMNS: [Column; 6] = [
    Column::Start,
    Column::Catch,
    Column::Throw,
    Column::Boundary,
    Column::BoundaryNonInterrupting,
    Column::End,
];

impl Column {
    pub(crate) fn of(position: EventPosition) -> Column {
        match position {
            EventPosition::Start { .. } => Column::Start,
            EventPosition::IntermediateCatch => Column::Catch,
            EventPosition::IntermediateThrow => Column::Throw,
            EventPosition::Boundary {
                cancel_activity: true,
                ..
            } => Column::Boundary,
            EventPosition::Boundary {
                cancel_activity: false,
                ..
            } => Column::BoundaryNonInterrupting,
            EventPosition::End => Column::End,
        }
    }

    /// As in "message start events".
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Column::Start => "start event",
            Column::Catch => "intermediate catch event",
            Column::Throw => "intermediate throw event",
            Column::Boundary => "boundary event",
            Column::BoundaryNonInterrupting => "non-interrupting boundary event",
            Column::End => "end event",
        }
    }
}

/// What Weir does with one kind of event in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Executed,
    /// As a job: `zeebe:taskDefinition` is needed.
    Job,
    Refused,
    /// BPMN has no such event.
    Absent,
}

/// What an event waits for or throws; the rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    None,
    Message,
    Timer,
    Error,
    Escalation,
    Signal,
    Compensation,
    Cancel,
    Conditional,
    Link,
    Terminate,
    Multiple,
    ParallelMultiple,
}

use Cell::{Absent, Executed, Job, Refused};

/// Cells in the order of [`COLUMNS`].
pub(crate) const ROWS: [(Row, [Cell; 6]); 13] = [
    (
        Row::None,
        [Executed, Absent, Executed, Absent, Absent, Executed],
    ),
    (
        Row::Message,
        [Executed, Executed, Job, Executed, Executed, Job],
    ),
    (
        Row::Timer,
        [Executed, Executed, Absent, Executed, Executed, Absent],
    ),
    (
        Row::Error,
        [Absent, Absent, Absent, Executed, Absent, Executed],
    ),
    (
        Row::Escalation,
        [Absent, Absent, Refused, Refused, Refused, Refused],
    ),
    (
        Row::Signal,
        [Executed, Executed, Executed, Executed, Executed, Executed],
    ),
    (
        Row::Compensation,
        [Absent, Absent, Refused, Refused, Absent, Refused],
    ),
    (
        Row::Cancel,
        [Absent, Absent, Absent, Refused, Absent, Refused],
    ),
    (
        Row::Conditional,
        [Refused, Refused, Absent, Refused, Refused, Absent],
    ),
    (
        Row::Link,
        [Absent, Refused, Refused, Absent, Absent, Absent],
    ),
    (
        Row::Terminate,
        [Absent, Absent, Absent, Absent, Absent, Executed],
    ),
    (
        Row::Multiple,
        [Refused, Refused, Refused, Refused, Refused, Refused],
    ),
    (
        Row::ParallelMultiple,
        [Refused, Refused, Absent, Refused, Refused, Absent],
    ),
];

impl Row {
    pub(crate) fn of(event: &Event) -> Row {
        match event.definitions.as_slice() {
            [] => Row::None,
            [definition] => Row::of_definition(definition),
            [_, _, ..] if event.parallel_multiple => Row::ParallelMultiple,
            [_, _, ..] => Row::Multiple,
        }
    }

    fn of_definition(definition: &EventDefinition) -> Row {
        match definition {
            EventDefinition::Message { .. } => Row::Message,
            EventDefinition::Timer(_) => Row::Timer,
            EventDefinition::Error { .. } => Row::Error,
            EventDefinition::Escalation { .. } => Row::Escalation,
            EventDefinition::Signal { .. } => Row::Signal,
            EventDefinition::Compensate { .. } => Row::Compensation,
            EventDefinition::Cancel => Row::Cancel,
            EventDefinition::Conditional { .. } => Row::Conditional,
            EventDefinition::Link { .. } => Row::Link,
            EventDefinition::Terminate => Row::Terminate,
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Row::None => "none",
            Row::Message => "message",
            Row::Timer => "timer",
            Row::Error => "error",
            Row::Escalation => "escalation",
            Row::Signal => "signal",
            Row::Compensation => "compensation",
            Row::Cancel => "cancel",
            Row::Conditional => "conditional",
            Row::Link => "link",
            Row::Terminate => "terminate",
            Row::Multiple => "multiple",
            Row::ParallelMultiple => "parallel multiple",
        }
    }
}

/// The cell of an event.
pub(crate) fn cell(row: Row, column: Column) -> Cell {
    // Both orders are those of the enums, which a test checks.
    ROWS.get(row as usize)
        .and_then(|(_, cells)| cells.get(column as usize))
        .copied()
        .unwrap_or(Cell::Absent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element_table::{Support, Tag};

    /// The element table's status of a definition is what its row here comes to.
    #[test]
    fn both_tables_agree() {
        for (row, cells) in ROWS {
            let tag = match row {
                Row::None | Row::Multiple | Row::ParallelMultiple => continue,
                Row::Message => Tag::MessageEventDefinition,
                Row::Timer => Tag::TimerEventDefinition,
                Row::Error => Tag::ErrorEventDefinition,
                Row::Escalation => Tag::EscalationEventDefinition,
                Row::Signal => Tag::SignalEventDefinition,
                Row::Compensation => Tag::CompensateEventDefinition,
                Row::Cancel => Tag::CancelEventDefinition,
                Row::Conditional => Tag::ConditionalEventDefinition,
                Row::Link => Tag::LinkEventDefinition,
                Row::Terminate => Tag::TerminateEventDefinition,
            };
            let executed = cells.contains(&Executed) || cells.contains(&Job);
            let support = tag.row().expect("has a row").support;
            assert_eq!(support == Support::Executed, executed, "{row:?}");
            assert_eq!(support == Support::Refused, !executed, "{row:?}");
        }
    }

    #[test]
    fn rows_and_columns_are_in_the_order_of_their_enums() {
        for (position, (row, _)) in ROWS.iter().enumerate() {
            assert_eq!(*row as usize, position);
        }
        for (position, column) in COLUMNS.iter().enumerate() {
            assert_eq!(*column as usize, position);
        }
        assert_eq!(cell(Row::Message, Column::End), Cell::Job);
        assert_eq!(cell(Row::Terminate, Column::Start), Cell::Absent);
    }
}
