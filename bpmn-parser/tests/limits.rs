//! Each bound has its own error, and crossing it neither hangs nor exhausts memory or stack.

use bpmn_parser::{Limits, Parsed, Severity, parse, parse_with};

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

fn definitions(content: &str) -> String {
    format!("<definitions xmlns='{BPMN}' targetNamespace='t'>{content}</definitions>")
}

fn first_code(parsed: &Parsed) -> &'static str {
    parsed.diagnostics.first().map_or("none", |it| it.code)
}

/// The file is read within the limits, and refused with this code one step below.
fn assert_bound(content: &str, fits: &Limits, crossed: &Limits, code: &str) {
    let file = definitions(content);
    let parsed = parse_with("f", file.as_bytes(), fits);
    assert!(parsed.model.is_some(), "{code}: {:?}", parsed.diagnostics);
    let parsed = parse_with("f", file.as_bytes(), crossed);
    assert_eq!(first_code(&parsed), code);
    assert_eq!(parsed.diagnostics[0].severity, Severity::Error);
    assert!(!parsed.is_deployable());
}

#[test]
fn every_limit_has_its_error() {
    let limits = Limits::default();
    let bytes = definitions("").len();
    let with = |change: fn(&mut Limits, usize), value: usize| {
        let mut limits = limits;
        change(&mut limits, value);
        limits
    };
    let bound = |content: &str, change: fn(&mut Limits, usize), value: usize, code: &str| {
        assert_bound(
            content,
            &with(change, value),
            &with(change, value - 1),
            code,
        );
    };
    bound("", |l, v| l.bytes = v, bytes, "limit-bytes");
    let nested = "<process id='p'><task id='t'/></process>";
    bound(nested, |l, v| l.depth = v, 3, "limit-depth");
    bound(nested, |l, v| l.elements = v, 3, "limit-elements");
    let attributes = "<message a='' b='' c='' d='' e=''/>";
    bound(attributes, |l, v| l.attributes = v, 5, "limit-attributes");
    // `xml` and `xmlns` are declared from the start.
    let namespaces = "<message xmlns:a='a' xmlns:b='b'/><message xmlns:c='c'/>";
    bound(namespaces, |l, v| l.namespaces = v, 5, "limit-namespaces");
    let name = format!("<{0}:{1}/>", "x".repeat(10), "y".repeat(20));
    let name = format!("<message xmlns:{}='u'/>{name}", "x".repeat(10));
    let name = name.replacen("/>", ">", 1) + "</message>";
    bound(&name, |l, v| l.name_bytes = v, 31, "limit-name");
    let name = format!("<message {}='1'/>", "y".repeat(31));
    bound(&name, |l, v| l.name_bytes = v, 31, "limit-name");
    let value = format!("<message name='{}'/>", "x".repeat(100));
    bound(&value, |l, v| l.text_bytes = v, 100, "limit-text");
    let text = format!(
        "<documentation>{}&lt;<![CDATA[{0}]]></documentation>",
        "x".repeat(50)
    );
    bound(&text, |l, v| l.text_bytes = v, 101, "limit-text");
}

#[test]
fn references_copy_only_so_much() {
    let reference = "<eventDefinitionRef>d</eventDefinitionRef>";
    let content = format!(
        "<timerEventDefinition id='d'><timeDate>{}</timeDate></timerEventDefinition>\
         <process id='p'><startEvent id='s'>{}</startEvent></process>",
        "x".repeat(1_000),
        reference.repeat(50)
    );
    let limits = Limits {
        copied_bytes: 10_000,
        ..Limits::default()
    };
    let parsed = parse_with("f", definitions(&content).as_bytes(), &limits);
    assert_eq!(first_code(&parsed), "limit-copies");
    let model = format!("{:?}", parsed.model.expect("a model"));
    assert!(model.len() < 50_000, "the model takes {}", model.len());
    let parsed = parse("f", definitions(&content).as_bytes());
    assert_eq!(first_code(&parsed), "none");
}

/// What is copied has names too, and attributes that are hardly more than their record.
#[test]
fn copies_are_weighed_with_their_names() {
    let attributes: String = (0..60).map(|i| format!(" a{i}=''")).collect();
    let name = "n".repeat(900);
    for element in [format!("<x:a{attributes}/>"), format!("<x:{name}/>")] {
        let content = format!(
            "<timerEventDefinition id='d'><extensionElements xmlns:x='urn:x'>{}</extensionElements>\
             </timerEventDefinition><process id='p'><startEvent id='s'>{}</startEvent></process>",
            element.repeat(100),
            "<eventDefinitionRef>d</eventDefinitionRef>".repeat(500)
        );
        let parsed = parse("f", definitions(&content).as_bytes());
        let mut codes = parsed.diagnostics.iter().map(|it| it.code);
        assert!(codes.any(|code| code == "limit-copies"), "{element:.20}");
    }
}

/// The code and severity of the diagnostic that says that there are more.
fn closing(parsed: &Parsed) -> (&'static str, Severity) {
    let last = parsed.diagnostics.last().expect("there are some");
    (last.code, last.severity)
}

#[test]
fn diagnostics_are_bounded_and_the_last_one_says_so() {
    let most = Limits::default().diagnostics;
    let warnings = "<message nmae='x'/>".repeat(5_000);
    let parsed = parse("f", definitions(&warnings).as_bytes());
    assert_eq!(parsed.diagnostics.len(), most + 1);
    assert_eq!(closing(&parsed), ("limit-diagnostics", Severity::Warning));
    assert!(parsed.is_deployable(), "warnings keep nothing from running");
    // What is graver is shown, however many warnings come before it.
    let error = "<process id='p'><sequenceFlow id='f' sourceRef='a' targetRef='b'/></process>";
    let refusal =
        "<process id='q' isExecutable='true'><startEvent id='s'/><callActivity id='c'/></process>";
    let content = format!("{warnings}{error}{refusal}");
    let parsed = parse("f", definitions(&content).as_bytes());
    let count = |severity: Severity| {
        let all = parsed.diagnostics.iter();
        all.filter(|it| it.severity == severity).count()
    };
    assert_eq!((count(Severity::Error), count(Severity::Refusal)), (2, 1));
    assert_eq!(parsed.diagnostics.len(), most + 1);
    assert_eq!(closing(&parsed), ("limit-diagnostics", Severity::Warning));
    assert!(!parsed.is_deployable());
    let errors = "<message id='m'/>".repeat(5_000);
    let parsed = parse("f", definitions(&errors).as_bytes());
    assert_eq!(closing(&parsed), ("limit-diagnostics", Severity::Error));
    let long = format!(
        "<message id='{0}'/><signal id='{0}'/>",
        "x".repeat(1_000_000)
    );
    let parsed = parse("f", definitions(&long).as_bytes());
    assert!(parsed.diagnostics[0].message.len() < 2_000);
}

#[test]
fn the_deepest_model_fits_a_small_stack() {
    let depth = Limits::default().depth - 2;
    for (open, close) in [
        ("<subProcess>", "</subProcess>"),
        ("<subConversation>", "</subConversation>"),
        (
            "<laneSet><lane><childLaneSet>",
            "</childLaneSet></lane></laneSet>",
        ),
        ("<extensionElements><x>", "</x></extensionElements>"),
    ] {
        let levels = depth / open.matches('<').count();
        let root = if open.contains("Conversation") {
            "collaboration"
        } else {
            "process"
        };
        let content = format!(
            "<{root}>{}{}</{root}>",
            open.repeat(levels),
            close.repeat(levels)
        );
        let file = definitions(&content);
        // What threads of asynchronous runtimes have.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let parsed = thread
            .spawn(move || parse("f", file.as_bytes()))
            .expect("starts");
        assert!(
            parsed.join().expect("does not overflow").model.is_some(),
            "{open}"
        );
    }
    let hostile = "<a>".repeat(1_000_000);
    assert_eq!(first_code(&parse("f", hostile.as_bytes())), "limit-depth");
}

/// Files that make careless readers take quadratic time; each is a few hundred kilobytes, with
/// which a quadratic step would take minutes rather than the seconds that a debug build needs.
#[test]
fn hostile_files_are_read_in_proportion_to_their_size() {
    let many = |part: &str, times: usize| {
        (0..times)
            .map(|i| part.replace('#', &i.to_string()))
            .collect::<String>()
    };
    let files = [
        // One node with very many flows, each named again by incoming and outgoing.
        format!(
            "<process id='p'><task id='t'>{}{}</task>{}</process>",
            many("<incoming>f#</incoming>", 5_000),
            many("<outgoing>f#</outgoing>", 5_000),
            many("<sequenceFlow id='f#' sourceRef='t' targetRef='t'/>", 5_000)
        ),
        // Very many namespaces, one after the other.
        many("<x:a xmlns:x='urn:#'/>", 10_000),
        // One text in very many pieces.
        format!(
            "<documentation>{}</documentation>",
            "a&amp;<![CDATA[b]]>".repeat(20_000)
        ),
        // Very many boundary events at one task.
        format!(
            "<process id='p' isExecutable='true'><task id='t'/>{}</process>",
            many(
                "<boundaryEvent id='b#' attachedToRef='t'><errorEventDefinition/></boundaryEvent>",
                5_000
            )
        ),
        // All on one line, with characters that are not ASCII.
        many("<message id='ü#' name='é'/>", 10_000),
        // Very much to say about a process and a message with very long names.
        format!(
            "<message id='m' name='{0}'/><process id='{0}' isExecutable='true'>{1}</process>",
            "n".repeat(1 << 20),
            "<startEvent nmae='s'><messageEventDefinition messageRef='m'/></startEvent>"
                .repeat(10_000)
        ),
        // Very many duplicates.
        "<message id='m'/>".repeat(10_000),
    ];
    for file in files {
        let parsed = parse("f", definitions(&file).as_bytes());
        assert!(parsed.model.is_some(), "{:?}", parsed.diagnostics.first());
    }
}
