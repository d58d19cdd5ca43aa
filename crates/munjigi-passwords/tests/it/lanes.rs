//! The pool's lanes: whatever comes in whatever order, each job has the result of the plain function.

use munjigi_lanes::{Kernel, Kernels};
use munjigi_passwords::pool::{Answer, Asker, HashingPool, PoolSettings};
use munjigi_passwords::{Algorithm, Check, Costs, Hashers, LegacyRows, Password};
use proptest::prelude::*;
use rand_core::UnwrapErr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvError, channel};
use std::time::Duration;

/// Cheap, and longer than a slice.
const ITERATIONS: u32 = 5000;

fn costs() -> Costs {
    let mut costs = Costs::default();
    costs.pbkdf2_sha256.iterations = ITERATIONS;
    costs.pbkdf2_sha1.iterations = 100;
    costs.bcrypt_sha256.rounds = 4;
    costs
}

fn hashers(preferred: Algorithm) -> Hashers {
    let all = [
        Algorithm::Pbkdf2Sha256,
        Algorithm::Pbkdf2Sha1,
        Algorithm::BcryptSha256,
    ];
    let others = all.into_iter().filter(|algorithm| *algorithm != preferred);
    let listed: Vec<Algorithm> = std::iter::once(preferred).chain(others).collect();
    Hashers::new(&listed, &costs(), LegacyRows::Verify).unwrap()
}

fn pool(hashers: &Arc<Hashers>, threads: usize, kernels: Kernels) -> HashingPool {
    let settings = PoolSettings {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue: 1000,
        deadline: Duration::MAX,
        kernels,
    };
    HashingPool::new(Arc::clone(hashers), settings).unwrap()
}

fn check(pool: &HashingPool, password: &str, encoded: Option<String>) -> Receiver<Check> {
    let (sender, receiver) = channel();
    let answer = move |check| {
        let _ = sender.send(check);
    };
    pool.check_password(Asker::default(), crate::password(password), encoded, answer)
        .unwrap();
    receiver
}

/// A stored password, whose password may be another one, in every form that a table may have.
fn row() -> impl Strategy<Value = Option<String>> {
    let made = |algorithm: Algorithm, iterations: u32, password: &'static str| {
        let mut costs = costs();
        costs.pbkdf2_sha256.iterations = iterations;
        let hashers = Hashers::new(&[algorithm], &costs, LegacyRows::Refuse).unwrap();
        let password = Password::from(password.to_owned());
        hashers
            .make_password(Some(&password), &mut UnwrapErr(getrandom::SysRng))
            .unwrap()
    };
    let algorithms = prop_oneof![
        4 => Just(Algorithm::Pbkdf2Sha256),
        1 => Just(Algorithm::Pbkdf2Sha1),
        1 => Just(Algorithm::BcryptSha256),
    ];
    let iterations = prop_oneof![
        Just(1),
        Just(2),
        Just(2047),
        Just(2048),
        Just(2049),
        1..3 * ITERATIONS
    ];
    let passwords = prop_oneof![Just("1234"), Just("4321"), Just("")];
    prop_oneof![
        8 => (algorithms, iterations, passwords).prop_map(move |(a, i, p)| Some(made(a, i, p))),
        1 => Just(None),
        1 => prop_oneof![Just("!"), Just("pbkdf2_sha256$0$salt$x"), Just("81dc9bdb52d04dc20036dbd8313ed055"), Just("?")]
            .prop_map(|text| Some(text.to_owned())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn each_job_has_the_result_of_the_plain_function(
        rows in proptest::collection::vec(row(), 1..40),
        threads in 1_usize..4,
        preferred in prop_oneof![Just(Algorithm::Pbkdf2Sha256), Just(Algorithm::BcryptSha256)],
        is_portable in any::<bool>(),
    ) {
        let hashers = Arc::new(hashers(preferred));
        let kernels = if is_portable {
            Kernels::only(Kernel::Portable).unwrap()
        } else {
            Kernels::detect()
        };
        let pool = pool(&hashers, threads, kernels);
        let answers: Vec<_> = rows.iter().map(|row| check(&pool, "1234", row.clone())).collect();
        for (row, answer) in rows.iter().zip(answers) {
            let plain = hashers.check_password(&crate::password("1234"), row.as_deref());
            prop_assert_eq!(answer.recv(), Ok(plain), "{:?}", row);
        }
        let stats = pool.stats();
        prop_assert_eq!((stats.queued, stats.shed, stats.abandoned), (0, 0, 0));
    }
}

#[test]
fn what_the_pool_stores_the_plain_function_verifies() {
    let hashers = Arc::new(hashers(Algorithm::Pbkdf2Sha256));
    let pool = pool(&hashers, 1, Kernels::detect());
    let made = (0..40).map(|number| {
        let (sender, receiver) = channel();
        let password = format!("password {number}");
        let rng = &mut UnwrapErr(getrandom::SysRng);
        let answer = move |made| {
            let _ = sender.send(made);
        };
        pool.make_password(Asker::default(), crate::password(&password), rng, answer)
            .unwrap();
        (password, receiver)
    });
    for (password, receiver) in made.collect::<Vec<_>>() {
        let encoded = receiver.recv().unwrap().unwrap();
        let found = hashers.check_password(&crate::password(&password), Some(&encoded));
        assert_eq!(
            found,
            Check {
                correct: true,
                must_update: false
            }
        );
    }
}

/// An answer that is wanted until somebody says that it is not.
struct Fickle {
    is_wanted: Arc<AtomicBool>,
    sender: std::sync::mpsc::Sender<Check>,
}

impl Answer<Check> for Fickle {
    fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn deliver(self: Box<Self>, check: Check) {
        let _ = self.sender.send(check);
    }
}

#[test]
fn who_goes_while_his_hash_runs_leaves_the_batch_at_the_next_slice() {
    let mut costs = costs();
    // As a hash it would take hours.
    costs.pbkdf2_sha256.iterations = u32::MAX;
    let dear = Hashers::new(&[Algorithm::Pbkdf2Sha256], &costs, LegacyRows::Refuse).unwrap();
    let pool = pool(&Arc::new(dear), 1, Kernels::detect());
    let is_wanted = Arc::new(AtomicBool::new(true));
    let (sender, receiver) = channel();
    let answer = Fickle {
        is_wanted: Arc::clone(&is_wanted),
        sender,
    };
    pool.check_password(Asker::default(), crate::password("1234"), None, answer)
        .unwrap();
    // Another one beside it is served all the same: his row is cheap and his password right.
    let site = hashers(Algorithm::Pbkdf2Sha256);
    let right = crate::password("4321");
    let row = site.make_password(Some(&right), &mut UnwrapErr(getrandom::SysRng));
    assert!(check(&pool, "4321", row.ok()).recv().unwrap().correct);
    assert!(pool.stats().lanes_in_use >= 1, "the long one still runs");
    is_wanted.store(false, Ordering::Relaxed);
    assert_eq!(receiver.recv(), Err(RecvError));
    // Nothing is left to be waited for.
    drop(pool);
}

#[cfg(target_os = "linux")]
#[test]
fn the_threads_that_hash_give_way_to_others() {
    let pool = pool(&Arc::new(hashers(Algorithm::Pbkdf2Sha256)), 2, Kernels::detect());
    assert_eq!(pool.discourtesy(), None, "lowering a priority needs no right");
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let mut courteous = 0_u32;
    for task in tasks {
        // A thread of another test may be gone meanwhile.
        let Ok(stat) = std::fs::read_to_string(task.unwrap().path().join("stat")) else {
            continue;
        };
        let (name, rest) = stat.rsplit_once(") ").unwrap();
        // proc_pid_stat(5): the state is the third field, the niceness the nineteenth.
        let niceness: i32 = rest.split(' ').nth(16).unwrap().parse().unwrap();
        if name.contains("(munjigi-lanes-") || name.contains("(munjigi-hash-") {
            assert!(niceness >= 10, "{stat}");
            courteous += 1;
        }
    }
    assert!(courteous >= 4, "two of each kind: {courteous}");
}
