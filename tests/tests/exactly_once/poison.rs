//! What no machine survives in the log of a real Kafka: a record that is no command, and a command that makes the
//! machine panic. Both are passed over and kept as dead letters, and nobody else notices: not who calls, not the
//! follower, not who leads next.

use std::time::Instant;

use fastrand::Rng;
use journal::broker::Broker;
use node::driver::PLANTED;
use proto::gateway::CancelProcessInstanceRequest;
use serde_json::Value;
use tonic::{Code, Request};

use super::orders::{self, PATIENCE, TOPIC};
use super::real::{Home, Server, request_id, topics};

const GARBAGE: &str = "garbage";
const DEAD_LETTERS: &str = "weir.dead-letters";
const ORDERS: usize = 30;

/// Orders some more, of all of the servers in turn.
async fn order(servers: &[&Server], ordered: &mut usize, random: &mut Rng) {
    for server in servers.iter().cycle().take(ORDERS) {
        let id = request_id(random);
        let key = orders::order(server.channel(), *ordered, &id).await;
        key.expect("it is ordered");
        *ordered += 1;
    }
}

/// Calls with what the machine fails on.
async fn poison(server: &Server, random: &mut Rng) {
    let mut create = orders::creation(usize::MAX, &request_id(random));
    let planted = PLANTED.parse().expect("ASCII");
    create.metadata_mut().insert("weir-user", planted);
    let mut gateway = server.gateway();
    let refused = gateway.create_process_instance(create);
    let status = refused.await.expect_err("no machine survives it");
    assert_eq!(status.code(), Code::Internal, "{status}");
}

/// Calls with what the machine fails on, about an instance; the log says which.
async fn poison_about(server: &Server, instance: i64) {
    let mut cancel = Request::new(CancelProcessInstanceRequest {
        process_instance_key: instance,
        ..CancelProcessInstanceRequest::default()
    });
    let planted = PLANTED.parse().expect("ASCII");
    cancel.metadata_mut().insert("weir-user", planted);
    let refused = server.gateway().cancel_process_instance(cancel).await;
    let status = refused.expect_err("no machine survives it");
    assert_eq!(status.code(), Code::Internal, "{status}");
    server.hear(&format!("instance={instance}"));
}

/// The dead letters, once there are so many: reasons by coordinates.
fn dead_letters(broker: &Broker, count: usize) -> Vec<(String, String)> {
    let since = Instant::now();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    loop {
        let found = topics::read(broker, DEAD_LETTERS);
        if found.len() >= count {
            let letters = found.iter();
            let mut letters: Vec<_> = letters
                .map(|letter| {
                    (
                        text(&letter["key"]),
                        text(&letter["headers"]["weir.reason"]),
                    )
                })
                .collect();
            letters.sort();
            return letters;
        }
        assert!(since.elapsed() < PATIENCE, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_machine_survives_is_passed_over_once_and_kept() {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, TOPIC);
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let (mut random, mut ordered) = (Rng::with_seed(9), 0);
    let first = Server::at(&home);
    orders::deploy(&first).await;
    let key = orders::order(first.channel(), ordered, &request_id(&mut random)).await;
    ordered += 1;
    poison_about(&first, key.expect("it is ordered")).await;
    let second = Server::at(&home);
    order(&[&first, &second], &mut ordered, &mut random).await;

    let mut places = Vec::new();
    for partition in 0..3 {
        let offset = topics::write(&broker, "weir.commands", partition, GARBAGE);
        places.push(format!("weir.commands/{partition}/{offset}"));
    }
    for server in [&first, &second] {
        poison(server, &mut random).await;
        order(&[&first, &second], &mut ordered, &mut random).await;
    }
    let letters = dead_letters(&broker, 6);
    let (garbage, planted): (Vec<_>, Vec<_>) = letters
        .iter()
        .partition(|(_, reason)| reason.contains("it is no command"));
    let found: Vec<&String> = garbage.iter().map(|(place, _)| place).collect();
    assert_eq!(found, places.iter().collect::<Vec<_>>());
    assert_eq!(planted.len(), 3);
    for (place, reason) in planted {
        assert!(place.starts_with("weir.commands/"), "{place}");
        assert_eq!(reason, "the machine failed on it");
    }

    // Who takes over goes on, and who starts anew does not meet them again.
    drop(first);
    order(&[&second], &mut ordered, &mut random).await;
    let third = Server::at(&home);
    drop(second);
    order(&[&third], &mut ordered, &mut random).await;
    let told = third.heard();
    let is_surprised =
        |line: &&String| line.contains("machine failed") || line.contains("no command");
    assert_eq!(told.iter().find(is_surprised), None);
    orders::all_ended(&third).await;
    third.stop();
    assert_eq!(dead_letters(&broker, 6), letters);
    assert_eq!(
        orders::check(ordered, &topics::read(&broker, TOPIC)),
        Ok(())
    );
}
