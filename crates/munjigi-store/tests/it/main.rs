//! The store on both databases. Each test is written once and runs on SQLite, and on PostgreSQL where
//! `MUNJIGI_TEST_POSTGRES` is the URL of a server on which schemas may be created. With
//! `MUNJIGI_TEST_REQUIRE_POSTGRES=1` a missing server is a failure.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod emails;
mod ended;
mod files;
mod migrate;
mod permissions;
mod postgres;
mod processes;
mod records;
mod rehearsal;
mod removal;
mod roles;
mod schema;
mod sessions;
mod steps;
mod support;
mod tls;
mod token_blacklist;
mod transactions;
mod uncached;
mod upkeep;
mod user_table;
mod users;
mod writer;
