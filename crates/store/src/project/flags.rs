//! The restriction flags as they are kept.

/// The switches of a project (contract: identity-and-sharing 7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "the names are the contract's")]
pub struct Flags {
    pub protected: bool,
    pub restricted: bool,
    pub download_restricted: bool,
    pub preview_viewer_restricted: bool,
    pub external_upload_restricted: bool,
    pub database_ui_view_only: bool,
    pub contains_phi: bool,
    pub display_data_protection_notice: bool,
    pub https_app_isolated_browsing: bool,
    pub destroy_protected: bool,
}

impl Flags {
    /// Each switch under the wire's name for it.
    fn switches(&mut self) -> [(&'static str, &mut bool); 10] {
        [
            ("protected", &mut self.protected),
            ("restricted", &mut self.restricted),
            ("downloadRestricted", &mut self.download_restricted),
            ("previewViewerRestricted", &mut self.preview_viewer_restricted),
            ("externalUploadRestricted", &mut self.external_upload_restricted),
            ("databaseUIViewOnly", &mut self.database_ui_view_only),
            ("containsPHI", &mut self.contains_phi),
            ("displayDataProtectionNotice", &mut self.display_data_protection_notice),
            ("httpsAppIsolatedBrowsing", &mut self.https_app_isolated_browsing),
            ("destroyProtected", &mut self.destroy_protected),
        ]
    }

    /// The wire's names of the switches that are on.
    #[must_use]
    pub fn names(mut self) -> Vec<&'static str> {
        self.switches().into_iter().filter_map(|(name, on)| on.then_some(name)).collect()
    }

    /// Sets the switch that the wire calls `name`; false when there is none of that name.
    pub fn set(&mut self, name: &str, on: bool) -> bool {
        for (known, switch) in self.switches() {
            if known == name {
                *switch = on;
                return true;
            }
        }
        false
    }

    /// The switches that the access decision knows.
    #[must_use]
    pub fn policy(self) -> policy::Flags {
        policy::Flags {
            protected: self.protected,
            restricted: self.restricted,
            download_restricted: self.download_restricted,
            external_upload_restricted: self.external_upload_restricted,
            preview_viewer_restricted: self.preview_viewer_restricted,
            contains_phi: self.contains_phi,
            database_ui_view_only: self.database_ui_view_only,
            display_data_protection_notice: self.display_data_protection_notice,
            destroy_protected: self.destroy_protected,
        }
    }
}
