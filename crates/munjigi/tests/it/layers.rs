//! The arrows between the crates, as ARCHITECTURE.md draws them: one way.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

#[test]
fn every_crate_uses_only_those_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("axum-service", &["munjigi-axum", "munjigi-tokens"] as &[&str]),
        ("munjigi-user", &[]),
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
    for (name, uses) in crates().iter().filter(|(name, _)| name.starts_with("munjigi")) {
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

/// Each crate of the workspace and what it uses, tests aside.
fn crates() -> BTreeMap<String, Vec<String>> {
    let metadata: Value =
        serde_json::from_slice(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
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
