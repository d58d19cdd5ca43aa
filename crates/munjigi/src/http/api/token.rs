//! simplejwt's own routes (`rest_framework_simplejwt/views.py`, 5.5.1), under `/api/token/`.

use super::metadata::{Field, View};
use super::{Endpoint, refusals, view};
use crate::accounts::signin::{self, Credentials, Login};
use crate::accounts::{self, RememberMe, signout, tokens};
use crate::app::App;
use crate::config::Config;
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::{Error, Result};
use crate::http::fields;
use crate::http::openapi::{
    Answer, Body, CODED_DETAIL, DETAIL, Operation, Schema, Tag, Words, refuses, token_too_long, told_claims,
};
use axum::Json;
use axum::extract::State;
use http::{Method, StatusCode};
use munjigi_store::users::User;
use serde_json::{Map, Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let paths = &config.routes;
    let (pair, sliding) = (
        told_obtain(config, "token_obtain_pair", PAIR),
        told_obtain(config, "token_obtain_sliding", SLIDING),
    );
    [
        view(
            config,
            paths.token_obtain_pair.as_ref(),
            (&OBTAIN_PAIR, pair),
            obtain_pair,
        ),
        view(
            config,
            paths.token_refresh.as_ref(),
            (&REFRESH, told_refresh()),
            refresh,
        ),
        view(
            config,
            paths.token_verify.as_ref(),
            (&VERIFY, told_verify()),
            verify,
        ),
        view(
            config,
            paths.token_blacklist.as_ref(),
            (&BLACKLIST, told_blacklist()),
            blacklist,
        ),
        view(
            config,
            paths.token_obtain_sliding.as_ref(),
            (&OBTAIN_SLIDING, sliding),
            obtain_sliding,
        ),
        view(
            config,
            paths.token_refresh_sliding.as_ref(),
            (&REFRESH_SLIDING, told_refresh_sliding()),
            refresh_sliding,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn told_obtain(config: &Config, id: &'static str, answered: Schema) -> Operation {
    let words = Words {
        en: "Sign in as simplejwt does",
        ko: "simplejwt 방식의 로그인",
    };
    let example = json!({&config.user_model.username_field: "mseo", "password": "1234"});
    told(id, words)
        .takes(Body::required(SIGN_IN, example))
        .answers(token_too_long())
        .answers(Answer::json(
            StatusCode::OK,
            answered,
            "Signed in.",
            "로그인했습니다.",
        ))
        .answers(Answer::json(
            StatusCode::UNAUTHORIZED,
            DETAIL,
            "No active account has these credentials.",
            "이 정보와 일치하는 활성 계정이 없습니다.",
        ))
}

fn told_refresh() -> Operation {
    let words = Words {
        en: "A new access token",
        ko: "새 access 토큰",
    };
    told("token_refresh", words)
        .note(
            "Where refresh tokens rotate, a new one comes with it.",
            "ROTATE_REFRESH_TOKENS이면 새 refresh 토큰도 함께 옵니다.",
        )
        .takes(Body::required(REFRESH_GIVEN, json!({"refresh": "eyJhbGciOi…"})))
        .answers(Answer::json(
            StatusCode::OK,
            REFRESHED,
            "The tokens.",
            "토큰입니다.",
        ))
        .answers_all(refused())
}

fn told_verify() -> Operation {
    let words = Words {
        en: "Whether a token is good",
        ko: "토큰이 유효한지",
    };
    told("token_verify", words)
        .takes(Body::required(TOKEN_GIVEN, json!({"token": "eyJhbGciOi…"})))
        .answers(Answer::json(StatusCode::OK, EMPTY, "It is.", "유효합니다."))
        .answers_all(refused())
}

fn told_blacklist() -> Operation {
    let words = Words {
        en: "End a refresh token",
        ko: "refresh 토큰을 끝냅니다",
    };
    told("token_blacklist", words)
        .takes(Body::required(REFRESH_GIVEN, json!({"refresh": "eyJhbGciOi…"})))
        .answers(Answer::json(
            StatusCode::OK,
            EMPTY,
            "It has ended, and its sign-in with it.",
            "토큰과 그 로그인이 끝났습니다.",
        ))
        .answers_all(refused())
}

fn told_refresh_sliding() -> Operation {
    let words = Words {
        en: "A sliding token for longer",
        ko: "슬라이딩 토큰 연장",
    };
    told("token_refresh_sliding", words)
        .takes(Body::required(TOKEN_GIVEN, json!({"token": "eyJhbGciOi…"})))
        .answers(Answer::json(StatusCode::OK, TOKEN, "The token.", "토큰입니다."))
        .answers_all(refused())
}

fn told(id: &'static str, words: Words) -> Operation {
    Operation::new(Method::POST, id, Tag::SimpleJwt, words)
        .answers_all(refusals())
        .answers_all(refuses())
}

fn refused() -> [Answer; 2] {
    let words = ("The token is not good.", "유효하지 않은 토큰입니다.");
    [
        Answer::json(StatusCode::UNAUTHORIZED, CODED_DETAIL, words.0, words.1),
        Answer::json(
            StatusCode::UNAUTHORIZED,
            DETAIL,
            "Its user may not come in.",
            "토큰의 사용자가 활성 상태가 아닙니다.",
        ),
    ]
}

const SIGN_IN: Schema = Schema::new("SimpleJwtSignIn", |config| {
    let username = &config.user_model.username_field;
    json!({
        "type": "object",
        "required": [username, "password"],
        "properties": {
            username: {"type": ["string", "number"], "minLength": 1},
            "password": {"type": ["string", "number"], "minLength": 1, "description": "A number is its own digits."},
        },
    })
});
const PAIR: Schema = Schema::new("TokenPair", |config| signed_in(config, &["refresh", "access"]));
const SLIDING: Schema = Schema::new("SlidingToken", |config| signed_in(config, &["token"]));

fn signed_in(config: &Config, tokens: &[&str]) -> Value {
    let tokens = tokens.iter().map(|name| (*name, json!({"type": "string"})));
    let members = tokens.chain(told_claims(config));
    let properties: Map<String, Value> = members.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

const REFRESHED: Schema = Schema::new("Refreshed", |config| {
    let rotates = config.simple_jwt.rotate_refresh_tokens;
    json!({
        "type": "object",
        "required": if rotates { vec!["access", "refresh"] } else { vec!["access"] },
        "properties": {"access": {"type": "string"}, "refresh": {"type": "string"}},
    })
});
const REFRESH_GIVEN: Schema = Schema::new(
    "RefreshGiven",
    |_| json!({"type": "object", "required": ["refresh"], "properties": {"refresh": {"type": "string", "minLength": 1}}}),
);
const TOKEN_GIVEN: Schema = Schema::new(
    "TokenGiven",
    |_| json!({"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 1}}}),
);
const TOKEN: Schema = Schema::new(
    "Token",
    |_| json!({"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}}),
);
const EMPTY: Schema = Schema::new("Empty", |_| json!({"type": "object", "maxProperties": 0}));

const OBTAIN_PAIR: View = View {
    name: "Token Obtain Pair",
    description: "Takes a set of user credentials and returns an access and refresh JSON web\ntoken pair to prove the \
                  authentication of those credentials.",
    fields: CREDENTIALS,
};
const REFRESH: View = View {
    name: "Token Refresh",
    description: "Takes a refresh type JSON web token and returns an access type JSON web\ntoken if the refresh token \
                  is valid.",
    fields: &[Field::sent("refresh"), Field::answered("access")],
};
const VERIFY: View = View {
    name: "Token Verify",
    description: "Takes a token and indicates if it is valid.  This view provides no\ninformation about a token's \
                  fitness for a particular use.",
    fields: &[Field::sent("token")],
};
const BLACKLIST: View = View {
    name: "Token Blacklist",
    description: "Takes a token and blacklists it. Must be used with the\n`rest_framework_simplejwt.token_blacklist` \
                  app installed.",
    fields: &[Field::sent("refresh")],
};
const OBTAIN_SLIDING: View = View {
    name: "Token Obtain Sliding",
    description: "Takes a set of user credentials and returns a sliding JSON web token to\nprove the authentication of \
                  those credentials.",
    fields: CREDENTIALS,
};
const REFRESH_SLIDING: View = View {
    name: "Token Refresh Sliding",
    description: "Takes a sliding JSON web token and returns a new, refreshed version if the\ntoken's refresh period \
                  has not expired.",
    fields: &[Field::sent("token")],
};
const CREDENTIALS: &[Field] = &[Field::USERNAME, Field::sent("password")];

/// `TokenObtainPairView`.
async fn obtain_pair(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let user = authenticate(&app, &context, &fields).await?;
    let pair = signin::open_jwt(&app, &user, context.arrival(RememberMe::Unsaid)).await?;
    let mut body = Map::new();
    body.insert("refresh".to_owned(), pair.refresh.into());
    body.insert("access".to_owned(), pair.access.into());
    body.extend(pair.told);
    Ok(Json(body.into()))
}

/// `TokenRefreshView`.
async fn refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let refresh = fields::required_text(&fields, "refresh")?;
    let refreshed = tokens::refresh(&app, &refresh, context.client(), context.now()).await?;
    Ok(Json(match refreshed.refresh {
        Some(refresh) => json!({"access": refreshed.access, "refresh": refresh}),
        None => json!({"access": refreshed.access}),
    }))
}

/// `TokenVerifyView`.
async fn verify(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let token = fields::required_text(&fields, "token")?;
    tokens::verify(&app, &token, context.now()).await?;
    Ok(Json(json!({})))
}

/// `TokenBlacklistView`.
async fn blacklist(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let refresh = fields::required_text(&fields, "refresh")?;
    signout::blacklist(&app, &refresh, context.now()).await?;
    Ok(Json(json!({})))
}

/// `TokenObtainSlidingView`.
async fn obtain_sliding(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let user = authenticate(&app, &context, &fields).await?;
    let slide = signin::open_sliding(&app, &user, context.arrival(RememberMe::Unsaid)).await?;
    let mut body = Map::new();
    body.insert("token".to_owned(), slide.token.into());
    body.extend(slide.told);
    Ok(Json(body.into()))
}

/// `TokenRefreshSlidingView`.
async fn refresh_sliding(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let token = fields::required_text(&fields, "token")?;
    let token = tokens::refresh_sliding(&app, &token, context.client(), context.now()).await?;
    Ok(Json(json!({"token": token})))
}

/// `TokenObtainSerializer.validate`.
async fn authenticate(app: &App, context: &Context, fields: &Fields) -> Result<User> {
    let input = fields::obtain_fields(fields, &app.config().user_model.username_field)?;
    let credentials = Credentials {
        login: Some(Login::UsernameField(input.username)),
        password: Some(input.password),
    };
    match signin::authenticate(app, credentials, context.client(), context.now()).await {
        Err(accounts::Error::InvalidCredentials) => Err(Error::NoActiveAccount),
        user => Ok(user?),
    }
}
