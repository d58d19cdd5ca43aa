//! `LOCATION` of a Redis cache, as redis-py's `ConnectionPool.from_url` reads it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

use crate::error::{Error, Result};

/// A Redis or Valkey server: `redis://user:password@host:port/db`, `rediss://…` for TLS, or
/// `unix:///path/to/socket?db=0`.
///
/// After the `?` may stand `db`, `username` and `password`. Printing it leaves the password out:
///
/// ```
/// use munjigi_store::CacheUrl;
///
/// let url: CacheUrl = "rediss://:s3cret@cache.internal:6380/1".parse()?;
/// assert_eq!(url.to_string(), "rediss://***@cache.internal:6380/1");
/// assert!("memcached://cache".parse::<CacheUrl>().is_err());
/// # Ok::<(), munjigi_store::Error>(())
/// ```
#[derive(Clone)]
pub struct CacheUrl {
    pub(super) server: ConnectionInfo,
    /// `ssl_ca_certs`: the authorities that are believed in the place of the system's.
    pub(super) authorities: Option<PathBuf>,
    shown: String,
}

impl FromStr for CacheUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        const WANTED: &str = "Write `redis://user:password@host:6379/0`, `rediss://…` for TLS, or \
                              `unix:///path/to/socket?db=0`.";
        let wrong = |what: &str| Error::InvalidCacheUrl(format!("The cache's LOCATION {what}. {WANTED}"));
        let mut url = redis::parse_redis_url(text).ok_or_else(|| wrong("is no URL of a Redis server"))?;
        if !matches!(url.scheme(), "redis" | "rediss" | "unix") {
            return Err(wrong("is no URL of a Redis server"));
        }
        if url.fragment().is_some() {
            return Err(wrong("has a `#` in it; in a password it is written %23"));
        }
        let shown = shown(&url);
        let options: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.set_query(None);
        let server = url
            .clone()
            .into_connection_info()
            .map_err(|error| wrong(&format!("cannot be used: {error}")))?;
        let is_tls = url.scheme() == "rediss";
        let (mut login, mut authorities) = (server.redis_settings().clone(), None);
        for (name, value) in &options {
            match name.as_str() {
                "ssl_ca_certs" if is_tls => authorities = Some(PathBuf::from(value)),
                // The default of both.
                "ssl_cert_reqs" if is_tls && value == "required" => {}
                _ => login = option(login, name, value).map_err(|what| wrong(&what))?,
            }
        }
        Ok(Self {
            server: server.set_redis_settings(login),
            authorities,
            shown,
        })
    }
}

impl CacheUrl {
    /// Which server and which of its databases, without a word of how one signs in there: `cache.internal:6380` and 1.
    pub fn place(&self) -> (String, i64) {
        (self.server.addr().to_string(), self.server.redis_settings().db())
    }
}

fn option(login: RedisConnectionInfo, name: &str, value: &str) -> Result<RedisConnectionInfo, String> {
    match name {
        "db" => value
            .parse()
            .map(|db| login.set_db(db))
            .map_err(|_| "has no number after `db=`".to_owned()),
        "username" => Ok(login.set_username(value)),
        "password" => Ok(login.set_password(value)),
        _ => Err(format!(
            "has `{name}` after the `?`, and `db`, `username` and `password` are known there, with `rediss` also \
             `ssl_ca_certs`, a file"
        )),
    }
}

/// Without what may be a password, and without what comes after the `?`.
fn shown(url: &impl fmt::Display) -> String {
    let text = url.to_string();
    let text = text.split('?').next().unwrap_or_default();
    match text.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://***@{host}"),
            None => format!("{scheme}://{rest}"),
        },
        None => text.to_owned(),
    }
}

impl fmt::Display for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// As `Display`: without the password.
impl fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CacheUrl").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use redis::ConnectionAddr;
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> (String, i64, Option<String>, Option<String>) {
        let server = text.parse::<CacheUrl>().unwrap().server;
        let login = server.redis_settings();
        (
            server.addr().to_string(),
            login.db(),
            login.username().map(str::to_owned),
            login.password().map(str::to_owned),
        )
    }

    #[test]
    fn an_address_is_read_as_redis_py_reads_it() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("redis://cache"), ("cache:6379".to_owned(), 0, None, None));
        assert_eq!(
            read("redis://:p%40ss@[::1]:7000/3"),
            ("::1:7000".to_owned(), 3, None, some("p@ss"))
        );
        assert_eq!(
            read("redis://app:pw@10.0.0.1/3?db=5"),
            ("10.0.0.1:6379".to_owned(), 5, some("app"), some("pw"))
        );
        assert_eq!(
            read("unix:///run/redis.sock?db=2&password=p%40ss"),
            ("/run/redis.sock".to_owned(), 2, None, some("p@ss"))
        );
        assert_eq!(
            read("unix:///run/redis.sock?username=app&password=pw"),
            ("/run/redis.sock".to_owned(), 0, some("app"), some("pw"))
        );
        let tls = "rediss://cache:6380".parse::<CacheUrl>().unwrap().server;
        assert!(matches!(
            tls.addr(),
            ConnectionAddr::TcpTls { insecure: false, .. }
        ));
        let own = "rediss://cache:6380/1?ssl_ca_certs=%2Fetc%2Fssl%2Fcache.pem&ssl_cert_reqs=required";
        let own = own.parse::<CacheUrl>().unwrap();
        assert_eq!(own.authorities.as_deref(), Some(Path::new("/etc/ssl/cache.pem")));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_the_password() {
        for text in [
            "",
            "cache:6379",
            "memcached://cache",
            "valkey://cache",
            "redis://:s3cret@",
            "redis://:s3cret@cache/db",
            "redis://:s3cret@cache?db=x",
            "rediss://:s3cret@cache?ssl_cert_reqs=none",
            "redis://:s3cret@cache?ssl_ca_certs=/etc/ssl/cache.pem",
            "rediss://:s3cret@cache?ssl_certfile=/etc/ssl/me.pem",
            "rediss://:s3cret@cache#insecure",
        ] {
            let error = text.parse::<CacheUrl>().unwrap_err();
            assert_eq!(error.code(), "invalid_cache_url", "{text}");
            let said = error.to_string();
            assert!(!said.contains("s3cret") && said.ends_with("?db=0`."), "{said}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (text, shown) in [
            ("redis://:s3cret@cache/1", "redis://***@cache/1"),
            ("unix:///run/redis.sock?password=s3cret", "unix:///run/redis.sock"),
            ("redis://cache:6379", "redis://cache:6379"),
        ] {
            assert_eq!(text.parse::<CacheUrl>().unwrap().to_string(), shown);
        }
    }
}
