//! `rest_framework_simplejwt.tokens.UntypedToken`.

use crate::{
    Token,
    token::{TokenType, sealed::Sealed},
};

/// A token of any kind: its signature and its times are good, what it is for was not asked.
pub type UntypedToken = Token<Untyped>;

/// Any kind.
#[derive(Clone, Copy, Debug)]
pub enum Untyped {}

impl Sealed for Untyped {}

impl TokenType for Untyped {
    const NAME: Option<&'static str> = None;
}
