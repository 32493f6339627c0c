//! Damaged files: whatever is done to a file, reading it and deciding by it ends and does not panic.
//!
//! Seeded, so that a failure repeats; the fuzz target under `fuzz/` goes further.

mod corpora_files;

use dmn::{Definitions, File, decode, inspect, parse, render};

const MUTATIONS: u64 = 5_000;

/// Pieces that mean something to readers of XML and DMN.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "\"",
    "'",
    "=",
    "&",
    ";",
    "&#x0;",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml",
    "\u{feff}",
    "\0",
    "é",
    "😀",
    "id=\"a\"",
    "href=\"#a\"",
    "href=\"#risk\"",
    "xmlns=\"\"",
    "typeRef=\"a:b\"",
    "<list>",
    "</list>",
    "<text/>",
    "<inputEntry/>",
    "<knowledgeRequirement><requiredKnowledge href=\"#premium\"/></knowledgeRequirement>",
    "<typeRef>tRisks</typeRef>",
    "hitPolicy=\"ANY\"",
];

const OWN: [&[u8]; 3] = [
    include_bytes!("models/everything.dmn"),
    include_bytes!("../../models/examples/claim-routing.dmn"),
    include_bytes!("../../models/elements/business_rule_task_decision.dmn"),
];

/// The project's own models, and small ones of others where they are at hand. Small ones outlive more.
fn originals() -> Vec<Vec<u8>> {
    let mut files = OWN.map(<[u8]>::to_vec).to_vec();
    let others = corpora_files::files("dmn").unwrap_or_default();
    let others = others.iter().map(|(_, path)| std::fs::read(path));
    let others = others.map(|file| file.expect("a file can be read"));
    files.extend(others.filter(|file| file.len() < 10_000).step_by(3));
    files
}

fn mutate(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    // Most models outlive one damage only, and what is decided by a damaged one is half of the test.
    let damages = if random.bool() { 1 } else { random.usize(2..6) };
    for _ in 0..damages {
        let at = random.usize(0..=bytes.len());
        let end = at + random.usize(0..=(bytes.len() - at).min(200));
        match random.u8(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                let to = random.usize(0..=bytes.len());
                bytes.splice(to..to, part);
            }
            3 if at < bytes.len() => bytes[at] = random.u8(..),
            _ => {
                let piece = PIECES[random.usize(..PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}

/// Makes every decision of a model.
fn decide(model: &Definitions, text: &str) {
    let compiled = inspect(File { model, text }, &[]);
    let environment = feel::Environment::new(&(), 0);
    for decision in compiled.decisions.decisions() {
        let evaluation = compiled.decisions.evaluate(decision, &environment);
        assert!(evaluation.steps <= environment.budget.steps);
    }
}

#[test]
fn no_damage_makes_reading_or_deciding_panic() {
    let originals = originals();
    let mut models = 0;
    let mut broken = 0;
    for seed in 0..MUTATIONS {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = originals[random.usize(..originals.len())].clone();
        mutate(&mut random, &mut bytes);
        let outcome = std::panic::catch_unwind(|| {
            let parsed = parse("mutated.dmn", &bytes);
            // Every tenth is shown too: excerpts must find character boundaries.
            if let (Ok(source), 0) = (decode(&bytes), seed % 10) {
                render(&parsed.diagnostics, &source, true);
            }
            if let Some(model) = &parsed.model {
                decide(model, &decode(&bytes).expect("was read"));
            }
            parsed.model.is_some()
        });
        match outcome {
            Ok(true) => models += 1,
            Ok(false) => broken += 1,
            Err(_) => panic!("seed {seed} makes it panic"),
        }
    }
    println!("{models} mutated files became models, {broken} were refused");
    assert!(
        models > MUTATIONS / 20 && broken > MUTATIONS / 20,
        "the damage is one-sided"
    );
}
