//! Other fields of a user, and another address.

use super::{bearing, leave, patch};
use crate::support::{Database, FORM, SignedIn, at_once, on_both};
use http::Method;
use munjigi_store::users;
use serde_json::{Value, json};

on_both!(
    fields_change_one_by_one,
    an_address_changes_for_who_shows_his_password,
    an_address_that_somebody_has_is_no_address_for_another,
    a_field_that_is_not_editable_is_shown_and_never_taken,
);

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
