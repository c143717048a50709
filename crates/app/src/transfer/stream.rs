//! Bytes on their way to a reader, for as long as the reader may read them.
//!
//! One task reads ahead and, twice a second, asks whether the reader may still read. When not, it cuts the answer, also
//! when the reader takes nothing at that moment (design promise 4: bytes in flight 1 s).

use std::collections::VecDeque;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, TryStreamExt, stream};
use store::blob::Extent;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::extents::{self, Trouble};
use super::grant::ReadGrant;
use crate::error::{Error, Result};
use crate::turns::Turn;

/// How often a running download is decided again.
const RECHECK: Duration = Duration::from_millis(500);
/// Pieces of at most 1 MiB that wait for the reader.
const AHEAD: usize = 1;
/// How long a reader may take for one piece of 1 MiB: who takes nothing holds a turn that others wait for, but a program
/// may well pause for minutes before it reads on.
const SLOWEST_PIECE: Duration = Duration::from_secs(300);

/// Ends the answer to the reader at once: the connection, or the stream where a connection has several.
pub type Cut = Arc<dyn Fn() + Send + Sync>;

/// A range of a file on its way to a reader.
pub struct Reading {
    first: Bytes,
    rest: mpsc::Receiver<Result<Bytes>>,
    length: u64,
    turn: Turn,
}

impl Reading {
    pub(super) async fn start(
        grant: ReadGrant,
        extents: Vec<Extent>,
        range: Range<u64>,
        cut: Cut,
        turn: Turn,
    ) -> Result<Self> {
        let (sender, mut rest) = mpsc::channel(AHEAD);
        let length = range.end - range.start;
        if length == 0 {
            return Ok(Self { first: Bytes::new(), rest, length, turn });
        }
        let mut watch = interval(RECHECK);
        watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, and the decision was made a moment ago.
        watch.tick().await;
        tokio::spawn(Producer { grant, cut, sender, watch, _turn: turn.clone() }.run(extents, range));
        // Damage in the first piece is answered as an error, before any header has left.
        let first = rest.recv().await.ok_or_else(broken)??;
        Ok(Self { first, rest, length, turn })
    }

    /// The turn of the download, to be held until the last byte has left: bytes that nobody takes stay in memory.
    #[must_use]
    pub fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// The number of bytes that will come.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes. A stream that ends on an error, or short, was cut: the answer must not end in good order.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let left = self.length - self.first.len() as u64;
        let first = stream::iter((!self.first.is_empty()).then_some(Ok(self.first)));
        let rest = stream::try_unfold((self.rest, left), |(mut rest, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let bytes = rest.recv().await.ok_or_else(broken)??;
            let left = left.checked_sub(bytes.len() as u64).ok_or_else(broken)?;
            Ok(Some((bytes, (rest, left))))
        });
        futures::StreamExt::chain(first, rest)
    }
}

fn broken() -> Error {
    Error::internal("a download was cut before its end")
}

/// The task that reads ahead.
struct Producer {
    grant: ReadGrant,
    cut: Cut,
    sender: mpsc::Sender<Result<Bytes>>,
    watch: Interval,
    _turn: Turn,
}

/// Why a task reads no further.
enum Stop {
    /// Its reader is gone, or may not read on.
    Over,
    /// Something to say to the reader.
    Failed(Error),
}

impl Producer {
    async fn run(mut self, extents: Vec<Extent>, range: Range<u64>) {
        if let Err(Stop::Failed(error)) = self.send(extents.into(), range).await {
            let _ = self.sender.send(Err(error)).await;
        }
    }

    /// Sends what is left of the range, extent by extent.
    async fn send(&mut self, mut extents: VecDeque<Extent>, mut left: Range<u64>) -> Result<(), Stop> {
        let app = Arc::clone(self.grant.app());
        let (mut went_on_at, mut looked_up_at) = (None, None);
        while !left.is_empty() {
            let Some(extent) = extents.pop_front() else {
                if went_on_at.replace(left.start) == Some(left.start) {
                    return Err(Stop::Failed(broken()));
                }
                extents = self.grant.extents(&left).await.map_err(Stop::Failed)?.into();
                continue;
            };
            let blob = &extent.blob;
            let opened =
                self.watching(&left, extents::open(&app, blob, extents::part_of(&extent, &left))).await?;
            let mut pieces = match opened {
                Ok(pieces) => pieces,
                // Equal content may have been merged since: then the bytes have another name now.
                Err(trouble) if trouble.is_missing() && looked_up_at != Some(left.start) => {
                    looked_up_at = Some(left.start);
                    extents = self.grant.extents(&left).await.map_err(Stop::Failed)?.into();
                    continue;
                }
                Err(trouble) => {
                    return Err(Stop::Failed(trouble.report(&app, self.grant.file(), blob).await));
                }
            };
            loop {
                let piece = match self.watching(&left, pieces.try_next()).await? {
                    Ok(Some(piece)) => piece,
                    Ok(None) => break,
                    Err(error) => {
                        let trouble = Trouble::Blob(error);
                        return Err(Stop::Failed(trouble.report(&app, self.grant.file(), blob).await));
                    }
                };
                let length = piece.len() as u64;
                let sender = self.sender.clone();
                match self.watching(&left, sender.send_timeout(Ok(piece), SLOWEST_PIECE)).await? {
                    Ok(()) => left.start += length,
                    Err(SendTimeoutError::Closed(_)) => return Err(Stop::Over),
                    Err(SendTimeoutError::Timeout(_)) => {
                        (self.cut)();
                        return Err(Stop::Over);
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits for something, and sees meanwhile that the reader still may read what is left.
    async fn watching<T>(&mut self, left: &Range<u64>, work: impl Future<Output = T>) -> Result<T, Stop> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                _ = self.watch.tick() => {
                    if !self.grant.holds(left).await {
                        (self.cut)();
                        return Err(Stop::Over);
                    }
                }
                done = &mut work => return Ok(done),
            }
        }
    }
}
