//! The bytes of a connection whose peer may take its time to read, but not for ever: an
//! answer that waits for its reader is broken off.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::web::connections::Activity;

/// How long a peer may read nothing at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever reads more slowly than this on average reads nothing.
const BYTES_PER_SECOND: u64 = 1024;

/// A connection whose writes fail once the other end reads too slowly.
pub(crate) struct PatientStream<S> {
    stream: S,
    activity: Arc<Activity>,
    patience: Duration,
    /// Set while an answer waits for its reader.
    wait: Option<Pin<Box<Sleep>>>,
}

impl<S> PatientStream<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>, patience: Duration) -> Self {
        Self {
            stream,
            activity,
            patience,
            wait: None,
        }
    }

    /// What a write is that was tried.
    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(written) => {
                if let (Some(wait), Ok(count)) = (&mut self.wait, &written) {
                    let millis = (*count as u64).saturating_mul(1000) / BYTES_PER_SECOND;
                    let deadline = wait.deadline() + Duration::from_millis(millis);
                    // Nobody saves up time by reading fast for a while.
                    let most = Instant::now() + self.patience;
                    wait.as_mut().reset(deadline.min(most));
                }
                Poll::Ready(written)
            }
            Poll::Pending => {
                self.activity.set_stalled(true);
                let deadline = Instant::now() + self.patience;
                let wait = self.wait.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                ready!(wait.as_mut().poll(cx));
                let words = "the answer is not read";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, words)))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked for when everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wait = None;
        self.activity.set_stalled(false);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn an_answer_that_nobody_reads_is_broken_off() {
        let (ours, theirs) = duplex(16);
        let mut stream = PatientStream::new(ours, Arc::default(), Duration::from_millis(20));
        let error = stream.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }

    #[tokio::test]
    async fn nor_one_that_is_read_a_byte_at_a_time() {
        let (ours, mut theirs) = duplex(16);
        let mut stream = PatientStream::new(ours, Arc::default(), Duration::from_millis(50));
        let drip = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            loop {
                ticks.tick().await;
                if theirs.read_u8().await.is_err() {
                    return;
                }
            }
        });
        let error = stream.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(stream);
        drip.await.unwrap();
    }

    #[tokio::test]
    async fn one_that_is_read_arrives_and_the_next_has_all_the_time_again() {
        let (ours, mut theirs) = duplex(16);
        let mut stream = PatientStream::new(ours, Arc::default(), PATIENCE);
        for _ in 0..2 {
            let reads = tokio::spawn(async move {
                let mut answer = vec![0; 1000];
                theirs.read_exact(&mut answer).await.unwrap();
                theirs
            });
            stream.write_all(&[7; 1000]).await.unwrap();
            stream.flush().await.unwrap();
            assert!(stream.wait.is_none());
            theirs = reads.await.unwrap();
        }
    }
}
