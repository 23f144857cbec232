//! The WebAssembly boundary: one call a request, flat text in, flat text out.
//!
//! JavaScript writes UTF-8 where [`input`] says, and the lengths of a request's parts where [`lengths`] says;
//! calls with their numbers, and reads as many parts as the call returns from where [`answer_place`] says. Where
//! a part ends is told by its length and by no byte of it. What an answer repeats of the request isn't written again.

#[cfg(any(feature = "documents", feature = "edge", feature = "api"))]
mod image;

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::access_keys::AccessKeysReader;
use crate::config::Config;
use crate::decimal;
use crate::decision::{Decision, Gate};
use crate::derived_key::derived_secret;
use crate::document::{Document, DocumentError};
use crate::error_response::{ErrorContext, ErrorResponse, oss_request_id};
use crate::exchange::{Exchange, Output};
use crate::hand_over::HandOver;
use crate::origin_response::{Checks, OriginResponse, Responder, ViewerResponse};
use crate::route::{Forward, Origin};
use crate::s3_error::oss_error_of;
use crate::signing_date::UnixMillis;
use crate::words::Word;

thread_local! {
    static EXCHANGE: RefCell<Exchange> = const { RefCell::new(Exchange::new()) };
    /// What decides.
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
    /// Another gate in the making.
    static NEXT: RefCell<Option<NextGate>> = const { RefCell::new(None) };
}

/// Decides by a gate from now on.
fn decide_by(gate: Gate) {
    let replaced = GATE.replace(Some(gate));
    // An instance of a module that reads no documents reads one image, as it is made, and needs no code that takes a gate
    // apart: the memory of one that a second image replaced would be lost.
    if cfg!(not(feature = "documents")) {
        std::mem::forget(replaced);
    }
}

struct NextGate {
    config: Config,
    keys: AccessKeysReader,
}

/// Where up to `bytes` bytes of input may be written.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn input(bytes: usize) -> *mut u8 {
    EXCHANGE.with_borrow_mut(|exchange| exchange.reserve(bytes))
}

/// Where the lengths of up to `parts` parts of a request may be written, each of 32 bits.
#[cfg(feature = "edge")]
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn lengths(parts: usize) -> *mut i32 {
    EXCHANGE.with_borrow_mut(|exchange| exchange.reserve_lengths(parts))
}

/// Where three numbers of 32 bits tell of the last call's answer: where its text begins, how many bytes it has,
/// and where the numbers of its parts begin (see `Output`).
#[wasm_bindgen(js_name = answerPlace)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn answer_place() -> *const usize {
    EXCHANGE.with_borrow(Exchange::place)
}

/// Begins another gate by `config.json`, a JSON text, and tells how many documents of access keys will follow, of
/// about how many bytes altogether. The present gate decides until [`finish_gate`].
///
/// Answers nothing; or, where the document isn't taken, its name, the field's path and what was expected.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = readConfig)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn read_config(length: usize, documents: usize, bytes: usize) -> usize {
    NEXT.take();
    attempt(length, |config| {
        let document = Document::from_json(config).ok_or("config: expected a JSON text")?;
        let config = Config::from_document(&document).map_err(|error| named("config", &error))?;
        let keys = AccessKeysReader::new(config.credentials(), documents, bytes);
        NEXT.set(Some(NextGate { config, keys }));
        Ok(())
    })
}

/// Reads the next document of access keys, a JSON text; answers as [`read_config`] does, and the gate must then be
/// begun again.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = readAccessKeys)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn read_access_keys(length: usize) -> usize {
    attempt(length, |access_keys| {
        let mut next = NEXT.take().ok_or(NO_GATE)?;
        next.keys.read(access_keys).map_err(|error| named("access keys", &error))?;
        NEXT.set(Some(next));
        Ok(())
    })
}

/// Decides by what was read from now on. Where no document of access keys was, there is none, and every request is
/// refused. Gives the memory of the input back; answers as [`read_access_keys`] does, and the present gate stays then.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = finishGate)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn finish_gate() -> usize {
    EXCHANGE.with_borrow_mut(Exchange::release_input);
    attempt(0, |_| {
        let NextGate { config, keys } = NEXT.take().ok_or(NO_GATE)?;
        let keys = keys.finish().map_err(|error| named("access keys", &error))?;
        decide_by(Gate::new(config, keys));
        Ok(())
    })
}

/// Decides at the edge over a request in flat encoding (see `RequestView::read`) of so many parts and bytes, as
/// of `now` in milliseconds since the epoch.
///
/// Answers `forward`, operation, bucket, key, access key id, scheme, generation, origin (`s3` or `api`), uri,
/// query, then name and value of each header; or a refusal: `refuse`, operation, bucket, key, access
/// key id, scheme, generation, detail, renewal (`at-once`, `when-due` or nothing, see `Renewal`), code, status,
/// status description, body, then name and value of each header. What isn't known is empty. It answers nothing
/// where there is no gate.
#[cfg(feature = "edge")]
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn decide(parts: usize, length: usize, now: f64) -> usize {
    GATE.with_borrow(|gate| {
        EXCHANGE.with_borrow_mut(|exchange| {
            exchange.answer_request(parts, length, |request, output| {
                let Some(gate) = gate else { return };
                output.push_decision(&gate.decide(request, millis(now)), |forward, output| {
                    output.push_word(match forward.origin {
                        Origin::S3 => const { Word::of("s3") },
                        Origin::Api(..) => const { Word::of("api") },
                    });
                    let (uri, query) = forward.edge_target();
                    output.push(uri);
                    output.push(query);
                    for (name, value) in forward.edge_headers() {
                        output.push_name(&name);
                        if std::ptr::eq(value, &*forward.s3_bucket.domain) {
                            output.push_bucket_text(forward.bucket_number * 2 + 1);
                        } else {
                            output.push_known(value);
                        }
                    }
                });
            })
        })
    })
}

/// Answers the texts of the gate's buckets, which are the words after all others: the name of each OSS bucket and the
/// domain name of what it leads to. Other gates have others.
#[cfg(any(feature = "edge", feature = "api"))]
#[wasm_bindgen(js_name = bucketTexts)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn bucket_texts() -> usize {
    GATE.with_borrow(|gate| {
        answer(0, |_, output| {
            let texts = gate.iter().flat_map(Gate::bucket_texts);
            texts.for_each(|text| output.push(text));
        })
    })
}

/// Decides again at the API, over the hand-over that came in the `x-ossedge-request` header.
///
/// Answers `forward`, operation, bucket, key, access key id, scheme, generation, OSS request id, S3 bucket, its
/// Region, query for S3, options separated by spaces, then name and value of each header for S3; or
/// a refusal or nothing as [`decide`] does.
#[cfg(feature = "api")]
#[wasm_bindgen(js_name = decideAtApi)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn decide_at_api(length: usize, now: f64) -> usize {
    GATE.with_borrow(|gate| {
        answer(length, |hand_over, output| {
            let Some(gate) = gate else { return };
            let request = HandOver::open(hand_over).unwrap_or_default();
            let request_id = oss_request_id(request.split('\0').nth(1).unwrap_or_default());
            output.push_decision(&gate.decide_at_api(&request, millis(now)), |forward, output| {
                let options: Vec<_> = forward.options().iter().map(|option| option.name()).collect();
                let bucket = &forward.s3_bucket;
                for part in [&request_id, &bucket.name, &bucket.region, &forward.query, &options.join(" ")] {
                    output.push(part);
                }
                for (name, value) in &forward.headers {
                    output.push_name(name);
                    output.push(value);
                }
            });
        })
    })
}

/// What a client gets of an origin's response, as of `now` in milliseconds since the epoch.
///
/// The response is text whose parts are joined by NUL: CloudFront's id of the request, method, query, who
/// answered (`s3` or `api`), `md5` where the request had a Content-MD5, status, then name and value of each
/// header.
///
/// Answers `keep`, how many headers go, their names, then name and value of each that is set; or
/// `replace`, code, status, status description, body, then name and value of each header. It answers
/// nothing where the text is no response.
#[cfg(feature = "responses")]
#[wasm_bindgen(js_name = translateResponse)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn translate_response(length: usize, now: f64) -> usize {
    answer(length, |response, output| {
        let request_id = oss_request_id(response.split('\0').next().unwrap_or_default());
        let Some(response) = origin_response(response, &request_id) else { return };
        match response.translate(millis(now)) {
            ViewerResponse::Kept { removed, set } => {
                output.push_known("keep");
                output.push(&decimal::text(u64::try_from(removed.len()).unwrap_or_default()));
                removed.iter().for_each(|name| output.push(name));
                output.push_headers(set.iter().map(|(name, value)| (*name, &**value)));
            }
            ViewerResponse::Replaced(_, answer) => output.push_replacement(&answer),
        }
    })
}

/// OSS's error for one of S3's, by S3's code and a request's id in OSS's form, joined by NUL; the same parts as
/// `replace` of [`translate_response`].
#[cfg(feature = "responses")]
#[wasm_bindgen(js_name = s3Error)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn s3_error(length: usize, now: f64) -> usize {
    answer(length, |error, output| {
        let (s3_code, request_id) = error.split_once('\0').unwrap_or((error, ""));
        let context = ErrorContext { request_id, method: "", host: "", now: millis(now) };
        output.push_replacement(&ErrorResponse::of_error(oss_error_of(s3_code), &context));
    })
}

/// The secret of a derived key, from the secret of its master key and its id, joined by NUL; nothing when
/// either can't be one.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = derivedSecret)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn derived_secret_of(length: usize) -> usize {
    answer(length, |master_and_id, output| {
        let (master_secret, id) = master_and_id.split_once('\0').unwrap_or_default();
        if let Some(secret) = derived_secret(master_secret, id) {
            output.push(&secret);
        }
    })
}

/// What a function answers that was called out of turn.
const NO_GATE: &str = "no gate was begun";

impl Output {
    fn push_headers<'h>(&mut self, headers: impl Iterator<Item = (&'h str, &'h str)>) {
        for (name, value) in headers {
            self.push_known(name);
            self.push(value);
        }
    }

    fn push_answer(&mut self, answer: &ErrorResponse) {
        self.push_known(answer.code);
        self.push_known(&decimal::text(answer.status.into()));
        self.push_known(answer.status_description);
        self.push(&answer.body);
        for (name, value) in &answer.headers {
            self.push_known(name);
            self.push_known(value);
        }
    }

    fn push_replacement(&mut self, answer: &ErrorResponse) {
        self.push_known("replace");
        self.push_answer(answer);
    }

    fn push_decision(&mut self, decision: &Decision<'_>, forwarded: impl FnOnce(&Forward<'_>, &mut Self)) {
        let resource = decision.resource.as_ref();
        self.push_word(match decision.outcome {
            Ok(_) => const { Word::of("forward") },
            Err(_) => const { Word::of("refuse") },
        });
        match decision.operation {
            Some(operation) => self.push_word(Word::of_operation(operation)),
            None => self.push(""),
        }
        match &decision.outcome {
            Ok(forward) => self.push_bucket_text(forward.bucket_number * 2),
            Err(_) => self.push(resource.map(|resource| &*resource.bucket).unwrap_or_default()),
        }
        self.push(resource.and_then(|resource| resource.key.as_deref()).unwrap_or_default());
        self.push(decision.access_key_id.as_deref().unwrap_or_default());
        match decision.scheme {
            Some(scheme) => self.push_word(Word::of_scheme(scheme)),
            None => self.push(""),
        }
        self.push_known(decision.generation.unwrap_or_default());
        match &decision.outcome {
            Ok(forward) => forwarded(forward, self),
            Err((refusal, response)) => {
                self.push(&refusal.detail());
                self.push_known(refusal.renewal().name());
                self.push_answer(response);
            }
        }
    }
}

fn answer(length: usize, answer: impl FnOnce(&str, &mut Output)) -> usize {
    EXCHANGE.with_borrow_mut(|exchange| exchange.answer(length, answer))
}

/// Does something with the input; answers nothing, or why it failed.
fn attempt(length: usize, make: impl FnOnce(&str) -> Result<(), String>) -> usize {
    answer(length, |input, output| {
        if let Err(message) = make(input) {
            output.push(&message);
        }
    })
}

fn named(document: &str, error: &DocumentError) -> String {
    [document, ": ", &error.text()].concat()
}

fn origin_response<'r>(response: &'r str, request_id: &'r str) -> Option<OriginResponse<'r>> {
    let mut parts = response.split('\0').skip(1);
    let (method, query) = (parts.next()?, parts.next()?);
    let responder = if parts.next()? == "s3" { Responder::S3 } else { Responder::Api };
    let checks = if parts.next()? == "md5" { Checks::ContentMd5 } else { Checks::Nothing };
    let status = parts.next()?.parse().ok()?;
    let mut headers = Vec::new();
    while let Some(name) = parts.next() {
        headers.push((name, parts.next()?));
    }
    Some(OriginResponse { request_id, method, query, responder, checks, status, headers })
}

#[expect(clippy::as_conversions, reason = "JavaScript's time is a double; out of range it saturates, NaN is 0")]
fn millis(now: f64) -> UnixMillis {
    UnixMillis(now as i64)
}
