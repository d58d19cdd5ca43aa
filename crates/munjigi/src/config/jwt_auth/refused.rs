//! The keys of `[JWT_AUTH]` of which only the default can be used: what they switch on is Python's, unsafe, or done in
//! another way here.

use super::super::setting::Setting;

const NO_PYTHON: &str =
    "Leave it out: no Python runs here. Claims beside the usual ones are for SIMPLE_JWT's tokens.";
const NO_PUBLIC_KEYS: &str = "Leave it out: this dialect is signed with JWT_SECRET_KEY. For public keys let clients move \
                              to /api/token/ and SIMPLE_JWT.";
const NO_COOKIE: &str = "Leave it out: this dialect's tokens travel in the header. SIMPLE_JWT.AUTH_COOKIE puts tokens into \
                         cookies, with a CSRF check, which drf-jwt lacks.";

pub(super) const VERIFY: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_VERIFY",
    "true",
    "Whether the signature of a token is looked at.",
)
.fixed("Leave it out: without the signature everybody is everybody.");
pub(super) const GET_USER_SECRET_KEY: Setting<Option<String>> = Setting::upstream(
    "JWT_AUTH.JWT_GET_USER_SECRET_KEY",
    "\"\"",
    "A Python function that gives each user a key, so that a changed password ends tokens.",
)
.fixed("Leave it out: a changed password ends tokens by the sign-in behind them.");
pub(super) const PRIVATE_KEY: Setting<Option<String>> =
    Setting::upstream("JWT_AUTH.JWT_PRIVATE_KEY", "\"\"", "A private key that signs.").fixed(NO_PUBLIC_KEYS);
pub(super) const PUBLIC_KEY: Setting<Option<String>> =
    Setting::upstream("JWT_AUTH.JWT_PUBLIC_KEY", "\"\"", "A public key that verifies.").fixed(NO_PUBLIC_KEYS);
pub(super) const INSIST_ON_KID: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_INSIST_ON_KID",
    "false",
    "Whether a token must name its key.",
)
.fixed("Leave it out: there is one key.");
pub(super) const ENCODE_HANDLER: Setting<String> = Setting::upstream(
    "JWT_AUTH.JWT_ENCODE_HANDLER",
    "\"rest_framework_jwt.utils.jwt_encode_payload\"",
    "A Python function that writes tokens.",
)
.fixed(NO_PYTHON);
pub(super) const DECODE_HANDLER: Setting<String> = Setting::upstream(
    "JWT_AUTH.JWT_DECODE_HANDLER",
    "\"rest_framework_jwt.utils.jwt_decode_token\"",
    "A Python function that reads tokens.",
)
.fixed(NO_PYTHON);
pub(super) const PAYLOAD_HANDLER: Setting<String> = Setting::upstream(
    "JWT_AUTH.JWT_PAYLOAD_HANDLER",
    "\"rest_framework_jwt.utils.jwt_create_payload\"",
    "A Python function that gathers claims.",
)
.fixed(NO_PYTHON);
pub(super) const PAYLOAD_GET_USERNAME_HANDLER: Setting<String> = Setting::upstream(
    "JWT_AUTH.JWT_PAYLOAD_GET_USERNAME_HANDLER",
    "\"rest_framework_jwt.utils.jwt_get_username_from_payload_handler\"",
    "A Python function that finds the username among the claims.",
)
.fixed(NO_PYTHON);
pub(super) const RESPONSE_PAYLOAD_HANDLER: Setting<String> = Setting::upstream(
    "JWT_AUTH.JWT_RESPONSE_PAYLOAD_HANDLER",
    "\"rest_framework_jwt.utils.jwt_create_response_payload\"",
    "A Python function that makes the body of an answer.",
)
.fixed(NO_PYTHON);
pub(super) const AUTH_COOKIE: Setting<Option<String>> = Setting::upstream(
    "JWT_AUTH.JWT_AUTH_COOKIE",
    "\"\"",
    "A cookie that carries the token.",
)
.fixed(NO_COOKIE);
pub(super) const AUTH_COOKIE_DOMAIN: Setting<Option<String>> =
    Setting::upstream("JWT_AUTH.JWT_AUTH_COOKIE_DOMAIN", "\"\"", "Its Domain.").fixed(NO_COOKIE);
pub(super) const AUTH_COOKIE_PATH: Setting<String> =
    Setting::upstream("JWT_AUTH.JWT_AUTH_COOKIE_PATH", "\"/\"", "Its Path.").fixed(NO_COOKIE);
pub(super) const AUTH_COOKIE_SECURE: Setting<bool> =
    Setting::upstream("JWT_AUTH.JWT_AUTH_COOKIE_SECURE", "true", "Its Secure.").fixed(NO_COOKIE);
pub(super) const AUTH_COOKIE_SAMESITE: Setting<String> =
    Setting::upstream("JWT_AUTH.JWT_AUTH_COOKIE_SAMESITE", "\"Lax\"", "Its SameSite.").fixed(NO_COOKIE);
pub(super) const IMPERSONATION_COOKIE: Setting<Option<String>> = Setting::upstream(
    "JWT_AUTH.JWT_IMPERSONATION_COOKIE",
    "\"\"",
    "A cookie by which a superuser is somebody else.",
)
.fixed("Leave it out: nobody acts as somebody else here.");
pub(super) const DELETE_STALE_BLACKLISTED_TOKENS: Setting<bool> = Setting::upstream(
    "JWT_AUTH.JWT_DELETE_STALE_BLACKLISTED_TOKENS",
    "false",
    "Whether expired tokens leave the blacklist.",
)
.fixed("Leave it out: the sign-ins behind tokens are swept by `munjigi clearsessions`.");
