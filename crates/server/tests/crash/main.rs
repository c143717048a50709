//! The whole server, stopped at random points under mixed load (design promise 8).
//!
//! Some workers, each a person with projects of their own, make random calls until the server dies in the middle of them.
//! Then it starts again on the same data, and what each worker sees must be what a naive model holds of the calls that
//! were answered, with or without the one call that was not: wholly or not at all. Background work must come to its end,
//! every closed file must come down with its right bytes, and the audit log must be whole and have an event for each
//! answered change.
//!
//! There are three ways to die. One is to be killed: what was written and not synced survives in the kernel. Another is a
//! loss of power: the database is reached through a VFS and the bytes of files through a layer that keep what was not
//! synced away from the disk, so that the process takes it along when it is killed. The third is to be killed with metadata in
//! PostgreSQL and bytes in a bucket, now and then together with PostgreSQL, or after it was gone for a moment.

#![allow(unreachable_pub, reason = "a test program has no outside")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a failing test says helps to find why")]

mod chance;
mod client;
mod ground;
mod life;
mod model;
mod observe;
mod process;
mod step;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chance::Chance;
use client::Client;
use ground::Ground;
use life::{Life, Report};
use serde_json::json;
use worker::Worker;

/// How often the server dies under load, each way.
const STOPS: u64 = 52;
/// How often it dies on PostgreSQL and a bucket, which have crash tests of their own.
const STOPS_WITH_POSTGRES: u64 = 20;
/// How often a first start is tried anew.
const FIRST_STARTS: u64 = 4;
/// How long, in ms, such a start lives at the most.
const FIRST_LIFE: u64 = 400;
/// Workers at a time.
const WORKERS: u64 = 5;
/// The most calls of one life.
const CALLS: u64 = 50;

/// So many lives later two days have passed.
const LIVES_OF_TWO_DAYS: u64 = 3000;

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The process is killed.
    Kill,
    /// The power goes.
    PowerLoss,
    /// The process is killed, and in half of the deaths its PostgreSQL is stopped at once, a moment before; bytes are in a
    /// bucket.
    WithPostgres,
    /// The power goes, and the disk had not even kept the names that it was told to sync. No server survives this; it
    /// shows that the test can tell.
    LyingDisk,
}

#[test]
fn a_killed_server_keeps_what_it_answered() {
    run(Death::Kill, STOPS);
}

/// A server that dies while it makes its data directory, keys, database or bucket is finished by the next start.
#[test]
fn a_first_start_that_is_cut_off_is_gone_on_with() {
    with_runtime(async {
        for death in [Death::Kill, Death::PowerLoss, Death::WithPostgres] {
            first_starts(death, &mut Chance::new(seed())).await;
        }
    });
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_answered() {
    run(Death::PowerLoss, STOPS);
}

#[test]
fn a_server_that_dies_with_its_database_keeps_what_it_answered() {
    run(Death::WithPostgres, STOPS_WITH_POSTGRES);
}

/// Without the syncs of directories the same stops lose files, and are caught at it.
#[test]
fn a_disk_that_does_not_sync_is_found_out() {
    let caught = std::panic::catch_unwind(|| run(Death::LyingDisk, 20)).expect_err("no loss was noticed");
    let what = caught.downcast_ref::<String>().unwrap();
    assert!(what.contains("The stored bytes of file-"), "something else was noticed: {what}");
}

/// Serves until it is killed: the other half of each test, which starts it in a process of its own. By itself it has nothing
/// to do.
#[test]
fn server_process() {
    process::serve();
}

fn run(death: Death, stops: u64) {
    let seed = seed();
    // A failing run is repeated with OPERON_TEST_SEED, as far as the moments of death allow.
    println!("seed {seed}, {death:?}");
    with_runtime(story(death, stops, seed));
}

fn with_runtime(story: impl Future<Output = ()>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Runtime::new().unwrap().block_on(story);
}

async fn first_starts(death: Death, chance: &mut Chance) {
    let mut ground = Ground::new(death).await;
    for number in 0..FIRST_STARTS {
        // The later ones go on where the first was stopped.
        for part in (1..=3).rev() {
            let latest = FIRST_LIFE * (number + 1) / FIRST_STARTS / part;
            Life::begin(&ground, 0).die_after(chance.below(latest)).await;
        }
        let keys = || {
            let text = |name| std::fs::read_to_string(ground.data().join(name)).ok();
            [text("server.key"), text("audit.key")]
        };
        let before = keys();
        let mut life = Life::begin(&ground, 1).ready().await;
        for (before, after) in before.into_iter().zip(keys()) {
            assert!(before.is_none() || before == after, "a key was made again");
        }
        life.examine().await;
        let worker = Client::new(&life.address, &client::token_of(&client::handle(0)));
        worker.ok("/project/new", &json!({ "name": "Trial" })).await;
        life.die_after(0).await;
        ground.clear();
    }
}

async fn story(death: Death, stops: u64, seed: u64) {
    let mut ground = Ground::new(death).await;
    let mut chance = Chance::new(seed);
    let mut workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::new(number, chance.next())).collect();
    let (mut number, mut kept) = (0, 0);
    for _ in 0..stops {
        // Now and then it dies before it has recovered from the last death.
        if number > 0 && chance.one_in(6) {
            Life::begin(&ground, number).die_after(chance.below(250)).await;
            number += 1;
        }
        let mut life = Life::begin(&ground, number).ready().await;
        number += 1;
        kept = check(&mut life, &mut workers, kept, false).await;
        println!("life {number} is under load");
        let calls = Arc::new(AtomicU64::new(0));
        let load = workers.into_iter().map(|worker| worker.load(life.address.clone(), Arc::clone(&calls)));
        let load: Vec<_> = load.map(tokio::spawn).collect();
        let last = WORKERS + chance.below(CALLS);
        while calls.load(Ordering::Relaxed) < last && load.iter().all(|worker| !worker.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        ground.end(life, &mut chance).await;
        workers = futures::future::try_join_all(load).await.unwrap();
    }
    // Days later, bytes that no row names count as left behind by a death.
    let mut life = Life::begin(&ground, number + LIVES_OF_TWO_DAYS).ready().await;
    check(&mut life, &mut workers, kept, true).await;
    assert_eq!(
        life.sweep().await,
        0,
        "unfinished writes of bytes that the collection of garbage left behind"
    );
    for worker in &mut workers {
        worker.destroy_everything(&life.address).await;
    }
    let report = life.examine().await;
    let left = (report.objects, report.blobs, report.stored);
    assert_eq!(
        left,
        (0, 0, 0),
        "objects, rows of bytes and stored bytes that destroyed projects left behind"
    );
    let calls: usize = workers.iter().map(|worker| worker.answered).sum();
    let unsure: usize = workers.iter().map(|worker| worker.undone + worker.done).sum();
    let done: usize = workers.iter().map(|worker| worker.done).sum();
    println!(
        "{number} deaths, {calls} answered changes, {unsure} unanswered ones of which {done} had happened, {} events",
        report.events
    );
    assert!(
        calls > 10 * usize::try_from(stops).unwrap() && unsure > 10,
        "too little happened to mean anything"
    );
    life.die_after(0).await;
}

/// Compares what is there with what the workers know, and answers how many events the audit log has.
async fn check(life: &mut Life, workers: &mut [Worker], kept: usize, every_file: bool) -> usize {
    let report: Report = life.examine().await;
    assert!(report.events >= kept, "the audit log lost events: {kept} before, {} now", report.events);
    for worker in workers.iter_mut() {
        for (request, what) in std::mem::take(&mut worker.requests) {
            assert!(
                report.requests.contains(&request),
                "the audit log knows nothing of request {request}: {what}"
            );
        }
    }
    let checks = workers.iter_mut().map(|worker| worker.check(&life.address, every_file));
    futures::future::join_all(checks).await;
    report.events
}

#[expect(clippy::disallowed_methods, reason = "which seed a test takes is no setting of the server")]
fn seed() -> u64 {
    std::env::var("OPERON_TEST_SEED").map_or_else(
        |_| std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_micros() as u64,
        |seed| seed.parse().unwrap(),
    )
}
