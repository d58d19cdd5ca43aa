//! The one backend that all tokens share: `rest_framework_simplejwt.state`, with what Python takes from its
//! surroundings: the settings, the clock (`aware_utcnow`) and chance (`uuid4`).

use crate::{Audience, Error, KeyRing, SimpleJwtSettings};
use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Makes and verifies tokens. A clone is the same one, and costs a counter.
#[derive(Clone)]
pub struct SimpleJwt {
    state: Arc<State>,
}

#[derive(Clone)]
struct State {
    settings: SimpleJwtSettings,
    /// Swapped as a whole, and read without a lock. The clones of a [`SimpleJwt`] share it.
    keys: Arc<ArcSwap<KeyRing>>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    entropy: Arc<dyn Fn() -> [u8; 16] + Send + Sync>,
}

impl SimpleJwt {
    /// Checks the settings and prepares the keys. The clock and the entropy are the system's; one that gives no
    /// random bytes makes the making of a token panic, as `uuid4()` raises in Python.
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`]: there is no key, one is not what the algorithm takes (as
    /// [`KeyRing::from_settings`]), a lifetime is not above zero or beyond a hundred years, the leeway is negative,
    /// or two claims share a name.
    pub fn new(settings: SimpleJwtSettings) -> Result<Self, Error> {
        let ring = KeyRing::from_settings(&settings)?;
        Self::of(settings, ring)
    }

    /// The same with a ring of keys instead of those that settings can name. Each bears its own algorithm, so that
    /// `ALGORITHM` says nothing of them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where the settings name a key too.
    pub fn with_key_ring(settings: SimpleJwtSettings, ring: KeyRing) -> Result<Self, Error> {
        if settings.signing_key.is_some() || settings.verifying_key.is_some() {
            return Err(Error::ImproperlyConfigured(
                "There is a ring of keys, and a SIGNING_KEY or VERIFYING_KEY beside it. Put them into the ring, or \
                 leave them out."
                    .into(),
            ));
        }
        Self::of(settings, ring)
    }

    fn of(settings: SimpleJwtSettings, ring: KeyRing) -> Result<Self, Error> {
        check_durations(&settings)?;
        check_claim_names(&settings)?;
        check_audience(&settings)?;
        let (clock, entropy) = (Arc::new(system_clock), Arc::new(system_entropy));
        Ok(Self {
            state: Arc::new(State {
                settings,
                keys: Arc::new(ArcSwap::from_pointee(ring)),
                clock,
                entropy,
            }),
        })
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let state = Arc::unwrap_or_clone(self.state);
        Self {
            state: Arc::new(State {
                clock: Arc::new(clock),
                ..state
            }),
        }
    }

    /// The same with another source of the sixteen random bytes that become a token's id. They must come from a
    /// generator fit for keys.
    #[must_use]
    pub fn with_entropy(self, entropy: impl Fn() -> [u8; 16] + Send + Sync + 'static) -> Self {
        let state = Arc::unwrap_or_clone(self.state);
        Self {
            state: Arc::new(State {
                entropy: Arc::new(entropy),
                ..state
            }),
        }
    }

    /// The settings it was made from.
    pub fn settings(&self) -> &SimpleJwtSettings {
        &self.state.settings
    }

    /// The keys of this moment.
    pub fn key_ring(&self) -> Arc<KeyRing> {
        self.state.keys.load_full()
    }

    /// Puts other keys in the place of these, also for every clone and every token at hand. Who is verifying with
    /// the old ones finishes; nobody waits.
    ///
    /// ```
    /// use munjigi_tokens::{Algorithm, KeyRing, Signer, SigningKey, SimpleJwt, SimpleJwtSettings};
    ///
    /// let signer = |secret| Signer::new(Algorithm::Hs256, &SigningKey::new(secret));
    /// let old = signer("the old secret, of 32 bytes or more")?;
    /// let jwt = SimpleJwt::with_key_ring(SimpleJwtSettings::default(), KeyRing::new(old.clone()))?;
    /// let new = signer("the new secret, of 32 bytes or more")?;
    /// jwt.replace_key_ring(KeyRing::new(new).with_verifier(old.verifier())?);
    /// assert_eq!(jwt.key_ring().verifiers().count(), 2);
    /// # Ok::<(), munjigi_tokens::Error>(())
    /// ```
    pub fn replace_key_ring(&self, ring: KeyRing) {
        self.state.keys.store(Arc::new(ring));
    }

    /// Signs a payload with the ring's key.
    pub(crate) fn sign(&self, payload: &[u8]) -> Result<String, Error> {
        self.state.keys.load().sign(payload)
    }

    /// Verifies a token with the ring's keys; gives its payload.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Vec<u8>, Error> {
        self.state.keys.load().verify(token, now)
    }

    pub(crate) fn can_sign(&self) -> bool {
        self.state.keys.load().signer().is_some()
    }

    /// What its clock says.
    pub fn now(&self) -> Timestamp {
        (self.state.clock)()
    }

    /// Sixteen random bytes as `uuid4().hex` writes them.
    pub(crate) fn new_jti(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes((self.state.entropy)()).into_uuid()
    }
}

fn check_durations(settings: &SimpleJwtSettings) -> Result<(), Error> {
    const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);
    let lifetimes = [
        ("ACCESS_TOKEN_LIFETIME", settings.access_token_lifetime),
        ("REFRESH_TOKEN_LIFETIME", settings.refresh_token_lifetime),
        ("SLIDING_TOKEN_LIFETIME", settings.sliding_token_lifetime),
        (
            "SLIDING_TOKEN_REFRESH_LIFETIME",
            settings.sliding_token_refresh_lifetime,
        ),
    ];
    for (setting, lifetime) in lifetimes {
        if lifetime <= SignedDuration::ZERO || lifetime > LONGEST {
            return Err(Error::ImproperlyConfigured(
                format!(
                    "{setting} is {lifetime}. Write a time above zero and of no more than a hundred years."
                )
                .into(),
            ));
        }
    }
    if settings.leeway.is_negative() || settings.leeway > LONGEST {
        return Err(Error::ImproperlyConfigured(
            format!("LEEWAY is {}. Write zero or a few seconds.", settings.leeway).into(),
        ));
    }
    Ok(())
}

fn check_claim_names(settings: &SimpleJwtSettings) -> Result<(), Error> {
    let mut taken = vec!["exp", "iat", "nbf", "aud", "iss", "sid"];
    let named = [
        ("TOKEN_TYPE_CLAIM", settings.token_type_claim.as_ref()),
        ("JTI_CLAIM", settings.jti_claim.as_ref()),
        ("USER_ID_CLAIM", Some(&settings.user_id_claim)),
        (
            "SLIDING_TOKEN_REFRESH_EXP_CLAIM",
            Some(&settings.sliding_token_refresh_exp_claim),
        ),
        ("REVOKE_TOKEN_CLAIM", Some(&settings.revoke_token_claim)),
    ];
    for (setting, claim) in named
        .into_iter()
        .filter_map(|(setting, claim)| Some((setting, claim?)))
    {
        if claim.is_empty() || taken.contains(&claim.as_str()) {
            return Err(Error::ImproperlyConfigured(
                format!("{setting} is \"{claim}\", which is empty or the name of another claim. Write another name.")
                    .into(),
            ));
        }
        taken.push(claim);
    }
    Ok(())
}

fn check_audience(settings: &SimpleJwtSettings) -> Result<(), Error> {
    let is_empty = match &settings.audience {
        None => false,
        Some(Audience::One(audience)) => audience.is_empty(),
        Some(Audience::Several(audiences)) => audiences.is_empty(),
    };
    if is_empty {
        return Err(Error::ImproperlyConfigured(
            "AUDIENCE is empty, so that no token would be good. Leave it out, or write a name.".into(),
        ));
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "who brings no clock of his own means the system's"
)]
fn system_clock() -> Timestamp {
    Timestamp::now()
}

/// A system without entropy can sign nobody in, and `for_user` has no better answer than to say so.
#[expect(
    clippy::disallowed_methods,
    reason = "who brings no entropy of his own means the system's"
)]
#[expect(clippy::expect_used, reason = "as uuid4() in Python, which raises")]
fn system_entropy() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
