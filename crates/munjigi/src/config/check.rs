//! What a check of the settings finds: Django's `core/checks/security` (5.2), under its ids, and ours.

use super::{AllowedOrigins, Config, Error, Mode, Written};
use super::{passwords, table};
use jiff::SignedDuration;
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
/// `check --deploy` in Django, and in which unwritten keys of `SIMPLE_JWT` munjigi differs from simplejwt.
///
/// # Errors
/// A setting that could not have been resolved.
pub fn deploy(config: &Config, written: &Written) -> Result<Vec<Finding>, Error> {
    let advice = ADVICE.iter().filter(|advice| (advice.is_needed)(config));
    let mut findings = config.warnings.clone();
    findings.extend(advice.map(Advice::finding));
    findings.extend(passwords::weakness(written.under(config.mode))?);
    findings.extend(passwords::beyond_django(written.under(config.mode))?);
    findings.extend(unwritten_differences(written));
    Ok(findings)
}

/// Clocks that are further apart are wrong.
const MOST_LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// Something that is looked at before settings go into production.
struct Advice {
    is_needed: fn(&Config) -> bool,
    id: &'static str,
    level: Level,
    message: &'static str,
    hint: &'static str,
}

impl Advice {
    fn finding(&self) -> Finding {
        Finding {
            id: self.id,
            level: self.level,
            message: self.message.to_owned(),
            hint: self.hint.to_owned(),
        }
    }
}

const ADVICE: [Advice; 14] = [
    Advice {
        is_needed: |config| config.headers.strict_transport_security.is_none(),
        id: "security.W004",
        level: Level::Warning,
        message: "SECURE_HSTS_SECONDS is 0, so that a browser may come by plain HTTP.",
        hint: "Write SECURE_HSTS_SECONDS = \"52w\" when the whole site is served over HTTPS.",
    },
    Advice {
        is_needed: |config| config.headers.content_type_options.is_none(),
        id: "security.W006",
        level: Level::Warning,
        message: "SECURE_CONTENT_TYPE_NOSNIFF is false.",
        hint: "Leave it out: browsers then take a type as it is declared.",
    },
    Advice {
        is_needed: |config| !config.session.cookie_secure,
        id: "security.W012",
        level: Level::Warning,
        message: "SESSION_COOKIE_SECURE is false, so that the session travels over plain HTTP.",
        hint: "Leave it out.",
    },
    Advice {
        is_needed: |config| !config.csrf.cookie_secure,
        id: "security.W016",
        level: Level::Warning,
        message: "CSRF_COOKIE_SECURE is false, so that the CSRF token travels over plain HTTP.",
        hint: "Leave it out.",
    },
    Advice {
        is_needed: |config| config.auth_cookie.as_ref().is_some_and(|cookies| !cookies.secure),
        id: "munjigi.W023",
        level: Level::Warning,
        message: "SIMPLE_JWT.AUTH_COOKIE_SECURE is false, so that tokens travel over plain HTTP.",
        hint: "Leave it out.",
    },
    Advice {
        is_needed: |config| {
            config
                .auth_cookie
                .as_ref()
                .is_some_and(|cookies| !cookies.access_http_only)
        },
        id: "munjigi.W024",
        level: Level::Warning,
        message: "SIMPLE_JWT.AUTH_COOKIE_HTTP_ONLY is false, so that every script of a page reads the access token.",
        hint: "Leave it out.",
    },
    Advice {
        is_needed: |config| config.headers.referrer_policy.is_none(),
        id: "security.W022",
        level: Level::Warning,
        message: "SECURE_REFERRER_POLICY is empty.",
        hint: "Leave it out: other sites then do not see where a visitor came from.",
    },
    Advice {
        is_needed: |config| config.hosts.allowed.iter().any(|host| host == "*"),
        id: "munjigi.W003",
        level: Level::Warning,
        message: "ALLOWED_HOSTS has \"*\" in it, so that any Host header is believed.",
        hint: "Write the names that clients use.",
    },
    Advice {
        is_needed: |config| config.validators.is_empty(),
        id: "munjigi.W004",
        level: Level::Warning,
        message: "AUTH_PASSWORD_VALIDATORS is empty, so that any password is taken.",
        hint: "Leave it out: Django's four validators are the default.",
    },
    Advice {
        is_needed: |config| config.cors.origins == AllowedOrigins::All,
        id: "munjigi.W005",
        level: Level::Warning,
        message: "CORS_ALLOW_ALL_ORIGINS is true, so that pages of every site may read answers.",
        hint: "List the origins in CORS_ALLOWED_ORIGINS.",
    },
    Advice {
        is_needed: |config| {
            config
                .hosts
                .trusted_proxies
                .iter()
                .any(|network| network.prefix_len() == 0)
        },
        id: "munjigi.W006",
        level: Level::Warning,
        message: "TRUSTED_PROXIES has a network of all addresses in it, so that every client may say who and where it is.",
        hint: "Write the proxies' own addresses.",
    },
    Advice {
        is_needed: |config| {
            config.simple_jwt.access_token_lifetime > config.simple_jwt.refresh_token_lifetime
        },
        id: "munjigi.W007",
        level: Level::Warning,
        message: "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME is longer than REFRESH_TOKEN_LIFETIME, so that refreshing serves nothing.",
        hint: "Write a short ACCESS_TOKEN_LIFETIME, such as \"5m\".",
    },
    Advice {
        is_needed: |config| config.simple_jwt.leeway > MOST_LEEWAY,
        id: "munjigi.W008",
        level: Level::Warning,
        message: "SIMPLE_JWT.LEEWAY is more than five minutes, for which every token outlives its end.",
        hint: "Let the machines agree on the time (NTP), and write \"30s\" or less.",
    },
    Advice {
        is_needed: |config| config.hosts.trusted_proxies.is_empty(),
        id: "munjigi.I001",
        level: Level::Info,
        message: "TRUSTED_PROXIES is empty: behind a proxy, every client has the proxy's address and HTTPS is not seen.",
        hint: "Write the proxy's address, and SECURE_PROXY_SSL_HEADER, if there is one.",
    },
];

/// Unwritten keys of `SIMPLE_JWT` whose default is not simplejwt's: who comes from there may rely on that.
fn unwritten_differences(written: &Written) -> impl Iterator<Item = Finding> {
    let unwritten = table::all().filter(|about| about.table() == Some("SIMPLE_JWT") && !written.has(about));
    let differing = unwritten.filter(|about| !about.is_upstreams(&about.default_value(Mode::Serve)));
    differing.map(|about| Finding {
        id: "munjigi.I002",
        level: Level::Info,
        message: format!("{} is not written: it is {} here.", about.name, about.default),
        hint: format!(
            "{} has {}. Write what you mean.",
            table::upstream_of(about),
            about.upstream.unwrap_or_default()
        ),
    })
}
