//! `[SIMPLE_JWT]`: every key of simplejwt 5.5.1 (`settings.py`), and the `AUTH_COOKIE` keys that it never had.
//!
//! The keys of this file work. Those of [`later`] are known, and refused where they are given another value than
//! the default: no key is taken and ignored.

mod later;

use super::Error;
use super::check::{Finding, Level};
use super::hosts::MetaName;
use super::kind::{FromText, Kind, Positive, Wrong};
use super::secrets::Secret;
use super::setting::{Section, Setting};
use super::written::Settings;
use jiff::SignedDuration;
use munjigi_axum::BearerHeader;
use munjigi_signing::SecretKeys;
use munjigi_tokens::{Algorithm, Audience, SigningKey, SimpleJwt, SimpleJwtSettings, TokenClass};
use std::time::Duration;
use toml::Value;
use zeroize::Zeroizing;

const ACCESS_TOKEN_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME",
    "\"5m\"",
    "How long an access token is good.",
);
const REFRESH_TOKEN_LIFETIME: Setting<Positive> = Setting::ours(
    "SIMPLE_JWT.REFRESH_TOKEN_LIFETIME",
    "\"7d\"",
    "How long a refresh token is good.",
)
.differs_from("\"1d\"");
const UPDATE_LAST_LOGIN: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.UPDATE_LAST_LOGIN",
    "true",
    "Whether a sign-in with tokens writes `last_login`.",
)
.differs_from("false");
const ALGORITHM: Setting<Algorithm> = Setting::upstream(
    "SIMPLE_JWT.ALGORITHM",
    "\"HS256\"",
    "How tokens are signed: HS256, HS384 or HS512.",
);
const SIGNING_KEY: Setting<Option<Secret>> = Setting::upstream(
    "SIMPLE_JWT.SIGNING_KEY",
    "\"\"",
    "What tokens are signed with. At least 32 random bytes, 48 for HS384, 64 for HS512.",
)
.secret()
.unwritten("the SECRET_KEY");
const VERIFYING_KEY: Setting<Option<Secret>> = Setting::upstream(
    "SIMPLE_JWT.VERIFYING_KEY",
    "\"\"",
    "What tokens are verified with. HS* algorithms verify with the SIGNING_KEY, and only that may be written here.",
)
.secret()
.unwritten("the SIGNING_KEY");
const AUDIENCE: Setting<Option<Audience>> = Setting::upstream(
    "SIMPLE_JWT.AUDIENCE",
    "\"\"",
    "`aud` of tokens made, and demanded of tokens read.",
);
const ISSUER: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.ISSUER",
    "\"\"",
    "`iss` of tokens made, and demanded of tokens read.",
);
const LEEWAY: Setting<Duration> = Setting::upstream(
    "SIMPLE_JWT.LEEWAY",
    "0",
    "How far the clocks of two machines may be apart.",
);
const AUTH_HEADER_TYPES: Setting<HeaderTypes> = Setting::upstream(
    "SIMPLE_JWT.AUTH_HEADER_TYPES",
    "[\"Bearer\"]",
    "The word before the token: with `[\"JWT\"]` it is `Authorization: JWT …`.",
);
const AUTH_HEADER_NAME: Setting<MetaName> = Setting::upstream(
    "SIMPLE_JWT.AUTH_HEADER_NAME",
    "\"HTTP_AUTHORIZATION\"",
    "The header that carries the token, as `request.META` spells it.",
);
const USER_ID_FIELD: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_ID_FIELD",
    "\"id\"",
    "The user's field that goes into the token.",
);
const USER_ID_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_ID_CLAIM",
    "\"user_id\"",
    "The claim that it stands in.",
);
const AUTH_TOKEN_CLASSES: Setting<Vec<TokenClass>> = Setting::upstream(
    "SIMPLE_JWT.AUTH_TOKEN_CLASSES",
    "[\"rest_framework_simplejwt.tokens.AccessToken\"]",
    "Which tokens open a guarded route. With RefreshToken among them, whoever holds a refresh token needs no access \
     token.",
)
.differs_from_the_notes(
    "[\"rest_framework_simplejwt.tokens.AccessToken\", \"rest_framework_simplejwt.tokens.RefreshToken\"]",
);
const TOKEN_TYPE_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_TYPE_CLAIM",
    "\"token_type\"",
    "The claim that tells an access token from a refresh token.",
);
const JTI_CLAIM: Setting<String> =
    Setting::upstream("SIMPLE_JWT.JTI_CLAIM", "\"jti\"", "The claim of a token's id.");

pub(super) const SECTION: Section = Section {
    title: "JSON Web Tokens",
    upstream: "simplejwt 5.5.1",
    intro: "The dict SIMPLE_JWT.",
    settings: &[
        &ACCESS_TOKEN_LIFETIME.about,
        &REFRESH_TOKEN_LIFETIME.about,
        &UPDATE_LAST_LOGIN.about,
        &ALGORITHM.about,
        &SIGNING_KEY.about,
        &VERIFYING_KEY.about,
        &AUDIENCE.about,
        &ISSUER.about,
        &LEEWAY.about,
        &AUTH_HEADER_TYPES.about,
        &AUTH_HEADER_NAME.about,
        &USER_ID_FIELD.about,
        &USER_ID_CLAIM.about,
        &AUTH_TOKEN_CLASSES.about,
        &TOKEN_TYPE_CLAIM.about,
        &JTI_CLAIM.about,
    ],
};
pub(super) use later::SECTION as LATER_SECTION;

/// What `[SIMPLE_JWT]` resolves to.
pub(super) struct Resolved {
    pub(super) settings: SimpleJwtSettings,
    /// `AUTH_HEADER_NAME` and `AUTH_HEADER_TYPES`.
    pub(super) bearer: BearerHeader,
}

/// Reads the table. `keys` are the `SECRET_KEY` that signs where no other is written.
pub(super) fn resolve(
    settings: Settings<'_>,
    keys: &SecretKeys,
    findings: &mut Vec<Finding>,
) -> Result<Resolved, Error> {
    let key = signing_key(settings, keys)?;
    let mut jwt = SimpleJwtSettings::new(SigningKey::new(key.as_slice()));
    jwt.access_token_lifetime = signed(settings.read(&ACCESS_TOKEN_LIFETIME)?.0);
    jwt.refresh_token_lifetime = signed(settings.read(&REFRESH_TOKEN_LIFETIME)?.0);
    jwt.update_last_login = settings.read(&UPDATE_LAST_LOGIN)?;
    jwt.algorithm = settings.read(&ALGORITHM)?;
    jwt.audience = settings.read(&AUDIENCE)?;
    jwt.issuer = settings.read(&ISSUER)?;
    jwt.leeway = signed(settings.read(&LEEWAY)?);
    jwt.auth_header_types = settings.read(&AUTH_HEADER_TYPES)?.0;
    jwt.auth_header_name = settings.read(&AUTH_HEADER_NAME)?.0;
    jwt.user_id_field = user_id_field(settings)?;
    jwt.user_id_claim = settings.read(&USER_ID_CLAIM)?;
    jwt.auth_token_classes = settings.read(&AUTH_TOKEN_CLASSES)?;
    jwt.token_type_claim = Some(settings.read(&TOKEN_TYPE_CLAIM)?);
    jwt.jti_claim = Some(settings.read(&JTI_CLAIM)?);
    // These errors are sentences that name the key.
    let contradiction = |error| Error::Contradiction(format!("SIMPLE_JWT: {error}"));
    SimpleJwt::new(jwt.clone()).map_err(contradiction)?;
    let bearer = BearerHeader::new(&jwt).map_err(contradiction)?;
    warn(&jwt, key.len(), findings)?;
    Ok(Resolved {
        settings: jwt,
        bearer,
    })
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn signing_key(settings: Settings<'_>, keys: &SecretKeys) -> Result<Zeroizing<Vec<u8>>, Error> {
    let key = match settings.read(&SIGNING_KEY)? {
        Some(key) => key.expose().as_bytes().to_vec(),
        None => keys.current().expose().to_vec(),
    };
    let key = Zeroizing::new(key);
    match settings.read(&VERIFYING_KEY)? {
        Some(verifying) if verifying.expose().as_bytes() != key.as_slice() => Err(Error::Contradiction(
            "SIMPLE_JWT.VERIFYING_KEY is another than the SIGNING_KEY. The HS* algorithms verify with the key that \
             signs: leave VERIFYING_KEY out."
                .to_owned(),
        )),
        _ => Ok(key),
    }
}

/// `USER_ID_FIELD` must name one user: a token's text is looked up by it.
fn user_id_field(settings: Settings<'_>) -> Result<String, Error> {
    let field = settings.read(&USER_ID_FIELD)?;
    if ["id", "pk", "username"].contains(&field.as_str()) {
        return Ok(field);
    }
    Err(Error::Contradiction(format!(
        "SIMPLE_JWT.USER_ID_FIELD is \"{field}\". A token must name one user: write \"id\" or \"username\"."
    )))
}

fn warn(jwt: &SimpleJwtSettings, key_length: usize, findings: &mut Vec<Finding>) -> Result<(), Error> {
    if jwt.auth_token_classes.is_empty() {
        return Err(Error::Contradiction(
            "SIMPLE_JWT.AUTH_TOKEN_CLASSES is empty, so that no token opens anything. Leave it out."
                .to_owned(),
        ));
    }
    if jwt.auth_token_classes.contains(&TokenClass::RefreshToken) {
        findings.push(Finding {
            id: "munjigi.W001",
            level: Level::Warning,
            message:
                "SIMPLE_JWT.AUTH_TOKEN_CLASSES takes a refresh token as a bearer token, so that a stolen one \
                      opens everything for its whole lifetime."
                    .to_owned(),
            hint: "Write [\"rest_framework_simplejwt.tokens.AccessToken\"], simplejwt's default.".to_owned(),
        });
    }
    let wanted = match jwt.algorithm {
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        _ => 32,
    };
    if key_length < wanted {
        findings.push(Finding {
            id: "munjigi.W002",
            level: Level::Warning,
            message: format!("{} is used with a key of {key_length} bytes.", jwt.algorithm),
            hint: format!(
                "Write a random SIMPLE_JWT.SIGNING_KEY of at least {wanted} bytes (RFC 7518, section 3.2), or \
                 ALGORITHM = \"HS256\"."
            ),
        });
    }
    Ok(())
}

impl FromText for Algorithm {
    const WANTED: &'static str = "\"HS256\", \"HS384\" or \"HS512\"";
    const WANTED_LIST: &'static str = "a list of algorithms";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            let known = [
                "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA",
            ];
            let is = if known.contains(&text) {
                "not available in this version of munjigi"
            } else {
                "no algorithm"
            };
            format!(
                "is \"{text}\", which is {is}. Write {}.",
                <Self as FromText>::WANTED
            )
        })
    }
}

impl FromText for TokenClass {
    const WANTED: &'static str = "a token class";
    const WANTED_LIST: &'static str =
        "a list of token classes, such as [\"rest_framework_simplejwt.tokens.AccessToken\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let path = if text.contains('.') {
            text.to_owned()
        } else {
            format!("rest_framework_simplejwt.tokens.{text}")
        };
        path.parse().map_err(|_| {
            format!(
                "names \"{text}\", which is not available in this version of munjigi. Write \
                 \"rest_framework_simplejwt.tokens.AccessToken\"."
            )
        })
    }
}

impl Kind for Option<Audience> {
    const WANTED: &'static str = "text or a list of texts, or \"\" for none";
    const IS_TEXT: bool = false;

    fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(Audience::One(text.clone()))),
            _ => Vec::<String>::read(value).map(|list| Some(Audience::Several(list))),
        }
    }
}

/// The words of `AUTH_HEADER_TYPES`, at least one.
#[derive(PartialEq)]
struct HeaderTypes(Vec<String>);

impl Kind for HeaderTypes {
    const WANTED: &'static str = <Vec<String> as Kind>::WANTED;

    fn read(value: &Value) -> Result<Self, Wrong> {
        let words = Vec::<String>::read(value)?;
        let is_word = |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        if words.is_empty() || !words.iter().all(is_word) {
            return Err(Wrong::Value(
                "must be words without spaces, at least one: [\"Bearer\"].".to_owned(),
            ));
        }
        Ok(Self(words))
    }
}
