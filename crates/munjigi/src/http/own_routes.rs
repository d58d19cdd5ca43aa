//! Who sends a request to a route of one's own, in a service that munjigi is nested in.

use super::error::Error;
use crate::accounts::{self, tokens};
use crate::app::App;
use http::HeaderValue;
use http::request::Parts;
use munjigi_axum::{Authentication, BaseAuthentication, BoxFuture, Error as Refusal, Found};
use munjigi_store::users::User;
use munjigi_tokens::{Error as TokenError, SourceError};

/// Takes the bearer tokens that the nested routes give out, and looks their users and sign-ins up as those do; for
/// [`CurrentUser`](munjigi_axum::CurrentUser) and the other extractors of `munjigi-axum`. Cookies are for the nested
/// routes alone.
pub fn authentication(app: &App) -> Authentication<User> {
    Authentication::new(Bearer(app.clone()))
}

struct Bearer(App);

impl BaseAuthentication<User> for Bearer {
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Found<User>, Refusal>> {
        Box::pin(async {
            let app = &self.0;
            let Some(token) = app.config().bearer.token(&parts.headers)? else {
                return Ok(Found::Nobody);
            };
            let signed_in = tokens::authenticate(app, &token, app.now()).await;
            signed_in
                .map(|signed_in| Found::User(signed_in.user))
                .map_err(refusal)
        })
    }

    fn authenticate_header(&self) -> Option<HeaderValue> {
        Some(self.0.challenge().clone())
    }
}

fn refusal(error: accounts::Error) -> Refusal {
    match error {
        accounts::Error::Bearer(refusals) => Refusal::TokenNotValid(refusals),
        accounts::Error::Token(TokenError::NoUserId) => Refusal::NoUserId,
        accounts::Error::Token(TokenError::PasswordChanged) => Refusal::PasswordChanged,
        accounts::Error::UserNotFound => Refusal::UserNotFound,
        accounts::Error::UserInactive => Refusal::UserInactive,
        other => {
            let other = Error::from(other);
            let is_outage = other.status() == http::StatusCode::SERVICE_UNAVAILABLE;
            let error = if is_outage {
                SourceError::unavailable(other)
            } else {
                other.into()
            };
            error.into()
        }
    }
}
