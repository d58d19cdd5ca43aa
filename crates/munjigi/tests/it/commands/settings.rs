//! `munjigi config`: what a settings.py becomes, and what is printed.

use super::{CHEAP, Folder, MSEO, error};
use std::fs;

#[test]
fn the_block_of_the_notes_converts_and_is_as_if_it_were_not_there() {
    let folder = Folder::new();
    let block = "from datetime import timedelta\n\nSIMPLE_JWT = {\n    'ACCESS_TOKEN_LIFETIME': timedelta(minutes=5),\n    \
                 'REFRESH_TOKEN_LIFETIME': timedelta(days=7),\n    'ROTATE_REFRESH_TOKENS': False,\n    \
                 'BLACKLIST_AFTER_ROTATION': False,\n    'ALGORITHM': 'HS256',\n    'SIGNING_KEY': SECRET_KEY,\n    \
                 'VERIFYING_KEY': None,\n    'AUDIENCE': None,\n    'ISSUER': None,\n    \
                 'AUTH_HEADER_TYPES': ('Bearer',),\n    'USER_ID_FIELD': 'id',\n    'USER_ID_CLAIM': 'user_id',\n}\n";
    fs::write(folder.0.join("settings.py"), block).unwrap();
    fs::write(
        folder.0.join("converted.toml"),
        folder.run(&["config", "convert", "settings.py"]),
    )
    .unwrap();
    fs::write(folder.0.join("empty.toml"), "").unwrap();
    let values = |file: &str| {
        let shown = folder.run(&["config", "show", "--dev", "--config", file]);
        toml::from_str::<toml::Table>(&shown).unwrap()
    };
    assert_eq!(values("converted.toml"), values("empty.toml"));
}

/// Settings files in the shapes that projects have; see `fixtures/make_converted_settings.py`.
#[test]
fn a_converted_settings_file_starts_as_it_is() {
    let folder = Folder::new();
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/settings_py");
    let mut count = 0;
    for file in fs::read_dir(files).unwrap() {
        let path = file.unwrap().path();
        let converted = folder.run(&["config", "convert", path.to_str().unwrap()]);
        fs::write(folder.0.join("converted.toml"), converted).unwrap();
        let checked = folder
            .command(&["check", "--config", "converted.toml"])
            .env(
                "MUNJIGI_SECRET_KEY",
                "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef",
            )
            .env("MUNJIGI_DATABASE_URL", "sqlite:shop.sqlite3")
            .env("MUNJIGI_ALLOWED_HOSTS", "[\"auth.example\"]")
            .output()
            .unwrap();
        assert_eq!(
            checked.status.code(),
            Some(0),
            "{}: {}",
            path.display(),
            error(&checked)
        );
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn the_settings_py_of_the_guide_converts_whole_and_starts_a_server() {
    let guide = |file: &str| {
        let path = format!("{}/../../docs/guide/{file}", env!("CARGO_MANIFEST_DIR"));
        let page = fs::read_to_string(path).unwrap();
        let (_, settings) = page.split_once("```python\n").unwrap();
        settings.split_once("```").unwrap().0.to_owned()
    };
    let settings = guide("from-simplejwt.md");
    assert_eq!(settings, guide("from-simplejwt.ko.md"));

    let folder = Folder::new();
    fs::write(folder.0.join("settings.py"), &settings).unwrap();
    let converted = folder.run(&["config", "convert", "settings.py"]);
    // What the page writes into SIMPLE_JWT stands in the result, each key once; a key of the project is a comment.
    let (_, simple_jwt) = settings.split_once("SIMPLE_JWT = {").unwrap();
    for line in simple_jwt.lines().filter(|line| line.contains("\": ")) {
        let key = line.trim().trim_start_matches('"').split('"').next().unwrap();
        let found = converted
            .lines()
            .filter(|line| line.starts_with(&format!("{key} = ")) || line.starts_with(&format!("# {key}: ")));
        assert_eq!(found.count(), 1, "{key}\n{converted}");
    }
    fs::write(folder.0.join("munjigi.toml"), converted + CHEAP).unwrap();

    let dev = folder.dev("C.UTF-8");
    assert!(
        dev.post("/user/session_signup", MSEO)
            .starts_with("HTTP/1.1 201 ")
    );
    let signed_in = dev.post("/api/token/", r#"{"username": "mseo", "password": "1234"}"#);
    let refresh = signed_in.split('"').nth(3).unwrap();
    let body = format!(r#"{{"refresh": "{refresh}"}}"#);
    let rotated = dev.post("/api/token/refresh/", &body);
    assert!(
        rotated.contains(r#"{"access":""#) && rotated.contains(r#","refresh":""#),
        "{rotated}"
    );
    let again = dev.post("/api/token/refresh/", &body);
    let successor = |answer: &str| answer.split_once(r#","refresh":""#).unwrap().1.to_owned();
    assert_eq!(successor(&again), successor(&rotated));
}

#[test]
fn the_settings_that_are_printed_can_be_read_again() {
    let folder = Folder::new();
    fs::write(folder.0.join("example.toml"), folder.run(&["config", "example"])).unwrap();
    let shown = folder.run(&["config", "show", "--config", "example.toml"]);
    assert!(shown.contains("\nAUTH_TOKEN_CLASSES = [\"rest_framework_simplejwt.tokens.AccessToken\"]  # default; differs from the notes: "));
    assert!(folder.run(&["config", "reference"]).starts_with("# Settings\n"));
}
