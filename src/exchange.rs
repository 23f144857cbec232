//! The memory through which text crosses between JavaScript and the core: it writes into the one buffer,
//! and reads from the other. Both are kept, so that a request allocates neither.

/// The two buffers.
#[derive(Default)]
pub(crate) struct Exchange {
    input: Vec<u8>,
    output: String,
}

impl Exchange {
    /// Where up to `bytes` bytes of input may be written, until the next call that needs more.
    pub(crate) fn reserve(&mut self, bytes: usize) -> *mut u8 {
        if self.input.len() < bytes {
            self.input = Vec::new();
            self.input.resize(bytes, 0);
        }
        self.input.as_mut_ptr()
    }

    /// Where the output begins.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn output(&self) -> *const u8 {
        self.output.as_ptr()
    }

    /// Makes the output of the first `length` bytes of input, and gives its length. Text that isn't UTF-8
    /// is taken for none: JavaScript writes no other.
    pub(crate) fn answer(&mut self, length: usize, answer: impl FnOnce(&str, &mut String)) -> usize {
        let input = self.input.get(..length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default();
        self.output.clear();
        answer(input, &mut self.output);
        self.output.len()
    }

    /// Gives the memory of the input back: documents may have megabytes.
    pub(crate) fn release_input(&mut self) {
        self.input = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_what_was_written() {
        let mut exchange = Exchange::default();
        exchange.reserve(4);
        exchange.input.copy_from_slice("déj".as_bytes());
        let length = exchange.answer(4, |input, output| output.push_str(&[input, "à"].concat()));
        assert_eq!((length, &*exchange.output), (6, "déjà"));
        for length in [2, 5, usize::MAX] {
            assert_eq!(exchange.answer(length, |input, output| output.push_str(input)), 0, "{length}");
        }
        exchange.release_input();
        assert_eq!(exchange.answer(1, |input, output| output.push_str(input)), 0);
    }
}
