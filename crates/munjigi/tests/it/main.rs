//! The server in one process: its router on a real database, SQLite always and PostgreSQL where
//! `MUNJIGI_TEST_POSTGRES` names a server, with a clock that a test moves by hand.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails should say where"
)]

mod answers;
mod auth_cookie;
mod bad_input;
mod bearer;
mod browser_boundary;
mod claims;
mod commands;
mod deferred_upgrades;
mod devices;
mod djangos_sessions;
mod djangos_tokens;
mod doors;
mod drf_jwt;
mod ended_list;
mod endings;
mod hostile;
mod housekeeping;
mod interleaved;
mod keys;
mod keys_command;
mod layers;
mod limits;
mod nested;
mod openapi;
mod own_account;
mod password_reset;
mod passwords;
mod proxies;
mod records;
mod redemption;
mod rotation;
mod routes;
mod session;
mod session_settings;
mod shadow;
mod signup;
mod simple_jwt;
mod simplejwts_main;
mod stateless;
mod support;
mod token;
mod token_lives;
mod transcript;
mod transfer;
mod trimmed;
mod user_models;
