//! `weir bench` runs to its end and gives all its figures; what they are is nobody's test.

mod weir;

use journal::broker::Broker;
use weir::run;

#[test]
fn every_case_gives_its_figures() {
    let cases: [&[&str]; 4] = [&[], &["--tasks", "3"], &["--long-poll"], &["--rate", "200"]];
    for case in cases {
        let mut arguments = vec![
            "bench",
            "--instances",
            "40",
            "--warm-up",
            "5",
            "--format",
            "json",
        ];
        arguments.extend(case);
        let report = run(&arguments).ok().json();
        assert_eq!(report["instances"], 40, "{case:?}");
        for figure in ["instancesPerSecond", "startToReadyMs"] {
            assert!(report[figure].is_number(), "{case:?}: {figure}");
        }
        assert!(report["createToJobMs"]["p50"].is_number(), "{case:?}");
    }
    let table = run(&["bench", "--instances", "10", "--warm-up", "0"])
        .ok()
        .out;
    assert!(table.contains("instances per second"), "{table}");
}

#[test]
fn servers_on_kafka_are_measured_with_their_brokers() {
    let broker = Broker::start(1, &[]);
    let report = run(&[
        "bench",
        "--instances",
        "40",
        "--warm-up",
        "0",
        "--parked",
        "20",
        "--nodes",
        "2",
        "--partitions",
        "2",
        "--kafka",
        broker.bootstrap(),
        "--format",
        "json",
    ]);
    let report = report.ok().json();
    assert_eq!(report["instances"], 40);
    for figure in ["brokersCpuSecondsPer1000", "killToReadyMs"] {
        assert!(report[figure].is_number(), "{figure}: {report}");
    }
    let topics = report["topics"].as_array().expect("topics");
    let commands = topics.iter().find(|topic| topic["topic"] == "commands");
    // One begins an instance, one completes its job; streams need some more.
    let records = commands.and_then(|topic| topic["recordsPerInstance"].as_f64());
    assert!(records.is_some_and(|records| records >= 2.0), "{report}");
}

#[test]
fn a_polling_worker_has_no_fixed_rate() {
    assert_eq!(run(&["bench", "--long-poll", "--rate", "5"]).status, 2);
}
