//! The server that downloads are compared with: nginx, which sends the same files without asking anybody.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::Connection;

/// A running nginx; ends with the value.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Nginx {
    /// Serves the files of a folder, as fast as nginx's documentation advises.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        // Its workers are another user's when root starts it.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let place = folder.display();
        let settings = folder.join("nginx.conf");
        fs::write(
            &settings,
            format!(
                "daemon off;\nworker_processes auto;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n\
                 events {{ worker_connections 1024; multi_accept on; }}\n\
                 http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;\n\
                 open_file_cache max=1000; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;\n\
                 fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
                 server {{ listen {address}; root {place}; }} }}\n"
            ),
        )?;
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&settings)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start nginx; `cargo xtask setup` installs it when root")?;
        let mut nginx = Self { child, address };
        let begin = Instant::now();
        while Connection::open(address).is_err() {
            if let Some(status) = nginx.child.try_wait()? {
                bail!("nginx ended with {status}");
            }
            if begin.elapsed() > Duration::from_secs(20) {
                bail!("nginx did not answer");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to stop, the master takes its workers along; killed, it would leave them.
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
