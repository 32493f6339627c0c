//! Ten thousand partitions in trouble: nothing is lost, doubled or stuck; and each check can fail.
//!
//! `WEIR_SEED=123 cargo test --test simulation` tells the story of one seed; `WEIR_SEEDS=100000` runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use harness::simulation::{Bug, Check, Plan, Report, run};

const SEEDS: u64 = 10_000;
/// A bug must show within so many seeds.
const SEEDS_OF_BUG: u64 = 2_000;

/// What must strike at least once in all seeds.
const FAULTS: [&str; 23] = [
    "append fails before",
    "append fails after",
    "append of a prefix",
    "append comes late",
    "append comes twice",
    "append finds no space",
    "checkpoint fails before",
    "checkpoint fails after",
    "checkpoint finds no space",
    "fenced by a stranger",
    "gap in the offsets",
    "records seen late",
    "topic refuses",
    "crash",
    "overtaken",
    "sees a later term",
    "fenced",
    "rebuilds",
    "request comes twice",
    "stream lost",
    "worker dies",
    "clock jumps",
    "clock goes back",
];

fn told(seed: u64, bug: Option<Bug>) -> Report {
    run(Plan {
        seed,
        bug,
        is_told: true,
    })
}

/// Runs the seeds on all cores; gives how many commands there were and what struck.
fn run_all(seeds: u64) -> (usize, BTreeMap<&'static str, u64>) {
    let next = AtomicU64::new(0);
    let work = || {
        let (mut commands, mut struck) = (0, BTreeMap::<&'static str, u64>::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return (commands, struck);
            }
            let report = run(Plan {
                seed,
                ..Plan::default()
            });
            assert!(report.violations.is_empty(), "{}", told(seed, None));
            commands += report.commands;
            for (fault, count) in report.struck {
                *struck.entry(fault).or_default() += count;
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads = (0..cores).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        let mut all = (0, BTreeMap::<&'static str, u64>::new());
        for thread in threads {
            let (commands, struck) = thread.join().expect("a seed has failed");
            all.0 += commands;
            for (fault, count) in struck {
                *all.1.entry(fault).or_default() += count;
            }
        }
        all
    })
}

#[test]
fn nothing_is_lost_doubled_or_stuck() {
    if let Ok(seed) = std::env::var("WEIR_SEED") {
        let report = told(seed.parse().expect("WEIR_SEED is a number"), None);
        println!("{report}");
        assert!(report.violations.is_empty(), "seed {seed} is violated");
        return;
    }
    let seeds = std::env::var("WEIR_SEEDS").map(|seeds| seeds.parse());
    let seeds = seeds.map_or(SEEDS, |seeds| seeds.expect("WEIR_SEEDS is a number"));
    let (commands, struck) = run_all(seeds);
    println!("{seeds} seeds, {commands} commands; how often what struck:");
    for (fault, count) in &struck {
        println!("{count:>10}  {fault}");
    }
    for fault in FAULTS {
        assert!(struck.contains_key(fault), "`{fault}` never struck");
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..20 {
        assert_eq!(told(seed, None).to_string(), told(seed, None).to_string());
    }
}

#[test]
fn each_check_finds_its_planted_bug() {
    let planted = [
        (Bug::ForgetsRequestIds, Check::Creates),
        (Bug::ChangesAnswers, Check::Answers),
        (Bug::AnswersTooEarly, Check::Creates),
        (Bug::AnswersTooEarly, Check::Jobs),
        (Bug::AnswersTooEarly, Check::Tasks),
        (Bug::RepeatsHistory, Check::Histories),
        (Bug::RepeatsHistory, Check::Jobs),
        (Bug::RepeatsHistory, Check::Tasks),
        (Bug::LosesHistory, Check::Histories),
        (Bug::ForgesHistory, Check::Fold),
        (Bug::LosesEnds, Check::Ends),
        (Bug::LosesRecords, Check::Publications),
        (Bug::RepeatsRecords, Check::Publications),
        (Bug::ResurrectsEntries, Check::Restored),
        (Bug::LosesCommands, Check::Replicas),
        (Bug::NeverTicks, Check::Finishes),
        (Bug::PushesTwice, Check::Leases),
        (Bug::ExpectsMore, Check::Paths),
    ];
    for (bug, check) in planted {
        let plan = |seed| Plan {
            seed,
            bug: Some(bug),
            is_told: false,
        };
        let found = (0..SEEDS_OF_BUG).find(|seed| {
            let violations = run(plan(*seed)).violations;
            violations.iter().any(|(violated, _)| *violated == check)
        });
        let seed = found.unwrap_or_else(|| panic!("{check:?} does not find {bug:?}"));
        println!("{check:?} finds {bug:?} with seed {seed}");
    }
    let checks = planted.iter().map(|(_, check)| *check);
    assert_eq!(
        checks.collect::<BTreeSet<_>>().len(),
        13,
        "a check has no bug"
    );
}
