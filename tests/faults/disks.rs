//! Faults of the disk: it fills up, and has space again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::TestDatabase;
use tempfile::TempDir;

use crate::Fault;
use crate::cluster::{Cluster, give, is_root, succeeds};
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    ("disk full for 10 s, SQLite", || Box::pin(sqlite())),
    ("disk full for 10 s, PostgreSQL", || Box::pin(postgres())),
];

const UNTRIED: Outcome = Outcome::Untried("it takes root to make a small disk");

/// A file system of a limited size, in memory. Unmounted when dropped.
struct Disk(TempDir);

impl Disk {
    fn of(megabytes: u32) -> Self {
        let folder = TempDir::with_prefix("belay-disk-").expect("a temporary folder");
        let size = format!("size={megabytes}m");
        let mount = ["-t", "tmpfs", "-o", &size, "tmpfs"];
        succeeds(Command::new("mount").args(mount).arg(folder.path()));
        give(folder.path());
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Fills the disk for some seconds, also with the space that others free meanwhile.
    async fn is_full(&self, seconds: u64) {
        let (file, tenths) = (self.ballast(), seconds * 10);
        let command = format!(
            "for n in $(seq {tenths}); do cat /dev/zero >>{} 2>/dev/null; sleep 0.1; done",
            file.display()
        );
        let filling = tokio::process::Command::new("sh")
            .args(["-c", &command])
            .status();
        filling.await.expect("sh runs");
        fs::remove_file(&file).expect("the ballast");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn sqlite() -> Outcome {
    if !is_root() {
        return UNTRIED;
    }
    let disk = Disk::of(64);
    let file = disk.path().join("belay.db");
    fs::write(&file, "").expect("a file");
    let database = TestDatabase::at(&format!("sqlite://{}", file.display())).await;
    let mut stage = Stage::set(database).await;
    stage.serve().await;
    stage.through(async |_| disk.is_full(10).await).await
}

/// The server crashes when it cannot write its log, and recovers by itself once there is space.
async fn postgres() -> Outcome {
    if !is_root() {
        return UNTRIED;
    }
    let disk = Disk::of(400);
    let cluster = Cluster::start_in(disk.path().join("data")).await;
    let mut stage = Stage::set(cluster.database().await).await;
    stage.serve().await;
    stage
        .through(async |_| {
            disk.is_full(10).await;
            lasts(1).await;
            // If the whole server went down, start it as its supervisor would.
            cluster.run_if_down().await;
        })
        .await
}
