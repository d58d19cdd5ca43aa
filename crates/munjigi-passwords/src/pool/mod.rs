//! The pool that runs the hashing, so that a sign-in never takes the thread of a request that needs no hash.
//!
//! It has no twin in Django, where each worker hashes for itself, one password after the other.
//!
//! - **Lanes.** The iterations of PBKDF2 with SHA-256 of many sign-ins run side by side ([`munjigi_lanes`]). A thread takes
//!   its batch a slice further, about a millisecond; between two slices who is done leaves and who waits joins. So one
//!   who comes alone is served as fast as one can be, and many have the throughput of full lanes.
//! - **Everything else** (bcrypt, Argon2, scrypt, SHA-1) runs whole, on as many threads again, so that a batch never waits
//!   for it. Where both have work, the operating system shares the processors among them.
//! - **An end.** What would not be done by its deadline, told from what runs, what waits and how fast that has been, is
//!   refused at once. A number bounds the queue too, against memory.
//! - **Turns.** Each [`Asker`] has one. Who has many lanes leaves some to those who have none, so that one asker's jobs do not
//!   keep those of others out.
//! - **Courtesy.** On Linux the threads give way to all others.
//!
//! Nothing here needs a runtime: the answer goes into an [`Answer`], which may be a closure, a channel, or the sending
//! half of an async channel.
//!
//! ```
//! use munjigi_passwords::{Hashers, Password, pool::{Asker, HashingPool, PoolSettings}};
//! use std::sync::{Arc, mpsc};
//!
//! let pool = HashingPool::new(Arc::new(Hashers::django()), PoolSettings::default())?;
//! let (sender, receiver) = mpsc::channel();
//! let unknown_user = None;
//! pool.check_password(Asker::default(), Password::from("1234".to_owned()), unknown_user, move |check| {
//!     let _ = sender.send(check);
//! }).expect("nobody else is here");
//! assert!(!receiver.recv().unwrap().correct);
//! # Ok::<(), munjigi_passwords::Error>(())
//! ```

mod batch;
mod desk;
mod job;
mod pace;
mod places;
mod queue;
mod station;
mod stats;
mod thread;

pub use munjigi_lanes::{Kernel, Kernels};
pub use stats::{PoolStats, Waits};
pub(crate) use thread::give_way;

use crate::work::{Checking, Making, Work};
use crate::{Check, Error, Hashers, Password};
use desk::Desk;
use job::{Asked, Job};
use rand_core::CryptoRng;
use station::Waiting;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{JoinHandle, available_parallelism};
use std::time::{Duration, Instant};

/// Threads that hash, and a bounded queue before them.
///
/// Dropping it waits for the hashes that run and drops those that wait, with their answers.
pub struct HashingPool {
    hashers: Arc<Hashers>,
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
    discourtesy: Option<String>,
}

/// How large a [`HashingPool`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many threads run lanes. As many again run what cannot be in lanes; each of these may take the memory of one
    /// hash, 100 MiB with Django's Argon2.
    pub threads: NonZeroUsize,
    /// How many jobs may wait.
    pub queue: usize,
    /// How long a job may take, its wait in it. What would take longer is refused, unless it need not wait at all.
    pub deadline: Duration,
    /// What lanes are run by.
    pub kernels: Kernels,
}

/// One thread of each kind for each processor, 256 jobs, 700 ms, and all that this processor can.
impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            threads: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue: 256,
            deadline: Duration::from_millis(700),
            kernels: Kernels::detect(),
        }
    }
}

/// Who asks for a hash. Jobs of one asker have one turn among those of others; a server makes one of the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker(u128);

impl From<u128> for Asker {
    fn from(number: u128) -> Self {
        Self(number)
    }
}

/// The job would not have been done by its deadline, or too many wait. Nothing was hashed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The hashing pool is full. Try again in {retry_after:?}.")]
pub struct QueueFull {
    /// After what time there is likely to be room, if nobody else comes.
    pub retry_after: Duration,
}

/// Where the result of a job goes. A closure is one.
///
/// An answer may also be dropped with nothing delivered, and a channel's receiver then learns that its sender is gone:
/// where a hasher panics, where the job had to wait longer than was expected, and where it made room for somebody who
/// asks less. The pool goes on.
pub trait Answer<T>: Send + 'static {
    /// Whether somebody still waits. Asked before the work and from slice to slice; a job that nobody wants is dropped. It must
    /// be quick and must not call the pool, which is locked meanwhile.
    fn is_wanted(&self) -> bool {
        true
    }

    /// Takes the result, on a thread of the pool: it must not block.
    fn deliver(self: Box<Self>, result: T);
}

impl<T, F: FnOnce(T) + Send + 'static> Answer<T> for F {
    fn deliver(self: Box<Self>, result: T) {
        (*self)(result);
    }
}

impl HashingPool {
    /// Starts the threads, and has each run a few slices of full lanes, which tell how fast they are.
    ///
    /// # Errors
    /// [`Error::Thread`] where the operating system gives none.
    pub fn new(hashers: Arc<Hashers>, settings: PoolSettings) -> Result<Self, Error> {
        let desk = Arc::new(Desk::new(settings, hashers.count()));
        let mut pool = Self {
            hashers,
            desk,
            threads: Vec::with_capacity(settings.threads.get() * 2),
            discourtesy: None,
        };
        let (ready, started) = channel();
        for number in 0..settings.threads.get() {
            let (desk, hashers) = (Arc::clone(&pool.desk), Arc::clone(&pool.hashers));
            let told = ready.clone();
            pool.start(format!("munjigi-lanes-{number}"), move || {
                let courtesy = give_way();
                batch::guarded(|| thread::measure(&desk, settings.kernels));
                drop(told.send(courtesy));
                drop(told);
                thread::run_lanes(&desk, &hashers, settings.kernels, number);
            })?;
            let (desk, hashers) = (Arc::clone(&pool.desk), Arc::clone(&pool.hashers));
            let told = ready.clone();
            pool.start(format!("munjigi-hash-{number}"), move || {
                drop(told.send(give_way()));
                drop(told);
                thread::run_whole(&desk, &hashers, number);
            })?;
        }
        drop(ready);
        pool.discourtesy = started.iter().filter_map(Result::err).last();
        Ok(pool)
    }

    fn start(&mut self, name: String, life: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let started = std::thread::Builder::new().name(name).spawn(life);
        self.threads.push(started.map_err(|error| Error::Thread {
            reason: error.to_string(),
        })?);
        Ok(())
    }

    /// [`Hashers::check_password`] on a thread of the pool. `encoded` is `None` where there is no such user: that
    /// is a job like any other, and takes as long.
    ///
    /// # Errors
    /// [`QueueFull`]; the answer is dropped then.
    pub fn check_password(
        &self,
        asker: Asker,
        password: Password,
        encoded: Option<String>,
        answer: impl Answer<Check>,
    ) -> Result<(), QueueFull> {
        self.submit(asker, Checking::new(password, encoded), answer)
    }

    /// [`Hashers::make_password`] on a thread of the pool. The salt is drawn here and now.
    ///
    /// # Errors
    /// [`QueueFull`]; the answer is dropped then.
    pub fn make_password(
        &self,
        asker: Asker,
        password: Password,
        rng: &mut (impl CryptoRng + ?Sized),
        answer: impl Answer<Result<String, Error>>,
    ) -> Result<(), QueueFull> {
        let salt = self.hashers.salt(rng);
        self.submit(asker, Making::new(password, salt), answer)
    }

    fn submit<W: Work>(
        &self,
        asker: Asker,
        work: W,
        answer: impl Answer<W::Output>,
    ) -> Result<(), QueueFull> {
        let cost = work.cost(&self.hashers);
        let new = Waiting {
            job: Box::new(Asked::new(work, answer)) as Box<dyn Job>,
            asker,
            since: Instant::now(),
            cost,
        };
        self.desk.submit(new)
    }

    /// What the pool does now, and what it has done.
    pub fn stats(&self) -> PoolStats {
        self.desk.stats()
    }

    /// Why the threads do not give way to others, where they do not: the operating system's words.
    pub fn discourtesy(&self) -> Option<&str> {
        self.discourtesy.as_deref()
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.desk.close();
        for thread in self.threads.drain(..) {
            // An answer may have held the last handle to the pool. A thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                drop(thread.join());
            }
        }
    }
}
