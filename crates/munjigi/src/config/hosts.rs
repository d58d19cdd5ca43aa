//! Who this server is called, and whose word on host, scheme and client address is taken.

use http::HeaderName;
use ipnet::IpNet;

/// `ALLOWED_HOSTS`, `USE_X_FORWARDED_HOST`, `SECURE_PROXY_SSL_HEADER` and ours, `TRUSTED_PROXIES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// `ALLOWED_HOSTS`, lower case: `example.com`, `.example.com` with its subdomains, or `*`.
    pub allowed: Vec<String>,
    /// `USE_X_FORWARDED_HOST`, default false.
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
