//! Decisions as a caller sees them: what they give, how they were made, why they could not be.

use dmn::{Decisions, File, Kind, compile};
use feel::{Environment, EvalErrorKind};

const HEAD: &str = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='rates' name='Rates' namespace='urn:rates'";

/// A file of Camunda's Modeler: types are not checked, required decisions are known by id too.
const CAMUNDA: &str = " xmlns:modeler='http://camunda.org/schema/modeler/1.0' modeler:executionPlatform='Camunda Cloud'";

const TABLE: &str = "<decision id='level' name='Risk level'><variable name='Risk level' typeRef='string'/>
<decisionTable hitPolicy='FIRST'>
<input id='i1' label='Age'><inputExpression typeRef='number'><text>age</text></inputExpression></input>
<input id='i2'><inputExpression><text>claims</text></inputExpression></input>
<output id='o1' name='risk' typeRef='string'/>
<rule id='r1'><inputEntry><text>&lt; 25</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>\"high\"</text></outputEntry></rule>
<rule id='r2'><inputEntry><text>-</text></inputEntry><inputEntry><text>&gt;= 2</text></inputEntry><outputEntry><text>\"high\"</text></outputEntry></rule>
<rule id='r3'><inputEntry><text></text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>\"low\"</text></outputEntry></rule>
</decisionTable></decision>";

fn compiled(content: &str, attributes: &str) -> Decisions {
    let file = format!("{HEAD}{attributes}>{content}</definitions>");
    let parsed = dmn::parse("rates.dmn", file.as_bytes());
    let model = parsed.model.as_ref().expect("a model");
    let compiled = compile(File { model, text: &file }, &[]);
    let errors = parsed.diagnostics.iter().chain(&compiled.diagnostics);
    let errors: Vec<String> = errors
        .filter(|diagnostic| diagnostic.blocks_deployment())
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors, [""; 0]);
    compiled.decisions
}

fn variables(text: &str) -> Vec<u8> {
    let variables = feel::json::normalize_object(text.as_bytes(), &feel::json::Limits::default());
    variables.expect("an object").to_vec()
}

fn decide(decisions: &Decisions, id: &str, context: &str) -> String {
    let variables = variables(context);
    let environment = Environment::new(&variables, 0);
    let decision = decisions.find(id).expect("a decision");
    let output = decisions.evaluate(decision, &environment).output;
    match output {
        Ok(value) => value.to_string(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn it_is_told_how_a_decision_was_made() {
    let premium = "<decision id='premium' name='Premium'><informationRequirement><requiredDecision href='#level'/></informationRequirement>
        <literalExpression><text>if Risk level = \"high\" then 200 else 100</text></literalExpression></decision>";
    let decisions = compiled(&format!("{TABLE}{premium}"), CAMUNDA);
    assert_eq!(decisions.decisions().len(), 2);
    let variables = variables(r#"{"age": 40, "claims": 3}"#);
    let environment = Environment::new(&variables, 0);
    let decision = decisions.find("premium").expect("a decision");
    let evaluation = decisions.evaluate(decision, &environment);
    assert_eq!(evaluation.output.expect("a value").to_string(), "200");
    assert!(evaluation.steps > 0);
    let [level, premium] = &evaluation.made[..] else {
        panic!("two decisions were made");
    };
    assert_eq!(premium.decision.kind, Kind::LiteralExpression);
    assert!(premium.table.is_none());
    let shape = level.decision.table.as_ref().expect("a table");
    assert_eq!(shape.inputs[0], ("i1".to_owned(), "Age".to_owned()));
    assert_eq!(shape.inputs[1], ("i2".to_owned(), "claims".to_owned()));
    assert_eq!(shape.outputs, [("o1".to_owned(), "risk".to_owned())]);
    let run = level.table.as_ref().expect("a table");
    let inputs = run.inputs.iter().map(ToString::to_string);
    assert_eq!(inputs.collect::<Vec<_>>(), ["40", "3"]);
    let [(rule, outputs)] = &run.matched[..] else {
        panic!("one rule counts");
    };
    assert_eq!(shape.rules[*rule], "r2");
    assert_eq!(outputs[0].to_string(), "\"high\"");
}

#[test]
fn what_cannot_be_decided_says_where() {
    let unique = TABLE.replace("FIRST", "UNIQUE");
    let decisions = compiled(&unique, CAMUNDA);
    let variables = variables(r#"{"age": 20, "claims": 0}"#);
    let environment = Environment::new(&variables, 0);
    let decision = decisions.find("level").expect("a decision");
    let evaluation = decisions.evaluate(decision, &environment);
    let run = evaluation.made[0].table.as_ref().expect("it is told");
    let matched = run.matched.iter().map(|(rule, _)| *rule);
    assert_eq!(matched.collect::<Vec<_>>(), [0, 2]);
    let failure = evaluation.output.expect_err("two rules match");
    assert_eq!(failure.kind, EvalErrorKind::HitPolicy);
    assert_eq!(failure.element, "level");
    assert_eq!(failure.location.line, 3);
    insta::assert_snapshot!(failure.to_string());
}

#[test]
fn types_are_checked_but_in_files_for_camunda() {
    let decision = "<inputData id='a' name='age'><variable name='age' typeRef='number'/></inputData>
        <decision id='d' name='d'><variable name='d' typeRef='string'/><informationRequirement><requiredInput href='#a'/></informationRequirement>
        <literalExpression><text>age</text></literalExpression></decision>";
    let context = r#"{"age": "ten"}"#;
    assert_eq!(decide(&compiled(decision, ""), "d", context), "null");
    assert_eq!(
        decide(&compiled(decision, CAMUNDA), "d", context),
        "\"ten\""
    );
}

#[test]
fn a_required_decision_is_known_by_its_id_where_camunda_knows_it() {
    let other = "<decision id='d' name='d'><informationRequirement><requiredDecision href='#level'/></informationRequirement>
        <literalExpression><text>level</text></literalExpression></decision>";
    let content = format!("{TABLE}{other}");
    let context = r#"{"age": 20}"#;
    let decisions = compiled(&content, CAMUNDA);
    assert_eq!(decide(&decisions, "d", context), "\"high\"");
}

#[test]
fn camunda_7_names_the_input_of_cells() {
    let table = "<decision id='d' name='d'><decisionTable><input xmlns:c='http://camunda.org/schema/1.0/dmn' c:inputVariable='the age'><inputExpression><text>age</text></inputExpression></input><output/>
        <rule><inputEntry><text>the age = 4 or odd(the age)</text></inputEntry><outputEntry><text>true</text></outputEntry></rule></decisionTable></decision>";
    let decisions = compiled(table, CAMUNDA);
    assert_eq!(decide(&decisions, "d", r#"{"age": 3}"#), "true");
    assert_eq!(decide(&decisions, "d", r#"{"age": 6}"#), "null");
}

#[test]
fn imported_decisions_functions_and_types_are_named_with_their_import() {
    let imported = format!(
        "{} name='Other' namespace='urn:other'><itemDefinition name='tAge'><typeRef>number</typeRef><allowedValues><text>[0..150]</text></allowedValues></itemDefinition>
        <inputData id='a' name='age'/><decision id='next' name='Next age'><variable name='Next age' typeRef='tAge'/><informationRequirement><requiredInput href='#a'/></informationRequirement><literalExpression><text>age + 1</text></literalExpression></decision>
        <businessKnowledgeModel id='half' name='Half'><encapsulatedLogic><formalParameter name='n' typeRef='tAge'/><literalExpression><text>n / 2</text></literalExpression></encapsulatedLogic></businessKnowledgeModel></definitions>",
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='other'"
    );
    let main = format!(
        "{HEAD}><import name='o' namespace='urn:other' importType='https://www.omg.org/spec/DMN/20191111/MODEL/'/>
        <decision id='d' name='d'><informationRequirement><requiredDecision href='urn:other#next'/></informationRequirement><knowledgeRequirement><requiredKnowledge href='urn:other#half'/></knowledgeRequirement>
        <literalExpression><text>[o.Half(o.Next age), o.Half(200), 200 instance of o.tAge]</text></literalExpression></decision></definitions>"
    );
    let models = [("main.dmn", &main), ("other.dmn", &imported)]
        .map(|(name, text)| dmn::parse(name, text.as_bytes()).model.expect("a model"));
    let file = File {
        model: &models[0],
        text: &main,
    };
    let other = File {
        model: &models[1],
        text: &imported,
    };
    let compiled = compile(file, &[other]);
    assert_eq!(compiled.diagnostics, []);
    let decisions = compiled.decisions;
    assert_eq!(decisions.decisions().len(), 1);
    assert_eq!(
        decide(&decisions, "d", r#"{"age": 39}"#),
        "[20, null, true]"
    );
}

#[test]
fn what_never_ends_is_ended() {
    let endless = "<decision id='d' name='d'><knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement><literalExpression><text>f(1)</text></literalExpression></decision>
        <businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='n'/><literalExpression><text>f(n + 1)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>";
    let decisions = compiled(endless, "");
    let environment = Environment::new(&(), 0);
    let decision = decisions.find("d").expect("a decision");
    let failure = decisions.evaluate(decision, &environment).output;
    assert_eq!(failure.expect_err("no end").kind, EvalErrorKind::Depth);
}
