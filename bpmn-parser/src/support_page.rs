//! `docs/bpmn-support.md`, printed from the element table, the table of events and the codes.
//!
//! Owns the wording around the tables; must not know a single element itself.

use std::fmt::Write;

use crate::code::{CODES, Phase};
use crate::element_table::{Category, ELEMENTS, Vocabulary};
use crate::execution::event_table::{COLUMNS, Cell, ROWS};

/// The page as Markdown.
pub fn support_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for (category, title) in SECTIONS {
        elements(&mut page, *category, title);
        if *category == Category::Event {
            events(&mut page);
        }
    }
    codes(&mut page);
    page
}

const INTRODUCTION: &str = "\
# What Weir does with BPMN 2.0

Generated from the tables of the parser; `UPDATE=1 cargo test -p bpmn-parser` writes it anew.

Every element is read, whatever becomes of it. *Executed*: it has its effect when a process runs. \
*Refused*: an executable process (`isExecutable=\"true\"`) with it is not deployed, and the \
diagnostic names the element. *Drawn*: it appears in diagrams and has no effect on execution. \
*Read*: it is in the model and has no effect. Elements and attributes of other vendors are kept as \
they were written.
";

const SECTIONS: &[(Category, &str)] = &[
    (Category::Task, "Tasks"),
    (Category::SubProcess, "Sub-processes"),
    (Category::Activity, "Call activity, global tasks, loops"),
    (Category::Gateway, "Gateways"),
    (Category::Flow, "Sequence flows"),
    (Category::Event, "Events"),
    (Category::EventDefinition, "Event definitions"),
    (Category::Process, "Processes, lanes, resources"),
    (Category::Data, "Data"),
    (Category::Artifact, "Artifacts"),
    (Category::Collaboration, "Collaborations"),
    (Category::Choreography, "Choreographies"),
    (Category::Shared, "Root elements"),
    (Category::Foundation, "Foundation"),
    (Category::Diagram, "Diagrams"),
    (Category::Extension, "Extension elements"),
    (Category::Part, "Parts of other elements"),
];

fn elements(page: &mut String, category: Category, title: &str) {
    page.push_str(&format!(
        "\n## {title}\n\n| element | status | |\n|---|---|---|\n"
    ));
    for (_, row) in ELEMENTS.iter().filter(|(_, row)| row.category == category) {
        let prefix = match row.vocabulary {
            Vocabulary::Bpmn => "",
            Vocabulary::Bpmndi => "bpmndi:",
            Vocabulary::Dc => "dc:",
            Vocabulary::Di => "di:",
            Vocabulary::Zeebe => "zeebe:",
            Vocabulary::Weir => "weir:",
        };
        let support = row.support.word();
        line(
            page,
            format_args!("| `{prefix}{}` | {support} | {} |", row.name, row.note),
        );
    }
}

fn events(page: &mut String) {
    page.push_str("\nWhich event is executed where; all of an event sub-process is refused.\n\n|");
    for column in COLUMNS {
        page.push_str(" | ");
        page.push_str(column.noun());
    }
    page.push_str(" |\n|---|---|---|---|---|---|---|\n");
    for (row, cells) in ROWS {
        page.push_str("| ");
        page.push_str(row.noun());
        for cell in cells {
            page.push_str(match cell {
                Cell::Executed => " | executed",
                Cell::Job => " | executed as a job",
                Cell::Refused => " | refused",
                Cell::Absent => " | –",
            });
        }
        page.push_str(" |\n");
    }
}

fn codes(page: &mut String) {
    page.push_str("\n## Diagnostics\n\n| code | raised | meaning |\n|---|---|---|\n");
    for code in CODES {
        let phase = match code.phase {
            Phase::Xml => "reading XML",
            Phase::Limit => "at a limit",
            Phase::Model => "reading BPMN",
            Phase::Execution => "for executable processes",
        };
        line(
            page,
            format_args!("| `{}` | {phase} | {} |", code.name, code.meaning),
        );
    }
}

fn line(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = page.write_fmt(arguments);
    page.push('\n');
}
