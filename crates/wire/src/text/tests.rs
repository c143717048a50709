use serde_json::json;

use super::*;
use crate::json::decode_any;

#[test]
fn names_of_objects() {
    for fine in ["a", " ", "a/b", "\u{7f}", "эксперимент", "..", &"x".repeat(4096)] {
        assert_eq!(ObjectName::parse(fine).unwrap().as_str(), fine);
    }
    assert_eq!(ObjectName::parse("").unwrap_err().to_string(), "it must not be empty");
    assert_eq!(
        ObjectName::parse("a\nb").unwrap_err().to_string(),
        "it must not contain the control character U+000A"
    );
    assert!(ObjectName::parse(&"x".repeat(4097)).unwrap_err().to_string().contains("4097 bytes"));
}

#[test]
fn limits_count_bytes_not_characters() {
    assert!(PropertyKey::parse(&"é".repeat(50)).is_ok());
    assert!(PropertyKey::parse(&"é".repeat(51)).is_err());
    assert!(PropertyValue::parse(&"é".repeat(350)).is_ok());
    assert!(PropertyValue::parse(&"é".repeat(351)).is_err());
    assert!(Nonce::parse(&"n".repeat(128)).is_ok());
    assert!(Nonce::parse(&"n".repeat(129)).is_err());
    assert!(ProjectName::parse(&"n".repeat(256)).is_err());
    assert!(PropertyValue::parse("").is_ok());
    assert!(PropertyKey::parse("").is_err());
}

#[test]
fn nul_is_refused_everywhere() {
    let nul = "abc\0def";
    assert!(ObjectName::parse(nul).is_err() && ProjectName::parse(nul).is_err() && Tag::parse(nul).is_err());
    assert!(PropertyKey::parse(nul).is_err() && PropertyValue::parse(nul).is_err());
    assert!(Summary::parse(nul).is_err() && Description::parse(nul).is_err() && Nonce::parse(nul).is_err());
}

#[test]
fn type_names() {
    for fine in ["report", "a/b_c-D9", "/"] {
        assert!(TypeName::parse(fine).is_ok(), "{fine}");
    }
    for bad in ["", "a b", "b@d", "é", "a\n"] {
        assert!(TypeName::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn names_of_fields() {
    for fine in ["a", "_", "A1_b"] {
        assert!(FieldName::parse(fine).is_ok(), "{fine}");
    }
    for bad in ["", "34", "1a", "a-b", "a.b", "é", "a\n"] {
        assert!(FieldName::parse(bad).is_err(), "{bad}");
    }
}

/// The check and the pattern of the schema say the same.
#[test]
fn names_of_instance_types() {
    let pattern = regex::Regex::new(INSTANCE.pattern).unwrap();
    for fine in [
        "mem1_ssd1_x2",
        "mem1_ssd1_v2_x16",
        "mem3_ssd1_v2i_x4",
        "mem2_ssd1_gpu_x16",
        "mem3_ssd2_fpga1_x24",
        "mem2_ssd1_v2_gpu1_x8",
        "azure:mem2_ssd1_x1",
        "mem2_hdd2_x2",
    ] {
        assert!(InstanceType::parse(fine).is_ok() && pattern.is_match(fine), "{fine}");
    }
    for bad in [
        "",
        "large",
        "mem0_ssd1_x2",
        "mem6_ssd1_x2",
        "mem1_ssd4_x2",
        "mem1_ssd1",
        "mem1_ssd1_x",
        "mem1_ssd1_x2_x2",
        "mem1_ssd1_v_x2",
        "mem1_ssd1_gpu1_v2_x2",
        ":mem1_ssd1_x2",
        "AWS:mem1_ssd1_x2",
        "mem1_ssd1_x2\n",
        "mem11_ssd1_x2",
        "mem1_ssd1_x1000",
    ] {
        assert!(InstanceType::parse(bad).is_err() && !pattern.is_match(bad), "{bad}");
    }
}

#[test]
fn handles() {
    for fine in ["abc", "Alice_1", "a..b"] {
        assert!(Handle::parse(fine).is_ok(), "{fine}");
    }
    for bad in ["", "ab", "a-b-c", "a b", "é".repeat(3).as_str()] {
        assert!(Handle::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn email_addresses() {
    for fine in ["a@b.org", "first.last+tag@sub.example.co.uk", "o'neill@x-y.ie"] {
        assert!(EmailAddress::parse(fine).is_ok(), "{fine}");
    }
    for bad in [
        "",
        "abc",
        "a@b",
        "@b.org",
        "a@",
        "a@.org",
        "a@b..org",
        "a@b.org.",
        "a b@c.org",
        "a@b@c.org",
        ".a@b.org",
        "a..b@c.org",
        "a@-b.org",
        "a@b.org\r\nBcc: x@y.org",
        "\"a\"@b.org",
        "<a@b.org>",
        "a@b_c.org",
    ] {
        assert!(EmailAddress::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(EmailAddress::parse("Ann@Lab.Org").unwrap().canonical(), "ann@lab.org");
}

#[test]
fn read_and_written_as_plain_strings() {
    assert_eq!(serde_json::to_value(Tag::parse("t").unwrap()).unwrap(), json!("t"));
    let error = decode_any::<Vec<Tag>>(json!(["t", ""])).unwrap_err();
    assert_eq!(error.message, "The value of key \"[1]\" cannot be used: it must not be empty.");
}

#[test]
fn error_texts_stay_short_and_printable() {
    assert_eq!(shortened("a\u{1b}[31m"), "a\\u{1b}[31m");
    assert_eq!(shortened(&"x".repeat(500)).chars().count(), 81);
}
