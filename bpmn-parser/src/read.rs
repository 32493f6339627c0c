//! [`Dom`] → [`Model`]: reads BPMN out of XML, reporting everything that is wrong on the way.
//!
//! Owns ids, references and attribute values; what each element means is in the modules below.
//! Must not judge whether a process can be executed (`execution.rs`). Nothing here stops at an
//! error: what is broken is left out and reading goes on.

mod basics;
mod collaboration;
mod data;
mod diagram;
mod drawables;
mod event;
mod lane;
mod looping;
mod node;
mod process;
mod publication;
mod root;
mod shared;
mod zeebe;

use model_xml::{Dom, ElementIndex, NamespaceId, Severity, Sink, Subject};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Limits;
use crate::code::{self, Code};
use crate::element_table::Tag;
use crate::model::{Model, Text};
use crate::namespace;

/// Reads a whole file; `None` when its root is not BPMN.
pub(crate) fn read(
    dom: &Dom<'_, Tag>,
    source_name: &str,
    limits: &Limits,
    sink: &mut Sink,
) -> Option<Model> {
    let root = dom.root()?;
    let mut reader = Reader {
        dom,
        ids: FxHashMap::with_capacity_and_hasher(dom.node_count() / 3, rustc_hash::FxBuildHasher),
        places: vec![Place::default(); dom.node_count()],
        sink,
        process: None,
        target_namespace: dom.attribute(root, "targetNamespace").map(|it| &*it.value),
        vendors: FxHashSet::default(),
        copies_left: limits.copied_bytes,
        has_imports: false,
    };
    if dom.tag(root) != Tag::Definitions {
        let element = dom.element(root);
        let namespace = dom.namespace(element.namespace);
        let message = format!("the root element is <{}> of {namespace:?}", element.name);
        reader.error(
            code::NOT_BPMN,
            root,
            message,
            "a BPMN 2.0 file starts with <definitions> of http://www.omg.org/spec/BPMN/20100524/MODEL",
        );
        return None;
    }
    reader.collect_ids();
    reader.number(root);
    Some(reader.definitions(root, source_name))
}

/// Where the thing that an element becomes will be in the model.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Position in its list (messages, processes, nodes of its process, …).
    position: Option<u32>,
    /// For flow nodes, the position of their process.
    process: Option<u32>,
}

/// All that reading needs beside the element at hand.
struct Reader<'d, 's> {
    dom: &'d Dom<'d, Tag>,
    ids: FxHashMap<&'d str, ElementIndex>,
    /// By element index.
    places: Vec<Place>,
    sink: &'s mut Sink,
    /// The id of the executable process that is being read.
    process: Option<&'d str>,
    target_namespace: Option<&'d str>,
    /// The foreign namespaces that were reported.
    vendors: FxHashSet<NamespaceId>,
    /// Bytes that references may still copy; see `event.rs`.
    copies_left: usize,
    /// A reference with a prefix may lead into another file then.
    has_imports: bool,
}

impl<'d> Reader<'d, '_> {
    fn tag(&self, element: ElementIndex) -> Tag {
        self.dom.tag(element)
    }

    /// An attribute's value as written.
    fn raw(&self, element: ElementIndex, name: &str) -> Option<&'d str> {
        let attribute = self.dom.attribute(element, name)?;
        Some(&attribute.value)
    }

    fn string(&self, element: ElementIndex, name: &str) -> Option<String> {
        self.raw(element, name).map(str::to_owned)
    }

    /// The `id`, empty where there is none.
    fn id(&self, element: ElementIndex) -> String {
        self.string(element, "id").unwrap_or_default()
    }

    /// An attribute that may hold an expression.
    fn text_attribute(&self, element: ElementIndex, name: &str) -> Option<Text> {
        let attribute = self.dom.attribute(element, name)?;
        Some(Text {
            value: attribute.value.clone().into_owned(),
            location: self.dom.value_location(element, attribute),
        })
    }

    fn boolean(&mut self, element: ElementIndex, name: &str, default: bool) -> bool {
        self.optional_boolean(element, name).unwrap_or(default)
    }

    fn optional_boolean(&mut self, element: ElementIndex, name: &str) -> Option<bool> {
        match self.raw(element, name)?.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            other => {
                let message = format!("{name}=\"{other}\" is not a boolean");
                self.error(code::BAD_VALUE, element, message, "write true or false");
                None
            }
        }
    }

    /// The position of a value among those that an attribute may have, 0 where it is not given.
    fn choice<const N: usize>(
        &mut self,
        element: ElementIndex,
        name: &str,
        allowed: [&str; N],
    ) -> usize {
        let Some(value) = self.raw(element, name) else {
            return 0;
        };
        let found = allowed.iter().position(|it| *it == value.trim());
        if found.is_none() {
            let message = format!("{name}={value:?} is unknown");
            let help = format!("write {}", allowed.join(" or "));
            self.error(code::BAD_VALUE, element, message, help);
        }
        found.unwrap_or(0)
    }

    fn integer(&mut self, element: ElementIndex, name: &str) -> Option<u64> {
        let value = self.raw(element, name)?.trim();
        let parsed = value.parse().ok();
        if parsed.is_none() {
            let message = format!("{name}=\"{value}\" is not a whole number");
            self.error(code::BAD_VALUE, element, message, "write digits only");
        }
        parsed
    }

    fn small_integer(&mut self, element: ElementIndex, name: &str, default: u32) -> u32 {
        let Some(value) = self.integer(element, name) else {
            return default;
        };
        u32::try_from(value).unwrap_or_else(|_| {
            let message = format!("{name}=\"{value}\" is more than {}", u32::MAX);
            self.error(code::BAD_VALUE, element, message, "write a smaller number");
            default
        })
    }

    /// The text of an element without the space around it, empty without any.
    fn trimmed(&self, element: ElementIndex) -> String {
        self.dom
            .text(element)
            .map(|(text, _)| text.trim().to_owned())
            .unwrap_or_default()
    }

    /// Ids of the specification's elements; what is in extensions has its own.
    fn collect_ids(&mut self) {
        let dom = self.dom;
        for index in dom.indices() {
            let element = dom.element(index);
            if element.in_extension || !namespace::is_specified(element.namespace) {
                continue;
            }
            let Some(id) = self.raw(index, "id") else {
                continue;
            };
            let Some(first) = self.ids.insert(id, index) else {
                continue;
            };
            self.ids.insert(id, first);
            let line = dom.element(first).location;
            self.error(
                code::DUPLICATE_ID,
                index,
                format!(
                    "the id {id:?} is also that of <{}> at {line}",
                    dom.element(first).name
                ),
                "give every element an id of its own",
            );
        }
    }

    /// The element that a reference (`id` or `prefix:id`) at an element names in this file.
    fn lookup(&self, from: ElementIndex, reference: &str) -> Option<ElementIndex> {
        self.ids.get(reference).copied().or_else(|| {
            let (prefix, local) = reference.rsplit_once(':')?;
            // Without imports there is only this file, whatever a tool wrote as prefix.
            let is_here =
                !self.has_imports || self.dom.declared(from, prefix) == self.target_namespace;
            self.ids.get(local).copied().filter(|_| is_here)
        })
    }

    /// Whether a reference may lead to what an import brings.
    fn leads_elsewhere(&self, from: ElementIndex, reference: &str) -> bool {
        let prefix = reference.rsplit_once(':').map(|(prefix, _)| prefix);
        let namespace = prefix.and_then(|prefix| self.dom.declared(from, prefix));
        self.has_imports && namespace.is_some() && namespace != self.target_namespace
    }

    /// Follows a reference that the model needs; reports one that leads nowhere or to the wrong kind.
    fn follow(
        &mut self,
        from: ElementIndex,
        role: &str,
        reference: &str,
        expected: Expected,
    ) -> Option<ElementIndex> {
        let reference = reference.trim();
        match self.lookup(from, reference) {
            Some(target) if (expected.accepts)(self.tag(target)) => Some(target),
            Some(target) => {
                let found = self.dom.element(target).name;
                let message = format!(
                    "{role} {reference:?} names <{found}>, not {}",
                    expected.noun
                );
                let help = format!("let {role} name {}", expected.noun);
                self.error(code::WRONG_TARGET, from, message, help);
                None
            }
            None => {
                if !(expected.is_root && self.leads_elsewhere(from, reference)) {
                    let message = format!("{role} {reference:?} names nothing in this file");
                    let help = format!("add {} with this id, or correct {role}", expected.noun);
                    self.error(code::DANGLING_REFERENCE, from, message, help);
                }
                None
            }
        }
    }

    /// Follows a reference held in an attribute to the position of its target.
    fn position(&mut self, from: ElementIndex, role: &str, expected: Expected) -> Option<usize> {
        let reference = self.raw(from, role)?;
        // Tools write an empty reference for "none chosen".
        if reference.trim().is_empty() {
            return None;
        }
        let target = self.follow(from, role, reference, expected)?;
        self.position_of(target)
    }

    fn position_of(&self, target: ElementIndex) -> Option<usize> {
        let place = self.places.get(target.0 as usize)?;
        place.position.map(|position| position as usize)
    }

    /// The id that a reference without effect on execution names; a dangling one is only warned of.
    fn noted(&mut self, from: ElementIndex, role: &str, reference: &str) -> Option<String> {
        let reference = reference.trim();
        if reference.is_empty() {
            return None;
        }
        match self.lookup(from, reference) {
            Some(target) => Some(self.id(target)),
            None => {
                if !reference.contains(':') {
                    let message = format!("{role} {reference:?} names nothing in this file");
                    self.warning(
                        code::DANGLING_REFERENCE,
                        from,
                        message,
                        format!("correct {role} or remove it"),
                    );
                }
                Some(reference.to_owned())
            }
        }
    }

    /// [`Self::noted`] for an attribute.
    fn noted_attribute(&mut self, from: ElementIndex, role: &str) -> Option<String> {
        let reference = self.raw(from, role)?;
        self.noted(from, role, reference)
    }

    /// [`Self::noted`] for the text of a child element such as `<participantRef>`.
    fn noted_child(&mut self, child: ElementIndex) -> Option<String> {
        let reference = self.trimmed(child);
        let role = self.dom.element(child).name;
        self.noted(child, role, &reference)
    }

    fn error(
        &mut self,
        code: Code,
        element: ElementIndex,
        message: String,
        help: impl Into<String>,
    ) {
        self.report(Severity::Error, code, element, message, help);
    }

    fn warning(
        &mut self,
        code: Code,
        element: ElementIndex,
        message: String,
        help: impl Into<String>,
    ) {
        self.report(Severity::Warning, code, element, message, help);
    }

    fn report(
        &mut self,
        severity: Severity,
        code: Code,
        index: ElementIndex,
        message: String,
        help: impl Into<String>,
    ) {
        let element = self.dom.element(index);
        let subject = Subject {
            location: element.location,
            element_id: self.raw(index, "id"),
            element: Some(element.name),
            process: self.process,
        };
        self.sink.report(severity, code, subject, message, help);
    }
}

/// What a reference must lead to.
#[derive(Clone, Copy)]
struct Expected {
    noun: &'static str,
    /// Only root elements can be in another file.
    is_root: bool,
    accepts: fn(Tag) -> bool,
}

const A_MESSAGE: Expected = Expected {
    noun: "a message",
    is_root: true,
    accepts: |tag| tag == Tag::Message,
};
const A_SIGNAL: Expected = Expected {
    noun: "a signal",
    is_root: true,
    accepts: |tag| tag == Tag::Signal,
};
const AN_ERROR: Expected = Expected {
    noun: "an error",
    is_root: true,
    accepts: |tag| tag == Tag::Error,
};
const AN_ESCALATION: Expected = Expected {
    noun: "an escalation",
    is_root: true,
    accepts: |tag| tag == Tag::Escalation,
};
const A_PROCESS: Expected = Expected {
    noun: "a process",
    is_root: true,
    accepts: |tag| tag == Tag::Process,
};
const A_FLOW_NODE: Expected = Expected {
    noun: "an activity, gateway or event",
    is_root: false,
    accepts: Tag::is_flow_node,
};
const AN_ACTIVITY: Expected = Expected {
    noun: "an activity",
    is_root: false,
    accepts: Tag::is_activity,
};
const A_SEQUENCE_FLOW: Expected = Expected {
    noun: "a sequence flow",
    is_root: false,
    accepts: |tag| tag == Tag::SequenceFlow,
};
const AN_EVENT_DEFINITION: Expected = Expected {
    noun: "an event definition",
    is_root: true,
    accepts: |tag| tag.category() == crate::element_table::Category::EventDefinition,
};
