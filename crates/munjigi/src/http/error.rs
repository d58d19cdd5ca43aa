//! The one table from what was refused to what a client reads: status, body, headers.
//!
//! The bodies are DRF's, simplejwt's and the notes', and cannot tell a program more than theirs do; so every
//! answer of 4xx and 5xx carries the header `Munjigi-Error` with a stable word.

use super::body::BodyError;
use crate::accounts;
use crate::accounts::JsonWebTokenRefused as Refused;
use crate::app::App;
use crate::i18n::{Lang, Text};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use munjigi_axum::BadAuthorizationHeader;
use munjigi_signing::csrf::CsrfFailure;
use munjigi_tokens::jwt_auth::Refusal;
use munjigi_tokens::{Error as TokenError, TokenClass};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The result of a handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The header with the error's stable word.
pub const MUNJIGI_ERROR: HeaderName = HeaderName::from_static("munjigi-error");

/// Why a request is refused. It is put into words where the language is known, on the way out.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// By the rules of accounts.
    #[error(transparent)]
    Account(Arc<accounts::Error>),
    /// The body is not what a body must be.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is larger than this many bytes.
    #[error("The body is too large.")]
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    #[error("The body came too slowly.")]
    BodyTooSlow,
    /// The body broke off, or its framing is no HTTP.
    #[error("The body broke off.")]
    BodyBroken,
    /// A guarded route and nobody we know.
    #[error("No credentials were sent.")]
    NotAuthenticated,
    /// `Authorization: Bearer` without a token, or with more than one.
    #[error("The Authorization header is malformed.")]
    BadAuthorizationHeader,
    /// simplejwt's words for wrong credentials.
    #[error("No active account has these credentials.")]
    NoActiveAccount,
    /// A body whose fields are good, each by itself: DRF's `non_field_errors`.
    #[error("{}", text.render(Lang::En))]
    NonField {
        /// The stable word.
        word: &'static str,
        /// What is wrong.
        text: Text,
    },
    /// A session's request without its token.
    #[error("CSRF: {0}")]
    Csrf(CsrfFailure),
    /// A page of another site sent it. The Origin that it named.
    #[error("A page of another site sent this.")]
    CrossSite(String),
    /// Not one of `ALLOWED_HOSTS`.
    #[error("The host is not one of ALLOWED_HOSTS.")]
    DisallowedHost,
    /// No such route.
    #[error("There is no such route.")]
    NotFound,
    /// A route, but not for this method.
    #[error("The route does not take this method.")]
    MethodNotAllowed(Method),
    /// A route that answers JSON, and a client that takes none.
    #[error("The client does not take JSON.")]
    NotAcceptable,
    /// Too long in the works.
    #[error("The answer was not ready in time.")]
    Deadline,
    /// A fault of ours. What it is stands in the log alone.
    #[error("Internal error: {0}")]
    Internal(&'static str),
}

impl From<accounts::Error> for Error {
    fn from(error: accounts::Error) -> Self {
        Self::Account(Arc::new(error))
    }
}

impl From<BadAuthorizationHeader> for Error {
    fn from(_: BadAuthorizationHeader) -> Self {
        Self::BadAuthorizationHeader
    }
}

impl From<munjigi_store::Error> for Error {
    fn from(error: munjigi_store::Error) -> Self {
        accounts::Error::from(error).into()
    }
}

impl From<crate::i18n::FieldErrors> for Error {
    fn from(errors: crate::i18n::FieldErrors) -> Self {
        accounts::Error::from(errors).into()
    }
}

impl IntoResponse for Error {
    /// An answer without words, which the doorway finishes.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Error {
    /// Puts the refusal into words. What the response has as headers stays: `Allow`, CORS.
    pub(super) fn finish(&self, mut response: Response, lang: Lang, app: &App) -> Response {
        self.log();
        let (code, body) = self.words(lang);
        let described = Json(body).into_response();
        *response.body_mut() = described.into_body();
        let status = self.status();
        let headers = response.headers_mut();
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        // An inner router counted the answer before it had words.
        headers.remove(http::header::CONTENT_LENGTH);
        headers.insert(MUNJIGI_ERROR, HeaderValue::from_static(code));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, self.challenge(app).clone());
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(self.retry_after()));
        }
        response
    }

    /// How long a client that was shed is asked to wait, in whole seconds.
    fn retry_after(&self) -> u64 {
        let wait = match self {
            Self::Account(error) => match &**error {
                accounts::Error::Busy { retry_after } => *retry_after,
                _ => Duration::ZERO,
            },
            _ => Duration::ZERO,
        };
        wait.as_secs() + 1
    }

    /// simplejwt's views and DRF's guards name a scheme each.
    fn challenge<'a>(&self, app: &'a App) -> &'a HeaderValue {
        use accounts::Error as A;
        let is_of_simple_jwt = match self {
            Self::NoActiveAccount => true,
            Self::Account(error) => matches!(**error, A::Token(_) | A::TokenReused | A::NoActiveAccount),
            _ => false,
        };
        if is_of_simple_jwt {
            app.challenge()
        } else {
            app.guard_challenge()
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        use accounts::Error as A;
        match self {
            Self::Account(error) => match &**error {
                A::InvalidCredentials | A::Invalid(_) => StatusCode::BAD_REQUEST,
                A::Token(
                    TokenError::NoUserIdField { .. }
                    | TokenError::ReservedClaim { .. }
                    | TokenError::NoSigningKey
                    | TokenError::Unsigned
                    | TokenError::ImproperlyConfigured(_),
                ) => StatusCode::INTERNAL_SERVER_ERROR,
                A::JsonWebToken(Refused::Ended) | A::TokenTooLong { .. } => StatusCode::FORBIDDEN,
                A::AccountInUse => StatusCode::CONFLICT,
                A::Token(_)
                | A::TokenReused
                | A::Bearer(_)
                | A::JsonWebToken(_)
                | A::NoActiveAccount
                | A::PasswordChanged
                | A::UserNotFound
                | A::UserInactive => StatusCode::UNAUTHORIZED,
                A::Busy { .. }
                | A::TooManyResets
                | A::Contended
                | A::Stale(_)
                | A::Store(munjigi_store::Error::Busy | munjigi_store::Error::Unavailable(_)) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Body(BodyError::UnsupportedMediaType(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(_) | Self::BodyBroken | Self::DisallowedHost | Self::NonField { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotAuthenticated | Self::BadAuthorizationHeader | Self::NoActiveAccount => {
                StatusCode::UNAUTHORIZED
            }
            Self::Csrf(_) | Self::CrossSite(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Deadline => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable word and the body.
    fn words(&self, lang: Lang) -> (&'static str, Value) {
        use accounts::Error as A;
        let detail = |code, text: Text| (code, json!({"detail": text.render(lang)}));
        let coded = |code, text: Text| (code, json!({"detail": text.render(lang), "code": code}));
        match self {
            Self::Account(error) => match &**error {
                A::InvalidCredentials => (
                    "invalid_credentials",
                    json!({"error": Text::WrongCredentials.render(lang)}),
                ),
                A::Invalid(fields) => ("invalid", fields.render(lang)),
                A::NoActiveAccount => detail("no_active_account", Text::NoActiveAccountForToken),
                A::JsonWebToken(refused) => detail(json_web_token_word(*refused), guard_text(*refused)),
                A::AccountInUse => detail("account_in_use", Text::AccountInUse),
                A::TokenTooLong { .. } => detail("token_too_long", Text::TokenTooLong),
                A::PasswordChanged => detail("password_changed", Text::PasswordChanged),
                A::TokenReused => (
                    "token_reused",
                    json!({"detail": Text::TokenBlacklisted.render(lang), "code": TokenError::Blacklisted.code()}),
                ),
                A::UserNotFound => coded("user_not_found", Text::UserNotFound),
                A::UserInactive => coded("user_inactive", Text::UserInactive),
                A::Token(error) if self.status() == StatusCode::UNAUTHORIZED => {
                    let body = json!({"detail": token_text(error).render(lang), "code": error.code()});
                    (token_word(error), body)
                }
                A::Bearer(refusals) => (bearer_word(refusals), bearer_body(refusals, lang)),
                _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    detail("unavailable", Text::Unavailable)
                }
                _ => detail("internal", Text::ServerError),
            },
            Self::Body(BodyError::UnsupportedMediaType(text)) => {
                detail("unsupported_media_type", text.clone())
            }
            Self::Body(BodyError::NotADictionary(fields)) => ("invalid", fields.render(lang)),
            Self::Body(BodyError::Malformed(text)) => detail("parse_error", text.clone()),
            Self::BodyTooLarge(limit) => detail("body_too_large", Text::BodyTooLarge(*limit)),
            Self::BodyTooSlow => detail("body_too_slow", Text::MalformedRequest),
            Self::BodyBroken => detail("body_broken", Text::MalformedRequest),
            Self::NotAuthenticated => detail("not_authenticated", Text::NotAuthenticated),
            Self::BadAuthorizationHeader => coded("bad_authorization_header", Text::BadAuthorizationHeader),
            Self::NoActiveAccount => detail("invalid_credentials", Text::NoActiveAccount),
            Self::NonField { word, text } => (word, json!({"non_field_errors": [text.render(lang)]})),
            Self::Csrf(failure) => detail(failure.code(), Text::CsrfFailed(failure.to_string())),
            Self::CrossSite(origin) => detail(
                "cross_site",
                Text::CsrfFailed(CsrfFailure::BadOrigin(origin.clone()).to_string()),
            ),
            Self::DisallowedHost => detail("disallowed_host", Text::MalformedRequest),
            Self::NotFound => detail("not_found", Text::NotFound),
            Self::MethodNotAllowed(method) => {
                detail("method_not_allowed", Text::MethodNotAllowed(method.to_string()))
            }
            Self::NotAcceptable => detail("not_acceptable", Text::NotAcceptable),
            Self::Deadline => detail("deadline", Text::Unavailable),
            Self::Internal(_) => detail("internal", Text::ServerError),
        }
    }

    /// What went wrong inside is said once, here, and to nobody outside.
    fn log(&self) {
        if self.status().is_server_error() {
            let cause: &dyn std::error::Error = self;
            tracing::error!(error = cause, "a request failed");
        }
    }
}

/// `JWTAuthentication.get_validated_token`: what each class of token said.
fn bearer_body(refusals: &[(TokenClass, TokenError)], lang: Lang) -> Value {
    let messages: Vec<Value> = refusals
        .iter()
        .map(|(class, error)| {
            json!({"token_class": class.name(), "token_type": class.token_type(), "message": token_text(error).render(lang)})
        })
        .collect();
    json!({
        "detail": Text::TokenNotValidForAnyType.render(lang),
        "code": "token_not_valid",
        "messages": messages,
    })
}

/// That a token is of another class says least.
fn bearer_word(refusals: &[(TokenClass, TokenError)]) -> &'static str {
    let mut errors = refusals.iter().map(|(_, error)| error);
    let telling = errors.clone().find(|error| **error != TokenError::WrongType);
    telling.or(errors.next()).map_or("token_not_valid", token_word)
}

fn token_text(error: &TokenError) -> Text {
    match error {
        TokenError::Expired => Text::TokenExpired,
        TokenError::WrongType => Text::TokenHasWrongType,
        TokenError::NoType => Text::TokenHasNoType,
        TokenError::NoId => Text::TokenHasNoId,
        TokenError::NoClaim { claim } => Text::TokenHasNoClaim(claim.clone()),
        TokenError::ClaimExpired { claim } => Text::TokenClaimExpired(claim.clone()),
        TokenError::Blacklisted => Text::TokenBlacklisted,
        TokenError::NoUserId => Text::NoUserIdentification,
        TokenError::PasswordChanged => Text::PasswordChanged,
        TokenError::InactiveUser => Text::UserInactive,
        _ => Text::TokenInvalid,
    }
}

/// simplejwt has one code for all; the header tells them apart.
fn token_word(error: &TokenError) -> &'static str {
    match error {
        TokenError::Expired => "token_expired",
        TokenError::WrongType => "token_wrong_type",
        TokenError::Blacklisted => "token_blacklisted",
        TokenError::PasswordChanged => "password_changed",
        TokenError::InactiveUser => "user_inactive",
        _ => "token_not_valid",
    }
}

/// `JSONWebTokenAuthentication` of drf-jwt.
fn guard_text(refused: Refused) -> Text {
    match refused {
        Refused::Token(Refusal::Decoding) => Text::TokenUndecodable,
        Refused::Token(Refusal::Expired) => Text::TokenHasExpired,
        Refused::Token(Refusal::Payload) => Text::PayloadInvalid,
        Refused::Inactive => Text::AccountDisabled,
        Refused::Ended => Text::TokenIsBlacklisted,
        Refused::Token(_) | Refused::NoUser => Text::TokenNotGood,
    }
}

/// A token of djangorestframework-jwt's that one of its routes was given: `check_payload`, `check_user` and
/// `RefreshAuthTokenSerializer` of drf-jwt.
pub(super) fn refused_token(refused: Refused) -> Error {
    let text = match refused {
        Refused::NoUser => Text::NoSuchUser,
        Refused::Token(Refusal::Payload) => Text::TokenNotGood,
        Refused::Token(Refusal::NoOrigIat) => Text::NoOrigIat,
        Refused::Token(Refusal::RefreshExpired) => Text::RefreshHasExpired,
        other => guard_text(other),
    };
    Error::NonField {
        word: json_web_token_word(refused),
        text,
    }
}

fn json_web_token_word(refused: Refused) -> &'static str {
    match refused {
        Refused::Token(Refusal::Expired | Refusal::RefreshExpired) => "token_expired",
        Refused::NoUser => "user_not_found",
        Refused::Inactive => "user_inactive",
        Refused::Ended => "token_blacklisted",
        Refused::Token(_) => "token_not_valid",
    }
}
