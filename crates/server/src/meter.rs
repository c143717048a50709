//! What the server counts and measures, in the text format of Prometheus.
//!
//! Names of methods, statuses and jobs are labels; nothing that a caller chose is, so the number of series is bounded.
//! These few series need no library of their own.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The counters of one server. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    in_flight: AtomicI64,
    connections: AtomicI64,
    closed_at_once: AtomicI64,
    series: Mutex<Series>,
}

#[derive(Debug, Default)]
struct Series {
    requests: BTreeMap<(String, u16), u64>,
    seconds: BTreeMap<String, Durations>,
    turned_away: BTreeMap<u16, u64>,
    job_turns: BTreeMap<(&'static str, &'static str), u64>,
}

/// How often something took how long.
#[derive(Debug, Default)]
struct Durations {
    /// By bucket, each without those below it; what took longer than the last bound stands in `count` alone.
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

/// The answers that ask to come back: too many requests of one sender, and whatever the server has no room for or cannot do now.
const COME_BACK: [u16; 2] = [429, 503];

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(
        clippy::disallowed_methods,
        reason = "durations for logs and counters, on which nothing is decided"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// One of what is there now; it counts until it is dropped.
pub(crate) struct Present(Meter, fn(&Counted) -> &AtomicI64);

impl Present {
    fn new(meter: &Meter, which: fn(&Counted) -> &AtomicI64) -> Self {
        which(&meter.0).fetch_add(1, Ordering::Relaxed);
        Self(meter.clone(), which)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        (self.1)(&self.0.0).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meter {
    /// A request that is being worked on.
    pub(crate) fn request(&self) -> Present {
        Present::new(self, |counted| &counted.in_flight)
    }

    /// A connection that is open.
    pub(crate) fn connection(&self) -> Present {
        Present::new(self, |counted| &counted.connections)
    }

    /// A connection was closed as it came, since its network has as many as it may.
    pub(crate) fn closed_at_once(&self) {
        self.0.closed_at_once.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered. `method` is the name of an API method or the pattern of another route.
    pub(crate) fn answered(&self, method: &str, status: u16, took: Duration) {
        let mut series = self.series();
        *series.requests.entry((method.to_owned(), status)).or_default() += 1;
        if COME_BACK.contains(&status) {
            *series.turned_away.entry(status).or_default() += 1;
        }
        let durations = series.seconds.entry(method.to_owned()).or_default();
        let seconds = took.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            durations.buckets[bucket] += 1;
        }
        durations.count += 1;
        durations.sum += seconds;
    }

    /// A periodic job has done a turn. One in which anything failed counts as failed.
    pub(crate) fn job_turn(&self, job: &'static str, failed: bool) {
        let outcome = if failed { "failed" } else { "done" };
        *self.series().job_turns.entry((job, outcome)).or_default() += 1;
    }

    /// Everything, as Prometheus reads it. `waiting` is how many wait for the database, `failing` how many background tasks
    /// of each kind fail.
    pub(crate) fn render(&self, waiting: usize, failing: &[(&'static str, u64)]) -> String {
        let mut page = Page::default();
        page.head("operon_requests_in_flight", "gauge", "Requests that are being worked on.");
        page.line("operon_requests_in_flight", &[], self.0.in_flight.load(Ordering::Relaxed));
        page.head("operon_connections", "gauge", "Open connections.");
        page.line("operon_connections", &[], self.0.connections.load(Ordering::Relaxed));
        let help = "Connections that were closed as they came: their network had as many as it may.";
        page.head("operon_connections_closed_at_once_total", "counter", help);
        page.line(
            "operon_connections_closed_at_once_total",
            &[],
            self.0.closed_at_once.load(Ordering::Relaxed),
        );
        let help = "Changes that wait for SQLite's one writer, or transactions that wait for a connection to PostgreSQL.";
        page.head("operon_database_waiting", "gauge", help);
        page.line("operon_database_waiting", &[], waiting);
        let help = "Background tasks that failed when they were last tried, and will be tried again.";
        page.head("operon_tasks_failing", "gauge", help);
        for (kind, count) in failing {
            page.line("operon_tasks_failing", &[("kind", kind)], count);
        }
        let series = self.series();
        page.head("operon_requests_total", "counter", "Answered requests by method and status.");
        for ((method, status), count) in &series.requests {
            let labels = [("method", method.as_str()), ("status", &status.to_string())];
            page.line("operon_requests_total", &labels, count);
        }
        page.head("operon_request_seconds", "histogram", "Time until the answer began, by method.");
        for (method, durations) in &series.seconds {
            page.histogram("operon_request_seconds", method, durations);
        }
        page.head(
            "operon_turned_away_total",
            "counter",
            "Requests that were asked to come back later, by status.",
        );
        for (status, count) in &series.turned_away {
            page.line("operon_turned_away_total", &[("status", &status.to_string())], count);
        }
        page.head("operon_job_turns_total", "counter", "Turns of the periodic jobs.");
        for ((job, outcome), count) in &series.job_turns {
            page.line("operon_job_turns_total", &[("job", job), ("outcome", outcome)], count);
        }
        page.0
    }

    fn series(&self) -> MutexGuard<'_, Series> {
        self.0.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text that is served.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn histogram(&mut self, name: &str, method: &str, durations: &Durations) {
        let mut so_far = 0;
        for (bound, count) in BUCKETS.iter().zip(durations.buckets) {
            so_far += count;
            let labels = [("method", method), ("le", &bound.to_string())];
            self.line(&format!("{name}_bucket"), &labels, so_far);
        }
        self.line(&format!("{name}_bucket"), &[("method", method), ("le", "+Inf")], durations.count);
        self.line(&format!("{name}_sum"), &[("method", method)], durations.sum);
        self.line(&format!("{name}_count"), &[("method", method)], durations.count);
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_each_bound() {
        let meter = Meter::default();
        for ms in [1, 3, 400, 60_000] {
            meter.answered("ProjectNew", 200, Duration::from_millis(ms));
        }
        meter.answered("/a\"b\\", 404, Duration::ZERO);
        for status in [200, 503, 429, 503, 500] {
            meter.answered("SystemWhoami", status, Duration::ZERO);
        }
        let page = meter.render(7, &[("project.destroy", 2), ("archive.settle", 0)]);
        for line in [
            "operon_request_seconds_bucket{method=\"ProjectNew\",le=\"0.001\"} 1",
            "operon_request_seconds_bucket{method=\"ProjectNew\",le=\"0.005\"} 2",
            "operon_request_seconds_bucket{method=\"ProjectNew\",le=\"0.5\"} 3",
            "operon_request_seconds_bucket{method=\"ProjectNew\",le=\"30\"} 3",
            "operon_request_seconds_bucket{method=\"ProjectNew\",le=\"+Inf\"} 4",
            "operon_request_seconds_sum{method=\"ProjectNew\"} 60.404",
            "operon_requests_total{method=\"ProjectNew\",status=\"200\"} 4",
            "operon_requests_total{method=\"/a\\\"b\\\\\",status=\"404\"} 1",
            "operon_database_waiting 7",
            "operon_tasks_failing{kind=\"project.destroy\"} 2",
            "operon_tasks_failing{kind=\"archive.settle\"} 0",
            "operon_turned_away_total{status=\"429\"} 1",
            "operon_turned_away_total{status=\"503\"} 2",
        ] {
            assert!(page.lines().any(|there| there == line), "{line} is not in\n{page}");
        }
        assert_eq!(page.matches("operon_turned_away_total{").count(), 2, "{page}");
    }

    #[test]
    fn what_is_there_counts_until_it_is_gone() {
        let meter = Meter::default();
        let (one, two) = (meter.request(), meter.request());
        assert!(meter.render(0, &[]).contains("operon_requests_in_flight 2\n"));
        drop((one, two));
        assert!(meter.render(0, &[]).contains("operon_requests_in_flight 0\n"));
    }
}
