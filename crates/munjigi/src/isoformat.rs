//! A moment as Python's `datetime.isoformat()` writes it in UTC: six digits of a second, or none.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// With the offset, as Python itself writes it: `2026-11-21T01:02:03+00:00`.
pub(crate) fn isoformat(moment: Timestamp) -> String {
    naive(moment) + "+00:00"
}

/// With a `Z`, as DRF's `DateTimeField` and Django's serializers write it: `2026-11-21T01:02:03Z`.
pub(crate) fn isoformat_z(moment: Timestamp) -> String {
    naive(moment) + "Z"
}

fn naive(moment: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(moment);
    let format = if at.subsec_nanosecond() < 1_000 {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S.%6f"
    };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_python_writes_it() {
        for (moment, written) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00"),
            ("2026-11-21T01:02:03.0004Z", "2026-11-21T01:02:03.000400"),
            ("0999-11-21T01:02:03.999999Z", "0999-11-21T01:02:03.999999"),
            ("0001-01-01T00:00:00.000000999Z", "0001-01-01T00:00:00"),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(isoformat(moment), format!("{written}+00:00"));
            assert_eq!(isoformat_z(moment), format!("{written}Z"));
        }
    }
}
