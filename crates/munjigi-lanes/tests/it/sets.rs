//! Which kernels a processor or a setting allows.

use munjigi_lanes::{Kernel, Kernels};

#[test]
fn a_kernel_is_taken_alone_where_the_processor_has_it_and_refused_by_name_elsewhere() {
    for kernel in Kernel::ALL {
        match Kernels::only(kernel) {
            Ok(kernels) => {
                assert!(kernel.is_available());
                assert_eq!((kernels.for_lanes(1), kernels.for_lanes(99)), (kernel, kernel));
                assert_eq!(kernels.lanes(), kernel.lanes());
            }
            Err(refused) => {
                assert!(!kernel.is_available());
                let start = format!("This processor cannot run the kernel \"{kernel}\". It can run ");
                assert!(refused.to_string().starts_with(&start), "{refused}");
            }
        }
    }
}

#[test]
fn without_all_others_the_portable_kernel_is_left() {
    let portable = Kernels::only(Kernel::Portable).unwrap();
    assert_eq!(Kernels::without(&Kernel::ALL), portable);
    assert_eq!(Kernels::detect(), Kernels::without(&[]));
}

#[test]
fn a_processor_without_avx512_takes_pairs_by_the_sha_extensions_and_without_these_lanes_of_avx2() {
    let avx512 = [Kernel::Avx512x16, Kernel::Avx512x8];
    let sha = [Kernel::ShaNi2, Kernel::ShaNi1];
    if sha.iter().all(|kernel| kernel.is_available()) {
        let older = Kernels::without(&avx512);
        assert_eq!(
            (older.for_lanes(1), older.for_lanes(16)),
            (Kernel::ShaNi1, Kernel::ShaNi2)
        );
    }
    if Kernel::Avx2x8.is_available() {
        let oldest = Kernels::without(&[avx512, sha].concat());
        assert_eq!(
            (oldest.for_lanes(1), oldest.for_lanes(16)),
            (Kernel::Portable, Kernel::Avx2x8)
        );
    }
}
