//! Times, in the formats that OSS clients sign and that answers are written in.
//!
//! The formats have no sign, no fraction and no optional field, so their fields are read by position: the `time`
//! crate's parser also takes a sign before a year. The calendar is that crate's.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnixMillis(pub i64);

/// The latest time that can be written: 9999-12-31T23:59:59.999Z.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// The names of RFC 9110 section 5.6.7.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl UnixMillis {
    /// Reads seconds since the epoch: 1 to 12 digits.
    pub(crate) fn parse_seconds(text: &str) -> Option<Self> {
        let is_number = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds: i64 = text.parse().ok().filter(|_| is_number)?;
        Some(UnixMillis(seconds * 1000))
    }

    /// Reads RFC 1123 (`Tue, 24 Nov 2026 01:52:57 GMT`) or ISO 8601 basic (`20261124T015257Z`).
    ///
    /// Both formats occur in both headers: ali-oss sends RFC 1123 in `x-oss-date`, the Android SDK ISO 8601 in `Date`.
    /// Java v2 writes a day below 10 without a zero (`DateTimeFormatter.RFC_1123_DATE_TIME`). The weekday must be a
    /// weekday, but need not be the date's: some firmware gets it wrong.
    pub(crate) fn parse_signing_date(text: &str) -> Option<Self> {
        parse_rfc1123(text).or_else(|| parse_iso8601_basic(text))
    }

    /// Reads `2026-11-24T01:52:57Z`: RFC 3339 in UTC and without a fraction.
    #[cfg(feature = "documents")]
    pub(crate) fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.split('-');
        let (year, month, day) = (date.next()?, date.next()?, date.next()?);
        if date.next().is_some() {
            return None;
        }
        unix_millis(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, parse_time(time)?)
    }

    /// Writes `2026-11-24T01:52:57.000Z`, always with milliseconds: the C++ and Swift SDKs read no other form of
    /// `ServerTime`.
    pub(crate) fn to_iso8601(self) -> String {
        let (date, time) = self.date_and_time();
        let (year, month, day) = date.to_calendar_date();
        let (hour, minute, second, millisecond) = time.as_hms_milli();
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }

    /// The whole seconds from another time to this one, rounded toward zero.
    pub(crate) fn seconds_since(self, other: UnixMillis) -> i64 {
        self.0.saturating_sub(other.0) / 1000
    }

    /// The time without its milliseconds.
    pub(crate) fn to_whole_seconds(self) -> Self {
        UnixMillis(self.0.saturating_sub(self.0.rem_euclid(1000)))
    }

    /// Writes the day in ISO 8601 basic: `20261124`.
    pub(crate) fn to_basic_day(self) -> String {
        let (year, month, day) = self.date_and_time().0.to_calendar_date();
        format!("{year:04}{:02}{day:02}", u8::from(month))
    }

    /// Writes `Tue, 24 Nov 2026 01:52:57 GMT` (RFC 9110 section 5.6.7).
    pub(crate) fn to_rfc1123(self) -> String {
        let (date, time) = self.date_and_time();
        let (year, month, day) = date.to_calendar_date();
        let (hour, minute, second) = time.as_hms();
        let weekday = WEEKDAYS.get(usize::from(date.weekday().number_days_from_monday())).unwrap_or(&"");
        let month = MONTHS.get(usize::from(u8::from(month)) - 1).unwrap_or(&"");
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// The date and time in UTC, clamped to the years 1970 to 9999.
    fn date_and_time(self) -> (Date, Time) {
        let millis = self.0.clamp(0, MAX_MILLIS);
        let seconds = OffsetDateTime::from_unix_timestamp(millis / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let time = seconds + Duration::milliseconds(millis % 1000);
        (time.date(), time.time())
    }
}

fn parse_rfc1123(text: &str) -> Option<UnixMillis> {
    let mut fields = text.split(' ');
    let mut next = || fields.next();
    let (weekday, day, month, year, time, zone) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let is_weekday = weekday.strip_suffix(',').is_some_and(|name| WEEKDAYS.contains(&name));
    if !is_weekday || zone != "GMT" || next().is_some() {
        return None;
    }
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let day = digits(day, day.len().clamp(1, 2))?;
    unix_millis(digits(year, 4)?, month, day, parse_time(time)?)
}

fn parse_iso8601_basic(text: &str) -> Option<UnixMillis> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (year, month_and_day) = date.split_at_checked(4)?;
    let (month, day) = month_and_day.split_at_checked(2)?;
    let (hour, minute_and_second) = time.split_at_checked(2)?;
    let (minute, second) = minute_and_second.split_at_checked(2)?;
    let time = Time::from_hms(digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?).ok()?;
    unix_millis(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, time)
}

/// Reads `01:52:57`.
fn parse_time(text: &str) -> Option<Time> {
    let mut fields = text.split(':');
    let (hour, minute, second) = (fields.next()?, fields.next()?, fields.next()?);
    let time = Time::from_hms(digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?).ok()?;
    fields.next().is_none().then_some(time)
}

/// Reads a number of exactly `count` digits.
fn digits<N: FromStr>(text: &str, count: usize) -> Option<N> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The time of a date; `None` for a day that the month doesn't have, and for the year 0.
fn unix_millis(year: i32, month: u8, day: u8, time: Time) -> Option<UnixMillis> {
    let month = Month::try_from(month).ok()?;
    let date = Date::from_calendar_date(year, month, day).ok().filter(|_| year >= 1)?;
    Some(UnixMillis(date.with_time(time).assume_utc().unix_timestamp() * 1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_both_formats_as_the_same_time() {
        let expected = Some(UnixMillis(1_795_485_177_000));
        assert_eq!(UnixMillis::parse_signing_date("Tue, 24 Nov 2026 01:52:57 GMT"), expected);
        assert_eq!(UnixMillis::parse_signing_date("20261124T015257Z"), expected);
        let of_java_v2 = UnixMillis::parse_signing_date("Wed, 4 Nov 2026 01:52:57 GMT");
        assert_eq!(of_java_v2, UnixMillis::parse_signing_date("Wed, 04 Nov 2026 01:52:57 GMT"));
        assert_eq!(of_java_v2, Some(UnixMillis(1_793_757_177_000)));
    }

    #[test]
    fn takes_a_wrong_weekday() {
        let right = UnixMillis::parse_signing_date("Tue, 24 Nov 2026 01:52:57 GMT");
        assert_eq!(UnixMillis::parse_signing_date("Mon, 24 Nov 2026 01:52:57 GMT"), right);
    }

    #[test]
    fn reads_the_times_of_documents_in_one_form() {
        assert_eq!(UnixMillis::parse_rfc3339("2026-11-24T01:52:57Z"), Some(UnixMillis(1_795_485_177_000)));
        for text in [
            "",
            "2026-11-24T01:52:57",
            "2026-11-24T01:52:57z",
            "2026-11-24 01:52:57Z",
            "2026-11-24T01:52:57.000Z",
            "2026-11-24T01:52:57+00:00",
            "2026-11-24T01:52Z",
            "2026-11-24T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-1-24T01:52:57Z",
            "20261124T015257Z",
            "2026-11-24-01T01:52:57Z",
            "+2026-11-24T01:52:57Z",
            "-2026-11-24T01:52:57Z",
        ] {
            assert_eq!(UnixMillis::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "",
            " ",
            "now",
            "0",
            "1795485177",
            "Tue, 24 Nov 2026 01:52:57",
            "Tue, 24 Nov 2026 01:52:57 +0000",
            "Tue, 24 Nov 2026 01:52:57 UTC",
            "Tue, 24 Nov 2026 01:52:57 GMT ",
            " Tue, 24 Nov 2026 01:52:57 GMT",
            "Tue, 004 Nov 2026 01:52:57 GMT",
            "Tue,  4 Nov 2026 01:52:57 GMT",
            "Tue, 0 Nov 2026 01:52:57 GMT",
            "Tue, 24 nov 2026 01:52:57 GMT",
            "tue, 24 Nov 2026 01:52:57 GMT",
            "Xyz, 24 Nov 2026 01:52:57 GMT",
            "Tue, 31 Feb 2026 01:52:57 GMT",
            "Tue, 00 Nov 2026 01:52:57 GMT",
            "Tue, 24 Nov 2026 24:00:00 GMT",
            "Tue, 24 Nov 2026 01:60:00 GMT",
            "Tue, 24 Nov 2026 01:52:60 GMT",
            "Tue, 24 Nov 2026 01:52:61 GMT",
            "Tue, 24 Nov 2026 1:52:57 GMT",
            "Tuesday, 24-Nov-26 01:52:57 GMT",
            "Tue Nov 24 01:52:57 2026",
            "Tue, 24 Nov 12026 01:52:57 GMT",
            "Tue, 24 Nov +2026 01:52:57 GMT",
            "Tue, 24 Nov -2026 01:52:57 GMT",
            "Tue, 24 Nov 0000 01:52:57 GMT",
            "2026-11-24T01:52:57Z",
            "20261124T015257",
            "20261324T015257Z",
            "20261124t015257z",
            "20261124T0152Z",
            "20261124T99999999999999999999Z",
            "20261124T18446744073709703673Z",
            "00000000T000000Z",
            "00000101T000000Z",
            "+2026112T015257Z",
            "+20261124T015257Z",
            "-20261124T015257Z",
            "20261124T015257ZZ",
        ] {
            assert_eq!(UnixMillis::parse_signing_date(text), None, "{text}");
        }
    }

    #[test]
    fn reads_up_to_twelve_digits_of_seconds() {
        assert_eq!(UnixMillis::parse_seconds("999999999999"), Some(UnixMillis(999_999_999_999_000)));
        for text in ["", "+1", "-1", " 1", "1.0", "1e3", "1234567890123", "\u{661}"] {
            assert_eq!(UnixMillis::parse_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn writes_milliseconds_and_weekdays() {
        let time = UnixMillis(1_795_485_177_045);
        assert_eq!(time.to_iso8601(), "2026-11-24T01:52:57.045Z");
        assert_eq!(time.to_rfc1123(), "Tue, 24 Nov 2026 01:52:57 GMT");
        assert_eq!(time.to_basic_day(), "20261124");
        assert_eq!(UnixMillis(0).to_rfc1123(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(UnixMillis(i64::MAX).to_iso8601(), "9999-12-31T23:59:59.999Z");
        assert_eq!(UnixMillis(i64::MIN).to_iso8601(), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(seconds in 0..=MAX_MILLIS / 1000) {
            let time = UnixMillis(seconds * 1000);
            prop_assert_eq!(UnixMillis::parse_signing_date(&time.to_rfc1123()), Some(time));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = UnixMillis::parse_signing_date(&text);
        }
    }
}
