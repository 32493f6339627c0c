//! The figures of a run, for people and for scripts.

use std::time::Duration;

use journal::kafka::Volume;
use serde_json::{Value, json};

use super::BenchArgs;
use super::flight::Latencies;
use super::load::Load;
use super::usage::Usage;
use crate::output::{Paint, Tone, plain, table, toned};

pub struct Report<'a> {
    pub args: &'a BenchArgs,
    pub load: Load,
    /// From the start on nothing until all served.
    pub ready: Duration,
    pub idle: Usage,
    pub cost: Cost,
    pub restart: Restart,
}

/// What the load has cost; `None` where nobody tells.
pub struct Cost {
    pub cpu_seconds: Option<f64>,
    pub written_bytes: Option<u64>,
    /// When it was over.
    pub resident_bytes: Option<u64>,
    /// Of brokers on this machine.
    pub brokers_cpu_seconds: Option<f64>,
    pub brokers_written_bytes: Option<u64>,
    /// Set when there are brokers.
    pub volumes: Option<Vec<Volume>>,
}

/// All servers were killed and started again, until every partition began instances.
pub struct Restart {
    pub ready: Duration,
    pub usage: Usage,
}

impl Report<'_> {
    fn instances(&self) -> f64 {
        self.load.measured.ended as f64
    }

    fn per_second(&self) -> f64 {
        self.instances() / self.load.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn per_thousand(&self, seconds: Option<f64>) -> Option<f64> {
        seconds.map(|seconds| seconds * 1000.0 / self.instances())
    }

    fn per_instance(&self, count: Option<u64>) -> Option<f64> {
        count.map(|count| count as f64 / self.instances())
    }

    /// Records and bytes per instance, if they could be counted.
    fn topic(&self, volume: &Volume) -> Option<(f64, f64)> {
        let per_instance = |count: u64| count as f64 / self.instances();
        let figures = (per_instance(volume.records), per_instance(volume.bytes));
        (!volume.is_cut).then_some(figures)
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
        let mut case = format!(
            "{tasks}, {jobs}, {pace}, {} B of variables",
            args.variables_bytes
        );
        match (&args.kafka, args.nodes) {
            (None, _) => {}
            (Some(_), 1) => case += ", on Kafka",
            (Some(_), nodes) => case += &format!(", {nodes} nodes on Kafka"),
        }
        if let Some(partitions) = args.partitions {
            case += &format!(", partitions: {partitions}");
        }
        if args.parked > 0 {
            case += &format!(", {} parked", args.parked);
        }
        case
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
            "kafka": self.args.kafka.is_some(),
            "partitions": self.args.partitions,
            "nodes": self.args.nodes,
            "parked": self.args.parked,
            "seconds": round(Some(self.load.took.as_secs_f64())),
            "instancesPerSecond": round(Some(self.per_second())),
            "serverCpuSecondsPer1000": round(self.per_thousand(self.cost.cpu_seconds)),
            "brokersCpuSecondsPer1000": round(self.per_thousand(self.cost.brokers_cpu_seconds)),
            "loadCpuSecondsPer1000": round(self.per_thousand(self.load.cpu_seconds)),
            "createToJobMs": percentiles(&measured.create_to_job),
            "completionToNextJobMs": percentiles(&measured.completion_to_next_job),
            "createToCompletedMs": percentiles(&measured.create_to_completed),
            "bytesWrittenPerInstance": round(self.per_instance(self.cost.written_bytes)),
            "bytesWrittenByBrokersPerInstance": round(self.per_instance(self.cost.brokers_written_bytes)),
            "topics": self.topics(),
            "startToReadyMs": round(Some(ms(self.ready))),
            "killToReadyMs": round(Some(ms(self.restart.ready))),
            "residentBytesIdle": self.idle.resident_bytes,
            "residentBytesAfter": self.cost.resident_bytes,
            "residentBytesRestored": self.restart.usage.resident_bytes,
            "residentBytesRestoredPeak": self.restart.usage.peak_bytes,
            "refusedCalls": measured.refused,
        })
    }

    fn volumes(&self) -> impl Iterator<Item = &Volume> {
        let volumes = self.cost.volumes.iter().flatten();
        volumes.filter(|volume| volume.records > 0)
    }

    fn topics(&self) -> Value {
        let topics = self.volumes().map(|volume| {
            let figures = self.topic(volume);
            json!({
                "topic": volume.topic,
                "recordsPerInstance": round(figures.map(|(records, _)| records)),
                "bytesPerInstance": round(figures.map(|(_, bytes)| bytes)),
            })
        });
        topics.collect()
    }

    pub fn text(&self, paint: Paint) -> String {
        let mut rows = self.load_rows();
        rows.extend(self.broker_rows());
        rows.extend(self.memory_rows());
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

    fn load_rows(&self) -> Vec<(String, String)> {
        let measured = &self.load.measured;
        let cpu = |seconds| figure(seconds, 3, "s");
        let named = |name: &str, figure| (name.to_owned(), figure);
        vec![
            named("instances", measured.ended.to_string()),
            named(
                "instances per second",
                figure(Some(self.per_second()), 0, ""),
            ),
            named(
                "CPU of the server per 1,000 instances",
                cpu(self.per_thousand(self.cost.cpu_seconds)),
            ),
            named(
                "CPU of the load per 1,000 instances",
                cpu(self.per_thousand(self.load.cpu_seconds)),
            ),
            named(
                "create → first job, p50 / p99",
                pair(&measured.create_to_job),
            ),
            named(
                "completion → next job, p50 / p99",
                pair(&measured.completion_to_next_job),
            ),
            named(
                "create → completed, p50 / p99",
                pair(&measured.create_to_completed),
            ),
            named("calls refused and repeated", measured.refused.to_string()),
        ]
    }

    fn broker_rows(&self) -> Vec<(String, String)> {
        if self.cost.volumes.is_none() {
            let written = "written to disk per instance".to_owned();
            return vec![(
                written,
                kilobytes(self.per_instance(self.cost.written_bytes)),
            )];
        }
        let mut rows = vec![
            (
                "CPU of the brokers per 1,000 instances".to_owned(),
                figure(self.per_thousand(self.cost.brokers_cpu_seconds), 3, "s"),
            ),
            (
                "written to disk by the brokers per instance".to_owned(),
                kilobytes(self.per_instance(self.cost.brokers_written_bytes)),
            ),
        ];
        rows.extend(self.volumes().map(|volume| {
            let figures = match self.topic(volume) {
                None => "not known: deleted meanwhile".to_owned(),
                Some((records, bytes)) => format!("{records:.2} / {}", kilobytes(Some(bytes))),
            };
            (
                format!("records / bytes per instance, {}", volume.topic),
                figures,
            )
        }));
        rows
    }

    fn memory_rows(&self) -> Vec<(String, String)> {
        let named = |name: &str, figure| (name.to_owned(), figure);
        let restart = &self.restart;
        vec![
            named(
                "start → ready, nothing there",
                figure(Some(ms(self.ready)), 0, "ms"),
            ),
            named(
                "killed → all partitions begin instances",
                figure(Some(ms(restart.ready)), 0, "ms"),
            ),
            named("resident, idle", megabytes(self.idle.resident_bytes)),
            named(
                "resident, after the load",
                megabytes(self.cost.resident_bytes),
            ),
            named(
                "resident, restored",
                megabytes(restart.usage.resident_bytes),
            ),
            named(
                "resident, the most of it",
                megabytes(restart.usage.peak_bytes),
            ),
        ]
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
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
