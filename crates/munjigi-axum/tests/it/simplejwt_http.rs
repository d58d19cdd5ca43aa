//! The guarded view of the recording, `/me/`: every answer of simplejwt's against ours, to the letter.

use crate::support::{Users, ask_with, jwt_at, settings, user};
use axum::routing::get;
use axum::{Json, Router};
use http::HeaderValue;
use munjigi_axum::{Authentication, CurrentUser, JwtAuthentication};
use serde_json::{Value, json};

use crate::support::User;

const RECORDING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/vectors/simplejwt_http.json"
);

async fn me(CurrentUser(user): CurrentUser<User>) -> Json<Value> {
    Json(json!({"id": user.id, "username": user.username}))
}

/// The users of the recording at the moment of a request: some are gone or locked out by then.
fn people(id: &str) -> Vec<User> {
    let mut people = vec![
        user(1, "mseo"),
        user(3, "todelete"),
        user(4, "chpass"),
        user(7, "deact"),
    ];
    if id == "me_deleted_user" {
        people.remove(1);
    }
    for person in &mut people {
        person.is_active = !(id == "me_inactive_user" && person.username == "deact");
    }
    people
}

#[tokio::test]
async fn a_guarded_route_answers_as_simplejwt_does_to_the_letter() {
    let recording: Value = serde_json::from_str(&std::fs::read_to_string(RECORDING).unwrap()).unwrap();
    let tokens = recording["profiles"]["default"]["tokens"].as_object().unwrap();
    let vectors = recording["vectors"].as_array().unwrap().iter();
    let mut compared = 0;
    for vector in vectors.filter(|vector| vector["request"]["path"] == "/me/") {
        let id = vector["id"].as_str().unwrap();
        let jwt = jwt_at(settings(), vector["now"].as_i64().unwrap());
        let auth = JwtAuthentication::new(jwt, Users::of(people(id))).unwrap();
        let router = Router::new()
            .route("/me/", get(me))
            .with_state(Authentication::new(auth));
        let headers = vector["request"]["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let mut value = value.as_str().unwrap().to_owned();
                for (name, token) in tokens {
                    value = value.replace(&format!("{{{{{name}}}}}"), token.as_str().unwrap());
                }
                // Python's http.client writes headers as Latin-1.
                let bytes: Vec<u8> = value
                    .chars()
                    .map(|letter| u8::try_from(letter).unwrap())
                    .collect();
                (name.as_str(), HeaderValue::from_bytes(&bytes).unwrap())
            });
        let reply = ask_with(&router, "GET /me/", headers).await;

        let theirs = &vector["response"];
        assert_eq!(reply.status.as_u16(), theirs["status"], "{id}");
        assert_eq!(reply.body, theirs["body"].to_string(), "{id}");
        assert_eq!(
            reply.header("content-type"),
            theirs["content_type"].as_str(),
            "{id}"
        );
        assert_eq!(
            reply.header("www-authenticate"),
            theirs["headers"]["WWW-Authenticate"].as_str(),
            "{id}"
        );
        compared += 1;
    }
    assert_eq!(compared, 26);
}
