//! `SessionAuthentication` of Django REST framework 3.18 (`authentication.py`), and before it Django's
//! `SessionMiddleware` and `get_user` (`contrib/auth/__init__.py`, 5.2), over rows that Django or munjigi wrote.
//!
//! Nothing is written. Where Django ends a session whose password has changed, or gives a new key to one that was signed by a
//! key of `SECRET_KEY_FALLBACKS`, the row here stays as it is: the first counts as no session, the second as a good one.

use crate::{BaseAuthentication, BoxFuture, Csrf, Error, Found, cookies};
use http::HeaderValue;
use http::request::Parts;
use jiff::Timestamp;
use munjigi_sessions::{
    AuthHashMatch, BACKEND, MUNJIGI_SID, SessionAuthHasher, SessionCodec, SessionData, SessionKey,
};
use munjigi_signing::SecretKeys;
use munjigi_tokens::{Revocations, SourceError, UserSource};
use munjigi_user::AuthUser;
use std::future::Future;

/// Where the rows of `django_session` are.
pub trait SessionSource: Send + Sync + 'static {
    /// The row with this key, expired or not.
    ///
    /// # Errors
    /// [`SourceError`] where it cannot be known now.
    fn session(
        &self,
        key: &SessionKey,
    ) -> impl Future<Output = Result<Option<SessionRow>, SourceError>> + Send;
}

/// A row of `django_session`, without its key.
#[derive(Clone)]
pub struct SessionRow {
    /// The column `session_data`.
    pub session_data: String,
    /// The column `expire_date`.
    pub expire_date: Timestamp,
}

/// Takes the session in Django's cookie. It has no challenge: where it is the first class, nobody is 403.
pub struct SessionAuthentication<S, R> {
    codec: SessionCodec,
    hasher: SessionAuthHasher,
    users: S,
    rows: R,
    csrf: Csrf,
    cookie_name: String,
    revocations: Option<Box<dyn Revocations>>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl<S: UserSource, R: SessionSource> SessionAuthentication<S, R> {
    /// `keys` are Django's `SECRET_KEY` and `SECRET_KEY_FALLBACKS`. A user's [`password`](AuthUser::password) must be
    /// Django's column, which a session is bound to.
    pub fn new(keys: &SecretKeys, users: S, rows: R, csrf: Csrf) -> Self {
        Self {
            codec: SessionCodec::new(keys),
            hasher: SessionAuthHasher::new(keys),
            users,
            rows,
            csrf,
            cookie_name: "sessionid".to_owned(),
            revocations: None,
            clock: Box::new(system_clock),
        }
    }

    /// `SESSION_COOKIE_NAME`, where it is another than `sessionid`.
    #[must_use]
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        Self {
            cookie_name: name.into(),
            ..self
        }
    }

    /// Refuses a session whose sign-in has ended, where munjigi opened it.
    #[must_use]
    pub fn revocations(self, revocations: impl Revocations) -> Self {
        Self {
            revocations: Some(Box::new(revocations)),
            ..self
        }
    }

    /// With another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(clock),
            ..self
        }
    }

    /// `get_user`.
    async fn user(&self, key: &SessionKey) -> Result<Option<S::User>, Error> {
        let row = self.rows.session(key).await?;
        let Some(row) = row.filter(|row| row.expire_date > (self.clock)()) else {
            return Ok(None);
        };
        let data = self.codec.decode(&row.session_data).data;
        let (Some(id), Some(BACKEND)) = (data.auth_user_id(), data.auth_backend().as_deref()) else {
            return Ok(None);
        };
        if self.is_revoked(&data)? {
            return Ok(None);
        }
        let user = self.users.user("id", &id).await?;
        Ok(user.filter(|user| {
            user.is_active() && self.hasher.verify(&data, user.password()) != AuthHashMatch::No
        }))
    }

    fn is_revoked(&self, data: &SessionData) -> Result<bool, SourceError> {
        match (&self.revocations, data.text(MUNJIGI_SID)) {
            (Some(revocations), Some(sid)) => revocations.is_revoked(Some(&sid), None),
            _ => Ok(false),
        }
    }
}

impl<S: UserSource, R: SessionSource> BaseAuthentication<S::User> for SessionAuthentication<S, R> {
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Found<S::User>, Error>> {
        Box::pin(async move {
            let key = cookies::read(&parts.headers, &self.cookie_name).and_then(SessionKey::parse);
            let Some(key) = key else {
                return Ok(Found::Nobody);
            };
            match self.user(&key).await? {
                Some(user) => self.csrf.enforce(parts).map(|()| Found::User(user)),
                None => Ok(Found::Nobody),
            }
        })
    }

    fn authenticate_header(&self) -> Option<HeaderValue> {
        None
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "who brings no clock of his own means the system's"
)]
fn system_clock() -> Timestamp {
    Timestamp::now()
}
