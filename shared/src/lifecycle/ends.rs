//! The ends that we give to tasks of which the vendor tells none.

use crate::task::{Charged, Code, ErrorBody, Vendor};

fn end(code: Code, charged: Charged, message: String) -> ErrorBody {
    ErrorBody { charged, ..ErrorBody::new(code, message) }
}

/// The vendor took the task, and never ended it.
pub(super) fn overdue(vendor: Vendor) -> ErrorBody {
    let message = format!("{vendor} took the task, but gave no end to it in all the time it has.");
    end(Code::DeadlineExceeded, Charged::Unknown, message)
}

/// The vendor took the task, and no longer knows it.
pub(super) fn lost(vendor: Vendor) -> ErrorBody {
    let message = format!("{vendor} took the task, but does not know it any more.");
    end(Code::VendorLostTask, Charged::Unknown, message)
}

/// Nobody knows whether the vendor took the task, and nobody will.
pub(super) fn unknown(vendor: Vendor) -> ErrorBody {
    let message = format!(
        "{vendor} gave no answer to the submission, and it cannot be found out whether it made a \
         task of it. Asking again may cost a second time."
    );
    end(Code::SubmissionUnknown, Charged::Unknown, message)
}

/// The vendor was never asked.
pub(super) fn never_submitted(vendor: Vendor) -> ErrorBody {
    let message = format!("It was never submitted to {vendor}; nothing was made or charged.");
    end(Code::SubmissionLost, Charged::No, message)
}

/// The vendor surely did not take the task.
pub(super) fn never_arrived(vendor: Vendor) -> ErrorBody {
    let message = format!("The submission never reached {vendor}; nothing was made or charged.");
    end(Code::SubmissionLost, Charged::No, message)
}
