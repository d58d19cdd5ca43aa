//! `CSRF_TRUSTED_ORIGINS`, `CSRF_COOKIE_DOMAIN` and `CSRF_HEADER_NAME`.

use super::origin::{SplitUrl, is_same_domain};
use crate::SigningError;

/// The settings that decide about a request. The default is Django's: no trusted origin, no cookie domain, the header
/// `X-CSRFToken`.
///
/// ```
/// use munjigi_signing::csrf::CsrfSettings;
///
/// let settings = CsrfSettings::default()
///     .trusted_origins(["https://app.example", "https://*.pages.example"])?
///     .header_name("HTTP_X_XSRF_TOKEN")?;
/// assert_eq!(settings.request_header(), "X-Xsrf-Token");
/// assert!(CsrfSettings::default().trusted_origins(["app.example"]).is_err());
/// # Ok::<(), munjigi_signing::SigningError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CsrfSettings {
    exact: Vec<TrustedOrigin>,
    subdomains: Vec<TrustedOrigin>,
    cookie_domain: Option<String>,
    request_header: String,
}

#[derive(Debug, Clone)]
struct TrustedOrigin {
    scheme: String,
    /// Host and port; with a leading dot, the host and all below it.
    netloc: String,
}

impl Default for CsrfSettings {
    fn default() -> Self {
        Self {
            exact: Vec::new(),
            subdomains: Vec::new(),
            cookie_domain: None,
            request_header: "X-Csrftoken".to_owned(),
        }
    }
}

impl CsrfSettings {
    /// `CSRF_TRUSTED_ORIGINS`: `scheme://host`, `scheme://host:port`, or `scheme://*.host` for the host itself and all
    /// below it.
    ///
    /// # Errors
    /// [`SigningError::TrustedOrigin`] for one that no Origin can equal, such as one with a path or a capital. Django
    /// takes such a setting in silence (and refuses only one without `://`).
    pub fn trusted_origins<S: AsRef<str>>(
        mut self,
        origins: impl IntoIterator<Item = S>,
    ) -> Result<Self, SigningError> {
        for origin in origins {
            let origin = origin.as_ref();
            let (scheme, netloc) =
                split_origin(origin).ok_or_else(|| SigningError::TrustedOrigin(origin.to_owned()))?;
            let scheme = scheme.to_owned();
            match netloc.strip_prefix('*') {
                Some(below) => self.subdomains.push(TrustedOrigin {
                    scheme,
                    netloc: below.to_owned(),
                }),
                None => self.exact.push(TrustedOrigin {
                    scheme,
                    netloc: netloc.to_owned(),
                }),
            }
        }
        Ok(self)
    }

    /// `CSRF_COOKIE_DOMAIN`; with `CSRF_USE_SESSIONS`, `SESSION_COOKIE_DOMAIN`. Where it is set, a Referer must be of
    /// this domain rather than of the request's host; a leading dot takes in what is below.
    #[must_use]
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// `CSRF_HEADER_NAME`, in the spelling of `request.META`.
    ///
    /// # Errors
    /// [`SigningError::HeaderName`] where it is not `HTTP_` and a name in upper case.
    pub fn header_name(mut self, meta: &str) -> Result<Self, SigningError> {
        self.request_header = meta
            .strip_prefix("HTTP_")
            .filter(|name| !name.is_empty() && name.bytes().all(is_meta_character))
            .map(title)
            .ok_or_else(|| SigningError::HeaderName(meta.to_owned()))?;
        Ok(self)
    }

    /// The header that carries the token, as Django spells it in its messages: `X-Csrftoken`.
    pub fn request_header(&self) -> &str {
        &self.request_header
    }

    /// `allowed_origins_exact` and `allowed_origin_subdomains`.
    pub(super) fn trusts_origin(&self, origin: &str) -> bool {
        self.exact
            .iter()
            .any(|trusted| origin.split_once("://") == Some((&trusted.scheme, &trusted.netloc)))
            || SplitUrl::parse(origin).is_some_and(|url| {
                let mut of_scheme = self
                    .subdomains
                    .iter()
                    .filter(|trusted| trusted.scheme == url.scheme);
                of_scheme.any(|trusted| is_same_domain(&url.netloc, &trusted.netloc))
            })
    }

    /// `csrf_trusted_origins_hosts`: for a Referer, whose scheme is asked for elsewhere.
    pub(super) fn trusts_netloc(&self, netloc: &str) -> bool {
        self.exact
            .iter()
            .chain(&self.subdomains)
            .any(|trusted| is_same_domain(netloc, &trusted.netloc))
    }

    /// What a Referer must be of: the cookie's domain, else the request's own host.
    ///
    /// Django appends `request.get_port()` to the domain unless it is 443 or 80. Its servers take that port from the
    /// Host header, and so does this.
    pub(super) fn good_referer(&self, host: Option<&str>) -> Option<String> {
        let Some(domain) = &self.cookie_domain else {
            return host.map(str::to_owned);
        };
        let port = host.and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
        let port = port.filter(|port| !port.contains(']') && !matches!(*port, "" | "443" | "80"));
        Some(port.map_or_else(|| domain.clone(), |port| format!("{domain}:{port}")))
    }
}

/// Scheme and netloc of a text that is an origin and nothing else, as a browser serializes it.
fn split_origin(origin: &str) -> Option<(&str, &str)> {
    let (scheme, netloc) = origin.split_once("://")?;
    let host = netloc.strip_prefix("*.").unwrap_or(netloc);
    let plain = |text: &str, others: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || others.contains(&byte))
    };
    (plain(scheme, b"+-.") && plain(host, b"-._:[]") && !host.starts_with('.')).then_some((scheme, netloc))
}

fn is_meta_character(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// `header.replace("_", "-").title()` of `HttpHeaders.parse_header_name`: a capital after whatever is no letter.
fn title(meta: &str) -> String {
    let mut after_letter = false;
    let title = |character: char| {
        let lower = after_letter;
        after_letter = character.is_ascii_alphabetic();
        match character {
            '_' => '-',
            _ if lower => character.to_ascii_lowercase(),
            _ => character,
        }
    };
    meta.chars().map(title).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_no_browser_sends_is_no_setting() {
        for origin in [
            "",
            "example.com",
            "https://",
            "https://*",
            "https://*.",
            "https://*example.com",
            "https://a.*.example",
            "https://Example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://u@example.com",
            "https://.example.com",
            " https://example.com",
            "https://예.example",
            "https://*.*.example",
        ] {
            let error = CsrfSettings::default().trusted_origins([origin]).unwrap_err();
            assert_eq!(error, SigningError::TrustedOrigin(origin.to_owned()));
        }
        for origin in [
            "https://example.com",
            "http://localhost:3000",
            "http://[::1]:3000",
            "app+x://host",
            "https://*.a.b:8443",
        ] {
            assert!(
                CsrfSettings::default().trusted_origins([origin]).is_ok(),
                "{origin}"
            );
        }
    }

    #[test]
    fn header_names_are_spelt_as_django_spells_them() {
        for (meta, header) in [
            ("HTTP_X_CSRFTOKEN", "X-Csrftoken"),
            ("HTTP_X_XSRF_TOKEN", "X-Xsrf-Token"),
            ("HTTP_X2CSRF", "X2Csrf"),
            ("HTTP__X__Y", "-X--Y"),
        ] {
            let settings = CsrfSettings::default().header_name(meta).unwrap();
            assert_eq!(settings.request_header(), header);
        }
        for meta in ["", "HTTP_", "X-CSRFToken", "CONTENT_TYPE", "HTTP_x", "HTTP_X Y"] {
            assert!(CsrfSettings::default().header_name(meta).is_err(), "{meta:?}");
        }
    }

    #[test]
    fn a_cookie_domain_takes_the_port_of_the_host() {
        let settings = CsrfSettings::default().cookie_domain(".example.com");
        for (host, good) in [
            (Some("a.example.com"), ".example.com"),
            (Some("a.example.com:443"), ".example.com"),
            (Some("a.example.com:8443"), ".example.com:8443"),
            (Some("[::1]"), ".example.com"),
            (Some("[::1]:8443"), ".example.com:8443"),
            (None, ".example.com"),
        ] {
            assert_eq!(settings.good_referer(host).as_deref(), Some(good), "{host:?}");
        }
        assert_eq!(
            CsrfSettings::default().good_referer(Some("a:1")).as_deref(),
            Some("a:1")
        );
    }
}
