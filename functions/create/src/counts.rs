//! What came of requests, in numbers.

use shared::api::ApiError;
use shared::lifecycle::SubmitOutcome;
use shared::platform::telemetry::{self, Line, Unit};
use shared::task::Task;

/// Nobody was asked to make anything.
pub(crate) fn rejected(error: &ApiError) {
    telemetry::tell(|line| {
        line.set("outcome", "rejected");
        line.measure("Creates", Unit::Count, 1, &[&["outcome"]]);
        if error.is_limit() {
            line.set("by", "key");
            line.measure("RateLimited", Unit::Count, 1, &[&["by"]]);
        }
    });
}

/// A vendor was asked for each of these, with these outcomes.
pub(crate) fn submitted(tasks: &[Task], outcomes: &[SubmitOutcome]) {
    let Some(first) = tasks.first() else { return };
    let ids: Vec<_> = tasks.iter().map(|task| task.id.as_str()).collect();
    telemetry::tell(|line| {
        line.set("task_id", first.id.as_str());
        if ids.len() > 1 {
            line.set("task_ids", ids);
        }
    });
    let mut counted = ["accepted", "unknown", "refused"]
        .into_iter()
        .map(|word| (word, outcomes.iter().filter(|outcome| outcome.word() == word).count()))
        .filter(|(_, count)| *count > 0);
    // A line has one outcome; where tasks of one request fare differently there are more lines.
    if let Some((word, count)) = counted.next() {
        telemetry::tell(|line| count_into(line, first, word, count));
    }
    for (word, count) in counted {
        let mut line = Line::new("some of a request");
        count_into(&mut line, first, word, count);
        line.write();
    }
}

fn count_into(line: &mut Line, task: &Task, outcome: &'static str, count: usize) {
    // A model that its vendor does not take may be anything that a client makes
    // up, and each one would be a metric.
    let model = if outcome == "refused" { "refused" } else { task.model.as_str() };
    line.set("vendor", task.vendor.as_str());
    line.set("model", model);
    line.set("outcome", outcome);
    let divided_by: &[&[_]] = &[&["outcome"], &["vendor", "model", "outcome"]];
    line.measure("Creates", Unit::Count, count, divided_by);
}
