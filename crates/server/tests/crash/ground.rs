//! What outlives a server: its data directory and, where it is to use them, a PostgreSQL server and a bucket.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use blobs::testing::S3Server;
use serde_json::json;
use store::db::testing::MortalPostgres;
use tempfile::TempDir;

use crate::Death;
use crate::chance::Chance;
use crate::client::{self, Client};
use crate::life::{Life, Task};

/// The ground that lives of a server stand on, one after the other.
pub struct Ground {
    data: TempDir,
    death: Death,
    services: Option<Services>,
    /// Unlike that of all other grounds.
    host: Ipv4Addr,
    /// How often it was cleared.
    times: u32,
}

/// Where metadata and bytes are when they are not in the data directory.
struct Services {
    postgres: MortalPostgres,
    s3: S3Server,
}

impl Ground {
    /// Ground on which nothing stands yet.
    pub async fn new(death: Death) -> Self {
        let services = match death {
            Death::WithPostgres => {
                Some(Services { postgres: MortalPostgres::new().unwrap(), s3: S3Server::start().await })
            }
            _ => None,
        };
        static GROUNDS: AtomicU8 = AtomicU8::new(100);
        let [.., high, low] = std::process::id().to_be_bytes();
        let host = Ipv4Addr::new(127, GROUNDS.fetch_add(1, Ordering::Relaxed), high, low);
        Self { data: empty(), death, services, host, times: 0 }
    }

    /// Begins anew, with nothing of what was there.
    pub fn clear(&mut self) {
        self.data = empty();
        self.times += 1;
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What a server is to do in one of its lives.
    pub fn task(&self, life: u64) -> Task {
        Task {
            data: self.data().to_owned(),
            host: self.host,
            power_loss: matches!(self.death, Death::PowerLoss | Death::LyingDisk),
            lying_disk: self.death == Death::LyingDisk,
            database: self
                .services
                .as_ref()
                .map(|services| (services.postgres.url().to_owned(), format!("crash_{}", self.times))),
            bucket: self
                .services
                .as_ref()
                .map(|services| services.s3.settings(&format!("crash/{}", self.times))),
            life,
        }
    }

    /// Ends a life. In half of the deaths PostgreSQL is stopped at once before, and it is there again for the next life; when
    /// it is there again at once, the server has to go on with it.
    pub async fn end(&mut self, life: Life, chance: &mut Chance) {
        if let Some(services) = &mut self.services
            && chance.one_in(2)
        {
            // What was said last tells where a run that hangs was.
            println!("PostgreSQL is being stopped");
            services.postgres.stop().unwrap();
            if chance.one_in(2) {
                services.postgres.start().unwrap();
                println!("PostgreSQL is there again");
                let worker = Client::new(&life.address, &client::token_of(&client::handle(0)));
                worker.ok("/system/whoami", &json!({})).await;
                tokio::time::sleep(Duration::from_millis(chance.below(200))).await;
            }
        }
        println!("the server is being killed");
        life.die_after(chance.below(10)).await;
        if let Some(services) = &mut self.services {
            services.postgres.start().unwrap();
        }
    }
}

fn empty() -> TempDir {
    TempDir::with_prefix("operon-crash-").unwrap()
}
