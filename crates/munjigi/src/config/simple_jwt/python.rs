//! The keys of `[SIMPLE_JWT]` that name Python code, which munjigi does not run, and those that simplejwt took away.
//!
//! Of the first, the default may be written out, for munjigi does what it does. The second are no settings, and
//! whoever writes one is told its successor, as simplejwt's `settings.py` (5.5.1) stops with a sentence.

use super::super::setting::{Section, Setting};

const JSON_ENCODER: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.JSON_ENCODER",
    "\"\"",
    "A Python class that writes claims.",
)
.fixed("Leave it out: a claim is JSON, and a date or a UUID in it is text.");
const USER_AUTHENTICATION_RULE: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_AUTHENTICATION_RULE",
    "\"rest_framework_simplejwt.authentication.default_user_authentication_rule\"",
    "A Python function that says who may have tokens.",
)
.fixed("Leave it out: whoever is active may, and under CHECK_USER_IS_ACTIVE = false whoever is there.");
const ON_LOGIN_SUCCESS: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.ON_LOGIN_SUCCESS",
    "\"rest_framework_simplejwt.serializers.default_on_login_success\"",
    "A Python function that is called when somebody has signed in. simplejwt has it on `main` only.",
)
.fixed(
    "Leave it out: UPDATE_LAST_LOGIN says whether last_login is written, and the log tells of each sign-in.",
);
const ON_LOGIN_FAILED: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.ON_LOGIN_FAILED",
    "\"rest_framework_simplejwt.serializers.default_on_login_failed\"",
    "A Python function that is called when somebody was refused. simplejwt has it on `main` only.",
)
.fixed("Leave it out: the log tells of each refusal.");
const TOKEN_USER_CLASS: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_USER_CLASS",
    "\"rest_framework_simplejwt.models.TokenUser\"",
    "The Python class of a user without a row.",
)
.fixed("Leave it out: the claims are handed on as they are.");
const TOKEN_OBTAIN_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenObtainPairSerializer\"",
    SERIALIZER,
)
.fixed(CLAIMS);
const TOKEN_REFRESH_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_REFRESH_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenRefreshSerializer\"",
    SERIALIZER,
)
.fixed(NO_SERIALIZERS);
const TOKEN_VERIFY_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_VERIFY_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenVerifySerializer\"",
    SERIALIZER,
)
.fixed(NO_SERIALIZERS);
const TOKEN_BLACKLIST_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_BLACKLIST_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenBlacklistSerializer\"",
    SERIALIZER,
)
.fixed(NO_SERIALIZERS);
const SLIDING_TOKEN_OBTAIN_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_OBTAIN_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer\"",
    SERIALIZER,
)
.fixed(CLAIMS);
const SLIDING_TOKEN_REFRESH_SERIALIZER: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_SERIALIZER",
    "\"rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer\"",
    SERIALIZER,
)
.fixed(NO_SERIALIZERS);

const SERIALIZER: &str = "The Python class behind a route.";
const CLAIMS: &str = "Leave it out: the route answers as simplejwt's does, and [SIMPLE_JWT_CLAIMS] adds what get_token is overridden for.";
const NO_SERIALIZERS: &str = "Leave it out: the route answers as simplejwt's does.";

pub(crate) const SECTION: Section = Section {
    title: "JSON Web Tokens: what is Python in simplejwt",
    upstream: "simplejwt 5.5.1",
    intro: "These keys of SIMPLE_JWT name Python code, which munjigi does not run. Their defaults may be written; \
            another value stops the start.",
    settings: &[
        &JSON_ENCODER.about,
        &USER_AUTHENTICATION_RULE.about,
        &ON_LOGIN_SUCCESS.about,
        &ON_LOGIN_FAILED.about,
        &TOKEN_USER_CLASS.about,
        &TOKEN_OBTAIN_SERIALIZER.about,
        &TOKEN_REFRESH_SERIALIZER.about,
        &TOKEN_VERIFY_SERIALIZER.about,
        &TOKEN_BLACKLIST_SERIALIZER.about,
        &SLIDING_TOKEN_OBTAIN_SERIALIZER.about,
        &SLIDING_TOKEN_REFRESH_SERIALIZER.about,
    ],
};

/// What to write instead of a key that simplejwt took away; `None` for every other name.
pub(crate) fn successor(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("SIMPLE_JWT.")? {
        "AUTH_HEADER_TYPE" => "simplejwt took it away. Write AUTH_HEADER_TYPES, a list: [\"Bearer\"].",
        "AUTH_TOKEN_CLASS" => {
            "simplejwt took it away. Write AUTH_TOKEN_CLASSES, a list: \
             [\"rest_framework_simplejwt.tokens.AccessToken\"]."
        }
        "SECRET_KEY" => "simplejwt took it away. Write SIGNING_KEY.",
        "TOKEN_BACKEND_CLASS" => {
            "simplejwt took it away, and munjigi runs no Python. Write ALGORITHM and SIGNING_KEY."
        }
        _ => return None,
    })
}
