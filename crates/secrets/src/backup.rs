//! Backup codes: ten single-use codes for the day the authenticator app is lost.

use subtle::ConstantTimeEq;

use crate::Secret;
use crate::code::{self, Purpose};

/// Codes in a set.
pub const COUNT: usize = 10;

/// Random bytes of one code: 80 bits, so that a stolen table of hashes cannot be searched.
pub const CODE_LEN: usize = 10;

/// Makes a set of codes, each four groups of four characters (`7k2m-…`).
///
/// Show them once and store [`hashes`] of them in place of any earlier set.
#[must_use]
pub fn mint(random: &[[u8; CODE_LEN]; COUNT]) -> Vec<Secret> {
    random
        .iter()
        .map(|bytes| {
            let symbols = code::spell(bytes);
            let groups: Vec<&str> =
                (0..symbols.len()).step_by(4).map(|start| &symbols[start..start + 4]).collect();
            Secret::new(groups.join("-"))
        })
        .collect()
}

/// What is stored of a set: one hash a code.
#[must_use]
pub fn hashes(codes: &[Secret]) -> Vec<String> {
    codes.iter().filter_map(|secret| code::hash(Purpose::Backup, secret.expose())).collect()
}

/// Finds the stored hash that a typed code belongs to.
///
/// Returns its place in `stored`. The caller deletes that hash in the same transaction that accepts the
/// sign-in, and accepts only if the deletion met a row: that is what makes a code single-use. All hashes are
/// looked at, so the time taken does not tell which one matched.
#[must_use]
pub fn find(stored: &[String], typed: &str) -> Option<usize> {
    let presented = code::hash(Purpose::Backup, typed)?;
    let mut found = None;
    for (place, hash) in stored.iter().enumerate() {
        if bool::from(hash.as_bytes().ct_eq(presented.as_bytes())) {
            found = Some(place);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> [[u8; CODE_LEN]; COUNT] {
        std::array::from_fn(|place| [place as u8 + 1; CODE_LEN])
    }

    #[test]
    fn every_code_is_found_once_and_gone_after_its_hash_is_deleted() {
        let codes = mint(&random());
        let mut stored = hashes(&codes);
        assert_eq!(stored.len(), COUNT);
        for code in &codes {
            let place = find(&stored, &code.expose().replace('-', " ")).unwrap();
            stored.remove(place);
            assert_eq!(find(&stored, code.expose()), None);
        }
        assert!(stored.is_empty());
    }

    #[test]
    fn a_code_is_four_groups_of_four() {
        let codes = mint(&random());
        let lengths: Vec<usize> = codes[0].expose().split('-').map(str::len).collect();
        assert_eq!(lengths, [4, 4, 4, 4]);
        assert_eq!(find(&hashes(&codes), "0000-0000-0000-0000"), None);
        // The whole hash counts.
        let stored = &hashes(&codes)[..1];
        for place in 0..stored[0].len() {
            let mut other = stored[0].clone();
            let changed = if &other[place..=place] == "0" { "1" } else { "0" };
            other.replace_range(place..=place, changed);
            assert_eq!(find(&[other], codes[0].expose()), None, "{place}");
        }
        assert_eq!(find(stored, codes[0].expose()), Some(0));
    }
}
