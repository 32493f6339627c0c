//! What Prometheus is told: one table for all figures of a partition.
//!
//! Figures are read from the node when they are asked for; nothing is counted here.

use std::fmt;

use node::{Latency, Measures, PartitionMeasures, Phase, Role, Status};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::metrics::Shown;

/// A figure of each partition that this node leads: name, meaning, and where it is from.
type Figure = (&'static str, &'static str, fn(&Status) -> u64);

const FIGURES: [Figure; 7] = [
    (
        "weir_partition_applied_offset",
        "Offset behind the last command that was applied",
        |status| status.offset.map_or(0, |offset| offset + 1),
    ),
    (
        "weir_partition_checkpointed_offset",
        "First offset that the last checkpoint does not include",
        |status| status.checkpointed,
    ),
    (
        "weir_partition_term",
        "Number of the present leadership",
        |status| status.term,
    ),
    ("weir_instances", "Live process instances", |status| {
        status.counts.instances as u64
    }),
    (
        "weir_user_tasks",
        "User tasks, with the ended ones of live instances",
        |status| status.counts.tasks as u64,
    ),
    ("weir_incidents", "Unresolved incidents", |status| {
        status.counts.incidents as u64
    }),
    ("weir_job_streams", "Workers that wait for jobs", |status| {
        status.counts.streams as u64
    }),
];

/// The same with a label, whose values are the second part.
type Split<T> = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, fn(&T) -> bool)],
);

const PHASES: Split<Status> = (
    "weir_partition_phase",
    "1 for what a partition does that this node leads, 0 for all else",
    "phase",
    &[
        ("starting", |status| status.phase == Phase::Starting),
        ("serving", |status| status.phase == Phase::Serving),
        ("failed", |status| matches!(status.phase, Phase::Failed(_))),
        ("stopped", |status| status.phase == Phase::Stopped),
    ],
);

const ROLES: Split<PartitionMeasures> = (
    "weir_partition_role",
    "1 for what this node is to the partition, 0 for all else",
    "role",
    &[
        ("leader", |measures| measures.role() == Role::Leader),
        ("follower", |measures| measures.role() == Role::Follower),
        ("restoring", |measures| measures.role() == Role::Restoring),
        ("none", |measures| measures.role() == Role::None),
    ],
);

/// A figure of jobs in one state.
type Jobs = (&'static str, fn(&Status) -> usize);

const JOBS: [Jobs; 5] = [
    ("activatable", |status| status.counts.jobs.activatable),
    ("leased", |status| status.counts.jobs.leased),
    ("backing_off", |status| status.counts.jobs.backing_off),
    ("failed", |status| status.counts.jobs.failed),
    ("error_thrown", |status| status.counts.jobs.error_thrown),
];

/// A figure of the restore of each partition, also while there is no node to ask.
type Restored = (&'static str, &'static str, fn(&PartitionMeasures) -> u64);

const RESTORED: [Restored; 4] = [
    (
        "weir_restore_entries",
        "Entries that the last restore has read, or the one under way",
        |measures| measures.restore().entries,
    ),
    (
        "weir_restore_expected_entries",
        "About how many entries it reads; 0 while nobody knows",
        |measures| measures.restore().of_entries,
    ),
    ("weir_restore_bytes", "Bytes of these entries", |measures| {
        measures.restore().bytes
    }),
    (
        "weir_restore_commands",
        "Commands behind the checkpoint that it has applied again",
        |measures| measures.restore().commands,
    ),
];

type Timed = (
    &'static str,
    &'static str,
    fn(&PartitionMeasures) -> &Latency,
);

const LATENCIES: [Timed; 2] = [
    (
        "weir_append_seconds",
        "Time until commands that were appended together are durable",
        PartitionMeasures::append,
    ),
    (
        "weir_checkpoint_seconds",
        "Time until a checkpoint is durable",
        PartitionMeasures::checkpoint,
    ),
];

/// The figures of a server, before it has a node and after.
pub struct Figures(pub Shown);

impl fmt::Debug for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        of_measures(&mut encoder, &self.0.measures)?;
        let Some(node) = self.0.node.get() else {
            return Ok(());
        };
        let partitions = node.partitions().iter();
        let statuses: Vec<(u32, Status)> = partitions
            .filter_map(|partition| Some((partition.id().number(), partition.status()?)))
            .collect();
        for (name, help, value) in FIGURES {
            let values = statuses.iter();
            let values = values.map(|(partition, status)| (of(*partition), value(status)));
            gauges(&mut encoder, (name, help), values)?;
        }
        let jobs = statuses.iter().flat_map(|(partition, status)| {
            JOBS.map(|(state, count)| (with(*partition, "state", state), count(status) as u64))
        });
        gauges(&mut encoder, ("weir_jobs", "Jobs that are not done"), jobs)?;
        let statuses = statuses
            .iter()
            .map(|(partition, status)| (*partition, status));
        split(&mut encoder, PHASES, statuses)
    }
}

/// What every node has of every partition.
fn of_measures(encoder: &mut DescriptorEncoder<'_>, measures: &Measures) -> fmt::Result {
    let partitions = || {
        let partitions = measures.partitions();
        partitions.map(|(id, measures)| (id.number(), measures))
    };
    split(encoder, ROLES, partitions())?;
    for (name, help, value) in RESTORED {
        let values = partitions().map(|(partition, of_it)| (of(partition), value(of_it)));
        gauges(encoder, (name, help), values)?;
    }
    let lags = partitions().filter_map(|(partition, of_it)| Some((of(partition), of_it.lag()?)));
    let lag = (
        "weir_follower_lag_commands",
        "Commands that this node, as a follower, is behind the leader's last checkpoint",
    );
    gauges(encoder, lag, lags)?;
    counters(
        encoder,
        (
            "weir_commands",
            "Commands that this node has applied as leader",
        ),
        partitions().map(|(partition, of_it)| (of(partition), of_it.commands() as f64)),
    )?;
    counters(
        encoder,
        ("weir_apply_seconds", "Time that it took to apply them"),
        partitions().map(|(partition, of_it)| (of(partition), of_it.apply_time().as_secs_f64())),
    )?;
    for (name, help, latency) in LATENCIES {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (partition, of_it) in partitions() {
            let latency = latency(of_it);
            let mut buckets: Vec<(f64, u64)> = latency.buckets().collect();
            let within: u64 = buckets.iter().map(|(_, count)| count).sum();
            // What took longer than every bound.
            let count = latency.count().max(within);
            buckets.push((f64::MAX, count - within));
            let sum = latency.sum().as_secs_f64();
            metric
                .encode_family(&of(partition))?
                .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
    }
    Ok(())
}

type Labels = Vec<(&'static str, String)>;

fn of(partition: u32) -> Labels {
    vec![("partition", partition.to_string())]
}

fn with(partition: u32, label: &'static str, value: &'static str) -> Labels {
    let mut labels = of(partition);
    labels.push((label, value.to_owned()));
    labels
}

fn gauges(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = (Labels, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        metric.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = (Labels, f64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        metric
            .encode_family(&labels)?
            .encode_counter::<NoLabelSet, f64, f64>(&value, None)?;
    }
    Ok(())
}

fn split<'t, T: 't>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, label, values): Split<T>,
    all: impl Iterator<Item = (u32, &'t T)>,
) -> fmt::Result {
    let values = all.flat_map(|(partition, of_it)| {
        values
            .iter()
            .map(move |(value, is)| (with(partition, label, value), u64::from(is(of_it))))
    });
    gauges(encoder, (name, help), values)
}
