//! Whose users they are: `AUTH_USER_MODEL`, `[user]`, and what that makes of the sign-ups.

use super::{refusal, serve};
use munjigi_store::{FieldKind, Foreign, UserModel};

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
fn users_who_are_named_by_their_email_address_cannot_sign_up() {
    let file = "[user]\nUSERNAME_FIELD = \"email\"\n[ROUTES]\n";
    let routes = serve(file).unwrap().routes;
    assert_eq!((routes.session_signup, routes.jwt_signup), (None, None));
    assert!(routes.jwt_signin.is_some());
    assert!(serve(&format!("{file}jwt_signup = false\n")).is_ok());
    let written = serve(&format!("{file}jwt_signup = \"/user/jwt_signup\"\n"));
    assert_eq!(refusal(written).0, "contradiction");
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
