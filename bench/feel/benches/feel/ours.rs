//! Weir's side.

use std::hint::black_box;
use std::time::{Duration, Instant};

use feel::{Environment, Value, Variables, json};
use weir_bench_feel::{Case, Work, encoded};

use crate::Measured;

const WARM_UP: Duration = Duration::from_millis(500);
const BATCH_NS: u64 = 200_000_000;
const BATCHES: usize = 7;

/// # Panics
/// When the work does not parse or evaluate.
pub fn measured(case: &Case) -> Measured {
    let variables = case.variables.iter().map(|object| encoded(object));
    let variables = variables.map(|object| -> Box<dyn Variables> {
        match case.is_indexed {
            true => Box::new(json::Indexed::new(object.into())),
            false => Box::new(object),
        }
    });
    let variables = variables.collect::<Vec<_>>();
    let environments = variables.iter();
    let environments = environments.map(|variables| Environment::new(&**variables, 0));
    let environments = environments.collect::<Vec<_>>();
    match &case.work {
        Work::Expression(text) => {
            let expression = feel::parse(text).expect("it parses");
            times(&environments, |environment| {
                expression.evaluate(environment).expect("a value")
            })
        }
        Work::Table(rules) => {
            let (program, decision) = rules.program();
            times(&environments, |environment| {
                let value = program.evaluate(decision, environment, &[]);
                value.expect("a value")
            })
        }
    }
}

/// The median of some batches, after a warm-up.
fn times<'a>(
    environments: &[Environment<'a>],
    run: impl Fn(&Environment<'a>) -> Value<'a>,
) -> Measured {
    let result = serde_json::from_str(&run(&environments[0]).to_string());
    let started = Instant::now();
    let mut rounds = 1;
    while started.elapsed() < WARM_UP {
        if batch(environments, &run, rounds) < BATCH_NS / 2 {
            rounds *= 2;
        }
    }
    let each = (0..BATCHES).map(|_| batch(environments, &run, rounds) as f64 / rounds as f64);
    let mut each = each.collect::<Vec<_>>();
    each.sort_by(f64::total_cmp);
    Measured {
        nanoseconds: each[BATCHES / 2],
        result: result.expect("a result that is also JSON"),
    }
}

fn batch<'a>(
    environments: &[Environment<'a>],
    run: &impl Fn(&Environment<'a>) -> Value<'a>,
    rounds: u32,
) -> u64 {
    let before = ran();
    for environment in environments.iter().cycle().take(rounds as usize) {
        black_box(run(black_box(environment)));
    }
    ran() - before
}

/// Nanoseconds that this thread ran, so that other work on the machine counts less; on the wall where nobody tells.
fn ran() -> u64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = statistics.and_then(|text| text.split_whitespace().next()?.parse().ok());
    ran.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_nanos() as u64)
    })
}
