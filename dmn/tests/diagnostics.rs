//! Every diagnostic that there is: what raises it, where it points, what it says.
//!
//! The cases are data; the snapshot beside them is what each gets, all in one pass.

use std::collections::BTreeSet;
use std::fmt::Write;

use dmn::{File, Limits, code, inspect, parse_with};

/// A whole file of other content than DMN, or broken as XML: name, content.
const FILES: &[(&str, &str)] = &[
    ("not closed", "<definitions>\n<decision>"),
    ("a control character", "<a>\n \u{1}</a>"),
    (
        "a doctype",
        "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>",
    ),
    ("not DMN", "<html xmlns='http://www.w3.org/1999/xhtml'/>"),
    (
        "BPMN",
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    ),
    (
        "another encoding",
        "<?xml version='1.0' encoding='EBCDIC'?><a/>",
    ),
    (
        "no name, namespace and id",
        "<definitions xmlns='http://www.omg.org/spec/DMN/20180521/MODEL/' namespace=' '/>",
    ),
    (
        "another language for the whole file",
        "<definitions xmlns='http://www.omg.org/spec/DMN/20180521/MODEL/' id='i' name='n' namespace='t' expressionLanguage='urn:juel'/>",
    ),
];

/// What stands in `definitions`: name, content. Line 2 is its first line.
const DEFINITIONS: &[(&str, &str)] = &[
    ("an entity", "<inputData id='i' name='&nbsp;i'/>"),
    ("a prefix", "<foo:bar/>"),
    ("an unknown element", "<decison id='d' name='d'/>"),
    (
        "misplaced elements",
        "<input id='i'/>\n<inputData id='j' name='j'><rule/></inputData>",
    ),
    (
        "an unknown attribute",
        "<inputData id='i' name='i' nmae='m'/>",
    ),
    (
        "vendors",
        "<inputData id='i' name='i' xmlns:x='urn:x' x:a='1' xmlns:c='http://camunda.org/schema/1.0/dmn' c:historyTimeToLive='P1D' c:other='1'>\n<extensionElements><z:versionTag xmlns:z='http://camunda.org/schema/zeebe/1.0' value='1'/><z:other xmlns:z='http://camunda.org/schema/zeebe/1.0'/><plain xmlns=''/></extensionElements></inputData>",
    ),
    (
        "ids and names",
        "<inputData id='i' name='a'/>\n<inputData id='i'/>\n<decision name='a'><literalExpression><text>1</text></literalExpression></decision>\n<itemDefinition name='t'/><itemDefinition name='t'/>\n<decision id='e' name=''><variable typeRef='number'/><literalExpression><text>1</text></literalExpression></decision>",
    ),
    (
        "imports",
        "<import name='o' namespace='urn:o' importType='https://www.omg.org/spec/DMN/20191111/MODEL/'/>\n<import name='o' namespace='urn:p' importType='http://www.omg.org/spec/DMN/20180521/MODEL/'/>\n<import name='x' namespace='urn:x' importType='http://www.w3.org/2001/XMLSchema'/>\n<import/>",
    ),
    (
        "references",
        "<inputData id='i' name='i'/><knowledgeSource id='k' name='k'/>\n<decision id='d' name='d'><literalExpression><text>1</text></literalExpression>\n<informationRequirement id='r1'><requiredInput href='#gone'/></informationRequirement>\n<informationRequirement id='r2'><requiredDecision href='#i'/></informationRequirement>\n<informationRequirement id='r3'><requiredInput href='t#i'/></informationRequirement>\n<informationRequirement id='r4'><requiredInput href='urn:o#i'/></informationRequirement>\n<informationRequirement id='r5'><requiredInput/></informationRequirement>\n<knowledgeRequirement id='r6'><requiredKnowledge href='#d'/></knowledgeRequirement>\n<authorityRequirement id='r7'><requiredAuthority href='#gone'/></authorityRequirement>\n<authorityRequirement id='r8'><requiredInput href='#k'/></authorityRequirement>\n<informationRequirement id='r9'><requiredInput href='i'/></informationRequirement>\n<informationRequirement id='r10'><requiredInput href='#r9'/></informationRequirement></decision>",
    ),
    (
        "cycles of requirements",
        "<decision id='a' name='a'><informationRequirement><requiredDecision href='#b'/></informationRequirement><literalExpression><text>b</text></literalExpression></decision>\n<decision id='b' name='b'><knowledgeRequirement><requiredKnowledge href='#s'/></knowledgeRequirement><literalExpression><text>s()</text></literalExpression></decision>\n<decisionService id='s' name='s'><outputDecision href='#a'/></decisionService>\n<businessKnowledgeModel id='f' name='f'><encapsulatedLogic><literalExpression><text>f()</text></literalExpression></encapsulatedLogic><knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement></businessKnowledgeModel>",
    ),
    (
        "types",
        "<itemDefinition id='a' name='tA'><typeRef>tB</typeRef></itemDefinition>\n<itemDefinition id='b' name='tB' isCollection='yes'><typeRef>tA</typeRef><allowedValues expressionLanguage='urn:x'><text>1</text></allowedValues></itemDefinition>\n<itemDefinition id='c' name='tC'><typeRef>number</typeRef><itemComponent name='x'><typeRef>gone</typeRef></itemComponent></itemDefinition>\n<inputData id='i' name='i'><variable name='i' typeRef='list&lt;number>'/></inputData>",
    ),
    (
        "decisions and functions without logic",
        "<decision id='d' name='d'/>\n<businessKnowledgeModel id='b' name='b'/>\n<businessKnowledgeModel id='c' name='c'><encapsulatedLogic/></businessKnowledgeModel>\n<decisionService id='s' name='s'/>",
    ),
];

/// What stands in a decision: name, content. Line 3 is its first line.
const DECISION: &[(&str, &str)] = &[
    (
        "literals",
        "<literalExpression id='l' expressionLanguage='urn:juel'><text>${a}</text></literalExpression>",
    ),
    (
        "no text",
        "<literalExpression><text> </text></literalExpression>",
    ),
    (
        "imported values",
        "<literalExpression><importedValues name='v' namespace='urn:v' importType='urn:t'><importedElement>x</importedElement></importedValues></literalExpression>",
    ),
    (
        "two texts and two expressions",
        "<literalExpression><text>1</text><text>2</text></literalExpression>\n<list/>",
    ),
    (
        "contexts",
        "<context>\n<contextEntry><variable name='a'/><literalExpression><text>1</text></literalExpression></contextEntry>\n<contextEntry><variable/><literalExpression><text>1</text></literalExpression></contextEntry>\n<contextEntry><variable name='b'/></contextEntry>\n<contextEntry><literalExpression><text>1</text></literalExpression></contextEntry>\n<contextEntry><literalExpression><text>1</text></literalExpression></contextEntry></context>",
    ),
    (
        "invocations",
        "<invocation>\n<binding/>\n<binding><parameter/></binding></invocation>",
    ),
    (
        "functions",
        "<list>\n<functionDefinition kind='Java'><context/></functionDefinition>\n<functionDefinition kind='PMML'><context/></functionDefinition>\n<functionDefinition kind='feel'><context/></functionDefinition>\n<functionDefinition><formalParameter name='a'/><formalParameter name='a'/></functionDefinition></list>",
    ),
    (
        "relations",
        "<relation>\n<column name='a'/><column/>\n<row><list/></row></relation>",
    ),
    (
        "conditionals, filters and iterations",
        "<list>\n<conditional><if><list/></if><then/></conditional>\n<filter><in><list/></in><in><list/></in></filter>\n<for><in><list/></in><return><list/></return></for>\n<some iteratorVariable='x'><in><list/></in></some></list>",
    ),
    (
        "tables",
        "<decisionTable id='t' hitPolicy='UNIQE' aggregation='AVG'>\n<input id='i'/>\n<input id='j'><inputExpression id='e'><text/></inputExpression></input>\n<output id='o'/><output id='p'/>\n<rule id='r'><inputEntry><text>-</text></inputEntry><outputEntry><text>1</text></outputEntry><outputEntry><text>1</text></outputEntry></rule>\n<rule id='s'><inputEntry/><inputEntry/><outputEntry/></rule></decisionTable>",
    ),
    ("an empty table", "<decisionTable/>"),
    (
        "priorities",
        "<decisionTable hitPolicy='PRIORITY' aggregation='SUM'><output/></decisionTable>",
    ),
    (
        "names of outputs",
        "<decisionTable><output name='a'/><output name='a'/></decisionTable>",
    ),
];

fn definitions(content: &str) -> String {
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='file' name='file' namespace='t'>\n{content}\n</definitions>"
    )
}

fn decision(content: &str) -> String {
    definitions(&format!(
        "<decision id='d' name='d'>\n{content}\n</decision>"
    ))
}

/// Tables with findings, one for each hit policy that has some, and one without.
const TABLES: &str = "<list>
<decisionTable><input><inputExpression><text>amount</text></inputExpression></input><input><inputExpression><text>status</text></inputExpression></input><output/>
<rule><inputEntry><text>&lt; 10</text></inputEntry><inputEntry><text>\"a\",\"b\"</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
<rule><inputEntry><text>[5..20]</text></inputEntry><inputEntry><text>\"b\"</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
<rule><inputEntry><text>&gt; 20</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>3</text></outputEntry></rule>
</decisionTable>
<decisionTable hitPolicy='FIRST'><input><inputExpression><text>amount</text></inputExpression></input><output/>
<rule><inputEntry><text>&gt;= 5</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
<rule><inputEntry><text>[6..7], 9</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
<rule><inputEntry><text>amount2</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
</decisionTable>
<decisionTable hitPolicy='ANY'><input><inputExpression><text>agreed</text></inputExpression><inputValues><text>true, false</text></inputValues></input><output/>
<rule><inputEntry><text>true</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
<rule><inputEntry><text>not(true)</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
</decisionTable>
<decisionTable><input><inputExpression><text>color</text></inputExpression><inputValues><text>\"red\", \"green\"</text></inputValues></input><output/>
<rule><inputEntry><text>\"red\"</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
<rule><inputEntry><text>not(\"red\")</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
</decisionTable>
</list>";

/// Lists inside of lists, in elements and in text.
fn too_deep() -> String {
    let (before, after) = ("[".repeat(100), "]".repeat(100));
    let text = format!("<literalExpression><text>{before}1{after}</text></literalExpression>");
    format!("{}{text}{}", "<list>".repeat(60), "</list>".repeat(60))
}

#[test]
fn every_diagnostic_is_raised_where_it_should_be() {
    let mut report = String::new();
    let mut raised = BTreeSet::new();
    let mut case = |name: &str, file: &str| {
        let parsed = parse_with("f", file.as_bytes(), &Limits::default());
        writeln!(report, "# {name}").expect("a string");
        let model = parsed.model.as_ref();
        let compiled = model.map(|model| inspect(File { model, text: file }, &[]).diagnostics);
        for diagnostic in parsed
            .diagnostics
            .into_iter()
            .chain(compiled.into_iter().flatten())
        {
            raised.insert(diagnostic.code);
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
    for (name, content) in DECISION {
        case(name, &decision(content));
    }
    case("an expression that is too deep", &decision(&too_deep()));
    case("rules that overlap and are missing", &decision(TABLES));
    let rules = "<rule><inputEntry><text>1</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>";
    let input = "<input><inputExpression><text>1</text></inputExpression></input>";
    let table = format!(
        "<decisionTable>{input}<output/>{}</decisionTable>",
        rules.repeat(6)
    );
    case("more than is told", &decision(&table));
    case(
        "a comparison that is null",
        &decision(
            "<literalExpression><text>if a &gt; 1 then\n  \"1\" = 1\nelse 2 &lt; 3</text></literalExpression>",
        ),
    );
    case(
        "texts that are not FEEL",
        &decision(
            "<list>\n<literalExpression><text>1 +\n\n ( </text></literalExpression>\n<literalExpression typeRef='list&lt;'><text>nothing(1)</text></literalExpression></list>",
        ),
    );
    insta::assert_snapshot!(report);
    // The limits have tests of their own.
    let missing = code::CODES
        .iter()
        .filter(|code| code.phase != code::Phase::Limit && !raised.contains(code.name));
    assert_eq!(missing.map(|code| code.name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn people_see_the_line() {
    let source = decision(DECISION[0].1);
    let parsed = parse_with("rates.dmn", source.as_bytes(), &Limits::default());
    insta::assert_snapshot!(dmn::render(&parsed.diagnostics, &source, false));
}

/// Files that make careless readers take quadratic time, or overflow the stack.
#[test]
fn hostile_files_are_read_in_proportion_to_their_size() {
    let many = |part: &str, times: usize| {
        (0..times)
            .map(|i| part.replace('#', &i.to_string()))
            .collect::<String>()
    };
    let dmn = "https://www.omg.org/spec/DMN/20191111/MODEL/";
    let depth = (Limits::default().depth - 4) / 2;
    let files = [
        // Very many imports, each used.
        many(&format!("<import name='n#' namespace='urn:#' importType='{dmn}'/><inputData id='i#' name='i#'><variable name='i#' typeRef='n#.t'/></inputData>"), 10_000),
        // One long way with very many ways back.
        format!(
            "<decision id='d0' name='d'>{}</decision>{}",
            many("<informationRequirement><requiredDecision href='%d#'/></informationRequirement>", 5_000).replace('%', "#"),
            (1..5_000)
                .map(|i| format!("<decision id='d{i}' name='d{i}'><informationRequirement><requiredDecision href='#d{}'/></informationRequirement><informationRequirement><requiredDecision href='#d0'/></informationRequirement></decision>", (i + 1) % 5_000))
                .collect::<String>()
        ),
        // A type that is another, that is another, …
        (0..20_000).map(|i| format!("<itemDefinition name='t{i}'><typeRef>t{}</typeRef></itemDefinition>", i + 1)).collect(),
        // A type's name of very many parts.
        format!("<inputData id='i' name='i'><variable name='i' typeRef='{}'/></inputData>", "a.".repeat(500_000)),
        // As deep as may be.
        format!("<decision id='d' name='d'>{}{}</decision>", "<list>".repeat(depth), "</list>".repeat(depth)),
        format!("<itemDefinition name='t'>{}{}</itemDefinition>", "<itemComponent name='c'>".repeat(depth), "</itemComponent>".repeat(depth)),
        // Very many contexts in one, each of which sees those before it.
        format!("<decision id='d' name='d'><context>{}</context></decision>", many("<contextEntry><variable name='a b#'/><context><contextEntry><variable name='c d#'/><literalExpression><text>1</text></literalExpression></contextEntry></context></contextEntry>", 10_000)),
        // Very many decisions beside very many types.
        many("<itemDefinition name='t#'><itemComponent name='c #'/></itemDefinition><decision id='d#' name='d #'><literalExpression><text>c #</text></literalExpression></decision>", 5_000),
        // A table of very many cells.
        format!(
            "<decision id='d' name='d'><decisionTable>{}<output/>{}</decisionTable></decision>",
            "<input><inputExpression><text>a</text></inputExpression></input>".repeat(10),
            format!("<rule>{}<outputEntry><text>1</text></outputEntry></rule>", "<inputEntry><text>&lt; 1</text></inputEntry>".repeat(10)).repeat(2_000)
        ),
    ];
    for file in files {
        let file = definitions(&file);
        // What threads of asynchronous runtimes have.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let parsed = thread.spawn(move || {
            let parsed = parse_with("f", file.as_bytes(), &Limits::default());
            let model = parsed.model.as_ref();
            model.map(|model| inspect(File { model, text: &file }, &[]));
            parsed
        });
        let parsed = parsed.expect("starts").join().expect("does not overflow");
        assert!(parsed.model.is_some(), "{:?}", parsed.diagnostics.first());
    }
}
