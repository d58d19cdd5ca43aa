//! `GET /.well-known/munjigi/ended`: the list of ended sign-ins, for services in other processes that verify access
//! tokens by themselves. [`munjigi_tokens::ended`] says what is asked and answered.
//!
//! Off unless `ROUTES.ended` names its path. Nobody has to say who he is: an answer tells how many sign-ins ended, and of
//! which only to who has a token of them already.

use super::{Endpoint, get, refusals};
use crate::accounts::{self, ended};
use crate::app::{App, Stale};
use crate::config::Config;
use crate::http::context::Context;
use crate::http::error::Result;
use crate::http::openapi::{Answer, FIELD_ERRORS, Operation, Schema, Tag, Words};
use crate::i18n::{FieldErrors, Text};
use axum::extract::{RawQuery, State};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};
use serde_json::json;

/// The route, where `[ROUTES]` puts it.
pub(super) fn endpoint(config: &Config) -> Option<Endpoint> {
    let words = Words {
        en: "The sign-ins that ended",
        ko: "끝난 로그인 목록",
    };
    let after = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
    let told = Operation::new(Method::GET, "ended", Tag::Server, words)
        .note(
            "For services that verify access tokens by themselves. `after` is the cursor of the page before.",
            "access 토큰을 스스로 검증하는 서비스를 위한 목록입니다. after는 앞 페이지의 커서입니다.",
        )
        .asks("after", after)
        .answers(Answer::json(
            StatusCode::OK,
            PAGE,
            "A page of the list.",
            "목록의 한 쪽입니다.",
        ))
        .answers_all(refusals())
        .answers(Answer::json(
            StatusCode::BAD_REQUEST,
            FIELD_ERRORS,
            "`after` is no cursor.",
            "after가 커서가 아닙니다.",
        ));
    get(config.routes.ended.as_ref(), told, list)
}

const PAGE: Schema = Schema::new("EndedPage", |_| {
    json!({
        "type": "object",
        "required": ["cursor", "reset", "more", "ended"],
        "properties": {
            "cursor": {"type": "integer", "description": "What to send as `after` next time."},
            "reset": {"type": "boolean", "description": "Whether a new list begins here."},
            "more": {"type": "boolean", "description": "Whether there are more right now."},
            "ended": {"type": "array", "items": {"type": "string"}},
        },
    })
});

/// A page of the list.
async fn list(
    State(app): State<App>,
    context: Context,
    RawQuery(query): RawQuery,
) -> Result<([(HeaderName, &'static str); 1], String)> {
    let after = cursor(query.as_deref().unwrap_or_default())?;
    // The client may have asked another process before, which had polled later than this one. A whole list that lacks
    // what he was told there would take it back, and so would a list that is called another one.
    if after.is_none() || app.ended().is_behind(after) {
        let looked = ended::poll(&app).await;
        if after.is_some() {
            // What is wrong with the database is in the log already; until it is mended, nobody knows.
            looked.map_err(|_| accounts::Error::Stale(Stale))?;
        }
    }
    let page = app
        .ended()
        .page(after, context.now())
        .map_err(accounts::Error::Stale)?;
    Ok(([(CONTENT_TYPE, "application/json")], page.to_json()))
}

/// The last `after` of the query, as Django's `request.GET` has it.
fn cursor(query: &str) -> Result<Option<u64>> {
    let named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "after");
    let Some((_, text)) = named.last() else {
        return Ok(None);
    };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(after) if is_number => Ok(Some(after)),
        _ => {
            let mut wrong = FieldErrors::default();
            wrong.add("after", Text::NotAnInteger);
            Err(wrong.into())
        }
    }
}
