//! `operon demo`.

use crate::newcomer::Browser;
use crate::program::{Running, operon, succeed};
use crate::shell::copy_and_paste;

/// The tour runs to its end, checks itself, and the picture in the README shows what it prints today.
#[test]
fn the_tour_ends_well_and_looks_like_its_picture() {
    let said = succeed(operon().args(["demo", "--once", "--width", "120"]));
    for part in [
        "17 lines: 7 allowed, 10 refused, each as it should.",
        "flag.downloadRestricted",
        "label.noDownload",
        "Audit log, verified",
        "Intact: ",
    ] {
        assert!(said.contains(part), "\"{part}\" is missing:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "there are colours where there is no terminal");
    let longest = said.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 120, "{longest} columns");

    let picture = include_str!("../../../../docs/demo.svg");
    let shown: Vec<String> = picture.lines().filter(|line| line.starts_with("<text")).map(plain).collect();
    let printed: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("Who may do")).collect();
    assert!(shown.len() > 40, "{} lines", shown.len());
    for (shown, printed) in shown.iter().zip(&printed) {
        // Blanks at the end of a line have colours of their own and are seen by nobody.
        assert_eq!(
            shown.trim_end(),
            printed.trim_end(),
            "docs/demo.svg is not of today: run `cargo xtask picture`"
        );
    }
}

/// The words of a line of the picture.
fn plain(line: &str) -> String {
    let mut words = String::new();
    for part in line.split('<').skip(1) {
        words.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    words.replace("&amp;", "&")
}

/// The server that the tour leaves up: links sign in, and the lines for the client do what they say.
#[test]
fn the_tour_leaves_a_server_to_try() {
    let mut demo = Running::start(operon().args(["demo", "--listen", "127.0.0.1:0"]));
    let link = demo.until("/sign-in/link?code=");
    let (person, link) = link.trim().split_once(' ').unwrap();
    assert_eq!(person, "ines");
    let link = link.trim();
    let mut browser = Browser::new();
    let (leads, page) = browser.fill(link, "/sign-in/link", &[]);
    assert_eq!(leads.as_deref(), Some("/"), "{page}");
    let host = link.split("/sign-in").next().unwrap();
    assert!(browser.open(&format!("{host}/")).contains("user-ines"));
    let (leads, page) = Browser::new().fill(link, "/sign-in/link", &[]);
    assert!(leads.is_none() && page.contains("This link does not work"), "{page}");

    demo.until("eval ");
    let first = demo.seen.len() - 1;
    demo.until("# refused");
    let lines: Vec<String> = demo.seen[first..].iter().map(|line| line.trim().to_owned()).collect();
    let folder = tempfile::tempdir().unwrap();
    let said = copy_and_paste(&lines, folder.path(), &[]);
    assert!(said.contains("chr22-slice.vcf.gz.tbi") && said.contains("download-restricted"), "{said}");
}

/// A tour that cannot begin says why and fails.
#[test]
fn a_taken_address_fails_with_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = operon().args(["demo", "--once", "--listen", &address]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(&format!("cannot listen on {address}")), "{said}");
}
