//! See `fuzzing::circleci`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| verify_registry_image::fuzzing::circleci(bytes));
