//! Pictures of every symbol, of the example, of others' models and of hostile ones.

use std::path::{Path, PathBuf};

use bpmn_parser::Model;

use super::{Error, Overlay, svg};

const SYMBOLS: &str = include_str!("tests/symbols.bpmn");

fn model(text: &str) -> Model {
    bpmn_parser::parse("test.bpmn", text.as_bytes())
        .model
        .expect("a model")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads the picture as XML; the parser wants BPMN too, which a picture is not.
fn assert_well_formed(picture: &str) {
    let parsed = bpmn_parser::parse("picture.svg", picture.as_bytes());
    let broken = parsed
        .diagnostics
        .iter()
        .find(|found| found.code.starts_with("xml-"));
    assert!(broken.is_none(), "{broken:?}");
    assert!(picture.contains("<svg ") && !picture.contains("NaN") && !picture.contains("inf "));
}

/// What a trace says happened, up to its end.
fn overlay_of_trace(trace: &str) -> Overlay {
    let mut overlay = Overlay::default();
    for line in trace.lines().filter_map(|line| line.strip_prefix("    ")) {
        let mut words = line.split(' ');
        let (Some(what), Some(id)) = (words.next(), words.next()) else {
            continue;
        };
        let counts = match what {
            "activated" => &mut overlay.tokens,
            "completed" => &mut overlay.completed,
            "terminated" => &mut overlay.terminated,
            "flow" => &mut overlay.flows,
            _ => continue,
        };
        *counts.entry(id.to_owned()).or_default() += 1;
        if let (true, Some(open)) = (what != "activated", overlay.tokens.get_mut(id)) {
            *open -= 1;
        }
    }
    overlay.tokens.retain(|_, open| *open > 0);
    overlay
}

/// `UPDATE=1` writes the picture instead of comparing it.
#[test]
fn the_picture_of_the_claim_is_that_of_its_trace() {
    let example = repository().join("models/examples");
    let text = std::fs::read_to_string(example.join("insurance-claim.bpmn")).expect("the model");
    let trace = std::fs::read_to_string(example.join("insurance-claim.picture.snap"));
    let overlay = overlay_of_trace(&trace.expect("the trace"));
    assert_eq!(
        overlay.tokens.keys().collect::<Vec<_>>(),
        ["second-approval"]
    );
    let picture = svg(&model(&text), Some("insurance-claim"), &overlay).expect("a picture");
    assert_well_formed(&picture);
    let path = repository().join("docs/images/insurance-claim.svg");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &picture).expect("a writable picture");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == picture,
        "{} is old: run the test with UPDATE=1",
        path.display()
    );
}

#[test]
fn every_symbol_has_its_figure() {
    let picture = svg(&model(SYMBOLS), Some("symbols"), &Overlay::default()).expect("a picture");
    assert_well_formed(&picture);
    insta::assert_snapshot!("symbols", picture);
}

#[test]
fn progress_has_colours_and_badges() {
    let mut overlay = Overlay::default();
    for (id, number) in [("task", 1), ("serviceTask", 3), ("gateway_0", 2)] {
        overlay.completed.insert(id.to_owned(), number);
    }
    overlay.flows.insert("bent".to_owned(), 2);
    overlay.tokens.insert("userTask".to_owned(), 12);
    overlay.incidents.insert("userTask".to_owned(), 1);
    overlay.incidents.insert("scriptTask".to_owned(), 2);
    overlay.terminated.insert("sendTask".to_owned(), 1);
    // Not drawn: counts for the sub-process that hides it.
    overlay.tokens.insert("hidden".to_owned(), 2);
    overlay.tokens.insert("inner".to_owned(), 1);
    let picture = svg(&model(SYMBOLS), None, &overlay).expect("a picture");
    assert_well_formed(&picture);
    insta::assert_snapshot!("progress", picture);
    assert!(picture.contains("<title>collapsed, active: 2</title>"));
}

#[test]
fn what_is_missing_is_named() {
    let none = Overlay::default();
    let text = SYMBOLS
        .split("<bpmndi:BPMNDiagram")
        .next()
        .expect("a head")
        .to_owned();
    let bare = model(&(text + "</bpmn:definitions>"));
    assert_eq!(svg(&bare, None, &none), Err(Error::NoDiagram));
    assert_eq!(svg(&bare, Some("symbols"), &none), Err(Error::NoDiagram));
    let error = svg(&model(SYMBOLS), Some("other"), &none).expect_err("no such process");
    assert_eq!(
        error.to_string(),
        "the file has no process `other`, only `symbols`"
    );
    let second = SYMBOLS.replace(
        "<bpmndi:BPMNDiagram id",
        r#"<bpmn:process id="undrawn"><bpmn:task id="lonely" /></bpmn:process><bpmndi:BPMNDiagram id"#,
    );
    let error = svg(&model(&second), Some("undrawn"), &none).expect_err("not drawn");
    assert_eq!(
        error,
        Error::NotDrawn {
            id: "undrawn".to_owned()
        }
    );
}

#[test]
fn names_and_colours_cannot_break_out() {
    let evil = "&lt;script>alert(1)&lt;/script> &amp; &quot;onload=&quot; ' ]]&gt; \u{85}&#x1F600;";
    let text = SYMBOLS
        .replace(r#"name="serviceTask""#, &format!(r#"name="{evil}""#))
        .replace(r#"value="group""#, &format!(r#"value="{evil}""#))
        .replace("A note that takes", evil)
        .replace("#831311", "url(https://example.org/x)")
        .replace("#ffcdd2", "&quot; onload=&quot;alert(1)");
    let picture = svg(&model(&text), None, &Overlay::default()).expect("a picture");
    assert_well_formed(&picture);
    for bad in ["<script", "onload=\"", "example.org"] {
        assert!(!picture.contains(bad), "{bad}");
    }
}

#[test]
fn coordinates_beyond_all_bounds_are_refused() {
    for value in ["1e300", "-1e300", "100001", "NaN", "inf", "-inf"] {
        for old in [r#"x="260" y="110""#, r#"<di:waypoint x="395" y="630" />"#] {
            let new = old.replacen(|c: char| c.is_ascii_digit(), "#", 1);
            let new = match new.split_once('#') {
                Some((head, tail)) => {
                    let rest = tail.trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{head}{value}{rest}")
                }
                None => new,
            };
            let parsed = bpmn_parser::parse("test.bpmn", SYMBOLS.replace(old, &new).as_bytes());
            let Some(model) = parsed.model else {
                continue;
            };
            match svg(&model, None, &Overlay::default()) {
                // The parser has left out what is no number.
                Ok(picture) => assert_well_formed(&picture),
                Err(error) => assert!(matches!(error, Error::OutOfRange { .. }), "{error}"),
            }
        }
    }
    let text = SYMBOLS.replace(r#"x="260" y="110""#, r#"x="1e300" y="110""#);
    let error = svg(&model(&text), None, &Overlay::default()).expect_err("out of range");
    assert!(error.to_string().contains("`task`"), "{error}");
}

#[test]
fn shapes_without_extent_and_edges_without_length_are_drawn() {
    let text = SYMBOLS
        .replace(r#"width="100" height="80""#, r#"width="0" height="0""#)
        .replace(r#"width="50" height="50""#, r#"width="1" height="0""#)
        .replace(
            r#"<di:waypoint x="370" y="685" />"#,
            r#"<di:waypoint x="310" y="685" />"#,
        )
        .replace(r#"<di:waypoint x="1130" y="538" />"#, "");
    let mut overlay = Overlay::default();
    overlay.flows.insert("default_flow".to_owned(), u32::MAX);
    overlay.tokens.insert("hidden".to_owned(), u32::MAX);
    overlay.tokens.insert("collapsed".to_owned(), u32::MAX);
    let picture = svg(&model(&text), None, &overlay).expect("a picture");
    assert_well_formed(&picture);
}

#[test]
fn a_name_without_end_is_cut() {
    let text = SYMBOLS.replace(
        r#"name="serviceTask""#,
        &format!(r#"name="{}""#, "w".repeat(60_000)),
    );
    let picture = svg(&model(&text), None, &Overlay::default()).expect("a picture");
    assert_well_formed(&picture);
    assert!(picture.contains('…'));
}

/// Every model with a diagram that others made is drawn, twice the same.
#[test]
fn models_of_others_are_drawn() {
    let corpora = repository().join("../shared/corpora");
    if !corpora.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            corpora.display()
        );
        println!("{} is missing: nothing drawn", corpora.display());
        return;
    }
    let mut drawn = 0;
    for folder in std::fs::read_dir(corpora).expect("corpora").flatten() {
        let Ok(files) = std::fs::read_dir(folder.path()) else {
            continue;
        };
        for path in files.flatten().map(|file| file.path()) {
            if path.extension().is_none_or(|extension| extension != "bpmn") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            let Some(model) = bpmn_parser::parse("model.bpmn", &bytes).model else {
                continue;
            };
            let picture = svg(&model, None, &Overlay::default());
            assert_eq!(picture, svg(&model, None, &Overlay::default()));
            match picture {
                Ok(picture) => {
                    assert_well_formed(&picture);
                    drawn += 1;
                }
                Err(error) => assert_eq!(error, Error::NoDiagram, "{}", path.display()),
            }
        }
    }
    assert!(drawn >= 100, "only {drawn} models were drawn");
}

/// One long name may be drawn very often: each time it is clipped.
#[test]
fn long_names_are_clipped_wherever_they_are_drawn() {
    const SHAPES: usize = 200;
    let name = "n".repeat(100_000);
    let shape = "<di:BPMNShape bpmnElement='t'><dc:Bounds x='1' y='1' width='90000' height='80'/></di:BPMNShape>";
    let text = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' \
         xmlns:di='http://www.omg.org/spec/BPMN/20100524/DI' \
         xmlns:dc='http://www.omg.org/spec/DD/20100524/DC' targetNamespace='t'>\
         <process id='p' name='{name}'><task id='t' name='{name}'/></process>\
         <di:BPMNDiagram><di:BPMNPlane bpmnElement='p'>{}</di:BPMNPlane></di:BPMNDiagram></definitions>",
        shape.repeat(SHAPES)
    );
    let picture = svg(&model(&text), None, &Overlay::default()).expect("a picture");
    assert_well_formed(&picture);
    assert!(picture.len() < SHAPES * 10_000, "{} bytes", picture.len());
}
