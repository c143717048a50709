//! Connections are closed after their peer has read the last answer. A request may be refused while its body still comes;
//! bytes that arrive at a closed connection reset it, and the peer loses the answer that says why.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long nothing may come from a peer who has not closed the connection.
const SILENCE: Duration = Duration::from_secs(1);
/// How long somebody may go on to send; most of the largest parts have come by then.
const LIMIT: Duration = Duration::from_secs(30);

/// A stream whose shutdown takes, and throws away, what the peer still sends.
pub(super) struct Lingering<S> {
    inner: S,
    silence: Duration,
    limit: Duration,
    farewell: Option<Farewell>,
}

/// This side sends no more.
struct Farewell {
    began: Instant,
    patience: Pin<Box<Sleep>>,
}

impl<S> Lingering<S> {
    pub(super) fn new(inner: S) -> Self {
        Self::within(inner, SILENCE, LIMIT)
    }

    fn within(inner: S, silence: Duration, limit: Duration) -> Self {
        Self { inner, silence, limit, farewell: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, silence, limit, farewell } = &mut *self;
        let farewell = match farewell {
            Some(farewell) => farewell,
            None => {
                ready!(Pin::new(&mut *inner).poll_shutdown(context))?;
                farewell.insert(Farewell { began: Instant::now(), patience: Box::pin(sleep(*silence)) })
            }
        };
        let mut some = [MaybeUninit::uninit(); 16 << 10];
        loop {
            let mut bytes = ReadBuf::uninit(&mut some);
            match Pin::new(&mut *inner).poll_read(context, &mut bytes) {
                Poll::Ready(Ok(())) if bytes.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if farewell.began.elapsed() < *limit => {
                    farewell.patience.as_mut().reset(Instant::now() + *silence);
                }
                // Whatever went wrong, nothing more is to be said.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return farewell.patience.as_mut().poll(context).map(Ok),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(600);

    /// The peer sends more than fits between the two, although nobody reads it, and then finds the answer.
    #[tokio::test]
    async fn what_still_comes_is_taken() {
        let (near, mut far) = duplex(1000);
        let mut near = Lingering::within(near, LONG, LONG);
        let peer = tokio::spawn(async move {
            far.write_all(&[7; 100_000]).await.unwrap();
            let mut answer = String::new();
            far.read_to_string(&mut answer).await.unwrap();
            answer
        });
        near.write_all(b"refused").await.unwrap();
        near.shutdown().await.unwrap();
        assert_eq!(peer.await.unwrap(), "refused");
    }

    #[tokio::test]
    async fn a_silent_peer_is_left() {
        let (near, _far) = duplex(1000);
        Lingering::within(near, SHORT, LONG).shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn a_peer_who_never_ends_is_left() {
        let (near, mut far) = duplex(1000);
        let peer = tokio::spawn(async move { while far.write_all(&[7; 1000]).await.is_ok() {} });
        let mut near = Lingering::within(near, LONG, SHORT);
        near.shutdown().await.unwrap();
        drop(near);
        peer.await.unwrap();
    }
}
