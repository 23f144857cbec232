//! The `x-oss-*` headers as both signature versions sign them.

use std::fmt;

use crate::ordered::insert;
use crate::reading::HeaderOrder;
use crate::texts::{push, same};

/// Lower-case names, trimmed values: one line `name:value` each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanonicalizedOssHeaders<'n, 'v> {
    headers: &'n [(&'n str, &'v str)],
    order: HeaderOrder,
}

/// The headers of a request in the order of a reading.
pub(crate) enum Ordered<'n, 'v> {
    AsTheyAre(&'n [(&'n str, &'v str)]),
    Anew(Vec<(&'n str, &'v str)>, HeaderOrder),
}

impl<'n, 'v> Ordered<'n, 'v> {
    /// Takes the headers in byte order.
    pub(crate) fn new(sorted: &'n [(&'n str, &'v str)], order: HeaderOrder) -> Self {
        if order == HeaderOrder::Bytes {
            return Ordered::AsTheyAre(sorted);
        }
        let mut headers = Vec::with_capacity(sorted.len());
        for header in sorted {
            insert(&mut headers, *header, &|one, other| order.compare(one, other));
        }
        Ordered::Anew(headers, order)
    }

    pub(crate) fn canonicalized(&self) -> CanonicalizedOssHeaders<'_, 'v> {
        match self {
            Ordered::AsTheyAre(sorted) => CanonicalizedOssHeaders::new(sorted),
            Ordered::Anew(headers, order) => CanonicalizedOssHeaders { headers, order: *order },
        }
    }
}

impl<'n, 'v> CanonicalizedOssHeaders<'n, 'v> {
    /// Takes the headers as [`RequestView::oss_headers`](crate::RequestView::oss_headers) gives
    /// them: lower-cased, sorted by name, each once.
    pub fn new(sorted: &'n [(&'n str, &'v str)]) -> Self {
        CanonicalizedOssHeaders { headers: sorted, order: HeaderOrder::Bytes }
    }

    pub(crate) fn order(&self) -> HeaderOrder {
        self.order
    }

    /// The headers in the order in which they are signed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'n str, &'v str)> {
        self.headers.iter().copied()
    }

    /// The value of a header.
    #[inline(never)]
    pub(crate) fn get(&self, name: &str) -> Option<&'v str> {
        self.iter().find(|(known, _)| same(known, name)).map(|(_, value)| value)
    }

    pub(crate) fn write_to(&self, out: &mut String) {
        for (name, value) in self.iter() {
            push(&[name, ":", value, "\n"], out);
        }
    }
}

impl fmt::Display for CanonicalizedOssHeaders<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_to(&mut text);
        f.write_str(&text)
    }
}
