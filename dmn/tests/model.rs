//! What the model says is what the file says: names, types, references, expressions, places.

use dmn::model::{
    Aggregation, Expression, HitPolicy, ImportKind, Quantifier, Shape, Target, TypeRef,
};
use dmn::{Definitions, parse};

const EVERYTHING: &str = include_str!("models/everything.dmn");

fn everything() -> Definitions {
    let parsed = parse("everything.dmn", EVERYTHING.as_bytes());
    let said: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, [""; 0]);
    parsed.model.expect("a model")
}

fn name(type_ref: &Option<TypeRef>) -> Option<&str> {
    type_ref.as_ref().map(|it| &*it.name)
}

#[test]
fn the_whole_model_is_what_the_file_says() {
    insta::assert_debug_snapshot!(everything());
}

#[test]
fn references_lead_to_elements_here_and_to_imports() {
    let model = everything();
    let risk = &model.decisions[0];
    let targets = risk.information_requirements.iter().map(|it| &it.target);
    let imported = |id: &str| Target::Imported {
        import: 0,
        id: id.to_owned(),
    };
    assert_eq!(
        targets.collect::<Vec<_>>(),
        [
            &Target::InputData(0),
            &Target::InputData(1),
            &imported("rate"),
            &imported("other")
        ]
    );
    assert_eq!(model.imports[0].kind, ImportKind::Dmn);
    assert_eq!(model.find("premium"), Some(Target::KnowledgeModel(0)));
    assert_eq!(model.find("offers"), Some(Target::Decision(1)));
    assert_eq!(model.find("riskTable"), None);
    assert_eq!(model.find(""), None);
}

#[test]
fn tables_have_what_evaluation_needs() {
    let model = everything();
    let logic = model.decisions[0].logic.as_ref().expect("logic");
    let Expression::DecisionTable(table) = &logic.content else {
        panic!("a table");
    };
    assert_eq!(table.hit_policy, HitPolicy::Collect(Some(Aggregation::Max)));
    assert_eq!(
        table.inputs[0].input_variable.as_deref(),
        Some("amount asked")
    );
    assert_eq!(table.annotations, ["why"]);
    let cells = table.rules.iter().map(|rule| &*rule.input_entries[0].value);
    assert_eq!(cells.collect::<Vec<_>>(), ["<= 1000", ""]);
    let outputs = table.rules.iter();
    let outputs = outputs.map(|rule| &*rule.output_entries[0].content.text.value);
    assert_eq!(outputs.collect::<Vec<_>>(), ["\"low\"", "\"high\""]);
    assert_eq!(model.decisions[0].version_tag.as_deref(), Some("v2"));
    assert_eq!(model.version_tag.as_deref(), Some("v1"));
}

#[test]
fn boxed_expressions_nest() {
    let model = everything();
    let logic = model.decisions[1].logic.as_ref().expect("logic");
    let Expression::Context(context) = &logic.content else {
        panic!("a context");
    };
    let names = context.entries.iter().map(|it| &*it.variable.name);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["premium", "table", "cheap", "prices", "all", "any"]
    );
    let Expression::For(iteration) = &context.entries[3].value.content else {
        panic!("an iteration");
    };
    assert_eq!(name(&iteration.variable_type), Some("tPerson"));
    let Expression::Quantified(quantified) = &context.entries[4].value.content else {
        panic!("a quantified expression");
    };
    assert_eq!(quantified.quantifier, Quantifier::Every);
    let result = context.result.as_ref().expect("a result");
    assert!(matches!(result.content, Expression::Conditional(_)));
}

/// An error inside an expression is shown where it stands in the file.
#[test]
fn places_inside_texts_are_places_in_the_file() {
    let model = everything();
    let Shape::Reference(_) = &model.item_definitions[1].shape else {
        panic!("a reference");
    };
    let constraint = model.item_definitions[1].type_constraint.as_ref();
    let constraint = constraint.expect("a constraint");
    let at = constraint.value.find("< 5").expect("is there");
    let place = constraint.place(EVERYTHING, at);
    assert!(EVERYTHING[place.offset as usize..].starts_with("&lt; 5"));
    assert_eq!(place.line, constraint.location.line);
    let behind = constraint.place(EVERYTHING, at + 2);
    assert!(EVERYTHING[behind.offset as usize..].starts_with("5<"));
    assert_eq!(behind.column, place.column + 5);
}

#[test]
fn every_version_of_dmn_is_read() {
    for namespace in [
        "http://www.omg.org/spec/DMN/20130901",
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
        "https://www.omg.org/spec/DMN/20240513/MODEL/",
    ] {
        let file = format!(
            "<definitions xmlns='{namespace}' id='a' name='a' namespace='t'><decision id='d' name='d'><literalExpression><text>1</text></literalExpression></decision></definitions>"
        );
        let parsed = parse("f", file.as_bytes());
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let model = parsed.model.expect("a model");
        assert_eq!(model.dmn_namespace, namespace);
        assert!(model.decisions[0].logic.is_some());
    }
}

/// Types of DMN 1.1 are qualified names of XML.
#[test]
fn prefixes_of_types_are_resolved() {
    let file = "<definitions xmlns='http://www.omg.org/spec/DMN/20151101/dmn.xsd' id='a' name='a' namespace='urn:own' xmlns:f='http://www.omg.org/spec/FEEL/20140401' xmlns:own='urn:own' xmlns:i='urn:other'>\
        <import name='Other' namespace='urn:other' importType='http://www.omg.org/spec/DMN/20151101/dmn.xsd'/><itemDefinition name='tMine'/>\
        <inputData id='a1' name='a1'><variable name='a1' typeRef='f:string'/></inputData><inputData id='a2' name='a2'><variable name='a2' typeRef='own:tMine'/></inputData>\
        <inputData id='a3' name='a3'><variable name='a3' typeRef='i:tTheirs'/></inputData><inputData id='a4' name='a4'><variable name='a4' typeRef='feel:number'/></inputData></definitions>";
    let parsed = parse("f", file.as_bytes());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let model = parsed.model.expect("a model");
    let variables = model
        .input_data
        .iter()
        .filter_map(|it| it.variable.as_ref());
    let types: Vec<_> = variables.map(|it| name(&it.type_ref)).collect();
    let expected = ["string", "tMine", "Other.tTheirs", "number"];
    assert_eq!(types, expected.map(Some));
}
