//! The operations that are served, and which request is which.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_LISTED_PARTS, MAX_PART_NUMBER};
use crate::object_key::ObjectKey;
use crate::refusal::Refusal;
use crate::request::percent_encoding::encode_parameter;
use crate::request::query::Query;
use crate::scheme::{SECURITY_TOKEN_PARAMETER, V1_PARAMETERS, is_signature_parameter};
use crate::sub_resource::{self, SUB_RESOURCES};
use crate::upload_id::{VerifiedUpload, is_upload_id};

/// An OSS operation that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `HEAD key`
    HeadObject,
    /// `HEAD key?objectMeta` or `GET key?objectMeta`: less than HeadObject tells.
    GetObjectMeta,
}

/// What makes a request an operation.
struct Row {
    operation: Operation,
    method: &'static str,
    /// Parameters that must be present. S3 gets them, in this order.
    required: &'static [&'static str],
    /// Parameters that S3 gets as well when they have a value.
    passed: &'static [&'static str],
    /// Parameters that OSS takes too and S3 doesn't get. Those of signatures and [`ANYWHERE`] aren't listed.
    optional: &'static [&'static str],
}

/// OSS API reference, "Syntax" of each operation. `encoding-type` is sent by Go v2, Java v2, PHP v2,
/// Python v2 and C#, `sequential` by Go, Java, Android and iOS when the caller asks for it.
const OPERATIONS: [Row; 9] = [
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
    Row { operation: Operation::HeadObject, method: "HEAD", required: &[], passed: &[], optional: &[] },
    Row { operation: Operation::GetObjectMeta, method: "HEAD", required: &["objectMeta"], passed: &[], optional: &[] },
    Row { operation: Operation::GetObjectMeta, method: "GET", required: &["objectMeta"], passed: &[], optional: &[] },
];

/// What the configuration says about which request is which.
#[derive(Clone, Copy, Default)]
pub(crate) struct ServedOperations {
    /// Parameters that are taken with every operation, and mean nothing.
    pub(crate) ignored_parameters: &'static [&'static str],
    /// Operations that aren't served.
    pub(crate) refused_operations: &'static [Operation],
}

/// Parameters that OSS takes on every operation and that don't change what is stored: who pays, and a limit of
/// speed, which ali-oss and oss2 put into signed URLs.
const ANYWHERE: [&str; 2] = ["x-oss-request-payer", "x-oss-traffic-limit"];

impl Operation {
    /// The operations that tell of an object whether it is there.
    pub(crate) const READING: [Operation; 2] = [Operation::HeadObject, Operation::GetObjectMeta];

    /// The names that rules of access keys may have.
    #[cfg(feature = "documents")]
    pub(crate) const IN_RULES: [Operation; 7] = [
        Operation::PutObject,
        Operation::InitiateMultipartUpload,
        Operation::UploadPart,
        Operation::CompleteMultipartUpload,
        Operation::AbortMultipartUpload,
        Operation::ListParts,
        Operation::HeadObject,
    ];

    /// Whether a rule that names these operations covers this one. A rule that names none covers the uploads, and nothing
    /// that reads.
    pub(crate) fn is_covered_by(self, named: Option<&[Operation]>) -> bool {
        match (named, self) {
            (Some(named), Operation::GetObjectMeta) => named.contains(&Operation::HeadObject),
            (Some(named), operation) => named.contains(&operation),
            (None, operation) => !Operation::READING.contains(&operation),
        }
    }

    /// The operation's name in OSS's API reference.
    pub fn name(self) -> &'static str {
        match self {
            Operation::PutObject => "PutObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
            Operation::HeadObject => "HeadObject",
            Operation::GetObjectMeta => "GetObjectMeta",
        }
    }

    /// Classifies a request by its method and the names in its query.
    ///
    /// # Errors
    /// [`Refusal::MethodNotAllowed`] for an operation of OSS that isn't served; [`Refusal::UnexpectedParameter`]
    /// for a parameter that no served operation takes, or not in this combination;
    /// [`Refusal::InvalidPartNumber`], [`Refusal::InvalidEncodingType`] and [`Refusal::InvalidQueryValue`].
    pub(crate) fn classify(
        method: &str,
        key: Option<&ObjectKey>,
        query: &Query,
        served: ServedOperations,
    ) -> Result<Self, Refusal> {
        let is_served_method = served.rows().any(|row| row.method == method);
        // Of all that OSS serves with GET, only what a parameter makes another operation is served here.
        let reads_object = method == "GET" && !served.rows().any(|row| row.method == method && row.is_asked_for(query));
        if key.is_none() || !is_served_method || reads_object {
            return Err(Refusal::MethodNotAllowed);
        }
        let row = served.rows().find(|row| row.method == method && row.takes(query, served));
        let row = row.ok_or_else(|| refuse_parameters(query, served))?;
        query.iter().try_for_each(|(name, value)| check_value(name, value))?;
        Ok(row.operation)
    }

    /// Whether it goes on with an upload, whose id it names.
    pub(crate) fn names_upload(self) -> bool {
        OPERATIONS.iter().any(|row| row.operation == self && row.required.contains(&"uploadId"))
    }

    /// The query that S3 gets, percent-encoded: the parameters that the operation needs and no other, with S3's own id of
    /// the upload.
    pub(crate) fn s3_query(self, query: &Query, upload: Option<&VerifiedUpload<'_>>) -> String {
        let Some(row) = OPERATIONS.iter().find(|row| row.operation == self) else { return String::new() };
        let passed = row.passed.iter().filter(|name| query.get(name).is_some_and(|value| !value.is_empty()));
        let parameters: Vec<_> = row
            .required
            .iter()
            // S3 has one operation for HeadObject and GetObjectMeta.
            .filter(|name| **name != "objectMeta")
            .chain(passed)
            .map(|name| match *name {
                "uploadId" => s3_parameter(name, upload.map_or("", VerifiedUpload::s3_id)),
                _ => s3_parameter(name, query.get(name).unwrap_or_default()),
            })
            .collect();
        parameters.join("&")
    }
}

fn s3_parameter(name: &str, value: &str) -> String {
    if value.is_empty() { name.to_owned() } else { format!("{name}={}", encode_parameter(value)) }
}

impl ServedOperations {
    /// The methods that some operation has, each once.
    pub(crate) fn methods(self) -> Vec<&'static str> {
        let mut methods = Vec::new();
        for Row { method, .. } in self.rows() {
            if !methods.contains(method) {
                methods.push(*method);
            }
        }
        methods
    }

    fn rows(self) -> impl Iterator<Item = &'static Row> {
        OPERATIONS.iter().filter(move |row| !self.refused_operations.contains(&row.operation))
    }
}

impl Row {
    fn is_asked_for(&self, query: &Query) -> bool {
        self.required.iter().all(|name| query.get(name).is_some())
    }

    fn takes(&self, query: &Query, served: ServedOperations) -> bool {
        let has_value = |name: &str| query.get(name).is_some_and(|value| !value.is_empty());
        let ignores = |name: &str| self.operation == Operation::PutObject && has_value(name) && is_ignored(name);
        self.is_asked_for(query) && operands(query, served).all(|name| self.knows(name) || ignores(name))
    }

    fn knows(&self, name: &str) -> bool {
        [self.required, self.passed, self.optional].iter().any(|names| names.contains(&name))
    }
}

/// The names of the parameters that decide which operation it is.
fn operands(query: &Query, served: ServedOperations) -> impl Iterator<Item = &str> {
    let ignored = served.ignored_parameters;
    let is_operand =
        move |name: &&str| !is_signature_parameter(name) && !ANYWHERE.contains(name) && !ignored.contains(name);
    query.iter().map(|(name, _)| name).filter(is_operand)
}

/// Whether a parameter means nothing to OSS or S3: hand-written clients append a time stamp, so that no cache answers. It
/// isn't forwarded. OSS names its operations by parameters without a value, so one that has none is never ignored: it may
/// be an operation that is newer than this list. A name that differs from a known one only in its case is a mistake, and isn't ignored.
fn is_ignored(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let of_operations = OPERATIONS.iter().flat_map(|row| [row.required, row.passed, row.optional]).flatten();
    let of_signatures = V1_PARAMETERS.into_iter().chain([SECURITY_TOKEN_PARAMETER]);
    let mut known = of_operations.copied().chain(SUB_RESOURCES).chain(of_signatures);
    let has_prefix = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    is_plain
        && !known.any(|known| known.eq_ignore_ascii_case(name))
        && !["x-oss-", "x-amz-"].into_iter().any(has_prefix)
}

/// Why no row takes a query whose method is served.
fn refuse_parameters(query: &Query, served: ServedOperations) -> Refusal {
    let is_ours = |name: &&str| served.rows().any(|row| row.knows(name));
    let mut foreign = operands(query, served).filter(|name| !is_ours(name)).peekable();
    // A sub-resource of OSS makes it another operation; any other name is a stray parameter.
    let unexpected = match foreign.peek() {
        Some(_) => foreign.find(|name| !sub_resource::is_signed(name)),
        None => operands(query, served).next(),
    };
    unexpected.map_or(Refusal::MethodNotAllowed, |name| Refusal::UnexpectedParameter(name.to_owned()))
}

fn check_value(name: &str, value: &str) -> Result<(), Refusal> {
    let invalid = |name| Err(Refusal::InvalidQueryValue(name, value.to_owned()));
    match name {
        "partNumber" if !is_integer_in(value, 1, MAX_PART_NUMBER) => Err(Refusal::InvalidPartNumber(value.to_owned())),
        "encoding-type" if value != "url" => Err(Refusal::InvalidEncodingType(value.to_owned())),
        "uploadId" if !is_upload_id(value) => Err(Refusal::UnexpectedParameter(name.to_owned())),
        // Version 1 would sign the same text for what follows as for a parameter of its own; base64 has none.
        "callback" | "callback-var" if value.contains('&') => Err(Refusal::UnexpectedParameter(name.to_owned())),
        "uploads" | "sequential" | "objectMeta" if !value.is_empty() => {
            Err(Refusal::UnexpectedParameter(name.to_owned()))
        }
        // oss2 sends `part-number-marker=` for the first page.
        "max-parts" | "part-number-marker" if value.is_empty() => Ok(()),
        "max-parts" if !is_integer_in(value, 1, MAX_LISTED_PARTS) => invalid("max-parts"),
        "part-number-marker" if !is_integer_in(value, 0, MAX_PART_NUMBER) => invalid("part-number-marker"),
        _ => Ok(()),
    }
}

/// Whether it is a number without a sign or leading zeros, so that OSS, S3 and this crate read one number.
fn is_integer_in(value: &str, least: u32, most: u32) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    is_plain && value.parse().is_ok_and(|number| (least..=most).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload_id::unsealed_upload;

    fn classify(method: &str, query: &str) -> Result<Operation, Refusal> {
        let key = ObjectKey::new("key".to_owned()).unwrap();
        let served = ServedOperations { refused_operations: &Operation::READING, ..ServedOperations::default() };
        Operation::classify(method, Some(&key), &Query::parse(query).unwrap(), served)
    }

    fn classify_with_reading(method: &str, query: &str) -> Result<Operation, Refusal> {
        let key = ObjectKey::new("key".to_owned()).unwrap();
        Operation::classify(method, Some(&key), &Query::parse(query).unwrap(), ServedOperations::default())
    }

    #[test]
    fn asks_s3_for_an_object_without_a_parameter() {
        for (method, query) in [("HEAD", ""), ("HEAD", "objectMeta"), ("GET", "objectMeta=")] {
            let operation = classify_with_reading(method, query).unwrap();
            assert_eq!(operation.s3_query(&Query::parse(query).unwrap(), None), "", "{method} {query}");
        }
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
            let query = Query::parse(query).unwrap();
            let upload = query.get("uploadId").map(|upload_id| unsealed_upload(upload_id).unwrap());
            assert_eq!(operation.s3_query(&query, upload.as_ref()), s3_query);
            assert_eq!(operation.names_upload(), upload.is_some());
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
            ("HEAD", "objectMeta"),
            ("GET", "objectMeta"),
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
    fn knows_what_asks_whether_an_object_is_there_once_it_is_served() {
        for (method, query, operation) in [
            ("HEAD", "", Operation::HeadObject),
            ("HEAD", "OSSAccessKeyId=a&Expires=1&Signature=b", Operation::HeadObject),
            ("HEAD", "objectMeta", Operation::GetObjectMeta),
            ("GET", "objectMeta=", Operation::GetObjectMeta),
            ("GET", "uploadId=id", Operation::ListParts),
        ] {
            assert_eq!(classify_with_reading(method, query), Ok(operation), "{method} {query}");
        }
        for (method, query) in [("GET", ""), ("GET", "acl"), ("HEAD", "versionId=1"), ("DELETE", ""), ("OPTIONS", "")] {
            assert_eq!(classify_with_reading(method, query), Err(Refusal::MethodNotAllowed), "{method} {query}");
        }
        for (method, query, name) in [
            ("HEAD", "uploadId=id", "uploadId"),
            ("GET", "objectMeta&uploadId=id", "objectMeta"),
            ("HEAD", "objectMeta=1", "objectMeta"),
            ("HEAD", "t=1", "t"),
            ("PUT", "objectMeta", "objectMeta"),
        ] {
            let refused = Err(Refusal::UnexpectedParameter(name.into()));
            assert_eq!(classify_with_reading(method, query), refused, "{method} {query}");
        }
    }

    #[test]
    fn reads_only_what_a_rule_names() {
        for reading in Operation::READING {
            assert!(!reading.is_covered_by(None));
            assert!(!reading.is_covered_by(Some(&[Operation::PutObject, Operation::ListParts])));
            assert!(reading.is_covered_by(Some(&[Operation::HeadObject])));
        }
        assert!(Operation::PutObject.is_covered_by(None));
        assert!(!Operation::PutObject.is_covered_by(Some(&[Operation::HeadObject])));
    }

    #[test]
    fn refuses_the_bucket_itself() {
        for (method, query) in [("PUT", ""), ("POST", "uploads"), ("GET", "")] {
            let refused = Operation::classify(method, None, &Query::parse(query).unwrap(), ServedOperations::default());
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
        ] {
            assert_eq!(classify(method, query), Err(Refusal::UnexpectedParameter(name.into())), "{method} {query}");
        }
    }

    #[test]
    fn ignores_a_parameter_that_means_nothing() {
        for query in ["t=1764000000", "_=1&rand=2", "v=1.0&nonce=a%26b"] {
            assert_eq!(classify("PUT", query), Ok(Operation::PutObject), "{query}");
        }
        assert_eq!(Operation::PutObject.s3_query(&Query::parse("t=1764000000").unwrap(), None), "");
        for (method, query) in [
            ("PUT", "partNumber=1&uploadId=id&t=1"),
            ("POST", "uploads&t=1"),
            ("PUT", "UploadID=id"),
            ("PUT", "signature=a"),
            ("PUT", "Security-Token=a"),
            ("PUT", "ACL"),
            ("PUT", "x-amz-acl=public-read"),
            ("PUT", "X-Oss-Other"),
            ("PUT", "t%3DSignature=a"),
            ("PUT", "t=1&Uploads"),
            ("PUT", "t"),
            ("PUT", "t="),
            ("PUT", "t=1&retention"),
            ("PUT", "legalHold"),
        ] {
            assert!(classify(method, query).is_err(), "{method} {query}");
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
