//! A server whose clock stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use server::boot::Parts;

use super::World;

/// A clock that is moved by hand.
struct Standing(Arc<AtomicI64>);

impl app::Clock for Standing {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl World {
    /// Starts a server at the beginning of a minute, and gives its clock away.
    pub async fn standing_still() -> (Self, Arc<AtomicI64>) {
        let now = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&now);
        let world = Self::with_parts(|parts| {
            now.store(parts.clock.now() / 60_000 * 60_000, Ordering::SeqCst);
            Parts { clock: Box::new(Standing(Arc::clone(&now))), ..parts }
        });
        (world.await, clock)
    }
}
