//! How a role is written in a column: `"VIEW"` for a preset, `["ProjectViewer","FlowContributor"]` for roles of the
//! categories, `{"capabilities":["data.list"],"ceiling":"none"}` for an edited set. Names stay when verbs are added.

use policy::{
    BaseRole, BenchRole, Capabilities, Capability, Ceiling, FlowRole, Preset, ProjectRole, Role, TeamRoles,
};
use serde::{Deserialize, Serialize};

use crate::db::{DbError, Row};
use crate::text::Word;

#[derive(Serialize, Deserialize)]
struct Custom {
    capabilities: Vec<String>,
    ceiling: String,
}

impl Word for Ceiling {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::None, "none"), (Self::Edit, "edit"), (Self::Administer, "administer")];
}

/// The text of a role.
pub(super) fn text(role: Role) -> String {
    match role {
        Role::Preset(preset) => preset.as_str().to_owned(),
        Role::Team(roles) => {
            let columns =
                [roles.project.preset(), roles.flow.preset(), roles.base.preset(), roles.bench.preset()];
            let names: Vec<&str> = columns.into_iter().flatten().map(Preset::as_str).collect();
            serde_json::Value::from(names).to_string()
        }
        Role::Custom { capabilities, ceiling } => {
            let names: Vec<&str> = capabilities.iter().map(Capability::as_str).collect();
            serde_json::json!({ "capabilities": names, "ceiling": ceiling.word() }).to_string()
        }
    }
}

/// Reads a column that holds a role.
pub(super) fn role(row: &Row, column: usize) -> Result<Role, DbError> {
    let text: String = row.get(column)?;
    parse(&text)
        .ok_or_else(|| DbError::Corrupt(format!("column {column} holds a role this program does not know")))
}

fn parse(text: &str) -> Option<Role> {
    match text.as_bytes().first()? {
        b'[' => team(&serde_json::from_str::<Vec<String>>(text).ok()?),
        b'{' => {
            let custom: Custom = serde_json::from_str(text).ok()?;
            let capabilities: Option<Capabilities> =
                custom.capabilities.iter().map(|name| Capability::parse(name)).collect();
            Some(Role::Custom { capabilities: capabilities?, ceiling: Ceiling::from_word(&custom.ceiling)? })
        }
        _ => Preset::parse(text).map(Role::Preset),
    }
}

fn team(names: &[String]) -> Option<Role> {
    let mut roles = TeamRoles::default();
    for name in names {
        let preset = Some(Preset::parse(name)?);
        if let Some(role) = ProjectRole::ALL.iter().find(|role| role.preset() == preset) {
            roles.project = *role;
        } else if let Some(role) = FlowRole::ALL.iter().find(|role| role.preset() == preset) {
            roles.flow = *role;
        } else if let Some(role) = BaseRole::ALL.iter().find(|role| role.preset() == preset) {
            roles.base = *role;
        } else {
            roles.bench = *BenchRole::ALL.iter().find(|role| role.preset() == preset)?;
        }
    }
    Some(Role::Team(roles))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_role_is_read_back() {
        let presets = Preset::ALL.into_iter().map(Role::Preset);
        let teams = ProjectRole::ALL.iter().flat_map(|project| {
            FlowRole::ALL.iter().map(move |flow| {
                Role::Team(TeamRoles {
                    project: *project,
                    flow: *flow,
                    base: BaseRole::Contributor,
                    bench: BenchRole::NoAccess,
                })
            })
        });
        let custom = [Capabilities::NONE, Capabilities::ALL].into_iter().flat_map(|capabilities| {
            [Ceiling::None, Ceiling::Edit, Ceiling::Administer]
                .into_iter()
                .map(move |ceiling| Role::Custom { capabilities, ceiling })
        });
        for role in presets.chain(teams).chain(custom) {
            assert_eq!(parse(&text(role)), Some(role), "{}", text(role));
        }
        assert_eq!(text(Role::Preset(Preset::View)), "VIEW");
    }

    #[test]
    fn what_is_no_role_is_refused() {
        for text in
            ["", "view", "[\"VIEW\"]", "[1]", "{}", "{\"capabilities\":[\"data.peek\"],\"ceiling\":\"none\"}"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
