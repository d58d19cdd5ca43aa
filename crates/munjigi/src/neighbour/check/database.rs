//! `DATABASE_URL` and Django's `DATABASES`.

use super::{Both, Finding, finding, known};
use munjigi_store::Place;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    let theirs = &both.report.database;
    let name = theirs.name.as_deref().unwrap_or_default();
    let there = format!("{} {name}", theirs.vendor);
    let other = |here: String| {
        finding(
            &known::W090,
            format!("Users are in {there} in Django and in {here} here: the two are not on one database."),
            "Write Django's database as DATABASE_URL, unless it is the same file under another path."
                .to_owned(),
        )
    };
    let found = match both.config.database.place() {
        Place::Sqlite(path) if theirs.vendor != "sqlite" || !is_one_file(&path, Path::new(name)) => {
            Some(other(format!("sqlite {}", path.display())))
        }
        Place::Sqlite(_) => None,
        Place::Postgres { name: ours, .. } if theirs.vendor != "postgresql" || ours != name => {
            Some(other(format!("postgresql {ours}")))
        }
        Place::Postgres { hosts, port, .. } => elsewhere(both, &hosts, port),
    };
    found.into_iter().collect()
}

fn is_one_file(ours: &Path, theirs: &Path) -> bool {
    let whole = |path: &Path| {
        fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| PathBuf::from(path))
    };
    whole(ours) == whole(theirs)
}

/// Within containers one server has several names.
fn elsewhere(both: &Both<'_>, hosts: &[String], port: u16) -> Option<Finding> {
    let theirs = &both.report.database;
    let host = theirs.host.as_deref().unwrap_or_default();
    let their_port = match &theirs.port {
        Some(serde_json::Value::Number(port)) => port.to_string(),
        Some(serde_json::Value::String(port)) if !port.is_empty() => port.clone(),
        _ => "5432".to_owned(),
    };
    let is_local = |host: &str| {
        host.is_empty() || host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host)
    };
    let is_same_host = hosts
        .iter()
        .any(|ours| ours == host || is_local(ours) && is_local(host));
    (!is_same_host || their_port != port.to_string()).then(|| {
        finding(
            &known::I091,
            format!(
                "PostgreSQL is at {host}:{their_port} for Django and at {}:{port} here.",
                hosts.join(",")
            ),
            "Write the same into DATABASE_URL, unless both names are one server's.".to_owned(),
        )
    })
}
