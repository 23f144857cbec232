//! The WebAssembly boundary: one call per request, UTF-8 in and JSON out.

#[cfg(feature = "documents")]
use js_sys::Array;
use js_sys::Error;
#[cfg(feature = "documents")]
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
#[cfg(feature = "documents")]
use zeroize::Zeroizing;

#[cfg(feature = "documents")]
use crate::access_keys::derived_key::derived_secret;
#[cfg(feature = "documents")]
use crate::config::Config;
use crate::decision;
#[cfg(feature = "documents")]
use crate::documents::AccessKeysReader;
use crate::error_response::{ErrorContext, ErrorResponse};
#[cfg(feature = "documents")]
use crate::explain::Whose;
use crate::hand_over_seal::HandOverFault;
use crate::origin_response::OriginResponse;
use crate::origin_response::s3_error::oss_error_of;
use crate::request::Request;
#[cfg(feature = "documents")]
use crate::sealing_keys::SealUses;
use crate::sealing_keys::SealingKeys;
use crate::time::UnixMillis;

/// A checked configuration and its access keys. It never changes.
#[wasm_bindgen]
pub struct Gate(decision::Gate);

#[wasm_bindgen]
impl Gate {
    /// Reads a gate from the contents of `gate.bin` and `seal.bin`.
    ///
    /// # Errors
    /// When they are damaged, or another build wrote them.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8], seal: &[u8]) -> Result<Gate, JsValue> {
        let gate = decision::Gate::from_bytes(bytes).map_err(|error| Error::new(&error.to_string()))?;
        Ok(Gate(gate.with_sealing_keys(sealing_keys(seal)?)))
    }

    /// Decides at the edge over the text of a request (see `Request::parse`), as of `now` in milliseconds since the
    /// epoch. Returns JSON, and of an answer a NUL and its body (see `decision_json.rs`).
    pub fn decide(&self, request: &[u8], now: f64) -> String {
        self.0.decide_at_edge(text(request), millis(now)).to_text()
    }

    /// Decides again at the API, over the value of the header `x-ossedge-request`. Returns the same.
    #[wasm_bindgen(js_name = decideAtApi)]
    pub fn decide_at_api(&self, hand_over: &str, now: f64) -> String {
        self.0.decide_at_api(hand_over, millis(now)).to_service_text()
    }

    /// Decides again at the relay, over the value of the header `x-ossedge-request`. Returns the same.
    #[wasm_bindgen(js_name = decideAtRelay)]
    pub fn decide_at_relay(&self, hand_over: &str, now: f64) -> String {
        self.0.decide_at_relay(hand_over, millis(now)).to_service_text()
    }

    /// Decides at the relay where it is the entrance, over the text of a request. Returns the same.
    #[wasm_bindgen(js_name = decideAtEntrance)]
    pub fn decide_at_entrance(&self, request: &[u8], now: f64) -> String {
        self.0.decide_at_entrance(text(request), millis(now)).to_service_text()
    }

    /// The headers, as JSON, that let a page of this origin read an answer that the adapter made itself.
    #[wasm_bindgen(js_name = corsHeaders)]
    pub fn cors_headers(&self, origin: &str) -> String {
        self.0.cors_headers_json(origin)
    }
}

#[cfg(feature = "documents")]
#[wasm_bindgen]
impl Gate {
    /// The gate of `config.json` and of documents of access keys, all of them JSON texts, and of the bytes of
    /// `seal.bin`, if there are any. From no documents come no access keys, and every request is refused.
    ///
    /// # Errors
    /// A `DocumentError` that names the document, the field's path and what was expected.
    #[wasm_bindgen(js_name = fromDocuments)]
    pub fn from_documents(
        config: &str,
        #[wasm_bindgen(unchecked_param_type = "string[]")] access_keys: &Array,
        seal: Option<Vec<u8>>,
    ) -> Result<Gate, JsValue> {
        let config = Config::from_json(config).map_err(|error| document_error(&format!("config: {error}")))?;
        let refused = |error| document_error(&format!("access keys: {error}"));
        let count = usize::try_from(access_keys.length()).unwrap_or_default();
        let mut reader = AccessKeysReader::new(config.credentials(), count);
        for document in access_keys.iter() {
            // One at a time: those of a fleet are many megabytes.
            let text = Zeroizing::new(document.as_string().unwrap_or_default());
            reader.read(&text).map_err(refused)?;
        }
        let gate = decision::Gate::new(config, reader.finish().map_err(refused)?);
        let sealing_keys = seal.map(|seal| sealing_keys(&Zeroizing::new(seal))).transpose()?;
        Ok(Gate(gate.with_sealing_keys(sealing_keys.unwrap_or_default())))
    }

    /// The bytes of `gate.bin`. They hold all secrets.
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// Why a request is refused, and for a wrong signature the texts that it should have signed.
    #[wasm_bindgen(unchecked_return_type = "{ refusal?: string, stringToSign?: string, canonicalRequest?: string }")]
    pub fn explain(&self, request: &[u8], now: f64) -> Result<JsValue, JsValue> {
        to_object(&self.0.decide(text(request), millis(now)).explain())
    }

    /// The texts that a request should have signed; or why there are none, as `refusal`. Only the command line calls
    /// it.
    #[wasm_bindgen(js_name = signedRequest, unchecked_return_type = "Record<string, string | undefined>")]
    pub fn signed_request(&self, request: &[u8]) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Refused {
            refusal: String,
        }
        match self.0.signed_request(text(request)) {
            Ok(signed) => to_object(&signed),
            Err(refusal) => to_object(&Refused { refusal: refusal.detail().into_owned() }),
        }
    }

    /// The secrets that made a signature over a text, of those of the access key, or with `any` of every key. Only the
    /// command line calls it.
    #[wasm_bindgen(unchecked_return_type = "{ accessKeyId: string, generation: string, fault?: string }[]")]
    pub fn signers(
        &self,
        access_key_id: &str,
        signature: &str,
        string_to_sign: &str,
        scope: Option<String>,
        any: bool,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let whose = if any { Whose::Any } else { Whose::Own };
        to_object(&self.0.signers(access_key_id, signature, string_to_sign, scope.as_deref(), whose, millis(now)))
    }

    /// The OSS buckets, and the S3 bucket of each.
    #[wasm_bindgen(unchecked_return_type = "{ bucket: string, s3Bucket: string, region: string, domain: string }[]")]
    pub fn buckets(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Bucket<'g> {
            bucket: &'g str,
            s3_bucket: &'g str,
            region: &'g str,
            domain: &'g str,
        }
        let buckets = self.0.buckets().map(|(bucket, s3_bucket)| Bucket {
            bucket,
            s3_bucket: &s3_bucket.name,
            region: &s3_bucket.region,
            domain: &s3_bucket.domain,
        });
        to_object(&buckets.collect::<Vec<_>>())
    }
}

/// The keys of the seals that a function makes or verifies.
#[wasm_bindgen]
pub struct Seal(SealingKeys);

#[wasm_bindgen]
impl Seal {
    /// Reads the keys from the contents of `seal.bin`.
    ///
    /// # Errors
    /// When they are damaged, or another build wrote them.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Seal, JsValue> {
        sealing_keys(bytes).map(Seal)
    }

    /// Seals S3's id of an upload that begins `now`. `options` are the `uploadOptions` of a decision. Returns nothing
    /// if the id is too long or there is no key.
    #[wasm_bindgen(js_name = sealUploadId)]
    pub fn seal_upload_id(
        &self,
        s3_bucket: &str,
        key: &str,
        s3_upload_id: &str,
        options: &str,
        now: f64,
    ) -> Option<String> {
        self.0.seal_upload_id(s3_bucket, key, s3_upload_id, options, millis(now))
    }

    /// Verifies the seal of the request that origin-request sees, by the text of the request. Returns JSON.
    #[wasm_bindgen(js_name = openHandOver)]
    pub fn open_hand_over(&self, request: &[u8], now: f64) -> String {
        let request = Request::parse(text(request)).map_err(|_| HandOverFault::Malformed);
        let opened =
            request.as_ref().map_err(Clone::clone).and_then(|request| self.0.open_hand_over(request, millis(now)));
        opened.map_or_else(|fault| fault.to_json(), |opened| opened.to_json())
    }
}

/// The contents of `seal.bin` for a function that makes or verifies these seals, from `secrets.json`.
///
/// # Errors
/// A `DocumentError` that names the field's path and what was expected.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = sealFile)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn seal_file(secrets: &str, upload_ids: bool, hand_over: bool) -> Result<Vec<u8>, JsValue> {
    let keys = SealingKeys::from_json(secrets, SealUses { upload_ids, hand_over });
    Ok(keys.map_err(|error| document_error(&format!("secrets: {error}")))?.to_bytes().to_vec())
}

fn sealing_keys(bytes: &[u8]) -> Result<SealingKeys, JsValue> {
    SealingKeys::from_bytes(bytes).map_err(|error| Error::new(&error.to_string()).into())
}

/// Translates an origin's response for the client, by its text (see `OriginResponse::parse`), as of `now` in
/// milliseconds since the epoch. Returns JSON.
///
/// # Errors
/// When the text is no response.
#[wasm_bindgen(js_name = translateResponse)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn translate_response(response: &[u8], now: f64) -> Result<String, JsValue> {
    let response = OriginResponse::parse(text(response)).ok_or_else(|| Error::new("not a response"))?;
    Ok(response.translate(millis(now)).to_json())
}

/// OSS's error for one of S3's, by S3's code, the request's method, and its id in OSS's form. Returns JSON.
#[wasm_bindgen(js_name = s3Error)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn s3_error(s3_code: &str, method: &str, request_id: &str, now: f64) -> String {
    let context = ErrorContext { request_id, method, host: "", now: millis(now) };
    ErrorResponse::of_error(oss_error_of(s3_code), &context).to_json()
}

/// The secret of a derived key, from its master key's secret and its id; nothing if either isn't valid.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = derivedSecret)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn derived_secret_of(master_secret: &str, access_key_id: &str) -> Option<String> {
    derived_secret(master_secret, access_key_id)
}

/// A value as plain JavaScript objects.
#[cfg(feature = "documents")]
fn to_object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

#[cfg(feature = "documents")]
fn document_error(message: &str) -> JsValue {
    let error = Error::new(message);
    error.set_name("DocumentError");
    error.into()
}

/// The text of an event. Bytes that aren't UTF-8 give an empty text, which no parser accepts.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

#[expect(clippy::as_conversions, reason = "JavaScript's time is a double; out of range it saturates, NaN is 0")]
fn millis(now: f64) -> UnixMillis {
    UnixMillis(now as i64)
}
