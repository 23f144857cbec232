//! The file `gate.bin`: a gate that is read from it decides as the gate that was written, and any other file is
//! refused.

use oss_edge::{BundledFileError, Gate, UnixMillis, derived_secret};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::device::gate::{gate, read_gate};
use crate::device::request::{NOW, Request, hmac_sha1, request};
use crate::device::{api, config};

const MASTER_SECRET: &str = "m4sterS3cr3tOfTheTests0123456789abcdef";

const DAMAGED: BundledFileError = BundledFileError::Damaged("gate.bin");
const OTHER_BUILD: BundledFileError = BundledFileError::OtherBuild("gate.bin");

/// The SHA-256 that a file begins with, in bytes.
const DIGEST: usize = 32;

/// The format, which the content begins with, after its length.
const FORMAT: &[u8] = b"\x0foss-edge gate 2";

/// Documents with every field.
fn every_field() -> (Value, Value) {
    let config = config::with(&json!({
        "maxClockSkewSeconds": 301,
        "maxUrlExpirySeconds": 302,
        "signatureSchemes": ["v1-header", "v4-url"],
        "signatureRegions": ["cn-hangzhou"],
        "completeMultipartUpload": "s3",
        "listParts": false,
        "unsealedUploadIds": "forward",
        "headers": {
            "storageClasses": { "Archive": "GLACIER_IR" },
            "tagging": true,
            "publicAcl": "dropped",
            "kmsKeys": { "default": "arn:aws:kms:us-east-1:123456789012:key/1" },
        },
        "credentials": { "source": "bundled" },
    }));
    let keys = json!({
        "accessKeys": [
            { "accessKeyId": "one", "accessKeySecret": "s3cr3tOne", "securityToken": "token" },
            {
                "accessKeyId": "two",
                "secrets": [
                    { "generation": "a", "secret": "s3cr3tTwoA", "notAfter": "2026-11-25T00:00:00Z" },
                    { "generation": "b", "secret": "s3cr3tTwoB", "notBefore": "1969-11-25T00:00:00Z" },
                ],
                "allow": [{ "bucket": "fleet-uploads", "prefix": "dir/", "operations": ["PutObject", "UploadPart"] }],
                "maxClockSkewSeconds": 60, "maxObjectBytes": 1000,
            },
            { "accessKeyId": "three", "accessKeySecret": "s3cr3tThree", "status": "disabled" },
        ],
        "masterKeys": [{
            "id": "a1", "secret": MASTER_SECRET, "allow": [{ "prefix": "{device}/" }],
            "scopes": { "logs": { "allow": [{ "bucket": "fleet-logs" }] } },
        }],
        "revokedDevices": [{ "masterKey": "a1", "deviceId": "SN-2" }],
    });
    (config, keys)
}

/// Requests by every access key of a document, and by some devices of its master keys.
fn requests(keys: &Value) -> Vec<String> {
    let mut signers = vec![("nobody".to_owned(), "nothing".to_owned(), None)];
    for key in keys["accessKeys"].as_array().unwrap() {
        let id = key["accessKeyId"].as_str().unwrap().to_owned();
        let token = key["securityToken"].as_str().map(str::to_owned);
        let given = key["secrets"].as_array().into_iter().flatten().map(|secret| &secret["secret"]);
        for secret in given.chain(key.get("accessKeySecret")) {
            signers.push((id.clone(), secret.as_str().unwrap().to_owned(), token.clone()));
        }
    }
    for master in keys["masterKeys"].as_array().unwrap() {
        for device in ["SN-1", "SN-2", "dir", "dir.slogs"] {
            let id = format!("OE1.{}.{device}", master["id"].as_str().unwrap());
            let secret = derived_secret(master["secret"].as_str().unwrap(), &id).unwrap();
            signers.push((id, secret, None));
        }
    }
    signers.iter().flat_map(|(id, secret, token)| signed(id, secret, token.as_deref())).collect()
}

/// Some requests by one key.
fn signed(id: &str, secret: &str, token: Option<&str>) -> Vec<String> {
    let signed = |method: &str, query: &str, host: &str, headers: &[(&str, &str)]| {
        let path = if host.starts_with("127") { "/fleet-uploads/dir/a.log" } else { "/dir/a.log" };
        let mut request = request(method, path, query).set("host", host);
        for (name, value) in headers {
            request = request.with(name, value);
        }
        if let Some(token) = token {
            request = request.with("x-oss-security-token", token);
        }
        let bucket = if host.starts_with("fleet-logs") { "fleet-logs" } else { "fleet-uploads" };
        let resource = format!("/{bucket}/dir/a.log{}{query}", if query.is_empty() { "" } else { "?" });
        let signature = hmac_sha1(secret, &request.string_to_sign(&resource));
        request.set("authorization", &format!("OSS {id}:{signature}"))
    };
    let uploads = "uploads.example.com";
    let requests: [Request; 7] = [
        signed("PUT", "", uploads, &[("content-length", "1000")]),
        signed(
            "PUT",
            "",
            "fleet-logs.oss.example.com",
            &[("x-oss-storage-class", "Archive"), ("content-length", "1001")],
        ),
        signed("PUT", "", "127.0.0.1", &[("x-oss-server-side-encryption", "KMS"), ("x-oss-object-acl", "public-read")]),
        signed("PUT", "partNumber=7&uploadId=U1", uploads, &[("x-oss-tagging", "a=b")]),
        signed("POST", "uploads", uploads, &[]),
        signed("POST", "uploadId=U1", uploads, &[]),
        signed("GET", "uploadId=U1", uploads, &[]),
    ];
    requests.iter().map(Request::text).collect()
}

/// Everything that the edge and the API decide over a request.
fn decisions(gate: &Gate, text: &str) -> [String; 2] {
    let now = UnixMillis(NOW);
    [gate.decide(text, now), gate.decide_at_api(&api::hand_over(text), now)].map(|decision| {
        let known = (decision.resource, decision.operation, decision.scheme);
        let signer = (decision.access_key_id, decision.generation);
        let outcome = decision.outcome.map_err(|(refusal, response)| (refusal, response.status, response.body));
        format!("{known:?} {signer:?} {outcome:?}")
    })
}

/// Checks that the gate of a file decides as the gate that was written, and returns the number of forwarded requests.
fn check_round_trip(config: &Value, keys: &Value) -> usize {
    let written = read_gate(config, keys);
    let bytes = written.to_bytes();
    let gate = Gate::from_bytes(&bytes).unwrap();
    assert!(gate.to_bytes() == bytes);
    let requests = requests(keys);
    for text in &requests {
        assert_eq!(decisions(&gate, text), decisions(&written, text));
    }
    requests.iter().filter(|text| gate.decide(text, UnixMillis(NOW)).outcome.is_ok()).count()
}

/// The file of the gate with every field.
fn file() -> Vec<u8> {
    let (config, keys) = every_field();
    read_gate(&config, &keys).to_bytes().to_vec()
}

/// A file with this content and the right digest.
fn file_of(content: &[u8]) -> Vec<u8> {
    [&*Sha256::digest(content), content].concat()
}

/// The bytes of a content before the gate: the format, and the build with its length.
fn header_length(content: &[u8]) -> usize {
    assert!(content.starts_with(FORMAT), "{content:?}");
    FORMAT.len() + 1 + usize::from(content[FORMAT.len()])
}

fn refusal(file: &[u8]) -> Option<BundledFileError> {
    Gate::from_bytes(file).err()
}

/// Checks a file with a right digest: it gives an error, or a gate that decides over every request and can be written.
/// Returns whether it gives a gate.
fn check_gate_or_error(content: &[u8], requests: &[String]) -> bool {
    let gate = Gate::from_bytes(&file_of(content));
    if let Ok(gate) = &gate {
        for text in requests {
            decisions(gate, text);
        }
        assert_eq!(refusal(&gate.to_bytes()), None);
    }
    gate.is_ok()
}

#[test]
fn decides_as_the_gate_that_was_written() {
    let (config, keys) = every_field();
    assert_eq!(check_round_trip(&config, &keys), 15);
}

#[test]
fn finds_any_of_3000_keys() {
    let keys: Vec<_> = (0..3000)
        .map(|number| json!({ "accessKeyId": format!("k{number}"), "accessKeySecret": format!("s{number}") }))
        .collect();
    let gate = gate(&every_field().0, &json!({ "accessKeys": keys }));
    for number in [0, 1, 1023, 1024, 2999] {
        let text = &signed(&format!("k{number}"), &format!("s{number}"), None)[0];
        assert!(gate.decide(text, UnixMillis(NOW)).outcome.is_ok(), "{number}");
    }
    assert!(gate.decide(&signed("k3000", "s3000", None)[0], UnixMillis(NOW)).outcome.is_err());
}

#[test]
fn has_the_same_bytes_for_the_same_gate() {
    let key = |number| json!({ "accessKeyId": format!("k{number}"), "accessKeySecret": format!("s{number}") });
    let file = |numbers: &mut dyn Iterator<Item = u32>| {
        let (config, mut keys) = every_field();
        keys["accessKeys"].as_array_mut().unwrap().extend(numbers.map(key));
        read_gate(&config, &keys).to_bytes()
    };
    let in_order = file(&mut (0..3000));
    assert!(in_order == file(&mut (0..3000)));
    assert!(in_order == file(&mut (0..3000).rev()));
    assert!(in_order == Gate::from_bytes(&in_order).unwrap().to_bytes());
    assert!(in_order != file(&mut (0..2999)));
}

#[test]
fn refuses_every_flipped_bit() {
    let file = file();
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(refusal(&flipped), Some(DAMAGED), "bit {bit}");
    }
}

#[test]
fn refuses_every_truncation() {
    let file = file();
    for length in 0..file.len() {
        assert_eq!(refusal(&file[..length]), Some(DAMAGED), "{length}");
        assert_eq!(refusal(&file[file.len() - length..]), Some(DAMAGED), "{length} at the end");
    }
}

#[test]
fn refuses_every_appended_byte() {
    let file = file();
    for byte in 0..=u8::MAX {
        let longer = [&*file, &[byte]].concat();
        assert_eq!(refusal(&longer), Some(DAMAGED), "{byte}");
        assert_eq!(refusal(&file_of(&longer[DIGEST..])), Some(DAMAGED), "{byte}, with a right digest");
    }
}

#[test]
fn refuses_a_content_that_is_cut_off_with_a_right_digest() {
    let content = &file()[DIGEST..];
    for length in 0..content.len() {
        let expected = if length < header_length(content) { OTHER_BUILD } else { DAMAGED };
        assert_eq!(refusal(&file_of(&content[..length])), Some(expected), "{length}");
    }
}

#[test]
fn refuses_another_format_or_another_build() {
    let content = file()[DIGEST..].to_vec();
    assert_eq!(refusal(&file_of(&content)), None);
    for at in 0..header_length(&content) {
        let mut other = content.clone();
        other[at] ^= 1;
        assert_eq!(refusal(&file_of(&other)), Some(OTHER_BUILD), "{at}");
    }
    let gate = &content[header_length(&content)..];
    let build = &content[FORMAT.len()..header_length(&content)];
    for header in [
        [b"\x0foss-edge gate 1", build].concat(),
        [FORMAT, b"\x0danother build"].concat(),
        [FORMAT, b"\0"].concat(),
        b"\0\0".to_vec(),
        Vec::new(),
    ] {
        assert_eq!(refusal(&file_of(&[&*header, gate].concat())), Some(OTHER_BUILD), "{header:?}");
    }
}

#[test]
fn gives_a_gate_or_an_error_for_any_change_at_one_place_with_a_right_digest() {
    let content = file()[DIGEST..].to_vec();
    let requests: Vec<_> = requests(&every_field().1).into_iter().step_by(11).collect();
    let mut refused = 0;
    for at in 0..content.len() {
        for byte in [0, 1, 2, 0x7f, 0x80, 0xff, content[at] ^ 1, content[at].wrapping_add(1)] {
            let mut changed = content.clone();
            changed[at] = byte;
            refused += usize::from(!check_gate_or_error(&changed, &requests));
        }
        // A length beyond any memory.
        let mut changed = content.clone();
        changed.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        refused += usize::from(!check_gate_or_error(&changed, &requests));
    }
    assert!(refused > content.len() * 3, "{refused} of {}", content.len() * 9);
}

#[test]
fn tells_the_operator_to_bundle_again() {
    assert_eq!(DAMAGED.to_string(), "gate.bin is damaged: bundle again");
    let other_build = "gate.bin was written by another build of oss-edge: bundle again";
    assert_eq!(OTHER_BUILD.to_string(), other_build);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn decides_as_any_gate_that_was_written(config in config(), keys in access_keys()) {
        check_round_trip(&config, &keys);
    }

    // Several changes: the tests above try one alone at each place.
    #[test]
    fn gives_a_gate_or_an_error_for_any_changes_with_a_right_digest(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..8)
    ) {
        let mut content = file()[DIGEST..].to_vec();
        let start = header_length(&content);
        for (index, byte, kind) in changes {
            let at = start + index.index(content.len() - start);
            match kind {
                0 => content[at] = byte,
                1 => content.insert(at, byte),
                2 => _ = content.remove(at),
                _ => content.swap(at, start),
            }
        }
        check_gate_or_error(&content, &requests(&every_field().1));
    }

    #[test]
    fn gives_a_gate_or_an_error_for_any_content_with_a_right_digest(
        gate in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let content = file()[DIGEST..].to_vec();
        let header = &content[..header_length(&content)];
        check_gate_or_error(&gate, &[]);
        check_gate_or_error(&[header, &gate].concat(), &requests(&every_field().1));
    }
}

fn config() -> impl Strategy<Value = Value> {
    let schemes = subsequence(vec!["v1-header", "v1-url", "v4-header", "v4-url"], 1..=4);
    let storage = proptest::option::of(select(vec!["GLACIER", "STANDARD", "INTELLIGENT_TIERING"]));
    let rules = (storage, any::<bool>(), select(vec!["refused", "dropped"]), proptest::option::of("[a-z0-9:/-]{1,40}"));
    let more = proptest::collection::btree_set("[a-z]{3,12}", 0..20);
    (0..=86_400, schemes, any::<[bool; 3]>(), rules, more).prop_map(
        |(skew, schemes, [api, list, complete], (storage, tagging, acl, kms), more)| {
            let (mut config, _) = every_field();
            config["maxClockSkewSeconds"] = json!(skew);
            config["signatureSchemes"] = json!(schemes);
            config["listParts"] = json!(list);
            config["completeMultipartUpload"] = json!(if complete { "s3" } else { "api" });
            let kms = kms.map_or(json!({}), |key| json!({ "default": key }));
            let classes = storage.map_or(json!({}), |class| json!({ "IA": class, "Archive": class }));
            config["headers"] =
                json!({ "storageClasses": classes, "tagging": tagging, "publicAcl": acl, "kmsKeys": kms });
            if !api {
                config.as_object_mut().unwrap().remove("api");
            }
            for name in more {
                config["buckets"][&name] = json!({ "s3Bucket": format!("s3-{name}"), "region": "eu-west-1" });
                let hosts = config["hosts"].as_array_mut().unwrap();
                hosts.push(json!({ "host": format!("{name}.example.net"), "style": "cname", "bucket": name }));
                hosts.push(json!({ "host": format!("*.{name}.example.org"), "style": "virtual-hosted" }));
            }
            config
        },
    )
}

fn access_keys() -> impl Strategy<Value = Value> {
    let listed = proptest::collection::btree_map("[A-Za-z0-9]{1,24}", listed_key(), 0..20);
    let masters = proptest::collection::btree_map("[a-z0-9]{1,16}", allow(), 1..4);
    (listed, masters, any::<bool>()).prop_map(|(listed, masters, revokes)| {
        let first = masters.keys().next().unwrap().clone();
        let with = |mut key: Value, name: &str, id: &str| {
            key[name] = json!(id);
            key
        };
        let listed: Vec<_> = listed.into_iter().map(|(id, key)| with(key, "accessKeyId", &id)).collect();
        let masters: Vec<_> = masters
            .into_iter()
            .map(|(id, allow)| {
                let scopes = json!({ "logs": { "allow": allow } });
                with(json!({ "secret": MASTER_SECRET, "scopes": scopes }), "id", &id)
            })
            .collect();
        let revoked = if revokes { json!([{ "masterKey": first, "deviceId": "SN-2" }]) } else { json!([]) };
        json!({ "accessKeys": listed, "masterKeys": masters, "revokedDevices": revoked })
    })
}

fn listed_key() -> impl Strategy<Value = Value> {
    let secrets = proptest::collection::btree_set("[!-~]{25,40}", 1..=4);
    let time = select(vec!["2026-11-24T01:52:57Z", "2026-11-24T01:52:58Z", "1969-12-31T23:59:59Z"]);
    let skew = proptest::option::of(0..=86_400);
    let bytes = proptest::option::of(1..=5_368_709_120_u64);
    let token = proptest::option::of("[!-~]{1,200}");
    (secrets, time, proptest::option::of(allow()), any::<bool>(), skew, bytes, token).prop_map(
        |(secrets, time, allow, disabled, skew, bytes, token)| {
            let secret =
                |(number, secret)| json!({ "generation": format!("{number}"), "secret": secret, "notBefore": time });
            let secrets: Vec<_> = secrets.into_iter().enumerate().map(secret).collect();
            let mut key = json!({ "secrets": secrets, "status": if disabled { "disabled" } else { "active" } });
            let optional =
                json!({ "allow": allow, "maxClockSkewSeconds": skew, "maxObjectBytes": bytes, "securityToken": token });
            config::with_fields(&mut key, &optional);
            key
        },
    )
}

fn allow() -> impl Strategy<Value = Value> {
    let bucket = proptest::option::of(select(vec!["fleet-uploads", "fleet-logs"]));
    let prefix = proptest::option::of(select(vec!["dir/", "d", "other/", "\u{65e5}\u{672c}/"]));
    let operations = proptest::option::of(subsequence(vec!["PutObject", "UploadPart", "ListParts"], 1..=3));
    let rule = (bucket, prefix, operations).prop_map(|(bucket, prefix, operations)| {
        let mut rule = json!({});
        config::with_fields(&mut rule, &json!({ "bucket": bucket, "prefix": prefix, "operations": operations }));
        rule
    });
    proptest::collection::vec(rule, 1..5).prop_map(Value::from)
}
