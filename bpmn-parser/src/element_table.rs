//! The table of elements: the only source of tag → element, support status, documentation.
//!
//! Owns the look-up and the shapes of rows (`rows.rs` has the rows, `support_page.rs` prints them);
//! must not read XML.

mod rows;

use std::sync::LazyLock;

use model_xml::NamespaceId;
use rustc_hash::FxHashMap;

use crate::namespace;

pub(crate) use rows::{ELEMENTS, Tag};

/// Which namespace an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Vocabulary {
    Bpmn,
    Bpmndi,
    Dc,
    Di,
    Zeebe,
    Weir,
}

/// What kind of thing an element is; the sections of the support page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Foundation,
    Shared,
    Process,
    Task,
    SubProcess,
    Activity,
    Gateway,
    Event,
    EventDefinition,
    Flow,
    Data,
    Artifact,
    Collaboration,
    Choreography,
    Diagram,
    Extension,
    /// Means something only inside its parent.
    Part,
}

/// What Weir does with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// Has its effect when a process runs; the note says with which exceptions.
    Executed,
    /// An executable process with it is refused at deployment.
    Refused,
    /// Read and drawn, without effect on execution.
    Drawn,
    /// Read into the model, without effect on execution.
    Read,
}

impl Support {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Support::Executed => "executed",
            Support::Refused => "refused",
            Support::Drawn => "drawn",
            Support::Read => "read",
        }
    }
}

/// One element.
#[derive(Debug)]
pub(crate) struct ElementRow {
    pub name: &'static str,
    pub vocabulary: Vocabulary,
    pub category: Category,
    shared_attributes: &'static [&'static str],
    own_attributes: &'static [&'static str],
    pub support: Support,
    pub note: &'static str,
}

impl ElementRow {
    /// Whether the specification gives this element an attribute of this name.
    pub(crate) fn allows(&self, attribute: &str) -> bool {
        attribute == "id"
            || self.shared_attributes.contains(&attribute)
            || self
                .own_attributes
                .iter()
                .any(|own| own.strip_prefix('!').unwrap_or(own) == attribute)
    }

    /// The attributes that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'static str> {
        self.own_attributes
            .iter()
            .filter_map(|attribute| attribute.strip_prefix('!'))
    }
}

pub(crate) const PLAIN: &[&str] = &[];
pub(crate) const NAMED: &[&str] = &["name"];
pub(crate) const ACTIVITY: &[&str] = &[
    "name",
    "isForCompensation",
    "startQuantity",
    "completionQuantity",
    "default",
];
pub(crate) const EXPRESSION: &[&str] = &["language", "evaluatesToTypeRef"];

/// Makes `Tag` (one variant per row, and two for what has no row) and `ELEMENTS` from the rows.
macro_rules! elements {
    ($($tag:ident $name:literal $vocabulary:ident $category:ident $shared:ident [$($own:literal),*] $support:ident $note:literal;)*) => {
        /// The name of an XML element, resolved.
        ///
        /// A parent names the children that it has; every other tag is kept and reported by one
        /// catch-all arm, which is why matches on tags, unlike those on other enums, have one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Tag {
            $($tag,)*
            /// An element that no row has.
            Unknown,
            /// Not an element: a run of text.
            CharacterData,
        }

        /// Every known element; `Tag as usize` is the position of its row.
        pub(crate) const ELEMENTS: &[(Tag, super::ElementRow)] = &[
            $((Tag::$tag, super::ElementRow {
                name: $name,
                vocabulary: super::Vocabulary::$vocabulary,
                category: super::Category::$category,
                shared_attributes: $shared,
                own_attributes: &[$($own),*],
                support: super::Support::$support,
                note: $note,
            }),)*
        ];
    };
}
use elements;

static BY_NAME: LazyLock<FxHashMap<(Vocabulary, &'static str), Tag>> = LazyLock::new(|| {
    ELEMENTS
        .iter()
        .map(|(tag, row)| ((row.vocabulary, row.name), *tag))
        .collect()
});

impl model_xml::Tag for Tag {
    const VOCABULARY: &'static str = "BPMN";
    const NAMESPACES: &'static [&'static str] = namespace::NAMES;
    const CHARACTER_DATA: Tag = Tag::CharacterData;

    fn find(namespace: NamespaceId, name: &str) -> Tag {
        let tag = namespace::vocabulary(namespace)
            .and_then(|vocabulary| BY_NAME.get(&(vocabulary, name)));
        tag.copied().unwrap_or(Tag::Unknown)
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
    pub(crate) fn row(self) -> Option<&'static ElementRow> {
        ELEMENTS.get(self as usize).map(|(_, row)| row)
    }

    /// The local name, empty for what has no row.
    pub(crate) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// The category, `Part` for what has no row.
    pub(crate) fn category(self) -> Category {
        self.row().map_or(Category::Part, |row| row.category)
    }

    /// Whether this is an activity, gateway or event.
    pub(crate) fn is_flow_node(self) -> bool {
        match self.category() {
            Category::Task | Category::SubProcess | Category::Gateway | Category::Event => true,
            Category::Activity => self == Tag::CallActivity,
            Category::Foundation
            | Category::Shared
            | Category::Process
            | Category::EventDefinition
            | Category::Flow
            | Category::Data
            | Category::Artifact
            | Category::Collaboration
            | Category::Choreography
            | Category::Diagram
            | Category::Extension
            | Category::Part => false,
        }
    }

    /// Whether this is a task, sub-process or call activity.
    pub(crate) fn is_activity(self) -> bool {
        self.is_flow_node()
            && self.category() != Category::Gateway
            && self.category() != Category::Event
    }
}

#[cfg(test)]
mod tests {
    use model_xml::{Dom, Limits, Sink};

    use super::*;

    fn dom(source: &str) -> Dom<'_, Tag> {
        let mut sink = Sink::new("everything.bpmn", 100);
        Dom::build(source, &Limits::default(), &mut sink).expect("is well-formed")
    }

    #[test]
    fn a_tag_is_the_position_of_its_row_and_is_found_by_name() {
        for (position, (tag, row)) in ELEMENTS.iter().enumerate() {
            assert_eq!(*tag as usize, position);
            let found = BY_NAME.get(&(row.vocabulary, row.name));
            assert_eq!(found, Some(tag), "{}", row.name);
        }
        assert_eq!(Tag::Unknown as usize, ELEMENTS.len());
        assert!(Tag::Unknown.row().is_none());
        assert!(Tag::CharacterData.row().is_none());
    }

    /// The model that has everything has it, and the parser has nothing to say about it.
    #[test]
    fn the_model_of_everything_has_every_element() {
        let source = include_str!("../tests/models/everything.bpmn");
        let dom = dom(source);
        let used: Vec<Tag> = dom.indices().map(|index| dom.tag(index)).collect();
        let missing = ELEMENTS.iter().filter(|(tag, _)| !used.contains(tag));
        let missing: Vec<_> = missing.map(|(_, row)| row.name).collect();
        assert_eq!(missing, [""; 0]);
        let parsed = crate::parse("everything.bpmn", source.as_bytes());
        let unwanted = parsed.diagnostics.iter().filter(|it| it.code != "ignored");
        assert_eq!(
            unwanted.map(ToString::to_string).collect::<Vec<_>>(),
            [""; 0]
        );
    }

    /// What the table calls refused is refused, and in its words.
    #[test]
    fn the_table_decides_what_is_refused() {
        let source = include_str!("../tests/models/everything.bpmn");
        let executable = source.replace("isExecutable=\"false\"", "isExecutable=\"true\"");
        let parsed = crate::parse("everything.bpmn", executable.as_bytes());
        let refused: Vec<&str> = parsed.diagnostics.iter().map(|it| &*it.message).collect();
        for (_, row) in ELEMENTS {
            let message = format!("{} are not executed yet", row.note);
            let is_event = row.category == Category::EventDefinition;
            // Events are named with where they stand, and have a table and a test of their own.
            if row.support == Support::Refused && !is_event && row.note != "conditional events" {
                assert!(refused.contains(&&*message), "{}: {message}", row.name);
            }
        }
    }

    /// A vendor may extend any element; wherever it does, the extension is kept.
    #[test]
    fn extensions_of_any_element_are_kept() {
        const MARK: &str =
            "<extensionElements><mark xmlns='urn:mark' a='1'>text</mark></extensionElements>";
        let source = include_str!("../tests/models/everything.bpmn");
        let dom = dom(source);
        let mut lost = Vec::new();
        for index in dom.indices() {
            let element = dom.element(index);
            let extensible = |row: &ElementRow| {
                row.vocabulary == Vocabulary::Bpmn
                    && row.name != "extensionElements"
                    && row.name != "documentation"
                    && (row.category != Category::Part || row.shared_attributes == EXPRESSION)
            };
            if element.in_extension || !element.tag.row().is_some_and(extensible) {
                continue;
            }
            let start = element.location.offset as usize;
            let end = start + source[start..].find('>').expect("is closed");
            let marked = if source[..end].ends_with('/') {
                let (head, tail) = (&source[..end - 1], &source[end + 1..]);
                format!("{head}>{MARK}</{}>{tail}", element.name)
            } else {
                format!("{}{MARK}{}", &source[..=end], &source[end + 1..])
            };
            let parsed = crate::parse("everything.bpmn", marked.as_bytes());
            if !format!("{parsed:?}").contains("Text(\"text\")") {
                lost.push(format!("{} at {}", element.name, element.location));
            }
        }
        assert_eq!(lost, [""; 0]);
    }

    /// What an attribute says is in the model, or in a diagnostic when it makes no sense there.
    #[test]
    fn attributes_of_any_element_are_kept() {
        const MARK: &str = "7654321";
        let source = include_str!("../tests/models/everything.bpmn");
        let dom = dom(source);
        let plain = format!("{:?}", crate::parse("everything.bpmn", source.as_bytes()));
        let mut seen = std::collections::BTreeSet::new();
        let mut lost = Vec::new();
        for index in dom.indices() {
            let element = dom.element(index);
            let Some(row) = element.tag.row() else {
                continue;
            };
            if element.in_extension || !namespace::is_specified(element.namespace) {
                continue;
            }
            let own = row.own_attributes.iter();
            let own = own.map(|own| own.strip_prefix('!').unwrap_or(own));
            for name in row.shared_attributes.iter().copied().chain(own) {
                if !seen.insert((row.name, name)) {
                    continue;
                }
                let marked = marked(source, &dom, index, name, MARK);
                let parsed = format!("{:?}", crate::parse("everything.bpmn", marked.as_bytes()));
                if !parsed.contains(MARK) || parsed == plain {
                    lost.push(format!("{} of {}", name, row.name));
                }
            }
        }
        assert_eq!(lost, [""; 0]);
        assert!(
            seen.len() > 150,
            "only {} attributes were tried",
            seen.len()
        );
    }

    /// The source with another value of an attribute, or with one more attribute.
    fn marked(
        source: &str,
        dom: &Dom<'_, Tag>,
        index: model_xml::ElementIndex,
        name: &str,
        value: &str,
    ) -> String {
        let (start, end, text) = match dom.attribute(index, name) {
            Some(attribute) => {
                let start = dom.value_location(index, attribute).offset as usize;
                (start, start + attribute.value.len(), value.to_owned())
            }
            None => {
                let element = dom.element(index);
                let names = element.prefix.len() + usize::from(!element.prefix.is_empty());
                let start = element.location.offset as usize + 1 + names + element.name.len();
                (start, start, format!(" {name}=\"{value}\""))
            }
        };
        format!("{}{text}{}", &source[..start], &source[end..])
    }

    #[test]
    fn attributes_are_known_with_and_without_the_mark() {
        let row = Tag::SequenceFlow.row().expect("has a row");
        assert!(row.allows("id") && row.allows("name") && row.allows("sourceRef"));
        assert!(!row.allows("default"));
        assert_eq!(
            row.required().collect::<Vec<_>>(),
            ["sourceRef", "targetRef"]
        );
    }
}
