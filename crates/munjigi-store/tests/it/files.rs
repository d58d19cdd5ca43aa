//! What SQLite's files may be like when the store is opened.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use munjigi_store::{
    Error, Foreign, Missing, Options, Result, SessionEngine, Store, TokenBlacklist, UserModel, migrate,
};

use crate::support::{TestDatabase, now, run, sign_up};

async fn open(db: &TestDatabase, missing: Missing) -> Result<Store> {
    Store::open(
        &db.url,
        UserModel::user_user(),
        Options {
            missing,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        },
    )
    .await
}

fn refusal(db: &TestDatabase) -> Error {
    let mut refused = None;
    run(async { refused = open(db, Missing::Create).await.err() });
    refused.expect("the store must not open")
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[test]
fn a_missing_file_is_created_only_on_demand() {
    let db = TestDatabase::sqlite();
    run(async {
        let error = open(&db, Missing::Refuse).await.err().unwrap();
        assert_eq!(error.code(), "no_database_file");
        assert!(error.to_string().contains("db.sqlite3"), "{error}");
        assert!(!db.file().exists());
        open(&db, Missing::Create).await.unwrap();
        open(&db, Missing::Refuse).await.unwrap();
    });
}

#[test]
fn a_created_database_and_its_companions_are_the_owners_alone() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        sign_up(&store, "mseo", "").await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = beside(&db.file(), suffix);
            assert_eq!(
                file.metadata().unwrap().permissions().mode() & 0o777,
                0o600,
                "{}",
                file.display()
            );
        }
        drop(store);
    });
    assert!(
        !beside(&db.file(), "-wal").exists(),
        "whoever closes it last tidies up"
    );
}

#[test]
fn a_damaged_file_is_refused_in_one_line_and_left_as_it_is() {
    let db = TestDatabase::sqlite();
    run(async { drop(db.store(UserModel::user_user()).await) });
    let good = std::fs::read(db.file()).unwrap();
    let flipped = |at: usize, with: u8| {
        let mut bytes = good.clone();
        bytes[at] = with;
        bytes
    };
    for (what, bytes) in [
        ("another header", flipped(3, b'x')),
        ("no page", flipped(100, 0xff)),
        ("a page size that is none", flipped(16, 0x03)),
        ("text", b"This is not a database. ".repeat(100)),
    ] {
        std::fs::write(db.file(), &bytes).unwrap();
        let error = refusal(&db);
        assert_eq!(error.code(), "damaged_database", "{what}: {error}");
        let text = error.to_string();
        assert!(
            text.contains("db.sqlite3") && !text.contains('\n'),
            "{what}: {text}"
        );
        assert!(
            std::fs::read(db.file()).unwrap() == bytes,
            "{what}: the file was changed"
        );
    }
}

#[test]
fn an_empty_or_missing_file_beside_a_log_is_not_made_anew() {
    let db = TestDatabase::sqlite();
    let log = beside(&db.file(), "-wal");
    for empty_file in [true, false] {
        std::fs::write(&log, b"what is left of it").unwrap();
        if empty_file {
            std::fs::write(db.file(), b"").unwrap();
        } else {
            std::fs::remove_file(db.file()).unwrap();
        }
        let error = refusal(&db);
        assert_eq!(error.code(), "damaged_database", "{error}");
        assert_eq!(std::fs::read(&log).unwrap(), b"what is left of it");
        assert_eq!(db.file().exists(), empty_file);
    }
}

#[test]
fn what_is_no_file_or_has_no_folder_is_refused_by_name() {
    let db = TestDatabase::sqlite();
    std::fs::create_dir(db.file()).unwrap();
    assert!(refusal(&db).to_string().contains("it is not a file"));
    std::fs::remove_dir(db.file()).unwrap();
    let nowhere = format!(
        "sqlite:{}/nowhere/db.sqlite3",
        db.file().parent().unwrap().display()
    );
    run(async {
        let options = Options {
            missing: Missing::Create,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        let error = Store::open(&nowhere.parse().unwrap(), UserModel::user_user(), options)
            .await
            .err();
        let error = error.unwrap();
        assert_eq!(error.code(), "unusable_database");
        assert!(error.to_string().contains("nowhere/db.sqlite3"), "{error}");
    });
}

#[test]
fn a_database_with_a_rollback_journal_is_switched_to_wal_and_keeps_its_rows() {
    let db = TestDatabase::sqlite();
    run(async {
        let store = db.store(UserModel::user_user()).await;
        sign_up(&store, "mseo", "").await.unwrap();
        drop(store);
        db.execute("PRAGMA journal_mode = DELETE");
        let store = open(&db, Missing::Refuse).await.unwrap();
        migrate::check(&store).await.unwrap();
        assert_eq!(db.rows("PRAGMA journal_mode"), ["wal"]);
        assert_eq!(db.rows("SELECT username FROM user_user"), ["mseo"]);
        migrate::apply(&store, now()).await.unwrap();
    });
}
