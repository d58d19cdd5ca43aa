//! From a database of an older version to today's. The golden files are such databases, with rows in them.

use munjigi_store::records::EndReason;
use munjigi_store::{Foreign, UserModel, ended, migrate, records, users};

use crate::support::{TestDatabase, now, on_both};

on_both!(
    a_database_of_the_first_step_is_brought_up_to_date_with_its_rows,
    six_who_bring_it_up_to_date_at_once_all_succeed,
    a_database_with_a_step_that_is_not_known_is_left_as_it_is,
);

const FIRST_SQLITE: &str = include_str!("golden/munjigi_0001_sqlite.sql");
const FIRST_POSTGRES: &str = include_str!("golden/munjigi_0001_postgres.sql");

/// A database as `0001_initial` left it, after some sign-ins and sign-outs.
pub(crate) fn of_the_first_step(db: &TestDatabase) {
    db.execute(if db.is_sqlite() {
        FIRST_SQLITE
    } else {
        FIRST_POSTGRES
    });
}

async fn a_database_of_the_first_step_is_brought_up_to_date_with_its_rows(db: &TestDatabase) {
    of_the_first_step(db);
    let sessions = "SELECT * FROM munjigi_session ORDER BY sid";
    let before: Vec<_> = db.rows(sessions).iter().map(|row| remembered(db, row)).collect();
    assert_eq!(before.len(), 5);
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    let error = migrate::check(&store).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "The database is not ready (munjigi.0002_ended, munjigi.0003_remembered, munjigi.0004_uncached). Run `munjigi migrate`."
    );
    let steps = migrate::plan(&store).await.unwrap();
    assert_eq!(
        steps.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "munjigi.0002_ended",
            "munjigi.0003_remembered",
            "munjigi.0004_uncached"
        ]
    );
    assert_eq!(migrate::apply(&store, now()).await.unwrap(), steps);
    assert_eq!(migrate::apply(&store, now()).await.unwrap(), []);
    migrate::check(&store).await.unwrap();

    assert_eq!(db.rows(sessions), before);
    assert_eq!(db.rows("SELECT count(*) FROM django_migrations"), ["28"]);
    assert_eq!(
        db.rows("SELECT name FROM munjigi_migration ORDER BY name"),
        ["0001_initial", "0002_ended", "0003_remembered", "0004_uncached"]
    );
    let mut conn = store.reader();
    let user = users::by_username(&mut conn, "mseo").await.unwrap().unwrap();
    assert_eq!(records::for_user(&mut conn, &user.id).await.unwrap().len(), 2);
    // What ended before there was a list is on it, in its order.
    let list = ended::after(&mut conn, 0, now()).await.unwrap();
    assert_eq!((list.last, list.ended.len()), (3, 3));
    let mut ended_at = None;
    for (_, ended) in list.ended {
        let record = records::by_sid(&mut conn, &ended.sid).await.unwrap().unwrap();
        assert_eq!(record.end_reason, Some(EndReason::SignOut));
        let latest = record.jti_exp.max(record.ended_at).unwrap();
        assert_eq!(ended.until, latest + jiff::SignedDuration::from_hours(24));
        assert!(ended_at < record.ended_at, "the first to end comes first");
        ended_at = record.ended_at;
    }
}

/// A row of before, with what the last step adds to it.
fn remembered(db: &TestDatabase, row: &str) -> String {
    format!("{row}|{}", if db.is_sqlite() { "1" } else { "t" })
}

async fn six_who_bring_it_up_to_date_at_once_all_succeed(db: &TestDatabase) {
    of_the_first_step(db);
    let mut nodes = Vec::new();
    for _ in 0..6 {
        nodes.push(db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap());
    }
    let migrating = nodes
        .into_iter()
        .map(|node| tokio::spawn(async move { migrate::apply(&node, now()).await }));
    let mut steps = Vec::new();
    for node in migrating.collect::<Vec<_>>() {
        steps.push(node.await.unwrap().unwrap().len());
    }
    steps.sort_unstable();
    assert_eq!(steps, [0, 0, 0, 0, 0, 3]);
    assert_eq!(db.rows("SELECT value FROM munjigi_counter"), ["3"]);
}

async fn a_database_with_a_step_that_is_not_known_is_left_as_it_is(db: &TestDatabase) {
    of_the_first_step(db);
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    db.execute("INSERT INTO munjigi_migration (name, applied_at) VALUES ('0003_later', 0)");
    let error = migrate::apply(&store, now()).await.unwrap_err();
    assert_eq!(
        error.code(),
        "newer_schema",
        "not even the step that is missing is taken"
    );
    assert_eq!(
        db.rows("SELECT name FROM munjigi_migration ORDER BY name"),
        ["0001_initial", "0003_later"]
    );
}
