//! Another password, while others change or use it at the same moment.

use super::{NEW, bearing, change_password};
use crate::support::{Database, at_once, on_both};
use munjigi::accounts::password::{self, GoesOn, Passwords};
use munjigi::accounts::{self, administration};
use munjigi::clock::entropy;
use munjigi_passwords::{Algorithm, Costs, Hashers, LegacyRows, Password};
use serde_json::json;

on_both!(
    of_two_who_change_a_password_at_once_one_is_told_that_his_is_wrong,
    no_sign_in_by_the_old_password_outlives_a_change,
    a_change_goes_on_where_the_same_password_was_stored_anew_meanwhile,
);

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
