//! Cookies as Django writes them (`HttpResponseBase.set_cookie`, Django 5.2): the same attributes in the same order, so
//! that a client cannot tell whose answer it holds. `munjigi_axum::cookies` reads them.

use crate::config::{CsrfSettings, SameSite, SessionSettings};
use http::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// The attributes that a cookie is set and deleted with; the settings are Django's `SESSION_COOKIE_*` and
/// `CSRF_COOKIE_*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieAttributes {
    /// The cookie's name.
    pub name: String,
    /// `Domain`; none keeps the cookie to the host that set it.
    pub domain: Option<String>,
    /// `Path`.
    pub path: String,
    /// Whether the cookie travels over TLS only.
    pub secure: bool,
    /// Whether scripts are kept from reading it.
    pub http_only: bool,
    /// `SameSite`.
    pub same_site: SameSite,
}

/// How long a cookie stays with the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the browser closes.
    BrowserSession,
    /// For this long from now.
    MaxAge(SignedDuration),
}

impl From<&SessionSettings> for CookieAttributes {
    fn from(settings: &SessionSettings) -> Self {
        Self {
            name: settings.cookie_name.clone(),
            domain: settings.cookie_domain.clone(),
            path: settings.cookie_path.clone(),
            secure: settings.cookie_secure,
            http_only: settings.cookie_httponly,
            same_site: settings.cookie_samesite,
        }
    }
}

impl From<&CsrfSettings> for CookieAttributes {
    fn from(settings: &CsrfSettings) -> Self {
        Self {
            name: settings.cookie_name.clone(),
            domain: settings.cookie_domain.clone(),
            path: settings.cookie_path.clone(),
            secure: settings.cookie_secure,
            http_only: settings.cookie_httponly,
            same_site: settings.cookie_samesite,
        }
    }
}

impl CookieAttributes {
    /// The `Set-Cookie` value that gives the browser `value`, which holds token characters only.
    pub fn set(&self, value: &str, lifetime: Lifetime, now: Timestamp) -> Option<HeaderValue> {
        self.write(value, lifetime, now)
    }

    /// The `Set-Cookie` value that takes the cookie away. It bears every attribute that the cookie was set with:
    /// Django leaves `Secure` and `HttpOnly` out, and a browser then keeps a `__Host-` cookie.
    pub fn delete(&self) -> Option<HeaderValue> {
        self.write(
            "\"\"",
            Lifetime::MaxAge(SignedDuration::ZERO),
            Timestamp::UNIX_EPOCH,
        )
    }

    fn write(&self, value: &str, lifetime: Lifetime, now: Timestamp) -> Option<HeaderValue> {
        let mut cookie = format!("{}={value}", self.name);
        if let Some(domain) = &self.domain {
            cookie.push_str("; Domain=");
            cookie.push_str(domain);
        }
        if let Lifetime::MaxAge(age) = lifetime {
            let end = now.saturating_add(age).unwrap_or(Timestamp::MAX);
            if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&end) {
                cookie.push_str("; expires=");
                cookie.push_str(&date);
            }
        }
        if self.http_only {
            cookie.push_str("; HttpOnly");
        }
        if let Lifetime::MaxAge(age) = lifetime {
            cookie.push_str("; Max-Age=");
            cookie.push_str(&age.as_secs().to_string());
        }
        cookie.push_str("; Path=");
        cookie.push_str(&self.path);
        match self.same_site {
            SameSite::Strict => cookie.push_str("; SameSite=Strict"),
            SameSite::Lax => cookie.push_str("; SameSite=Lax"),
            SameSite::None => cookie.push_str("; SameSite=None"),
            SameSite::Unset => {}
        }
        if self.secure {
            cookie.push_str("; Secure");
        }
        HeaderValue::from_str(&cookie).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session_cookie() -> CookieAttributes {
        CookieAttributes {
            name: "sessionid".into(),
            domain: None,
            path: "/".into(),
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }

    #[test]
    fn a_cookie_is_written_as_django_writes_it() {
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let two_weeks = Lifetime::MaxAge(SignedDuration::from_secs(1_209_600));
        assert_eq!(
            session_cookie().set("abc", two_weeks, now).unwrap(),
            "sessionid=abc; expires=Thu, 15 Jan 2026 00:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
        );
        assert_eq!(
            session_cookie()
                .set("abc", Lifetime::BrowserSession, now)
                .unwrap(),
            "sessionid=abc; HttpOnly; Path=/; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_is_deleted_with_the_attributes_it_was_set_with() {
        let cookie = CookieAttributes {
            secure: true,
            domain: Some("a.kr".into()),
            ..session_cookie()
        };
        assert_eq!(
            cookie.delete().unwrap(),
            "sessionid=\"\"; Domain=a.kr; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/; \
             SameSite=Lax; Secure"
        );
    }
}
