//! `operon dx-env`: shell lines that point the public `dx` client at a server (contract: dx-client 2, 3).

use serde_json::json;
use url::Url;

/// Shell lines for `eval`. Without a token the client can still sign in with `dx login`.
///
/// # Errors
/// A sentence when the address is not of the form `http://host:port` or `https://host[:port]`.
pub fn shell_lines(server: &str, token: Option<&str>) -> Result<String, String> {
    let malformed = || format!("\"{server}\" is not the address of a server, such as http://127.0.0.1:8080.");
    let url = Url::parse(server).map_err(|_| malformed())?;
    let (scheme @ ("http" | "https"), Some(host), Some(port)) =
        (url.scheme(), url.host_str(), url.port_or_known_default())
    else {
        return Err(malformed());
    };
    let mut lines = vec![
        variable("DX_APISERVER_PROTOCOL", scheme),
        variable("DX_APISERVER_HOST", host),
        variable("DX_APISERVER_PORT", &port.to_string()),
        // The client puts no protocol before this one, so it carries its own.
        variable("DX_AUTHSERVER_HOST", &format!("{scheme}://{host}")),
        variable("DX_AUTHSERVER_PORT", &port.to_string()),
    ];
    if let Some(token) = token {
        let context = json!({ "auth_token_type": "Bearer", "auth_token": token });
        lines.push(variable("DX_SECURITY_CONTEXT", &context.to_string()));
    }
    Ok(lines.join("\n"))
}

/// One export, quoted so that no value can become a command.
fn variable(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::shell_lines;

    #[test]
    fn points_the_client_at_the_server() {
        let lines = shell_lines("http://127.0.0.1:8080", Some("secret")).unwrap();
        assert_eq!(
            lines.lines().collect::<Vec<_>>(),
            [
                "export DX_APISERVER_PROTOCOL='http'",
                "export DX_APISERVER_HOST='127.0.0.1'",
                "export DX_APISERVER_PORT='8080'",
                "export DX_AUTHSERVER_HOST='http://127.0.0.1'",
                "export DX_AUTHSERVER_PORT='8080'",
                r#"export DX_SECURITY_CONTEXT='{"auth_token_type":"Bearer","auth_token":"secret"}'"#,
            ]
        );
    }

    #[test]
    fn values_cannot_become_commands() {
        let lines = shell_lines("https://example.org", Some("a'; rm -rf ~; '")).unwrap();
        assert!(lines.ends_with(r#""a'\''; rm -rf ~; '\''"}'"#), "{lines}");
        assert!(lines.contains("DX_APISERVER_PORT='443'"));
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", "127.0.0.1:8080", "ftp://example.org", "http://"] {
            assert!(shell_lines(text, None).unwrap_err().contains("not the address"), "{text}");
        }
    }
}
