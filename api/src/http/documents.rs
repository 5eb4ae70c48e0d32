//! The documents that were parsed and validated before, by the hash of their text.
//!
//! This serves three needs:
//! * A document is parsed and validated once, and not for every request.
//! * A client sends the hash in place of a text that was sent before (Apollo's automatic persisted queries).
//! * With a manifest of trusted documents, no other documents are run.

pub mod jobs;
mod manifest;
mod persist;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::ServerError;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

pub use manifest::{Manifest, ManifestError};
use persist::Keeper;

use super::guard;
use super::operation::Caller;
use super::params::Params;
use super::refusal::Refusal;
use crate::app::App;
use crate::config::{GraphqlConfig, PersistedDocuments};
use crate::graphql::code::Code;
use crate::schema::validation::validate;

/// The memory of a parsed document, in bytes per byte of its text: about 220 bytes for a field.
const PARSED_BY_TEXT: usize = 48;
/// The number of documents that the cache has room for at first.
const EXPECTED: usize = 256;

/// The SHA-256 of a document's text.
pub type TextHash = [u8; 32];

/// A document that parses.
pub struct Parsed {
    /// The hash of its text.
    pub hash: TextHash,
    /// The parsed document.
    pub document: ExecutableDocument,
    /// Whether it asks for introspection.
    pub introspects: bool,
    text_length: usize,
    /// Whether it was found valid before.
    known: AtomicBool,
    /// Whether its text is stored in the database, or is about to be.
    persisted: AtomicBool,
}

impl Parsed {
    fn of(hash: TextHash, text: &str) -> Result<Self, Refusal> {
        guard::scan(text, &guard::Limits::STANDARD).map_err(Refusal::from)?;
        let text = guard::rewrite(text).map_err(Refusal::from)?;
        let document = async_graphql::parser::parse_query(&text).map_err(|fault| {
            let ServerError {
                message, locations, ..
            } = ServerError::from(fault);
            // The library draws the position below a copy of the line. The locations already tell it.
            let what = message.rsplit(" = ").next().unwrap_or_default();
            let mut refusal = Refusal::new(
                Code::ParseFailed,
                &format!("The document does not parse: {what}."),
            );
            for error in &mut refusal.errors {
                error.locations.clone_from(&locations);
            }
            refusal
        })?;
        Ok(Self {
            hash,
            introspects: introspects(&document),
            document,
            text_length: text.len(),
            known: AtomicBool::new(false),
            persisted: AtomicBool::new(false),
        })
    }

    /// Checks that the document is valid, unless that is known.
    fn is_valid(&self, suggests: bool) -> Result<(), Refusal> {
        if self.known.load(Ordering::Relaxed) {
            return Ok(());
        }
        let faults = validate(&self.document, suggests);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Refusal::of(faults))
        }
    }
}

/// The documents that this process knows.
pub struct Documents {
    cache: Cache<TextHash, Arc<Parsed>, ByText>,
    trusted: Option<Manifest>,
    persisted: PersistedDocuments,
    keeper: Keeper,
}

#[derive(Clone)]
struct ByText;

impl Weighter<TextHash, Arc<Parsed>> for ByText {
    fn weight(&self, _: &TextHash, parsed: &Arc<Parsed>) -> u64 {
        let bytes = parsed.text_length.saturating_mul(PARSED_BY_TEXT);
        u64::try_from(bytes).unwrap_or(u64::MAX).max(1)
    }
}

/// A document that was found, and the text to store once the document proves valid.
#[derive(Clone)]
pub struct Found {
    /// The document.
    pub parsed: Arc<Parsed>,
    /// The text, if its hash came with it. Once stored, clients can send the hash alone.
    to_persist: Option<String>,
}

impl Documents {
    /// Makes an empty cache, and loads the manifest if one is configured.
    ///
    /// # Errors
    /// Fails if the manifest cannot be read, or if one of its documents is invalid.
    pub fn load(config: &GraphqlConfig) -> Result<Self, ManifestError> {
        let trusted = match config.trusted_documents.as_str() {
            "" => None,
            file => Some(Manifest::load(file.as_ref())?),
        };
        Ok(Self {
            cache: Cache::with_weighter(EXPECTED, config.document_cache_bytes, ByText),
            trusted,
            persisted: config.persisted_documents,
            keeper: Keeper::new(),
        })
    }

    /// Finds the document that a request asks for.
    pub async fn find(
        &self,
        app: &App,
        params: &mut Params,
        caller: &Caller,
    ) -> Result<Found, Refusal> {
        let id = asked_id(params)?;
        match (params.query.take(), id) {
            (Some(text), id) => self.by_text(text, id.as_deref(), caller),
            (None, Some(id)) => self.by_id(app, &id, caller).await,
            (None, None) => Err(Refusal::http(
                http::StatusCode::BAD_REQUEST,
                "The request has no query.",
            )),
        }
    }

    fn by_text(&self, text: String, id: Option<&str>, caller: &Caller) -> Result<Found, Refusal> {
        let limit = guard::Limits::STANDARD.document_bytes;
        // A text that is too long is not worth hashing: `guard::scan` will refuse it.
        let hash = if text.len() > limit {
            [0; 32]
        } else {
            sha256(&text)
        };
        let trusted = self.trusted.as_ref();
        if let Some(parsed) = trusted.and_then(|manifest| manifest.by_hash(&hash)) {
            return Ok(Found::known(parsed));
        }
        if trusted.is_some() && !caller.developer {
            return Err(Refusal::new(
                Code::Forbidden,
                "Only documents that were released with an app may run here.",
            ));
        }
        let hashed = id.and_then(|id| id.strip_prefix("sha256:"));
        if hashed.is_some_and(|given| !given.eq_ignore_ascii_case(&hex::encode(hash))) {
            return Err(Refusal::http(
                http::StatusCode::BAD_REQUEST,
                "The hash is not the SHA-256 of the query.",
            ));
        }
        let parsed = match self.cache.get(&hash) {
            Some(parsed) => parsed,
            None => Arc::new(Parsed::of(hash, &text)?),
        };
        // Documents of anonymous callers stay in memory, so that strangers cannot fill the table.
        let shared = self.persisted == PersistedDocuments::Database;
        // A document with literal strings is not stored either: they may be private.
        let says_nothing = !text.contains('"');
        let persist =
            shared && hashed.is_some() && says_nothing && caller.viewer.member().is_some();
        Ok(Found {
            parsed,
            to_persist: persist.then_some(text),
        })
    }

    async fn by_id(&self, app: &App, id: &str, caller: &Caller) -> Result<Found, Refusal> {
        let hash = id.strip_prefix("sha256:").and_then(unhex);
        if let Some(manifest) = &self.trusted {
            let released = manifest
                .by_id(id)
                .or_else(|| manifest.by_id(id.strip_prefix("sha256:")?))
                .or_else(|| manifest.by_hash(&hash?));
            if let Some(parsed) = released {
                return Ok(Found::known(parsed));
            }
            // Other known documents came from developers, or from the time before the manifest.
            if !caller.developer {
                return Err(not_found());
            }
        }
        let (Some(hash), false) = (hash, self.persisted == PersistedDocuments::Off) else {
            return Err(not_found());
        };
        if let Some(parsed) = self.cache.get(&hash) {
            return Ok(Found::known(parsed));
        }
        if self.persisted == PersistedDocuments::Database {
            match store::find(app, &hash).await {
                Ok(Some(text)) => return Ok(Found::known(Arc::new(Parsed::of(hash, &text)?))),
                Ok(None) => {}
                // The client sends the text again, which is slower but works.
                Err(fault) => {
                    tracing::warn!(
                        class = fault.class(),
                        "a persisted document could not be read"
                    );
                }
            }
        }
        Err(not_found())
    }

    /// Checks that a document is valid. From then on it is known by its hash and not validated again. With `suggests`,
    /// errors suggest names of the schema; set it only for callers that may see the whole schema.
    pub fn validate(&self, parsed: &Arc<Parsed>, suggests: bool) -> Result<(), Refusal> {
        parsed.is_valid(suggests)?;
        if !parsed.known.swap(true, Ordering::Relaxed) {
            self.cache.insert(parsed.hash, Arc::clone(parsed));
        }
        Ok(())
    }
}

impl Found {
    const fn known(parsed: Arc<Parsed>) -> Self {
        Self {
            parsed,
            to_persist: None,
        }
    }
}

fn introspects(document: &ExecutableDocument) -> bool {
    fn within(selections: &SelectionSet) -> bool {
        selections
            .items
            .iter()
            .any(|selection| match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    matches!(field.name.node.as_str(), "__schema" | "__type")
                        || within(&field.selection_set.node)
                }
                Selection::InlineFragment(fragment) => within(&fragment.node.selection_set.node),
                // Fragments are checked by themselves.
                Selection::FragmentSpread(_) => false,
            })
    }
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set);
    let fragments = document
        .fragments
        .values()
        .map(|fragment| &fragment.node.selection_set);
    operations
        .chain(fragments)
        .any(|selections| within(&selections.node))
}

/// Apollo's clients compare this message letter by letter.
fn not_found() -> Refusal {
    Refusal::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

/// Returns the id that a request gives a document, in the form of `documentId`.
fn asked_id(params: &Params) -> Result<Option<String>, Refusal> {
    let persisted = params.extensions.as_ref();
    let Some(persisted) = persisted.and_then(|extensions| extensions.persisted_query.as_ref())
    else {
        return Ok(params.document_id.clone());
    };
    if persisted.version != 1 {
        return Err(Refusal::http(
            http::StatusCode::BAD_REQUEST,
            "Only version 1 of persisted queries is supported.",
        ));
    }
    Ok(Some(format!("sha256:{}", persisted.sha256_hash)))
}

fn sha256(text: &str) -> TextHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

fn unhex(text: &str) -> Option<TextHash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}
