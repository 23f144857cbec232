//! The core natively: the whole decision for each signature scheme, what of it is hashing, and the bare compression
//! functions over the same bytes, which is what no implementation can do without.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and looks at the clock"
)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use oss_edge::{FlatRequest, Gate, UnixMillis};
use serde_json::json;

#[path = "../tests/device/gate.rs"]
mod gate;
#[path = "../src/keyed_hash.rs"]
#[allow(dead_code, unused_imports, reason = "the bench has no use for all of it, nor for its tests")]
mod keyed_hash;
#[path = "decision/requests.rs"]
mod requests;

use keyed_hash::{HmacSha1, HmacSha256, sha256};
use requests::{ID, NOW, SECRET};

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

/// What of a decision is hashing, as the decision does it: HMAC of the text that is signed, from a key schedule that is
/// there; and of version 4 the hash of the canonical request, and HMAC of a text that has that hash.
fn hashes(criterion: &mut Criterion) {
    for (name, hashing) in hashing() {
        criterion.bench_function(&format!("hashing/{name}"), |bencher| bencher.iter(&hashing));
    }
    for (name, compression) in compression() {
        criterion.bench_function(&format!("compression/{name}"), |bencher| bencher.iter(&compression));
    }
}

type Named = (&'static str, Box<dyn Fn()>);

fn hashing() -> [Named; 2] {
    let (v1, v4) = (requests::v1_header().signed, requests::v4_header().signed);
    let (v1_key, v4_key) = (HmacSha1::new(SECRET.as_bytes()), HmacSha256::new(&[7; 32]));
    let v1 = move || _ = black_box(v1_key.code(black_box(v1.as_bytes())));
    let v4 = move || _ = black_box(v4_key.code(&string_to_sign(sha256(black_box(v4.as_bytes())))));
    [("v1", Box::new(v1)), ("v4", Box::new(v4))]
}

/// The compression functions alone, over the blocks that the same hashes have.
fn compression() -> [Named; 2] {
    let (v1, v4) = (requests::v1_header().signed, requests::v4_header().signed);
    let (v1, v1_end) = (padded(BLOCK, v1.as_bytes()), padded(BLOCK, &[0; 20]));
    let (v4, v4_text, v4_end) =
        (padded(0, v4.as_bytes()), padded(BLOCK, &string_to_sign([0; 32])), padded(BLOCK, &[0; 32]));
    let v1 = move || {
        let mut state = [1; 5];
        sha1::block_api::compress(&mut state, black_box(&v1));
        sha1::block_api::compress(&mut state, black_box(&v1_end));
        black_box(state);
    };
    let v4 = move || {
        let mut state = [1; 8];
        for blocks in [&v4, &v4_text, &v4_end] {
            sha2::block_api::compress256(&mut state, black_box(blocks));
        }
        black_box(state);
    };
    [("v1", Box::new(v1)), ("v4", Box::new(v4))]
}

/// As long as the StringToSign of version 4.
fn string_to_sign(hash: [u8; 32]) -> Vec<u8> {
    let begin = b"OSS4-HMAC-SHA256\n20261124T015257Z\n20261124/cn-hangzhou/oss/aliyun_v4_request\n";
    [&begin[..], &hash, &hash].concat()
}

const BLOCK: usize = 64;

/// The blocks of a text that follows `absorbed` bytes.
fn padded(absorbed: usize, text: &[u8]) -> Vec<[u8; BLOCK]> {
    let mut bytes = [text, &[0x80]].concat();
    bytes.resize((bytes.len() + 8).div_ceil(BLOCK) * BLOCK - 8, 0);
    bytes.extend(((absorbed + text.len()) as u64 * 8).to_be_bytes());
    bytes.as_chunks().0.to_vec()
}

/// What the compression functions are the yardstick of, each the least of many rounds.
fn print_shares() {
    let gate = gate();
    for (name, request, hash) in [("v1", requests::v1_header(), 0), ("v4", requests::v4_header(), 1)] {
        let (text, lengths) = request.flat();
        let flat = FlatRequest { text: &text, lengths: &lengths };
        let compression = least(&compression()[hash].1);
        let hashing = least(&hashing()[hash].1) / compression;
        let decision =
            least(&|| _ = black_box(gate.decide(black_box(flat), UnixMillis(NOW)).outcome.is_ok())) / compression;
        println!("{name}: of the bare compression, hashing takes {hashing:.2}, the whole decision {decision:.1}");
    }
}

fn least(run: &dyn Fn()) -> f64 {
    let round = || {
        let start = Instant::now();
        (0..2000).for_each(|_| run());
        start.elapsed().as_secs_f64()
    };
    (0..200).map(|_| round()).fold(f64::MAX, f64::min)
}

criterion_group!(benches, decisions, hashes);

fn main() {
    benches();
    print_shares();
}
