//! A server whose clock goes forward whenever somebody looks at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use server::boot::Parts;

use super::World;

/// A clock that leaps so many ms with each look, none at first.
struct Leaping {
    inner: Box<dyn app::Clock>,
    gone_ms: AtomicI64,
    leap_ms: Arc<AtomicI64>,
}

impl app::Clock for Leaping {
    fn now(&self) -> i64 {
        let leap = self.leap_ms.load(Ordering::SeqCst);
        self.inner.now() + self.gone_ms.fetch_add(leap, Ordering::SeqCst)
    }
}

impl World {
    /// Starts a server and says how far its clock leaps; more than 100 ms end the time of a transaction with each look.
    pub async fn leaping() -> (Self, Arc<AtomicI64>) {
        let leap_ms = Arc::new(AtomicI64::new(0));
        let leaps = Arc::clone(&leap_ms);
        let world = Self::with_parts(|parts| {
            let clock = Box::new(Leaping { inner: parts.clock, gone_ms: AtomicI64::new(0), leap_ms: leaps });
            Parts { clock, ..parts }
        });
        (world.await, leap_ms)
    }
}
