use proptest::prelude::*;

use super::*;

// Made with another program (Python's hashlib and cryptography) from the format in the module's documentation.
const TEXT: &str = "example.org/audit\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n";
const PUBLIC: &str = "example.org/audit+c5fdacc0+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const SIGNATURE: &str =
    "xf2swJ2AtFo2WIwGxu1IjDik3VdKxLapr95T9YhHHpYP1N35V6fN9SH52Bn7DDeo99pHWke8/xkvGxJ7InugSiNEJAY=";

fn key(seed: u8) -> SigningKey {
    SigningKey::new("example.org/audit", &[seed; 32]).unwrap()
}

#[test]
fn keys_and_notes_are_those_of_the_public_format() {
    let expected = format!("{TEXT}\n— example.org/audit {SIGNATURE}\n");
    assert_eq!(key(1).public().to_string(), PUBLIC);
    assert_eq!(Note::sign(TEXT.to_owned(), &[&key(1)]).unwrap().to_string(), expected);
    let public: PublicKey = PUBLIC.parse().unwrap();
    assert_eq!(Note::parse(&expected).unwrap().verdict(&public), Verdict::Good);
}

#[test]
fn each_key_speaks_for_itself() {
    let note = Note::sign("text\n\nmore\n".to_owned(), &[&key(1), &key(2)]).unwrap();
    let note = Note::parse(&note.to_string()).unwrap();
    assert_eq!(note.text(), "text\n\nmore\n");
    assert_eq!(note.verdict(key(1).public()), Verdict::Good);
    assert_eq!(note.verdict(key(2).public()), Verdict::Good);
    assert_eq!(note.verdict(key(3).public()), Verdict::None);
    let other_name = SigningKey::new("example.com", &[1; 32]).unwrap();
    assert_eq!(note.verdict(other_name.public()), Verdict::None);
}

#[test]
fn a_wrong_signature_is_told_from_a_missing_one() {
    let note = Note::sign(TEXT.to_owned(), &[&key(1)]).unwrap().to_string();
    let changed = Note::parse(&note.replace("\n7\n", "\n8\n")).unwrap();
    assert_eq!(changed.verdict(key(1).public()), Verdict::Bad);
    let mut twice = Note::parse(&note).unwrap();
    let mut second = twice.signatures[0].clone();
    *second.bytes.last_mut().unwrap() ^= 1;
    twice.signatures.push(second);
    assert_eq!(twice.verdict(key(1).public()), Verdict::Bad, "a good signature does not outweigh a bad one");
}

#[test]
fn what_is_no_key_is_refused() {
    for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b"] {
        assert!(matches!(SigningKey::new(name, &[1; 32]), Err(NoteError::KeyName(_))), "{name:?}");
    }
    let (name, rest) = PUBLIC.split_once('+').unwrap();
    let (id, bytes) = rest.split_once('+').unwrap();
    for bad in [
        String::new(),
        name.to_owned(),
        format!("{name}+{id}"),
        format!("{name}+00000000+{bytes}"),
        format!("other+{id}+{bytes}"),
        format!("{name}+{id}+*"),
        format!("{name}+{id}+{}", STANDARD.encode([2; 33])),
        format!("{name}+{id}+{}", STANDARD.encode([1; 5])),
    ] {
        assert!(matches!(bad.parse::<PublicKey>(), Err(NoteError::PublicKey(_))), "{bad:?}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let good = Note::sign(TEXT.to_owned(), &[&key(1)]).unwrap().to_string();
    for bad in [
        String::new(),
        "\n\n".to_owned(),
        TEXT.to_owned(),
        good.trim_end().to_owned(),
        good.replace("— ", "- "),
        good.replace("\n7\n", "\n\t7\n"),
        format!("{good}— x\n"),
        format!("{good}— x AAAA\n"),
        format!("{good}— x+y AAAAAAAA\n"),
        format!("{good}{}", "— x AAAAAAAA\n".repeat(MAX_SIGNATURES)),
        "x".repeat(MAX_NOTE_LEN + 1),
    ] {
        assert!(Note::parse(&bad).is_err(), "{bad:?}");
    }
    assert!(Note::sign("no newline".to_owned(), &[]).is_err());
}

proptest! {
    #[test]
    fn any_text_reads_as_a_note_or_not_without_harm(text in "(.|\n|— ){0,200}") {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn any_changed_byte_takes_the_signature_away(place: prop::sample::Index, with: u8) {
        let note = Note::sign(TEXT.to_owned(), &[&key(1)]).unwrap().to_string();
        let mut bytes = note.clone().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != with);
        bytes[place] = with;
        let verdict = String::from_utf8(bytes).ok().and_then(|text| Note::parse(&text).ok());
        prop_assert_ne!(verdict.map(|note| note.verdict(key(1).public())), Some(Verdict::Good));
    }
}
