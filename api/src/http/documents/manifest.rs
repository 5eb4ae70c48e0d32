//! The manifest of trusted documents: those that the apps were released with.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_graphql::Variables;
use serde::Deserialize;

use super::{Parsed, TextHash, sha256};
use crate::http::guard;
use crate::http::refusal::Refusal;

/// The documents of a manifest.
pub struct Manifest {
    by_id: HashMap<String, Arc<Parsed>>,
    by_hash: HashMap<TextHash, Arc<Parsed>>,
}

/// Why a manifest cannot be used.
#[derive(Debug)]
pub struct ManifestError {
    file: PathBuf,
    what: String,
}

/// Apollo's manifest, or the map from id to text that Relay's compiler and GraphQL code generators write.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Apollo {
        #[serde(rename = "format")]
        _format: String,
        version: u32,
        operations: Vec<Operation>,
    },
    Map(HashMap<String, String>),
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads a manifest. Every document must parse, keep within the limits, and be valid.
    pub fn load(file: &Path) -> Result<Self, ManifestError> {
        let fault = |what: String| ManifestError {
            file: file.to_owned(),
            what,
        };
        let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
        let read = serde_json::from_str(&text).map_err(|_| {
            fault(
                "it is neither Apollo's manifest of operations nor a map from id to text"
                    .to_owned(),
            )
        })?;
        let documents: Vec<(String, String)> = match read {
            File::Apollo {
                version: 1,
                operations,
                ..
            } => {
                let both = |operation: Operation| (operation.id, operation.body);
                operations.into_iter().map(both).collect()
            }
            File::Apollo { version, .. } => {
                return Err(fault(format!(
                    "only version 1 of the format is supported, not {version}"
                )));
            }
            File::Map(documents) => documents.into_iter().collect(),
        };
        let (mut by_id, mut by_hash) = (HashMap::new(), HashMap::new());
        for (id, text) in documents {
            let hash = sha256(&text);
            let parsed = sound(hash, &text).map_err(|refusal| {
                let why = refusal.errors.first().map_or("", |error| &error.message);
                fault(format!("the document {id}: {}", why.trim_end_matches('.')))
            })?;
            let parsed = Arc::new(parsed);
            by_hash.insert(hash, Arc::clone(&parsed));
            by_id.insert(id, parsed);
        }
        Ok(Self { by_id, by_hash })
    }

    /// Returns the number of documents.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Arc<Parsed>> {
        self.by_id.get(id).cloned()
    }

    pub(super) fn by_hash(&self, hash: &TextHash) -> Option<Arc<Parsed>> {
        self.by_hash.get(hash).cloned()
    }
}

/// Parses a document and checks that it could be run.
fn sound(hash: TextHash, text: &str) -> Result<Parsed, Refusal> {
    let parsed = Parsed::of(hash, text)?;
    let limits = &guard::Limits::STANDARD;
    guard::price(&parsed.document, None, &Variables::default(), limits)?;
    parsed.is_valid(true)?;
    parsed.known.store(true, Ordering::Relaxed);
    Ok(parsed)
}

impl Display for ManifestError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The manifest of trusted documents {} cannot be used: {}.",
            self.file.display(),
            self.what
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Manifest, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.json");
        std::fs::write(&file, text).unwrap();
        Manifest::load(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn both_manifest_formats_are_read() {
        let all = r#"{ "one": "query A($x: Boolean!, $id: UUID!) { me @include(if: $x) { memberId } }
            mutation B($id: UUID!, $mood: Int) { checkIn(input: { id: $id, mood: $mood }) { errors { code } } }
            subscription C { ...D } fragment D on Subscription { notificationReceived { notificationId } }" }"#;
        let refused = load(&all.replace('\n', " ")).err().unwrap();
        assert!(refused.contains("\"$id\""), "not used in A: {refused}");
        let all = all.replace("A($x: Boolean!, $id: UUID!)", "A($x: Boolean!)");
        let taken = load(&all.replace('\n', " ")).map(|manifest| manifest.len());
        assert_eq!(taken, Ok(1));
        let apollo = r#"{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            { "id": "one", "name": "A", "type": "query", "body": "query A { serverTime }" }] }"#;
        for text in [apollo, r#"{ "one": "query A { serverTime }" }"#] {
            let manifest = load(text).unwrap();
            assert!(manifest.by_id("one").is_some() && manifest.len() == 1);
            assert!(
                manifest
                    .by_hash(&sha256("query A { serverTime }"))
                    .is_some()
            );
        }
    }

    #[test]
    fn unusable_manifests_are_refused_with_the_reason() {
        for (text, expected) in [
            ("[]", "neither"),
            (r#"{ "one": "query A {" }"#, "the document one"),
            (
                r#"{ "one": "query A { nothing }" }"#,
                "the document one: Unknown field",
            ),
            (
                r#"{ "one": "query A { me { circles(first: 100) { nodes { members(first: 100) { nodes { role } } } } } }" }"#,
                "the document one: This has",
            ),
            (
                r#"{ "format": "apollo-persisted-query-manifest", "version": 2, "operations": [] }"#,
                "version 1",
            ),
        ] {
            let Err(error) = load(text) else {
                panic!("{text} was taken");
            };
            assert!(
                error.contains(expected) && error.contains("manifest.json"),
                "{error}"
            );
        }
    }
}
