//! A request for every refusal, and its whole answer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_edge::{
    AccessKeyFault, AuthorizationFault, CredentialFault, DateFault, ErrorResponse, KeyFault, LengthFault, Mismatch,
    ObjectKey, Refusal, TooSkewed, UnixMillis,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::request::{DATE, ID, NOW, Request, request};
use super::{OTHER_SECRET, RESOURCE, decide, refused, signed_by_derived, variant};

/// What is particular to one answer.
pub(crate) struct Answer {
    status: u16,
    code: &'static str,
    ec: &'static str,
    detail: &'static str,
    /// The error document's elements between `HostId` and `EC`.
    elements: Vec<(&'static str, String)>,
}

fn answer(status: u16, code: &'static str, ec: &'static str, detail: &'static str) -> Answer {
    Answer { status, code, ec, detail, elements: Vec::new() }
}

impl Answer {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.elements.push((name, value.into()));
        self
    }

    fn argument(self, name: &str, value: &str) -> Self {
        self.with("ArgumentName", name).with("ArgumentValue", value)
    }
}

fn put() -> Request {
    request("PUT", "/dir/a.log", "")
}

fn put_signed(name: &str, value: &str) -> Request {
    put().with(name, value).signed(RESOURCE)
}

/// A request for every refusal.
pub(crate) fn requests() -> Vec<Request> {
    table().into_iter().map(|(request, ..)| request).collect()
}

/// One entry for every cause.
pub(crate) fn table() -> Vec<(Request, Refusal, Answer)> {
    let mut table = of_the_request();
    table.extend(of_the_resource_and_query());
    table.extend(of_the_signature());
    table.extend(of_the_date());
    table.extend(of_what_is_asked_for());
    table
}

fn of_the_request() -> Vec<(Request, Refusal, Answer)> {
    let not_a_token = "the request has a NUL, a header whose name is not a token, or a malformed hand-over";
    let illegal = |detail, header| answer(400, "InvalidArgument", "0017-00000205", detail).with("Header", header);
    vec![
        (
            put().with("x-any", "a\0b").signed(RESOURCE),
            Refusal::MalformedRequest,
            answer(400, "InvalidArgument", "0017-00000205", not_a_token),
        ),
        (
            put_signed("x-oss-meta-a:1\nx-oss-meta-b", "2"),
            Refusal::MalformedRequest,
            answer(400, "InvalidArgument", "0017-00000205", not_a_token),
        ),
        (
            put().signed(RESOURCE).with("Date", DATE),
            Refusal::RepeatedHeader("date".into()),
            illegal("header `date` is repeated", "date"),
        ),
        (
            put_signed("x-oss-meta-a", "1\n2"),
            Refusal::MalformedHeader("x-oss-meta-a".into()),
            illegal("header `x-oss-meta-a` contains a control character", "x-oss-meta-a"),
        ),
        (
            put_signed("x-oss-meta-", "1"),
            Refusal::MalformedHeader("x-oss-meta-".into()),
            illegal("a header is named `x-oss-meta-`, with no name of metadata after it", "x-oss-meta-"),
        ),
        (
            put().signed(RESOURCE).set("host", "uploads.example.org"),
            Refusal::UnknownHost("uploads.example.org".into()),
            answer(403, "AccessDenied", "0003-00001403", "unknown Host `uploads.example.org`: add it to `hosts`"),
        ),
    ]
}

fn of_the_resource_and_query() -> Vec<(Request, Refusal, Answer)> {
    let key = |uri: &str, resource: &str, fault, ec, detail| {
        let request = request("PUT", uri, "").signed(&format!("/fleet-uploads/{resource}"));
        (request, Refusal::InvalidObjectName(fault), answer(400, "InvalidObjectName", ec, detail))
    };
    let query = |method: &str, query: &str| request(method, "/dir/a.log", query).signed(&format!("{RESOURCE}?{query}"));
    let unexpected =
        |detail, name| answer(400, "InvalidArgument", "0017-00000219", detail).argument("ResourceType", name);
    let not_allowed = |method: &str| {
        answer(405, "MethodNotAllowed", "0017-00000001", "the operation is not served")
            .with("Method", method)
            .with("ResourceType", "Object")
    };
    let too_long = "k".repeat(1024);
    vec![
        (
            put().set("host", "Fleet_Uploads.oss.example.com").signed("/fleet_uploads/dir/a.log"),
            Refusal::InvalidBucketName,
            answer(
                400,
                "InvalidBucketName",
                "0015-00000001",
                "the bucket's name is not 3 to 63 lower-case letters, digits and hyphens",
            ),
        ),
        key(
            &format!("/{too_long}"),
            &too_long,
            KeyFault::TooLong,
            "0016-00000002",
            "the key has more than 1,023 bytes",
        ),
        key(
            "/a%2",
            "a%2",
            KeyFault::Escape,
            "0016-00000004",
            "the path does not begin with `/`, or has a percent-escape that is cut off",
        ),
        (
            request("PUT", "/%CF%E0/1.jpg", ""),
            Refusal::InvalidObjectName(KeyFault::NotUtf8),
            answer(400, "InvalidArgument", "0016-00000002", "the key is not UTF-8"),
        ),
        key("/%2Fa", "/a", KeyFault::LeadingSlash, "0016-00000005", "the key begins with a slash or backslash"),
        key("/a%1Bb", "a\u{1b}b", KeyFault::NotXml, "0016-00000004", "the key has a character that XML does not allow"),
        key("/a/../b", "a/../b", KeyFault::DotSegment, "0016-00000004", "the key has a segment `.` or `..`"),
        key(
            "/.oss-edge/parts/a",
            ".oss-edge/parts/a",
            KeyFault::Own,
            "0016-00000004",
            "the key is under `.oss-edge/`, where oss-edge keeps parts of uploads",
        ),
        key(
            "/k%3Fuploads",
            "k?uploads",
            KeyFault::SubResource,
            "0016-00000004",
            "the key has `?` and a sub-resource's name, so its signature is ambiguous",
        ),
        (
            query("PUT", "a=%zz"),
            Refusal::MalformedQuery,
            answer(
                400,
                "InvalidArgument",
                "0017-00000205",
                "the query has a broken escape, an empty name, a control character or too many parameters",
            ),
        ),
        (
            query("POST", "uploads&upload%73"),
            Refusal::RepeatedParameter("uploads".into()),
            unexpected("query parameter `uploads` is repeated", "uploads"),
        ),
        (
            query("PUT", "partNumber=1"),
            Refusal::UnexpectedParameter("partNumber".into()),
            unexpected("query parameter `partNumber`, or its value, is not allowed here", "partNumber"),
        ),
        (
            query("PUT", "Signature%3DpSWa7TZB"),
            Refusal::UnexpectedParameter("Signature=pSWa7TZB".into()),
            // A name is logged up to where a value may begin.
            unexpected("query parameter `Signature`, or its value, is not allowed here", "Signature=pSWa7TZB"),
        ),
        (
            query("PUT", "partNumber=10001&uploadId=U1"),
            Refusal::InvalidPartNumber("10001".into()),
            answer(400, "InvalidArgument", "0017-00000220", "`partNumber` is `10001`, not an integer from 1 to 10000")
                .argument("PartNumber", "10001"),
        ),
        (
            query("POST", "encoding-type=base64&uploads"),
            Refusal::InvalidEncodingType("base64".into()),
            answer(400, "InvalidArgument", "0017-00000235", "`encoding-type` is `base64`, not `url`")
                .argument("encoding-type", "base64"),
        ),
        (
            query("GET", "max-parts=1001&uploadId=U1"),
            Refusal::InvalidQueryValue("max-parts", "1001".into()),
            answer(
                400,
                "InvalidArgument",
                "0017-00000219",
                "query parameter `max-parts` is `1001`, which is out of range",
            )
            .argument("max-parts", "1001"),
        ),
        (query("GET", "uploads"), Refusal::MethodNotAllowed, not_allowed("GET")),
        (query("PUT", "acl"), Refusal::MethodNotAllowed, not_allowed("PUT")),
    ]
}

fn v4_url(date: &str, expires: &str) -> String {
    let credential = "ak/20261124/cn-hangzhou/oss/aliyun_v4_request";
    [
        "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature=0",
        &["&x-oss-date=", date, "&x-oss-expires=", expires, "&x-oss-credential=", credential].concat(),
    ]
    .concat()
}

fn of_the_signature() -> Vec<(Request, Refusal, Answer)> {
    let query = |method: &str, query: &str| request(method, "/dir/a.log", query);
    let malformed = |value: &str, fault, ec, detail| {
        let request = put().with("authorization", value);
        (request, Refusal::MalformedAuthorization(fault), answer(400, "InvalidArgument", ec, detail))
    };
    let not_enabled = |value: &str, scheme, detail| {
        let request = put().with("authorization", value);
        (request, Refusal::SchemeNotEnabled(scheme), answer(400, "InvalidArgument", "0002-00000062", detail))
    };
    let credential = |credential: &str, fault, ec, detail| {
        let request = put().with("authorization", &format!("OSS4-HMAC-SHA256 Credential={credential},Signature=0"));
        (request, Refusal::InvalidCredential(fault), answer(400, "InvalidArgument", ec, detail))
    };
    let no_key = |id: &'static str, fault, detail| {
        let answer = answer(403, "InvalidAccessKeyId", "0002-00000902", detail).with("OSSAccessKeyId", id);
        (signed_by_derived(put(), id, RESOURCE), Refusal::InvalidAccessKeyId(id.into(), fault), answer)
    };
    let wrong = put().with("authorization", &format!("OSS {ID}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    let text = wrong.string_to_sign(RESOURCE);
    let mismatch = Mismatch {
        access_key_id: ID.into(),
        host: "uploads.example.com".into(),
        style: "cname",
        bucket: "fleet-uploads".into(),
        signature_provided: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
        string_to_sign: text.clone(),
        canonical_request: None,
    };
    let bytes: String = text.bytes().map(|byte| format!("{byte:02X} ")).collect();
    vec![
        (put(), Refusal::MissingSignature, answer(403, "AccessDenied", "0003-00001201", "no signature")),
        malformed("", AuthorizationFault::Empty, "0002-00000061", "the Authorization header is empty"),
        malformed(
            "Basic dTpw",
            AuthorizationFault::Form,
            "0002-00000062",
            "the signature does not follow the grammar of a scheme",
        ),
        malformed(
            "OSS :c2ln",
            AuthorizationFault::NoAccessKeyId,
            "0002-00000063",
            "the signature has no access key id",
        ),
        malformed(
            "OSS ak:",
            AuthorizationFault::NoSignature,
            "0002-00000065",
            "the Authorization header has no signature",
        ),
        (
            query("PUT", "OSSAccessKeyId=ak&Expires=1&Signature=c2ln").with("authorization", "OSS ak:c2ln"),
            Refusal::ConflictingSignatures,
            answer(400, "InvalidArgument", "0002-00000062", "more than one signature"),
        ),
        (
            query("PUT", "OSSAccessKeyId=ak&Signature=c2ln"),
            Refusal::IncompleteUrlSignature,
            answer(403, "AccessDenied", "0002-00000074", "the signature in the URL lacks a parameter"),
        ),
        credential(
            "ak/20261124/r/s3/aliyun_v4_request",
            CredentialFault::Form,
            "0002-00000206",
            "the credential is not `AccessKeyId/date/region/oss/aliyun_v4_request`",
        ),
        credential(
            "ak/20261123/r/oss/aliyun_v4_request",
            CredentialFault::Date,
            "0002-00000222",
            "the credential is for another day than the signed date",
        ),
        credential(
            "ak/20261124//oss/aliyun_v4_request",
            CredentialFault::Region,
            "0002-00000223",
            "the credential has no region, or one of more than 128 bytes",
        ),
        (
            query("PUT", "OSSAccessKeyId=ak&Expires=soon&Signature=c2ln"),
            Refusal::InvalidExpires,
            answer(403, "AccessDenied", "0002-00000070", "the expiry is not a number of seconds in its range"),
        ),
        (
            query("PUT", "OSSAccessKeyId=ak&Expires=1795485176&Signature=c2ln"),
            Refusal::Expired(UnixMillis(1_795_485_176_000)),
            answer(403, "AccessDenied", "0002-00000069", "the signed URL has expired")
                .with("Expires", "2026-11-24T01:52:56.000Z")
                .with("ServerTime", "2026-11-24T01:52:57.000Z"),
        ),
        (
            query("PUT", "OSSAccessKeyId=ak&Expires=1796089978&Signature=c2ln"),
            Refusal::ExpiresTooFar,
            answer(
                400,
                "InvalidArgument",
                "0002-00000235",
                "the signed URL is valid for longer than `maxUrlExpirySeconds`",
            ),
        ),
        (
            query("PUT", &v4_url("20261124T015758Z", "60")),
            Refusal::NotYetValid,
            answer(403, "AccessDenied", "0002-00000235", "the signed URL is dated in the future"),
        ),
        (
            query("PUT", &v4_url("20261124T015257Z", "604801")),
            Refusal::ExpiresTooFar,
            answer(
                400,
                "InvalidArgument",
                "0002-00000235",
                "the signed URL is valid for longer than `maxUrlExpirySeconds`",
            ),
        ),
        not_enabled("OSS2 AccessKeyId:ak,Signature:c2ln", "OSS2", "signature scheme OSS2 is not enabled"),
        no_key("LTAI5tNobody", AccessKeyFault::Unknown, "unknown access key id"),
        no_key("disabled", AccessKeyFault::Disabled, "the access key is disabled"),
        no_key("ended", AccessKeyFault::NoLiveSecret, "no secret of the access key is valid now"),
        no_key("OE1.a1.SN-1.sother", AccessKeyFault::UnknownScope, "the master key has no scope of this name"),
        no_key("OE1.a1.SN-2", AccessKeyFault::Revoked, "the device is revoked"),
        no_key("OE1.a1.SN-1.e1795485177", AccessKeyFault::Expired, "the derived key has expired"),
        (
            wrong,
            Refusal::SignatureDoesNotMatch(Box::new(mismatch)),
            answer(
                403,
                "SignatureDoesNotMatch",
                "0002-00000040",
                "signature mismatch for LTAI5tTestDevice01 at uploads.example.com (cname, bucket fleet-uploads)",
            )
            .with("OSSAccessKeyId", ID)
            .with("SignatureProvided", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .with("StringToSign", text)
            .with("StringToSignBytes", bytes),
        ),
        (
            put_signed("x-oss-security-token", "token"),
            Refusal::InvalidSecurityToken,
            answer(
                403,
                "InvalidSecurityToken",
                "0002-00000006",
                "the security token is missing, repeated, unsigned or not the access key's",
            ),
        ),
        (
            put_signed("x-oss-security-token", "token")
                .set("authorization", "OSS OE1.a1.SN-1.e1795485177:AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            Refusal::SecurityTokenExpired,
            answer(403, "SecurityTokenExpired", "0002-00000007", "the derived key has expired"),
        ),
    ]
}

fn of_the_date() -> Vec<(Request, Refusal, Answer)> {
    let skewed = TooSkewed { requested: UnixMillis(NOW - 301_000), now: UnixMillis(NOW), max_millis: 300_000 };
    vec![
        (
            put().without("date").signed(RESOURCE),
            Refusal::InvalidDate(DateFault::Missing),
            answer(403, "AccessDenied", "0002-00000503", "neither `x-oss-date` nor `date`"),
        ),
        (
            put().set("date", "1795485177").signed(RESOURCE),
            Refusal::InvalidDate(DateFault::Malformed),
            answer(403, "AccessDenied", "0002-00000505", "the date is neither RFC 1123 nor ISO 8601 basic"),
        ),
        (
            put().set("date", "20261124T014756Z").signed(RESOURCE),
            Refusal::RequestTimeTooSkewed(skewed),
            answer(
                403,
                "RequestTimeTooSkewed",
                "0002-00000504",
                "the device's clock is 301 s behind; 300 s are allowed",
            )
            .with("MaxAllowedSkewMilliseconds", "300000")
            .with("RequestTime", "2026-11-24T01:47:56.000Z")
            .with("ServerTime", "2026-11-24T01:52:57.000Z"),
        ),
    ]
}

fn of_what_is_asked_for() -> Vec<(Request, Refusal, Answer)> {
    vec![
        (
            put().signed_by("logs-only", OTHER_SECRET, RESOURCE),
            Refusal::AccessDenied,
            answer(403, "AccessDenied", "0003-00000001", "no rule of the access key's `allow` covers the request"),
        ),
        (
            put().set("host", "no-such-bucket.oss.example.com").signed("/no-such-bucket/dir/a.log"),
            Refusal::NoSuchBucket("no-such-bucket".into()),
            answer(404, "NoSuchBucket", "0015-00000101", "unknown bucket `no-such-bucket`: add it to `buckets`")
                .with("BucketName", "no-such-bucket"),
        ),
        (
            put_signed("x-oss-tagging", "a=b"),
            Refusal::NotImplemented("x-oss-tagging".into(), "a=b".into()),
            answer(
                400,
                "NotImplemented",
                "0017-00000245",
                "header `x-oss-tagging` is a text of 3 bytes: see `headers.tagging` in the configuration",
            )
            .with("Header", "x-oss-tagging"),
        ),
        (
            put_signed("x-oss-storage-class", "Cold<&>"),
            Refusal::InvalidHeaderValue("x-oss-storage-class", "Cold<&>".into()),
            answer(
                400,
                "InvalidArgument",
                "0017-00000131",
                "header `x-oss-storage-class` is a text of 7 bytes, which OSS does not define",
            )
            .argument("x-oss-storage-class", "Cold<&>"),
        ),
        (
            put_signed("x-oss-meta-a", &"v".repeat(2048)),
            Refusal::MetadataTooLarge,
            answer(400, "MetadataTooLarge", "0011-00000002", "more than 2 KB of user metadata"),
        ),
        (
            put_signed("transfer-encoding", "chunked"),
            Refusal::MissingContentLength(LengthFault::NoRelay),
            answer(
                411,
                "MissingContentLength",
                "0017-00000101",
                "no Content-Length, and S3 takes no body without one: a `relay` with `bodiesWithoutLength` \"relay\" does",
            ),
        ),
        (
            put_signed("content-length", "five"),
            Refusal::InvalidContentLength,
            answer(400, "InvalidArgument", "0017-00000103", "Content-Length is not a number"),
        ),
        (
            put_signed("content-length", "5368709121"),
            Refusal::EntityTooLarge,
            answer(
                400,
                "EntityTooLarge",
                "0017-00000103",
                "the body is larger than `maxObjectBytes` of the access key, or than the 5 GiB that S3 takes at once",
            ),
        ),
        (
            request("POST", "/dir/a.log", "uploads")
                .with("cache-control", &"v".repeat(7000))
                .signed("/fleet-uploads/dir/a.log?uploads"),
            Refusal::RequestTooLarge,
            answer(400, "InvalidArgument", "0017-00000205", "the request does not fit through API Gateway"),
        ),
    ]
}

/// The refusals that a request can get at the edge. A new variant fails to compile here, and needs a request in the table.
fn names() -> Vec<&'static str> {
    let listed = |refusal: Refusal| match refusal {
        // Of a request that the edge handed over.
        Refusal::UnknownHandOver => (),
        Refusal::MalformedRequest
        | Refusal::RepeatedHeader(_)
        | Refusal::MalformedHeader(_)
        | Refusal::UnknownHost(_)
        | Refusal::InvalidBucketName
        | Refusal::InvalidObjectName(
            KeyFault::Empty
            | KeyFault::TooLong
            | KeyFault::Escape
            | KeyFault::NotUtf8
            | KeyFault::LeadingSlash
            | KeyFault::NotXml
            | KeyFault::DotSegment
            | KeyFault::Own
            | KeyFault::SubResource,
        )
        | Refusal::MalformedQuery
        | Refusal::RepeatedParameter(_)
        | Refusal::UnexpectedParameter(_)
        | Refusal::InvalidPartNumber(_)
        | Refusal::InvalidEncodingType(_)
        | Refusal::InvalidQueryValue(..)
        | Refusal::MethodNotAllowed
        | Refusal::AccessForbidden(_)
        | Refusal::MissingSignature
        | Refusal::MalformedAuthorization(
            AuthorizationFault::Empty
            | AuthorizationFault::Form
            | AuthorizationFault::NoAccessKeyId
            | AuthorizationFault::NoSignature,
        )
        | Refusal::SchemeNotEnabled(_)
        | Refusal::ConflictingSignatures
        | Refusal::IncompleteUrlSignature
        | Refusal::InvalidCredential(CredentialFault::Form | CredentialFault::Date | CredentialFault::Region)
        | Refusal::OtherRegion(_)
        | Refusal::InvalidExpires
        | Refusal::Expired(_)
        | Refusal::ExpiresTooFar
        | Refusal::NotYetValid
        | Refusal::InvalidDate(DateFault::Missing | DateFault::Malformed)
        | Refusal::RequestTimeTooSkewed(_)
        | Refusal::InvalidAccessKeyId(
            _,
            AccessKeyFault::Unknown
            | AccessKeyFault::Disabled
            | AccessKeyFault::NoLiveSecret
            | AccessKeyFault::UnknownScope
            | AccessKeyFault::Revoked
            | AccessKeyFault::Expired,
        )
        | Refusal::SignatureDoesNotMatch(_)
        | Refusal::InvalidSecurityToken
        | Refusal::SecurityTokenExpired
        | Refusal::AccessDenied
        | Refusal::NoSuchBucket(_)
        | Refusal::NoSuchUpload(..)
        | Refusal::NoSuchKey(_)
        | Refusal::NotImplemented(..)
        | Refusal::InvalidHeaderValue(..)
        | Refusal::MetadataTooLarge
        | Refusal::MissingContentLength(
            LengthFault::NoRelay
            | LengthFault::DocumentElsewhere
            | LengthFault::TurnedOff
            | LengthFault::LengthAndChunks
            | LengthFault::NoFraming,
        )
        | Refusal::NoService(_)
        | Refusal::InvalidContentLength
        | Refusal::EntityTooLarge
        | Refusal::RequestTooLarge => (),
    };
    listed(Refusal::MalformedRequest);
    vec![
        "AccessDenied",
        "ConflictingSignatures",
        "EntityTooLarge",
        "Expired",
        "ExpiresTooFar",
        "IncompleteUrlSignature",
        "InvalidAccessKeyId(Disabled)",
        "InvalidAccessKeyId(Expired)",
        "InvalidAccessKeyId(NoLiveSecret)",
        "InvalidAccessKeyId(Revoked)",
        "InvalidAccessKeyId(Unknown)",
        "InvalidAccessKeyId(UnknownScope)",
        "InvalidBucketName",
        "InvalidContentLength",
        "InvalidCredential(Date)",
        "InvalidCredential(Form)",
        "InvalidCredential(Region)",
        "InvalidDate(Malformed)",
        "InvalidDate(Missing)",
        "InvalidEncodingType",
        "InvalidExpires",
        "InvalidHeaderValue",
        "InvalidObjectName(DotSegment)",
        "InvalidObjectName(Escape)",
        "InvalidObjectName(LeadingSlash)",
        "InvalidObjectName(NotUtf8)",
        "InvalidObjectName(NotXml)",
        "InvalidObjectName(Own)",
        "InvalidObjectName(SubResource)",
        "InvalidObjectName(TooLong)",
        "InvalidPartNumber",
        "InvalidQueryValue",
        "InvalidSecurityToken",
        "MalformedAuthorization(Empty)",
        "MalformedAuthorization(Form)",
        "MalformedAuthorization(NoAccessKeyId)",
        "MalformedAuthorization(NoSignature)",
        "MalformedHeader",
        "MalformedQuery",
        "MalformedRequest",
        "MetadataTooLarge",
        "MethodNotAllowed",
        "MissingContentLength",
        "MissingSignature",
        "NoSuchBucket",
        "NotImplemented",
        "NotYetValid",
        "RepeatedHeader",
        "RepeatedParameter",
        "RequestTimeTooSkewed",
        "RequestTooLarge",
        "SchemeNotEnabled",
        "SecurityTokenExpired",
        "SignatureDoesNotMatch",
        "UnexpectedParameter",
        "UnknownHost",
    ]
}

#[test]
fn has_a_request_for_every_refusal() {
    let mut refusals: Vec<String> = Vec::new();
    for (_, refusal, _) in table() {
        refusals.push(match &refusal {
            Refusal::InvalidAccessKeyId(_, fault) => format!("InvalidAccessKeyId({fault:?})"),
            Refusal::InvalidObjectName(_)
            | Refusal::InvalidCredential(_)
            | Refusal::MalformedAuthorization(_)
            | Refusal::InvalidDate(_) => {
                format!("{refusal:?}")
            }
            _ => variant(&refusal),
        });
    }
    refusals.sort();
    refusals.dedup();
    assert_eq!(refusals, names());
}

#[test]
fn refuses_an_empty_key_as_oss_does() {
    let Err(refusal) = ObjectKey::new("".into()) else { panic!("an empty key") };
    assert_eq!(refusal, Refusal::InvalidObjectName(KeyFault::Empty));
    assert_eq!((refusal.status(), refusal.code(), &*refusal.detail()), (400, "InvalidObjectName", "no key"));
}

#[test]
fn answers_each_refusal_as_oss_does() {
    for (request, expected, answer) in table() {
        let (refusal, response) = refused(&request);
        assert_eq!(refusal, expected, "{request:?}");
        assert_eq!((refusal.status(), refusal.code()), (answer.status, answer.code), "{refusal:?}");
        assert_eq!(refusal.detail(), answer.detail, "{refusal:?}");
        assert_eq!(response.status, answer.status, "{refusal:?}");
        assert!(!response.status_description.is_empty(), "{refusal:?}");
        assert_eq!(header(&response, "x-oss-ec"), answer.ec, "{refusal:?}");
        check_document(&response.body, &request, &refusal, &answer, header(&response, "x-oss-request-id"));
    }
}

#[test]
fn answers_head_with_the_document_in_a_header() {
    let head = request("HEAD", "/dir/a.log", "").signed(RESOURCE);
    let (refusal, response) = refused(&head);
    assert_eq!((&refusal, &*response.body), (&Refusal::MethodNotAllowed, ""));
    let document = String::from_utf8(BASE64_STANDARD.decode(header(&response, "x-oss-err")).unwrap()).unwrap();
    let answer = answer(405, "MethodNotAllowed", "0017-00000001", "the operation is not served")
        .with("Method", "HEAD")
        .with("ResourceType", "Object");
    check_document(&document, &head, &refusal, &answer, header(&response, "x-oss-request-id"));
}

#[test]
fn gives_the_messages_that_oss_documents() {
    let message_of = |code: &str| {
        let (request, ..) = table().into_iter().find(|(_, _, answer)| answer.code == code).unwrap();
        elements(&refused(&request).1.body).into_iter().find(|(name, _)| name == "Message").unwrap().1
    };
    for (code, message) in [
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. \
             Check your key and signing method.",
        ),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."),
        ("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."),
        ("InvalidSecurityToken", "The security token you provided is invalid."),
        ("SecurityTokenExpired", "The security token you provided has expired."),
        ("MethodNotAllowed", "The specified method is not allowed against this resource."),
        ("NotImplemented", "A header you provided implies functionality that is not implemented."),
        ("MissingContentLength", "You must provide the Content-Length HTTP header."),
    ] {
        assert_eq!(message_of(code), message, "{code}");
    }
}

#[test]
fn escapes_the_values_that_a_client_sent() {
    let wrong = request("PUT", "/%3C%26%3E%22%0D%0A%5D%5D%3E%09%7F%C2%85%E6%97%A5", "")
        .with("authorization", &format!("OSS {ID}:&<>"));
    let (_, response) = refused(&wrong);
    let of = |name: &str| elements(&response.body).into_iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(of("SignatureProvided"), "&<>");
    assert_eq!(of("StringToSign"), format!("PUT\n\n\n{DATE}\n/fleet-uploads/<&>\"\r\n]]>\t\u{7f}\u{85}日"));
}

#[test]
fn refuses_more_than_32_parameters() {
    let names = |count: u32| (0..count).map(|index| format!("p%3D{index}")).collect::<Vec<_>>().join("&");
    let refusal = |count| refused(&request("PUT", "/dir/a.log", &names(count))).0;
    assert_eq!(refusal(32), Refusal::UnexpectedParameter("p=0".into()));
    assert_eq!(refusal(33), Refusal::MalformedQuery);
}

#[test]
fn answers_with_no_status_on_which_sdks_retry() {
    for (request, ..) in table() {
        let (refusal, response) = refused(&request);
        let retried = matches!(response.status, 401 | 408 | 429) || !(400..500).contains(&response.status);
        assert!(!retried, "{refusal:?}: {}", response.status);
    }
}

#[test]
fn reports_what_is_known_of_a_refused_request() {
    let text = request("PUT", "/dir/a.log", "acl").text();
    let decision = decide(&text);
    assert_eq!(decision.resource.and_then(|resource| resource.key).as_deref(), Some("dir/a.log"));
    assert!(decision.operation.is_none() && decision.access_key_id.is_none());
    let text = put().with("authorization", "OSS LTAI5tNobody:c2ln").text();
    let decision = decide(&text);
    assert_eq!(decision.operation.map(|operation| operation.name()), Some("PutObject"));
    assert_eq!(decision.access_key_id.as_deref(), Some("LTAI5tNobody"));
}

/// Checks the document's elements: those of every answer, and those of this one in their place.
fn check_document(document: &str, request: &Request, refusal: &Refusal, answer: &Answer, request_id: &str) {
    let found = elements(document);
    let is_host_known = !matches!(refusal, Refusal::MalformedRequest);
    let host = request.headers.iter().find(|(name, _)| name == "host").map_or("oss-edge", |(_, value)| value);
    let link = format!("https://api.aliyun.com/troubleshoot?q={}", answer.ec);
    let mut expected = vec![("Code", answer.code.to_owned()), ("Message", found[1].1.clone())];
    expected.push(("RequestId", request_id.to_owned()));
    expected.push(("HostId", if is_host_known { host } else { "oss-edge" }.to_owned()));
    expected.extend(answer.elements.iter().cloned());
    expected.extend([("EC", answer.ec.to_owned()), ("RecommendDoc", link)]);
    let expected: Vec<_> = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(found, expected, "{refusal:?}");
    assert!(!found[1].1.is_empty(), "{refusal:?}");
    let is_id = request_id.len() == 24 && request_id.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    assert!(is_id, "{request_id}");
}

fn header<'a>(response: &'a ErrorResponse, name: &str) -> &'a str {
    let mut values = response.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| &**value);
    let (Some(value), None) = (values.next(), values.next()) else { panic!("one {name}: {:?}", response.headers) };
    value
}

/// The elements of an error document, which has no attributes and one level.
fn elements(document: &str) -> Vec<(String, String)> {
    let mut rest = document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n").unwrap();
    let mut elements = Vec::new();
    while rest != "</Error>\n" {
        let (name, value) = rest.strip_prefix("  <").and_then(|rest| rest.split_once('>')).unwrap();
        let (value, after) = value.split_once(&format!("</{name}>\n")).unwrap();
        elements.push((name.to_owned(), unescaped(value)));
        rest = after;
    }
    elements
}

/// The text of an element. Fails on any escape but these.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (escape, rest) = part.split_once(';').unwrap_or_else(|| panic!("`&` in {text}"));
        plain.push(match escape {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "#13" => '\r',
            _ => panic!("`&{escape};` in {text}"),
        });
        plain.push_str(rest);
    }
    assert!(!text.contains(['<', '>', '\r']), "{text}");
    plain
}
