//! Entries that are raised and lowered: one entry per principal, which invitations join and decreases cut
//! (contract 5.4, B11.34).

use crate::rights::Rights;
use crate::role::Role;

/// The role of an entry after somebody was invited to `asked`; none when it holds all of that already.
///
/// The entry keeps its rights: what they withhold, an invitation does not give.
#[must_use]
pub fn raised(held: Role, rights: Rights, asked: Role) -> Option<Role> {
    if covers(held, asked) {
        None
    } else if covers(asked, held) {
        Some(asked)
    } else {
        Some(Role::Custom {
            capabilities: held.capabilities(rights) | asked.capabilities(rights),
            ceiling: held.ceiling().max(asked.ceiling()),
        })
    }
}

/// The role of an entry after it was lowered to `asked`; none when it holds no more than that already.
#[must_use]
pub fn lowered(held: Role, rights: Rights, asked: Role) -> Option<Role> {
    if covers(asked, held) {
        None
    } else if covers(held, asked) {
        Some(asked)
    } else {
        Some(Role::Custom {
            capabilities: held.capabilities(rights) & asked.capabilities(rights),
            ceiling: held.ceiling().min(asked.ceiling()),
        })
    }
}

fn covers(role: Role, other: Role) -> bool {
    role.capabilities(Rights::BOTH).covers(other.capabilities(Rights::BOTH))
        && role.ceiling() >= other.ceiling()
}

#[cfg(test)]
mod tests {
    use wire::Level;

    use super::*;
    use crate::capability::Capability;
    use crate::presets::Preset;
    use crate::role::{FlowRole, TeamRoles};

    const LEVELS: [Level; 4] = [Level::View, Level::Upload, Level::Contribute, Level::Administer];

    #[test]
    fn levels_go_up_by_invitation_and_down_by_decrease() {
        for held in LEVELS {
            for asked in LEVELS {
                let (from, to) = (Role::level(held), Role::level(asked));
                assert_eq!(raised(from, Rights::BOTH, to), (asked > held).then_some(to), "{held} {asked}");
                assert_eq!(lowered(from, Rights::BOTH, to), (asked < held).then_some(to), "{held} {asked}");
            }
        }
    }

    #[test]
    fn what_is_no_level_is_joined_and_cut() {
        let flow = Role::Team(TeamRoles { flow: FlowRole::Contributor, ..TeamRoles::default() });
        let view = Role::Preset(Preset::View);
        let (up, down) =
            (raised(flow, Rights::BOTH, view).unwrap(), lowered(flow, Rights::BOTH, view).unwrap());
        for part in [flow, view] {
            assert!(covers(up, part) && covers(part, down));
        }
        assert!(!down.capabilities(Rights::BOTH).has(Capability::ExecRun));
        assert!(!down.capabilities(Rights::BOTH).has(Capability::DataView));
    }

    #[test]
    fn an_invitation_gives_nothing_that_the_rights_withhold() {
        let provider =
            Role::Team(TeamRoles { project: crate::role::ProjectRole::DataProvider, ..TeamRoles::default() });
        let up = raised(provider, Rights::NEITHER, Role::Preset(Preset::View)).unwrap();
        assert!(!up.capabilities(Rights::NEITHER).has(Capability::DataCreate));
        assert!(!up.capabilities(Rights::NEITHER).has(Capability::DataDownload));
    }
}
