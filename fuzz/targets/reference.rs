//! See `fuzzing::reference`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| verify_registry_image::fuzzing::reference(bytes));
