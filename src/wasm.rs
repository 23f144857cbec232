//! The WebAssembly boundary: one call a request, flat text in, flat text out.
//!
//! Fields are joined by NUL, which no field can contain: the request's own fields are split at NUL,
//! a key with a NUL is refused, and so is a header's value with a control character.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::access_key::AccessKeys;
use crate::config::Config;
use crate::decision::{Decision, Gate};
use crate::document::Document;
use crate::error_response::oss_request_id;
use crate::hand_over::HandOver;
use crate::route::{Forward, Origin};
use crate::signing_date::UnixMillis;

/// A [`Gate`] for JavaScript. Methods take `&self` only: after a trap inside a `&mut self` method
/// every later call would fail with "recursive use of an object".
#[wasm_bindgen(js_name = Gate)]
pub struct WasmGate(Gate);

#[wasm_bindgen(js_class = Gate)]
impl WasmGate {
    /// A gate for the parsed `config.json` and `access-keys.json`.
    ///
    /// # Errors
    /// A string that names the document, the field and what was expected.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, access_keys: JsValue) -> Result<WasmGate, JsValue> {
        let config = Config::from_document(&document(config)?).map_err(|error| named("config", &error))?;
        let keys = AccessKeys::from_document(&document(access_keys)?).map_err(|error| named("access keys", &error))?;
        Ok(WasmGate(Gate::new(config, keys)))
    }

    /// Decides at the edge over a request in flat encoding (see `RequestView::parse`), as of
    /// `now` in milliseconds since the epoch.
    ///
    /// Returns `forward`, operation, bucket, key, access key id, origin (`s3` or `api`), uri, query,
    /// then name and value of each header; or a refusal: `refuse`, operation, bucket, key, access key
    /// id, code, detail, status, status description, body, then name and value of each header. What
    /// isn't known is empty.
    pub fn decide(&self, request: &str, now: f64) -> String {
        let decision = self.0.decide(request, millis(now));
        fields(&decision, |forward, fields| {
            fields.push(match forward.origin {
                Origin::S3 => "s3",
                Origin::Api(..) => "api",
            });
            fields.push(&forward.uri);
            fields.push(&forward.query);
            for (name, value) in forward.edge_headers() {
                fields.push(name);
                fields.push(&value);
            }
        })
    }

    /// Decides again at the API, over the hand-over that came in the `x-ossedge-request` header.
    ///
    /// Returns `forward`, operation, bucket, key, access key id, OSS request id, S3 bucket, its
    /// Region, `url` or nothing for the answer's encoding, then name and value of each header for S3;
    /// or a refusal as [`WasmGate::decide`] does.
    pub fn decide_at_api(&self, hand_over: &str, now: f64) -> String {
        let request = HandOver::open(hand_over).unwrap_or_default();
        let request_id = oss_request_id(request.split('\0').nth(1).unwrap_or_default());
        let decision = self.0.decide_at_api(&request, millis(now));
        fields(&decision, |forward, fields| {
            for field in [&request_id, &forward.s3_bucket.name, &forward.s3_bucket.region] {
                fields.push(field);
            }
            fields.push(if forward.encodes_key { "url" } else { "" });
            for (name, value) in &forward.headers {
                fields.push(name);
                fields.push(value);
            }
        })
    }
}

/// Text that fields are appended to.
struct Fields(String);

impl Fields {
    fn push(&mut self, field: &str) {
        self.0.push('\0');
        self.0.push_str(field);
    }
}

fn fields(decision: &Decision<'_>, forwarded: impl FnOnce(&Forward<'_>, &mut Fields)) -> String {
    let mut fields = Fields(if decision.outcome.is_ok() { "forward" } else { "refuse" }.to_owned());
    let resource = decision.resource.as_ref();
    fields.push(decision.operation.map(|operation| operation.name()).unwrap_or_default());
    fields.push(resource.map(|resource| &*resource.bucket).unwrap_or_default());
    fields.push(resource.and_then(|resource| resource.key.as_deref()).unwrap_or_default());
    fields.push(decision.access_key_id.as_deref().unwrap_or_default());
    match &decision.outcome {
        Ok(forward) => forwarded(forward, &mut fields),
        Err((refusal, response)) => {
            fields.push(refusal.code());
            fields.push(&refusal.detail());
            fields.push(&response.status.to_string());
            fields.push(response.status_description);
            fields.push(&response.body);
            for (name, value) in &response.headers {
                fields.push(name);
                fields.push(value);
            }
        }
    }
    fields.0
}

fn document(value: JsValue) -> Result<Document, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(JsValue::from)
}

fn named(document: &str, error: &impl std::fmt::Display) -> JsValue {
    JsValue::from_str(&format!("{document}: {error}"))
}

#[expect(clippy::as_conversions, reason = "JavaScript's time is a double; out of range it saturates, NaN is 0")]
fn millis(now: f64) -> UnixMillis {
    UnixMillis(now as i64)
}
