//! The operations that are served, and how a request is classified.

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
    /// `HEAD key?objectMeta` or `GET key?objectMeta`: answers less than HeadObject.
    GetObjectMeta,
}

/// How a request for an operation looks.
struct Row {
    operation: Operation,
    method: &'static str,
    /// Parameters that must be present. S3 gets them, in this order.
    required: &'static [&'static str],
    /// Parameters that S3 gets too, if they have a value.
    passed: &'static [&'static str],
    /// Parameters that OSS takes and S3 doesn't get, besides those of signatures and [`ANYWHERE`].
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

/// What the configuration changes in the classification.
#[derive(Clone, Copy, Default)]
pub(crate) struct ServedOperations {
    /// Parameters that every operation takes and ignores.
    pub(crate) ignored_parameters: &'static [&'static str],
    /// Operations that aren't served.
    pub(crate) refused_operations: &'static [Operation],
}

/// Parameters that OSS takes with every operation and that don't change what is stored: who pays, and a speed limit,
/// which ali-oss and oss2 put into signed URLs.
const ANYWHERE: [&str; 2] = ["x-oss-request-payer", "x-oss-traffic-limit"];

impl Operation {
    /// The operations that tell whether an object exists.
    pub(crate) const READING: [Operation; 2] = [Operation::HeadObject, Operation::GetObjectMeta];

    /// The operations that a rule of an access key may name.
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

    /// Whether a rule with these operations covers this one. A rule without operations covers every upload, and no
    /// reading.
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
        // A GET is served only if a parameter makes it something else than reading the object.
        let reads_object = method == "GET" && !served.rows().any(|row| row.method == method && row.is_asked_for(query));
        if key.is_none() || !is_served_method || reads_object {
            return Err(Refusal::MethodNotAllowed);
        }
        let row = served.rows().find(|row| row.method == method && row.takes(query, served));
        let row = row.ok_or_else(|| refuse_parameters(query, served))?;
        query.iter().try_for_each(|(name, value)| check_value(name, value))?;
        Ok(row.operation)
    }

    /// Whether the operation names an upload id.
    pub(crate) fn names_upload(self) -> bool {
        OPERATIONS.iter().any(|row| row.operation == self && row.required.contains(&"uploadId"))
    }

    /// The query for S3, percent-encoded: only the parameters that the operation needs, with S3's own upload id.
    pub(crate) fn s3_query(self, query: &Query, upload: Option<&VerifiedUpload<'_>>) -> String {
        let Some(row) = OPERATIONS.iter().find(|row| row.operation == self) else { return String::new() };
        let passed = row.passed.iter().filter(|name| query.get(name).is_some_and(|value| !value.is_empty()));
        let parameters: Vec<_> = row
            .required
            .iter()
            // GetObjectMeta is HeadObject in S3.
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
    /// The methods of the served operations, each once.
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

/// The names of the parameters that the classification looks at.
fn operands(query: &Query, served: ServedOperations) -> impl Iterator<Item = &str> {
    let ignored = served.ignored_parameters;
    let is_operand =
        move |name: &&str| !is_signature_parameter(name) && !ANYWHERE.contains(name) && !ignored.contains(name);
    query.iter().map(|(name, _)| name).filter(is_operand)
}

/// Whether a parameter means nothing to OSS or S3, and so is dropped: hand-written clients append a time stamp to avoid
/// caches. A name that differs from a known one only in its case is a mistake, and isn't ignored. Nor is a parameter
/// without a value (see [`Row::takes`]): OSS names operations by such parameters, and it may be a new one.
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
        // In signature version 1, text after a `&` would sign like another parameter. The value is base64, which has
        // none.
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

/// Whether a value is a number in the range, without a sign or leading zeros: OSS, S3 and this crate must read the same
/// number.
fn is_integer_in(value: &str, least: u32, most: u32) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    is_plain && value.parse().is_ok_and(|number| (least..=most).contains(&number))
}

#[cfg(test)]
mod tests;
