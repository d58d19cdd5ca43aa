use super::*;
use crate::shadow::asked::{Asked, Kind, Route};
use crate::shadow::known::{self, Stricter};
use serde_json::json;

/// A second in 2026.
const THEN: i64 = 1_767_225_600;

fn token(claims: Value) -> Token {
    let Value::Object(claims) = claims else {
        panic!("{claims}")
    };
    Token {
        algorithm: "HS256".to_owned(),
        claims,
        is_good_here: true,
    }
}

fn user() -> UserTrace {
    UserTrace {
        is_stored_anew: false,
        hasher: "pbkdf2_sha256 1000000".to_owned(),
        is_last_login_set: true,
    }
}

fn listed() -> TokenTrace {
    TokenTrace {
        names_user: true,
        expires_with_it: true,
        is_blacklisted: false,
    }
}

/// A sign-in, answered `at`, with ids and moments of its own.
fn side(at: i64, random: &str) -> Side {
    let refresh = json!({
        "token_type": "refresh", "exp": at + 86_400, "iat": at, "jti": random, "user_id": "1", "iss": "shop",
    });
    let cookie = Cookie {
        attributes: [
            ("max-age", "1209600"),
            ("path", "/"),
            ("samesite", "Lax"),
            ("httponly", ""),
            ("expires", random),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        is_emptied: false,
    };
    let session = SessionTrace {
        is_read: true,
        expire_date: at + 1_209_600,
        backend: Some("django.contrib.auth.backends.ModelBackend".to_owned()),
        is_users: true,
        keys: ["_auth_user_id", "_auth_user_backend", "_auth_user_hash"]
            .map(str::to_owned)
            .into(),
    };
    Side {
        answer: Answer {
            status: 200,
            word: None,
            headers: [("Content-Type", "application/json"), ("Allow", "POST, OPTIONS")]
                .map(|(name, value)| (name, value.to_owned()))
                .into(),
            cookies: [("sessionid".to_owned(), cookie)].into(),
            body: Body::Json(json!({"refresh": "a token", "message": "signed in", "pk": at})),
            tokens: [("refresh".to_owned(), token(refresh))].into(),
            when: When { from: at, to: at },
        },
        left: Footprint {
            users: vec![Some(user())],
            given: [("refresh".to_owned(), Some(listed()))].into(),
            presented: [("token".to_owned(), Some(listed()))].into(),
            session: Some(session),
            session_before: Some(false),
        },
    }
}

fn rules() -> Rules {
    Rules {
        jti_claim: Some("jti".to_owned()),
        revoke_claim: "hash_password".to_owned(),
        sent: vec![
            Zeroizing::new("mseo".to_owned()),
            Zeroizing::new("hunter2 hunter2".to_owned()),
        ],
    }
}

/// Where it shows that one thing was changed on Django's side.
fn found(change: impl FnOnce(&mut Side)) -> Vec<String> {
    let mut theirs = side(THEN + 2, "f00");
    change(&mut theirs);
    let found = compare(&side(THEN, "ba7"), &theirs, &rules());
    found.into_iter().map(|difference| difference.what).collect()
}

fn set(body: &mut Body, name: &str, value: Value) {
    if let Body::Json(Value::Object(members)) = body {
        members.insert(name.to_owned(), value);
    }
}

fn claim(side: &mut Side, name: &str, value: Value) {
    let token = side.answer.tokens.get_mut("refresh").unwrap();
    token.claims.insert(name.to_owned(), value);
}

#[test]
fn ids_keys_and_moments_may_be_others() {
    assert_eq!(found(|_| {}), Vec::<String>::new());
    // Only we name a record; methods come in any order; a second more or less is the clock's.
    assert!(found(|theirs| claim(theirs, "sid", json!("a0"))).is_empty());
    assert!(found(|theirs| claim(theirs, "exp", json!(THEN + 86_403))).is_empty());
    assert!(
        found(|theirs| {
            theirs.answer.headers.insert("Allow", "OPTIONS, POST".to_owned());
        })
        .is_empty()
    );
    // What was copied from an older token is the same on both sides.
    let mut ours = side(THEN, "ba7");
    let mut theirs = side(THEN + 2, "f00");
    claim(&mut ours, "iat", json!(THEN - 999));
    claim(&mut theirs, "iat", json!(THEN - 999));
    assert!(compare(&ours, &theirs, &rules()).is_empty());
}

#[test]
fn each_thing_that_is_another_is_found_by_its_name_and_nothing_else_is() {
    type Change = fn(&mut Side);
    let cases: [(&str, Change); 27] = [
        ("status", |side| side.answer.status = 401),
        ("header Content-Type", |side| {
            side.answer.headers.insert("Content-Type", "text/html".to_owned());
        }),
        ("header Allow", |side| {
            side.answer.headers.remove("Allow");
        }),
        ("header WWW-Authenticate", |side| {
            side.answer
                .headers
                .insert("WWW-Authenticate", "Bearer".to_owned());
        }),
        ("cookie sessionid", |side| side.answer.cookies.clear()),
        ("cookie csrftoken", |side| {
            side.answer
                .cookies
                .insert("csrftoken".to_owned(), Cookie::default());
        }),
        ("cookie sessionid: secure", |side| attribute(side, "secure", "")),
        ("cookie sessionid: max-age", |side| {
            attribute(side, "max-age", "3600");
        }),
        ("cookie sessionid: samesite", |side| {
            attribute(side, "samesite", "None");
        }),
        ("body", |side| side.answer.body = Body::Other(3)),
        ("body.message", |side| {
            set(&mut side.answer.body, "message", json!("hello"));
        }),
        ("body.user", |side| set(&mut side.answer.body, "user", json!({}))),
        ("body.pk", |side| {
            set(&mut side.answer.body, "pk", json!(THEN + 99));
        }),
        ("token access", |side| {
            side.answer.tokens.insert("access".to_owned(), token(json!({})));
        }),
        ("token refresh", |side| {
            side.answer.tokens.get_mut("refresh").unwrap().is_good_here = false;
        }),
        ("token refresh: algorithm", |side| {
            side.answer.tokens.get_mut("refresh").unwrap().algorithm = "RS256".to_owned();
        }),
        ("token refresh: exp", |side| {
            claim(side, "exp", json!(THEN + 90_000));
        }),
        ("token refresh: user_id", |side| {
            claim(side, "user_id", json!("2"));
        }),
        ("token refresh: aud", |side| claim(side, "aud", json!("shop"))),
        ("row of the user: password", |side| {
            users(side).is_stored_anew = true;
        }),
        ("row of the user: last_login", |side| {
            users(side).is_last_login_set = false;
        }),
        ("row of the token refresh: outstanding", |side| {
            side.left.given.insert("refresh".to_owned(), None);
        }),
        ("row of the token sent as token: blacklisted", |side| {
            side.left
                .presented
                .get_mut("token")
                .unwrap()
                .as_mut()
                .unwrap()
                .is_blacklisted = true;
        }),
        ("row of the session: expire_date", |side| {
            side.left.session.as_mut().unwrap().expire_date += 60;
        }),
        ("row of the session: _auth_user_backend", |side| {
            side.left.session.as_mut().unwrap().backend = Some("shop.Backend".to_owned());
        }),
        ("row of the session: theme", |side| {
            side.left
                .session
                .as_mut()
                .unwrap()
                .keys
                .insert("theme".to_owned());
        }),
        ("row of the session sent", |side| {
            side.left.session_before = Some(true);
        }),
    ];
    for (what, change) in cases {
        assert_eq!(found(change), [what]);
    }
}

fn users(side: &mut Side) -> &mut UserTrace {
    side.left.users[0].as_mut().unwrap()
}

fn attribute(side: &mut Side, name: &str, value: &str) {
    let cookie = side.answer.cookies.get_mut("sessionid").unwrap();
    cookie.attributes.insert(name.to_owned(), value.to_owned());
}

#[test]
fn nothing_that_is_somebodys_is_shown() {
    let mut ours = side(THEN, "ba7");
    let mut theirs = side(THEN, "f00");
    for (side, name) in [(&mut ours, "mseo"), (&mut theirs, "jlee")] {
        let text = format!(
            "No {name} with hunter2 hunter2 of {name}@naver.com, {}",
            "s".repeat(60)
        );
        side.answer.status = 400;
        set(&mut side.answer.body, "detail", json!([text, name]));
        claim(side, "email", json!(format!("{name}@naver.com")));
        claim(side, "user_id", json!(name));
    }
    let found = compare(&ours, &theirs, &rules());
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].ours, "No … with … of … … ");
    let told = format!("{found:?}");
    for secret in ["mseo", "hunter2", "naver", "sss"] {
        assert!(!told.contains(secret), "{told}");
    }
    // What is answered to who came in is his own, whatever it is called.
    ours.answer.status = 200;
    theirs.answer.status = 200;
    assert!(!format!("{:?}", compare(&ours, &theirs, &rules())).contains("jlee"));
}

#[test]
fn a_flood_of_differences_in_one_answer_is_cut_off() {
    let many = |side: &mut Side, value: u32| {
        for number in 0..500 {
            set(&mut side.answer.body, &format!("member{number}"), json!(value));
        }
    };
    let (mut ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    many(&mut ours, 1);
    many(&mut theirs, 2);
    assert_eq!(compare(&ours, &theirs, &rules()).len(), MOST);
}

fn asked(name: &'static str, kind: Kind) -> Asked {
    Asked {
        route: Route { name, kind },
        logins: Vec::new(),
        tokens: Vec::new(),
        session_key: None,
        sent: Vec::new(),
        has_padded_password: false,
        has_slash: true,
        wants_html: false,
    }
}

/// How a pair of answers is called: `status`, or the name of a deviation.
fn called(asked: &Asked, ours: (u16, &str), theirs: u16, stricter: Stricter) -> String {
    let (mut one, mut other) = (side(THEN, "ba7"), side(THEN, "f00"));
    one.answer.status = ours.0;
    one.answer.word = Some(ours.1.to_owned());
    other.answer.status = theirs;
    let found = compare(&one, &other, &rules());
    let name = known::name(asked, (&one, &other), &found[0], stricter);
    name.map_or_else(|| found[0].what.clone(), str::to_owned)
}

#[test]
fn what_is_another_on_purpose_is_called_by_its_name() {
    let strict = Stricter {
        ends_with_password: true,
        asks_the_list: true,
    };
    let lax = Stricter::default();
    let sign_in = asked("token_obtain_pair", Kind::SignIn);
    let refresh = asked("token_refresh", Kind::Refresh);
    let sliding = asked("token_refresh_sliding", Kind::Refresh);
    let verify = asked("token_verify", Kind::Verify);
    let without_slash = Asked {
        has_slash: false,
        ..asked("token_obtain_pair", Kind::SignIn)
    };
    let padded = Asked {
        has_padded_password: true,
        ..asked("token_obtain_pair", Kind::SignIn)
    };
    for (asked, ours, theirs, stricter, name) in [
        (
            &refresh,
            (401, "no_active_account"),
            500,
            lax,
            "refresh_of_a_deleted_user",
        ),
        (
            &sliding,
            (401, "no_active_account"),
            200,
            lax,
            "sliding_token_of_a_user_who_is_shut_out",
        ),
        (&refresh, (401, "no_active_account"), 200, lax, "status"),
        (
            &refresh,
            (401, "token_blacklisted"),
            200,
            strict,
            "refresh_after_a_password_change",
        ),
        (&refresh, (401, "token_blacklisted"), 200, lax, "status"),
        (
            &verify,
            (400, "invalid"),
            200,
            strict,
            "verify_of_a_blacklisted_token",
        ),
        (&verify, (400, "invalid"), 200, lax, "status"),
        (&verify, (401, "token_not_valid"), 500, lax, "error_page"),
        (&sign_in, (400, "disallowed_host"), 500, lax, "status"),
        (&sign_in, (413, "body_too_large"), 401, lax, "body_refused"),
        (&sign_in, (415, "unsupported_media_type"), 200, lax, "status"),
        (&sign_in, (400, "parse_error"), 302, lax, "status"),
        (&sign_in, (403, "cross_site"), 200, lax, "status"),
        (&sign_in, (401, "invalid_credentials"), 200, lax, "status"),
        (&sign_in, (200, ""), 401, lax, "status"),
        (&padded, (200, ""), 401, lax, "password_with_spaces"),
        (&padded, (401, "invalid_credentials"), 200, lax, "status"),
        (&without_slash, (200, ""), 404, lax, "path_without_slash"),
    ] {
        assert_eq!(called(asked, ours, theirs, stricter), name, "{ours:?} {theirs}");
    }
}

#[test]
fn a_page_for_people_excuses_its_form_and_nothing_else() {
    let asked = Asked {
        wants_html: true,
        ..asked("token_obtain_pair", Kind::SignIn)
    };
    let name = |change: &dyn Fn(&mut Side)| {
        let (ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
        let page = "text/html; charset=utf-8".to_owned();
        theirs.answer.headers.insert("Content-Type", page);
        change(&mut theirs);
        let found = compare(&ours, &theirs, &rules());
        let names = found.iter().map(|of| {
            (
                of.what.clone(),
                known::name(&asked, (&ours, &theirs), of, Stricter::default()),
            )
        });
        names.collect::<Vec<_>>()
    };
    let page = ("header Content-Type".to_owned(), Some("browsable_api"));
    assert_eq!(name(&|_| ()), [page]);
    for of in name(&|theirs| theirs.answer.status = 302) {
        assert_eq!(of.1, None, "{of:?}");
    }
    let left = name(&|theirs| users(theirs).is_last_login_set = false);
    assert!(
        left.iter().any(|of| of.0.starts_with("row") && of.1.is_none()),
        "{left:?}"
    );
}

#[test]
fn a_successor_that_an_older_simplejwt_does_not_list_is_known_and_a_first_token_is_not() {
    let (ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    theirs.left.given.insert("refresh".to_owned(), None);
    let found = compare(&ours, &theirs, &rules());
    for (asked, name) in [
        (
            asked("token_refresh", Kind::Refresh),
            Some("successor_not_listed"),
        ),
        (asked("token_obtain_pair", Kind::SignIn), None),
    ] {
        assert_eq!(
            known::name(&asked, (&ours, &theirs), &found[0], Stricter::default()),
            name
        );
    }
}

#[test]
fn a_digest_of_a_password_is_another_where_both_store_it_anew_and_only_there() {
    let (mut ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    claim(&mut ours, "hash_password", json!("A"));
    claim(&mut theirs, "hash_password", json!("B"));
    assert_eq!(
        compare(&ours, &theirs, &rules())[0].what,
        "token refresh: hash_password"
    );
    for side in [&mut ours, &mut theirs] {
        users(side).is_stored_anew = true;
    }
    assert_eq!(compare(&ours, &theirs, &rules()), []);
}

#[test]
fn deviations_of_rows_and_claims_are_known_on_their_routes_alone() {
    let (mut ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    theirs
        .left
        .given
        .get_mut("refresh")
        .unwrap()
        .as_mut()
        .unwrap()
        .expires_with_it = false;
    let token = ours.answer.tokens["refresh"].clone();
    for (side, has_email) in [(&mut ours, true), (&mut theirs, false)] {
        side.answer.tokens.insert("token".to_owned(), token.clone());
        let token = side.answer.tokens.get_mut("token").unwrap();
        if has_email {
            token.claims.insert("email".to_owned(), json!("mseo@naver.com"));
        }
    }
    let found = compare(&ours, &theirs, &rules());
    let names = |route| -> Vec<_> {
        let asked = asked(route, Kind::Refresh);
        let name = |difference| known::name(&asked, (&ours, &theirs), difference, Stricter::default());
        found.iter().map(name).collect()
    };
    assert_eq!(names("refresh_jwt_token"), [Some("email_in_payload"), None]);
    assert_eq!(
        names("token_refresh_sliding"),
        [None, Some("sliding_row_is_prolonged")]
    );
    assert_eq!(names("token_refresh"), [None, None]);
}

#[test]
fn an_empty_session_that_django_opens_for_an_unknown_key_is_known_and_a_users_is_not() {
    let (mut ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    ours.answer.cookies.clear();
    ours.left.session = None;
    for side in [&mut ours, &mut theirs] {
        side.left.session_before = Some(false);
    }
    for (keys, name) in [(0, Some("session_of_an_unknown_key")), (1, None)] {
        let session = theirs.left.session.as_mut().unwrap();
        session.keys = ["_auth_user_id".to_owned()].into_iter().take(keys).collect();
        let found = compare(&ours, &theirs, &rules());
        let whats: Vec<_> = found.iter().map(|difference| difference.what.as_str()).collect();
        assert_eq!(whats, ["cookie sessionid", "row of the session"]);
        let asked = asked("token_verify", Kind::Verify);
        for difference in &found {
            let found = known::name(&asked, (&ours, &theirs), difference, Stricter::default());
            assert_eq!(found, name, "{}", difference.what);
        }
    }
}

#[test]
fn what_django_does_to_a_user_whom_it_refuses_is_known() {
    let (mut ours, mut theirs) = (side(THEN, "ba7"), side(THEN, "f00"));
    for status in [200, 401] {
        ours.answer.status = status;
        theirs.answer.status = status;
        users(&mut theirs).is_stored_anew = true;
        let found = compare(&ours, &theirs, &rules());
        let asked = asked("token_obtain_pair", Kind::SignIn);
        let name = known::name(&asked, (&ours, &theirs), &found[0], Stricter::default());
        assert_eq!(name, (status == 401).then_some("stored_anew_of_an_inactive_user"));
    }
}
