//! The lines of the README, copied and pasted.

use std::path::Path;

use crate::newcomer::Browser;
use crate::program::{Running, operon};
use crate::shell::copy_and_paste;

/// Where the README lets the server answer.
const ADDRESS: &str = "127.0.0.1:8080";
const README: &str = include_str!("../../../../README.md");

/// The shell lines under a heading, block by block.
fn blocks(heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = README.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().lines().map(str::to_owned).collect()).collect()
}

/// From a fresh server to shared data: the first user by the printed link, a token, and every line for the client.
#[test]
fn a_newcomer_shares_data() {
    let mut blocks = blocks("Share data").into_iter();
    let serve = blocks.next().unwrap();
    let line = format!("operon serve --data-dir ./data --listen {ADDRESS}");
    assert!(serve.contains(&line), "{serve:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(operon().current_dir(folder.path()).args([
        "serve",
        "--data-dir",
        "./data",
        "--listen",
        "127.0.0.1:0",
    ]));
    let link = server.until("/first-user?code=").trim().to_owned();
    let address = link.split('/').nth(2).unwrap().to_owned();
    let base = format!("http://{address}");

    let mut browser = Browser::new();
    let password = "lamp orbit kettle seven";
    let fields = [
        ("username", "ada"),
        ("email", "ada@example.org"),
        ("first", "Ada"),
        ("last", "Berg"),
        ("password", password),
        ("again", password),
    ];
    let (leads, page) = browser.fill(&link, "/first-user", &fields);
    let leads = leads.unwrap_or_else(|| panic!("{page}"));
    let (home, page) =
        browser.fill(&format!("{base}{leads}"), "/sign-in", &[("username", "ada"), ("password", password)]);
    assert_eq!(home.as_deref(), Some("/"), "{page}");
    let fields = [("label", "my laptop"), ("scope", "full"), ("days", "30")];
    let (_, page) = browser.fill(&format!("{base}/"), "/me/make-token", &fields);
    let token = page.split("<p><code>").nth(1).unwrap().split('<').next().unwrap();

    // The client is here already, and the server answers where it found a free port.
    let lines: Vec<String> = blocks
        .flatten()
        .filter(|line| !line.starts_with("pip install"))
        .map(|line| line.replace(ADDRESS, &address))
        .collect();
    assert!(lines.len() > 8, "{lines:?}");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::os::unix::fs::symlink(repository.join("demo"), folder.path().join("demo")).unwrap();
    let said = copy_and_paste(&lines, folder.path(), &[("TOKEN", token)]);
    for part in ["user-ada", "download-restricted", "Intact: "] {
        assert!(said.contains(part), "\"{part}\" is missing:\n{said}");
    }
}

/// What the README points to is there.
#[test]
fn links_of_the_readme_lead_somewhere() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let links: Vec<&str> = README
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|to| !to.contains(':'))
        .collect();
    assert!(links.len() > 4, "{links:?}");
    for link in links {
        assert!(repository.join(link).exists(), "{link}");
    }
}
