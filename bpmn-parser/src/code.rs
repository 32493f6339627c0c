//! The codes of diagnostics: stable names, what each means, and in which phase it is raised.
//!
//! Owns the codes that only BPMN has and the list of all; the shared ones come from `model_xml`.

pub use model_xml::code::{Code, Phase};

model_xml::codes! {
    + XML_ENCODING;
    + XML_SYNTAX;
    + XML_CHARACTER;
    + DOCTYPE;
    + UNDEFINED_ENTITY;
    + UNDECLARED_PREFIX;
    NOT_BPMN "not-bpmn" Xml "the root element is not BPMN 2.0 definitions";
    + LIMIT_BYTES;
    + LIMIT_DEPTH;
    + LIMIT_ELEMENTS;
    + LIMIT_ATTRIBUTES;
    + LIMIT_NAMESPACES;
    + LIMIT_NAME;
    + LIMIT_TEXT;
    LIMIT_COPIES "limit-copies" Limit "event definitions that are referred to are too large";
    + LIMIT_DIAGNOSTICS;
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
    MISSING_SIGNAL "missing-signal" Execution "a signal event without a named signal";
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
    BAD_DECISION "bad-decision" Execution "a called decision that is incomplete or contradicts itself";
    DUPLICATE_CATCH "duplicate-catch" Execution "two events of one scope wait for the same thing";
}
