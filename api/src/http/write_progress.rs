//! Counts the bytes of a connection. The bytes written tell a slow reader from one that does not read. The bytes read
//! tell an incomplete message from silence.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::Extensions;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Counts the bytes that were written to a connection, and those that were read from it. Every request on the
/// connection carries this in its extensions.
#[derive(Clone, Debug, Default)]
pub struct WriteProgress(Arc<Bytes>);

#[derive(Debug, Default)]
struct Bytes {
    written: AtomicU64,
    heard: AtomicU64,
}

impl WriteProgress {
    /// Returns the counts of the connection that a request came by.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes that were read from the connection so far.
    pub fn heard(&self) -> u64 {
        self.0.heard.load(Ordering::Relaxed)
    }
}

/// Watches whether a peer takes the data that waits for it.
#[derive(Debug)]
pub struct Stall {
    progress: WriteProgress,
    before: u64,
    since: Option<Instant>,
    patience: Duration,
}

impl Stall {
    /// Watches a peer that is given up if it takes nothing for `patience`.
    pub const fn new(progress: WriteProgress, patience: Duration) -> Self {
        Self {
            progress,
            before: 0,
            since: None,
            patience,
        }
    }

    /// Resets the watch: no data waits for the peer.
    pub const fn over(&mut self) {
        self.since = None;
    }

    /// Whether the peer has taken nothing for too long, although data waits for it. Must be called regularly.
    pub fn is_too_long(&mut self, now: Instant) -> bool {
        let written = self.progress.written();
        if written != self.before {
            self.before = written;
            self.since = None;
        }
        let since = *self.since.get_or_insert(now);
        now.saturating_duration_since(since) > self.patience
    }
}

/// A connection that counts its bytes.
pub struct CountedStream<S> {
    stream: S,
    progress: WriteProgress,
}

impl<S> CountedStream<S> {
    /// Counts the bytes of `stream` from here on.
    pub const fn new(stream: S, progress: WriteProgress) -> Self {
        Self { stream, progress }
    }

    fn count(&self, bytes: usize) {
        add(&self.progress.0.written, bytes);
    }
}

fn add(to: &AtomicU64, bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    to.fetch_add(bytes, Ordering::Relaxed);
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        add(&self.progress.0.heard, buffer.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.count(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.count(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn slow_progress_is_not_a_stall() {
        let seconds = Duration::from_secs;
        let (progress, began) = (WriteProgress::default(), Instant::now());
        let mut stall = Stall::new(progress.clone(), seconds(30));
        let mut connection = CountedStream::new(Vec::new(), progress);
        for turn in 1..=10 {
            connection.write_all(b"x").await.unwrap();
            assert!(!stall.is_too_long(began + seconds(29 * turn)));
        }
        assert!(!stall.is_too_long(began + seconds(320)));
        assert!(stall.is_too_long(began + seconds(321)));
        stall.over();
        assert!(!stall.is_too_long(began + seconds(400)));
    }
}
