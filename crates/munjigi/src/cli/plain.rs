//! What is in the database, as a command prints it.

use jiff::Timestamp;

/// To the second; microseconds say nothing to people.
pub(super) fn moment(at: Option<Timestamp>) -> String {
    let second = at.and_then(|at| Timestamp::from_second(at.as_second()).ok());
    second.map_or_else(|| "never".to_owned(), |second| second.to_string())
}

/// Without what would move a terminal's cursor: clients and users chose these texts.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_client_wrote_moves_the_cursor() {
        assert_eq!(
            plain("a\tb\x1b[2J\r\n\u{9b}c"),
            "a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}c"
        );
    }

    #[test]
    fn a_moment_is_told_to_the_second() {
        assert_eq!(
            moment("2026-01-01T00:00:00.123456Z".parse().ok()),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(moment(None), "never");
    }
}
