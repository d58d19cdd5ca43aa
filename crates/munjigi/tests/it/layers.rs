//! The arrows between the crates, and those between the rooms of the server, as ARCHITECTURE.md draws them: one way.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_crate_uses_only_those_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("axum-service", &["munjigi-axum", "munjigi-tokens"] as &[&str]),
        ("munjigi-user", &[]),
        ("munjigi-lanes", &[]),
        ("munjigi-bench", &["munjigi-lanes"]),
        ("munjigi-passwords", &["munjigi-lanes"]),
        ("munjigi-signing", &[]),
        ("munjigi-sessions", &["munjigi-signing", "munjigi-user"]),
        ("munjigi-tokens", &["munjigi-user"]),
        (
            "munjigi-axum",
            &[
                "munjigi-sessions",
                "munjigi-signing",
                "munjigi-tokens",
                "munjigi-user",
            ],
        ),
        (
            "munjigi-store",
            &["munjigi-sessions", "munjigi-tokens", "munjigi-user"],
        ),
        (
            "munjigi",
            &[
                "munjigi-axum",
                "munjigi-passwords",
                "munjigi-sessions",
                "munjigi-signing",
                "munjigi-store",
                "munjigi-tokens",
                "munjigi-user",
            ],
        ),
    ]);
    let crates = crates();
    assert_eq!(
        crates.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>()
    );
    for (name, uses) in &crates {
        for used in uses.iter().filter(|used| used.starts_with("munjigi")) {
            assert!(
                allowed[name.as_str()].contains(&used.as_str()),
                "{name} must not use {used}"
            );
        }
    }
}

#[test]
fn only_the_store_names_a_database_driver_and_only_the_server_a_web_framework() {
    for (name, uses) in crates().iter().filter(|(name, _)| name.starts_with("munjigi")) {
        let has = |library: &str| uses.iter().any(|used| used == library);
        assert_eq!(
            has("rusqlite") || has("tokio-postgres"),
            name == "munjigi-store",
            "{name}"
        );
        assert!(!has("axum") || name == "munjigi", "{name}");
        assert!(!has("axum-core") || name == "munjigi-axum", "{name}");
        let may_wait = ["munjigi", "munjigi-axum", "munjigi-bench", "munjigi-store"];
        assert!(!has("tokio") || may_wait.contains(&name.as_str()), "{name}");
    }
}

/// The compiler refuses `unsafe` in every crate but the lanes, and there in every file but one.
#[test]
fn only_the_file_that_calls_the_kernels_may_write_unsafe() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let toml = |path: &Path| -> toml::Table { fs::read_to_string(path).unwrap().parse().unwrap() };
    let workspace = toml(&root.join("Cargo.toml"));
    assert_eq!(
        workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let lints = &toml(Path::new(package["manifest_path"].as_str().unwrap()))["lints"];
        if name == "munjigi-lanes" {
            assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("deny"));
        } else {
            assert_eq!(lints["workspace"].as_bool(), Some(true), "{name}");
        }
    }
    let mut permitted = Vec::new();
    let mut folders = vec![root.join("crates/munjigi-lanes")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs")
                && fs::read_to_string(&path).unwrap().contains("unsafe_code")
            {
                permitted.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    assert_eq!(permitted, [Path::new("crates/munjigi-lanes/src/kernel/x86.rs")]);
}

#[test]
fn a_service_beside_the_server_is_linked_with_neither_its_database_nor_itself() {
    let output = cargo(&[
        "tree",
        "--package",
        "axum-service",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ]);
    let tree = String::from_utf8(output).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(
        names.contains(&"munjigi-axum") && names.contains(&"axum"),
        "{tree}"
    );
    for other in [
        "munjigi",
        "munjigi-store",
        "munjigi-passwords",
        "rusqlite",
        "tokio-postgres",
    ] {
        assert!(!names.contains(&other), "{other}");
    }
}

#[test]
fn every_room_of_the_server_uses_only_those_it_may() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        (
            "cli",
            &[
                "accounts",
                "app",
                "background",
                "clock",
                "config",
                "http",
                "i18n",
                "keys",
                "neighbour",
                "mail",
                "shadow",
                "transfer",
            ] as &[&str],
        ),
        ("background", &["accounts", "app", "keys"]),
        ("http", &["accounts", "app", "config", "i18n"]),
        ("accounts", &["app", "config", "i18n", "isoformat", "mail"]),
        ("app", &["clock", "config", "i18n", "isoformat", "keys", "mail"]),
        ("keys", &["config"]),
        ("neighbour", &["config"]),
        ("mail", &["config"]),
        ("shadow", &["app", "http", "i18n"]),
        ("transfer", &["app", "isoformat"]),
        ("config", &["i18n"]),
        ("i18n", &[]),
        ("clock", &[]),
        ("isoformat", &[]),
    ]);
    let mut above = allowed.clone();
    while let Some(lowest) = above.iter().find_map(|(room, uses)| {
        let is_lowest = uses.iter().all(|other| !above.contains_key(other));
        is_lowest.then_some(*room)
    }) {
        above.remove(lowest);
    }
    assert_eq!(above.keys().len(), 0, "these use each other: {above:?}");
    let rooms = rooms();
    for (room, may_use) in &allowed {
        let code = &rooms[*room];
        for other in allowed.keys().filter(|other| *other != room) {
            let is_used = code.contains(&format!("crate::{other}"))
                || together(code).any(|rooms| rooms.split(", ").any(|room| room == *other));
            assert!(!is_used || may_use.contains(other), "{room} must not use {other}");
        }
    }
    let accounts = &rooms["accounts"];
    for library in ["axum", "hyper", "http", "munjigi_axum"] {
        assert!(
            !accounts.contains(&format!("{library}::")),
            "accounts must not use {library}"
        );
    }
    for (room, code) in &rooms {
        for statement in ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "] {
            assert!(!code.contains(statement), "{room} must not write SQL");
        }
    }
    let is_known =
        |room: &&String| allowed.contains_key(room.as_str()) || ["lib", "main"].contains(&room.as_str());
    assert_eq!(rooms.keys().find(|room| !is_known(room)), None);
}

#[test]
fn what_app_holds_stands_below_it() {
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let parts: Vec<_> = sources
        .iter()
        .filter(|(file, _)| file.starts_with("app/"))
        .collect();
    assert!(parts.iter().any(|(file, _)| file == "app/ended_list.rs"));
    for (file, code) in parts {
        let mut words = code.split(|c: char| !c.is_ascii_alphanumeric());
        assert!(words.all(|word| word != "App"), "{file} must not know App");
    }
}

/// A copy of a session that Django keeps in its cache outlives a change that nobody notes: what changes rows of
/// `django_session` stands in one file, and goes through its `change` there, but for what leaves every copy true.
#[test]
fn no_session_changes_unnoted() {
    const TRUE_ALL_THE_SAME: [&str; 3] = ["DELETE_EXPIRED", "INSERT", "PROLONG"];
    let mut writers = BTreeMap::new();
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for source in fs::read_dir(crates).unwrap() {
        for (file, code) in sources(&source.unwrap().path().join("src")) {
            let written = changes_of_sessions(&code);
            if written > 0 {
                writers.insert(file, (code, written));
            }
        }
    }
    let files: Vec<&str> = writers.keys().map(String::as_str).collect();
    assert_eq!(files, ["sessions.rs"], "django_session is changed there alone");
    let (code, written) = &writers["sessions.rs"];
    let after = |call: &str| -> BTreeSet<&str> {
        let calls = code.split(call).skip(1);
        calls.filter_map(|rest| rest.split([',', ')']).next()).collect()
    };
    let (noted, unnoted) = (after("change(tx, &"), after("tx.execute(&"));
    assert_eq!(unnoted, BTreeSet::from(TRUE_ALL_THE_SAME));
    assert_eq!(noted.len() + unnoted.len(), *written, "{noted:?}");
}

/// How many statements in some code change rows of `django_session`.
fn changes_of_sessions(code: &str) -> usize {
    let words: Vec<&str> = code
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let is_change = |words: &&[&str]| match words {
        [.., "UPDATE", table] | [_, "INTO", table] | ["DELETE", "FROM", table] => *table == "django_session",
        _ => false,
    };
    words.windows(3).filter(is_change).count()
}

/// What stands in the braces of each `use crate::{…}`.
fn together(code: &str) -> impl Iterator<Item = &str> {
    let lists = code.split("use crate::{").skip(1);
    lists.filter_map(|rest| rest.split_once('}').map(|(list, _)| list))
}

/// The code of each room, tests and comments aside.
fn rooms() -> BTreeMap<String, String> {
    let mut rooms: BTreeMap<String, String> = BTreeMap::new();
    for (place, code) in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let room = place.split(['/', '.']).next().unwrap();
        rooms.entry(room.to_owned()).or_default().push_str(&code);
    }
    rooms
}

/// The files of a crate by their places, and the code in them, tests and comments aside.
fn sources(source: &Path) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let place = path.strip_prefix(source).unwrap().to_str().unwrap();
            if place.contains("/tests") || path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            sources.push((place.to_owned(), lines.flat_map(|line| [line, "\n"]).collect()));
        }
    }
    sources
}

/// An example is a binary of the workspace as well: without a word of ours `cargo run -- dev` would not know which is meant.
#[test]
fn cargo_run_starts_the_server_and_not_an_example() {
    let packages = packages();
    let started: Vec<_> = packages
        .iter()
        .filter_map(|it| it["default_run"].as_str())
        .collect();
    assert_eq!(started, ["munjigi"]);
}

/// A page that no list names is found by nobody.
#[test]
fn every_decision_stands_in_both_lists_in_order() {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    let files = fs::read_dir(docs.join("decisions")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = files.filter(|name| name != "README.md").collect();
    pages.sort();
    for list in ["SUMMARY.md", "decisions/README.md"] {
        let text = fs::read_to_string(docs.join(list)).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let named = links.map(|link| link.trim_start_matches("decisions/"));
        let named: Vec<&str> = named
            .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
            .collect();
        assert_eq!(named, pages, "{list}");
    }
}

/// Each crate of the workspace and what it uses, tests aside.
fn crates() -> BTreeMap<String, Vec<String>> {
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let uses = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies
            .filter(|dependency| dependency["kind"].is_null())
            .map(name)
            .collect()
    };
    packages()
        .iter()
        .map(|package| (name(package), uses(package)))
        .collect()
}

fn packages() -> Vec<Value> {
    let mut metadata: Value =
        serde_json::from_slice(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
