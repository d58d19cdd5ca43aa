//! Another password, and what becomes of the sign-ins of before.

use super::{NEW, STATELESS, bearing, change_password, leave, patch, signs_in_anew};
use crate::support::{Database, SignedIn, claims, jti, mseo_signs_in, on_both};
use munjigi::accounts::ended;
use munjigi_store::records::EndReason;
use munjigi_store::users;
use serde_json::json;

on_both!(
    a_password_change_by_session_ends_all_others_and_gives_this_one_a_new_key,
    a_password_change_by_token_ends_all_others_and_leaves_the_tokens_as_they_are,
    a_password_change_needs_the_password_of_now,
    a_password_change_is_judged_as_a_sign_up_is,
    a_password_change_is_for_who_is_signed_in,
    a_password_change_by_a_stateless_token_reads_the_row,
);

async fn a_password_change_by_session_ends_all_others_and_gives_this_one_a_new_key(database: Database) {
    let server = database.server().await;
    let mut user = SignedIn::new(&server).await;
    let mut other_browser = server.anonymous();
    let reply = other_browser.post("/user/session_signin", &mseo_signs_in()).await;
    reply.expect_status(200);
    let (_, of_django) = server.given_by_django("mseo").await;
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
        let (access, _) = server.given_by_django("mseo").await;
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
