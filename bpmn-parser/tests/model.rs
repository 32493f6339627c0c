//! What is in the model of everything: each part where it belongs, with what it says.

use bpmn_parser::model::*;
use bpmn_parser::{Extensions, parse};

fn everything() -> Model {
    let parsed = parse("everything.bpmn", include_bytes!("models/everything.bpmn"));
    parsed.model.expect("a model")
}

fn node<'m>(process: &'m Process, id: &str) -> &'m FlowNode {
    &process.graph[process.graph.node(id).expect(id)]
}

fn value(text: &Option<Text>) -> &str {
    text.as_ref().map_or("", |text| &text.value)
}

#[test]
fn root_elements_refer_to_each_other_by_index() {
    let model = everything();
    assert_eq!(model.exporter.as_deref(), Some("hand"));
    assert_eq!(model.imports.len(), 1);
    assert_eq!(value(&model.messages[0].name), "ordered");
    assert_eq!(value(&model.messages[0].zeebe_correlation_key), "=orderId");
    assert_eq!(value(&model.errors[0].error_code), "REFUSED");
    assert_eq!(value(&model.escalations[0].escalation_code), "LATE");
    let operation = &model.interfaces[0].operations[0];
    assert_eq!(
        (operation.in_message, operation.out_message),
        (Some(0), Some(0))
    );
    assert_eq!(operation.errors, [0]);
    assert!(model.resources[0].parameters[0].is_required);
    assert_eq!(model.data_stores[0].capacity, Some(10));
    assert_eq!(
        model.categories[0].values[0].value.as_deref(),
        Some("urgent")
    );
    let retrieval = &model.correlation_properties[0].retrievals[0];
    assert_eq!(retrieval.subject.as_deref(), Some("message"));
    let path = retrieval.path.as_ref().expect("a path");
    assert_eq!(path.text.value, "=orderId");
    assert!(model.partners[1].is_role);
    assert_eq!(model.global_tasks.len(), 5);
    assert_eq!(
        model.other_roots.len(),
        4,
        "an event definition, an extension, two choreographies"
    );
    assert_eq!(model.relationships[0].targets, ["tns:otherProcess"]);
    assert_eq!(
        model.documentation[0].text,
        "All elements, each at least once."
    );
}

#[test]
fn collaborations_are_read() {
    let model = everything();
    let collaboration = &model.collaborations[0];
    assert!(collaboration.is_closed);
    assert_eq!(collaboration.participants[0].process, Some(0));
    assert_eq!(collaboration.participants[0].multiplicity, Some((1, 3)));
    assert_eq!(
        collaboration.message_flows[0].target.as_deref(),
        Some("receive")
    );
    assert_eq!(collaboration.message_flows[0].message, Some(0));
    let nodes = &collaboration.conversation_nodes;
    assert_eq!(nodes.len(), 4);
    assert_eq!(nodes[0].correlation_keys[0].properties, ["property"]);
    let inner = nodes
        .iter()
        .find(|node| node.id == "inner")
        .expect("nested");
    assert_eq!(nodes[inner.parent.expect("a parent")].id, "subConversation");
    assert_eq!(
        collaboration.participant_associations[0].outer.as_deref(),
        Some("blackBox")
    );
    assert_eq!(collaboration.artifacts.len(), 2);
}

#[test]
fn the_graph_has_scopes_links_and_document_order() {
    let model = everything();
    let process = model.process("process").expect("the process");
    let graph = &process.graph;
    let ids: Vec<&str> = graph.nodes().map(|(_, node)| node.id.as_str()).collect();
    assert_eq!(ids[..3], ["start", "service", "user"]);
    let sub = graph.node("sub").expect("a sub-process");
    let children: Vec<&str> = graph
        .children(Some(sub))
        .iter()
        .map(|child| graph[*child].id.as_str())
        .collect();
    assert_eq!(children, ["subStart", "subEnd", "eventSub"]);
    assert_eq!(node(process, "subStart").parent, Some(sub));
    let events: Vec<&str> = graph
        .boundary_events(sub)
        .iter()
        .map(|event| graph[*event].id.as_str())
        .collect();
    assert_eq!(events, ["boundary", "errorBoundary"]);
    let service = graph.node("service").expect("a task");
    let outgoing: Vec<&str> = graph
        .outgoing(service)
        .iter()
        .map(|flow| graph[*flow].id.as_str())
        .collect();
    assert_eq!(outgoing, ["f2", "f3"]);
    assert_eq!(graph[service].default_flow, graph.flow("f2"));
    assert_eq!(graph.incoming(service), [graph.flow("f1").expect("a flow")]);
    assert!(
        !graph
            .children(None)
            .contains(&graph.node("subEnd").expect("an event"))
    );
}

#[test]
fn zeebe_and_weir_extensions_are_typed() {
    let model = everything();
    let process = &model.processes[0];
    assert_eq!(process.version_tag.as_deref(), Some("v1"));
    let (form, body) = &process.user_task_forms[0];
    assert_eq!((form.as_str(), body.value.as_str()), ("form", "{\"a\": 1}"));
    let listener = &process.zeebe.execution_listeners[0];
    assert_eq!(
        (listener.event_type.as_str(), listener.headers[0].1.as_str()),
        ("start", "v")
    );
    let service = &node(process, "service").zeebe;
    let task = service.task_definition.as_ref().expect("a task definition");
    assert_eq!(
        (task.job_type.value.as_str(), value(&task.retries)),
        ("work", "5")
    );
    assert_eq!(service.inputs[0].source.expression(), Some("a"));
    assert_eq!(service.outputs[0].target.value, "d");
    assert_eq!(service.headers, [("k".to_owned(), "v".to_owned())]);
    assert_eq!(service.linked_resources[0].binding, Binding::Deployment);
    assert_eq!(value(&service.job_priority), "7");
    assert_eq!(service.agent_type.as_deref(), Some("mcp"));
    let user = node(process, "user");
    let assignment = user.zeebe.assignment.as_ref().expect("an assignment");
    assert_eq!(value(&assignment.candidate_users), "ann, bob");
    let form = user.zeebe.form.as_ref().expect("a form");
    assert_eq!(form.binding, Binding::VersionTag("v2".to_owned()));
    assert_eq!(value(&form.form_key), "camunda-forms:bpmn:form");
    assert!(user.zeebe.user_task);
    assert_eq!(value(&user.zeebe.priority), "80");
    assert_eq!(user.zeebe.task_listeners[0].job_type.value, "notify");
    let schedule = user.zeebe.schedule.as_ref().expect("a schedule");
    assert_eq!(value(&schedule.due_date), "=due");
    assert_eq!(value(&user.weir.excluded_users), "=[first]");
    let mut kept = user.extensions.elements.iter();
    assert!(kept.any(|it| &*it.namespace == WEIR_NAMESPACE && it.name == "exclusion"));
    let script = node(process, "script")
        .zeebe
        .script
        .clone()
        .expect("a script");
    assert_eq!(
        (
            script.expression.value.as_str(),
            script.result_variable.as_str()
        ),
        ("=1+1", "two")
    );
    let call = node(process, "call")
        .zeebe
        .called_element
        .clone()
        .expect("a call");
    assert!(!call.propagate_all_child_variables && call.propagate_all_parent_variables);
    assert!(node(process, "rule").zeebe.called_decision.is_some());
    assert!(node(process, "adHoc").zeebe.ad_hoc.is_some());
    assert!(node(process, "publish").zeebe.publish_message.is_some());
    assert_eq!(node(process, "start").zeebe.properties[0].1, "b");
}

#[test]
fn events_and_loops_have_their_definitions() {
    let model = everything();
    let process = &model.processes[0];
    let FlowNodeKind::Event(catch) = &node(process, "catch").kind else {
        panic!("an event");
    };
    assert!(catch.parallel_multiple);
    assert_eq!(catch.definitions.len(), 4);
    assert_eq!(catch.definition_sources[0].id.as_deref(), Some("rootTimer"));
    let kinds: Vec<TimerKind> = catch
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            EventDefinition::Timer(timer) => Some(timer.kind),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds,
        [TimerKind::Duration, TimerKind::Date, TimerKind::Cycle]
    );
    assert!(matches!(
        &catch.definitions[3],
        EventDefinition::Conditional { condition: Some(_), filter: Some(filter) }
            if filter.variable_names.as_deref() == Some("a")
    ));
    let Some(LoopCharacteristics::MultiInstance(multi)) =
        &node(process, "service").loop_characteristics
    else {
        panic!("multi-instance");
    };
    assert!(multi.is_sequential && multi.complex_behaviors[0].event.is_some());
    assert_eq!(
        multi
            .zeebe
            .as_ref()
            .expect("zeebe's")
            .input_collection
            .value,
        "=items"
    );
    let Some(LoopCharacteristics::Standard(standard)) = &node(process, "user").loop_characteristics
    else {
        panic!("a loop");
    };
    assert_eq!(
        (standard.test_before, standard.loop_maximum),
        (true, Some(3))
    );
    let FlowNodeKind::Event(boundary) = &node(process, "boundary").kind else {
        panic!("an event");
    };
    let host = process.graph.node("sub").expect("a sub-process");
    assert_eq!(
        boundary.position,
        EventPosition::Boundary {
            attached_to: host,
            cancel_activity: false
        }
    );
    assert_eq!(
        boundary.definitions,
        [EventDefinition::Escalation {
            escalation: Some(0)
        }]
    );
}

#[test]
fn lanes_data_and_roles_are_read() {
    let model = everything();
    let process = &model.processes[0];
    let names: Vec<&str> = process.lanes.iter().map(|lane| lane.id.as_str()).collect();
    assert_eq!(names, ["lane", "childLane", "subLane"]);
    let child_set = process.lanes[0].child_lane_set.expect("a nested set");
    assert_eq!(process.lane_sets[child_set].parent_lane, Some(0));
    assert_eq!(process.lane_sets[child_set].lanes, [1]);
    assert_eq!(
        process.lanes[1].flow_nodes,
        [process.graph.node("user").expect("a task")]
    );
    assert_eq!(process.data_objects.len(), 2);
    assert_eq!(process.data_references[0].target.as_deref(), Some("object"));
    assert_eq!(process.data_references[0].state.as_deref(), Some("open"));
    let io = process
        .io_specification
        .as_ref()
        .expect("inputs and outputs");
    assert_eq!(io.input_sets[0].members, ["processInput"]);
    assert_eq!(io.output_sets[0].counterparts, ["processInputs"]);
    let association = &node(process, "service").data_input_associations[0];
    assert_eq!(association.sources, ["objectReference"]);
    assert_eq!(
        association.assignments[0]
            .from
            .as_ref()
            .expect("from")
            .text
            .value,
        "=a"
    );
    let roles = &node(process, "user").resource_roles;
    assert_eq!(roles.len(), 4);
    assert_eq!(
        roles[0].parameter_bindings[0].parameter.as_deref(),
        Some("parameter")
    );
    assert_eq!(process.correlation_subscriptions[0].bindings.len(), 1);
    assert_eq!(process.auditing.len(), 2);
    assert_eq!(node(process, "receive").category_values, ["value"]);
}

#[test]
fn diagrams_are_read_and_lead_to_what_they_draw() {
    let model = everything();
    let diagram = &model.diagrams[0];
    assert_eq!(diagram.resolution, Some(96.0));
    assert!(diagram.label_styles[0].is_bold);
    let plane = &diagram.plane;
    let pool = &plane.shapes[0];
    assert_eq!((pool.is_horizontal, pool.bounds.y), (Some(true), 20.5));
    let service = &plane.shapes[1];
    assert_eq!(service.colours.stroke.as_deref(), Some("#333333"));
    assert_eq!(service.colours.fill.as_deref(), Some("#444444"));
    assert_eq!(service.colours.label.as_deref(), Some("#555555"));
    let label = service.label.as_ref().expect("a label");
    assert_eq!(label.colour.as_deref(), Some("#555555"));
    assert_eq!(label.bounds.expect("bounds").width, 3.0);
    assert_eq!(plane.edges[0].waypoints[1], Point { x: 3.5, y: 4.0 });
    assert!(matches!(
        model.drawable("tns:service"),
        Some(Drawable::FlowNode { node, .. }) if node.name.as_deref() == Some("Work")
    ));
    let kind = |id: &str| model.drawable(id).map(|found| format!("{found:?}"));
    for (id, expected) in [
        ("pool", "Participant"),
        ("f1", "SequenceFlow"),
        ("childLane", "Lane"),
        ("object", "DataObject"),
        ("objectReference", "DataReference"),
        ("storeReference", "DataReference"),
        ("processInput", "DataInput"),
        ("workInput", "DataInput"),
        ("throwInput", "DataInput"),
        ("startOutput", "DataOutput"),
        ("processOutput", "DataOutput"),
        ("dia", "DataAssociation"),
        ("startAssociation", "DataAssociation"),
        ("note", "Artifact"),
        ("group", "Artifact"),
        ("poolAssociation", "Artifact"),
        ("messageFlow", "MessageFlow"),
        ("conversation", "ConversationNode"),
        ("link", "ConversationLink"),
        ("message", "Message"),
        ("process", "Process"),
        ("collaboration", "Collaboration"),
        ("eventStart", "FlowNode"),
    ] {
        let found = kind(id).unwrap_or_default();
        assert!(found.starts_with(expected), "{id}: {found:.40}");
    }
    assert!(model.drawable("gone").is_none());
    assert_eq!(model.extensions, Extensions::default());
}
