//! `[ROUTES]`: each route by its Django url name is a path or `false`.

use super::Error;
use super::kind::{Kind, Wrong};
use super::setting::{Section, Setting};
use super::written::Settings;
use toml::Value;

/// Where each route stands, without a trailing slash; `None` where it is switched off. Both spellings, with and
/// without the slash, are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// `session_signup`, default `/user/session_signup`.
    pub session_signup: Option<String>,
    /// `jwt_signup`, default `/user/jwt_signup`.
    pub jwt_signup: Option<String>,
    /// `session_signin`, default `/user/session_signin`.
    pub session_signin: Option<String>,
    /// `jwt_signin`, default `/user/jwt_signin`.
    pub jwt_signin: Option<String>,
    /// `session_signout`, default `/user/session_signout`.
    pub session_signout: Option<String>,
    /// `jwt_signout`, default `/user/jwt_signout`.
    pub jwt_signout: Option<String>,
    /// `jwt_refresh`, default `/user/jwt_refresh`.
    pub jwt_refresh: Option<String>,
    /// `me`, default `/user/me`.
    pub me: Option<String>,
    /// `password_change`, default `/user/password_change`.
    pub password_change: Option<String>,
    /// `password_reset`, default `/user/password_reset` where there is a page to link to.
    pub password_reset: Option<String>,
    /// `password_reset_confirm`, default `/user/password_reset_confirm` where there is a page to link to.
    pub password_reset_confirm: Option<String>,
    /// `sessions`, default `/user/sessions`.
    pub sessions: Option<String>,
    /// `session`, default `/user/sessions/{id}`.
    pub session: Option<String>,
    /// `csrf`, default `/user/csrf`.
    pub csrf: Option<String>,
    /// `jwks`, default `/.well-known/jwks.json`.
    pub jwks: Option<String>,
    /// `openapi`, default `/openapi.json`.
    pub openapi: Option<String>,
    /// `docs`, default `/docs`.
    pub docs: Option<String>,
    /// `token_obtain_pair`, simplejwt's, default `/api/token`.
    pub token_obtain_pair: Option<String>,
    /// `token_refresh`, simplejwt's, default `/api/token/refresh`.
    pub token_refresh: Option<String>,
    /// `token_verify`, simplejwt's, default `/api/token/verify`.
    pub token_verify: Option<String>,
    /// `token_blacklist`, simplejwt's, default `/api/token/blacklist`.
    pub token_blacklist: Option<String>,
    /// `token_obtain_sliding`, simplejwt's, default `/api/token/sliding`.
    pub token_obtain_sliding: Option<String>,
    /// `token_refresh_sliding`, simplejwt's, default `/api/token/sliding/refresh`.
    pub token_refresh_sliding: Option<String>,
    /// `obtain_jwt_token`, djangorestframework-jwt's, off by default.
    pub obtain_jwt_token: Option<String>,
    /// `refresh_jwt_token`, djangorestframework-jwt's, off by default.
    pub refresh_jwt_token: Option<String>,
    /// `verify_jwt_token`, djangorestframework-jwt's, off by default.
    pub verify_jwt_token: Option<String>,
    /// `ended`, off by default: the list of ended sign-ins for services in other processes.
    pub ended: Option<String>,
    written: WrittenRoutes,
}

/// Which of those somebody wrote that depend on more than their own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each route")]
struct WrittenRoutes {
    session_signup: bool,
    jwt_signup: bool,
    password_reset: bool,
    password_reset_confirm: bool,
}

const SESSION_SIGNUP: Setting<Route> = Setting::ours(
    "ROUTES.session_signup",
    "\"/user/session_signup\"",
    "Sign-up. On a database that munjigi did not create it is off until it is written.",
);
const JWT_SIGNUP: Setting<Route> = Setting::ours(
    "ROUTES.jwt_signup",
    "\"/user/jwt_signup\"",
    "Sign-up that answers with tokens. On a database that munjigi did not create it is off until it is written.",
);
const SESSION_SIGNIN: Setting<Route> = Setting::ours(
    "ROUTES.session_signin",
    "\"/user/session_signin\"",
    "Sign-in with a session cookie.",
);
const JWT_SIGNIN: Setting<Route> = Setting::ours(
    "ROUTES.jwt_signin",
    "\"/user/jwt_signin\"",
    "Sign-in with tokens.",
);
const SESSION_SIGNOUT: Setting<Route> = Setting::ours(
    "ROUTES.session_signout",
    "\"/user/session_signout\"",
    "Ends the session.",
);
const JWT_SIGNOUT: Setting<Route> =
    Setting::ours("ROUTES.jwt_signout", "\"/user/jwt_signout\"", "Ends the tokens.");
const JWT_REFRESH: Setting<Route> = Setting::ours(
    "ROUTES.jwt_refresh",
    "\"/user/jwt_refresh\"",
    "A new access token for a refresh token.",
);
const ME: Setting<Route> = Setting::ours(
    "ROUTES.me",
    "\"/user/me\"",
    "The user himself: what is told of him, what he changes, and his leaving.",
);
const PASSWORD_CHANGE: Setting<Route> = Setting::ours(
    "ROUTES.password_change",
    "\"/user/password_change\"",
    "Another password, by who knows the one of before.",
);
const PASSWORD_RESET: Setting<Route> = Setting::ours(
    "ROUTES.password_reset",
    "\"/user/password_reset\"",
    "Mails a link to who forgot his password. Off until PASSWORD_RESET_URL is written, but under `munjigi dev`.",
);
const PASSWORD_RESET_CONFIRM: Setting<Route> = Setting::ours(
    "ROUTES.password_reset_confirm",
    "\"/user/password_reset_confirm\"",
    "Another password, by who holds such a link, ours or Django's. Off until it or PASSWORD_RESET_URL is written, but under \
     `munjigi dev`.",
);
const SESSIONS: Setting<Route> = Setting::ours(
    "ROUTES.sessions",
    "\"/user/sessions\"",
    "Where the user is signed in, and the end of all of it.",
);
const SESSION: Setting<RouteOfOne> = Setting::ours(
    "ROUTES.session",
    "\"/user/sessions/{id}\"",
    "The end of one sign-in. `{id}` stands for the one that is meant.",
);
const CSRF: Setting<Route> = Setting::ours(
    "ROUTES.csrf",
    "\"/user/csrf\"",
    "The CSRF token, for a page of another origin that is allowed.",
);
const JWKS: Setting<Route> = Setting::ours(
    "ROUTES.jwks",
    "\"/.well-known/jwks.json\"",
    "The public keys, for who verifies our tokens.",
);
const OPENAPI: Setting<Route> = Setting::ours(
    "ROUTES.openapi",
    "\"/openapi.json\"",
    "What is served here, for programs: OpenAPI 3.1.",
);
const DOCS: Setting<Route> = Setting::ours("ROUTES.docs", "\"/docs\"", "The same for people.");
const TOKEN_OBTAIN_PAIR: Setting<Route> = Setting::ours(
    "ROUTES.token_obtain_pair",
    "\"/api/token\"",
    "simplejwt's TokenObtainPairView.",
);
const TOKEN_REFRESH: Setting<Route> = Setting::ours(
    "ROUTES.token_refresh",
    "\"/api/token/refresh\"",
    "simplejwt's TokenRefreshView.",
);
const TOKEN_VERIFY: Setting<Route> = Setting::ours(
    "ROUTES.token_verify",
    "\"/api/token/verify\"",
    "simplejwt's TokenVerifyView.",
);
const TOKEN_BLACKLIST: Setting<Route> = Setting::ours(
    "ROUTES.token_blacklist",
    "\"/api/token/blacklist\"",
    "simplejwt's TokenBlacklistView.",
);
const TOKEN_OBTAIN_SLIDING: Setting<Route> = Setting::ours(
    "ROUTES.token_obtain_sliding",
    "\"/api/token/sliding\"",
    "simplejwt's TokenObtainSlidingView.",
);
const TOKEN_REFRESH_SLIDING: Setting<Route> = Setting::ours(
    "ROUTES.token_refresh_sliding",
    "\"/api/token/sliding/refresh\"",
    "simplejwt's TokenRefreshSlidingView.",
);

const OBTAIN_JWT_TOKEN: Setting<Route> = Setting::ours(
    "ROUTES.obtain_jwt_token",
    "false",
    "djangorestframework-jwt's sign-in, `/api-token-auth/` in its documentation.",
);
const REFRESH_JWT_TOKEN: Setting<Route> = Setting::ours(
    "ROUTES.refresh_jwt_token",
    "false",
    "djangorestframework-jwt's next token, `/api-token-refresh/`.",
);
const VERIFY_JWT_TOKEN: Setting<Route> = Setting::ours(
    "ROUTES.verify_jwt_token",
    "false",
    "Whether a token of djangorestframework-jwt's is good, `/api-token-verify/`.",
);
const ENDED: Setting<Route> = Setting::ours(
    "ROUTES.ended",
    "false",
    "The list of ended sign-ins, for services in other processes that verify access tokens by themselves. Its usual \
     path is \"/.well-known/munjigi/ended\".",
);

pub(super) const SECTION: Section = Section {
    title: "Routes",
    upstream: "munjigi",
    intro: "Where each route stands: a path, or `false` to switch it off. Each is served with and without a slash \
            at its end.",
    settings: &[
        &SESSION_SIGNUP.about,
        &JWT_SIGNUP.about,
        &SESSION_SIGNIN.about,
        &JWT_SIGNIN.about,
        &SESSION_SIGNOUT.about,
        &JWT_SIGNOUT.about,
        &JWT_REFRESH.about,
        &ME.about,
        &PASSWORD_CHANGE.about,
        &PASSWORD_RESET.about,
        &PASSWORD_RESET_CONFIRM.about,
        &SESSIONS.about,
        &SESSION.about,
        &CSRF.about,
        &JWKS.about,
        &OPENAPI.about,
        &DOCS.about,
        &TOKEN_OBTAIN_PAIR.about,
        &TOKEN_REFRESH.about,
        &TOKEN_VERIFY.about,
        &TOKEN_BLACKLIST.about,
        &TOKEN_OBTAIN_SLIDING.about,
        &TOKEN_REFRESH_SLIDING.about,
        &OBTAIN_JWT_TOKEN.about,
        &REFRESH_JWT_TOKEN.about,
        &VERIFY_JWT_TOKEN.about,
        &ENDED.about,
    ],
};

impl Routes {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let path = |setting: &Setting<Route>| settings.read(setting).map(|route| route.0);
        let routes = Self {
            session_signup: path(&SESSION_SIGNUP)?,
            jwt_signup: path(&JWT_SIGNUP)?,
            session_signin: path(&SESSION_SIGNIN)?,
            jwt_signin: path(&JWT_SIGNIN)?,
            session_signout: path(&SESSION_SIGNOUT)?,
            jwt_signout: path(&JWT_SIGNOUT)?,
            jwt_refresh: path(&JWT_REFRESH)?,
            me: path(&ME)?,
            password_change: path(&PASSWORD_CHANGE)?,
            password_reset: path(&PASSWORD_RESET)?,
            password_reset_confirm: path(&PASSWORD_RESET_CONFIRM)?,
            sessions: path(&SESSIONS)?,
            session: settings.read(&SESSION)?.0,
            csrf: path(&CSRF)?,
            jwks: path(&JWKS)?,
            openapi: path(&OPENAPI)?,
            docs: path(&DOCS)?,
            token_obtain_pair: path(&TOKEN_OBTAIN_PAIR)?,
            token_refresh: path(&TOKEN_REFRESH)?,
            token_verify: path(&TOKEN_VERIFY)?,
            token_blacklist: path(&TOKEN_BLACKLIST)?,
            token_obtain_sliding: path(&TOKEN_OBTAIN_SLIDING)?,
            token_refresh_sliding: path(&TOKEN_REFRESH_SLIDING)?,
            obtain_jwt_token: path(&OBTAIN_JWT_TOKEN)?,
            refresh_jwt_token: path(&REFRESH_JWT_TOKEN)?,
            verify_jwt_token: path(&VERIFY_JWT_TOKEN)?,
            ended: path(&ENDED)?,
            written: WrittenRoutes {
                session_signup: settings.has(&SESSION_SIGNUP.about),
                jwt_signup: settings.has(&JWT_SIGNUP.about),
                password_reset: settings.has(&PASSWORD_RESET.about),
                password_reset_confirm: settings.has(&PASSWORD_RESET_CONFIRM.about),
            },
        };
        routes.check()?;
        Ok(routes)
    }

    /// The routes for a database that munjigi did not create: the sign-ups are off unless somebody wrote them, since
    /// a row of ours runs no Django signals.
    #[must_use]
    pub fn for_adopted_database(mut self) -> Self {
        self.session_signup = self.session_signup.filter(|_| self.written.session_signup);
        self.jwt_signup = self.jwt_signup.filter(|_| self.written.jwt_signup);
        self
    }

    /// The routes where no page is known that a mailed link could open: those of a reset are off unless somebody wrote them.
    #[must_use]
    pub(super) fn without_unwritten_reset(mut self) -> Self {
        self.password_reset = self.password_reset.filter(|_| self.written.password_reset);
        self.password_reset_confirm = self
            .password_reset_confirm
            .filter(|_| self.written.password_reset_confirm);
        self
    }

    /// Whether one of djangorestframework-jwt's routes is served.
    pub(crate) fn speak_drf_jwt(&self) -> bool {
        [
            &self.obtain_jwt_token,
            &self.refresh_jwt_token,
            &self.verify_jwt_token,
        ]
        .into_iter()
        .any(Option::is_some)
    }

    /// The names of the routes that are on and make tokens.
    pub(super) fn making_tokens(&self) -> impl Iterator<Item = &'static str> {
        const MAKING: [&str; 7] = [
            "jwt_signup",
            "jwt_signin",
            "jwt_refresh",
            "token_obtain_pair",
            "token_refresh",
            "token_obtain_sliding",
            "token_refresh_sliding",
        ];
        let on = self.named().into_iter().filter(|(_, path)| path.is_some());
        on.map(|(name, _)| name).filter(|name| MAKING.contains(name))
    }

    fn check(&self) -> Result<(), Error> {
        let mut taken: Vec<(&str, &str)> = vec![("healthz", "/healthz"), ("readyz", "/readyz")];
        for (name, path) in self.named() {
            let Some(path) = path else { continue };
            if let Some((other, _)) = taken.iter().find(|(_, other)| *other == path) {
                return Err(Error::Contradiction(format!(
                    "ROUTES.{name} and ROUTES.{other} both stand at \"{path}/\". Give one of them another path, or \
                     write false."
                )));
            }
            taken.push((name, path));
        }
        Ok(())
    }

    /// Every route that can be moved or switched off, by its name.
    pub(crate) fn named(&self) -> [(&'static str, Option<&str>); 27] {
        [
            ("session_signup", self.session_signup.as_deref()),
            ("jwt_signup", self.jwt_signup.as_deref()),
            ("session_signin", self.session_signin.as_deref()),
            ("jwt_signin", self.jwt_signin.as_deref()),
            ("session_signout", self.session_signout.as_deref()),
            ("jwt_signout", self.jwt_signout.as_deref()),
            ("jwt_refresh", self.jwt_refresh.as_deref()),
            ("me", self.me.as_deref()),
            ("password_change", self.password_change.as_deref()),
            ("password_reset", self.password_reset.as_deref()),
            ("password_reset_confirm", self.password_reset_confirm.as_deref()),
            ("sessions", self.sessions.as_deref()),
            ("session", self.session.as_deref()),
            ("csrf", self.csrf.as_deref()),
            ("jwks", self.jwks.as_deref()),
            ("openapi", self.openapi.as_deref()),
            ("docs", self.docs.as_deref()),
            ("token_obtain_pair", self.token_obtain_pair.as_deref()),
            ("token_refresh", self.token_refresh.as_deref()),
            ("token_verify", self.token_verify.as_deref()),
            ("token_blacklist", self.token_blacklist.as_deref()),
            ("token_obtain_sliding", self.token_obtain_sliding.as_deref()),
            ("token_refresh_sliding", self.token_refresh_sliding.as_deref()),
            ("obtain_jwt_token", self.obtain_jwt_token.as_deref()),
            ("refresh_jwt_token", self.refresh_jwt_token.as_deref()),
            ("verify_jwt_token", self.verify_jwt_token.as_deref()),
            ("ended", self.ended.as_deref()),
        ]
    }
}

/// A path without its last slash, or none.
#[derive(PartialEq)]
struct Route(Option<String>);

impl Kind for Route {
    const WANTED: &'static str = "a path such as \"/user/me\", or false";
    const IS_TEXT: bool = false;

    fn read(value: &Value) -> Result<Self, Wrong> {
        let text = match value {
            Value::Boolean(false) => return Ok(Self(None)),
            Value::String(text) => text,
            _ => return Err(Wrong::Type),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        let path = text.strip_suffix('/').unwrap_or(text);
        if !path.starts_with('/') || path.contains("//") || !path.bytes().all(is_plain) {
            return Err(Wrong::Value(format!(
                "is \"{text}\". Write a path of letters, digits, \"-\" and \"_\", such as \"/user/me\", or false."
            )));
        }
        Ok(Self(Some(path.to_owned())))
    }
}

/// A path without its last slash that ends in `/{id}`, or none.
#[derive(PartialEq)]
struct RouteOfOne(Option<String>);

impl Kind for RouteOfOne {
    const WANTED: &'static str = "a path such as \"/user/sessions/{id}\", or false";
    const IS_TEXT: bool = false;

    fn read(value: &Value) -> Result<Self, Wrong> {
        let Value::String(text) = value else {
            return Route::read(value).map(|route| Self(route.0));
        };
        let path = text.strip_suffix('/').unwrap_or(text);
        let before = path.strip_suffix("/{id}").ok_or_else(|| {
            Wrong::Value(format!(
                "is \"{text}\". Write a path that ends in \"/{{id}}\", such as \"/user/sessions/{{id}}\", or false."
            ))
        })?;
        let Route(before) = Route::read(&Value::String(before.to_owned()))?;
        Ok(Self(before.map(|before| format!("{before}/{{id}}"))))
    }
}
