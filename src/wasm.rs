//! The WebAssembly boundary: one call a request, flat text in, flat text out.
//!
//! Fields are joined by NUL, which no field can contain: the request's own fields are split at NUL,
//! a key with a NUL is refused, and so is a header's value with a control character.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::access_keys::AccessKeysReader;
use crate::config::Config;
use crate::decimal;
use crate::decision::{Decision, Gate};
use crate::derived_key::derived_secret;
use crate::document::{Document, DocumentError};
use crate::error_response::{ErrorContext, ErrorResponse, oss_request_id};
use crate::hand_over::HandOver;
use crate::origin_response::{Checks, OriginResponse, Responder, ViewerResponse};
use crate::route::{Forward, Origin};
use crate::s3_error::oss_error_of;
use crate::signing_date::UnixMillis;

/// A [`Gate`] in the making: the configuration, then the documents of access keys one by one.
#[wasm_bindgen(js_name = GateReader)]
pub struct WasmGateReader {
    config: Config,
    reader: AccessKeysReader,
}

#[wasm_bindgen(js_class = GateReader)]
impl WasmGateReader {
    /// A reader of `config.json`, and of as many documents of access keys as will follow, of about as many
    /// bytes altogether; each a JSON text.
    ///
    /// # Errors
    /// A string that names the document, the field and what was expected.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, documents: usize, bytes: usize) -> Result<WasmGateReader, JsValue> {
        let document = Document::from_json(config).ok_or_else(|| JsValue::from_str("config: expected a JSON text"))?;
        let config = Config::from_document(&document).map_err(|error| named("config", &error))?;
        let reader = AccessKeysReader::new(config.credentials(), documents, bytes);
        Ok(WasmGateReader { config, reader })
    }

    /// Reads the next document of access keys.
    ///
    /// # Errors
    /// As of [`WasmGateReader::new`]; the reader is of no use then.
    pub fn read(&mut self, access_keys: &str) -> Result<(), JsValue> {
        self.reader.read(access_keys).map_err(|error| named("access keys", &error))
    }

    /// The gate for what was read. Where no document was, it has no access key and refuses every request.
    ///
    /// # Errors
    /// As of [`WasmGateReader::new`].
    pub fn gate(self) -> Result<WasmGate, JsValue> {
        let keys = self.reader.finish().map_err(|error| named("access keys", &error))?;
        Ok(WasmGate(Gate::new(self.config, keys)))
    }
}

/// A [`Gate`] for JavaScript. Its methods take `&self` only: after a trap inside a `&mut self` method
/// every later call would fail with "recursive use of an object".
#[wasm_bindgen(js_name = Gate)]
pub struct WasmGate(Gate);

#[wasm_bindgen(js_class = Gate)]
impl WasmGate {
    /// Decides at the edge over a request in flat encoding (see `RequestView::parse`), as of
    /// `now` in milliseconds since the epoch.
    ///
    /// Returns `forward`, operation, bucket, key, access key id, scheme, generation, origin (`s3` or `api`), uri,
    /// query, then name and value of each header; or a refusal: `refuse`, operation, bucket, key, access
    /// key id, scheme, generation, detail, code, status, status description, body, then name and value of each
    /// header. What isn't known is empty.
    pub fn decide(&self, request: &str, now: f64) -> String {
        let decision = self.0.decide(request, millis(now));
        fields(&decision, |forward, fields| {
            fields.push(match forward.origin {
                Origin::S3 => "s3",
                Origin::Api(..) => "api",
            });
            let (uri, query) = forward.edge_target();
            fields.push(uri);
            fields.push(query);
            for (name, value) in forward.edge_headers() {
                fields.push(name);
                fields.push(&value);
            }
        })
    }

    /// Decides again at the API, over the hand-over that came in the `x-ossedge-request` header.
    ///
    /// Returns `forward`, operation, bucket, key, access key id, scheme, generation, OSS request id, S3 bucket, its
    /// Region, query for S3, options separated by spaces, then name and value of each header for S3; or
    /// a refusal as [`WasmGate::decide`] does.
    pub fn decide_at_api(&self, hand_over: &str, now: f64) -> String {
        let request = HandOver::open(hand_over).unwrap_or_default();
        let request_id = oss_request_id(request.split('\0').nth(1).unwrap_or_default());
        let decision = self.0.decide_at_api(&request, millis(now));
        fields(&decision, |forward, fields| {
            let options: Vec<_> = forward.options.iter().map(|option| option.name()).collect();
            let bucket = &forward.s3_bucket;
            for field in [&request_id, &bucket.name, &bucket.region, &forward.query, &options.join(" ")] {
                fields.push(field);
            }
            for (name, value) in &forward.headers {
                fields.push(name);
                fields.push(value);
            }
        })
    }
}

/// What a client gets of an origin's response, as of `now` in milliseconds since the epoch.
///
/// `response` is flat text: CloudFront's id of the request, method, query, who answered (`s3` or
/// `api`), `md5` where the request had a Content-MD5, status, then name and value of each header.
///
/// Returns `keep`, how many headers go, their names, then name and value of each that is set; or
/// `replace`, code, status, status description, body, then name and value of each header.
#[wasm_bindgen(js_name = translateResponse)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn translate_response(response: &str, now: f64) -> Option<String> {
    let mut parts = response.split('\0');
    let request_id = oss_request_id(parts.next()?);
    let (method, query) = (parts.next()?, parts.next()?);
    let responder = if parts.next()? == "s3" { Responder::S3 } else { Responder::Api };
    let checks = if parts.next()? == "md5" { Checks::ContentMd5 } else { Checks::Nothing };
    let status = parts.next()?.parse().ok()?;
    let mut headers = Vec::new();
    while let Some(name) = parts.next() {
        headers.push((name, parts.next()?));
    }
    let origin_response = OriginResponse { request_id: &request_id, method, query, responder, checks, status, headers };
    Some(match origin_response.translate(millis(now)) {
        ViewerResponse::Kept { removed, set } => {
            let mut fields = Fields("keep".to_owned());
            fields.push(&decimal::text(u64::try_from(removed.len()).unwrap_or_default()));
            removed.iter().for_each(|name| fields.push(name));
            fields.push_headers(set.iter().map(|(name, value)| (*name, &**value)));
            fields.0
        }
        ViewerResponse::Replaced(_, answer) => replacement(&answer),
    })
}

/// OSS's error for one of S3's, by S3's code, for a request's id in OSS's form; the same fields as
/// `replace` of [`translate_response`].
#[wasm_bindgen(js_name = s3Error)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn s3_error(s3_code: &str, request_id: &str, now: f64) -> String {
    let context = ErrorContext { request_id, method: "", host: "", now: millis(now) };
    replacement(&ErrorResponse::of_error(&oss_error_of(s3_code), &context))
}

/// The secret of a derived key, from the secret of its master key and its id; nothing when either can't
/// be one.
#[wasm_bindgen(js_name = derivedSecret)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn derived_secret_of(master_secret: &str, id: &str) -> Option<String> {
    derived_secret(master_secret, id)
}

fn replacement(answer: &ErrorResponse) -> String {
    let mut fields = Fields("replace".to_owned());
    fields.push_answer(answer);
    fields.0
}

/// Text that fields are appended to.
struct Fields(String);

impl Fields {
    fn push(&mut self, field: &str) {
        self.0.push('\0');
        self.0.push_str(field);
    }

    fn push_headers<'h>(&mut self, headers: impl Iterator<Item = (&'h str, &'h str)>) {
        for (name, value) in headers {
            self.push(name);
            self.push(value);
        }
    }

    fn push_answer(&mut self, answer: &ErrorResponse) {
        self.push(answer.code);
        self.push(&decimal::text(answer.status.into()));
        self.push(answer.status_description);
        self.push(&answer.body);
        self.push_headers(answer.headers.iter().map(|(name, value)| (*name, value.as_str())));
    }
}

fn fields(decision: &Decision<'_>, forwarded: impl FnOnce(&Forward<'_>, &mut Fields)) -> String {
    let mut fields = Fields(if decision.outcome.is_ok() { "forward" } else { "refuse" }.to_owned());
    let resource = decision.resource.as_ref();
    fields.push(decision.operation.map(|operation| operation.name()).unwrap_or_default());
    fields.push(resource.map(|resource| &*resource.bucket).unwrap_or_default());
    fields.push(resource.and_then(|resource| resource.key.as_deref()).unwrap_or_default());
    fields.push(decision.access_key_id.as_deref().unwrap_or_default());
    fields.push(decision.scheme.map(|scheme| scheme.name()).unwrap_or_default());
    fields.push(decision.generation.as_deref().unwrap_or_default());
    match &decision.outcome {
        Ok(forward) => forwarded(forward, &mut fields),
        Err((refusal, response)) => {
            fields.push(&refusal.detail());
            fields.push_answer(response);
        }
    }
    fields.0
}

fn named(document: &str, error: &DocumentError) -> JsValue {
    JsValue::from_str(&[document, ": ", &error.text()].concat())
}

#[expect(clippy::as_conversions, reason = "JavaScript's time is a double; out of range it saturates, NaN is 0")]
fn millis(now: f64) -> UnixMillis {
    UnixMillis(now as i64)
}
