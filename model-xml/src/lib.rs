//! Files of modelling tools: bytes → text → elements with resolved names, located diagnostics.
//!
//! Floor 0: owns what reading such a file has in common whatever its vocabulary. Must not know BPMN
//! or DMN: a vocabulary brings its names as a [`Tag`]. Does no input and output.

pub mod code;
mod decode;
mod diagnostic;
mod dom;
mod limits;
mod place;
mod render;
mod sink;
mod source;

pub use decode::{DecodeError, decode};
pub use diagnostic::{Diagnostic, Location, Severity};
pub use dom::{Attribute, Broken, Children, Dom, Element, ElementIndex, NamespaceId, Tag};
pub use limits::Limits;
pub use place::place_in;
pub use render::render;
pub use sink::{Sink, Subject, clip};
pub use source::source;
