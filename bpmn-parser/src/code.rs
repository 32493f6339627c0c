//! The codes of diagnostics: stable names, what each means, and in which phase it is raised.
//!
//! Owns the list; a diagnostic whose code is not in it cannot be made (`sink.rs` takes a [`Code`]).

/// When a diagnostic is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading bytes as XML.
    Xml,
    /// A bound of [`crate::Limits`] was crossed.
    Limit,
    /// Reading XML as BPMN.
    Model,
    /// Asking whether an executable process can be executed.
    Execution,
}

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    pub name: &'static str,
    pub phase: Phase,
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($constant:ident $name:literal $phase:ident $meaning:literal;)*) => {
        $(pub(crate) const $constant: Code = Code { name: $name, phase: Phase::$phase, meaning: $meaning };)*
        /// Every code, in the order of the phases.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    XML_ENCODING "xml-encoding" Xml "the bytes are not text in the declared or detected encoding";
    XML_SYNTAX "xml-syntax" Xml "the file is not well-formed XML";
    XML_CHARACTER "xml-character" Xml "a character that XML does not allow";
    DOCTYPE "doctype" Xml "a DOCTYPE, which is refused because it can define entities";
    UNDEFINED_ENTITY "undefined-entity" Xml "an entity reference other than the five of XML";
    UNDECLARED_PREFIX "undeclared-prefix" Xml "a namespace prefix that nothing declares";
    NOT_BPMN "not-bpmn" Xml "the root element is not BPMN 2.0 definitions";
    LIMIT_BYTES "limit-bytes" Limit "the file is too large";
    LIMIT_DEPTH "limit-depth" Limit "elements are nested too deeply";
    LIMIT_ELEMENTS "limit-elements" Limit "there are too many elements";
    LIMIT_ATTRIBUTES "limit-attributes" Limit "an element has too many attributes";
    LIMIT_NAMESPACES "limit-namespaces" Limit "too many namespace declarations are in scope";
    LIMIT_NAME "limit-name" Limit "the name of an element or attribute is too long";
    LIMIT_TEXT "limit-text" Limit "a text or an attribute value is too long";
    LIMIT_COPIES "limit-copies" Limit "event definitions that are referred to are too large";
    LIMIT_DIAGNOSTICS "limit-diagnostics" Limit "there are more diagnostics than are shown";
    MISSING_ATTRIBUTE "missing-attribute" Model "a required attribute is not there";
    MISSING_ELEMENT "missing-element" Model "a required child element is not there";
    REPEATED_ELEMENT "repeated-element" Model "a child element that may be there only once; the first is used";
    BAD_VALUE "bad-value" Model "an attribute's value is not of its type";
    DUPLICATE_ID "duplicate-id" Model "two elements have the same id";
    DANGLING_REFERENCE "dangling-reference" Model "a reference to an id that nothing has";
    WRONG_TARGET "wrong-target" Model "a reference to an element of the wrong kind";
    CROSSES_SCOPE "flow-crosses-scope" Model "a sequence flow leaves or enters a process or sub-process";
    MISSING_HOST "missing-host" Model "a boundary event that is not attached to an activity";
    UNKNOWN_ELEMENT "unknown-element" Model "an element that BPMN 2.0 does not have; kept, not used";
    MISPLACED_ELEMENT "misplaced-element" Model "an element where BPMN 2.0 does not allow it; kept, not used";
    UNKNOWN_ATTRIBUTE "unknown-attribute" Model "an attribute that BPMN 2.0 does not have; kept, not used";
    VENDOR_EXTENSION "vendor-extension" Model "another vendor's extensions; kept, not used";
    INCONSISTENT_FLOW "inconsistent-flow" Model "incoming or outgoing disagrees with the sequence flow, which decides";
    DANGLING_DIAGRAM "dangling-diagram" Model "a shape or edge of an element that is not there";
    NOT_EXECUTED "not-executed" Execution "valid BPMN that Weir does not execute yet";
    MISSING_JOB_TYPE "missing-job-type" Execution "a task or event that a worker does, without zeebe:taskDefinition";
    UNKNOWN_LANGUAGE "unknown-language" Execution "an expression in a language other than FEEL";
    IGNORED "ignored" Execution "without effect when the process runs";
    MISSING_ID "missing-id" Execution "an element of an executable process without an id";
    MISSING_START "missing-start" Execution "a process or sub-process that cannot start";
    TOO_MANY_STARTS "too-many-starts" Execution "more than one none start event";
    WRONG_START "wrong-start" Execution "a start event of a kind that its scope cannot have";
    WRONG_EVENT "wrong-event" Execution "an event definition where BPMN 2.0 does not allow it";
    FLOW_NOT_ALLOWED "flow-not-allowed" Execution "a sequence flow into a start or boundary event, or out of an end event";
    MISSING_CONDITION "missing-condition" Execution "a way out of a deciding gateway without a condition";
    WRONG_GATEWAY_TARGET "wrong-gateway-target" Execution "what follows an event-based gateway is not an event to wait for";
    MISSING_DEFINITION "missing-definition" Execution "a catching event that waits for nothing";
    MISSING_MESSAGE "missing-message" Execution "a message event or receive task without a named message";
    MISSING_CORRELATION_KEY "missing-correlation-key" Execution "a message that is waited for without a correlation key";
    MISSING_ERROR_CODE "missing-error-code" Execution "an error is thrown without a code";
    MISSING_TIMER "missing-timer" Execution "a timer without date, duration or cycle";
    BAD_TIMER "bad-timer" Execution "a timer value that is neither ISO 8601 nor FEEL";
    BAD_MAPPING "bad-mapping" Execution "an input or output mapping without source or target";
    BAD_BINDING "bad-binding" Execution "a bindingType that is not latest, deployment or versionTag";
    NOT_AN_EXPRESSION "not-an-expression" Execution "a static value where only FEEL makes sense";
    NOT_INTERRUPTING "not-interrupting" Execution "an error boundary event that does not interrupt";
    UNKNOWN_PROPERTY "unknown-property" Execution "a zeebe:property whose name begins with weir: and that means nothing";
    BAD_PUBLICATION "bad-publication" Execution "what an element publishes to a topic is incomplete, misplaced or contradicts itself";
    DUPLICATE_CATCH "duplicate-catch" Execution "two events of one scope wait for the same thing";
}
