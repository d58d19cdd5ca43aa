//! The kernels: which there are, whether this processor has one, and the one place that calls them.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::derivation::State;
use std::{fmt, str::FromStr};

/// Code that runs the iterations of one or several derivations side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kernel {
    /// Sixteen in the lanes of 512-bit registers (AVX-512F).
    Avx512x16,
    /// Eight in the lanes of 256-bit registers, with the rotations and three-way logic of AVX-512 (F and VL).
    Avx512x8,
    /// Eight in the lanes of 256-bit registers (AVX2). Slower than the SHA extensions where those are.
    Avx2x8,
    /// Two streams of the SHA extensions, interleaved.
    ShaNi2,
    /// One stream of the SHA extensions: the least time for one password.
    ShaNi1,
    /// RustCrypto's block function, one at a time, on every processor. It has its own instructions where `sha2` knows them,
    /// as on `AArch64`.
    Portable,
}

/// No kernel has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There is no kernel \"{0}\". Write one of {names}.", names = Kernel::ALL.map(Kernel::name).join(", "))]
pub struct UnknownKernel(String);

impl Kernel {
    /// All that there are, on any processor; the one with the highest throughput first.
    pub const ALL: [Self; 6] = [
        Self::Avx512x16,
        Self::Avx512x8,
        Self::ShaNi2,
        Self::ShaNi1,
        Self::Avx2x8,
        Self::Portable,
    ];

    /// As a setting writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512x16 => "avx512-16",
            Self::Avx512x8 => "avx512-8",
            Self::Avx2x8 => "avx2-8",
            Self::ShaNi2 => "sha-ni-2",
            Self::ShaNi1 => "sha-ni-1",
            Self::Portable => "portable",
        }
    }

    /// Derivations that it takes at once. Fewer take it the same time.
    pub fn lanes(self) -> usize {
        match self {
            Self::Avx512x16 => 16,
            Self::Avx512x8 | Self::Avx2x8 => 8,
            Self::ShaNi2 => 2,
            Self::ShaNi1 | Self::Portable => 1,
        }
    }

    /// Whether this processor, and the system on it, can run it.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        if x86::is_available(self) {
            return true;
        }
        self == Self::Portable
    }

    /// Cycles of one compression in all lanes, on an Intel Xeon of 2023; [`Self::Portable`]'s without SHA instructions. Only
    /// the ratios count: they say which kernels serve a given number of derivations best.
    pub(crate) fn cycles(self) -> u32 {
        match self {
            Self::Avx512x16 => 827,
            Self::Avx512x8 => 634,
            Self::Avx2x8 => 1144,
            Self::ShaNi2 => 200,
            Self::ShaNi1 => 143,
            Self::Portable => 632,
        }
    }

    /// Takes each of `states`, at most as many as there are lanes, `steps` iterations further.
    pub(crate) fn run(self, states: &mut [&mut State], steps: u32) {
        debug_assert!(self.is_available() && states.len() <= self.lanes());
        #[cfg(target_arch = "x86_64")]
        if x86::run(self, states, steps) {
            return;
        }
        for state in states {
            portable::run(state, steps);
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kernel {
    type Err = UnknownKernel;

    fn from_str(name: &str) -> Result<Self, UnknownKernel> {
        let known = Self::ALL.into_iter().find(|kernel| kernel.name() == name);
        known.ok_or_else(|| UnknownKernel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_found_by_its_name_and_by_no_other() {
        for kernel in Kernel::ALL {
            assert_eq!(kernel.to_string().parse(), Ok(kernel));
        }
        let error = "AVX512-16".parse::<Kernel>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "There is no kernel \"AVX512-16\". Write one of avx512-16, avx512-8, sha-ni-2, sha-ni-1, avx2-8, \
             portable."
        );
    }
}
