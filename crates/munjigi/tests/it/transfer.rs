//! Users moved in and out.

mod bad_rows;
mod commands;
mod conflicts;
mod filled;
mod formats;
mod relations;
mod round_trip;

use crate::support::{ROLE, TestServer};
use munjigi::transfer::import::{
    self, Audience, Emails, Error, OnConflict, Options, Passwords, Piece, Report, Run,
};
use munjigi::transfer::{Format, Reason, export};
use std::io;

/// An encoding that is whole and opens nothing.
const HASH: &str = "pbkdf2_sha256$1$seasalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// What was told of rows that were not taken: the line and why.
#[derive(Default)]
struct Told(Vec<(u64, String)>);

impl Audience for Told {
    fn bad(&mut self, piece: &Piece, reason: &Reason) -> io::Result<()> {
        self.0.push((piece.line, reason.to_string()));
        Ok(())
    }

    fn header(&mut self, _piece: &Piece) -> io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, _bytes: u64, _rows: u64) -> io::Result<()> {
        Ok(())
    }
}

/// What came of an import.
struct Came {
    report: Report,
    done: Result<(), Error>,
    told: Vec<(u64, String)>,
}

fn options(format: Format) -> Options {
    Options {
        format,
        model: None,
        names: Vec::new(),
        on_conflict: OnConflict::Fail,
        passwords: Passwords::Needed,
        emails: Emails::Once,
        run: Run::InEarnest,
    }
}

async fn import(server: &TestServer, text: impl AsRef<[u8]>, options: &Options) -> Came {
    allow(server).await;
    let mut told = Told::default();
    let (report, done) = import::import(&server.app, text.as_ref(), options, &mut told).await;
    Came {
        report,
        done,
        told: told.0,
    }
}

/// The same twice: at a rehearsal first, which must tell the same and leave nothing.
async fn rehearsed(server: &TestServer, text: impl AsRef<[u8]>, mut options: Options) -> Came {
    let before = rows(server).await;
    options.run = Run::Rehearsal;
    let rehearsal = import(server, text.as_ref(), &options).await;
    assert_eq!(rows(server).await, before, "a rehearsal writes nothing");
    options.run = Run::InEarnest;
    let came = import(server, text.as_ref(), &options).await;
    assert_eq!((&rehearsal.report, &rehearsal.told), (&came.report, &came.told));
    assert_eq!(
        rehearsal.done.map_err(|error| error.to_string()),
        came.done.as_ref().copied().map_err(ToString::to_string)
    );
    came
}

async fn exported(server: &TestServer, format: Format) -> String {
    allow(server).await;
    let mut text = Vec::new();
    export::export(&server.app, &mut text, format, |_| ())
        .await
        .unwrap();
    String::from_utf8(text).unwrap()
}

/// Allows the server's role what the role that owns the tables may: an operator has both.
async fn allow(server: &TestServer) {
    if !server.is_sqlite() {
        for what in ["TABLES", "SEQUENCES"] {
            let grant = format!("GRANT ALL ON ALL {what} IN SCHEMA %I TO {ROLE}");
            server
                .sql(&format!(
                    "DO $$ BEGIN EXECUTE format('{grant}', current_schema()); END $$"
                ))
                .await;
        }
    }
}

/// The rows of the user's table, and who holds which address.
async fn rows(server: &TestServer) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let users = "SELECT id, username, email, password, is_superuser, is_staff, is_active, age FROM user_user ORDER BY id";
    let claims = "SELECT folded, user_id FROM munjigi_email ORDER BY folded";
    (server.sql(users).await, server.sql(claims).await)
}

/// The names of the users in the order of their keys.
async fn names(server: &TestServer) -> Vec<String> {
    let rows = server.sql("SELECT id, username FROM user_user ORDER BY id").await;
    rows.into_iter().map(|row| row.join(" ")).collect()
}

/// A record of a fixture.
fn record(pk: &str, fields: &str) -> String {
    format!(r#"{{"model": "user.user", "pk": {pk}, "fields": {{{fields}}}}}"#)
}

/// The same of a user with this name and these further fields.
fn named(pk: &str, name: &str, fields: &str) -> String {
    record(
        pk,
        &format!(r#""username": "{name}", "password": "{HASH}"{fields}"#),
    )
}
