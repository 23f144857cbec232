//! The syntax of the names of hosts, buckets and Regions.

/// Whether a text can be an OSS bucket's name: 3 to 63 lower-case letters, digits and hyphens, with a letter or digit
/// at both ends.
pub(crate) fn is_oss_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len()) && is_label(name)
}

/// Whether a text can be an S3 bucket's name: the same, and dots between labels.
#[cfg(feature = "documents")]
pub(crate) fn is_s3_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len()) && name.split('.').all(is_label)
}

/// Whether a text can be a Region of AWS or of OSS.
#[cfg(feature = "documents")]
pub(crate) fn is_region(region: &str) -> bool {
    (1..=32).contains(&region.len()) && is_label(region)
}

/// Whether a text is a host in lower case (RFC 1123 section 2.1), of at most the 253 characters that CloudFront allows
/// an origin.
#[cfg(feature = "documents")]
pub(crate) fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(|label| label.len() <= 63 && is_label(label))
}

fn is_label(label: &str) -> bool {
    let is_label_char = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(is_label_char) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether a text is 1 to `max` bytes of visible ASCII.
pub(crate) fn is_visible_ascii(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
