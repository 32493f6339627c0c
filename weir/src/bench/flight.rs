//! Instances under way, and the times between their steps.

use std::collections::HashMap;
use std::time::Instant;

use hdrhistogram::Histogram;

/// Microseconds; up to ten minutes, three digits.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, 600_000_000, 3);
        Self(histogram.expect("the bounds are constants that hdrhistogram takes"))
    }

    fn record(&mut self, from: Instant, to: Instant) {
        let passed = to.saturating_duration_since(from).as_micros();
        self.0
            .saturating_record(u64::try_from(passed).unwrap_or(u64::MAX));
    }

    /// In milliseconds; `None` when nothing was measured.
    pub fn percentile_ms(&self, percentile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_percentile(percentile) as f64 / 1000.0)
    }
}

/// What was measured.
pub struct Measured {
    pub create_to_job: Latencies,
    pub completion_to_next_job: Latencies,
    pub create_to_completed: Latencies,
    pub ended: u64,
    /// Calls that the server refused because it had too much to do, and that were repeated.
    pub refused: u64,
}

#[derive(Default)]
struct Flight {
    created: Option<Instant>,
    /// The server has answered the creation.
    is_created: bool,
    first_job: Option<Instant>,
    completion_began: Option<Instant>,
    completed: u32,
    last_completed: Option<Instant>,
}

/// All instances under way, by their keys.
pub struct Flights {
    tasks: u32,
    by_key: HashMap<i64, Flight>,
    pub measured: Measured,
}

impl Flights {
    pub fn new(tasks: u32) -> Self {
        Self {
            tasks,
            by_key: HashMap::new(),
            measured: Measured {
                create_to_job: Latencies::new(),
                completion_to_next_job: Latencies::new(),
                create_to_completed: Latencies::new(),
                ended: 0,
                refused: 0,
            },
        }
    }

    /// The creation was answered. Its first job may have come before. Tells whether the instance has ended.
    pub fn created(&mut self, key: i64, began: Instant) -> bool {
        let flight = self.by_key.entry(key).or_default();
        flight.created = Some(began);
        flight.is_created = true;
        if let Some(job) = flight.first_job {
            self.measured.create_to_job.record(began, job);
        }
        self.end(key)
    }

    /// A job came, and its completion begins.
    pub fn job(&mut self, key: i64, now: Instant) {
        let flight = self.by_key.entry(key).or_default();
        if flight.first_job.is_none() {
            flight.first_job = Some(now);
            if let Some(began) = flight.created {
                self.measured.create_to_job.record(began, now);
            }
        } else if let Some(began) = flight.completion_began {
            self.measured.completion_to_next_job.record(began, now);
        }
        flight.completion_began = Some(now);
    }

    /// A completion was answered. Tells whether the instance has ended.
    pub fn completed(&mut self, key: i64, now: Instant) -> bool {
        let flight = self.by_key.entry(key).or_default();
        flight.completed += 1;
        flight.last_completed = Some(now);
        self.end(key)
    }

    fn end(&mut self, key: i64) -> bool {
        let Some(flight) = self.by_key.get(&key) else {
            return false;
        };
        if !flight.is_created || flight.completed < self.tasks {
            return false;
        }
        if let (Some(began), Some(ended)) = (flight.created, flight.last_completed) {
            self.measured.create_to_completed.record(began, ended);
        }
        self.by_key.remove(&key);
        self.measured.ended += 1;
        true
    }
}
