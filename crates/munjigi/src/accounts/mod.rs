//! The rules of accounts: who may sign up, who is meant, what a sign-in opens and a sign-out ends. Nothing in here
//! knows HTTP, and no SQL is written here; the JSON routes and the command line ask the same functions.
//!
//! Django keeps these rules in `contrib/auth/{__init__,backends,forms}.py`, simplejwt in its serializers.

pub mod administration;
pub mod backfill;
pub mod cached_copies;
mod claims;
pub mod deletion;
pub mod devices;
pub mod drf_jwt;
pub mod ended;
mod error;
mod hashing;
pub mod housekeeping;
pub mod identifiers;
pub mod last_seen;
pub mod password;
pub mod profile;
mod reauthentication;
pub mod record;
pub mod sessions;
pub mod signin;
pub mod signout;
pub mod signup;
mod term;
pub mod tokens;

pub use error::{Error, JsonWebTokenRefused, Result};
pub use term::{Arrival, RememberMe, Stay};

use munjigi_store::users::User;
use std::net::{IpAddr, Ipv6Addr};

/// A user who is signed in, and by which sign-in.
#[derive(Clone)]
pub struct SignedIn {
    /// The user, as the database has him now.
    pub user: User,
    /// Its record ([`Record::sid`](munjigi_store::records::Record::sid)); none behind a token of Django's.
    pub sid: Option<String>,
    /// By what it was known.
    pub by: Credential,
}

/// By what a sign-in was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session.
    Session,
    /// A token of simplejwt's that came of a pair.
    Token,
    /// A sliding token of simplejwt's.
    Sliding,
    /// A token of djangorestframework-jwt's.
    JsonWebToken,
}

/// Who asks, as far as the record of a sign-in keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The address, behind the proxies that are believed.
    pub address: Option<IpAddr>,
    /// `User-Agent`, as sent; empty where none was.
    pub agent: String,
    /// What it calls itself: `Munjigi-Client`.
    pub name: Option<String>,
}

impl Client {
    /// The address as far as it is one holder's: of IPv6 its /64, in which whoever has one address has all.
    pub fn network(&self) -> Option<IpAddr> {
        self.address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_64_of_ipv6_is_one_client() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
            ("2001:db8:1:3::", "2001:db8:1:3::"),
        ] {
            let client = Client {
                address: Some(address.parse().unwrap()),
                ..Client::default()
            };
            assert_eq!(client.network(), Some(network.parse().unwrap()), "{address}");
        }
    }
}
