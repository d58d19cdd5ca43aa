//! What is allowed in `[SIMPLE_JWT]` and opens a hole: said at every start.

use super::super::finding::{Finding, Level};
use jiff::SignedDuration;
use munjigi_tokens::{Algorithm, SimpleJwtSettings, TokenClass};

/// The warnings of a table, under a secret of `secret_length` bytes if it is one that signs.
pub(super) fn of(jwt: &SimpleJwtSettings, secret_length: Option<usize>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = WARNINGS
        .iter()
        .filter(|warning| (warning.is_due)(jwt))
        .map(Warning::finding)
        .collect();
    findings.extend(secret_length.and_then(|length| short_key(jwt.algorithm, length)));
    findings
}

/// A window in which a stolen token is not noticed.
pub(super) fn of_window(window: SignedDuration) -> Option<Finding> {
    (window > SignedDuration::from_mins(1)).then(|| Finding {
        id: "munjigi.W037",
        level: Level::Warning,
        message: format!(
            "SIMPLE_JWT.ROTATION_WINDOW is {} seconds, and for so long whoever has stolen a refresh token gets the same \
             successor as its owner.",
            window.as_secs()
        ),
        hint: "Write some seconds, such as \"10s\".".to_owned(),
    })
}

/// A window that somebody wrote where nothing is rotated and used up.
pub(super) fn of_idle_window() -> Finding {
    Finding {
        id: "munjigi.W038",
        level: Level::Warning,
        message: "SIMPLE_JWT.ROTATION_WINDOW is written and does nothing: there is a window only where a refresh uses the \
                  old token up."
            .to_owned(),
        hint: "Write ROTATE_REFRESH_TOKENS = true and BLACKLIST_AFTER_ROTATION = true, or leave it out.".to_owned(),
    }
}

struct Warning {
    is_due: fn(&SimpleJwtSettings) -> bool,
    id: &'static str,
    message: &'static str,
    hint: &'static str,
}

impl Warning {
    fn finding(&self) -> Finding {
        Finding {
            id: self.id,
            level: Level::Warning,
            message: self.message.to_owned(),
            hint: self.hint.to_owned(),
        }
    }
}

const WARNINGS: [Warning; 8] = [
    Warning {
        is_due: |jwt| jwt.auth_token_classes.contains(&TokenClass::RefreshToken),
        id: "munjigi.W001",
        message: "SIMPLE_JWT.AUTH_TOKEN_CLASSES takes a refresh token as a bearer token, so that a stolen one opens \
                  everything for its whole lifetime.",
        hint: "Write [\"rest_framework_simplejwt.tokens.AccessToken\"], simplejwt's default.",
    },
    Warning {
        is_due: |jwt| jwt.auth_token_classes.contains(&TokenClass::UntypedToken),
        id: "munjigi.W030",
        message: "SIMPLE_JWT.AUTH_TOKEN_CLASSES takes an UntypedToken, so that a token of any kind opens everything, a \
                  refresh token for its whole lifetime.",
        hint: "Write [\"rest_framework_simplejwt.tokens.AccessToken\"], simplejwt's default.",
    },
    Warning {
        is_due: |jwt| jwt.token_type_claim.is_none(),
        id: "munjigi.W031",
        message: "SIMPLE_JWT.TOKEN_TYPE_CLAIM is \"\", so that a refresh token passes for an access token, and an \
                  access token can be refreshed for ever.",
        hint: "Leave it out.",
    },
    Warning {
        is_due: |jwt| jwt.jti_claim.is_none(),
        id: "munjigi.W032",
        message: "SIMPLE_JWT.JTI_CLAIM is \"\", so that no token can be blacklisted, and Django's tables know of none.",
        hint: "Leave it out.",
    },
    Warning {
        is_due: |jwt| jwt.rotate_refresh_tokens && !jwt.blacklist_after_rotation,
        id: "munjigi.W033",
        message: "SIMPLE_JWT.ROTATE_REFRESH_TOKENS is true and BLACKLIST_AFTER_ROTATION is not, so that every old refresh \
                  token stays good, and a stolen one is never noticed.",
        hint: "Write BLACKLIST_AFTER_ROTATION = true.",
    },
    Warning {
        is_due: |jwt| !jwt.check_user_is_active,
        id: "munjigi.W034",
        message: "SIMPLE_JWT.CHECK_USER_IS_ACTIVE is false, so that the tokens of a user who was disabled stay good.",
        hint: "Leave it out.",
    },
    Warning {
        is_due: |jwt| jwt.user_id_field == "email",
        id: "munjigi.W036",
        message: "SIMPLE_JWT.USER_ID_FIELD is \"email\": a token that Django made opens the account of whoever has the \
                  address by then, and in Django's tables there is no index that finds him.",
        hint: "Write USER_ID_FIELD = \"id\".",
    },
    Warning {
        is_due: |jwt| jwt.sliding_token_lifetime > jwt.sliding_token_refresh_lifetime,
        id: "munjigi.W035",
        message: "SIMPLE_JWT.SLIDING_TOKEN_LIFETIME is longer than SLIDING_TOKEN_REFRESH_LIFETIME, so that a sliding token \
                  opens everything for longer than it could be refreshed.",
        hint: "Write a short SLIDING_TOKEN_LIFETIME, such as \"5m\".",
    },
];

fn short_key(algorithm: Algorithm, length: usize) -> Option<Finding> {
    let wanted = match algorithm {
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        _ => 32,
    };
    (length < wanted).then(|| Finding {
        id: "munjigi.W002",
        level: Level::Warning,
        message: format!("{algorithm} is used with a key of {length} bytes."),
        hint: format!(
            "Write a random SIMPLE_JWT.SIGNING_KEY of at least {wanted} bytes (RFC 7518, section 3.2), or \
             ALGORITHM = \"HS256\"."
        ),
    })
}
