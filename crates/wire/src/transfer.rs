//! Inputs and answers about the bytes of files: up, sealed, and down (contract: data 8.1, 8.2).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::id::{ContainerId, FileId, Id};
use crate::text::ObjectName;

/// What parts and files may be: the project field `fileUploadParameters` (contract: data 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadParameters {
    /// Bytes that every part but the last must have.
    pub minimum_part_size: u64,
    /// Bytes that a part may have.
    pub maximum_part_size: u64,
    /// Parts that a file may have, and the highest number of one.
    pub maximum_num_parts: u32,
    /// Bytes that a file may have.
    pub maximum_file_size: u64,
    /// Whether the last part may be empty. An empty file is one empty part.
    pub empty_last_part_allowed: bool,
}

/// The parameters of every project on this server.
pub const UPLOAD_PARAMETERS: UploadParameters = UploadParameters {
    minimum_part_size: 5 << 20,
    maximum_part_size: 5 << 30,
    maximum_num_parts: 10_000,
    maximum_file_size: 5 << 40,
    empty_last_part_allowed: true,
};

/// Input of `/file-xxxx/upload`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Upload {
    /// The number of the part, 1 to 10 000; 1 when absent.
    #[serde(default)]
    pub index: PartIndex,
    /// The bytes of the part. Without it, the upload must carry a `Content-Length`.
    pub size: Option<PartSize>,
    /// The MD5 of the part, 32 lower-case hexadecimal digits. Without it, only the size is checked.
    pub md5: Option<Md5Hex>,
}

/// The number of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PartIndex(#[schemars(range(min = 1, max = UPLOAD_PARAMETERS.maximum_num_parts))] u32);

/// The bytes of a part, at most 5 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PartSize(#[schemars(range(max = UPLOAD_PARAMETERS.maximum_part_size))] u64);

/// An MD5 as clients write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Md5Hex(#[schemars(regex(pattern = "^[0-9a-f]{32}$"))] String);

impl PartIndex {
    /// A number from 1 to the most parts a file may have.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (1..=UPLOAD_PARAMETERS.maximum_num_parts).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Default for PartIndex {
    fn default() -> Self {
        Self(1)
    }
}

impl PartSize {
    /// A size up to the largest part.
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        (bytes <= UPLOAD_PARAMETERS.maximum_part_size).then_some(Self(bytes))
    }

    /// The number of bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Md5Hex {
    /// 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        digits.then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PartIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| {
            de::Error::custom(format!(
                "{number} is not a part number; parts are numbered from 1 to {}",
                UPLOAD_PARAMETERS.maximum_num_parts
            ))
        })
    }
}

impl<'de> Deserialize<'de> for PartSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = u64::deserialize(deserializer)?;
        Self::new(bytes).ok_or_else(|| {
            de::Error::custom(format!(
                "a part can have at most {} bytes, not {bytes}; cut the file into smaller parts",
                UPLOAD_PARAMETERS.maximum_part_size
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Md5Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom("an MD5 is 32 lower-case hexadecimal digits, and this is not"))
    }
}

/// Where to send or fetch bytes: the answer of `/file-xxxx/upload` and `/file-xxxx/download`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TransferUrl {
    /// The address.
    pub url: String,
    /// Headers that must be sent with it, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// When the address ends at the latest, in ms since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// Answer of the door that parts come in by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartArrived {
    /// The file.
    pub id: FileId,
    /// The number of the part.
    pub index: PartIndex,
    /// Its bytes.
    pub size: u64,
    /// Their MD5, hexadecimal.
    pub md5: String,
}

/// Input of `/file-xxxx/download`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Download {
    /// Whether the address alone is enough, without headers. It works for whoever holds it, as long as its maker may
    /// download the file.
    #[serde(default)]
    pub preauthenticated: bool,
    /// For how many seconds the address is good, up to a year; one day when absent. Only of use when preauthenticated.
    pub duration: Option<LinkSeconds>,
    /// The name to save the file under; the file's own when absent.
    pub filename: Option<ObjectName>,
    /// The project to take the file from, which pays and whose restrictions hold; any that allows it when absent.
    pub project: Option<ContainerId>,
}

/// The life of a download address in seconds, 1 to a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LinkSeconds(#[schemars(range(min = 1, max = LONGEST_LINK_SECONDS))] u32);

/// The longest life of a download address, in seconds.
const LONGEST_LINK_SECONDS: u32 = 365 * 24 * 60 * 60;

impl LinkSeconds {
    /// One day.
    pub const DAY: Self = Self(24 * 60 * 60);

    /// In milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        i64::from(self.0) * 1000
    }
}

impl<'de> Deserialize<'de> for LinkSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        u32::try_from(seconds)
            .ok()
            .filter(|seconds| (1..=LONGEST_LINK_SECONDS).contains(seconds))
            .map(Self)
            .ok_or_else(|| {
                de::Error::custom(format!(
                    "a link can live from 1 to {LONGEST_LINK_SECONDS} seconds, not {seconds}"
                ))
            })
    }
}

/// Answer of `/file-xxxx/close`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FileClosed {
    /// The file.
    pub id: Id,
    /// Says so when there was nothing left to close (contract: data 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
}
