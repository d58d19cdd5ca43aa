//! The hashing pool, awaited. A password is never hashed on a thread that serves requests.
//!
//! Whoever awaits may stop at any time, as when the request's own deadline comes (`REQUEST_TIMEOUT`) or its client goes:
//! the pool learns of it at its next slice and hashes no further.

use super::Client;
use super::error::{Error, Result};
use crate::app::App;
use munjigi_passwords::pool::{Answer, Asker, QueueFull};
use munjigi_passwords::{Check, Password};
use rand_core::CryptoRng;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// Whether the password is the one that was stored. Without a stored hash (there is no such user) a hash is run
/// all the same, so that the time tells nothing.
///
/// # Errors
/// [`Error::Busy`] where it would not be done in time; nothing was hashed for it.
pub(super) async fn check_password(
    app: &App,
    asker: Asker,
    password: Password,
    encoded: Option<String>,
) -> Result<Check> {
    let (done, checked) = oneshot::channel();
    let taken = app.pool().check_password(asker, password, encoded, Waiting(done));
    if let Err(full) = taken {
        return Err(held(full, app.entropy()).await);
    }
    match checked.await {
        Ok(check) => Ok(check),
        Err(_) => Err(held(PUT_OUT, app.entropy()).await),
    }
}

/// The password in the form that it is stored in.
///
/// # Errors
/// [`Error::Busy`] where it would not be done in time, [`Error::Password`] where the hasher cannot take this password.
pub(super) async fn make_password(app: &App, asker: Asker, password: Password) -> Result<String> {
    let (done, made) = oneshot::channel();
    let taken = app
        .pool()
        .make_password(asker, password, &mut app.entropy(), Waiting(done));
    if let Err(full) = taken {
        return Err(held(full, app.entropy()).await);
    }
    match made.await {
        Ok(made) => Ok(made?),
        Err(_) => Err(held(PUT_OUT, app.entropy()).await),
    }
}

/// Whose turn it is, for the pool: a network has one, whatever it asks for. Who has no address is the machine itself.
pub(super) fn asker(client: &Client) -> Asker {
    client.network().map_or_else(Asker::default, |network| {
        Asker::from(match network {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        })
    })
}

/// How long a refusal is held back at least, and up to twice that by chance. The threads that answer go before those that
/// hash: some clients who came again at once, whatever `Retry-After` says, would have the processor answer refusals and hash
/// for nobody. Those who were refused at one moment come again at different ones.
const HELD: Duration = Duration::from_millis(20);

/// The pool had taken the job and did not do it.
const PUT_OUT: QueueFull = QueueFull {
    retry_after: Duration::ZERO,
};

async fn held(full: QueueFull, mut entropy: impl CryptoRng) -> Error {
    let chance = f64::from(entropy.next_u32()) / f64::from(u32::MAX);
    sleep(HELD + HELD.mul_f64(chance)).await;
    Error::Busy {
        retry_after: full.retry_after,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::UnwrapErr;
    use std::collections::HashSet;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn who_is_refused_waits_a_moment_and_not_as_long_as_the_next_one() {
        let mut held_back = HashSet::new();
        for _ in 0..100 {
            let retry_after = Duration::from_secs(1);
            let began = Instant::now();
            let error = held(QueueFull { retry_after }, UnwrapErr(getrandom::SysRng)).await;
            let took = began.elapsed().as_millis();
            assert!(matches!(error, Error::Busy { retry_after } if retry_after.as_secs() == 1));
            assert!((20..=41).contains(&took), "{took}");
            held_back.insert(took);
        }
        assert!(held_back.len() > 10, "{held_back:?}");
    }
}
