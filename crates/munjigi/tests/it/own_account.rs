//! What a user does to his own account: another password, other fields, his leaving.

mod anew;
mod fields;
mod leaving;
mod password;
mod races;

use crate::support::{Client, Reply, TestServer, jti};
use http::Method;
use munjigi_store::token_blacklist::{self, OutstandingToken};
use munjigi_tokens::RefreshToken;
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
