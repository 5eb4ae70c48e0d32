//! Ending in two stages, so that nobody notices: first say no to the load balancer and go on serving,
//! then stop taking work and finish what was taken. A second signal ends at once.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tells everything in the process when to end, and knows what has not ended yet. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    draining: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
    vital_ended: Arc<AtomicBool>,
}

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything that had been started was finished.
    Finished,
    /// So many tasks were still running when their time was over. What they were doing is taken up
    /// again by another process.
    TimeOver(usize),
    /// A second signal came.
    Hurried,
    /// Something the process cannot do without ended on its own.
    Crippled,
}

/// The signals that ask the process to end. From its making on they no longer end it by themselves.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts listening for SIGTERM and SIGINT.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Shutdown {
    /// Whether the first stage has begun: new work is still taken, but somebody else should be asked.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Cancelled when the second stage begins: take nothing new, finish what was taken.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs a task that is waited for at the end, whether or not anybody waits for it before.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Runs a task the process cannot do without: when it ends before the second stage, whether by a
    /// panic or otherwise, the process ends too, so that whoever watches over it starts it anew.
    pub fn spawn_vital(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(task);
        let shutdown = self.clone();
        self.tasks.spawn(async move {
            let ended = handle.await;
            if !shutdown.stopping.is_cancelled() {
                tracing::error!(task = name, panicked = ended.is_err(), "a vital task ended");
                shutdown.vital_ended.store(true, Ordering::Relaxed);
                shutdown.draining.cancel();
            }
        });
    }

    /// Waits for the first signal and then ends both stages: for `drain` work is still taken, then what
    /// runs has `grace` to end.
    pub async fn run(&self, mut signals: Signals, drain: Duration, grace: Duration) -> Ended {
        tokio::select! {
            () = signals.next() => {}
            () = self.draining.cancelled() => {}
        }
        self.draining.cancel();
        tracing::info!(drain_seconds = drain.as_secs(), "ending");
        let stages = async {
            if !self.crippled() {
                tokio::time::sleep(drain).await;
            }
            self.stopping.cancel();
            self.tasks.close();
            tokio::time::timeout(grace, self.tasks.wait()).await
        };
        let ended = tokio::select! {
            ended = stages => ended,
            () = signals.next() => return Ended::Hurried,
        };
        match ended {
            _ if self.crippled() => Ended::Crippled,
            Ok(()) => Ended::Finished,
            Err(_) => Ended::TimeOver(self.tasks.len()),
        }
    }

    fn crippled(&self) -> bool {
        self.vital_ended.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_vital_task_that_ends_takes_the_process_with_it() {
        let shutdown = Shutdown::default();
        let other = shutdown.stopping();
        shutdown.spawn_vital("other", async move { other.cancelled().await });
        shutdown.spawn_vital("short", async {});
        let signals = Signals::listen().unwrap();
        let ended = shutdown
            .run(signals, Duration::ZERO, Duration::from_secs(10))
            .await;
        assert_eq!(ended, Ended::Crippled);
    }
}
