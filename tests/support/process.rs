//! What a process takes of the machine, as Linux tells it (proc(5)).

use std::fs;

/// How far a process's memory grows.
#[derive(Debug)]
pub struct PeakGrowth {
    process: u32,
    before: u64,
}

impl PeakGrowth {
    pub(crate) fn from_here(process: u32) -> Self {
        // Sets the peak back to what is in use.
        fs::write(format!("/proc/{process}/clear_refs"), "5").expect("a process of ours");
        Self {
            process,
            before: peak(process),
        }
    }

    /// How many bytes more it has had in use at once.
    pub fn bytes(&self) -> u64 {
        peak(self.process).saturating_sub(self.before)
    }
}

pub(crate) fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes = kilobytes.and_then(|number| number.trim().parse::<u64>().ok());
    kilobytes.expect("VmHWM in kB") * 1024
}

/// User and system time, in hundredths of a second.
pub(crate) fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a process of ours");
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
    let times = fields.split(' ').skip(11).take(2);
    times
        .map(|time| time.parse::<u64>().expect("a number"))
        .sum()
}

/// Sends a signal to a process, by its short name.
///
/// # Panics
/// If there is no such process.
pub fn signal(process: u32, name: &str) {
    let kill = format!("kill -{name} {process}");
    let sent = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(sent.expect("sh runs").success(), "{kill}");
}
