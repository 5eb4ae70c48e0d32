//! The source code of the service, for tests that check its texts and structure.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the service.
#[derive(Debug)]
pub struct Source {
    /// The path, relative to `api/src`.
    pub path: PathBuf,
    /// The content.
    pub text: String,
}

impl Source {
    /// Returns the content without the unit tests at its end.
    pub fn program(&self) -> &str {
        let text = self.text.split("#[cfg(test)]\nmod ").next();
        text.unwrap_or_default()
    }
}

/// Returns all source files of the service, sorted by path.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src");
    let mut paths = Vec::new();
    gather(&root, &mut paths);
    paths.sort();
    let read = paths.into_iter().map(|path| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(&root).unwrap().to_owned(),
    });
    read.collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
