//! Thousands of random processes do what the oracle says.

use std::panic::{AssertUnwindSafe, catch_unwind};

use harness::oracle::{generate, run};

const CASES: u64 = 5_000;

fn attempt(seed: u64, size: u32) -> Result<usize, String> {
    let case = generate(seed, size);
    let outcome = catch_unwind(AssertUnwindSafe(|| run(&case, seed)));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "a panic".to_owned()))
    })
}

/// The smallest process near a failing one that fails too.
fn shrunk(seed: u64, size: u32) -> (u64, u32, String) {
    for smaller in 1..=size {
        for other in (0..500).chain([seed]) {
            if let Err(reason) = attempt(other, smaller) {
                return (other, smaller, reason);
            }
        }
    }
    (seed, size, String::new())
}

#[test]
fn random_processes_take_the_path_that_they_must() {
    let (mut commands, mut elements) = (0, 0);
    for seed in 0..CASES {
        let size = 1 + (seed % 40) as u32;
        match attempt(seed, size) {
            Ok(number) => commands += number,
            Err(reason) => {
                let (small, size, why) = shrunk(seed, size);
                let case = generate(small, size);
                panic!(
                    "seed {seed}: {reason}\nsmallest: seed {small}, size {size}: {why}\nvariables {}\n{}",
                    case.variables, case.xml
                );
            }
        }
        let expected = generate(seed, size).expected;
        elements +=
            expected.completed.values().sum::<u32>() + expected.terminated.values().sum::<u32>();
    }
    println!("{CASES} processes, {elements} element instances, {commands} commands");
}

/// The oracle can fail: an expectation that is off by one is noticed.
#[test]
fn a_planted_difference_is_found() {
    let mut case = generate(3, 10);
    *case
        .expected
        .completed
        .entry("start".to_owned())
        .or_default() += 1;
    assert_eq!(
        run(&case, 3),
        Err("start completed 1 times, not 2".to_owned())
    );
}
