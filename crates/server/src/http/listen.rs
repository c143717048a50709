//! The accept loop: plain or TLS, with a stop that lets what is in flight finish.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::idle::Watched;
use super::linger::Lingering;
use super::places::Places;
use crate::Meter;
use crate::config::Limits;

/// How long a connection may take to send the headers of a request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take until its first request has come: until then nobody knows what it will be, and no other
/// limit on slow heads has begun.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests in flight may go on after the stop was asked for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Smallest buffer that HTTP/1 works with, in bytes.
const SMALLEST_HEAD_BYTES: usize = 8 << 10;

/// What a listener takes on.
#[derive(Debug, Clone)]
pub struct Bounds {
    headers: usize,
    head_bytes: usize,
    connections: usize,
    behind_proxy: bool,
    first_request: Duration,
}

impl Bounds {
    /// As the operator set them. Behind a proxy that is trusted, connections are not told apart by where they come from.
    #[must_use]
    pub fn new(limits: &Limits, behind_proxy: bool) -> Self {
        Self {
            headers: limits.headers,
            head_bytes: limits.head_bytes.max(SMALLEST_HEAD_BYTES),
            connections: limits.connections.clamp(1, Semaphore::MAX_PERMITS),
            behind_proxy,
            first_request: FIRST_REQUEST_TIMEOUT,
        }
    }

    fn http(&self) -> Builder<Streams> {
        let mut http = Builder::new(Streams);
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_headers(self.headers)
            .max_buf_size(self.head_bytes);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HEADER_READ_TIMEOUT)
            .max_header_list_size(u32::try_from(self.head_bytes).unwrap_or(u32::MAX));
        http
    }
}

/// A bound address that serves a router.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// Asks a server to stop; every clone asks the same server.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// A stop that nobody has asked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Asks for the stop.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// What turns true when somebody asks.
    #[must_use]
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = receiver.wait_for(|asked| *asked).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

/// Ends an answer from inside a request, also when its peer takes no bytes at that moment: over HTTP/2 its stream, else
/// its connection. Every request finds its own among its extensions.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerCut(Arc<Notify>);

impl AnswerCut {
    /// Ends the answer.
    pub(super) fn now(&self) {
        self.0.notify_one();
    }
}

tokio::task_local! {
    /// What ends the stream of HTTP/2 that a task answers.
    static STREAM: AnswerCut;
}

/// Answers each stream of HTTP/2 on a task of its own that can be ended. Then the stream is reset, without what still waits
/// in it, and the others of the connection go on.
#[derive(Debug, Clone, Copy)]
struct Streams;

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, answer: F) {
        let cut = AnswerCut::default();
        tokio::spawn(STREAM.scope(cut.clone(), async move {
            tokio::select! {
                () = cut.0.notified() => {}
                _ = answer => {}
            }
        }));
    }
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken or not of this machine.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, tls: tls.map(TlsAcceptor::from) })
    }

    /// The address that was bound.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` is asked for, then waits for requests in flight, at most 30 s. Connections beyond the bound
    /// wait, unaccepted, until one ends; those beyond what one network may have are closed.
    pub async fn serve(self, router: Router, bounds: Bounds, meter: Option<Meter>, stop: Stop) {
        let http = Arc::new(bounds.http());
        let graceful = Arc::new(GracefulShutdown::new());
        let places = Places::new(bounds.connections, bounds.behind_proxy);
        loop {
            let accept = async {
                let free = places.free().await;
                self.socket.accept().await.map(|(stream, peer)| (stream, peer, free))
            };
            let (stream, peer, free) = tokio::select! {
                accepted = accept => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors, or the peer is gone already: wait a moment, then go on.
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = stop.asked() => break,
            };
            let Some(place) = free.and_then(|free| places.give(free, peer.ip())) else {
                tracing::debug!(%peer, "a connection was closed: its network has as many as it may");
                if let Some(meter) = &meter {
                    meter.closed_at_once();
                }
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection = serve_connection(
                stream,
                peer,
                self.tls.clone(),
                Arc::clone(&http),
                router.clone(),
                graceful.watcher(),
                bounds.first_request,
            );
            let counted = meter.as_ref().map(Meter::connection);
            tokio::spawn(async move {
                connection.await;
                drop((place, counted));
            });
        }
        drop(self.socket);
        let Some(graceful) = Arc::into_inner(graceful) else { return };
        if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were still running after the drain time and were cut off");
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    http: Arc<Builder<Streams>>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    first_request: Duration,
) {
    let stream = Watched::new(Lingering::new(stream));
    let cut = AnswerCut::default();
    let handed_on = cut.clone();
    let begun = Arc::new(AtomicBool::new(false));
    let has_begun = Arc::clone(&begun);
    let silent = async move {
        tokio::time::sleep(first_request).await;
        if has_begun.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        begun.store(true, Ordering::Relaxed);
        let (router, of_connection) = (router.clone(), handed_on.clone());
        async move {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(STREAM.try_with(AnswerCut::clone).unwrap_or(of_connection));
            router.oneshot(request.map(axum::body::Body::new)).await
        }
    });
    let outcome = match tls {
        None => {
            let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            tokio::select! {
                outcome = watcher.watch(connection) => outcome,
                () = cut.0.notified() => return,
                () = silent => return,
            }
        }
        Some(tls) => {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await else {
                return;
            };
            let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            tokio::select! {
                outcome = watcher.watch(connection) => outcome,
                () = cut.0.notified() => return,
                () = silent => return,
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Neither who says nothing nor who says only what could begin either version of HTTP stays; who asked something does.
    #[tokio::test]
    async fn a_connection_without_a_request_is_closed() {
        let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), None).await.unwrap();
        let address = listener.address().unwrap();
        let bounds =
            Bounds { first_request: Duration::from_millis(50), ..Bounds::new(&Limits::default(), false) };
        let router = Router::new().route("/", axum::routing::get(|| async { "here" }));
        let stop = Stop::new();
        let serving = tokio::spawn(listener.serve(router, bounds, None, stop.clone()));
        let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for first in ["", "P", "GET / HTTP/1.1\r\n"] {
            let mut silent = TcpStream::connect(address).await.unwrap();
            let mut speaks = TcpStream::connect(address).await.unwrap();
            silent.write_all(first.as_bytes()).await.unwrap();
            speaks.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Closed with bytes unread, a connection may end in a reset.
            let _ = silent.read_to_end(&mut answer).await;
            assert_eq!(String::from_utf8_lossy(&answer), "", "{first}");
            speaks.write_all(request.as_bytes()).await.unwrap();
            let mut answers = String::new();
            while answers.matches("here").count() < 2 {
                let mut some = [0; 1000];
                let count = speaks.read(&mut some).await.unwrap();
                assert!(count > 0, "{answers}");
                answers.push_str(std::str::from_utf8(&some[..count]).unwrap());
            }
        }
        stop.ask();
        serving.await.unwrap();
    }
}
