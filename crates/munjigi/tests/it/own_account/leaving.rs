//! A user leaves, and what goes with him.

use super::{NEW, STATELESS, bearing, change_password, leave, patch, signs_in_anew};
use crate::support::{Database, SignedIn, at_once, mseo_signs_in, on_both};
use http::Method;
use munjigi::accounts::ended;
use serde_json::json;

on_both!(
    who_leaves_takes_all_with_him,
    who_leaves_shows_his_password,
    who_is_named_by_another_table_stays,
    a_user_who_is_gone_is_refused_everywhere,
    accounts_of_an_adopted_database_are_kept_until_it_is_said,
);

async fn who_leaves_takes_all_with_him(database: Database) {
    let server = database
        .server_with(&[("SIMPLE_JWT__AUTH_COOKIE", "access")])
        .await;
    let mut user = SignedIn::new(&server).await;
    let (of_django, refresh_of_django) = server.given_by_django("mseo").await;
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
