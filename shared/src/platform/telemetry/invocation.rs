//! One invocation of a function: its work, and the line that it leaves.

use std::cell::RefCell;

use tokio::time::Instant;

use super::line::{Line, Unit, millis};
use super::origin::{ORIGIN, Origin};
use super::waiting::Waiting;

struct Invocation {
    line: Line,
    waiting: Waiting,
}

tokio::task_local! {
    static INVOCATION: RefCell<Invocation>;
}

/// Does the work of one invocation, and writes its line at the end, with what the
/// work has told of itself on its way and `finish` makes of its result.
pub async fn invocation<T>(
    origin: Origin,
    message: &'static str,
    work: impl Future<Output = T>,
    finish: impl FnOnce(&T, &mut Line),
) -> T {
    let began = Instant::now();
    let invocation = Invocation { line: Line::new(message), waiting: Waiting::default() };
    let scope = async {
        let result = work.await;
        let (mut line, vendors) = INVOCATION.with(|invocation| {
            let mut invocation = invocation.borrow_mut();
            (std::mem::take(&mut invocation.line), invocation.waiting.total())
        });
        finish(&result, &mut line);
        let (took, own) = (began.elapsed(), began.elapsed().saturating_sub(vendors));
        line.set("duration_ms", millis(took));
        line.set("vendor_ms", millis(vendors));
        line.metric("GatewayTime", Unit::Milliseconds, millis(own), &[&["function"]]).write();
        result
    };
    ORIGIN.scope(origin, INVOCATION.scope(RefCell::new(invocation), scope)).await
}

/// Writes that an invocation panicked, and so has no line of its own.
pub fn panicked(origin: &Origin) {
    let mut line = Line::new("panic");
    line.sign(origin);
    line.metric("Panics", Unit::Count, 1, &[&[], &["function"]]).write();
}

/// Tells something of the invocation at hand, for its line.
pub fn tell(tell: impl FnOnce(&mut Line)) {
    // Outside of one, as in a test of a part, nobody listens.
    let _ = INVOCATION.try_with(|invocation| tell(&mut invocation.borrow_mut().line));
}

/// Counts as waiting for a vendor until it is dropped.
#[derive(Debug)]
pub struct WaitsForVendor {
    /// Outside of an invocation, as in a test of a part, nobody counts.
    is_counted: bool,
}

impl WaitsForVendor {
    pub fn begin() -> Self {
        let begun = INVOCATION.try_with(|it| it.borrow_mut().waiting.begin(Instant::now()));
        Self { is_counted: begun.is_ok() }
    }
}

impl Drop for WaitsForVendor {
    fn drop(&mut self) {
        if self.is_counted {
            let _ = INVOCATION.try_with(|it| it.borrow_mut().waiting.end(Instant::now()));
        }
    }
}
