//! When a session ends: `get_expiry_age`, `get_expiry_date` and `get_expire_at_browser_close` of
//! `contrib/sessions/backends/base.py`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{SessionData, SessionError};

/// `set_expiry` keeps its argument under this key.
pub const SESSION_EXPIRY: &str = "_session_expiry";

/// When a session wants to end: what `set_expiry` has left in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing is said: the [`ExpiryPolicy`] holds.
    Policy,
    /// 0: when the browser closes. The row still lives as long as the policy says.
    BrowserClose,
    /// So long after it was last written.
    Sliding(SignedDuration),
    /// At this moment, however often it is written.
    At(Timestamp),
}

/// The settings that hold where the session says nothing.
///
/// ```
/// use munjigi_sessions::{Expiry, ExpiryPolicy, SessionData};
/// use jiff::Timestamp;
///
/// let policy = ExpiryPolicy::default();
/// let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// let mut data = SessionData::default();
/// assert_eq!(data.expiry()?.date(policy, now), "2026-01-15T00:00:00Z".parse()?);
///
/// data.insert("_session_expiry", "2026-01-01T01:00:00+00:00");
/// assert_eq!(data.expiry()?.age(policy, now), 3600);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryPolicy {
    /// `SESSION_COOKIE_AGE`, two weeks by default.
    pub cookie_age: SignedDuration,
    /// `SESSION_EXPIRE_AT_BROWSER_CLOSE`.
    pub expire_at_browser_close: bool,
}

impl Default for ExpiryPolicy {
    fn default() -> Self {
        Self {
            cookie_age: SignedDuration::from_secs(1_209_600),
            expire_at_browser_close: false,
        }
    }
}

impl Expiry {
    /// `get_expiry_age()` of a session written `now`: the seconds that are left, for the cookie's `Max-Age`. Negative
    /// where it has ended. Of a second that has begun, nothing counts.
    pub fn age(self, policy: ExpiryPolicy, now: Timestamp) -> i64 {
        match self {
            Self::Policy | Self::BrowserClose => policy.cookie_age.as_secs(),
            Self::Sliding(age) => age.as_secs(),
            // Python's timedelta keeps its microseconds positive: its seconds are rounded down.
            Self::At(date) => {
                let left = date.duration_since(now);
                left.as_secs() - i64::from(left.subsec_nanos() < 0)
            }
        }
    }

    /// `get_expiry_date()` of a session written `now`, for the column `expire_date`.
    pub fn date(self, policy: ExpiryPolicy, now: Timestamp) -> Timestamp {
        let age = match self {
            Self::At(date) => return date,
            Self::Sliding(age) => age,
            Self::Policy | Self::BrowserClose => policy.cookie_age,
        };
        // A number of seconds can lead beyond the year 9999, where Python raises OverflowError.
        now.checked_add(age).unwrap_or(if age.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// `get_expire_at_browser_close()`: whether the cookie carries neither `Max-Age` nor `Expires`.
    pub fn expire_at_browser_close(self, policy: ExpiryPolicy) -> bool {
        match self {
            Self::Policy => policy.expire_at_browser_close,
            Self::BrowserClose => true,
            Self::Sliding(_) | Self::At(_) => false,
        }
    }
}

impl SessionData {
    /// What `_session_expiry` says: a number is seconds, a text a moment in ISO 8601 with its offset from UTC.
    ///
    /// # Errors
    /// [`SessionError::Expiry`] where it is anything else. So is a moment without an offset, which a Django without
    /// `USE_TZ` writes: only that Django's time zone says when it is.
    pub fn expiry(&self) -> Result<Expiry, SessionError> {
        if !self.contains(SESSION_EXPIRY) {
            return Ok(Expiry::Policy);
        }
        let expiry = match self.get(SESSION_EXPIRY).ok_or(SessionError::Expiry)? {
            Value::Null => Some(Expiry::Policy),
            Value::Number(number) => number
                .as_i64()
                .map(SignedDuration::from_secs)
                .or_else(|| {
                    number
                        .as_f64()
                        .and_then(|age| SignedDuration::try_from_secs_f64(age).ok())
                })
                .map(|age| {
                    if age.is_zero() {
                        Expiry::BrowserClose
                    } else {
                        Expiry::Sliding(age)
                    }
                }),
            Value::String(date) => date.parse().ok().map(Expiry::At),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        expiry.ok_or(SessionError::Expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const POLICY: ExpiryPolicy = ExpiryPolicy {
        cookie_age: SignedDuration::from_secs(100),
        expire_at_browser_close: true,
    };

    fn now() -> Timestamp {
        Timestamp::from_second(1_767_225_600).unwrap()
    }

    fn expiry(value: Value) -> Result<Expiry, SessionError> {
        let mut data = SessionData::default();
        data.insert(SESSION_EXPIRY, value);
        data.expiry()
    }

    #[test]
    fn null_and_nothing_leave_it_to_the_policy() {
        for expiry in [SessionData::default().expiry(), expiry(Value::Null)] {
            let expiry = expiry.unwrap();
            assert_eq!(expiry.age(POLICY, now()), 100);
            assert_eq!(expiry.date(POLICY, now()).as_second(), 1_767_225_700);
            assert!(expiry.expire_at_browser_close(POLICY));
        }
    }

    #[test]
    fn zero_ends_with_the_browser_and_its_row_by_the_policy() {
        for zero in [json!(0), json!(0.0), json!(-0.0)] {
            let expiry = expiry(zero).unwrap();
            assert_eq!(expiry, Expiry::BrowserClose);
            assert_eq!(expiry.age(POLICY, now()), 100);
            assert!(expiry.expire_at_browser_close(ExpiryPolicy::default()));
        }
    }

    #[test]
    fn seconds_slide_and_may_be_negative_or_broken() {
        for (value, age) in [
            (json!(300), 300),
            (json!(-300), -300),
            (json!(1.5), 1),
            (json!(-1.5), -1),
        ] {
            let expiry = expiry(value).unwrap();
            assert_eq!(expiry.age(POLICY, now()), age);
            assert!(!expiry.expire_at_browser_close(POLICY));
        }
        assert_eq!(
            expiry(json!(1.5)).unwrap().date(POLICY, now()).as_millisecond(),
            1_767_225_601_500
        );
        assert_eq!(
            expiry(json!(i64::MAX)).unwrap().date(POLICY, now()),
            Timestamp::MAX
        );
        assert_eq!(
            expiry(json!(i64::MIN)).unwrap().date(POLICY, now()),
            Timestamp::MIN
        );
    }

    #[test]
    fn the_age_of_a_date_is_rounded_down() {
        for (date, age) in [
            ("2026-01-01T00:01:00+00:00", 60),
            ("2026-01-01T09:01:00.999999+09:00", 60),
            ("2026-01-01T00:00:00.5+00:00", 0),
            ("2025-12-31T23:59:59.999999+00:00", -1),
            ("2025-12-31T23:59:59+00:00", -1),
            ("2025-12-31T23:59:58.500000Z", -2),
        ] {
            let expiry = expiry(json!(date)).unwrap();
            assert_eq!(expiry.age(POLICY, now()), age, "{date}");
            assert_eq!(expiry.date(POLICY, now()), date.parse().unwrap());
        }
    }

    #[test]
    fn what_is_neither_seconds_nor_a_moment_is_an_error() {
        for value in [
            json!(true),
            json!([]),
            json!({}),
            json!(""),
            json!("soon"),
            json!("2026-01-01T00:00:00"),
            json!(1e300),
        ] {
            assert_eq!(expiry(value.clone()), Err(SessionError::Expiry), "{value}");
        }
        for json in [
            r#"{"_session_expiry":NaN}"#,
            r#"{"_session_expiry":123456789012345678901234567890}"#,
        ] {
            let data = SessionData::from_json(json.to_owned()).ok().unwrap();
            assert_eq!(data.expiry(), Err(SessionError::Expiry));
        }
    }
}
