//! What no type forbids and still makes no server: found at the start, and not by the first person whom it hits.

use std::fmt;

use wire::text::RegionName;

use super::Config;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name, as `limits.body_bytes`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting {} cannot be used: {}", self.key, self.why)
    }
}

impl std::error::Error for Fault {}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const DAY_S: u64 = 24 * 60 * 60;
/// The longest that files may wait to come back, in ms: a month.
const MAX_WAIT_MS: i64 = 31 * 24 * 60 * 60 * 1000;

fn refuse<T>(key: &str, why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { key: key.to_owned(), why: why.into() })
}

fn ensure(holds: bool, key: &str, why: &str) -> Result<(), Fault> {
    if holds { Ok(()) } else { refuse(key, why) }
}

impl Config {
    /// Fails when settings that have the right type cannot be meant. Files and other servers that they name are not looked for.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        ensure(!self.data_dir.as_os_str().is_empty(), "data_dir", "it is empty; name a directory")?;
        if let Some(url) = &self.public_url {
            check_public_url(url, self.tls.is_some())?;
        }
        self.check_regions()?;
        self.check_database()?;
        self.check_files()?;
        self.check_prices()?;
        self.check_limits()?;
        let smtp = self.mail.smtp.as_ref();
        ensure(
            smtp.is_none_or(|smtp| !smtp.host.trim().is_empty()),
            "mail.smtp.host",
            "it is empty; name the mail server",
        )?;
        ensure(
            smtp.is_none_or(|smtp| smtp.port != Some(0)),
            "mail.smtp.port",
            "no mail server has the port 0; leave the setting out for the usual one",
        )?;
        let token = self.metrics.token.as_ref();
        ensure(
            token.is_none_or(|token| !token.expose().is_empty()),
            "metrics.token",
            "it is empty, and would let nobody in; leave the setting out instead",
        )?;
        ensure(
            self.listen.port() == 0 || self.metrics.listen != Some(self.listen),
            "metrics.listen",
            "the server itself listens there; name another port",
        )
    }

    fn check_regions(&self) -> Result<(), Fault> {
        const KEY: &str = "regions";
        ensure(!self.regions.is_empty(), KEY, "there must be one, for projects lie in the first")?;
        for (place, region) in self.regions.iter().enumerate() {
            if let Err(error) = RegionName::parse(region) {
                return refuse(&format!("{KEY}[{place}]"), error.to_string());
            }
            if self.regions[..place].contains(region) {
                return refuse(&format!("{KEY}[{place}]"), format!("\"{region}\" is there twice"));
            }
        }
        Ok(())
    }

    fn check_database(&self) -> Result<(), Fault> {
        match &self.database {
            // The address may hold a password, and is not repeated.
            Some(url) => ensure(
                url.starts_with("postgres://") || url.starts_with("postgresql://"),
                "database",
                "it must begin with postgres://, as postgres://user:password@host/database does; without the setting, \
                 metadata lie in SQLite in the data directory",
            ),
            None => ensure(
                self.database_schema.is_none(),
                "database_schema",
                "it is for PostgreSQL, and the setting database names none",
            ),
        }
    }

    fn check_files(&self) -> Result<(), Fault> {
        let Some(s3) = &self.files.s3 else { return Ok(()) };
        for (key, value) in
            [("bucket", &s3.bucket), ("region", &s3.region), ("access_key_id", &s3.access_key_id)]
        {
            ensure(!value.trim().is_empty(), &format!("files.s3.{key}"), "it is empty")?;
        }
        match &s3.endpoint {
            Some(endpoint) if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") => {
                refuse(
                    "files.s3.endpoint",
                    "it must begin with https:// (or with http://, with files.s3.allow_http = true)",
                )
            }
            _ => Ok(()),
        }
    }

    fn check_prices(&self) -> Result<(), Fault> {
        let amount = |price: f64| price.is_finite() && price >= 0.0;
        let why = "a price is a number from 0 on";
        ensure(amount(self.storage_price), "storage_price", why)?;
        let restoring = &self.restoring;
        ensure(restoring.prices_per_gib.into_iter().all(amount), "restoring.prices_per_gib", why)?;
        let waits = [
            ("restoring.standard_wait_ms", restoring.standard_wait_ms),
            ("restoring.bulk_wait_ms", restoring.bulk_wait_ms),
        ];
        for (key, wait) in waits {
            ensure(
                (0..=MAX_WAIT_MS).contains(&wait),
                key,
                "files wait from 0 ms up to 31 days (2678400000)",
            )?;
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), Fault> {
        let limits = &self.limits;
        let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        for (key, value, least, most) in [
            ("body_bytes", wide(limits.body_bytes), 64 * KIB, KIB * MIB),
            ("body_seconds", limits.body_seconds, 1, DAY_S),
            ("part_bytes_per_second", u64::from(limits.part_bytes_per_second), 0, KIB * MIB),
            ("headers", wide(limits.headers), 20, 10_000),
            ("head_bytes", wide(limits.head_bytes), 8 * KIB, MIB),
            ("connections", wide(limits.connections), 16, 1_000_000),
            ("concurrent_requests", wide(limits.concurrent_requests), 16, 1_000_000),
            ("search_seconds", u64::from(limits.search_seconds), 1, 3600),
            ("account_calls_per_second", u64::from(limits.account_calls_per_second), 0, 1_000_000),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(
                    &format!("limits.{key}"),
                    format!("it is {value}, and can be {least} to {most}"),
                );
            }
        }
        Ok(())
    }
}

/// The address is put before paths that begin with `/`, and compared with what browsers send as their origin.
fn check_public_url(url: &str, tls: bool) -> Result<(), Fault> {
    const KEY: &str = "public_url";
    let Some((scheme @ ("http" | "https"), rest)) = url.split_once("://") else {
        return refuse(KEY, "it must begin with http:// or https://, as https://operon.example.org does");
    };
    ensure(!tls || scheme == "https", KEY, "it must begin with https://, for the server speaks TLS alone")?;
    let host = rest.trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    ensure(
        !host.is_empty() && !host.starts_with(':') && host.chars().all(plain),
        KEY,
        "it must be a scheme, a host and perhaps a port, without a path, as https://operon.example.org or http://192.0.2.7:8080",
    )?;
    let port_fits = match host.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse::<u16>().is_ok_and(|port| port > 0),
        _ => true,
    };
    ensure(port_fits && url.parse::<http::Uri>().is_ok(), KEY, "its host or port is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), Fault> {
        Config::from_table(text.parse().unwrap()).unwrap().check()
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        Config::default().check().unwrap();
        let s3 = "[files.s3]\nregion = 'r'\naccess_key_id = 'a'\nsecret_access_key = 's'\n";
        for (text, key) in [
            ("data_dir = ''", "data_dir"),
            ("public_url = 'operon.example.org'", "public_url"),
            ("public_url = 'ftp://operon.example.org'", "public_url"),
            ("public_url = 'https://'", "public_url"),
            ("public_url = 'https://operon.example.org/data'", "public_url"),
            ("public_url = 'https://me@operon.example.org'", "public_url"),
            ("public_url = 'https://operon.example.org?a=b'", "public_url"),
            ("public_url = 'https://operon.example.org:0'", "public_url"),
            ("public_url = 'https://operon.example.org:'", "public_url"),
            ("public_url = 'https://operon.example.org:123456'", "public_url"),
            ("public_url = 'https://two words'", "public_url"),
            ("public_url = 'http://a'\n[tls]\ncertificate = 'c'\nkey = 'k'", "public_url"),
            ("regions = []", "regions"),
            ("regions = ['']", "regions[0]"),
            ("regions = ['a', 'a']", "regions[1]"),
            ("database = 'operon.sqlite'", "database"),
            ("database_schema = 'operon'", "database_schema"),
            ("storage_price = -0.5", "storage_price"),
            ("storage_price = nan", "storage_price"),
            ("storage_price = inf", "storage_price"),
            ("restoring.prices_per_gib = [1.0, -1.0, 0.0]", "restoring.prices_per_gib"),
            ("restoring.standard_wait_ms = -1", "restoring.standard_wait_ms"),
            ("restoring.bulk_wait_ms = 9000000000000000000", "restoring.bulk_wait_ms"),
            ("mail.smtp.host = ' '", "mail.smtp.host"),
            ("mail.smtp = { host = 'h', port = 0 }", "mail.smtp.port"),
            ("metrics.token = ''", "metrics.token"),
            ("metrics.listen = '127.0.0.1:8080'", "metrics.listen"),
            (&format!("{s3}bucket = ''"), "files.s3.bucket"),
            (&format!("{s3}bucket = 'b'\nendpoint = 'localhost:9000'"), "files.s3.endpoint"),
        ] {
            let fault = checked(text).expect_err(text);
            assert_eq!(fault.key, key, "{text}: {fault}");
            assert!(!fault.why.is_empty());
        }
    }

    #[test]
    fn limits_that_would_let_nobody_in_are_refused() {
        let limits: toml::Table = "a = [
            ['body_bytes', 65536, 1073741824], ['body_seconds', 1, 86400], ['headers', 20, 10000],
            ['head_bytes', 8192, 1048576], ['connections', 16, 1000000], ['concurrent_requests', 16, 1000000],
            ['search_seconds', 1, 3600],
        ]"
        .parse()
        .unwrap();
        for limit in limits["a"].as_array().unwrap() {
            let (key, least, most) = (limit[0].as_str().unwrap(), &limit[1], &limit[2]);
            for good in [least, most] {
                checked(&format!("limits.{key} = {good}")).unwrap();
            }
            for wrong in [0, least.as_integer().unwrap() - 1, most.as_integer().unwrap() + 1] {
                let fault = checked(&format!("limits.{key} = {wrong}")).expect_err(key);
                assert_eq!(fault.key, format!("limits.{key}"));
                assert!(fault.why.contains(&format!("{least} to {most}")), "{fault}");
            }
        }
    }

    #[test]
    fn addresses_that_people_use_are_taken() {
        for url in [
            "https://operon.example.org",
            "https://operon.example.org/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "https://data",
        ] {
            checked(&format!("public_url = '{url}'")).unwrap();
        }
    }
}
