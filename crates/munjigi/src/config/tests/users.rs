//! Whose users they are: `AUTH_USER_MODEL`, `[user]`, and what that makes of the sign-ups.

use super::{refusal, serve};
use munjigi_store::{FieldKind, FieldValue, Fill, Foreign, UserModel};

#[test]
fn the_user_model_is_the_notes_unless_it_is_written() {
    let config = serve("").unwrap();
    assert_eq!(config.user_model, UserModel::user_user());
    assert_eq!(config.foreign, Foreign::Refuse);
    assert!(config.email_unique);

    let stock = serve("AUTH_USER_MODEL = \"auth.User\"").unwrap();
    assert_eq!(
        (stock.user_model, stock.foreign),
        (UserModel::auth_user(), Foreign::Adopt)
    );

    let file = "AUTH_USER_MODEL = \"accounts.Member\"\n[user]\nprimary_key = \"UUIDField\"\nemail_unique = false\n\
                [user.fields.nick]\ntype = \"CharField\"\nmax_length = 20\ndb_column = \"nickname\"\n\
                [user.fields.level]\ntype = \"SmallIntegerField\"\nnull = true\n";
    let own = serve(file).unwrap();
    assert_eq!(own.user_model.table, "accounts_member");
    assert_eq!(own.user_model.id_kind, munjigi_user::UserIdKind::Uuid);
    assert!(!own.email_unique);
    let [level, nick] = own.user_model.extra_fields.as_slice() else {
        panic!("two fields")
    };
    assert_eq!(
        (level.kind, level.nullable),
        (
            FieldKind::Integer {
                min: -32_768,
                max: 32_767
            },
            true
        )
    );
    assert_eq!(
        (nick.column.as_str(), nick.kind),
        ("nickname", FieldKind::Text { max_length: Some(20) })
    );
}

#[test]
fn a_declared_field_is_no_field_that_a_user_has_of_himself() {
    let text = |name: &str, rest: &str| format!("[user.fields.{name}]\ntype = \"TextField\"\n{rest}");
    let columns = "id password last_login is_superuser username first_name last_name email is_staff is_active \
                   date_joined groups user_permissions";
    for column in columns.split(' ') {
        let by_name = serve(&text(column, ""));
        assert!(
            refusal(by_name).1.contains("that AbstractUser has not"),
            "{column}"
        );
        let by_column = serve(&text("nick", &format!("db_column = \"{column}\"\n")));
        assert!(
            refusal(by_column).1.contains("which is another field's"),
            "{column}"
        );
    }
    for file in [
        text("Is_Staff", ""),
        text("nick", "db_column = \"IS_STAFF\"\n"),
        text("a", "db_column = \"same\"\n") + &text("b", "db_column = \"Same\"\n"),
        text("a", "db_column = \"b\"\n") + &text("b", ""),
        "[user]\nUSERNAME_FIELD = \"login\"\n".to_owned() + &text("login", ""),
    ] {
        assert_eq!(refusal(serve(&file)).0, "contradiction", "{file}");
    }
    let swapped = text("a", "db_column = \"b\"\n") + &text("b", "db_column = \"a\"\n");
    assert!(serve(&swapped).is_ok());
}

#[test]
fn a_model_has_the_fields_and_the_columns_that_are_written() {
    let file = "AUTH_USER_MODEL = \"people.Person\"\n[user]\ndb_table = \"staff\"\nprimary_key_field = \"number\"\n\
                USERNAME_FIELD = \"login\"\nEMAIL_FIELD = \"contact\"\n\
                [user.columns]\nnumber = \"person_no\"\nlogin = \"login_name\"\ncontact = \"mail\"\n\
                password = \"pw_hash\"\nusername = \"\"\nemail = \"\"\nfirst_name = \"\"\nis_staff = \"may_enter\"\n\
                [SIMPLE_JWT]\nUSER_ID_FIELD = \"number\"\n";
    let config = serve(file).unwrap();
    let model = &config.user_model;
    let columns = &model.columns;
    assert_eq!((columns.id(), columns.password()), ("person_no", "pw_hash"));
    assert_eq!(
        (model.username_column(), model.email_column()),
        ("login_name", Some("mail"))
    );
    for (field, column) in [
        ("username", None),
        ("email", None),
        ("first_name", None),
        ("last_name", Some("last_name")),
        ("is_staff", Some("may_enter")),
    ] {
        assert_eq!(columns.of(field), column, "{field}");
    }
    assert!(!model.is_named_by_email());
    assert_eq!(config.simple_jwt.user_id_field, "id");
}

#[test]
fn without_an_email_column_there_is_no_address_unless_it_is_written() {
    let none = "AUTH_USER_MODEL = \"a.B\"\n[user.columns]\nemail = \"\"\n";
    let config = serve(none).unwrap();
    assert_eq!(config.user_model.email_field, None);
    assert!(!config.own_account.email_editable);
    let written = "AUTH_USER_MODEL = \"a.B\"\n[user]\nEMAIL_FIELD = \"\"\n";
    assert_eq!(serve(written).unwrap().user_model.email_field, None);
}

#[test]
fn what_cannot_be_said_of_a_model_is_refused_with_a_sentence() {
    for (file, words) in [
        ("[user.columns]\nid = \"\"", "every user has one"),
        ("[user.columns]\npassword = \"\"", "every user has one"),
        ("[user.columns]\nnick = \"x\"", "declare it as [user.fields.nick]"),
        (
            "[user.columns]\nusername = \"\"",
            "user.USERNAME_FIELD is \"username\", and [user.columns] says",
        ),
        (
            "[user]\nEMAIL_FIELD = \"email\"\n[user.columns]\nemail = \"\"",
            "user.EMAIL_FIELD is \"email\", and [user.columns] says",
        ),
        ("[user]\nUSERNAME_FIELD = \"is_staff\"", "holds no text"),
        (
            "[user.columns]\nis_staff = \"is_superuser\"",
            "which is another field's",
        ),
        (
            "[user.columns]\nis_superuser = \"\"\n[SIMPLE_JWT_CLAIMS]\nroles = \"groups\"",
            "has no such field",
        ),
        (
            "[user.columns]\nlast_name = \"\"\n[SIMPLE_JWT_CLAIMS]\nname = \"full_name\"",
            "has no such field",
        ),
        (
            "[user]\nEMAIL_FIELD = \"\"\nemail_editable = true",
            "the model has no e-mail address",
        ),
        (
            "[user]\nprimary_key_field = \"number\"\n[SIMPLE_JWT]\nUSER_ID_FIELD = \"uuid\"",
            "write \"number\" or \"username\" or \"email\"",
        ),
        (
            "AUTH_USER_MODEL = \"a.B\"\n[user]\nprimary_key = \"CharField\"\n[ROUTES]\njwt_signup = \"/signup\"",
            "cannot choose the key",
        ),
    ] {
        let message = refusal(serve(file)).1;
        assert!(message.contains(words), "{file}: {message}");
    }
}

#[test]
fn a_column_that_must_be_filled_is_filled_as_its_model_fills_it() {
    let field = |class: &str, rest: &str| format!("[user.fields.extra]\ntype = \"{class}\"\n{rest}\n");
    for (class, default, fill) in [
        ("DateTimeField", "\"now\"", Fill::Now),
        ("DateField", "\"now\"", Fill::Today),
        (
            "DateField",
            "\"2026-01-31\"",
            Fill::Constant("2026-01-31".to_owned()),
        ),
        ("UUIDField", "\"uuid4\"", Fill::Uuid4),
        ("DecimalField", "0", Fill::Constant("0".to_owned())),
        ("FloatField", "0.5", Fill::Constant("0.5".to_owned())),
        ("JSONField", "\"{}\"", Fill::Constant("{}".to_owned())),
    ] {
        let rest = format!("default = {default}\ndb_column = \"other\"");
        let model = serve(&field(class, &rest)).unwrap().user_model;
        let [column] = &model.filled[..] else {
            panic!("{class}: {:?}", model.filled)
        };
        assert_eq!(
            (column.column.as_str(), &column.fill),
            ("other", &fill),
            "{class}"
        );
        assert!(model.extra_fields.is_empty(), "it is not shown");
    }
    for (class, rest, words) in [
        ("DateTimeField", "", "Write default = \"now\";"),
        ("DateField", "default = \"2026-02-30\"", "or a day such as"),
        ("UUIDField", "default = \"uuid1\"", "Write default = \"uuid4\""),
        ("FloatField", "default = nan", "Write default = 0"),
        ("JSONField", "default = \"{\"", "or other JSON"),
        ("JSONField", "default = \"{}\"\nnull = true", "has \"null\""),
        (
            "PositiveIntegerField",
            "default = -1",
            "which the field cannot hold",
        ),
        (
            "CharField",
            "max_length = 2\ndefault = \"abc\"",
            "which the field cannot hold",
        ),
        ("BooleanField", "default = 0", "which the field cannot hold"),
    ] {
        let message = refusal(serve(&field(class, rest))).1;
        assert!(message.contains(words), "{class} {rest}: {message}");
    }
    let shown = serve(&field(
        "CharField",
        "max_length = 3\ndefault = \"abc\"\neditable = false",
    ))
    .unwrap();
    let default = shown.user_model.extra_fields[0].default.clone();
    assert_eq!(default, Some(FieldValue::Text("abc".to_owned())));
}

#[test]
fn a_username_beside_an_address_that_names_is_a_field_like_any_other() {
    let file = "[user]\nUSERNAME_FIELD = \"email\"\n";
    let config = serve(file).unwrap();
    let model = &config.user_model;
    assert!(model.is_named_by_email());
    let names: Vec<&str> = model.shown_fields().collect();
    assert_eq!(names, ["email", "age", "username"]);
    assert_eq!(config.simple_jwt.user_id_field, "id");
    assert!(config.routes.jwt_signup.is_some());
    assert!(!config.own_account.email_editable);

    let without = serve("[user]\nUSERNAME_FIELD = \"email\"\n[user.columns]\nusername = \"\"\n").unwrap();
    let names: Vec<&str> = without.user_model.shown_fields().collect();
    assert_eq!(names, ["email", "age"]);
    let declared =
        format!("{file}[user.fields.username]\ntype = \"CharField\"\nmax_length = 30\nnull = true\n");
    let declared = serve(&declared).unwrap();
    let [age, username] = declared.user_model.extra_fields.as_slice() else {
        panic!("two fields")
    };
    assert_eq!(age.name, "age");
    assert_eq!(username.kind, FieldKind::Text { max_length: Some(30) });
}

#[test]
fn signups_are_off_beside_django_until_they_are_written() {
    let routes = serve("[ROUTES]\njwt_signup = \"/user/jwt_signup\"\ncsrf = false\n")
        .unwrap()
        .routes;
    assert_eq!(routes.csrf, None);
    assert!(routes.session_signup.is_some());
    let adopted = routes.for_adopted_database();
    assert_eq!(adopted.session_signup, None);
    assert_eq!(adopted.jwt_signup.as_deref(), Some("/user/jwt_signup"));
}
