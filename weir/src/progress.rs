//! Tells on standard error how far an export or an import has come.

use std::time::{Duration, Instant};

use node::moving::{Progress, Step};
use serde_json::json;

use crate::output::Output;

/// A line so often, and one whenever something else begins.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells now and then.
pub struct Teller {
    output: Output,
    /// The length of the file that is read.
    of_bytes: Option<u64>,
    told: Option<(Step, u32, Instant)>,
}

impl Teller {
    pub fn new(output: Output, of_bytes: Option<u64>) -> Teller {
        Teller {
            output,
            of_bytes,
            told: None,
        }
    }

    pub fn tell(&mut self, progress: &Progress) {
        let is_old = self.told.is_some_and(|(step, partition, at)| {
            (step, partition) == (progress.step, progress.partition) && at.elapsed() < PAUSE
        });
        if is_old || progress.partition == 0 {
            return;
        }
        self.told = Some((progress.step, progress.partition, Instant::now()));
        let of_bytes = self.of_bytes;
        self.output.note(
            || {
                json!({ "progress": {
                    "step": word(progress.step),
                    "partition": progress.partition,
                    "partitions": progress.partitions,
                    "entries": progress.entries,
                    "stories": progress.stories,
                    "bytes": progress.bytes,
                    "ofBytes": of_bytes,
                }})
            },
            || line(progress, of_bytes),
        );
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Restore => "restoring",
        Step::Export => "exporting",
        Step::Check => "checking",
        Step::Import => "importing",
    }
}

fn line(progress: &Progress, of_bytes: Option<u64>) -> String {
    let of = of_bytes.map_or_else(String::new, |of| format!(" of {}", size(of)));
    format!(
        "{} partition {} of {}: {} entries, {} pieces of history, {}{of}",
        word(progress.step),
        progress.partition,
        progress.partitions,
        progress.entries,
        progress.stories,
        size(progress.bytes),
    )
}

/// As people read it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
