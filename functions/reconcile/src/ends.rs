//! The ends that we give to tasks of which the vendor tells none.

use shared::task::{Charged, Code, ErrorBody, Vendor};

fn end(code: Code, charged: Charged, message: String) -> ErrorBody {
    ErrorBody { charged, ..ErrorBody::new(code, message) }
}

/// It was taken, and never ended.
pub(crate) fn overdue(vendor: Vendor) -> ErrorBody {
    let message = format!("{vendor} took the task, but gave no end to it in all the time it has.");
    end(Code::DeadlineExceeded, Charged::Unknown, message)
}

/// It was taken, and the vendor no longer knows it.
pub(crate) fn forgotten(vendor: Vendor) -> ErrorBody {
    let message = format!("{vendor} took the task, but does not know it any more.");
    end(Code::VendorLostTask, Charged::Unknown, message)
}

/// Nobody knows whether it was taken, and nobody will.
pub(crate) fn unknown(vendor: Vendor) -> ErrorBody {
    let message = format!(
        "{vendor} gave no answer to the submission, and it cannot be found out whether it made a \
         task of it. Asking again may cost a second time."
    );
    end(Code::SubmissionUnknown, Charged::Unknown, message)
}

/// It was surely not taken.
pub(crate) fn never_arrived(vendor: Vendor) -> ErrorBody {
    let message = format!("The submission never reached {vendor}; nothing was made or charged.");
    end(Code::SubmissionLost, Charged::No, message)
}
