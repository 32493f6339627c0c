//! What operators see.

use proto::admin::story_event::Type;
use proto::admin::*;
use proto::gateway::{CancelProcessInstanceRequest, FailJobRequest, PublishMessageRequest};
use proto::record::{ClaimTask, CompleteTask, command};
use tonic::{Code, Request};

use crate::server::{NOW_MS, Served, create, resource, start, why};

async fn instances(served: &Served, request: ListInstancesRequest) -> ListInstancesResponse {
    let listed = served.admin().list_instances(request).await;
    listed.expect("a list").into_inner()
}

/// All pages, by key.
async fn keys(served: &Served, mut request: ListInstancesRequest) -> Vec<u64> {
    let mut keys = Vec::new();
    loop {
        let page = instances(served, request.clone()).await;
        assert!(page.instances.len() <= 2);
        keys.extend(page.instances.iter().map(|instance| instance.key));
        if page.next_page_token.is_empty() {
            return keys;
        }
        request.page_token = page.next_page_token;
    }
}

fn of(process_id: &str, states: &[InstanceState]) -> ListInstancesRequest {
    ListInstancesRequest {
        process_id: process_id.to_owned(),
        states: states.iter().map(|state| (*state).into()).collect(),
        page_size: 2,
        page_token: String::new(),
    }
}

async fn get(served: &Served, key: u64) -> GetInstanceResponse {
    let request = GetInstanceRequest {
        instance_key: key,
        without_story: false,
    };
    let found = served.admin().get_instance(request).await;
    found.expect("an instance").into_inner()
}

async fn cancel(served: &Served, key: u64) {
    let mut request = Request::new(CancelProcessInstanceRequest {
        process_instance_key: key.cast_signed(),
        operation_reference: None,
    });
    let user = "olga".parse().unwrap();
    request.metadata_mut().insert("weir-user", user);
    let cancelled = served.client().cancel_process_instance(request).await;
    cancelled.expect("cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_listed_in_every_state_and_paged() {
    let served = start().await;
    served.deploy("service_task").await;
    served.deploy("user_task").await;
    let mut all = Vec::new();
    for n in 0..5 {
        served.journal.set_now(NOW_MS + n);
        all.push(served.create("service_task", "").await.cast_unsigned());
    }
    let other = served.create("user_task", r#"{"helper":"bo"}"#).await;
    let other = other.cast_unsigned();
    let jobs = served.activate("do-work").await;
    let fail = FailJobRequest {
        job_key: jobs[0].key,
        ..FailJobRequest::default()
    };
    served.client().fail_job(fail).await.unwrap();
    for (at, key) in [(100, all[3]), (200, all[2])] {
        served.journal.set_now(NOW_MS + at);
        cancel(&served, key).await;
    }
    served.journal.set_now(NOW_MS + 300);
    served.complete(jobs[1].key, "").await.unwrap();

    use InstanceState::{Active, Canceled, Completed, Incident};
    let service = "service_task";
    for (request, expected) in [
        (
            of("", &[]),
            vec![other, all[4], all[0], all[1], all[2], all[3]],
        ),
        (
            of(service, &[]),
            vec![all[4], all[0], all[1], all[2], all[3]],
        ),
        (of("", &[Active]), vec![other, all[4]]),
        (of(service, &[Active, Completed]), vec![all[4], all[1]]),
        (of("", &[Incident]), vec![all[0]]),
        (of("", &[Completed]), vec![all[1]]),
        (of("", &[Canceled]), vec![all[2], all[3]]),
        (of("user_task", &[Completed]), vec![]),
        (of("nobody", &[]), vec![]),
    ] {
        assert_eq!(
            keys(&served, request.clone()).await,
            expected,
            "{request:?}"
        );
    }
    let page = instances(&served, of("", &[Incident])).await;
    let stuck = &page.instances[0];
    assert_eq!((stuck.state(), stuck.open_incidents), (Incident, 1));
    assert_eq!(stuck.active_elements, ["work"]);
    let page = instances(&served, of("", &[Completed])).await;
    let done = &page.instances[0];
    assert_eq!((done.created_ms, done.ended_ms), (NOW_MS + 1, NOW_MS + 300));

    let wrong = ListInstancesRequest {
        page_token: "nonsense".to_owned(),
        ..ListInstancesRequest::default()
    };
    let wrong = served.admin().list_instances(wrong).await.unwrap_err();
    let expected = (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned());
    assert_eq!(why(&wrong), expected);
}

/// Starts an instance with a user task.
async fn begin_review(served: &Served) -> u64 {
    served.deploy("user_task").await;
    let mut request = Request::new(create("user_task", r#"{"helper":"bo","applicant":"cy"}"#));
    let user = "olga".parse().unwrap();
    request.metadata_mut().insert("weir-user", user);
    let created = served.client().create_process_instance(request).await;
    let created = created.unwrap().into_inner();
    created.process_instance_key.cast_unsigned()
}

/// Ann claims and completes the task, a minute after it was made.
async fn review(served: &Served, task_key: u64) {
    served.journal.set_now(NOW_MS + 60_000);
    let claim = ClaimTask {
        task_key,
        user: "ann".to_owned(),
        groups: Vec::new(),
    };
    let complete = CompleteTask {
        task_key,
        user: "ann".to_owned(),
        variables: r#"{"completedBy":"ann","approved":true}"#.into(),
        action: "approve".to_owned(),
    };
    for command in [
        command::Kind::ClaimTask(claim),
        command::Kind::CompleteTask(complete),
    ] {
        let caller = node::Caller::default();
        served.node.submit(&caller, command).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_task_shows_who_may_have_it() {
    let served = start().await;
    let key = begin_review(&served).await;
    let open = get(&served, key).await;
    let summary = open.instance.unwrap();
    assert_eq!(summary.state(), InstanceState::Active);
    assert_eq!(summary.created_by, "olga");
    assert_eq!(summary.active_elements, ["review"]);
    let task = &open.user_tasks[0];
    assert_eq!((&*task.element_id, &*task.state), ("review", "CREATED"));
    assert_eq!(task.candidate_groups, ["clerks", "leads"]);
    let variables = open.variables[0].variables.as_ref().unwrap();
    assert_eq!(variables.json, r#"{"helper":"bo","applicant":"cy"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_instance_tells_what_ran_and_who_did_it() {
    let served = start().await;
    let key = begin_review(&served).await;
    let task_key = get(&served, key).await.user_tasks[0].key;
    review(&served, task_key).await;

    let ended = get(&served, key).await;
    let summary = ended.instance.unwrap();
    assert_eq!(summary.state(), InstanceState::Completed);
    let times = (summary.created_ms, summary.ended_ms);
    assert_eq!(times, (NOW_MS, NOW_MS + 60_000));
    let ran = ended.elements.iter();
    let ran = ran.map(|run| (&*run.element_id, &*run.tag, run.ended_ms - run.started_ms));
    let expected = [
        ("user_task", "process", 60_000),
        ("start", "startEvent", 0),
        ("review", "userTask", 60_000),
        ("end", "endEvent", 0),
    ];
    assert_eq!(ran.collect::<Vec<_>>(), expected);
    let review = &ended.elements[2];
    assert_eq!(review.state(), ElementState::Completed);
    assert_eq!((&*review.actor, &*review.action), ("ann", "approve"));
    let result = &review.result.as_ref().unwrap().json;
    assert_eq!(
        result,
        r#"{"completedBy":"ann","approved":true,"action":"approve","reviewer":"ann","review":{"approved":true}}"#
    );
    let flows = ended.flows.iter().map(|flow| (&*flow.flow_id, flow.count));
    let expected = [("start_to_review", 1), ("review_to_end", 1)];
    assert_eq!(flows.collect::<Vec<_>>(), expected);
    let task = &ended.user_tasks[0];
    assert_eq!((&*task.state, &*task.completed_by), ("COMPLETED", "ann"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_tells_its_story() {
    let served = start().await;
    let key = begin_review(&served).await;
    let task_key = get(&served, key).await.user_tasks[0].key;
    review(&served, task_key).await;

    let ended = get(&served, key).await;
    let told = ended.story.iter();
    let told = told.map(|event| (event.r#type(), &*event.element_id));
    let expected = [
        (Type::InstanceCreated, "user_task"),
        (Type::VariablesWritten, "user_task"),
        (Type::ElementActivated, "start"),
        (Type::ElementCompleted, "start"),
        (Type::FlowTaken, "user_task"),
        (Type::ElementActivated, "review"),
        (Type::TaskCreated, "review"),
        (Type::TaskChanged, "review"),
        (Type::TaskCompleted, "review"),
        (Type::VariablesWritten, "review"),
        (Type::VariablesWritten, "user_task"),
        (Type::ElementCompleted, "review"),
        (Type::FlowTaken, "user_task"),
        (Type::ElementActivated, "end"),
        (Type::ElementCompleted, "end"),
        (Type::InstanceCompleted, "user_task"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let claimed = &ended.story[7];
    assert_eq!((&*claimed.actor, &*claimed.code), ("ann", "CLAIMED"));
    assert!(!ended.is_truncated);

    let request = GetInstanceRequest {
        instance_key: key,
        without_story: true,
    };
    let short = served.admin().get_instance(request).await.unwrap();
    assert_eq!(short.into_inner().story, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_instance_shows_its_jobs_timers_tokens_and_scopes() {
    let served = start().await;
    served.deploy("embedded_sub_process").await;
    let key = served
        .create("embedded_sub_process", r#"{"order":{"id":7}}"#)
        .await;
    let jobs = served.activate("a").await;
    served
        .complete(jobs[0].key, r#"{"weight":2}"#)
        .await
        .unwrap();
    let found = get(&served, key.cast_unsigned()).await;
    assert_eq!(found.timers[0].element_id, "late");
    assert_eq!(found.timers[0].due_ms, NOW_MS + 3_600_000);
    let [job] = &found.jobs[..] else {
        panic!("one job: {:?}", found.jobs);
    };
    assert_eq!((&*job.element_id, &*job.state), ("b", "ACTIVATABLE"));
    let scopes = found.variables.iter().map(|scope| {
        let json = scope.variables.as_ref().map(|shown| shown.json.clone());
        (&*scope.element_id, json.unwrap_or_default())
    });
    let expected = [
        (
            "embedded_sub_process",
            r#"{"order":{"id":7},"weight":2}"#.to_owned(),
        ),
        ("inner", r#"{"id":7}"#.to_owned()),
    ];
    assert_eq!(scopes.collect::<Vec<_>>(), expected);
    let done = found.elements.iter().find(|run| run.element_id == "a");
    let done = done.unwrap();
    assert_eq!(
        (done.state(), &*done.actor),
        (ElementState::Completed, "tester")
    );
    assert_eq!(done.result.as_ref().unwrap().json, r#"{"weight":2}"#);
    let inner = found.elements.iter().find(|run| run.element_id == "inner");
    assert_eq!(done.scope_key, inner.unwrap().key);
    assert_eq!(inner.unwrap().result, None, "inputs are no result");

    cancel(&served, key.cast_unsigned()).await;
    let found = get(&served, key.cast_unsigned()).await;
    assert_eq!(found.instance.unwrap().state(), InstanceState::Canceled);
    let last = found.story.last().unwrap();
    assert_eq!(
        (last.r#type(), &*last.actor),
        (Type::InstanceCanceled, "olga")
    );
    let b = found.elements.iter().find(|run| run.element_id == "b");
    assert_eq!(b.unwrap().state(), ElementState::Terminated);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_errors_and_incidents_are_part_of_the_story() {
    let served = start().await;
    served.deploy("message_catch_event").await;
    let key = served
        .create("message_catch_event", r#"{"topic":"rain"}"#)
        .await;
    let waiting = get(&served, key.cast_unsigned()).await;
    let open = &waiting.subscriptions[0];
    assert_eq!(
        (&*open.message_name, &*open.correlation_key),
        ("news-rain", "rain")
    );
    let publish = PublishMessageRequest {
        name: "news-rain".to_owned(),
        correlation_key: "rain".to_owned(),
        variables: r#"{"mm":3}"#.to_owned(),
        ..PublishMessageRequest::default()
    };
    served.client().publish_message(publish).await.unwrap();
    let ended = get(&served, key.cast_unsigned()).await;
    let wait = ended.elements.iter().find(|run| run.element_id == "wait");
    assert_eq!(wait.unwrap().result.as_ref().unwrap().json, r#"{"mm":3}"#);

    served.deploy("uncaught_error").await;
    let key = served.create("uncaught_error", "").await;
    let job = served.activate("pay").await.remove(0);
    let throw = proto::gateway::ThrowErrorRequest {
        job_key: job.key,
        error_code: "BROKE".to_owned(),
        error_message: "no money".to_owned(),
        variables: String::new(),
    };
    served.client().throw_error(throw).await.unwrap();
    let stuck = get(&served, key.cast_unsigned()).await;
    assert_eq!(stuck.instance.unwrap().state(), InstanceState::Incident);
    let [incident] = &stuck.incidents[..] else {
        panic!("one incident: {:?}", stuck.incidents);
    };
    assert_eq!(incident.r#type, "UNHANDLED_ERROR_EVENT");
    let pay = stuck.elements.iter().find(|run| run.element_id == "pay");
    assert_eq!(pay.unwrap().open_incidents, 1);
    let thrown = stuck
        .story
        .iter()
        .find(|event| event.r#type() == Type::JobErrorThrown);
    let thrown = thrown.unwrap();
    let told = (&*thrown.code, &*thrown.detail, &*thrown.actor);
    assert_eq!(told, ("BROKE", "no money", "tester"));
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_listed_by_what_they_concern() {
    let served = start().await;
    served.deploy("uncaught_error").await;
    served.deploy("service_task").await;
    let mut stuck = Vec::new();
    for _ in 0..3 {
        let key = served.create("service_task", "").await;
        let job = served.activate("do-work").await[0].key;
        let fail = FailJobRequest {
            job_key: job,
            error_message: "no ink".to_owned(),
            ..FailJobRequest::default()
        };
        served.client().fail_job(fail).await.unwrap();
        stuck.push(key.cast_unsigned());
    }
    let list = |request: ListIncidentsRequest| {
        let mut admin = served.admin();
        async move { admin.list_incidents(request).await.unwrap().into_inner() }
    };
    let all = list(ListIncidentsRequest::default()).await;
    let of = all.incidents.iter().map(|incident| incident.instance_key);
    assert_eq!(of.collect::<Vec<_>>(), [stuck[2], stuck[1], stuck[0]]);
    let first = &all.incidents[0];
    assert_eq!((&*first.element_id, &*first.message), ("work", "no ink"));
    assert_eq!(first.process_id, "service_task");
    let request = ListIncidentsRequest {
        instance_key: stuck[1],
        process_id: "service_task".to_owned(),
        r#type: "JOB_NO_RETRIES".to_owned(),
        ..ListIncidentsRequest::default()
    };
    let one = list(request).await.incidents;
    assert_eq!((one.len(), one[0].instance_key), (1, stuck[1]));
    let request = ListIncidentsRequest {
        process_id: "uncaught_error".to_owned(),
        ..ListIncidentsRequest::default()
    };
    assert_eq!(list(request).await.incidents, []);
    let mut request = ListIncidentsRequest {
        page_size: 2,
        ..ListIncidentsRequest::default()
    };
    let page = list(request.clone()).await;
    assert_eq!(page.incidents[..], all.incidents[..2]);
    request.page_token = page.next_page_token;
    assert_eq!(list(request).await.incidents[..], all.incidents[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_listed_and_their_models_given() {
    let served = start().await;
    let mut keys = Vec::new();
    for model in ["versions", "versions-2", "service_task"] {
        keys.push(served.deploy(model).await.cast_unsigned());
    }
    let list = |request: ListDefinitionsRequest| {
        let mut admin = served.admin();
        async move { admin.list_definitions(request).await.unwrap().into_inner() }
    };
    let all = list(ListDefinitionsRequest::default()).await.definitions;
    let found = all
        .iter()
        .map(|found| (found.key, found.version, found.is_latest));
    let expected = [(keys[2], 1, true), (keys[1], 2, true), (keys[0], 1, false)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(all[0].resource_name, "service_task.bpmn");
    assert_eq!(all[0].deployed_ms, NOW_MS);
    let request = ListDefinitionsRequest {
        process_id: all[1].process_id.clone(),
        latest_only: true,
        ..ListDefinitionsRequest::default()
    };
    assert_eq!(list(request).await.definitions[..], all[1..2]);
    let mut request = ListDefinitionsRequest {
        page_size: 2,
        ..ListDefinitionsRequest::default()
    };
    let page = list(request.clone()).await;
    assert_eq!(page.definitions[..], all[..2]);
    request.page_token = page.next_page_token;
    let rest = list(request).await;
    assert_eq!(
        (&rest.definitions[..], &*rest.next_page_token),
        (&all[2..], "")
    );

    let xml = |definition_key, process_id: &str, version| {
        let mut admin = served.admin();
        let request = GetDefinitionXmlRequest {
            definition_key,
            process_id: process_id.to_owned(),
            version,
        };
        async move { admin.get_definition_xml(request).await }
    };
    let process_id = &all[2].process_id;
    for (found, model) in [
        (xml(keys[0], "", 0).await, "versions"),
        (xml(0, process_id, 1).await, "versions"),
        (xml(0, process_id, 0).await, "versions-2"),
    ] {
        assert_eq!(found.unwrap().into_inner().content, resource(model).content);
    }
    let missing = xml(0, "nobody", 1).await.unwrap_err();
    let expected = (Code::NotFound, "DEFINITION_NOT_FOUND".to_owned());
    assert_eq!(why(&missing), expected);
    let request = GetInstanceRequest {
        instance_key: 1,
        without_story: false,
    };
    let missing = served.admin().get_instance(request).await.unwrap_err();
    let expected = (Code::NotFound, "INSTANCE_NOT_FOUND".to_owned());
    assert_eq!(why(&missing), expected);
}
