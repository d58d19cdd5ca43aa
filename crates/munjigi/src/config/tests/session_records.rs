//! How long a sign-in lasts, and the sentence for ages that contradict each other.

use super::{refusal, serve};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

#[test]
fn a_sign_in_lasts_ninety_days_and_a_day_for_who_is_not_remembered() {
    let records = serve("").unwrap().session_records;
    assert_eq!(records.lifetime(true), Some(90 * DAY));
    assert_eq!(records.lifetime(false), Some(DAY));
    assert_eq!(records.idle_age, None);
    assert_eq!(records.sweep, Some(Duration::from_hours(1)));

    let short = serve("SESSION_ABSOLUTE_AGE = \"12h\"").unwrap().session_records;
    assert_eq!(short.lifetime(false), Some(DAY / 2));
    let endless =
        serve("SESSION_ABSOLUTE_AGE = 0\nSESSION_UNREMEMBERED_AGE = 0\nSWEEP_SESSION_RECORDS = \"\"");
    let endless = endless.unwrap().session_records;
    assert_eq!((endless.lifetime(true), endless.lifetime(false)), (None, None));
    assert_eq!(endless.sweep, None);
}

#[test]
fn ages_that_contradict_each_other_are_refused() {
    for (file, sentence) in [
        (
            "SESSION_ABSOLUTE_AGE = \"1h\"\nSESSION_UNREMEMBERED_AGE = \"2h\"",
            "SESSION_UNREMEMBERED_AGE is longer than SESSION_ABSOLUTE_AGE",
        ),
        (
            "SESSION_ABSOLUTE_AGE = \"1h\"\nSESSION_IDLE_AGE = \"2h\"",
            "SESSION_IDLE_AGE is longer than SESSION_ABSOLUTE_AGE",
        ),
        (
            "SESSION_IDLE_AGE = \"59s\"",
            "SESSION_IDLE_AGE is shorter than a minute",
        ),
        (
            "SESSION_IDLE_AGE = \"4m\"",
            "SESSION_IDLE_AGE is shorter than SIMPLE_JWT.ACCESS_TOKEN_LIFETIME",
        ),
    ] {
        let (code, message) = refusal(serve(file));
        assert_eq!(code, "contradiction");
        assert!(message.starts_with(sentence), "{message}");
    }
    assert!(serve("SESSION_IDLE_AGE = \"5m\"").is_ok());
}

#[test]
fn what_is_to_live_longer_than_any_sign_in_is_told() {
    let config = serve("SESSION_ABSOLUTE_AGE = \"5d\"").unwrap();
    let told: Vec<_> = config
        .warnings
        .iter()
        .filter(|finding| finding.id == "munjigi.W045")
        .map(|finding| finding.message.split_once(' ').unwrap().0)
        .collect();
    assert_eq!(told, ["SIMPLE_JWT.REFRESH_TOKEN_LIFETIME", "SESSION_COOKIE_AGE"]);
}
