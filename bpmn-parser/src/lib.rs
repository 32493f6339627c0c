//! bpmn-parser
