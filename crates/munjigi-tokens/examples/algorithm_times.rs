//! How long each algorithm takes to sign and to verify a token of simplejwt's shape, on one core.
//!
//! ```sh
//! cargo run --release -p munjigi-tokens --features asymmetric --example algorithm_times
//! ```
//!
//! Each figure is the median of seven rounds. `sign` and `verify` are the whole of it: the claims made, encoded and
//! signed; the text split, decoded, verified and its claims judged. RSA has 3072 bits here, as a new key has.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use jiff::Timestamp;
use munjigi_tokens::{AccessToken, Algorithm, Error, Jwk, KeyRing, Signer, SimpleJwt, SimpleJwtSettings};
use munjigi_user::{AuthUser, UserId};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(100);

fn main() -> Result<(), Error> {
    println!("{:<8} {:>10} {:>10} {:>7}", "", "sign us", "verify us", "bytes");
    for &algorithm in Algorithm::ALL {
        let jwk = Jwk::generate(algorithm, &mut fill)?;
        let ring = KeyRing::new(Signer::from_jwk(algorithm, &jwk)?);
        let jwt = SimpleJwt::with_key_ring(SimpleJwtSettings::default(), ring)?;
        let now = Timestamp::UNIX_EPOCH;
        let token = AccessToken::for_user_at(&jwt, &User, now)?.encode()?;
        let sign =
            microseconds(|| AccessToken::for_user_at(&jwt, &User, now).and_then(|token| token.encode()));
        let verify = microseconds(|| AccessToken::verify_at(&jwt, &token, now));
        println!(
            "{:<8} {sign:>10.2} {verify:>10.2} {:>7}",
            algorithm.name(),
            token.len()
        );
    }
    Ok(())
}

struct User;

impl AuthUser for User {
    fn id(&self) -> UserId {
        UserId::Int(1)
    }
}

/// A key that is measured need not be secret.
fn fill(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

/// The median over the rounds of the mean of a call.
fn microseconds<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut means: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, mut calls) = (Instant::now(), 0_u32);
            while start.elapsed() < ROUND {
                for _ in 0..8 {
                    black_box(call());
                }
                calls += 8;
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    means.get(ROUNDS / 2).copied().unwrap_or_default()
}
