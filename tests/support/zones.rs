//! Zones for one test, in a folder like an operator's.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use api::zones::Installed;
use chrono::{DateTime, Utc};
use tempfile::TempDir;

/// Returns a zone name that no other test uses. All tests of a process share the same zone data.
pub fn zone_name() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("Test/Zone_{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Creates a folder with one zone of edition `version`. The zone's clocks start `first` hours ahead of UTC. Each change
/// gives a time, and the hours ahead of UTC from then on.
pub fn zone_folder(
    version: &str,
    name: &str,
    first: i32,
    changes: &[(DateTime<Utc>, i32)],
) -> TempDir {
    let folder = tempfile::tempdir().expect("the folder is created");
    let write = |path: &Path, content: &[u8]| {
        let above = path.parent().expect("the path has a parent");
        fs::create_dir_all(above).expect("the folder is created");
        fs::write(path, content).expect("the file is written");
    };
    write(&folder.path().join("+VERSION"), version.as_bytes());
    write(&folder.path().join(name), &tzif(first, changes));
    folder
}

/// Like [`zone_folder`], and this process uses the zone from now on.
pub fn install_zone(
    version: &str,
    name: &str,
    first: i32,
    changes: &[(DateTime<Utc>, i32)],
) -> Installed {
    let folder = zone_folder(version, name, first, changes);
    Installed::choose(Some(folder.path())).expect("the folder holds a zone")
}

/// Returns a `TZif` file (RFC 9636), version 2. Its first block is for readers of version 1, and is empty.
fn tzif(first: i32, changes: &[(DateTime<Utc>, i32)]) -> Vec<u8> {
    let header = |times: usize, types: usize| {
        let mut header = b"TZif2".to_vec();
        header.extend([0; 15]);
        // The counts of indicators (two kinds), leap seconds, changes, types and letters of their names.
        for count in [0, 0, 0, times, types, 4] {
            header.extend(
                u32::try_from(count)
                    .expect("the count is small")
                    .to_be_bytes(),
            );
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
    // This rule holds after the last change. POSIX counts hours west of UTC.
    let last = changes.last().map_or(first, |(_, hours)| *hours);
    file.extend(format!("\nTST{}\n", -last).into_bytes());
    file
}
