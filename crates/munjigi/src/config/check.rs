//! What a check of the settings finds: Django's `core/checks/security` (5.2), under its ids, and ours.

use super::table;
use super::{AllowedOrigins, Config, Mode, Written};
use std::fmt;

/// One finding, as Django's `CheckMessage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `security.W009` where it is Django's own, `munjigi.W001` where it is ours.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is so, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub hint: String,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Info,
    /// Allowed, and unwise.
    Warning,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {} {}", self.id, self.message, self.hint)
    }
}

/// What there is to say of settings that are to go into production: the warnings of every start, those of
/// `check --deploy` in Django, and in which unwritten settings munjigi differs from upstream.
pub fn deploy(config: &Config, written: &Written) -> Vec<Finding> {
    let mut findings = config.warnings.clone();
    let looked_at = looked_at(config);
    findings.extend(
        looked_at
            .into_iter()
            .filter(|(is_so, _)| *is_so)
            .map(|(_, finding)| finding),
    );
    findings.extend(unwritten_differences(written));
    findings
}

fn looked_at(config: &Config) -> [(bool, Finding); 10] {
    let headers = &config.headers;
    let has_any_host = config.hosts.allowed.iter().any(|host| host == "*");
    [
        (
            headers.strict_transport_security.is_none(),
            warning(
                "security.W004",
                "SECURE_HSTS_SECONDS is 0, so that a browser may come by plain HTTP.",
                "Write SECURE_HSTS_SECONDS = \"52w\" when the whole site is served over HTTPS.",
            ),
        ),
        (
            headers.content_type_options.is_none(),
            warning(
                "security.W006",
                "SECURE_CONTENT_TYPE_NOSNIFF is false.",
                "Leave it out: browsers then take a type as it is declared.",
            ),
        ),
        (
            headers.referrer_policy.is_none(),
            warning(
                "security.W022",
                "SECURE_REFERRER_POLICY is empty.",
                "Leave it out: other sites then do not see where a visitor came from.",
            ),
        ),
        (
            !config.session.cookie_secure,
            warning(
                "security.W012",
                "SESSION_COOKIE_SECURE is false, so that the session travels over plain HTTP.",
                "Leave it out.",
            ),
        ),
        (
            !config.csrf.cookie_secure,
            warning(
                "security.W016",
                "CSRF_COOKIE_SECURE is false, so that the CSRF token travels over plain HTTP.",
                "Leave it out.",
            ),
        ),
        (
            has_any_host,
            warning(
                "munjigi.W003",
                "ALLOWED_HOSTS has \"*\" in it, so that any Host header is believed.",
                "Write the names that clients use.",
            ),
        ),
        (
            config.validators.is_empty(),
            warning(
                "munjigi.W004",
                "AUTH_PASSWORD_VALIDATORS is empty, so that any password is taken.",
                "Leave it out: Django's four validators are the default.",
            ),
        ),
        (
            config.cors.origins == AllowedOrigins::All,
            warning(
                "munjigi.W005",
                "CORS_ALLOW_ALL_ORIGINS is true, so that pages of every site may read answers.",
                "List the origins in CORS_ALLOWED_ORIGINS.",
            ),
        ),
        (
            config.hosts.trusted_proxies.is_empty(),
            info(
                "munjigi.I001",
                "TRUSTED_PROXIES is empty: behind a proxy, every client has the proxy's address and HTTPS is not seen.",
                "Write the proxy's address, and SECURE_PROXY_SSL_HEADER, if there is one.",
            ),
        ),
        (
            config.session.expire_at_browser_close,
            info(
                "munjigi.I002",
                "SESSION_EXPIRE_AT_BROWSER_CLOSE ends the cookie, not the row in the database.",
                "Write a short SESSION_COOKIE_AGE if the row is to end soon.",
            ),
        ),
    ]
}

/// Unwritten settings whose default is not upstream's: who comes from there may rely on that.
fn unwritten_differences(written: &Written) -> impl Iterator<Item = Finding> {
    let unwritten = table::all().filter(|about| !written.has(about) && about.unwritten.is_none());
    unwritten
        .filter(|about| !about.is_upstreams(&about.default_value(Mode::Serve)))
        .map(|about| {
            let upstream = about.upstream.unwrap_or_default();
            Finding {
                id: "munjigi.I003",
                level: Level::Info,
                message: format!("{} is not written: it is {} here.", about.name, about.default),
                hint: format!(
                    "{} has {upstream}. Write what you mean.",
                    table::upstream_of(about)
                ),
            }
        })
}

fn warning(id: &'static str, message: &str, hint: &str) -> Finding {
    Finding {
        id,
        level: Level::Warning,
        message: message.to_owned(),
        hint: hint.to_owned(),
    }
}

fn info(id: &'static str, message: &str, hint: &str) -> Finding {
    Finding {
        level: Level::Info,
        ..warning(id, message, hint)
    }
}
