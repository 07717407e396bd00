//! What Linux knows of a process: the time on a processor, and the most memory.

use std::fs;
use std::io;
use std::time::Duration;

pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The time of all its threads, once it waits: what it does after it asked for work
    /// belongs to its start as well.
    pub(crate) async fn cpu_at_rest(&self) -> io::Result<Duration> {
        let mut before = self.cpu()?;
        loop {
            tokio::time::sleep(Duration::from_millis(3)).await;
            let cpu = self.cpu()?;
            if cpu == before {
                return Ok(cpu);
            }
            before = cpu;
        }
    }

    /// The time of all running threads, in nanoseconds by the scheduler, where `/proc/PID/stat` counts in hundredths of a second.
    fn cpu(&self) -> io::Result<Duration> {
        let mut total = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanoseconds = text.split(' ').next().and_then(|it| it.parse::<u64>().ok());
            total += nanoseconds.ok_or_else(|| io::Error::other("no time on a processor"))?;
        }
        Ok(Duration::from_nanos(total))
    }

    /// The time of all its threads, also of those that have ended, in hundredths of a second.
    pub(crate) fn cpu_of_all(&self) -> io::Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name before them may have spaces in it, and ends with the last bracket.
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: Vec<u64> = fields.skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
        match ticks[..] {
            [user, system] => Ok(Duration::from_millis((user + system) * 10)),
            _ => Err(io::Error::other("no time on a processor")),
        }
    }

    /// The most memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> io::Result<f64> {
        self.status("VmHWM")
    }

    /// The memory now, in bytes.
    pub(crate) fn memory(&self) -> io::Result<f64> {
        self.status("VmRSS")
    }

    fn status(&self, name: &str) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        let kibibytes = kibibytes.ok_or_else(|| io::Error::other(format!("no {name}")))?;
        Ok(kibibytes * 1024.0)
    }
}
