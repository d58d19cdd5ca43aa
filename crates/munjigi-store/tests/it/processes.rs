//! Processes that die, and processes that share a file. The other process is this test program again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use munjigi_store::{
    Foreign, Missing, Options, SessionEngine, Store, TokenBlacklist, UserModel, migrate, users,
};

use crate::steps::of_the_first_step;
use crate::support::{TestDatabase, now, on_both, run, sign_up};

on_both!(
    what_was_acknowledged_is_there_after_a_kill,
    a_migration_that_was_killed_is_done_by_the_next,
    a_further_step_that_was_killed_is_done_by_the_next,
    processes_that_write_to_one_database_do_not_hurt_each_other,
);

/// What the other process does, one line for each thing done.
const CHILD: &str = "processes::child";

async fn what_was_acknowledged_is_there_after_a_kill(db: &TestDatabase) {
    drop(db.store(UserModel::user_user()).await);
    for round in 0..4 {
        let mut child = started(db, &format!("round{round}-"), "1000000");
        let mut lines = lines_of(&mut child);
        let mut acknowledged: Vec<String> = lines.by_ref().take(150).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines);
        let clock = Instant::now();
        let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
        migrate::check(&store).await.unwrap();
        let mut conn = store.reader();
        for name in &acknowledged {
            assert!(
                users::by_username(&mut conn, name).await.unwrap().is_some(),
                "{name} was lost"
            );
        }
        assert!(acknowledged.len() >= 150 && clock.elapsed().as_secs() < 2);
    }
    if db.is_sqlite() {
        assert_eq!(db.rows("PRAGMA integrity_check"), ["ok"]);
    }
}

async fn a_migration_that_was_killed_is_done_by_the_next(db: &TestDatabase) {
    for _ in 0..8 {
        let mut child = started(db, "migrate", "0");
        assert_eq!(lines_of(&mut child).next().as_deref(), Some("migrating"));
        child.kill().unwrap();
        child.wait().unwrap();
        let applied = db.rows(if db.is_sqlite() {
            "SELECT count(*) FROM sqlite_master WHERE name IN ('munjigi_session', 'auth_group', 'user_user')"
        } else {
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename IN ('munjigi_session', 'auth_group', 'user_user')"
        });
        assert!(
            applied == ["0"] || applied == ["3"],
            "a migration is all or nothing: {applied:?}"
        );
    }
    let store = db.store(UserModel::user_user()).await;
    migrate::check(&store).await.unwrap();
    assert_eq!(db.rows("SELECT count(*) FROM django_migrations"), ["28"]);
}

async fn a_further_step_that_was_killed_is_done_by_the_next(db: &TestDatabase) {
    of_the_first_step(db);
    for _ in 0..8 {
        let mut child = started(db, "migrate", "0");
        assert_eq!(lines_of(&mut child).next().as_deref(), Some("migrating"));
        child.kill().unwrap();
        child.wait().unwrap();
        let tables = db.rows(if db.is_sqlite() {
            "SELECT count(*) FROM sqlite_master WHERE name IN ('munjigi_counter', 'munjigi_ended')"
        } else {
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename IN ('munjigi_counter', 'munjigi_ended')"
        });
        let steps = db.rows("SELECT count(*) FROM munjigi_migration");
        let there = (tables.concat(), steps.concat());
        let [before, after] =
            [("0", "1"), ("2", "2")].map(|(tables, steps)| (tables.to_owned(), steps.to_owned()));
        assert!(
            there == before || there == after,
            "a step is all or nothing: {there:?}"
        );
    }
    let store = db.store(UserModel::user_user()).await;
    migrate::check(&store).await.unwrap();
    assert_eq!(db.rows("SELECT value FROM munjigi_counter"), ["3"]);
}

async fn processes_that_write_to_one_database_do_not_hurt_each_other(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let mut children = [started(db, "one", "150"), started(db, "two", "150")];
    for number in 0..150 {
        sign_up(&store, &format!("three{number}"), "").await.unwrap();
    }
    for child in &mut children {
        assert_eq!(lines_of(child).count(), 150);
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(users::count(&mut store.reader()).await.unwrap(), 450);
    if db.is_sqlite() {
        assert_eq!(db.rows("PRAGMA integrity_check"), ["ok"]);
    }
}

/// Starts [`child`] in a process of its own.
fn started(db: &TestDatabase, prefix: &str, count: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", CHILD])
        .envs([
            ("CHILD_URL", db.exposed_url()),
            ("CHILD_PREFIX", prefix.to_owned()),
            ("CHILD_COUNT", count.to_owned()),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the child says, without what the test harness says around it.
fn lines_of(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    lines.filter_map(|line| line.split_once("done: ").map(|(_, what)| what.to_owned()))
}

fn say(what: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "done: {what}").unwrap();
    stdout.flush().unwrap();
}

#[test]
#[ignore = "run by the other tests of this module, in a process of its own"]
fn child() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let (url, prefix) = (variable("CHILD_URL").parse().unwrap(), variable("CHILD_PREFIX"));
    let count: usize = variable("CHILD_COUNT").parse().unwrap();
    run(async move {
        let options = Options {
            missing: Missing::Create,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        if prefix == "migrate" {
            say("migrating");
        }
        let store = Store::open(&url, UserModel::user_user(), options).await.unwrap();
        migrate::apply(&store, now()).await.unwrap();
        let clients = (0..8).map(|client| {
            let (store, prefix) = (store.clone(), prefix.clone());
            tokio::spawn(async move {
                for number in (client..count).step_by(8) {
                    let name = format!("{prefix}{number}");
                    sign_up(&store, &name, "").await.unwrap();
                    say(&name);
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    });
}
