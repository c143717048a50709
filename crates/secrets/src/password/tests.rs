use super::*;

const ABOUT: &[&str] = &["adalovelace", "ada.lovelace@example.org", "Ada", "Lovelace"];

#[test]
fn good_passwords_are_accepted_without_rules_of_composition() {
    for password in [
        "violet kettle orbit seven",
        "mäuse, katzen und ein zug",
        "x7!kQ92#mLp0zR4v",
        "乾いた靴下と三つの青い月が並ぶ夜",
        &"ab cd ef gh ".repeat(85),
    ] {
        assert_eq!(check_new(password, ABOUT), Ok(()), "{password}");
    }
}

#[test]
fn each_rule_refuses_with_its_own_sentence() {
    for (password, refusal) in [
        ("short but ok?", WeakPassword::TooShort),
        ("äöüäöü", WeakPassword::TooShort),
        (&*"x7!kQ92#".repeat(200), WeakPassword::TooLong),
        ("violet kettle\norbit", WeakPassword::ControlCharacter),
        ("aaaaaaaaaaaaaaaaaaaa", WeakPassword::Repeats),
        ("abababababababababab", WeakPassword::Repeats),
        ("Ada.Lovelace@Example.org", WeakPassword::AboutYou),
        ("adalovelace12345", WeakPassword::AboutYou),
        ("PasswordPassword1!", WeakPassword::Common),
        ("1234567890123456", WeakPassword::Common),
        ("qwertyuiopasdfghjkl", WeakPassword::Common),
        ("abcdefghijklmnopqrstuvwxyz", WeakPassword::Common),
        ("correct horse battery staple", WeakPassword::Common),
    ] {
        let got = check_new(password, ABOUT);
        // A run of keys is guessed with and without the account's names, so either sentence is right for it.
        let alike = [WeakPassword::AboutYou, WeakPassword::Common];
        assert!(
            got == Err(refusal) || (alike.contains(&refusal) && got.is_err_and(|got| alike.contains(&got))),
            "{password:?}: {got:?}"
        );
    }
}

#[test]
fn a_password_about_somebody_else_is_fine() {
    assert_eq!(check_new("ada.lovelace@example.org", &["bob"]), Ok(()));
}

#[test]
fn a_hash_is_argon2id_with_default_parameters_and_verifies_only_its_password() {
    let stored = hash("violet kettle orbit", [7; SALT_LEN]).unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(verify("violet kettle orbit", &stored), Ok(true));
    assert_eq!(verify("violet kettle orbis", &stored), Ok(false));
    assert_eq!(verify(&"x".repeat(MAX_BYTES + 1), &stored), Ok(false));
    assert!(!is_outdated(&stored));
    assert_ne!(stored, hash("violet kettle orbit", [8; SALT_LEN]).unwrap());
}

#[test]
fn an_accent_counts_the_same_however_the_keyboard_wrote_it() {
    let stored = hash("caf\u{e9} und kuchen", [7; SALT_LEN]).unwrap();
    assert_eq!(verify("cafe\u{301} und kuchen", &stored), Ok(true));
}

#[test]
fn hashes_made_with_other_parameters_verify_and_are_outdated() {
    // The first test vector of the reference implementation for argon2id: 64 KiB × 2¹⁰, two passes.
    let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_eq!(verify("password", stored), Ok(true));
    assert!(is_outdated(stored));
}

#[test]
fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
    for stored in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", "$md5$abc$def"] {
        assert_eq!(verify("x", stored), Err(PasswordError::Unreadable), "{stored:?}");
        assert!(is_outdated(stored));
    }
    assert_eq!(hash(&"x".repeat(MAX_BYTES + 1), [0; SALT_LEN]), Err(PasswordError::TooLong));
}
