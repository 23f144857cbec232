//! The date that a signature in a header covers.

use crate::refusal::{DateFault, Refusal};
use crate::request::Request;
use crate::time::UnixMillis;

/// The date that a header signature covers, as sent, and its time. `x-oss-date` takes precedence over `Date` (OSS, "Add
/// a signature to the header", row "Date").
///
/// # Errors
/// [`Refusal::InvalidDate`], [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
pub(super) fn signing_date<'r>(request: &'r Request<'_>) -> Result<(&'r str, UnixMillis), Refusal> {
    let date = request.headers.get_unique("date")?;
    let oss_date = request.headers.get_unique("x-oss-date")?.map(str::trim_ascii);
    let text = oss_date.or(date).ok_or(Refusal::InvalidDate(DateFault::Missing))?;
    let time = UnixMillis::parse_signing_date(text).ok_or(Refusal::InvalidDate(DateFault::Malformed))?;
    Ok((text, time))
}
