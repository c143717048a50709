//! Durable creates of objects over HTTP, many callers at once.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::figure::{Figure, Figures, Target};
use crate::fill::{World, token};
use crate::served::Served;

/// Callers at once. Commits are grouped, so more callers share one write to the disk.
const CALLERS: usize = 64;
/// How long they go on.
const TIME: Duration = Duration::from_secs(6);
/// Before that.
const WARM_UP: Duration = Duration::from_secs(1);
/// Creates a second that we aim for.
const LEAST: f64 = 5_000.0;

/// Makes records in a project of carol's, whom nobody else's searches find.
pub(crate) fn measure(
    operon: &Path,
    world: &World,
    largest: bool,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let served = Served::start(operon, &world.data)?;
    let carol = token("carol");
    let mut connection = served.connect()?;
    let made = connection.call(&carol, "/project/new", &json!({ "name": "creates" }))?;
    let project = made["id"].as_str().context("no project was made")?.to_owned();
    let input = json!({ "project": project, "name": "sample", "tags": ["a"], "properties": { "k": "v" }, "close": true }).to_string();

    let (counting, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let (ids, seconds) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = served.connect()?;
                    let mut made = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let answer = connection.call_raw(&carol, "/record/new", &input)?;
                        if counting.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                            made.push(answer);
                        }
                    }
                    anyhow::Ok(made)
                })
            })
            .collect();
        std::thread::sleep(WARM_UP);
        let begin = Instant::now();
        counting.store(true, Ordering::Relaxed);
        std::thread::sleep(TIME);
        stop.store(true, Ordering::Relaxed);
        let seconds = begin.elapsed().as_secs_f64();
        let mut ids = Vec::new();
        for caller in callers {
            ids.extend(caller.join().map_err(|_| anyhow::anyhow!("a caller ended on a fault"))??);
        }
        anyhow::Ok((ids, seconds))
    })?;

    // What was acknowledged is there, also for another process.
    served.stop()?;
    let served = Served::start(operon, &world.data)?;
    let mut connection = served.connect()?;
    for answer in ids.iter().step_by(ids.len() / 50 + 1) {
        let made: serde_json::Value = serde_json::from_slice(answer)?;
        let id = made["id"].as_str().context("a create answered no id")?;
        let described =
            connection.call(&carol, &format!("/{id}/describe"), &json!({ "project": project }))?;
        ensure!(described["name"] == "sample" && described["state"] == "closed", "{described}");
    }
    connection.call(&carol, &format!("/{project}/destroy"), &json!({}))?;
    let rate = ids.len() as f64 / seconds;
    let figure = Figure::new("creates", "durable creates of closed records", rate, "/s")
        .objects(world.size)
        .beside(format!("{CALLERS} callers, each with a tag and a property"));
    figures.add(if largest { figure.target(Target::AtLeast(LEAST)) } else { figure });
    served.stop()
}
