//! Who this server is called, and whose word on host, scheme and client address is taken.

use super::kind::{FromText, Kind, Wrong};
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, Mode};
use http::{HeaderName, Uri};
use ipnet::IpNet;
use std::net::IpAddr;
use toml::Value;

/// `ALLOWED_HOSTS`, `USE_X_FORWARDED_HOST`, `SECURE_PROXY_SSL_HEADER` and ours, `TRUSTED_PROXIES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// `ALLOWED_HOSTS`, lower case: `example.com`, `.example.com` with its subdomains, or `*`.
    pub allowed: Vec<String>,
    /// `USE_X_FORWARDED_HOST`, default false. Believed from [`HostSettings::trusted_proxies`] only.
    pub use_x_forwarded_host: bool,
    /// `SECURE_PROXY_SSL_HEADER`, default none. Believed from [`HostSettings::trusted_proxies`] only.
    pub proxy_ssl_header: Option<ProxySslHeader>,
    /// `TRUSTED_PROXIES`: the networks whose forwarding headers are believed. Empty: nobody's.
    pub trusted_proxies: Vec<IpNet>,
}

/// `SECURE_PROXY_SSL_HEADER = ["HTTP_X_FORWARDED_PROTO", "https"]`: the request came by HTTPS where this header
/// has this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySslHeader {
    /// The header's name on the wire: `x-forwarded-proto`.
    pub name: HeaderName,
    /// The value that means HTTPS.
    pub value: String,
}

pub(super) const ALLOWED_HOSTS: Setting<Vec<HostPattern>> = Setting::upstream(
    "ALLOWED_HOSTS",
    "[]",
    "The names that this server answers to: `example.com`, `.example.com` with all its subdomains, or `*` for any. \
     `munjigi serve` wants at least one.",
)
.under_dev("[\".localhost\", \"127.0.0.1\", \"[::1]\"]");
const USE_X_FORWARDED_HOST: Setting<bool> = Setting::upstream(
    "USE_X_FORWARDED_HOST",
    "false",
    "Whether X-Forwarded-Host names the host. Believed from TRUSTED_PROXIES only.",
);
const SECURE_PROXY_SSL_HEADER: Setting<SslHeader> = Setting::upstream(
    "SECURE_PROXY_SSL_HEADER",
    "[]",
    "The header, and its value, by which a proxy says that the request came over HTTPS: \
     `[\"HTTP_X_FORWARDED_PROTO\", \"https\"]`. Believed from TRUSTED_PROXIES only.",
);
const TRUSTED_PROXIES: Setting<Vec<Network>> = Setting::ours(
    "TRUSTED_PROXIES",
    "[]",
    "The addresses or networks of the proxies in front of this server: `[\"127.0.0.1\", \"10.0.0.0/8\"]`. What \
     they say of host, scheme and client address is believed, and what anybody else says is not.",
);

pub(super) const SECTION: Section = Section {
    title: "Hosts and proxies",
    upstream: "Django 5.2",
    intro: "Unlike Django, the forwarding headers are believed from TRUSTED_PROXIES only.",
    settings: &[
        &ALLOWED_HOSTS.about,
        &USE_X_FORWARDED_HOST.about,
        &SECURE_PROXY_SSL_HEADER.about,
        &TRUSTED_PROXIES.about,
    ],
};

impl HostSettings {
    /// Whether the forwarding headers of this peer are believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }

    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let hosts = Self {
            allowed: settings
                .read(&ALLOWED_HOSTS)?
                .into_iter()
                .map(|pattern| pattern.0)
                .collect(),
            use_x_forwarded_host: settings.read(&USE_X_FORWARDED_HOST)?,
            proxy_ssl_header: settings.read(&SECURE_PROXY_SSL_HEADER)?.0,
            trusted_proxies: settings
                .read(&TRUSTED_PROXIES)?
                .into_iter()
                .map(|network| network.0)
                .collect(),
        };
        if hosts.trusted_proxies.is_empty() {
            let header = hosts.proxy_ssl_header.as_ref().map(|_| "SECURE_PROXY_SSL_HEADER");
            if let Some(name) = header.or(hosts.use_x_forwarded_host.then_some("USE_X_FORWARDED_HOST")) {
                return Err(Error::Contradiction(format!(
                    "{name} is set and TRUSTED_PROXIES is empty, so that nobody's header would be believed. Write \
                     the proxy's address, such as TRUSTED_PROXIES = [\"127.0.0.1\"]."
                )));
            }
        }
        Ok(hosts)
    }

    /// Whether the server has a name to answer to, which production wants.
    pub(super) fn check_ready(&self, mode: Mode) -> Result<(), Error> {
        if mode == Mode::Serve && self.allowed.is_empty() {
            let hint = "Write the names that clients use, such as ALLOWED_HOSTS = [\"auth.example.com\"].";
            return Err(Error::Missing {
                name: ALLOWED_HOSTS.about.name,
                hint,
            });
        }
        Ok(())
    }
}

/// An entry of `ALLOWED_HOSTS`.
#[derive(PartialEq)]
pub(super) struct HostPattern(String);

impl FromText for HostPattern {
    const WANTED: &'static str = "the name of a host";
    const WANTED_LIST: &'static str = "a list of host names, such as [\"auth.example.com\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_v6 = text.starts_with('[') && text.ends_with(']');
        let has_port = !is_v6 && text.contains(':');
        let is_bare = !text
            .bytes()
            .any(|byte| byte.is_ascii_whitespace() || b"/@?#".contains(&byte));
        if text.is_empty() || has_port || !is_bare || (text.contains('*') && text != "*") {
            return Err(format!(
                "names \"{text}\". Write a host without scheme and port, such as \"auth.example.com\", \
                 \".example.com\" for all its subdomains, \"[::1]\", or \"*\"."
            ));
        }
        Ok(Self(text.to_lowercase()))
    }
}

/// An entry of `TRUSTED_PROXIES`: an address, or a network.
#[derive(PartialEq)]
struct Network(IpNet);

impl FromText for Network {
    const WANTED: &'static str = "an address or a network";
    const WANTED_LIST: &'static str =
        "a list of addresses or networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let network = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| {
            format!(
                "names \"{text}\", which is no address. Write \"10.1.2.3\", \"10.0.0.0/8\" or \"fd00::/8\"."
            )
        })
    }
}

/// A header as `request.META` spells it: `HTTP_X_FORWARDED_PROTO`.
#[derive(PartialEq)]
pub(super) struct MetaName(pub(super) String);

impl MetaName {
    pub(super) fn on_the_wire(&self) -> Option<HeaderName> {
        let name = self.0.strip_prefix("HTTP_")?.replace('_', "-");
        HeaderName::from_bytes(name.as_bytes()).ok()
    }
}

impl FromText for MetaName {
    const WANTED: &'static str = "the name of a header such as \"HTTP_X_CSRFTOKEN\"";
    const WANTED_LIST: &'static str = "a list of header names";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_meta = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let name = Self(text.to_owned());
        if !text.bytes().all(is_meta) || name.on_the_wire().is_none() {
            return Err(format!(
                "names the header \"{text}\". Write it as Django's request.META does: X-My-Header is \
                 \"HTTP_X_MY_HEADER\"."
            ));
        }
        Ok(name)
    }
}

/// The pair of `SECURE_PROXY_SSL_HEADER`; the empty list is None.
#[derive(PartialEq)]
struct SslHeader(Option<ProxySslHeader>);

impl Kind for SslHeader {
    const WANTED: &'static str =
        "a header and its value, such as [\"HTTP_X_FORWARDED_PROTO\", \"https\"], or [] for none";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let pair = Vec::<String>::read(value)?;
        match pair.as_slice() {
            [] => Ok(Self(None)),
            [name, value] => {
                let name = MetaName::from_text(name)
                    .map_err(Wrong::Value)?
                    .on_the_wire()
                    .ok_or(Wrong::Type)?;
                Ok(Self(Some(ProxySslHeader {
                    name,
                    value: value.clone(),
                })))
            }
            _ => Err(Wrong::Value(format!("wants {}.", Self::WANTED))),
        }
    }
}

/// An origin with its scheme: `https://app.example.com`, `https://*.example.com`.
#[derive(PartialEq)]
pub(super) struct Origin(pub(super) String);

impl FromText for Origin {
    const WANTED: &'static str = "an origin such as \"https://app.example.com\"";
    const WANTED_LIST: &'static str = "a list of origins, such as [\"https://app.example.com\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let complaint = || {
            format!(
                "names \"{text}\", which is no origin. Write scheme and host alone: \"https://app.example.com\"."
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(complaint)?;
        // A star stands for one label or more at the front, and nowhere else.
        let host = rest.strip_prefix("*.").unwrap_or(rest);
        let uri: Uri = format!("{scheme}://{host}").parse().map_err(|_| complaint())?;
        let is_origin = uri
            .host()
            .is_some_and(|host| !host.is_empty() && !host.contains('*'))
            && uri
                .authority()
                .is_some_and(|authority| authority.as_str() == host && !host.contains('@'));
        if is_origin {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(complaint())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_without_scheme_and_port() {
        for text in ["example.com", ".example.com", "*", "127.0.0.1", "[::1]"] {
            assert!(HostPattern::from_text(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "https://example.com",
            "example.com:8000",
            "*.example.com",
            "example.com/x",
            "a b",
            "::1",
        ] {
            assert!(HostPattern::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        for text in [
            "https://a.example",
            "http://localhost:3000",
            "https://*.a.example",
            "http://[::1]:80",
        ] {
            assert!(Origin::from_text(text).is_ok(), "{text}");
        }
        let wrong = [
            "a.example",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://u@a",
            "null",
            "*",
            "https://*",
            "https://a.*.b",
        ];
        for text in wrong {
            assert!(Origin::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_header_is_named_as_request_meta_names_it() {
        assert_eq!(
            MetaName::from_text("HTTP_X_FORWARDED_PROTO")
                .unwrap()
                .on_the_wire()
                .unwrap(),
            "x-forwarded-proto"
        );
        for text in ["X-Forwarded-Proto", "HTTP_", "HTTP_x", "CONTENT_TYPE"] {
            assert!(MetaName::from_text(text).is_err(), "{text}");
        }
    }
}
