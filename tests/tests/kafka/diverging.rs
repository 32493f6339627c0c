//! A follower whose memory is wrong: it finds out at the next checkpoint, throws its state away, and leads with the one
//! that the log has.

use harness::stored;
use journal::fail_point::MISREAD;
use proto::admin::GetInstanceRequest;

use crate::real::Server;
use crate::support::*;

/// What the follower takes for something else, once.
const PLANTED: &str = "planted";
const INSTANCES: usize = 10;
const FOLLOWS: &str = "following the partition";

const PROCESS: &str = r#"<process id="work" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="asked"/>
    <userTask id="asked"><extensionElements><zeebe:userTask/></extensionElements></userTask></process>"#;

/// Starts instances; gives their keys.
async fn create_all(server: &Server, variables: &str) -> Vec<i64> {
    let mut keys = Vec::new();
    for _ in 0..INSTANCES {
        keys.push(create(server, "work", variables).await);
    }
    keys
}

/// All that is told of an instance.
async fn told(server: &Server, key: i64) -> String {
    let get = GetInstanceRequest {
        instance_key: key.cast_unsigned(),
        ..GetInstanceRequest::default()
    };
    let found = server.admin().get_instance(get).await;
    format!("{:?}", found.expect("found").into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_differs_says_so_restores_and_leads_with_what_the_log_says() {
    let options = options(1);
    let journal = open(&options);
    let first = Server::at(&home(&options));
    deploy(&first, &model(PROCESS)).await;
    let second = Server::with(&home(&options), &[(MISREAD, PLANTED)]);
    second.hear(FOLLOWS);

    create_all(&first, "{}").await;
    let planted = create(&first, "work", &format!(r#"{{"mark":"{PLANTED}"}}"#)).await;
    second.hear("is not the one that the leader has written");
    second.hear(FOLLOWS);
    create_all(&first, &format!(r#"{{"mark":"{PLANTED}"}}"#)).await;
    drop(first); // SIGKILL.
    let last = create_all(&second, "{}").await;
    for key in [planted, last[0]] {
        let shown = told(&second, key).await;
        assert_eq!(shown.contains(PLANTED), key == planted, "{shown}");
    }
    let is_told = |line: &String| line.contains("the follower cannot lead");
    assert!(!second.heard().iter().any(is_told), "it had to restore");
    second.stop();
    // Every entry is the one that the commands give.
    stored::check(&journal, |_| ());
}
