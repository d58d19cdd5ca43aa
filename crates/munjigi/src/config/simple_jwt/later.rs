//! The keys of `[SIMPLE_JWT]` that are known and not built yet: their defaults may be written out.

use super::super::SameSite;
use super::super::kind::Positive;
use super::super::setting::{Section, Setting};

const ROTATE_REFRESH_TOKENS: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.ROTATE_REFRESH_TOKENS",
    "false",
    "Whether a refresh gives a new refresh token too.",
)
.later("Leave it out: a refresh token is good until its end, a sign-out or a change of the password.");
const BLACKLIST_AFTER_ROTATION: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION",
    "false",
    "Whether the old refresh token ends with that.",
)
.later("Leave it out: refresh tokens do not rotate.");
const JSON_ENCODER: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.JSON_ENCODER",
    "\"\"",
    "A Python class that writes claims.",
)
.later("Leave it out: claims are JSON.");
const JWK_URL: Setting<Option<String>> =
    Setting::upstream("SIMPLE_JWT.JWK_URL", "\"\"", "Where public keys are fetched.").later(NO_PUBLIC_KEYS);
const USER_AUTHENTICATION_RULE: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_AUTHENTICATION_RULE",
    "\"rest_framework_simplejwt.authentication.default_user_authentication_rule\"",
    "A Python function that says who may sign in.",
)
.later("Leave it out: whoever is active may sign in.");
const TOKEN_USER_CLASS: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_USER_CLASS",
    "\"rest_framework_simplejwt.models.TokenUser\"",
    "The Python class of a user without a row.",
)
.later("Leave it out: the user's row is read.");
const SLIDING_TOKEN_REFRESH_EXP_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_EXP_CLAIM",
    "\"refresh_exp\"",
    "The claim of a sliding token's last refresh.",
)
.later(NO_SLIDING_TOKENS);
const SLIDING_TOKEN_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_LIFETIME",
    "\"5m\"",
    "How long a sliding token is good.",
)
.later(NO_SLIDING_TOKENS);
const SLIDING_TOKEN_REFRESH_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_LIFETIME",
    "\"1d\"",
    "How long a sliding token can be refreshed.",
)
.later(NO_SLIDING_TOKENS);
const TOKEN_OBTAIN_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenObtainPairSerializer\"",
    SERIALIZER,
)
.later(NO_SERIALIZERS);
const TOKEN_REFRESH_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_REFRESH_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenRefreshSerializer\"",
    SERIALIZER,
)
.later(NO_SERIALIZERS);
const TOKEN_VERIFY_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_VERIFY_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenVerifySerializer\"",
    SERIALIZER,
)
.later(NO_SERIALIZERS);
const TOKEN_BLACKLIST_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_BLACKLIST_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenBlacklistSerializer\"",
    SERIALIZER,
)
.later(NO_SERIALIZERS);
const SLIDING_TOKEN_OBTAIN_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_OBTAIN_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer\"",
    SERIALIZER,
)
.later(NO_SLIDING_TOKENS);
const SLIDING_TOKEN_REFRESH_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer\"",
    SERIALIZER,
)
.later(NO_SLIDING_TOKENS);
const CHECK_REVOKE_TOKEN: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.CHECK_REVOKE_TOKEN",
    "false",
    "Whether a token carries a digest of the password and ends when it changes.",
)
.later("Leave it out: a change of the password ends the tokens of munjigi's sign-ins by itself.");
const REVOKE_TOKEN_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.REVOKE_TOKEN_CLAIM",
    "\"hash_password\"",
    "The claim of that digest.",
)
.later("Leave it out: CHECK_REVOKE_TOKEN is not available.");
const CHECK_USER_IS_ACTIVE: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.CHECK_USER_IS_ACTIVE",
    "true",
    "Whether a user must be active for his token to be good.",
)
.later("Leave it out: a user who is disabled is out.");
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

const SERIALIZER: &str = "The Python class behind a route.";
const NO_SERIALIZERS: &str = "Leave it out: the routes answer as simplejwt's own serializers do.";
const NO_SLIDING_TOKENS: &str = "Leave it out: there are access and refresh tokens.";
const NO_PUBLIC_KEYS: &str = "Leave it out: tokens are signed with HS256, HS384 or HS512.";
const NO_COOKIES: &str = "Leave it out: tokens are in the body of the answer.";

pub(crate) const SECTION: Section = Section {
    title: "JSON Web Tokens, not available yet",
    upstream: "simplejwt 5.5.1",
    intro: "These keys of SIMPLE_JWT are known. Their defaults may be written; another value stops the start. The \
            AUTH_COOKIE keys exist in no release of simplejwt.",
    settings: &[
        &ROTATE_REFRESH_TOKENS.about,
        &BLACKLIST_AFTER_ROTATION.about,
        &AUTH_COOKIE.about,
        &AUTH_COOKIE_DOMAIN.about,
        &AUTH_COOKIE_SECURE.about,
        &AUTH_COOKIE_HTTP_ONLY.about,
        &AUTH_COOKIE_PATH.about,
        &AUTH_COOKIE_SAMESITE.about,
        &CHECK_REVOKE_TOKEN.about,
        &REVOKE_TOKEN_CLAIM.about,
        &CHECK_USER_IS_ACTIVE.about,
        &USER_AUTHENTICATION_RULE.about,
        &TOKEN_USER_CLASS.about,
        &JSON_ENCODER.about,
        &JWK_URL.about,
        &SLIDING_TOKEN_LIFETIME.about,
        &SLIDING_TOKEN_REFRESH_LIFETIME.about,
        &SLIDING_TOKEN_REFRESH_EXP_CLAIM.about,
        &TOKEN_OBTAIN_SERIALIZER.about,
        &TOKEN_REFRESH_SERIALIZER.about,
        &TOKEN_VERIFY_SERIALIZER.about,
        &TOKEN_BLACKLIST_SERIALIZER.about,
        &SLIDING_TOKEN_OBTAIN_SERIALIZER.about,
        &SLIDING_TOKEN_REFRESH_SERIALIZER.about,
    ],
};
