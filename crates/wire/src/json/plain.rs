//! What the JSON library says, in the words of this API: `expected struct Scope` is nothing for a caller.

use std::borrow::Cow;

/// The reason why a value does not fit, without names of types of this program.
pub(super) fn words(why: &str) -> Cow<'_, str> {
    if why.starts_with("data did not match any variant") {
        return "it has none of the forms that are possible here".into();
    }
    let Some((found, expected)) = why.rsplit_once(", expected ") else { return why.into() };
    let found = match found {
        "invalid type: map" => "invalid type: a hash",
        "invalid type: sequence" => "invalid type: an array",
        "invalid type: unit value" => "invalid type: null",
        other => other,
    };
    format!("{found}, expected {}", wanted(expected)).into()
}

fn wanted(expected: &str) -> &str {
    match expected {
        "a map" | "map" => "a hash",
        "a sequence" => "an array",
        "unit" => "null",
        "string or map" => "a string or a hash",
        "variant identifier" | "identifier" => "a string",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        other => match other.split_once(' ') {
            Some(("struct" | "map", _)) => "a hash",
            Some(("tuple" | "newtype", _)) => "an array",
            Some(("enum" | "internally" | "adjacently", _)) => "a string",
            _ => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_of_types_are_not_told() {
        for (said, told) in [
            ("invalid type: null, expected struct Scope", "invalid type: null, expected a hash"),
            ("invalid type: map, expected a sequence", "invalid type: a hash, expected an array"),
            (
                "invalid value: integer `-1`, expected u32",
                "invalid value: integer `-1`, expected a whole number from 0 to 4294967295",
            ),
            (
                "data did not match any variant of untagged enum TokenScope",
                "it has none of the forms that are possible here",
            ),
            ("unknown variant `x`, expected `a` or `b`", "unknown variant `x`, expected `a` or `b`"),
            ("a tag is 1 to 100 bytes long", "a tag is 1 to 100 bytes long"),
        ] {
            assert_eq!(words(said), told);
        }
    }
}
