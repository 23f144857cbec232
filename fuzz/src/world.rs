//! The deployments that requests are decided for: as documents for the core, and as tables for the oracle.

use std::sync::LazyLock;

use oss_edge::{AccessKeys, Config, Gate, SealUses, SealingKeys};
use serde_json::{Value, json};

/// 2026-11-24T01:52:57Z in milliseconds, around which requests are dated.
pub const NOW: i64 = 1_795_485_177_000;

/// The first sealing secret, base64url, and its 32 bytes; its number is 1.
pub const SEALING_SECRET: (&str, &[u8; 32]) =
    ("dGhlIGZpcnN0IHNlY3JldCwgYWxzbyAzMiBieXRlcy4", b"the first secret, also 32 bytes.");

/// The secret of the master key `a1`.
pub const MASTER_SECRET: &str = "m4sterS3cr3tOfTheFuzzers0123456789abcdef";

/// An access key as the oracle knows it.
pub struct Key {
    pub id: &'static str,
    /// Each secret, the time from which on it is valid, and the time until which.
    pub secrets: &'static [(&'static str, i64, i64)],
    pub disabled: bool,
    pub token: Option<&'static str>,
    pub skew_seconds: Option<i64>,
    pub max_bytes: Option<u64>,
    pub rules: Option<&'static [Rule]>,
}

/// A rule: a bucket and a prefix, or any; and operations, or those that upload.
pub struct Rule {
    pub bucket: Option<&'static str>,
    pub prefix: Option<&'static str>,
    pub operations: Option<&'static [&'static str]>,
}

const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

const fn key(id: &'static str, secrets: &'static [(&'static str, i64, i64)]) -> Key {
    Key { id, secrets, disabled: false, token: None, skew_seconds: None, max_bytes: None, rules: None }
}

/// The listed access keys.
pub const KEYS: [Key; 8] = [
    key("LTAI5tFuzzDevice01", &[("s3cr3tOfTheFuzzDevice01", ALWAYS.0, ALWAYS.1)]),
    key("LTAI5tFuzzDevice02", &[("s3cr3tOfTheFuzzDevice02", ALWAYS.0, ALWAYS.1)]),
    Key { disabled: true, ..key("disabled", &[("s3cr3tOfTheDisabled", ALWAYS.0, ALWAYS.1)]) },
    Key { token: Some("STS.t0ken"), ..key("with-token", &[("s3cr3tWithToken", ALWAYS.0, ALWAYS.1)]) },
    Key { skew_seconds: Some(7200), ..key("slow-clock", &[("s3cr3tOfTheSlowClock", ALWAYS.0, ALWAYS.1)]) },
    Key { skew_seconds: Some(60), max_bytes: Some(1000), ..key("narrow", &[("s3cr3tNarrow", ALWAYS.0, ALWAYS.1)]) },
    Key {
        rules: Some(&[
            Rule { bucket: Some("fleet-uploads"), prefix: Some("logs/"), operations: Some(&["PutObject"]) },
            Rule { bucket: None, prefix: Some("multi/"), operations: None },
            Rule { bucket: None, prefix: None, operations: Some(&["ListParts"]) },
        ]),
        ..key("logs-only", &[("s3cr3tOfLogsOnly", ALWAYS.0, ALWAYS.1)])
    },
    key("rotating", &[("s3cr3tThatEnds", ALWAYS.0, NOW + 1000), ("s3cr3tThatBegins", NOW, ALWAYS.1)]),
];

/// The rules of the master key `a1`, whose id the placeholder of a prefix is; and those of its scope `logs`.
pub const MASTER_RULES: &[Rule] = &[Rule { bucket: None, prefix: Some("devices/{device}/"), operations: None }];
pub const SCOPE_RULES: &[Rule] = &[Rule { bucket: None, prefix: Some("devices/{device}/logs/"), operations: None }];
pub const REVOKED_DEVICE: &str = "SN-2";

/// The OSS buckets with their S3 buckets. OSS's third has none.
pub const BUCKETS: [(&str, &str); 2] = [("fleet-uploads", "fleet-uploads-prod"), ("fleet-logs", "fleet-logs-prod")];

/// Which deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Deployment {
    /// With an API, sealed upload ids alone, every reading operation refused.
    #[default]
    Api,
    /// With a relay that takes bodies without a length, S3's own upload ids, and HeadObject served.
    Relay,
}

impl Deployment {
    pub fn gate(self) -> &'static Gate {
        static GATES: LazyLock<[Gate; 2]> = LazyLock::new(|| [Deployment::Api, Deployment::Relay].map(read_gate));
        let [api, relay] = &*GATES;
        match self {
            Deployment::Api => api,
            Deployment::Relay => relay,
        }
    }
}

pub fn sealing_keys() -> &'static SealingKeys {
    static KEYS: LazyLock<SealingKeys> = LazyLock::new(|| {
        let secrets = json!({ "secrets": [{ "number": 1, "secret": SEALING_SECRET.0 }] }).to_string();
        SealingKeys::from_json(&secrets, SealUses { upload_ids: true, hand_over: true }).expect("secrets")
    });
    &KEYS
}

/// By way of the files that are bundled, as it decides in a function.
fn read_gate(deployment: Deployment) -> Gate {
    let config = Config::from_json(&config(deployment).to_string()).expect("config");
    let keys = AccessKeys::from_json(&[&access_keys().to_string()], config.credentials()).expect("access keys");
    let gate = Gate::from_bytes(&Gate::new(config, keys).to_bytes()).expect("gate.bin");
    gate.with_sealing_keys(SealingKeys::from_bytes(&sealing_keys().to_bytes()).expect("seal.bin"))
}

/// `config.json`.
pub fn config(deployment: Deployment) -> Value {
    let mut config = json!({
        "hosts": [
            { "host": "*.oss.example.com", "style": "virtual-hosted" },
            { "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" },
            { "host": "127.0.0.1", "style": "path" },
            { "host": "oss.example.net", "style": "endpoint", "bucket": "fleet-uploads" },
        ],
        "buckets": {
            "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" },
            "fleet-logs": { "s3Bucket": "fleet-logs-prod", "region": "eu-west-1" },
        },
        "headers": { "tagging": true, "kmsKeys": { "default": "kms-key-1" } },
    });
    let fields = match deployment {
        Deployment::Api => json!({ "api": { "domain": "api.example.com", "path": "/prod" } }),
        Deployment::Relay => json!({
            "relay": { "domain": "relay.example.com", "path": "" },
            "bodiesWithoutLength": "relay",
            "unsealedUploadIds": "forward",
            "headObject": "served",
        }),
    };
    let both = config.as_object_mut().expect("an object");
    both.extend(fields.as_object().expect("an object").clone());
    config
}

/// `access-keys.json`, from the tables above.
pub fn access_keys() -> Value {
    let rules = |rules: &[Rule]| {
        let rules = rules.iter().map(|rule| {
            let mut written = json!({});
            for (name, value) in [("bucket", rule.bucket), ("prefix", rule.prefix)] {
                if let Some(value) = value {
                    written[name] = value.into();
                }
            }
            if let Some(operations) = rule.operations {
                written["operations"] = operations.into();
            }
            written
        });
        Value::from(rules.collect::<Vec<_>>())
    };
    let listed = KEYS.iter().map(|key| {
        let mut written = json!({ "accessKeyId": key.id });
        match key.secrets {
            [(secret, ..)] => written["accessKeySecret"] = (*secret).into(),
            _ => {
                written["secrets"] = json!([
                    { "generation": "1", "secret": key.secrets[0].0, "notAfter": "2026-11-24T01:52:58Z" },
                    { "generation": "2", "secret": key.secrets[1].0, "notBefore": "2026-11-24T01:52:57Z" },
                ]);
            }
        }
        if key.disabled {
            written["status"] = "disabled".into();
        }
        let fields = [
            ("securityToken", key.token.map(Value::from)),
            ("maxClockSkewSeconds", key.skew_seconds.map(Value::from)),
            ("maxObjectBytes", key.max_bytes.map(Value::from)),
            ("allow", key.rules.map(rules)),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                written[name] = value;
            }
        }
        written
    });
    json!({
        "accessKeys": listed.collect::<Vec<_>>(),
        "masterKeys": [{
            "id": "a1",
            "secret": MASTER_SECRET,
            "allow": rules(MASTER_RULES),
            "scopes": { "logs": { "allow": rules(SCOPE_RULES) } },
        }],
        "revokedDevices": [{ "masterKey": "a1", "deviceId": REVOKED_DEVICE }],
    })
}
