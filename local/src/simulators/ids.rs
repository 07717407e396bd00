//! Ids of eighteen digits: a task's one video has the next id, so that its address leads back to
//! its task.

use crate::random::random;

/// Never the last number of eighteen digits, which has no next one.
pub(super) fn new_task() -> String {
    const FIRST: u64 = 100_000_000_000_000_000;
    (FIRST + u64::from_be_bytes(random()) % (9 * FIRST - 1)).to_string()
}

pub(super) fn video_of(task_id: &str) -> String {
    let id: u64 = task_id.parse().expect("a task id is a number");
    (id + 1).to_string()
}

pub(super) fn task_of(video_id: &str) -> Option<String> {
    let id: u64 = video_id.parse().ok()?;
    Some(id.checked_sub(1)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_leads_back_to_its_task() {
        let task = new_task();
        assert_eq!((task.len(), task_of(&video_of(&task))), (18, Some(task)));
        let rows = [
            ("839120458812739585", Some("839120458812739584")),
            ("0", None),
            ("video", None),
            ("-1", None),
        ];
        for (video, task) in rows {
            assert_eq!(task_of(video).as_deref(), task, "{video}");
        }
    }
}
