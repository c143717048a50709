//! What the tour leaves behind: a server to try things on, as any of its people.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use app::App;
use wire::id::UserId;

use super::lab::{Lab, PEOPLE, People, SOURCE_NAME};

/// A one-time sign-in link for each of the people, by handle.
pub(super) async fn sign_in_links(app: &Arc<App>) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut links = Vec::new();
    for (handle, _) in PEOPLE {
        let user = UserId::from_handle(handle).context("the people of the tour have handles")?;
        let link = app.sign_in_link(&user).await?;
        links.push((handle, link));
    }
    Ok(links)
}

/// What a newcomer may do next, ready to be copied.
pub(super) fn invitation(base: &str, people: &People, links: &[(&str, String)], lab: &Lab) -> String {
    let mut text = format!(
        "\nThe server stays up at {base} until you press Ctrl-C.\n\nIn a browser (each link signs in once):\n\n"
    );
    for (handle, link) in links {
        text.push_str(&format!("  {handle:<5} {link}\n"));
    }
    let operon = program();
    text.push_str(&format!(
        "\nIn another terminal, with the public client (pip install dxpy), as Lena:\n\n  \
         eval \"$({operon} dx-env --server {base} --token {lena})\"\n  \
         dx select {source}\n  \
         dx tree\n  \
         dx find data --property chromosome=22\n  \
         dx ls --long /calls\n  \
         dx download /calls/chr22-slice.vcf.gz     # refused: \"{SOURCE_NAME}\" restricts downloads\n\n\
         As somebody else, with another token:\n\n",
        source = lab.source,
        lena = people.token("lena"),
    ));
    for (handle, _) in PEOPLE {
        text.push_str(&format!("  {handle:<5} {}\n", people.token(handle)));
    }
    text
}

/// How the person can call this program: the way they called it, shortened where it lies below the current folder.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_else(|| "operon".into());
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(&called);
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
