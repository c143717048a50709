//! `operon backup` and `operon restore`.

use std::path::PathBuf;

use anyhow::bail;
use app::backup::Copied;
use clap::Args;
use server::Config;

/// Options of `operon backup`.
#[derive(Args)]
pub(crate) struct Backup {
    /// The directory of the backup: empty, absent, or with earlier backups of this server. Bytes that are there already are
    /// not copied again.
    directory: PathBuf,
    /// A TOML file with settings.
    #[arg(long, env = "OPERON_CONFIG")]
    config: Option<PathBuf>,
    /// Where the server keeps its data.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Leave the server's keys out.
    #[arg(long)]
    without_keys: bool,
    /// Keep this many snapshots, the newest; remove the others and the bytes that only they need.
    #[arg(long, value_name = "SNAPSHOTS", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// Options of `operon restore`.
#[derive(Args)]
pub(crate) struct Restore {
    /// The directory of the backup.
    directory: PathBuf,
    /// Where everything will be kept; must be empty or absent.
    #[arg(long)]
    data_dir: PathBuf,
    /// A TOML file with settings, when the server has one outside of its data directory.
    #[arg(long, env = "OPERON_CONFIG")]
    config: Option<PathBuf>,
    /// The snapshot to restore; the newest when absent.
    #[arg(long)]
    snapshot: Option<String>,
    /// The directory that holds server.key and audit.key, when the backup does not.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Take over a bucket of another server, with the bytes in it. Only when that server is gone for good: the new one removes,
    /// after a day, the bytes that the backup does not name.
    #[arg(long)]
    reuse_bytes: bool,
}

/// Runs `operon backup`.
pub(crate) async fn backup(options: Backup) -> anyhow::Result<()> {
    let config =
        Config::load(options.data_dir.as_deref(), options.config.as_deref(), server::config::variables()?)?;
    let what = server::backup::Backup {
        to: options.directory,
        keys: !options.without_keys,
        keep: options.keep.map(usize::from),
    };
    let done = server::backup::backup(&config, &what).await?;
    say(&format!("Snapshot {}: {}.", done.snapshot, counted(&done.bytes)));
    for name in &done.removed {
        say(&format!("Removed snapshot {name}."));
    }
    if done.keys {
        say(
            "The backup holds the server's keys: whoever can read it can read every file and act as the server. Keep it as safe as the server.",
        );
    } else {
        say(
            "The backup does not hold the server's keys. Keep server.key and audit.key of the data directory in another safe place: without them no backup can be restored.",
        );
    }
    if let Some(file) = options.config {
        say(&format!("The settings in {} are not part of it; keep that file, too.", file.display()));
    }
    complain(&done.bytes, "could not be read from the server's store and are not in the backup")
}

/// Runs `operon restore`.
pub(crate) async fn restore(options: Restore) -> anyhow::Result<()> {
    let what = server::backup::Restore {
        from: options.directory,
        snapshot: options.snapshot,
        data_dir: options.data_dir.clone(),
        keys: options.keys,
        reuse_bytes: options.reuse_bytes,
    };
    let done = server::backup::restore(&what, || {
        Config::load(Some(&options.data_dir), options.config.as_deref(), server::config::variables()?)
    })
    .await?;
    for name in &done.unfinished {
        say(&format!("A later backup, {name}, was begun and never finished; it was passed over."));
    }
    say(&format!("Restored snapshot {}: {}.", done.snapshot, counted(&done.bytes)));
    say(&format!("The audit log is intact: {}.", audit::entries(done.audit_entries)));
    say(
        "What happened after the snapshot is gone: files, changes and audit entries, and also revocations. Tokens, links and members that were removed since are back; look through them before people sign in.",
    );
    complain(
        &done.bytes,
        "could not be found in the backup. The server can be started; files that use them answer that they are damaged",
    )
}

fn counted(bytes: &Copied) -> String {
    let (copied, there) = (blobs(bytes.copied), blobs(bytes.present));
    format!("{copied} ({} bytes) copied; there already: {there}", bytes.bytes)
}

fn blobs(count: u64) -> String {
    if count == 1 { "1 blob".to_owned() } else { format!("{count} blobs") }
}

/// Ends with an error when bytes are damaged, and names them.
fn complain(bytes: &Copied, what: &str) -> anyhow::Result<()> {
    if bytes.damaged.is_empty() {
        return Ok(());
    }
    for (id, why) in &bytes.damaged {
        say(&format!("{id}: {why}"));
    }
    let damaged = u64::try_from(bytes.damaged.len())?;
    bail!("everything else is done, but {} {what}", blobs(damaged))
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_is_no_blobs() {
        let bytes =
            Copied { copied: 1, bytes: 77, present: 0, damaged: vec![("b".to_owned(), "gone".to_owned())] };
        assert_eq!(counted(&bytes), "1 blob (77 bytes) copied; there already: 0 blobs");
        let why = complain(&bytes, "could not be read").unwrap_err().to_string();
        assert_eq!(why, "everything else is done, but 1 blob could not be read");
    }
}
