//! The elements of DMN: their names and attributes, of all versions together.
//!
//! Owns the look-up; must not interpret anything. A row is a variant, a tag and the attributes that
//! it may have; `!` marks a required one; `id` and `label` are always allowed. DMN 1.5 chapters 6 to 10.

use std::sync::LazyLock;

use model_xml::NamespaceId;
use rustc_hash::FxHashMap;

use crate::namespace;

/// One element.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: &'static str,
    attributes: &'static [&'static str],
}

impl Row {
    /// Whether the specification gives this element an attribute of this name.
    pub(crate) fn allows(&self, attribute: &str) -> bool {
        let mut own = self.attributes.iter();
        attribute == "id"
            || attribute == "label"
            || own.any(|own| own.strip_prefix('!').unwrap_or(own) == attribute)
    }

    /// The attributes that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'static str> {
        let own = self.attributes.iter();
        own.filter_map(|attribute| attribute.strip_prefix('!'))
    }
}

macro_rules! tags {
    ($($tag:ident $name:literal [$($attribute:literal),*];)*) => {
        /// The name of an XML element, resolved.
        ///
        /// A parent names the children that it has; every other tag is reported by one catch-all
        /// arm, which is why matches on tags, unlike those on other enums, have one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Tag {
            $($tag,)*
            /// An element that no row has.
            Unknown,
            /// Not an element: a run of text.
            CharacterData,
        }

        /// Every known element; `Tag as usize` is the position of its row.
        const ROWS: &[(Tag, Row)] = &[
            $((Tag::$tag, Row { name: $name, attributes: &[$($attribute),*] }),)*
        ];
    };
}

tags! {
    // Foundation and the requirement graph (chapter 6).
    Definitions "definitions" ["!name", "!namespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"];
    Import "import" ["name", "!namespace", "locationURI", "!importType"];
    Description "description" [];
    ExtensionElements "extensionElements" [];
    ElementCollection "elementCollection" ["name"];
    DrgElement "drgElement" ["href"];
    Decision "decision" ["!name"];
    BusinessKnowledgeModel "businessKnowledgeModel" ["!name"];
    // Below a decision service a reference.
    InputData "inputData" ["name", "href"];
    KnowledgeSource "knowledgeSource" ["!name", "locationURI"];
    DecisionService "decisionService" ["!name"];
    PerformanceIndicator "performanceIndicator" ["name", "URI"];
    OrganizationUnit "organizationUnit" ["name", "URI"];
    TextAnnotation "textAnnotation" ["textFormat"];
    Association "association" ["associationDirection"];
    Group "group" ["name"];
    Question "question" [];
    AllowedAnswers "allowedAnswers" [];
    Variable "variable" ["name", "typeRef"];
    InformationRequirement "informationRequirement" [];
    KnowledgeRequirement "knowledgeRequirement" [];
    AuthorityRequirement "authorityRequirement" [];
    RequiredDecision "requiredDecision" ["!href"];
    RequiredInput "requiredInput" ["!href"];
    RequiredKnowledge "requiredKnowledge" ["!href"];
    RequiredAuthority "requiredAuthority" ["!href"];
    SupportedObjective "supportedObjective" ["href"];
    ImpactedPerformanceIndicator "impactedPerformanceIndicator" ["href"];
    DecisionMaker "decisionMaker" ["href"];
    DecisionOwner "decisionOwner" ["href"];
    UsingProcess "usingProcess" ["href"];
    UsingTask "usingTask" ["href"];
    EncapsulatedLogic "encapsulatedLogic" ["kind", "typeRef"];
    OutputDecision "outputDecision" ["!href"];
    EncapsulatedDecision "encapsulatedDecision" ["!href"];
    InputDecision "inputDecision" ["!href"];
    // Of a knowledge source.
    Type "type" [];
    Owner "owner" ["href"];

    // Types (chapter 7).
    ItemDefinition "itemDefinition" ["!name", "typeLanguage", "isCollection"];
    ItemComponent "itemComponent" ["!name", "typeLanguage", "isCollection"];
    TypeRef "typeRef" [];
    AllowedValues "allowedValues" ["expressionLanguage", "typeRef"];
    TypeConstraint "typeConstraint" ["expressionLanguage", "typeRef"];
    FunctionItem "functionItem" ["outputTypeRef"];
    Parameters "parameters" ["!name", "typeRef"];

    // Decision tables (chapter 8).
    DecisionTable "decisionTable" ["hitPolicy", "aggregation", "preferredOrientation", "outputLabel", "typeRef"];
    Input "input" [];
    InputExpression "inputExpression" ["expressionLanguage", "typeRef"];
    InputValues "inputValues" ["expressionLanguage", "typeRef"];
    Output "output" ["name", "typeRef"];
    OutputValues "outputValues" ["expressionLanguage", "typeRef"];
    DefaultOutputEntry "defaultOutputEntry" ["expressionLanguage", "typeRef"];
    Annotation "annotation" ["name"];
    Rule "rule" [];
    InputEntry "inputEntry" ["expressionLanguage", "typeRef"];
    OutputEntry "outputEntry" ["expressionLanguage", "typeRef"];
    AnnotationEntry "annotationEntry" [];

    // Boxed expressions (chapters 7 and 10).
    LiteralExpression "literalExpression" ["expressionLanguage", "typeRef"];
    Text "text" [];
    ImportedValues "importedValues" ["name", "namespace", "locationURI", "importType", "expressionLanguage"];
    Context "context" ["typeRef"];
    ContextEntry "contextEntry" [];
    Invocation "invocation" ["typeRef"];
    Binding "binding" [];
    Parameter "parameter" ["!name", "typeRef"];
    FunctionDefinition "functionDefinition" ["kind", "typeRef"];
    FormalParameter "formalParameter" ["!name", "typeRef"];
    Relation "relation" ["typeRef"];
    Column "column" ["!name", "typeRef"];
    Row "row" ["typeRef"];
    List "list" ["typeRef"];
    Conditional "conditional" ["typeRef"];
    If "if" ["typeRef"];
    Then "then" ["typeRef"];
    Else "else" ["typeRef"];
    Filter "filter" ["typeRef"];
    In "in" ["typeRef"];
    Match "match" ["typeRef"];
    For "for" ["!iteratorVariable", "typeRef"];
    Return "return" ["typeRef"];
    Every "every" ["!iteratorVariable", "typeRef"];
    Some "some" ["!iteratorVariable", "typeRef"];
    Satisfies "satisfies" ["typeRef"];
}

static BY_NAME: LazyLock<FxHashMap<&'static str, Tag>> =
    LazyLock::new(|| ROWS.iter().map(|(tag, row)| (row.name, *tag)).collect());

impl model_xml::Tag for Tag {
    const VOCABULARY: &'static str = "DMN";
    const NAMESPACES: &'static [&'static str] = namespace::NAMES;
    const CHARACTER_DATA: Tag = Tag::CharacterData;

    fn find(namespace: NamespaceId, name: &str) -> Tag {
        let found = namespace::is_model(namespace).then(|| BY_NAME.get(name));
        found.flatten().copied().unwrap_or(Tag::Unknown)
    }

    fn is_specified(namespace: NamespaceId) -> bool {
        namespace::is_specified(namespace)
    }

    fn holds_extensions(self) -> bool {
        self == Tag::ExtensionElements
    }
}

impl Tag {
    /// The row of this tag; `None` for `Unknown` and `CharacterData`.
    pub(crate) fn row(self) -> Option<&'static Row> {
        ROWS.get(self as usize).map(|(_, row)| row)
    }

    /// Whether this is one of the elements that stand for any boxed expression.
    pub(crate) fn is_expression(self) -> bool {
        self == Tag::LiteralExpression
            || self == Tag::DecisionTable
            || self == Tag::Context
            || self == Tag::Invocation
            || self == Tag::FunctionDefinition
            || self == Tag::Relation
            || self == Tag::List
            || self == Tag::Conditional
            || self == Tag::Filter
            || self == Tag::For
            || self == Tag::Every
            || self == Tag::Some
    }
}

#[cfg(test)]
mod tests {
    use model_xml::Tag as _;

    use super::*;

    #[test]
    fn a_tag_is_the_position_of_its_row_and_is_found_by_name() {
        for (position, (tag, row)) in ROWS.iter().enumerate() {
            assert_eq!(*tag as usize, position);
            assert_eq!(Tag::find(NamespaceId::known(0), row.name), *tag);
        }
        assert_eq!(Tag::Unknown as usize, ROWS.len());
        assert!(Tag::Unknown.row().is_none());
        assert_eq!(Tag::find(NamespaceId::NONE, "decision"), Tag::Unknown);
        let row = Tag::For.row().expect("has a row");
        assert!(row.allows("iteratorVariable") && row.allows("id") && !row.allows("name"));
        assert_eq!(row.required().collect::<Vec<_>>(), ["iteratorVariable"]);
    }

    /// The model that has everything has it, and there is nothing to say about it.
    #[test]
    fn the_model_of_everything_has_every_element() {
        let source = include_str!("../tests/models/everything.dmn");
        let limits = model_xml::Limits::default();
        let mut sink = model_xml::Sink::new("everything.dmn", 100);
        let dom: model_xml::Dom<'_, Tag> =
            model_xml::Dom::build(source, &limits, &mut sink).expect("is well-formed");
        let used: Vec<Tag> = dom.indices().map(|index| dom.tag(index)).collect();
        let missing = ROWS.iter().filter(|(tag, _)| !used.contains(tag));
        let missing: Vec<_> = missing.map(|(_, row)| row.name).collect();
        // What is refused wherever it stands.
        assert_eq!(missing, ["importedValues"]);
    }
}
