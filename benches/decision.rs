//! The core natively: the whole decision for each signature scheme, and the bare compression functions
//! over the same bytes, which is what no implementation can do without.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a bench fails by panicking"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hmac::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use oss_edge::{FlatRequest, Gate, UnixMillis};
use serde_json::json;
use sha1::Sha1;
use sha2::Sha256;

#[path = "../tests/device/gate.rs"]
mod gate;
#[path = "decision/requests.rs"]
mod requests;

use requests::{ID, NOW, Request, SECRET};

fn gate() -> Gate {
    let config = json!({
        "hosts": [
            { "host": "*.d111111abcdef8.cloudfront.net", "style": "virtual-hosted" },
            { "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" }
        ],
        "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } }
    });
    gate::gate(&config, &json!({ "accessKeys": [{ "accessKeyId": ID, "accessKeySecret": SECRET }] }))
}

fn decisions(criterion: &mut Criterion) {
    let gate = gate();
    for (name, request) in [
        ("v1-header", requests::v1_header()),
        ("v1-url", requests::v1_url()),
        ("v4-header", requests::v4_header()),
        ("v4-url", requests::v4_url()),
    ] {
        let (text, lengths) = request.flat();
        let flat = FlatRequest { text: &text, lengths: &lengths };
        assert!(gate.decide(flat, UnixMillis(NOW)).outcome.is_ok(), "{name}");
        criterion.bench_function(&format!("decision/{name}"), |bencher| {
            bencher.iter(|| gate.decide(black_box(flat), UnixMillis(NOW)).outcome.is_ok());
        });
    }
}

/// HMAC as RFC 2104 has it over the same text, from a key schedule that is there; and of version 4 the
/// hash of the canonical request and one HMAC, the derived key being there.
fn compressions(criterion: &mut Criterion) {
    let Request { signed, .. } = requests::v1_header();
    let schedule = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    criterion.bench_function("compression/v1: HMAC-SHA1", |bencher| {
        bencher.iter(|| {
            let mut mac = schedule.clone();
            mac.update(black_box(signed.as_bytes()));
            mac.finalize().into_bytes()
        });
    });
    let Request { signed, .. } = requests::v4_header();
    let schedule = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    criterion.bench_function("compression/v4: SHA-256 and HMAC-SHA256", |bencher| {
        bencher.iter(|| {
            let mut mac = schedule.clone();
            mac.update(&Sha256::digest(black_box(signed.as_bytes())));
            mac.finalize().into_bytes()
        });
    });
}

criterion_group!(benches, decisions, compressions);
criterion_main!(benches);
