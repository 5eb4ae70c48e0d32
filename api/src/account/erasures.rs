//! The list of erased members. The file is kept apart from what is backed up with the database, so that restoring a
//! copy of the database does not bring these members back.
//!
//! A line is a day, the name of a secret, and a keyed hash of the member's id. The hash's key is derived from
//! `auth.secret`. The list names nobody, and nobody without the secret can ask it about a member.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::Path;

use entity::MemberId;

use crate::app::App;
use crate::error::Fault;
use crate::files;
use crate::keys::{Keys, Purpose};

/// Records that a member is erased, before the erasure: if the record cannot be written, the erasure does not happen.
/// Does nothing if no list is configured.
pub(super) async fn record(app: &App, member: MemberId) -> Result<(), Fault> {
    let Some(path) = app.config.backup.erasures() else {
        return Ok(());
    };
    let day = app.clock.now().date_naive();
    let name = app.keys.names(Purpose::Erasure).swap_remove(0);
    let line = format!("{day} {name} {}\n", hash(&app.keys, 0, member));
    let write = tokio::task::spawn_blocking(move || {
        let mut list = files::append_private(&path)?;
        list.write_all(line.as_bytes())?;
        list.sync_all()
    });
    let written = write.await.map_err(anyhow::Error::from)?;
    written.map_err(|fault| {
        let kind = fault.kind();
        metrics::counter!("belay_erasures_unwritten_total").increment(1);
        anyhow::anyhow!("the list of erasures cannot be written: {kind}").into()
    })
}

fn hash(keys: &Keys, which: usize, member: MemberId) -> String {
    hex::encode(keys.mac_with(which, Purpose::Erasure, &[member.0.as_bytes()]))
}

/// The erased members, as read from lists.
#[derive(Debug, Default)]
pub struct Erased {
    /// Each hash, with the index of the secret that it was made with.
    hashes: HashSet<(usize, String)>,
    used: HashSet<usize>,
}

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file is missing or cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(String, io::Error),
    /// A line is malformed.
    #[error("line {1} of {0} is not an entry of a list of erasures")]
    Line(String, usize),
    /// A line was written with a secret that is not configured.
    #[error(
        "line {1} of {0} was written with a secret that is not configured: name it in auth.former_secrets"
    )]
    Secret(String, usize),
}

impl Erased {
    /// Reads a list. Ignores a last line without an end: the machine stopped while it was being written.
    pub fn read(&mut self, keys: &Keys, path: &Path) -> Result<(), Unreadable> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Unreadable::File(shown.clone(), error))?;
        let names = keys.names(Purpose::Erasure);
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let Some(line) = line.strip_suffix('\n') else {
                break;
            };
            let mut words = line.split(' ').skip(1);
            let (Some(name), Some(hash)) = (words.next(), words.next()) else {
                return Err(Unreadable::Line(shown, number));
            };
            let which = names.iter().position(|own| own == name);
            let which = which.ok_or_else(|| Unreadable::Secret(shown.clone(), number))?;
            self.used.insert(which);
            self.hashes.insert((which, hash.to_owned()));
        }
        Ok(())
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether a member is among them.
    pub fn contains(&self, keys: &Keys, member: MemberId) -> bool {
        let mut used = self.used.iter();
        used.any(|which| self.hashes.contains(&(*which, hash(keys, *which, member))))
    }
}
