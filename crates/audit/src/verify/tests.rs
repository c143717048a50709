use super::*;
use crate::chain::{Chain, Hash};
use crate::checkpoint::Checkpoint;
use crate::event::{Event, Outcome};
use crate::note::SigningKey;

const ORIGIN: &str = "example.org/audit";

fn key(seed: u8) -> SigningKey {
    SigningKey::new(ORIGIN, &[seed; 32]).unwrap()
}

fn trusted(seed: u8) -> Vec<TrustedKey> {
    vec![TrustedKey::always(key(seed).public().clone())]
}

fn event(number: u64) -> String {
    Event::new(number as i64, "project/new", "project.create", Outcome::Allowed).encode().unwrap()
}

fn checkpoint(head: Head, keys: &[&SigningKey]) -> SignedCheckpoint {
    Checkpoint { origin: ORIGIN.to_owned(), head }.sign(keys).unwrap()
}

/// A log of so many entries, and its head after each of them, the empty one first.
fn log(size: u64) -> (Vec<Entry>, Vec<Head>) {
    let mut chain = Chain::new(ORIGIN);
    let mut heads = vec![chain.head()];
    let entries = (1..=size).map(|number| {
        let entry = chain.append(event(number));
        heads.push(chain.head());
        entry
    });
    (entries.collect(), heads)
}

fn verify(entries: &[Entry], known: Vec<SignedCheckpoint>) -> Report {
    let mut verifier = Verifier::new(ORIGIN, trusted(1), known);
    entries.iter().for_each(|entry| verifier.entry(entry));
    verifier.finish()
}

fn fault(report: Report) -> (u64, Fault) {
    let broken = report.broken.expect("something is wrong");
    (broken.position, broken.fault)
}

/// Links the entries again, as somebody would who has the database and rewrites the log.
fn relinked(entries: &[Entry]) -> Vec<Entry> {
    let mut chain = Chain::new(ORIGIN);
    entries.iter().map(|entry| chain.append(entry.event.clone())).collect()
}

#[test]
fn an_untouched_log_is_intact() {
    let (entries, heads) = log(5);
    let report = verify(&entries, vec![checkpoint(heads[3], &[&key(1)]), checkpoint(heads[5], &[&key(1)])]);
    assert_eq!(report.broken, None);
    assert_eq!((report.head, report.checkpoints, report.last_checkpoint), (heads[5], 2, Some(5)));
    assert!(report.signatures_checked);
    assert!(verify(&[], vec![]).is_intact());
}

#[test]
fn the_first_broken_entry_is_named_with_what_is_wrong() {
    let (entries, _) = log(6);
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        fault(verify(&entries, vec![]))
    };
    assert_eq!(with(&|log| drop(log.remove(2))), (3, Fault::Missing { from: 3, to: 3 }));
    assert_eq!(with(&|log| drop(log.drain(1..4))), (2, Fault::Missing { from: 2, to: 4 }));
    assert_eq!(with(&|log| log.swap(2, 4)), (3, Fault::Missing { from: 3, to: 4 }));
    assert_eq!(with(&|log| log.insert(2, log[1].clone())), (3, Fault::OutOfOrder { found: 2 }));
    assert_eq!(with(&|log| log[2].event = event(9)), (3, Fault::Changed));
    assert_eq!(with(&|log| log[2].hash = Hash([0; 32])), (3, Fault::Changed));
    assert_eq!(with(&|log| log[2].prev = Hash([0; 32])), (3, Fault::Changed));
    // One entry exchanged together with its hash: the next one no longer follows.
    assert_eq!(
        with(&|log| {
            log[2].event = event(9);
            log[2].hash = entry_hash(log[2].prev, 3, &log[2].event);
        }),
        (4, Fault::BrokenLink)
    );
}

#[test]
fn a_log_rewritten_as_a_whole_is_caught_by_a_checkpoint() {
    let (mut entries, heads) = log(6);
    let known = vec![checkpoint(heads[4], &[&key(1)])];
    entries[1].event = event(9);
    let rewritten = relinked(&entries);
    assert!(verify(&rewritten, vec![]).is_intact(), "the chain alone cannot show it");
    assert_eq!(fault(verify(&rewritten, known)), (4, Fault::OtherHistory));
}

#[test]
fn a_cut_tail_is_caught_by_a_checkpoint() {
    let (entries, heads) = log(6);
    let known = vec![checkpoint(heads[5], &[&key(1)])];
    assert_eq!(fault(verify(&entries[..3], known.clone())), (4, Fault::Truncated { size: 5 }));
    assert_eq!(fault(verify(&[], known.clone())), (1, Fault::Truncated { size: 5 }));
    assert!(verify(&entries[..5], known).is_intact());
}

#[test]
fn a_checkpoint_counts_only_with_the_signature_of_a_trusted_key() {
    let (entries, heads) = log(2);
    let of = |signed| fault(verify(&entries, vec![signed]));
    let stranger = checkpoint(heads[2], &[&key(7)]);
    assert_eq!(of(stranger), (2, Fault::UnknownSigner(key(7).public().label())));
    // A statement about the right head under a signature that was made for another.
    let mut forged = checkpoint(heads[2], &[&key(1)]);
    let text = checkpoint(heads[1], &[&key(1)]).note.to_string();
    let signature = text.split_once("\n\n").unwrap().1;
    let forged_text = format!("{}\n{signature}", forged.checkpoint.text());
    forged = SignedCheckpoint::parse(&forged_text).unwrap();
    assert_eq!(of(forged), (2, Fault::BadSignature(key(1).public().label())));
    let other = Checkpoint { origin: "example.com".to_owned(), head: heads[2] }.sign(&[&key(1)]).unwrap();
    assert_eq!(of(other), (2, Fault::OtherLog("example.com".to_owned())));
}

#[test]
fn a_witnesses_signature_beside_ours_does_no_harm() {
    let (entries, heads) = log(2);
    let witness = SigningKey::new("witness.example", &[9; 32]).unwrap();
    assert!(verify(&entries, vec![checkpoint(heads[2], &[&witness, &key(1)])]).is_intact());
}

#[test]
fn a_key_counts_only_in_its_time() {
    let (entries, heads) = log(6);
    let keys = vec![
        TrustedKey { until: Some(3), ..trusted(1).remove(0) },
        TrustedKey { from: 3, ..trusted(2).remove(0) },
    ];
    for (signer, size, in_time) in
        [(1, 2, true), (1, 3, true), (1, 4, false), (2, 2, false), (2, 3, true), (2, 6, true)]
    {
        let known = vec![checkpoint(heads[size], &[&key(signer)])];
        let mut verifier = Verifier::new(ORIGIN, keys.clone(), known);
        entries.iter().for_each(|entry| verifier.entry(entry));
        let report = verifier.finish();
        assert_eq!(report.is_intact(), in_time, "key {signer} at {size}: {report}");
    }
}

/// Two entries, a rotation from one key to another, one more entry.
fn rotated(origin: &str, old: &SigningKey, new: &SigningKey) -> (Vec<Entry>, Vec<Head>) {
    let mut chain = Chain::new(ORIGIN);
    let mut heads = vec![chain.head()];
    let rotation = Rotation::event(0, origin, old, new).unwrap().encode().unwrap();
    let events = [event(1), event(2), rotation, event(4)];
    let entries = events.into_iter().map(|event| {
        let entry = chain.append(event);
        heads.push(chain.head());
        entry
    });
    (entries.collect(), heads)
}

#[test]
fn a_rotation_hands_the_trust_on() {
    let (entries, heads) = rotated(ORIGIN, &key(1), &key(2));
    for (signer, size, accepted) in
        [(1, 2, true), (2, 2, false), (1, 3, true), (2, 3, true), (1, 4, false), (2, 4, true), (3, 4, false)]
    {
        let report = verify(&entries, vec![checkpoint(heads[size], &[&key(signer)])]);
        assert_eq!(report.is_intact(), accepted, "key {signer} at {size}: {report}");
    }
    let late = verify(&entries, vec![checkpoint(heads[4], &[&key(1)])]);
    assert_eq!(fault(late), (4, Fault::KeyNotValid(key(1).public().label())));
}

#[test]
fn a_rotation_the_old_key_did_not_sign_is_forged() {
    // Somebody puts an own key in place, without having the old one.
    let event = Rotation::event(0, ORIGIN, &key(1), &key(5)).unwrap();
    let note = event.after.as_ref().unwrap()["note"].as_str().unwrap().to_owned();
    let mut forged = Event { after: None, ..event };
    for note in [note.replace("— example", "— sample"), note.replacen("rotation v1", "rotation v2", 1)] {
        forged.after = Some(serde_json::json!({ "note": note }));
        let entries = vec![Chain::new(ORIGIN).append(forged.encode().unwrap())];
        assert_eq!(fault(verify(&entries, vec![])), (1, Fault::ForgedRotation));
    }
    // A rotation of another log, copied into this one.
    let (entries, _) = rotated("example.com", &key(1), &key(2));
    assert_eq!(fault(verify(&entries, vec![])), (3, Fault::ForgedRotation));
}

#[test]
fn a_rotation_from_a_key_that_is_not_trusted_changes_nothing() {
    let (entries, heads) = rotated(ORIGIN, &key(6), &key(7));
    assert!(verify(&entries, vec![checkpoint(heads[4], &[&key(1)])]).is_intact());
    let report = verify(&entries, vec![checkpoint(heads[4], &[&key(7)])]);
    assert_eq!(fault(report).1, Fault::UnknownSigner(key(7).public().label()));
}

#[test]
fn a_key_that_has_ended_hands_no_trust_on() {
    // Somebody who got hold of the old key, which nobody guards any more, after it gave way to the second.
    let mut chain = Chain::new(ORIGIN);
    let entries = [2, 5].map(|new| {
        let rotation = Rotation::event(0, ORIGIN, &key(1), &key(new)).unwrap();
        chain.append(rotation.encode().unwrap())
    });
    assert!(verify(&entries, vec![checkpoint(chain.head(), &[&key(2)])]).is_intact());
    let report = verify(&entries, vec![checkpoint(chain.head(), &[&key(5)])]);
    assert_eq!(fault(report).1, Fault::UnknownSigner(key(5).public().label()));
}

#[test]
fn a_verification_can_begin_at_a_trusted_checkpoint_only() {
    let (entries, heads) = log(6);
    let run = |keys, known| {
        let mut verifier = Verifier::resume(ORIGIN, heads[3], keys, known);
        entries[3..].iter().for_each(|entry| verifier.entry(entry));
        verifier.finish()
    };
    let report = run(trusted(1), vec![checkpoint(heads[3], &[&key(1)])]);
    assert!(report.is_intact() && report.start == 3, "{report}");
    assert_eq!(fault(run(trusted(1), vec![])), (4, Fault::UnanchoredStart(3)));
    assert_eq!(
        fault(run(trusted(1), vec![checkpoint(heads[6], &[&key(1)])])),
        (4, Fault::UnanchoredStart(3))
    );
    let stranger = run(trusted(1), vec![checkpoint(heads[3], &[&key(9)])]);
    assert!(matches!(fault(stranger).1, Fault::UnknownSigner(_)));
}

#[test]
fn reports_speak_in_sentences() {
    let (mut entries, heads) = log(3);
    let good = verify(&entries, vec![checkpoint(heads[2], &[&key(1)])]).to_string();
    assert!(
        good.contains("Intact: 3 entries") && good.contains("Not covered yet: 1 entry after it."),
        "{good}"
    );
    entries[1].event = event(9);
    let bad = verify(&entries, vec![]).to_string();
    assert!(bad.starts_with("BROKEN at entry 2 of example.org/audit: the entry was changed"), "{bad}");
}
