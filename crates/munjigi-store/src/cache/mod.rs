//! The cache of a Django beside us whose `SESSION_ENGINE` is `django.contrib.sessions.backends.cached_db` (Django 5.2):
//! it keeps a pickled copy of each row of `django_session` there and reads that first. We never read a copy; what we
//! change or delete in the table is deleted from the cache ([`crate::uncached`]), so that Django reads the row again.

mod redis;
mod url;

use std::sync::Arc;

pub(crate) use self::redis::SessionCache;
pub use self::url::CacheUrl;

/// `SESSION_ENGINE`: where a Django beside us looks for a session first.
#[derive(Clone, Debug)]
pub enum SessionEngine {
    /// In `django_session` alone: `django.contrib.sessions.backends.db`.
    Db,
    /// In its cache: `django.contrib.sessions.backends.cached_db`.
    CachedDb(Arc<CacheSettings>),
}

/// The entry of `CACHES` that `SESSION_CACHE_ALIAS` names.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// `LOCATION`: the server that writes go to.
    pub url: CacheUrl,
    /// `KEY_PREFIX`.
    pub key_prefix: String,
    /// `VERSION`.
    pub version: i64,
}

impl CacheSettings {
    /// Under which name the copy of a session stands: `default_key_func` of `core/cache/backends/base.py` and
    /// `KEY_PREFIX` of `contrib/sessions/backends/cached_db.py`. django-redis writes the same.
    pub fn key(&self, session_key: &str) -> String {
        let Self {
            key_prefix, version, ..
        } = self;
        format!("{key_prefix}:{version}:django.contrib.sessions.cached_db{session_key}")
    }
}
