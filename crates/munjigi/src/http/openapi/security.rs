//! What lets somebody in, as the document tells it: its security schemes, and which of them open a route.

use super::operation::Credentials;
use crate::config::{AuthenticationClass, Config};
use http::Method;
use serde_json::{Map, Value, json};

const BEARER: &str = "bearer";
const JSON_WEB_TOKEN: &str = "jsonWebToken";
const ACCESS_COOKIE: &str = "accessCookie";
const REFRESH_COOKIE: &str = "refreshCookie";
const CSRF_TOKEN: &str = "csrfToken";

/// Each scheme under its name.
pub(super) fn security_schemes(config: &Config) -> Value {
    let mut schemes = Map::new();
    let mut add = |name: &str, scheme: Value| schemes.insert(name.to_owned(), scheme);
    if config
        .authentication_classes
        .contains(&AuthenticationClass::Session)
    {
        add(
            "session",
            json!({"type": "apiKey", "in": "cookie", "name": config.session.cookie_name,
                   "description": "Django's session."}),
        );
    }
    add(BEARER, bearer(config));
    if config
        .authentication_classes
        .contains(&AuthenticationClass::JsonWebToken)
    {
        let prefix = &config.jwt_auth_prefix;
        add(
            JSON_WEB_TOKEN,
            json!({"type": "apiKey", "in": "header", "name": "Authorization",
                   "description": format!("djangorestframework-jwt's token: `{prefix} <token>`.")}),
        );
    }
    if let Some(cookies) = &config.auth_cookie {
        add(
            ACCESS_COOKIE,
            json!({"type": "apiKey", "in": "cookie", "name": cookies.access_name,
                   "description": "The access token in a cookie."}),
        );
        add(
            REFRESH_COOKIE,
            json!({"type": "apiKey", "in": "cookie", "name": cookies.refresh_name,
                   "description": "The refresh token in a cookie."}),
        );
    }
    add(
        CSRF_TOKEN,
        json!({"type": "apiKey", "in": "header", "name": csrf_header(config),
               "description": where_csrf_tokens_are(config)}),
    );
    schemes.into()
}

/// The ways into a route, each by itself.
pub(super) fn security(config: &Config, credentials: Credentials, method: &Method) -> Value {
    let changes = *method != Method::GET;
    let with_csrf = |scheme: &str| {
        let mut way = Map::from_iter([(scheme.to_owned(), json!([]))]);
        if changes {
            way.insert(CSRF_TOKEN.to_owned(), json!([]));
        }
        Value::Object(way)
    };
    let has_cookies = config.auth_cookie.is_some();
    let cookie = |scheme: &str| has_cookies.then(|| with_csrf(scheme));
    let classes = config.authentication_classes.iter();
    let guards = classes.flat_map(|class| match class {
        AuthenticationClass::Jwt | AuthenticationClass::JwtStateless => {
            [Some(json!({BEARER: []})), cookie(ACCESS_COOKIE)]
        }
        AuthenticationClass::JsonWebToken => [Some(json!({JSON_WEB_TOKEN: []})), None],
        AuthenticationClass::Session => [Some(with_csrf("session")), None],
    });
    let anybody = [Some(json!({}))];
    let ways: Vec<Option<Value>> = match credentials {
        Credentials::None => Vec::new(),
        Credentials::Required => guards.collect(),
        Credentials::SignOut => anybody.into_iter().chain(guards).collect(),
        Credentials::TokenSignOut => {
            let takes_json_web_token = config
                .authentication_classes
                .contains(&AuthenticationClass::JsonWebToken);
            let header = [
                Some(json!({BEARER: []})),
                takes_json_web_token.then(|| json!({JSON_WEB_TOKEN: []})),
            ];
            let cookies = [cookie(REFRESH_COOKIE), cookie(ACCESS_COOKIE)];
            anybody.into_iter().chain(header).chain(cookies).collect()
        }
        Credentials::Refresh => anybody.into_iter().chain([cookie(REFRESH_COOKIE)]).collect(),
    };
    ways.into_iter().flatten().collect()
}

/// The word before a token of simplejwt's.
pub(super) fn first_scheme(config: &Config) -> &str {
    let first = config.simple_jwt.auth_header_types.first();
    first.map_or("Bearer", String::as_str)
}

/// `http` with `bearer` is that scheme in the header `Authorization`; any other word or header is a key of one's own.
fn bearer(config: &Config) -> Value {
    let settings = &config.simple_jwt;
    let scheme = first_scheme(config);
    if scheme.eq_ignore_ascii_case("bearer") && settings.auth_header_name == "HTTP_AUTHORIZATION" {
        return json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                      "description": "simplejwt's access token."});
    }
    json!({"type": "apiKey", "in": "header", "name": on_the_wire(&settings.auth_header_name),
           "description": format!("simplejwt's access token: `{scheme} <token>`.")})
}

fn where_csrf_tokens_are(config: &Config) -> String {
    if config.csrf.use_sessions {
        "A token of the route `csrf`.".to_owned()
    } else {
        let cookie = &config.csrf.cookie_name;
        format!("The value of the cookie `{cookie}`, or a token of the route `csrf`.")
    }
}

fn csrf_header(config: &Config) -> String {
    on_the_wire(&config.csrf.header_name)
}

/// `HTTP_X_CSRFTOKEN` is `X-Csrftoken` on the wire.
fn on_the_wire(meta: &str) -> String {
    let words = meta.strip_prefix("HTTP_").unwrap_or(meta).split('_');
    let capitalised = words.map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_owned() + &rest.to_ascii_lowercase()
    });
    capitalised.collect::<Vec<_>>().join("-")
}
