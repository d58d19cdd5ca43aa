//! What is told of every route: the document of `/openapi.json` and the page that people read.
//!
//! DRF leaves this to packages that guess from serializers. Here each route's description stands beside its handler, in
//! one [`Endpoint`], and the router is made from the same list as the document: what is served is told, and nothing
//! else. Whether the answers are as told is asked of each answer in the server's tests.

mod document;
mod operation;
mod page;
mod schemas;
mod security;

pub use document::document;
pub(in crate::http) use operation::{
    Answer, Body, Credentials, Door, Endpoint, Head, Operation, Pages, Schema, Spelling, Tag, Words,
};
pub(in crate::http) use page::{STYLE_POLICY, page};
pub(in crate::http) use schemas::{
    CODED_DETAIL, DETAIL, FIELD_ERRORS, TOKEN_REFUSED, answered, extra_fields, fails, refuses,
    token_too_long, told_claims, user_id,
};
