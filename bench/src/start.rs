//! From nothing to the first answer, for each binary that ships beside a bare `lambda_http` one.
//! Not here: what Lambda itself adds, which is the same for all.

pub(crate) mod build;
mod functions;
mod next;
mod tls;

use std::error::Error;
use std::time::Instant;

use local::runtime_api::Sandbox;

use crate::process::Process;
use crate::report::{Aim, Row, median, millis};
use build::Binary;
use functions::{AUTHORITY, Function, Services};

pub(crate) const GROUP: &str = "start";

/// Measures so many starts of each. `plain` leaves out TLS.
pub(crate) async fn run(runs: usize, plain: bool) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut services = Services::start(plain).await?;
    let functions = Function::all(&mut services).await?;
    let mut starts = vec![Vec::new(); functions.len()];
    for round in 0..runs {
        // In turns, so that what else the machine does disturbs all alike, and nobody is
        // always the one after the same other one.
        let mut turns: Vec<_> = functions.iter().zip(&mut starts).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (function, starts) in turns {
            starts.push(start(function, &services).await?);
        }
    }
    let measured = functions.iter().zip(&starts);
    let measured: Vec<_> = measured
        .map(|(function, starts)| Measured {
            binary: &function.binary,
            start: Start::median(starts),
        })
        .collect();
    Ok(FIGURES.iter().flat_map(|figure| figure.rows(&measured)).collect())
}

/// The figures of one process.
#[derive(Clone, Copy, Debug)]
struct Start {
    next_ms: f64,
    next_cpu_ms: f64,
    answer_ms: f64,
    answer_cpu_ms: f64,
    peak_mb: f64,
    /// Calls of the database for the first answer.
    calls: f64,
}

impl Start {
    fn median(starts: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(starts.iter().map(field).collect());
        Self {
            next_ms: of(|it| it.next_ms),
            next_cpu_ms: of(|it| it.next_cpu_ms),
            answer_ms: of(|it| it.answer_ms),
            answer_cpu_ms: of(|it| it.answer_cpu_ms),
            peak_mb: of(|it| it.peak_mb),
            calls: of(|it| it.calls),
        }
    }
}

async fn start(function: &Function, services: &Services) -> Result<Start, Box<dyn Error>> {
    let Function { binary, variables, .. } = function;
    let name = &binary.name;
    // In Lambda there is no authority of our own, whose certificate would have to be read.
    let mut without_authority = variables.clone();
    without_authority.remove(AUTHORITY);
    let (next, next_cpu) = next::after(&binary.path, &without_authority).await?;

    let mut sandbox = Sandbox::start(&binary.path, variables).await?;
    if !sandbox.first_next().await {
        return Err(format!("{name} ended: {:?}", sandbox.ended().await?.log).into());
    }
    let process = Process(sandbox.process_id().ok_or("it has ended")?);
    let cpu_before = process.cpu_at_rest().await?;
    let calls_before = services.database_calls();
    let handed = Instant::now();
    let outcome = sandbox.invoke(&function.event).await;
    let answer = handed.elapsed();
    let cpu = process.cpu_at_rest().await?;
    if !function.expects(&outcome) {
        let log = sandbox.stop().await?.log;
        return Err(format!("{name} answered {outcome:?}, and wrote {log:#?}").into());
    }
    let peak = process.peak_memory()?;
    let calls = services.database_calls() - calls_before;
    // What its end takes is not to disturb the next one's start.
    sandbox.stop().await?;
    Ok(Start {
        next_ms: millis(next),
        next_cpu_ms: millis(next_cpu),
        answer_ms: millis(answer),
        answer_cpu_ms: millis(cpu.saturating_sub(cpu_before)),
        peak_mb: peak / 1e6,
        calls: calls as f64,
    })
}

/// A binary, and the middle of its starts.
struct Measured<'a> {
    binary: &'a Binary,
    start: Start,
}

/// One figure of every binary.
struct Figure {
    name: &'static str,
    unit: &'static str,
    of: fn(&Measured<'_>) -> f64,
    aim: Option<Aim>,
}

impl Figure {
    const fn new(name: &'static str, unit: &'static str, of: fn(&Measured<'_>) -> f64) -> Self {
        Self { name, unit, of, aim: None }
    }

    const fn aim(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// A row for each binary, the first of which is the reference of the others.
    fn rows(&self, all: &[Measured<'_>]) -> Vec<Row> {
        let Some((bare, functions)) = all.split_first() else { return Vec::new() };
        let row = |it: &Measured<'_>| {
            Row::new(GROUP, format!("{}: {}", self.name, it.binary.name), self.unit, (self.of)(it))
        };
        let beside = |it| {
            let row = row(it).beside((self.of)(bare));
            self.aim.map_or(row.clone(), |aim| row.aim(aim))
        };
        std::iter::once(row(bare)).chain(functions.iter().map(beside)).collect()
    }
}

const FIGURES: [Figure; 9] = [
    Figure::new("spawn to next", "ms", |it| it.start.next_ms).aim(Aim::RatioAtMost(1.6)),
    Figure::new("spawn to next, CPU", "ms", |it| it.start.next_cpu_ms),
    Figure::new("first answer", "ms", |it| it.start.answer_ms),
    Figure::new("first answer, CPU", "ms", |it| it.start.answer_cpu_ms).aim(Aim::Below(3.0)),
    Figure::new("spawn to first answer, CPU", "ms", |it| {
        it.start.next_cpu_ms + it.start.answer_cpu_ms
    }),
    Figure::new("first answer, calls of the database", "calls", |it| it.start.calls),
    Figure::new("peak memory", "MB", |it| it.start.peak_mb).aim(Aim::Below(12.0)),
    Figure::new("binary", "MB", |it| it.binary.bytes as f64 / 1e6),
    Figure::new("zip", "MB", |it| it.binary.zipped as f64 / 1e6).aim(Aim::Below(2.5)),
];
