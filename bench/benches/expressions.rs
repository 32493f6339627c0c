//! Evaluating FEEL over encoded variables.

use feel::{Environment, parse};

fn main() {
    divan::main();
}

fn variables(number: usize) -> Vec<u8> {
    let mut fields = vec![
        r#""amount":1500"#.to_owned(),
        r#""status":"approved""#.to_owned(),
    ];
    fields.extend((2..number).map(|index| format!("\"field{index}\":\"value {index}\"")));
    format!("{{{}}}", fields.join(",")).into_bytes()
}

#[divan::bench(args = [5, 100])]
fn condition(bencher: divan::Bencher<'_, '_>, number: usize) {
    let expression = parse(r#"amount > 1000 and status = "approved""#).expect("it parses");
    let variables = variables(number);
    bencher.bench(|| {
        let environment = Environment::new(&variables, 0);
        expression.evaluate(divan::black_box(&environment)).is_ok()
    });
}
