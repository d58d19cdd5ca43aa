//! What is told of the notes' routes.

use super::super::refusals;
use crate::config::{AuthenticationClass, Config, TokensStand};
use crate::http::openapi::{
    Answer, Body, CODED_DETAIL, Credentials, DETAIL, Head, Operation, Schema, TOKEN_REFUSED, Tag, Words,
    answered, extra_fields, refuses, token_too_long, told_claims, user_id,
};
use http::{Method, StatusCode};
use munjigi_store::FieldKind;
use munjigi_user::UserIdKind;
use serde_json::{Map, Value, json};

pub(super) fn session_signup(config: &Config) -> Operation {
    let words = Words {
        en: "Sign up",
        ko: "회원가입",
    };
    let answer = json!({"message": "회원가입 성공", "user": user_example(config)});
    signup(config, "session_signup", words).answers(
        Answer::json(
            StatusCode::CREATED,
            SIGNED_UP,
            "The user is there.",
            "회원가입했습니다.",
        )
        .like(answer),
    )
}

pub(super) fn jwt_signup(config: &Config) -> Operation {
    let words = Words {
        en: "Sign up, and be signed in by tokens",
        ko: "회원가입, 토큰 두 개",
    };
    let mut example = Map::from_iter([
        ("message".to_owned(), json!("회원가입 성공")),
        ("user".to_owned(), user_example(config)),
    ]);
    example.extend(tokens_example(config));
    let answer = Answer::json(
        StatusCode::CREATED,
        SIGNED_UP_WITH_TOKENS,
        "The user is there and has tokens.",
        "회원가입했고 토큰이 있습니다.",
    );
    signup(config, "jwt_signup", words)
        .answers(token_too_long())
        .answers(tokens_set(config, answer.like(example.into())))
}

fn signup(config: &Config, id: &'static str, words: Words) -> Operation {
    let mut named = named_example(config).into_iter();
    let mut example = Map::from_iter(named.next());
    example.insert("password".to_owned(), json!(1234));
    example.extend(named);
    let taken = extra_fields(config).filter(|(field, ..)| field.editable);
    example.extend(taken.map(|(field, _, example)| (field.name.clone(), example)));
    told(Method::POST, id, words)
        .takes(Body::required(SIGN_UP, example.into()))
        .answers_all(refuses())
        .answers(cross_site())
}

pub(super) fn session_signin() -> Operation {
    let words = Words {
        en: "Sign in (session cookie)",
        ko: "로그인 (세션 쿠키)",
    };
    let answer = Answer::json(
        StatusCode::OK,
        MESSAGE,
        "Signed in: the session's cookie and the CSRF cookie are set.",
        "로그인했습니다. 세션 쿠키와 CSRF 쿠키가 옵니다.",
    );
    signin("session_signin", words)
        .answers(answer.like(json!({"message": "로그인 성공"})).with(Head::Cookies))
}

pub(super) fn jwt_signin(config: &Config) -> Operation {
    let words = Words {
        en: "Sign in (two tokens)",
        ko: "로그인 (토큰 두 개)",
    };
    let mut example = tokens_example(config);
    example.insert("message".to_owned(), json!("로그인 성공"));
    let answer = Answer::json(StatusCode::OK, SIGNED_IN, "Signed in.", "로그인했습니다.");
    signin("jwt_signin", words)
        .answers(token_too_long())
        .answers(tokens_set(config, answer.like(example.into())))
}

fn signin(id: &'static str, words: Words) -> Operation {
    let wrong = Answer::json(
        StatusCode::BAD_REQUEST,
        WRONG_CREDENTIALS,
        "Wrong, unknown, inactive, or something is missing: one answer for all.",
        "이메일 또는 비밀번호가 올바르지 않습니다.",
    );
    told(Method::POST, id, words)
        .takes(Body::required(
            SIGN_IN,
            json!({"email": "mseo@naver.com", "password": 1234}),
        ))
        .answers(wrong)
        .answers_all(refuses())
        .answers(cross_site())
}

pub(super) fn jwt_refresh(config: &Config) -> Operation {
    let words = Words {
        en: "A new access token",
        ko: "새 access 토큰",
    };
    let rotates = config.simple_jwt.rotate_refresh_tokens;
    let mut example = tokens_example(config);
    if !rotates {
        example.remove("refresh_token");
    }
    let answer = Answer::json(StatusCode::OK, REFRESHED, "The new token.", "새 토큰입니다.");
    let given = json!({"refresh_token": "eyJhbGciOi…"});
    let body = if config.auth_cookie.is_some() {
        Body::optional(REFRESH_OR_COOKIE, given)
    } else {
        Body::required(REFRESH, given)
    };
    token_route("jwt_refresh", words, body)
        .by(Credentials::Refresh)
        .answers(tokens_set(config, answer.like(example.into())))
        .answers(Answer::json(
            StatusCode::UNAUTHORIZED,
            DETAIL,
            "The token's user may not come in.",
            "토큰의 사용자가 활성 상태가 아닙니다.",
        ))
}

pub(super) fn jwt_signout(config: &Config) -> Operation {
    let words = Words {
        en: "Sign out by a token",
        ko: "로그아웃 (토큰)",
    };
    let answer = Answer::json(
        StatusCode::OK,
        MESSAGE,
        "Signed out. A token that had ended before is as good.",
        "로그아웃했습니다. 이미 끝난 토큰이어도 같습니다.",
    );
    let body = Body::optional(REFRESH_OR_HEADER, json!({"refresh_token": "eyJhbGciOi…"}));
    let answer = answer.like(json!({"message": "로그아웃 성공"}));
    token_route("jwt_signout", words, body)
        .by(Credentials::TokenSignOut)
        .answers(tokens_set(config, answer))
}

fn token_route(id: &'static str, words: Words, body: Body) -> Operation {
    told(Method::POST, id, words)
        .takes(body)
        .answers_all(refuses())
        .answers(Answer::json(
            StatusCode::UNAUTHORIZED,
            CODED_DETAIL,
            "The token is not good.",
            "유효하지 않은 토큰입니다.",
        ))
        .answers(Answer::json(
            StatusCode::UNAUTHORIZED,
            DETAIL,
            "The token is not good.",
            "유효하지 않은 토큰입니다.",
        ))
        .answers(cross_site())
}

pub(super) fn session_signout() -> Operation {
    let words = Words {
        en: "Sign out (session cookie)",
        ko: "로그아웃 (세션 쿠키)",
    };
    let answer = Answer::json(
        StatusCode::OK,
        MESSAGE,
        "Signed out; who was not signed in is told the same.",
        "로그아웃했습니다. 로그인하지 않은 사람에게도 같은 답입니다.",
    );
    told(Method::POST, "session_signout", words)
        .by(Credentials::SignOut)
        .takes(Body::optional(CSRF_FORM, json!({})))
        .answers(
            answer
                .like(json!({"message": "로그아웃 성공"}))
                .with(Head::MaybeCookies),
        )
        .answers_all(refuses())
        .answers_all(unauthenticated())
        .answers(cross_site())
}

pub(super) fn me(config: &Config) -> Operation {
    let words = Words {
        en: "Who am I",
        ko: "내 정보",
    };
    let answer = Answer::json(StatusCode::OK, ME, "The user.", "사용자입니다.");
    told(Method::GET, "me", words)
        .by(Credentials::Required)
        .answers(answer.like(user_example(config)).with(Head::MaybeCookies))
        .answers_all(unauthenticated())
        .answers(ended_json_web_token())
}

pub(super) fn csrf(config: &Config) -> Operation {
    let words = Words {
        en: "A CSRF token, for a page that cannot read the cookie",
        ko: "CSRF 토큰",
    };
    let answer = Answer::json(
        StatusCode::OK,
        CSRF,
        "The token, and its cookie.",
        "토큰과 쿠키입니다.",
    );
    let told = told(Method::GET, "csrf", words);
    if config.csrf.use_sessions {
        told.answers(answer.with(Head::MaybeCookies))
            .answers(cross_site())
    } else {
        told.answers(answer.with(Head::Cookies))
    }
}

fn told(method: Method, id: &'static str, words: Words) -> Operation {
    Operation::new(method, id, Tag::Notes, words).answers_all(refusals())
}

/// A page that is not trusted, or a cookie without its CSRF token.
pub(in super::super) fn cross_site() -> Answer {
    Answer::json(
        StatusCode::FORBIDDEN,
        DETAIL,
        "A page of another site sent it, or a cookie came without its CSRF token.",
        "다른 사이트의 페이지가 보냈거나, CSRF 토큰이 없습니다.",
    )
}

/// What stands behind a credential, or where it comes from, keeps the door shut.
pub(in super::super) fn forbidden() -> [Answer; 2] {
    [cross_site(), ended_json_web_token()]
}

fn ended_json_web_token() -> Answer {
    Answer::json(
        StatusCode::FORBIDDEN,
        DETAIL,
        "The sign-in behind a token of djangorestframework-jwt's has ended.",
        "djangorestframework-jwt 토큰의 로그인이 끝났습니다.",
    )
}

/// Who asks is not known, or not well.
pub(in super::super) fn unauthenticated() -> [Answer; 3] {
    [
        Answer::json(
            StatusCode::UNAUTHORIZED,
            DETAIL,
            "No credentials were sent.",
            "자격 인증 데이터가 제공되지 않았습니다.",
        ),
        Answer::json(
            StatusCode::UNAUTHORIZED,
            CODED_DETAIL,
            "The header, or the token's user, is not good.",
            "헤더나 토큰의 사용자가 올바르지 않습니다.",
        ),
        Answer::json(
            StatusCode::UNAUTHORIZED,
            TOKEN_REFUSED,
            "The token is of no class that is taken.",
            "유효하지 않은 토큰입니다.",
        ),
    ]
}

/// Cookies come with tokens where `AUTH_COOKIE` is set.
fn tokens_set(config: &Config, answer: Answer) -> Answer {
    if config.auth_cookie.is_some() {
        answer.with(Head::MaybeCookies)
    } else {
        answer
    }
}

// ---- bodies ----

const SIGN_UP: Schema = Schema::new("SignUp", |config| {
    let model = &config.user_model;
    let mut properties = Map::from_iter([
        (
            model.username_field.clone(),
            json!({"type": ["string", "number"], "minLength": 1, "maxLength": model.name_lengths.username,
                   "description": "Letters, digits and @/./+/-/_. White space around it is cut off."}),
        ),
        ("password".to_owned(), password()),
    ]);
    if let Some(field) = &model.email_field {
        properties.insert(
            field.clone(),
            json!({"type": "string", "format": "email", "minLength": 1, "maxLength": model.name_lengths.email}),
        );
    }
    let mut required: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    for (field, schema, _) in extra_fields(config).filter(|(field, ..)| field.editable) {
        // A box that is not ticked is left out of a form.
        if !field.nullable && field.default.is_none() && field.kind != FieldKind::Boolean {
            required.push(json!(field.name));
        }
        properties.insert(field.name.clone(), schema);
    }
    json!({"type": "object", "required": required, "properties": properties})
});
const SIGN_IN: Schema = Schema::new("SignIn", |config| {
    let model = &config.user_model;
    let own_names = [Some(&model.username_field), model.email_field.as_ref()];
    let own_names = own_names.into_iter().flatten().map(String::as_str);
    let mut names = vec!["email", "username"];
    names.extend(own_names.filter(|name| !["email", "username"].contains(name)));
    names.dedup();
    let by = |name: &str| json!({"required": [name], "properties": {name: {"type": ["string", "number"], "minLength": 1}}});
    json!({
        "type": "object",
        "required": ["password"],
        "properties": {
            "email": {"description": "An e-mail address; where nobody has it, a username."},
            "username": {"type": ["string", "number", "null"],
                         "description": "Instead of `email`. With both, this one counts."},
            "password": password(),
            "remember_me": {"type": ["boolean", "string", "number"],
                "description": "False: signed in until the browser closes, and for SESSION_UNREMEMBERED_AGE at the most. True: \
                     as long as the settings allow, also where they end a session with the browser. A text or a number \
                     is read as DRF's BooleanField reads it."},
        },
        "anyOf": names.into_iter().map(by).collect::<Vec<Value>>(),
    })
});
const REFRESH: Schema = Schema::new("RefreshToken", |_| refresh_token(&["refresh_token"]));
const REFRESH_OR_COOKIE: Schema = Schema::new("RefreshTokenOrCookie", |_| refresh_token(&[]));
const REFRESH_OR_HEADER: Schema = Schema::new("RefreshTokenOrHeader", |_| refresh_token(&[]));
const CSRF_FORM: Schema = Schema::new("CsrfForm", |_| {
    json!({
        "type": "object",
        "properties": {"csrfmiddlewaretoken": {"description": "In a form: instead of the header X-CSRFToken."}},
    })
});

fn password() -> Value {
    json!({"type": ["string", "number"], "minLength": 1,
           "description": "As it is sent. A number is its own digits: 1234 is \"1234\"."})
}

fn refresh_token(required: &[&str]) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": {"refresh_token": {"type": "string", "minLength": 1}},
    })
}

// ---- answers ----

pub(in super::super) const MESSAGE: Schema = Schema::new(
    "Message",
    |_| json!({"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}),
);
const WRONG_CREDENTIALS: Schema = Schema::new(
    "WrongCredentials",
    |_| json!({"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}),
);
/// Whoever is known by his token alone is as much as it tells.
pub(in super::super) const ME: Schema = Schema::new("User", |config| {
    if !config
        .authentication_classes
        .contains(&AuthenticationClass::JwtStateless)
    {
        return user(config);
    }
    let names: Vec<&str> = ["id"]
        .into_iter()
        .chain(config.user_model.shown_fields())
        .collect();
    let told = json!({"description": "As far as the token tells."});
    let properties: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), told.clone()))
        .collect();
    json!({"type": "object", "required": names, "properties": properties})
});
const SIGNED_UP: Schema = Schema::new("SignedUp", |config| {
    json!({
        "type": "object",
        "required": ["message", "user"],
        "properties": {"message": {"type": "string"}, "user": user(config)},
    })
});
const SIGNED_UP_WITH_TOKENS: Schema = Schema::new("SignedUpWithTokens", |config| {
    let others = [("message", json!({"type": "string"})), ("user", user(config))];
    with_tokens(config, others.into_iter().chain(told_claims(config)))
});
const SIGNED_IN: Schema = Schema::new("SignedIn", |config| {
    let others = [("message", json!({"type": "string"}))];
    with_tokens(config, others.into_iter().chain(told_claims(config)))
});
const REFRESHED: Schema = Schema::new("NewAccessToken", |config| {
    let mut schema = with_tokens(config, []);
    if !config.simple_jwt.rotate_refresh_tokens
        && let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut)
    {
        required.retain(|name| name != "refresh_token");
    }
    schema
});
const CSRF: Schema = Schema::new(
    "CsrfToken",
    |_| json!({"type": "object", "required": ["csrftoken"], "properties": {"csrftoken": {"type": "string"}}}),
);

fn user(config: &Config) -> Value {
    let model = &config.user_model;
    let mut properties = Map::from_iter([("id".to_owned(), user_id(config))]);
    let text = || json!({"type": "string"});
    properties.insert(model.username_field.clone(), text());
    properties.extend(model.email_field.iter().map(|field| (field.clone(), text())));
    let fields = model.extra_fields.iter();
    properties.extend(fields.map(|field| (field.name.clone(), answered(field))));
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

pub(in super::super) fn user_example(config: &Config) -> Value {
    let id = match config.user_model.id_kind {
        UserIdKind::Int | UserIdKind::BigInt => json!(1),
        UserIdKind::Uuid => json!("7e4d48ce-6e1f-4e65-b4b7-583b3a0d7981"),
        UserIdKind::Text => json!("1"),
    };
    let mut user = Map::from_iter([("id".to_owned(), id)]);
    user.extend(named_example(config));
    user.extend(extra_fields(config).map(|(field, _, example)| (field.name.clone(), example)));
    user.into()
}

/// What names a user, under the names that his model has for it.
fn named_example(config: &Config) -> Map<String, Value> {
    let model = &config.user_model;
    let mut named = Map::from_iter([(model.username_field.clone(), json!("mseo"))]);
    let address = model.email_field.iter();
    named.extend(address.map(|field| (field.clone(), json!("mseo@naver.com"))));
    named
}

fn in_body(config: &Config) -> bool {
    let cookies = config.auth_cookie.as_ref();
    cookies.is_none_or(|cookies| cookies.tokens != TokensStand::InCookiesOnly)
}

fn with_tokens<'a>(config: &Config, others: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let tokens = ["access_token", "refresh_token"].map(|name| (name, json!({"type": "string"})));
    let tokens = tokens.into_iter().filter(|_| in_body(config));
    let members = tokens.chain(others);
    let properties: Map<String, Value> = members.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn tokens_example(config: &Config) -> Map<String, Value> {
    let tokens = ["access_token", "refresh_token"]
        .into_iter()
        .filter(|_| in_body(config));
    tokens
        .map(|name| (name.to_owned(), json!("eyJhbGciOi…")))
        .collect()
}
