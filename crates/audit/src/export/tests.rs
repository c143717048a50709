use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::chain::Chain;
use crate::checkpoint::Checkpoint;
use crate::event::{Event, Outcome};
use crate::note::SigningKey;
use crate::rotation::Rotation;
use crate::verify::Fault;

const ORIGIN: &str = "example.org/audit";
const SIZE: u64 = 8;

fn key(seed: u8) -> SigningKey {
    SigningKey::new(ORIGIN, &[seed; 32]).unwrap()
}

fn trusted() -> Vec<TrustedKey> {
    vec![TrustedKey::always(key(1).public().clone())]
}

/// A log with a rotation as its fourth entry and a checkpoint behind every second one, and its last checkpoint.
fn export() -> (Vec<Line>, SignedCheckpoint) {
    static EXPORT: LazyLock<(Vec<Line>, SignedCheckpoint)> = LazyLock::new(make_export);
    EXPORT.clone()
}

fn make_export() -> (Vec<Line>, SignedCheckpoint) {
    let mut chain = Chain::new(ORIGIN);
    let mut lines = vec![Line::Header { origin: ORIGIN.to_owned(), head: chain.head() }];
    let mut last = None;
    for number in 1..=SIZE {
        let mut event = Event::new(number as i64, "project/new", "project.create", Outcome::Allowed);
        event.after = Some(serde_json::json!({ "text": "ä\n\"", "number": 1.5 }));
        if number == 4 {
            event = Rotation::event(4, ORIGIN, &key(1), &key(2)).unwrap();
        }
        lines.push(Line::Entry(chain.append(event.encode().unwrap())));
        if number % 2 == 0 {
            let signer = key(if number < 4 { 1 } else { 2 });
            let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), head: chain.head() };
            let signed = checkpoint.sign(&[&signer]).unwrap();
            lines.push(Line::Checkpoint(signed.clone()));
            last = Some(signed);
        }
    }
    (lines, last.unwrap())
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.write().unwrap() + "\n").collect()
}

/// Verifies bytes as an export whose last checkpoint the verifier kept.
fn check(bytes: &[u8]) -> Report {
    verify_export(bytes, Some(ORIGIN), trusted(), vec![export().1]).unwrap()
}

fn fault(report: Report) -> Fault {
    report.broken.expect("something is wrong").fault
}

#[test]
fn an_export_reads_back_and_is_intact() {
    let (lines, _) = export();
    for line in &lines {
        assert_eq!(Line::parse(&line.write().unwrap()).as_ref(), Ok(line));
    }
    let report = check(text(&lines).as_bytes());
    assert!(report.is_intact() && report.head.size == SIZE && report.checkpoints == 5, "{report:?}");
}

#[test]
fn the_lines_have_the_documented_form() {
    let (lines, _) = export();
    insta::assert_snapshot!(text(&lines[..3]), @r#"
    {"log":"example.org/audit","version":1,"size":0,"hash":"59e9a8edc0547a5625c1aa5adc1fe51fb7281edcee1ce063a113e4ccdf3f9d3a"}
    {"position":1,"prev":"59e9a8edc0547a5625c1aa5adc1fe51fb7281edcee1ce063a113e4ccdf3f9d3a","hash":"e6f94ffdb22b01acb6124dd2f8a3a26ea6e154aabc984a6f29c62ba2031c437b","event":{"at":1,"method":"project/new","action":"project.create","outcome":"allowed","after":{"number":1.5,"text":"ä\n\""}}}
    {"position":2,"prev":"e6f94ffdb22b01acb6124dd2f8a3a26ea6e154aabc984a6f29c62ba2031c437b","hash":"bd82278587d7e66939fd60bbb072e193a1d5567da26e8bb62a19f49888897330","event":{"at":2,"method":"project/new","action":"project.create","outcome":"allowed","after":{"number":1.5,"text":"ä\n\""}}}
    "#);
}

#[test]
fn an_export_without_keys_is_compared_but_not_trusted() {
    let (lines, _) = export();
    let report = verify_export(text(&lines).as_bytes(), None, vec![], vec![]).unwrap();
    assert!(report.is_intact() && !report.signatures_checked);
    assert!(report.to_string().contains("no public key was given"), "{report}");
}

#[test]
fn a_part_of_a_log_needs_a_checkpoint_at_its_beginning() {
    let (lines, last) = export();
    let Line::Checkpoint(second) = &lines[3] else { panic!("the third line is a checkpoint") };
    let header = Line::Header { origin: ORIGIN.to_owned(), head: second.checkpoint.head };
    let part = [&[header.clone(), lines[3].clone()], &lines[4..]].concat();
    assert!(check(text(&part).as_bytes()).is_intact());
    let bare = [&[header], &lines[4..]].concat();
    assert_eq!(fault(check(text(&bare).as_bytes())), Fault::UnanchoredStart(2));
    // Without keys a checkpoint in the file proves nothing, since whoever wrote the file wrote it, too.
    let report = verify_export(text(&part).as_bytes(), None, vec![], vec![last]).unwrap();
    assert_eq!(fault(report), Fault::UnanchoredStart(2));
}

#[test]
fn what_is_no_export_is_named_by_its_line() {
    let (lines, last) = export();
    let good = text(&lines);
    assert!(matches!(fault(check(b"")), Fault::Unreadable { line: 1, .. }));
    assert!(matches!(fault(check(b"{}\n")), Fault::Unreadable { line: 1, .. }));
    assert!(matches!(fault(check(good.trim_end().as_bytes())), Fault::Unreadable { line: 13, .. }));
    assert!(matches!(
        fault(check(&[good.as_bytes(), b"\xff\n"].concat())),
        Fault::Unreadable { line: 14, .. }
    ));
    let long = [good.as_bytes(), &vec![b'x'; MAX_LINE_LEN + 1]].concat();
    assert!(matches!(fault(check(&long)), Fault::Unreadable { line: 14, .. }));
    let other = verify_export(good.as_bytes(), Some("example.com"), trusted(), vec![last]).unwrap();
    assert_eq!(fault(other), Fault::OtherLog(ORIGIN.to_owned()));
}

/// The places of the entries among the lines.
fn entry_places(lines: &[Line]) -> Vec<usize> {
    (0..lines.len()).filter(|place| matches!(lines[*place], Line::Entry(_))).collect()
}

/// Gives every entry the position, link and hash that fit, as somebody would who rewrites the log without the keys.
fn relinked(lines: &[Line]) -> Vec<Line> {
    let mut chain = Chain::new(ORIGIN);
    let relink = |line: &Line| match line {
        Line::Entry(entry) => Line::Entry(chain.append(entry.event.clone())),
        other => other.clone(),
    };
    lines.iter().map(relink).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_changed_byte_is_noticed(place: Index, with: u8) {
        let mut bytes = text(&export().0).into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != with);
        bytes[place] = with;
        prop_assert!(!check(&bytes).is_intact());
    }

    #[test]
    fn any_removed_byte_is_noticed(place: Index) {
        let mut bytes = text(&export().0).into_bytes();
        bytes.remove(place.index(bytes.len()));
        prop_assert!(!check(&bytes).is_intact());
    }

    #[test]
    fn any_inserted_byte_is_noticed(place: Index, with: u8) {
        let mut bytes = text(&export().0).into_bytes();
        bytes.insert(place.index(bytes.len() + 1), with);
        prop_assert!(!check(&bytes).is_intact());
    }
}

proptest! {
    #[test]
    fn swapped_removed_repeated_and_cut_entries_are_noticed(
        one: Index, two: Index, kind in 0..4, rewrite: bool,
    ) {
        let (lines, _) = export();
        let places = entry_places(&lines);
        let (one, two) = (*one.get(&places), *two.get(&places));
        // A new entry behind the last checkpoint is how a log grows, not a forgery.
        prop_assume!(!(kind == 2 && rewrite && one == two && Some(&one) == places.last()));
        let mut changed = lines.clone();
        match kind {
            0 => changed.swap(one, two),
            1 => drop(changed.remove(one)),
            2 => changed.insert(two, lines[one].clone()),
            _ => changed.truncate(one),
        }
        if rewrite {
            changed = relinked(&changed);
        }
        // Whoever can rewrite can leave out the checkpoints, too; the one kept elsewhere remains.
        for keep_checkpoints in [true, false] {
            let mut shown = changed.clone();
            shown.retain(|line| keep_checkpoints || !matches!(line, Line::Checkpoint(_)));
            let intact = check(text(&shown).as_bytes()).is_intact();
            prop_assert_eq!(intact, changed == lines, "{:?}", text(&shown));
        }
    }
}
