//! The bounds of what is read, each with a name. Owns the numbers; `dom/build.rs` enforces them.

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
    /// Diagnostics kept; after these one more says that there are others (`limit-diagnostics`).
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 16 << 20,
            depth: 128,
            elements: 200_000,
            attributes: 128,
            namespaces: 128,
            name_bytes: 1_000,
            text_bytes: 4 << 20,
            diagnostics: 1_000,
        }
    }
}
