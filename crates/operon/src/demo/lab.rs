//! The lab of the tour: its people, its data, and how it shares them.

use anyhow::{Context, ensure};
use app::App;
use app::fixture::{self, Fixture};
use serde_json::{Value, json};

use super::client::{Client, md5_of};
use super::say;

/// 5,000 records of chromosome 22 from the 1000 Genomes Project, phase 1; `demo/data/README.md` tells their origin.
pub(super) const CALLS: &[u8] = include_bytes!("../../../../demo/data/chr22-slice.vcf.gz");
const INDEX: &[u8] = include_bytes!("../../../../demo/data/chr22-slice.vcf.gz.tbi");
const SAMPLES: &[u8] = include_bytes!("../../../../demo/data/samples.tsv");

/// The lab's project.
pub(super) const SOURCE_NAME: &str = "Chromosome 22";
/// The collaborator's project.
pub(super) const ELSEWHERE_NAME: &str = "Tom's analysis";

/// Who they are, in the order in which they are introduced.
pub(super) const PEOPLE: [(&str, &str); 5] = [
    ("ines", "leads the lab and administers its organisation, org-northlab"),
    ("omar", "manages the lab's data"),
    ("lena", "analyses the data"),
    ("tom", "collaborates from another institute"),
    ("vera", "has an account, and nothing to do with the lab"),
];

/// The people of the tour, with the tokens they work with.
pub(super) struct People(Vec<fixture::Issued>);

impl People {
    /// The token of one of them.
    pub(super) fn token(&self, handle: &str) -> &str {
        self.0.iter().find(|issued| issued.name == handle).map_or("", |issued| issued.text.as_str())
    }

    /// A client that acts as one of them.
    pub(super) fn client(&self, base: &str, handle: &str) -> anyhow::Result<Client> {
        Client::new(base, self.token(handle))
    }
}

/// Makes the five people and the lab's organisation.
pub(super) async fn people(app: &App) -> anyhow::Result<People> {
    let world: Fixture =
        toml::from_str(include_str!("people.toml")).context("the people of the tour cannot be read")?;
    let issued = fixture::load(app, world).await?;
    for (handle, role) in PEOPLE {
        say(&format!("  {handle:<5} {role}"));
    }
    Ok(People(issued))
}

/// What the tour made.
pub(super) struct Lab {
    /// The lab's project.
    pub(super) source: String,
    /// The collaborator's project.
    pub(super) elsewhere: String,
    /// The variant calls.
    pub(super) calls: String,
    /// The sample sheet.
    pub(super) samples: String,
}

/// The lab's head fills a protected project; the collaborator has one of their own.
pub(super) async fn fill(ines: &Client, tom: &Client) -> anyhow::Result<Lab> {
    let source = ines
        .make(
            "/project/new",
            json!({ "name": SOURCE_NAME, "protected": true, "billTo": "org-northlab",
            "summary": "Phase 1 calls, ready to share" }),
        )
        .await?;
    let elsewhere = tom.make("/project/new", json!({ "name": ELSEWHERE_NAME })).await?;
    let calls = ines.upload(&source, "/calls", "chr22-slice.vcf.gz", CALLS).await?;
    ines.upload(&source, "/calls", "chr22-slice.vcf.gz.tbi", INDEX).await?;
    let samples = ines.upload(&source, "/", "samples.tsv", SAMPLES).await?;
    ines.must(&format!("/{calls}/addTags"), json!({ "project": source, "tags": ["variants", "phase1"] }))
        .await?;
    ines.must(
        &format!("/{calls}/setProperties"),
        json!({ "project": source, "properties": { "chromosome": "22", "reference": "b37" } }),
    )
    .await?;
    ines.make(
        "/record/new",
        json!({ "project": source, "name": "Cohort", "types": ["Cohort"], "close": true,
        "details": { "calls": { "$dnanexus_link": calls }, "samples": { "$dnanexus_link": samples } } }),
    )
    .await?;
    let lab = Lab { source, elsewhere, calls, samples };
    check(ines, &lab).await?;
    say(&format!(
        "\nInes fills the protected project \"{SOURCE_NAME}\": {} bytes of real variant calls, their index,\n\
         the sample sheet, and a record that links them. Tom has a project of his own, \"{ELSEWHERE_NAME}\".\n\
         What is downloaded is compared with what was uploaded (MD5 {}).",
        CALLS.len(),
        md5_of(CALLS),
    ));
    Ok(lab)
}

/// Everything is there, whole, and nothing else.
async fn check(ines: &Client, lab: &Lab) -> anyhow::Result<()> {
    let all = json!({ "scope": { "project": lab.source }, "describe": { "fields": { "name": true, "state": true } } });
    let found = ines.must("/system/findDataObjects", all).await?;
    let mut names: Vec<_> = rows(&found)
        .map(|row| format!("{} is {}", text(&row["describe"]["name"]), text(&row["describe"]["state"])))
        .collect();
    names.sort();
    let expected = [
        "Cohort is closed",
        "chr22-slice.vcf.gz is closed",
        "chr22-slice.vcf.gz.tbi is closed",
        "samples.tsv is closed",
    ];
    ensure!(names == expected, "the project holds {names:?}");
    let asked = json!({ "fields": { "md5": true, "size": true } });
    let described = ines.must(&format!("/{}/describe", lab.calls), asked).await?;
    ensure!(described["size"] == json!(CALLS.len()), "the calls have the size {}", described["size"]);
    Ok(())
}

/// What the lab's head does before an act.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// Omar may contribute, Lena and Tom may view.
    Share,
    /// Downloads are switched off.
    RestrictDownloads,
    /// Copies into other projects are switched off, too.
    RestrictCopies,
    /// Tom's access ends.
    EndAccess,
}

/// Does it.
pub(super) async fn change(ines: &Client, lab: &Lab, change: Change) -> anyhow::Result<()> {
    let call = |verb: &str, input: Value| {
        let route = format!("/{}/{verb}", lab.source);
        async move { ines.must(&route, input).await.map(|_| ()) }
    };
    match change {
        Change::Share => {
            for (who, level) in [("omar", "CONTRIBUTE"), ("lena", "VIEW"), ("tom", "VIEW")] {
                call("invite", json!({ "invitee": who, "level": level })).await?;
            }
            Ok(())
        }
        Change::RestrictDownloads => call("update", json!({ "downloadRestricted": true })).await,
        Change::RestrictCopies => call("update", json!({ "restricted": true })).await,
        Change::EndAccess => call("decreasePermissions", json!({ "user-tom": null })).await,
    }
}

/// How many refusals the audit log of the lab's project holds.
pub(super) async fn recorded_refusals(ines: &Client, lab: &Lab) -> anyhow::Result<usize> {
    let asked = json!({ "project": lab.source, "outcome": "refused", "limit": 1000 });
    Ok(rows(&ines.must("/system/findAuditEvents", asked).await?).count())
}

/// The rows of a page.
pub(super) fn rows(page: &Value) -> impl Iterator<Item = &Value> {
    page["results"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
