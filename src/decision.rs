//! The whole decision over one request.

use std::borrow::Cow;

use crate::access_keys::AccessKeys;
use crate::authenticate::{Classified, authenticate, identify};
use crate::authorize::authorize;
use crate::baked::{self, baked};
use crate::canonicalized_oss_headers::Ordered;
use crate::config::Config;
use crate::error_response::{ErrorContext, ErrorResponse, oss_request_id};
use crate::header_name::HeaderName;
use crate::operation::Operation;
use crate::presented_signature::PresentedSignature;
use crate::query::Query;
use crate::reading::{PathPlus, Reading};
use crate::refusal::Refusal;
use crate::request_view::{FlatRequest, RequestView};
use crate::resource::Resource;
use crate::route::{Forward, Served, route};
use crate::signature_scheme::Scheme;
use crate::signing_date::UnixMillis;

/// Configuration and access keys, checked and ready to decide with. It never changes.
pub struct Gate {
    config: Config,
    keys: AccessKeys,
}

baked!(struct Gate { config, keys });

/// What was decided, and what is known of the request: on a refusal, as far as it was understood.
pub struct Decision<'r> {
    /// The bucket and the key.
    pub resource: Option<Resource<'r>>,
    /// The operation.
    pub operation: Option<Operation>,
    /// The scheme of its one signature.
    pub scheme: Option<Scheme>,
    /// The id of the access key that the request presents; verified only when it is forwarded.
    pub access_key_id: Option<Cow<'r, str>>,
    /// The generation of the secret that the signature was verified with; of a derived key, its master
    /// key's id.
    pub generation: Option<&'r str>,
    /// The request to send on, or why not and how OSS says so.
    pub outcome: Result<Forward<'r>, (Refusal, ErrorResponse)>,
}

/// What a request turned out to be on its way through the pipeline.
#[derive(Default)]
struct Understood<'r> {
    request_id: &'r str,
    method: &'r str,
    host: &'r str,
    resource: Option<Resource<'r>>,
    operation: Option<Operation>,
    scheme: Option<Scheme>,
    access_key_id: Option<Cow<'r, str>>,
    generation: Option<&'r str>,
    /// The bucket and the key in the reading that verified, where it isn't the first.
    reread: Option<Resource<'r>>,
}

impl Understood<'_> {
    #[cold]
    #[inline(never)]
    fn refused(&self, refusal: Refusal, now: UnixMillis) -> (Refusal, ErrorResponse) {
        let Understood { request_id, method, host, .. } = self;
        let request_id = &oss_request_id(request_id);
        let response = ErrorResponse::of_refusal(&refusal, &ErrorContext { request_id, method, host, now });
        (refusal, response)
    }
}

impl Gate {
    /// A gate for a configuration and its access keys.
    pub fn new(config: Config, keys: AccessKeys) -> Self {
        Gate { config, keys }
    }

    /// The names of the OSS buckets and the domain names of what they lead to, in turn: what most answers name of the
    /// configuration.
    pub fn bucket_texts(&self) -> impl Iterator<Item = &str> {
        self.config.buckets.entries().flat_map(|(name, s3_bucket)| [name, &s3_bucket.domain])
    }

    /// The gate as bytes, see [`Gate::from_image`]. They hold all its secrets.
    pub fn image(&self) -> Vec<u8> {
        baked::image(self)
    }

    /// The gate of an image, which decides as the one that the image is of; `None` where it is damaged, or another
    /// build of the core made it.
    pub fn from_image(image: &[u8]) -> Option<Self> {
        baked::value(image, |gate: &Gate| gate.keys.is_whole())
    }

    /// Decides over a request as CloudFront shows it to a viewer-request function, as of `now`.
    ///
    /// The order in which causes of refusal are looked for, the first one found being the answer:
    ///
    /// 1. encoding of the request
    /// 2. Host: repeated, malformed, unknown
    /// 3. path: escapes; bucket's name; key
    /// 4. query: escapes, repeated names
    /// 5. operation: not served; parameters out of place; parameters' values
    /// 6. signature: Authorization repeated or malformed, more than one signature or none, grammar of
    ///    its scheme, scheme not enabled
    /// 7. malformed or repeated `x-oss-*` headers; in version 1, key that signs like a sub-resource
    /// 8. date: repeated, missing, malformed
    /// 9. clock skew, or expiry; in version 4, the day of the scope
    /// 10. access key: not known; disabled; of a derived key, scope, revocation, expiry; no secret valid
    /// 11. in version 4, the region; malformed or repeated Content-MD5 and Content-Type; signature
    /// 12. the key's own clock skew; security token
    /// 13. what the key may do
    /// 14. bucket not configured
    /// 15. headers that S3 can't honour; user metadata's size
    /// 16. body's length; an operation that needs an API and has none, or ListParts that is off; size of
    ///     what API Gateway must carry
    ///
    /// A key with a wider clock skew of its own passes 9 by that, and if 11 finds the signature wrong, the
    /// answer is that of 9.
    pub fn decide<'r>(&'r self, request: FlatRequest<'r>, now: UnixMillis) -> Decision<'r> {
        let mut view = RequestView::default();
        let read = view.fill(request);
        self.decide_over(read.map(|()| &view), Served::Everywhere, now)
    }

    /// The same over a request whose parts are joined as a hand-over's are: see [`RequestView::parse`].
    pub fn decide_joined<'r>(&'r self, joined: &'r str, now: UnixMillis) -> Decision<'r> {
        let mut view = RequestView::default();
        let read = view.fill_joined(joined);
        self.decide_over(read.map(|()| &view), Served::Everywhere, now)
    }

    /// Decides again at the API over a request that the edge handed over: the same decision, and of
    /// the operations only those that go through the API.
    pub fn decide_at_api<'r>(&'r self, joined: &'r str, now: UnixMillis) -> Decision<'r> {
        let mut view = RequestView::default();
        let read = view.fill_joined(joined);
        self.decide_over(read.map(|()| &view), Served::BehindTheApi, now)
    }

    fn decide_over<'r>(
        &'r self,
        request: Result<&RequestView<'r>, Refusal>,
        served: Served,
        now: UnixMillis,
    ) -> Decision<'r> {
        let mut understood = Understood::default();
        let outcome = match request.and_then(|request| self.forward(request, served, now, &mut understood)) {
            Ok(forward) => Ok(forward),
            Err(refusal) => Err(understood.refused(refusal, now)),
        };
        let Understood { resource, reread, operation, scheme, access_key_id, generation, .. } = understood;
        Decision { resource: reread.or(resource), operation, scheme, access_key_id, generation, outcome }
    }

    fn forward<'r>(
        &'r self,
        request: &RequestView<'r>,
        served: Served,
        now: UnixMillis,
        understood: &mut Understood<'r>,
    ) -> Result<Forward<'r>, Refusal> {
        understood.request_id = request.request_id;
        understood.method = request.method;
        understood.host = request.unique(HeaderName::Host)?.unwrap_or_default();
        let locate = |path_plus| Resource::locate(understood.host, request.uri, &self.config.hosts, path_plus);
        let located = locate(PathPlus::Plus)?;
        let resource = &*understood.resource.insert(located);
        let query = Query::parse(request.query)?;
        let operation = Operation::classify(request.method, resource.key.as_ref(), &query)?;
        understood.operation = Some(operation);
        // What is large stays where it is, and isn't moved.
        let presented = PresentedSignature::from_request(request, &query, &self.config.signature_schemes);
        let presented = match presented {
            Ok(ref presented) => presented,
            Err(refusal) => return Err(refusal),
        };
        understood.scheme = Some(presented.scheme());
        understood.access_key_id = Some(request.borrowed(presented.access_key_id()));
        let sorted = request.oss_headers()?;
        presented.check_unambiguous(resource)?;
        let identified = identify(request, presented, &self.keys, &self.config, now);
        let identified = match identified {
            Ok(ref identified) => identified,
            Err(refusal) => return Err(refusal),
        };
        let mut refused = None;
        for reading in Reading::of_request(request, presented, &sorted) {
            let mut reread = None;
            let resource = match reading.path_plus {
                PathPlus::Plus => resource,
                PathPlus::Space => {
                    let located = locate(PathPlus::Space).map_err(|refusal| identified.mismatch(refusal))?;
                    reread.insert(located)
                }
            };
            let classified = Classified { request, resource, query: &query, operation };
            let ordered = Ordered::new(&sorted, reading.header_order);
            match authenticate(classified, presented, ordered.canonicalized(), identified, &self.config) {
                Ok(ref authenticated) => {
                    understood.generation = Some(authenticated.generation());
                    let authorized = authorize(authenticated, &self.config.buckets);
                    let routed = authorized.and_then(|authorized| route(&authorized, served, &self.config));
                    understood.reread = reread;
                    return routed;
                }
                // The first reading's text is the one that the answer shows.
                Err(refusal @ Refusal::SignatureDoesNotMatch(_)) => _ = refused.get_or_insert(refusal),
                Err(refusal) => return Err(refusal),
            }
        }
        Err(identified.mismatch(refused.unwrap_or(Refusal::MissingSignature)))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::credentials::Credentials;
    use crate::document::Document;
    use crate::signing_secret::SigningSecret;

    const DATE: &str = "20261124T015257Z";
    const SIGNED: &[u8] = b"PUT\n\n\n20261124T015257Z\n/abc/k";

    fn request(signature: &str) -> String {
        format!("3\0id\0PUT\0/k\0\0host\0h\0date\0{DATE}\0authorization\0OSS a:{signature}")
    }

    #[test]
    fn keeps_the_key_schedule_of_a_secret_that_verified_and_of_no_other() {
        let config = r#"{"hosts":[{"host":"h","style":"cname","bucket":"abc"}],"buckets":{"abc":{"s3Bucket":"abc","region":"r"}}}"#;
        let config = Config::from_document(&Document::from_json(config).unwrap()).unwrap();
        let keys = r#"{"accessKeys":[{"accessKeyId":"a","secrets":[{"generation":"1","secret":"one"},{"generation":"2","secret":"two"}]}]}"#;
        let gate = Gate::new(config, AccessKeys::from_documents(&[keys], Credentials::Bundled).unwrap());
        let decide = |secret| {
            let mac = SigningSecret::new(secret).hmac_sha1().code(SIGNED);
            let flat = request(&BASE64_STANDARD.encode(mac));
            let verified = gate.decide_joined(&flat, UnixMillis(1_795_485_177_000)).outcome.is_ok();
            (verified, ["1", "2"].map(|generation| gate.keys.is_hot("a", generation)))
        };
        assert_eq!(decide("wrong"), (false, [false, false]));
        assert_eq!(decide("two"), (true, [false, true]));
        assert_eq!(decide("wrong"), (false, [false, true]));
        assert_eq!(decide("one"), (true, [true, true]));
    }
}
