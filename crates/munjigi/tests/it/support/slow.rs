//! A hasher that waits: while it verifies a password, somebody else may write.

use munjigi_passwords::{Error, Hashers, Password, PasswordHasher, Unreadable};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Its rows are `slow$…`; one that does not begin with `slow$0$` is to be stored anew.
struct Slow {
    begun: UnboundedSender<()>,
    goes_on: Mutex<Receiver<()>>,
}

/// The hasher, who hears that a verification has begun, and who lets one go on.
pub(crate) fn slow() -> (Hashers, UnboundedReceiver<()>, Sender<()>) {
    let (begun, has_begun) = unbounded_channel();
    let (go_on, goes_on) = channel();
    let slow = Slow {
        begun,
        goes_on: Mutex::new(goes_on),
    };
    let hashers = Hashers::from_hashers(vec![Box::new(slow)]).unwrap();
    (hashers, has_begun, go_on)
}

impl PasswordHasher for Slow {
    fn algorithm(&self) -> &'static str {
        "slow"
    }

    fn encode(&self, password: &Password, _salt: &str) -> Result<String, Error> {
        Ok(format!("slow$0${}", password.expose()))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        let _ = self.begun.send(());
        let _ = self.goes_on.lock().unwrap().recv();
        Ok(encoded.rsplit('$').next() == Some(password.expose()))
    }

    fn must_update(&self, encoded: &str) -> bool {
        !encoded.starts_with("slow$0$")
    }
}
