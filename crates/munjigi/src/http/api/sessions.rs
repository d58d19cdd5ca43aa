//! `/user/sessions` and `/user/sessions/{id}`: where a user is signed in, and how he ends it from elsewhere. Neither Django
//! nor DRF has such a route; the refusals are DRF's.

use super::{Endpoint, endpoint, only, refusals, silent, user};
use crate::accounts::SignedIn;
use crate::accounts::devices;
use crate::app::App;
use crate::config::Config;
use crate::http::authentication::take_cookies;
use crate::http::context::Context;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Answer, Credentials, DETAIL, FIELD_ERRORS, Head, Operation, Schema, Tag, Words};
use crate::i18n::{FieldErrors, Text};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::{Json, routing};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

/// The routes, where `[ROUTES]` puts them.
pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let all = config.routes.sessions.as_ref().map(|path| {
        let methods = routing::get(list).delete(end_many).options(async || ());
        let told = list_told();
        let operations = vec![silent(&told), end_many_told(), told];
        endpoint(path.clone(), operations, only("GET, DELETE, OPTIONS", methods))
    });
    let one = config.routes.session.as_ref().map(|path| {
        let methods = routing::delete(end).options(async || ());
        let told = end_told();
        let operations = vec![silent(&told).of_one(ID), told];
        endpoint(path.clone(), operations, only("DELETE, OPTIONS", methods))
    });
    all.into_iter().chain(one).collect()
}

/// `GET /user/sessions`: the open sign-ins, the newest first.
async fn list(State(app): State<App>, context: Context, signed_in: SignedIn) -> Result<Json<Value>> {
    let found = devices::list(&app, &signed_in.user, context.now()).await?;
    Ok(Json(found.to_json(signed_in.sid.as_deref())))
}

/// `DELETE /user/sessions`: all sign-ins end but this one, and with `?all=true` this one too.
async fn end_many(
    State(app): State<App>,
    context: Context,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    let with_this = all(query.as_deref().unwrap_or_default())?;
    let ended = if with_this {
        let ended = devices::end_all(&app, signed_in.user.id, context.now()).await?;
        take_cookies(&app, &context, &headers);
        ended
    } else {
        devices::end_others(&app, &signed_in, context.now()).await?
    };
    let message = Text::SignoutDone.render(context.lang());
    Ok(Json(json!({"message": message, "ended": ended})))
}

/// `DELETE /user/sessions/{id}`: this sign-in ends. One that is not there and one of somebody else are alike.
async fn end(
    State(app): State<App>,
    context: Context,
    signed_in: SignedIn,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    let Ok(Path(id)) = id else {
        return Err(Error::NotFound);
    };
    let is_no_id = id.len() > LONGEST_ID;
    if is_no_id || !devices::end(&app, &signed_in.user, &id, context.now()).await? {
        return Err(Error::NotFound);
    }
    if signed_in.sid.as_deref() == Some(id.as_str()) {
        take_cookies(&app, &context, &headers);
    }
    let message = Text::SignoutDone.render(context.lang());
    Ok(Json(json!({"message": message})))
}

/// What the column holds.
const LONGEST_ID: usize = 64;

/// The last `all` of the query, as DRF's `BooleanField` reads it; false where there is none.
fn all(query: &str) -> Result<bool> {
    let named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "all");
    match named.last().map(|(_, text)| text.to_lowercase()).as_deref() {
        None | Some("0" | "f" | "n" | "no" | "false" | "off") => Ok(false),
        Some("1" | "t" | "y" | "yes" | "true" | "on") => Ok(true),
        Some(_) => {
            let mut wrong = FieldErrors::default();
            wrong.add("all", Text::NotABoolean);
            Err(wrong.into())
        }
    }
}

// ---- what is told ----

const ID: (&str, &str) = ("id", "The `id` of a sign-in in the list.");

fn list_told() -> Operation {
    let words = Words {
        en: "Where am I signed in",
        ko: "로그인한 기기 목록",
    };
    let example = json!({"sessions": [{
        "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "current": true, "opened": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z", "expires": "2026-01-02T00:00:00Z", "carrier": "token",
        "client": {"name": null, "address": "127.0.0.1", "agent": "curl/8.7.1"},
    }], "more": false});
    let answer = Answer::json(
        StatusCode::OK,
        SESSIONS,
        "The sign-ins, the newest first; a hundred at the most.",
        "로그인 목록입니다. 최근 것부터 백 개까지입니다.",
    );
    told(Method::GET, "sessions", words).answers(answer.like(example).with(Head::MaybeCookies))
}

fn end_many_told() -> Operation {
    let words = Words {
        en: "Sign out everywhere else",
        ko: "다른 기기에서 모두 로그아웃",
    };
    let answer = Answer::json(
        StatusCode::OK,
        ENDED,
        "So many sign-ins have ended.",
        "로그인을 끝냈습니다. ended는 끝난 로그인의 수입니다.",
    );
    told(Method::DELETE, "sessions_delete", words)
        .note(
            "`all=true` ends this sign-in too.",
            "all=true이면 지금 이 로그인도 끝납니다.",
        )
        .asks("all", json!({"type": "boolean", "default": false}))
        .answers(
            answer
                .like(json!({"message": "로그아웃 성공", "ended": 2}))
                .with(Head::MaybeCookies),
        )
        .answers(Answer::json(
            StatusCode::BAD_REQUEST,
            FIELD_ERRORS,
            "`all` is neither true nor false.",
            "all이 불리언이 아닙니다.",
        ))
}

fn end_told() -> Operation {
    let words = Words {
        en: "Sign out one of my sign-ins",
        ko: "기기 하나에서 로그아웃",
    };
    let answer = Answer::json(
        StatusCode::OK,
        user::MESSAGE,
        "It has ended.",
        "로그인이 끝났습니다.",
    );
    told(Method::DELETE, "session", words)
        .of_one(ID)
        .answers(
            answer
                .like(json!({"message": "로그아웃 성공"}))
                .with(Head::MaybeCookies),
        )
        .answers(Answer::json(
            StatusCode::NOT_FOUND,
            DETAIL,
            "None of my open sign-ins has this id.",
            "내 로그인 목록에 이 id가 없습니다.",
        ))
}

fn told(method: Method, id: &'static str, words: Words) -> Operation {
    Operation::new(method, id, Tag::Notes, words)
        .by(Credentials::Required)
        .answers_all(refusals())
        .answers_all(user::unauthenticated())
        .answers_all(user::forbidden())
}

const SESSIONS: Schema = Schema::new("SignIns", |_| {
    let text_or_none = || json!({"type": ["string", "null"]});
    let client = json!({
        "type": "object",
        "required": ["name", "address", "agent"],
        "properties": {
            "name": {"type": ["string", "null"], "description": "What it calls itself: the header Munjigi-Client of the sign-in."},
            "address": text_or_none(),
            "agent": text_or_none(),
        },
    });
    let sign_in = json!({
        "type": "object",
        "required": ["id", "current", "opened", "last_seen", "expires", "carrier", "client"],
        "properties": {
            "id": {"type": "string"},
            "current": {"type": "boolean", "description": "Whether this request came by it."},
            "opened": {"type": "string", "format": "date-time"},
            "last_seen": {"type": "string", "format": "date-time"},
            "expires": {"type": ["string", "null"], "format": "date-time",
                        "description": "When it ends if it is not used; null never."},
            "carrier": {"type": "string", "enum": ["session", "token"]},
            "client": client,
        },
    });
    json!({
        "type": "object",
        "required": ["sessions", "more"],
        "properties": {
            "sessions": {"type": "array", "items": sign_in},
            "more": {"type": "boolean", "description": "Whether there may be older ones that are not shown."},
        },
    })
});
const ENDED: Schema = Schema::new("SignInsEnded", |_| {
    json!({
        "type": "object",
        "required": ["message", "ended"],
        "properties": {"message": {"type": "string"}, "ended": {"type": "integer"}},
    })
});
