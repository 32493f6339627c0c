//! Lists of what several partitions have.

use std::collections::BTreeSet;

use gateway::Config;
use proto::admin::*;
use proto::gateway::FailJobRequest;
use proto::record::{CancelInstance, CreateInstance, command};
use tokio::task::JoinSet;

use crate::server::{NOW_MS, Served, start_on};

const PARTITIONS: u32 = 3;

async fn start() -> Served {
    let served = start_on(PARTITIONS, Config::default(), node::Config::default()).await;
    served.deploy("service_task").await;
    served.deploy("user_task").await;
    served
}

fn homes(keys: &[u64]) -> BTreeSet<u32> {
    keys.iter().map(|key| engine::partition_of(*key)).collect()
}

/// All pages of instances; `between` runs after each.
async fn instances(
    served: &Served,
    mut request: ListInstancesRequest,
    mut between: impl AsyncFnMut(&[InstanceSummary]),
) -> Vec<InstanceSummary> {
    let mut all = Vec::new();
    loop {
        let page = served.admin().list_instances(request.clone()).await;
        let page = page.expect("a page").into_inner();
        between(&page.instances).await;
        all.extend(page.instances);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

fn of(process_id: &str, page_size: u32) -> ListInstancesRequest {
    ListInstancesRequest {
        process_id: process_id.to_owned(),
        page_size,
        ..ListInstancesRequest::default()
    }
}

async fn cancel(served: &Served, instance_key: u64) {
    let cancel = command::Kind::CancelInstance(CancelInstance { instance_key });
    let caller = node::Caller::default();
    served.node.submit(&caller, cancel).await.expect("canceled");
}

/// Newest first: of one moment, the one with the greater key.
fn place(instance: &InstanceSummary) -> (i64, u64) {
    (instance.created_ms, instance.key)
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_newest_first_over_all_partitions() {
    let served = start().await;
    let mut started = Vec::new();
    for number in 0..20_i64 {
        served.journal.set_now(NOW_MS + number / 3);
        let key = served.create("service_task", "").await.cast_unsigned();
        started.push((NOW_MS + number / 3, key));
    }
    assert_eq!(
        homes(&started.iter().map(|(_, key)| *key).collect::<Vec<_>>()).len(),
        3
    );
    started.sort_unstable();
    started.reverse();
    for page_size in [1, 2, 7, 20, 100] {
        let listed = instances(&served, of("", page_size), async |page| {
            assert!(page.len() <= page_size as usize);
        });
        let listed = listed.await.iter().map(place).collect::<Vec<_>>();
        assert_eq!(listed, started, "{page_size}");
    }
    // Behind the running ones come the ended ones, newest end first.
    for (at, (_, key)) in (100..).zip(&started[..4]) {
        served.journal.set_now(NOW_MS + at);
        cancel(&served, *key).await;
    }
    let listed = instances(&served, of("", 3), async |_| {}).await;
    let ended = [3, 2, 1, 0].map(|at: usize| started[at]);
    let expected = started[4..].iter().copied().chain(ended);
    assert_eq!(
        listed.iter().map(place).collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_instances_are_stable_while_instances_come_and_go() {
    let served = start().await;
    let mut started = Vec::new();
    for number in 0..30_i64 {
        served.journal.set_now(NOW_MS + number / 2);
        started.push(served.create("service_task", "").await.cast_unsigned());
    }
    let mut gone = BTreeSet::new();
    let running = ListInstancesRequest {
        states: vec![InstanceState::Active.into()],
        ..of("", 4)
    };
    let listed = instances(&served, running, async |page| {
        // The one that the next page begins after, and one further on.
        let last = page.last().map(|last| last.key);
        for key in last.into_iter().chain([started[gone.len()]]) {
            if gone.insert(key) {
                cancel(&served, key).await;
            }
        }
        served.create("service_task", "").await;
    });
    let listed = listed.await;
    assert!(listed.is_sorted_by(|left, right| place(left) > place(right)));
    let listed = listed
        .iter()
        .map(|found| found.key)
        .collect::<BTreeSet<_>>();
    let kept = started.iter().filter(|key| !gone.contains(key));
    for key in kept {
        assert!(listed.contains(key), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_among_many_are_found_in_every_partition() {
    let served = start().await;
    let mut few = Vec::new();
    for round in 0..3 {
        for _ in 0..4 {
            served.journal.advance(1);
            few.push(
                served
                    .create("user_task", r#"{"helper":"bo"}"#)
                    .await
                    .cast_unsigned(),
            );
        }
        let mut many = JoinSet::new();
        // More than one look at a partition takes.
        for _ in 0..2_000 * i32::from(round < 2) {
            let node = served.node.clone();
            let create = command::Kind::CreateInstance(CreateInstance {
                process_id: "service_task".to_owned(),
                ..CreateInstance::default()
            });
            many.spawn(async move {
                node.submit(&node::Caller::default(), create)
                    .await
                    .map(drop)
            });
        }
        assert!(many.join_all().await.iter().all(Result::is_ok));
    }
    let listed = instances(&served, of("user_task", 5), async |_| {}).await;
    assert!(listed.is_sorted_by(|left, right| place(left) > place(right)));
    let listed = listed.iter().map(|found| found.key).collect::<Vec<_>>();
    few.reverse();
    assert_eq!(listed, few);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_newest_first_over_all_partitions() {
    let served = start().await;
    let mut stuck = Vec::new();
    for number in 0..9 {
        served.journal.set_now(NOW_MS + number);
        let key = served.create("service_task", "").await;
        let job = served.activate("do-work").await[0].key;
        let fail = FailJobRequest {
            job_key: job,
            ..FailJobRequest::default()
        };
        served.client().fail_job(fail).await.expect("failed");
        stuck.push(key.cast_unsigned());
    }
    assert_eq!(homes(&stuck).len(), 3);
    stuck.reverse();
    for page_size in [1, 4, 9, 100] {
        let mut request = ListIncidentsRequest {
            page_size,
            ..ListIncidentsRequest::default()
        };
        let mut listed = Vec::new();
        loop {
            let page = served.admin().list_incidents(request.clone()).await;
            let page = page.expect("a page").into_inner();
            assert!(page.incidents.len() <= page_size as usize);
            listed.extend(page.incidents.iter().map(|found| found.instance_key));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(listed, stuck, "{page_size}");
    }
    let request = ListIncidentsRequest {
        instance_key: stuck[5],
        ..ListIncidentsRequest::default()
    };
    let one = served.admin().list_incidents(request).await;
    assert_eq!(one.expect("a list").into_inner().incidents.len(), 1);
    for token in ["nonsense", "k7", "c1", "e1.2"] {
        let request = ListIncidentsRequest {
            page_token: token.to_owned(),
            ..ListIncidentsRequest::default()
        };
        let refused = served.admin().list_incidents(request).await;
        assert_eq!(
            refused.expect_err(token).code(),
            tonic::Code::InvalidArgument
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_listed_once() {
    let served = start().await;
    let mut admin = served.admin();
    let listed = admin.list_definitions(ListDefinitionsRequest::default());
    let listed = listed.await.expect("a list").into_inner().definitions;
    let ids = listed.iter().map(|found| found.process_id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["user_task", "service_task"]);
}
