//! The program's own text, for tests that hold what it says and how it is built.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the service's source.
#[derive(Debug)]
pub struct Source {
    /// Where it is, from `api/src`.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

impl Source {
    /// The text without the unit tests at its end.
    pub fn program(&self) -> &str {
        let text = self.text.split("#[cfg(test)]\nmod ").next();
        text.unwrap_or_default()
    }
}

/// Every source file of the service, in the order of their paths.
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
