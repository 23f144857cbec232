//! The text that signature version 1 signs.

use std::fmt;

use super::CanonicalizedResource;
use crate::canonicalized_oss_headers::CanonicalizedOssHeaders;
use crate::header_name::HeaderName;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::request_view::RequestView;
use crate::resource::Resource;
use crate::texts::push;

/// `VERB`, `Content-MD5`, `Content-Type` and `DATE`, a line each, then CanonicalizedOSSHeaders and
/// CanonicalizedResource. Its `Display` is the signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringToSign<'a> {
    verb: &'a str,
    content_md5: &'a str,
    content_type: &'a str,
    date: &'a str,
    oss_headers: CanonicalizedOssHeaders<'a, 'a>,
    resource: CanonicalizedResource<'a>,
}

impl<'a> StringToSign<'a> {
    /// From its parts; an absent header is an empty line, `date` is the literal text that was sent.
    pub fn new(
        verb: &'a str,
        content_md5: &'a str,
        content_type: &'a str,
        date: &'a str,
        oss_headers: CanonicalizedOssHeaders<'a, 'a>,
        resource: CanonicalizedResource<'a>,
    ) -> Self {
        StringToSign { verb, content_md5, content_type, date, oss_headers, resource }
    }

    /// The text that should have been signed for `request`.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub(crate) fn of_request(
        request: &'a RequestView<'_>,
        resource: &'a Resource<'_>,
        query: &'a Query<'_>,
        date: &'a str,
        oss_headers: CanonicalizedOssHeaders<'a, 'a>,
    ) -> Result<Self, Refusal> {
        Ok(StringToSign {
            verb: request.method,
            content_md5: request.single(HeaderName::ContentMd5)?.unwrap_or_default(),
            content_type: request.single(HeaderName::ContentType)?.unwrap_or_default(),
            date,
            oss_headers,
            resource: CanonicalizedResource::new(&resource.bucket, resource.key.as_deref().unwrap_or_default(), query),
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(512);
        for line in [self.verb, self.content_md5, self.content_type, self.date] {
            push(&[line, "\n"], &mut text);
        }
        self.oss_headers.write_to(&mut text);
        self.resource.write_to(&mut text);
        text
    }
}

impl fmt::Display for StringToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
