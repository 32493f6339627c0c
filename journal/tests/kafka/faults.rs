//! Brokers that die and hang, three of them: nothing confirmed is lost, what is in doubt says so, work goes on.

use super::*;
use journal::{AppendError, CheckpointError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

/// Nothing stands still for longer while a broker is away.
const PROGRESS: Duration = Duration::from_secs(120);

/// Appends numbered commands until `done`; gives those that were confirmed.
fn append_on(journal: &KafkaJournal, done: &AtomicBool, count: &AtomicU64) -> Vec<Bytes> {
    let mut confirmed = Vec::new();
    for number in 0.. {
        if done.load(Ordering::Acquire) {
            return confirmed;
        }
        let command = bytes(&format!("command {number}"));
        match journal.append(0, std::slice::from_ref(&command)) {
            Ok(()) => {
                confirmed.push(command);
                count.fetch_add(1, Ordering::AcqRel);
            }
            Err(AppendError::Unknown(_)) => {}
            Err(error) => panic!("append: {error}"),
        }
    }
    confirmed
}

/// Commits numbered checkpoints until `done`, leading again after doubt; tells the last one that was confirmed.
fn checkpoint_on(journal: &KafkaJournal, done: &AtomicBool, confirmed: &AtomicU64) {
    let mut leader = None;
    for number in 1.. {
        if done.load(Ordering::Acquire) {
            return;
        }
        let Some(lead) = &mut leader else {
            leader = journal.lead(0, "faults").ok();
            continue;
        };
        match lead.checkpoint(&changing(vec![change("number", &number.to_string())])) {
            Ok(()) => confirmed.store(number, Ordering::Release),
            Err(CheckpointError::Failed(_) | CheckpointError::Fenced) => leader = None,
            Err(error @ (CheckpointError::Full | CheckpointError::Refused(_))) => {
                panic!("{error}")
            }
        }
    }
}

/// Waits until a count has grown by so much.
fn until_grown(what: &str, count: &AtomicU64, by: u64) {
    let goal = count.load(Ordering::Acquire) + by;
    let started = Instant::now();
    while count.load(Ordering::Acquire) < goal {
        assert!(started.elapsed() < PROGRESS, "{what} stand still");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn each_of_three_brokers_may_die() {
    let cluster = Broker::start(3, &[]);
    let options = KafkaOptions {
        bootstrap: cluster.bootstrap().to_owned(),
        append_timeout: Duration::from_secs(15),
        ..options()
    };
    let journal = open(&options);
    let done = AtomicBool::new(false);
    let (appends, number) = (AtomicU64::new(0), AtomicU64::new(0));
    let confirmed = std::thread::scope(|scope| {
        let appending = scope.spawn(|| append_on(&journal, &done, &appends));
        scope.spawn(|| checkpoint_on(&journal, &done, &number));
        let both_go_on = || {
            until_grown("appends", &appends, 5);
            until_grown("checkpoints", &number, 5);
        };
        both_go_on();
        for broker in 1..=3 {
            let started = Instant::now();
            cluster.kill(broker);
            cluster.restart(broker);
            println!("broker {broker} was away for {:?}", started.elapsed());
            both_go_on();
        }
        cluster.pause(1);
        cluster.resume(1);
        both_go_on();
        done.store(true, Ordering::Release);
        appending.join().expect("the appender's thread")
    });
    let number = number.into_inner();
    let mut missing: BTreeSet<&Bytes> = confirmed.iter().collect();
    let mut reader = journal.read(0, 0).expect("read");
    for _ in 0..PATIENCE {
        for record in reader.next(WAIT).expect("next") {
            missing.remove(&record.command);
        }
        if missing.is_empty() {
            break;
        }
    }
    assert_eq!(missing.len(), 0, "confirmed and lost");
    let state = lead(&journal).term();
    assert!(state >= 2);
    let (state, _, _) = restore(&journal);
    let stored = state.get("number".as_bytes()).expect("the entry");
    let stored: u64 = std::str::from_utf8(stored)
        .expect("text")
        .parse()
        .expect("a number");
    assert!(
        stored >= number,
        "{stored} is older than {number}, which was confirmed"
    );
}
