//! Commands, queries, histories, bounds, and the end.

use std::sync::Arc;
use std::time::Duration;

use engine::Code;
use journal::Bytes;
use journal::embedded::{EmbeddedJournal, Options};
use journal::memory::MemoryJournal;
use node::{Caller, Config, Node, Phase, SubmitError};
use proto::record::command::Kind;
use proto::record::{CancelInstance, CreateInstance, answer, event};

use crate::support::*;

#[tokio::test]
async fn an_instance_runs_from_start_to_end() {
    let node = start(&MemoryJournal::new(1, 1));
    deploy(&node, "one", WORK).await;
    let instance = create(&node, "one").await;
    let [job] = lease(&node, 5).await[..] else {
        panic!("one job is there");
    };
    complete(&node, job).await.unwrap();
    let is_gone = node
        .first()
        .query(move |state| state.instance(instance).is_none());
    assert!(is_gone.await.unwrap(), "what was answered is seen");

    let story = node.history(instance).await.unwrap().batches;
    let offsets: Vec<u64> = story.iter().map(|batch| batch.offset).collect();
    assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
    let kinds = || story.iter().flat_map(|batch| &batch.events);
    let kinds = || kinds().filter_map(|event| event.kind.as_ref());
    assert!(kinds().any(|kind| matches!(kind, event::Kind::InstanceCreated(_))));
    assert!(kinds().any(|kind| matches!(kind, event::Kind::JobCompleted(_))));
    assert!(matches!(
        kinds().last(),
        Some(event::Kind::InstanceCompleted(_))
    ));
    node.stop().await;
}

#[tokio::test]
async fn a_history_is_the_same_before_and_after_its_checkpoint() {
    let journal = MemoryJournal::new(1, 2);
    let node = start_with(
        &journal,
        Config {
            checkpoint_interval: Duration::from_secs(3_600),
            ..config()
        },
    );
    deploy(&node, "one", WORK).await;
    let mut instances = Vec::new();
    for _ in 0..5 {
        instances.push(create(&node, "one").await);
        journal.advance(10);
    }
    for job in lease(&node, 3).await {
        complete(&node, job).await.unwrap();
        journal.advance(10);
    }
    let canceled = CancelInstance {
        instance_key: instances[3],
    };
    submit(&node, Kind::CancelInstance(canceled)).await.unwrap();
    let mut before = Vec::new();
    for instance in &instances {
        before.push(node.history(*instance).await.unwrap());
    }
    let ended = node.ended(None, 10).await.unwrap();
    node.stop().await;

    let node = start(&journal);
    for (instance, story) in instances.iter().zip(before) {
        assert_eq!(node.history(*instance).await.unwrap(), story);
    }
    assert_eq!(node.ended(None, 10).await.unwrap(), ended);
    let keys: Vec<u64> = ended.iter().map(|ended| ended.key).collect();
    assert_eq!(
        keys,
        [instances[3], instances[2], instances[1], instances[0]]
    );
    assert!(ended[0].canceled && !ended[1].canceled);
    assert_eq!((&*ended[1].process_id, ended[1].version), ("one", 1));
    assert!(ended[1].created_ms < ended[1].ended_ms);
    let page = node.ended(None, 2).await.unwrap();
    let last = (page[1].ended_ms, page[1].key);
    assert_eq!(node.ended(Some(last), 10).await.unwrap(), ended[2..]);
}

#[tokio::test]
async fn a_late_answer_comes_with_the_end_of_the_instance() {
    let node = start(&MemoryJournal::new(1, 3));
    deploy(&node, "one", WORK).await;
    let command = Kind::CreateInstance(CreateInstance {
        process_id: "one".to_owned(),
        variables: Bytes::from_static(br#"{"a":1}"#),
        await_result: true,
        ..CreateInstance::default()
    });
    let waiting = node.clone();
    let waiting = tokio::spawn(async move { submit(&waiting, command).await });
    until(&node, "the job is there", |state| state.job_count() == 1).await;
    let jobs = lease(&node, 1).await;
    complete(&node, jobs[0]).await.unwrap();
    let applied = waiting.await.unwrap().unwrap();
    let Some(answer::Kind::InstanceResult(result)) = applied.answer.kind else {
        panic!("not a result");
    };
    assert_eq!(result.variables, r#"{"a":1,"done":true}"#);
}

#[tokio::test]
async fn a_caller_who_is_wrong_is_told() {
    let node = start(&MemoryJournal::new(1, 4));
    let refused = submit(&node, create_command("nothing")).await;
    let Err(SubmitError::Rejected(rejection)) = refused else {
        panic!("not rejected: {refused:?}");
    };
    assert_eq!(rejection.code, Code::NotFound);
    assert_eq!(rejection.reason, "PROCESS_NOT_FOUND");
    let mut blank = activate(1);
    blank.r#type = " ".to_owned();
    let refused = node.activate_jobs(&NOBODY, blank, PATIENCE).await;
    assert!(
        matches!(refused, Err(SubmitError::Rejected(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let journal = MemoryJournal::new(1, 5);
    let node = start(&journal);
    deploy(&node, "one", WORK).await;
    let caller = Caller {
        request_id: Some([7; 16]),
        ..Caller::default()
    };
    let first = node.submit(&caller, create_command("one")).await.unwrap();
    drop(node);
    let node = start(&journal);
    let again = node.submit(&caller, create_command("one")).await.unwrap();
    assert_eq!(started(&first), started(&again));
    assert_eq!(
        node.first()
            .query(|state| state.instance_keys().len())
            .await,
        Ok(1)
    );
}

#[tokio::test]
async fn more_than_the_bounds_is_refused() {
    let journal = Gated::new(MemoryJournal::new(1, 6));
    let config = Config {
        commands_in_flight_max: 2,
        command_bytes_max: 1_000,
        ..config()
    };
    let node = Node::start(journal.clone(), config).unwrap();
    let large = CreateInstance {
        variables: vec![b' '; 2_000].into(),
        ..CreateInstance::default()
    };
    let refused = submit(&node, Kind::CreateInstance(large)).await;
    assert!(
        matches!(
            refused,
            Err(SubmitError::TooLarge {
                size: 2_001..,
                limit: 1_000
            })
        ),
        "{refused:?}"
    );

    journal.set_open(false);
    let (first, second) = (node.clone(), node.clone());
    let first = tokio::spawn(async move { submit(&first, create_command("a")).await });
    journal.waiting.notified().await;
    let second = tokio::spawn(async move { submit(&second, create_command("b")).await });
    // Until the second is counted this one may be let in: then it is refused as unknown, later.
    let node_3 = node.clone();
    let third = tokio::spawn(async move {
        while submit(&node_3, create_command("c")).await != Err(SubmitError::Overloaded) {}
    });
    third.await.unwrap();
    journal.set_open(true);
    assert!(matches!(
        first.await.unwrap(),
        Err(SubmitError::Rejected(_))
    ));
    assert!(matches!(
        second.await.unwrap(),
        Err(SubmitError::Rejected(_))
    ));
    let refused = submit(&node, create_command("d")).await;
    assert!(
        matches!(refused, Err(SubmitError::Rejected(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_query_that_panics_takes_nothing_along() {
    let node = start(&MemoryJournal::new(1, 7));
    let failed = node
        .first()
        .query(|_| -> u32 { panic!("wrong query") })
        .await;
    assert!(
        matches!(failed, Err(SubmitError::Internal(_))),
        "{failed:?}"
    );
    let (term, offset) = node.first().query_at(|state| state.term()).await.unwrap();
    assert_eq!((term, offset), (1, 0));
}

#[tokio::test]
async fn stopping_answers_what_was_accepted_and_leaves_a_checkpoint() {
    let journal = Gated::new(MemoryJournal::new(1, 8));
    let node = Node::start(journal.clone(), config()).unwrap();
    deploy(&node, "one", WORK).await;
    journal.set_open(false);
    let accepted: Vec<_> = (0..20)
        .map(|_| {
            let node = node.clone();
            tokio::spawn(async move { submit(&node, create_command("one")).await })
        })
        .collect();
    journal.waiting.notified().await;
    let poll = node.clone();
    let poll = tokio::spawn(async move {
        let wait = node_poll(&poll);
        wait.await
    });
    let mut stopping = Box::pin(node.stop());
    tokio::select! {
        biased;
        () = &mut stopping => panic!("stopped although commands are under way"),
        () = std::future::ready(()) => {}
    }
    let late = submit(&node, create_command("one")).await;
    assert_eq!(late, Err(SubmitError::Stopped));
    journal.set_open(true);
    let mut answered = 0;
    for call in accepted {
        match call.await.unwrap() {
            Ok(_) => answered += 1,
            Err(error) => assert_eq!(error, SubmitError::Stopped),
        }
    }
    stopping.await;
    assert!(answered > 0);
    assert_eq!(poll.await.unwrap(), Err(SubmitError::Stopped));
    let status = status(&node);
    assert_eq!(status.phase, Phase::Stopped);
    assert_eq!(
        Some(status.checkpointed),
        status.offset.map(|last| last + 1)
    );
    assert_eq!(node.first().query(|_| ()).await, Err(SubmitError::Stopped));

    let node = Node::start(journal, config()).unwrap();
    assert_eq!(
        node.first()
            .query(|state| state.instance_keys().len())
            .await,
        Ok(answered)
    );
}

async fn node_poll(node: &Node) -> Result<usize, SubmitError> {
    let mut other = activate(1);
    other.r#type = "other".to_owned();
    let found = node.activate_jobs(&NOBODY, other, PATIENCE);
    found.await.map(|jobs| jobs.len())
}

#[tokio::test]
async fn a_directory_is_free_when_the_node_has_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for _ in 0..3 {
        let journal = EmbeddedJournal::open(directory.path(), &Options::default()).unwrap();
        let node = Node::start(Arc::new(journal), config()).unwrap();
        let found = node
            .first()
            .query(|state| state.instance_keys().iter().copied().collect::<Vec<_>>());
        assert_eq!(found.await.unwrap(), expected);
        deploy(&node, "one", WORK).await;
        expected.push(create(&node, "one").await);
        node.stop().await;
    }
}
