//! Roles and schemas of PostgreSQL as teams have them: a server that may not make tables, tables in other schemas.

use munjigi_store::grants::{self, Grantee, Use};
use munjigi_store::{
    Error, Foreign, Missing, Options, SessionEngine, Store, TokenBlacklist, UserModel, migrate, users,
};

use crate::support::{TestDatabase, now, on_both, run, sign_up};

on_both!(what_is_printed_is_what_migrate_would_do);

async fn what_is_printed_is_what_migrate_would_do(db: &TestDatabase) {
    let store = db.open(UserModel::user_user(), Foreign::Refuse).await.unwrap();
    let sql = migrate::sql(&store, now(), None).await.unwrap();
    let statements = migrate::plan(&store).await.unwrap().len();
    assert!(sql.starts_with("BEGIN") && sql.ends_with("COMMIT;\n"), "{sql}");
    db.execute(&sql);
    migrate::check(&store).await.unwrap();
    assert_eq!(migrate::sql(&store, now(), None).await.unwrap(), "");
    assert_eq!(statements, 9);
    let applied = db.rows("SELECT count(*) FROM django_migrations");
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| db.execute(&sql)));
    assert!(again.is_err(), "the tables are there already");
    assert_eq!(db.rows("SELECT count(*) FROM django_migrations"), applied);
    sign_up(&store, "mseo", "").await.unwrap();
}

/// A role that may log in nowhere, and that nobody else's test has.
struct Role<'a> {
    db: &'a TestDatabase,
    name: String,
}

impl<'a> Role<'a> {
    fn new(db: &'a TestDatabase) -> Self {
        let [schema] = <[String; 1]>::try_from(db.rows("SELECT current_schema()")).unwrap();
        let name = format!("Role of {schema}");
        db.execute(&format!("CREATE ROLE \"{name}\""));
        Self { db, name }
    }

    async fn store(&self) -> Store {
        let escaped = self.name.replace(' ', "%5C%20");
        let url = self.db.exposed_url();
        let url = url.replace("options=", &format!("options=-crole%3D{escaped}%20"));
        let options = Options {
            missing: Missing::Refuse,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        Store::open(&url.parse().unwrap(), UserModel::user_user(), options)
            .await
            .unwrap()
    }

    fn grantee(&self, uses: &[Use]) -> Grantee {
        Grantee {
            role: self.name.clone(),
            uses: uses.to_vec(),
        }
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        self.db
            .execute(&format!("DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\""));
    }
}

#[test]
fn a_role_that_may_make_no_tables_is_sent_to_who_may() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let role = Role::new(&db);
        db.execute(&format!(
            "GRANT USAGE ON SCHEMA {} TO \"{}\"",
            schema(&db),
            role.name
        ));
        let store = role.store().await;
        let error = migrate::apply(&store, now()).await.unwrap_err();
        assert_eq!(error.code(), "database_forbidden");
        let told = error.to_string();
        assert!(
            told.contains("permission denied for schema") && told.contains("munjigi migrate --sql"),
            "{told}"
        );
        let sql = migrate::sql(&store, now(), Some(&role.grantee(&[])))
            .await
            .unwrap();
        db.execute(&sql);
        migrate::check(&store).await.unwrap();
        grants::check(&store, &[]).await.unwrap();
    });
}

fn schema(db: &TestDatabase) -> String {
    db.rows("SELECT current_schema()").remove(0)
}

#[test]
fn each_privilege_that_is_taken_away_is_told_with_what_gives_it_back() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let admin = db.store(UserModel::user_user()).await;
        // As Django made keys before 4.1.
        db.execute(
            "ALTER TABLE user_user ALTER id DROP IDENTITY; CREATE SEQUENCE user_user_serial OWNED BY user_user.id; \
             ALTER TABLE user_user ALTER id SET DEFAULT nextval('user_user_serial')",
        );
        let role = Role::new(&db);
        let uses = [Use::SignUp, Use::Deletion, Use::Permissions];
        let sql = migrate::sql(&admin, now(), Some(&role.grantee(&uses)))
            .await
            .unwrap();
        db.execute(&sql);
        let store = role.store().await;
        grants::check(&store, &uses).await.unwrap();
        sign_up(&store, "mseo", "mseo@naver.com").await.unwrap();
        let mut told = 0;
        for grant in sql
            .lines()
            .filter(|line| line.starts_with("GRANT ") && !line.contains("SCHEMA"))
        {
            let (privileges, rest) = grant["GRANT ".len()..].split_once(" ON ").unwrap();
            for privilege in privileges.split(", ") {
                let (table, _) = rest.split_once(" TO ").unwrap();
                db.execute(&format!("REVOKE {privilege} ON {table} FROM \"{}\"", role.name));
                let error = grants::check(&store, &uses).await.unwrap_err();
                let Error::MissingPrivilege {
                    grant,
                    privilege: told_privilege,
                    ..
                } = &error
                else {
                    panic!("{error}");
                };
                assert_eq!(told_privilege, privilege);
                db.execute(grant);
                grants::check(&store, &uses).await.unwrap();
                told += 1;
            }
        }
        assert!(told > 35, "{told}");
    });
}

#[test]
fn a_role_needs_no_more_than_what_is_done_with_it() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    run(async {
        let admin = db.store(UserModel::user_user()).await;
        let role = Role::new(&db);
        db.execute(
            &migrate::sql(&admin, now(), Some(&role.grantee(&[])))
                .await
                .unwrap(),
        );
        let store = role.store().await;
        grants::check(&store, &[]).await.unwrap();
        for more in [Use::SignUp, Use::Deletion, Use::Permissions] {
            let error = grants::check(&store, &[more]).await.unwrap_err();
            assert_eq!(error.code(), "missing_privilege", "{more:?}");
        }
        let error = sign_up(&store, "mseo", "").await.unwrap_err();
        assert_eq!(error.code(), "database_forbidden");
    });
}

#[test]
fn tables_are_found_in_any_schema_of_the_path_and_ours_go_into_the_first() {
    let Some(db) = TestDatabase::postgres() else {
        return;
    };
    let (project, first) = (schema(&db), format!("Ours of {}", schema(&db)));
    run(async {
        let django = db.store(UserModel::auth_user()).await;
        sign_up(&django, "mseo", "").await.unwrap();
        db.execute(
            "DROP TABLE munjigi_migration, munjigi_origin, munjigi_email, munjigi_session, munjigi_ended, munjigi_uncached, \
             munjigi_counter; DROP INDEX munjigi_user_email",
        );
        db.execute(&format!("CREATE SCHEMA \"{first}\""));
        // Somebody else's, which no name without a schema finds.
        db.execute(&format!("CREATE TABLE \"{first}\".unrelated (id int)"));
        let path = format!("nowhere,\"{first}\",{project}")
            .replace(' ', "%5C%20")
            .replace('"', "%22");
        let url = db.exposed_url().replace(
            &format!("search_path%3D{project}"),
            &format!("search_path%3D{path}"),
        );
        let options = Options {
            missing: Missing::Refuse,
            foreign: Foreign::Adopt,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        let store = Store::open(&url.parse().unwrap(), UserModel::auth_user(), options)
            .await
            .unwrap();
        assert_eq!(
            migrate::plan(&store).await.unwrap().len(),
            4,
            "only our own steps"
        );
        migrate::apply(&store, now()).await.unwrap();
        migrate::check(&store).await.unwrap();
        grants::check(&store, &[Use::SignUp]).await.unwrap();
        assert!(
            users::by_username(&mut store.reader(), "mseo")
                .await
                .unwrap()
                .is_some()
        );
        let ours = format!(
            "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'munjigi%' AND schemaname IN ('{first}', '{project}')"
        );
        assert_eq!(db.rows(&ours).join(" "), first);
        db.execute(&format!("DROP SCHEMA \"{first}\" CASCADE"));
    });
}
