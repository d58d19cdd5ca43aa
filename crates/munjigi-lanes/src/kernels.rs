//! A set of kernels, and which of them runs how many derivations.

use crate::derivation::Derivation;
use crate::{Kernel, wipe};

/// More derivations than this are served by the kernel for this many, and then the others.
const MOST_LANES: usize = 16;

/// The kernels that a processor, or a setting, allows.
///
/// It keeps which of them begins with how many derivations. With AVX-512 and the SHA extensions the latter run up to six,
/// in pairs; `avx512-8` runs seven or eight, and `avx512-16` from ten on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// In the place of `n`: what runs first where `n + 1` derivations wait.
    first: [Kernel; MOST_LANES],
}

/// The kernel that was asked for does not run on this processor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This processor cannot run the kernel \"{0}\". It can run {can}.", can = names_of_available())]
pub struct Unavailable(Kernel);

impl Kernels {
    /// All that this processor can run.
    pub fn detect() -> Self {
        Self::without(&[])
    }

    /// All that this processor can run but for these: what another processor would do. [`Kernel::Portable`] stays.
    pub fn without(left_out: &[Kernel]) -> Self {
        let kept = |kernel: &Kernel| {
            *kernel == Kernel::Portable || (kernel.is_available() && !left_out.contains(kernel))
        };
        let kernels: Vec<Kernel> = Kernel::ALL.into_iter().filter(kept).collect();
        Self {
            first: plan(&kernels),
        }
    }

    /// One kernel for everything, its lanes filled or not.
    ///
    /// # Errors
    ///
    /// Where this processor cannot run it.
    pub fn only(kernel: Kernel) -> Result<Self, Unavailable> {
        let kernels = Self {
            first: [kernel; MOST_LANES],
        };
        if kernel.is_available() {
            Ok(kernels)
        } else {
            Err(Unavailable(kernel))
        }
    }

    /// The kernel that is called first where so many derivations wait; it takes as many of them as it has lanes.
    pub fn for_lanes(&self, derivations: usize) -> Kernel {
        let at = derivations.clamp(1, MOST_LANES) - 1;
        self.first.get(at).copied().unwrap_or(Kernel::Portable)
    }

    /// The batch that has the highest throughput. A larger one is served piece by piece.
    pub fn lanes(&self) -> usize {
        self.for_lanes(MOST_LANES).lanes()
    }

    /// Takes each derivation of the batch `iterations` further, or as far as it goes. Those that are done stay as they are.
    ///
    /// The batch may be of any size and its derivations at any point of their way. To have a lane free as soon as one is
    /// done, ask for no more iterations than the least that remain.
    pub fn advance<D: AsMut<Derivation>>(&self, batch: &mut [D], iterations: u32) {
        let lanes = batch.iter_mut().map(|it| Lane::new(it.as_mut(), iterations));
        let mut lanes: Vec<Lane<'_>> = lanes.filter(|lane| lane.left > 0).collect();
        while !lanes.is_empty() {
            let kernel = self.for_lanes(lanes.len());
            let group = lanes.len().min(kernel.lanes());
            let (group, _) = lanes.split_at_mut(group);
            advance_together(kernel, group);
            lanes.retain(|lane| lane.left > 0);
        }
        wipe::stack();
    }
}

/// A derivation, and how many iterations of this call are left for it.
struct Lane<'a> {
    derivation: &'a mut Derivation,
    left: u32,
}

impl<'a> Lane<'a> {
    fn new(derivation: &'a mut Derivation, iterations: u32) -> Self {
        let left = iterations.min(derivation.remaining());
        Self { derivation, left }
    }
}

/// As far as the first of them goes.
#[inline(never)]
fn advance_together(kernel: Kernel, group: &mut [Lane<'_>]) {
    let steps = group.iter().map(|lane| lane.left).min().unwrap_or(0);
    let mut states: Vec<_> = group.iter_mut().map(|lane| lane.derivation.state()).collect();
    kernel.run(&mut states, steps);
    for lane in group {
        lane.derivation.count(steps);
        lane.left -= steps;
    }
}

/// For each number of derivations, the kernel to begin with so that all together take the least time.
fn plan(kernels: &[Kernel]) -> [Kernel; MOST_LANES] {
    let mut total = vec![0];
    [Kernel::Portable; MOST_LANES].map(|_| {
        let waiting = total.len();
        let with = |kernel: &Kernel| {
            let rest = waiting.saturating_sub(kernel.lanes());
            kernel.cycles() + total.get(rest).copied().unwrap_or(0)
        };
        let best = kernels
            .iter()
            .copied()
            .min_by_key(with)
            .unwrap_or(Kernel::Portable);
        total.push(with(&best));
        best
    })
}

fn names_of_available() -> String {
    let available = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    available.map(Kernel::name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a processor that has these, what runs one after the other where so many derivations wait.
    fn order(kernels: &[Kernel], mut waiting: usize) -> Vec<&'static str> {
        let kernels = Kernels { first: plan(kernels) };
        let mut order = Vec::new();
        while waiting > 0 {
            let kernel = kernels.for_lanes(waiting);
            waiting = waiting.saturating_sub(kernel.lanes());
            order.push(kernel.name());
        }
        order
    }

    #[test]
    fn each_number_of_derivations_is_served_by_the_fastest_mix() {
        let all = |waiting| order(&Kernel::ALL, waiting);
        assert_eq!(all(1), ["sha-ni-1"]);
        assert_eq!(all(3), ["sha-ni-2", "sha-ni-1"]);
        assert_eq!(all(6), ["sha-ni-2", "sha-ni-2", "sha-ni-2"]);
        assert_eq!(all(7), ["avx512-8"]);
        assert_eq!(all(9), ["avx512-8", "sha-ni-1"]);
        assert_eq!(all(10), ["avx512-16"]);
        assert_eq!(all(17), ["avx512-16", "sha-ni-1"]);
    }

    #[test]
    fn avx2_lanes_serve_only_where_the_sha_extensions_are_missing() {
        let both = [Kernel::ShaNi2, Kernel::ShaNi1, Kernel::Avx2x8, Kernel::Portable];
        for waiting in 1..=16 {
            assert!(!order(&both, waiting).contains(&"avx2-8"), "{waiting}");
        }
        let old = [Kernel::Avx2x8, Kernel::Portable];
        assert_eq!(order(&old, 1), ["portable"]);
        assert_eq!(order(&old, 2), ["avx2-8"]);
        assert_eq!(order(&old, 9), ["avx2-8", "portable"]);
    }
}
