//! Measures the embedded journal on the disk at hand.
//!
//! `cargo run --release -p weir-journal --example embedded_throughput [directory]`
//!
//! Prints a table: latency of one append beside that of one bare write and fdatasync, throughput of many callers,
//! and what checkpoints of several sizes cost in time and bytes. Only figures; nothing is asserted.

use hdrhistogram::Histogram;
use journal::embedded::{EmbeddedJournal, Options};
use journal::{Bytes, Change, Checkpoint, HistoryRecord, Journal, Lead};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

const COMMAND_BYTES: usize = 700;

fn main() -> Anyhow<()> {
    let parent = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let directory = tempfile::tempdir_in(parent)?;
    println!(
        "{:<44}{:>10}{:>10}{:>14}",
        "", "p50 µs", "p99 µs", "per second"
    );
    bare(directory.path())?;
    let journal = EmbeddedJournal::open(directory.path(), &Options::default())?;
    for (callers, each) in [(1, 1), (8, 1), (64, 1), (64, 10), (64, 100)] {
        appends(&journal, callers, each)?;
    }
    reading(&journal)?;
    println!(
        "\n{:<44}{:>10}{:>10}{:>14}{:>10}",
        "", "p50 µs", "p99 µs", "kB written", "factor"
    );
    let mut lead = journal.lead(0, "throughput")?;
    for (instances, spread) in [
        (1, 0),
        (10, 0),
        (100, 0),
        (1000, 0),
        (100, 100_000),
        (1000, 100_000),
    ] {
        checkpoints(&mut *lead, instances, spread)?;
    }
    Ok(())
}

fn histogram() -> Histogram<u64> {
    // Three digits from 1 ns to a minute; these bounds are always good.
    Histogram::new_with_max(60_000_000_000, 3).unwrap_or_else(|_| unreachable!())
}

fn row(name: &str, times: &Histogram<u64>, per_second: f64) {
    let micros = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    println!(
        "{name:<44}{:>10.0}{:>10.0}{per_second:>14.0}",
        micros(0.5),
        micros(0.99)
    );
}

fn bare(directory: &Path) -> Anyhow<()> {
    let mut file = std::fs::File::create(directory.join("bare"))?;
    let mut times = histogram();
    let started = Instant::now();
    for _ in 0..1000 {
        let one = Instant::now();
        file.write_all(&[7; COMMAND_BYTES])?;
        file.sync_data()?;
        times.record(one.elapsed().as_nanos() as u64)?;
    }
    row(
        "write + fdatasync",
        &times,
        1000.0 / started.elapsed().as_secs_f64(),
    );
    Ok(())
}

fn appends(journal: &EmbeddedJournal, callers: usize, each: usize) -> Anyhow<()> {
    const TIME: Duration = Duration::from_secs(2);
    let commands: Vec<Bytes> = (0..each)
        .map(|_| Bytes::from(vec![7; COMMAND_BYTES]))
        .collect();
    let started = Instant::now();
    let measured = std::thread::scope(|scope| {
        let caller = || {
            let mut times = histogram();
            while started.elapsed() < TIME {
                let one = Instant::now();
                journal
                    .append(0, &commands)
                    .map_err(|error| error.to_string())?;
                times
                    .record(one.elapsed().as_nanos() as u64)
                    .map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(times)
        };
        let threads: Vec<_> = (0..callers).map(|_| scope.spawn(caller)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread
                .join()
                .unwrap_or_else(|_| Err("a caller panicked".to_owned()))
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>, _>>()
    })?;
    let mut times = histogram();
    for one in measured {
        times.add(one)?;
    }
    let records = times.len() as f64 * each as f64;
    let name = format!("append: {callers} callers, {each} records each");
    row(&name, &times, records / started.elapsed().as_secs_f64());
    Ok(())
}

fn reading(journal: &EmbeddedJournal) -> Anyhow<()> {
    let mut reader = journal.read(0, 0)?;
    let (started, mut records) = (Instant::now(), 0);
    loop {
        let batch = reader.next(Duration::ZERO)?;
        if batch.is_empty() {
            break;
        }
        records += batch.len();
    }
    let per_second = records as f64 / started.elapsed().as_secs_f64();
    println!(
        "{:<44}{:>34.0}",
        format!("read back: {records} records"),
        per_second
    );
    Ok(())
}

/// `instances` entries of 600 bytes and as many pieces of history in each checkpoint. With `spread` they are any of
/// so many; else new ones each time.
fn checkpoints(lead: &mut dyn Lead, instances: u64, spread: u64) -> Anyhow<()> {
    const ROUNDS: u64 = 60;
    let mut random = fastrand::Rng::with_seed(instances);
    let mut times = histogram();
    let mut payload = 0;
    let before = written()?;
    for round in 0..ROUNDS {
        let mut checkpoint = Checkpoint {
            next_offset: lead.next_offset(),
            ..Checkpoint::default()
        };
        for number in 0..instances {
            let instance = match spread {
                0 => (instances << 32) + round * instances + number,
                spread => random.u64(..spread),
            };
            checkpoint.changes.push(Change {
                key: Bytes::copy_from_slice(&instance.to_be_bytes()),
                value: Some(Bytes::from(vec![7; 600])),
            });
            checkpoint.history.push(HistoryRecord {
                instance,
                payload: Bytes::from(vec![8; 300]),
                ended: None,
            });
            payload += 900;
        }
        let one = Instant::now();
        lead.checkpoint(&checkpoint)?;
        times.record(one.elapsed().as_nanos() as u64)?;
    }
    let bytes = written()? - before;
    let micros = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    let place = if spread == 0 {
        "new".to_owned()
    } else {
        format!("of {spread}")
    };
    println!(
        "{:<44}{:>10.0}{:>10.0}{:>14.0}{:>10.1}",
        format!("checkpoint: {instances} instances, {place}"),
        micros(0.5),
        micros(0.99),
        bytes as f64 / ROUNDS as f64 / 1000.0,
        bytes as f64 / payload as f64
    );
    Ok(())
}

/// Bytes that this process has given to write calls; Linux only, 0 elsewhere.
fn written() -> Anyhow<u64> {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.map_or(Ok(0), str::parse)?)
}
