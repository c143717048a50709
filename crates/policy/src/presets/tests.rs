use super::*;

fn level(preset: Preset, rights: Rights) -> Level {
    level_of(preset.capabilities(rights), preset.ceiling())
}

fn team(presets: &[Preset], rights: Rights) -> Level {
    let held = presets.iter().fold(Capabilities::NONE, |held, preset| held | preset.capabilities(rights));
    let ceiling = presets.iter().map(|preset| preset.ceiling()).max().unwrap_or(Ceiling::None);
    level_of(held, ceiling)
}

/// F120 to F138: each level includes the one before it.
#[test]
fn levels_are_cumulative() {
    for pair in [Level::View, Level::Upload, Level::Contribute, Level::Administer].windows(2) {
        assert!(level_column(pair[1]).covers(level_column(pair[0])), "{pair:?}");
    }
    assert_eq!(level_column(Level::Administer), Capabilities::ALL);
    assert_eq!(level_column(Level::None), Capabilities::NONE);
}

/// F142, contract B2 "Preset -> wire level".
#[test]
fn presets_have_the_levels_of_the_contract() {
    assert_eq!(level(Preset::View, Rights::BOTH), Level::View);
    assert_eq!(level(Preset::Upload, Rights::BOTH), Level::Upload);
    assert_eq!(level(Preset::Contribute, Rights::BOTH), Level::Contribute);
    assert_eq!(level(Preset::Administer, Rights::BOTH), Level::Administer);
    assert_eq!(level(Preset::Own, Rights::BOTH), Level::Administer);
    assert_eq!(level(Preset::Edit, Rights::BOTH), Level::Contribute);
    assert_eq!(level(Preset::CollaboratorView, Rights::BOTH), Level::None);
    assert_eq!(level(Preset::ProjectDataProvider, Rights::BOTH), Level::None);
    assert_eq!(level(Preset::ProjectViewer, Rights::NEITHER), Level::View);
    assert_eq!(level(Preset::ProjectViewer, Rights::BOTH), Level::Upload);
    for rights in Rights::ALL {
        assert_eq!(level(Preset::ProjectContributor, rights), Level::Upload);
        assert_eq!(level(Preset::ProjectAdministrator, rights), Level::Upload);
        let contributor = [Preset::ProjectContributor, Preset::FlowContributor];
        assert_eq!(team(&contributor, rights), Level::Contribute);
        let administrator = [Preset::ProjectAdministrator, Preset::FlowContributor];
        assert_eq!(team(&administrator, rights), Level::Administer);
    }
}

/// F155: no column keeps bytes moving when the rights are off.
#[test]
fn rights_off_take_out_even_for_an_administrator() {
    for preset in Preset::ALL {
        let held = preset.capabilities(Rights::NEITHER);
        for gone in [DataUpload, DataDownload, DataCopyOut, BaseQueryExport, BaseTableExport] {
            assert!(!held.has(gone), "{preset:?} {gone}");
        }
    }
}

#[test]
fn names_read_back() {
    for (at, preset) in Preset::ALL.into_iter().enumerate() {
        assert_eq!(preset as usize, at);
        assert_eq!(Preset::parse(preset.as_str()), Some(preset));
    }
}
