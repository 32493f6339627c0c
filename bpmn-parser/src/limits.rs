//! The bounds of what the parser accepts, each with a name. Those of XML are enforced by `model_xml`.

/// Bounds on one file. Crossing one is an error with its own code (`limit-…`), never a hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as given, before decoding (`limit-bytes`).
    pub bytes: usize,
    /// Elements nested in each other, the root being 1 (`limit-depth`).
    pub depth: usize,
    /// Elements in the whole file (`limit-elements`).
    pub elements: usize,
    /// Attributes of one element, namespace declarations included (`limit-attributes`).
    pub attributes: usize,
    /// Namespace declarations in scope at one element (`limit-namespaces`).
    pub namespaces: usize,
    /// Bytes of the name of one element or attribute, its prefix included (`limit-name`).
    pub name_bytes: usize,
    /// Bytes of one attribute value or one element's text (`limit-text`).
    pub text_bytes: usize,
    /// Bytes that `eventDefinitionRef`s copy into events, all together (`limit-copies`); without it
    /// a small file could ask for a huge model.
    pub copied_bytes: usize,
    /// Diagnostics kept; after these one more says that there are others (`limit-diagnostics`).
    pub diagnostics: usize,
}

impl Limits {
    /// The bounds that hold for any vocabulary.
    pub(crate) fn of_xml(&self) -> model_xml::Limits {
        model_xml::Limits {
            bytes: self.bytes,
            depth: self.depth,
            elements: self.elements,
            attributes: self.attributes,
            namespaces: self.namespaces,
            name_bytes: self.name_bytes,
            text_bytes: self.text_bytes,
            diagnostics: self.diagnostics,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let xml = model_xml::Limits::default();
        Limits {
            bytes: xml.bytes,
            depth: xml.depth,
            elements: xml.elements,
            attributes: xml.attributes,
            namespaces: xml.namespaces,
            name_bytes: xml.name_bytes,
            text_bytes: xml.text_bytes,
            copied_bytes: 4 << 20,
            diagnostics: xml.diagnostics,
        }
    }
}
