//! What each key of `[SIMPLE_JWT]` is: its type, its default, and simplejwt's.

use super::super::hosts::MetaName;
use super::super::kind::Positive;
use super::super::setting::{Section, Setting};
use super::keys::{KEY_RING, KEY_RING_KIDLESS_UNTIL, KeyText};
use super::kinds::{CompatVersion, HeaderTypes, Leeway};
use munjigi_tokens::{Algorithm, Audience, TokenClass};
use std::time::Duration;

pub(super) const ACCESS_TOKEN_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME",
    "\"5m\"",
    "How long an access token is good.",
);
pub(super) const REFRESH_TOKEN_LIFETIME: Setting<Positive> = Setting::ours(
    "SIMPLE_JWT.REFRESH_TOKEN_LIFETIME",
    "\"7d\"",
    "How long a refresh token is good.",
)
.differs_from("\"1d\"");
pub(super) const ROTATE_REFRESH_TOKENS: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.ROTATE_REFRESH_TOKENS",
    "false",
    "Whether a refresh gives a new refresh token too.",
);
pub(super) const BLACKLIST_AFTER_ROTATION: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION",
    "false",
    "Whether the old refresh token ends when a refresh gives a new one.",
);
pub(super) const ROTATION_WINDOW: Setting<Duration> = Setting::ours(
    "SIMPLE_JWT.ROTATION_WINDOW",
    "\"10s\"",
    "For how long after a rotation under BLACKLIST_AFTER_ROTATION the old refresh token is answered with the same successor \
     again: to who lost the answer, and to the other tabs of a browser. Whoever brings it later ends the sign-in, for the \
     token is in two hands. With 0 an old token is refused and nothing ends, as in simplejwt.",
)
.unwritten("0 where COMPAT_VERSION is written");
pub(super) const TOKEN_BLACKLIST_APP: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.TOKEN_BLACKLIST_APP",
    "true",
    "Whether simplejwt's tables of tokens that were given out and blacklisted are written and read, as with \
     `rest_framework_simplejwt.token_blacklist` in INSTALLED_APPS. A Django that shares the database refuses a token by nothing \
     else. With `false` a sign-in is one row, however often its token rotates, and that row alone says which token is good.",
);
pub(super) const UPDATE_LAST_LOGIN: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.UPDATE_LAST_LOGIN",
    "true",
    "Whether a sign-in with tokens writes `last_login`.",
)
.differs_from("false");
pub(super) const ALGORITHM: Setting<Algorithm> = Setting::upstream(
    "SIMPLE_JWT.ALGORITHM",
    "\"HS256\"",
    "How tokens are signed: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA. \
     Beside a KEY_RING it may be left out.",
);
pub(super) const SIGNING_KEY: Setting<Option<KeyText>> = Setting::upstream(
    "SIMPLE_JWT.SIGNING_KEY",
    "\"\"",
    "What tokens are signed with. For HS* a secret of at least 32 random bytes, 48 for HS384, 64 for HS512; else a private \
     key in PEM or as a JWK, or the path of its file.",
)
.secret()
.unwritten("the SECRET_KEY");
pub(super) const VERIFYING_KEY: Setting<Option<KeyText>> = Setting::upstream(
    "SIMPLE_JWT.VERIFYING_KEY",
    "\"\"",
    "What tokens are verified with: a public key in PEM or as a JWK, or the path of its file. It may be left out beside \
     a SIGNING_KEY, to which it must belong; alone it verifies tokens that others sign. HS* algorithms have the SIGNING_KEY for both.",
)
.secret()
.unwritten("the SIGNING_KEY");
pub(super) const JWK_URL: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.JWK_URL",
    "\"\"",
    "Where the public keys of another issuer are fetched, whose tokens are then taken: https, or this machine. ALGORITHM must \
     be the issuer's.",
);
pub(super) const AUDIENCE: Setting<Option<Audience>> = Setting::upstream(
    "SIMPLE_JWT.AUDIENCE",
    "\"\"",
    "`aud` of tokens made, and demanded of tokens read.",
);
pub(super) const ISSUER: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.ISSUER",
    "\"\"",
    "`iss` of tokens made, and demanded of tokens read.",
);
pub(super) const LEEWAY: Setting<Leeway> = Setting::upstream(
    "SIMPLE_JWT.LEEWAY",
    "0",
    "How far the clocks of two machines may be apart.",
);
pub(super) const AUTH_HEADER_TYPES: Setting<HeaderTypes> = Setting::upstream(
    "SIMPLE_JWT.AUTH_HEADER_TYPES",
    "[\"Bearer\"]",
    "The word before the token: with `[\"JWT\"]` it is `Authorization: JWT …`.",
);
pub(super) const AUTH_HEADER_NAME: Setting<MetaName> = Setting::upstream(
    "SIMPLE_JWT.AUTH_HEADER_NAME",
    "\"HTTP_AUTHORIZATION\"",
    "The header that carries the token, as `request.META` spells it.",
);
pub(super) const USER_ID_FIELD: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_ID_FIELD",
    "\"id\"",
    "The user's field that goes into the token: id, username or email.",
);
pub(super) const USER_ID_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.USER_ID_CLAIM",
    "\"user_id\"",
    "The claim that it stands in.",
);
pub(super) const AUTH_TOKEN_CLASSES: Setting<Vec<TokenClass>> = Setting::upstream(
    "SIMPLE_JWT.AUTH_TOKEN_CLASSES",
    "[\"rest_framework_simplejwt.tokens.AccessToken\"]",
    "Which tokens open a guarded route. With RefreshToken among them, whoever holds a refresh token needs no access \
     token.",
)
.differs_from_the_notes(
    "[\"rest_framework_simplejwt.tokens.AccessToken\", \"rest_framework_simplejwt.tokens.RefreshToken\"]",
);
pub(super) const TOKEN_TYPE_CLAIM: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.TOKEN_TYPE_CLAIM",
    "\"token_type\"",
    "The claim that tells an access token from a refresh token. With none, each passes for the other.",
);
pub(super) const JTI_CLAIM: Setting<Option<String>> = Setting::upstream(
    "SIMPLE_JWT.JTI_CLAIM",
    "\"jti\"",
    "The claim of a token's id. With none, no token can be blacklisted.",
);
pub(super) const SLIDING_TOKEN_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_LIFETIME",
    "\"5m\"",
    "How long a sliding token opens routes.",
);
pub(super) const SLIDING_TOKEN_REFRESH_LIFETIME: Setting<Positive> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_LIFETIME",
    "\"1d\"",
    "How long after the sign-in a sliding token can be refreshed.",
);
pub(super) const SLIDING_TOKEN_REFRESH_EXP_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_EXP_CLAIM",
    "\"refresh_exp\"",
    "The claim that says until when a sliding token can be refreshed.",
);
pub(super) const CHECK_REVOKE_TOKEN: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.CHECK_REVOKE_TOKEN",
    "false",
    "Whether a token carries a digest of the stored password and opens nothing once that is another. The tokens of \
     munjigi's own sign-ins end with the password in any case; this ends Django's too.",
);
pub(super) const REVOKE_TOKEN_CLAIM: Setting<String> = Setting::upstream(
    "SIMPLE_JWT.REVOKE_TOKEN_CLAIM",
    "\"hash_password\"",
    "The claim of that digest.",
);
pub(super) const CHECK_USER_IS_ACTIVE: Setting<bool> = Setting::upstream(
    "SIMPLE_JWT.CHECK_USER_IS_ACTIVE",
    "true",
    "Whether a token is good only while its user is active. A sign-in wants an active user in any case.",
);
pub(super) const VERIFY_CHECKS_BLACKLIST: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.VERIFY_CHECKS_BLACKLIST",
    "true",
    "Whether `/api/token/verify/` refuses every token that was blacklisted or whose sign-in has ended. simplejwt asks \
     its blacklist only under BLACKLIST_AFTER_ROTATION: `false` is that rule.",
);
pub(super) const COMPAT_VERSION: Setting<CompatVersion> = Setting::ours(
    "SIMPLE_JWT.COMPAT_VERSION",
    "\"5.5.1\"",
    "Which simplejwt is answered like: the release 5.5.1, or \"main\", what came after it. A token whose user has \
     another password by now is not refreshed in either; under CHECK_REVOKE_TOKEN \"main\" says so, where 5.5.1 has no \
     other words than that the token is blacklisted. A sliding token's user is looked at before its times there.",
);

pub(crate) const SECTION: Section = Section {
    title: "JSON Web Tokens",
    upstream: "simplejwt 5.5.1",
    intro: "The dict SIMPLE_JWT.",
    settings: &[
        &ACCESS_TOKEN_LIFETIME.about,
        &REFRESH_TOKEN_LIFETIME.about,
        &ROTATE_REFRESH_TOKENS.about,
        &BLACKLIST_AFTER_ROTATION.about,
        &ROTATION_WINDOW.about,
        &TOKEN_BLACKLIST_APP.about,
        &UPDATE_LAST_LOGIN.about,
        &ALGORITHM.about,
        &SIGNING_KEY.about,
        &VERIFYING_KEY.about,
        &KEY_RING.about,
        &KEY_RING_KIDLESS_UNTIL.about,
        &JWK_URL.about,
        &AUDIENCE.about,
        &ISSUER.about,
        &LEEWAY.about,
        &AUTH_HEADER_TYPES.about,
        &AUTH_HEADER_NAME.about,
        &USER_ID_FIELD.about,
        &USER_ID_CLAIM.about,
        &AUTH_TOKEN_CLASSES.about,
        &TOKEN_TYPE_CLAIM.about,
        &JTI_CLAIM.about,
        &SLIDING_TOKEN_LIFETIME.about,
        &SLIDING_TOKEN_REFRESH_LIFETIME.about,
        &SLIDING_TOKEN_REFRESH_EXP_CLAIM.about,
        &CHECK_REVOKE_TOKEN.about,
        &REVOKE_TOKEN_CLAIM.about,
        &CHECK_USER_IS_ACTIVE.about,
        &VERIFY_CHECKS_BLACKLIST.about,
        &COMPAT_VERSION.about,
    ],
};
