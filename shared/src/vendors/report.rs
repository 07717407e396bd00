//! The lines about what was said to vendors and what they answered.
//!
//! The vendors' own words may repeat a prompt, an image or a key, so of those only
//! codes and request ids are told.

use std::time::Duration;

use crate::dialects::{Cancelled, Found, Polled, Submitted};
use crate::platform::telemetry::{Line, Unit, millis};
use crate::task::{Fault, FaultKind, Status, TaskId, Vendor};

/// An exchange with a vendor about a task, and how long it took.
pub(super) struct Exchange<'a> {
    pub(super) vendor: Vendor,
    pub(super) task: &'a TaskId,
    pub(super) took: Duration,
}

impl Exchange<'_> {
    pub(super) fn submitted(&self, submitted: &Submitted, request_id: Option<&str>) {
        let (outcome, fault) = match submitted {
            Submitted::Accepted { .. } => ("accepted", None),
            Submitted::Refused(fault) => ("refused", Some(fault)),
            Submitted::Unknown(fault) => ("unknown", Some(fault)),
        };
        let mut line = self.line("submission", "submit", outcome, fault);
        if let Some(request_id) = request_id {
            line.set("vendor_request_id", request_id);
        }
        if outcome == "unknown" {
            line.measure("UnknownSubmissions", Unit::Count, 1, &[&[], &["vendor"]]);
        }
        line.write();
    }

    pub(super) fn polled(&self, polled: &Polled, before: Status) {
        let (outcome, fault) = match polled {
            Polled::Progress(progress) if progress.status == before => ("nothing_new", None),
            Polled::Progress(_) => ("progress", None),
            Polled::Missing(fault) => ("missing", Some(fault)),
            Polled::Nothing(fault) => ("failed", Some(fault)),
        };
        let mut line = self.line("poll", "poll", outcome, fault);
        line.measure("Polls", Unit::Count, 1, &[&["vendor", "outcome"]]);
        if let Polled::Progress(progress) = polled
            && let Some(word) = &progress.unknown_status
        {
            line.set("unknown_status", word.as_str());
            line.measure("UnknownStatuses", Unit::Count, 1, &[&[], &["vendor"]]);
        }
        line.write();
    }

    pub(super) fn cancelled(&self, cancelled: &Cancelled) {
        let (outcome, fault) = match cancelled {
            Cancelled::Stopped => ("stopped", None),
            Cancelled::TooLate(fault) => ("too_late", Some(fault)),
            Cancelled::Nothing(fault) => ("failed", Some(fault)),
        };
        self.line("cancel", "cancel", outcome, fault).write();
    }

    pub(super) fn found(&self, found: &Found) {
        let (outcome, fault) = match found {
            Found::Task { .. } => ("found", None),
            Found::Absent => ("absent", None),
            Found::Unlisted => ("unlisted", None),
            Found::More(_) => ("more", None),
            Found::Nothing(fault) => ("failed", Some(fault)),
        };
        self.line("find", "find", outcome, fault).write();
    }

    fn line(
        &self,
        message: &'static str,
        operation: &'static str,
        outcome: &'static str,
        fault: Option<&Fault>,
    ) -> Line {
        let mut line = Line::new(message)
            .with("task_id", self.task.as_str())
            .with("vendor", self.vendor.as_str())
            .with("operation", operation)
            .with("outcome", outcome);
        let divided_by: &[&[_]] = &[&["vendor", "operation"]];
        line.measure("VendorTime", Unit::Milliseconds, millis(self.took), divided_by);
        if let Some(fault) = fault {
            self.tell(fault, &mut line);
        }
        line
    }

    fn tell(&self, fault: &Fault, line: &mut Line) {
        let Fault { kind, code, request_id, .. } = fault.presentable();
        line.set("code", kind.code().as_str());
        line.set("vendor_code", code.as_deref());
        line.set("vendor_request_id", request_id.as_deref());
        if kind.is_operators() {
            let (task, vendor) = (self.task, self.vendor);
            tracing::error!(
                task.id = %task, %vendor, code = kind.code().as_str(), vendor_code = code, vendor_request_id = request_id,
                "a vendor refuses this gateway's account: check its entry in the accounts secret, its rights and its balance",
            );
            line.measure("CredentialsRefused", Unit::Count, 1, &[&[], &["vendor"]]);
        }
        if matches!(kind, FaultKind::RateLimited | FaultKind::Concurrency) {
            line.set("by", "vendor");
            line.measure("RateLimited", Unit::Count, 1, &[&["by"]]);
        }
    }
}
