//! `munjigi import` and `munjigi export`, as their operator meets them.

use super::HASH;
use crate::commands::Folder;
use crate::support::SECRET_KEY;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A database that is ready, in a folder of its own.
fn ready() -> Folder {
    let folder = Folder::new();
    let output = command(&folder, &["migrate"]).output().unwrap();
    assert!(output.status.success());
    folder
}

fn command(folder: &Folder, words: &[&str]) -> Command {
    let mut command = folder.command(words);
    command.env("MUNJIGI_SECRET_KEY", SECRET_KEY).env(
        "MUNJIGI_DATABASE_URL",
        format!("sqlite:{}", folder.0.join("db.sqlite3").display()),
    );
    command
}

/// The exit status, standard output and standard error.
fn ran(folder: &Folder, words: &[&str]) -> (Option<i32>, String, String) {
    let output = command(folder, words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::metadata(folder.0.join(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn who_comes_in_with_power_is_counted_aloud() {
    let folder = ready();
    let text = format!(
        "username,password,is_superuser,is_staff,groups\n\
         root,{HASH},true,true,\n\
         editor,{HASH},false,true,\"[\"\"editors\"\"]\"\n\
         writer,{HASH},false,false,\"[\"\"editors\"\", \"\"writers\"\"]\"\n\
         mseo,{HASH},,,\n"
    );
    fs::write(folder.0.join("users.csv"), text).unwrap();
    let told = "Imported: 4 users\nSuperusers among them: 1 user\nStaff among them: 2 users\n\
                In the group editors: 2 users\nIn the group writers: 1 user\nGroups made: 2\n";
    let rehearsed = format!("{told}This was a rehearsal. Nothing was written.\n");
    for (words, out) in [
        (
            &["import", "users.csv", "--dry-run"] as &[&str],
            rehearsed.as_str(),
        ),
        (&["import", "users.csv"], told),
    ] {
        assert_eq!(ran(&folder, words), (Some(0), out.to_owned(), String::new()));
    }
}

#[test]
fn bad_rows_are_kept_to_be_mended_and_imported_again() {
    let folder = ready();
    let bad = format!("2,\"min\nji\",{HASH},nobody\n");
    let text = format!("id,username,password,age\n1,mseo,{HASH},24\n{bad}3,plain,1234,5\n");
    fs::write(folder.0.join("users.csv"), text).unwrap();

    let words = ["import", "users.csv", "--rejects", "bad.csv"];
    let (code, out, err) = ran(&folder, &[words.as_slice(), &["--dry-run"]].concat());
    let told = "users.csv:3: its age is not an integer.\nusers.csv:5: the password is in no encoding that Django knows; \
                one in plain text is not taken, for whoever reads the file or the database could sign in with it.\n\
                munjigi: 2 rows were not taken.\n";
    assert_eq!((code, err.as_str()), (Some(1), told));
    let counted = "Imported: 1 user\nNot taken, as told above: 2 users\n";
    assert_eq!(
        out,
        format!("{counted}This was a rehearsal. Nothing was written.\n")
    );
    let rejected = format!("id,username,password,age\n{bad}3,plain,1234,5\n");
    assert_eq!(fs::read_to_string(folder.0.join("bad.csv")).unwrap(), rejected);
    assert_eq!(mode(&folder, "bad.csv"), 0o600);

    // What was kept before is not written over.
    let (code, _, err) = ran(&folder, &words);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("bad.csv cannot be made") && err.contains("not written over"),
        "{err}"
    );
    fs::remove_file(folder.0.join("bad.csv")).unwrap();
    let (code, out, err) = ran(&folder, &words);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(1), counted, told));

    let mended = rejected.replace("nobody", "30").replace("1234", "!");
    fs::write(folder.0.join("mended.csv"), mended).unwrap();
    let (code, out, err) = ran(&folder, &["import", "mended.csv", "--rejects", "none.csv"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "Imported: 2 users\n", "")
    );
    assert!(!folder.0.join("none.csv").exists());
}

#[test]
fn rejects_of_a_fixture_are_a_fixture() {
    let folder = ready();
    let row = |pk: u32, age: &str| {
        format!(
            "{{\"model\": \"user.user\", \"pk\": {pk}, \"fields\": {{\"username\": \"u{pk}\",\n  \"password\": \"!\", \"age\": {age}}}}}"
        )
    };
    let text = format!(
        "[\n{},\n{},\n{},\n{}\n]\n",
        row(1, "-1"),
        row(2, "2"),
        row(3, "\"x\""),
        row(4, "4")
    );
    fs::write(folder.0.join("users.json"), text).unwrap();
    let (code, _, err) = ran(&folder, &["import", "users.json", "--rejects", "bad.json"]);
    assert_eq!(code, Some(1));
    assert!(
        err.starts_with(
            "users.json:2: record 1: its age is not between 0 and 2147483647.\nusers.json:6: record 3: "
        ),
        "{err}"
    );
    let rejected = fs::read_to_string(folder.0.join("bad.json")).unwrap();
    assert_eq!(
        rejected,
        format!("[\n{},\n{}\n]\n", row(1, "-1"), row(3, "\"x\""))
    );
    fs::write(
        folder.0.join("mended.json"),
        rejected.replace("-1", "1").replace("\"x\"", "null"),
    )
    .unwrap();
    let (code, out, _) = ran(&folder, &["import", "mended.json"]);
    assert_eq!((code, out.as_str()), (Some(0), "Imported: 2 users\n"));
}

#[test]
fn an_export_is_its_owners_alone_and_goes_through_a_pipe_into_another_database() {
    let (folder, other) = (ready(), ready());
    fs::write(
        folder.0.join("u.ndjson"),
        "{\"id\": 5, \"username\": \"mseo\", \"password\": \"!\"}\n",
    )
    .unwrap();
    assert_eq!(ran(&folder, &["import", "u.ndjson"]).0, Some(0));
    let (code, out, err) = ran(&folder, &["export", "users.json"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "Exported: 1 user\n", "")
    );
    assert_eq!(mode(&folder, "users.json"), 0o600);
    let (code, _, err) = ran(&folder, &["export", "users.json"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("not written over"), "{err}");

    let (code, exported, _) = ran(&folder, &["export"]);
    assert_eq!(code, Some(0));
    assert_eq!(exported, fs::read_to_string(folder.0.join("users.json")).unwrap());
    let mut import = command(&other, &["import", "-", "--format", "fixture"]);
    let mut import = import
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(exported.as_bytes())
        .unwrap();
    let output = import.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Imported: 1 user\n");
    assert!(ran(&other, &["users", "list"]).1.contains("\n5\tmseo\t"));
}

#[test]
fn a_command_that_cannot_begin_says_what_to_write() {
    let folder = ready();
    fs::write(folder.0.join("users.txt"), "").unwrap();
    fs::write(
        folder.0.join("other.json"),
        "[{\"model\": \"auth.user\", \"pk\": 1, \"fields\": {\"username\": \"a\", \"password\": \"!\"}}]",
    )
    .unwrap();
    let (code, _, err) = ran(&folder, &["import", "users.txt"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("Write --format fixture, jsonl, ndjson or csv"),
        "{err}"
    );
    let (code, _, err) = ran(&folder, &["import", "missing.json"]);
    assert!(
        code == Some(1) && err.contains("missing.json cannot be read"),
        "{err}"
    );
    let (code, _, err) = ran(&folder, &["import", "users.txt", "--format", "csv"]);
    assert!(code == Some(1) && err.contains("The input is empty"), "{err}");
    let (code, _, err) = ran(&folder, &["import", "users.txt", "--map", "email"]);
    assert!(code == Some(2) && err.contains("email=mail"), "{err}");
    let (code, _, err) = ran(&folder, &["import", "other.json"]);
    assert!(
        code == Some(1) && err.contains("write --model auth.user"),
        "{err}"
    );
    let (code, out, _) = ran(&folder, &["import", "other.json", "--model", "auth.User"]);
    assert_eq!((code, out.as_str()), (Some(0), "Imported: 1 user\n"));
}
