//! The running server, as every room of it sees it: the settings, the database, the keys, the hashing pool, the
//! clock and chance. Cheap to clone.
//!
//! Below it is what it is made of that is no room's and no crate's, a file for each part: what it remembers between two
//! requests, in memory alone, and how it reads and writes sessions. No part knows [`App`]; what is done with them is a matter
//! of `accounts`.

mod backfill;
mod deferrals;
mod ended_list;
mod last_seen;
mod resets;
mod rounds;
mod session_rows;

pub use backfill::Backfill;
pub use deferrals::Deferrals;
pub(crate) use ended_list::kept_since;
pub use ended_list::{EndedList, Stale};
pub use last_seen::LastSeen;
pub use resets::Resets;
pub(crate) use resets::{Asking, Entry};
pub use session_rows::SessionRows;

use crate::clock::{Clock, Entropy, entropy};
use crate::config::check::{Finding, Level};
use crate::config::{AuthenticationClass, Config, TokenClaim};
use crate::keys::{self, Keys};
use crate::mail::{self, Outgoing};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use munjigi_passwords::pool::HashingPool;
use munjigi_sessions::ExpiryPolicy;
use munjigi_signing::csrf::CsrfSettings;
use munjigi_signing::{PasswordResetTokenGenerator, SigningError};
use munjigi_store::grants::{self, Use};
use munjigi_store::migrate::{self, EmailIndex};
use munjigi_store::users::columns;
use munjigi_store::{Missing, Options, Rehearsal, Store};
use munjigi_tokens::SimpleJwt;
use munjigi_tokens::jwt_auth::JwtAuth;
use std::sync::Arc;

/// Everything that a request needs.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    store: Store,
    deferrals: Deferrals,
    last_seen: LastSeen,
    is_rehearsal: bool,
    shared: Arc<Shared>,
}

/// What a server and its rehearsals have in common: nothing that a request leaves a mark on.
struct Shared {
    jwt: SimpleJwt,
    jwt_auth: JwtAuth,
    keys: Keys,
    session_rows: SessionRows,
    pool: HashingPool,
    ended: Arc<EndedList>,
    has_neighbour: bool,
    backfill: Backfill,
    resets: Resets,
    reset_tokens: PasswordResetTokenGenerator,
    outgoing: Outgoing,
    clock: Clock,
    csrf: CsrfSettings,
    guard_challenge: HeaderValue,
    config: Config,
}

impl App {
    /// Opens the database of the settings and puts the parts together, as `munjigi serve` does it: the database must be
    /// there and migrated.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub async fn open(config: Config) -> Result<Self, Error> {
        let options = Options {
            missing: Missing::Refuse,
            foreign: config.foreign,
            token_blacklist: config.token_blacklist,
            sessions: config.session_engine.clone(),
        };
        let store = Store::open(&config.database, config.user_model.clone(), options).await?;
        migrate::check(&store).await?;
        Box::pin(Self::new(config, store, Clock::system())).await
    }

    /// Puts the parts together, on a database that is ready: derives the keys, starts the hashing threads. In a
    /// database that munjigi did not create, the sign-ups are off unless somebody wrote them.
    ///
    /// # Errors
    /// A setting that cannot work, no thread to be had, or the database; each is a sentence.
    pub async fn new(mut config: Config, store: Store, clock: Clock) -> Result<Self, Error> {
        let has_neighbour = migrate::is_adopted(&store).await?;
        if has_neighbour {
            config = Box::pin(beside_django(config, &store)).await?;
        }
        if config.own_account.deletion {
            migrate::check_relations(&store).await?;
        }
        if config.claims.iter().any(TokenClaim::reads_permissions) {
            migrate::check_permissions(&store).await?;
        }
        grants::check(&store, &config.uses()).await?;
        let ticking = clock.clone();
        let jwt_auth = JwtAuth::new(config.jwt_auth.clone())?;
        let (keys, ring) = Keys::open(&config.token_keys, config.simple_jwt.algorithm, clock.now())?;
        let jwt =
            SimpleJwt::with_key_ring(config.simple_jwt.clone(), ring)?.with_clock(move || ticking.now());
        let policy = ExpiryPolicy {
            cookie_age: SignedDuration::from_secs(config.session.cookie_age.into()),
            expire_at_browser_close: config.session.expire_at_browser_close,
        };
        let session_rows = SessionRows::new(&config.secret_keys, policy);
        let pool = HashingPool::new(Arc::clone(&config.hashers), config.hashing)?;
        let csrf = csrf_settings(&config)?;
        let ended = Arc::new(EndedList::new(config.limits.revocation_max_staleness));
        if config.needs_ended_list() {
            let listening = Arc::clone(&ended);
            store.on_ended(move |ended| listening.note(ended));
        }
        let shared = Shared {
            jwt,
            jwt_auth,
            keys,
            session_rows,
            pool,
            ended,
            has_neighbour,
            backfill: Backfill::default(),
            resets: Resets::default(),
            reset_tokens: reset_tokens(&config),
            outgoing: Outgoing::new(&config.mail)?,
            clock,
            csrf,
            guard_challenge: guard_challenge(&config),
            config,
        };
        Ok(Self::of(store, Arc::new(shared), false))
    }

    fn of(store: Store, shared: Arc<Shared>, is_rehearsal: bool) -> Self {
        Self(Arc::new(Parts {
            store,
            deferrals: Deferrals::default(),
            last_seen: LastSeen::default(),
            is_rehearsal,
            shared,
        }))
    }

    /// The same server on a database of whose changes nothing stays: what it does can be looked at until the rehearsal ends.
    /// Of what else a request would have remembered, nothing stays either.
    pub(crate) fn rehearsal(&self) -> (Self, Rehearsal) {
        let rehearsal = self.store().rehearsal();
        let app = Self::of(rehearsal.store().clone(), Arc::clone(&self.0.shared), true);
        (app, rehearsal)
    }

    /// Whether nothing of what is done stays.
    pub(crate) fn is_rehearsal(&self) -> bool {
        self.0.is_rehearsal
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.shared.config
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Makes and verifies tokens.
    pub fn jwt(&self) -> &SimpleJwt {
        &self.0.shared.jwt
    }

    /// Makes and verifies djangorestframework-jwt's tokens.
    pub fn jwt_auth(&self) -> &JwtAuth {
        &self.0.shared.jwt_auth
    }

    /// The keys of the tokens, and what of them is published.
    pub fn keys(&self) -> &Keys {
        &self.0.shared.keys
    }

    /// Looks at the key ring again, and gives the `kid` that signs where anything has changed.
    ///
    /// # Errors
    /// What is wrong with a new file; the keys of before stay.
    pub fn refresh_keys(&self) -> Result<Option<String>, keys::Error> {
        self.0.shared.keys.refresh(&self.0.shared.jwt, self.now())
    }

    /// Reads and writes session rows.
    pub fn session_rows(&self) -> &SessionRows {
        &self.0.shared.session_rows
    }

    /// Hashes passwords.
    pub fn pool(&self) -> &HashingPool {
        &self.0.shared.pool
    }

    /// Which sign-ins have ended. Nothing is noted in it where [`Config::needs_ended_list`] is false.
    pub fn ended(&self) -> &EndedList {
        &self.0.shared.ended
    }

    /// Whether a Django project made the database: it may open sessions that nobody here knows yet.
    pub fn has_neighbour(&self) -> bool {
        self.0.shared.has_neighbour
    }

    /// Whose passwords wait until they are stored anew.
    pub fn deferrals(&self) -> &Deferrals {
        &self.0.deferrals
    }

    /// Who looks through Django's sessions.
    pub fn backfill(&self) -> &Backfill {
        &self.0.shared.backfill
    }

    /// When sign-ins were last used, as far as it is not written yet.
    pub fn last_seen(&self) -> &LastSeen {
        &self.0.last_seen
    }

    /// Who asked for a password reset.
    pub fn resets(&self) -> &Resets {
        &self.0.shared.resets
    }

    /// Makes and checks the tokens of its links.
    pub fn reset_tokens(&self) -> &PasswordResetTokenGenerator {
        &self.0.shared.reset_tokens
    }

    /// The mails on their way out.
    pub fn outgoing(&self) -> &Outgoing {
        &self.0.shared.outgoing
    }

    /// How a CSRF token is checked.
    pub fn csrf(&self) -> &CsrfSettings {
        &self.0.shared.csrf
    }

    /// `WWW-Authenticate` of a 401 of simplejwt's routes: `TokenViewBase.get_authenticate_header`.
    pub fn challenge(&self) -> &HeaderValue {
        self.0.shared.config.bearer.challenge()
    }

    /// `WWW-Authenticate` of a 401 of a guarded route: that of the first authentication class that reads a header.
    pub fn guard_challenge(&self) -> &HeaderValue {
        &self.0.shared.guard_challenge
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.0.shared.clock.now()
    }

    /// A source of randomness.
    pub fn entropy(&self) -> Entropy {
        entropy()
    }
}

/// The settings as they are in the database of a Django project, held against the table that it made.
async fn beside_django(config: Config, store: &Store) -> Result<Config, munjigi_store::Error> {
    let mut config = config.for_adopted_database();
    let columns = columns::all(&mut store.reader()).await?;
    config.user_model = config.user_model.within(&columns);
    if config.uses().contains(&Use::SignUp) {
        migrate::check_signup(store).await?;
    }
    let index = migrate::email_index(store).await?;
    if matches!(index, EmailIndex::Missing { users } if users >= migrate::LARGE) {
        let finding = no_email_index(&config);
        config.warnings.push(finding);
    }
    Ok(config)
}

fn no_email_index(config: &Config) -> Finding {
    let reset = match &config.routes.password_reset {
        Some(path) => format!(", and so does whoever posts an address to {path}, one after the other"),
        None => String::new(),
    };
    Finding {
        id: "munjigi.W060",
        level: Level::Warning,
        message: format!(
            "The table {} has {} users or more and no index on their addresses in lower case, so that each sign-in by \
             e-mail reads all of it{reset}.",
            config.user_model.table,
            migrate::LARGE
        ),
        hint: "Run `munjigi migrate --email-index`, which makes one while Django goes on.".to_owned(),
    }
}

fn csrf_settings(config: &Config) -> Result<CsrfSettings, SigningError> {
    let settings = CsrfSettings::default()
        .trusted_origins(&config.csrf.trusted_origins)?
        .header_name(&config.csrf.header_name)?;
    let domain = if config.csrf.use_sessions {
        &config.session.cookie_domain
    } else {
        &config.csrf.cookie_domain
    };
    Ok(match domain {
        Some(domain) => settings.cookie_domain(domain),
        None => settings,
    })
}

fn reset_tokens(config: &Config) -> PasswordResetTokenGenerator {
    let reset = &config.password_reset;
    PasswordResetTokenGenerator::new(&config.secret_keys, reset.time_zone.clone(), reset.timeout)
}

fn guard_challenge(config: &Config) -> HeaderValue {
    let mut classes = config.authentication_classes.iter();
    let first = classes.find(|class| **class != AuthenticationClass::Session);
    let own = (first == Some(&AuthenticationClass::JsonWebToken))
        .then(|| HeaderValue::from_str(&format!("{} realm=\"api\"", config.jwt_auth_prefix)));
    // A prefix is a word of ASCII; the settings have seen to that.
    own.and_then(Result::ok)
        .unwrap_or_else(|| config.bearer.challenge().clone())
}

/// Why the parts do not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `SIMPLE_JWT`.
    #[error(transparent)]
    Tokens(#[from] munjigi_tokens::Error),
    /// `SIMPLE_JWT.KEY_RING`.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// `CSRF_*`.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// `EMAIL_*`.
    #[error(transparent)]
    Mail(#[from] mail::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] munjigi_store::Error),
    /// The hashing pool.
    #[error(transparent)]
    Passwords(#[from] munjigi_passwords::Error),
}
