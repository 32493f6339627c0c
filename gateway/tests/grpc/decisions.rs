//! Decisions over the gateway protocol: deployed, and evaluated by themselves.

use proto::admin::GetInstanceRequest;
use proto::admin::story_event::Type;
use proto::gateway::deployment::Metadata;
use proto::gateway::*;
use tonic::Code;

use crate::server::{Served, file, start, start_on, why};

const MODEL: &str = "business_rule_task_decision";

async fn deploy(served: &Served) -> Vec<Metadata> {
    let request = DeployResourceRequest {
        resources: vec![
            file(&format!("{MODEL}.dmn")),
            file(&format!("{MODEL}.bpmn")),
        ],
        tenant_id: String::new(),
    };
    let deployed = served.client().deploy_resource(request).await;
    let deployments = deployed.expect("deployable").into_inner().deployments;
    let metadata = deployments.into_iter();
    metadata
        .filter_map(|deployment| deployment.metadata)
        .collect()
}

fn evaluation(key: i64, id: &str, variables: &str) -> EvaluateDecisionRequest {
    EvaluateDecisionRequest {
        decision_key: key,
        decision_id: id.to_owned(),
        variables: variables.to_owned(),
        ..EvaluateDecisionRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_names_processes_decisions_and_their_requirements() {
    let served = start().await;
    let deployed = deploy(&served).await;
    let [
        Metadata::Process(process),
        Metadata::Decision(first),
        Metadata::Decision(second),
        Metadata::Decision(_),
        Metadata::Decision(_),
        Metadata::DecisionRequirements(requirements),
    ] = &deployed[..]
    else {
        panic!("a process and four decisions of a file: {deployed:?}");
    };
    assert_eq!(
        (process.bpmn_process_id.as_str(), process.version),
        (MODEL, 1)
    );
    let expected = DecisionRequirementsMetadata {
        dmn_decision_requirements_id: "orders".to_owned(),
        dmn_decision_requirements_name: "Orders".to_owned(),
        version: 1,
        decision_requirements_key: requirements.decision_requirements_key,
        resource_name: format!("{MODEL}.dmn"),
        tenant_id: "<default>".to_owned(),
    };
    assert_eq!(*requirements, expected);
    let expected = DecisionMetadata {
        dmn_decision_id: "standing".to_owned(),
        dmn_decision_name: "Standing".to_owned(),
        version: 1,
        decision_key: first.decision_key,
        dmn_decision_requirements_id: "orders".to_owned(),
        decision_requirements_key: requirements.decision_requirements_key,
        tenant_id: "<default>".to_owned(),
    };
    assert_eq!(*first, expected);
    assert_eq!(second.dmn_decision_id, "discount");
    assert_eq!(deploy(&served).await, deployed, "nothing is new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_evaluated_by_id_and_by_key() {
    let served = start_on(3, gateway::Config::default(), node::Config::default()).await;
    let deployed = deploy(&served).await;
    let keys = deployed.iter().filter_map(|metadata| match metadata {
        Metadata::Decision(decision) => Some(decision.decision_key),
        Metadata::Process(_) | Metadata::DecisionRequirements(_) | Metadata::Form(_) => None,
    });
    let keys = keys.collect::<Vec<_>>();
    let variables = r#"{"customer": {"years": 7}, "order": {"total": 120}}"#;
    let mut client = served.client();
    for request in [
        evaluation(0, "discount", variables),
        evaluation(keys[1], "", variables),
        evaluation(-1, "discount", variables),
    ] {
        let made = client
            .evaluate_decision(request)
            .await
            .unwrap()
            .into_inner();
        assert!(made.decision_instance_key > 0);
        let standing = EvaluatedDecision {
            decision_key: keys[0],
            decision_id: "standing".to_owned(),
            decision_name: "Standing".to_owned(),
            decision_version: 1,
            decision_type: "LITERAL_EXPRESSION".to_owned(),
            decision_output: r#""old""#.to_owned(),
            tenant_id: "<default>".to_owned(),
            ..EvaluatedDecision::default()
        };
        let input = |id: &str, name: &str, value: &str| EvaluatedDecisionInput {
            input_id: id.to_owned(),
            input_name: name.to_owned(),
            input_value: value.to_owned(),
        };
        let discount = EvaluatedDecision {
            decision_key: keys[1],
            decision_id: "discount".to_owned(),
            decision_name: "Discount".to_owned(),
            decision_version: 1,
            decision_type: "DECISION_TABLE".to_owned(),
            decision_output: "10".to_owned(),
            matched_rules: vec![MatchedDecisionRule {
                rule_id: "discount_old_large".to_owned(),
                rule_index: 1,
                evaluated_outputs: vec![EvaluatedDecisionOutput {
                    output_id: "discount_percent".to_owned(),
                    output_name: "percent".to_owned(),
                    output_value: "10".to_owned(),
                }],
            }],
            evaluated_inputs: vec![
                input("discount_standing", "Standing", r#""old""#),
                input("discount_total", "order.total", "120"),
            ],
            tenant_id: "<default>".to_owned(),
        };
        let expected = EvaluateDecisionResponse {
            decision_key: keys[1],
            decision_id: "discount".to_owned(),
            decision_name: "Discount".to_owned(),
            decision_version: 1,
            decision_requirements_id: "orders".to_owned(),
            decision_requirements_key: made.decision_requirements_key,
            decision_output: "10".to_owned(),
            evaluated_decisions: vec![standing, discount],
            failed_decision_id: String::new(),
            failure_message: String::new(),
            tenant_id: "<default>".to_owned(),
            decision_instance_key: made.decision_instance_key,
        };
        assert_eq!(made, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_fails_is_answered_with_why() {
    let served = start().await;
    deploy(&served).await;
    let mut client = served.client();
    // Both rules of the table match, and it takes one only.
    let request = evaluation(0, "air_shipping", r#"{"weight": 10}"#);
    let made = client
        .evaluate_decision(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(made.failed_decision_id, "air_shipping");
    assert!(made.failure_message.contains("air_shipping"), "{made:?}");
    assert_eq!(made.decision_output, "null");
    let told = made.evaluated_decisions.iter();
    let told = told.map(|made| (&*made.decision_id, &*made.decision_output));
    assert_eq!(told.collect::<Vec<_>>(), [("air_shipping", "null")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_decision_may_be_wrong() {
    let served = start().await;
    deploy(&served).await;
    let mut client = served.client();
    let unknown = (Code::NotFound, "DECISION_NOT_FOUND".to_owned());
    let invalid = |reason: &str| (Code::InvalidArgument, reason.to_owned());
    let of_tenant = EvaluateDecisionRequest {
        tenant_id: "other".to_owned(),
        ..evaluation(0, "discount", "{}")
    };
    for (request, expected) in [
        (evaluation(0, "", "{}"), invalid("DECISION_MISSING")),
        (evaluation(-1, "", "{}"), invalid("DECISION_MISSING")),
        (evaluation(0, "none", "{}"), unknown.clone()),
        (evaluation(4711, "", "{}"), unknown),
        (
            evaluation(0, "discount", "[]"),
            invalid("VARIABLES_INVALID"),
        ),
        (of_tenant, invalid("TENANT_UNKNOWN")),
    ] {
        let refused = client.evaluate_decision(request.clone()).await;
        let status = refused.expect_err("it is refused");
        assert_eq!(why(&status), expected, "{request:?}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_an_instance_tells_its_decisions() {
    let served = start().await;
    deploy(&served).await;
    let variables = r#"{"customer":{"years":7},"order":{"total":20,"weight":12},"way":"land"}"#;
    let key = served.create(MODEL, variables).await;
    let request = GetInstanceRequest {
        instance_key: key.cast_unsigned(),
        without_story: false,
    };
    let found = served.admin().get_instance(request).await;
    let found = found.expect("an instance").into_inner();
    let told = found.story.iter();
    let told = told.filter(|event| event.r#type() == Type::DecisionEvaluated);
    let told = told.map(|event| {
        let document = event.document.as_ref().map(|document| &*document.json);
        let element = &*event.element_id;
        (
            element,
            &*event.detail,
            &*event.code,
            document.unwrap_or_default(),
        )
    });
    let expected = [
        ("discount", "discount", "2", "5"),
        (
            "shipping",
            "land_shipping",
            "1, 2",
            r#"[{"carrier":"post","price":24},{"carrier":"freight","price":40}]"#,
        ),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let runs = found.elements.iter();
    let discount = runs.clone().find(|run| run.element_id == "discount");
    let result = discount.and_then(|run| run.result.as_ref());
    assert_eq!(result.expect("a result").json, r#"{"percent":5}"#);
}
