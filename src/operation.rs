//! The operations that are served, and which request is which.

use crate::baked::baked;
use crate::decimal;
use crate::object_key::ObjectKey;
use crate::percent_encoding;
use crate::presented_signature::is_signature_parameter;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::sub_resource;
use crate::texts::{is_one_of, owned, push};
use crate::upload_id::UploadId;

/// An OSS operation that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `PUT key`
    PutObject,
    /// `POST key?uploads`
    InitiateMultipartUpload,
    /// `PUT key?partNumber&uploadId`
    UploadPart,
    /// `POST key?uploadId`
    CompleteMultipartUpload,
    /// `DELETE key?uploadId`
    AbortMultipartUpload,
    /// `GET key?uploadId`
    ListParts,
}

baked!(
    enum Operation {
        PutObject,
        InitiateMultipartUpload,
        UploadPart,
        CompleteMultipartUpload,
        AbortMultipartUpload,
        ListParts,
    }
);

/// What makes a request an operation.
struct Row {
    operation: Operation,
    method: &'static str,
    /// Parameters that must be there; S3 gets them, in this order.
    required: &'static [&'static str],
    /// Parameters that S3 gets as well when they have a value.
    passed: &'static [&'static str],
    /// Parameters that OSS takes besides, those of signatures and [`ANYWHERE`] apart.
    optional: &'static [&'static str],
}

/// OSS API reference, "Syntax" of each operation. `encoding-type` is sent by Go v2, Java v2, PHP v2,
/// Python v2 and C#, `sequential` by Go, Java, Android and iOS when the caller asks for it.
const OPERATIONS: [Row; 6] = [
    Row { operation: Operation::PutObject, method: "PUT", required: &[], passed: &[], optional: &[] },
    Row {
        operation: Operation::InitiateMultipartUpload,
        method: "POST",
        required: &["uploads"],
        passed: &[],
        optional: &["encoding-type", "sequential"],
    },
    Row {
        operation: Operation::UploadPart,
        method: "PUT",
        required: &["partNumber", "uploadId"],
        passed: &[],
        optional: &[],
    },
    Row {
        operation: Operation::CompleteMultipartUpload,
        method: "POST",
        required: &["uploadId"],
        passed: &[],
        optional: &["encoding-type"],
    },
    Row {
        operation: Operation::AbortMultipartUpload,
        method: "DELETE",
        required: &["uploadId"],
        passed: &[],
        optional: &[],
    },
    Row {
        operation: Operation::ListParts,
        method: "GET",
        required: &["uploadId"],
        passed: &["max-parts", "part-number-marker"],
        optional: &["encoding-type"],
    },
];

/// Parameters that OSS takes on every operation and that say nothing about what is stored: a limit of
/// speed, which ali-oss and oss2 put into signed URLs, and who pays.
const ANYWHERE: [&str; 2] = ["x-oss-request-payer", "x-oss-traffic-limit"];

/// The most parts that one answer of ListParts lists, here and in S3.
const MAX_LISTED_PARTS: i64 = 1000;

/// The highest number of a part, here and in S3.
const MAX_PART_NUMBER: i64 = 10_000;

impl Operation {
    pub(crate) const ALL: [Operation; 6] = [
        Operation::PutObject,
        Operation::InitiateMultipartUpload,
        Operation::UploadPart,
        Operation::CompleteMultipartUpload,
        Operation::AbortMultipartUpload,
        Operation::ListParts,
    ];

    /// The operation's name in OSS's API reference.
    pub fn name(self) -> &'static str {
        match self {
            Operation::PutObject => "PutObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
        }
    }

    /// Classifies a request by its method and the names in its query.
    ///
    /// # Errors
    /// [`Refusal::MethodNotAllowed`] for an operation of OSS that isn't served;
    /// [`Refusal::UnexpectedParameter`] for a parameter that no served operation takes, or not in
    /// this company; [`Refusal::InvalidPartNumber`], [`Refusal::InvalidEncodingType`] and
    /// [`Refusal::InvalidQueryValue`].
    pub(crate) fn classify(method: &str, key: Option<&ObjectKey<'_>>, query: &Query<'_>) -> Result<Self, Refusal> {
        let served_method = OPERATIONS.iter().any(|row| row.method == method);
        // Of all that OSS reads with GET, only the parts of an upload are served.
        let reads_object = method == "GET" && query.get("uploadId").is_none();
        if key.is_none() || !served_method || reads_object {
            return Err(Refusal::MethodNotAllowed);
        }
        let row = OPERATIONS.iter().find(|row| row.method == method && row.takes(query));
        let row = row.ok_or_else(|| unserved(query))?;
        for (name, value) in query.iter() {
            check_value(name, value)?;
        }
        Ok(row.operation)
    }

    /// The query that S3 gets: the parameters that the operation needs and no other.
    #[inline(never)]
    pub(crate) fn s3_query(self, query: &Query<'_>) -> String {
        let mut s3_query = String::new();
        let Some(row) = OPERATIONS.iter().find(|row| row.operation == self) else { return s3_query };
        for (names, is_required) in [(row.required, true), (row.passed, false)] {
            for name in names {
                let value = query.get(name).unwrap_or_default();
                if value.is_empty() && !is_required {
                    continue;
                }
                let s3 = if *name == "uploadId" { UploadId::parse(value).map_or(value, |id| id.s3) } else { value };
                let (and, equals) = (if s3_query.is_empty() { "" } else { "&" }, if s3.is_empty() { "" } else { "=" });
                push(&[and, name, equals], &mut s3_query);
                percent_encoding::encode_value(s3, &mut s3_query);
            }
        }
        s3_query
    }
}

impl Row {
    fn takes(&self, query: &Query<'_>) -> bool {
        self.required.iter().all(|name| query.get(name).is_some()) && operands(query).all(|name| self.knows(name))
    }

    #[inline(never)]
    fn knows(&self, name: &str) -> bool {
        [self.required, self.passed, self.optional].iter().any(|names| is_one_of(name, names))
    }
}

/// The names of the parameters that make the operation.
fn operands<'q>(query: &'q Query<'_>) -> impl Iterator<Item = &'q str> {
    let makes = |name: &&str| !is_signature_parameter(name) && !is_one_of(name, &ANYWHERE);
    query.iter().map(|(name, _)| name).filter(makes)
}

/// Why no row takes a query whose method is served.
#[cold]
#[inline(never)]
fn unserved(query: &Query<'_>) -> Refusal {
    let is_ours = |name: &str| OPERATIONS.iter().any(|row| row.knows(name));
    let (mut first, mut stray, mut is_foreign) = (None, None, false);
    for name in operands(query) {
        first = first.or(Some(name));
        if !is_ours(name) {
            is_foreign = true;
            // A sub-resource of OSS makes it another operation; any other name is a stray parameter.
            stray = stray.or(Some(name).filter(|name| !sub_resource::is_signed(name)));
        }
    }
    match if is_foreign { stray } else { first } {
        Some(name) => Refusal::UnexpectedParameter(owned(name)),
        None => Refusal::MethodNotAllowed,
    }
}

#[inline(never)]
fn check_value(name: &str, value: &str) -> Result<(), Refusal> {
    let is_number = |least, most| is_plain_integer(value, least, most);
    let is_taken = match name {
        "partNumber" => is_number(1, MAX_PART_NUMBER),
        "uploadId" => UploadId::parse(value).is_some(),
        "uploads" | "sequential" => value.is_empty(),
        "encoding-type" => value == "url",
        // oss2 sends `part-number-marker=` for the first page.
        "max-parts" => value.is_empty() || is_number(1, MAX_LISTED_PARTS),
        "part-number-marker" => value.is_empty() || is_number(0, MAX_PART_NUMBER),
        _ => true,
    };
    if is_taken { Ok(()) } else { Err(invalid(name, owned(value))) }
}

#[cold]
#[inline(never)]
fn invalid(name: &str, value: String) -> Refusal {
    match name {
        "partNumber" => Refusal::InvalidPartNumber(value),
        "encoding-type" => Refusal::InvalidEncodingType(value),
        "max-parts" => Refusal::InvalidQueryValue("max-parts", value),
        "part-number-marker" => Refusal::InvalidQueryValue("part-number-marker", value),
        _ => Refusal::UnexpectedParameter(owned(name)),
    }
}

/// A number without a sign or leading zeros, so that OSS, S3 and this crate read one number.
#[inline(never)]
fn is_plain_integer(value: &str, least: i64, most: i64) -> bool {
    let is_plain = value == "0" || !(value.is_empty() || value.starts_with('0'));
    is_plain && decimal::number(value.as_bytes()).is_some_and(|number| (least..=most).contains(&number))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn classify(method: &str, query: &str) -> Result<Operation, Refusal> {
        let key = ObjectKey::new(Cow::Borrowed("key")).unwrap();
        Operation::classify(method, Some(&key), &Query::parse(query).unwrap())
    }

    #[test]
    fn knows_the_operations() {
        for (method, query, operation, s3_query) in [
            ("PUT", "", Operation::PutObject, ""),
            ("POST", "uploads", Operation::InitiateMultipartUpload, "uploads"),
            ("POST", "uploads=&encoding-type=url", Operation::InitiateMultipartUpload, "uploads"),
            ("POST", "sequential&uploads", Operation::InitiateMultipartUpload, "uploads"),
            ("PUT", "uploadId=a+b%2F&partNumber=10000", Operation::UploadPart, "partNumber=10000&uploadId=a%2Bb%2F"),
            ("POST", "uploadId=id", Operation::CompleteMultipartUpload, "uploadId=id"),
            ("POST", "encoding-type=url&uploadId=id", Operation::CompleteMultipartUpload, "uploadId=id"),
            ("DELETE", "uploadId=id", Operation::AbortMultipartUpload, "uploadId=id"),
            ("DELETE", "uploadId=id~forbid-overwrite", Operation::AbortMultipartUpload, "uploadId=id"),
            ("PUT", "partNumber=1&uploadId=id%7Eforbid-overwrite", Operation::UploadPart, "partNumber=1&uploadId=id"),
            ("GET", "uploadId=id", Operation::ListParts, "uploadId=id"),
            (
                "GET",
                "part-number-marker=&max-parts=1000&uploadId=id",
                Operation::ListParts,
                "uploadId=id&max-parts=1000",
            ),
            (
                "GET",
                "encoding-type=url&part-number-marker=0&uploadId=id",
                Operation::ListParts,
                "uploadId=id&part-number-marker=0",
            ),
        ] {
            assert_eq!(classify(method, query), Ok(operation), "{method} {query}");
            assert_eq!(operation.s3_query(&Query::parse(query).unwrap()), s3_query);
        }
    }

    #[test]
    fn refuses_every_other_operation_of_oss() {
        for (method, query) in [
            ("GET", ""),
            ("HEAD", ""),
            ("DELETE", ""),
            ("POST", ""),
            ("OPTIONS", ""),
            ("put", ""),
            ("", ""),
            ("GET", "uploads"),
            ("GET", "acl"),
            ("GET", "max-parts=1"),
            ("HEAD", "uploadId=id"),
            ("PUT", "acl"),
            ("PUT", "tagging"),
            ("PUT", "symlink"),
            ("POST", "append&position=0"),
            ("POST", "delete"),
            ("DELETE", "tagging"),
            ("POST", "restore"),
            ("PUT", "x-oss-process=a"),
            ("POST", "x-oss-process"),
            ("PATCH", "uploadId=id"),
        ] {
            assert_eq!(classify(method, query), Err(Refusal::MethodNotAllowed), "{method} {query}");
        }
    }

    #[test]
    fn refuses_the_bucket_itself() {
        for (method, query) in [("PUT", ""), ("POST", "uploads"), ("GET", "")] {
            let refused = Operation::classify(method, None, &Query::parse(query).unwrap());
            assert_eq!(refused, Err(Refusal::MethodNotAllowed), "{method} {query}");
        }
    }

    #[test]
    fn refuses_ambiguous_and_foreign_parameters_by_name() {
        for (method, query, name) in [
            ("POST", "uploads&uploadId=id", "uploads"),
            ("PUT", "partNumber=1", "partNumber"),
            ("PUT", "uploadId=id", "uploadId"),
            ("PUT", "uploads", "uploads"),
            ("POST", "partNumber=1&uploadId=id", "partNumber"),
            ("DELETE", "partNumber=1&uploadId=id", "partNumber"),
            ("DELETE", "uploads", "uploads"),
            ("PUT", "encoding-type=url", "encoding-type"),
            ("PUT", "X-Amz-Signature=a", "X-Amz-Signature"),
            ("PUT", "acl&foo", "foo"),
            ("PUT", "partNumber=1&uploadId=", "uploadId"),
            ("POST", "uploads=yes", "uploads"),
            ("PUT", "PartNumber=1&uploadId=id", "PartNumber"),
            ("GET", "uploadId=id&uploads", "uploadId"),
            ("POST", "max-parts=1&uploadId=id", "max-parts"),
            ("GET", "uploadId=id&prefix=a", "prefix"),
            ("DELETE", "uploadId=~forbid-overwrite", "uploadId"),
        ] {
            assert_eq!(classify(method, query), Err(Refusal::UnexpectedParameter(name.into())), "{method} {query}");
        }
    }

    #[test]
    fn takes_a_part_number_in_one_spelling() {
        for value in ["0", "10001", "-1", "+1", "01", "1.0", "1e3", "", "%20", "99999999999999999999"] {
            let refused = classify("PUT", &format!("partNumber={value}&uploadId=id"));
            assert!(matches!(refused, Err(Refusal::InvalidPartNumber(_))), "{value}");
        }
        assert!(matches!(classify("POST", "uploads&encoding-type=base64"), Err(Refusal::InvalidEncodingType(_))));
    }

    #[test]
    fn takes_a_page_of_parts_in_one_spelling() {
        for (name, value) in [
            ("max-parts", "0"),
            ("max-parts", "1001"),
            ("max-parts", "01"),
            ("max-parts", "ten"),
            ("part-number-marker", "10001"),
            ("part-number-marker", "00"),
            ("part-number-marker", "-1"),
        ] {
            let refused = classify("GET", &format!("uploadId=id&{name}={value}"));
            assert_eq!(refused, Err(Refusal::InvalidQueryValue(name, value.into())));
        }
    }
}
