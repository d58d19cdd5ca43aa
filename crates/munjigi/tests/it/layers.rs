//! The arrows between the crates, as ARCHITECTURE.md draws them: one way.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

#[test]
fn every_crate_uses_only_those_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("munjigi-user", &[] as &[&str]),
        ("munjigi-passwords", &[]),
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
    for (name, uses) in &crates() {
        let has = |library: &str| uses.iter().any(|used| used == library);
        assert_eq!(
            has("rusqlite") || has("tokio-postgres"),
            name == "munjigi-store",
            "{name}"
        );
        assert!(!has("axum") || name == "munjigi", "{name}");
        assert!(!has("axum-core") || name == "munjigi-axum", "{name}");
        let may_wait = ["munjigi", "munjigi-axum", "munjigi-store"];
        assert!(!has("tokio") || may_wait.contains(&name.as_str()), "{name}");
    }
}

/// Each crate of the workspace and what it uses, tests aside.
fn crates() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
            "--manifest-path",
            manifest,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let uses = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies
            .filter(|dependency| dependency["kind"].is_null())
            .map(name)
            .collect()
    };
    packages
        .iter()
        .map(|package| (name(package), uses(package)))
        .collect()
}
