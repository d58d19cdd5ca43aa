//! Django's text for a moment on SQLite: `db/backends/sqlite3/operations.py` of Django 5.2 writes
//! `str(datetime)` in UTC without an offset, which has six digits after the second or none.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `2026-11-21 01:02:03`, or `2026-11-21 01:02:03.000400`. What is finer than a microsecond is cut off, as
/// Python and PostgreSQL do not know it.
pub(crate) fn to_text(moment: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(moment);
    let (date, time) = (at.date(), at.time());
    let seconds = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    match time.subsec_nanosecond() / 1_000 {
        0 => seconds,
        micros => format!("{seconds}.{micros:06}"),
    }
}

/// Reads what [`to_text`] writes, what `datetime('now')` of SQLite writes, and one to six digits after the
/// second, as Django's `parse_datetime` does. An offset is not read: Django never writes one.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix([' ', 'T'])?;
    let (second, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(second, ':', [2, 2, 2])?;
    let nanos = match fraction {
        "" if time.ends_with('.') => return None,
        "" => 0,
        digits if digits.len() <= 6 => number(digits)? * 10_i32.pow(9 - u32::try_from(digits.len()).ok()?),
        _ => return None,
    };
    let small = |n: i32| i8::try_from(n).ok();
    let at = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        nanos,
    );
    TimeZone::UTC.to_timestamp(at.ok()?).ok()
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i32; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (place, width) in found.iter_mut().zip(widths) {
        *place = number(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(found)
}

fn number(digits: &str) -> Option<i32> {
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds and nanoseconds since 1970, and the text in `django_session.expire_date`.
    const BOTH_WAYS: [(i64, i32, &str); 6] = [
        (1_795_222_923, 0, "2026-11-21 01:02:03"),
        (1_795_222_923, 400_000, "2026-11-21 01:02:03.000400"),
        (1_795_222_923, 123_456_000, "2026-11-21 01:02:03.123456"),
        (0, 0, "1970-01-01 00:00:00"),
        (-1, 999_999_000, "1969-12-31 23:59:59.999999"),
        (253_402_207_200, 0, "9999-12-30 22:00:00"),
    ];

    #[test]
    fn a_moment_is_written_and_read_as_django_does() {
        for (seconds, nanos, text) in BOTH_WAYS {
            let moment =
                Timestamp::from_second(seconds).unwrap() + jiff::SignedDuration::from_nanos(nanos.into());
            assert_eq!(to_text(moment), text);
            assert_eq!(from_text(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_off() {
        let moment = Timestamp::new(1_795_222_923, 999).unwrap();
        assert_eq!(to_text(moment), "2026-11-21 01:02:03");
        let moment = Timestamp::new(1_795_222_923, 1_999).unwrap();
        assert_eq!(to_text(moment), "2026-11-21 01:02:03.000001");
    }

    #[test]
    fn fewer_digits_and_a_t_are_read() {
        let half = Timestamp::new(1_795_222_923, 500_000_000).unwrap();
        for text in [
            "2026-11-21 01:02:03.5",
            "2026-11-21T01:02:03.50",
            "2026-11-21 01:02:03.500000",
        ] {
            assert_eq!(from_text(text), Some(half), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21 01:02",
            "2026-11-21 01:02:03.",
            "2026-11-21 01:02:03.1234567",
            "2026-11-21 01:02:03+00:00",
            "2026-11-21 01:02:03Z",
            "2026-11-21  1:02:03",
            "2026-13-21 01:02:03",
            "2026-02-30 01:02:03",
            "2026-11-21 24:00:00",
            "+026-11-21 01:02:03",
            "１026-11-21 01:02:03",
            "1795222923",
        ] {
            assert_eq!(from_text(text), None, "{text:?}");
        }
    }
}
