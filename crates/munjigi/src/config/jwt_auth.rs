//! `[JWT_AUTH]`: every key of drf-jwt 1.19 (`rest_framework_jwt/settings.py`), for clients that still speak
//! djangorestframework-jwt's dialect. Its routes and its authentication class are off until somebody writes them.

mod refused;

use super::finding::{Finding, Level};
use super::kind::{FromText, Positive};
use super::secrets::Secret;
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{AuthenticationClass, Error, Routes};
use jiff::SignedDuration;
use munjigi_signing::SecretKeys;
use munjigi_tokens::jwt_auth::{JwtAuth, JwtAuthSettings, TokenId};
use munjigi_tokens::{Algorithm, Audience, SigningKey, SimpleJwtSettings};
use std::time::Duration;

const SECRET_KEY: Setting<Option<Secret>> = Setting::upstream(
    "JWT_AUTH.JWT_SECRET_KEY",
    "\"\"",
    "What djangorestframework-jwt's tokens are signed with. At least 32 random bytes.",
)
.secret()
.unwritten("the SECRET_KEY");
const ALGORITHM: Setting<Algorithm> = Setting::upstream(
    "JWT_AUTH.JWT_ALGORITHM",
    "\"HS256\"",
    "How they are signed: HS256, HS384 or HS512.",
);
const EXPIRATION_DELTA: Setting<Positive> =
    Setting::upstream("JWT_AUTH.JWT_EXPIRATION_DELTA", "\"5m\"", "How long one is good.");
const VERIFY_EXPIRATION: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_VERIFY_EXPIRATION",
    "true",
    "Whether it ends with that. With false it is good until its sign-in ends.",
);
const ALLOW_REFRESH: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_ALLOW_REFRESH",
    "true",
    "Whether one can be given in for the next.",
);
const REFRESH_EXPIRATION_DELTA: Setting<Positive> = Setting::upstream(
    "JWT_AUTH.JWT_REFRESH_EXPIRATION_DELTA",
    "\"7d\"",
    "How long after the sign-in.",
);
const HEADER_PREFIX: Setting<HeaderPrefix> = Setting::ours(
    "JWT_AUTH.JWT_AUTH_HEADER_PREFIX",
    "\"JWT\"",
    "The word before the token, in capitals or not: `Authorization: JWT …`, as in djangorestframework-jwt.",
)
.differs_from("\"Bearer\"");
const LEEWAY: Setting<Duration> = Setting::upstream(
    "JWT_AUTH.JWT_LEEWAY",
    "0",
    "How far the clocks of two machines may be apart.",
);
const AUDIENCE: Setting<Option<Audience>> = Setting::upstream(
    "JWT_AUTH.JWT_AUDIENCE",
    "\"\"",
    "`aud` of tokens made, and demanded of tokens read. Without it a token that has an `aud` is refused.",
);
const ISSUER: Setting<Option<String>> = Setting::upstream(
    "JWT_AUTH.JWT_ISSUER",
    "\"\"",
    "`iss` of tokens made, and demanded of tokens read.",
);
const TOKEN_ID: Setting<TokenId> = Setting::upstream(
    "JWT_AUTH.JWT_TOKEN_ID",
    "\"include\"",
    "`jti`: `off` for none, `include` in tokens made, `require` also of tokens read.",
);
const INCLUDE_USER_ID: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_PAYLOAD_INCLUDE_USER_ID",
    "true",
    "Whether `user_id` stands beside `username`.",
);

pub(super) const SECTION: Section = Section {
    title: "djangorestframework-jwt",
    upstream: "drf-jwt 1.19",
    intro: "The dict JWT_AUTH, for clients that still speak the dialect of djangorestframework-jwt and of its fork \
            drf-jwt. Its three routes are off until they are written in `[ROUTES]`, and a guarded route takes its tokens \
            where DEFAULT_AUTHENTICATION_CLASSES names JSONWebTokenAuthentication.",
    settings: &[
        &SECRET_KEY.about,
        &ALGORITHM.about,
        &EXPIRATION_DELTA.about,
        &VERIFY_EXPIRATION.about,
        &ALLOW_REFRESH.about,
        &REFRESH_EXPIRATION_DELTA.about,
        &HEADER_PREFIX.about,
        &LEEWAY.about,
        &AUDIENCE.about,
        &ISSUER.about,
        &TOKEN_ID.about,
        &INCLUDE_USER_ID.about,
        &refused::VERIFY.about,
        &refused::GET_USER_SECRET_KEY.about,
        &refused::PRIVATE_KEY.about,
        &refused::PUBLIC_KEY.about,
        &refused::INSIST_ON_KID.about,
        &refused::ENCODE_HANDLER.about,
        &refused::DECODE_HANDLER.about,
        &refused::PAYLOAD_HANDLER.about,
        &refused::PAYLOAD_GET_USERNAME_HANDLER.about,
        &refused::RESPONSE_PAYLOAD_HANDLER.about,
        &refused::AUTH_COOKIE.about,
        &refused::AUTH_COOKIE_DOMAIN.about,
        &refused::AUTH_COOKIE_PATH.about,
        &refused::AUTH_COOKIE_SECURE.about,
        &refused::AUTH_COOKIE_SAMESITE.about,
        &refused::IMPERSONATION_COOKIE.about,
        &refused::DELETE_STALE_BLACKLISTED_TOKENS.about,
    ],
};

/// What `[JWT_AUTH]` resolves to.
pub(super) struct Resolved {
    pub(super) settings: JwtAuthSettings,
    /// `JWT_AUTH_HEADER_PREFIX`.
    pub(super) header_prefix: String,
}

/// Reads the table. `keys` are the `SECRET_KEY` that signs where no other is written.
pub(super) fn resolve(
    settings: Settings<'_>,
    keys: &SecretKeys,
    simple_jwt: &SimpleJwtSettings,
    findings: &mut Vec<Finding>,
) -> Result<Resolved, Error> {
    let key = match settings.read(&SECRET_KEY)? {
        Some(key) => SigningKey::new(key.expose().as_bytes()),
        None => SigningKey::new(keys.current().expose()),
    };
    let mut jwt = JwtAuthSettings::new(key);
    jwt.algorithm = settings.read(&ALGORITHM)?;
    jwt.expiration_delta = signed(settings.read(&EXPIRATION_DELTA)?.0);
    jwt.verify_expiration = settings.read(&VERIFY_EXPIRATION)?;
    jwt.allow_refresh = settings.read(&ALLOW_REFRESH)?;
    jwt.refresh_expiration_delta = signed(settings.read(&REFRESH_EXPIRATION_DELTA)?.0);
    jwt.leeway = signed(settings.read(&LEEWAY)?);
    jwt.audience = settings.read(&AUDIENCE)?;
    jwt.issuer = settings.read(&ISSUER)?;
    jwt.token_id = settings.read(&TOKEN_ID)?;
    jwt.include_user_id = settings.read(&INCLUDE_USER_ID)?;
    jwt.token_type_claims.extend(simple_jwt.token_type_claim.clone());
    JwtAuth::new(jwt.clone()).map_err(|error| Error::Contradiction(format!("JWT_AUTH: {error}")))?;
    if !jwt.verify_expiration {
        findings.push(Finding {
            id: "munjigi.W025",
            level: Level::Warning,
            message: "JWT_AUTH.JWT_VERIFY_EXPIRATION is false, so that a stolen token opens everything until its user \
                      signs out or changes the password, and one made by Django for ever."
                .to_owned(),
            hint: "Leave it out, and write the time that clients need as JWT_EXPIRATION_DELTA.".to_owned(),
        });
    }
    Ok(Resolved {
        settings: jwt,
        header_prefix: settings.read(&HEADER_PREFIX)?.0,
    })
}

/// Whether the dialect can be told from simplejwt's, where both are spoken.
pub(super) fn check(
    resolved: &Resolved,
    simple_jwt: &SimpleJwtSettings,
    classes: &[AuthenticationClass],
    routes: &Routes,
) -> Result<(), Error> {
    let guards = classes.contains(&AuthenticationClass::JsonWebToken);
    let prefix = &resolved.header_prefix;
    let is_shared = |word: &String| word.eq_ignore_ascii_case(prefix);
    if guards
        && classes.iter().any(|class| class.reads_simple_jwt())
        && simple_jwt.auth_header_types.iter().any(is_shared)
    {
        return Err(Error::Contradiction(format!(
            "JWT_AUTH.JWT_AUTH_HEADER_PREFIX and SIMPLE_JWT.AUTH_HEADER_TYPES both say \"{prefix}\", and each would \
             refuse the other's tokens. Write JWT_AUTH_HEADER_PREFIX = \"JWT\", or name one of JWTAuthentication and \
             JSONWebTokenAuthentication in REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES."
        )));
    }
    if (guards || routes.speak_drf_jwt()) && simple_jwt.token_type_claim.is_none() {
        return Err(Error::Contradiction(
            "SIMPLE_JWT.TOKEN_TYPE_CLAIM is None while djangorestframework-jwt's dialect is spoken, so that a token of \
             one would pass for one of the other. Leave TOKEN_TYPE_CLAIM out."
                .to_owned(),
        ));
    }
    Ok(())
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl FromText for TokenId {
    const WANTED: &'static str = "\"off\", \"include\" or \"require\"";
    const WANTED_LIST: &'static str = "a list of such words";

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "include" => Ok(Self::Include),
            "require" => Ok(Self::Require),
            _ => Err(format!("is \"{text}\". Write {}.", <Self as FromText>::WANTED)),
        }
    }
}

/// A word of ASCII without spaces.
#[derive(PartialEq)]
struct HeaderPrefix(String);

impl FromText for HeaderPrefix {
    const WANTED: &'static str = "a word";
    const WANTED_LIST: &'static str = "a list of words";

    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must be a word without spaces: \"JWT\".".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}
