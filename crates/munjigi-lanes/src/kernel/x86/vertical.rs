//! SHA-256 of as many derivations as a register has lanes, each word of the state in a register of its own.
//!
//! It is a macro, for a function that works on wide registers must itself be compiled for them, and a trait's cannot be.
//! Where it is used stand the operations on the registers: `add`, `xor`, `xor3`, `choose`, `majority`, `ror`, `shr`, `splat`,
//! `load` and `store`.

macro_rules! vertical {
    ($features:literal, $vector:ty) => {
        /// Takes each of `states` so many iterations further.
        #[target_feature(enable = $features)]
        pub(super) fn run(states: &mut [&mut State], steps: u32) {
            let mut lanes = Lanes::gather(states);
            let inner = Start::new(lanes.inner.each_ref().map(|words| load(words)));
            let outer = Start::new(lanes.outer.each_ref().map(|words| load(words)));
            let mut last = lanes.last.each_ref().map(|words| load(words));
            let mut sum = lanes.sum.each_ref().map(|words| load(words));
            for _ in 0..steps {
                last = compress(&outer, compress(&inner, last));
                for (sum, last) in sum.iter_mut().zip(last) {
                    *sum = xor(*sum, last);
                }
            }
            for (words, vector) in lanes.last.iter_mut().zip(last) {
                *words = store(vector);
            }
            for (words, vector) in lanes.sum.iter_mut().zip(sum) {
                *words = store(vector);
            }
            lanes.scatter(states);
        }

        /// The state that all blocks of a run are compressed from, and what they have in common.
        struct Start {
            state: [$vector; 8],
            /// After the first round, but for the message's first word in A and E.
            first: [$vector; 8],
            /// H and the constant of the second to the fourth round, one added to the other.
            known: [$vector; 3],
        }

        impl Start {
            #[target_feature(enable = $features)]
            fn new(state: [$vector; 8]) -> Self {
                let [_, _, _, _, e, f, g, h] = state;
                Self {
                    state,
                    first: round(state, add(h, splat(K[0]))),
                    known: [add(g, splat(K[1])), add(f, splat(K[2])), add(e, splat(K[3]))],
                }
            }
        }

        /// A block that holds a digest after a block of HMAC's key. The padding is written as constants, and the compiler
        /// folds what follows from it.
        ///
        /// Each word of the schedule is made right after the word in its place has served. The rounds between are a loop:
        /// written out, the compiler's order of the instructions leaves one in ten places of the processor empty, in a
        /// loop one in fourteen.
        #[target_feature(enable = $features)]
        #[inline]
        fn compress(start: &Start, digest: [$vector; 8]) -> [$vector; 8] {
            let [a, b, c, d, e, f, g, h] = digest;
            let (one, zero, bits) = (splat(0x8000_0000), splat(0), splat(u32::from(BITS_AFTER_KEY)));
            let mut w = [a, b, c, d, e, f, g, h, one, zero, zero, zero, zero, zero, zero, bits];
            let mut s = start.first;
            s[0] = add(s[0], w[0]);
            s[4] = add(s[4], w[0]);
            schedule!(w, 0);
            each!(I in 1 2 3 => {
                s = round(s, add(start.known[I - 1], w[I]));
                schedule!(w, I);
            });
            each!(I in 4 5 6 7 8 9 10 11 12 13 14 15 => {
                s = round(s, add(s[7], add(splat(K[I]), w[I])));
                schedule!(w, I);
            });
            for k in K[16..48].as_chunks::<16>().0 {
                each!(I in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => {
                    s = round(s, add(s[7], add(splat(k[I]), w[I])));
                    schedule!(w, I);
                });
            }
            each!(I in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 => {
                s = round(s, add(s[7], add(splat(K[48 + I]), w[I])));
            });
            for (word, start) in s.iter_mut().zip(start.state) {
                *word = add(*word, start);
            }
            s
        }

        /// The state with its words moved on by one. `known` is the sum of H, the constant and the word of the message. What
        /// comes of E is added last, for it is there last.
        #[target_feature(enable = $features)]
        #[inline]
        fn round([a, b, c, d, e, f, g, _]: [$vector; 8], known: $vector) -> [$vector; 8] {
            let one = xor3(ror::<6>(e), ror::<11>(e), ror::<25>(e));
            let zero = xor3(ror::<2>(a), ror::<13>(a), ror::<22>(a));
            let first = add(add(known, choose(e, f, g)), one);
            [add(first, add(zero, majority(a, b, c))), a, b, c, add(d, first), e, f, g]
        }

        /// The word of the schedule sixteen places after `first`.
        #[target_feature(enable = $features)]
        #[inline]
        fn next(first: $vector, second: $vector, tenth: $vector, fifteenth: $vector) -> $vector {
            let zero = xor3(ror::<7>(second), ror::<18>(second), shr::<3>(second));
            let one = xor3(ror::<17>(fifteenth), ror::<19>(fifteenth), shr::<10>(fifteenth));
            add(add(add(first, zero), tenth), one)
        }
    };
}

/// Puts the next word of the schedule into the place of the one that it is made from.
macro_rules! schedule {
    ($w:ident, $i:expr) => {
        $w[$i] = next($w[$i], $w[($i + 1) % 16], $w[($i + 9) % 16], $w[($i + 14) % 16])
    };
}

/// The same for each of some numbers, written out: each is a constant, and what it indexes a register.
macro_rules! each {
    ($i:ident in $($number:literal)* => $work:block) => {
        $({
            const $i: usize = $number;
            $work
        })*
    };
}

pub(super) use {each, schedule, vertical};
