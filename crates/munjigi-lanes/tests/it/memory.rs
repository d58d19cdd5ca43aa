//! What of a password is left in memory, looked for from outside: a child of this test derives keys, and its memory is read
//! through `/proc` while it holds them and after it has dropped them.

use crate::{KEY_LEN, Key, derivation, each_kernel};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write, stdin};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const IS_CHILD: &str = "MUNJIGI_LANES_IS_CHILD";
const PASSWORD: &[u8] =
    b"a password that is longer than a block of SHA-256, which is hashed before anything else is done";
const SALT: &[u8] = b"NaClNaClNaClNaClNaClNa";
const STEPS: u32 = 41;

#[test]
fn nothing_of_a_password_stays_in_memory_when_its_derivation_is_dropped() {
    if std::env::var_os(IS_CHILD).is_some() {
        return derive_and_wait();
    }
    let needles = needles();
    let mut child = Observed::start();
    for (kernel, _) in each_kernel() {
        assert_eq!(child.line(), format!("holding {kernel}"));
        assert!(child.memory_has(&needles) > 0, "{kernel}");
        child.go_on();
        assert_eq!(child.line(), format!("dropped {kernel}"));
        assert_eq!(child.memory_has(&needles), 0, "{kernel}");
        child.go_on();
    }
}

/// Each of the states that a derivation goes through, and each as kernels have it in their registers: eight bytes of it, two
/// words next to each other, in the same order or the other, or one word in two lanes.
fn needles() -> HashSet<u64> {
    let key = |steps| pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, KEY_LEN>(PASSWORD, SALT, steps);
    let (sum, before) = (key(1 + STEPS), key(STEPS));
    let last: Key = std::array::from_fn(|at| sum[at] ^ before[at]);
    let [inner, outer] = [0x36, 0x5c].map(|pad| {
        let mut block = [pad; 64];
        let hashed = <sha2::Sha256 as sha2::Digest>::digest(PASSWORD);
        block
            .iter_mut()
            .zip(hashed)
            .for_each(|(byte, of_key)| *byte ^= of_key);
        let mut state = [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ];
        sha2::block_api::compress256(&mut state, &[block]);
        state
    });
    let words =
        |key: Key| -> [u32; 8] { std::array::from_fn(|at| u32::from_be_bytes(key.as_chunks::<4>().0[at])) };
    let states: [[u32; 8]; 4] = [inner, outer, words(last), words(sum)];
    let two = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
    let of = |state: [u32; 8]| {
        (0..8).flat_map(move |at| {
            let (this, next) = (state[at], state[(at + 1) % 8]);
            [
                two(this, next),
                two(next, this),
                two(this, this),
                two(this.swap_bytes(), next.swap_bytes()),
            ]
        })
    };
    states.into_iter().flat_map(of).collect()
}

fn derive_and_wait() {
    for (kernel, kernels) in each_kernel() {
        let begin = |_| derivation(PASSWORD, SALT, 2 + STEPS);
        let mut batch: Vec<_> = (0..kernel.lanes()).map(begin).collect();
        kernels.advance(&mut batch, STEPS);
        say_and_wait(&format!("holding {kernel}"));
        drop(batch);
        say_and_wait(&format!("dropped {kernel}"));
    }
}

fn say_and_wait(line: &str) {
    println!("child: {line}");
    stdin().lines().next().unwrap().unwrap();
}

/// The child, stopped at one of its lines.
struct Observed {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Observed {
    /// This same test in another process.
    fn start() -> Self {
        let name = "memory::nothing_of_a_password_stays_in_memory_when_its_derivation_is_dropped";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env(IS_CHILD, "1");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        }
    }

    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).unwrap(),
                0,
                "the child has ended"
            );
            // The test harness says where it is on the same line.
            if let Some((_, line)) = line.trim_end().split_once("child: ") {
                return line.to_owned();
            }
        }
    }

    fn go_on(&mut self) {
        self.stdin.write_all(b"\n").unwrap();
    }

    /// How often one of these stands in what the child can write to.
    fn memory_has(&self, needles: &HashSet<u64>) -> usize {
        let process = format!("/proc/{}", self.child.id());
        let mut memory = File::open(format!("{process}/mem")).unwrap();
        let maps = fs::read_to_string(format!("{process}/maps")).unwrap();
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            memory.seek(SeekFrom::Start(from)).unwrap();
            memory.read_exact(&mut bytes).unwrap();
            let words = bytes.windows(8).step_by(4);
            found += words
                .filter(|it| needles.contains(&u64::from_le_bytes((*it).try_into().unwrap())))
                .count();
        }
        found
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        self.child.wait().unwrap();
    }
}
