//! SHA-256 of as many derivations as a register has lanes, each word of the state in a register of its own.
//!
//! It is a macro, for a function that works on wide registers must itself be compiled for them, and a trait's cannot be.
//! Where it stands are the operations on its registers: `add`, `xor`, `xor3`, `choose`, `majority`, `ror`, `shr`, `splat`,
//! `load`, `store`.

macro_rules! vertical {
    ($features:literal, $vector:ty) => {
        /// Takes each of `states` so many iterations further.
        #[target_feature(enable = $features)]
        pub(super) fn run(states: &mut [&mut State], steps: u32) {
            let mut lanes = Lanes::gather(states);
            let inner = lanes.inner.each_ref().map(|words| load(words));
            let outer = lanes.outer.each_ref().map(|words| load(words));
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

        /// One block that holds a digest after a block of HMAC's key: the padding is known, and what follows from it in the
        /// schedule is folded when this is compiled.
        #[target_feature(enable = $features)]
        #[inline]
        fn compress(start: &[$vector; 8], digest: [$vector; 8]) -> [$vector; 8] {
            let zero = splat(0);
            let [a, b, c, d, e, f, g, h] = digest;
            let bits = splat(u32::from(BITS_AFTER_KEY));
            let mut w = [
                a,
                b,
                c,
                d,
                e,
                f,
                g,
                h,
                splat(0x8000_0000),
                zero,
                zero,
                zero,
                zero,
                zero,
                zero,
                bits,
            ];
            let mut s = *start;
            sixteen!(s, w, 0);
            schedule!(w);
            sixteen!(s, w, 16);
            schedule!(w);
            sixteen!(s, w, 32);
            schedule!(w);
            sixteen!(s, w, 48);
            for (word, start) in s.iter_mut().zip(start) {
                *word = add(*word, *start);
            }
            s
        }

        /// One round: the state with its words moved on by one.
        #[target_feature(enable = $features)]
        #[inline]
        fn round([a, b, c, d, e, f, g, h]: [$vector; 8], word: $vector, constant: u32) -> [$vector; 8] {
            let one = xor3(ror::<6>(e), ror::<11>(e), ror::<25>(e));
            let zero = xor3(ror::<2>(a), ror::<13>(a), ror::<22>(a));
            let first = add(
                add(h, add(word, splat(constant))),
                add(one, choose(e, f, g)),
            );
            let second = add(zero, majority(a, b, c));
            [add(first, second), a, b, c, add(d, first), e, f, g]
        }

        /// The word of the schedule sixteen places after `first`.
        #[target_feature(enable = $features)]
        #[inline]
        fn next(first: $vector, second: $vector, tenth: $vector, fifteenth: $vector) -> $vector {
            let zero = xor3(ror::<7>(second), ror::<18>(second), shr::<3>(second));
            let one = xor3(
                ror::<17>(fifteenth),
                ror::<19>(fifteenth),
                shr::<10>(fifteenth),
            );
            add(add(first, zero), add(tenth, one))
        }
    };
}

/// Sixteen rounds with the words `w`, by the constants from `$from` on.
macro_rules! sixteen {
    ($s:ident, $w:ident, $from:literal) => {
        sixteen!(@ $s, $w, $from, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $s:ident, $w:ident, $from:literal, $($i:literal)*) => {
        $($s = round($s, $w[$i], K[$from + $i]);)*
    };
}

/// The next sixteen words, each in the place of the one that it is made from.
macro_rules! schedule {
    ($w:ident) => {
        schedule!(@ $w, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $w:ident, $($i:literal)*) => {
        $($w[$i] = next($w[$i], $w[($i + 1) % 16], $w[($i + 9) % 16], $w[($i + 14) % 16]);)*
    };
}

pub(super) use {schedule, sixteen, vertical};
