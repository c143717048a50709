//! What a grant says: a preset, a role in each category, or a set of capabilities (contract B1, B5).

use wire::Level;

use crate::capability::{Capabilities, Capability};
use crate::presets::Preset;
use crate::rights::{Ceiling, Rights};

impl Ceiling {
    /// Whether `role` with these rights may be given under this ceiling.
    #[must_use]
    pub fn admits(self, role: Role) -> bool {
        let column = match self {
            Self::None => return false,
            Self::Edit => Preset::Edit.capabilities(Rights::BOTH),
            Self::Administer => Preset::Administer.capabilities(Rights::BOTH),
        };
        column.covers(role.capabilities(Rights::BOTH)) && role.ceiling() <= self
    }
}

/// What a grant gives, before rights, caps and masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// One column of the table: a level, or Own, Edit, View.
    Preset(Preset),
    /// One role in each of the four categories.
    Team(TeamRoles),
    /// An edited set of capabilities. `ceiling` is what its `member.invite` reaches: that of whoever added it.
    Custom {
        /// The set, taken as it is; rights that are off still take out what they must.
        capabilities: Capabilities,
        /// Up to what its holder may invite.
        ceiling: Ceiling,
    },
}

impl Role {
    /// The role of a level; NONE is an empty set, which still lets its holder see the project.
    #[must_use]
    pub fn level(level: Level) -> Self {
        Preset::of_level(level)
            .map_or(Self::Custom { capabilities: Capabilities::NONE, ceiling: Ceiling::None }, Self::Preset)
    }

    /// What the role holds under these rights. Any grant lets its holder see the project (contract B1).
    #[must_use]
    pub fn capabilities(self, rights: Rights) -> Capabilities {
        let held = match self {
            Self::Preset(preset) => preset.capabilities(rights),
            Self::Team(roles) => roles
                .presets()
                .into_iter()
                .flatten()
                .fold(Capabilities::NONE, |held, preset| held | preset.capabilities(rights)),
            Self::Custom { capabilities, .. } => capabilities - rights.withheld(),
        };
        held | Capability::ProjectSee.into()
    }

    /// Up to what the role's holder may invite others.
    #[must_use]
    pub fn ceiling(self) -> Ceiling {
        match self {
            Self::Preset(preset) => preset.ceiling(),
            Self::Team(roles) => {
                roles.presets().into_iter().flatten().map(Preset::ceiling).max().unwrap_or_default()
            }
            Self::Custom { capabilities, ceiling } if capabilities.has(Capability::MemberInvite) => ceiling,
            Self::Custom { .. } => Ceiling::None,
        }
    }
}

macro_rules! category {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $preset:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            /// Nothing in this category.
            #[default]
            NoAccess,
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every role of the category, lowest first.
            pub const ALL: &[Self] = &[Self::NoAccess, $(Self::$variant,)+];

            /// The column of the role; No Access has none.
            #[must_use]
            pub fn preset(self) -> Option<Preset> {
                match self {
                    Self::NoAccess => None,
                    $(Self::$variant => Some(Preset::$preset),)+
                }
            }
        }
    };
}

category! {
    /// Roles of the Project category (F157).
    ProjectRole {
        /// Adds data, does not see it.
        DataProvider => ProjectDataProvider,
        /// Sees data.
        Viewer => ProjectViewer,
        /// Adds and changes data.
        Contributor => ProjectContributor,
        /// Also deletes data and manages the team.
        Administrator => ProjectAdministrator,
    }
}
category! {
    /// Roles of the Flow category: analyses and pipelines.
    FlowRole {
        /// Sees results.
        Viewer => FlowViewer,
        /// Also runs analyses and makes pipelines.
        Contributor => FlowContributor,
    }
}
category! {
    /// Roles of the Base category: tables and queries.
    BaseRole {
        /// Queries tables.
        Viewer => BaseViewer,
        /// Also makes and loads tables.
        Contributor => BaseContributor,
    }
}
category! {
    /// Roles of the Bench category: workspaces and notebooks.
    BenchRole {
        /// Works in workspaces.
        Contributor => BenchContributor,
        /// Also manages workspaces.
        Administrator => BenchAdministrator,
    }
}

/// One role in each category (F152). Categories are independent; several entries add up per category (F168).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TeamRoles {
    /// Project category.
    pub project: ProjectRole,
    /// Flow category.
    pub flow: FlowRole,
    /// Base category.
    pub base: BaseRole,
    /// Bench category.
    pub bench: BenchRole,
}

impl TeamRoles {
    fn presets(self) -> [Option<Preset>; 4] {
        [self.project.preset(), self.flow.preset(), self.base.preset(), self.bench.preset()]
    }
}
