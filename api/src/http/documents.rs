//! Documents that were parsed and validated before, by the hash of their text.
//!
//! One place serves three needs: a document is parsed and validated once and not for every request; a phone
//! sends the hash in place of a text it has sent before (Apollo's automatic persisted queries); and with a
//! manifest of trusted documents nothing else is carried out.

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
use super::operation::Asker;
use super::params::Params;
use super::refusal::Refusal;
use crate::app::App;
use crate::config::{GraphqlConfig, PersistedDocuments};
use crate::graphql::code::Code;
use crate::schema::validation::validate;

/// What a parsed document takes in memory, for each byte of its text: about 220 bytes for a field.
const PARSED_BY_TEXT: usize = 48;
/// Documents that the cache makes room for at first.
const EXPECTED: usize = 256;

/// SHA-256 of a document's text.
pub type TextHash = [u8; 32];

/// A document that parses.
pub struct Parsed {
    /// Of its text.
    pub hash: TextHash,
    /// What was parsed.
    pub document: ExecutableDocument,
    /// Whether it asks what the schema holds.
    pub introspects: bool,
    text_length: usize,
    /// Whether it was valid once: it is in the cache, or was.
    known: AtomicBool,
    /// Whether its text is kept for all, or is about to be.
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
            // The library draws the place below a copy of the line; the locations tell it without.
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

    /// That it is valid, which is looked at once.
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

/// The documents this process knows.
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

/// A document that was found, and what to do when it turns out to be valid.
#[derive(Clone)]
pub struct Found {
    /// The document.
    pub parsed: Arc<Parsed>,
    /// The text, when its hash came with it: whoever sends the hash alone is to find it from then on.
    to_persist: Option<String>,
}

impl Documents {
    /// An empty cache, and the manifest where one is configured.
    ///
    /// # Errors
    /// When the manifest cannot be read, or holds a document that does not parse.
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

    /// The document a request asks for.
    pub async fn find(
        &self,
        app: &App,
        params: &mut Params,
        asker: &Asker,
    ) -> Result<Found, Refusal> {
        let id = asked_id(params)?;
        match (params.query.take(), id) {
            (Some(text), id) => self.by_text(text, id.as_deref(), asker),
            (None, Some(id)) => self.by_id(app, &id, asker).await,
            (None, None) => Err(Refusal::http(
                http::StatusCode::BAD_REQUEST,
                "The request has no query.",
            )),
        }
    }

    fn by_text(&self, text: String, id: Option<&str>, asker: &Asker) -> Result<Found, Refusal> {
        let limit = guard::Limits::STANDARD.document_bytes;
        let hash = if text.len() > limit {
            [0; 32]
        } else {
            sha256(&text)
        };
        let trusted = self.trusted.as_ref();
        if let Some(parsed) = trusted.and_then(|manifest| manifest.by_hash(&hash)) {
            return Ok(Found::known(parsed));
        }
        if trusted.is_some() && !asker.developer {
            return Err(Refusal::new(
                Code::Forbidden,
                "Only documents that were released with an app are carried out here.",
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
        // What nobody has signed in for is kept in memory only: a table is not filled by passers-by.
        let shared = self.persisted == PersistedDocuments::Database;
        // And what is said in a document, where a variable should say it, may be private.
        let says_nothing = !text.contains('"');
        let persist = shared && hashed.is_some() && says_nothing && asker.viewer.member().is_some();
        Ok(Found {
            parsed,
            to_persist: persist.then_some(text),
        })
    }

    async fn by_id(&self, app: &App, id: &str, asker: &Asker) -> Result<Found, Refusal> {
        let hash = id.strip_prefix("sha256:").and_then(unhex);
        if let Some(manifest) = &self.trusted {
            let released = manifest
                .by_id(id)
                .or_else(|| manifest.by_id(id.strip_prefix("sha256:")?))
                .or_else(|| manifest.by_hash(&hash?));
            if let Some(parsed) = released {
                return Ok(Found::known(parsed));
            }
            // What else is known here came from developers, or from before there was a manifest.
            if !asker.developer {
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
                // The phone sends the text again: a slower way, and not a closed one.
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

    /// That a document is valid: from then on it is known by its hash, and not looked at again. Names of the schema
    /// are suggested to whoever may see all of them.
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
                // Every fragment is looked at by itself.
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

/// The message is what Apollo's clients compare, to the letter.
fn not_found() -> Refusal {
    Refusal::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

/// The id a request gives a document, in the form of `documentId`.
fn asked_id(params: &Params) -> Result<Option<String>, Refusal> {
    let persisted = params.extensions.as_ref();
    let Some(persisted) = persisted.and_then(|extensions| extensions.persisted_query.as_ref())
    else {
        return Ok(params.document_id.clone());
    };
    if persisted.version != 1 {
        return Err(Refusal::http(
            http::StatusCode::BAD_REQUEST,
            "Of persisted queries only version 1 is known.",
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
