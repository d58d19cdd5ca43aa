//! `DATABASE_URL`: what settings.py has in `DATABASES`.

use super::kind::{FromText, OrNone};
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, Mode};
use munjigi_store::DatabaseUrl;

pub(super) const DATABASE_URL: Setting<Option<Url>> = Setting::ours(
    "DATABASE_URL",
    "\"\"",
    "The database: `sqlite:/var/lib/munjigi/munjigi.sqlite3` or `postgres://user:password@host:5432/name`. \
     After a `?` stands what libpq takes (`sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `channel_binding`, `options`, \
     `target_session_attrs`), `connection_limit` (how many connections one process opens, 19) and `pgbouncer=true` \
     (a pooler lends them by the transaction; found out where it is not written).",
)
.secret()
.unwritten("`munjigi dev` takes munjigi.sqlite3 in its data directory; `munjigi serve` wants it written");

pub(super) const SECTION: Section = Section {
    title: "Database",
    upstream: "munjigi",
    intro: "Django's DATABASES as one URL.",
    settings: &[&DATABASE_URL.about],
};

/// Reads `DATABASE_URL`.
pub(super) fn resolve(settings: Settings<'_>) -> Result<DatabaseUrl, Error> {
    settings.read(&DATABASE_URL)?.map(|url| url.url).ok_or(Error::Missing {
        name: DATABASE_URL.about.name,
        hint: match settings.mode {
            Mode::Dev => "`munjigi dev` keeps one in its data directory.",
            Mode::Serve => {
                "Write MUNJIGI_DATABASE_URL=postgres://user:password@host/name, or sqlite:/var/lib/munjigi/munjigi.sqlite3."
            }
        },
    })
}

/// A URL that the store can open.
pub(super) struct Url {
    url: DatabaseUrl,
    text: String,
}

impl PartialEq for Url {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl FromText for Url {
    const WANTED: &'static str = "a URL such as \"postgres://user:password@host/name\"";
    const WANTED_LIST: &'static str = "a list of URLs";

    fn from_text(text: &str) -> Result<Self, String> {
        let url = text.parse().map_err(|error| format!("cannot be used. {error}"))?;
        Ok(Self {
            url,
            text: text.to_owned(),
        })
    }
}

impl OrNone for Url {
    const WANTED_OR_NONE: &'static str = "a URL such as \"postgres://user:password@host/name\"";
}
