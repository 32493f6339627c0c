//! The figures of a run, for people and for scripts.

use serde_json::{Value, json};

use super::BenchArgs;
use super::child::{Child, Usage};
use super::flight::Latencies;
use super::load::Load;
use crate::output::{Paint, Tone, plain, table, toned};

pub struct Report {
    args: BenchArgs,
    load: Load,
    ready_ms: f64,
    idle_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    cpu_seconds: Option<f64>,
    written_bytes: Option<u64>,
}

impl Report {
    pub fn new(
        args: &BenchArgs,
        child: &Child,
        load: Load,
        idle: &Usage,
        before: &Usage,
        after: &Usage,
    ) -> Self {
        let cpu = before.cpu_seconds.zip(after.cpu_seconds);
        let written = before.written_bytes.zip(after.written_bytes);
        Self {
            args: args.clone(),
            load,
            ready_ms: child.ready_after().as_secs_f64() * 1000.0,
            idle_bytes: idle.resident_bytes,
            resident_bytes: after.resident_bytes,
            cpu_seconds: cpu.map(|(before, after)| after - before),
            written_bytes: written.map(|(before, after)| after - before),
        }
    }

    fn instances(&self) -> f64 {
        self.load.measured.ended as f64
    }

    fn per_second(&self) -> f64 {
        self.instances() / self.load.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn per_thousand(&self, seconds: Option<f64>) -> Option<f64> {
        seconds.map(|seconds| seconds * 1000.0 / self.instances())
    }

    fn per_instance(&self) -> Option<f64> {
        self.written_bytes
            .map(|bytes| bytes as f64 / self.instances())
    }

    /// In words, what the figures are of.
    fn case(&self) -> String {
        let args = &self.args;
        let tasks = match args.tasks {
            1 => "one task".to_owned(),
            tasks => format!("{tasks} tasks"),
        };
        let jobs = if args.long_poll {
            "long poll"
        } else {
            "job stream"
        };
        let pace = match args.rate {
            Some(rate) => format!("{rate} instances/s (open loop)"),
            None => format!("{} outstanding", args.outstanding),
        };
        format!(
            "{tasks}, {jobs}, {pace}, {} B of variables",
            args.variables_bytes
        )
    }

    pub fn json(&self) -> Value {
        let measured = &self.load.measured;
        json!({
            "case": self.case(),
            "instances": measured.ended,
            "tasks": self.args.tasks,
            "outstanding": self.args.outstanding,
            "variablesBytes": self.args.variables_bytes,
            "rate": self.args.rate,
            "longPoll": self.args.long_poll,
            "seconds": round(Some(self.load.took.as_secs_f64())),
            "instancesPerSecond": round(Some(self.per_second())),
            "serverCpuSecondsPer1000": round(self.per_thousand(self.cpu_seconds)),
            "loadCpuSecondsPer1000": round(self.per_thousand(self.load.cpu_seconds)),
            "createToJobMs": percentiles(&measured.create_to_job),
            "completionToNextJobMs": percentiles(&measured.completion_to_next_job),
            "createToCompletedMs": percentiles(&measured.create_to_completed),
            "bytesWrittenPerInstance": round(self.per_instance()),
            "startToReadyMs": round(Some(self.ready_ms)),
            "residentBytesIdle": self.idle_bytes,
            "residentBytesAfter": self.resident_bytes,
            "refusedCalls": measured.refused,
        })
    }

    pub fn text(&self, paint: Paint) -> String {
        let measured = &self.load.measured;
        let cpu = |seconds| figure(self.per_thousand(seconds), 3, "s");
        let rows = [
            ("instances", measured.ended.to_string()),
            (
                "instances per second",
                figure(Some(self.per_second()), 0, ""),
            ),
            (
                "CPU of the server per 1,000 instances",
                cpu(self.cpu_seconds),
            ),
            (
                "CPU of the load per 1,000 instances",
                cpu(self.load.cpu_seconds),
            ),
            (
                "create → first job, p50 / p99",
                pair(&measured.create_to_job),
            ),
            (
                "completion → next job, p50 / p99",
                pair(&measured.completion_to_next_job),
            ),
            (
                "create → completed, p50 / p99",
                pair(&measured.create_to_completed),
            ),
            (
                "written to disk per instance",
                kilobytes(self.per_instance()),
            ),
            (
                "start → ready, empty folder",
                figure(Some(self.ready_ms), 0, "ms"),
            ),
            ("resident, idle", megabytes(self.idle_bytes)),
            ("resident, after the load", megabytes(self.resident_bytes)),
            ("calls refused and repeated", measured.refused.to_string()),
        ];
        let rows = rows
            .into_iter()
            .filter(|(_, figure)| !figure.is_empty())
            .map(|(name, figure)| vec![plain(name), toned(figure, Tone::Bold)])
            .collect();
        format!(
            "{}\n{}",
            paint.bold(&self.case()),
            table(paint, &["", ""], rows).trim_start_matches('\n')
        )
    }
}

fn figure(value: Option<f64>, digits: usize, unit: &str) -> String {
    match value {
        None => "not known on this system".to_owned(),
        Some(value) => format!("{value:.digits$} {unit}").trim_end().to_owned(),
    }
}

fn pair(latencies: &Latencies) -> String {
    let (p50, p99) = (latencies.percentile_ms(50.0), latencies.percentile_ms(99.0));
    match p50.zip(p99) {
        None => String::new(),
        Some((p50, p99)) => format!("{p50:.2} / {p99:.2} ms"),
    }
}

fn percentiles(latencies: &Latencies) -> Value {
    json!({
        "p50": round(latencies.percentile_ms(50.0)),
        "p99": round(latencies.percentile_ms(99.0)),
    })
}

fn kilobytes(bytes: Option<f64>) -> String {
    figure(bytes.map(|bytes| bytes / 1000.0), 2, "kB")
}

fn megabytes(bytes: Option<u64>) -> String {
    figure(bytes.map(|bytes| bytes as f64 / 1e6), 1, "MB")
}

/// Four digits behind the point are more than any of this is worth.
fn round(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| {
        Value::from((value * 10_000.0).round() / 10_000.0)
    })
}
