//! Upload against the floor "MD5, write, fsync", and download against nginx.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use md5::{Digest as _, Md5};
use serde_json::json;

use crate::client::{Connection, target};
use crate::figure::{Figure, Figures, Target};
use crate::fill::{World, token};
use crate::nginx::Nginx;
use crate::served::Served;
use crate::stats::{in_turn, quantile, ratio};

/// Bytes of the large file.
const LARGE: usize = 64 << 20;
/// Bytes of the small file.
const SMALL: usize = 1 << 10;
/// Connections at once for the small file.
const AT_ONCE: usize = 16;
/// How long one round of the small file takes.
const ROUND: Duration = Duration::from_millis(1500);

pub(crate) fn measure(
    operon: &Path,
    folder: &Path,
    quick: bool,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let rounds = if quick { 5 } else { 9 };
    let world = World::filled(operon, folder, 10_000)?;
    let served = Served::start(operon, &world.data)?;
    let mut lab = Lab::new(&served)?;
    let large = noise(LARGE);
    let floor = tempfile::Builder::new().prefix("floor-").tempdir_in(folder)?;

    let (uploads, floors) = in_turn(
        rounds,
        || lab.upload(&large).map(|(_, seconds)| seconds),
        || write_floor(floor.path(), &large),
    )?;
    let (median, range) = ratio(&floors, &uploads);
    figures.add(
        Figure::new("bytes", "upload of 64 MiB, speed against MD5 + write + fsync", median, "×")
            .beside(format!("{range}; {:.0} MiB/s against {:.0}", speed(&uploads), speed(&floors)))
            .target(Target::AtLeast(0.8)),
    );

    let small = noise(SMALL);
    let web = tempfile::Builder::new().prefix("nginx-").tempdir_in(folder)?;
    std::fs::write(web.path().join("large"), &large)?;
    std::fs::write(web.path().join("small"), &small)?;
    let nginx = Nginx::start(web.path())?;
    let (file, _) = lab.upload(&large)?;
    let (large_path, large_headers) = lab.link(&file)?;
    same(served.address, &large_path, &large_headers, &large)?;
    same(nginx.address, "/large", "", &large)?;
    let (mut ours, mut theirs) = (served.connect()?, Connection::open(nginx.address)?);
    let (downloads, peers) = in_turn(
        rounds,
        || {
            // Authorised and audited: the address is asked for anew each time.
            let begin = Instant::now();
            let (path, headers) = lab.link(&file)?;
            ours.get(&path, &headers, &mut |_| {})?;
            Ok(begin.elapsed().as_secs_f64())
        },
        || {
            let begin = Instant::now();
            theirs.get("/large", "", &mut |_| {})?;
            Ok(begin.elapsed().as_secs_f64())
        },
    )?;
    let (median, range) = ratio(&peers, &downloads);
    figures.add(
        Figure::new("bytes", "download of 64 MiB, speed against nginx", median, "×")
            .beside(format!("{range}; {:.0} MiB/s against {:.0}", speed(&downloads), speed(&peers)))
            .target(Target::AtLeast(0.8)),
    );

    let (file, _) = lab.upload(&small)?;
    let (path, headers) = lab.link(&file)?;
    same(served.address, &path, &headers, &small)?;
    let (downloads, peers) = in_turn(
        rounds,
        || rate(served.address, |connection| connection.get(&path, &headers, &mut |_| {})),
        || rate(nginx.address, |connection| connection.get("/small", "", &mut |_| {})),
    )?;
    let (median, range) = ratio(&downloads, &peers);
    figures.add(
        Figure::new("bytes", "downloads of 1 KiB a second against nginx", median, "×")
            .beside(format!("{range}; {:.0}/s against {:.0}", middle(&downloads), middle(&peers)))
            .target(Target::AtLeast(0.15)),
    );
    let token = token("carol");
    let route = format!("/{file}/download");
    let both = rate(served.address, |connection| {
        let answer = connection.call(&token, &route, &json!({}))?;
        let (path, headers) = target(&answer)?;
        connection.get(&path, &headers, &mut |_| {})
    })?;
    figures.add(Figure::new("bytes", "the same, with the address asked for each time", both, "/s"));
    drop(nginx);
    served.stop()
}

/// Carol's project, for uploads and downloads.
struct Lab {
    connection: Connection,
    token: String,
    project: String,
}

impl Lab {
    fn new(served: &Served) -> anyhow::Result<Self> {
        let (mut connection, token) = (served.connect()?, token("carol"));
        let made = connection.call(&token, "/project/new", &json!({ "name": "bytes" }))?;
        let project = made["id"].as_str().context("no project was made")?.to_owned();
        Ok(Self { connection, token, project })
    }

    fn call(&mut self, path: &str, input: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
        self.connection.call(&self.token, path, input)
    }

    /// Uploads bytes in one part and closes the file; answers its id, and the seconds from the first byte until it is
    /// sealed. Its digest was worked out before, as a client may.
    fn upload(&mut self, bytes: &[u8]) -> anyhow::Result<(String, f64)> {
        let md5 = hex::encode(Md5::digest(bytes));
        let made = self.call("/file/new", &json!({ "project": self.project, "name": "noise" }))?;
        let file = made["id"].as_str().context("no file was made")?.to_owned();
        let begin = Instant::now();
        let part = json!({ "index": 1, "size": bytes.len(), "md5": md5 });
        let (path, headers) = target(&self.call(&format!("/{file}/upload"), &part)?)?;
        self.connection.put(&path, &headers, bytes)?;
        self.call(&format!("/{file}/close"), &json!({}))?;
        loop {
            let described =
                self.call(&format!("/{file}/describe"), &json!({ "fields": { "state": true } }))?;
            if described["state"] == "closed" {
                return Ok((file, begin.elapsed().as_secs_f64()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Where a file can be fetched.
    fn link(&mut self, file: &str) -> anyhow::Result<(String, String)> {
        target(&self.call(&format!("/{file}/download"), &json!({ "project": self.project }))?)
    }
}

/// The least that keeping verified bytes takes.
fn write_floor(folder: &Path, bytes: &[u8]) -> anyhow::Result<f64> {
    let path = folder.join("file");
    let _ = std::fs::remove_file(&path);
    let begin = Instant::now();
    let digest = Md5::digest(bytes);
    let mut file = File::create(&path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(digest.len() == 16, "MD5 has 16 bytes");
    Ok(seconds)
}

/// The bytes that come are the bytes that went.
fn same(address: SocketAddr, path: &str, headers: &str, expected: &[u8]) -> anyhow::Result<()> {
    let mut got = Vec::with_capacity(expected.len());
    Connection::open(address)?.get(path, headers, &mut |piece| got.extend_from_slice(piece))?;
    ensure!(got == expected, "{path}: other bytes came back");
    Ok(())
}

/// How many times a second something is done, over many connections at once.
fn rate(
    address: SocketAddr,
    work: impl Fn(&mut Connection) -> anyhow::Result<u64> + Sync,
) -> anyhow::Result<f64> {
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let seconds = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address)?;
                    while !stop.load(Ordering::Relaxed) {
                        work(&mut connection)?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        let begin = Instant::now();
        std::thread::sleep(ROUND);
        stop.store(true, Ordering::Relaxed);
        let seconds = begin.elapsed().as_secs_f64();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a connection ended on a fault"))??;
        }
        anyhow::Ok(seconds)
    })?;
    Ok(done.into_inner() as f64 / seconds)
}

fn middle(values: &[f64]) -> f64 {
    quantile(&mut values.to_vec(), 0.5)
}

/// MiB a second of the large file.
fn speed(seconds: &[f64]) -> f64 {
    (LARGE >> 20) as f64 / middle(seconds)
}

/// Bytes that do not repeat.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
