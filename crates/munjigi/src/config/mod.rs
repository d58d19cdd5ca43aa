//! Settings: `django.conf.settings`, from `munjigi.toml`, the environment and the command line.
//!
//! In two steps: [`Written`] is what somebody wrote, each setting with where it is written; [`Config`] is what the rest
//! of the server reads. Scalars are upper-case and carry Django's names; a table stands where settings.py has a dict.
//! Unlike in Django, an unknown name, a wrong type and a contradiction stop the start. Every setting is described
//! once, beside the code that reads it.

mod auth_cookie;
mod authentication_backends;
pub mod check;
mod claims;
pub mod convert;
mod cookies;
mod cors;
mod csrf;
mod data_dir;
mod database;
mod env;
mod error;
mod file;
mod finding;
mod gather;
mod hashing;
mod headers;
mod hosts;
mod jwt_auth;
mod kind;
mod languages;
mod mail;
mod own_account;
mod password_reset;
mod password_rows;
mod passwords;
pub mod reference;
mod rest_framework;
mod routes;
mod secrets;
mod server;
mod session;
mod session_engine;
mod session_records;
pub(crate) mod setting;
mod simple_jwt;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
mod users;
mod written;

pub use auth_cookie::{AuthCookieSettings, TokensStand};
pub(crate) use authentication_backends::MODEL_BACKEND;
pub use claims::{ClaimPlaced, ClaimSource, TokenClaim, UserFact};
pub use cookies::SameSite;
pub use cors::{AllowedOrigins, CorsSettings};
pub use csrf::CsrfSettings;
pub use data_dir::{DEFAULT as DEFAULT_DATA_DIR, DataDir};
pub use error::Error;
pub use gather::Sources;
pub use headers::SecurityHeaders;
pub use hosts::{HostSettings, ProxySslHeader};
pub use kind::duration;
pub use mail::{MailBackend, MailSettings, SmtpCredentials, SmtpSecurity, SmtpSettings};
pub use own_account::OwnAccount;
pub use password_reset::{PasswordReset, ResetPage, ResetUrl};
pub use rest_framework::AuthenticationClass;
pub use routes::Routes;
pub use server::{Limits, LogFormat, LogSettings};
pub use session::SessionSettings;
pub use session_records::RecordSettings;
pub use simple_jwt::{CompatVersion, KeyCommandSettings, RingSettings, TokenKeys};
pub(crate) use users::FIELD_CLASSES;
pub use written::Written;

use crate::i18n::Languages;
use finding::Finding;
use jiff::SignedDuration;
use munjigi_axum::BearerHeader;
use munjigi_passwords::pool::PoolSettings;
use munjigi_passwords::validation::Validator;
use munjigi_passwords::{Costs, Hashers};
use munjigi_signing::SecretKeys;
use munjigi_store::grants::Use;
use munjigi_store::{DatabaseUrl, Foreign, SessionEngine, TokenBlacklist, UserModel};
use munjigi_tokens::SimpleJwtSettings;
use munjigi_tokens::jwt_auth::JwtAuthSettings;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Which defaults hold: the relaxed ones of `munjigi dev`, or production's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `munjigi dev`: one machine, loopback, no passwords to look after.
    Dev,
    /// `munjigi serve`: production.
    Serve,
}

/// Who may reach `munjigi dev`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// This machine.
    Loopback,
    /// Whoever reaches the address: `--expose`.
    Network,
}

/// Every setting, read and checked. What the server is told, and nothing it must still decide.
pub struct Config {
    /// Whose defaults were taken for what is not written.
    pub mode: Mode,
    /// `BIND`: the addresses to listen on, at least one.
    pub bind: Vec<SocketAddr>,
    /// `METRICS_BIND`: the addresses that `/metrics` is answered on, and nothing else; may be none.
    pub metrics_bind: Vec<SocketAddr>,
    /// `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// `AUTH_USER_MODEL` and the tables `[user]` and `[user.fields.*]`.
    pub user_model: UserModel,
    /// Whether the database of a Django project is worked beside: only where `AUTH_USER_MODEL` is written.
    pub foreign: Foreign,
    /// `user.email_unique`: whether an e-mail address belongs to one sign-up.
    pub email_unique: bool,
    /// `user.email_editable` and `user.deletion`: what a user may do to his own account.
    pub own_account: OwnAccount,
    /// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    pub secret_keys: SecretKeys,
    /// `PASSWORD_HASHERS` at the costs of `[hashers.*]`.
    pub hashers: Arc<Hashers>,
    /// `[hashers.*]`, also of hashers that are not listed.
    pub costs: Costs,
    /// `TRIM_PASSWORDS`: whether a password with spaces at its ends may be the user's without them.
    pub trim_passwords: bool,
    /// `HASHING_*`.
    pub hashing: PoolSettings,
    /// `AUTH_PASSWORD_VALIDATORS`; none under `dev` unless written.
    pub validators: Vec<Box<dyn Validator>>,
    /// `EMAIL_*` and `DEFAULT_FROM_EMAIL`.
    pub mail: MailSettings,
    /// `PASSWORD_RESET_*` and `TIME_ZONE`.
    pub password_reset: PasswordReset,
    /// `[SIMPLE_JWT]`, but for the keys.
    pub simple_jwt: SimpleJwtSettings,
    /// `SIMPLE_JWT.VERIFY_CHECKS_BLACKLIST`: whether a token that was taken back is no good to the verifying route.
    pub verify_checks_blacklist: bool,
    /// `SIMPLE_JWT.ROTATION_WINDOW`: for how long after a rotation the token of before is answered with its successor again.
    pub rotation_window: SignedDuration,
    /// `SIMPLE_JWT.TOKEN_BLACKLIST_APP`: whether simplejwt's two tables are kept.
    pub token_blacklist: TokenBlacklist,
    /// The keys of `[SIMPLE_JWT]`.
    pub token_keys: TokenKeys,
    /// `SIMPLE_JWT.COMPAT_VERSION`: which simplejwt is answered like.
    pub compat_version: CompatVersion,
    /// `SIMPLE_JWT.AUTH_HEADER_NAME` and `AUTH_HEADER_TYPES`: where a bearer token is looked for.
    pub bearer: BearerHeader,
    /// `SIMPLE_JWT.AUTH_COOKIE` and its kin; none where tokens travel in no cookie.
    pub auth_cookie: Option<AuthCookieSettings>,
    /// `[SIMPLE_JWT_CLAIMS]`: what tokens carry beside the claims of simplejwt, in this order.
    pub claims: Vec<TokenClaim>,
    /// `[JWT_AUTH]`.
    pub jwt_auth: JwtAuthSettings,
    /// `JWT_AUTH.JWT_AUTH_HEADER_PREFIX`: `JWT`.
    pub jwt_auth_prefix: String,
    /// `REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES`, in order, at least one.
    pub authentication_classes: Vec<AuthenticationClass>,
    /// `AUTHENTICATION_BACKENDS`: the paths under which sessions are taken, at least one; the first is written.
    pub authentication_backends: Vec<String>,
    /// `SESSION_*`.
    pub session: SessionSettings,
    /// `SESSION_ENGINE`: whether a Django beside us keeps copies of sessions in a cache, and in which.
    pub session_engine: SessionEngine,
    /// How long a sign-in lasts.
    pub session_records: RecordSettings,
    /// `CSRF_*`.
    pub csrf: CsrfSettings,
    /// `ALLOWED_HOSTS` and whose word on host, scheme and client address is taken.
    pub hosts: HostSettings,
    /// `CORS_*`, django-cors-headers' names.
    pub cors: CorsSettings,
    /// `SECURE_*` and `X_FRAME_OPTIONS`.
    pub headers: SecurityHeaders,
    /// `LANGUAGE_CODE` and `LANGUAGES`.
    pub languages: Languages,
    /// `[ROUTES]`: where each route stands.
    pub routes: Routes,
    /// Sizes, times and counts that bound a client.
    pub limits: Limits,
    /// `FLUSH_EXPIRED_TOKENS`: how often a server removes expired tokens; `None` never.
    pub flush_expired_tokens: Option<Duration>,
    /// `LOG_LEVEL` and `LOG_FORMAT`.
    pub log: LogSettings,
    /// What is allowed but unwise, to be said at start.
    pub warnings: Vec<Finding>,
}

impl Config {
    /// The settings on a database that munjigi did not create: what would write rows that run none of the project's code is
    /// off, unless somebody wrote it.
    #[must_use]
    pub fn for_adopted_database(mut self) -> Self {
        self.routes = self.routes.for_adopted_database();
        self.own_account = self.own_account.for_adopted_database();
        self
    }

    /// What the server does that needs more of the database than signing in.
    pub fn uses(&self) -> Vec<Use> {
        let signs_up = self.routes.session_signup.is_some() || self.routes.jwt_signup.is_some();
        let reads = self.claims.iter().any(TokenClaim::reads_permissions);
        let uses = [
            (Use::SignUp, signs_up),
            (Use::Deletion, self.own_account.deletion),
            (Use::Permissions, reads),
        ];
        uses.into_iter()
            .filter(|(_, does)| *does)
            .map(|(what, _)| what)
            .collect()
    }

    /// Resolves what is written, with the defaults of `mode` for the rest.
    ///
    /// # Errors
    /// The first value that cannot be used, setting that is missing, or contradiction.
    pub fn resolve(written: &Written, mode: Mode) -> Result<Self, Error> {
        let settings = written.under(mode);
        let mut warnings = Vec::new();
        let secret_keys = secrets::resolve(settings, &mut warnings)?;
        let users = users::Users::resolve(settings)?;
        let jwt = simple_jwt::resolve(settings, &secret_keys, &users, &mut warnings)?;
        let (session, csrf) = (
            SessionSettings::resolve(settings)?,
            CsrfSettings::resolve(settings)?,
        );
        let session_records = RecordSettings::resolve(settings, &session, &jwt.settings, &mut warnings)?;
        let auth_cookie = AuthCookieSettings::resolve(settings, &mut warnings)?;
        let mut names = vec![
            ("SESSION_COOKIE_NAME", session.cookie_name.as_str()),
            ("CSRF_COOKIE_NAME", csrf.cookie_name.as_str()),
        ];
        names.extend(auth_cookie.iter().flat_map(AuthCookieSettings::names));
        cookies::check_names(&names)?;
        let bind = settings.read(&server::BIND)?.0;
        let mut password_reset = PasswordReset::resolve(settings)?;
        let routes = password_reset.settle(Routes::resolve(settings)?, mode, &bind)?;
        users::check_signup(&users.model, &routes)?;
        simple_jwt::check_routes(&jwt.keys, &routes)?;
        let authentication_classes = rest_framework::authentication_classes(settings)?;
        let jwt_auth = jwt_auth::resolve(settings, &secret_keys, &jwt.settings, &mut warnings)?;
        jwt_auth::check(&jwt_auth, &jwt.settings, &authentication_classes, &routes)?;
        if auth_cookie.is_some() && csrf.use_sessions {
            return Err(Error::Contradiction(
                "CSRF_USE_SESSIONS and SIMPLE_JWT.AUTH_COOKIE are both written: who signs in by tokens in cookies has no \
                 session for the CSRF token to be kept in. Leave one of them out."
                    .to_owned(),
            ));
        }
        let (hashing, limits) = (
            hashing::pool(settings, &mut warnings)?,
            Limits::resolve(settings)?,
        );
        if hashing.deadline > limits.request_timeout {
            return Err(Error::Contradiction(
                "HASHING_DEADLINE_MS is longer than REQUEST_TIMEOUT, when a request is answered with 503 whether its password \
                 is hashed or not. Write a shorter one, or a longer REQUEST_TIMEOUT."
                    .to_owned(),
            ));
        }
        if let Some(cookies) = &auth_cookie {
            warnings.extend(cookies.doubts(&routes, &authentication_classes));
        }
        Ok(Self {
            mode,
            bind,
            metrics_bind: settings
                .read(&server::METRICS_BIND)?
                .map_or_else(Vec::new, |addresses| addresses.0),
            claims: claims::resolve(settings, &jwt.settings, &users.model)?,
            database: database::resolve(settings)?,
            user_model: users.model,
            foreign: users.foreign,
            email_unique: users.email_unique,
            own_account: users.own_account,
            secret_keys,
            hashers: Arc::new(passwords::hashers(settings)?),
            costs: passwords::costs(settings)?,
            trim_passwords: passwords::trim(settings)?,
            hashing,
            validators: passwords::validators(settings)?,
            mail: MailSettings::resolve(settings)?,
            password_reset,
            simple_jwt: jwt.settings,
            verify_checks_blacklist: jwt.verify_checks_blacklist,
            rotation_window: jwt.rotation_window,
            token_blacklist: jwt.token_blacklist,
            token_keys: jwt.keys,
            compat_version: jwt.compat_version,
            bearer: jwt.bearer,
            auth_cookie,
            jwt_auth: jwt_auth.settings,
            jwt_auth_prefix: jwt_auth.header_prefix,
            authentication_classes,
            authentication_backends: authentication_backends::resolve(settings)?,
            session,
            session_engine: session_engine::resolve(settings)?,
            session_records,
            csrf,
            hosts: HostSettings::resolve(settings)?,
            cors: CorsSettings::resolve(settings)?,
            headers: SecurityHeaders::resolve(settings)?,
            languages: languages::resolve(settings)?,
            routes,
            limits,
            flush_expired_tokens: settings.read(&server::FLUSH_EXPIRED_TOKENS)?.map(|every| every.0),
            log: LogSettings::resolve(settings)?,
            warnings,
        })
    }

    /// The field of the e-mail address, where a user may change his own.
    pub fn own_email_field(&self) -> Option<&str> {
        let field = self.user_model.email_field.as_deref();
        field.filter(|_| self.own_account.email_editable)
    }

    /// Whether anything asks which sign-ins have ended without asking the database.
    pub fn needs_ended_list(&self) -> bool {
        let is_stateless = self
            .authentication_classes
            .contains(&AuthenticationClass::JwtStateless);
        is_stateless || self.routes.ended.is_some()
    }

    /// Whether a server may start with these settings: a command on the database needs less.
    ///
    /// # Errors
    /// `serve` without `ALLOWED_HOSTS`; `dev` on an address that others reach, without `--expose`.
    pub fn check_listening(&self, exposure: Exposure) -> Result<(), Error> {
        self.hosts.check_ready(self.mode)?;
        let all = [("BIND", &self.bind), ("METRICS_BIND", &self.metrics_bind)];
        let reachable = all.into_iter().find_map(|(setting, addresses)| {
            let address = addresses.iter().find(|address| !address.ip().is_loopback());
            address.map(|address| (setting, address))
        });
        match reachable {
            Some((setting, address)) if self.mode == Mode::Dev && exposure == Exposure::Loopback => {
                Err(Error::Contradiction(format!(
                    "{setting} names {address}, which others can reach, and `munjigi dev` is relaxed. Add --expose if you \
                     mean it, or use `munjigi serve`."
                )))
            }
            _ => Ok(()),
        }
    }

    /// What these settings relax that production has strict.
    pub fn relaxed(&self) -> Vec<Relaxation> {
        let plain_tokens = self.auth_cookie.as_ref().is_some_and(|cookies| !cookies.secure);
        let plain_cookies = !self.session.cookie_secure || !self.csrf.cookie_secure || plain_tokens;
        let any_host = self.hosts.allowed.iter().any(|host| host == "*");
        let relaxations = [
            (self.validators.is_empty(), Relaxation::AnyPassword),
            (plain_cookies, Relaxation::PlainCookies),
            (
                self.cors.origins == AllowedOrigins::Loopback,
                Relaxation::LoopbackOrigins,
            ),
            (any_host, Relaxation::AnyHost),
        ];
        let relaxed = relaxations.into_iter().filter(|(is_so, _)| *is_so);
        relaxed.map(|(_, relaxation)| relaxation).collect()
    }
}

/// Something that `munjigi dev` lets pass, for its banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relaxation {
    /// There are no password validators.
    AnyPassword,
    /// Cookies travel over plain HTTP.
    PlainCookies,
    /// Pages of every port of this machine may call.
    LoopbackOrigins,
    /// Every `Host` header is answered.
    AnyHost,
}
