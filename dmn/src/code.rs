//! The codes of diagnostics: stable names, what each means, and in which phase it is raised.
//!
//! Owns the codes that only DMN has and the list of all; the shared ones come from `model_xml`.

pub use model_xml::code::{Code, Phase};

model_xml::codes! {
    + XML_ENCODING;
    + XML_SYNTAX;
    + XML_CHARACTER;
    + DOCTYPE;
    + UNDEFINED_ENTITY;
    + UNDECLARED_PREFIX;
    NOT_DMN "not-dmn" Xml "the root element is not DMN definitions";
    + LIMIT_BYTES;
    + LIMIT_DEPTH;
    + LIMIT_ELEMENTS;
    + LIMIT_ATTRIBUTES;
    + LIMIT_NAMESPACES;
    + LIMIT_NAME;
    + LIMIT_TEXT;
    + LIMIT_DIAGNOSTICS;
    MISSING_ATTRIBUTE "missing-attribute" Model "a required attribute is not there or empty";
    MISSING_ELEMENT "missing-element" Model "a required child element is not there";
    REPEATED_ELEMENT "repeated-element" Model "a child element that may be there only once; the first is used";
    BAD_VALUE "bad-value" Model "an attribute's value is not of its type";
    DUPLICATE_ID "duplicate-id" Model "two elements have the same id";
    DUPLICATE_NAME "duplicate-name" Model "two elements that are told apart by name have the same name";
    DANGLING_REFERENCE "dangling-reference" Model "a reference to an id or import that is not there";
    WRONG_TARGET "wrong-target" Model "a reference to an element of the wrong kind";
    REQUIREMENT_CYCLE "requirement-cycle" Model "an element requires itself, by way of others or directly";
    TYPE_CYCLE "type-cycle" Model "a type is defined as itself, by way of others or directly";
    UNKNOWN_TYPE "unknown-type" Model "a type that neither FEEL nor an item definition has; taken as Any";
    UNKNOWN_HIT_POLICY "unknown-hit-policy" Model "a hit policy that DMN does not have";
    WRONG_ENTRY_COUNT "wrong-entry-count" Model "a rule or row has more or fewer entries than there are columns";
    UNKNOWN_ELEMENT "unknown-element" Model "an element that DMN does not have";
    MISPLACED_ELEMENT "misplaced-element" Model "an element where DMN does not allow it";
    UNKNOWN_ATTRIBUTE "unknown-attribute" Model "an attribute that DMN does not have; not used";
    VENDOR_EXTENSION "vendor-extension" Model "another vendor's extensions; not used";
    NOT_EXECUTED "not-executed" Execution "valid DMN that Weir does not evaluate yet";
    UNKNOWN_LANGUAGE "unknown-language" Execution "an expression in a language other than FEEL";
    MISSING_ID "missing-id" Execution "a decision, or the whole file, without an id to call it by";
    MISSING_LOGIC "missing-logic" Execution "a decision or business knowledge model without logic; its value is null";
    MISSING_EXPRESSION "missing-expression" Execution "an expression without text";
    MISSING_OUTPUT_VALUES "missing-output-values" Execution "a hit policy that goes by output values, of which there are none";
    BAD_EXPRESSION "bad-expression" Execution "a text that is not FEEL, or calls what is not there";
    TOO_DEEP "too-deep" Execution "an expression that is nested too deep to be evaluated";
    OVERLAPPING_RULES "overlapping-rules" Execution "rules that match at once where the hit policy forbids it";
    HIDDEN_RULE "hidden-rule" Execution "a rule that never counts, since one before it matches whenever it does";
    MISSING_RULE "missing-rule" Execution "inputs that no rule of a table matches";
    MORE_FINDINGS "more-findings" Execution "a table of which not everything is told";
    MISSING_IMPORT "missing-import" Execution "an import of a file that is not there";
}
