//! Brokers that die and hang, three of them: nothing confirmed is lost, what is in doubt says so, work goes on.

use super::proxy::Proxy;
use super::*;
use journal::{AppendError, CheckpointError};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Condvar, Mutex};
use std::time::Instant;

/// Nothing stands still for longer while a broker is away.
pub(super) const PROGRESS: Duration = Duration::from_secs(120);

/// How far something has come, told to whoever waits for it.
#[derive(Default)]
struct Progress {
    number: Mutex<u64>,
    grown: Condvar,
}

impl Progress {
    fn set(&self, number: u64) {
        *self.number.lock().expect("nobody panics with it") = number;
        self.grown.notify_all();
    }

    fn get(&self) -> u64 {
        *self.number.lock().expect("nobody panics with it")
    }

    /// Waits until it has grown by so much.
    fn until_grown(&self, what: &str, by: u64) {
        let number = self.number.lock().expect("nobody panics with it");
        let goal = *number + by;
        let waited = self
            .grown
            .wait_timeout_while(number, PROGRESS, |number| *number < goal);
        let (number, _) = waited.expect("nobody panics with it");
        assert!(*number >= goal, "{what} stand still");
    }
}

/// Appends numbered commands until `done`; gives those that were confirmed.
fn append_on(journal: &KafkaJournal, done: &AtomicBool, count: &Progress) -> Vec<Bytes> {
    let mut confirmed = Vec::new();
    for number in 0.. {
        if done.load(Ordering::Acquire) {
            return confirmed;
        }
        let command = bytes(&format!("command {number}"));
        match journal.append(0, std::slice::from_ref(&command)) {
            Ok(()) => {
                confirmed.push(command);
                count.set(confirmed.len() as u64);
            }
            Err(AppendError::Unknown(_)) => {}
            Err(error) => panic!("append: {error}"),
        }
    }
    confirmed
}

/// Commits numbered checkpoints until `done`, leading again after doubt; tells the last one that was confirmed.
fn checkpoint_on(journal: &KafkaJournal, done: &AtomicBool, confirmed: &Progress) {
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
            Ok(()) => confirmed.set(number),
            Err(CheckpointError::Failed(_) | CheckpointError::Fenced) => leader = None,
            Err(error @ (CheckpointError::Full | CheckpointError::Refused(_))) => {
                panic!("{error}")
            }
        }
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
    let (appends, number) = (Progress::default(), Progress::default());
    let confirmed = std::thread::scope(|scope| {
        let appending = scope.spawn(|| append_on(&journal, &done, &appends));
        scope.spawn(|| checkpoint_on(&journal, &done, &number));
        let both_go_on = || {
            appends.until_grown("appends", 5);
            number.until_grown("checkpoints", 5);
        };
        both_go_on();
        for broker in 1..=3 {
            let started = Instant::now();
            cluster.kill(broker);
            // Somebody takes over while it is away, and is taken over from, perhaps before it has begun.
            match journal.lead(0, "another") {
                Ok(_) | Err(journal::Error::Failed(_)) => {}
                Err(error) => panic!("lead: {error}"),
            }
            both_go_on();
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
    let number = number.get();
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

/// The broker has a command and its answer is lost, so the client sends it again: the broker knows the sequence, keeps
/// the one that it has, and tells success. What offset it tells then is up to the broker and the client (librdkafka
/// documents that there may be none), which is why `append` gives none: the command is read where it is, once.
#[test]
fn an_append_whose_answer_was_lost_is_in_the_log_once() {
    const ROUNDS: u32 = 10;
    let proxy = Proxy::start();
    let options = KafkaOptions {
        bootstrap: proxy.broker.bootstrap().to_owned(),
        ..options()
    };
    let journal = open(&options);
    let mut wanted = Vec::new();
    for round in 0..ROUNDS {
        let (_, before) = proxy.lost_and_produced();
        let commands: Vec<Bytes> = ["first", "second"]
            .map(|it| bytes(&format!("{it} {round}")))
            .into();
        proxy.lose_an_answer();
        assert_eq!(journal.append(0, &commands), Ok(()), "round {round}");
        let (lost, produced) = proxy.lost_and_produced();
        assert_eq!(lost, round + 1);
        assert!(
            produced - before >= 2,
            "it was sent again: {produced}, {before} before"
        );
        wanted.extend(commands);
    }
    // What was doubled stands before it.
    append(&journal, &["last"]);
    wanted.push(bytes("last"));
    let mut reader = journal.read(0, 0).expect("read");
    let records = read(&mut *reader, wanted.len()).into_iter();
    assert_eq!(
        records.map(|record| record.command).collect::<Vec<_>>(),
        wanted
    );
}

/// A request to fence that comes late must not come after another one of the same leader: it would fence that leader
/// by its own hand.
#[test]
fn a_fencing_that_comes_late_does_not_fence_its_own_leader() {
    const LATE: Duration = Duration::from_secs(1);
    let proxy = Proxy::start();
    let options = KafkaOptions {
        bootstrap: proxy.broker.bootstrap().to_owned(),
        ..options()
    };
    let journal = open(&options);
    // The producer of commands has asked for its number.
    append(&journal, &["first"]);
    let late = proxy.hold_a_fencing();
    std::thread::scope(|scope| {
        let (led, leads) = channel::<()>();
        let leader = scope.spawn(|| {
            let lead = lead(&journal);
            drop(led);
            lead
        });
        // Led or not, the request goes on its way now: not while a transaction ends, or the broker refuses it.
        if leads.recv_timeout(LATE) == Err(RecvTimeoutError::Disconnected) {
            restore(&journal);
        }
        late.release();
        let mut lead = leader.join().expect("the leader's thread");
        let changes = vec![change("number", "one")];
        assert_eq!(lead.checkpoint(&changing(changes)), Ok(()));
    });
}
