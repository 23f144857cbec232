//! The memory through which requests and answers cross between JavaScript and the core: it writes into
//! the input's buffers, and reads from the output's. All are kept, so that a request allocates none.

use crate::request_view::FlatRequest;
#[cfg(any(target_arch = "wasm32", test))]
use crate::words::number_of;

/// The buffers.
#[derive(Default)]
pub(crate) struct Exchange {
    input: Vec<u8>,
    lengths: Vec<i32>,
    output: Output,
}

/// An answer: its parts one after the other in one text, and how many bytes each has. A negative number is
/// the complement of a word's.
#[derive(Default)]
pub(crate) struct Output {
    text: String,
    lengths: Vec<i32>,
    /// Where the text begins, its bytes, where the lengths begin; it stays where it is.
    place: Box<[usize; 3]>,
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

    /// Where the lengths of up to `parts` parts of a request may be written, until the next call that needs
    /// more.
    pub(crate) fn reserve_lengths(&mut self, parts: usize) -> *mut i32 {
        if self.lengths.len() < parts {
            self.lengths = Vec::new();
            self.lengths.resize(parts, 0);
        }
        self.lengths.as_mut_ptr()
    }

    /// Where the place of the output is: three numbers of 32 bits, see [`Output`].
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn place(&self) -> *const usize {
        self.output.place.as_ptr()
    }

    /// Makes the output of the first `length` bytes of input, and gives the number of its parts. Text that isn't
    /// UTF-8 is taken for none: JavaScript writes no other.
    pub(crate) fn answer(&mut self, length: usize, answer: impl FnOnce(&str, &mut Output)) -> usize {
        self.output.clear();
        answer(text_of(&self.input, length), &mut self.output);
        self.output.finish()
    }

    /// The same of a request, of the first `parts` of the lengths.
    pub(crate) fn answer_request(
        &mut self,
        parts: usize,
        length: usize,
        answer: impl FnOnce(FlatRequest<'_>, &mut Output),
    ) -> usize {
        self.output.clear();
        let lengths = self.lengths.get(..parts).unwrap_or_default();
        answer(FlatRequest { text: text_of(&self.input, length), lengths }, &mut self.output);
        self.output.finish()
    }

    /// Gives the memory of the input back: documents may have megabytes.
    pub(crate) fn release_input(&mut self) {
        self.input = Vec::new();
    }
}

impl Output {
    pub(crate) fn push(&mut self, part: &str) {
        self.text.push_str(part);
        // A part of two gigabytes would be none.
        self.lengths.push(i32::try_from(part.len()).unwrap_or_default());
    }

    /// A part that JavaScript may have as well.
    pub(crate) fn push_known(&mut self, part: &str) {
        match number_of(part).and_then(|number| i32::try_from(number).ok()) {
            Some(number) => self.lengths.push(!number),
            None => self.push(part),
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.lengths.clear();
    }

    fn finish(&mut self) -> usize {
        *self.place = [self.text.as_ptr().addr(), self.text.len(), self.lengths.as_ptr().addr()];
        self.lengths.len()
    }
}

fn text_of(input: &[u8], length: usize) -> &str {
    input.get(..length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(exchange: &Exchange) -> (&str, &[i32]) {
        (&exchange.output.text, &exchange.output.lengths)
    }

    #[test]
    fn answers_what_was_written() {
        let mut exchange = Exchange::default();
        exchange.reserve(4);
        exchange.input.copy_from_slice("déj".as_bytes());
        let count = exchange.answer(4, |input, output| {
            output.push_known("host");
            output.push(&[input, "à"].concat());
            output.push_known(input);
        });
        assert_eq!((count, parts(&exchange)), (3, ("déjàdéj", &[!10, 6, 4][..])));
        let [text, bytes, lengths] = *exchange.output.place;
        assert_eq!((text, bytes), (exchange.output.text.as_ptr().addr(), 10));
        assert_eq!(lengths, exchange.output.lengths.as_ptr().addr());
        for length in [2, 5, usize::MAX] {
            assert_eq!(exchange.answer(length, |input, output| output.push(input)), 1, "{length}");
            assert_eq!(parts(&exchange), ("", &[0][..]), "{length}");
        }
        exchange.release_input();
        exchange.answer(1, |input, output| output.push(input));
        assert_eq!(parts(&exchange), ("", &[0][..]));
    }

    #[test]
    fn takes_no_more_lengths_than_there_are() {
        let mut exchange = Exchange::default();
        exchange.reserve_lengths(2);
        exchange.lengths.copy_from_slice(&[1, -1]);
        for (parts, expected) in [(0, &[][..]), (1, &[1]), (2, &[1, -1]), (3, &[]), (usize::MAX, &[])] {
            exchange.answer_request(parts, 0, |request, _| assert_eq!(request.lengths, expected, "{parts}"));
        }
    }
}
