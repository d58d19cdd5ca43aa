//! The tables are Django's own, column by column and index by index. The golden files are what `migrate` of Django
//! 5.2.19 with simplejwt 5.5.1 left behind, as `sqlite_master` and `pg_dump -s` show it, without the admin's tables.

use munjigi_store::UserModel;

use crate::support::{TestDatabase, run};

const AUTH_SQLITE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/vectors/django_schema_sqlite.sql"
);
const AUTH_POSTGRES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/vectors/django_schema_postgres.sql"
);
const USER_SQLITE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/golden/django_schema_user_sqlite.sql"
);
const USER_POSTGRES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/golden/django_schema_user_postgres.sql"
);

#[test]
fn auth_user_on_sqlite() {
    run(is_djangos_on_sqlite(UserModel::auth_user(), AUTH_SQLITE, 24));
}

#[test]
fn user_user_on_sqlite() {
    run(is_djangos_on_sqlite(UserModel::user_user(), USER_SQLITE, 24));
}

#[test]
fn auth_user_on_postgres() {
    run(is_djangos_on_postgres(UserModel::auth_user(), AUTH_POSTGRES));
}

#[test]
fn user_user_on_postgres() {
    run(is_djangos_on_postgres(UserModel::user_user(), USER_POSTGRES));
}

async fn is_djangos_on_sqlite(model: UserModel, golden: &str, at_least: usize) {
    let db = TestDatabase::sqlite();
    db.store(model).await;
    let mut ours = db.rows(&format!(
        "SELECT sql || ';' FROM sqlite_master WHERE sql NOT NULL AND tbl_name NOT LIKE 'munjigi_%' AND name <> '{}'",
        the_deviation("django_schema_sqlite.sql")
    ));
    let golden = std::fs::read_to_string(golden).unwrap();
    let mut djangos: Vec<&str> = golden.lines().filter(|line| !line.starts_with("--")).collect();
    ours.sort_unstable();
    djangos.sort_unstable();
    assert!(
        djangos.len() >= at_least,
        "the golden file has {} statements",
        djangos.len()
    );
    assert_eq!(ours, djangos);
}

async fn is_djangos_on_postgres(model: UserModel, golden: &str) {
    let (Some(ours), Some(djangos)) = (TestDatabase::postgres(), TestDatabase::postgres()) else {
        return;
    };
    ours.store(model).await;
    djangos.execute(&std::fs::read_to_string(golden).unwrap().replace("public.", ""));
    for (what, query, at_least) in CATALOGUE {
        let query = query.replace("{deviation}", &the_deviation("django_schema_postgres.sql"));
        let (mut ours, mut theirs) = (ours.rows(&query), djangos.rows(&query));
        ours.sort_unstable();
        theirs.sort_unstable();
        assert!(theirs.len() >= at_least, "{what}: {}", theirs.len());
        assert_eq!(ours, theirs, "{what}");
    }
}

/// The one thing that we add to Django's tables, by its name in the list of deviations.
fn the_deviation(vectors: &str) -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/deviations.toml");
    let list: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let entries = list["deviation"].as_array().unwrap().iter();
    let ours = |entry: &&toml::Value| entry["vectors"].as_str() == Some(vectors);
    let ids: Vec<&str> = entries
        .filter(ours)
        .map(|entry| entry["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0].to_owned()
}

const CATALOGUE: [(&str, &str, usize); 4] = [
    (
        "columns",
        "SELECT table_name, ordinal_position, column_name, udt_name, character_maximum_length, is_nullable, \
         column_default, is_identity, identity_generation FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name NOT LIKE 'munjigi%'",
        45,
    ),
    (
        "constraints",
        "SELECT conrelid::regclass, conname, contype, condeferrable, condeferred, pg_get_constraintdef(oid) \
         FROM pg_constraint WHERE connamespace = current_schema()::regnamespace \
         AND conrelid::regclass::text NOT LIKE 'munjigi%'",
        25,
    ),
    (
        "indexes",
        "SELECT tablename, indexname, replace(indexdef, current_schema() || '.', '') FROM pg_indexes \
         WHERE schemaname = current_schema() AND tablename NOT LIKE 'munjigi%' AND indexname <> '{deviation}'",
        30,
    ),
    (
        "sequences",
        "SELECT sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size \
         FROM pg_sequences WHERE schemaname = current_schema()",
        10,
    ),
];
