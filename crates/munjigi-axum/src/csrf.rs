//! Cross-site request forgery: `enforce_csrf` of Django REST framework's `SessionAuthentication`, for requests that a
//! cookie authenticates. What is decided is in [`munjigi_signing::csrf`].

use crate::{Error, cookies, header};
use http::header::{HOST, ORIGIN, REFERER};
use http::request::Parts;
use munjigi_signing::csrf::{CsrfRequest, CsrfSettings, check};

/// How a request that changes something shows that a page of this service sent it: by the token of its cookie
/// `csrftoken` in the header `X-CSRFToken`, and by its Origin or Referer.
///
/// Unlike DRF this reads no form: a token in the field `csrfmiddlewaretoken` is not seen.
#[derive(Clone, Debug)]
pub struct Csrf {
    settings: CsrfSettings,
    cookie_name: String,
    is_secure: bool,
}

impl Csrf {
    /// For a service that browsers reach by `https://`, here or at a proxy.
    pub fn over_https() -> Self {
        Self {
            settings: CsrfSettings::default(),
            cookie_name: "csrftoken".to_owned(),
            is_secure: true,
        }
    }

    /// For one that they reach by `http://`: on the developer's machine.
    pub fn over_http() -> Self {
        Self {
            is_secure: false,
            ..Self::over_https()
        }
    }

    /// `CSRF_TRUSTED_ORIGINS`, `CSRF_COOKIE_DOMAIN`, `CSRF_HEADER_NAME`.
    #[must_use]
    pub fn settings(self, settings: CsrfSettings) -> Self {
        Self { settings, ..self }
    }

    /// `CSRF_COOKIE_NAME`, where it is another than `csrftoken`.
    #[must_use]
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        Self {
            cookie_name: name.into(),
            ..self
        }
    }

    pub(crate) fn enforce(&self, parts: &Parts) -> Result<(), Error> {
        let headers = &parts.headers;
        let host = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str().into()),
            None => header::text(headers, HOST),
        };
        let (origin, referer) = (header::text(headers, ORIGIN), header::text(headers, REFERER));
        let token = header::text(headers, self.settings.request_header());
        let request = CsrfRequest {
            method: parts.method.as_str(),
            is_secure: self.is_secure,
            host: host.as_deref(),
            origin: origin.as_deref(),
            referer: referer.as_deref(),
            cookie: cookies::read(headers, &self.cookie_name),
            form_token: None,
            header_token: token.as_deref(),
        };
        check(&self.settings, &request).map_err(Error::Csrf)
    }
}
