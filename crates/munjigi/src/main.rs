//! The program `munjigi`. All it does is in [`munjigi::cli`].

use std::process::ExitCode;

/// Requests allocate little and often, from many threads, which is what mimalloc is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    munjigi::cli::main()
}
