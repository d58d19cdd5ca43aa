//! The headers that Django's `SecurityMiddleware` and `XFrameOptionsMiddleware` add to an answer.

use super::Error;
use super::kind::{FromText, OrNone, Positive};
use super::setting::{Section, Setting};
use super::written::Settings;
use http::HeaderValue;
use std::time::Duration;

/// `SECURE_*` and `X_FRAME_OPTIONS`, ready to be sent. `None`: the header is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`, from `SECURE_HSTS_SECONDS`, `_INCLUDE_SUBDOMAINS` and `_PRELOAD`; sent on
    /// answers to HTTPS requests only. Default none.
    pub strict_transport_security: Option<HeaderValue>,
    /// `X-Content-Type-Options: nosniff` (`SECURE_CONTENT_TYPE_NOSNIFF`), default sent.
    pub content_type_options: Option<HeaderValue>,
    /// `Referrer-Policy` (`SECURE_REFERRER_POLICY`), default `same-origin`.
    pub referrer_policy: Option<HeaderValue>,
    /// `Cross-Origin-Opener-Policy` (`SECURE_CROSS_ORIGIN_OPENER_POLICY`), default `same-origin`.
    pub cross_origin_opener_policy: Option<HeaderValue>,
    /// `X-Frame-Options` (`X_FRAME_OPTIONS`), default `DENY`.
    pub frame_options: Option<HeaderValue>,
}

const HSTS_SECONDS: Setting<Duration> = Setting::upstream(
    "SECURE_HSTS_SECONDS",
    "0",
    "How long browsers shall come back over HTTPS only (Strict-Transport-Security); 0 leaves the header out.",
);
const HSTS_INCLUDE_SUBDOMAINS: Setting<bool> = Setting::upstream(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "false",
    "Whether that holds for all subdomains too.",
);
const HSTS_PRELOAD: Setting<bool> = Setting::upstream(
    "SECURE_HSTS_PRELOAD",
    "false",
    "Whether browsers may ship that rule.",
);
const CONTENT_TYPE_NOSNIFF: Setting<bool> = Setting::upstream(
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "true",
    "Whether answers carry X-Content-Type-Options: nosniff.",
);
const REFERRER_POLICY: Setting<Option<ReferrerPolicy>> = Setting::upstream(
    "SECURE_REFERRER_POLICY",
    "\"same-origin\"",
    "The header Referrer-Policy; several values are separated by commas.",
);
const OPENER_POLICY: Setting<Option<OpenerPolicy>> = Setting::upstream(
    "SECURE_CROSS_ORIGIN_OPENER_POLICY",
    "\"same-origin\"",
    "The header Cross-Origin-Opener-Policy.",
);
const FRAME_OPTIONS: Setting<FrameOptions> = Setting::upstream(
    "X_FRAME_OPTIONS",
    "\"DENY\"",
    "The header X-Frame-Options: DENY or SAMEORIGIN.",
);

pub(super) const SECTION: Section = Section {
    title: "Security headers",
    upstream: "Django 5.2",
    intro: "What SecurityMiddleware and XFrameOptionsMiddleware add to answers. HTTP is never redirected to HTTPS \
            here: the proxy that ends TLS does that.",
    settings: &[
        &HSTS_SECONDS.about,
        &HSTS_INCLUDE_SUBDOMAINS.about,
        &HSTS_PRELOAD.about,
        &CONTENT_TYPE_NOSNIFF.about,
        &REFERRER_POLICY.about,
        &OPENER_POLICY.about,
        &FRAME_OPTIONS.about,
    ],
};

impl SecurityHeaders {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let nosniff = settings.read(&CONTENT_TYPE_NOSNIFF)?;
        Ok(Self {
            strict_transport_security: strict_transport_security(settings)?,
            content_type_options: nosniff.then(|| HeaderValue::from_static("nosniff")),
            referrer_policy: settings.read(&REFERRER_POLICY)?.map(|policy| policy.0),
            cross_origin_opener_policy: settings.read(&OPENER_POLICY)?.map(|policy| policy.0),
            frame_options: Some(settings.read(&FRAME_OPTIONS)?.0),
        })
    }
}

fn strict_transport_security(settings: Settings<'_>) -> Result<Option<HeaderValue>, Error> {
    let length = settings.read(&HSTS_SECONDS)?;
    let subdomains = settings.read(&HSTS_INCLUDE_SUBDOMAINS)?;
    let preload = settings.read(&HSTS_PRELOAD)?;
    if length.is_zero() {
        if subdomains || preload {
            return Err(Error::Contradiction(
                "SECURE_HSTS_INCLUDE_SUBDOMAINS or SECURE_HSTS_PRELOAD is true and SECURE_HSTS_SECONDS is 0, so that \
                 no such header is sent. Write SECURE_HSTS_SECONDS = \"52w\", or leave the others out."
                    .to_owned(),
            ));
        }
        return Ok(None);
    }
    let mut text = format!("max-age={}", Positive(length).seconds());
    if subdomains {
        text.push_str("; includeSubDomains");
    }
    if preload {
        text.push_str("; preload");
    }
    Ok(HeaderValue::from_str(&text).ok())
}

#[derive(PartialEq)]
struct ReferrerPolicy(HeaderValue);

impl FromText for ReferrerPolicy {
    const WANTED: &'static str = "a referrer policy such as \"same-origin\"";
    const WANTED_LIST: &'static str = "a list of referrer policies";

    fn from_text(text: &str) -> Result<Self, String> {
        const VALUES: [&str; 8] = [
            "no-referrer",
            "no-referrer-when-downgrade",
            "origin",
            "origin-when-cross-origin",
            "same-origin",
            "strict-origin",
            "strict-origin-when-cross-origin",
            "unsafe-url",
        ];
        let values: Vec<&str> = text.split(',').map(str::trim).collect();
        match values
            .iter()
            .all(|value| VALUES.contains(value))
            .then(|| HeaderValue::from_str(&values.join(",")))
        {
            Some(Ok(value)) => Ok(Self(value)),
            _ => Err(format!("must be of {}.", VALUES.join(", "))),
        }
    }
}

impl OrNone for ReferrerPolicy {
    const WANTED_OR_NONE: &'static str = "a referrer policy such as \"same-origin\", or \"\" for none";
}

#[derive(PartialEq)]
struct OpenerPolicy(HeaderValue);

impl FromText for OpenerPolicy {
    const WANTED: &'static str = "an opener policy such as \"same-origin\"";
    const WANTED_LIST: &'static str = "a list of opener policies";

    fn from_text(text: &str) -> Result<Self, String> {
        one_of(&["same-origin", "same-origin-allow-popups", "unsafe-none"], text).map(Self)
    }
}

impl OrNone for OpenerPolicy {
    const WANTED_OR_NONE: &'static str = "an opener policy such as \"same-origin\", or \"\" for none";
}

#[derive(PartialEq)]
struct FrameOptions(HeaderValue);

impl FromText for FrameOptions {
    const WANTED: &'static str = "\"DENY\" or \"SAMEORIGIN\"";
    const WANTED_LIST: &'static str = "a list of frame options";

    fn from_text(text: &str) -> Result<Self, String> {
        one_of(&["DENY", "SAMEORIGIN"], text).map(Self)
    }
}

fn one_of(values: &[&'static str], text: &str) -> Result<HeaderValue, String> {
    let value = values.iter().find(|value| **value == text);
    value
        .map(|value| HeaderValue::from_static(value))
        .ok_or_else(|| format!("must be one of {}.", values.join(", ")))
}
