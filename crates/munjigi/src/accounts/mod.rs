//! The rules of accounts: who may sign up, who is meant, what a sign-in opens and a sign-out ends. Nothing in here
//! knows HTTP, and no SQL is written here.

pub mod identifiers;
