use std::net::{Ipv4Addr, SocketAddr};

use super::story::{Act, acts};
use super::table::Look;
use super::{config, lab, tour};

/// Takes the tour on a server of its own.
async fn take(acts: &[Act]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let running = server::start(config(&folder.path().join("data"), listen)).await?;
    let people = lab::people(&running.app).await?;
    let base = format!("http://{}", running.address);
    let outcome = tour(&base, &people, acts, &Look::new(Some(false), Some(100))).await;
    running.stop.ask();
    running.wait().await;
    outcome.map(|_| ())
}

#[test]
fn the_tour_shows_at_least_twelve_lines_allowed_and_refused() {
    let all: Vec<_> = acts().into_iter().flat_map(|act| act.attempts).collect();
    assert!(all.len() >= 12, "{}", all.len());
    let allowed = all.iter().filter(|attempt| attempt.allowed).count();
    assert!(allowed >= 5 && all.len() - allowed >= 5, "{allowed} of {}", all.len());
}

/// The tour would notice: one expectation that does not hold makes it fail and name the line.
#[tokio::test]
async fn a_wrong_expectation_fails_the_tour() {
    let mut flipped = acts();
    flipped[0].attempts[1].allowed = false;
    let error = take(&flipped).await.unwrap_err().to_string();
    assert!(error.contains("1 of 17 lines") && error.contains("lena downloads the calls"), "{error}");

    let mut other_rule = acts();
    other_rule[0].attempts[4].rule = "access.level";
    let error = take(&other_rule).await.unwrap_err().to_string();
    assert!(error.contains("omar deletes that folder") && error.contains("flag.protected did"), "{error}");
}
