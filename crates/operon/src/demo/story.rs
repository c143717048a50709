//! The story of the tour: what the lab's head changes, what everybody tries then, and what should come of it.

use serde_json::{Value, json};

use super::lab::{Change, Lab};

/// A change and what is tried after it.
pub(super) struct Act {
    /// What stands over its part of the table.
    pub(super) title: &'static str,
    /// What the lab's head does first.
    pub(super) change: Change,
    /// What is tried, in this order.
    pub(super) attempts: Vec<Attempt>,
}

/// Somebody tries something.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    /// Handle of the person.
    pub(super) person: &'static str,
    /// What they try.
    pub(super) deed: Deed,
    /// Whether it should work.
    pub(super) allowed: bool,
    /// The code of the rule that should decide.
    pub(super) rule: &'static str,
}

/// What can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    OpenProject,
    Search,
    Download,
    AddFolder,
    DeleteFolder,
    Invite,
    CopyCalls,
    CopySamples,
    DownloadCopy,
}

impl Deed {
    /// As it stands in the table, after the person's name.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::OpenProject => "opens the project",
            Self::Search => "finds the calls by chromosome",
            Self::Download => "downloads the calls",
            Self::AddFolder => "adds a folder",
            Self::DeleteFolder => "deletes that folder",
            Self::Invite => "invites Vera",
            Self::CopyCalls => "copies the calls to Tom's project",
            Self::CopySamples => "copies the samples to Tom's project",
            Self::DownloadCopy => "downloads Tom's copy",
        }
    }

    /// The name by which `describeAccess` knows the action, and the object it is about.
    pub(super) fn question(self, lab: &Lab) -> (&'static str, Option<&str>) {
        match self {
            Self::OpenProject => ("project.see", None),
            Self::Search => ("data.list", Some(&lab.calls)),
            Self::Download | Self::DownloadCopy => ("data.download", Some(&lab.calls)),
            Self::AddFolder => ("data.create", None),
            Self::DeleteFolder => ("data.delete", None),
            Self::Invite => ("member.invite", None),
            Self::CopyCalls => ("data.copyOut", Some(&lab.calls)),
            Self::CopySamples => ("data.copyOut", Some(&lab.samples)),
        }
    }

    /// The project that the decision is about, and somebody who administers it.
    pub(super) fn place(self, lab: &Lab) -> (&str, &'static str) {
        match self {
            Self::DownloadCopy => (&lab.elsewhere, "tom"),
            _ => (&lab.source, "ines"),
        }
    }

    /// The call, apart from downloads.
    pub(super) fn call(self, lab: &Lab) -> (String, Value) {
        let source = &lab.source;
        let copy = |object: &str| {
            let input = json!({ "objects": [object], "project": lab.elsewhere, "destination": "/" });
            (format!("/{source}/clone"), input)
        };
        match self {
            Self::OpenProject | Self::Download | Self::DownloadCopy => {
                (format!("/{source}/describe"), json!({}))
            }
            Self::Search => (
                "/system/findDataObjects".to_owned(),
                json!({ "class": "file", "name": { "glob": "*.vcf.gz" }, "properties": { "chromosome": "22" },
                    "scope": { "project": source } }),
            ),
            Self::AddFolder => {
                (format!("/{source}/newFolder"), json!({ "folder": "/filtered", "parents": true }))
            }
            Self::DeleteFolder => (format!("/{source}/removeFolder"), json!({ "folder": "/filtered" })),
            Self::Invite => (format!("/{source}/invite"), json!({ "invitee": "vera", "level": "VIEW" })),
            Self::CopyCalls => copy(&lab.calls),
            Self::CopySamples => copy(&lab.samples),
        }
    }
}

/// The acts, in order.
pub(super) fn acts() -> Vec<Act> {
    let yes = |person, deed, rule| Attempt { person, deed, allowed: true, rule };
    let no = |person, deed, rule| Attempt { person, deed, allowed: false, rule };
    vec![
        Act {
            title: "Ines shares the project: Omar may contribute, Lena and Tom may view",
            change: Change::Share,
            attempts: vec![
                yes("lena", Deed::Search, "grant.direct"),
                yes("lena", Deed::Download, "grant.direct"),
                no("lena", Deed::AddFolder, "access.level"),
                yes("omar", Deed::AddFolder, "grant.direct"),
                no("omar", Deed::DeleteFolder, "flag.protected"),
                no("omar", Deed::Invite, "access.level"),
                no("vera", Deed::OpenProject, "access.none"),
            ],
        },
        Act {
            title: "Ines restricts downloads: look at what is here, but do not take it away",
            change: Change::RestrictDownloads,
            attempts: vec![
                yes("lena", Deed::Search, "grant.direct"),
                no("lena", Deed::Download, "flag.downloadRestricted"),
                no("ines", Deed::Download, "flag.downloadRestricted"),
                yes("tom", Deed::CopyCalls, "grant.direct"),
                no("tom", Deed::DownloadCopy, "label.noDownload"),
            ],
        },
        Act {
            title: "Ines restricts the project: no more copies into other projects",
            change: Change::RestrictCopies,
            attempts: vec![
                no("tom", Deed::CopySamples, "flag.restricted"),
                yes("omar", Deed::AddFolder, "grant.direct"),
            ],
        },
        Act {
            title: "Ines ends Tom's access",
            change: Change::EndAccess,
            attempts: vec![
                no("tom", Deed::OpenProject, "access.none"),
                no("tom", Deed::DownloadCopy, "label.noDownload"),
                yes("ines", Deed::DeleteFolder, "grant.direct"),
            ],
        },
    ]
}
