//! What a request asks, as far as the comparison needs it: whom it may mean and which secrets it brings.

use super::answer::Given;
use crate::app::App;
use crate::http::body::Fields;
use crate::http::fields;
use axum::body::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use munjigi_axum::{cookies, header};
use zeroize::Zeroizing;

/// A request to one of the routes that are compared.
pub(super) struct Asked {
    pub(super) route: Route,
    /// The names that it signs in with.
    pub(super) logins: Vec<String>,
    /// The tokens that it brings.
    pub(super) tokens: Vec<Given>,
    /// The session that it brings.
    pub(super) session_key: Option<String>,
    /// All texts of it that stand in a body.
    pub(super) sent: Vec<Zeroizing<String>>,
    pub(super) has_padded_password: bool,
    pub(super) has_slash: bool,
    pub(super) wants_html: bool,
}

/// A route that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    /// Its name in `[ROUTES]`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    SignIn,
    Refresh,
    Verify,
}

impl Route {
    /// The route of a path, where it is compared. A slash at the end makes no difference.
    pub(super) fn of(app: &App, path: &str) -> Option<Self> {
        let bare = path.strip_suffix('/').unwrap_or(path);
        let named = app.config().routes.named().into_iter();
        let mut named = named.filter(|(_, at)| *at == Some(bare));
        named.find_map(|(name, _)| Self::named(name))
    }

    fn named(name: &'static str) -> Option<Self> {
        let kind = match name {
            "session_signin"
            | "jwt_signin"
            | "token_obtain_pair"
            | "token_obtain_sliding"
            | "obtain_jwt_token" => Kind::SignIn,
            "jwt_refresh" | "token_refresh" | "token_refresh_sliding" | "refresh_jwt_token" => Kind::Refresh,
            "token_verify" | "verify_jwt_token" => Kind::Verify,
            _ => return None,
        };
        Some(Self { name, kind })
    }
}

impl Asked {
    /// Reads a request. What it cannot read asks for nothing: the handlers judge it by themselves.
    pub(super) async fn of(app: &App, route: Route, parts: &Parts, body: &Bytes) -> Self {
        let config = app.config();
        let content_type = header::text(&parts.headers, CONTENT_TYPE);
        let fields = Fields::parse(body.clone(), content_type.as_deref(), config.limits.form_fields).await;
        let read = |name: &str| {
            let fields = fields.as_ref().ok()?;
            fields::credential(fields, name)
        };
        let model = &config.user_model;
        let logins = ["username", "email", model.username_field.as_str()].into_iter();
        let logins = logins.chain(model.email_field.as_deref());
        let logins: Vec<String> = logins.filter_map(read).collect();
        let password = read("password").map(Zeroizing::new);
        let tokens = ["refresh", "refresh_token", "token", "access"].into_iter();
        let mut tokens: Vec<Given> = tokens
            .filter_map(|name| {
                let (place, text) = (name.to_owned(), read(name)?);
                Some(Given { place, text })
            })
            .collect();
        if let Some(auth_cookie) = &config.auth_cookie
            && let Some(text) = cookies::read(&parts.headers, &auth_cookie.refresh_name)
        {
            let (place, text) = (format!("cookie {}", auth_cookie.refresh_name), text.to_owned());
            tokens.push(Given { place, text });
        }
        let sent = logins.iter().cloned().map(Zeroizing::new);
        let sent = sent.chain(tokens.iter().map(|token| Zeroizing::new(token.text.clone())));
        let accept = header::text(&parts.headers, ACCEPT).unwrap_or_default();
        Self {
            route,
            sent: sent.chain(password.clone()).collect(),
            logins,
            tokens,
            session_key: cookies::read(&parts.headers, &config.session.cookie_name).map(str::to_owned),
            has_padded_password: password.is_some_and(|password| password.trim().len() < password.len()),
            has_slash: parts.uri.path().ends_with('/'),
            wants_html: accept.contains("text/html"),
        }
    }

    /// The tokens and the session that it brings, which another request may bring too.
    pub(super) fn secrets(&self) -> Vec<String> {
        let tokens = self.tokens.iter().map(|token| token.text.clone());
        let secrets = tokens.chain(self.session_key.clone());
        secrets.filter(|secret| !secret.is_empty()).collect()
    }
}
