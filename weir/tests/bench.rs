//! `weir bench` runs to its end and gives all its figures; what they are is nobody's test.

mod weir;

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
fn a_polling_worker_has_no_fixed_rate() {
    assert_eq!(run(&["bench", "--long-poll", "--rate", "5"]).status, 2);
}
