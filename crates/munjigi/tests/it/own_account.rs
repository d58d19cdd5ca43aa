//! What a user does to his own account: another password, other fields, his leaving.

mod anew;
mod fields;
mod leaving;
mod password;
mod races;

use crate::support::{Client, Reply, TestServer};
use http::Method;
use serde_json::{Value, json};

const NEW: &str = "another-9-word";
const STATELESS: (&str, &str) = (
    "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES",
    r#"["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"]"#,
);

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
