//! The grammar of expressions: from text to a typed tree with positions, and back.
//!
//! Owns reading and printing (DMN 1.5, 10.3.1.2, with Camunda's back-ticked names). Must bound what it
//! builds: text length and tree height, so that nothing later needs to.

mod impossible;
mod lexer;
mod name;
mod names;
mod parser;
mod print;
mod table;
mod tree;

pub(crate) use impossible::impossible;
pub use name::RESERVED_WORDS;
pub(crate) use name::is_name;
pub use names::Names;
pub(crate) use parser::{Parsed, Piece, parse};
pub use table::{Aggregation, HitPolicy};
pub(crate) use table::{Candidates, Classes, Column, Table, TableOutput, TableRule, has};
pub(crate) use tree::{
    Arguments, ArithmeticOp, CompareOp, Iteration, Kind, Lambda, Node, RangeNode, Source, Test,
    Tests,
};
pub use tree::{Type, TypeName};

/// The longest accepted expression, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 256 << 10;
/// The highest accepted tree.
pub(crate) const HEIGHT_MAX: u16 = 128;
