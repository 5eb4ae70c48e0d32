//! Zones of a test's own, as an operator would put them into a folder.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use api::zones::Installed;
use chrono::{DateTime, Utc};
use tempfile::TempDir;

/// A name that no other test has: what is known of zones belongs to the whole process.
pub fn zone_name() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("Test/Zone_{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// A folder with one zone, whose edition is `version`. Its clocks are `first` hours ahead of UTC, and from each of the
/// instants on by so many.
pub fn zone_folder(
    version: &str,
    name: &str,
    first: i32,
    changes: &[(DateTime<Utc>, i32)],
) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |path: &Path, content: &[u8]| {
        let above = path.parent().expect("a file is in a folder");
        fs::create_dir_all(above).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    };
    write(&folder.path().join("+VERSION"), version.as_bytes());
    write(&folder.path().join(name), &tzif(first, changes));
    folder
}

/// As [`zone_folder`], and this process goes by it from now on.
pub fn install_zone(
    version: &str,
    name: &str,
    first: i32,
    changes: &[(DateTime<Utc>, i32)],
) -> Installed {
    let folder = zone_folder(version, name, first, changes);
    Installed::choose(Some(folder.path())).expect("the folder holds a zone")
}

/// A file of RFC 9636, version 2, whose first block is for readers of version 1 and says nothing.
fn tzif(first: i32, changes: &[(DateTime<Utc>, i32)]) -> Vec<u8> {
    let header = |times: usize, types: usize| {
        let mut header = b"TZif2".to_vec();
        header.extend([0; 15]);
        // Kinds of indicators, leap seconds, changes, types, and letters of their names.
        for count in [0, 0, 0, times, types, 4] {
            header.extend(u32::try_from(count).expect("there are few").to_be_bytes());
        }
        header
    };
    let kind = |hours: i32| {
        let mut kind = (hours * 3600).to_be_bytes().to_vec();
        kind.extend([0, 0]);
        kind
    };
    let mut file = header(0, 1);
    file.extend(kind(0));
    file.extend(b"TST\0");
    file.extend(header(changes.len(), changes.len() + 1));
    for (at, _) in changes {
        file.extend(at.timestamp().to_be_bytes());
    }
    file.extend((1..).take(changes.len()).map(|index: u8| index));
    file.extend(kind(first));
    for (_, hours) in changes {
        file.extend(kind(*hours));
    }
    file.extend(b"TST\0");
    // For all time after the last change; POSIX counts westwards.
    let last = changes.last().map_or(first, |(_, hours)| *hours);
    file.extend(format!("\nTST{}\n", -last).into_bytes());
    file
}
