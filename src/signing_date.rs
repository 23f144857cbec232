//! The two date formats that OSS clients sign with, and the times of answers.

use crate::decimal::{number, push_padded};
use crate::header_name::HeaderName;
use crate::parts::parts;
use crate::refusal::{DateFault, Refusal};
use crate::request_view::{RequestView, trimmed};
use crate::texts::push;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

/// The latest time that is rendered: 9999-12-31T23:59:59.999Z.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// Names of three letters, one after the other.
const WEEKDAYS: &str = "SunMonTueWedThuFriSat";
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// The literal date that is signed in a header, and its time: `x-oss-date` before `Date` (OSS, "Add a
/// signature to the header", row "Date").
///
/// # Errors
/// [`Refusal::InvalidDate`], [`Refusal::RepeatedHeader`] or [`Refusal::MalformedHeader`].
pub(crate) fn of_request<'r>(request: &RequestView<'r>) -> Result<(&'r str, UnixMillis), Refusal> {
    let date = request.unique(HeaderName::Date)?;
    let oss_date = request.unique(HeaderName::OssDate)?.map(trimmed);
    let text = oss_date.or(date).ok_or(Refusal::InvalidDate(DateFault::Missing))?;
    let time = UnixMillis::parse_signing_date(text).ok_or(Refusal::InvalidDate(DateFault::Malformed))?;
    Ok((text, time))
}

impl UnixMillis {
    /// Reads a number of seconds, at most 12 digits.
    pub(crate) fn parse_seconds(text: &str) -> Option<Self> {
        let seconds = if (1..=12).contains(&text.len()) { number(text.as_bytes())? } else { return None };
        Some(UnixMillis(seconds * 1000))
    }

    /// Reads RFC 1123 (`Tue, 24 Nov 2026 01:52:57 GMT`) or ISO 8601 basic (`20261124T015257Z`).
    ///
    /// Either may stand in either header: ali-oss sends RFC 1123 in `x-oss-date`, the Android SDK
    /// ISO 8601 in `Date`. The weekday must be one, not the right one: some firmware gets it wrong,
    /// and the time is what counts. `None` for anything else.
    pub(crate) fn parse_signing_date(text: &str) -> Option<Self> {
        parse_rfc1123(text).or_else(|| parse_iso8601_basic(text))
    }

    /// Reads `2026-11-24T01:52:57Z`: RFC 3339 in UTC and without a fraction.
    pub(crate) fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = three(date.split('-'))?;
        let [hour, minute, second] = three(time.split(':'))?;
        let year = digits(year, 4)?;
        let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(|part| digits(part, 2));
        millis(year, month?, day?, hour?, minute?, second?)
    }

    /// `2026-11-24T01:52:57.000Z`, always with milliseconds: the C++ and Swift SDKs read no other
    /// form of `ServerTime`.
    pub(crate) fn to_iso8601(self) -> String {
        self.written("%Y-%m-%dT%H:%M:%S.%fZ")
    }

    /// The day as ISO 8601 basic has it: `20261124`.
    pub(crate) fn to_basic_day(self) -> String {
        self.written("%Y%m%d")
    }

    /// `Tue, 24 Nov 2026 01:52:57 GMT` (RFC 9110 section 5.6.7).
    pub(crate) fn to_rfc1123(self) -> String {
        self.written("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// As `form` says in the letters of `strftime`; `%f` has three digits.
    #[inline(never)]
    fn written(self, form: &str) -> String {
        let (date, time) = self.civil();
        let mut text = String::with_capacity(29);
        for part in parts(form, b'%').skip(1) {
            let (letter, then) = part.split_at_checked(1).unwrap_or_default();
            let (names, number, width) = match letter {
                "a" => (WEEKDAYS, (date.days_since_epoch + 4) % 7, 0),
                "b" => (MONTHS, date.month - 1, 0),
                "Y" => ("", date.year, 4),
                "m" => ("", date.month, 2),
                "d" => ("", date.day, 2),
                "H" => ("", time.hour, 2),
                "M" => ("", time.minute, 2),
                "S" => ("", time.second, 2),
                _ => ("", time.millis, 3),
            };
            if names.is_empty() {
                push_padded(number.unsigned_abs(), width, &mut text);
            } else {
                push(&[name(names, number)], &mut text);
            }
            push(&[then], &mut text);
        }
        text
    }

    fn civil(self) -> (Civil, TimeOfDay) {
        let millis = self.0.clamp(0, MAX_MILLIS);
        let seconds = millis / 1000;
        let of_day = seconds % 86_400;
        let time =
            TimeOfDay { hour: of_day / 3600, minute: of_day / 60 % 60, second: of_day % 60, millis: millis % 1000 };
        (Civil::from_days(seconds / 86_400), time)
    }
}

/// The name of so many letters as each has at a place in a list of them.
fn name(names: &'static str, place: i64) -> &'static str {
    let begin = usize::try_from(place * 3).unwrap_or_default();
    names.get(begin..begin + 3).unwrap_or_default()
}

/// The place of a name in a list.
#[inline(never)]
fn place(names: &str, name: &[u8]) -> Option<i64> {
    names.as_bytes().chunks_exact(3).zip(0..).find(|(known, _)| *known == name).map(|(_, place)| place)
}

struct Civil {
    days_since_epoch: i64,
    year: i64,
    month: i64,
    day: i64,
}

struct TimeOfDay {
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
}

impl Civil {
    /// The proleptic Gregorian date of a day, counted from March so that leap days come last.
    fn from_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Civil {
            days_since_epoch: days,
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    fn to_days(year: i64, month: i64, day: i64) -> i64 {
        let year_from_march = year - i64::from(month <= 2);
        let era = year_from_march.div_euclid(400);
        let year_of_era = year_from_march.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }
}

fn parse_rfc1123(text: &str) -> Option<UnixMillis> {
    let (weekday, rest) = text.as_bytes().split_first_chunk::<3>()?;
    place(WEEKDAYS, weekday)?;
    let (day, rest) = rest.split_last_chunk::<22>()?;
    let day = match day {
        // Java v2 writes no zero before the day (DateTimeFormatter.RFC_1123_DATE_TIME).
        [b',', b' ', day @ ..] if day.len() == 1 || day.len() == 2 => number(day)?,
        _ => return None,
    };
    // ` Nov 2026 01:52:57 GMT`
    let [b' ', month @ .., b' ', _, _, _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', b'G', b'M', b'T'] = rest else {
        return None;
    };
    let number = |begin: usize, end: usize| number(rest.get(begin..end)?);
    millis(number(5, 9)?, place(MONTHS, month)? + 1, day, number(10, 12)?, number(13, 15)?, number(16, 18)?)
}

fn parse_iso8601_basic(text: &str) -> Option<UnixMillis> {
    let (date, rest) = text.as_bytes().split_first_chunk::<8>()?;
    let [b'T', time @ .., b'Z'] = rest else { return None };
    let time: &[u8; 6] = time.try_into().ok()?;
    let (date, time) = (number(date)?, number(time)?);
    millis(date / 10_000, date / 100 % 100, date % 100, time / 10_000, time / 100 % 100, time % 100)
}

/// The parts of a text that has three.
fn three<'t>(mut parts: impl Iterator<Item = &'t str>) -> Option<[&'t str; 3]> {
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// Exactly `count` decimal digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    if text.len() == count { number(text.as_bytes()) } else { None }
}

fn millis(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<UnixMillis> {
    let days_in_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = year >= 1 && (1..=12).contains(&month) && (1..=days_in_month).contains(&day);
    let seconds = Civil::to_days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    (exists && hour < 24 && minute < 60 && second < 60).then_some(UnixMillis(seconds * 1000))
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
    fn reads_what_a_document_writes_and_no_other_form() {
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
            "Tue, 004 Nov 2026 01:52:57 GMT",
            "Tue,  4 Nov 2026 01:52:57 GMT",
            "Tue, 0 Nov 2026 01:52:57 GMT",
            "Tue, 24 nov 2026 01:52:57 GMT",
            "Xyz, 24 Nov 2026 01:52:57 GMT",
            "Tue, 31 Feb 2026 01:52:57 GMT",
            "Tue, 00 Nov 2026 01:52:57 GMT",
            "Tue, 24 Nov 2026 24:00:00 GMT",
            "Tue, 24 Nov 2026 01:60:00 GMT",
            "Tue, 24 Nov 2026 01:52:61 GMT",
            "Tuesday, 24-Nov-26 01:52:57 GMT",
            "Tue Nov 24 01:52:57 2026",
            "Tue, 24 Nov 12026 01:52:57 GMT",
            "2026-11-24T01:52:57Z",
            "20261124T015257",
            "20261324T015257Z",
            "20261124t015257z",
            "20261124T0152Z",
            "20261124T99999999999999999999Z",
            "20261124T18446744073709703673Z",
            "00000000T000000Z",
            "+2026112T015257Z",
            "20261124T015257ZZ",
        ] {
            assert_eq!(UnixMillis::parse_signing_date(text), None, "{text}");
        }
    }

    #[test]
    fn writes_milliseconds_and_weekdays() {
        let time = UnixMillis(1_795_485_177_045);
        assert_eq!(time.to_iso8601(), "2026-11-24T01:52:57.045Z");
        assert_eq!(time.to_rfc1123(), "Tue, 24 Nov 2026 01:52:57 GMT");
        assert_eq!(UnixMillis(0).to_rfc1123(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(UnixMillis(i64::MAX).to_iso8601(), "9999-12-31T23:59:59.999Z");
        assert_eq!(UnixMillis(i64::MIN).to_iso8601(), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_itself(seconds in 0..=MAX_MILLIS / 1000) {
            let time = UnixMillis(seconds * 1000);
            prop_assert_eq!(UnixMillis::parse_signing_date(&time.to_rfc1123()), Some(time));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = UnixMillis::parse_signing_date(&text);
        }
    }
}
