//! `compose.yaml`: what it says is YAML, of the version that the tests use, and a broker takes its settings; Docker itself
//! is not needed here.

mod weir;

use journal::broker::Broker;
use weir::run;
use yaml_rust2::{Yaml, YamlLoader};

const COMPOSE: &str = include_str!("../../compose.yaml");
const SCRIPT: &str = include_str!("../../scripts/kafka");

/// Where a broker is and what it is called: of the container's own.
const OF_THE_PLACE: [&str; 9] = [
    "node.id",
    "process.roles",
    "controller.quorum.voters",
    "controller.listener.names",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "log.dirs",
];

fn kafka() -> Yaml {
    let mut documents = YamlLoader::load_from_str(COMPOSE).expect("YAML");
    assert_eq!(documents.len(), 1);
    let service = documents.remove(0)["services"]["kafka"].clone();
    assert!(!service.is_badvalue(), "it has the service");
    service
}

/// As the image reads them: `KAFKA_LOG_DIRS` is `log.dirs`.
fn properties(service: &Yaml) -> Vec<(String, String)> {
    let environment = service["environment"].as_hash().expect("a mapping");
    let pairs = environment.iter().map(|(name, value)| {
        let name = name.as_str().expect("a name").strip_prefix("KAFKA_");
        let name = name.expect("a property").to_lowercase().replace('_', ".");
        // YAML would make numbers and booleans of them, and Compose refuses those.
        (name, value.as_str().expect("a text").to_owned())
    });
    pairs.collect()
}

#[test]
fn a_broker_takes_what_it_says_and_a_server_that_broker() {
    let service = kafka();
    let image = service["image"].as_str().expect("an image");
    let version = image
        .strip_prefix("apache/kafka:")
        .expect("the official one");
    assert!(
        SCRIPT.contains(&format!("KAFKA = \"{version}\"")),
        "{version}"
    );
    let properties = properties(&service);
    for name in OF_THE_PLACE {
        assert!(properties.iter().any(|(known, _)| known == name), "{name}");
    }
    let set = properties
        .iter()
        .filter(|(name, _)| !OF_THE_PLACE.contains(&&**name));
    let set: Vec<String> = set.map(|(name, value)| format!("{name}={value}")).collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let broker = Broker::start(1, &set);
    let looked = run(&["doctor", "--kafka", broker.bootstrap()]).ok();
    assert!(looked.out.contains("Nothing is unsafe"), "{}", looked.out);
}

#[test]
fn listeners_that_are_told_are_listened_on_and_mapped() {
    let properties = properties(&kafka());
    let value = |name: &str| {
        let found = properties.iter().find(|(known, _)| known == name);
        found.expect(name).1.clone()
    };
    let names = |list: &str| -> Vec<(String, String)> {
        let pairs = list
            .split(',')
            .map(|one| one.split_once(':').expect("a pair"));
        pairs
            .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
            .collect()
    };
    let port = |address: &str| address.rsplit(':').next().expect("a port").to_owned();
    let listened = names(&value("listeners"));
    let mapped = names(&value("listener.security.protocol.map"));
    for (name, address) in names(&value("advertised.listeners")) {
        let on = listened.iter().find(|(known, _)| *known == name);
        assert_eq!(port(&on.expect("a listener").1), port(&address));
    }
    for (name, _) in &listened {
        assert!(mapped.iter().any(|(known, _)| known == name), "{name}");
    }
    let published = kafka()["ports"][0].as_str().expect("a port").to_owned();
    assert_eq!(published, "127.0.0.1:9092:9092");
}
