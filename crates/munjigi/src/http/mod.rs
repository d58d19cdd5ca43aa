//! The wire: routes, bodies, cookies, answers.

pub mod body;
pub mod fields;
