//! The codes of diagnostics: stable names, what each means, and in which phase it is raised.
//!
//! Owns the codes that every vocabulary has; each vocabulary lists its own beside them. A diagnostic
//! without a [`Code`] cannot be made (`sink.rs`).

/// When a diagnostic is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading bytes as XML.
    Xml,
    /// A bound of [`crate::Limits`] was crossed.
    Limit,
    /// Reading XML as a model of its vocabulary.
    Model,
    /// Asking whether what is meant to be executed can be executed.
    Execution,
}

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    pub name: &'static str,
    pub phase: Phase,
    pub meaning: &'static str,
}

/// Makes constants of a vocabulary's codes, and `CODES`: all of them in the order written. A line
/// that starts with `+` names a code of this module that belongs there.
#[macro_export]
macro_rules! codes {
    ($($(+ $shared:ident;)+ $($constant:ident $name:literal $phase:ident $meaning:literal;)+)*) => {
        $($(pub(crate) const $constant: $crate::code::Code = $crate::code::Code {
            name: $name,
            phase: $crate::code::Phase::$phase,
            meaning: $meaning,
        };)+)*
        /// Every code, in the order of the phases.
        pub const CODES: &[$crate::code::Code] = &[$($($crate::code::$shared,)+ $($constant,)+)*];
    };
}

macro_rules! shared {
    ($($constant:ident $name:literal $phase:ident $meaning:literal;)*) => {
        $(pub const $constant: Code = Code { name: $name, phase: Phase::$phase, meaning: $meaning };)*
    };
}

shared! {
    XML_ENCODING "xml-encoding" Xml "the bytes are not text in the declared or detected encoding";
    XML_SYNTAX "xml-syntax" Xml "the file is not well-formed XML";
    XML_CHARACTER "xml-character" Xml "a character that XML does not allow";
    DOCTYPE "doctype" Xml "a DOCTYPE, which is refused because it can define entities";
    UNDEFINED_ENTITY "undefined-entity" Xml "an entity reference other than the five of XML";
    UNDECLARED_PREFIX "undeclared-prefix" Xml "a namespace prefix that nothing declares";
    LIMIT_BYTES "limit-bytes" Limit "the file is too large";
    LIMIT_DEPTH "limit-depth" Limit "elements are nested too deeply";
    LIMIT_ELEMENTS "limit-elements" Limit "there are too many elements";
    LIMIT_ATTRIBUTES "limit-attributes" Limit "an element has too many attributes";
    LIMIT_NAMESPACES "limit-namespaces" Limit "too many namespace declarations are in scope";
    LIMIT_NAME "limit-name" Limit "the name of an element or attribute is too long";
    LIMIT_TEXT "limit-text" Limit "a text or an attribute value is too long";
    LIMIT_DIAGNOSTICS "limit-diagnostics" Limit "there are more diagnostics than are shown";
}
