//! The memory and processor time of a process, from Linux's proc(5).

use std::fs;

/// The peak growth of a process's memory.
#[derive(Debug)]
pub struct PeakGrowth {
    process: u32,
    before: u64,
}

impl PeakGrowth {
    pub(crate) fn from_here(process: u32) -> Self {
        // Resets the peak to the memory in use now.
        fs::write(format!("/proc/{process}/clear_refs"), "5").expect("the process is ours");
        Self {
            process,
            before: peak(process),
        }
    }

    /// Returns by how many bytes the memory has grown at most.
    pub fn bytes(&self) -> u64 {
        peak(self.process).saturating_sub(self.before)
    }
}

pub(crate) fn peak(process: u32) -> u64 {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).expect("the process is ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes = kilobytes.and_then(|number| number.trim().parse::<u64>().ok());
    kilobytes.expect("VmHWM is in kB") * 1024
}

/// Returns the user and system time, in hundredths of a second.
pub(crate) fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process is ours");
    // The name in brackets can contain any characters.
    let (_, fields) = stat.rsplit_once(") ").expect("the name is in brackets");
    let times = fields.split(' ').skip(11).take(2);
    times
        .map(|time| time.parse::<u64>().expect("times are numbers"))
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
