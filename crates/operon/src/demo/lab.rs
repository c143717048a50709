//! The lab of the tour: its people, its data, and how it shares them.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use app::App;
use app::fixture::{self, Fixture};
use serde_json::{Value, json};

use super::client::{Client, md5_of};
use super::say;

/// 5,000 records of chromosome 22 from the 1000 Genomes Project, phase 1; `demo/data/README.md` tells their origin.
const CALLS: &[u8] = include_bytes!("../../../../demo/data/chr22-slice.vcf.gz");
const INDEX: &[u8] = include_bytes!("../../../../demo/data/chr22-slice.vcf.gz.tbi");
const SAMPLES: &[u8] = include_bytes!("../../../../demo/data/samples.tsv");

/// Who they are; the table prints it.
pub(super) const PEOPLE: [(&str, &str); 5] = [
    ("ines", "leads the lab, administers its organisation"),
    ("omar", "manages the lab's data"),
    ("lena", "analyses the data"),
    ("tom", "collaborates from another institute"),
    ("vera", "is nobody's member"),
];

/// The people of the tour, with the tokens they work with.
pub(super) struct People(Vec<fixture::Issued>);

impl People {
    /// The token of one of them.
    pub(super) fn token(&self, handle: &str) -> &str {
        self.0.iter().find(|issued| issued.name == handle).map_or("", |issued| issued.text.as_str())
    }

    /// Shell lines that let the public client act as the lab's head.
    pub(super) fn environment(&self, address: &SocketAddr) -> String {
        let context = json!({ "auth_token_type": "Bearer", "auth_token": self.token("ines") });
        format!(
            "  export DX_APISERVER_PROTOCOL=http DX_APISERVER_HOST={} DX_APISERVER_PORT={}\n  \
             export DX_SECURITY_CONTEXT='{context}'\n  dx find projects",
            address.ip(),
            address.port()
        )
    }
}

/// Makes the five people and the lab's organisation.
pub(super) async fn people(app: &App) -> anyhow::Result<People> {
    let world: Fixture =
        toml::from_str(include_str!("people.toml")).context("the people of the tour cannot be read")?;
    let issued = fixture::load(app, world).await?;
    say("Five people and an organisation:");
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
    /// The record that describes the cohort.
    pub(super) cohort: String,
}

/// The lab's head fills a protected project; the collaborator has one of their own.
pub(super) async fn fill(ines: &Client, tom: &Client) -> anyhow::Result<Lab> {
    let source = ines
        .make(
            "/project/new",
            json!({ "name": "Chromosome 22", "protected": true, "billTo": "org-northlab",
            "summary": "Phase 1 calls, ready to share" }),
        )
        .await?;
    let elsewhere = tom.make("/project/new", json!({ "name": "Tom's own analysis" })).await?;
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
    let cohort = ines
        .make(
            "/record/new",
            json!({ "project": source, "name": "Cohort", "types": ["Cohort"], "close": true,
            "details": { "calls": { "$dnanexus_link": calls }, "samples": { "$dnanexus_link": samples } } }),
        )
        .await?;
    say(&format!(
        "\nInes filled {source} (protected, paid by org-northlab): {} bytes of variant calls, their index, the sample sheet, and a record that links them.",
        CALLS.len()
    ));
    Ok(Lab { source, elsewhere, calls, cohort })
}

/// The lab's head shares, each with what they need.
pub(super) async fn share(ines: &Client, lab: &Lab) -> anyhow::Result<()> {
    for (who, level) in [("omar", "CONTRIBUTE"), ("lena", "VIEW"), ("tom", "VIEW")] {
        ines.must(&format!("/{}/invite", lab.source), json!({ "invitee": who, "level": level })).await?;
        say(&format!("  shared with {who}: {level}"));
    }
    Ok(())
}

/// The analyst finds the calls and downloads them; every byte is compared.
pub(super) async fn search_and_download(lena: &Client, lab: &Lab) -> anyhow::Result<()> {
    let query = json!({ "class": "file", "name": { "glob": "*.vcf.gz" }, "properties": { "chromosome": "22" },
        "scope": { "project": lab.source } });
    let found = lena.must("/system/findDataObjects", query).await?;
    let ids: Vec<_> = found["results"].as_array().into_iter().flatten().map(|row| &row["id"]).collect();
    ensure!(ids == [&Value::from(lab.calls.as_str())], "the search found {ids:?}");
    let Ok(bytes) = lena.download(&lab.calls, &lab.source).await? else {
        bail!("lena may view the project but the download was refused");
    };
    ensure!(bytes == CALLS, "the downloaded bytes differ from those uploaded");
    say(&format!(
        "\nLena searched for chromosome 22, found {}, downloaded it; MD5 {} is the one uploaded.",
        lab.calls,
        md5_of(&bytes)
    ));
    Ok(())
}

/// From now on the data are analysed where they lie: no copies to other projects, no downloads.
pub(super) async fn restrict(ines: &Client, lab: &Lab) -> anyhow::Result<()> {
    ines.must(&format!("/{}/update", lab.source), json!({ "restricted": true, "downloadRestricted": true }))
        .await?;
    say("\nInes restricted the project: nothing may be copied out or downloaded any more, by anybody.");
    Ok(())
}
