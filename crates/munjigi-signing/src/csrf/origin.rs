//! `urllib.parse.urlsplit` of Python 3.11, as far as an Origin and a Referer need it, and `is_same_domain` of
//! `django.utils.http`.
//!
//! Left out is Python's check for characters that become a delimiter under NFKC: none of Latin-1, as which a header is
//! read, does.

use std::{fmt, net::Ipv6Addr};

/// A URL in parts. Its `Display` is `geturl()` of one that has a scheme and a netloc.
pub(super) struct SplitUrl {
    /// In lower case; empty where there is none.
    pub(super) scheme: String,
    /// What stands between `//` and the path: user, host and port. Empty where there is none.
    pub(super) netloc: String,
    /// Path, query and fragment, without a `?` or `#` that nothing follows.
    rest: String,
}

impl SplitUrl {
    /// `urlsplit(url)`; `None` where Python raises `ValueError`.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let url = url
            .trim_start_matches(|c| c <= ' ')
            .replace(['\t', '\r', '\n'], "");
        let (scheme, url) = split_scheme(&url);
        let Some(url) = url.strip_prefix("//") else {
            return Some(Self {
                scheme,
                netloc: String::new(),
                rest: without_empty_parts(url),
            });
        };
        let (netloc, rest) = url.split_at_checked(url.find(['/', '?', '#']).unwrap_or(url.len()))?;
        has_sound_brackets(netloc).then(|| Self {
            scheme,
            netloc: netloc.to_owned(),
            rest: without_empty_parts(rest),
        })
    }
}

impl fmt::Display for SplitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.netloc, self.rest)
    }
}

/// `is_same_domain(host, pattern)` of Django 5.2 (`utils/http.py`): a pattern with a leading dot matches the domain and
/// all below it, any other itself alone. The pattern may have capitals, the host may not.
pub(super) fn is_same_domain(host: &str, pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix('.') {
        Some(apex) => host.ends_with(&pattern) || host == apex,
        None => host == pattern && !pattern.is_empty(),
    }
}

fn split_scheme(url: &str) -> (String, &str) {
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), url),
    }
}

fn without_empty_parts(rest: &str) -> String {
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut text = path.to_owned();
    for (mark, part) in [('?', query), ('#', fragment)] {
        if !part.is_empty() {
            text.push(mark);
            text.push_str(part);
        }
    }
    text
}

/// Brackets come as a pair, around an IPv6 address or what RFC 3986 calls `IPvFuture`.
fn has_sound_brackets(netloc: &str) -> bool {
    if !netloc.contains(['[', ']']) {
        return true;
    }
    let Some((_, after)) = netloc.split_once('[').filter(|_| netloc.contains(']')) else {
        return false;
    };
    let host = after.split_once(']').map_or(after, |(host, _)| host);
    match host.strip_prefix('v') {
        Some(future) => future.split_once('.').is_some_and(|(version, address)| {
            !version.is_empty() && version.bytes().all(|c| c.is_ascii_hexdigit()) && !address.is_empty()
        }),
        None => is_ipv6(host),
    }
}

/// `ipaddress.IPv6Address`, which allows a scope after `%`.
fn is_ipv6(host: &str) -> bool {
    let (address, scope) = host
        .split_once('%')
        .map_or((host, None), |(address, scope)| (address, Some(scope)));
    address.parse::<Ipv6Addr>().is_ok() && scope.is_none_or(|scope| !scope.is_empty() && !scope.contains('%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_as_python_does() {
        for (url, parts) in [
            (
                "https://host/path?#",
                Some(("https", "host", "https://host/path")),
            ),
            (
                "HTTPS://User@Host:1?q#f",
                Some(("https", "User@Host:1", "https://User@Host:1?q#f")),
            ),
            ("\u{0} ht\ttps://a\tb", Some(("https", "ab", "https://ab"))),
            ("https://a#b?c", Some(("https", "a", "https://a#b?c"))),
            ("1https://host", Some(("", "", "://1https://host"))),
            ("https:/host", Some(("https", "", "https:///host"))),
            ("//host", Some(("", "host", "://host"))),
            (
                "https://[::1%x]:8/",
                Some(("https", "[::1%x]:8", "https://[::1%x]:8/")),
            ),
            ("https://[v1f.x]", Some(("https", "[v1f.x]", "https://[v1f.x]"))),
            ("https://[::1", None),
            ("https://::1]", None),
            ("https://]::1[", None),
            ("https://[1.2.3.4]", None),
            ("https://[vz.x]", None),
            ("https://[::1%]", None),
        ] {
            let split = SplitUrl::parse(url);
            let got = split
                .as_ref()
                .map(|url| (url.scheme.as_str(), url.netloc.as_str(), url.to_string()));
            let expected = parts.map(|(scheme, netloc, text)| (scheme, netloc, text.to_owned()));
            assert_eq!(got, expected, "{url:?}");
        }
    }

    #[test]
    fn a_pattern_with_a_dot_takes_in_the_apex_and_no_other_name_that_ends_alike() {
        assert!(is_same_domain("wild.example", ".Wild.example"));
        assert!(is_same_domain("a.b.wild.example", ".wild.example"));
        assert!(!is_same_domain("evilwild.example", ".wild.example"));
        assert!(!is_same_domain("a.wild.example:8443", ".wild.example"));
        assert!(!is_same_domain("WILD.example", "wild.example"));
        assert!(!is_same_domain("", ""));
    }
}
