//! Measures the Kafka journal: `scripts/kafka run -- cargo run --release -p weir-journal --example kafka`.
//!
//! Prints latencies of appends, checkpoints and leadership, and the rate of a restore. Only figures; nothing is
//! asserted. The broker's address is in `KAFKA_BOOTSTRAP`.

use hdrhistogram::Histogram;
use journal::kafka::{KafkaJournal, KafkaOptions};
use journal::{Bytes, Change, Checkpoint, Journal, Lead, Observed};
use std::time::{Duration, Instant};

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

const COMMAND_BYTES: usize = 700;

fn main() -> Anyhow<()> {
    let options = KafkaOptions {
        bootstrap: std::env::var("KAFKA_BOOTSTRAP").map_err(|_| "KAFKA_BOOTSTRAP is not set")?,
        namespace: format!("bench-{}", fastrand::u32(..)),
        ..KafkaOptions::default()
    };
    let started = Instant::now();
    let journal = KafkaJournal::open(options)?;
    println!("open, with new topics: {:?}", started.elapsed());
    println!(
        "{:<44}{:>10}{:>10}{:>14}",
        "", "p50 µs", "p99 µs", "per second"
    );
    for (callers, each) in [(1, 1), (8, 1), (64, 1), (64, 10)] {
        appends(&journal, callers, each)?;
    }
    reading(&journal)?;
    leading(&journal)?;
    let mut lead = journal.lead(0, "bench")?;
    for entries in [1, 10, 100, 1000, 10_000] {
        checkpoints(&mut *lead, entries)?;
    }
    restoring(&journal, &mut *lead)
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

fn appends(journal: &KafkaJournal, callers: usize, each: usize) -> Anyhow<()> {
    const TIME: Duration = Duration::from_secs(3);
    let commands = vec![Bytes::from(vec![7; COMMAND_BYTES]); each];
    let started = Instant::now();
    let measured = std::thread::scope(|scope| {
        let caller = || {
            let mut times = histogram();
            while started.elapsed() < TIME {
                let one = Instant::now();
                journal
                    .append(0, &commands)
                    .map_err(|error| error.to_string())?;
                let _ = times.record(one.elapsed().as_nanos() as u64);
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

fn reading(journal: &KafkaJournal) -> Anyhow<()> {
    let (opened, mut records) = (Instant::now(), 0);
    let mut reader = journal.read(0, 0)?;
    let mut batch = reader.next(Duration::from_secs(5))?;
    println!("read: first batch after {:?}", opened.elapsed());
    let started = Instant::now();
    while !batch.is_empty() {
        records += batch.len();
        batch = reader.next(Duration::from_millis(500))?;
    }
    let per_second = records as f64 / started.elapsed().as_secs_f64();
    println!(
        "{:<44}{per_second:>34.0}",
        format!("read back: {records} records")
    );
    Ok(())
}

fn leading(journal: &KafkaJournal) -> Anyhow<()> {
    let mut times = histogram();
    for _ in 0..20 {
        let one = Instant::now();
        let lead = journal.lead(0, "bench")?;
        times.record(one.elapsed().as_nanos() as u64)?;
        drop(lead);
    }
    row("lead", &times, 0.0);
    Ok(())
}

fn checkpoints(lead: &mut dyn Lead, entries: u64) -> Anyhow<()> {
    const ROUNDS: u64 = 100;
    let mut times = histogram();
    let started = Instant::now();
    for round in 0..ROUNDS {
        let checkpoint = checkpoint(round * entries..(round + 1) * entries);
        let one = Instant::now();
        lead.checkpoint(&checkpoint)?;
        times.record(one.elapsed().as_nanos() as u64)?;
    }
    let name = format!("checkpoint: {entries} entries");
    let records = (ROUNDS * entries) as f64;
    row(&name, &times, records / started.elapsed().as_secs_f64());
    Ok(())
}

fn checkpoint(keys: std::ops::Range<u64>) -> Checkpoint {
    let value = Bytes::from(vec![7; 600]);
    let change = |number: u64| Change {
        key: Bytes::copy_from_slice(&number.to_be_bytes()),
        value: Some(value.clone()),
    };
    Checkpoint {
        changes: keys.map(change).collect(),
        ..Checkpoint::default()
    }
}

fn restoring(journal: &KafkaJournal, lead: &mut dyn Lead) -> Anyhow<()> {
    lead.checkpoint(&Checkpoint::default())?;
    let (started, mut changes) = (Instant::now(), 0_u64);
    let mut observer = journal.observe(0)?;
    loop {
        match observer.next(Duration::from_secs(5))? {
            Observed::Change(_) => changes += 1,
            Observed::Checkpoint { .. } => break,
            Observed::Idle => return Err("the end did not come".into()),
        }
    }
    let per_second = changes as f64 / started.elapsed().as_secs_f64();
    println!(
        "{:<44}{per_second:>34.0}",
        format!("restore: {changes} records of 600 bytes")
    );
    Ok(())
}
