use super::*;

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    for (text, public) in [
        ("1.1.1.1", true),
        ("8.8.8.8", true),
        ("172.15.0.1", true),
        ("172.32.0.1", true),
        ("100.63.255.255", true),
        ("100.128.0.1", true),
        ("192.0.1.1", true),
        ("198.20.0.1", true),
        ("0.0.0.0", false),
        ("0.1.2.3", false),
        ("10.0.0.1", false),
        ("100.64.0.1", false),
        ("127.0.0.1", false),
        ("127.255.255.254", false),
        ("169.254.169.254", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("192.0.0.8", false),
        ("192.0.2.1", false),
        ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("203.0.113.9", false),
        ("224.0.0.1", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("2606:4700:4700::1111", true),
        ("2001:4860:4860::8888", true),
        ("64:ff9b::101:101", true),
        ("2002:101:101::1", true),
        ("::", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:1.1.1.1", false),
        ("::127.0.0.1", false),
        ("64:ff9b::7f00:1", false),
        ("64:ff9b:1::1.1.1.1", false),
        ("2002:7f00:1::1", false),
        ("2002:a00:1::1", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("3fff::1", false),
        ("fc00::1", false),
        ("fd12:3456::1", false),
        ("fe80::1", false),
        ("ff02::1", false),
        ("100::1", false),
    ] {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(is_public(address), public, "{text}");
        assert!(Reach::Anywhere.allows(address));
    }
}

#[test]
fn an_address_is_checked_as_the_browser_would_read_it() {
    let check = |reach: Reach, text: &str| reach.check(&text.parse().unwrap());
    assert_eq!(check(Reach::Public, "https://accounts.example.org/path?secret"), Ok(()));
    assert_eq!(check(Reach::Public, "https://1.1.1.1/"), Ok(()));
    // Other spellings of 127.0.0.1.
    for text in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1]/",
    ] {
        assert!(matches!(check(Reach::Public, text), Err(Blocked::Private(_))), "{text}");
        assert_eq!(check(Reach::Anywhere, text), Ok(()), "{text}");
    }
    for text in ["http://example.org/", "ftp://example.org/", "http://localhost/", "file:///etc/passwd"] {
        assert!(check(Reach::Public, text).is_err(), "{text}");
    }
    assert!(check(Reach::Anywhere, "http://example.org/").is_err());
    assert_eq!(check(Reach::Anywhere, "http://localhost:8080/"), Ok(()));
    assert!(matches!(check(Reach::Public, "https://a:b@example.org/"), Err(Blocked::Malformed(_))));
}

#[test]
fn a_refusal_shows_neither_query_nor_password() {
    let refusal = Reach::Public.check(&"https://u:hush@10.0.0.1/p?code=hush".parse().unwrap()).unwrap_err();
    assert!(!refusal.to_string().contains("hush"), "{refusal}");
}

#[tokio::test]
async fn a_name_that_stands_for_this_machine_is_not_resolved() {
    let name = || "localhost".parse().unwrap();
    assert!(GuardedResolver(Reach::Public).resolve(name()).await.is_err());
    let found = GuardedResolver(Reach::Anywhere).resolve(name()).await.unwrap();
    assert!(found.map(|address| address.ip()).all(|address| address.is_loopback()));
}
