//! The memory through which requests and answers cross between JavaScript and the core: it writes into
//! the input's buffers, and reads from the output's. All are kept, so that a request allocates none.

use crate::request_view::FlatRequest;
use crate::s3_headers::S3HeaderName;
use crate::texts::Stretch;
#[cfg(any(target_arch = "wasm32", test))]
use crate::words::{WORDS, Word};

/// The buffers.
pub(crate) struct Exchange {
    input: Vec<u8>,
    lengths: Vec<i32>,
    output: Output,
}

/// An answer, whose parts cross as numbers. A word is the complement of its number; the texts of the gate's buckets are
/// the words after all others. Any other part is two: where it begins, and how many bytes it has, or the complement of
/// that where [`METADATA`](S3HeaderName::METADATA) goes before it. What is a part of the request's text stays there; all
/// else is in a text of its own, which begins where the request's ends.
pub(crate) struct Output {
    /// The request's text: none but for a request.
    request: Stretch,
    text: String,
    numbers: Vec<i32>,
    parts: usize,
    /// Where the text begins, its bytes, where the numbers begin.
    place: [usize; 3],
}

impl Exchange {
    /// Buffers without memory. They are a constant, and so need no check whether they were made.
    pub(crate) const fn new() -> Self {
        let output = Output { request: NO_REQUEST, text: String::new(), numbers: Vec::new(), parts: 0, place: [0; 3] };
        Exchange { input: Vec::new(), lengths: Vec::new(), output }
    }

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

    /// Where the place of the output is, as long as these buffers stay where they are: three numbers of 32 bits, see
    /// [`Output`].
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn place(&self) -> *const usize {
        self.output.place.as_ptr()
    }

    /// Makes the output of the first `length` bytes of input, and gives the number of its parts. Text that isn't
    /// UTF-8 is taken for none: JavaScript writes no other.
    pub(crate) fn answer(&mut self, length: usize, answer: impl FnOnce(&str, &mut Output)) -> usize {
        self.output.begin(NO_REQUEST);
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
        let text = text_of(&self.input, length);
        self.output.begin(Stretch::of(text));
        answer(FlatRequest { text, lengths: self.lengths.get(..parts).unwrap_or_default() }, &mut self.output);
        self.output.finish()
    }

    /// Gives the memory of the input back: documents may have megabytes.
    pub(crate) fn release_input(&mut self) {
        self.input = Vec::new();
    }
}

impl Output {
    pub(crate) fn push(&mut self, part: &str) {
        let place = self.placed(part);
        self.push_piece(place, number(part.len()));
    }

    /// The name of a header that S3 gets.
    pub(crate) fn push_name(&mut self, name: &S3HeaderName<'_>) {
        match name {
            S3HeaderName::Known(name) => self.push_word(*name),
            S3HeaderName::Metadata(key) => {
                let place = self.placed(key);
                self.push_piece(place, !number(key.len()));
            }
        }
    }

    /// One of the texts of the gate's buckets.
    pub(crate) fn push_bucket_text(&mut self, place: usize) {
        self.push_number(WORDS.len() + place);
    }

    fn push_piece(&mut self, place: i32, length: i32) {
        self.numbers.push(place);
        self.numbers.push(length);
        self.parts += 1;
    }

    /// Where a part stands; one that isn't the request's is written first.
    fn placed(&mut self, part: &str) -> i32 {
        let place = self.request.place_of(part).unwrap_or_else(|| {
            let place = self.request.bytes + self.text.len();
            self.text.push_str(part);
            place
        });
        number(place)
    }

    /// A part that JavaScript has as well, by its number.
    pub(crate) fn push_word(&mut self, word: Word) {
        self.push_number(word.number());
    }

    #[inline(never)]
    fn push_number(&mut self, of_word: usize) {
        self.numbers.push(!number(of_word));
        self.parts += 1;
    }

    /// A part that JavaScript may have as well.
    pub(crate) fn push_known(&mut self, part: &str) {
        // What is the request's is told by its place sooner than it is looked up.
        let of_request = self.request.place_of(part).is_some();
        match if of_request { None } else { Word::find(part) } {
            Some(word) => self.push_word(word),
            None => self.push(part),
        }
    }

    fn begin(&mut self, request: Stretch) {
        self.request = request;
        self.text.clear();
        self.numbers.clear();
        self.parts = 0;
    }

    fn finish(&mut self) -> usize {
        self.place = [self.text.as_ptr().addr(), self.text.len(), self.numbers.as_ptr().addr()];
        self.parts
    }
}

/// The stretch that no part is in.
const NO_REQUEST: Stretch = Stretch { begin: 0, bytes: 0 };

/// A place or length of two gigabytes would be none.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or_default()
}

fn text_of(input: &[u8], length: usize) -> &str {
    input.get(..length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(exchange: &Exchange) -> (&str, &[i32]) {
        (&exchange.output.text, &exchange.output.numbers)
    }

    #[test]
    fn answers_what_was_written() {
        let mut exchange = Exchange::new();
        exchange.reserve(4);
        exchange.input.copy_from_slice("déj".as_bytes());
        let count = exchange.answer(4, |input, output| {
            output.push_known("host");
            output.push(&[input, "à"].concat());
            output.push_known(input);
        });
        assert_eq!((count, parts(&exchange)), (3, ("déjàdéj", &[!10, 0, 6, 6, 4][..])));
        let [text, bytes, numbers] = exchange.output.place;
        assert_eq!((text, bytes), (exchange.output.text.as_ptr().addr(), 10));
        assert_eq!(numbers, exchange.output.numbers.as_ptr().addr());
        for length in [2, 5, usize::MAX] {
            assert_eq!(exchange.answer(length, |input, output| output.push(input)), 1, "{length}");
            assert_eq!(parts(&exchange), ("", &[0, 0][..]), "{length}");
        }
        exchange.release_input();
        exchange.answer(1, |input, output| output.push(input));
        assert_eq!(parts(&exchange), ("", &[0, 0][..]));
    }

    #[test]
    fn leaves_parts_of_the_request_where_they_are() {
        let mut exchange = Exchange::new();
        exchange.reserve(8);
        exchange.input.copy_from_slice("PUT/kéy".as_bytes());
        let count = exchange.answer_request(0, 8, |FlatRequest { text, .. }, output| {
            output.push(text.get(3..).unwrap());
            output.push("/kéy");
            output.push(text);
            output.push(text.get(..0).unwrap());
            output.push(text.get(8..).unwrap());
            output.push("");
            output.push_known("PUT");
            output.push_name(&S3HeaderName::Known(Word::of("content-type")));
            output.push_name(&S3HeaderName::Metadata(text.get(4..5).unwrap().into()));
            output.push_bucket_text(2);
        });
        let last = !(i32::try_from(WORDS.len()).unwrap() + 2);
        let numbers = [3, 5, 8, 5, 0, 8, 0, 0, 13, 0, 13, 0, 13, 3, !7, 4, !1, last];
        assert_eq!((count, parts(&exchange)), (10, ("/kéyPUT", &numbers[..])));
        // What follows the request's bytes in the same memory is none of it.
        let count = exchange.answer_request(0, 3, |_, output| output.push("PUT"));
        assert_eq!((count, parts(&exchange)), (1, ("PUT", &[3, 3][..])));
    }

    #[test]
    fn takes_no_more_lengths_than_there_are() {
        let mut exchange = Exchange::new();
        exchange.reserve_lengths(2);
        exchange.lengths.copy_from_slice(&[1, -1]);
        for (parts, expected) in [(0, &[][..]), (1, &[1]), (2, &[1, -1]), (3, &[]), (usize::MAX, &[])] {
            exchange.answer_request(parts, 0, |request, _| assert_eq!(request.lengths, expected, "{parts}"));
        }
    }
}
