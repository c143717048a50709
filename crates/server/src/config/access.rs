//! What the operator decides about access: how far the kinds of accounts reach (contract: identity-and-sharing B7, F002).

pub use app::options::{AdminAccess, ReadOnlyCap};
use serde::Deserialize;

/// How [`AdminAccess`] is written.
#[derive(Deserialize)]
#[serde(remote = "AdminAccess", rename_all = "camelCase")]
pub(super) enum AdminAccessWord {
    /// They see that every project exists and may add themselves, which is recorded.
    GrantSelf,
    /// They may do everything in every project.
    Implicit,
}

/// How [`ReadOnlyCap`] is written.
#[derive(Deserialize)]
#[serde(remote = "ReadOnlyCap")]
pub(super) enum ReadOnlyCapWord {
    /// They see outputs and activity, and read no bytes.
    #[serde(rename = "collaboratorView")]
    CollaboratorView,
    /// They may do what the level VIEW allows: read and download.
    #[serde(rename = "VIEW")]
    LevelView,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> anyhow::Result<(AdminAccess, ReadOnlyCap)> {
        Config::from_table(text.parse()?).map(|config| (config.admin_access, config.read_only_cap))
    }

    /// The cautious choice is the default, and what is misspelt is refused instead of becoming one.
    #[test]
    fn access_is_widened_by_the_exact_word_alone() {
        assert_eq!(read("").unwrap(), (AdminAccess::GrantSelf, ReadOnlyCap::CollaboratorView));
        assert_eq!(
            read("admin_access = 'implicit'\nread_only_cap = 'VIEW'").unwrap(),
            (AdminAccess::Implicit, ReadOnlyCap::LevelView)
        );
        assert_eq!(
            read("admin_access = 'grantSelf'\nread_only_cap = 'collaboratorView'").unwrap(),
            (AdminAccess::GrantSelf, ReadOnlyCap::CollaboratorView)
        );
        for wrong in ["admin_access = 'Implicit'", "admin_access = true", "read_only_cap = 'view'"] {
            read(wrong).unwrap_err();
        }
    }
}
