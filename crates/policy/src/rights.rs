//! What stands beside a role: two rights, and up to what its holder may invite others.

use crate::capability::{Capabilities, Capability};

/// The two switches of a team entry, independent of its role (contract B1 step 4, B11.4; F153 to F155).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights {
    /// Bytes may be brought in from outside the platform.
    pub upload: bool,
    /// Bytes may be taken off the platform or into another project.
    pub download: bool,
}

impl Rights {
    /// Both rights: what levels and collaborators have unless said otherwise.
    pub const BOTH: Self = Self { upload: true, download: true };
    /// Neither right: what category roles have unless said otherwise.
    pub const NEITHER: Self = Self { upload: false, download: false };
    /// The four combinations.
    pub const ALL: [Self; 4] = [
        Self::NEITHER,
        Self { upload: true, download: false },
        Self { upload: false, download: true },
        Self::BOTH,
    ];

    /// What a missing upload right takes out of every role.
    pub const NEED_UPLOAD: Capabilities = Capabilities::of(&[Capability::DataUpload]);
    /// What a missing download right takes out of every role.
    pub const NEED_DOWNLOAD: Capabilities = Capabilities::of(&[
        Capability::DataDownload,
        Capability::DataCopyOut,
        Capability::BaseQueryExport,
        Capability::BaseTableExport,
    ]);

    /// What these rights take out of every role, even an administrator's.
    #[must_use]
    pub fn withheld(self) -> Capabilities {
        let mut gone = Capabilities::NONE;
        if !self.upload {
            gone |= Self::NEED_UPLOAD;
        }
        if !self.download {
            gone |= Self::NEED_DOWNLOAD;
        }
        gone
    }

    /// Either side's rights: several grants add up.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { upload: self.upload || other.upload, download: self.download || other.download }
    }

    /// Whether every right here is also in `other`.
    #[must_use]
    pub fn within(self, other: Self) -> bool {
        self.or(other) == other
    }
}

/// Up to what a holder of `member.invite` may invite others (contract B11.2). Ordered: the higher includes the lower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ceiling {
    /// Nobody may be invited.
    #[default]
    None,
    /// Within the column of Edit.
    Edit,
    /// Within the column of ADMINISTER: everything, also what the inviter lacks.
    Administer,
}
