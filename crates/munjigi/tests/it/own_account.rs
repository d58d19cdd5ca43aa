//! What a user does to his own account: another password, other fields, his leaving.

use crate::support::{
    Client, Database, FORM, Reply, SignedIn, TestServer, at_once, claims, jti, mseo_signs_in, on_both,
};
use http::Method;
use munjigi::accounts::password::{self, GoesOn, Passwords};
use munjigi::accounts::{self, administration, ended};
use munjigi::clock::entropy;
use munjigi_passwords::{Algorithm, Costs, Hashers, LegacyRows, Password};
use munjigi_store::records::EndReason;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_store::users;
use munjigi_tokens::RefreshToken;
use serde_json::{Value, json};

on_both!(
    a_password_change_by_session_ends_all_others_and_gives_this_one_a_new_key,
    a_password_change_by_token_ends_all_others_and_leaves_the_tokens_as_they_are,
    a_password_change_needs_the_password_of_now,
    a_password_change_is_judged_as_a_sign_up_is,
    a_password_change_is_for_who_is_signed_in,
    a_password_change_by_a_stateless_token_reads_the_row,
    a_token_that_says_its_password_gives_way_to_a_new_pair,
    a_sliding_token_that_says_its_password_gives_way_to_a_new_one,
    a_token_of_djangos_gives_way_to_a_pair_with_a_record,
    of_two_who_change_a_password_at_once_one_is_told_that_his_is_wrong,
    no_sign_in_by_the_old_password_outlives_a_change,
    a_change_goes_on_where_the_same_password_was_stored_anew_meanwhile,
    fields_change_one_by_one,
    an_address_changes_for_who_shows_his_password,
    an_address_that_somebody_has_is_no_address_for_another,
    a_field_that_is_not_editable_is_shown_and_never_taken,
    who_leaves_takes_all_with_him,
    who_leaves_shows_his_password,
    who_is_named_by_another_table_stays,
    a_user_who_is_gone_is_refused_everywhere,
    accounts_of_an_adopted_database_are_kept_until_it_is_said,
);

const NEW: &str = "another-9-word";

fn change() -> Value {
    json!({"current_password": "1234", "new_password": NEW})
}

fn signs_in_anew() -> Value {
    json!({"email": "mseo@naver.com", "password": NEW})
}

async fn change_password(client: &mut Client<'_>) -> Reply {
    client.post("/user/password_change", &change()).await
}

async fn patch(client: &mut Client<'_>, body: &Value) -> Reply {
    let body = body.to_string().into_bytes();
    client
        .send(Method::PATCH, "/user/me", Some("application/json"), body)
        .await
}

async fn leave(client: &mut Client<'_>, password: &str) -> Reply {
    let body = json!({"current_password": password}).to_string().into_bytes();
    client
        .send(Method::DELETE, "/user/me", Some("application/json"), body)
        .await
}

/// A client with this token.
fn bearing<'s>(server: &'s TestServer, token: &str) -> Client<'s> {
    let mut client = server.anonymous();
    client.bearer(token);
    client
}

/// What a Django beside us gives out: no `sid`, and the whole text in its row.
async fn djangos_tokens(server: &TestServer) -> (String, String) {
    let user = server.user("mseo").await;
    let token = RefreshToken::for_user_at(server.app.jwt(), &user, server.clock.now()).unwrap();
    let text = token.encode().unwrap();
    let row = OutstandingToken {
        user_id: Some(user.id),
        jti: jti(&text),
        token: text.clone(),
        created_at: token.issued_at(),
        expires_at: token.expires_at(),
    };
    let noted = server.app.store().write(row, |tx, row| {
        Box::pin(token_blacklist::insert_outstanding(tx, row))
    });
    noted.await.unwrap();
    (token.access_token_at(server.clock.now()).encode().unwrap(), text)
}

async fn a_password_change_by_session_ends_all_others_and_gives_this_one_a_new_key(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other_browser = server.anonymous();
    let reply = other_browser.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let (_, of_django) = djangos_tokens(&server).await;
    let mut bystander = server.bystander().await;
    let browser = &mut user.browser;
    let (old_key, csrf) = (
        browser.cookies["sessionid"].clone(),
        browser.cookies["csrftoken"].clone(),
    );
    browser.csrf_header();
    let reply = change_password(browser).await.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "비밀번호 변경 성공"}));
    let set = reply.set_cookie("sessionid").unwrap();
    assert!(
        set.contains("HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"),
        "{set}"
    );
    assert_ne!(browser.cookies["sessionid"], old_key);
    assert_eq!(
        browser.cookies["csrftoken"], csrf,
        "Django leaves it as it is, too"
    );
    assert_eq!(user.holds().await, [false, false, true]);
    other_browser.get("/user/me").await.expect_status(401);
    server
        .refresh(&of_django)
        .await
        .expect_error(401, "token_blacklisted");
    bystander.get("/user/me").await.expect_status(200);

    let keys = server
        .sql("SELECT session_key FROM django_session ORDER BY session_key")
        .await;
    let mut left = vec![
        user.browser.cookies["sessionid"].clone(),
        bystander.cookies["sessionid"].clone(),
    ];
    left.sort();
    assert_eq!(keys.concat(), left);
    let records = server.records("mseo").await;
    assert_eq!(records.len(), 1);
    let key = records[0].django_session_key.as_ref();
    assert_eq!(key, Some(&user.browser.cookies["sessionid"]));
    let listed = server.blacklisted().await;
    for token in [&user.first.1, &user.second.1, &of_django] {
        assert!(listed.contains(&jti(token)));
    }
    let sid = claims(&user.first.0)["sid"].as_str().unwrap().to_owned();
    assert_eq!(
        server.record(&sid).await.end_reason,
        Some(EndReason::PasswordChange)
    );

    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signin", &mseo_signs_in()).await;
    reply.expect_status(400);
    client
        .post("/user/jwt_signin", &signs_in_anew())
        .await
        .expect_status(200);
    // And once more, with the session that went on.
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = user.browser.post("/user/password_change", &back).await;
    reply.expect_status(200);
    user.browser.get("/user/me").await.expect_status(200);
}

async fn a_password_change_by_token_ends_all_others_and_leaves_the_tokens_as_they_are(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut phone = bearing(&server, &user.first.0);
    let reply = change_password(&mut phone).await.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "비밀번호 변경 성공"}));
    assert_eq!(user.holds().await, [true, false, false]);
    assert_eq!(server.blacklisted().await, [jti(&user.second.1)]);
    assert_eq!(server.sql("SELECT count(*) FROM django_session").await, [["0"]]);
    // What it gets from its refresh token is as good.
    let access = server.refresh(&user.first.1).await.text("access_token");
    server.me(&access).await.expect_status(200);
    let reply = phone.post("/user/jwt_signin", &signs_in_anew()).await;
    reply.expect_status(200);
    assert_eq!(server.records("mseo").await.len(), 2);
}

async fn a_password_change_needs_the_password_of_now(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut phone = bearing(&server, &user.first.0);
    let required = "이 필드는 필수 항목입니다.";
    let wrong = "기존 비밀번호를 잘못 입력하셨습니다. 다시 입력해 주세요.";
    for (body, refusal) in [
        (
            json!({}),
            json!({"current_password": [required], "new_password": [required]}),
        ),
        (
            json!({"new_password": NEW}),
            json!({"current_password": [required]}),
        ),
        (
            json!({"current_password": "1234"}),
            json!({"new_password": [required]}),
        ),
        (
            json!({"current_password": null, "new_password": NEW}),
            json!({"current_password": ["이 필드는 null일 수 없습니다."]}),
        ),
        (
            json!({"current_password": ["1234"], "new_password": NEW}),
            json!({"current_password": ["유효한 문자열이 아닙니다."]}),
        ),
        (
            json!({"current_password": "1234", "new_password": " "}),
            json!({"new_password": ["이 필드는 blank일 수 없습니다."]}),
        ),
        (
            json!({"current_password": "12345", "new_password": NEW}),
            json!({"current_password": [wrong]}),
        ),
        (
            json!({"current_password": "", "new_password": NEW}),
            json!({"current_password": [wrong]}),
        ),
        (
            json!({"current_password": " 1234", "new_password": NEW}),
            json!({"current_password": [wrong]}),
        ),
    ] {
        let reply = phone
            .post("/user/password_change", &body)
            .await
            .expect_error(400, "invalid");
        assert_eq!(reply.json(), refusal, "{body}");
    }
    phone.speaks_english();
    let body = json!({"current_password": "x", "new_password": NEW});
    let reply = phone.post("/user/password_change", &body).await;
    assert_eq!(
        reply.expect_error(400, "invalid").json(),
        json!({"current_password": ["Your old password was entered incorrectly. Please enter it again."]})
    );
    assert_eq!(user.holds().await, [true, true, true]);
    // A password that nothing fits is as wrong as any other.
    for encoded in ["!unusable", "", "pbkdf2_sha256$broken"] {
        server.set_password("mseo", encoded).await;
        let (access, _) = djangos_tokens(&server).await;
        let reply = change_password(&mut bearing(&server, &access)).await;
        assert_eq!(
            reply.expect_error(400, "invalid").json(),
            json!({"current_password": [wrong]})
        );
    }
}

async fn a_password_change_is_judged_as_a_sign_up_is(database: Database) {
    let validators = r#"[{NAME = "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {NAME = "django.contrib.auth.password_validation.MinimumLengthValidator"},
        {NAME = "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {NAME = "django.contrib.auth.password_validation.NumericPasswordValidator"}]"#;
    let server = database
        .server_with(&[("AUTH_PASSWORD_VALIDATORS", validators)])
        .await;
    let encoded = server.encoded("1234");
    let user = server.insert_user("minjung.seo", "mj@naver.com", &encoded).await;
    server
        .sql(&format!(
            "UPDATE user_user SET last_name = 'Hong-Gildong' WHERE id = {} RETURNING id",
            user.id
        ))
        .await;
    let mut client = server.anonymous();
    let body = json!({"username": "minjung.seo", "password": "1234"});
    let access = client.post("/user/jwt_signin", &body).await.text("access_token");
    client.bearer(&access);
    client.speaks_english();
    for (new, complaints) in [
        (
            "1234",
            vec![
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ],
        ),
        (
            "minjung.seo1",
            vec!["The password is too similar to the username."],
        ),
        (
            "hong-gildong",
            vec!["The password is too similar to the last name."],
        ),
    ] {
        let body = json!({"current_password": "1234", "new_password": new});
        let reply = client
            .post("/user/password_change", &body)
            .await
            .expect_error(400, "invalid");
        assert_eq!(reply.json(), json!({"new_password": complaints}), "{new}");
    }
    client.get("/user/me").await.expect_status(200);
    change_password(&mut client).await.expect_status(200);
    client.get("/user/me").await.expect_status(200);
}

async fn a_password_change_is_for_who_is_signed_in(database: Database) {
    let server = database.server().await;
    let mut nobody = server.anonymous();
    change_password(&mut nobody)
        .await
        .expect_error(401, "not_authenticated");
    let mut browser = server.cookie_user().await;
    change_password(&mut browser)
        .await
        .expect_error(403, "csrf_token_missing");
    patch(&mut browser, &json!({"age": 1}))
        .await
        .expect_error(403, "csrf_token_missing");
    leave(&mut browser, "1234")
        .await
        .expect_error(403, "csrf_token_missing");
    // A form may carry the token, but only in a POST.
    let token = browser.cookies["csrftoken"].clone();
    let form = format!("current_password=1234&new_password={NEW}&csrfmiddlewaretoken={token}");
    let reply = browser.post_form("/user/password_change", &form).await;
    reply.expect_status(200);
    browser.csrf_header();
    browser.header("origin", "https://evil.example");
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = browser.post("/user/password_change", &back).await;
    reply.expect_error(403, "cross_site");
    leave(&mut browser, NEW).await.expect_error(403, "cross_site");
    browser.without("origin");
    let reply = browser.post("/user/password_change", &back).await;
    reply.expect_status(200);
    server.tokens().await;
}

const STATELESS: (&str, &str) = (
    "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES",
    r#"["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"]"#,
);

async fn a_password_change_by_a_stateless_token_reads_the_row(database: Database) {
    let server = database.server_with(&[STATELESS]).await;
    ended::poll(&server.app).await.unwrap();
    let (mut client, _) = server.token_user().await;
    client.speaks_english();
    let id = server.user("mseo").await.id;
    let store = server.app.store();
    let off = store.write(id.clone(), |tx, id| Box::pin(users::deactivate(tx, id)));
    assert!(off.await.unwrap());
    client.get("/user/me").await.expect_status(200);
    for reply in [
        change_password(&mut client).await,
        patch(&mut client, &json!({"age": 30})).await,
        leave(&mut client, "1234").await,
    ] {
        let reply = reply.expect_error(401, "user_inactive");
        assert_eq!(
            reply.json(),
            json!({"detail": "User is inactive", "code": "user_inactive"})
        );
    }
    let on = store.write(id, |tx, id| Box::pin(users::activate(tx, id)));
    assert!(on.await.unwrap());
    let reply = patch(&mut client, &json!({"age": 30})).await.expect_status(200);
    assert_eq!(reply.json()["age"], 30);
    change_password(&mut client).await.expect_status(200);
    client.get("/user/me").await.expect_status(200);
}

const REVOKES: (&str, &str) = ("SIMPLE_JWT__CHECK_REVOKE_TOKEN", "true");

async fn a_token_that_says_its_password_gives_way_to_a_new_pair(database: Database) {
    let server = database
        .server_with(&[REVOKES, ("SIMPLE_JWT__AUTH_COOKIE", "access")])
        .await;
    let mut user = SignedIn::new(&server).await;
    let mut phone = bearing(&server, &user.first.0);
    let reply = change_password(&mut phone).await.expect_status(200);
    let (access, refresh) = (reply.text("access_token"), reply.text("refresh_token"));
    assert_eq!(phone.cookies["access"], access);
    assert_eq!(phone.cookies["access_refresh"], refresh);
    assert_eq!(user.holds().await, [false, false, false]);
    server.me(&access).await.expect_status(200);
    server.refresh(&refresh).await.expect_status(200);
    let records = server.records("mseo").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].jti, Some(jti(&refresh)));
    let mut listed = server.blacklisted().await;
    listed.sort();
    let mut used_up = vec![jti(&user.first.1), jti(&user.second.1)];
    used_up.sort();
    assert_eq!(listed, used_up);
    // By the cookies that came with them.
    let mut page = server.anonymous();
    page.cookies = phone.cookies.clone();
    page.get("/user/me").await.expect_status(200);
    // A session says its password as well, and goes on.
    let mut browser = server.anonymous();
    let reply = browser.post("/user/session_signin", &signs_in_anew()).await;
    reply.expect_status(200);
    browser.csrf_header();
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = browser
        .post("/user/password_change", &back)
        .await
        .expect_status(200);
    assert_eq!(reply.json(), json!({"message": "비밀번호 변경 성공"}));
    browser.get("/user/me").await.expect_status(200);
    server.me(&access).await.expect_status(401);
}

async fn a_sliding_token_that_says_its_password_gives_way_to_a_new_one(database: Database) {
    let classes = r#"["rest_framework_simplejwt.tokens.SlidingToken"]"#;
    let server = database
        .server_with(&[REVOKES, ("SIMPLE_JWT__AUTH_TOKEN_CLASSES", classes)])
        .await;
    server.signed_up().await;
    let mut client = server.anonymous();
    let body = json!({"username": "mseo", "password": "1234"});
    let old = client.post("/api/token/sliding/", &body).await.text("token");
    client.bearer(&old);
    let new = change_password(&mut client)
        .await
        .expect_status(200)
        .text("token");
    let refresh = async |token: &str| {
        let mut client = server.anonymous();
        let reply = client
            .post("/api/token/sliding/refresh/", &json!({"token": token}))
            .await;
        reply.status.as_u16()
    };
    assert_eq!(
        (server.me(&old).await.status.as_u16(), refresh(&old).await),
        (401, 401)
    );
    assert_eq!(
        (server.me(&new).await.status.as_u16(), refresh(&new).await),
        (200, 200)
    );
    assert_eq!(server.blacklisted().await, [jti(&old)]);
}

async fn a_token_of_djangos_gives_way_to_a_pair_with_a_record(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let (access, refresh) = djangos_tokens(&server).await;
    let reply = change_password(&mut bearing(&server, &access))
        .await
        .expect_status(200);
    server
        .refresh(&refresh)
        .await
        .expect_error(401, "token_blacklisted");
    server.me(&reply.text("access_token")).await.expect_status(200);
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_status(200);

    // One that Django rotated: the record knows the token before it.
    let mut client = server.anonymous();
    let mine = client.post("/user/jwt_signin", &signs_in_anew()).await;
    let (access, refresh) = (mine.text("access_token"), mine.text("refresh_token"));
    let jti = jti(&refresh);
    server
        .sql(&format!(
            "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
             SELECT id, expires_at FROM token_blacklist_outstandingtoken WHERE jti = '{jti}' RETURNING id"
        ))
        .await;
    let back = json!({"current_password": NEW, "new_password": "1234"});
    let reply = bearing(&server, &access)
        .post("/user/password_change", &back)
        .await;
    let reply = reply.expect_status(200);
    server.me(&access).await.expect_error(401, "token_blacklisted");
    server
        .refresh(&reply.text("refresh_token"))
        .await
        .expect_status(200);
    assert_eq!(server.records("mseo").await.len(), 1);
}

async fn of_two_who_change_a_password_at_once_one_is_told_that_his_is_wrong(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    let mut pairs = Vec::new();
    for _ in 0..6 {
        pairs.push(server.tokens().await);
    }
    let changing = async |number: usize| {
        let mut client = bearing(&server, &pairs[number].0);
        let body = json!({"current_password": "1234", "new_password": format!("new-password-{number}")});
        client.post("/user/password_change", &body).await
    };
    let replies = at_once((0..pairs.len()).map(changing)).await;
    let mut winner = None;
    for (number, reply) in replies.into_iter().enumerate() {
        match reply.status.as_u16() {
            200 => assert_eq!(winner.replace(number), None, "two have won"),
            // Who came later than the others were ended.
            401 => {}
            _ => {
                let reply = reply.expect_error(400, "invalid");
                assert!(reply.json().get("current_password").is_some());
            }
        }
    }
    let winner = winner.expect("one has won");
    for (number, (access, refresh)) in pairs.iter().enumerate() {
        let status = if number == winner { 200 } else { 401 };
        server.me(access).await.expect_status(status);
        server.refresh(refresh).await.expect_status(status);
    }
    let body = json!({"username": "mseo", "password": format!("new-password-{winner}")});
    let mut client = server.anonymous();
    client.post("/user/jwt_signin", &body).await.expect_status(200);
}

const ROTATES: [(&str, &str); 2] = [
    ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", "true"),
    ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", "true"),
];

async fn no_sign_in_by_the_old_password_outlives_a_change(database: Database) {
    // A row of another cost: who signs in stores the hash anew meanwhile.
    let server = database
        .server_with(&[ROTATES[0], ROTATES[1], ("HASHING_QUEUE", "100")])
        .await;
    let mut changed = 0;
    for round in 0..5 {
        let name = format!("user{round}");
        let email = format!("{name}@naver.com");
        let encoded = foreign_hash("1234");
        server.insert_user(&name, &email, &encoded).await;
        let old = json!({"username": name, "password": "1234"});
        let signs_in = async || {
            let reply = server.anonymous().post("/user/jwt_signin", &old).await;
            (reply.status == 200).then(|| (reply.text("access_token"), reply.text("refresh_token")))
        };
        let (own_access, own_refresh) = signs_in().await.unwrap();
        let (_, other_refresh) = signs_in().await.unwrap();
        server.set_password(&name, &encoded).await;
        let (own_access, own_refresh) = match server.me(&own_access).await.status.as_u16() {
            200 => (own_access, own_refresh),
            // Its record is bound to the hash that was stored anew.
            _ => signs_in().await.unwrap(),
        };
        let got = std::sync::Mutex::new(vec![other_refresh.clone()]);
        let work = async |number: usize| match number % 3 {
            0 => {
                let pair = signs_in().await;
                got.lock().unwrap().extend(pair.map(|(_, refresh)| refresh));
            }
            1 => {
                let reply = server.refresh(&other_refresh).await;
                if reply.status == 200 {
                    got.lock().unwrap().push(reply.text("refresh_token"));
                }
            }
            _ => {
                let mut browser = server.anonymous();
                let reply = browser.post("/user/session_signin", &old).await;
                if reply.status == 200 {
                    got.lock()
                        .unwrap()
                        .push(format!("session {}", browser.cookies["sessionid"]));
                }
            }
        };
        let (reply, _) = tokio::join!(
            async { change_password(&mut bearing(&server, &own_access)).await },
            at_once((0..9).map(work)),
        );
        reply.expect_status(200);
        changed += 1;
        for carrier in got.into_inner().unwrap() {
            let mut client = server.anonymous();
            if let Some(key) = carrier.strip_prefix("session ") {
                client.cookies.insert("sessionid".to_owned(), key.to_owned());
                client.get("/user/me").await.expect_status(401);
            } else {
                server.refresh(&carrier).await.expect_status(401);
            }
        }
        server.me(&own_access).await.expect_status(200);
        server.refresh(&own_refresh).await.expect_status(200);
        assert_eq!(server.records(&name).await.len(), 1, "his own alone");
    }
    assert_eq!(changed, 5);
}

/// The encoding of a password by another site's cost.
fn foreign_hash(password: &str) -> String {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = 500;
    let hashers = Hashers::new(&[Algorithm::Pbkdf2Sha256], &costs, LegacyRows::Refuse).unwrap();
    let password = Password::from(password.to_owned());
    hashers.make_password(Some(&password), &mut entropy()).unwrap()
}

async fn a_change_goes_on_where_the_same_password_was_stored_anew_meanwhile(database: Database) {
    let server = database.server().await;
    let (mut client, _) = server.token_user().await;
    // As it was when the request was let in, and as a sign-in has stored it since.
    let signed_in = accounts::SignedIn {
        user: server.user("mseo").await,
        sid: Some(server.records("mseo").await[0].sid.clone()),
        by: accounts::Credential::Token,
    };
    let stored_anew = server.encoded("1234");
    server.set_password("mseo", &stored_anew).await;
    let sid = signed_in.sid.clone().unwrap();
    let passwords = || Passwords {
        current: Password::from("1234".to_owned()),
        new: Password::from(NEW.to_owned()),
    };
    let device = accounts::Client {
        name: None,
        address: None,
        agent: String::new(),
    };
    let now = server.clock.now();
    let done = password::change_own(&server.app, signed_in.clone(), passwords(), &device, now).await;
    assert!(matches!(done, Ok(GoesOn::AsItIs)));
    assert_eq!(server.records("mseo").await[0].sid, sid);
    client.get("/user/me").await.expect_status(200);
    // And not where another one was.
    let done = password::change_own(&server.app, signed_in.clone(), passwords(), &device, now).await;
    assert!(matches!(done, Err(accounts::Error::Invalid(_))));
    // Nor for who was shut out.
    server.set_password("mseo", &stored_anew).await;
    let user = server.user("mseo").await;
    administration::disable(&server.app, "mseo", now).await.unwrap();
    let signed_in = accounts::SignedIn { user, ..signed_in };
    let done = password::change_own(&server.app, signed_in, passwords(), &device, now).await;
    assert!(matches!(done, Err(accounts::Error::UserInactive)));
    assert_eq!(server.user("mseo").await.password, stored_anew);
}

async fn fields_change_one_by_one(database: Database) {
    let server = database.server().await;
    let (mut client, _) = server.token_user().await;
    let me = |age: Value| json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": age});
    for (body, age) in [
        (json!({}), json!(24)),
        (json!({"age": 30}), json!(30)),
        (json!({"age": " 31 "}), json!(31)),
        (json!({"age": null}), Value::Null),
        // What he may not write, and what nobody knows.
        (
            json!({"id": 2, "username": "root", "password": "x", "new_password": "x", "is_staff": true,
                   "is_superuser": true, "is_active": false, "first_name": "x", "last_login": "2020-01-01",
                   "date_joined": "2020-01-01", "groups": [1], "unknown": 1, "current_password": [], "age": 5}),
            json!(5),
        ),
        // The same address is no change, and needs no password.
        (json!({"email": "mseo@naver.com", "age": 6}), json!(6)),
    ] {
        let before = server.user("mseo").await;
        let reply = patch(&mut client, &body).await.expect_status(200);
        assert_eq!(reply.json(), me(age.clone()), "{body}");
        assert_eq!(client.get("/user/me").await.json(), me(age), "{body}");
        let after = server.user("mseo").await;
        let unchanged = users::User {
            extra: before.extra.clone(),
            ..after.clone()
        };
        assert!(unchanged == before, "{body}");
    }
    for (body, refusal) in [
        (
            json!({"age": -1}),
            json!({"age": ["이 값이 0보다 크거나 같은지 확인하세요."]}),
        ),
        (
            json!({"age": "x", "email": "x"}),
            json!({"email": ["유효한 이메일 주소를 입력하세요."], "age": ["유효한 정수를 입력하세요."]}),
        ),
    ] {
        let reply = patch(&mut client, &body).await.expect_error(400, "invalid");
        assert_eq!(reply.json(), refusal);
    }
    let form = b"age=7".to_vec();
    let reply = client.send(Method::PATCH, "/user/me/", Some(FORM), form).await;
    assert_eq!(reply.expect_status(200).json(), me(json!(7)));
    patch(&mut server.anonymous(), &json!({"age": 1}))
        .await
        .expect_error(401, "not_authenticated");
}

async fn an_address_changes_for_who_shows_his_password(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut client = bearing(&server, &user.first.0);
    let required = json!({"current_password": ["이 필드는 필수 항목입니다."]});
    let wrong = json!({"current_password": ["기존 비밀번호를 잘못 입력하셨습니다. 다시 입력해 주세요."]});
    for (body, refusal) in [
        (json!({"email": "new@naver.com", "age": 99}), &required),
        (
            json!({"email": "new@naver.com", "current_password": "x", "age": 99}),
            &wrong,
        ),
    ] {
        let reply = patch(&mut client, &body).await.expect_error(400, "invalid");
        assert_eq!(reply.json(), *refusal);
        let me = client.get("/user/me").await.json();
        assert_eq!(
            (&me["email"], &me["age"]),
            (&json!("mseo@naver.com"), &json!(24)),
            "nothing was changed"
        );
    }
    let body = json!({"email": " Seo@NAVER.com ", "current_password": 1234, "age": 25});
    let reply = patch(&mut client, &body).await.expect_status(200);
    assert_eq!(
        reply.json(),
        json!({"id": 1, "username": "mseo", "email": "Seo@naver.com", "age": 25})
    );
    assert_eq!(
        user.holds().await,
        [true, true, true],
        "no sign-in rests on an address"
    );
    let claims = server.sql("SELECT folded, user_id FROM munjigi_email").await;
    assert_eq!(claims, [["seo@naver.com", "1"]]);
    let signs_in = async |email: &str| {
        let body = json!({"email": email, "password": "1234"});
        server
            .anonymous()
            .post("/user/jwt_signin", &body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(signs_in("mseo@naver.com").await, 400);
    assert_eq!(signs_in("seo@naver.com").await, 200);
    // The old one is anybody's again, and the same in other letters is still his.
    let other = json!({"username": "other", "password": "1234", "email": "MSEO@naver.com"});
    let reply = server.anonymous().post("/user/session_signup", &other).await;
    reply.expect_status(201);
    let body = json!({"email": "sEO@naver.com", "current_password": "1234"});
    let reply = patch(&mut client, &body).await.expect_status(200);
    assert_eq!(reply.json()["email"], "sEO@naver.com");
    let claims = server
        .sql("SELECT folded, user_id FROM munjigi_email ORDER BY folded")
        .await;
    assert_eq!(claims, [["mseo@naver.com", "2"], ["seo@naver.com", "1"]]);
}

async fn an_address_that_somebody_has_is_no_address_for_another(database: Database) {
    let server = database.server().await;
    let (mut client, _) = server.token_user().await;
    // One of a Django's, whose address nobody has claimed.
    let encoded = server.encoded("x");
    server.insert_user("django", "Django@naver.com", &encoded).await;
    let taken = json!({"email": ["해당 이메일 주소는 이미 존재합니다."]});
    let body = json!({"email": "dJANGO@naver.com", "current_password": "1234"});
    let reply = patch(&mut client, &body).await.expect_error(400, "invalid");
    assert_eq!(reply.json(), taken);
    // Eight who want one address at once.
    let mut wanting = Vec::new();
    for number in 0..8 {
        let body = json!({"username": format!("user{number}"), "password": "1234",
                          "email": format!("user{number}@naver.com")});
        let reply = server.anonymous().post("/user/jwt_signup", &body).await;
        wanting.push(reply.text("access_token"));
    }
    let body = json!({"email": "wanted@naver.com", "current_password": "1234"});
    let asking = async |access: &String| patch(&mut bearing(&server, access), &body).await;
    let mut won = 0;
    for reply in at_once(wanting.iter().map(asking)).await {
        if reply.status == 200 {
            won += 1;
        } else {
            assert_eq!(reply.expect_error(400, "invalid").json(), taken);
        }
    }
    assert_eq!(won, 1);
    let have = server
        .sql("SELECT count(*) FROM user_user WHERE email = 'wanted@naver.com'")
        .await;
    assert_eq!(have, [["1"]]);
    let claims = server.sql("SELECT count(*) FROM munjigi_email").await;
    assert_eq!(claims, [["9"]], "each has one");
    // A name that is an address is the account's own.
    let own = json!({"username": "me@naver.com", "password": "1234", "email": "me@naver.com"});
    let reply = server.anonymous().post("/user/jwt_signup", &own).await;
    let mut client = bearing(&server, &reply.text("access_token"));
    let body = json!({"email": "you@naver.com", "current_password": "1234"});
    let reply = patch(&mut client, &body).await.expect_error(400, "invalid");
    let foreign = "이메일 주소 형식의 사용자 이름은 계정의 이메일 주소와 같아야 합니다.";
    assert_eq!(reply.json(), json!({"email": [foreign]}));
}

async fn a_field_that_is_not_editable_is_shown_and_never_taken(database: Database) {
    let settings = [
        ("USER__FIELDS__age__TYPE", "PositiveIntegerField"),
        ("USER__FIELDS__age__NULL", "true"),
        ("USER__FIELDS__age__EDITABLE", "false"),
        ("USER__EMAIL_EDITABLE", "false"),
        ("USER__DELETION", "false"),
    ];
    let server = database.server_with(&settings).await;
    let (mut client, _) = server.token_user().await;
    let me = json!({"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": null});
    assert_eq!(client.get("/user/me").await.json(), me);
    let body = json!({"age": 30, "email": "new@naver.com", "current_password": "1234"});
    let reply = patch(&mut client, &body).await.expect_status(200);
    assert_eq!(reply.json(), me);
    let reply = leave(&mut client, "1234")
        .await
        .expect_error(405, "method_not_allowed");
    assert_eq!(reply.list("allow"), ["GET", "OPTIONS", "PATCH"]);
}

async fn who_leaves_takes_all_with_him(database: Database) {
    let server = database
        .server_with(&[("SIMPLE_JWT__AUTH_COOKIE", "access")])
        .await;
    let mut user = SignedIn::new(&server).await;
    let (of_django, refresh_of_django) = djangos_tokens(&server).await;
    let mut bystander = server.bystander().await;
    server
        .sql("INSERT INTO auth_group (id, name) VALUES (1, 'writers') RETURNING id")
        .await;
    server
        .sql("INSERT INTO user_user_groups (user_id, group_id) VALUES (1, 1), (2, 1) RETURNING id")
        .await;
    user.browser.csrf_header();
    user.browser
        .cookies
        .insert("access".to_owned(), user.first.0.clone());
    let reply = leave(&mut user.browser, "1234").await.expect_status(200);
    assert_eq!(reply.json(), json!({"message": "회원탈퇴 성공"}));
    for name in ["sessionid", "access", "access_refresh"] {
        assert!(reply.set_cookie(name).unwrap().contains("Max-Age=0;"), "{name}");
    }
    assert_eq!(user.holds().await, [false, false, false]);
    for access in [&of_django, &user.first.0] {
        server.me(access).await.expect_error(401, "user_not_found");
    }
    server
        .refresh(&refresh_of_django)
        .await
        .expect_error(401, "token_blacklisted");
    let mut client = server.anonymous();
    client
        .post("/user/jwt_signin", &mseo_signs_in())
        .await
        .expect_status(400);
    bystander.get("/user/me").await.expect_status(200);

    for (question, answer) in [
        ("SELECT username FROM user_user", vec!["bystander"]),
        ("SELECT user_id FROM user_user_groups", vec!["2"]),
        ("SELECT count(*) FROM munjigi_email", vec!["0"]),
        ("SELECT count(*) FROM django_session", vec!["1"]),
        (
            "SELECT count(*) FROM token_blacklist_outstandingtoken WHERE user_id IS NOT NULL",
            vec!["0"],
        ),
        ("SELECT count(*) FROM token_blacklist_outstandingtoken", vec!["3"]),
        ("SELECT count(*) FROM token_blacklist_blacklistedtoken", vec!["3"]),
        (
            "SELECT count(*) FROM munjigi_session WHERE user_id = '1' AND ended_at IS NULL",
            vec!["0"],
        ),
        ("SELECT count(*) FROM munjigi_ended", vec!["3"]),
    ] {
        assert_eq!(server.sql(question).await.concat(), answer, "{question}");
    }
    // Name and address are free.
    server.signed_up().await;
}

async fn who_leaves_shows_his_password(database: Database) {
    let server = database.server().await;
    let (mut client, refresh) = server.token_user().await;
    leave(&mut server.anonymous(), "1234")
        .await
        .expect_error(401, "not_authenticated");
    let wrong = json!({"current_password": ["기존 비밀번호를 잘못 입력하셨습니다. 다시 입력해 주세요."]});
    let reply = leave(&mut client, "12345").await.expect_error(400, "invalid");
    assert_eq!(reply.json(), wrong);
    let reply = client.send(Method::DELETE, "/user/me", None, Vec::new()).await;
    assert_eq!(
        reply.expect_error(400, "invalid").json(),
        json!({"current_password": ["이 필드는 필수 항목입니다."]})
    );
    server.refresh(&refresh).await.expect_status(200);
    // Four at once: one leaves, and nobody sees a fault.
    let access = client.get("/user/me").await.expect_status(200);
    drop(access);
    let (token, _) = server.tokens().await;
    let leaving = async |_| leave(&mut bearing(&server, &token), "1234").await.status.as_u16();
    let mut statuses = at_once((0..4).map(leaving)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
}

async fn who_is_named_by_another_table_stays(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    server
        .sql(
            "CREATE TABLE blog_post (id integer PRIMARY KEY, author_id bigint NOT NULL \
             REFERENCES user_user (id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
    server
        .sql("INSERT INTO blog_post VALUES (1, 1) RETURNING id")
        .await;
    let mut client = bearing(&server, &user.first.0);
    let reply = leave(&mut client, "1234")
        .await
        .expect_error(409, "account_in_use");
    let korean = "다른 곳에서 사용 중인 계정이어서 탈퇴하지 못했습니다. 사이트 관리자에게 문의해 주세요.";
    assert_eq!(reply.json(), json!({"detail": korean}));
    client.speaks_english();
    let reply = leave(&mut client, "1234")
        .await
        .expect_error(409, "account_in_use");
    let english =
        "The account is still in use elsewhere and was not deleted. Please contact whoever runs this site.";
    assert_eq!(reply.json(), json!({"detail": english}));
    assert_eq!(user.holds().await, [true, true, true], "nothing was changed");
    assert!(server.blacklisted().await.is_empty());
    server
        .sql("DELETE FROM blog_post WHERE id = 1 RETURNING id")
        .await;
    leave(&mut client, "1234").await.expect_status(200);
}

async fn a_user_who_is_gone_is_refused_everywhere(database: Database) {
    let server = database.server_with(&[STATELESS]).await;
    ended::poll(&server.app).await.unwrap();
    let (mut client, refresh) = server.token_user().await;
    let (access, _) = server.tokens().await;
    leave(&mut bearing(&server, &access), "1234")
        .await
        .expect_status(200);
    // By the list of ended sign-ins, for no row is read.
    client
        .get("/user/me")
        .await
        .expect_error(401, "token_blacklisted");
    patch(&mut client, &json!({"age": 1}))
        .await
        .expect_error(401, "token_blacklisted");
    change_password(&mut client)
        .await
        .expect_error(401, "token_blacklisted");
    server.refresh(&refresh).await.expect_status(401);
}

async fn accounts_of_an_adopted_database_are_kept_until_it_is_said(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    server
        .sql("UPDATE munjigi_origin SET created_by = 'django' RETURNING created_by")
        .await;
    let model = ("AUTH_USER_MODEL", "user.User");
    let server = server.restarted_with(&[model]).await;
    let (access, _) = server.tokens().await;
    let mut client = bearing(&server, &access);
    leave(&mut client, "1234")
        .await
        .expect_error(405, "method_not_allowed");
    let body = json!({"email": "new@naver.com", "current_password": "1234", "age": 40});
    let reply = patch(&mut client, &body).await.expect_status(200);
    assert_eq!(
        (&reply.json()["email"], &reply.json()["age"]),
        (&json!("mseo@naver.com"), &json!(40))
    );
    change_password(&mut client).await.expect_status(200);

    let server = server
        .restarted_with(&[
            model,
            ("USER__DELETION", "true"),
            ("USER__EMAIL_EDITABLE", "true"),
        ])
        .await;
    let mut client = server.anonymous();
    let reply = client.post("/user/jwt_signin", &signs_in_anew()).await;
    client.bearer(&reply.text("access_token"));
    let body = json!({"email": "new@naver.com", "current_password": NEW});
    let reply = patch(&mut client, &body).await.expect_status(200);
    assert_eq!(reply.json()["email"], "new@naver.com");
    leave(&mut client, NEW).await.expect_status(200);
}
