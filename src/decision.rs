//! The decision on a request: all stages in their order.

use serde::{Deserialize, Serialize};

use crate::access_keys::AccessKeys;
use crate::authenticate::{Classified, authenticate};
use crate::authorize::authorize;
use crate::capture::Captured;
use crate::config::{Config, S3Bucket};
use crate::error_response::{ErrorContext, ErrorResponse, oss_request_id};
use crate::operation::Operation;
use crate::preflight::preflight_headers;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::{PathReading, Resource};
use crate::route::hand_over::HandOver;
use crate::route::{Forward, Served, route};
use crate::scheme::Scheme;
use crate::sealing_keys::SealingKeys;
use crate::signature::PresentedSignature;
use crate::signature::oss_headers::CanonicalizedOssHeaders;
use crate::time::UnixMillis;

/// A checked configuration, its access keys and its sealing keys. It never changes.
#[derive(Serialize, Deserialize)]
pub struct Gate {
    pub(crate) config: Config,
    pub(crate) keys: AccessKeys,
    /// Not a part of `gate.bin`: each function has its own, in `seal.bin`.
    #[serde(skip)]
    sealing_keys: SealingKeys,
}

/// The outcome for a request, and what was learned about it. For a refused request, what later stages would have found
/// is `None`.
pub struct Decision<'g> {
    /// CloudFront's id of the request.
    pub cloudfront_request_id: String,
    /// The bucket and the key.
    pub resource: Option<Resource>,
    /// The operation.
    pub operation: Option<Operation>,
    /// The scheme of its signature.
    pub scheme: Option<Scheme>,
    /// The id of the access key that the request presents; verified only when the request is forwarded.
    pub access_key_id: Option<String>,
    /// The generation of the secret that verified the signature; for a derived key, its master key's id.
    pub generation: Option<String>,
    /// The signature's date minus now, in seconds: negative if the device's clock is behind.
    pub clock_difference_seconds: Option<i64>,
    /// How the request had to be read for its signature to verify, unless as most SDKs sign it.
    pub reading: Option<String>,
    /// Its signed parts, if the configuration captures them.
    pub captured: Option<Captured>,
    /// The request to send on, or the refusal and OSS's answer for it.
    pub outcome: Result<Forward<'g>, (Refusal, ErrorResponse)>,
}

/// A decision at the edge, or at a relay that is the entrance.
pub enum EdgeDecision<'g> {
    /// A CORS preflight that is granted.
    Preflight(Preflight),
    /// Any other request.
    Other(Box<Decision<'g>>),
}

/// The answer to a granted preflight: 200 without a body.
pub struct Preflight {
    /// The request id that the client is told, in OSS's form.
    pub request_id: String,
    /// The bucket and the key.
    pub resource: Resource,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
}

/// What the stages so far have learned about a request.
#[derive(Default)]
struct Known {
    resource: Option<Resource>,
    operation: Option<Operation>,
    scheme: Option<Scheme>,
    access_key_id: Option<String>,
    generation: Option<String>,
    clock_difference_seconds: Option<i64>,
    reading: Option<String>,
}

impl Gate {
    /// Creates a gate without sealing keys: no upload id verifies, and origin-request refuses what the gate forwards.
    pub fn new(config: Config, keys: AccessKeys) -> Self {
        Gate { config, keys, sealing_keys: SealingKeys::default() }
    }

    /// The same gate with these sealing keys.
    #[must_use]
    pub fn with_sealing_keys(self, sealing_keys: SealingKeys) -> Self {
        Gate { sealing_keys, ..self }
    }

    /// The OSS buckets by name, and the S3 bucket of each.
    pub fn buckets(&self) -> impl Iterator<Item = (&str, &S3Bucket)> {
        self.config.buckets.iter().map(|(name, s3_bucket)| (name.as_str(), s3_bucket))
    }

    /// Decides at the edge: answers a preflight, which is never signed, and [decides](Gate::decide) on other requests.
    pub fn decide_at_edge(&self, request: &str, now: UnixMillis) -> EdgeDecision<'_> {
        match self.preflight(request, now) {
            Some(preflight) => EdgeDecision::Preflight(preflight),
            None => EdgeDecision::Other(Box::new(self.decide(request, now))),
        }
    }

    /// Decides at a relay that is the entrance. As [`Gate::decide_at_edge`], but nothing is handed over. With a
    /// configuration that has another entrance, every request is refused.
    pub fn decide_at_entrance(&self, request: &str, now: UnixMillis) -> EdgeDecision<'_> {
        match self.preflight(request, now) {
            Some(preflight) => EdgeDecision::Preflight(preflight),
            None => EdgeDecision::Other(Box::new(self.decide_over(Request::parse(request), Served::Entrance, now))),
        }
    }

    /// Answers a preflight that passes checks 1 to 5 of [`Gate::decide`], which finds the refusal of any other.
    fn preflight(&self, request: &str, now: UnixMillis) -> Option<Preflight> {
        let cors = self.config.cors.as_ref()?;
        let request = Request::parse(request).ok().filter(is_preflight)?;
        let host = request.headers.get_unique("host").ok()??;
        let resource = Resource::locate(host, request.uri, &self.config.hosts, PathReading::FIRST).ok()?;
        Query::parse(request.query).ok()?;
        resource.key.as_ref()?;
        let request_id = oss_request_id(request.request_id);
        let mut headers = vec![("Date", now.to_rfc1123()), ("x-oss-request-id", request_id.clone())];
        headers.extend(preflight_headers(&request, cors, &self.config).ok()?);
        Some(Preflight { request_id, resource, headers })
    }

    /// Decides on a request as of `now`. The text is that of [`Request::parse`]: the request as CloudFront shows it to
    /// viewer-request, or to origin-request with the viewer's Host, or as it reaches a relay that is the entrance.
    ///
    /// Causes of refusal are checked in this order, and the first one found is the answer:
    ///
    /// 1. encoding of the request
    /// 2. Host: repeated, malformed, unknown
    /// 3. path: escapes; bucket's name; key
    /// 4. query: escapes, repeated names
    /// 5. operation: a preflight that isn't allowed; not served; parameters out of place; parameters' values
    /// 6. signature: Authorization repeated or malformed, more than one signature or none, grammar of its scheme,
    ///    scheme not enabled
    /// 7. malformed or repeated `x-oss-*` headers; in version 1, a key that signs like a sub-resource
    /// 8. date: repeated, missing, malformed
    /// 9. clock skew, or expiry; in version 4, the day of the scope
    /// 10. access key: unknown; disabled; of a derived key, scope, revocation, expiry; no secret valid
    /// 11. in version 4, the region; malformed or repeated Content-MD5 and Content-Type; signature
    /// 12. the key's own clock skew; security token
    /// 13. the key's rules
    /// 14. bucket not configured
    /// 15. headers that S3 can't honour; user metadata's size
    /// 16. upload id: not sealed, sealed for another object or too long ago
    /// 17. body's length and framing; an operation that needs an API or a relay where there is neither, ListParts that
    ///     is off, or an object that is said to be absent; size of what API Gateway must carry; where origin-request
    ///     decides, a condition that it can't set or remove
    ///
    /// A key with a wider clock skew of its own passes check 9 by that skew. If check 11 then finds a wrong signature,
    /// the answer is that of check 9.
    pub fn decide(&self, request: &str, now: UnixMillis) -> Decision<'_> {
        let served = if self.config.is_entered_at_relay() { Served::Entrance } else { Served::Edge };
        self.decide_over(Request::parse(request), served, now)
    }

    /// Decides again at the API on a request that the edge handed over, and refuses what doesn't go through the API.
    /// `hand_over` is the value of the header `x-ossedge-request`.
    pub fn decide_at_api(&self, hand_over: &str, now: UnixMillis) -> Decision<'_> {
        self.decide_over_hand_over(hand_over, Served::Api, now)
    }

    /// Decides again at the relay on a request that the edge handed over, and refuses what doesn't go through it.
    pub fn decide_at_relay(&self, hand_over: &str, now: UnixMillis) -> Decision<'_> {
        self.decide_over_hand_over(hand_over, Served::Relay, now)
    }

    fn decide_over_hand_over(&self, hand_over: &str, served: Served, now: UnixMillis) -> Decision<'_> {
        let text = HandOver::decode(hand_over);
        let request = text.as_ref().map_err(Refusal::clone).and_then(|text| Request::parse(text));
        self.decide_over(request, served, now)
    }

    fn decide_over(&self, request: Result<Request<'_>, Refusal>, served: Served, now: UnixMillis) -> Decision<'_> {
        let mut known = Known::default();
        let (request_id, method, host) = match &request {
            Ok(request) => (request.request_id, request.method, request.headers.get_unique("host")),
            Err(_) => ("", "", Ok(None)),
        };
        let outcome = match &request {
            Ok(request) => self.forward(request, served, now, &mut known),
            Err(refusal) => Err(refusal.clone()),
        };
        let outcome = outcome.map_err(|refusal| {
            let host = host.ok().flatten().unwrap_or_default();
            let context = ErrorContext { request_id: &oss_request_id(request_id), method, host, now };
            let mut response = ErrorResponse::of_refusal(&refusal, &context);
            response.headers.extend(request.as_ref().map(|request| self.cors_headers(request)).unwrap_or_default());
            (refusal, response)
        });
        let captured = match (&self.config.capture, served, &request) {
            (Some(rules), Served::Edge | Served::Entrance, Ok(request)) => {
                let refused = outcome.as_ref().err().map(|(_, response)| &*response.request_id);
                let is_captured = rules.apply_to(known.access_key_id.as_deref(), refused);
                is_captured.then(|| Captured::of(request, &self.config.signature_schemes)).flatten()
            }
            _ => None,
        };
        let Known { resource, operation, scheme, access_key_id, generation, clock_difference_seconds, reading } = known;
        let cloudfront_request_id = request_id.to_owned();
        Decision {
            cloudfront_request_id,
            resource,
            operation,
            scheme,
            access_key_id,
            generation,
            clock_difference_seconds,
            reading,
            captured,
            outcome,
        }
    }

    /// The headers that let the page behind the request read its refusal, for example to correct its clock.
    fn cors_headers(&self, request: &Request<'_>) -> Vec<(&'static str, String)> {
        let origin = request.headers.get_unique("origin").ok().flatten();
        origin.map(|origin| self.cors_headers_for(origin)).unwrap_or_default()
    }

    /// The headers that let a page of this origin read an answer; none if the origin isn't allowed.
    pub(crate) fn cors_headers_for(&self, origin: &str) -> Vec<(&'static str, String)> {
        self.config.cors.as_ref().and_then(|cors| cors.headers_for(origin)).unwrap_or_default()
    }

    fn forward(
        &self,
        request: &Request<'_>,
        served: Served,
        now: UnixMillis,
        known: &mut Known,
    ) -> Result<Forward<'_>, Refusal> {
        let host = request.headers.get_unique("host")?.unwrap_or_default();
        let located = Resource::locate(host, request.uri, &self.config.hosts, PathReading::FIRST)?;
        let resource = &*known.resource.insert(located);
        let query = Query::parse(request.query)?;
        if let (Some(cors), Some(_), true) = (&self.config.cors, &resource.key, is_preflight(request)) {
            // A granted preflight was answered by `Gate::preflight`.
            return Err(preflight_headers(request, cors, &self.config).err().unwrap_or(Refusal::MethodNotAllowed));
        }
        let operation =
            Operation::classify(request.method, resource.key.as_ref(), &query, self.config.served_operations())?;
        known.operation = Some(operation);
        let presented = PresentedSignature::from_request(request, &query, &self.config.signature_schemes)?;
        known.scheme = Some(presented.scheme());
        known.access_key_id = Some(presented.access_key_id().to_owned());
        known.clock_difference_seconds = presented.signed_at(request).map(|signed_at| signed_at.seconds_since(now));
        let oss_headers = CanonicalizedOssHeaders::new(request.headers.oss_headers()?);
        presented.check_unambiguous(resource)?;
        let classified =
            Classified { request, query: &query, host, resource, operation, presented: &presented, oss_headers };
        let authenticated = authenticate(&classified, &self.keys, &self.config, now)?;
        known.generation = Some(authenticated.generation().to_owned());
        known.reading = authenticated.reading();
        let authorized = authorize(&authenticated, &self.config.buckets);
        let outcome =
            authorized.and_then(|authorized| route(&authorized, served, &self.config, &self.sealing_keys, now));
        if let Some(verified) = authenticated.resource_of_another_reading() {
            known.resource = Some(verified);
        }
        outcome
    }
}

fn is_preflight(request: &Request<'_>) -> bool {
    request.method == "OPTIONS"
}
