//! Every diagnostic that there is: what raises it, where it points, what it says.
//!
//! The cases are data; the snapshot beside them is what each gets, all in one pass.

use std::collections::BTreeSet;
use std::fmt::Write;

use bpmn_parser::{Limits, code, parse_with};

/// A whole file of other content than BPMN, or broken as XML: name, content.
const FILES: &[(&str, &str)] = &[
    ("not closed", "<definitions>\n<process>"),
    ("end tags crossed", "<a><b></a></b>"),
    ("no element", "<!-- nothing -->"),
    ("two roots", "<a/>\n<b/>"),
    ("text outside", "<a/> text"),
    ("less-than in a value", "<a b='<'/>"),
    ("attribute twice", "<a b='1' b='2'/>"),
    (
        "attribute twice by its namespace",
        "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>",
    ),
    ("bare ampersand", "<a b='1 & 2'/>"),
    ("a control character", "<a>\n \u{1}</a>"),
    (
        "a doctype",
        "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>",
    ),
    ("not BPMN", "<html xmlns='http://www.w3.org/1999/xhtml'/>"),
    (
        "another encoding",
        "<?xml version='1.0' encoding='EBCDIC'?><a/>",
    ),
];

/// What stands in `definitions`: name, content. Line 2 is its first line.
const DEFINITIONS: &[(&str, &str)] = &[
    ("an entity", "<message id='m' name='&nbsp;'/>"),
    ("a character", "<message id='m' name='&#0;'/>"),
    ("a prefix", "<foo:bar/>"),
    ("an unknown element", "<procces id='p'/>"),
    ("a misplaced element", "<startEvent id='s'/>"),
    ("an unknown attribute", "<message id='m' nmae='m'/>"),
    ("a vendor", "<message id='m' xmlns:x='urn:x' x:a='1'/>"),
    (
        "an unknown zeebe element",
        "<message id='m'><extensionElements><z:subscripton xmlns:z='http://camunda.org/schema/zeebe/1.0'/></extensionElements></message>",
    ),
    ("a choreography", "<choreography id='c'/>"),
    ("two ids", "<message id='m'/>\n<signal id='m'/>"),
    (
        "a value",
        "<itemDefinition id='i' isCollection='yes'/>\n<dataStore id='d' capacity='many'/>",
    ),
    (
        "a dangling process",
        "<collaboration id='c'><participant id='p' processRef='gone'/></collaboration>",
    ),
    (
        "a wrong process",
        "<message id='m'/><collaboration id='c'><participant id='p' processRef='m'/></collaboration>",
    ),
    (
        "a dangling message flow",
        "<collaboration id='c'><messageFlow id='f' sourceRef='a' targetRef='b'/></collaboration>",
    ),
    (
        "flows",
        "<process id='p'>\n<startEvent id='s'/>\n<sequenceFlow id='a' sourceRef='s' targetRef='gone'/>\n<sequenceFlow id='b' sourceRef='s'/>\n<sequenceFlow id='c' sourceRef='s' targetRef='a'/>\n<sequenceFlow id='d' sourceRef='s' targetRef='inner'/>\n<subProcess id='sub'><task id='inner'/></subProcess>\n<sequenceFlow id='e' sourceRef='s' targetRef='other'/></process>\n<process id='q'><task id='other'/></process>",
    ),
    (
        "boundary events",
        "<process id='p'>\n<boundaryEvent id='a'/>\n<boundaryEvent id='b' attachedToRef='gone'/>\n<boundaryEvent id='c' attachedToRef='a'/>\n<subProcess id='sub'><task id='inner'/></subProcess>\n<boundaryEvent id='d' attachedToRef='inner'/></process>",
    ),
    (
        "a default flow",
        "<process id='p'><exclusiveGateway id='g' default='f'/><task id='t'/><sequenceFlow id='f' sourceRef='t' targetRef='g'/></process>",
    ),
    (
        "incoming and outgoing",
        "<process id='p'><task id='t'><incoming>f</incoming><outgoing>f</outgoing><outgoing>gone</outgoing></task><task id='u'/><sequenceFlow id='f' sourceRef='t' targetRef='u'/></process>",
    ),
    (
        "two timers in one",
        "<process id='p'><startEvent id='s'><timerEventDefinition><timeDate>2026-01-01T00:00:00Z</timeDate><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent></process>",
    ),
    (
        "references with an import",
        "<import importType='b' location='o.bpmn' namespace='urn:o'/><process id='p' xmlns:o='urn:o' xmlns:t='t'>\n<startEvent id='s'><messageEventDefinition messageRef='o:m'/></startEvent><exclusiveGateway id='g'/>\n<sequenceFlow id='fine' sourceRef='t:s' targetRef='g'/>\n<sequenceFlow id='a' sourceRef='o:s' targetRef='g'/>\n<sequenceFlow id='b' sourceRef='s' targetRef='o:gone'/>\n<sequenceFlow id='c' sourceRef='s' targetRef='undeclared:g'/>\n<boundaryEvent id='d' attachedToRef='o:g'/>\n<exclusiveGateway id='h' default='o:fine'/></process>",
    ),
    (
        "a default flow that no element of its kind has",
        "<process id='p'><parallelGateway id='g' default='f'/><task id='t'/><sequenceFlow id='f' sourceRef='g' targetRef='t'/></process>",
    ),
    (
        "values that are none of a few",
        "<process id='p'>\n<eventBasedGateway id='a' eventGatewayType='Paralel'/>\n<adHocSubProcess id='b' ordering='sequential'/>\n<task id='c' startQuantity='5000000000'/></process>",
    ),
    (
        "what is drawn only may be odd",
        "<process id='p'>\n<task id='a'><multiInstanceLoopCharacteristic/></task>\n<userTask id='b'><startEvent id='c'/></userTask></process>",
    ),
    (
        "a type of expression",
        "<process id='p'><task id='t'/><sequenceFlow id='f' sourceRef='t' targetRef='t'><conditionExpression xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='tScript'>=a</conditionExpression></sequenceFlow></process>",
    ),
    (
        "a diagram",
        "<bpmndi:BPMNDiagram xmlns:bpmndi='http://www.omg.org/spec/BPMN/20100524/DI' xmlns:dc='http://www.omg.org/spec/DD/20100524/DC'><bpmndi:BPMNPlane>\n<bpmndi:BPMNShape bpmnElement='gone'/>\n<bpmndi:BPMNShape><dc:Bounds x='wide' y='0' width='NaN' height='1'/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>",
    ),
    (
        "an executable process without an id",
        "<process isExecutable='true'><startEvent id='s'/></process>",
    ),
    (
        "an executable process without a start",
        "<process id='p' isExecutable='true'/>",
    ),
    (
        "a sub-process with wrong starts",
        "<message id='m' name='m'/><process id='p' isExecutable='true'><startEvent id='s'/><subProcess id='sub'><startEvent id='a'/><startEvent id='b'><messageEventDefinition messageRef='m'/></startEvent></subProcess></process>",
    ),
    (
        "process listeners and priorities",
        "<process id='p' isExecutable='true'><extensionElements><z:executionListeners xmlns:z='http://camunda.org/schema/zeebe/1.0'><z:executionListener eventType='start' type='a'/></z:executionListeners><z:jobPriorityDefinition xmlns:z='http://camunda.org/schema/zeebe/1.0' priority='1'/></extensionElements><startEvent id='s'/></process>",
    ),
];

/// What stands in an executable process with a start event: name, content. Line 5 is its first line.
const EXECUTABLE: &[(&str, &str)] = &[
    (
        "ids",
        "<task/>\n<sequenceFlow sourceRef='start' targetRef='e'/><endEvent id='e'/>",
    ),
    ("two starts", "<startEvent id='s2'/>"),
    (
        "two starts by one message",
        "<startEvent id='a'><messageEventDefinition messageRef='m'/></startEvent><startEvent id='b'><messageEventDefinition messageRef='m'/></startEvent>",
    ),
    (
        "starts",
        "<startEvent id='a'><signalEventDefinition/></startEvent><startEvent id='b'><conditionalEventDefinition/></startEvent><startEvent id='c'><messageEventDefinition/></startEvent><startEvent id='d'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent><startEvent id='e'><terminateEventDefinition/></startEvent><startEvent id='f'><messageEventDefinition messageRef='m'/><timerEventDefinition><timeDate>=x</timeDate></timerEventDefinition></startEvent>",
    ),
    (
        "tasks without a job type",
        "<serviceTask id='a'/>\n<sendTask id='b'/>\n<businessRuleTask id='c' implementation='dmn'/>\n<scriptTask id='d' scriptFormat='groovy'/>\n<serviceTask id='e' xmlns:c='http://camunda.org/schema/1.0/bpmn' c:class='org.example.Work'/>\n<serviceTask id='f'><extensionElements><z:taskDefinition type=' '/></extensionElements></serviceTask>",
    ),
    (
        "decisions",
        "<businessRuleTask id='t'><extensionElements><z:calledDecision decisionId='d' resultVariable='r'/></extensionElements></businessRuleTask>\n<businessRuleTask id='a'><extensionElements><z:calledDecision decisionId=' ' resultVariable=''/></extensionElements></businessRuleTask>\n<businessRuleTask id='b'><extensionElements><z:calledDecision decisionId='=d' resultVariable='r' bindingType='versionTag'/></extensionElements></businessRuleTask>\n<businessRuleTask id='c'><extensionElements><z:taskDefinition type='w'/><z:calledDecision decisionId='${d}' resultVariable='r' bindingType='deployment'/></extensionElements></businessRuleTask>",
    ),
    (
        "scripts",
        "<scriptTask id='t'><extensionElements><z:script expression='1+1' resultVariable=''/></extensionElements></scriptTask>",
    ),
    (
        "a receive task that starts",
        "<receiveTask id='t' instantiate='true' messageRef='m'/>",
    ),
    (
        "listeners, resources, priorities",
        "<serviceTask id='t'><extensionElements><z:taskDefinition type='a'/><z:executionListeners><z:executionListener eventType='start' type='a'/></z:executionListeners><z:taskListeners><z:taskListener eventType='creating' type='a'/></z:taskListeners><z:linkedResources><z:linkedResource resourceId='r'/></z:linkedResources><z:jobPriorityDefinition priority='3'/><z:publishMessage/></extensionElements></serviceTask>",
    ),
    (
        "loops and compensation",
        "<task id='a'><standardLoopCharacteristics/></task><task id='b'><multiInstanceLoopCharacteristics/></task><task id='c' isForCompensation='true'/><task id='d' startQuantity='2'/>",
    ),
    (
        "sub-processes",
        "<subProcess id='a' triggeredByEvent='true'><startEvent id='a1'><errorEventDefinition/></startEvent></subProcess><transaction id='b'/><adHocSubProcess id='c'/><callActivity id='d'/>",
    ),
    (
        "elements that are misspelled or misplaced",
        "<task id='a'><multiInstanceLoopCharacteristic/></task>\n<userTask id='b'><startEvent id='c'/></userTask>\n<task id='d'><x:y xmlns:x='urn:x'/></task>\n<endEvent id='e'><terminateEventDefinition><condition>=a</condition></terminateEventDefinition></endEvent>",
    ),
    (
        "elements that may be there only once",
        "<scriptTask id='a'><script>a</script><script>b</script></scriptTask>\n<task id='b'><standardLoopCharacteristics/><multiInstanceLoopCharacteristics/></task>\n<task id='c'/><exclusiveGateway id='g'/><sequenceFlow id='f' sourceRef='g' targetRef='c'><conditionExpression/><conditionExpression>=a</conditionExpression><conditionExpression>=b</conditionExpression></sequenceFlow>\n<serviceTask id='d'><extensionElements><z:taskDefinition type='a'/><z:taskDefinition type='b'/><z:taskHeaders/><z:taskHeaders/></extensionElements></serviceTask>",
    ),
    (
        "what people tools say",
        "<userTask id='t'><dataInputAssociation/><potentialOwner id='o'/></userTask>",
    ),
    (
        "mappings and bindings",
        "<userTask id='t'><extensionElements><z:ioMapping><z:input source='' target='a'/></z:ioMapping><z:formDefinition formId='f' bindingType='newest'/><z:assignmentDefinition asignee='a'/></extensionElements></userTask>",
    ),
    (
        "a task definition without a type",
        "<serviceTask id='t'><extensionElements><z:taskDefinition retries='1'/></extensionElements></serviceTask>",
    ),
    (
        "an exclusive gateway",
        "<exclusiveGateway id='g' default='d'/><task id='t'/><sequenceFlow id='a' sourceRef='g' targetRef='t'/><sequenceFlow id='b' sourceRef='g' targetRef='t'><conditionExpression>${a}</conditionExpression></sequenceFlow><sequenceFlow id='d' sourceRef='g' targetRef='t'><conditionExpression>=a</conditionExpression></sequenceFlow>",
    ),
    (
        "a parallel gateway with a condition",
        "<parallelGateway id='g'/><task id='t'/><sequenceFlow id='a' sourceRef='g' targetRef='t'><conditionExpression>=a</conditionExpression></sequenceFlow>",
    ),
    (
        "a task that decides",
        "<task id='t'/><task id='u'/><sequenceFlow id='a' sourceRef='t' targetRef='u'><conditionExpression>=a</conditionExpression></sequenceFlow>",
    ),
    (
        "other gateways",
        "<complexGateway id='a'/><eventBasedGateway id='b' instantiate='true'/><eventBasedGateway id='c' eventGatewayType='Parallel'/><eventBasedGateway id='d'/>",
    ),
    (
        "behind an event-based gateway",
        "<eventBasedGateway id='g'/><task id='a'/><receiveTask id='b' messageRef='m'/><intermediateCatchEvent id='c'><messageEventDefinition messageRef='m'/></intermediateCatchEvent><intermediateCatchEvent id='d'><messageEventDefinition messageRef='m'/></intermediateCatchEvent><sequenceFlow id='f1' sourceRef='g' targetRef='a'/><sequenceFlow id='f2' sourceRef='g' targetRef='b'/><sequenceFlow id='f3' sourceRef='g' targetRef='c'/><sequenceFlow id='f4' sourceRef='g' targetRef='d'/><sequenceFlow id='f5' sourceRef='start' targetRef='d'/>",
    ),
    (
        "flows at events",
        "<endEvent id='e'/><task id='t'/><boundaryEvent id='b' attachedToRef='t'><timerEventDefinition><timeDate>=x</timeDate></timerEventDefinition></boundaryEvent><sequenceFlow id='f1' sourceRef='e' targetRef='start'/><sequenceFlow id='f2' sourceRef='start' targetRef='b'/>",
    ),
    (
        "catching nothing",
        "<intermediateCatchEvent id='c'/><task id='t'/><boundaryEvent id='b' attachedToRef='t'/>",
    ),
    (
        "catching messages",
        "<intermediateCatchEvent id='a'><messageEventDefinition messageRef='nameless'/></intermediateCatchEvent><intermediateCatchEvent id='b'><messageEventDefinition messageRef='keyless'/></intermediateCatchEvent><intermediateCatchEvent id='c'><messageEventDefinition messageRef='static'/></intermediateCatchEvent><intermediateCatchEvent id='d'><messageEventDefinition messageRef='gone'/></intermediateCatchEvent>",
    ),
    (
        "timers",
        "<intermediateCatchEvent id='a'><timerEventDefinition/></intermediateCatchEvent><intermediateCatchEvent id='b'><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition></intermediateCatchEvent><intermediateCatchEvent id='c'><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></intermediateCatchEvent><intermediateCatchEvent id='d'><timerEventDefinition><timeDate>${date}</timeDate></timerEventDefinition></intermediateCatchEvent><startEvent id='e'><timerEventDefinition><timeCycle>0 0 9 * * MON</timeCycle></timerEventDefinition></startEvent><startEvent id='f'><timerEventDefinition><timeCycle>R/1 hour</timeCycle></timerEventDefinition></startEvent><startEvent id='g'><timerEventDefinition><timeDate>tomorrow</timeDate></timerEventDefinition></startEvent>",
    ),
    (
        "boundary events",
        "<task id='t'/>\n<boundaryEvent id='a' attachedToRef='t' cancelActivity='false'><errorEventDefinition errorRef='refused'/></boundaryEvent>\n<boundaryEvent id='b' attachedToRef='t'><errorEventDefinition errorRef='refused'/></boundaryEvent>\n<boundaryEvent id='c' attachedToRef='t'><errorEventDefinition/></boundaryEvent>\n<boundaryEvent id='d' attachedToRef='t'><errorEventDefinition/></boundaryEvent>\n<boundaryEvent id='f' attachedToRef='t'><messageEventDefinition messageRef='m'/></boundaryEvent>\n<boundaryEvent id='g' attachedToRef='t'><messageEventDefinition messageRef='m'/></boundaryEvent>\n<boundaryEvent id='h' attachedToRef='t'><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></boundaryEvent>\n<boundaryEvent id='i' attachedToRef='t'><errorEventDefinition errorRef='expression'/></boundaryEvent>",
    ),
    (
        "throwing",
        "<intermediateThrowEvent id='a'><messageEventDefinition/></intermediateThrowEvent><intermediateThrowEvent id='b'><escalationEventDefinition/></intermediateThrowEvent><intermediateThrowEvent id='c'><terminateEventDefinition/></intermediateThrowEvent><endEvent id='d'><errorEventDefinition errorRef='codeless'/></endEvent><endEvent id='f'><cancelEventDefinition/></endEvent><endEvent id='g'><messageEventDefinition messageRef='m'/></endEvent>",
    ),
    (
        "publishing to topics",
        "<sendTask id='a'><extensionElements><z:properties><z:property name='weir:topic' value='orders'/><z:property name='weir:topik' value='x'/><z:property name='team' value='y'/></z:properties></extensionElements></sendTask>\n<sendTask id='b'><extensionElements><z:properties><z:property name='weir:topic' value='a b'/></z:properties></extensionElements></sendTask>\n<sendTask id='c'><extensionElements><z:properties><z:property name='weir:key' value='=k'/></z:properties></extensionElements></sendTask>\n<sendTask id='d'><extensionElements><z:properties><z:property name='weir:topic' value='..'/><z:property name='weir:headers' value='h'/><z:property name='weir:value' value='${v}'/></z:properties></extensionElements></sendTask>\n<serviceTask id='e'><extensionElements><z:properties><z:property name='weir:topic' value='orders'/></z:properties></extensionElements></serviceTask>\n<intermediateThrowEvent id='f'><extensionElements><z:taskDefinition type='t'/><z:properties><z:property name='weir:topic' value='o'/><z:property name='weir:topic' value='p'/></z:properties></extensionElements><messageEventDefinition/></intermediateThrowEvent>\n<endEvent id='g'><extensionElements><z:properties><z:property name='weir:topic' value='=topic'/><z:property name='weir:key' value='=k'/><z:property name='weir:value' value='=v'/><z:property name='weir:headers' value='={a: 1}'/><z:property name='weir:timestamp' value='=t'/></z:properties></extensionElements><messageEventDefinition messageRef='m'/></endEvent>\n<endEvent id='h'><extensionElements><z:properties><z:property name='weir:topic' value='o'/></z:properties></extensionElements></endEvent>",
    ),
];

const SHARED: &str = "<message id='m' name='m'><extensionElements><z:subscription correlationKey='=k'/></extensionElements></message><message id='nameless'/><message id='keyless' name='k'/><message id='static' name='s'><extensionElements><z:subscription correlationKey='k'/></extensionElements></message><error id='refused' errorCode='E'/><error id='codeless'/><error id='expression' errorCode='=x'/>";

fn definitions(content: &str) -> String {
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' targetNamespace='t'>\n{content}\n</definitions>"
    )
}

fn executable(content: &str) -> String {
    let process = format!(
        "<process xmlns:z='http://camunda.org/schema/zeebe/1.0' id='p' isExecutable='true'>\n<startEvent id='start'/>\n{content}\n</process>"
    );
    let shared = SHARED.replace(
        "<extensionElements>",
        "<extensionElements xmlns:z='http://camunda.org/schema/zeebe/1.0'>",
    );
    definitions(&format!("{shared}\n{process}"))
}

#[test]
fn every_diagnostic_is_raised_where_it_should_be() {
    let mut report = String::new();
    let mut raised = BTreeSet::new();
    let mut case = |name: &str, file: &str| {
        let parsed = parse_with("f", file.as_bytes(), &Limits::default());
        writeln!(report, "# {name}").expect("a string");
        for diagnostic in parsed.diagnostics {
            raised.insert(diagnostic.code);
            // The cases are not connected, and that is not what they are about.
            if diagnostic
                .message
                .starts_with("no sequence flow leads here")
                && name != "ids"
            {
                continue;
            }
            let id = diagnostic.element_id.as_deref().unwrap_or("-");
            writeln!(report, "{diagnostic} [{id}] → {}", diagnostic.help).expect("a string");
            assert!(!diagnostic.message.is_empty() && !diagnostic.help.is_empty());
        }
    };
    for (name, content) in FILES {
        case(name, content);
    }
    for (name, content) in DEFINITIONS {
        case(name, &definitions(content));
    }
    for (name, content) in EXECUTABLE {
        case(name, &executable(content));
    }
    insta::assert_snapshot!(report);
    // The limits have tests of their own.
    let missing = code::CODES
        .iter()
        .filter(|code| code.phase != code::Phase::Limit && !raised.contains(code.name));
    assert_eq!(missing.map(|code| code.name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_is_only_drawn_is_not_judged() {
    let file = executable(EXECUTABLE[4].1).replace("isExecutable='true'", "isExecutable='false'");
    let parsed = parse_with("f", file.as_bytes(), &Limits::default());
    assert!(parsed.is_deployable(), "{:?}", parsed.diagnostics);
}

#[test]
fn people_see_the_line_and_machines_get_fields() {
    let source = executable("<serviceTask id='t'\n  name='Zahlung über 100 €'/>");
    let parsed = parse_with("claim.bpmn", source.as_bytes(), &Limits::default());
    insta::assert_snapshot!(bpmn_parser::render(&parsed.diagnostics, &source, false));
    let coloured = bpmn_parser::render(&parsed.diagnostics, &source, true);
    assert!(coloured.contains("\u{1b}["));
    insta::assert_json_snapshot!(parsed.diagnostics);
}
