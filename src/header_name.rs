//! The headers that decisions ask for by name.

use crate::words;

/// A header with a meaning of its own; its discriminant is its place in [`HeaderName::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderName {
    Authorization,
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentLength,
    ContentMd5,
    ContentType,
    Date,
    Expires,
    Host,
    OssDate,
    OssSecurityToken,
    SecurityToken,
    TransferEncoding,
}

const COUNT: usize = 15;

impl HeaderName {
    const ALL: [HeaderName; COUNT] = [
        HeaderName::Authorization,
        HeaderName::CacheControl,
        HeaderName::ContentDisposition,
        HeaderName::ContentEncoding,
        HeaderName::ContentLanguage,
        HeaderName::ContentLength,
        HeaderName::ContentMd5,
        HeaderName::ContentType,
        HeaderName::Date,
        HeaderName::Expires,
        HeaderName::Host,
        HeaderName::OssDate,
        HeaderName::OssSecurityToken,
        HeaderName::SecurityToken,
        HeaderName::TransferEncoding,
    ];

    /// The header of a name in lower case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        // The length and one letter tell which it could be; one comparison tells whether it is.
        let found = match name.len() {
            4 if name.starts_with('d') => HeaderName::Date,
            4 => HeaderName::Host,
            7 => HeaderName::Expires,
            10 => HeaderName::OssDate,
            11 => HeaderName::ContentMd5,
            12 => HeaderName::ContentType,
            13 if name.starts_with('a') => HeaderName::Authorization,
            13 => HeaderName::CacheControl,
            14 if name.starts_with('c') => HeaderName::ContentLength,
            14 => HeaderName::SecurityToken,
            16 if name.ends_with('g') => HeaderName::ContentEncoding,
            16 => HeaderName::ContentLanguage,
            17 => HeaderName::TransferEncoding,
            19 => HeaderName::ContentDisposition,
            20 => HeaderName::OssSecurityToken,
            _ => return None,
        };
        (found.as_str() == name).then_some(found)
    }

    /// The header whose name a word is: the first words are theirs.
    pub(crate) fn of_word(number: usize) -> Option<Self> {
        Self::ALL.get(number).copied()
    }

    /// Its name in lower case, which is a word: there are more of them than known headers.
    pub(crate) fn as_str(self) -> &'static str {
        words::name(self.place()).unwrap_or_default()
    }

    #[expect(clippy::as_conversions, reason = "the discriminant of an enum without fields")]
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

/// The values of the known headers.
#[derive(Default)]
pub(crate) struct KnownHeaders<'a> {
    /// The value of each header's first line.
    first: [Option<&'a str>; COUNT],
    /// The bits of the headers that have more than one line.
    repeated: u16,
    /// The bits of those whose lines differ.
    differing: u16,
}

impl<'a> KnownHeaders<'a> {
    /// Takes another line into account.
    pub(crate) fn add(&mut self, name: HeaderName, value: &'a str) {
        let Some(first) = self.first.get_mut(name.place()) else { return };
        match first {
            None => *first = Some(value),
            Some(first) => {
                self.repeated |= bit(name);
                if *first != value {
                    self.differing |= bit(name);
                }
            }
        }
    }

    pub(crate) fn first(&self, name: HeaderName) -> Option<&'a str> {
        self.first.get(name.place()).copied().flatten()
    }

    pub(crate) fn has_repeated(&self) -> bool {
        self.repeated != 0
    }

    pub(crate) fn is_repeated(&self, name: HeaderName) -> bool {
        self.repeated & bit(name) != 0
    }

    /// Whether another line has another value than the first.
    pub(crate) fn differs(&self, name: HeaderName) -> bool {
        self.differing & bit(name) != 0
    }
}

fn bit(name: HeaderName) -> u16 {
    1 << name.place()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_name_and_no_other() {
        let names = "authorization cache-control content-disposition content-encoding content-language content-length \
            content-md5 content-type date expires host x-oss-date x-oss-security-token security-token transfer-encoding";
        assert_eq!(names.split(' ').count(), HeaderName::ALL.len());
        for (place, (header, name)) in HeaderName::ALL.into_iter().zip(names.split(' ')).enumerate() {
            assert_eq!((header.place(), header.as_str(), HeaderName::of(name)), (place, name, Some(header)));
            assert_eq!(HeaderName::of_word(place), Some(header));
            assert_eq!(HeaderName::of(&name.to_ascii_uppercase()), None);
            for other in [name.get(1..).unwrap(), &format!("{name}x"), &format!("x{}", name.get(1..).unwrap())] {
                assert!(HeaderName::of(other).is_none_or(|found| found.as_str() == other), "{other}");
            }
        }
        assert_eq!(HeaderName::of(""), None);
    }
}
