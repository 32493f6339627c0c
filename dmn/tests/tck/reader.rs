//! Test cases of the DMN Technology Compatibility Kit: XML → plain data.
//!
//! Owns the format (`http://www.omg.org/spec/DMN/20160719/testcase`); must not evaluate or compare
//! anything. Values stay as they are written, since what they mean is what is tested.

use model_xml::{Dom, ElementIndex, Limits, NamespaceId, Sink};

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCases {
    /// The file name of the model, in the same folder.
    pub model: String,
    pub labels: Vec<String>,
    pub cases: Vec<TestCase>,
}

/// One case: what is asked, what is given, what must come out.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub kind: Kind,
    /// The name of the service or business knowledge model that is called, where not decisions.
    pub invocable: Option<String>,
    pub inputs: Vec<InputNode>,
    pub results: Vec<ResultNode>,
}

/// What a case asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Decision,
    BusinessKnowledgeModel,
    DecisionService,
}

/// What is given.
#[derive(Debug, Clone, PartialEq)]
pub struct InputNode {
    pub name: String,
    /// Of the model that the input belongs to, where it is not the one under test.
    pub namespace: Option<String>,
    pub value: Option<Value>,
}

/// What must come out.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultNode {
    /// The decision, or what is called.
    pub name: String,
    /// Whether an error must occur; its value is then null.
    pub is_error: bool,
    pub cast: Option<String>,
    pub expected: Option<Value>,
    pub computed: Option<Value>,
}

/// A value, its text as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    /// Of a type that is not said.
    Untyped(String),
    String(String),
    Number(String),
    Boolean(bool),
    Date(String),
    Time(String),
    DateTime(String),
    Duration(String),
    List(Vec<Value>),
    Context(Vec<(String, Value)>),
}

/// Reads one file.
///
/// # Errors
/// When it is not XML, or has an element or type that the format does not have.
pub fn read(bytes: &[u8]) -> Result<TestCases, String> {
    let limits = Limits::default();
    let mut sink = Sink::new("", limits.diagnostics);
    let source = model_xml::source(bytes, &limits, &mut sink);
    let dom = source
        .as_ref()
        .and_then(|source| Dom::build(source, &limits, &mut sink).ok());
    let Some((dom, root)) = dom.as_ref().and_then(|dom| Some((dom, dom.root()?))) else {
        return Err(format!("{:?}", sink.finish().first()));
    };
    Reader { dom }.suite(root)
}

/// The elements of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    TestCases,
    ModelName,
    Labels,
    Label,
    TestCase,
    Description,
    InputNode,
    ResultNode,
    Expected,
    Computed,
    Value,
    List,
    Item,
    Component,
    ExtensionElements,
    Unknown,
    CharacterData,
}

impl model_xml::Tag for Tag {
    const VOCABULARY: &'static str = "TCK";
    const NAMESPACES: &'static [&'static str] = &["http://www.omg.org/spec/DMN/20160719/testcase"];
    const CHARACTER_DATA: Tag = Tag::CharacterData;

    fn find(namespace: NamespaceId, name: &str) -> Tag {
        if namespace != NamespaceId::known(0) {
            return Tag::Unknown;
        }
        match name {
            "testCases" => Tag::TestCases,
            "modelName" => Tag::ModelName,
            "labels" => Tag::Labels,
            "label" => Tag::Label,
            "testCase" => Tag::TestCase,
            "description" => Tag::Description,
            "inputNode" => Tag::InputNode,
            "resultNode" => Tag::ResultNode,
            "expected" => Tag::Expected,
            "computed" => Tag::Computed,
            "value" => Tag::Value,
            "list" => Tag::List,
            "item" => Tag::Item,
            "component" => Tag::Component,
            "extensionElements" => Tag::ExtensionElements,
            _ => Tag::Unknown,
        }
    }

    /// None is: otherwise values of spaces alone would be taken for layout.
    fn is_specified(_: NamespaceId) -> bool {
        false
    }

    fn holds_extensions(self) -> bool {
        self == Tag::ExtensionElements
    }
}

struct Reader<'d> {
    dom: &'d Dom<'d, Tag>,
}

impl Reader<'_> {
    fn suite(&self, root: ElementIndex) -> Result<TestCases, String> {
        let mut suite = TestCases {
            model: String::new(),
            labels: Vec::new(),
            cases: Vec::new(),
        };
        if self.dom.tag(root) != Tag::TestCases {
            return Err(self.unexpected(root));
        }
        for child in self.dom.children(root) {
            match self.dom.tag(child) {
                Tag::ModelName => suite.model = self.text(child).trim().to_owned(),
                Tag::Labels => {
                    let labels = self.dom.children(child).map(|label| self.text(label));
                    suite.labels.extend(labels);
                }
                Tag::TestCase => suite.cases.push(self.case(child)?),
                Tag::ExtensionElements => {}
                _ => return Err(self.unexpected(child)),
            }
        }
        Ok(suite)
    }

    fn case(&self, element: ElementIndex) -> Result<TestCase, String> {
        let mut case = TestCase {
            id: self.attribute(element, "id").unwrap_or_default(),
            name: self.attribute(element, "name"),
            description: None,
            kind: match self.attribute(element, "type").as_deref() {
                None | Some("decision") => Kind::Decision,
                Some("bkm") => Kind::BusinessKnowledgeModel,
                Some("decisionService") => Kind::DecisionService,
                Some(other) => return Err(self.at(element, &format!("the type {other:?}"))),
            },
            invocable: self.attribute(element, "invocableName"),
            inputs: Vec::new(),
            results: Vec::new(),
        };
        for child in self.dom.children(element) {
            match self.dom.tag(child) {
                Tag::Description => case.description = Some(self.text(child)),
                Tag::InputNode => case.inputs.push(InputNode {
                    name: self.attribute(child, "name").unwrap_or_default(),
                    namespace: self.attribute(child, "namespace"),
                    value: self.value(child)?,
                }),
                Tag::ResultNode => case.results.push(self.result(child)?),
                Tag::ExtensionElements => {}
                _ => return Err(self.unexpected(child)),
            }
        }
        Ok(case)
    }

    fn result(&self, element: ElementIndex) -> Result<ResultNode, String> {
        let mut result = ResultNode {
            name: self.attribute(element, "name").unwrap_or_default(),
            is_error: self.is_true(self.attribute(element, "errorResult")),
            cast: self.attribute(element, "cast"),
            expected: None,
            computed: None,
        };
        for child in self.dom.children(element) {
            match self.dom.tag(child) {
                Tag::Expected => result.expected = self.value(child)?,
                Tag::Computed => result.computed = self.value(child)?,
                Tag::ExtensionElements => {}
                _ => return Err(self.unexpected(child)),
            }
        }
        Ok(result)
    }

    /// The value in an element: one value, a list, or the entries of a context. The recursion is
    /// bounded by `Limits::depth`.
    fn value(&self, element: ElementIndex) -> Result<Option<Value>, String> {
        if self.is_nil(element) {
            return Ok(Some(Value::Null));
        }
        let mut found = None;
        let mut entries = Vec::new();
        for child in self.dom.children(element) {
            match self.dom.tag(child) {
                Tag::Value => found = Some(self.simple(child)?),
                Tag::List => found = Some(self.list(child)?),
                Tag::Component => {
                    let name = self.attribute(child, "name").unwrap_or_default();
                    entries.push((name, self.value(child)?.unwrap_or(Value::Null)));
                }
                Tag::ExtensionElements => {}
                _ => return Err(self.unexpected(child)),
            }
        }
        Ok(match entries.is_empty() {
            true => found,
            false => Some(Value::Context(entries)),
        })
    }

    fn list(&self, element: ElementIndex) -> Result<Value, String> {
        if self.is_nil(element) {
            return Ok(Value::Null);
        }
        let mut items = Vec::new();
        for child in self.dom.children(element) {
            if self.dom.tag(child) != Tag::Item {
                return Err(self.unexpected(child));
            }
            items.push(self.value(child)?.unwrap_or(Value::Null));
        }
        Ok(Value::List(items))
    }

    fn simple(&self, element: ElementIndex) -> Result<Value, String> {
        if self.is_nil(element) {
            return Ok(Value::Null);
        }
        let text = self.text(element);
        let schema_type = self.dom.attribute_in(element, NamespaceId::XSI, "type");
        let schema_type = schema_type.map(|attribute| {
            let value: &str = &attribute.value;
            value.rsplit_once(':').map_or(value, |(_, local)| local)
        });
        Ok(match schema_type {
            None => Value::Untyped(text),
            Some("string") => Value::String(text),
            Some("decimal" | "double" | "float" | "integer" | "int" | "long") => {
                Value::Number(text.trim().to_owned())
            }
            Some("boolean") => Value::Boolean(self.is_true(Some(text))),
            Some("date") => Value::Date(text.trim().to_owned()),
            Some("time") => Value::Time(text.trim().to_owned()),
            Some("dateTime") => Value::DateTime(text.trim().to_owned()),
            Some("duration" | "dayTimeDuration" | "yearMonthDuration") => {
                Value::Duration(text.trim().to_owned())
            }
            Some(other) => return Err(self.at(element, &format!("the type {other:?}"))),
        })
    }

    fn is_nil(&self, element: ElementIndex) -> bool {
        let nil = self.dom.attribute_in(element, NamespaceId::XSI, "nil");
        nil.is_some_and(|nil| self.is_true(Some(nil.value.clone().into_owned())))
    }

    fn is_true(&self, value: Option<String>) -> bool {
        matches!(value.as_deref().map(str::trim), Some("true" | "1"))
    }

    fn attribute(&self, element: ElementIndex, name: &str) -> Option<String> {
        let attribute = self.dom.attribute(element, name)?;
        Some(attribute.value.clone().into_owned())
    }

    fn text(&self, element: ElementIndex) -> String {
        let text = self.dom.text(element);
        text.map(|(text, _)| text.into_owned()).unwrap_or_default()
    }

    fn unexpected(&self, element: ElementIndex) -> String {
        self.at(element, &format!("<{}>", self.dom.element(element).name))
    }

    fn at(&self, element: ElementIndex, what: &str) -> String {
        let location = self.dom.element(element).location;
        format!("{what} at {location} is unexpected")
    }
}

#[test]
fn values_are_read_as_they_are_written() {
    let file = "<testCases xmlns='http://www.omg.org/spec/DMN/20160719/testcase' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xsd='http://www.w3.org/2001/XMLSchema'>\
        <modelName>m.dmn</modelName><testCase id='1' type='decisionService' invocableName='s'>\
        <inputNode name='a'><list><item><value xsi:type='xsd:string'> </value></item><item><value xsi:nil='true'/></item></list></inputNode>\
        <inputNode name='b'><component name='x'><value xsi:type='xsd:decimal'> 1.50 </value></component><component name='y'><list/></component></inputNode>\
        <resultNode name='r' errorResult='true' cast='xsd:decimal'><computed><value xsi:type='xsd:boolean'>true</value></computed><expected><value xsi:type='xsd:duration'>P1D</value></expected></resultNode>\
        </testCase></testCases>";
    let case = read(file.as_bytes()).expect("is read").cases.remove(0);
    assert_eq!(case.kind, Kind::DecisionService);
    assert_eq!(case.invocable.as_deref(), Some("s"));
    let text = Value::String(" ".to_owned());
    let list = Value::List(vec![text, Value::Null]);
    assert_eq!(case.inputs[0].value, Some(list));
    let number = Value::Number("1.50".to_owned());
    let entries = vec![
        ("x".to_owned(), number),
        ("y".to_owned(), Value::List(Vec::new())),
    ];
    assert_eq!(case.inputs[1].value, Some(Value::Context(entries)));
    let result = &case.results[0];
    assert!(result.is_error);
    assert_eq!(result.cast.as_deref(), Some("xsd:decimal"));
    assert_eq!(result.computed, Some(Value::Boolean(true)));
    assert_eq!(result.expected, Some(Value::Duration("P1D".to_owned())));
    let unknown = file.replace("xsd:duration", "xsd:gYear");
    assert!(read(unknown.as_bytes()).is_err());
}
