//! `GET /.well-known/munjigi/ended`: the list of ended sign-ins, for services in other processes that verify access
//! tokens by themselves. [`munjigi_tokens::ended`] says what is asked and answered.
//!
//! Off unless `ROUTES.ended` names its path. Nobody has to say who he is: an answer tells how many sign-ins ended, and of
//! which only to who has a token of them already.

use super::{get, route};
use crate::accounts::{self, ended};
use crate::app::App;
use crate::http::context::Context;
use crate::http::error::Result;
use crate::i18n::{FieldErrors, Text};
use axum::Router;
use axum::extract::{RawQuery, State};
use http::HeaderName;
use http::header::CONTENT_TYPE;

/// The route, where `[ROUTES]` puts it.
pub fn routes(app: &App) -> Router<App> {
    route(Router::new(), app.config().routes.ended.as_ref(), get(list))
}

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
            looked.map_err(|_| accounts::Error::Stale)?;
        }
    }
    let page = app.ended().page(after, context.now())?;
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
