//! Partitions that move as planned: callers and workers do not notice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use node::Node;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;

use crate::cluster::{Member, journal, until_balanced, until_known};
use crate::support::*;

const PARTITIONS: u32 = 4;
const VISITS: usize = 3;

async fn poll(node: Node, leased: UnboundedSender<u64>) {
    loop {
        let jobs = node.activate_jobs(&NOBODY, activate(2), Duration::from_secs(1));
        for job in jobs.await.expect("jobs are leased") {
            if leased.send(job.key).is_err() {
                return;
            }
        }
    }
}

async fn stream(node: Node, leased: UnboundedSender<u64>) {
    loop {
        let mut jobs = open_stream(&node).await;
        // It ends when a partition moves.
        while let Some(job) = jobs.next().await {
            if leased.send(job.key).is_err() {
                return;
            }
        }
    }
}

/// What is on its way to a call or stream that its caller drops comes back with the end of its lease: so not every job
/// is counted, but each one once.
#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_leased_twice_while_partitions_move() {
    let journal = journal(PARTITIONS);
    let stays = Member::join(&journal, "stays").await;
    stays.until_served().await;
    deploy(&stays.node, "single", WORK).await;
    until_known(&stays.node, "single").await;
    let (told, mut leased) = unbounded_channel();
    tokio::spawn(poll(stays.node.clone(), told.clone()));
    tokio::spawn(stream(stays.node.clone(), told));
    let is_over = Arc::new(AtomicBool::new(false));
    let (node, ends) = (stays.node.clone(), Arc::clone(&is_over));
    let creating = tokio::spawn(async move {
        while !ends.load(Ordering::Relaxed) {
            create(&node, "single").await;
        }
    });
    for visit in 0..VISITS {
        let visitor = Member::join(&journal, &format!("visitor {visit}")).await;
        until_balanced(&[&stays, &visitor], PARTITIONS).await;
        visitor.node.stop().await;
        until_balanced(&[&stays], PARTITIONS).await;
    }
    is_over.store(true, Ordering::Relaxed);
    creating.await.expect("no call fails");
    let mut keys = BTreeSet::new();
    while let Ok(job) = leased.try_recv() {
        assert!(keys.insert(job), "{job} was leased twice");
    }
    assert!(!keys.is_empty());
}
