//! The keys of `[SIMPLE_JWT]`: what simplejwt's `ALGORITHM`, `SIGNING_KEY`, `VERIFYING_KEY` and `JWK_URL` say, and the key
//! ring, which it does not have.
//!
//! `SECRET_KEY_FALLBACKS` verify tokens too while tokens are signed with the `SECRET_KEY`; simplejwt ends every token with
//! its `SECRET_KEY`.

use super::super::kind::{FromText, Kind, OrNone, Wrong};
use super::super::secrets::Secret;
use super::super::setting::Setting;
use super::super::written::{Settings, Written};
use super::super::{Error, Mode, Routes};
use super::described::{ALGORITHM, JWK_URL, SIGNING_KEY, VERIFYING_KEY};
use super::longest_life;
use jiff::{SignedDuration, Timestamp};
use munjigi_axum::remote::JwksClient;
use munjigi_signing::SecretKeys;
use munjigi_tokens::{Algorithm, KeyRing, SigningKey, SimpleJwtSettings, Verifier, VerifyingKey};
use std::fs;
use std::path::{Path, PathBuf};
use toml::Value;
use zeroize::Zeroizing;

pub(super) const KEY_RING: Setting<Option<String>> = Setting::ours(
    "SIMPLE_JWT.KEY_RING",
    "\"\"",
    "The file of the keys that sign and verify tokens, by `kid`; `munjigi keys` makes and changes it, and a running \
     server follows. Then ALGORITHM, SIGNING_KEY and VERIFYING_KEY are for tokens without a `kid` alone.",
);
pub(super) const KEY_RING_KIDLESS_UNTIL: Setting<Option<Moment>> = Setting::ours(
    "SIMPLE_JWT.KEY_RING_KIDLESS_UNTIL",
    "\"\"",
    "Until when tokens without a `kid` are taken beside a KEY_RING: those that were signed before there was one. \
     Without it they are refused.",
);

/// Where the keys of tokens come from.
#[derive(Clone)]
pub struct TokenKeys {
    /// The keys that the settings name: one that signs, unless they only verify, and those that verify. Beside a ring
    /// they verify what has no `kid`.
    pub named: KeyRing,
    /// `KEY_RING`.
    pub ring: Option<RingSettings>,
    /// `JWK_URL`, whose keys verify too.
    pub issuer: Option<JwksClient>,
}

/// `KEY_RING`, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingSettings {
    /// The file.
    pub path: PathBuf,
    /// The algorithm that the key must have that signs, where one is written.
    pub algorithm: Option<Algorithm>,
    /// `KEY_RING_KIDLESS_UNTIL`.
    pub kidless_until: Option<Timestamp>,
}

/// What `munjigi keys` needs of the settings: no database, and no key.
pub struct KeyCommandSettings {
    /// `KEY_RING`.
    pub key_ring: Option<PathBuf>,
    /// How long after it was made the longest-lived token is taken.
    pub longest_life: SignedDuration,
}

impl KeyCommandSettings {
    /// Reads them.
    ///
    /// # Errors
    /// A value that cannot be used.
    pub fn read(written: &Written) -> Result<Self, Error> {
        let settings = written.under(Mode::Serve);
        Ok(Self {
            key_ring: settings.read(&KEY_RING)?.map(PathBuf::from),
            longest_life: longest_life(settings)?,
        })
    }
}

/// What of the table is about keys.
pub(super) struct Resolved {
    pub(super) keys: TokenKeys,
    /// How long the secret is that tokens are signed with, in bytes; `None` where it is a pair of keys.
    pub(super) secret_length: Option<usize>,
}

/// Reads the keys and leaves the algorithm in `jwt`. `secret_keys` sign where nothing else is written.
pub(super) fn resolve(
    settings: Settings<'_>,
    secret_keys: &SecretKeys,
    jwt: &mut SimpleJwtSettings,
) -> Result<Resolved, Error> {
    jwt.algorithm = settings.read(&ALGORITHM)?;
    let has_named = settings.has(&SIGNING_KEY.about) || settings.has(&VERIFYING_KEY.about);
    let issuer = issuer(settings, jwt.algorithm)?;
    let Some(mut ring) = ring(settings)? else {
        return named(settings, secret_keys, jwt.algorithm, issuer);
    };
    if issuer.is_some() {
        return Err(contradiction(
            "SIMPLE_JWT.KEY_RING is for tokens that are signed here, and JWK_URL for those of another issuer. Leave one of \
             them out.",
        ));
    }
    let is_of_the_ring = ring.kidless_until.is_none() || (!jwt.algorithm.is_symmetric() && !has_named);
    if is_of_the_ring {
        ring.algorithm = settings.has(&ALGORITHM.about).then_some(jwt.algorithm);
        jwt.algorithm = Algorithm::Hs256;
    }
    let keys = match ring.kidless_until {
        Some(_) => named(settings, secret_keys, jwt.algorithm, None)?.keys.named,
        None if has_named => {
            return Err(contradiction(
                "SIMPLE_JWT.KEY_RING signs, and a SIGNING_KEY or VERIFYING_KEY is written beside it. Leave it out, or write \
             KEY_RING_KIDLESS_UNTIL: until when tokens under it are still taken.",
            ));
        }
        None => KeyRing::default(),
    };
    Ok(Resolved {
        keys: TokenKeys {
            named: keys,
            ring: Some(ring),
            issuer: None,
        },
        secret_length: None,
    })
}

/// The keys that `ALGORITHM`, `SIGNING_KEY`, `VERIFYING_KEY` and `SECRET_KEY` name, beside an issuer's.
fn named(
    settings: Settings<'_>,
    secret_keys: &SecretKeys,
    algorithm: Algorithm,
    issuer: Option<JwksClient>,
) -> Result<Resolved, Error> {
    let (signing, verifying) = (settings.read(&SIGNING_KEY)?, settings.read(&VERIFYING_KEY)?);
    let is_written = signing.is_some();
    let text = |name: &str, key: Option<KeyText>| key.map(|key| key.load(name, algorithm)).transpose();
    let mut signing = text("SIGNING_KEY", signing)?;
    if algorithm.is_symmetric() && !is_written {
        signing = Some(Zeroizing::new(secret_keys.current().expose().to_vec()));
    }
    let secret_length = signing
        .as_ref()
        .filter(|_| algorithm.is_symmetric())
        .map(|key| key.len());
    let verifying = text("VERIFYING_KEY", verifying)?;
    if signing.is_none() && verifying.is_none() && issuer.is_none() {
        return Err(contradiction(&format!(
            "SIMPLE_JWT.ALGORITHM is {algorithm}, which signs with a private key, and there is none. Write \
             SIMPLE_JWT.KEY_RING (`munjigi keys generate --algorithm {algorithm}` makes one), or a SIGNING_KEY in PEM."
        )));
    }
    let jwt = SimpleJwtSettings {
        algorithm,
        signing_key: signing.map(|key| SigningKey::new(key.as_slice())),
        verifying_key: verifying.map(|key| VerifyingKey::new(key.as_slice())),
        ..SimpleJwtSettings::default()
    };
    let mut named = if jwt.signing_key.is_none() && jwt.verifying_key.is_none() {
        KeyRing::default()
    } else {
        KeyRing::from_settings(&jwt).map_err(|error| refused(&error))?
    };
    if algorithm.is_symmetric() && !is_written {
        for fallback in secret_keys.all().skip(1) {
            let verifier = Verifier::new(algorithm, &VerifyingKey::new(fallback.expose()))
                .map_err(|error| refused(&error))?;
            named = named.with_verifier(verifier).map_err(|error| refused(&error))?;
        }
    }
    Ok(Resolved {
        keys: TokenKeys {
            named,
            ring: None,
            issuer,
        },
        secret_length,
    })
}

/// `JWK_URL`. As in simplejwt it stands in for the `VERIFYING_KEY`.
fn issuer(settings: Settings<'_>, algorithm: Algorithm) -> Result<Option<JwksClient>, Error> {
    let Some(url) = settings.read(&JWK_URL)? else {
        return Ok(None);
    };
    if algorithm.is_symmetric() {
        return Err(contradiction(&format!(
            "SIMPLE_JWT.JWK_URL names public keys, and ALGORITHM {algorithm} has none. Write the issuer's ALGORITHM, such as \
             \"RS256\"."
        )));
    }
    if settings.read(&VERIFYING_KEY)?.is_some() {
        return Err(contradiction(
            "SIMPLE_JWT.JWK_URL and VERIFYING_KEY are both written, and only one can say which tokens are good. Leave one \
             of them out.",
        ));
    }
    let client = JwksClient::new(&url);
    client
        .map(Some)
        .map_err(|error| contradiction(&format!("SIMPLE_JWT.JWK_URL: {error}")))
}

fn ring(settings: Settings<'_>) -> Result<Option<RingSettings>, Error> {
    let kidless_until = settings.read(&KEY_RING_KIDLESS_UNTIL)?;
    match (settings.read(&KEY_RING)?, kidless_until) {
        (None, Some(_)) => Err(contradiction(
            "SIMPLE_JWT.KEY_RING_KIDLESS_UNTIL is written, and no KEY_RING. Write both, or neither.",
        )),
        (path, kidless_until) => Ok(path.map(|path| RingSettings {
            path: PathBuf::from(path),
            algorithm: None,
            kidless_until: kidless_until.map(|moment| moment.0),
        })),
    }
}

/// Refuses routes that make tokens where no key signs them.
pub(in super::super) fn check_routes(keys: &TokenKeys, routes: &Routes) -> Result<(), Error> {
    if keys.ring.is_some() || keys.named.signer().is_some() {
        return Ok(());
    }
    let Some(route) = routes.making_tokens().next() else {
        return Ok(());
    };
    Err(contradiction(&format!(
        "SIMPLE_JWT has keys that verify tokens and none that signs them, and ROUTES.{route} makes tokens. Write a \
         SIGNING_KEY, or ROUTES.{route} = false."
    )))
}

fn contradiction(sentence: &str) -> Error {
    Error::Contradiction(sentence.to_owned())
}

/// These errors are sentences that name the key.
fn refused(error: &munjigi_tokens::Error) -> Error {
    Error::Contradiction(format!("SIMPLE_JWT: {error}"))
}

/// A secret, or a key in PEM or as a JWK, or the path of a file with one.
#[derive(PartialEq)]
pub(super) struct KeyText(Zeroizing<String>);

/// More is no key.
const MAX_BYTES: u64 = 64 * 1024;

impl KeyText {
    /// The key's text. The algorithm says what the setting holds: HS* take it as it is.
    fn load(&self, name: &str, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Error> {
        if algorithm.is_symmetric() {
            Secret::from_text(&self.0)
                .map_err(|problem| contradiction(&format!("SIMPLE_JWT.{name} {problem}")))?;
        }
        if algorithm.is_symmetric() || is_key(&self.0) {
            return Ok(Zeroizing::new(self.0.as_bytes().to_vec()));
        }
        // What stands here may be a secret that somebody forgot: it is not told.
        read(Path::new(self.0.as_str())).map_err(|error| contradiction(&format!(
            "SIMPLE_JWT.{name} is neither a key in PEM nor a file that can be read ({error}). {algorithm} wants one: \
             \"-----BEGIN …\", or its path."
        )))
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let length = fs::metadata(path)?.len();
    if length > MAX_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path).map(Zeroizing::new)
}

fn is_key(text: &str) -> bool {
    text.contains("-----BEGIN ") || text.trim_start().starts_with('{')
}

impl FromText for KeyText {
    const WANTED: &'static str = "text";
    const WANTED_LIST: &'static str = "a list of texts";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_path = text.contains('/') || Path::new(text).extension().is_some();
        if !is_key(text) && !is_path {
            Secret::from_text(text)?;
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl OrNone for KeyText {
    const WANTED_OR_NONE: &'static str = "text";
}

/// A date and time with its offset, such as `2026-12-01T00:00:00Z`.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Moment(pub(super) Timestamp);

impl Kind for Moment {
    const WANTED: &'static str = "a date and time with its offset, such as 2026-12-01T09:00:00+09:00";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let text = match value {
            Value::Datetime(datetime) if datetime.offset.is_some() => datetime.to_string(),
            Value::String(text) => text.clone(),
            _ => return Err(Wrong::Type),
        };
        let moment = text.parse().map(Self);
        moment.map_err(|_| Wrong::Value(format!("is \"{text}\". Write {}.", Self::WANTED)))
    }
}

impl OrNone for Moment {
    const WANTED_OR_NONE: &'static str =
        "a date and time with its offset, such as 2026-12-01T09:00:00+09:00, or \"\" for none";
}
