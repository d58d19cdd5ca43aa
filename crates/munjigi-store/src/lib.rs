//! The database: Django's tables and munjigi's own, on SQLite and on PostgreSQL.
//!
//! This is the one crate that names a driver. Each statement is written once; what differs between the two
//! databases (types, moments, locks, the words of an error) is known in `db` alone. Above it stand plain modules of
//! functions, one for each table, with Django's names for columns and moments as arguments.
//!
//! ```
//! use munjigi_store::{
//!     DatabaseUrl, Foreign, Missing, Options, Reading, SessionEngine, Store, TokenBlacklist, UserModel, migrate, users,
//! };
//!
//! # let dir = std::env::temp_dir().join(format!("munjigi-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let url: DatabaseUrl = format!("sqlite:{}", dir.join("munjigi.sqlite3").display()).parse()?;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let options = Options {
//!     missing: Missing::Create,
//!     foreign: Foreign::Refuse,
//!     token_blacklist: TokenBlacklist::Kept,
//!     sessions: SessionEngine::Db,
//! };
//! let store = Store::open(&url, UserModel::user_user(), options).await?;
//! migrate::apply(&store, "2026-11-21T01:02:03Z".parse()?).await?;
//!
//! assert_eq!(users::count(&mut store.reader()).await?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod db;
pub mod emails;
pub mod ended;
mod error;
pub mod grants;
pub mod lineage;
pub mod memberships;
pub mod migrate;
mod model;
pub mod permissions;
pub mod records;
pub mod sessions;
pub mod token_blacklist;
pub mod uncached;
pub mod upkeep;
pub mod users;

pub use cache::{CacheSettings, CacheUrl, SessionEngine};
pub use db::{
    BoxFuture, Conn, DatabaseUrl, Endings, Foreign, Metrics, Missing, Options, Place, Reading, Rehearsal,
    Store, TokenBlacklist, Tx, Work,
};
pub use error::{Cause, Error, Result};
pub use model::{
    Columns, ExtraField, FieldKind, FieldValue, Fill, FilledColumn, FilledKind, NameLengths, UserModel,
};
