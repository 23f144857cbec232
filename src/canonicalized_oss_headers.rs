//! The `x-oss-*` headers as both signature versions sign them.

use std::fmt;

use crate::ordered::insert;
use crate::reading::HeaderOrder;

/// Lower-case names in byte order, trimmed values: one line `name:value` each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanonicalizedOssHeaders<'n, 'v> {
    headers: Vec<(&'n str, &'v str)>,
    order: HeaderOrder,
}

impl<'n, 'v> CanonicalizedOssHeaders<'n, 'v> {
    /// Takes the headers as [`RequestView::oss_headers`](crate::RequestView::oss_headers) gives
    /// them: lower-cased, sorted by name, each once.
    pub fn new(sorted: Vec<(&'n str, &'v str)>) -> Self {
        CanonicalizedOssHeaders { headers: sorted, order: HeaderOrder::Bytes }
    }

    /// The same in the order of a reading.
    pub(crate) fn in_order(mut self, order: HeaderOrder) -> Self {
        if order != self.order {
            let mut headers = Vec::with_capacity(self.headers.len());
            for header in self.headers {
                insert(&mut headers, header, |(one, _), (other, _)| order.compare(one, other));
            }
            self = CanonicalizedOssHeaders { headers, order };
        }
        self
    }

    pub(crate) fn order(&self) -> HeaderOrder {
        self.order
    }

    /// The headers in the order in which they are signed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'n str, &'v str)> {
        self.headers.iter().copied()
    }

    pub(crate) fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        for (name, value) in &self.headers {
            for part in [name, ":", value, "\n"] {
                out.write_str(part)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for CanonicalizedOssHeaders<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}
