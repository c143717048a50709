//! The name of a blob.

use std::fmt;
use std::str::FromStr;

/// The name of a blob: 16 random bytes, chosen by the caller and never used twice.
///
/// Its text is 32 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 16]);

/// The text is not 32 lowercase hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a blob id is 32 lowercase hexadecimal digits")]
pub struct InvalidBlobId;

impl BlobId {
    /// Takes 16 random bytes as an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, as metadata keeps them.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The name of the folder that holds this blob: the first byte, as two hexadecimal digits.
    pub(crate) fn folder(self) -> String {
        hex::encode(&self.0[..1])
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

impl FromStr for BlobId {
    type Err = InvalidBlobId;

    fn from_str(text: &str) -> Result<Self, InvalidBlobId> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidBlobId);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidBlobId)?;
        Ok(Self(bytes))
    }
}
