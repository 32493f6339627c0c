//! Calls to a partition that nobody can lead for a while: repeated inside for as long as the caller waits.

use std::sync::Arc;
use std::time::Duration;

use gateway::Config;
use journal::Journal;
use journal::memory::MemoryJournal;
use node::Node;
use prost::Message;
use proto::gateway::TopologyRequest;
use proto::node::{Claim, Heartbeat};
use tonic::{Code, Request};

use crate::server::{NOW_MS, Served, create, serve};

/// As long as a node waits by itself: hardly.
const MOMENT: Duration = Duration::from_millis(1);
/// More than the longest silence of a node that lives.
const SILENCE_MS: i64 = 60_000;

/// A node that believes another one, which is not there, to lead the only partition, until the journal's clock goes on.
async fn behind_a_ghost() -> Served {
    let journal = MemoryJournal::new(1, 7);
    journal.set_now(NOW_MS);
    let ghost = Heartbeat {
        node: "ghost".to_owned(),
        // Nobody listens there.
        address: "127.0.0.1:1".to_owned(),
        leads: vec![Claim {
            partition: 1,
            term: 1,
            ..Claim::default()
        }],
        semantics: engine::SEMANTICS,
        sequence: 1,
        ..Heartbeat::default()
    };
    let cluster = journal.cluster().expect("several nodes may use it");
    let told = cluster.tell("ghost", &ghost.encode_to_vec().into());
    told.expect("it is told");
    let config = node::Config {
        leader_patience: MOMENT,
        heartbeat_interval: Duration::from_millis(20),
        ..node::Config::default()
    };
    let node = Node::join(Arc::new(journal.clone()), config).expect("the node joins");
    serve(journal, node, Config::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlasts_a_leader_that_has_gone_if_its_caller_does() {
    let served = behind_a_ghost().await;
    let mut client = served.client();
    let hasty = client.create_process_instance(create("none", "")).await;
    assert_eq!(hasty.expect_err("nobody leads").code(), Code::Unavailable);
    // It answers about itself all the same.
    let topology = client.topology(TopologyRequest {}).await;
    topology.expect("the server serves");

    let mut patient = Request::new(create("none", ""));
    patient.set_timeout(Duration::from_secs(60));
    let calling = tokio::spawn(async move { client.create_process_instance(patient).await });
    // It notices that the ghost is silent, and leads itself.
    served.journal.set_now(NOW_MS + SILENCE_MS);
    let answered = calling.await.expect("no panic");
    let answered = answered.expect_err("there is no such process");
    assert_eq!(answered.code(), Code::NotFound, "{answered}");
}
