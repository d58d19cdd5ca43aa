//! The keys of `[SIMPLE_JWT]` that are known and not built yet: their defaults may be written out.

use super::super::SameSite;
use super::super::setting::{Section, Setting};

const JWK_URL: Setting<Option<String>> =
    Setting::upstream("SIMPLE_JWT.JWK_URL", "\"\"", "Where public keys are fetched.").later(NO_PUBLIC_KEYS);
const AUTH_COOKIE: Setting<Option<String>> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE",
    "\"\"",
    "The cookie that carries the access token.",
)
.later(NO_COOKIES);
const AUTH_COOKIE_DOMAIN: Setting<Option<String>> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_DOMAIN",
    "\"\"",
    "The domain of that cookie.",
)
.later(NO_COOKIES);
const AUTH_COOKIE_SECURE: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_SECURE",
    "true",
    "Whether it is sent over HTTPS only.",
)
.under_dev("false")
.later(NO_COOKIES);
const AUTH_COOKIE_HTTP_ONLY: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_HTTP_ONLY",
    "true",
    "Whether it is hidden from scripts.",
)
.later(NO_COOKIES);
const AUTH_COOKIE_PATH: Setting<String> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_PATH",
    "\"/\"",
    "The paths that it is sent to.",
)
.later(NO_COOKIES);
const AUTH_COOKIE_SAMESITE: Setting<SameSite> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_SAMESITE",
    "\"Lax\"",
    "Whether requests that another site starts carry it.",
)
.later(NO_COOKIES);

const NO_PUBLIC_KEYS: &str = "Leave it out: tokens are signed with HS256, HS384 or HS512.";
const NO_COOKIES: &str = "Leave it out: tokens are in the body of the answer.";

pub(crate) const SECTION: Section = Section {
    title: "JSON Web Tokens, not available yet",
    upstream: "simplejwt 5.5.1",
    intro: "These keys of SIMPLE_JWT are known. Their defaults may be written; another value stops the start. The \
            AUTH_COOKIE keys exist in no release of simplejwt.",
    settings: &[
        &AUTH_COOKIE.about,
        &AUTH_COOKIE_DOMAIN.about,
        &AUTH_COOKIE_SECURE.about,
        &AUTH_COOKIE_HTTP_ONLY.about,
        &AUTH_COOKIE_PATH.about,
        &AUTH_COOKIE_SAMESITE.about,
        &JWK_URL.about,
    ],
};
