//! Header lines and times as the data files write them.

use oss_edge::UnixMillis;
use serde_json::Value;

/// The `[name, value]` pairs of an array.
pub(crate) fn pairs(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    value.as_array().unwrap().iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
}

/// Milliseconds of `2026-11-24T01:52:57Z`, or of the same with a fraction of three digits.
pub(crate) fn millis(iso8601: &str) -> UnixMillis {
    let part = |range: std::ops::Range<usize>| -> i64 { iso8601[range].parse().unwrap() };
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let of_month = |month: i64| match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let years: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let days = years + (1..month).map(of_month).sum::<i64>() + day - 1;
    let seconds = days * 86_400 + part(11..13) * 3600 + part(14..16) * 60 + part(17..19);
    UnixMillis(seconds * 1000 + if iso8601.len() == 24 { part(20..23) } else { 0 })
}
