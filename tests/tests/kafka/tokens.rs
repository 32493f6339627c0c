//! A cluster that wants access tokens: a server has the file of one named, and runs instances to their end.

use std::time::Duration;

use journal::broker::{Broker, token};
use journal::kafka::KafkaOptions;
use proto::gateway::CreateProcessInstanceWithResultRequest;

use crate::real::{Server, weir};
use crate::support::*;

const USER: &str = "weir";
const LIFE: Duration = Duration::from_secs(3600);

/// Ends by itself.
const PROCESS: &str = r#"<process id="sum" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="adds"/>
    <scriptTask id="adds"><extensionElements><zeebe:script expression="=a + b" resultVariable="sum"/></extensionElements></scriptTask>
    <sequenceFlow id="g" sourceRef="adds" targetRef="e"/><endEvent id="e"/></process>"#;

async fn sum(server: &Server) -> String {
    let with_result = CreateProcessInstanceWithResultRequest {
        request: Some(proto::gateway::CreateProcessInstanceRequest {
            bpmn_process_id: "sum".to_owned(),
            version: -1,
            variables: r#"{"a":1,"b":2}"#.to_owned(),
            ..Default::default()
        }),
        request_timeout: PATIENCE.as_millis() as i64,
        fetch_variables: vec!["sum".to_owned()],
    };
    let mut gateway = server.gateway();
    let ended = gateway.create_process_instance_with_result(with_result);
    ended.await.expect("ended").into_inner().variables
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_an_access_token_runs_an_instance_to_its_end() {
    let broker = Broker::start_with_tokens(USER);
    let (bootstrap, properties) = broker.token_login();
    let options = KafkaOptions {
        bootstrap: bootstrap.to_owned(),
        namespace: "tokens".to_owned(),
        ..KafkaOptions::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let properties = properties.iter();
    let properties: String = properties
        .map(|(name, value)| format!("{name} = {value:?}\n"))
        .collect();
    let config = folder.path().join("weir.toml");
    let properties = format!("[kafka-property]\n{properties}");
    std::fs::write(&config, &properties).expect("written");
    let config = config.to_str().expect("text");
    let said = refused(&options, &["--config", config]);
    assert!(said.contains("needs a file with an access token"), "{said}");

    // By the file, the environment, and the option.
    let file = folder.path().join("token");
    let file = file.to_str().expect("text");
    std::fs::write(config, format!("kafka-token-file = {file:?}\n{properties}")).expect("written");
    let said = refused(&options, &["--config", config]);
    assert!(
        said.contains(file) && said.contains("No such file"),
        "{said}"
    );

    std::fs::write(file, format!("{}signed", token(USER, LIFE))).expect("written");
    let mut doctor = weir();
    let doctor = doctor.args(["doctor", "--config", config, "--kafka", bootstrap]);
    let looked = doctor.output().expect("the program runs");
    let said = String::from_utf8_lossy(&looked.stderr);
    assert!(said.contains("invalid_token"), "{looked:?}");

    let missing = folder.path().join("missing");
    let missing = missing.to_str().expect("text");
    std::fs::write(
        config,
        format!("kafka-token-file = {missing:?}\n{properties}"),
    )
    .expect("written");
    std::fs::write(file, token(USER, LIFE)).expect("written");
    let variables = [("WEIR_CONFIG", config), ("WEIR_KAFKA_TOKEN_FILE", file)];
    let server = Server::with(&home(&options), &variables);
    deploy(&server, &model(PROCESS)).await;
    assert_eq!(sum(&server).await, r#"{"sum":3}"#);
    drop(server); // SIGKILL: whoever comes next fences it, and restores.
    let server = Server::with(&home(&options), &variables);
    assert_eq!(sum(&server).await, r#"{"sum":3}"#);
    server.stop();
}
