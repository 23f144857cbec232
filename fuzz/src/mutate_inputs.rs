//! How the inputs of the other targets are changed.

use fastrand::Rng;

use crate::inputs::{Answer, Canonical, Change, Dated, Derived, Document, Sealed, Upload};
use crate::mutate::{Mutate, pick, text};
use crate::pieces::{HEADERS, IDS, METHODS, PATHS, QUERIES};
use crate::wire::Wire;
use crate::world::NOW;

const HOUR: i64 = 3_600_000;

/// Pieces of ids, seals and dates.
const PIECES: &[&str] = &[
    ".", "-", ";", ",", "0", "1", "9", "+", "=", "A", "_", "s1", "s1b", "1;1;", "f", "fs", "é", "\0", " ", "e0", "e1",
    "slogs", "OE1.", "2026", "1970", "T", "Z", ":", "GMT", "24", "31", "Feb", "Nov", "Tue, ", "00", "60",
];

/// Texts of dates, right and nearly so.
const DATES: &[&str] = &[
    "Tue, 24 Nov 2026 01:52:57 GMT",
    "Wed, 4 Nov 2026 01:52:57 GMT",
    "20261124T015257Z",
    "Thu, 29 Feb 2024 23:59:59 GMT",
    "Sat, 29 Feb 2100 00:00:00 GMT",
    "00010101T000000Z",
    "99991231T235959Z",
    "20260229T000000Z",
];

fn changes(changes: &mut Vec<Change>, random: &mut Rng) {
    match random.u8(..4) {
        0 => changes.clear(),
        _ if changes.len() > 3 => changes.clear(),
        _ => {
            let from = if random.bool() { *pick(random, PIECES) } else { "" };
            changes.push((random.usize(..64), from.to_owned(), (*pick(random, PIECES)).to_owned()));
        }
    }
}

fn begin(wire: &mut Wire, random: &mut Rng) {
    wire.method = (*pick(random, &METHODS[..5])).to_owned();
    wire.path = "/dir/a.log".to_owned();
    let names = ["content-md5", "content-type", "x-amz-meta-a", "cache-control", "via", "user-agent"];
    wire.headers = names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
}

fn mutate_wire(wire: &mut Wire, random: &mut Rng) {
    match random.u8(..6) {
        0 => begin(wire, random),
        1 => text(&mut wire.path, PATHS, random),
        2 => text(&mut wire.query, QUERIES, random),
        3 => {
            let (name, value) = pick(random, HEADERS);
            wire.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        4 if !wire.headers.is_empty() => drop(wire.headers.remove(random.usize(..wire.headers.len()))),
        _ if !wire.headers.is_empty() => {
            let at = random.usize(..wire.headers.len());
            let pieces = ["1", " ", "\t", "é", "a,b", "AES256", "\"etag\"", "x"];
            text(&mut wire.headers[at].1, &pieces, random);
        }
        _ => begin(wire, random),
    }
}

impl Mutate for Upload {
    fn mutate(&mut self, random: &mut Rng) {
        if self.s3_id.is_empty() {
            *self = Upload {
                s3_bucket: "fleet-uploads-prod".to_owned(),
                key: "dir/a.log".to_owned(),
                s3_id: "Upload-1_a.b".to_owned(),
                options: "-".to_owned(),
                begun: NOW,
                ..Upload::default()
            };
        }
        match random.u8(..9) {
            0 => text(&mut self.s3_bucket, PIECES, random),
            1 => text(&mut self.key, PATHS, random),
            2 => text(&mut self.s3_id, PIECES, random),
            3 => self.options = (*pick(random, &["-", "f", "s", "fa", "fsk", "k", "x", "", "af", "ff"])).to_owned(),
            4 => self.later = *pick(random, &[0, 168 * HOUR, 169 * HOUR, -HOUR, -2 * HOUR, i64::MAX, i64::MIN]),
            5 => self.begun = *pick(random, &[NOW, 0, -1, 1, i64::MAX / 2]),
            6 => {
                let others = [None, Some("fleet-uploads-pro"), Some("d"), Some("fleet-logs-prod"), Some("")];
                self.presented_bucket = pick(random, &others).map(str::to_owned);
            }
            7 => {
                let others = [None, Some("dir/a.lo"), Some("ddir/a.log"), Some("dir/a.log "), Some("")];
                self.presented_key = pick(random, &others).map(str::to_owned);
            }
            _ => changes(&mut self.changes, random),
        }
    }
}

impl Mutate for Sealed {
    fn mutate(&mut self, random: &mut Rng) {
        if self.wire.path.is_empty() {
            begin(&mut self.wire, random);
            self.request_id = "cf-request".to_owned();
            self.origin = "fleet-uploads-prod.s3.us-east-1.amazonaws.com".to_owned();
            self.sealed = 0b1111;
        }
        match random.u8(..14) {
            0 | 1 => mutate_wire(&mut self.wire, random),
            2 => text(&mut self.origin, PIECES, random),
            3 => self.sealed = random.u16(..),
            4 => self.later = *pick(random, &[0, 60_000, 60_999, 61_000, -60_000, -61_000, i64::MAX, i64::MIN]),
            5 => changes(&mut self.seal_changes, random),
            6 => changes(&mut self.path_changes, random),
            7 => changes(&mut self.query_changes, random),
            8 => changes(&mut self.value_changes, random),
            9 => {
                let (name, value) = pick(random, HEADERS);
                self.added.push(((*name).to_owned(), (*value).to_owned()));
            }
            10 => self.added.clear(),
            11 => self.removed = (0..random.usize(..2)).map(|_| random.usize(..8)).collect(),
            12 => self.another_id = pick(random, &[None, Some("cf-reques"), Some("")]).map(str::to_owned),
            _ => self.another_method = pick(random, &[None, Some("PUT"), Some("DELETE")]).map(str::to_owned),
        }
    }
}

impl Mutate for Dated {
    fn mutate(&mut self, random: &mut Rng) {
        match random.u8(..4) {
            0 => self.text = (*pick(random, DATES)).to_owned(),
            1 => {
                let any = random.i64(..);
                self.now = *pick(random, &[0, NOW, i64::MAX, i64::MIN, 253_402_300_799_999, any]);
            }
            2 if !self.text.is_empty() => {
                // Another digit or a sign in the place of one.
                let digits: Vec<usize> =
                    self.text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
                if let Some(at) = digits.get(random.usize(..digits.len().max(1))) {
                    let others = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "-"];
                    let other = *pick(random, &others);
                    self.text.replace_range(*at..at + 1, other);
                }
            }
            _ => text(&mut self.text, PIECES, random),
        }
    }
}

impl Mutate for Derived {
    fn mutate(&mut self, random: &mut Rng) {
        if self.master_secret.is_empty() {
            self.master_secret = crate::world::MASTER_SECRET.to_owned();
            self.id = (*pick(random, &IDS[9..])).to_owned();
        }
        match random.u8(..6) {
            0 => text(&mut self.master_secret, PIECES, random),
            1 => self.id = (*pick(random, &IDS[9..])).to_owned(),
            _ => text(&mut self.id, PIECES, random),
        }
    }
}

impl Mutate for Canonical {
    fn mutate(&mut self, random: &mut Rng) {
        let (bucket, key, wire) = if random.bool() { &mut self.one } else { &mut self.other };
        if bucket.is_empty() {
            *bucket = "fleet-uploads".to_owned();
            *key = "dir/a.log".to_owned();
            begin(wire, random);
        }
        match random.u8(..8) {
            0 | 1 => text(key, PATHS, random),
            2 => *bucket = (*pick(random, &["fleet-uploads", "fleet-logs", "abc"])).to_owned(),
            3 => {
                self.additional =
                    (*pick(random, &["", "host", "host;user-agent", "Host; via", "content-type"])).to_owned()
            }
            4 => self.other = self.one.clone(),
            5 => text(&mut wire.query, QUERIES, random),
            _ => mutate_wire(wire, random),
        }
    }
}

impl Mutate for Document {
    fn mutate(&mut self, random: &mut Rng) {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "null",
            "1e999",
            "-0",
            "\\u0000",
            "\\ud800",
            "\"hosts\"",
            "\"secrets\"",
            "\"accessKeys\"",
            "{\"",
            "s3cr3t",
            "\"\"",
            "0.5",
            "18446744073709551616",
        ];
        match random.u8(..6) {
            0 => self.kind = random.usize(..3),
            1 | 2 => {
                (self.at, self.fault) = (random.usize(..200), random.usize(..4));
                self.text.clear();
            }
            3 => self.text = crate::document::valid(self.kind).to_string(),
            _ if self.text.is_empty() => self.text = crate::document::faulty(self.kind, self.at, self.fault).0,
            _ => text(&mut self.text, &pieces, random),
        }
    }
}

impl Mutate for Answer {
    fn mutate(&mut self, random: &mut Rng) {
        if self.request_id.is_empty() {
            begin(&mut self.wire, random);
            self.request_id = "cf-request".to_owned();
            self.responder = "s3".to_owned();
            self.status = 200;
        }
        let names =
            ["x-amz-request-id", "server", "etag", "x-amzn-trace-id", "x-oss-request-id", "x-ossedge-object-bytes"];
        match random.u8(..8) {
            0 => {
                self.status =
                    *pick(random, &[200, 204, 301, 304, 400, 403, 404, 409, 411, 412, 413, 429, 500, 501, 503, 504])
            }
            1 => self.status = random.u16(..),
            2 => self.responder = (*pick(random, &["s3", "api", "s4"])).to_owned(),
            3 => self.content_md5 = random.bool(),
            4 => self.wire.headers.push(((*pick(random, &names)).to_owned(), "1".to_owned())),
            5 => self.now = *pick(random, &[0, NOW, i64::MIN, i64::MAX]),
            6 => text(&mut self.request_id, PIECES, random),
            _ => mutate_wire(&mut self.wire, random),
        }
    }
}
