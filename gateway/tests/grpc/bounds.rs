//! Whatever is stored, every answer fits into a message; whatever is too large is named.

use std::time::Duration;

use gateway::Config;
use journal::Journal;
use prost::Message;
use proto::admin::story_event::Type;
use proto::admin::*;
use proto::gateway::{
    CancelProcessInstanceRequest, CreateProcessInstanceRequest,
    CreateProcessInstanceWithResultRequest, DeployResourceRequest, FailJobRequest, Resource,
    SetVariablesRequest,
};
use tonic::Code;

use crate::server::{Served, create, resource, start, start_with, why};

/// A message that holds some hundred short entries.
const SMALL: usize = 64 << 10;

async fn start_small() -> Served {
    let config = Config {
        message_bytes_max: SMALL,
        ..Config::default()
    };
    start_with(config, node::Config::default()).await
}

/// The service task's model, with another text in place of one that it holds.
fn changed(from: &str, to: &str) -> Resource {
    let mut model = resource("service_task");
    let text = String::from_utf8(model.content).expect("text");
    assert!(text.contains(from), "{from} is not in the model");
    model.content = text.replacen(from, to, 1).into();
    model
}

async fn deploy(served: &Served, model: Resource) {
    let request = DeployResourceRequest {
        resources: vec![model],
        tenant_id: String::new(),
    };
    let deployed = served.client().deploy_resource(request).await;
    deployed.expect("deployable");
}

fn tagged(tags: Vec<String>) -> CreateProcessInstanceRequest {
    CreateProcessInstanceRequest {
        tags,
        ..create("service_task", "")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_instances_ends_by_its_bytes() {
    let served = start_small().await;
    served.deploy("service_task").await;
    let mut started = Vec::new();
    for _ in 0..80 {
        let request = tagged(vec!["x".repeat(100); 10]);
        let created = served.client().create_process_instance(request).await;
        let key = created.expect("created").into_inner().process_instance_key;
        started.push(key.cast_unsigned());
    }
    let mut request = ListInstancesRequest {
        page_size: 1_000,
        ..ListInstancesRequest::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = served.admin().list_instances(request.clone()).await;
        let page = page.expect("a page that fits").into_inner();
        assert!(page.encoded_len() < SMALL && page.instances.len() < 80);
        listed.extend(page.instances.iter().map(|instance| instance.key));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    started.reverse();
    assert_eq!(listed, started);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_incidents_ends_by_its_bytes() {
    let served = start_small().await;
    served.deploy("service_task").await;
    for _ in 0..80 {
        served.create("service_task", "").await;
        let job = served.activate("do-work").await[0].key;
        let fail = FailJobRequest {
            job_key: job,
            error_message: "x".repeat(2_000),
            ..FailJobRequest::default()
        };
        served.client().fail_job(fail).await.expect("failed");
    }
    let mut request = ListIncidentsRequest {
        page_size: 1_000,
        ..ListIncidentsRequest::default()
    };
    let mut count = 0;
    loop {
        let page = served.admin().list_incidents(request.clone()).await;
        let page = page.expect("a page that fits").into_inner();
        assert!(page.encoded_len() < SMALL && page.incidents.len() < 80);
        count += page.incidents.len();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(count, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_with_long_names_are_listed_in_pages() {
    let served = start_small().await;
    for version in 0..40 {
        let name = format!(
            r#"isExecutable="true" name="{version}{}""#,
            "x".repeat(20_000)
        );
        let model = resource("service_task");
        let text = String::from_utf8(model.content).expect("text");
        let start = text.find("<bpmn:process").expect("a process");
        let end = start + text[start..].find('>').expect("its end");
        let id = r#"<bpmn:process id="service_task" "#;
        let content = format!("{}{id}{name}{}", &text[..start], &text[end..]);
        let model = Resource {
            name: model.name,
            content: content.into(),
        };
        deploy(&served, model).await;
    }
    let mut request = ListDefinitionsRequest {
        page_size: 1_000,
        ..ListDefinitionsRequest::default()
    };
    let mut versions = Vec::new();
    loop {
        let page = served.admin().list_definitions(request.clone()).await;
        let page = page.expect("a page that fits").into_inner();
        assert!(page.encoded_len() < SMALL);
        versions.extend(page.definitions.iter().map(|found| found.version));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(versions, (1..=40).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_deployed_can_be_read() {
    let served = start_small().await;
    let room = SMALL - resource("service_task").content.len() - 100;
    let comment = format!("<!--{}--></bpmn:definitions>", "x".repeat(room));
    let model = changed("</bpmn:definitions>", &comment);
    assert!(model.content.len() > SMALL - 200);
    deploy(&served, model.clone()).await;
    let request = GetDefinitionXmlRequest {
        process_id: "service_task".to_owned(),
        ..GetDefinitionXmlRequest::default()
    };
    let found = served.admin().get_definition_xml(request).await;
    assert_eq!(
        found.expect("the model").into_inner().content,
        model.content
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_bounded() {
    let served = start().await;
    served.deploy("service_task").await;
    let mut client = served.client();
    for (tags, is_taken) in [
        (vec!["ü".repeat(100); 10], true),
        (vec!["x".to_owned(); 11], false),
        (vec!["x".repeat(101)], false),
    ] {
        let created = client.create_process_instance(tagged(tags.clone())).await;
        let awaited = CreateProcessInstanceWithResultRequest {
            request: Some(tagged(tags)),
            request_timeout: 1,
            ..CreateProcessInstanceWithResultRequest::default()
        };
        let awaited = client.create_process_instance_with_result(awaited).await;
        let awaited = why(&awaited.expect_err("it has a task"));
        let refused = (Code::InvalidArgument, "TAGS_INVALID".to_owned());
        assert_eq!(created.is_ok(), is_taken);
        assert_eq!(awaited != refused, is_taken);
        let created = created.err().map(|status| why(&status));
        assert!(created.is_none_or(|found| found == refused));
    }
}

/// Sets variables that nothing else is written with, until the journal has more of them than is read.
async fn write_long_history(served: &Served, instance: i64) {
    for round in 0..8 {
        let set = SetVariablesRequest {
            element_instance_key: instance,
            variables: format!(r#"{{"a":"{round}{}"}}"#, "x".repeat(3 << 20)),
            ..SetVariablesRequest::default()
        };
        served.client().set_variables(set).await.expect("set");
        // Each in a checkpoint of its own, so that the history can be cut between them.
        while written(served, instance) < (round + 1) * (3 << 20) {
            tokio::task::yield_now().await;
        }
    }
}

/// The bytes of an instance's history in the journal.
fn written(served: &Served, instance: i64) -> usize {
    let instance = instance.cast_unsigned();
    let part = served.journal.history(0, instance, usize::MAX);
    let payloads = part.expect("a history").payloads;
    payloads.iter().map(|payload| payload.len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_shows_its_newest_part_and_what_is_there() {
    let of_node = node::Config {
        checkpoint_interval: Duration::from_millis(1),
        ..node::Config::default()
    };
    let served = start_with(Config::default(), of_node).await;
    served.deploy("user_task").await;
    let key = served.create("user_task", r#"{"helper":"bo"}"#).await;
    write_long_history(&served, key).await;
    let request = GetInstanceRequest {
        instance_key: key.cast_unsigned(),
        without_story: false,
    };
    let found = served.admin().get_instance(request).await;
    let found = found.expect("the live state").into_inner();
    assert!(found.is_truncated);
    let summary = found.instance.expect("a summary");
    assert_eq!(summary.active_elements, ["review"]);
    assert_eq!(found.user_tasks.len(), 1);
    assert_eq!(found.variables.len(), 1);
    let last = found.story.last().expect("the newest part");
    assert_eq!(last.r#type(), Type::VariablesWritten);

    let cancel = CancelProcessInstanceRequest {
        process_instance_key: key,
        operation_reference: None,
    };
    let canceled = served.client().cancel_process_instance(cancel).await;
    canceled.expect("canceled");
    let found = served.admin().get_instance(request).await;
    let found = found.expect("what its end tells").into_inner();
    assert!(found.is_truncated);
    let summary = found.instance.expect("a summary");
    assert_eq!(summary.state(), InstanceState::Canceled);
    assert_eq!((&*summary.process_id, summary.version), ("user_task", 1));
    let last = found.story.last().expect("the newest part");
    assert_eq!(last.r#type(), Type::InstanceCanceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_no_message_holds_is_named() {
    let served = start_small().await;
    served.deploy("none_events").await;
    // The result takes more than its variables: together they are just too long.
    let variables = format!(r#"{{"a":"{}"}}"#, "x".repeat(SMALL - 48));
    let request = CreateProcessInstanceWithResultRequest {
        request: Some(create("none_events", &variables)),
        ..CreateProcessInstanceWithResultRequest::default()
    };
    let mut client = served.client();
    let refused = client.create_process_instance_with_result(request).await;
    let expected = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned());
    assert_eq!(why(&refused.unwrap_err()), expected);
}
