//! The configuration that tests begin with.

use serde_json::{Value, json};

/// The `config.json` of the tests: each style of host, two buckets, an API; with further fields, or others in
/// their place. Upload ids are S3's own, as in the vectors that clients gave; upload_ids.rs is about sealed ones.
pub(crate) fn with(fields: &Value) -> Value {
    let mut config = json!({
        "maxClockSkewSeconds": 300,
        "hosts": [
            { "host": "*.oss.example.com", "style": "virtual-hosted" },
            { "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" },
            { "host": "127.0.0.1", "style": "path" },
        ],
        "buckets": {
            "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" },
            "fleet-logs": { "s3Bucket": "fleet-logs-prod", "region": "eu-west-1" },
        },
        "unsealedUploadIds": "forward",
        "api": { "domain": "abc123.execute-api.us-east-1.amazonaws.com", "path": "/prod" },
    });
    with_fields(&mut config, fields);
    config
}

/// Sets each of `fields` in `object`, but those that are null.
pub(crate) fn with_fields(object: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
        object[name] = value.clone();
    }
}
