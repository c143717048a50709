//! Flags, and what the payer must be licensed for to have them on.

use store::org::Feature;
use store::project::Flags;
use wire::project::FlagUpdate;

/// The flags after a change. `downloadRestricted` switches previews off as well (contract: identity-and-sharing 7).
pub(super) fn with_flags(mut flags: Flags, change: &FlagUpdate) -> Flags {
    for (name, on) in change.given() {
        flags.set(name, on);
    }
    if change.download_restricted == Some(true) {
        flags.preview_viewer_restricted = true;
    }
    flags
}

/// The features that flags need which were off before.
pub(super) fn features_for(before: Flags, after: Flags) -> Vec<Feature> {
    [
        (before.contains_phi, after.contains_phi, Feature::Phi),
        (
            before.external_upload_restricted,
            after.external_upload_restricted,
            Feature::ExternalUploadRestricted,
        ),
        (before.database_ui_view_only, after.database_ui_view_only, Feature::DatabaseUiViewOnly),
        (
            before.display_data_protection_notice,
            after.display_data_protection_notice,
            Feature::DataProtectionNotice,
        ),
        (before.https_app_isolated_browsing, after.https_app_isolated_browsing, Feature::IsolatedBrowsing),
    ]
    .into_iter()
    .filter_map(|(before, after, feature)| (after && !before).then_some(feature))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricting_downloads_restricts_previews() {
        let on = FlagUpdate { download_restricted: Some(true), ..FlagUpdate::default() };
        let flags = with_flags(Flags::default(), &on);
        assert_eq!(flags.names(), ["downloadRestricted", "previewViewerRestricted"]);
        let off = FlagUpdate { preview_viewer_restricted: Some(false), ..FlagUpdate::default() };
        assert_eq!(with_flags(flags, &off).names(), ["downloadRestricted"]);
    }

    #[test]
    fn only_what_is_newly_on_needs_a_licence() {
        let phi = Flags { contains_phi: true, ..Flags::default() };
        assert_eq!(features_for(Flags::default(), phi), [Feature::Phi]);
        assert_eq!(features_for(phi, phi), []);
        assert_eq!(features_for(phi, Flags::default()), []);
    }
}
