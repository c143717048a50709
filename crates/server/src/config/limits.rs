//! Bounds on what the server takes on, so that nobody can use up its memory, its descriptors or its time.

use std::net::SocketAddr;

use serde::Deserialize;

use super::Password;

/// Bounds on what the server takes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest body of an API call with a good token, in bytes; without one at most 64 KiB are read.
    pub body_bytes: usize,
    /// Seconds in which the body of an API call must have come.
    pub body_seconds: u64,
    /// The least bytes a second, over a minute, of a part on its way in; 0 is no limit beyond some byte each minute.
    pub part_bytes_per_second: u32,
    /// Most header fields of a request.
    pub headers: usize,
    /// Largest head of a request, address and header fields together, in bytes; at least 8 KiB.
    pub head_bytes: usize,
    /// Most connections at once; further ones wait until one ends. One network has a quarter of them at most, unless they
    /// come through a proxy that is trusted, or from this machine.
    pub connections: usize,
    /// Most requests at once; further ones are asked to come back.
    pub concurrent_requests: usize,
    /// Seconds that one search may look for more before it must do with what it has found.
    pub search_seconds: u32,
    /// Most API calls a second of one account, over ten seconds; 0 is no limit.
    pub account_calls_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            body_seconds: 120,
            part_bytes_per_second: 2 << 10,
            headers: 100,
            head_bytes: 64 << 10,
            connections: 4096,
            concurrent_requests: 1024,
            search_seconds: 10,
            account_calls_per_second: 0,
        }
    }
}

/// Who may read `/metrics`. Without either setting nobody may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// An address of its own that serves nothing else, without a token; keep it on a private network.
    pub listen: Option<SocketAddr>,
    /// The bearer token with which the server's own address answers `/metrics`.
    pub token: Option<Password>,
}
