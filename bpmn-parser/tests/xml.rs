//! XML as tools write it: encodings, prefixes, references, CDATA, and where things are.

use bpmn_parser::model::{EventDefinition, FlowNodeKind, TaskKind};
use bpmn_parser::{Model, XmlNode, decode, parse};

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

/// A file with one script task whose script and name have every kind of character.
fn sample(declaration: &str) -> String {
    format!(
        "{declaration}<b:definitions xmlns:b='{BPMN}' targetNamespace='t'>\n\
         <b:process id='p'><b:scriptTask id='ü' name='Zahlung &gt; 100 € 😀'><b:script>x &lt; y</b:script></b:scriptTask></b:process>\n\
         </b:definitions>"
    )
}

fn model(bytes: &[u8]) -> Model {
    let parsed = parse("f", bytes);
    assert_eq!(parsed.diagnostics, [], "{}", String::from_utf8_lossy(bytes));
    parsed.model.expect("a model")
}

fn assert_sample(bytes: &[u8]) {
    let model = model(bytes);
    let process = model.process("p").expect("the process");
    let node = process.graph.node("ü").expect("the task");
    let node = &process.graph[node];
    assert_eq!(node.name.as_deref(), Some("Zahlung > 100 € 😀"));
    let FlowNodeKind::Task(TaskKind::Script { script, .. }) = &node.kind else {
        panic!("{:?}", node.kind);
    };
    assert_eq!(script.as_ref().expect("a script").value, "x < y");
    assert_eq!((node.location.line, node.location.column), (2, 19));
}

#[test]
fn utf8_and_utf16_are_read_with_and_without_a_mark() {
    let utf8 = sample("<?xml version='1.0' encoding='UTF-8'?>\n").replace("?>\n<", "?><");
    assert_sample(utf8.as_bytes());
    assert_sample(format!("\u{feff}{utf8}").as_bytes());
    assert_sample(sample("").as_bytes());
    let declared = sample("<?xml version='1.0' encoding='UTF-16'?>");
    for mark in ["", "\u{feff}"] {
        let units: Vec<u16> = format!("{mark}{declared}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_sample(&little);
        assert_sample(&big);
        assert_eq!(decode(&big).expect("text"), declared);
    }
    // Converted to UTF-8 without changing the declaration.
    assert_sample(declared.as_bytes());
}

#[test]
fn any_prefix_and_none_are_the_same() {
    for (prefix, declaration) in [("", "xmlns"), ("model:", "xmlns:model"), ("é:", "xmlns:é")] {
        let file = sample("")
            .replace("xmlns:b", declaration)
            .replace("<b:", &format!("<{prefix}"))
            .replace("</b:", &format!("</{prefix}"));
        assert!(model(file.as_bytes()).process("p").is_some(), "{file}");
    }
}

#[test]
fn a_prefix_may_change_its_meaning_inside() {
    let file = format!(
        "<a:definitions xmlns:a='{BPMN}' targetNamespace='t'><a:process id='p'><a:task id='t'><a:extensionElements>\
         <a:x xmlns:a='urn:other' a:y='1'/><a:task id='t'/></a:extensionElements></a:task><b:task xmlns:b='{BPMN}' id='u'/></a:process></a:definitions>"
    );
    let parsed = parse("f", file.as_bytes());
    let model = parsed.model.expect("a model");
    let graph = &model.process("p").expect("the process").graph;
    let node = &graph[graph.node("t").expect("the task")];
    let foreign = node.extensions.elements.iter().find(|it| it.name == "x");
    let foreign = foreign.expect("kept");
    assert_eq!(foreign.attributes[1].value, "1");
    assert_eq!(&*foreign.attributes[1].namespace, "urn:other");
    assert!(graph.node("u").is_some());
    // What is in extension elements has ids of its own.
    assert!(
        parsed
            .diagnostics
            .iter()
            .all(|it| it.code != "duplicate-id")
    );
}

#[test]
fn references_may_be_qualified_names() {
    let file = format!(
        "<definitions xmlns='{BPMN}' xmlns:t='urn:t' targetNamespace='urn:t'><message id='m' name='m'/>\
         <process id='p'><startEvent id='s'><messageEventDefinition messageRef='t:m'/></startEvent>\
         <task id='a:b'/><sequenceFlow id='f' sourceRef=' t:s ' targetRef='a:b'/></process></definitions>"
    );
    let model = model(file.as_bytes());
    let graph = &model.processes[0].graph;
    let flow = graph.flow("f").expect("the flow");
    let (source, target) = graph.endpoints(flow).expect("its ends");
    assert_eq!(
        (graph[source].id.as_str(), graph[target].id.as_str()),
        ("s", "a:b")
    );
    assert!(format!("{:?}", graph[source].kind).contains("message: Some(0)"));
}

#[test]
fn a_reference_into_an_imported_file_is_not_dangling() {
    let file = format!(
        "<definitions xmlns='{BPMN}' xmlns:o='urn:o' targetNamespace='t'><import importType='x' namespace='urn:o' location='o.bpmn'/>\
         <collaboration id='c'><participant id='p' processRef='o:q'/></collaboration></definitions>"
    );
    assert_eq!(
        model(file.as_bytes()).collaborations[0].participants[0].process,
        None
    );
}

#[test]
fn conditions_are_read_however_they_are_written() {
    for (attributes, formal) in [
        (
            "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='tFormalExpression'",
            true,
        ),
        (
            "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='b:tFormalExpression'",
            true,
        ),
        (
            "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='tExpression'",
            false,
        ),
        ("", true),
    ] {
        for content in [
            "=a &lt; 1",
            "<![CDATA[=a < 1]]>",
            "\n  <![CDATA[=a <]]> 1 <!-- not this -->",
            "=a<?pi not this?> &#60; &#x31;",
        ] {
            let file = format!(
                "<definitions xmlns='{BPMN}' targetNamespace='t'><process id='p'><task id='a'/><sequenceFlow id='f' sourceRef='a' targetRef='a'>\
                 <conditionExpression {attributes}>{content}</conditionExpression></sequenceFlow></process></definitions>"
            );
            let model = model(file.as_bytes());
            let graph = &model.processes[0].graph;
            let condition = graph[graph.flow("f").expect("the flow")].condition.clone();
            let condition = condition.expect("a condition");
            assert_eq!(condition.text.value, "=a < 1", "{content}");
            assert_eq!(condition.is_formal, formal);
        }
    }
}

#[test]
fn texts_know_where_they_start() {
    let file = format!(
        "<definitions xmlns='{BPMN}' xmlns:z='http://camunda.org/schema/zeebe/1.0' targetNamespace='t'><process id='p'>\n\
         <serviceTask id='é' name='é'><extensionElements><z:taskDefinition\n  retries='3' type='=é + work'/></extensionElements></serviceTask>\n\
         <sequenceFlow id='f' sourceRef='é' targetRef='é'><conditionExpression>\n   <![CDATA[=a]]></conditionExpression></sequenceFlow></process></definitions>"
    );
    let model = model(file.as_bytes());
    let graph = &model.processes[0].graph;
    let task = graph[graph.node("é").expect("the task")]
        .zeebe
        .task_definition
        .clone();
    let job_type = task.expect("a task definition").job_type;
    assert_eq!((job_type.location.line, job_type.location.column), (3, 21));
    assert!(file[job_type.location.offset as usize..].starts_with("=é + work"));
    assert_eq!(job_type.expression(), Some("é + work"));
    let condition = graph[graph.flow("f").expect("the flow")].condition.clone();
    let location = condition.expect("a condition").text.location;
    assert_eq!(location.line, 5);
}

#[test]
fn attribute_values_are_normalized() {
    let file = format!(
        "<definitions xmlns='{BPMN}' targetNamespace='t'><message id='m' name='a\r\nb\tc&#10;d&apos;&quot;&amp;'/></definitions>"
    );
    let name = model(file.as_bytes()).messages[0].name.clone();
    assert_eq!(name.expect("a name").value, "a b c\nd'\"&");
}

#[test]
fn extension_elements_are_kept_as_written() {
    let file = format!(
        "<definitions xmlns='{BPMN}' targetNamespace='t'><process id='p' xmlns:v='urn:v' v:a='1' b='2'><extensionElements>\
         <v:outer v:c='3' d='&lt;'> text <inner/><![CDATA[<raw>]]>\n</v:outer><v:outer/></extensionElements></process></definitions>"
    );
    let parsed = parse("f", file.as_bytes());
    let process = parsed.model.expect("a model").processes.remove(0);
    let attributes = process.extensions.attributes.iter();
    let attributes: Vec<_> = attributes
        .map(|it| (&*it.namespace, it.name.as_str(), it.value.as_str()))
        .collect();
    assert_eq!(attributes, [("urn:v", "a", "1"), ("", "b", "2")]);
    assert_eq!(process.extensions.elements.len(), 2);
    let outer = &process.extensions.elements[0];
    assert_eq!(
        (outer.prefix.as_str(), outer.attribute("d")),
        ("v", Some("<"))
    );
    assert_eq!(outer.text(), " text <raw>\n");
    assert!(matches!(&outer.children[0], XmlNode::Text(text) if text == " text "));
    assert_eq!(outer.elements().next().expect("a child").name, "inner");
    assert!(matches!(&outer.children[2], XmlNode::Text(text) if text == "<raw>\n"));
}

#[test]
fn a_doctype_is_refused_before_its_entities_can_do_harm() {
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><definitions>&b;</definitions>";
    let parsed = parse("f", laughs.as_bytes());
    assert!(parsed.model.is_none());
    assert_eq!(parsed.diagnostics[0].code, "doctype");
    let outside = "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><definitions/>";
    assert_eq!(
        parse("f", outside.as_bytes()).diagnostics[0].code,
        "doctype"
    );
}

#[test]
fn lines_of_windows_do_not_shift_columns() {
    let file = format!(
        "<definitions xmlns='{BPMN}' targetNamespace='t'><process id='p'><startEvent id='s'><timerEventDefinition><timeDate>\r\n\r\n  =now()\r\n</timeDate></timerEventDefinition></startEvent></process></definitions>"
    );
    let process = parse("f", file.as_bytes())
        .model
        .expect("a model")
        .processes
        .remove(0);
    let FlowNodeKind::Event(event) = &process.graph[process.graph.node("s").expect("s")].kind
    else {
        panic!("an event");
    };
    let EventDefinition::Timer(timer) = &event.definitions[0] else {
        panic!("a timer");
    };
    let location = timer.value.location;
    assert_eq!((location.line, location.column), (3, 3));
    assert!(file[location.offset as usize..].starts_with("=now()"));
}
