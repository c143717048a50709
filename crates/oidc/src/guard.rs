//! Which addresses this server may call on somebody's behalf (design 11).
//!
//! An address that comes from a configuration, a discovery document or a user could point into the operator's own
//! network. Names are resolved here, the addresses are checked, and the connection goes to exactly the addresses that
//! were checked, so a name that changes its mind in between (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Most addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 64;

/// What may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet, by https.
    Public,
    /// Every address; plain http on this machine itself, too. The operator's choice.
    Anywhere,
}

/// Why an address is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Not https.
    #[error("{0} is not an https address")]
    NotHttps(String),
    /// The name stands for no public address.
    #[error(
        "{0} is an address inside a private network, which this server does not call unless its operator allows it"
    )]
    Private(String),
    /// User name or password in the address, or no host.
    #[error("{0} is not a plain web address")]
    Malformed(String),
}

impl Reach {
    /// Checks what can be seen in the address itself; names are checked when they are resolved.
    ///
    /// # Errors
    /// [`Blocked`].
    pub fn check(self, url: &Url) -> Result<(), Blocked> {
        // Without query and user information, which may hold secrets.
        let shown = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
        let Some(host) = url.host_str() else { return Err(Blocked::Malformed(shown)) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked::Malformed(shown));
        }
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let this_machine = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if self == Self::Anywhere && this_machine => {}
            _ => return Err(Blocked::NotHttps(shown)),
        }
        match literal {
            Some(address) if !self.allows(address) => Err(Blocked::Private(shown)),
            _ => Ok(()),
        }
    }

    /// Whether this address may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// Resolves names for `reqwest` and hands it the allowed addresses only.
#[derive(Debug, Clone, Copy)]
pub struct GuardedResolver(pub Reach);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found = found.take(MAX_ADDRESSES);
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                let blocked = Blocked::Private(name.as_str().to_owned());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, blocked).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet: neither of this machine, nor of a private, local, shared or
/// reserved range (IANA special-purpose registries), nor an IPv6 form that carries such an IPv4 address.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared by providers, protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Everything that is public today lies in 2000::/3, and NAT64 in 64:ff9b::/96.
    if first == 0x64 && second == 0xff9b {
        return address.segments()[2..6] == [0; 4] && is_public_v4(last_four(address));
    }
    if first & 0xe000 != 0x2000 {
        return false;
    }
    match (first, second) {
        // Teredo and other protocol assignments, and documentation.
        (0x2001, 0..0x200 | 0xdb8) | (0x3fff, 0..0x1000) => false,
        // 6to4 carries its IPv4 address behind the prefix.
        (0x2002, _) => {
            let [_, high, low, ..] = address.segments();
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        _ => true,
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests;
