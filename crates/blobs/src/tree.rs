//! The BLAKE3 tree of a blob, cut at chunks of 256 KiB.

use blake3::Hasher;
use blake3::hazmat::{HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};

/// Bytes verified at a time. Smaller chunks make long digest lists (2.5 MB for 5 GiB at 64 KiB, all of which an opening
/// reads and merges), larger ones make short ranges read and hash more than they ask for; from 64 KiB on the hash itself
/// runs at full speed. Must be a power of two times 1 KiB, so that every chunk is a subtree of the BLAKE3 tree.
pub(crate) const CHUNK: u64 = 256 * 1024;

/// A chaining value: the digest of a subtree that is not the whole tree.
pub(crate) type Node = [u8; 32];

/// Number of chunks in a blob. An empty blob has one empty chunk.
pub(crate) fn chunk_count(size: u64) -> u64 {
    size.div_ceil(CHUNK).max(1)
}

/// Running BLAKE3 that also keeps the chaining value of every chunk.
#[derive(Debug)]
pub(crate) struct ChunkTree {
    list: Vec<Node>,
    /// Boxed: it is 2 KB, and writers move between threads.
    hasher: Box<Hasher>,
    /// Bytes in `hasher`, at most one chunk. A full chunk stays there until more bytes follow, because the last chunk of
    /// a blob with only one is hashed as a root.
    filled: u64,
}

impl ChunkTree {
    pub(crate) fn new() -> Self {
        Self { list: Vec::new(), hasher: Box::new(Hasher::new()), filled: 0 }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == CHUNK {
                self.list.push(self.hasher.finalize_non_root());
                // `reset` would keep the offset of the chunk before.
                *self.hasher = Hasher::new();
                self.hasher.set_input_offset(self.list.len() as u64 * CHUNK);
                self.filled = 0;
            }
            let room = usize::try_from(CHUNK - self.filled).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.hasher.update(now);
            self.filled += now.len() as u64;
            bytes = later;
        }
    }

    /// Size, BLAKE3 digest and chaining values. The list is empty when there is only one chunk.
    pub(crate) fn finish(mut self) -> (u64, [u8; 32], Vec<Node>) {
        let size = self.list.len() as u64 * CHUNK + self.filled;
        if self.list.is_empty() {
            return (size, *self.hasher.finalize().as_bytes(), Vec::new());
        }
        self.list.push(self.hasher.finalize_non_root());
        let blake3 = root(&self.list, size);
        (size, blake3, self.list)
    }
}

/// The digest that a list of at least two chaining values merges to, for a blob of `size` bytes.
pub(crate) fn root(list: &[Node], size: u64) -> [u8; 32] {
    let [left, right] = halves(list, size);
    *merge_subtrees_root(&merged(left), &merged(right), Mode::Hash).as_bytes()
}

/// The chaining value of one chunk at `offset`, or the digest of a blob's `only` chunk.
pub(crate) fn chunk_digest(bytes: &[u8], offset: u64, only: bool) -> [u8; 32] {
    if only {
        return *blake3::hash(bytes).as_bytes();
    }
    let mut hasher = Hasher::new();
    hasher.set_input_offset(offset);
    hasher.update(bytes);
    hasher.finalize_non_root()
}

/// The chaining values of the chunks of a subtree, and its bytes.
type Subtree<'a> = (&'a [Node], u64);

fn merged((list, size): Subtree<'_>) -> Node {
    if let [only] = list {
        return *only;
    }
    let [left, right] = halves(list, size);
    merge_subtrees_non_root(&merged(left), &merged(right), Mode::Hash)
}

/// Splits where BLAKE3 does: the left half is the largest power of two that leaves something for the right.
fn halves(list: &[Node], size: u64) -> [Subtree<'_>; 2] {
    let left_size = left_subtree_len(size);
    let (left, right) =
        list.split_at(usize::try_from(left_size / CHUNK).unwrap_or(usize::MAX).min(list.len()));
    [(left, left_size), (right, size - left_size)]
}
