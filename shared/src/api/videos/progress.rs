//! How far a video seems to be: vendors hardly say.

use jiff::SignedDuration;

use crate::task::Status;

/// A whole number from 0 to 100 that never falls, because it depends on nothing but the status
/// and the age: half of the way after the usual time, and never all of it before the end.
pub(super) fn percent(status: Status, age: SignedDuration, usual: SignedDuration) -> u8 {
    match status {
        Status::Queued => 0,
        Status::Succeeded => 100,
        Status::Processing | Status::Failed => {
            let times = (age.as_secs_f64() / usual.as_secs_f64()).clamp(0.0, 60.0);
            let way = 98.0 * (1.0 - (-times).exp2());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between 0 and 98"
            )]
            let way = way as u8;
            1 + way
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: SignedDuration = SignedDuration::from_secs(60);

    #[test]
    fn progress_never_falls_and_arrives_only_at_the_end() {
        let mut last = percent(Status::Queued, SignedDuration::ZERO, USUAL);
        assert_eq!(last, 0);
        for second in 0..100_000 {
            let now = percent(Status::Processing, SignedDuration::from_secs(second), USUAL);
            assert!(last <= now && now < 100, "{second} s: {last} then {now}");
            last = now;
        }
        assert_eq!(percent(Status::Succeeded, SignedDuration::ZERO, USUAL), 100);
    }

    #[test]
    fn half_of_the_way_takes_the_usual_time() {
        for (age, expected) in [(0, 1), (60, 50), (120, 74), (360, 97), (-5, 1)] {
            let age = SignedDuration::from_secs(age);
            assert_eq!(percent(Status::Processing, age, USUAL), expected, "{age:?}");
            assert_eq!(percent(Status::Failed, age, USUAL), expected, "{age:?}");
        }
    }
}
