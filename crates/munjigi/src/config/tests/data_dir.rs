//! The directory of `munjigi dev`: its key, its database, its modes.

use super::{KEY, gather};
use crate::config::{Config, DataDir, Mode};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_data_directory_keeps_its_key_and_gives_way_to_what_is_written() {
    let path = std::env::temp_dir().join(format!("munjigi-data-{}", std::process::id()));
    let dir = DataDir::at(&path);
    let mut written = gather("", &[]).unwrap();
    dir.prepare(&mut written, &mut crate::clock::entropy()).unwrap();
    let first = Config::resolve(&written, Mode::Dev).unwrap();
    assert!(first.warnings.is_empty());
    assert_eq!(
        first.database.sqlite_path(),
        Some(path.join("munjigi.sqlite3").as_path())
    );
    assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("secret_key"), 0o600);

    let mut again = gather("", &[]).unwrap();
    dir.prepare(&mut again, &mut crate::clock::entropy()).unwrap();
    let again = Config::resolve(&again, Mode::Dev).unwrap();
    assert_eq!(
        again.secret_keys.current().expose(),
        first.secret_keys.current().expose()
    );

    let mut given = gather("", &[("MUNJIGI_SECRET_KEY", KEY)]).unwrap();
    dir.prepare(&mut given, &mut crate::clock::entropy()).unwrap();
    assert_eq!(
        Config::resolve(&given, Mode::Dev)
            .unwrap()
            .secret_keys
            .current()
            .expose(),
        KEY.as_bytes()
    );

    // A copy may have lost its modes.
    for name in ["secret_key", "munjigi.sqlite3", "munjigi.sqlite3-wal"] {
        fs::write(path.join(name), KEY).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let prepare = || dir.prepare(&mut gather("", &[]).unwrap(), &mut crate::clock::entropy());
    let finding = prepare().unwrap().unwrap();
    assert!(
        finding.message.contains("secret_key (its mode is 0600 now), ")
            && finding.message.contains("munjigi.sqlite3-wal")
    );
    assert_eq!((mode("secret_key"), mode("munjigi.sqlite3-wal")), (0o600, 0o600));
    assert_eq!(prepare().unwrap(), None);
    fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_data_directory_names_its_own_database_or_is_not_made() {
    let path = std::env::temp_dir().join(format!("munjigi-data-{}-?", std::process::id()));
    let mut written = gather("", &[]).unwrap();
    let refused = DataDir::at(&path).prepare(&mut written, &mut crate::clock::entropy());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("Choose one without \"?\"")
    );
    assert!(!path.exists());
    let mut given = gather("", &[("MUNJIGI_DATABASE_URL", "sqlite:x")]).unwrap();
    assert_eq!(
        DataDir::at(&path)
            .prepare(&mut given, &mut crate::clock::entropy())
            .unwrap(),
        None
    );
    fs::remove_dir_all(&path).unwrap();

    let mut doubled = gather("", &[("MUNJIGI_SECRET_KEY", KEY)]).unwrap();
    DataDir::at("//srv/data").provide(&mut doubled).unwrap();
    let config = Config::resolve(&doubled, Mode::Dev).unwrap();
    assert_eq!(
        config.database.sqlite_path(),
        Some("/srv/data/munjigi.sqlite3".as_ref())
    );
}
