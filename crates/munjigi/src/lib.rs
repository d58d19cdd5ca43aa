//! munjigi: sign-up and sign-in that speaks Django's data and wire, as a library and as the binary of the same
//! name.
//!
//! The rooms, from the door inwards: [`cli`] starts things, [`http`] speaks with clients, [`accounts`] holds the
//! rules, and the crates `munjigi-store`, `munjigi-tokens`, `munjigi-passwords`, `munjigi-sessions` do the work.
//! [`config`] says how, [`keys`] signs and verifies tokens, [`i18n`] says it in words.

pub mod accounts;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod http;
pub mod i18n;
pub mod keys;
