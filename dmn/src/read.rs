//! [`Dom`] → [`Definitions`]: reads DMN out of XML, reporting everything that is wrong on the way.
//!
//! Owns ids, names, attribute values and reports; what each element means is in the modules below.
//! Must not judge what the elements make together (`check.rs`). Nothing here stops at an error: what
//! is broken is left out and reading goes on.

mod basics;
mod boxed;
mod drg;
mod item;
mod iteration;
mod reference;
mod table;
mod types;

use model_xml::{Dom, ElementIndex, NamespaceId, Severity, Sink, Subject};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::code::{self, Code};
use crate::model::{Definitions, Import, InformationItem, Target, Text};
use crate::tag::Tag;

/// Reads a whole file; `None` when its root is not DMN.
pub(crate) fn read(dom: &Dom<'_, Tag>, source_name: &str, sink: &mut Sink) -> Option<Definitions> {
    let root = dom.root()?;
    let namespace = dom.attribute(root, "namespace");
    let mut reader = Reader {
        dom,
        sink,
        ids: FxHashMap::with_capacity_and_hasher(dom.node_count() / 4, rustc_hash::FxBuildHasher),
        targets: FxHashMap::default(),
        types: FxHashSet::default(),
        vendors: FxHashSet::default(),
        namespace: namespace.map_or("", |it| it.value.trim()),
        imports: Vec::new(),
        import_names: FxHashSet::default(),
        import_places: FxHashMap::default(),
    };
    if dom.tag(root) != Tag::Definitions {
        let element = dom.element(root);
        let namespace = dom.namespace(element.namespace);
        let message = format!("the root element is <{}> of {namespace:?}", element.name);
        let help =
            "a DMN file starts with <definitions> of https://www.omg.org/spec/DMN/20191111/MODEL/";
        reader.error(code::NOT_DMN, root, message, help);
        return None;
    }
    reader.collect_ids();
    reader.number(root);
    Some(reader.definitions(root, source_name))
}

/// All that reading needs beside the element at hand.
struct Reader<'d, 's> {
    dom: &'d Dom<'d, Tag>,
    sink: &'s mut Sink,
    ids: FxHashMap<&'d str, ElementIndex>,
    /// What the elements of the requirement graph will be in the model.
    targets: FxHashMap<ElementIndex, Target>,
    /// The names of the item definitions.
    types: FxHashSet<String>,
    /// The foreign namespaces that were reported.
    vendors: FxHashSet<NamespaceId>,
    /// The file's own.
    namespace: &'d str,
    imports: Vec<Import>,
    /// Their names.
    import_names: FxHashSet<String>,
    /// Positions in `imports` by namespace and by place.
    import_places: FxHashMap<String, usize>,
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

    /// The `id`; an empty one is none.
    fn id(&self, element: ElementIndex) -> Option<String> {
        self.string(element, "id").filter(|id| !id.is_empty())
    }

    /// The `name`, empty where there is none.
    fn name(&self, element: ElementIndex) -> String {
        self.raw(element, "name").map(spaced).unwrap_or_default()
    }

    fn boolean(&mut self, element: ElementIndex, name: &str) -> bool {
        match self.raw(element, name).map(str::trim) {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => {
                let message = format!("{name}={other:?} is not a boolean");
                self.error(code::BAD_VALUE, element, message, "write true or false");
                false
            }
        }
    }

    /// The text of an element without the space around it, empty at its start tag without any.
    fn text(&self, element: ElementIndex) -> Text {
        let (value, location) = self
            .dom
            .trimmed_text(element)
            .unwrap_or_else(|| (String::new(), self.dom.element(element).location));
        Text { value, location }
    }

    /// A variable, parameter or column.
    fn information_item(&mut self, element: ElementIndex) -> InformationItem {
        self.leaf(element);
        InformationItem {
            id: self.id(element),
            name: self.name(element),
            type_ref: self.type_ref(element, "typeRef"),
            location: self.dom.element(element).location,
        }
    }

    /// Ids of the model's elements; what is in extensions has its own.
    fn collect_ids(&mut self) {
        let dom = self.dom;
        for index in dom.indices() {
            let element = dom.element(index);
            if element.in_extension || !crate::namespace::is_model(element.namespace) {
                continue;
            }
            let Some(id) = self.raw(index, "id").filter(|id| !id.is_empty()) else {
                continue;
            };
            let Some(first) = self.ids.insert(id, index) else {
                continue;
            };
            self.ids.insert(id, first);
            let other = dom.element(first);
            let message = format!(
                "the id {id:?} is also that of <{}> at {}",
                other.name, other.location
            );
            let help = "give every element an id of its own";
            self.error(code::DUPLICATE_ID, index, message, help);
        }
    }

    fn error(&mut self, code: Code, at: ElementIndex, message: String, help: impl Into<String>) {
        self.report(Severity::Error, code, at, message, help);
    }

    fn refuse(&mut self, code: Code, at: ElementIndex, message: String, help: impl Into<String>) {
        self.report(Severity::Refusal, code, at, message, help);
    }

    fn warning(&mut self, code: Code, at: ElementIndex, message: String, help: impl Into<String>) {
        self.report(Severity::Warning, code, at, message, help);
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
            element_id: self.nearest_id(index),
            element: Some(element.name),
            process: None,
        };
        self.sink.report(severity, code, subject, message, help);
    }

    /// The id of an element or of the one around it: many parts of expressions have none.
    fn nearest_id(&self, index: ElementIndex) -> Option<&'d str> {
        let mut around = Some(index);
        while let Some(at) = around {
            if let Some(id) = self.raw(at, "id").filter(|id| !id.is_empty()) {
                return Some(id);
            }
            around = self.dom.element(at).parent;
        }
        None
    }
}

/// A name as FEEL compares it: single spaces inside and none around.
fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push_str(word);
    }
    spaced
}
