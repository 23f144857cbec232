//! Whether the time of a comparison tells where two values differ, as dudect asks: the two classes are inputs that differ
//! from the right one at their beginning and at their end, and Welch's t says whether their times do. It is reported and
//! not asserted. As a rule of thumb, |t| under 5 tells nothing of a difference, and over 10 something.
//!
//! This is the native build. WebAssembly is compiled again by V8, which this says nothing about.

use std::hint::black_box;
use std::sync::LazyLock;

use data_encoding::{BASE64, HEXLOWER};
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use oss_edge::{
    AccessKeys, Config, Credentials, Gate, SealUses, SealingKeys, Secret, UnixMillis, signature_v1, signature_v4,
};

const TEXT: &str = "PUT\n\n\nTue, 24 Nov 2026 01:52:57 GMT\n/fleet-uploads/dir/a.log";
const SECRET: &str = "s3cr3tOfTheTimedDevice01";
const TOKEN: &str =
    "STS.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NOW: UnixMillis = UnixMillis(1_795_485_177_000);
const MEASUREMENTS: usize = 100_000;

/// Times `run` over inputs of both classes, in random order, from the same memory: two addresses could take two times.
fn measure<I: Clone>(runner: &mut CtRunner, rng: &mut BenchRng, [early, late]: [&[I]; 2], run: impl Fn(&I)) {
    let picks: Vec<(bool, usize)> =
        (0..MEASUREMENTS).map(|_| (rng.random(), rng.random_range(..early.len()))).collect();
    let mut input = early[0].clone();
    for (is_early, at) in picks {
        let (class, inputs) = if is_early { (Class::Left, early) } else { (Class::Right, late) };
        input.clone_from(&inputs[at]);
        runner.run_one(class, || run(black_box(&input)));
    }
}

/// The text with another letter or digit in a place, each once: reading a digit may take another time than reading a
/// letter, which is told by what was sent and by nothing secret.
fn changed(text: &str, at: usize, characters: &str) -> Vec<String> {
    let others = characters.chars().filter(|other| !text[at..].starts_with(*other));
    others.map(|other| format!("{}{other}{}", &text[..at], &text[at + 1..])).take(characters.len() - 1).collect()
}

const HEX: &str = "0123456789abcdef";
const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How it looks where time does tell: the comparison of two slices.
fn control_that_leaks(runner: &mut CtRunner, rng: &mut BenchRng) {
    let right = vec![7_u8; 4096];
    let (mut early, mut late) = (right.clone(), right.clone());
    (early[0], late[4095]) = (0, 0);
    measure(runner, rng, [&[early], &[late]], |input| {
        black_box(input.iter().zip(black_box(&right)).all(|(one, other)| one == other));
    });
}

fn signature_of_version_1(runner: &mut CtRunner, rng: &mut BenchRng) {
    let secret = Secret::new(SECRET);
    let right = BASE64.encode(&hmac_sha1_compact::HMAC::mac(TEXT.as_bytes(), SECRET.as_bytes()));
    assert!(signature_v1::verify(&secret, TEXT, &right));
    // The last two characters are of the padding and of bits that are left over.
    measure(runner, rng, [&changed(&right, 0, ALPHANUMERIC), &changed(&right, 25, ALPHANUMERIC)], |signature| {
        assert!(!signature_v1::verify(&secret, TEXT, signature));
    });
}

fn signature_of_version_4(runner: &mut CtRunner, rng: &mut BenchRng) {
    let key = [7; 32];
    let right = HEXLOWER.encode(&hmac_sha256::HMAC::mac(TEXT, key));
    assert!(signature_v4::verify(&key, TEXT, &right));
    measure(runner, rng, [&changed(&right, 0, HEX), &changed(&right, 63, HEX)], |signature| {
        assert!(!signature_v4::verify(&key, TEXT, signature));
    });
}

/// Of an id whose MAC has lower-case letters where they are changed, and into others: reading an id takes other branches
/// for a digit or a capital, and where it stands among others tells their time.
fn seal_of_an_upload_id(runner: &mut CtRunner, rng: &mut BenchRng) {
    let secrets = r#"{"secrets":[{"number":1,"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let keys = SealingKeys::from_json(secrets, SealUses { upload_ids: true, hand_over: true }).expect("secrets");
    let sealed = |n| keys.seal_upload_id("bucket", "dir/a.log", &format!("U{n}"), "-", NOW).expect("a sealed id");
    let mac_of = |id: &str| id.find(".-.").expect("options") + 3;
    let is_lowercase = |id: &String| [0, 20].iter().all(|at| id.as_bytes()[mac_of(id) + at].is_ascii_lowercase());
    let right = (0..1000).map(sealed).find(is_lowercase).expect("an id with letters there");
    let mac = mac_of(&right);
    measure(runner, rng, [&changed(&right, mac, LOWERCASE), &changed(&right, mac + 20, LOWERCASE)], |id| {
        assert!(keys.verify_upload_id(id, "bucket", "dir/a.log", NOW).is_err());
    });
}

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let config = r#"{"hosts":[{"host":"h","style":"cname","bucket":"fleet-uploads"}],
        "buckets":{"fleet-uploads":{"s3Bucket":"b12","region":"us-east-1"}}}"#;
    let many: String =
        (0..1000).map(|n| format!(r#"{{"accessKeyId":"LTAI5tDevice{n:04}","accessKeySecret":"s"}},"#)).collect();
    let keys = format!(
        r#"{{"accessKeys":[{many}{{"accessKeyId":"ak","accessKeySecret":"{SECRET}","securityToken":"{TOKEN}"}}]}}"#
    );
    let keys = AccessKeys::from_json(&[&keys], Credentials::Bundled).expect("access keys");
    Gate::new(Config::from_json(config).expect("config"), keys)
});

fn request(id: &str, token: &str, signature: &str) -> String {
    let headers = format!("date\0Tue, 24 Nov 2026 01:52:57 GMT\0x-oss-security-token\0{token}");
    format!("4\0id\0PUT\0/dir/a.log\0\0host\0h\0{headers}\0authorization\0OSS {id}:{signature}")
}

fn is_accepted(request: &str) -> bool {
    GATE.decide(request, NOW).outcome.is_ok()
}

/// The whole decision over a rightly signed request with a wrong token.
fn security_token(runner: &mut CtRunner, rng: &mut BenchRng) {
    let signed = |token: &str| {
        let headers = format!("x-oss-security-token:{token}");
        let text = format!("PUT\n\n\nTue, 24 Nov 2026 01:52:57 GMT\n{headers}\n/fleet-uploads/dir/a.log");
        request("ak", token, &BASE64.encode(&hmac_sha1_compact::HMAC::mac(text.as_bytes(), SECRET.as_bytes())))
    };
    assert!(is_accepted(&signed(TOKEN)));
    let at = |at: usize| changed(TOKEN, at, ALPHANUMERIC).iter().map(|token| signed(token)).collect::<Vec<_>>();
    measure(runner, rng, [&at(4), &at(TOKEN.len() - 1)], |request| assert!(!is_accepted(request)));
}

/// The whole decision over two unknown ids of one length, which differ from known ones at the beginning and at the end.
fn access_key_id(runner: &mut CtRunner, rng: &mut BenchRng) {
    let of = |id: &str| request(id, TOKEN, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let at = |at: usize| changed("LTAI5tDevice0007", at, "QRSTUVWXYZ").iter().map(|id| of(id)).collect::<Vec<_>>();
    measure(runner, rng, [&at(0), &at(15)], |request| assert!(!is_accepted(request)));
}

ctbench_main!(
    control_that_leaks,
    signature_of_version_1,
    signature_of_version_4,
    seal_of_an_upload_id,
    security_token,
    access_key_id
);
