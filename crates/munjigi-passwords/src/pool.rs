//! The pool that runs the hashing, so that a sign-in never takes the thread of a request that needs no hash.
//!
//! It has no twin in Django, where each worker hashes for itself. The pool has threads of its own and a queue with
//! an end; when that is reached, the caller is told at once and can answer 503. Nothing here needs a runtime: the
//! answer goes into an [`Answer`], which may be a closure, a channel, or the sending half of an async channel.
//!
//! ```
//! use munjigi_passwords::{Hashers, Password, pool::{HashingPool, PoolSettings}};
//! use std::{num::NonZeroUsize, sync::{Arc, mpsc}};
//!
//! let settings = PoolSettings { threads: NonZeroUsize::MIN, queue: 64 };
//! let pool = HashingPool::new(Arc::new(Hashers::django()), settings)?;
//! let (sender, receiver) = mpsc::channel();
//! let unknown_user = None;
//! pool.check_password(Password::from("1234".to_owned()), unknown_user, move |check| {
//!     let _ = sender.send(check);
//! }).expect("the queue is empty");
//! assert!(!receiver.recv().unwrap().correct);
//! # Ok::<(), munjigi_passwords::Error>(())
//! ```

use crate::{Check, Error, Hashers, Password};
use rand_core::CryptoRng;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Threads that hash, and a bounded queue before them.
///
/// Dropping it waits for the hashes that run and drops those that wait, with their answers.
pub struct HashingPool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// How large a [`HashingPool`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many hashes run at once. Each may take the memory of one: 100 MiB with Django's Argon2.
    pub threads: NonZeroUsize,
    /// How many more may wait.
    pub queue: usize,
}

/// What a [`HashingPool`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// Jobs that a thread works on.
    pub running: usize,
}

/// As many jobs run and wait as the pool takes. Nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The hashing pool is full. Try again when some of its work is done.")]
pub struct QueueFull;

/// Where the result of a job goes. A closure is one.
///
/// If a hasher panics, the answer is dropped and nothing is delivered: a channel's receiver then learns that its
/// sender is gone. The pool goes on.
pub trait Answer<T>: Send + 'static {
    /// Whether somebody still waits. Asked when the job's turn comes; a job that nobody wants is dropped unhashed.
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
    /// Starts the threads.
    ///
    /// # Errors
    /// [`Error::Thread`] where the operating system gives none.
    pub fn new(hashers: Arc<Hashers>, settings: PoolSettings) -> Result<Self, Error> {
        let capacity = settings.threads.get().saturating_add(settings.queue);
        let state = Mutex::new(State {
            waiting: VecDeque::new(),
            running: 0,
            closed: false,
        });
        let shared = Arc::new(Shared {
            hashers,
            capacity,
            state,
            work: Condvar::new(),
        });
        let mut pool = Self {
            shared,
            threads: Vec::with_capacity(settings.threads.get()),
        };
        for number in 0..settings.threads.get() {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name(format!("munjigi-hash-{number}"));
            let started = thread.spawn(move || shared.run());
            pool.threads.push(started.map_err(|error| Error::Thread {
                reason: error.to_string(),
            })?);
        }
        Ok(pool)
    }

    /// [`Hashers::check_password`] on a thread of the pool. `encoded` is `None` where there is no such user: that
    /// is a job like any other, and takes as long.
    ///
    /// # Errors
    /// [`QueueFull`]; the answer is dropped then.
    pub fn check_password(
        &self,
        password: Password,
        encoded: Option<String>,
        answer: impl Answer<Check>,
    ) -> Result<(), QueueFull> {
        self.shared.submit(Job::Check {
            password,
            encoded,
            answer: Box::new(answer),
        })
    }

    /// [`Hashers::make_password`] on a thread of the pool. The salt is drawn here and now.
    ///
    /// # Errors
    /// [`QueueFull`]; the answer is dropped then.
    pub fn make_password(
        &self,
        password: Password,
        rng: &mut (impl CryptoRng + ?Sized),
        answer: impl Answer<Result<String, Error>>,
    ) -> Result<(), QueueFull> {
        let salt = self.shared.hashers.salt(rng);
        self.shared.submit(Job::Make {
            password,
            salt,
            answer: Box::new(answer),
        })
    }

    /// How many jobs wait and run now.
    pub fn stats(&self) -> PoolStats {
        let state = self.shared.state();
        PoolStats {
            queued: state.waiting.len(),
            running: state.running,
        }
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        let waiting = self.shared.close();
        // Outside the lock: an answer may do anything when it is dropped.
        drop(waiting);
        for thread in self.threads.drain(..) {
            // An answer may have held the last handle to the pool. A thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() {
                drop(thread.join());
            }
        }
    }
}

struct Shared {
    hashers: Arc<Hashers>,
    capacity: usize,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    waiting: VecDeque<Job>,
    running: usize,
    closed: bool,
}

/// Kept as data and not as closures, so that a thread can see which jobs are of one kind.
enum Job {
    Check {
        password: Password,
        encoded: Option<String>,
        answer: Box<dyn Answer<Check>>,
    },
    Make {
        password: Password,
        salt: String,
        answer: Box<dyn Answer<Result<String, Error>>>,
    },
}

impl Shared {
    fn submit(&self, job: Job) -> Result<(), QueueFull> {
        let mut state = self.state();
        if state.waiting.len() + state.running >= self.capacity {
            return Err(QueueFull);
        }
        state.waiting.push_back(job);
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// The life of a thread.
    fn run(&self) {
        while let Some(job) = self.next() {
            // The panic has been printed by the hook of the process; the answer was dropped with the job.
            drop(catch_unwind(AssertUnwindSafe(|| job.run(&self.hashers))));
            self.state().running -= 1;
        }
    }

    /// Waits for a job; `None` when the pool is closed.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                state.running += 1;
                return Some(job);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) -> VecDeque<Job> {
        let mut state = self.state();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.work.notify_all();
        waiting
    }

    /// No foreign code runs under the lock, so a panic leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn run(self, hashers: &Hashers) {
        match self {
            Self::Check {
                password,
                encoded,
                answer,
            } => {
                if answer.is_wanted() {
                    answer.deliver(hashers.check_password(&password, encoded.as_deref()));
                }
            }
            Self::Make {
                password,
                salt,
                answer,
            } => {
                if answer.is_wanted() {
                    answer.deliver(hashers.encode(&password, &salt));
                }
            }
        }
    }
}
