//! Places for connections: so many for all, and a part of them for one network, so that nobody takes all by connecting.

use std::net::IpAddr;
use std::sync::Arc;

use app::turns::{Turn, Turns};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of the places that the connections of one network may take.
const NETWORKS_PART: usize = 4;

/// Places for connections.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Those of each network; none behind a proxy, whose connections are those of all networks.
    of_networks: Option<Turns<String>>,
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_network: Option<Turn>,
}

impl Places {
    /// So many places. Behind a proxy, networks are told apart by requests alone.
    pub(super) fn new(connections: usize, behind_proxy: bool) -> Self {
        let part = u32::try_from(connections / NETWORKS_PART).unwrap_or(u32::MAX >> 1).max(1);
        Self {
            all: Arc::new(Semaphore::new(connections)),
            of_networks: (!behind_proxy).then(|| Turns::new(u32::MAX, part)),
        }
    }

    /// Waits for a place that anybody may take.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Gives a free place to a peer; none when its network has its part. This machine is no network: who connects from
    /// it may be a proxy that nobody announced, and is no stranger.
    pub(super) fn give(&self, free: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let of_network = match &self.of_networks {
            Some(networks) if !peer.is_loopback() => Some(networks.try_take(app::sign_in::network(peer), 1)?),
            _ => None,
        };
        Some(Place { _of_all: free, _of_network: of_network })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn places_of(places: &Places, peer: &str, count: usize) -> Vec<Place> {
        let mut given = Vec::new();
        for _ in 0..count {
            let free = places.free().await.unwrap();
            given.extend(places.give(free, peer.parse().unwrap()));
        }
        given
    }

    #[tokio::test]
    async fn one_network_has_a_quarter_of_the_places() {
        let places = Places::new(16, false);
        let held = places_of(&places, "198.51.100.7", 6).await;
        assert_eq!(held.len(), 4);
        let same = places_of(&places, "2001:db8:1:2::1", 3).await;
        assert_eq!(same.len(), 3);
        // Addresses of one network of IPv6 are one's own to choose.
        assert_eq!(places_of(&places, "2001:db8:1:2:ffff::9", 3).await.len(), 1);
        assert_eq!(places_of(&places, "::ffff:198.51.100.7", 1).await.len(), 0);
        assert_eq!(places_of(&places, "198.51.100.8", 1).await.len(), 1);
        drop(held);
        assert_eq!(places_of(&places, "198.51.100.7", 1).await.len(), 1);
    }

    #[tokio::test]
    async fn a_proxy_has_all_of_them() {
        for (behind_proxy, peer) in [(true, "198.51.100.7"), (false, "127.0.0.1"), (false, "::1")] {
            let places = Places::new(32, behind_proxy);
            assert_eq!(places_of(&places, peer, 32).await.len(), 32, "{peer}");
        }
    }
}
