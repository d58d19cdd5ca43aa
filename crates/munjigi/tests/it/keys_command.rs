//! `munjigi keys`, as an operator meets it: on a file alone, without a database and without a server.

use crate::commands::Folder;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

const FILE: &str = "munjigi-keys.json";
/// What no output may have: the private members of every kind of key (RFC 7518, section 6).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

fn ring(folder: &Folder) -> PathBuf {
    folder.0.join(FILE)
}

fn keys(folder: &Folder) -> Vec<Value> {
    let document: Value = serde_json::from_str(&fs::read_to_string(ring(folder)).unwrap()).unwrap();
    document["keys"].as_array().unwrap().clone()
}

/// What each key does, by the list.
fn states(folder: &Folder) -> Vec<String> {
    let list = folder.run(&["keys", "list"]);
    let mut lines = list.lines();
    assert_eq!(lines.next(), Some("kid\talgorithm\tmade\tstate"));
    lines
        .map(|line| line.rsplit('\t').next().unwrap().to_owned())
        .collect()
}

/// Whether any value of a private member of the ring is in a text.
fn tells_a_secret(folder: &Folder, text: &str) -> bool {
    keys(folder).iter().any(|key| {
        let members = key.as_object().unwrap();
        PRIVATE
            .iter()
            .filter_map(|name| members.get(*name))
            .any(|value| text.contains(value.as_str().unwrap()))
    })
}

#[test]
fn a_ring_is_made_and_what_is_to_be_written_is_printed() {
    let folder = Folder::new();
    let printed = folder.run(&["keys", "generate"]);
    let [key] = &keys(&folder)[..] else {
        panic!("one key")
    };
    assert_eq!((&key["alg"], &key["use"]), (&"EdDSA".into(), &"sig".into()));
    assert_eq!(key["iat"], key["nbf"]);
    assert_eq!(
        fs::metadata(ring(&folder)).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!tells_a_secret(&folder, &printed));

    let settings = &printed[printed.find("[SIMPLE_JWT]").unwrap()..];
    fs::write(folder.0.join("printed.toml"), settings).unwrap();
    let shown = folder.run(&["config", "show", "--config", "printed.toml"]);
    let shown: toml::Table = toml::from_str(&shown).unwrap();
    let written = fs::canonicalize(ring(&folder)).unwrap();
    assert_eq!(shown["SIMPLE_JWT"]["KEY_RING"].as_str(), written.to_str());
    // A refresh token's seven days, and one to start the server anew.
    let until: jiff::Timestamp = shown["SIMPLE_JWT"]["KEY_RING_KIDLESS_UNTIL"]
        .to_string()
        .parse()
        .unwrap();
    assert_eq!(until.as_second() - key["iat"].as_i64().unwrap(), 8 * 86_400);

    let (code, message) = folder.fail(&["keys", "generate"]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("munjigi-keys.json is there already."),
        "{message}"
    );
    assert_eq!(keys(&folder)[0], *key);
}

#[test]
fn every_pair_of_keys_can_be_made_and_a_secret_cannot() {
    let folder = Folder::new();
    for algorithm in ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"] {
        let file = format!("{algorithm}.json");
        folder.run(&["keys", "generate", "--algorithm", algorithm, "--file", &file]);
        let list = folder.run(&["keys", "list", "--file", &file]);
        assert!(
            list.contains(&format!("\t{algorithm}\t")) && list.ends_with("\tsigning\n"),
            "{list}"
        );
    }
    let (code, message) = folder.fail(&["keys", "generate", "--algorithm", "HS256"]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("HS256 has one key for signing and verifying"),
        "{message}"
    );
    assert!(!ring(&folder).exists());
    let (code, message) = folder.fail(&["keys", "generate", "--algorithm", "none"]);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("Unrecognized algorithm type 'none'"),
        "{message}"
    );
}

#[test]
fn a_rotation_publishes_a_key_before_it_signs_and_keeps_the_old_one_as_long_as_its_tokens_live() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    let printed = folder.run(&["keys", "rotate", "--algorithm", "ES256"]);
    let [old, new] = &keys(&folder)[..] else {
        panic!("two keys")
    };
    let seconds = |key: &Value, name: &str| key[name].as_i64().unwrap();
    assert_eq!(seconds(new, "nbf") - seconds(new, "iat"), 600);
    assert_eq!(seconds(old, "exp") - seconds(new, "nbf"), 7 * 86_400);
    assert_eq!(new["exp"], Value::Null);
    let from = jiff::Timestamp::from_second(seconds(new, "nbf")).unwrap();
    assert_eq!(
        states(&folder),
        ["signing".to_owned(), format!("next, signs from {from}")]
    );
    assert!(printed.contains(&format!("signs from {from} on.")), "{printed}");

    // The default follows the settings: a longer life, a longer end.
    let (code, message) = folder.fail(&["keys", "rotate"]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("signs from") && message.contains("--activate-after 0"),
        "{message}"
    );

    let exported = folder.run(&["keys", "export"]);
    let exported: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(exported["keys"].as_array().unwrap().len(), 2);
    for text in [printed, exported.to_string(), folder.run(&["keys", "list"])] {
        assert!(!tells_a_secret(&folder, &text), "{text}");
    }

    let printed = folder.run(&["keys", "rotate", "--activate-after", "0", "--keep", "0"]);
    assert_eq!(printed.matches(" is gone.").count(), 2, "{printed}");
    assert_eq!(states(&folder), ["signing"]);
    assert_eq!(keys(&folder)[0]["alg"], "EdDSA", "as the key that signed");
}

#[test]
fn the_old_key_stays_as_long_as_the_settings_let_a_token_live() {
    let folder = Folder::new();
    let settings = "[SIMPLE_JWT]\nKEY_RING = \"ring.json\"\nREFRESH_TOKEN_LIFETIME = \"30d\"\nLEEWAY = 30\n";
    fs::write(folder.0.join("munjigi.toml"), settings).unwrap();
    folder.run(&["keys", "generate"]);
    folder.run(&["keys", "rotate", "--activate-after", "1h"]);
    let document: Value =
        serde_json::from_str(&fs::read_to_string(folder.0.join("ring.json")).unwrap()).unwrap();
    let (old, new) = (&document["keys"][0], &document["keys"][1]);
    let kept = old["exp"].as_i64().unwrap() - new["nbf"].as_i64().unwrap();
    assert_eq!(kept, 30 * 86_400 + 30);
}

#[test]
fn a_ring_that_others_can_read_or_that_is_torn_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    fs::set_permissions(ring(&folder), fs::Permissions::from_mode(0o640)).unwrap();
    for words in [&["keys", "list"][..], &["keys", "rotate"], &["keys", "export"]] {
        let (code, message) = folder.fail(words);
        assert_eq!(code, Some(1));
        assert!(
            message.contains("Others can reach the key ring") && message.contains("chmod 600"),
            "{message}"
        );
    }
    fs::set_permissions(ring(&folder), fs::Permissions::from_mode(0o600)).unwrap();

    let whole = fs::read_to_string(ring(&folder)).unwrap();
    for torn in [
        "",
        "{",
        &whole[..whole.len() / 2],
        "[]",
        "{\"keys\": []}",
        "{\"keys\": [{}]}",
        "{\"keys\": [1]}",
    ] {
        fs::write(ring(&folder), torn).unwrap();
        let (code, message) = folder.fail(&["keys", "rotate"]);
        assert_eq!(code, Some(1));
        assert!(
            message.contains("The key ring munjigi-keys.json cannot be used: "),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
        assert_eq!(fs::read_to_string(ring(&folder)).unwrap(), torn);
    }
    fs::write(ring(&folder), &whole).unwrap();
    assert_eq!(states(&folder), ["signing"]);
    let twice = whole.replace("\n]", &format!(",\n{}\n]", whole.lines().nth(1).unwrap()));
    fs::write(ring(&folder), twice).unwrap();
    assert!(folder.fail(&["keys", "list"]).1.contains("two keys have the kid"));
}

#[test]
fn of_rotations_at_once_one_is_done() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    let mut both = [(); 4].map(|()| {
        let mut command = folder.command(&["keys", "rotate"]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
    let done = both
        .iter_mut()
        .filter_map(|child| child.wait().unwrap().success().then_some(()))
        .count();
    assert_eq!((done, keys(&folder).len()), (1, 2));
}

#[test]
fn a_ring_that_somebody_changes_is_left_to_him() {
    let folder = Folder::new();
    folder.run(&["keys", "generate"]);
    let held = fs::File::options()
        .read(true)
        .write(true)
        .open(ring(&folder))
        .unwrap();
    held.lock().unwrap();
    let (code, message) = folder.fail(&["keys", "rotate"]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("Another `munjigi keys` is changing"),
        "{message}"
    );
    drop(held);
    folder.run(&["keys", "rotate"]);
}

#[test]
fn a_check_looks_into_the_ring_that_the_settings_name() {
    let folder = Folder::new();
    fs::write(
        folder.0.join("munjigi.toml"),
        format!("[SIMPLE_JWT]\nKEY_RING = \"{FILE}\"\nALGORITHM = \"ES256\"\n"),
    )
    .unwrap();
    let check = || {
        let key = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef";
        let mut command = folder.command(&["check"]);
        command
            .env("MUNJIGI_SECRET_KEY", key)
            .env("MUNJIGI_DATABASE_URL", "sqlite:x.sqlite3");
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(
        check().contains("`munjigi keys generate` makes one."),
        "{}",
        check()
    );
    folder.run(&["keys", "generate"]);
    assert!(
        check().contains("ALGORITHM is ES256, and the key that signs in SIMPLE_JWT.KEY_RING is for EdDSA"),
        "{}",
        check()
    );
    fs::remove_file(ring(&folder)).unwrap();
    folder.run(&["keys", "generate", "--algorithm", "ES256"]);
    assert_eq!(check(), "");
}
