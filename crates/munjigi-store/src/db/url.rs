//! `DATABASE_URL`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where the database is: `sqlite:PATH` or `postgres://user:password@host:port/name?sslmode=…`.
///
/// - `sqlite:munjigi.sqlite3` and `sqlite:///var/lib/munjigi.sqlite3` name a file; nothing in the path is escaped.
/// - After `postgres://` (or `postgresql://`) stands what libpq takes. `sslmode` is `disable`, `prefer` (the
///   default), `require`, `verify-ca` or `verify-full`, and `sslrootcert` a PEM file or `system`.
///
/// Printing it leaves the password out:
///
/// ```
/// use munjigi_store::DatabaseUrl;
///
/// let url: DatabaseUrl = "postgres://app:s3cret@db.internal/app?sslmode=verify-full".parse()?;
/// assert_eq!(url.to_string(), "postgres://app:***@db.internal/app?sslmode=verify-full");
/// assert!("mysql://db/app".parse::<DatabaseUrl>().is_err());
/// # Ok::<(), munjigi_store::Error>(())
/// ```
#[derive(Clone)]
pub struct DatabaseUrl {
    target: Target,
    shown: String,
}

#[derive(Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<PostgresTarget>),
}

/// A PostgreSQL server and how far its certificate is trusted.
#[derive(Clone)]
pub(super) struct PostgresTarget {
    pub(super) config: tokio_postgres::Config,
    pub(super) ssl_mode: SslMode,
    pub(super) root_cert: RootCert,
}

/// `sslmode`, as libpq means it (PostgreSQL 15, chapter 34.19.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS if the server has it; nothing is checked.
    Prefer,
    /// TLS, nothing is checked, unless there is an `sslrootcert`: then as [`SslMode::VerifyCa`].
    Require,
    /// TLS, and the certificate must come from an authority that is trusted.
    VerifyCa,
    /// TLS, and the certificate must also be for the host's name.
    VerifyFull,
}

/// `sslrootcert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RootCert {
    /// Not written. libpq looks for `~/.postgresql/root.crt` then; we trust what the system trusts.
    Unset,
    /// `system`.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// `application_name` where the URL has none.
pub(super) const APPLICATION_NAME: &str = "munjigi";

/// What the connections of [`DatabaseUrl::for_leaving`] have after their name.
pub(crate) const LEAVING: &str = " remove";

impl DatabaseUrl {
    /// The file, where it is SQLite.
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        match &self.target {
            Target::Sqlite(path) => Some(path),
            Target::Postgres(_) => None,
        }
    }

    /// The same database, by connections that PostgreSQL shows under the name of a server's with [`LEAVING`] after it, so
    /// that one can be told from the other.
    #[must_use]
    pub fn for_leaving(mut self) -> Self {
        if let Target::Postgres(target) = &mut self.target {
            let name = target.config.get_application_name().unwrap_or(APPLICATION_NAME);
            let name = format!("{name}{LEAVING}");
            target.config.application_name(name);
        }
        self
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" if rest.starts_with("//") => postgres(text),
            _ => Err(Error::InvalidUrl(
                "DATABASE_URL is neither `sqlite:PATH` nor `postgres://user:password@host/name`.".to_owned(),
            )),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// As `Display`: without the password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.shown).finish()
    }
}

fn sqlite(rest: &str) -> Result<DatabaseUrl> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let wrong = match path {
        "" => "names no file; write `sqlite:` and a path",
        ":memory:" => "names a database in memory, which ends with the process; write `sqlite:` and a path",
        _ if path.contains('?') => "has a `?` in it; options after the path of an SQLite file are not known",
        _ if path.contains('\0') => "has a NUL in it",
        _ => {
            return Ok(DatabaseUrl {
                target: Target::Sqlite(PathBuf::from(path)),
                shown: format!("sqlite:{path}"),
            });
        }
    };
    Err(Error::InvalidUrl(format!("DATABASE_URL {wrong}.")))
}

fn postgres(text: &str) -> Result<DatabaseUrl> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut ssl_mode, mut root_cert, mut kept) = (SslMode::Prefer, RootCert::Unset, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("sslmode", value) => ssl_mode = ssl_mode_of(value)?,
            ("sslrootcert", "system") => root_cert = RootCert::System,
            ("sslrootcert", path) => root_cert = RootCert::File(PathBuf::from(path)),
            ("password", _) => {
                return Err(Error::InvalidUrl(
                    "DATABASE_URL has the password after the `?`; write it before the host: \
                     `postgres://user:password@host/name`."
                        .to_owned(),
                ));
            }
            _ => kept.push(pair),
        }
    }
    // Any host can get a certificate of a public authority. libpq refuses this too, from version 16 on.
    if root_cert == RootCert::System && ![SslMode::Disable, SslMode::VerifyFull].contains(&ssl_mode) {
        return Err(Error::InvalidUrl(
            "DATABASE_URL has `sslrootcert=system`, which needs `sslmode=verify-full`.".to_owned(),
        ));
    }
    let plain = if kept.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", kept.join("&"))
    };
    let config = plain
        .parse()
        .map_err(|error| Error::InvalidUrl(format!("DATABASE_URL cannot be read: {}.", innermost(&error))))?;
    let target = PostgresTarget {
        config,
        ssl_mode,
        root_cert,
    };
    Ok(DatabaseUrl {
        target: Target::Postgres(Box::new(target)),
        shown: redacted(text),
    })
}

fn ssl_mode_of(value: &str) -> Result<SslMode> {
    Ok(match value {
        "disable" => SslMode::Disable,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => {
            return Err(Error::InvalidUrl(
                "The `sslmode` in DATABASE_URL is not one of disable, prefer, require, verify-ca and verify-full."
                    .to_owned(),
            ));
        }
    })
}

/// The URL with `***` for the password. What stands before the last `@` of the address is the user's name and
/// the password, even where somebody forgot to escape one in it.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('?').unwrap_or(rest.len());
    let (address, query) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match address
        .rsplit_once('@')
        .map(|(user, host)| (user.split_once(':'), host))
    {
        Some((Some((user, _)), host)) => format!("{scheme}://{user}:***@{host}{query}"),
        _ => url.to_owned(),
    }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<DatabaseUrl>().unwrap_err().to_string()
    }

    fn postgres_target(text: &str) -> PostgresTarget {
        let Target::Postgres(target) = text.parse::<DatabaseUrl>().unwrap().target else {
            panic!("{text}")
        };
        *target
    }

    #[test]
    fn a_path_stands_after_sqlite() {
        for (text, path) in [
            ("sqlite:munjigi.sqlite3", "munjigi.sqlite3"),
            ("sqlite:./data/문지기 1%20.sqlite3", "./data/문지기 1%20.sqlite3"),
            ("sqlite:/var/lib/m.sqlite3", "/var/lib/m.sqlite3"),
            ("sqlite:///var/lib/m.sqlite3", "/var/lib/m.sqlite3"),
            ("sqlite://m.sqlite3", "m.sqlite3"),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.sqlite_path(), Some(std::path::Path::new(path)), "{text}");
        }
    }

    #[test]
    fn what_names_no_database_is_refused_in_a_sentence() {
        for text in [
            "",
            "db.sqlite3",
            "mysql://h/d",
            "postgres:h",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?b=c",
        ] {
            assert!(
                error(text).starts_with("DATABASE_URL ") && error(text).ends_with('.'),
                "{}",
                error(text)
            );
        }
        assert!(error("postgres://h/d?sslmode=allow").contains("sslmode"));
        assert!(error("postgres://h/d?sslmode=require&sslrootcert=system").contains("verify-full"));
        assert!(error("postgres://h/d?password=x").contains("before the host"));
        assert!(error("postgres://h/d?nonsense=x").contains("nonsense"));
    }

    #[test]
    fn sslmode_is_libpqs() {
        let target = postgres_target("postgresql://u@h:5433/d?sslmode=require&application_name=m");
        assert_eq!(
            (target.ssl_mode, target.root_cert),
            (SslMode::Require, RootCert::Unset)
        );
        assert_eq!(target.config.get_application_name(), Some("m"));
        assert_eq!(target.config.get_ports(), [5433]);
        let target = postgres_target("postgres://h/d?sslrootcert=/etc/ca.pem&sslmode=verify-full");
        assert_eq!(target.root_cert, RootCert::File(PathBuf::from("/etc/ca.pem")));
        assert_eq!(postgres_target("postgres://h/d").ssl_mode, SslMode::Prefer);
    }

    #[test]
    fn no_password_is_ever_printed() {
        for text in [
            "postgres://u:s3cret@h/d",
            "postgresql://u:s3@cret@h:1/d?sslmode=disable",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("cret"), "{url}");
        }
    }
}
