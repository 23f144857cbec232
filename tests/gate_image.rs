//! A gate's image: what comes of it decides as the gate that it is of, and nothing else comes of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use oss_edge::{Gate, UnixMillis, derived_secret};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};

#[path = "device/config.rs"]
mod config;
#[path = "device/gate.rs"]
mod gate;
#[path = "device/request.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod request;

use gate::{gate, read_gate};
use request::{NOW, Request, hmac_sha1, request};

const MASTER_SECRET: &str = "m4sterS3cr3tOfTheTests0123456789abcdef";

/// What every image of this build begins with.
const BEGIN: &[u8] = b"oss-edge gate 1\0no build";

/// Documents in which every field is there.
fn every_field() -> (Value, Value) {
    let config = config::with(&json!({
        "maxClockSkewSeconds": 301,
        "maxUrlExpirySeconds": 302,
        "signatureSchemes": ["v1-header", "v4-url"],
        "signatureRegions": ["cn-hangzhou"],
        "completeMultipartUpload": "s3",
        "listParts": false,
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

/// Requests of every access key of a document, and of some devices of its master keys.
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
    let of = |method: &str, query: &str, host: &str, headers: &[(&str, &str)]| {
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
        of("PUT", "", uploads, &[("content-length", "1000")]),
        of("PUT", "", "fleet-logs.oss.example.com", &[("x-oss-storage-class", "Archive"), ("content-length", "1001")]),
        of("PUT", "", "127.0.0.1", &[("x-oss-server-side-encryption", "KMS"), ("x-oss-object-acl", "public-read")]),
        of("PUT", "partNumber=7&uploadId=U1", uploads, &[("x-oss-tagging", "a=b")]),
        of("POST", "uploads", uploads, &[]),
        of("POST", "uploadId=U1", uploads, &[]),
        of("GET", "uploadId=U1", uploads, &[]),
    ];
    requests.iter().map(Request::flat).collect()
}

/// All that a decision says.
fn told(gate: &Gate, flat: &str) -> String {
    [gate.decide_joined(flat, UnixMillis(NOW)), gate.decide_at_api(flat, UnixMillis(NOW))]
        .map(|decision| {
            let understood = (decision.operation, decision.scheme, decision.access_key_id, decision.generation);
            let outcome = decision.outcome.map_err(|(refusal, response)| (refusal, response.status, response.body));
            format!("{:?} {understood:?} {outcome:?}", decision.resource)
        })
        .join("\n")
}

fn check_decides_alike(config: &Value, keys: &Value) -> usize {
    let read = read_gate(config, keys);
    let image = read.image();
    let baked = Gate::from_image(&image).unwrap();
    assert!(baked.image() == image);
    let requests = requests(keys);
    for flat in &requests {
        assert_eq!(told(&baked, flat), told(&read, flat));
    }
    requests.iter().filter(|flat| baked.decide_joined(flat, UnixMillis(NOW)).outcome.is_ok()).count()
}

#[test]
fn decides_as_the_gate_that_it_is_of() {
    let (config, keys) = every_field();
    assert_eq!(check_decides_alike(&config, &keys), 15);
}

#[test]
fn holds_many_keys() {
    let keys: Vec<_> = (0..3000)
        .map(|number| json!({ "accessKeyId": format!("k{number}"), "accessKeySecret": format!("s{number}") }))
        .collect();
    let gate = gate(&every_field().0, &json!({ "accessKeys": keys }));
    for number in [0, 1, 1023, 1024, 2999] {
        let flat = &signed(&format!("k{number}"), &format!("s{number}"), None)[0];
        assert!(gate.decide_joined(flat, UnixMillis(NOW)).outcome.is_ok(), "{number}");
    }
    assert!(gate.decide_joined(&signed("k3000", "s3000", None)[0], UnixMillis(NOW)).outcome.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn decides_as_any_gate(config in config(), keys in access_keys()) {
        check_decides_alike(&config, &keys);
    }

    // Several changes: one alone is tried at each place below.
    #[test]
    fn gives_a_gate_or_none_whatever_is_changed(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..8)
    ) {
        let (config, keys) = every_field();
        let mut image = read_gate(&config, &keys).image();
        for (index, byte, how) in changes {
            let at = BEGIN.len() + index.index(image.len() - BEGIN.len());
            match how {
                0 => image[at] = byte,
                1 => image.insert(at, byte),
                2 => _ = image.remove(at),
                _ => image.swap(at, BEGIN.len()),
            }
        }
        check_gate_or_none(&image, &requests(&keys));
    }
}

/// Whether there is a gate. If there is, it has a decision for every request, and an image.
fn check_gate_or_none(image: &[u8], requests: &[String]) -> bool {
    let gate = Gate::from_image(image);
    if let Some(gate) = &gate {
        requests.iter().for_each(|flat| _ = told(gate, flat));
        assert!(Gate::from_image(&gate.image()).is_some());
    }
    gate.is_some()
}

#[test]
fn is_refused_when_it_is_cut_off_or_goes_on() {
    let (config, keys) = every_field();
    let mut image = read_gate(&config, &keys).image();
    for length in 0..image.len() {
        assert!(Gate::from_image(&image[..length]).is_none(), "{length}");
    }
    image.push(0);
    assert!(Gate::from_image(&image).is_none());
}

#[test]
fn gives_a_gate_or_none_whatever_is_changed_at_one_place() {
    let (config, keys) = every_field();
    let image = read_gate(&config, &keys).image();
    let requests: Vec<_> = requests(&keys).into_iter().step_by(11).collect();
    let mut refused = 0;
    for at in 0..image.len() {
        for byte in [0, 1, 2, 0x7f, 0x80, 0xff, image[at] ^ 1, image[at].wrapping_add(1)] {
            let mut changed = image.clone();
            changed[at] = byte;
            refused += usize::from(!check_gate_or_none(&changed, &requests));
        }
        // A number that is larger than any memory.
        let mut changed = image.clone();
        changed.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        refused += usize::from(!check_gate_or_none(&changed, &requests));
    }
    assert!(refused > image.len() * 3, "{refused} of {}", image.len() * 9);
}

#[test]
fn is_refused_by_another_build_or_in_another_format() {
    let (config, keys) = every_field();
    let image = read_gate(&config, &keys).image();
    assert!(image.starts_with(BEGIN), "{:?}", &image[..BEGIN.len()]);
    for at in 0..BEGIN.len() {
        let mut other = image.clone();
        other[at] ^= 1;
        assert!(Gate::from_image(&other).is_none(), "{at}");
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
