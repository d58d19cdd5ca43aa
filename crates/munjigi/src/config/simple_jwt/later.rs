//! The keys of `[SIMPLE_JWT]` that are known and not built yet: their defaults may be written out.

use super::super::setting::{Section, Setting};

const JWK_URL: Setting<Option<String>> =
    Setting::upstream("SIMPLE_JWT.JWK_URL", "\"\"", "Where public keys are fetched.").fixed(NO_PUBLIC_KEYS);

const NO_PUBLIC_KEYS: &str = "Leave it out: tokens are signed with HS256, HS384 or HS512.";

pub(crate) const SECTION: Section = Section {
    title: "JSON Web Tokens, not available yet",
    upstream: "simplejwt 5.5.1",
    intro: "These keys of SIMPLE_JWT are known. Their defaults may be written; another value stops the start.",
    settings: &[&JWK_URL.about],
};
