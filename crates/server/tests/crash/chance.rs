//! Repeatable choices.

/// A small generator (SplitMix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed makes the same choices.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these, if there are any.
    pub fn pick<T: Clone>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        let all: Vec<T> = from.into_iter().collect();
        if all.is_empty() {
            None
        } else {
            Some(all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone())
        }
    }

    /// Bytes that repeat nowhere near.
    pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
        let mut chance = Self::new(seed);
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&chance.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
