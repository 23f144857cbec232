//! Mutation that knows the structure of inputs: they stay inputs, so that runs reach what is behind the parser.

use fastrand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::case::{Case, Edit, Sign};
use crate::pieces::{HEADERS, HOSTS, IDS, METHODS, PATHS, QUERIES};
use crate::world::Deployment;

/// An input that can be changed in one place.
pub trait Mutate: Default + Serialize + DeserializeOwned {
    fn mutate(&mut self, random: &mut Rng);
}

/// Reads an input, changes it in some places, and writes it; an input that isn't one is begun anew.
pub fn mutate<I: Mutate>(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Rng::with_seed(seed.into());
    let mut input: I = serde_json::from_slice(data.get(..size).unwrap_or_default()).unwrap_or_default();
    for _ in 0..random.usize(1..5) {
        input.mutate(&mut random);
    }
    let written = serde_json::to_vec(&input).unwrap_or_default();
    if written.len() > max_size {
        return size;
    }
    data[..written.len()].copy_from_slice(&written);
    written.len()
}

/// The input of a run; `None` for bytes that aren't one.
pub fn read<I: Mutate>(data: &[u8]) -> Option<I> {
    serde_json::from_slice(data).ok()
}

/// One of a list.
pub fn pick<'p, T>(random: &mut Rng, list: &'p [T]) -> &'p T {
    &list[random.usize(..list.len())]
}

/// Changes a text: a piece in it, a piece less, a piece in its place; or a character by libFuzzer, which knows what the
/// code compares with.
pub fn text(text: &mut String, pieces: &[&str], random: &mut Rng) {
    let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = *pick(random, &bounds);
    let piece = pick(random, pieces);
    match random.u8(..8) {
        0 => *text = (*pick(random, pieces)).to_owned(),
        1 | 2 => text.insert_str(at, piece),
        3 => text.push_str(piece),
        4 => {
            let other = *pick(random, &bounds);
            text.replace_range(at.min(other)..at.max(other), "");
        }
        5 => text.truncate(at),
        6 => text.insert(at, char::from(random.u8(0x20..0x7f))),
        _ => {
            let size = text.len();
            let mut bytes = text.clone().into_bytes();
            bytes.resize(size + 32, 0);
            let size = libfuzzer_sys::fuzzer_mutate(&mut bytes, size, size + 32);
            *text = String::from_utf8_lossy(&bytes[..size]).into_owned();
        }
    }
}

impl Mutate for Case {
    fn mutate(&mut self, random: &mut Rng) {
        if self.wire.path.is_empty() {
            self.begin(random);
        }
        match random.u8(..21) {
            0 => self.begin(random),
            19 => self.days = *pick(random, &[0, 1, -1]),
            1 => self.wire.method = (*pick(random, METHODS)).to_owned(),
            2 => {
                let host = pick(random, HOSTS);
                self.wire.set("host", host);
            }
            3 | 4 => text(&mut self.wire.path, PATHS, random),
            5 => text(&mut self.wire.query, QUERIES, random),
            6 => {
                let separator = if self.wire.query.is_empty() { "" } else { "&" };
                self.wire.query.push_str(&format!("{separator}{}", pick(random, QUERIES)));
            }
            7 | 8 => {
                let (name, value) = pick(random, HEADERS);
                self.wire.headers.push(((*name).to_owned(), (*value).to_owned()));
            }
            9 if !self.wire.headers.is_empty() => {
                let at = random.usize(..self.wire.headers.len());
                let values: Vec<&str> = HEADERS.iter().map(|(_, value)| *value).collect();
                match random.u8(..4) {
                    0 => drop(self.wire.headers.remove(at)),
                    1 => {
                        let names: Vec<&str> = HEADERS.iter().map(|(name, _)| *name).collect();
                        text(&mut self.wire.headers[at].0, &names, random);
                    }
                    _ => text(&mut self.wire.headers[at].1, &values, random),
                }
            }
            10 => self.key = (*pick(random, IDS)).to_owned(),
            11 => {
                self.sign = *pick(random, &[Sign::V1Header, Sign::V1Url, Sign::V4Header, Sign::V4Url, Sign::AsIs]);
            }
            12 => {
                let bounds = [0, 300_000, 300_001, -300_000, -300_001, 60_001, 1000, -1, 7_200_000, 604_800_000];
                self.later = *pick(random, &bounds);
            }
            13 => self.expires = *pick(random, &[1, 0, 60, 604_800, 604_801, -1, 3600, i64::MAX]),
            14 => self.additional = (*pick(random, &["", "host", "host;user-agent", "Host", "a;;b"])).to_owned(),
            15 => {
                self.options = (*pick(random, &["-", "f", "fa", "k", "x"])).to_owned();
                self.hours = *pick(random, &[0, 168, 169, -1, -2]);
            }
            16 => {
                self.meaning = random.usize(..4);
                self.order = random.usize(..3);
            }
            17 => self.deployment = *pick(random, &[Deployment::Api, Deployment::Relay]),
            18 if !self.edits.is_empty() => drop(self.edits.remove(random.usize(..self.edits.len()))),
            _ if self.edits.len() < 4 => self.edits.push(edit(random)),
            _ => self.edits.clear(),
        }
    }
}

impl Case {
    /// A request that could be served, which other mutations go on from.
    fn begin(&mut self, random: &mut Rng) {
        let (method, query) = *pick(
            random,
            &[
                ("PUT", ""),
                ("POST", "uploads"),
                ("PUT", "partNumber=7&uploadId={id}"),
                ("POST", "uploadId={id}"),
                ("DELETE", "uploadId={id}"),
                ("GET", "uploadId={id}"),
            ],
        );
        let key = *pick(random, &["dir/a.log", "logs/%E6%97%A5+b", "multi/a%2Fb", "devices/SN-1/logs/x"]);
        let id = *pick(random, &[IDS[0], IDS[1], "with-token"]);
        *self = Case { key: id.to_owned(), expires: 3600, ..Case::default() };
        let host = *pick(random, &HOSTS[..6]);
        let bucket = if host.starts_with("127") { "/fleet-uploads" } else { "" };
        self.wire.method = method.to_owned();
        self.wire.path = format!("{bucket}/{key}");
        self.wire.query = query.to_owned();
        for (name, value) in [("host", host), ("date", "Tue, 24 Nov 2026 01:52:57 GMT"), ("content-length", "5")] {
            self.wire.headers.push((name.to_owned(), value.to_owned()));
        }
        if id == "with-token" {
            self.wire.headers.push(("x-oss-security-token".to_owned(), "STS.t0ken".to_owned()));
        }
    }
}

/// A change on the way.
fn edit(random: &mut Rng) -> Edit {
    let owned = |text: &&str| (**text).to_owned();
    let escapes = [
        ("/", "%2F"),
        ("%2F", "/"),
        ("a", "%61"),
        ("%20", "+"),
        ("+", "%2B"),
        ("+", "%20"),
        ("?", "%3F"),
        ("/", "//"),
        ("a", "b"),
        ("%E6", "%e6"),
        ("", "/../x"),
    ];
    let at = random.usize(..12);
    match random.u8(..15) {
        13 => Edit::Signature(random.usize(..24)),
        0 => Edit::Method(owned(pick(random, METHODS))),
        1 | 2 => {
            let (from, to) = pick(random, &escapes);
            Edit::Path((*from).to_owned(), (*to).to_owned())
        }
        3 => Edit::Path(String::new(), owned(pick(random, PATHS))),
        4 => {
            let pairs = [("uploads", "uploads="), ("=", ""), ("7", "8"), ("&", "&a=1&"), ("uploadId", "upload%49d")];
            let (from, to) = pick(random, &pairs);
            Edit::Query((*from).to_owned(), (*to).to_owned())
        }
        5 => Edit::Query(String::new(), format!("&{}", pick(random, QUERIES))),
        6 | 7 => {
            let (name, value) = pick(random, HEADERS);
            Edit::Add((*name).to_owned(), (*value).to_owned())
        }
        8 => {
            let pairs =
                [("-", "_"), ("x-oss-meta-a", "X-OSS-META-A"), ("md5", "type"), ("x-oss-", "x-amz-"), ("", "x")];
            let (from, to) = pick(random, &pairs);
            Edit::Name(at, (*from).to_owned(), (*to).to_owned())
        }
        9 => {
            let pairs = [
                ("1", "2"),
                ("", " "),
                ("", "\nx-oss-meta-b:2"),
                ("example.com", "EXAMPLE.com"),
                ("", ":80"),
                ("A", "B"),
            ];
            let (from, to) = pick(random, &pairs);
            Edit::Value(at, (*from).to_owned(), (*to).to_owned())
        }
        10 => pick(random, &[Edit::Remove(at), Edit::Repeat(at)]).clone(),
        11 => Edit::Swap(at, random.usize(..12)),
        12 => Edit::QueryIntoPath,
        _ => Edit::PathIntoQuery,
    }
}
