//! munjigi-lanes against RustCrypto: which kernel, who joins the batch when, and how far it goes, as the input says.
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use munjigi_lanes::{Derivation, KEY_LEN, Kernel, Kernels};
use std::num::NonZeroU32;

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    // An input that ends early is a shorter one.
    let _ended = run(&mut input);
});

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let kernels = match Kernels::only(*input.choose(&Kernel::ALL)?) {
        Ok(kernels) if input.arbitrary()? => kernels,
        _ => Kernels::without(&[*input.choose(&Kernel::ALL)?, *input.choose(&Kernel::ALL)?]),
    };
    let mut batch: Vec<Member> = Vec::new();
    while !input.is_empty() {
        if batch.len() < 40 && input.arbitrary()? {
            batch.push(Member::join(input)?);
        } else {
            kernels.advance(&mut batch, input.int_in_range(0..=20)?);
            batch
                .extract_if(.., |it| it.derivation.is_done())
                .for_each(Member::check);
        }
    }
    kernels.advance(&mut batch, u32::MAX);
    batch.into_iter().for_each(Member::check);
    Ok(())
}

struct Member {
    derivation: Derivation,
    key: [u8; KEY_LEN],
}

impl Member {
    fn join(input: &mut Unstructured<'_>) -> Result<Self> {
        let (password, salt): (&[u8], &[u8]) = (input.arbitrary()?, input.arbitrary()?);
        let iterations = input.int_in_range(1..=40)?;
        let counted = NonZeroU32::new(iterations).expect("from one on");
        Ok(Self {
            derivation: Derivation::new(password, salt, counted),
            key: pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, KEY_LEN>(password, salt, iterations),
        })
    }

    fn check(self) {
        let key = self.derivation.finish().ok().expect("it is done");
        assert_eq!(*key, self.key);
    }
}

impl AsMut<Derivation> for Member {
    fn as_mut(&mut self) -> &mut Derivation {
        &mut self.derivation
    }
}
