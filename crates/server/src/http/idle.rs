//! Connections on which nothing moves are closed, whatever state they are in: before the first byte, between requests,
//! while an answer waits for a peer who does not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long nothing may move; it may take twice as long until that is noticed. Longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(300);

/// A stream that fails when nothing has moved for long, in either direction.
pub(super) struct Watched<S> {
    inner: S,
    limit: Duration,
    timer: Pin<Box<Sleep>>,
    moved: bool,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S) -> Self {
        Self::within(inner, LIMIT)
    }

    fn within(inner: S, limit: Duration) -> Self {
        Self { inner, limit, timer: Box::pin(sleep(limit)), moved: false }
    }

    /// What a call answers: its own answer, or an error when it has none and nothing has moved for long.
    fn watch<T>(&mut self, context: &mut Context<'_>, answer: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if answer.is_ready() {
            self.moved = true;
            return answer;
        }
        loop {
            ready!(self.timer.as_mut().poll(context));
            if !self.moved {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.moved = false;
            self.timer.as_mut().reset(Instant::now() + self.limit);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.inner).poll_read(context, buffer);
        self.watch(context, answer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch(context, answer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch(context, answer)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A flush of nothing is ready at once, so that it does not count as movement.
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watch(context, answer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_peer_who_sends_nothing_is_given_up() {
        let (near, _far) = duplex(10);
        let error = Watched::within(near, SHORT).read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_who_reads_nothing_is_given_up() {
        let (near, _far) = duplex(10);
        let error = Watched::within(near, SHORT).write_all(&[0; 11]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_moves_goes_on() {
        let (near, mut far) = duplex(10);
        let mut near = Watched::within(near, Duration::from_secs(600));
        far.write_all(b"a").await.unwrap();
        assert_eq!(near.read_u8().await.unwrap(), b'a');
        near.write_all(b"b").await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'b');
    }
}
