//! What the fuzz targets share: inputs, their mutation, and an oracle that shares no code with the core.

pub mod case;
pub mod check_inputs;
pub mod checks;
pub mod document;
pub mod inputs;
pub mod mutate;
pub mod mutate_inputs;
pub mod oracle;
pub mod pieces;
pub mod wire;
pub mod world;

/// A target: how its inputs are changed, and what is checked of one.
#[macro_export]
macro_rules! target {
    ($input:ty, $check:path) => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate::mutate::<$input>(data, size, max_size, seed)
        });

        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            if let Some(input) = $crate::mutate::read::<$input>(data) {
                $check(&input);
            }
        });
    };
}
