//! The `x-oss-*` headers as signature version 1 signs them.

use std::fmt;

/// Lower-case names in byte order, trimmed values: one line `name:value` each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanonicalizedOssHeaders<'n, 'v>(Vec<(&'n str, &'v str)>);

impl<'n, 'v> CanonicalizedOssHeaders<'n, 'v> {
    /// Takes the headers as [`RequestView::oss_headers`](crate::RequestView::oss_headers) gives
    /// them: lower-cased, sorted by name, each once.
    pub fn new(sorted: Vec<(&'n str, &'v str)>) -> Self {
        CanonicalizedOssHeaders(sorted)
    }

    /// The headers in the order in which they are signed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'n str, &'v str)> {
        self.0.iter().copied()
    }

    pub(crate) fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        for (name, value) in &self.0 {
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
