//! Durations on the command line.

use std::time::Duration;

/// The longest that makes sense. It keeps a moment and a duration added within what a clock holds.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The oldest that something may be. No dates of today are older.
const OLDEST: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// A text that is no duration we take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    #[error("expected a duration, as in `90s`, `5m` or `1h 30m`")]
    NoDuration,
    #[error("expected at least {}", humantime::format_duration(*.0))]
    TooShort(Duration),
    #[error("expected at most {}", humantime::format_duration(*.0))]
    TooLong(Duration),
}

/// Reads a duration, as in `90s` or `1h 30m`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, DurationError> {
    at_most(LONGEST, text)
}

/// Reads how old something may be, as in `90d`.
pub(crate) fn age(text: &str) -> Result<Duration, DurationError> {
    at_most(OLDEST, text)
}

fn at_most(longest: Duration, text: &str) -> Result<Duration, DurationError> {
    let duration = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).map_err(|_| DurationError::NoDuration)?,
    };
    if duration > longest {
        return Err(DurationError::TooLong(longest));
    }
    Ok(duration)
}

/// Reads a duration in which something is to happen: there must be time for it.
pub(crate) fn time_limit(text: &str) -> Result<Duration, DurationError> {
    at_least(Duration::from_millis(1), text)
}

/// Reads the time from the start of one export to the start of the next.
pub(crate) fn interval(text: &str) -> Result<Duration, DurationError> {
    at_least(Duration::from_secs(1), text)
}

fn at_least(shortest: Duration, text: &str) -> Result<Duration, DurationError> {
    let duration = duration(text)?;
    if duration < shortest {
        return Err(DurationError::TooShort(shortest));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(duration("60"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(age("1095d"), Ok(Duration::from_secs(1095 * 24 * 60 * 60)));
    }

    #[test]
    fn what_is_refused_is_told_what_is_taken() {
        let refused = |result: Result<Duration, DurationError>| result.unwrap_err().to_string();
        insta::assert_snapshot!(refused(duration("soon")), @"expected a duration, as in `90s`, `5m` or `1h 30m`");
        insta::assert_snapshot!(refused(duration("-1")), @"expected a duration, as in `90s`, `5m` or `1h 30m`");
        insta::assert_snapshot!(refused(duration("99999999999999999999y")), @"expected a duration, as in `90s`, `5m` or `1h 30m`");
        insta::assert_snapshot!(refused(duration("100y")), @"expected at most 1year 18h");
        insta::assert_snapshot!(refused(interval("500ms")), @"expected at least 1s");
        insta::assert_snapshot!(refused(time_limit("0")), @"expected at least 1ms");
    }
}
