//! The text that signature version 1 signs.

use std::fmt;

use super::canonicalized_resource::CanonicalizedResource;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::Resource;
use crate::signature::oss_headers::CanonicalizedOssHeaders;

/// `VERB`, `Content-MD5`, `Content-Type` and `DATE`, a line each, then CanonicalizedOSSHeaders and
/// CanonicalizedResource. Its `Display` is the signed text.
#[derive(Clone, PartialEq, Eq)]
pub struct StringToSign<'a> {
    verb: &'a str,
    content_md5: &'a str,
    content_type: &'a str,
    date: &'a str,
    oss_headers: &'a CanonicalizedOssHeaders<'a>,
    resource: CanonicalizedResource<'a>,
}

impl<'a> StringToSign<'a> {
    /// Creates the text from its parts. An absent header is an empty text, and `date` is the date as sent.
    pub fn new(
        verb: &'a str,
        content_md5: &'a str,
        content_type: &'a str,
        date: &'a str,
        oss_headers: &'a CanonicalizedOssHeaders<'a>,
        resource: CanonicalizedResource<'a>,
    ) -> Self {
        StringToSign { verb, content_md5, content_type, date, oss_headers, resource }
    }

    /// The text that should have been signed for `request`.
    ///
    /// # Errors
    /// [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
    pub(crate) fn of_request(
        request: &'a Request<'_>,
        resource: &'a Resource,
        query: &'a Query,
        date: &'a str,
        oss_headers: &'a CanonicalizedOssHeaders<'a>,
    ) -> Result<Self, Refusal> {
        let content_md5 = request.headers.get_single("content-md5")?.unwrap_or_default();
        let content_type = request.headers.get_single("content-type")?.unwrap_or_default();
        let resource = CanonicalizedResource::new(&resource.bucket, resource.key_or_empty(), query);
        Ok(StringToSign::new(request.method, content_md5, content_type, date, oss_headers, resource))
    }
}

impl fmt::Debug for StringToSign<'_> {
    /// Omits the text, which may contain a security token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StringToSign(..)")
    }
}

impl fmt::Display for StringToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StringToSign { verb, content_md5, content_type, date, oss_headers, resource } = self;
        write!(f, "{verb}\n{content_md5}\n{content_type}\n{date}\n{oss_headers}{resource}")
    }
}
