//! Helps a person to find the cause of a wrong signature. No deployed function uses it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::access_keys::access_key::Status;
use crate::access_keys::derived_key::DerivedKeyId;
use crate::access_keys::secret::Secret;
use crate::capture::HASH_PREFIX;
use crate::decision::Gate;
use crate::refusal::{AccessKeyFault, Refusal};
use crate::request::Request;
use crate::request::query::Query;
use crate::resource::{PathReading, Resource};
use crate::signature::clock_skew::TimeLimits;
use crate::signature::oss_headers::CanonicalizedOssHeaders;
use crate::signature::{PresentedSignature, v1, v4};
use crate::time::UnixMillis;

/// The texts that a request should have signed, and what it presents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedRequest {
    scheme: &'static str,
    access_key_id: String,
    /// As presented; or `sha256-` and its hash, if the request was captured.
    signature: String,
    style: &'static str,
    bucket: String,
    key: String,
    string_to_sign: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical_request: Option<String>,
}

/// A secret that made a signature.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    access_key_id: String,
    generation: String,
    /// Why the secret can't be used; `None` if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
}

/// Whose secrets are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of the access key that the request names.
    Own,
    /// Those of every key.
    Any,
}

impl Gate {
    /// The texts that a request should have signed, as most SDKs sign. Its date and its access key aren't checked.
    ///
    /// # Errors
    /// Why the request has no such texts.
    pub fn signed_request(&self, request: &str) -> Result<SignedRequest, Refusal> {
        let request = Request::parse(request)?;
        let host = request.headers.get_unique("host")?.unwrap_or_default();
        let resource = Resource::locate(host, request.uri, &self.config.hosts, PathReading::FIRST)?;
        let query = Query::parse(request.query)?;
        let presented = PresentedSignature::from_request(&request, &query, &self.config.signature_schemes)?;
        let oss_headers = CanonicalizedOssHeaders::new(request.headers.oss_headers()?);
        let date = presented.check_time(&request, &own_time(&request, &query, &presented))?;
        let texts = presented.signed_texts(&request, &resource, &query, &oss_headers, date, &[])?;
        Ok(SignedRequest {
            scheme: presented.scheme().name(),
            access_key_id: presented.access_key_id().to_owned(),
            signature: presented.signature().to_owned(),
            style: resource.style,
            key: resource.key_or_empty().to_owned(),
            bucket: resource.bucket,
            string_to_sign: texts.string_to_sign,
            canonical_request: texts.canonical_request,
        })
    }

    /// The secrets that made a signature over a text, including those that aren't valid at `now`. `scope` is the scope
    /// of version 4, as in `20261124/cn-hangzhou/oss/aliyun_v4_request`. The signature may be `sha256-` and its hash.
    pub fn signers(
        &self,
        access_key_id: &str,
        signature: &str,
        string_to_sign: &str,
        scope: Option<&str>,
        whose: Whose,
        now: UnixMillis,
    ) -> Vec<Signer> {
        let scope = match scope.map(v4::CredentialScope::parse) {
            Some(Err(_)) => return Vec::new(),
            Some(Ok(scope)) => Some(scope),
            None => None,
        };
        let made = |secret: &Secret| {
            let own = match &scope {
                Some(scope) => v4::signature_of(&scope.signing_key(secret), string_to_sign),
                None => v1::signature_of(secret, string_to_sign),
            };
            // No constant time is needed: only the operator asks.
            match signature.strip_prefix(HASH_PREFIX) {
                Some(hash) => base16ct::lower::encode_string(&Sha256::digest(own.as_bytes())) == hash,
                None => own == signature,
            }
        };
        let mut signers = self.listed_signers(access_key_id, whose, now, made);
        signers.extend(self.derived_signers(access_key_id, whose, now, made));
        signers
    }

    fn listed_signers(&self, id: &str, whose: Whose, now: UnixMillis, made: impl Fn(&Secret) -> bool) -> Vec<Signer> {
        let keys = match (whose, self.keys.listed.get_key_value(id)) {
            (Whose::Own, own) => own.into_iter().collect(),
            (Whose::Any, _) => self.keys.listed.iter().collect::<Vec<_>>(),
        };
        let mut signers = Vec::new();
        for (id, key) in keys {
            for (generation, _, from, end) in key.every_secret().filter(|(_, secret, ..)| made(secret)) {
                let fault = match key.policy().status {
                    Status::Disabled => Some("the key is disabled"),
                    Status::Active if from.is_some_and(|from| now < from) => Some("not yet valid"),
                    Status::Active if end.is_some_and(|end| now >= end) => Some("no longer valid"),
                    Status::Active => None,
                };
                signers.push(Signer { access_key_id: id.to_string(), generation: generation.to_owned(), fault });
            }
        }
        signers.sort_unstable_by(|one, other| one.access_key_id.cmp(&other.access_key_id));
        signers
    }

    /// The master keys whose derived secret for this id, or whose own secret, made the signature.
    fn derived_signers(&self, id: &str, whose: Whose, now: UnixMillis, made: impl Fn(&Secret) -> bool) -> Vec<Signer> {
        let derived = DerivedKeyId::parse(id);
        let own_master = derived.map(|derived| derived.master);
        let is_tried = |master: &str| whose == Whose::Any || own_master == Some(master);
        let mut signers = Vec::new();
        for (master_id, master) in self.keys.masters.iter().filter(|(master_id, _)| is_tried(master_id)) {
            let fault = match derived {
                Some(derived) if made(&derived.derive(&master.secret)) => {
                    let fault = self.keys.find(id, now).err().map(AccessKeyFault::detail);
                    if own_master == Some(master_id) { fault } else { Some("derived from another master key") }
                }
                _ if made(&master.secret) => Some("the master secret itself, which no device should have"),
                _ => continue,
            };
            let (access_key_id, generation) = (id.to_owned(), master_id.to_string());
            signers.push(Signer { access_key_id, generation, fault });
        }
        signers
    }
}

/// Time limits that the request's own date always passes.
fn own_time(request: &Request<'_>, query: &Query, presented: &PresentedSignature<'_>) -> TimeLimits {
    let end = query.get("Expires").and_then(UnixMillis::parse_seconds);
    let now = presented.signed_at(request).or(end).unwrap_or(UnixMillis(0));
    TimeLimits { now, max_clock_skew_seconds: 0, max_url_expiry_seconds: u32::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_keys::AccessKeys;
    use crate::config::Config;
    use crate::config::credentials::Credentials;

    const NOW: UnixMillis = UnixMillis(1_795_485_177_000);
    const TEXT: &str = "PUT\n\n\ndate\n/bucket/key";

    fn gate() -> Gate {
        let config =
            r#"{"hosts":[{"host":"h","style":"path"}],"buckets":{"abc":{"s3Bucket":"abc","region":"us-east-1"}}}"#;
        let keys = r#"{
            "accessKeys": [
                { "accessKeyId": "a", "secrets": [
                    { "generation": "1", "secret": "s1", "notAfter": "2026-11-24T01:52:57Z" },
                    { "generation": "2", "secret": "s2" },
                    { "generation": "3", "secret": "s3", "notBefore": "2026-11-24T01:52:58Z" },
                    { "generation": "4", "secret": "s6", "notBefore": "2026-11-24T01:52:57Z" }
                ] },
                { "accessKeyId": "b", "accessKeySecret": "s4" },
                { "accessKeyId": "off", "accessKeySecret": "s5", "status": "disabled" }
            ],
            "masterKeys": [
                { "id": "m1", "secret": "0123456789abcdef0123456789abcdef" },
                { "id": "m2", "secret": "abcdef0123456789abcdef0123456789" }
            ],
            "revokedDevices": [{ "masterKey": "m1", "deviceId": "SN-2" }]
        }"#;
        Gate::new(Config::from_json(config).unwrap(), AccessKeys::from_json(&[keys], Credentials::Bundled).unwrap())
    }

    fn signers(id: &str, secret: &Secret, whose: Whose) -> Vec<(String, String, Option<&'static str>)> {
        let gate = gate();
        let signature = v1::signature_of(secret, TEXT);
        let found = gate.signers(id, &signature, TEXT, None, whose, NOW);
        let hash = format!("{HASH_PREFIX}{}", base16ct::lower::encode_string(&Sha256::digest(signature.as_bytes())));
        assert_eq!(gate.signers(id, &hash, TEXT, None, whose, NOW), found);
        found.into_iter().map(|signer| (signer.access_key_id, signer.generation, signer.fault)).collect()
    }

    #[test]
    fn finds_the_secret_that_signed_and_why_it_cannot_be_used() {
        for (id, secret, generation, fault) in [
            ("a", "s1", "1", Some("no longer valid")),
            ("a", "s2", "2", None),
            ("a", "s3", "3", Some("not yet valid")),
            ("a", "s6", "4", None),
            ("off", "s5", "1", Some("the key is disabled")),
            (
                "OE1.m1.SN-1",
                "0123456789abcdef0123456789abcdef",
                "m1",
                Some("the master secret itself, which no device should have"),
            ),
        ] {
            let expected = vec![(id.to_owned(), generation.to_owned(), fault)];
            assert_eq!(signers(id, &Secret::new(secret), Whose::Own), expected, "{id} {secret}");
        }
        let derived = DerivedKeyId::parse("OE1.m1.SN-1").unwrap();
        let by = |master: &str| signers("OE1.m1.SN-1", &derived.derive(&Secret::new(master)), Whose::Any);
        assert_eq!(by("0123456789abcdef0123456789abcdef"), [("OE1.m1.SN-1".into(), "m1".into(), None)]);
        let other = [("OE1.m1.SN-1".into(), "m2".into(), Some("derived from another master key"))];
        assert_eq!(by("abcdef0123456789abcdef0123456789"), other);
        for (id, fault) in [
            ("OE1.m1.SN-2", "the device is revoked"),
            ("OE1.m1.SN-1.e1795485177", "the derived key has expired"),
            ("OE1.m1.SN-1.slogs", "the master key has no scope of this name"),
        ] {
            let secret = DerivedKeyId::parse(id).unwrap().derive(&Secret::new("0123456789abcdef0123456789abcdef"));
            assert_eq!(signers(id, &secret, Whose::Own), [(id.into(), "m1".into(), Some(fault))]);
        }
    }

    #[test]
    fn tries_the_secrets_of_others_only_when_asked() {
        assert_eq!(signers("a", &Secret::new("s4"), Whose::Own), []);
        assert_eq!(signers("a", &Secret::new("s4"), Whose::Any), [("b".into(), "1".into(), None)]);
        assert_eq!(signers("nobody", &Secret::new("s4"), Whose::Any), [("b".into(), "1".into(), None)]);
        assert_eq!(signers("a", &Secret::new("none"), Whose::Any), []);
    }

    #[test]
    fn finds_the_secret_of_version_4_by_its_scope() {
        let text = "20261124/r/oss/aliyun_v4_request";
        let scope = v4::CredentialScope::parse(text).unwrap();
        let signature = v4::signature_of(&scope.signing_key(&Secret::new("s4")), TEXT);
        assert_eq!(signature.len(), 64);
        let found = |id, scope| gate().signers(id, &signature, TEXT, scope, Whose::Own, NOW).len();
        assert_eq!((found("b", Some(text)), found("b", None), found("a", Some(text))), (1, 0, 0));
    }

    #[test]
    fn takes_no_scope_that_is_none() {
        let found = gate().signers("a", "", TEXT, Some("20261124/r/s3/aws4_request"), Whose::Own, NOW);
        assert_eq!(found, []);
    }

    #[test]
    fn says_what_should_have_been_signed_whatever_the_date_and_the_key() {
        let gate = gate();
        let text = "3\0id\0PUT\0/abc/k\0\0host\0h\0date\0Tue, 24 Nov 2020 01:52:57 GMT\0authorization\0OSS nobody:c2ln";
        let signed = gate.signed_request(text).ok().unwrap();
        assert_eq!(signed.string_to_sign, "PUT\n\n\nTue, 24 Nov 2020 01:52:57 GMT\n/abc/k");
        assert_eq!((signed.scheme, &*signed.signature, signed.style), ("v1-header", "c2ln", "path"));
        let url = "1\0id\0PUT\0/abc/k\0Expires=1&OSSAccessKeyId=a&Signature=c2ln\0host\0h";
        assert_eq!(gate.signed_request(url).ok().unwrap().string_to_sign, "PUT\n\n\n1\n/abc/k");
        let unknown = "1\0id\0PUT\0/abc/k\0\0host\0other";
        assert_eq!(gate.signed_request(unknown).err(), Some(Refusal::UnknownHost("other".into())));
    }
}
