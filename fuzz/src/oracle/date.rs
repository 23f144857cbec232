//! The two forms of dates that OSS's clients sign (RFC 1123 and ISO 8601 basic), in milliseconds since 1970.

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
const WEEKDAYS: [&str; 7] = ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"];

/// Reads either form.
pub fn parse(text: &str) -> Option<i64> {
    rfc1123(text).or_else(|| iso_basic(text))
}

fn rfc1123(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split(' ').collect();
    let [weekday, day, month, year, clock, "GMT"] = words[..] else { return None };
    let has_form = WEEKDAYS.contains(&weekday) && (day.len() == 1 || day.len() == 2) && month.len() == 3;
    let at = MONTHS.match_indices(month).map(|(at, _)| at).find(|at| at % 3 == 0)?;
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let (year, day) = (number(year, 4)?, number(day, day.len())?);
    let clock = [number(hour, 2)?, number(minute, 2)?, number(second, 2)?];
    if has_form { millis(year, i64::try_from(at).ok()? / 3 + 1, day, clock) } else { None }
}

fn iso_basic(text: &str) -> Option<i64> {
    let field = |from: usize, length: usize| number(text.get(from..from + length)?, length);
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    millis(field(0, 4)?, field(4, 2)?, field(6, 2)?, [field(9, 2)?, field(11, 2)?, field(13, 2)?])
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.chars().all(|character| character.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn millis(year: i64, month: i64, day: i64, [hour, minute, second]: [i64; 3]) -> Option<i64> {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if year < 1 || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let before: i64 = lengths.iter().take(usize::try_from(month - 1).ok()?).sum();
    let days = days_before(year) - days_before(1970) + before + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// Days of the Gregorian calendar before a year, from the year 1.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// Year, month, day, hour, minute, second and weekday (0 is Monday) of a time from the year 1 on, by
/// counting.
pub fn civil(millis: i64) -> [i64; 7] {
    let (days, seconds) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000) / 1000);
    let mut year = 1 + (days + days_before(1970)) / 366;
    while days_before(year + 1) - days_before(1970) <= days {
        year += 1;
    }
    let mut rest = days - (days_before(year) - days_before(1970));
    let mut month = 1;
    while month < 12 && self::millis(year, month, rest + 1, [0; 3]).is_none() {
        rest -= (28..=31).rev().find(|day| self::millis(year, month, *day, [0; 3]).is_some()).unwrap_or(31);
        month += 1;
    }
    // 1970-01-01 was a Thursday.
    [year, month, rest + 1, seconds / 3600, seconds / 60 % 60, seconds % 60, (days + 3).rem_euclid(7)]
}

/// Writes a time as RFC 1123 does.
pub fn to_rfc1123(time: i64) -> String {
    let [year, month, day, hour, minute, second, weekday] = civil(time);
    let weekday = WEEKDAYS[usize::try_from(weekday).unwrap_or(0)];
    let at = usize::try_from(month - 1).unwrap_or(0) * 3;
    format!("{weekday} {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT", &MONTHS[at..at + 3])
}

/// Writes a time as `20261124T015257Z`.
pub fn to_iso_basic(time: i64) -> String {
    let [year, month, day, hour, minute, second, _] = civil(time);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}
