//! What `SESSION_COOKIE_*`, `CSRF_COOKIE_*` and `AUTH_COOKIE_*` have in common.

use super::Error;
use super::kind::{FromText, Kind, OrNone, Wrong};
use toml::Value;

/// The `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// `SameSite=Strict`.
    Strict,
    /// `SameSite=Lax`.
    Lax,
    /// `SameSite=None`; never without `Secure`.
    None,
    /// No such attribute: Django's `False`.
    Unset,
}

impl Kind for SameSite {
    const WANTED: &'static str = "\"Lax\", \"Strict\", \"None\", or false to leave the attribute out";

    fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Boolean(false) => Ok(Self::Unset),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "lax" => Ok(Self::Lax),
                "strict" => Ok(Self::Strict),
                "none" => Ok(Self::None),
                _ => Err(Wrong::Value(format!("must be {}.", Self::WANTED))),
            },
            _ => Err(Wrong::Type),
        }
    }
}

/// The name of a cookie: an RFC 6265 token.
#[derive(PartialEq)]
pub(super) struct CookieName(pub(super) String);

impl FromText for CookieName {
    const WANTED: &'static str = "the name of a cookie";
    const WANTED_LIST: &'static str = "a list of cookie names";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(is_token) {
            return Err(
                "must be letters, digits, \"-\" and \"_\": no other name is safe in a cookie.".to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl OrNone for CookieName {
    const WANTED_OR_NONE: &'static str = "the name of a cookie, or \"\" for none";
}

/// The path of a cookie.
#[derive(PartialEq)]
pub(super) struct CookiePath(pub(super) String);

impl FromText for CookiePath {
    const WANTED: &'static str = "a path such as \"/\"";
    const WANTED_LIST: &'static str = "a list of paths";

    fn from_text(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';') {
            return Err("must begin with \"/\" and hold no space and no \";\".".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The domain of a cookie.
#[derive(PartialEq)]
pub(super) struct CookieDomain(pub(super) String);

impl FromText for CookieDomain {
    const WANTED: &'static str = "a domain such as \"example.com\"";
    const WANTED_LIST: &'static str = "a list of domains";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if text.is_empty() || !text.bytes().all(is_host) {
            return Err(
                "must be a domain such as \"example.com\", without scheme, port and path.".to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl OrNone for CookieDomain {
    const WANTED_OR_NONE: &'static str = "a domain such as \"example.com\", or \"\" for none";
}

/// The attributes that a browser takes or leaves together.
pub(super) struct Attributes<'a> {
    /// What the names of its settings begin with: `SESSION_COOKIE`.
    pub(super) prefix: &'static str,
    /// The setting of its name: `SESSION_COOKIE_NAME`.
    pub(super) name_setting: &'static str,
    pub(super) name: &'a str,
    pub(super) domain: Option<&'a str>,
    /// The setting of its path: `SESSION_COOKIE_PATH`.
    pub(super) path_setting: &'static str,
    pub(super) path: &'a str,
    pub(super) secure: bool,
    pub(super) samesite: SameSite,
}

impl Attributes<'_> {
    /// RFC 6265bis, sections 4.1.3 and 5.7: a browser drops a cookie that breaks these rules, and nobody could
    /// sign in.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self {
            prefix,
            name_setting,
            path_setting,
            ..
        } = self;
        if self.samesite == SameSite::None && !self.secure {
            return Err(Error::Contradiction(format!(
                "{prefix}_SAMESITE is \"None\" and {prefix}_SECURE is false: browsers refuse such a cookie. Write \
                 {prefix}_SECURE = true, or {prefix}_SAMESITE = \"Lax\"."
            )));
        }
        let lower = self.name.to_ascii_lowercase();
        let is_host = lower.starts_with("__host-");
        if (is_host || lower.starts_with("__secure-")) && !self.secure {
            return Err(Error::Contradiction(format!(
                "{name_setting} is \"{}\" and {prefix}_SECURE is false: browsers refuse such a cookie. Write \
                 {prefix}_SECURE = true, or another name.",
                self.name
            )));
        }
        if is_host && (self.domain.is_some() || self.path != "/") {
            return Err(Error::Contradiction(format!(
                "{name_setting} is \"{}\": such a cookie has the path \"/\" and no domain. Write {path_setting} = \
                 \"/\" and {prefix}_DOMAIN = \"\", or another name.",
                self.name
            )));
        }
        Ok(())
    }
}

/// Two cookies of one name are one: each would be written over the other, and nobody could sign in. `cookies` are
/// settings and the names that they give.
pub(super) fn check_names(cookies: &[(&'static str, &str)]) -> Result<(), Error> {
    for (at, (setting, name)) in cookies.iter().enumerate() {
        if let Some((other, _)) = cookies.iter().take(at).find(|(_, other)| other == name) {
            return Err(Error::Contradiction(format!(
                "{other} and {setting} are both \"{name}\". Give one of them another name."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_COOKIE: Attributes<'_> = Attributes {
        prefix: "SESSION_COOKIE",
        name_setting: "SESSION_COOKIE_NAME",
        name: "__Host-sessionid",
        domain: None,
        path_setting: "SESSION_COOKIE_PATH",
        path: "/",
        secure: true,
        samesite: SameSite::Lax,
    };

    #[test]
    fn a_host_cookie_is_secure_for_the_whole_host_and_for_it_alone() {
        assert!(HOST_COOKIE.check().is_ok());
        for broken in [
            Attributes {
                secure: false,
                ..HOST_COOKIE
            },
            Attributes {
                path: "/user",
                ..HOST_COOKIE
            },
            Attributes {
                domain: Some("example.com"),
                ..HOST_COOKIE
            },
        ] {
            assert_eq!(broken.check().unwrap_err().code(), "contradiction");
        }
        let secure = Attributes {
            name: "__Secure-x",
            path: "/user",
            domain: Some("example.com"),
            ..HOST_COOKIE
        };
        assert!(secure.check().is_ok());
        assert!(
            Attributes {
                secure: false,
                ..secure
            }
            .check()
            .is_err()
        );
    }

    #[test]
    fn same_site_none_without_secure_is_a_contradiction() {
        let cookie = Attributes {
            name: "sessionid",
            samesite: SameSite::None,
            secure: false,
            ..HOST_COOKIE
        };
        let message = cookie.check().unwrap_err().to_string();
        assert!(
            message.contains("Write SESSION_COOKIE_SECURE = true"),
            "{message}"
        );
        assert!(
            Attributes {
                secure: true,
                ..cookie
            }
            .check()
            .is_ok()
        );
    }

    #[test]
    fn nothing_in_a_cookie_setting_can_end_the_header() {
        for text in ["", "a b", "a;b", "a=b", "a,b", "a\r\nb", "세션"] {
            assert!(CookieName::from_text(text).is_err(), "{text:?}");
        }
        for text in ["", "user", "/a;b", "/a b", "/a\nb"] {
            assert!(CookiePath::from_text(text).is_err(), "{text:?}");
        }
        for text in ["", "https://a", "a:80", "a;b", "a b"] {
            assert!(CookieDomain::from_text(text).is_err(), "{text:?}");
        }
    }
}
