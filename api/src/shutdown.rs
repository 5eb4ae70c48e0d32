//! Graceful shutdown in two stages: first the process tells the load balancer that it is not ready and keeps serving,
//! then it accepts no more work and finishes what it has begun. A second signal ends it at once.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tells all tasks of the process when to end, and tracks those that have not ended yet. Cheap to clone.
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
    /// All tasks finished.
    Finished,
    /// This many tasks were still running when their time was over. Another process will do their work again.
    TimeOver(usize),
    /// A second signal came.
    Hurried,
    /// A vital task ended on its own.
    Crippled,
}

/// The signals that ask the process to end. Once this exists, they no longer end it by themselves.
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
    /// Whether the first stage has begun: new work is still accepted, but should go to other processes.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Returns a token that is cancelled when the second stage begins: accept nothing new, and finish the work.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs a task that the shutdown waits for, even if nobody awaits the handle.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Runs a task that the process cannot do without. If it ends before the second stage, by a panic or otherwise, the
    /// process ends too, so that its supervisor restarts it.
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

    /// Waits for the first signal and then runs both stages: work is still accepted for `drain`, and then running tasks
    /// have `grace` to end.
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
    async fn the_end_of_a_vital_task_stops_the_process() {
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
