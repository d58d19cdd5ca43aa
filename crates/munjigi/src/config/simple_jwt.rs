//! `[SIMPLE_JWT]`: every key of simplejwt (`settings.py`, 5.5.1 and `main`), the `AUTH_COOKIE` keys that it never had,
//! `VERIFY_CHECKS_BLACKLIST` and `COMPAT_VERSION`.
//!
//! The keys of [`described`] work. Those of [`python`] are known, and refused where they are given another value than the
//! default: no key is taken and ignored.

mod described;
mod keys;
mod kinds;
mod python;
mod warnings;

pub(super) use described::SECTION;
pub(super) use keys::check_routes;
pub use keys::{KeyCommandSettings, RingSettings, TokenKeys};
pub use kinds::CompatVersion;
pub(super) use python::{SECTION as PYTHON_SECTION, successor};

use super::Error;
use super::finding::Finding;
use super::users::Users;
use super::written::Settings;
use described::{
    ACCESS_TOKEN_LIFETIME, AUDIENCE, AUTH_HEADER_NAME, AUTH_HEADER_TYPES, AUTH_TOKEN_CLASSES,
    BLACKLIST_AFTER_ROTATION, CHECK_REVOKE_TOKEN, CHECK_USER_IS_ACTIVE, COMPAT_VERSION, ISSUER, JTI_CLAIM,
    LEEWAY, REFRESH_TOKEN_LIFETIME, REVOKE_TOKEN_CLAIM, ROTATE_REFRESH_TOKENS, ROTATION_WINDOW,
    SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_EXP_CLAIM, SLIDING_TOKEN_REFRESH_LIFETIME,
    TOKEN_BLACKLIST_APP, TOKEN_TYPE_CLAIM, UPDATE_LAST_LOGIN, USER_ID_CLAIM, USER_ID_FIELD,
    VERIFY_CHECKS_BLACKLIST,
};
use jiff::SignedDuration;
use munjigi_axum::BearerHeader;
use munjigi_signing::SecretKeys;
use munjigi_store::TokenBlacklist;
use munjigi_tokens::{SimpleJwt, SimpleJwtSettings};
use std::time::Duration;

/// What `[SIMPLE_JWT]` resolves to.
pub(super) struct Resolved {
    /// Without keys: they are in `keys`.
    pub(super) settings: SimpleJwtSettings,
    pub(super) keys: TokenKeys,
    /// `AUTH_HEADER_NAME` and `AUTH_HEADER_TYPES`.
    pub(super) bearer: BearerHeader,
    pub(super) verify_checks_blacklist: bool,
    pub(super) compat_version: CompatVersion,
    pub(super) rotation_window: SignedDuration,
    pub(super) token_blacklist: TokenBlacklist,
}

/// Reads the table. `secret_keys` sign where nothing else is written.
pub(super) fn resolve(
    settings: Settings<'_>,
    secret_keys: &SecretKeys,
    users: &Users,
    findings: &mut Vec<Finding>,
) -> Result<Resolved, Error> {
    let mut jwt = SimpleJwtSettings::default();
    let keys = keys::resolve(settings, secret_keys, &mut jwt)?;
    jwt.access_token_lifetime = signed(settings.read(&ACCESS_TOKEN_LIFETIME)?.0);
    jwt.refresh_token_lifetime = signed(settings.read(&REFRESH_TOKEN_LIFETIME)?.0);
    jwt.rotate_refresh_tokens = settings.read(&ROTATE_REFRESH_TOKENS)?;
    jwt.blacklist_after_rotation = settings.read(&BLACKLIST_AFTER_ROTATION)?;
    jwt.update_last_login = settings.read(&UPDATE_LAST_LOGIN)?;
    jwt.audience = settings.read(&AUDIENCE)?;
    jwt.issuer = settings.read(&ISSUER)?;
    jwt.leeway = signed(settings.read(&LEEWAY)?.0);
    jwt.auth_header_types = settings.read(&AUTH_HEADER_TYPES)?.0;
    jwt.auth_header_name = settings.read(&AUTH_HEADER_NAME)?.0;
    jwt.user_id_field = user_id_field(settings, users)?;
    jwt.user_id_claim = settings.read(&USER_ID_CLAIM)?;
    jwt.auth_token_classes = settings.read(&AUTH_TOKEN_CLASSES)?;
    jwt.token_type_claim = settings.read(&TOKEN_TYPE_CLAIM)?;
    jwt.jti_claim = settings.read(&JTI_CLAIM)?;
    jwt.sliding_token_lifetime = signed(settings.read(&SLIDING_TOKEN_LIFETIME)?.0);
    jwt.sliding_token_refresh_lifetime = signed(settings.read(&SLIDING_TOKEN_REFRESH_LIFETIME)?.0);
    jwt.sliding_token_refresh_exp_claim = settings.read(&SLIDING_TOKEN_REFRESH_EXP_CLAIM)?;
    jwt.check_revoke_token = settings.read(&CHECK_REVOKE_TOKEN)?;
    jwt.revoke_token_claim = settings.read(&REVOKE_TOKEN_CLAIM)?;
    jwt.check_user_is_active = settings.read(&CHECK_USER_IS_ACTIVE)?;
    // These errors are sentences that name the key.
    let contradiction = |error| Error::Contradiction(format!("SIMPLE_JWT: {error}"));
    SimpleJwt::with_key_ring(jwt.clone(), keys.keys.named.clone()).map_err(contradiction)?;
    let bearer = BearerHeader::new(&jwt).map_err(contradiction)?;
    contradictions(&jwt)?;
    let rotation_window = rotation_window(settings)?;
    findings.extend(warnings::of(&jwt, keys.secret_length));
    if jwt.rotate_refresh_tokens && jwt.blacklist_after_rotation {
        findings.extend(warnings::of_window(rotation_window));
    } else if settings.has(&ROTATION_WINDOW.about) {
        findings.push(warnings::of_idle_window());
    }
    Ok(Resolved {
        keys: keys.keys,
        bearer,
        verify_checks_blacklist: settings.read(&VERIFY_CHECKS_BLACKLIST)?,
        compat_version: settings.read(&COMPAT_VERSION)?,
        rotation_window,
        token_blacklist: token_blacklist(settings, &jwt)?,
        settings: jwt,
    })
}

/// `ROTATION_WINDOW`. Who writes which simplejwt is to be found wants its rule, unless he says otherwise.
fn rotation_window(settings: Settings<'_>) -> Result<SignedDuration, Error> {
    let is_upstreams = settings.has(&COMPAT_VERSION.about) && !settings.has(&ROTATION_WINDOW.about);
    if is_upstreams {
        return Ok(SignedDuration::ZERO);
    }
    Ok(signed(settings.read(&ROTATION_WINDOW)?))
}

/// `TOKEN_BLACKLIST_APP`.
fn token_blacklist(settings: Settings<'_>, jwt: &SimpleJwtSettings) -> Result<TokenBlacklist, Error> {
    if settings.read(&TOKEN_BLACKLIST_APP)? {
        return Ok(TokenBlacklist::Kept);
    }
    let is_told_apart = jwt.token_type_claim.is_some() && jwt.jti_claim.is_some();
    if jwt.blacklist_after_rotation && !is_told_apart {
        return Err(Error::Contradiction(
            "SIMPLE_JWT.TOKEN_BLACKLIST_APP is false, so that under BLACKLIST_AFTER_ROTATION a record alone knows which of its \
             refresh tokens is the last; but with TOKEN_TYPE_CLAIM or JTI_CLAIM \"\" it cannot be told from others. Leave \
             these two out."
                .to_owned(),
        ));
    }
    Ok(TokenBlacklist::Absent)
}

/// How long the longest-lived token is taken.
fn longest_life(settings: Settings<'_>) -> Result<SignedDuration, Error> {
    let lifetimes = [
        &ACCESS_TOKEN_LIFETIME,
        &REFRESH_TOKEN_LIFETIME,
        &SLIDING_TOKEN_LIFETIME,
        &SLIDING_TOKEN_REFRESH_LIFETIME,
    ];
    let mut longest = SignedDuration::ZERO;
    for lifetime in lifetimes {
        longest = longest.max(signed(settings.read(lifetime)?.0));
    }
    Ok(longest.saturating_add(signed(settings.read(&LEEWAY)?.0)))
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// `USER_ID_FIELD` must name one user: a token's text is looked up by it. The field is given back under the name that
/// `AuthUser` knows it by, whatever the model calls it.
fn user_id_field(settings: Settings<'_>, users: &Users) -> Result<String, Error> {
    let field = settings.read(&USER_ID_FIELD)?;
    let model = &users.model;
    let known = if ["id", "pk", &users.primary_key_field].contains(&field.as_str()) {
        "id"
    } else if field == model.username_field {
        "username"
    } else if model.email_field.as_ref() == Some(&field) {
        "email"
    } else {
        let mut choice = vec![users.primary_key_field.as_str(), &model.username_field];
        choice.extend(model.email_field.as_deref());
        choice.dedup();
        return Err(Error::Contradiction(format!(
            "SIMPLE_JWT.USER_ID_FIELD is \"{field}\". A token must name one user: write \"{}\".",
            choice.join("\" or \"")
        )));
    };
    Ok(known.to_owned())
}

/// What each key allows and all together do not.
fn contradictions(jwt: &SimpleJwtSettings) -> Result<(), Error> {
    let contradiction = if jwt.auth_token_classes.is_empty() {
        "SIMPLE_JWT.AUTH_TOKEN_CLASSES is empty, so that no token opens anything. Leave it out."
    } else if jwt.blacklist_after_rotation && jwt.jti_claim.is_none() {
        "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION is true and JTI_CLAIM is \"\", and a token without an id cannot be \
         blacklisted. Write JTI_CLAIM = \"jti\"."
    } else {
        return Ok(());
    };
    Err(Error::Contradiction(contradiction.to_owned()))
}
