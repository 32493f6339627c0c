//! Crashes, faults of the journal, full disks, other leaders, foreign records.

use journal::memory::{Faults, MemoryJournal};
use journal::{Bytes, Checkpoint, CheckpointError, Journal};
use node::{Caller, JobStreamRequest, Node, Phase, SubmitError, driver};
use proto::record::command::Kind;
use proto::record::{CompleteJob, Tick};
use tokio_stream::StreamExt;

use crate::support::*;

/// Repeats the same request until it is answered, as a careful client does.
async fn surely(node: &Node, id: u128, command: Kind) -> node::Applied {
    let caller = Caller {
        request_id: Some(id.to_be_bytes()),
        ..Caller::default()
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        match node.submit(&caller, command.clone()).await {
            Ok(applied) => return applied,
            Err(SubmitError::Unavailable(_) | SubmitError::Full(_) | SubmitError::Overloaded) => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("request {id}: {error}"),
        }
    }
    panic!("request {id} was never answered; {:?}", status(node));
}

#[tokio::test]
async fn a_crash_loses_nothing() {
    let journal = MemoryJournal::new(1, 1);
    let mut keys = Vec::new();
    for round in 0..5 {
        let node = start(&journal);
        assert_eq!(status(&node).term, round + 1);
        let found = node
            .first()
            .query(|state| state.instance_keys().iter().copied().collect::<Vec<_>>());
        assert_eq!(found.await.unwrap(), keys);
        deploy(&node, "one", WORK).await;
        for _ in 0..10 {
            keys.push(create(&node, "one").await);
        }
        if round % 2 == 0 {
            until_checkpointed(&node).await;
            journal.delete_below_checkpoint(0).unwrap();
        }
        keys.push(create(&node, "one").await);
    }
}

const MANY: Faults = Faults {
    append_before: 300,
    append_after: 300,
    append_prefix: 300,
    append_late: 300,
    append_duplicate: 300,
    append_full: 300,
    checkpoint_before: 1_000,
    checkpoint_after: 1_000,
    checkpoint_full: 300,
    fence: 0,
    gap: 500,
    delay: 300,
    refuse: 0,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_neither_lose_nor_double_anything() {
    const INSTANCES: u128 = 200;
    let journal = MemoryJournal::new(1, 2);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    journal.set_faults(MANY);
    let calls: Vec<_> = (0..8)
        .map(|caller| {
            let (node, journal) = (node.clone(), journal.clone());
            tokio::spawn(async move {
                for id in (caller..INSTANCES).step_by(8) {
                    surely(&node, id, create_command("one")).await;
                    journal.advance(1);
                }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let live = node
        .first()
        .query(|state| state.instance_keys().len())
        .await;
    assert_eq!(live, Ok(INSTANCES as usize));

    let jobs = node
        .first()
        .query(|state| state.activatable_jobs("work").collect::<Vec<_>>());
    let jobs = jobs.await.unwrap();
    assert_eq!(jobs.len(), INSTANCES as usize);
    for job_key in jobs {
        let complete = CompleteJob {
            job_key,
            variables: Bytes::new(),
        };
        let id = INSTANCES + u128::from(job_key);
        surely(&node, id, Kind::CompleteJob(complete)).await;
    }
    let struck = || {
        let counts = journal.fault_counts();
        let appends = counts.append_before + counts.append_after + counts.append_prefix;
        let others = counts.append_late + counts.append_duplicate + counts.append_full;
        let checkpoints = counts.checkpoint_before + counts.checkpoint_after;
        [appends, others, checkpoints]
            .iter()
            .all(|count| *count > 0)
    };
    // A quick machine makes few checkpoints: something that changes the state, until faults have struck.
    for id in 0..100_000 {
        if struck() {
            break;
        }
        surely(&node, u128::MAX - id, create_command("one")).await;
        journal.advance(1);
    }
    assert!(struck(), "{:?}", journal.fault_counts());
    journal.set_faults(Faults::default());
    until_checkpointed(&node).await;
    let ended = node.ended(None, 1_000).await.unwrap();
    assert_eq!(ended.len(), INSTANCES as usize, "each has ended once");
    for instance in ended {
        let story = node.history(instance.key).await.unwrap().batches;
        let offsets: Vec<u64> = story.iter().map(|batch| batch.offset).collect();
        assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
        assert_eq!(story.len(), 2, "created and completed");
    }
    node.stop().await;
}

#[tokio::test]
async fn a_failed_checkpoint_restores_and_goes_on() {
    let journal = MemoryJournal::new(1, 3);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    until_checkpointed(&node).await;
    let stream = node.open_job_stream(
        &NOBODY,
        JobStreamRequest {
            r#type: "other".to_owned(),
            worker: "streamer".to_owned(),
            timeout: PATIENCE,
            fetch_variables: Vec::new(),
        },
    );
    let mut stream = stream.await.unwrap();
    let poll = {
        let node = node.clone();
        tokio::spawn(async move { node.activate_jobs(&NOBODY, activate(1), PATIENCE).await })
    };
    until_checkpointed(&node).await;
    let term = status(&node).term;
    journal.set_faults(Faults {
        checkpoint_before: 10_000,
        ..Faults::default()
    });
    deploy(&node, "two", WORK).await;
    until_status(&node, "it has restored", |status| status.term > term).await;
    journal.set_faults(Faults::default());
    assert_eq!(stream.next().await, None, "the stream has ended");
    let instance = create(&node, "two").await;
    let jobs = poll.await.unwrap().unwrap();
    assert_eq!(jobs[0].instance_key, instance, "who was parked still is");
    until_checkpointed(&node).await;
    assert_eq!(status(&node).phase, Phase::Serving);
}

#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let journal = MemoryJournal::new(1, 4);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    until_checkpointed(&node).await;
    journal.set_faults(Faults {
        checkpoint_full: 10_000,
        ..Faults::default()
    });
    let committed = status(&node).checkpointed;
    let first = create(&node, "one").await;
    while journal.fault_counts().checkpoint_full == 0 {
        tokio::task::yield_now().await;
    }
    journal.set_faults(Faults {
        append_full: 10_000,
        checkpoint_full: 10_000,
        ..Faults::default()
    });
    let refused = submit(&node, create_command("one")).await;
    assert!(matches!(refused, Err(SubmitError::Full(_))), "{refused:?}");
    assert_eq!(status(&node).phase, Phase::Serving);
    assert_eq!(status(&node).checkpointed, committed);

    journal.set_faults(Faults::default());
    let second = create(&node, "one").await;
    until_checkpointed(&node).await;
    node.stop().await;
    let node = start(&journal);
    let found = node
        .first()
        .query(|state| state.instance_keys().iter().copied().collect::<Vec<_>>());
    assert_eq!(found.await.unwrap(), [first, second]);
}

#[tokio::test]
async fn a_leader_that_was_fenced_resigns() {
    let journal = MemoryJournal::new(1, 5);
    let node = start(&journal);
    let mut other = journal.lead(0, "other").unwrap();
    let _ = submit(&node, create_command("one")).await;
    deploy_quietly(&node).await;
    until_status(&node, "it has resigned", |status| {
        matches!(status.phase, Phase::Failed(_))
    })
    .await;
    let refused = submit(&node, create_command("one")).await;
    assert!(
        matches!(refused, Err(SubmitError::Unavailable(_))),
        "{refused:?}"
    );
    node.stop().await;
    // Whoever leads again takes the right to write from the one before: the fenced node has not.
    let checkpoint = Checkpoint {
        next_offset: other.next_offset(),
        ..Checkpoint::default()
    };
    assert_eq!(other.checkpoint(&checkpoint), Ok(()));
    let next = journal.lead(0, "next").unwrap();
    assert_eq!(next.term(), other.term() + 1, "nobody led in between");
    assert_eq!(other.checkpoint(&checkpoint), Err(CheckpointError::Fenced));
}

/// A command that changes something; whether it is answered is open.
async fn deploy_quietly(node: &Node) {
    let resource = proto::record::deploy_resources::Resource {
        name: "one.bpmn".to_owned(),
        content: model("one", WORK).into(),
    };
    let command = Kind::DeployResources(proto::record::DeployResources {
        resources: vec![resource],
    });
    let _ = submit(node, command).await;
}

#[tokio::test]
async fn a_command_of_a_newer_build_is_not_passed_over() {
    use prost::Message;
    let journal = MemoryJournal::new(1, 6);
    let node = start(&journal);
    let newer = proto::record::Command {
        semantics: engine::SEMANTICS + 1,
        ..proto::record::Command::default()
    };
    journal
        .append(0, &[Bytes::from(newer.encode_to_vec())])
        .unwrap();
    until_status(
        &node,
        "it has failed",
        |status| matches!(&status.phase, Phase::Failed(reason) if reason.contains("semantics")),
    )
    .await;
    drop(node);
    let again = Node::start(std::sync::Arc::new(journal), config());
    assert!(matches!(
        again.err(),
        Some(node::StartError::NewerSemantics { .. })
    ));
}

#[tokio::test]
async fn a_record_that_is_no_command_is_passed_over() {
    let journal = MemoryJournal::new(1, 7);
    let node = start(&journal);
    journal
        .append(0, &[Bytes::from_static(b"\xff\xffnot a command")])
        .unwrap();
    deploy(&node, "one", WORK).await;
    create(&node, "one").await;
    assert_eq!(status(&node).phase, Phase::Serving);
}

#[tokio::test]
async fn a_foreign_leader_of_an_old_term_changes_nothing() {
    let journal = MemoryJournal::new(1, 8);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    let tick = driver::encode(&NOBODY, 0, Kind::Tick(Tick {}));
    let stale = driver::begin_term(1, "old");
    journal.append(0, &[stale, tick]).unwrap();
    create(&node, "one").await;
    let term = node.first().query(engine::State::term).await;
    assert_eq!(term, Ok(1));
}
