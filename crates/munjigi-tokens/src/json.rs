//! JSON as a token has it: read strictly, written as Python's `json` module does.

mod read;
mod write;

#[cfg(feature = "asymmetric")]
pub(crate) use read::read_array;
pub(crate) use read::{Item, Malformed, Member, Quoted, Span, USUAL_MEMBERS, read_object};
pub(crate) use write::{write_text, write_value};
