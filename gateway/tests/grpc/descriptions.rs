//! Health and reflection.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::server::start;

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_as_healthy_as_its_node() {
    let served = start().await;
    let mut health = HealthClient::new(served.channel.clone());
    let names = [
        "",
        "gateway_protocol.Gateway",
        "weir.admin.v1.AdminService",
        "weir.usertask.v1.UserTaskService",
    ];
    for name in names {
        let answer = health.check(of(name)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
    let unknown = health.check(of("nobody")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let mut nobody = health.watch(of("nobody")).await.unwrap().into_inner();
    let first = nobody.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);

    let mut watch = health.watch(of("")).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    served.node.stop().await;
    let second = watch.message().await.unwrap().unwrap();
    assert_eq!(second.status(), ServingStatus::NotServing);
    let answer = health.check(of("")).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::NotServing);
}

/// Lists the services and one file by a symbol, with one version of the protocol.
macro_rules! reflects {
    ($test:ident, $version:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let served = start().await;
            let ask = |request| ServerReflectionRequest {
                host: String::new(),
                message_request: Some(request),
            };
            let symbol = "gateway_protocol.Gateway".to_owned();
            let requests = tokio_stream::iter([
                ask(MessageRequest::ListServices(String::new())),
                ask(MessageRequest::FileContainingSymbol(symbol)),
            ]);
            let mut client = ServerReflectionClient::new(served.channel.clone());
            let answers = client.server_reflection_info(requests).await.unwrap();
            let mut answers = answers.into_inner();
            let listed = answers.message().await.unwrap().unwrap();
            let Some(MessageResponse::ListServicesResponse(listed)) = listed.message_response
            else {
                panic!("services");
            };
            let listed = listed.service.into_iter().map(|service| service.name);
            let listed = listed.collect::<Vec<_>>();
            for name in [
                "gateway_protocol.Gateway",
                "grpc.health.v1.Health",
                "weir.admin.v1.AdminService",
                "weir.usertask.v1.UserTaskService",
            ] {
                assert!(
                    listed.iter().any(|listed| listed == name),
                    "{name}: {listed:?}"
                );
            }
            let file = answers.message().await.unwrap().unwrap();
            let Some(MessageResponse::FileDescriptorResponse(file)) = file.message_response else {
                panic!("a file: {file:?}");
            };
            assert_eq!(file.file_descriptor_proto.len(), 1);
        }
    };
}

reflects!(the_services_describe_themselves, v1);
reflects!(the_services_describe_themselves_to_older_clients, v1alpha);
