//! A checked gate as bytes, so that a function reads no document when it starts.
//!
//! ```text
//! image  = format build gate
//! format = "oss-edge gate 1" NUL
//! build  = that of the core, as text
//! gate   = the values of its fields, one after the other and without their names
//! number = 7 bits a byte, the lowest first; 1 in the highest bit of each byte but the last
//! text   = number of bytes, UTF-8
//! list   = number of items, items
//! option = 0 | 1 value
//! choice = one byte: its place in the list of all
//! ```
//!
//! An image holds secrets. What each type is made of is listed once, for both ways: [`baked`]. It says nothing of
//! itself, so that only the build of the core that made an image takes it.

use crate::texts::owned;

/// A value that is written to an image, and read from it alike.
pub(crate) trait Baked {
    fn bake(&self, image: &mut Vec<u8>);

    /// Reads the value that the image has next. Of an image that is damaged it is any, and none is taken: going on to
    /// the end takes less code than as many ways out, and so does calling instead of inlining.
    fn read(image: &mut Image<'_>) -> Self;
}

const FORMAT: &[u8] = b"oss-edge gate 1\0";

/// What build.sh makes of the sources: another core has other fields.
const BUILD: &str = match option_env!("OSS_EDGE_BUILD") {
    Some(build) => build,
    None => "no build",
};

/// The image of a value.
pub(crate) fn image(value: &impl Baked) -> Vec<u8> {
    let mut image = [FORMAT, BUILD.as_bytes()].concat();
    value.bake(&mut image);
    image
}

/// The value of an image; `None` where it is damaged or of another build, or the value isn't whole.
pub(crate) fn value<T: Baked>(image: &[u8], is_whole: impl Fn(&T) -> bool) -> Option<T> {
    let left = image.strip_prefix(FORMAT)?.strip_prefix(BUILD.as_bytes())?;
    let mut image = Image { left, damaged: false };
    let value = T::read(&mut image);
    if image.is_read() && is_whole(&value) {
        return Some(value);
    }
    // JavaScript drops the instance that refused an image, and with it all memory: in a module that only reads images,
    // code that takes a value apart would be there for nothing else.
    if cfg!(not(feature = "documents")) {
        std::mem::forget(value);
    }
    None
}

/// What is left to read of an image.
pub(crate) struct Image<'i> {
    left: &'i [u8],
    damaged: bool,
}

impl<'i> Image<'i> {
    /// Whether all of it was read, and nothing but what it had.
    fn is_read(&self) -> bool {
        self.left.is_empty() && !self.damaged
    }

    /// Takes nothing of it any more.
    pub(crate) fn damage(&mut self) {
        self.left = &[];
        self.damaged = true;
    }

    fn take(&mut self, count: usize) -> &'i [u8] {
        match self.left.split_at_checked(count) {
            Some((taken, left)) => {
                self.left = left;
                taken
            }
            None => {
                self.damage();
                &[]
            }
        }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// One of as many places; of an image that is damaged any.
    #[inline(never)]
    fn place(&mut self, count: usize) -> usize {
        let place = self.byte().into();
        if place >= count {
            self.damage();
        }
        place
    }

    /// A text, which is in the image as it is.
    #[inline(never)]
    fn text(&mut self) -> &'i str {
        let length = usize::read(self);
        str::from_utf8(self.take(length)).unwrap_or_else(|_| {
            self.damage();
            ""
        })
    }

    /// How many items of a size get memory.
    #[inline(never)]
    fn room(&self, count: usize, size: usize) -> usize {
        count.min(self.left.len() / size.max(1))
    }

    /// As many items. Their number is the image's word, and gets no more memory at first than that has bytes.
    #[expect(clippy::reserve_after_initialization, reason = "`with_capacity` is inlined, and would be for each type")]
    pub(crate) fn items<T>(&mut self, count: usize, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        items.reserve(self.room(count, size_of::<T>()));
        for _ in 0..count {
            if self.damaged {
                break;
            }
            items.push(read(self));
        }
        items
    }
}

/// Lists what a type is made of: the fields of a `struct`, and which of them every gate begins with anew, or the
/// variants of an `enum`. The order is that of the image.
macro_rules! baked {
    (struct $type:ty { $($field:tt),* $(,)? } $(but { $($fresh:ident),* })?) => {
        impl $crate::baked::Baked for $type {
            fn bake(&self, image: &mut Vec<u8>) {
                $($crate::baked::Baked::bake(&self.$field, image);)*
            }

            #[inline(never)]
            fn read(image: &mut $crate::baked::Image<'_>) -> Self {
                Self { $($field: $crate::baked::Baked::read(image),)* $($($fresh: Default::default(),)*)? }
            }
        }
    };
    (enum $type:ty { $first:ident $(, $variant:ident)* $(,)? }) => {
        impl $crate::baked::Baked for $type {
            fn bake(&self, image: &mut Vec<u8>) {
                const ALL: &[$type] = &[<$type>::$first $(, <$type>::$variant)*];
                match self {
                    Self::$first $(| Self::$variant)* => {}
                }
                $crate::baked::bake_choice(ALL, self, image);
            }

            #[inline(never)]
            fn read(image: &mut $crate::baked::Image<'_>) -> Self {
                const ALL: &[$type] = &[<$type>::$first $(, <$type>::$variant)*];
                $crate::baked::read_choice(ALL, image).unwrap_or(Self::$first)
            }
        }
    };
}
pub(crate) use baked;

/// One of all that there are, by its place.
pub(crate) fn bake_choice<T: PartialEq>(all: &[T], choice: &T, image: &mut Vec<u8>) {
    let place = all.iter().position(|known| known == choice).and_then(|place| u8::try_from(place).ok());
    image.push(place.unwrap_or(u8::MAX));
}

/// `None` of an image that is damaged.
pub(crate) fn read_choice<T: Copy>(all: &[T], image: &mut Image<'_>) -> Option<T> {
    all.get(image.place(all.len())).copied()
}

impl Baked for u64 {
    fn bake(&self, image: &mut Vec<u8>) {
        let mut rest = *self;
        while rest > 0x7f {
            image.push(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        image.push(low_bits(rest));
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = image.byte();
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if byte < 0x80 && number >> shift == bits {
                return number;
            }
        }
        image.damage();
        0
    }
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

impl Baked for u32 {
    fn bake(&self, image: &mut Vec<u8>) {
        u64::from(*self).bake(image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        u64::read(image).try_into().unwrap_or_else(|_| {
            image.damage();
            0
        })
    }
}

impl Baked for usize {
    fn bake(&self, image: &mut Vec<u8>) {
        u64::try_from(*self).unwrap_or(u64::MAX).bake(image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        u64::read(image).try_into().unwrap_or_else(|_| {
            image.damage();
            0
        })
    }
}

impl Baked for i64 {
    fn bake(&self, image: &mut Vec<u8>) {
        self.cast_unsigned().bake(image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        u64::read(image).cast_signed()
    }
}

impl Baked for Box<str> {
    fn bake(&self, image: &mut Vec<u8>) {
        self.len().bake(image);
        image.extend_from_slice(self.as_bytes());
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        image.text().into()
    }
}

impl Baked for String {
    fn bake(&self, image: &mut Vec<u8>) {
        self.len().bake(image);
        image.extend_from_slice(self.as_bytes());
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        owned(image.text())
    }
}

impl<T: Baked> Baked for Option<T> {
    fn bake(&self, image: &mut Vec<u8>) {
        bake_choice(&[false, true], &self.is_some(), image);
        if let Some(value) = self {
            value.bake(image);
        }
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        (image.place(2) == 1).then(|| T::read(image))
    }
}

impl<T: Baked> Baked for Vec<T> {
    fn bake(&self, image: &mut Vec<u8>) {
        self.len().bake(image);
        self.iter().for_each(|item| item.bake(image));
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        let count = usize::read(image);
        image.items(count, T::read)
    }
}

impl<T: Baked, const N: usize> Baked for [T; N] {
    fn bake(&self, image: &mut Vec<u8>) {
        self.iter().for_each(|item| item.bake(image));
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        std::array::from_fn(|_| T::read(image))
    }
}

impl<A: Baked, B: Baked> Baked for (A, B) {
    fn bake(&self, image: &mut Vec<u8>) {
        self.0.bake(image);
        self.1.bake(image);
    }

    #[inline(never)]
    fn read(image: &mut Image<'_>) -> Self {
        (A::read(image), B::read(image))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    type Values = (Vec<(String, Option<i64>)>, ([u64; 3], (u32, Option<usize>)));

    fn values() -> impl Strategy<Value = Values> {
        let texts = proptest::collection::vec((".{0,9}", any::<Option<i64>>()), 0..9);
        (texts, (any::<[u64; 3]>(), (any::<u32>(), any::<Option<usize>>())))
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(values in values()) {
            prop_assert_eq!(value::<Values>(&image(&values), |_| true), Some(values));
        }

        #[test]
        fn reads_nothing_of_less_or_more(values in values(), cut in any::<proptest::sample::Index>()) {
            let mut image = image(&values);
            prop_assert_eq!(value::<Values>(&image[..cut.index(image.len())], |_| true), None);
            image.push(0);
            prop_assert_eq!(value::<Values>(&image, |_| true), None);
        }
    }

    /// What the image of a value is read as.
    pub(crate) fn read<T: Baked>(bytes: &[u8]) -> Option<T> {
        let mut image = Image { left: bytes, damaged: false };
        let value = T::read(&mut image);
        image.is_read().then_some(value)
    }

    #[test]
    fn writes_seven_bits_a_byte() {
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] {
            let mut image = Vec::new();
            number.bake(&mut image);
            assert_eq!((&*image, read(&image)), (bytes, Some(number)));
        }
    }

    #[test]
    fn refuses_numbers_that_are_too_large() {
        assert_eq!(read::<u64>(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]), None);
        assert_eq!(read::<u64>(&[0x80; 11]), None);
        assert_eq!(read::<u32>(&[0x80, 0x80, 0x80, 0x80, 0x10]), None);
        assert_eq!(read::<Option<u32>>(&[2, 0]), None);
    }

    #[test]
    fn takes_no_more_memory_at_first_than_the_image_has() {
        let mut image = Image { left: &[0; 80], damaged: false };
        let items = image.items(usize::MAX, |image| {
            image.damage();
            0_u64
        });
        assert_eq!((items.len(), items.capacity()), (1, 10));
    }
}
