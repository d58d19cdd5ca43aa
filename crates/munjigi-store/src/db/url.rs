//! `DATABASE_URL`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::{Error, Result};

/// Where the database is: `sqlite:PATH` or `postgres://user:password@host:port/name?sslmode=…`.
///
/// - `sqlite:munjigi.sqlite3` and `sqlite:///var/lib/munjigi.sqlite3` name a file; nothing in the path is escaped.
/// - After `postgres://` (or `postgresql://`) stands what libpq takes, several hosts and the folder of a socket too.
///   `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, `sslrootcert` a PEM file or
///   `system`, `sslcert` and `sslkey` PEM files of our own. libpq's environment and files (`PGSSLROOTCERT`, `PGPASSWORD`,
///   `~/.postgresql`, `~/.pgpass`) are not read: who reads the URL knows what holds.
/// - `connection_limit=8` is how many connections one process opens at most, 19 where it is not written and 4 at the least.
/// - `pgbouncer=true` says that a `PgBouncer` lends connections by the transaction. It is found out where it is not written.
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

/// See [`DatabaseUrl::place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a server.
    Postgres {
        /// The server's names, addresses, or the folders of its socket.
        hosts: Vec<String>,
        /// Its port.
        port: u16,
        /// The database's name.
        name: String,
    },
}

#[derive(Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<PostgresTarget>),
}

/// A PostgreSQL server and how far its certificate is trusted.
#[derive(Clone)]
pub(super) struct PostgresTarget {
    pub(super) config: Config,
    pub(super) ssl_mode: SslMode,
    pub(super) root_cert: RootCert,
    pub(super) client_cert: Option<ClientCert>,
    /// `connection_limit`.
    pub(super) connections: usize,
    /// `pgbouncer=true`.
    pub(super) is_pooled: bool,
}

/// `sslcert` and `sslkey`: PEM files by which the server knows us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientCert {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

/// A process keeps one connection to listen, two to read, and the rest for transactions.
pub(super) const FEWEST_CONNECTIONS: usize = 4;
const CONNECTIONS: usize = 19;

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

    /// Which database it is, however it is reached.
    pub fn place(&self) -> Place {
        match &self.target {
            Target::Sqlite(path) => Place::Sqlite(path.clone()),
            Target::Postgres(target) => {
                let config = &target.config;
                let host = |host: &Host| match host {
                    Host::Tcp(name) => name.clone(),
                    #[cfg(unix)]
                    Host::Unix(folder) => folder.display().to_string(),
                };
                Place::Postgres {
                    hosts: config.get_hosts().iter().map(host).collect(),
                    port: config.get_ports().first().copied().unwrap_or(5432),
                    // libpq's default is the user's name.
                    name: config
                        .get_dbname()
                        .or(config.get_user())
                        .unwrap_or_default()
                        .to_owned(),
                }
            }
        }
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
    let (mut ours, mut drivers) = (Ours::default(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8().map_err(|_| {
            Error::InvalidUrl(format!(
                "The `{name}` in DATABASE_URL is not UTF-8 after its %XX were read."
            ))
        })?;
        if !ours.take(name, &value)? {
            drivers.push(pair);
        }
    }
    let plain = if drivers.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", drivers.join("&"))
    };
    let config = plain
        .parse()
        .map_err(|error| Error::InvalidUrl(format!("DATABASE_URL cannot be read: {}.", innermost(&error))))?;
    Ok(DatabaseUrl {
        target: Target::Postgres(Box::new(ours.target(config)?)),
        shown: redacted(text),
    })
}

/// What stands after the `?` and is not read by the driver.
#[derive(Default)]
struct Ours {
    ssl_mode: Option<SslMode>,
    root_cert: Option<RootCert>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    connections: Option<usize>,
    is_pooled: bool,
}

impl Ours {
    /// Whether it is one of them.
    fn take(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "sslmode" => self.ssl_mode = Some(ssl_mode_of(value)?),
            "sslrootcert" if value == "system" => self.root_cert = Some(RootCert::System),
            "sslrootcert" => self.root_cert = Some(RootCert::File(PathBuf::from(value))),
            "sslcert" => self.cert = Some(PathBuf::from(value)),
            "sslkey" => self.key = Some(PathBuf::from(value)),
            "connection_limit" => self.connections = Some(connections_of(value)?),
            "pgbouncer" if value == "true" => self.is_pooled = true,
            "pgbouncer" => {
                return Err(Error::InvalidUrl(
                    "The `pgbouncer` in DATABASE_URL is not `true`; leave it out where there is none."
                        .to_owned(),
                ));
            }
            "password" => {
                return Err(Error::InvalidUrl(
                    "DATABASE_URL has the password after the `?`; write it before the host: \
                     `postgres://user:password@host/name`."
                        .to_owned(),
                ));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn target(self, config: Config) -> Result<PostgresTarget> {
        let ssl_mode = self.ssl_mode.unwrap_or(SslMode::Prefer);
        let root_cert = self.root_cert.unwrap_or(RootCert::Unset);
        // Any host can get a certificate of a public authority. libpq refuses this too, from version 16 on.
        if root_cert == RootCert::System && ![SslMode::Disable, SslMode::VerifyFull].contains(&ssl_mode) {
            return Err(Error::InvalidUrl(
                "DATABASE_URL has `sslrootcert=system`, which needs `sslmode=verify-full`.".to_owned(),
            ));
        }
        let client_cert = match (self.cert, self.key) {
            (Some(chain), Some(key)) => Some(ClientCert { chain, key }),
            (None, None) => None,
            _ => {
                return Err(Error::InvalidUrl(
                    "DATABASE_URL has one of `sslcert` and `sslkey`; write both, or neither.".to_owned(),
                ));
            }
        };
        Ok(PostgresTarget {
            // As libpq has it, for a server takes no TLS over a socket of its own machine.
            ssl_mode: if is_on_this_machine(&config) {
                SslMode::Disable
            } else {
                ssl_mode
            },
            config,
            root_cert,
            client_cert,
            connections: self.connections.unwrap_or(CONNECTIONS),
            is_pooled: self.is_pooled,
        })
    }
}

#[cfg(unix)]
fn is_on_this_machine(config: &Config) -> bool {
    let hosts = config.get_hosts();
    !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)))
}

#[cfg(not(unix))]
fn is_on_this_machine(_: &Config) -> bool {
    false
}

fn connections_of(value: &str) -> Result<usize> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (FEWEST_CONNECTIONS..=1000).contains(number));
    number.ok_or_else(|| {
        Error::InvalidUrl(format!(
            "The `connection_limit` in DATABASE_URL is not a number from {FEWEST_CONNECTIONS} to 1000."
        ))
    })
}

fn ssl_mode_of(value: &str) -> Result<SslMode> {
    Ok(match value {
        "disable" => SslMode::Disable,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        "allow" => {
            return Err(Error::InvalidUrl(
                "DATABASE_URL has `sslmode=allow`, which speaks without TLS wherever it may; write `prefer`, or \
                 `verify-full` for one that can be relied on."
                    .to_owned(),
            ));
        }
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
        assert!(error("postgres://h/d?sslmode=allow").contains("write `prefer`"));
        assert!(error("postgres://h/d?sslmode=full").contains("sslmode"));
        assert!(error("postgres://h/d?sslcert=/c.pem").contains("sslkey"));
        assert!(error("postgres://h/d?sslkey=%FF").contains("UTF-8"));
        assert!(error("postgres://h/d?pgbouncer=1").contains("leave it out"));
        assert!(error("postgres://h/d?connection_limit=3").contains("from 4 to 1000"));
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
    fn several_hosts_and_sockets_are_written_as_for_libpq() {
        let target = postgres_target("postgres://u@a:1,b:2/d?target_session_attrs=read-write");
        assert_eq!(
            (target.config.get_hosts().len(), target.config.get_ports()),
            (2, &[1, 2][..])
        );
        for text in [
            "postgres:///d?host=/var/run/postgresql&user=u",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/d?sslmode=require",
        ] {
            let target = postgres_target(text);
            assert_eq!(
                target.config.get_hosts(),
                [Host::Unix("/var/run/postgresql".into())]
            );
            assert_eq!(target.ssl_mode, SslMode::Disable, "{text}");
        }
    }

    #[test]
    fn what_is_ours_stands_beside_what_is_libpqs() {
        let target = postgres_target(
            "postgres://u@h/d?sslcert=/a%20b.pem&sslkey=/k.pem&connection_limit=8&pgbouncer=true&channel_binding=require",
        );
        let cert = ClientCert {
            chain: "/a b.pem".into(),
            key: "/k.pem".into(),
        };
        assert_eq!(target.client_cert, Some(cert));
        assert_eq!((target.connections, target.is_pooled), (8, true));
        let target = postgres_target("postgres://u@h/d");
        assert_eq!((target.connections, target.is_pooled), (19, false));
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
