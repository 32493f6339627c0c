//! Brokers that die and hang, three of them: nothing confirmed is lost, what is in doubt says so, work goes on.

use super::*;
use journal::{AppendError, CheckpointError};
use std::collections::BTreeSet;
use std::time::Instant;

/// Appends numbered commands until `done`; gives those that were confirmed.
fn append_on(journal: &KafkaJournal, done: &std::sync::atomic::AtomicBool) -> Vec<Bytes> {
    let mut confirmed = Vec::new();
    for number in 0.. {
        if done.load(Ordering::Acquire) {
            return confirmed;
        }
        let command = bytes(&format!("command {number}"));
        match journal.append(0, std::slice::from_ref(&command)) {
            Ok(()) => confirmed.push(command),
            Err(AppendError::Unknown(_)) => {}
            Err(error) => panic!("append: {error}"),
        }
    }
    confirmed
}

/// Commits numbered checkpoints until `done`, leading again after doubt; gives the last one that was confirmed.
fn checkpoint_on(journal: &KafkaJournal, done: &std::sync::atomic::AtomicBool) -> u64 {
    let (mut leader, mut confirmed) = (None, 0);
    for number in 1.. {
        if done.load(Ordering::Acquire) {
            return confirmed;
        }
        let Some(lead) = &mut leader else {
            leader = journal.lead(0, "faults").ok();
            continue;
        };
        match lead.checkpoint(&changing(vec![change("number", &number.to_string())])) {
            Ok(()) => confirmed = number,
            Err(CheckpointError::Failed(_) | CheckpointError::Fenced) => leader = None,
            Err(error @ (CheckpointError::Full | CheckpointError::Refused(_))) => {
                panic!("{error}")
            }
        }
    }
    confirmed
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
    let done = std::sync::atomic::AtomicBool::new(false);
    let (confirmed, number) = std::thread::scope(|scope| {
        let appending = scope.spawn(|| append_on(&journal, &done));
        let checkpointing = scope.spawn(|| checkpoint_on(&journal, &done));
        for broker in 1..=3 {
            let started = Instant::now();
            cluster.kill(broker);
            cluster.restart(broker);
            println!("broker {broker} was away for {:?}", started.elapsed());
        }
        cluster.pause(1);
        cluster.resume(1);
        done.store(true, Ordering::Release);
        let number = checkpointing.join().expect("the leader's thread");
        (appending.join().expect("the appender's thread"), number)
    });
    println!(
        "{} appends, the last checkpoint is {number}",
        confirmed.len()
    );
    assert!(confirmed.len() > 10 && number > 10);
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
