//! The master table as it stands in the contract, read from its own text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use policy::{BaseRole, BenchRole, Ceiling, FlowRole, Preset, ProjectRole, Role};

/// A set of capability names.
pub(crate) type Names = BTreeSet<&'static str>;

static TEXT: &str = include_str!("table.md");

/// Column name -> capability name -> cell.
static TABLE: LazyLock<BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>> = LazyLock::new(|| {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let mut lines = TEXT.lines();
    let header = cells(lines.next().expect("a header"));
    let mut table: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for line in lines.filter(|line| !line.starts_with("|--") && !line.starts_with("| --")) {
        let row = cells(line);
        for (column, cell) in header[1..].iter().zip(&row[1..]) {
            for name in names(row[0]) {
                table.entry(*column).or_default().insert(name, *cell);
            }
        }
    }
    table
});

/// Column name -> what it holds under (neither right, download, upload, both).
static COLUMNS: LazyLock<BTreeMap<&'static str, [Names; 4]>> = LazyLock::new(|| {
    let under = |rows: &BTreeMap<&'static str, &'static str>, up, down| {
        let yes = |cell: &str| match cell {
            "." => false,
            "u" => up,
            "d" => down,
            _ => true,
        };
        rows.iter().filter(|(_, cell)| yes(cell)).map(|(name, _)| *name).collect()
    };
    let rights = [(false, false), (false, true), (true, false), (true, true)];
    TABLE.iter().map(|(column, rows)| (*column, rights.map(|(up, down)| under(rows, up, down)))).collect()
});

/// The capabilities that a row of the contract's table speaks of, from its first cell.
fn names(cell: &'static str) -> Vec<&'static str> {
    match cell.split([' ', ',', '(']).next().expect("a word") {
        "base.view" => vec!["base.view", "base.link"],
        "base.query.create" => vec!["base.query.create", "base.query.run", "base.query.save"],
        "base.query.export" => vec!["base.query.export", "base.table.export"],
        "base.table.create" => vec!["base.table.create", "base.load"],
        "bench.execute" => vec!["bench.execute", "bench.startStop"],
        "bench.image" => vec!["bench.image", "bench.tool"],
        "data.delete" => vec!["data.delete", "data.archive"],
        "tool.create" => vec!["tool.create", "tool.edit"],
        "project.update" => vec!["project.update", "project.flags"],
        "project.bill" => vec!["project.bill", "project.destroy"],
        "share.publish" => vec!["share.publish", "share.subscribe", "share.manage"],
        name => vec![name],
    }
}

/// A column, by its letters or by the name of its level.
pub(crate) fn column(name: &str, up: bool, down: bool) -> &'static Names {
    static EMPTY: Names = Names::new();
    let letters = match name {
        "NONE" => return &EMPTY,
        "VIEW" => "V",
        "UPLOAD" => "U",
        "CONTRIBUTE" => "C",
        "ADMINISTER" => "A",
        letters => letters,
    };
    &COLUMNS[letters][usize::from(up) * 2 + usize::from(down)]
}

/// A role as columns, or as its own set.
pub(crate) enum Cells {
    Columns(Vec<&'static str>),
    Set(Names),
}

pub(crate) fn of_role(role: Role) -> Cells {
    match role {
        Role::Preset(preset) => Cells::Columns(vec![letters(preset)]),
        Role::Team(team) => {
            let mut columns = Vec::new();
            match team.project {
                ProjectRole::NoAccess => {}
                ProjectRole::DataProvider => columns.push("PD"),
                ProjectRole::Viewer => columns.push("PV"),
                ProjectRole::Contributor => columns.push("PC"),
                ProjectRole::Administrator => columns.push("PA"),
            }
            match team.flow {
                FlowRole::NoAccess => {}
                FlowRole::Viewer => columns.push("FV"),
                FlowRole::Contributor => columns.push("FC"),
            }
            match team.base {
                BaseRole::NoAccess => {}
                BaseRole::Viewer => columns.push("BV"),
                BaseRole::Contributor => columns.push("BC"),
            }
            match team.bench {
                BenchRole::NoAccess => {}
                BenchRole::Contributor => columns.push("NC"),
                BenchRole::Administrator => columns.push("NA"),
            }
            Cells::Columns(columns)
        }
        Role::Custom { capabilities, .. } => {
            Cells::Set(capabilities.iter().map(|one| one.as_str()).collect())
        }
    }
}

/// What a role holds when its cells are filled by these rights.
pub(crate) fn cells(role: &Cells, up: bool, down: bool) -> Names {
    let mut set = match role {
        Cells::Columns(columns) => columns.iter().flat_map(|name| column(name, up, down)).copied().collect(),
        Cells::Set(set) => set.clone(),
    };
    set.insert("project.see");
    set
}

/// B11.2: "A", "Ed" or "".
pub(crate) fn role_ceiling(role: Role) -> &'static str {
    match role {
        Role::Custom { capabilities, .. }
            if !capabilities.iter().any(|one| one.as_str() == "member.invite") =>
        {
            ""
        }
        Role::Custom { ceiling: Ceiling::Administer, .. } => "A",
        Role::Custom { ceiling: Ceiling::Edit, .. } => "Ed",
        Role::Custom { ceiling: Ceiling::None, .. } => "",
        Role::Preset(Preset::Administer | Preset::Own | Preset::ProjectAdministrator) => "A",
        Role::Preset(Preset::Edit) => "Ed",
        Role::Preset(_) => "",
        Role::Team(team) if team.project == ProjectRole::Administrator => "A",
        Role::Team(_) => "",
    }
}

fn letters(preset: Preset) -> &'static str {
    match preset {
        Preset::View => "V",
        Preset::Upload => "U",
        Preset::Contribute => "C",
        Preset::Administer => "A",
        Preset::ProjectDataProvider => "PD",
        Preset::ProjectViewer => "PV",
        Preset::ProjectContributor => "PC",
        Preset::ProjectAdministrator => "PA",
        Preset::FlowViewer => "FV",
        Preset::FlowContributor => "FC",
        Preset::BaseViewer => "BV",
        Preset::BaseContributor => "BC",
        Preset::BenchContributor => "NC",
        Preset::BenchAdministrator => "NA",
        Preset::Own => "Ow",
        Preset::Edit => "Ed",
        Preset::CollaboratorView => "Vi",
        Preset::ShareAnalyzeOnly => "Sa",
        Preset::ShareFull => "Sf",
    }
}
