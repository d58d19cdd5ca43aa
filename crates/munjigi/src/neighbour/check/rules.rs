//! Settings that both sides have and that must say the same, each with what comes of it where they do not.

use super::{Both, Finding, project};
use crate::config::check::{Level, Level::Error, Level::Info, Level::Warning};
use crate::config::convert;
use crate::config::setting::About;
use crate::config::table;
use crate::config::{AuthenticationClass, Mode};
use crate::neighbour::report::SessionEngine;
use toml::Value;

/// A setting, and what two values of it lead to.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) level: Level,
    pub(super) setting: &'static str,
    /// What is so where they differ, after "so that".
    so_that: &'static str,
    /// The value that both had better have, where either is dangerous with another.
    safer: Option<&'static str>,
}

const fn rule(id: &'static str, level: Level, setting: &'static str, so_that: &'static str) -> Rule {
    Rule {
        id,
        level,
        setting,
        so_that,
        safer: None,
    }
}

const fn safer(id: &'static str, setting: &'static str, safer: &'static str, so_that: &'static str) -> Rule {
    Rule {
        safer: Some(safer),
        ..rule(id, Warning, setting, so_that)
    }
}

const COOKIE: &str = "neither side finds the cookie that the other set";
const TWO_COOKIES: &str = "a browser keeps two cookies of one name, and sends whichever it likes first";
const REFUSED: &str = "each side refuses the other's tokens";

pub(super) const RULES: &[Rule] = &[
    rule("neighbour.W010", Warning, "SESSION_COOKIE_NAME", COOKIE),
    rule("neighbour.W011", Warning, "SESSION_COOKIE_DOMAIN", TWO_COOKIES),
    rule("neighbour.W012", Warning, "SESSION_COOKIE_PATH", TWO_COOKIES),
    safer(
        "neighbour.W013",
        "SESSION_COOKIE_SECURE",
        "true",
        "a session travels over plain HTTP where one side set its cookie",
    ),
    safer(
        "neighbour.W014",
        "SESSION_COOKIE_HTTPONLY",
        "true",
        "scripts read the session where one side set its cookie",
    ),
    rule(
        "neighbour.W015",
        Warning,
        "SESSION_COOKIE_SAMESITE",
        "which requests carry a session depends on who opened it",
    ),
    rule(
        "neighbour.W016",
        Warning,
        "SESSION_COOKIE_AGE",
        "how long a session lives depends on who wrote it last",
    ),
    rule(
        "neighbour.W017",
        Warning,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE",
        "whether a session outlives its browser depends on who opened it",
    ),
    rule(
        "neighbour.W018",
        Warning,
        "SESSION_SAVE_EVERY_REQUEST",
        "only one side prolongs a session by its use",
    ),
    rule(
        "neighbour.W081",
        Warning,
        "SESSION_ENGINE",
        "only one side knows of the copies in a cache, and a session that ended lives on in them",
    ),
    rule("neighbour.W020", Warning, "CSRF_COOKIE_NAME", COOKIE),
    rule("neighbour.W021", Warning, "CSRF_COOKIE_DOMAIN", TWO_COOKIES),
    rule("neighbour.W022", Warning, "CSRF_COOKIE_PATH", TWO_COOKIES),
    safer(
        "neighbour.W023",
        "CSRF_COOKIE_SECURE",
        "true",
        "a CSRF token travels over plain HTTP where one side set its cookie",
    ),
    rule(
        "neighbour.W024",
        Warning,
        "CSRF_COOKIE_HTTPONLY",
        "a page can send the CSRF token of one side only",
    ),
    rule(
        "neighbour.W025",
        Warning,
        "CSRF_COOKIE_SAMESITE",
        "which requests carry a CSRF token depends on who set it",
    ),
    rule(
        "neighbour.W026",
        Warning,
        "CSRF_COOKIE_AGE",
        "how long a browser keeps a CSRF token depends on who set it",
    ),
    rule(
        "neighbour.W027",
        Warning,
        "CSRF_HEADER_NAME",
        "a page must send the CSRF token in two headers",
    ),
    rule(
        "neighbour.W028",
        Warning,
        "CSRF_USE_SESSIONS",
        "neither side finds the CSRF token that the other gave",
    ),
    rule(
        "neighbour.W029",
        Warning,
        "CSRF_TRUSTED_ORIGINS",
        "one side takes requests of pages that the other refuses",
    ),
    rule("neighbour.E030", Error, "SIMPLE_JWT.ALGORITHM", REFUSED),
    rule("neighbour.E031", Error, "SIMPLE_JWT.AUDIENCE", REFUSED),
    rule("neighbour.E032", Error, "SIMPLE_JWT.ISSUER", REFUSED),
    rule(
        "neighbour.E033",
        Error,
        "SIMPLE_JWT.USER_ID_FIELD",
        "a token of the one names another user at the other, or none",
    ),
    rule("neighbour.E034", Error, "SIMPLE_JWT.USER_ID_CLAIM", REFUSED),
    rule("neighbour.E035", Error, "SIMPLE_JWT.TOKEN_TYPE_CLAIM", REFUSED),
    rule("neighbour.E036", Error, "SIMPLE_JWT.JTI_CLAIM", REFUSED),
    rule(
        "neighbour.E037",
        Error,
        "SIMPLE_JWT.AUTH_HEADER_TYPES",
        "a client must know which of the two it speaks to",
    ),
    rule(
        "neighbour.E038",
        Error,
        "SIMPLE_JWT.AUTH_HEADER_NAME",
        "a client must know which of the two it speaks to",
    ),
    rule(
        "neighbour.E039",
        Error,
        "SIMPLE_JWT.CHECK_REVOKE_TOKEN",
        "the side that checks refuses the other's tokens",
    ),
    rule("neighbour.E040", Error, "SIMPLE_JWT.REVOKE_TOKEN_CLAIM", REFUSED),
    rule(
        "neighbour.W041",
        Warning,
        "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME",
        "how long a token lives depends on who gave it",
    ),
    rule(
        "neighbour.W042",
        Warning,
        "SIMPLE_JWT.REFRESH_TOKEN_LIFETIME",
        "how long a sign-in lives depends on who gave its token",
    ),
    rule(
        "neighbour.W043",
        Warning,
        "SIMPLE_JWT.ROTATE_REFRESH_TOKENS",
        "only one side gives a new refresh token with each refresh",
    ),
    rule(
        "neighbour.W044",
        Warning,
        "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION",
        "only one side uses a refresh token up",
    ),
    rule(
        "neighbour.W045",
        Warning,
        "SIMPLE_JWT.LEEWAY",
        "a token that one side still takes the other refuses",
    ),
    rule(
        "neighbour.W046",
        Warning,
        "SIMPLE_JWT.AUTH_TOKEN_CLASSES",
        "a token that opens routes at one side opens none at the other",
    ),
    rule(
        "neighbour.W047",
        Warning,
        "SIMPLE_JWT.CHECK_USER_IS_ACTIVE",
        "one side takes the tokens of a disabled user",
    ),
    rule(
        "neighbour.W048",
        Warning,
        "SIMPLE_JWT.UPDATE_LAST_LOGIN",
        "last_login is not the last sign-in, and a link to a new password outlives sign-ins of one side",
    ),
    rule(
        "neighbour.W049",
        Warning,
        "SIMPLE_JWT.SLIDING_TOKEN_LIFETIME",
        "how long a token lives depends on who gave it",
    ),
    rule(
        "neighbour.W050",
        Warning,
        "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_LIFETIME",
        "how long a sign-in lives depends on who gave its token",
    ),
    rule(
        "neighbour.W051",
        Warning,
        "SIMPLE_JWT.SLIDING_TOKEN_REFRESH_EXP_CLAIM",
        "neither side refreshes the other's sliding tokens",
    ),
    rule(
        "neighbour.W052",
        Warning,
        "SIMPLE_JWT.TOKEN_BLACKLIST_APP",
        "one side does not know what the other blacklists, and a Django without the app cannot delete a user whom a row of its tables names",
    ),
    rule(
        "neighbour.W053",
        Warning,
        "SIMPLE_JWT.JWK_URL",
        "one side takes tokens of an issuer whom the other does not know",
    ),
    rule(
        "neighbour.W054",
        Warning,
        "TIME_ZONE",
        "one side takes a link to a new password for hours older or younger than the other does",
    ),
    rule(
        "neighbour.W057",
        Warning,
        "PASSWORD_RESET_TIMEOUT",
        "how long a link to a new password is good depends on where it is opened",
    ),
    rule(
        "neighbour.W066",
        Warning,
        "AUTH_PASSWORD_VALIDATORS",
        "a password that one side refuses is taken by the other",
    ),
    rule(
        "neighbour.I067",
        Info,
        "TRIM_PASSWORDS",
        "a password that Django REST framework stored without the spaces at its ends does not fit here with them",
    ),
    rule(
        "neighbour.I104",
        Info,
        "LANGUAGE_CODE",
        "a client that asks for no language is answered in two",
    ),
    rule("neighbour.E110", Error, "JWT_AUTH.JWT_ALGORITHM", REFUSED),
    rule("neighbour.E111", Error, "JWT_AUTH.JWT_AUDIENCE", REFUSED),
    rule("neighbour.E112", Error, "JWT_AUTH.JWT_ISSUER", REFUSED),
    rule(
        "neighbour.E113",
        Error,
        "JWT_AUTH.JWT_AUTH_HEADER_PREFIX",
        "a client must know which of the two it speaks to",
    ),
    rule(
        "neighbour.W114",
        Warning,
        "JWT_AUTH.JWT_EXPIRATION_DELTA",
        "how long a token lives depends on who gave it",
    ),
    rule(
        "neighbour.W115",
        Warning,
        "JWT_AUTH.JWT_VERIFY_EXPIRATION",
        "one side takes tokens that have expired",
    ),
    rule(
        "neighbour.W116",
        Warning,
        "JWT_AUTH.JWT_ALLOW_REFRESH",
        "only one side gives a new token for one that it is given",
    ),
    rule(
        "neighbour.W117",
        Warning,
        "JWT_AUTH.JWT_REFRESH_EXPIRATION_DELTA",
        "how long a sign-in lives depends on who renews its token",
    ),
    rule(
        "neighbour.W118",
        Warning,
        "JWT_AUTH.JWT_LEEWAY",
        "a token that one side still takes the other refuses",
    ),
    rule(
        "neighbour.W119",
        Warning,
        "JWT_AUTH.JWT_TOKEN_ID",
        "the side that demands an id refuses tokens that the other gives without",
    ),
    rule(
        "neighbour.W120",
        Warning,
        "JWT_AUTH.JWT_PAYLOAD_INCLUDE_USER_ID",
        "what a token tells of its user depends on who gave it",
    ),
];

/// The rules whose settings differ.
pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    RULES.iter().filter_map(|rule| rule.broken(both)).collect()
}

impl Rule {
    fn broken(&self, both: &Both<'_>) -> Option<Finding> {
        let about = table::find(self.setting)?;
        let want = both
            .wanted
            .get(self.setting)
            .filter(|_| !is_told_elsewhere(self.setting, both))?;
        let ours = ours(about, both);
        let theirs = want
            .value
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|value| convert::usable(about, value));
        let (message, hint) = match theirs {
            Ok(theirs) if about.is_same(&ours, &theirs) => return None,
            Ok(theirs) => (
                format!(
                    "{} is {} in Django and {} here, so that {}.",
                    self.setting,
                    convert::on_one_line(&theirs),
                    convert::on_one_line(&ours),
                    self.so_that
                ),
                self.fix(about, &theirs, &ours),
            ),
            Err(why) => (
                format!(
                    "{} is what munjigi does not take ({}), so that {}.",
                    self.setting,
                    why.trim_end_matches('.'),
                    self.so_that
                ),
                format!(
                    "Write {} in Django's settings, or leave what hangs on it to Django.",
                    in_django(about, &ours)
                ),
            ),
        };
        Some(Finding {
            id: self.id,
            level: self.level,
            message,
            hint,
        })
    }

    /// What to write, and on which side.
    fn fix(&self, about: &About, theirs: &Value, ours: &Value) -> String {
        let safe = self.safer.and_then(|text| text.parse::<Value>().ok());
        match safe {
            Some(safe) if !about.is_same(theirs, &safe) => {
                format!("Write {} in Django's settings.", in_django(about, &safe))
            }
            Some(safe) if !about.is_same(ours, &safe) => here(about, &safe),
            _ => here(about, theirs),
        }
    }
}

/// A refresh token that opens routes at Django is a finding of its own, and so are sessions that are no rows and times that
/// are no moments. A dialect that is not spoken here has nothing to differ in.
fn is_told_elsewhere(setting: &str, both: &Both<'_>) -> bool {
    match setting {
        "SIMPLE_JWT.AUTH_TOKEN_CLASSES" => project::takes_refresh_tokens(both),
        "SESSION_ENGINE" => both.report.session_engine() == SessionEngine::NoRows,
        "TIME_ZONE" => project::time_zone(both).is_some(),
        name if name.starts_with("JWT_AUTH.") => !speaks_drf_jwt(both),
        _ => false,
    }
}

/// Whether munjigi gives out tokens of djangorestframework-jwt's dialect, or takes them.
pub(super) fn speaks_drf_jwt(both: &Both<'_>) -> bool {
    let classes = &both.config.authentication_classes;
    both.config.routes.speak_drf_jwt() || classes.contains(&AuthenticationClass::JsonWebToken)
}

/// What holds here.
pub(super) fn ours(about: &About, both: &Both<'_>) -> Value {
    let written = both.written.entry(about).map(|entry| entry.value.clone());
    written.unwrap_or_else(|| about.default_value(Mode::Serve))
}

/// `Write KEY = value here, in [TABLE].`
pub(super) fn here(about: &About, value: &Value) -> String {
    let line = format!("{} = {}", about.key(), convert::on_one_line(value));
    match about.table() {
        Some(table) => format!("Write {line} below [{table}] here."),
        None => format!("Write {line} here."),
    }
}

/// `KEY = value`, or `KEY in SIMPLE_JWT as value`, in the words of Python.
fn in_django(about: &About, value: &Value) -> String {
    let value = match value {
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
        Value::String(text) if text.is_empty() => "None".to_owned(),
        other => convert::on_one_line(other),
    };
    match about.table() {
        Some(table) => format!("\"{}\": {value} into {table}", about.key()),
        None => format!("{} = {value}", about.key()),
    }
}
