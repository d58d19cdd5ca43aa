//! `PasswordResetTokenGenerator` of `django.contrib.auth.tokens`, and the `uidb64` that stands beside its tokens in a link.
//!
//! A token is a time and a signature over what a reset changes: the stored password and the last sign-in. So it is used
//! once, and nothing is stored for it. Django takes the time from the wall clock in `TIME_ZONE`; here `now` and the zone are
//! arguments. Where a clock is put back an hour a token lives an hour longer, and where it is put forward an hour less, as
//! in Django.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::base36::{base36_decode, base36_encode};
use crate::{Digest, SaltedHmac, SecretKeys};

/// The most bytes of a primary key in a `uidb64`: more than any column of a key holds.
const MAX_UID: usize = 1024;

/// Makes and checks the tokens of a link that resets a password.
///
/// ```
/// use jiff::{SignedDuration, Timestamp, tz::TimeZone};
/// use munjigi_signing::{PasswordResetTokenGenerator, ResetUser, SecretKey, SecretKeys};
///
/// let keys = SecretKeys::new(SecretKey::new("secret"), vec![]);
/// let three_days = SignedDuration::from_hours(72);
/// let generator = PasswordResetTokenGenerator::new(&keys, TimeZone::UTC, three_days);
/// let user = ResetUser { pk: "1", password: "pbkdf2_sha256$…", last_login: None, email: "mseo@naver.com" };
/// let now = Timestamp::from_second(1_767_225_600)?;
///
/// let token = generator.make_token(user, now);
/// assert!(token.starts_with("d1p9c0-"));
/// assert!(generator.check_token(user, &token, now + three_days));
/// assert!(!generator.check_token(ResetUser { password: "another", ..user }, &token, now));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone)]
pub struct PasswordResetTokenGenerator {
    /// One for each key that verifies; the first signs.
    current: SaltedHmac,
    fallbacks: Vec<SaltedHmac>,
    time_zone: TimeZone,
    timeout: SignedDuration,
}

/// What of a user goes into a token: `_make_hash_value`.
#[derive(Clone, Copy)]
pub struct ResetUser<'u> {
    /// `str(user.pk)`.
    pub pk: &'u str,
    /// The column `password`.
    pub password: &'u str,
    /// `last_login`, which Django reads in UTC (`USE_TZ`).
    pub last_login: Option<Timestamp>,
    /// The field that `EMAIL_FIELD` names; empty where it is NULL or the model has none.
    pub email: &'u str,
}

impl PasswordResetTokenGenerator {
    /// Django's `key_salt`.
    pub const KEY_SALT: &str = "django.contrib.auth.tokens.PasswordResetTokenGenerator";

    /// `SECRET_KEY` and its fallbacks, `TIME_ZONE`, and `PASSWORD_RESET_TIMEOUT`, of which whole seconds count. The keys for
    /// the salt are derived here, once.
    pub fn new(keys: &SecretKeys, time_zone: TimeZone, timeout: SignedDuration) -> Self {
        let derive = |key| SaltedHmac::new(Self::KEY_SALT, key, Digest::Sha256);
        Self {
            current: derive(keys.current()),
            fallbacks: keys.all().skip(1).map(derive).collect(),
            time_zone,
            timeout,
        }
    }

    /// `make_token`. A clock that stands before 2001, where Django raises an error, counts as standing at its start.
    pub fn make_token(&self, user: ResetUser<'_>, now: Timestamp) -> String {
        let seconds = u64::try_from(self.seconds(now)).unwrap_or_default();
        token(&self.current, user, seconds)
    }

    /// `check_token`: whether one of the keys made this token for a user who was as he is now, no longer ago than the
    /// timeout. Exactly as long ago still passes, and so does a token from the future, as in Django.
    pub fn check_token(&self, user: ResetUser<'_>, text: &str, now: Timestamp) -> bool {
        let Some(made_at) = text.split_once('-').and_then(|(time, _)| base36_decode(time)) else {
            return false;
        };
        let mut macs = std::iter::once(&self.current).chain(&self.fallbacks);
        let is_ours = macs.any(|mac| token(mac, user, made_at).as_bytes().ct_eq(text.as_bytes()).into());
        is_ours
            && i64::try_from(made_at)
                .is_ok_and(|made_at| self.seconds(now).saturating_sub(made_at) <= self.timeout.as_secs())
    }

    /// `_num_seconds`: since 2001, by the clock on the wall.
    fn seconds(&self, now: Timestamp) -> i64 {
        const EPOCH: DateTime = date(2001, 1, 1).at(0, 0, 0, 0);
        self.time_zone.to_datetime(now).duration_since(EPOCH).as_secs()
    }
}

/// `_make_token_with_timestamp`: of the signature every second digit, to keep the link short.
fn token(mac: &SaltedHmac, user: ResetUser<'_>, seconds: u64) -> String {
    let ResetUser {
        pk, password, email, ..
    } = user;
    let last_login = user.last_login.map(written).unwrap_or_default();
    let tag = mac.tag(format!("{pk}{password}{last_login}{seconds}{email}"));
    let signature: String = tag.to_hex().chars().step_by(2).collect();
    format!("{}-{signature}", base36_encode(seconds))
}

/// `str` of a `datetime` without its fraction and its zone.
fn written(time: Timestamp) -> String {
    TimeZone::UTC
        .to_datetime(time)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// `urlsafe_base64_encode(force_bytes(pk))`: the user's key as it stands in a link.
///
/// ```
/// assert_eq!(munjigi_signing::uid_encode("42"), "NDI");
/// ```
pub fn uid_encode(pk: &str) -> String {
    URL_SAFE_NO_PAD.encode(pk)
}

/// `urlsafe_base64_decode`, of what [`uid_encode`] writes: `None` for another spelling of the same bytes, for what is not
/// UTF-8 and for more than 1,024 bytes. Django passes over characters that do not belong to base64, and over padding.
///
/// ```
/// assert_eq!(munjigi_signing::uid_decode("NDI").as_deref(), Some("42"));
/// assert_eq!(munjigi_signing::uid_decode("NDI="), None);
/// ```
pub fn uid_decode(uid: &str) -> Option<String> {
    if uid.len() > MAX_UID.div_ceil(3) * 4 {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(uid).ok()?).ok()
}
