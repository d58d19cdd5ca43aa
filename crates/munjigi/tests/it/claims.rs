//! `[SIMPLE_JWT_CLAIMS]` as a client notices it.

use crate::support::{Client, Database, SECRET_KEY, TestServer, claims, mseo, mseo_signs_in, on_both};
use munjigi::app::App;
use munjigi::config::{Config, Mode, Sources, Written};
use serde_json::{Value, json};

on_both!(
    a_column_a_field_and_a_constant_stand_in_the_order_of_the_settings,
    groups_and_permissions_are_djangos,
    a_refresh_copies_what_was_so_at_the_sign_in,
    every_sign_in_mints_them,
    what_is_in_the_body_too_is_told_by_every_answer_to_a_sign_in,
    a_token_that_nobody_would_take_back_is_not_given_out,
    a_sign_up_whose_token_is_too_long_leaves_no_user_behind,
    a_cookie_holds_less_than_a_header,
    tables_that_are_missing_stop_the_start,
);

const USER_CLAIMS: [(&str, &str); 10] = [
    ("SIMPLE_JWT_CLAIMS__A_ID", "id"),
    ("SIMPLE_JWT_CLAIMS__B_NAME", "username"),
    ("SIMPLE_JWT_CLAIMS__C_EMAIL", "email"),
    ("SIMPLE_JWT_CLAIMS__D_FIRST", "first_name"),
    ("SIMPLE_JWT_CLAIMS__E_LAST", "last_name"),
    ("SIMPLE_JWT_CLAIMS__F_FULL", "full_name"),
    ("SIMPLE_JWT_CLAIMS__G_STAFF", "is_staff"),
    ("SIMPLE_JWT_CLAIMS__H_ROOT", "is_superuser"),
    ("SIMPLE_JWT_CLAIMS__I_SINCE", "date_joined"),
    ("SIMPLE_JWT_CLAIMS__J_AGE", "age"),
];

async fn server(database: Database, settings: &[(&str, &str)]) -> TestServer {
    let server = database.server_with(settings).await;
    server.signed_up().await;
    server
}

/// The names of a token's claims, in their order.
fn names(token: &str) -> Vec<String> {
    claims(token).as_object().unwrap().keys().cloned().collect()
}

/// What a Django project would have written.
async fn give_groups_and_permissions(server: &TestServer) {
    for sql in [
        "INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'blog', 'post'), (2, 'shop', 'order')",
        "INSERT INTO auth_permission (id, content_type_id, codename, name) VALUES (1, 1, 'view_post', ''), \
         (2, 1, 'add_post', ''), (3, 2, 'refund', '')",
        "INSERT INTO auth_group (id, name) VALUES (1, 'writers'), (2, '편집자')",
        "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1), (2, 2)",
        "INSERT INTO user_user_groups (user_id, group_id) VALUES (1, 2), (1, 1)",
        "INSERT INTO user_user_user_permissions (user_id, permission_id) VALUES (1, 1)",
    ] {
        server.sql(sql).await;
    }
}

async fn a_column_a_field_and_a_constant_stand_in_the_order_of_the_settings(database: Database) {
    let constant = (
        "SIMPLE_JWT_CLAIMS__K_TENANT",
        r#"{ constant = {city = "서울", zone = [1, 2.5]} }"#,
    );
    let server = server(database, &[&USER_CLAIMS[..], &[constant]].concat()).await;
    server
        .sql("UPDATE user_user SET first_name = 'Min', last_name = 'Seo', is_staff = TRUE")
        .await;
    let (access, refresh) = server.tokens().await;
    let own = ["token_type", "exp", "iat", "jti", "user_id", "sid"];
    let added = [
        "a_id", "b_name", "c_email", "d_first", "e_last", "f_full", "g_staff", "h_root", "i_since", "j_age",
        "k_tenant",
    ];
    for token in [&access, &refresh] {
        assert_eq!(names(token), [&own[..], &added[..]].concat());
        let claims = claims(token);
        let values: Vec<&Value> = added.iter().map(|name| &claims[name]).collect();
        assert_eq!(
            json!(values),
            json!([
                1, "mseo", "mseo@naver.com", "Min", "Seo", "Min Seo", true, false, "2026-01-01T00:00:00+00:00", 24,
                {"city": "서울", "zone": [1, 2.5]}
            ])
        );
    }
    // What is NULL is null, and a name that is not there is empty.
    server
        .sql("UPDATE user_user SET age = NULL, first_name = '', last_name = ''")
        .await;
    let (access, _) = server.tokens().await;
    assert_eq!(
        (&claims(&access)["j_age"], &claims(&access)["f_full"]),
        (&Value::Null, &json!(""))
    );
    server.me(&access).await.expect_status(200);
}

async fn groups_and_permissions_are_djangos(database: Database) {
    let settings = [
        ("SIMPLE_JWT_CLAIMS__ROLES", "groups"),
        ("SIMPLE_JWT_CLAIMS__MAY", "permissions"),
    ];
    let server = server(database, &settings).await;
    let (access, _) = server.tokens().await;
    let none = claims(&access);
    assert_eq!((&none["roles"], &none["may"]), (&json!([]), &json!([])));
    give_groups_and_permissions(&server).await;
    let (access, _) = server.tokens().await;
    let some = claims(&access);
    assert_eq!(some["roles"], json!(["writers", "편집자"]));
    assert_eq!(some["may"], json!(["blog.add_post", "blog.view_post"]));
    server.sql("UPDATE user_user SET is_superuser = TRUE").await;
    let (access, _) = server.tokens().await;
    assert_eq!(
        claims(&access)["may"],
        json!(["blog.add_post", "blog.view_post", "shop.refund"])
    );
}

async fn a_refresh_copies_what_was_so_at_the_sign_in(database: Database) {
    let settings = [
        ("SIMPLE_JWT_CLAIMS__ROLES", "groups"),
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
    ];
    let server = server(database, &settings).await;
    give_groups_and_permissions(&server).await;
    let (_, refresh) = server.tokens().await;
    server.sql("DELETE FROM user_user_groups").await;
    let reply = server.refresh(&refresh).await.expect_status(200);
    for name in ["access_token", "refresh_token"] {
        assert_eq!(claims(&reply.text(name))["roles"], json!(["writers", "편집자"]));
    }
    let (access, _) = server.tokens().await;
    assert_eq!(claims(&access)["roles"], json!([]), "a sign-in asks anew");
}

async fn every_sign_in_mints_them(database: Database) {
    let settings = [("SIMPLE_JWT_CLAIMS__NAME", "username")];
    let server = database.server_with(&settings).await;
    let mut client = server.anonymous();
    let signed_up = client.post("/user/jwt_signup", &mseo()).await.expect_status(201);
    let credentials = json!({"username": "mseo", "password": "1234"});
    let pair = client.post("/api/token/", &credentials).await.expect_status(200);
    let slide = client
        .post("/api/token/sliding/", &credentials)
        .await
        .expect_status(200);
    let tokens = [
        signed_up.text("access_token"),
        signed_up.text("refresh_token"),
        pair.text("access"),
        pair.text("refresh"),
        slide.text("token"),
    ];
    for token in tokens {
        assert_eq!(claims(&token)["name"], "mseo");
    }
    // The answers are simplejwt's to the letter, where nothing else is asked for.
    assert!(pair.json().as_object().unwrap().keys().eq(["refresh", "access"]));
    assert!(slide.json().as_object().unwrap().keys().eq(["token"]));
    let body = json!({"token": slide.text("token")});
    let slid = client
        .post("/api/token/sliding/refresh/", &body)
        .await
        .expect_status(200);
    assert_eq!(claims(&slid.text("token"))["name"], "mseo");
}

async fn what_is_in_the_body_too_is_told_by_every_answer_to_a_sign_in(database: Database) {
    let settings = [
        (
            "SIMPLE_JWT_CLAIMS__EMAIL",
            r#"{ from = "email", in_body = true }"#,
        ),
        (
            "SIMPLE_JWT_CLAIMS__ROLES",
            r#"{ from = "groups", in_body = true }"#,
        ),
        (
            "SIMPLE_JWT_CLAIMS__TENANT",
            r#"{ constant = "seoul", in_body = false }"#,
        ),
    ];
    let server = database.server_with(&settings).await;
    let mut client = server.anonymous();
    let ask = async |client: &mut Client<'_>, path: &str, body: &Value| {
        let reply = client.post(path, body).await;
        assert!(reply.status.is_success(), "{path}");
        reply.json()
    };
    let credentials = json!({"username": "mseo", "password": "1234"});
    for (path, body, names) in [
        (
            "/user/jwt_signup",
            &mseo(),
            &["message", "user", "access_token", "refresh_token"][..],
        ),
        (
            "/user/jwt_signin",
            &mseo_signs_in(),
            &["access_token", "refresh_token", "message"],
        ),
        ("/api/token/", &credentials, &["refresh", "access"]),
        ("/api/token/sliding/", &credentials, &["token"]),
    ] {
        let answer = ask(&mut client, path, body).await;
        let all = [names, &["email", "roles"]].concat();
        assert!(answer.as_object().unwrap().keys().eq(all), "{path}: {answer}");
        assert_eq!(
            (&answer["email"], &answer["roles"]),
            (&json!("mseo@naver.com"), &json!([]))
        );
        let token = ["access_token", "access", "token"]
            .iter()
            .find_map(|name| answer[name].as_str())
            .unwrap();
        assert_eq!(claims(token)["tenant"], "seoul");
        assert_eq!(claims(token)["email"], "mseo@naver.com");
    }
    // A refresh and a sign-in by session tell nothing new.
    let (_, refresh) = server.tokens().await;
    let reply = server.refresh(&refresh).await.expect_status(200);
    assert!(reply.json().as_object().unwrap().keys().eq(["access_token"]));
    let reply = client.post("/user/session_signin", &mseo_signs_in()).await;
    assert_eq!(reply.json(), json!({"message": "로그인 성공"}));
}

/// So many groups that their names alone fill this many bytes of a token.
async fn fill_a_token(server: &TestServer, bytes: usize) {
    let names = bytes * 3 / 4 / 150;
    for number in 1..=names {
        let name = format!("{number:0>147}");
        server
            .sql(&format!(
                "INSERT INTO auth_group (id, name) VALUES ({number}, '{name}')"
            ))
            .await;
        server
            .sql(&format!(
                "INSERT INTO user_user_groups (user_id, group_id) VALUES (1, {number})"
            ))
            .await;
    }
}

async fn a_token_that_nobody_would_take_back_is_not_given_out(database: Database) {
    let server = server(database, &[("SIMPLE_JWT_CLAIMS__ROLES", "groups")]).await;
    fill_a_token(&server, 7700).await;
    let (access, refresh) = server.tokens().await;
    assert!(access.len() > 7700 && refresh.len() <= 8192);
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
    let before = server.records("mseo").await.len();

    server
        .sql("INSERT INTO auth_group (id, name) SELECT id + 100, name || 'x' FROM auth_group WHERE id < 4")
        .await;
    server
        .sql("INSERT INTO user_user_groups (user_id, group_id) SELECT 1, id FROM auth_group WHERE id > 100")
        .await;
    let credentials = json!({"username": "mseo", "password": "1234"});
    for path in ["/user/jwt_signin", "/api/token/", "/api/token/sliding/"] {
        let mut client = server.anonymous();
        let reply = client
            .post(path, &credentials)
            .await
            .expect_error(403, "token_too_long");
        assert_eq!(
            reply.json(),
            json!({"detail": "이 계정의 토큰이 너무 깁니다. 사이트 관리자에게 문의해 주세요."})
        );
        assert!(reply.headers.get("set-cookie").is_none());
    }
    assert_eq!(server.records("mseo").await.len(), before, "nothing was opened");
    let mut client = server.anonymous();
    client.speaks_english();
    let reply = client.post("/user/session_signin", &credentials).await;
    reply.expect_status(200);
    let wrong = json!({"username": "mseo", "password": "12345"});
    let reply = client.post("/user/jwt_signin", &wrong).await;
    reply.expect_error(400, "invalid_credentials");
    let reply = client.post("/user/jwt_signin", &credentials).await;
    assert_eq!(
        reply.json(),
        json!({"detail": "A token for this account would be too long. Please contact whoever runs this site."})
    );
}

async fn a_sign_up_whose_token_is_too_long_leaves_no_user_behind(database: Database) {
    let long = format!("{{ constant = \"{}\" }}", "x".repeat(1500));
    let settings = [
        ("SIMPLE_JWT_CLAIMS__LONG", long.as_str()),
        ("SIMPLE_JWT__AUTH_COOKIE", "access"),
        ("SIMPLE_JWT__AUTH_COOKIE_REFRESH", &"r".repeat(2000)),
    ];
    let server = database.server_with(&settings).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signup", &mseo()).await;
    reply.expect_error(403, "token_too_long");
    assert_eq!(server.sql("SELECT count(*) FROM user_user").await, [["0"]]);
    assert_eq!(server.sql("SELECT count(*) FROM munjigi_email").await, [["0"]]);
    client
        .post("/user/session_signup", &mseo())
        .await
        .expect_status(201);
}

async fn a_cookie_holds_less_than_a_header(database: Database) {
    let settings = [
        ("SIMPLE_JWT_CLAIMS__ROLES", "groups"),
        ("SIMPLE_JWT__AUTH_COOKIE", "access"),
    ];
    let server = server(database, &settings).await;
    fill_a_token(&server, 4400).await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    reply.expect_error(403, "token_too_long");
    // Without cookies it is short enough.
    let server = server
        .restarted_with(&[("SIMPLE_JWT_CLAIMS__ROLES", "groups")])
        .await;
    let (access, _) = server.tokens().await;
    assert!(access.len() > 4096);
    server.me(&access).await.expect_status(200);
}

async fn tables_that_are_missing_stop_the_start(database: Database) {
    let server = database.server().await;
    server.sql("DROP TABLE user_user_user_permissions").await;
    let start = async |claim: &str, deletion: &str| {
        let variables = [
            ("MUNJIGI_SECRET_KEY", SECRET_KEY),
            ("MUNJIGI_DATABASE_URL", "sqlite:unused.sqlite3"),
            ("MUNJIGI_SIMPLE_JWT_CLAIMS__X", claim),
            ("MUNJIGI_USER__DELETION", deletion),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let sources = Sources {
            variables: variables.to_vec(),
            ..Sources::default()
        };
        let config = Config::resolve(&Written::gather(sources).unwrap(), Mode::Dev).unwrap();
        let store = server.app.store().clone();
        Box::pin(App::new(config, store, server.clock.clone()))
            .await
            .map(drop)
    };
    start("username", "false").await.unwrap();
    let sentence = start("username", "true").await.unwrap_err().to_string();
    assert!(
        sentence.starts_with("Who deletes his account is taken out of the table user_user_user_permissions"),
        "{sentence}"
    );
    for claim in ["groups", "permissions"] {
        let sentence = start(claim, "false").await.unwrap_err().to_string();
        assert!(
            sentence.starts_with("The groups and permissions of user.User are read from the table"),
            "{sentence}"
        );
    }
}
