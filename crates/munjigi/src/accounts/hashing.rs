//! The hashing pool, awaited. A password is never hashed on a thread that serves requests.

use super::error::{Error, Result};
use crate::app::App;
use munjigi_passwords::pool::Answer;
use munjigi_passwords::{Check, Password};
use tokio::sync::oneshot;

/// Whether the password is the one that was stored. Without a stored hash (there is no such user) a hash is run
/// all the same, so that the time tells nothing.
///
/// # Errors
/// [`Error::Busy`] where the pool's queue is full; nothing was hashed.
pub(super) async fn check_password(app: &App, password: Password, encoded: Option<String>) -> Result<Check> {
    let (done, checked) = oneshot::channel();
    app.pool()
        .check_password(password, encoded, Waiting(done))
        .map_err(|_| Error::Busy)?;
    checked.await.map_err(|_| Error::Busy)
}

/// The password in the form that it is stored in.
///
/// # Errors
/// [`Error::Busy`] where the pool's queue is full, [`Error::Password`] where the hasher cannot take this password.
pub(super) async fn make_password(app: &App, password: Password) -> Result<String> {
    let (done, made) = oneshot::channel();
    app.pool()
        .make_password(password, &mut app.entropy(), Waiting(done))
        .map_err(|_| Error::Busy)?;
    Ok(made.await.map_err(|_| Error::Busy)??)
}

/// A request that waits for its hash. One that has gone is not hashed for.
struct Waiting<T>(oneshot::Sender<T>);

impl<T: Send + 'static> Answer<T> for Waiting<T> {
    fn is_wanted(&self) -> bool {
        !self.0.is_closed()
    }

    fn deliver(self: Box<Self>, result: T) {
        // Nobody waits any more: nothing to do.
        drop(self.0.send(result));
    }
}
