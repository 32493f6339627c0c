//! Nodes of different builds: the state keeps the behaviour that all of them know, until the last old one has gone.

use journal::memory::MemoryJournal;
use node::Phase;

use crate::cluster::{Member, Semantics, instances, journal, until_balanced, until_known};
use crate::support::*;

const OLD: u32 = engine::SEMANTICS;
const NEW: u32 = OLD + 1;
const PARTITIONS: u32 = 2;

async fn join(journal: &MemoryJournal, name: &str, semantics: u32) -> Member {
    let member = Member::join_knowing(journal, name, semantics).await;
    member.until_served().await;
    member
}

/// The behaviours of all partitions, as this node hears of them.
async fn behaviours(member: &Member) -> Vec<u64> {
    let mut all = Vec::new();
    for partition in member.node.partitions() {
        let (answer, _) = partition.ask(Semantics {}).await.expect("it is led");
        all.push(answer.count);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_raised_when_the_last_old_node_has_gone() {
    let journal = journal(PARTITIONS);
    let old = [
        join(&journal, "one", OLD).await,
        join(&journal, "two", OLD).await,
    ];
    deploy(&old[0].node, "single", WORK).await;
    until_known(&old[0].node, "single").await;
    let mut new = vec![join(&journal, "three", NEW).await];
    // It leads beside an old one, and both understand what the other writes.
    until_balanced(&[&old[0], &old[1], &new[0]], PARTITIONS).await;
    for member in old.iter().chain(&new) {
        for _ in 0..10 {
            create(&member.node, "single").await;
        }
        assert_eq!(behaviours(member).await, [u64::from(OLD); 2]);
    }
    for member in old {
        member.node.stop().await;
        drop(member);
        new.push(join(&journal, &format!("new {}", new.len()), NEW).await);
    }
    let raised = async {
        while behaviours(&new[0]).await != [u64::from(NEW); 2] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, raised)
        .await
        .expect("the state is raised");
    for member in &new {
        create(&member.node, "single").await;
    }
    assert_eq!(instances(&new[0].node).await, 33);

    // An old one that comes back is asked to stand by when the others go: it says why it cannot, and disturbs nobody.
    let late = Member::join_knowing(&journal, "late", OLD).await;
    for leaving in new.drain(1..) {
        leaving.node.stop().await;
    }
    let mut phases = late.node.phases();
    let fails = phases.wait_for(|phase| matches!(phase, Phase::Failed(_)));
    let failed = tokio::time::timeout(PATIENCE, fails).await;
    let failed = failed.expect("it gives up").expect("it tells").clone();
    assert!(
        matches!(&failed, Phase::Failed(reason) if reason.contains("newer build")),
        "{failed:?}"
    );
    create(&new[0].node, "single").await;
    assert_eq!(behaviours(&new[0]).await, [u64::from(NEW); 2]);
}
