//! The pool: its bound, its panics, its end. The hashers here wait until the test lets them go.

use munjigi_passwords::pool::{Answer, Asker, HashingPool, PoolSettings, QueueFull};
use munjigi_passwords::{Check, Error, Hashers, Password, PasswordHasher, Unreadable};
use rand_core::UnwrapErr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Each hash tells that it has begun and takes one permit. The password `panic` panics.
struct Gate {
    begun: Sender<()>,
    permits: Mutex<Receiver<()>>,
    hashes: Arc<AtomicUsize>,
}

impl PasswordHasher for Gate {
    fn algorithm(&self) -> &'static str {
        "gate"
    }

    fn encode(&self, password: &Password, salt: &str) -> Result<String, Error> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let _ = self.begun.send(());
        let _ = self.permits.lock().unwrap().recv();
        Ok(format!("gate${}${}", salt.len(), password.expose()))
    }

    fn verify(&self, password: &Password, encoded: &str) -> Result<bool, Unreadable> {
        assert_ne!(password.expose(), "panic", "asked to");
        Ok(self.encode(password, encoded).is_ok())
    }

    fn must_update(&self, _encoded: &str) -> bool {
        false
    }
}

/// An answer that a channel receives, and its receiver.
fn channelled<T: Send + 'static>() -> (impl Answer<T>, Receiver<T>) {
    let (sender, receiver) = channel();
    let answer = move |result| {
        let _ = sender.send(result);
    };
    (answer, receiver)
}

struct Site {
    pool: HashingPool,
    begun: Receiver<()>,
    permits: Sender<()>,
    hashes: Arc<AtomicUsize>,
}

impl Site {
    fn new(threads: usize, queue: usize) -> Self {
        let (begun_sender, begun) = channel();
        let (permits, permits_receiver) = channel();
        let hashes = Arc::new(AtomicUsize::new(0));
        let gate = Gate {
            begun: begun_sender,
            permits: Mutex::new(permits_receiver),
            hashes: Arc::clone(&hashes),
        };
        let site = Arc::new(Hashers::from_hashers(vec![Box::new(gate)]).unwrap());
        let settings = PoolSettings {
            threads: NonZeroUsize::new(threads).unwrap(),
            queue,
            // Time refuses nobody here.
            deadline: Duration::MAX,
            ..PoolSettings::default()
        };
        Self {
            pool: HashingPool::new(site, settings).unwrap(),
            begun,
            permits,
            hashes,
        }
    }

    fn check(&self, password: &str) -> Result<Receiver<Check>, QueueFull> {
        let (answer, receiver) = channelled();
        self.pool.check_password(
            Asker::default(),
            crate::password(password),
            Some("gate$$x".to_owned()),
            answer,
        )?;
        Ok(receiver)
    }
}

#[test]
fn the_pool_takes_as_many_jobs_as_run_and_wait_and_no_more() {
    let site = Site::new(1, 2);
    let running = site.check("a").unwrap();
    site.begun.recv().unwrap();
    let waiting = [site.check("b").unwrap(), site.check("c").unwrap()];
    let stats = site.pool.stats();
    assert_eq!((stats.queued, stats.running, stats.lanes_in_use), (2, 1, 0));
    site.check("d").unwrap_err();
    assert_eq!(site.pool.stats().shed, 1);

    for _ in 0..3 {
        site.permits.send(()).unwrap();
    }
    for answer in [running].into_iter().chain(waiting) {
        assert!(answer.recv().unwrap().correct);
    }
    assert_eq!(site.hashes.load(Ordering::Relaxed), 3);
    assert_eq!(site.pool.stats().waits.count(), 3);
}

#[test]
fn a_pool_without_a_queue_still_hashes() {
    let site = Site::new(2, 0);
    let answers = [site.check("a").unwrap(), site.check("b").unwrap()];
    site.check("c").unwrap_err();
    site.permits.send(()).unwrap();
    site.permits.send(()).unwrap();
    assert!(answers.iter().all(|answer| answer.recv().unwrap().correct));
}

#[test]
fn a_panic_ends_its_job_and_not_the_pool() {
    let site = Site::new(1, 8);
    let panicked = site.check("panic").unwrap();
    let next = site.check("a").unwrap();
    assert_eq!(panicked.recv(), Err(RecvError), "the answer is dropped");
    site.permits.send(()).unwrap();
    assert!(next.recv().unwrap().correct);
}

#[test]
fn an_answer_that_panics_does_not_end_the_pool() {
    let site = Site::new(1, 8);
    let row = Some("gate$$x".to_owned());
    site.pool
        .check_password(Asker::default(), crate::password("a"), row, |_: Check| {
            panic!("asked to")
        })
        .unwrap();
    let next = site.check("b").unwrap();
    site.permits.send(()).unwrap();
    site.permits.send(()).unwrap();
    assert!(next.recv().unwrap().correct);
}

/// An answer that panics when it is dropped, and lets others know.
struct Sore(Sender<()>);

impl Answer<Check> for Sore {
    fn deliver(self: Box<Self>, _: Check) {}
}

impl Drop for Sore {
    fn drop(&mut self) {
        let _ = self.0.send(());
        panic!("asked to");
    }
}

#[test]
fn answers_that_panic_when_they_are_dropped_keep_nobody_from_the_end() {
    let site = Site::new(1, 8);
    let (dropped, drops) = channel();
    let running = site.check("a").unwrap();
    site.begun.recv().unwrap();
    let row = || Some("gate$$x".to_owned());
    let check = |answer| {
        let pool = &site.pool;
        pool.check_password(Asker::default(), crate::password("b"), row(), answer)
    };
    check(Sore(dropped.clone())).unwrap();
    check(Sore(dropped)).unwrap();
    let Site { pool, permits, .. } = site;
    let dropping = std::thread::spawn(move || drop(pool));
    assert_eq!(drops.iter().count(), 2);
    permits.send(()).unwrap();
    dropping.join().unwrap();
    assert!(running.recv().unwrap().correct);
}

struct Unwanted(Sender<Check>);

impl Answer<Check> for Unwanted {
    fn is_wanted(&self) -> bool {
        false
    }

    fn deliver(self: Box<Self>, check: Check) {
        let _ = self.0.send(check);
    }
}

#[test]
fn a_job_that_nobody_waits_for_is_not_hashed() {
    let site = Site::new(1, 8);
    let (sender, receiver) = channel();
    site.pool
        .check_password(Asker::default(), crate::password("a"), None, Unwanted(sender))
        .unwrap();
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(site.hashes.load(Ordering::Relaxed), 0);
}

#[test]
fn a_new_password_gets_a_salt_of_its_own() {
    let site = Site::new(1, 8);
    let (answer, receiver) = channelled();
    let mut rng = UnwrapErr(getrandom::SysRng);
    site.pool
        .make_password(Asker::default(), crate::password("1234"), &mut rng, answer)
        .unwrap();
    site.permits.send(()).unwrap();
    assert_eq!(receiver.recv().unwrap(), Ok("gate$22$1234".to_owned()));
}

#[test]
fn dropping_the_pool_finishes_what_runs_and_drops_what_waits() {
    let Site {
        pool,
        begun,
        permits,
        hashes,
    } = Site::new(1, 8);
    let (answer, running) = channelled();
    let row = || Some("gate$$x".to_owned());
    pool.check_password(Asker::default(), crate::password("a"), row(), answer)
        .unwrap();
    begun.recv().unwrap();
    let (answer, waiting) = channelled();
    pool.check_password(Asker::default(), crate::password("b"), row(), answer)
        .unwrap();

    let dropping = std::thread::spawn(move || drop(pool));
    assert_eq!(
        waiting.recv(),
        Err(RecvError),
        "what waits is dropped, though the thread is still busy"
    );
    permits.send(()).unwrap();
    dropping.join().unwrap();
    assert!(running.recv().unwrap().correct);
    assert_eq!(hashes.load(Ordering::Relaxed), 1);
}

#[test]
fn the_last_handle_may_be_dropped_by_an_answer() {
    let Site {
        pool, begun, permits, ..
    } = Site::new(2, 8);
    let handle = Arc::new(OnceLock::new());
    let (sender, receiver) = channel();
    let held = Arc::clone(&handle);
    let answer = move |check: Check| {
        drop(held);
        let _ = sender.send(check);
    };
    pool.check_password(
        Asker::default(),
        crate::password("a"),
        Some("gate$$x".to_owned()),
        answer,
    )
    .unwrap();
    begun.recv().unwrap();
    assert!(handle.set(pool).is_ok());
    drop(handle);
    permits.send(()).unwrap();
    assert!(receiver.recv().unwrap().correct);
}
