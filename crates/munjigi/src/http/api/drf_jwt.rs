//! djangorestframework-jwt's routes, as its fork drf-jwt answers them (`rest_framework_jwt/views.py`, 1.19):
//! `/api-token-auth/`, `/api-token-refresh/`, `/api-token-verify/` in its documentation, off until they are written.

use super::metadata::{Field, View};
use super::{Endpoint, refusals, view};
use crate::accounts;
use crate::accounts::drf_jwt::{self, Issued};
use crate::accounts::signin::{self, Credentials, Login};
use crate::app::App;
use crate::config::Config;
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::{Error, Result, refused_token};
use crate::http::fields;
use crate::http::openapi::{Answer, Body, Operation, Schema, Tag, Words, refuses};
use crate::i18n::Text;
use axum::Json;
use axum::extract::State;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let paths = &config.routes;
    [
        view(
            config,
            paths.obtain_jwt_token.as_ref(),
            (&OBTAIN, told_obtain(config)),
            obtain,
        ),
        view(
            config,
            paths.refresh_jwt_token.as_ref(),
            (&REFRESH, told_refresh()),
            refresh,
        ),
        view(
            config,
            paths.verify_jwt_token.as_ref(),
            (&VERIFY, told_verify()),
            verify,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn told_obtain(config: &Config) -> Operation {
    let words = Words {
        en: "Sign in as djangorestframework-jwt does",
        ko: "djangorestframework-jwt 방식의 로그인",
    };
    let example = json!({&config.user_model.username_field: "mseo", "password": "1234"});
    told("obtain_jwt_token", words).takes(Body::required(SIGN_IN, example))
}

fn told_refresh() -> Operation {
    let words = Words {
        en: "The next token",
        ko: "다음 토큰",
    };
    told("refresh_jwt_token", words).takes(Body::required(GIVEN, json!({"token": "eyJhbGciOi…"})))
}

fn told_verify() -> Operation {
    let words = Words {
        en: "Whether such a token is good",
        ko: "이 토큰이 유효한지",
    };
    told("verify_jwt_token", words).takes(Body::required(GIVEN, json!({"token": "eyJhbGciOi…"})))
}

/// All three answer alike, and refuse tokens and credentials as `non_field_errors`.
fn told(id: &'static str, words: Words) -> Operation {
    let issued = Answer::json(StatusCode::CREATED, ISSUED, "The token.", "토큰입니다.");
    Operation::new(Method::POST, id, Tag::DrfJwt, words)
        .answers(issued.like(json!({"pk": 1_767_225_600, "token": "eyJhbGciOi…"})))
        .answers_all(refusals())
        .answers_all(refuses())
}

const SIGN_IN: Schema = Schema::new("DrfJwtSignIn", |config| {
    let username = &config.user_model.username_field;
    json!({
        "type": "object",
        "required": ["password", username],
        "properties": {
            "password": {"type": ["string", "number"], "minLength": 1, "description": "A number is its own digits."},
            username: {"type": ["string", "number"], "minLength": 1},
        },
    })
});
const GIVEN: Schema = Schema::new(
    "DrfJwtGiven",
    |_| json!({"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 1}}}),
);
const ISSUED: Schema = Schema::new("DrfJwtIssued", |_| {
    json!({
        "type": "object",
        "required": ["pk", "token"],
        "properties": {
            "pk": {"type": ["integer", "null"], "description": "When the token was made, in seconds since 1970."},
            "token": {"type": "string"},
        },
    })
});

const OBTAIN: View = View {
    name: "Obtain Json Web Token",
    description: "API View that receives a POST with a user's username and password.\n\nReturns a JSON Web Token that \
                  can be used for authenticated requests.",
    fields: &[Field::sent("password"), Field::answered("token"), Field::USERNAME],
};
const REFRESH: View = View {
    name: "Refresh Json Web Token",
    description: "API View that returns a refreshed token (with new expiration) based on\nexisting token\n\nIf \
                  'orig_iat' field (original issued-at-time) is found it will first check\nif it's within expiration \
                  window, then copy it to the new token.",
    fields: &[TOKEN],
};
const VERIFY: View = View {
    name: "Verify Json Web Token",
    description: "API View that checks the validity of a token, returning the token if it\nis valid.",
    fields: &[TOKEN],
};
const TOKEN: Field = Field::sent("token");

/// The answer of all three: `jwt_create_response_payload`.
type Answered = (StatusCode, Json<Value>);

/// `ObtainJSONWebTokenView`.
async fn obtain(State(app): State<App>, context: Context, fields: Fields) -> Result<Answered> {
    let input = fields::json_web_token_fields(&fields, &app.config().user_model.username_field)?;
    let credentials = Credentials {
        login: Some(Login::UsernameField(input.username)),
        password: Some(input.password),
    };
    let signed_in = async {
        let user = signin::authenticate(&app, credentials, context.client(), context.now()).await?;
        drf_jwt::obtain(&app, &user, context.client(), context.now()).await
    };
    match signed_in.await {
        Err(accounts::Error::InvalidCredentials) => Err(Error::NonField {
            word: "invalid_credentials",
            text: Text::NoLogin,
        }),
        issued => answer(issued),
    }
}

/// `RefreshJSONWebTokenView`.
async fn refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Answered> {
    let token = fields::required_text(&fields, "token")?;
    answer(drf_jwt::refresh(&app, &token, context.now()).await)
}

/// `VerifyJSONWebTokenView`.
async fn verify(State(app): State<App>, context: Context, fields: Fields) -> Result<Answered> {
    let token = fields::required_text(&fields, "token")?;
    answer(drf_jwt::verify(&app, &token, context.now()).await)
}

fn answer(issued: accounts::Result<Issued>) -> Result<Answered> {
    match issued {
        Ok(Issued { token, issued_at }) => Ok((
            StatusCode::CREATED,
            Json(json!({"pk": issued_at, "token": token})),
        )),
        Err(accounts::Error::JsonWebToken(refused)) => Err(refused_token(refused)),
        Err(error) => Err(error.into()),
    }
}
