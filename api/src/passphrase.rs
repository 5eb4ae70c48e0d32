//! Costly work on passphrases: hashing, comparing, and estimating how soon one would be guessed.
//!
//! The work runs outside the threads that answer requests, on all cores but one, and with a bounded queue. When the
//! queue is full, further callers are asked to try again. Estimates have a queue of their own: strangers who choose a
//! passphrase at sign-up must not delay members who sign in.

use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::{Score, zxcvbn};

use crate::entropy::Entropy;
use crate::error::Fault;
use crate::problem::{Problem, ProblemCode};
use crate::waiting;

/// A passphrase in Unicode NFC, so that every keyboard gives the same bytes.
#[derive(Clone)]
pub struct Passphrase(SecretString);

const PASSPHRASE_MIN: usize = 10;
const PASSPHRASE_MAX: usize = 128;

impl Passphrase {
    /// Reads a new passphrase: 10 to 128 characters. Its strength is checked elsewhere, see `Passphrases::strong`.
    pub fn chosen(field: &str, text: String) -> Result<Self, Problem> {
        let passphrase = Self::given(field, text)?;
        if passphrase.expose().chars().count() < PASSPHRASE_MIN {
            let message = "A passphrase has at least 10 characters; a few words make a good one.";
            let problem = Problem::field(field, ProblemCode::TooShort, message);
            return Err(problem.limit(PASSPHRASE_MIN));
        }
        Ok(passphrase)
    }

    /// Reads a passphrase that is to be compared with a hash.
    pub fn given(field: &str, text: String) -> Result<Self, Problem> {
        let text = SecretString::from(text);
        // This also bounds the work of composing it.
        if text.expose_secret().chars().nth(PASSPHRASE_MAX).is_some() {
            let message = "A passphrase has at most 128 characters.";
            return Err(Problem::field(field, ProblemCode::TooLong, message).limit(PASSPHRASE_MAX));
        }
        if text.expose_secret().is_empty() {
            let message = "The passphrase is needed.";
            return Err(Problem::field(field, ProblemCode::Required, message));
        }
        let composed: String = text.expose_secret().nfc().collect();
        Ok(Self(composed.into()))
    }

    /// Returns the text, for hashing and comparing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the problem that the passphrase would be guessed too soon.
    pub fn weak(field: &str) -> Problem {
        let message = "This would be guessed too soon: take a few words that have nothing to do with each \
             other, or with you.";
        Problem::field(field, ProblemCode::WeakPassphrase, message)
    }
}

/// The first choice of OWASP's Password Storage Cheat Sheet: memory in KiB, passes, lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A new passphrase that has passed the estimate.
#[derive(Clone)]
pub struct Strong(Passphrase);

impl Strong {
    /// Returns the passphrase.
    pub const fn passphrase(&self) -> &Passphrase {
        &self.0
    }
}

/// The most hashes that wait: about a second's work for one core.
const QUEUE: usize = 64;
/// The most estimates that wait.
const ESTIMATES: usize = 16;
/// The characters that are estimated. More take long to estimate, and a strong beginning makes the whole strong.
const ESTIMATED: usize = 40;

/// The queues for work on passphrases.
#[derive(Debug)]
pub struct Passphrases {
    hashes: Lane,
    estimates: Lane,
}

#[derive(Debug)]
struct Lane {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Passphrases {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = cores.saturating_sub(1).max(1);
        Self {
            hashes: Lane::sized(at_once, QUEUE),
            estimates: Lane::sized(1, ESTIMATES),
        }
    }
}

impl Passphrases {
    /// Returns the passphrase, or `None` if somebody who knows `about` its owner would guess it in under 10⁸ tries.
    pub(crate) async fn strong(
        &self,
        passphrase: Passphrase,
        about: Vec<String>,
    ) -> Result<Option<Strong>, Fault> {
        let work = move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            let estimated = beginning(passphrase.expose());
            let strong = zxcvbn(estimated, &about).score() >= Score::Three;
            strong.then_some(Strong(passphrase))
        };
        self.estimates.run(work).await
    }

    /// As [`Passphrases::strong`], with the single words of `about`: an e-mail address contains several words.
    pub(crate) async fn strong_for(
        &self,
        passphrase: Passphrase,
        about: &[&str],
    ) -> Result<Option<Strong>, Fault> {
        let about = about
            .iter()
            .flat_map(|text| text.split(['@', '.']).chain([*text]))
            .chain(["belay"])
            .filter(|word| word.chars().count() > 2)
            // The input may not be an address at all, and may have any length.
            .take(16)
            .map(|word| word.chars().take(64).collect())
            .collect();
        self.strong(passphrase, about).await
    }

    /// Returns the hash to store, in PHC form.
    pub(crate) async fn hash(
        &self,
        entropy: &Entropy,
        passphrase: &Strong,
    ) -> Result<String, Fault> {
        let Strong(passphrase) = passphrase.clone();
        let salt: [u8; 16] = entropy.bytes();
        let work = move || {
            argon2()?
                .hash_password_with_salt(passphrase.expose().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| Fault::Broken("a passphrase can be hashed"))
        };
        self.hashes.run(work).await?
    }

    /// Whether the passphrase matches the hash. Without a hash it takes as long to return false, so that timing does
    /// not reveal which accounts exist.
    pub(crate) async fn verify(
        &self,
        passphrase: &Passphrase,
        hash: Option<String>,
    ) -> Result<bool, Fault> {
        let passphrase = passphrase.clone();
        let work = move || {
            let argon2 = argon2()?;
            let given = passphrase.expose().as_bytes();
            if let Some(Ok(hash)) = hash.as_deref().map(PasswordHash::new) {
                return Ok(argon2.verify_password(given, &hash).is_ok());
            }
            let mut nowhere = [0; Params::DEFAULT_OUTPUT_LEN];
            argon2
                .hash_password_into(given, &[0; 16], &mut nowhere)
                .map_err(|_| Fault::Broken("a passphrase can be hashed"))?;
            // Keeps the compiler from removing the work as unused.
            std::hint::black_box(nowhere);
            Ok(false)
        };
        self.hashes.run(work).await?
    }
}

impl Lane {
    fn sized(at_once: usize, queue: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + queue)),
        }
    }

    /// Runs the work when it is its turn, unless its caller has gone by then.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        const OPEN: Fault = Fault::Broken("the queue of passphrases is never closed");
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Fault::Busy)?;
        let turn = tokio::select! {
            turn = Arc::clone(&self.turns).acquire_owned() => turn.map_err(|_| OPEN)?,
            () = waiting::for_nobody() => return Err(Fault::Busy),
        };
        // The work takes the permits along: a caller that gives up does not free a core.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await
            .map_err(|_| Fault::Broken("work on a passphrase ends"))
    }
}

fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(ESTIMATED).map(|(at, _)| at);
    end.map_or(text, |end| &text[..end])
}

fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_| Fault::Broken("the parameters of Argon2 are in range"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn code<T>(parsed: Result<T, Problem>) -> Option<ProblemCode> {
        parsed.err().map(|problem| problem.code)
    }

    #[test]
    fn a_passphrase_has_ten_to_128_characters() {
        let chosen = |text: String| code(Passphrase::chosen("passphrase", text));
        assert_eq!(chosen("é".repeat(9)), Some(ProblemCode::TooShort));
        assert_eq!(chosen("é".repeat(10)), None);
        assert_eq!(chosen("é".repeat(128)), None);
        assert_eq!(chosen("é".repeat(129)), Some(ProblemCode::TooLong));
        assert_eq!(chosen(String::new()), Some(ProblemCode::Required));
    }

    #[test]
    fn unicode_composition_does_not_change_a_passphrase() {
        let given = |text: &str| Passphrase::given("passphrase", text.to_owned()).unwrap();
        assert_eq!(given("caf\u{e9}").expose(), given("cafe\u{301}").expose());
    }

    #[tokio::test]
    async fn a_full_queue_is_busy() {
        let passphrases = Lane::sized(1, 1);
        let (go, gone) = mpsc::channel::<()>();
        let working = passphrases.run(move || gone.recv());
        let waiting = passphrases.run(|| ());
        let turned_away = async {
            tokio::task::yield_now().await;
            let refused = passphrases.run(|| ()).await;
            go.send(()).unwrap();
            refused
        };
        let (worked, waited, refused) = tokio::join!(working, waiting, turned_away);
        assert!(worked.is_ok() && waited.is_ok());
        assert!(matches!(refused, Err(Fault::Busy)));
        assert!(passphrases.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn work_for_a_disconnected_client_is_not_started() {
        let lane = Lane::sized(1, 1);
        let (go, gone) = mpsc::channel::<()>();
        let working = lane.run(move || gone.recv());
        let (waits, awaited) = waiting::pair();
        let waiting = awaited.scope(lane.run(|| ()));
        let leaving = async {
            tokio::task::yield_now().await;
            drop(waits);
        };
        let waiting = async {
            let ((), waited) = tokio::join!(leaving, waiting);
            go.send(()).unwrap();
            waited
        };
        let (worked, waited) = tokio::join!(working, waiting);
        assert!(worked.is_ok() && matches!(waited, Err(Fault::Busy)));
    }

    #[tokio::test]
    async fn a_long_passphrase_is_rated_by_its_beginning() {
        let passphrases = Passphrases::default();
        let strong = async |text: String| {
            let phrase = Passphrase::chosen("passphrase", text).unwrap();
            passphrases
                .strong(phrase, Vec::new())
                .await
                .unwrap()
                .is_some()
        };
        assert!(strong("correct horse battery staple ".repeat(4)).await);
        assert!(strong("übergrößenträger ömchen tütensuppe ".repeat(3)).await);
        assert!(!strong("a".repeat(128)).await);
    }

    #[tokio::test]
    async fn personal_words_make_a_passphrase_weak() {
        let passphrases = Passphrases::default();
        let phrase = |text: &str| Passphrase::chosen("passphrase", text.to_owned()).unwrap();
        let weak = async |text, about: &[&str]| {
            let about = about.iter().map(ToString::to_string).collect();
            let strong = passphrases.strong(phrase(text), about).await;
            strong.unwrap().is_none()
        };
        assert!(weak("password123", &[]).await);
        assert!(!weak("correct horse battery staple", &[]).await);
        assert!(!weak("throgmorton7", &[]).await);
        assert!(weak("throgmorton7", &["throgmorton"]).await);
    }
}
