//! How long a client waits when a leader dies, and when a partition moves as planned.
//!
//! `cargo build --release -p weir && cargo bench -p weir-bench --bench takeover -- --kills 20`
//!
//! Two nodes share the partitions on a real broker; a client of the first one begins instances at a fixed rate. The
//! second node is killed, the first takes over, another second one joins and is given its share: a planned move of each
//! partition that it gets. What a call took counts from when it was due. Only figures; nothing is asserted.

mod load;
mod nodes;

use std::time::{Duration, Instant};

use clap::Parser;
use journal::broker::Broker;

use load::{Call, Load};
use nodes::{Nodes, Said, What};

/// Between two kills, so that they hit any moment between two heartbeats.
const CALM: Duration = Duration::from_secs(1);
const CALM_MORE_MS: u64 = 400;
/// Calls that were due so long before an event may have been held up by it.
const BEFORE: Duration = Duration::from_millis(100);
/// A client that was held up by a kill was so within this time.
const AFTER_KILL: Duration = Duration::from_secs(15);

#[derive(Debug, Parser)]
struct Args {
    /// So often a leader is killed
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Followers of each partition: 0 takes over by restoring
    #[arg(long, default_value_t = 1)]
    standby: usize,
    #[arg(long, default_value_t = 4)]
    partitions: u32,
    /// Instances that are begun per second
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

type Failing<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Failing<()> {
    let args = Args::parse();
    let broker = Broker::start(1, &[]);
    let mut nodes = Nodes::new(broker.bootstrap(), args.partitions, args.standby);
    let first = nodes.start()?;
    let mut second = nodes.start()?;
    nodes.settle()?;
    let load = Load::start(nodes.address(first), args.rate)?;
    let mut kills = Vec::new();
    for _ in 0..args.kills {
        let calm = CALM + Duration::from_millis(fastrand::u64(..CALM_MORE_MS));
        nodes.listen_for(calm);
        kills.push(Instant::now());
        nodes.kill(second);
        nodes.settle_leaders()?;
        second = nodes.start()?;
        nodes.settle()?;
    }
    nodes.listen_for(CALM);
    let (calls, failed) = load.stop();
    println!(
        "{} calls at {}/s, {failed} of them failed; {} partitions, {} followers each\n",
        calls.len(),
        args.rate,
        args.partitions,
        args.standby
    );
    report(&calls, &kills, nodes.heard());
    Ok(())
}

fn report(calls: &[Call], kills: &[Instant], heard: &[Said]) {
    println!(
        "{:<48}{:>6}{:>10}{:>10}{:>10}{:>10}",
        "ms", "n", "p50", "p95", "p99", "max"
    );
    let usual = calls.iter().map(|call| call.took);
    row("a call, all of them", usual.collect());
    let stalls = kills.iter().filter_map(|kill| {
        let until = *kill + AFTER_KILL.min(gap(kill, kills));
        let those = within(calls, *kill - BEFORE, until);
        those.map(|call| call.took).max()
    });
    row("kill -9: the longest call", stalls.collect());
    let after = |kill: &Instant, is: fn(What) -> bool| {
        let mut after = heard.iter().filter(|said| said.at > *kill && is(said.what));
        after.next().map(|said| said.at - *kill)
    };
    let noticed = |what| matches!(what, What::TakesOver(_));
    let noticed = kills.iter().filter_map(|kill| after(kill, noticed));
    row("kill -9: until it is noticed", noticed.collect());
    let led: Vec<Duration> = kills
        .iter()
        .filter_map(|kill| led_again(*kill, heard))
        .collect();
    row("noticed: until all is led again", led);
    report_moves(calls, kills, &moves(heard));
}

/// The longest call while a partition moved; of other partitions at the same time; and of all when nothing happened,
/// which is what the machine's own pauses cost.
fn report_moves(calls: &[Call], kills: &[Instant], moves: &[Move]) {
    let lengths = moves.iter().map(|moved| moved.until - moved.from);
    row("planned move: until it is led again", lengths.collect());
    let is_own = |moved: &Move, call: &Call| call.partition == Some(moved.partition);
    let during = |moved: &Move| within(calls, moved.from - BEFORE, moved.until);
    let own = moves.iter().filter_map(|moved| {
        let those = during(moved).filter(|call| is_own(moved, call));
        those.max_by_key(|call| call.took)
    });
    row(
        "planned move: the longest call",
        own.map(|call| call.took).collect(),
    );
    let others = moves.iter().filter_map(|moved| {
        let those = during(moved).filter(|call| !is_own(moved, call));
        those.map(|call| call.took).max()
    });
    row(
        "at that time: the longest of other partitions",
        others.collect(),
    );
    let length = moves.iter().map(|moved| moved.until - moved.from);
    let length = BEFORE + length.sum::<Duration>() / moves.len().max(1) as u32;
    let calm = kills.iter().filter_map(|kill| {
        let until = *kill - BEFORE;
        within(calls, until - length, until)
            .map(|call| call.took)
            .max()
    });
    row(
        "when nothing happens: the longest in as long",
        calm.collect(),
    );
}

/// Those that were due in that time.
fn within(calls: &[Call], from: Instant, until: Instant) -> impl Iterator<Item = &Call> {
    let those = calls.iter();
    those.filter(move |call| (from..until).contains(&call.due))
}

/// Until the next kill.
fn gap(kill: &Instant, kills: &[Instant]) -> Duration {
    let next = kills.iter().find(|next| *next > kill);
    next.map_or(Duration::MAX, |next| *next - *kill - BEFORE)
}

/// From when the death was noticed until the last partition that was taken over was led.
fn led_again(kill: Instant, heard: &[Said]) -> Option<Duration> {
    let begun = heard.iter().filter(|said| said.at > kill);
    let mut begun = begun.skip_while(|said| !matches!(said.what, What::TakesOver(_)));
    let noticed = begun.next()?;
    let led = begun.take_while(|said| !matches!(said.what, What::HandsOver(_)));
    let led = led.filter(|said| matches!(said.what, What::Leads(_)) && said.node == noticed.node);
    led.last().map(|said| said.at - noticed.at)
}

/// A partition that was handed over, from when that was begun until the other node led it.
struct Move {
    partition: u32,
    from: Instant,
    until: Instant,
}

fn moves(heard: &[Said]) -> Vec<Move> {
    let begun = heard
        .iter()
        .enumerate()
        .filter_map(|(index, said)| match said.what {
            What::HandsOver(partition) => Some((index, said.at, partition)),
            What::TakesOver(_) | What::Leads(_) | What::Follows(_) => None,
        });
    let ended = |(index, from, partition): (usize, Instant, u32)| {
        let mut after = heard.iter().skip(index);
        let led = after.find(|said| said.what == What::Leads(partition))?;
        let until = led.at;
        Some(Move {
            partition,
            from,
            until,
        })
    };
    begun.filter_map(ended).collect()
}

fn row(name: &str, mut durations: Vec<Duration>) {
    durations.sort();
    let at = |quantile: f64| {
        let place = (durations.len() as f64 * quantile).ceil() as usize;
        let found = durations.get(place.saturating_sub(1));
        found.map_or(f64::NAN, |found| found.as_secs_f64() * 1000.0)
    };
    println!(
        "{name:<48}{:>6}{:>10.1}{:>10.1}{:>10.1}{:>10.1}",
        durations.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
}
