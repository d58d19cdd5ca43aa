//! Whether time or addresses depend on a password: it and its salt are marked as memory that nobody has written, and
//! MemorySanitizer ends the program at the first branch or address that depends on such bytes. README.md says how to run it.
//!
//! `leak` as the argument adds a branch on the key, which has to be found.

use munjigi_lanes::{Derivation, Kernel, Kernels};
use std::ffi::c_void;
use std::num::NonZeroU32;

unsafe extern "C" {
    fn __msan_poison(from: *const c_void, bytes: usize);
    fn __msan_unpoison(from: *const c_void, bytes: usize);
}

const STEPS: u32 = 9;

fn main() {
    let leaks = std::env::args().nth(1).is_some_and(|argument| argument == "leak");
    for kernel in Kernel::ALL {
        if matches!(kernel, Kernel::Avx512x16 | Kernel::Avx512x8) {
            println!(
                "{kernel}: not followed, for the sanitizer does not know vpternlog; it is avx2-8 in wider registers"
            );
            continue;
        }
        let Ok(kernels) = Kernels::only(kernel) else {
            println!("{kernel}: not on this processor");
            continue;
        };
        for length in [0, 8, 63, 64, 65, 200] {
            let secret = |byte: u8| {
                let text = vec![byte; length];
                // SAFETY: the memory is the vector's; from here on MemorySanitizer takes it for unwritten.
                unsafe { __msan_poison(text.as_ptr().cast(), text.len()) };
                text
            };
            let begin = |lane| {
                let lane = u8::try_from(lane).expect("sixteen at most");
                let iterations = NonZeroU32::new(STEPS + u32::from(lane % 3)).expect("some");
                Derivation::new(&secret(b'a' + lane), &secret(b'A' + lane), iterations)
            };
            let mut batch: Vec<_> = (0..kernel.lanes()).map(begin).collect();
            kernels.advance(&mut batch, 4);
            kernels.advance(&mut batch, u32::MAX);
            for derivation in batch {
                let key = derivation.finish().ok().expect("it is done");
                if leaks && key[0] > 7 {
                    println!("a branch on the key");
                }
                // SAFETY: the memory is the key's.
                unsafe { __msan_unpoison(key.as_ptr().cast(), key.len()) };
            }
        }
        println!("{kernel}: no branch and no address depends on password, salt or key");
    }
}
