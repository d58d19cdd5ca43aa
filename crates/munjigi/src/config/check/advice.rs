//! What is looked at before settings go into production, beside what is said at every start.

use super::super::{AllowedOrigins, Config, MailBackend, Mode, SameSite};
use super::{Finding, Level};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use munjigi_tokens::{KeyRing, Verifier, VerifyingKey};

/// Clocks that are further apart are wrong.
const MOST_LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// An access token that lives longer is a session that nobody can end.
const LONGEST_ACCESS: SignedDuration = SignedDuration::from_hours(1);

/// Something that is looked at before settings go into production.
pub(super) struct Advice {
    pub(super) is_needed: fn(&Config) -> bool,
    id: &'static str,
    level: Level,
    message: &'static str,
    hint: &'static str,
}

impl Advice {
    pub(super) fn finding(&self) -> Finding {
        Finding {
            id: self.id,
            level: self.level,
            message: self.message.to_owned(),
            hint: self.hint.to_owned(),
        }
    }
}

pub(super) const ADVICE: &[Advice] = &[
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
        is_needed: |config| {
            is_header(config.headers.strict_transport_security.as_ref(), |text| {
                !text.contains("includeSubDomains")
            })
        },
        id: "security.W005",
        level: Level::Info,
        message: "SECURE_HSTS_INCLUDE_SUBDOMAINS is false, so that a page of a subdomain may be read on the way and set \
                  cookies for this name.",
        hint: "Write SECURE_HSTS_INCLUDE_SUBDOMAINS = true when every subdomain is served over HTTPS.",
    },
    Advice {
        is_needed: |config| {
            is_header(config.headers.strict_transport_security.as_ref(), |text| {
                !text.contains("preload")
            })
        },
        id: "security.W021",
        level: Level::Info,
        message: "SECURE_HSTS_PRELOAD is false, so that a browser's first visit may be by plain HTTP.",
        hint: "Write SECURE_HSTS_PRELOAD = true if the site is to be on the browsers' list.",
    },
    Advice {
        is_needed: |config| !config.session.cookie_httponly,
        id: "security.W015",
        level: Level::Warning,
        message: "SESSION_COOKIE_HTTPONLY is false, so that every script of a page reads the session.",
        hint: "Leave it out.",
    },
    Advice {
        is_needed: |config| is_header(config.headers.frame_options.as_ref(), |text| text != "DENY"),
        id: "security.W019",
        level: Level::Warning,
        message: "X_FRAME_OPTIONS is not DENY, so that pages may stand in a frame of another one.",
        hint: "Leave it out: munjigi serves no page that belongs in a frame.",
    },
    Advice {
        is_needed: |config| matches!(config.session.cookie_samesite, SameSite::None | SameSite::Unset),
        id: "munjigi.W046",
        level: Level::Warning,
        message: "SESSION_COOKIE_SAMESITE lets requests carry the session that another site starts.",
        hint: "Leave it out, or write \"Lax\".",
    },
    Advice {
        is_needed: |config| config.simple_jwt.access_token_lifetime > LONGEST_ACCESS,
        id: "munjigi.W047",
        level: Level::Warning,
        message: "SIMPLE_JWT.ACCESS_TOKEN_LIFETIME is more than an hour, and for so long Django, or a service that looks \
                  nothing up, takes a token whose sign-in has ended.",
        hint: "Write a short one, such as \"5m\": clients refresh.",
    },
    Advice {
        is_needed: |config| config.routes.ended.is_some() && shares_its_secret(config),
        id: "munjigi.W048",
        level: Level::Warning,
        message: "ROUTES.ended is there for services that verify tokens, and tokens are signed with a secret (HS256 and its \
                  kin): each service that verifies one could make one.",
        hint: "Make a pair of keys with `munjigi keys init` and write SIMPLE_JWT.KEY_RING.",
    },
    Advice {
        is_needed: |config| shares_its_secret(config) && is_secret_key(config),
        id: "munjigi.I003",
        level: Level::Info,
        message: "Tokens are signed with the SECRET_KEY itself, so that a service which verifies them could make sessions, \
                  CSRF tokens and reset links too.",
        hint: "Give SECRET_KEY to nobody but Django. For others write SIMPLE_JWT.KEY_RING, or a SIGNING_KEY here and in Django.",
    },
    Advice {
        is_needed: prints_reset_links,
        id: "munjigi.W051",
        level: Level::Warning,
        message: "EMAIL_BACKEND prints mails, and whoever reads what the server prints can set passwords by the links in them.",
        hint: "Write the EMAIL_HOST that sends them, and leave EMAIL_BACKEND out, or leave out PASSWORD_RESET_URL.",
    },
    Advice {
        is_needed: |config| config.mail.names_a_server() && config.password_reset.page.url().is_none(),
        id: "munjigi.I004",
        level: Level::Info,
        message: "A mail server is written and PASSWORD_RESET_URL is not, so that no mail goes out: munjigi mails the links \
                  that reset passwords, and nothing else.",
        hint: "Write PASSWORD_RESET_URL, or leave EMAIL_HOST and its kin out.",
    },
    Advice {
        is_needed: |config| config.mail.shows_password(),
        id: "munjigi.W050",
        level: Level::Warning,
        message: "EMAIL_HOST_PASSWORD goes to the mail server in the clear, and so do links that reset passwords.",
        hint: "Write EMAIL_USE_TLS = true and EMAIL_PORT = 587, or EMAIL_USE_SSL = true and EMAIL_PORT = 465.",
    },
    Advice {
        is_needed: |config| config.hosts.trusted_proxies.is_empty(),
        id: "munjigi.I001",
        level: Level::Info,
        message: "TRUSTED_PROXIES is empty: behind a proxy, every client has the proxy's address and HTTPS is not seen.",
        hint: "Write the proxy's address, and SECURE_PROXY_SSL_HEADER, if there is one.",
    },
];

/// Whether links that set passwords go where a server prints.
fn prints_reset_links(config: &Config) -> bool {
    let is_printed = matches!(config.mail.backend, MailBackend::Console);
    is_printed && config.mode == Mode::Serve && config.password_reset.page.url().is_some()
}

/// Whether a header is sent, and so.
fn is_header(header: Option<&HeaderValue>, is_so: impl Fn(&str) -> bool) -> bool {
    header.and_then(|header| header.to_str().ok()).is_some_and(is_so)
}

/// Whether tokens are signed with the `SECRET_KEY`: whether it verifies one.
pub(crate) fn is_secret_key(config: &Config) -> bool {
    let key = VerifyingKey::new(config.secret_keys.current().expose());
    let verifier = Verifier::new(config.simple_jwt.algorithm, &key);
    let ring = verifier.and_then(|verifier| KeyRing::default().with_verifier(verifier));
    let token = config.token_keys.named.sign(b"{}");
    matches!((ring, token), (Ok(ring), Ok(token)) if ring.verify(&token, Timestamp::UNIX_EPOCH).is_ok())
}

/// Whether what signs tokens also verifies them.
fn shares_its_secret(config: &Config) -> bool {
    config.token_keys.ring.is_none() && config.simple_jwt.algorithm.is_symmetric()
}
