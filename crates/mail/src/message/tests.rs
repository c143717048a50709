use super::*;

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn rendered(subject: &str, text: &str) -> String {
    let message = Message::new("m-1", 1_700_000_000_123, address("ada@example.org"), subject, text).unwrap();
    let from = Sender::new("Operon", address("operon@example.org")).unwrap();
    String::from_utf8(message.render(&from).unwrap().formatted()).unwrap()
}

#[test]
fn addresses_are_plain_ascii_ones() {
    for good in ["ada@example.org", "a.b+c@x-y.example", "o'hara@example.org", "a@xn--mller-kva.example"] {
        assert_eq!(address(good).to_string(), good);
    }
    let long = format!("{}@example.org", "a".repeat(250));
    for bad in [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\n",
        "ada@example.org,eve@example.org",
        "Ada <ada@example.org>",
        "\"a b\"@example.org",
        "ada@müller.example",
        "ada@exa mple.org",
        "ada@example.org\0",
        &long,
    ] {
        assert!(matches!(bad.parse::<Address>(), Err(MessageError::Address(_))), "{bad:?}");
    }
}

/// A link can be copied out of the outbox folder: it is neither broken nor is its sign `=` written otherwise.
#[test]
fn a_link_stands_as_it_is() {
    let link = format!("https://operon.example.org/activate?code={}", "x".repeat(100));
    assert!(
        rendered("Your account", &format!("Hello,\n\n{link}\n\nBye.")).contains(&format!("\r\n{link}\r\n"))
    );
    let long = "x".repeat(2000);
    for odd in [format!("{link} Zürich"), long] {
        let text = rendered("Your account", &odd);
        assert!(text.contains("quoted-printable") || text.contains("base64"), "{text}");
    }
}

#[test]
fn a_message_travels_with_fixed_headers() {
    let text = rendered("Your account", "Hello\nthere.\n");
    let (headers, body) = text.split_once("\r\n\r\n").unwrap();
    for header in [
        "From: Operon <operon@example.org>",
        "To: ada@example.org",
        "Subject: Your account",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Message-ID: <m-1@example.org>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(headers.lines().any(|line| line == header), "{header} is missing in:\n{headers}");
    }
    assert_eq!(body, "Hello\r\nthere.\r\n");
}

#[test]
fn nothing_typed_becomes_a_header_of_its_own() {
    for subject in
        ["", "  ", "a\r\nBcc: eve@example.org", "a\nb", "a\tb", "a\0b", "a\u{85}b", &"x".repeat(201)]
    {
        let message = Message::new("m", 0, address("ada@example.org"), subject, "");
        assert_eq!(message, Err(MessageError::Subject), "{subject:?}");
    }
    assert_eq!(
        Sender::new("a\r\nBcc: eve@example.org", address("a@example.org")).err(),
        Some(MessageError::SenderName)
    );
    for id in ["", "a b", "a>b", "../x", ".hidden", "a\n", &"x".repeat(65)] {
        let message = Message::new(id, 0, address("ada@example.org"), "s", "");
        assert_eq!(message, Err(MessageError::Id), "{id:?}");
    }
    // A text may say what it likes: it stays below the empty line.
    let text = rendered("s", "Bcc: eve@example.org\r\n.\r\nQUIT\r\n\0");
    let (headers, _) = text.split_once("\r\n\r\n").unwrap();
    assert!(!headers.contains("Bcc"), "{headers}");
}

#[test]
fn other_scripts_are_encoded() {
    let text = rendered("Größe: 5 µm 乾", "Straße ✓");
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("=?utf-8?"), "{text}");
}

#[test]
fn long_texts_are_refused() {
    let message = Message::new("m", 0, address("ada@example.org"), "s", "x".repeat(MAX_TEXT_LEN + 1));
    assert_eq!(message, Err(MessageError::TooLong(MAX_TEXT_LEN + 1)));
}
