//! What the core returns to JavaScript.

use std::borrow::Cow;

use serde::Serialize;

use crate::capture::Captured;
use crate::config::Triggers;
use crate::decision::{Decision, EdgeDecision, Gate, Preflight};
use crate::error_response::{ErrorResponse, oss_request_id};
use crate::hand_over_seal::{HandOverFault, Opened};
use crate::origin_response::ViewerResponse;
use crate::refusal::Refusal;
use crate::route::{Forward, Header, Origin, ServiceUpload};

/// A decision. Fields that are unknown, or that this decision doesn't have, are left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct DecisionJson<'d> {
    /// `forward`, `refuse`, or `answer` for a preflight.
    decision: &'static str,
    // What was learned about the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_difference_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<&'d Captured>,
    // What the edge function sends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    /// The origin's domain name, if origin-request decides. viewer-request sends it in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'d str>,
    // What an operation at the API or the relay needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_bucket: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_options: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staging: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_join_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staged_headers: Option<Vec<(&'d str, &'d str)>>,
    // The body that the relay stores.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_is_chunked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_body_bytes: Option<u64>,
    // For the origin, or for S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'d str>,
    // Why the request is refused, and what the client gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oss_request_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<&'static str>,
    /// Those of the forwarded request, or of the answer.
    headers: Vec<(&'d str, &'d str)>,
}

/// An origin's response, translated.
#[derive(Default, Serialize)]
struct TranslationJson<'t> {
    /// `keep` or `replace`.
    translation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<&'t [&'t str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<&'t [(&'static str, String)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorResponseJson<'t>>,
}

/// The hand-over that origin-request verified, or refused.
#[derive(Default, Serialize)]
struct OpenedJson<'o> {
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'o str>,
    remove: &'o [&'o str],
    /// Why origin-request sends nothing on, for the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// An error in OSS's dialect.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorResponseJson<'d> {
    code: &'static str,
    status: u16,
    status_description: &'static str,
    headers: &'d [(&'static str, String)],
    body: &'d str,
}

/// Why a request is refused, and the texts that it should have signed.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_to_sign: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical_request: Option<&'d str>,
}

impl Gate {
    /// The headers that let a page of this origin read an answer that the adapter made itself.
    pub fn cors_headers_json(&self, origin: &str) -> String {
        to_string(&self.cors_headers_for(origin))
    }
}

impl EdgeDecision<'_> {
    /// The decision for the function that asked for it: JSON, and of an answer a NUL and its body, which needs no
    /// escapes there.
    pub fn to_text(&self) -> String {
        match self {
            EdgeDecision::Preflight(preflight) => with_body(to_string(&preflight.answered()), ""),
            EdgeDecision::Other(decision) => decision.to_edge_text(),
        }
    }

    /// The decision for a relay that is the entrance, in the same form.
    pub fn to_service_text(&self) -> String {
        match self {
            EdgeDecision::Preflight(preflight) => with_body(to_string(&preflight.answered()), ""),
            EdgeDecision::Other(decision) => decision.to_service_text(),
        }
    }
}

impl Preflight {
    fn answered(&self) -> DecisionJson<'_> {
        DecisionJson {
            decision: "answer",
            bucket: Some(&self.resource.bucket),
            key: self.resource.key.as_deref(),
            style: Some(self.resource.style),
            oss_request_id: Some(&self.request_id),
            status: Some(200),
            status_description: Some("OK"),
            headers: self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            ..DecisionJson::default()
        }
    }
}

impl Decision<'_> {
    /// The decision for the function at the edge, as [`EdgeDecision::to_text`] writes it.
    pub fn to_edge_text(&self) -> String {
        match &self.outcome {
            Ok(forward) => to_string(&self.forwarded_at_the_edge(forward)),
            Err((refusal, response)) => with_body(to_string(&self.refused(refusal, response)), &response.body),
        }
    }

    /// The decision for the API's authorizer or the relay, as [`EdgeDecision::to_text`] writes it.
    pub fn to_service_text(&self) -> String {
        match &self.outcome {
            Ok(forward) => to_string(&self.forwarded_behind_the_edge(forward)),
            Err((refusal, response)) => with_body(to_string(&self.refused(refusal, response)), &response.body),
        }
    }

    fn known(&self) -> DecisionJson<'_> {
        let resource = self.resource.as_ref();
        DecisionJson {
            operation: self.operation.map(|operation| operation.name()),
            bucket: resource.map(|resource| resource.bucket.as_str()),
            key: resource.and_then(|resource| resource.key.as_deref()),
            access_key_id: self.access_key_id.as_deref(),
            scheme: self.scheme.map(|scheme| scheme.name()),
            generation: self.generation.as_deref(),
            style: resource.map(|resource| resource.style),
            reading: self.reading.as_deref(),
            clock_difference_seconds: self.clock_difference_seconds,
            captured: self.captured.as_ref(),
            ..DecisionJson::default()
        }
    }

    fn forwarded_at_the_edge<'d>(&'d self, forward: &'d Forward<'_>) -> DecisionJson<'d> {
        let (uri, query) = forward.edge_target();
        let origin = match forward.origin {
            Origin::S3 => "s3",
            Origin::Api(_) => "api",
            Origin::Relay(_) | Origin::Entrance(_) => "relay",
        };
        DecisionJson {
            decision: "forward",
            origin: Some(origin),
            domain: (forward.triggers == Triggers::OriginRequest).then(|| forward.origin_domain()),
            uri: Some(uri),
            query: Some(query),
            headers: forward.edge_headers(),
            ..self.known()
        }
    }

    fn forwarded_behind_the_edge<'d>(&'d self, forward: &'d Forward<'_>) -> DecisionJson<'d> {
        let body = forward.relayed_body();
        let staging = forward.staging();
        let (upload_options, upload_id) = match forward.upload() {
            Some(ServiceUpload::Begins(options)) => (Some(options.to_string()), None),
            Some(ServiceUpload::GoesOn(id)) => (None, Some(id.as_str())),
            None => (None, None),
        };
        DecisionJson {
            decision: "forward",
            request_id: Some(oss_request_id(&self.cloudfront_request_id)),
            s3_bucket: Some(&forward.s3_bucket.name),
            region: Some(&forward.s3_bucket.region),
            options: Some(forward.options().iter().map(|option| option.name()).collect()),
            upload_options,
            upload_id,
            staging: staging.map(|staging| staging.folder.as_str()),
            max_join_bytes: staging.map(|staging| staging.max_join_bytes),
            // Only an UploadPart through the relay stores a part itself.
            staged_headers: staging.filter(|_| body.is_some()).map(|staging| listed(&staging.headers)),
            body_length: body.and_then(|body| body.length),
            body_is_chunked: body.filter(|body| body.is_chunked).map(|_| true),
            max_body_bytes: body.map(|body| body.max_bytes),
            query: Some(&forward.query),
            headers: listed(&forward.headers),
            ..self.known()
        }
    }

    fn refused<'d>(&'d self, refusal: &'d Refusal, response: &'d ErrorResponse) -> DecisionJson<'d> {
        DecisionJson {
            decision: "refuse",
            detail: Some(refusal.detail()),
            field: refusal.field(),
            renewal: Some(refusal.renewal().name()),
            oss_request_id: Some(&response.request_id),
            code: Some(response.code),
            status: Some(response.status),
            status_description: Some(response.status_description),
            headers: response.headers.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            ..self.known()
        }
    }

    /// Why the request is refused.
    pub fn explain(&self) -> Explanation<'_> {
        let Err((refusal, _)) = &self.outcome else { return Explanation::default() };
        let mismatch = match refusal {
            Refusal::SignatureDoesNotMatch(mismatch) => Some(mismatch),
            _ => None,
        };
        Explanation {
            refusal: Some(refusal.detail().into_owned()),
            string_to_sign: mismatch.map(|mismatch| mismatch.string_to_sign.as_str()),
            canonical_request: mismatch.and_then(|mismatch| mismatch.canonical_request.as_deref()),
        }
    }
}

impl ViewerResponse<'_> {
    /// The translation for the origin-response function.
    pub fn to_json(&self) -> String {
        to_string(&match self {
            ViewerResponse::Kept { removed, set } => {
                TranslationJson { translation: "keep", remove: Some(removed), set: Some(set), error: None }
            }
            ViewerResponse::Replaced(response) => {
                TranslationJson { translation: "replace", error: Some(response.into()), ..TranslationJson::default() }
            }
        })
    }
}

impl Opened<'_> {
    /// What origin-request does with the request.
    pub fn to_json(&self) -> String {
        to_string(&OpenedJson { origin: Some(self.origin), remove: &self.removed, fault: None })
    }
}

impl HandOverFault {
    /// Why origin-request sends nothing on.
    pub fn to_json(&self) -> String {
        to_string(&OpenedJson { fault: Some(self.detail()), ..OpenedJson::default() })
    }
}

impl ErrorResponse {
    /// The answer of a function behind the API.
    pub fn to_json(&self) -> String {
        to_string(&ErrorResponseJson::from(self))
    }
}

impl<'d> From<&'d ErrorResponse> for ErrorResponseJson<'d> {
    fn from(response: &'d ErrorResponse) -> Self {
        let ErrorResponse { code, status, status_description, headers, body, .. } = response;
        ErrorResponseJson { code, status: *status, status_description, headers, body }
    }
}

fn with_body(mut json: String, body: &str) -> String {
    json.push('\0');
    json.push_str(body);
    json
}

fn listed(headers: &[Header]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (&**name, value.as_str())).collect()
}

fn to_string(value: &impl Serialize) -> String {
    // Serializing these types can't fail. If it did, the adapter would find no JSON, and deny.
    let mut json = Vec::with_capacity(2048);
    serde_json::to_writer(&mut json, value).ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default()
}
