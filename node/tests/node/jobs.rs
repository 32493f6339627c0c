//! Long polling, streams, leases, timers.

use std::time::Duration;

use journal::memory::MemoryJournal;
use node::Config;
use proto::record::{Job, job};
use tokio_stream::StreamExt;

use crate::support::*;

fn count(state: &engine::State, wanted: job::State) -> usize {
    let all = state.instance_keys().iter().flat_map(|key| {
        let instance = state.instance(*key)?;
        instance
            .elements
            .iter()
            .find_map(|element| state.job(element.job))
    });
    all.filter(|job: &&Job| job.state() == wanted).count()
}

#[tokio::test]
async fn a_parked_poll_is_woken_by_a_new_job() {
    let node = start(&MemoryJournal::new(1, 1));
    deploy(&node, "one", WORK).await;
    let before = status(&node).offset;
    let polls: Vec<_> = (0..3)
        .map(|_| {
            let node = node.clone();
            tokio::spawn(async move { node.activate_jobs(&NOBODY, activate(1), PATIENCE).await })
        })
        .collect();
    assert!(lease(&node, 1).await.is_empty(), "nothing to lease");
    assert_eq!(status(&node).offset, before, "waiting costs no command");
    for _ in 0..3 {
        create(&node, "one").await;
    }
    let mut keys = Vec::new();
    for poll in polls {
        let jobs = poll.await.unwrap().unwrap();
        assert_eq!(jobs.len(), 1);
        keys.push(jobs[0].key);
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each job once");
}

#[tokio::test]
async fn a_poll_ends_empty_when_its_time_is_over() {
    let node = start(&MemoryJournal::new(1, 2));
    let wait = Duration::from_millis(1);
    let found = node.activate_jobs(&NOBODY, activate(1), wait);
    assert_eq!(found.await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_poll_that_was_given_up_takes_no_job_along() {
    let node = start(&MemoryJournal::new(1, 3));
    deploy(&node, "one", WORK).await;
    for round in 0..50 {
        let poll = {
            let node = node.clone();
            tokio::spawn(async move { node.activate_jobs(&NOBODY, activate(100), PATIENCE).await })
        };
        let creating = create(&node, "one");
        if round % 2 == 0 {
            creating.await;
            poll.abort();
        } else {
            poll.abort();
            creating.await;
        }
        // Taken by the call before it was aborted?
        if let Ok(jobs) = poll.await {
            assert!(!jobs.unwrap().is_empty());
            continue;
        }
        let next = node.activate_jobs(&NOBODY, activate(100), PATIENCE).await;
        assert_eq!(next.unwrap().len(), 1, "to be had by the next");
    }
}

#[tokio::test]
async fn a_stream_gets_each_job_once_whatever_its_credit() {
    let node = start_with(
        &MemoryJournal::new(1, 4),
        Config {
            stream_credit: 4,
            ..config()
        },
    );
    deploy(&node, "one", WORK).await;
    for _ in 0..10 {
        create(&node, "one").await;
    }
    let mut stream = open_stream(&node).await;
    for _ in 0..40 {
        create(&node, "one").await;
    }
    let leased = node
        .first()
        .query(|state| count(state, job::State::Leased))
        .await;
    assert_eq!(leased, Ok(4), "no more than the client has room for");
    let mut keys = Vec::new();
    for _ in 0..50 {
        let job = tokio::time::timeout(PATIENCE, stream.next()).await;
        let job = job
            .expect("the next job comes")
            .expect("the stream goes on");
        keys.push(job.key);
        complete(&node, job.key).await.unwrap();
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 50);
    assert_eq!(status(&node).counts.streams, 1);
}

/// The lease is in the log: whoever leads next knows who has the job.
#[tokio::test]
async fn a_job_that_was_pushed_is_not_pushed_again_by_the_next_leader() {
    let journal = MemoryJournal::new(1, 9);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    let mut stream = open_stream(&node).await;
    create(&node, "one").await;
    let pushed = stream.next().await.expect("the job comes");
    // As in a crash; what was not written is in the log.
    drop((stream, node));
    let node = start(&journal);
    let mut stream = open_stream(&node).await;
    create(&node, "one").await;
    let next = stream.next().await.expect("the next job comes");
    assert_ne!(next.key, pushed.key);
    assert!(lease(&node, 10).await.is_empty());
    let done = complete(&node, pushed.key).await;
    done.expect("who has it completes it");
}

#[tokio::test]
async fn a_dropped_stream_gives_back_what_was_not_taken() {
    let node = start(&MemoryJournal::new(1, 5));
    deploy(&node, "one", WORK).await;
    let mut stream = open_stream(&node).await;
    for _ in 0..10 {
        create(&node, "one").await;
    }
    let taken = stream.next().await.unwrap();
    until(&node, "all are leased", |state| {
        count(state, job::State::Leased) == 10
    })
    .await;
    drop(stream);
    until(&node, "nine are free", |state| {
        state.activatable_jobs("work").count() == 9
    })
    .await;
    let held = node
        .first()
        .query(move |state| state.job(taken.key).map(Job::state));
    assert_eq!(held.await, Ok(Some(job::State::Leased)));
    create(&node, "one").await;
    until(&node, "no stream takes the next", |state| {
        state.activatable_jobs("work").count() == 10
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_given_up_while_it_opens_is_closed() {
    let node = start(&MemoryJournal::new(1, 6));
    deploy(&node, "one", WORK).await;
    for _ in 0..20 {
        let opening = {
            let node = node.clone();
            tokio::spawn(async move { drop(open_stream(&node).await) })
        };
        tokio::task::yield_now().await;
        opening.abort();
        let _ = opening.await;
    }
    create(&node, "one").await;
    until(&node, "the job is free", |state| {
        state.activatable_jobs("work").count() == 1
    })
    .await;
    assert_eq!(status(&node).counts.streams, 0);
}

#[tokio::test]
async fn a_timer_fires_by_the_journals_time() {
    let journal = MemoryJournal::new(1, 7);
    let node = start(&journal);
    deploy(&node, "sleeper", NAP).await;
    deploy(&node, "one", WORK).await;
    let sleeper = create(&node, "sleeper").await;
    journal.advance(3_599_000);
    create(&node, "one").await;
    let sleeps = node
        .first()
        .query(move |state| state.instance(sleeper).is_some());
    assert_eq!(sleeps.await, Ok(true));
    journal.advance(2_000);
    create(&node, "one").await;
    until(&node, "it has woken", move |state| {
        state.instance(sleeper).is_none()
    })
    .await;
}

#[tokio::test]
async fn a_lease_ends_by_itself() {
    let journal = MemoryJournal::new(1, 8);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    create(&node, "one").await;
    let mut short = activate(1);
    short.timeout_ms = 50;
    let first = node.activate_jobs(&NOBODY, short, PATIENCE).await.unwrap();
    let poll = {
        let node = node.clone();
        tokio::spawn(async move { node.activate_jobs(&NOBODY, activate(1), PATIENCE).await })
    };
    // The clock of this journal stands still, until it is known that the Tick came too early to do anything.
    journal.advance(100);
    let second = poll.await.unwrap().unwrap();
    assert_eq!(first[0].key, second[0].key);
}
