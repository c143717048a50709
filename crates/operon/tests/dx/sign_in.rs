//! Signing in and out, and the shell lines of `operon dx-env`.

use crate::lab::Lab;

/// F019: by password; a wrong one is told after three tries, and signing out ends the token.
#[test]
fn with_a_password() {
    let lab = Lab::new();
    let alice = lab.visitor("alice");
    let refused = alice.refused(&["login", "--noprojects"], "alice\nwrong\nalice\nwrong\nalice\nwrong\n");
    assert!(refused.contains("Incorrect username and/or password"), "{refused}");
    let said = alice.told(&["login", "--noprojects"], "alice\ncorrect horse battery\n");
    assert!(said.contains("You are now logged in."), "{said}");
    assert_eq!(alice.dx(&["whoami"]), "alice\n");
    assert_eq!(alice.dx(&["whoami", "--id"]), "user-alice\n");
    let said = alice.dx(&["logout"]);
    assert!(said.contains("Deleted token with signature"), "{said}");
    let refused = alice.refused(&["whoami"], "");
    assert!(refused.contains("InvalidAuthentication") && refused.contains("code 401"), "{refused}");
}

/// With a host and a port, as one signs in to a server elsewhere; the client asks for its address, which it knows.
#[test]
fn with_a_password_at_an_address() {
    let lab = Lab::new();
    let alice = lab.visitor("alice");
    let port = lab.port();
    let words = ["login", "--host", "127.0.0.1", "--port", &port, "--protocol", "http", "--noprojects"];
    alice.told(&words, "alice\ncorrect horse battery\n\n\n\n");
    assert_eq!(alice.dx(&["whoami"]), "alice\n");
}

/// By token over TLS, which is the client's only way to take a token itself.
#[test]
fn with_a_token_over_tls() {
    let lab = Lab::with_tls();
    let alice = lab.visitor("alice");
    let (port, token) = (lab.port(), lab.token("alice"));
    let words = ["login", "--token", token, "--host", "localhost", "--port", &port, "--noprojects"];
    alice.told(&words, "\n\n\n");
    assert_eq!(alice.dx(&["whoami"]), "alice\n");
    // Bytes go over TLS too.
    alice.dx(&["new", "project", "Sealed", "--select"]);
    alice.write("one.txt", "over TLS\n");
    alice.dx(&["upload", "one.txt", "--wait", "--brief"]);
    assert_eq!(alice.dx(&["cat", "one.txt"]), "over TLS\n");
}

/// The lines are the same for every shell of the POSIX family; `setenv --current` keeps them for other terminals.
#[test]
fn with_shell_lines() {
    let lab = Lab::new();
    let alice = lab.person("alice");
    for shell in ["sh", "bash"] {
        let line = r#"eval "$(operon dx-env --server "$SERVER")"; dx whoami"#;
        let output = alice.shell(shell, line, "", &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "alice\n", "{shell}: {output:?}");
    }
    alice.dx(&["setenv", "--current", "--noprojects"]);
    // Nothing but the home is left of the first terminal.
    let output = lab.visitor("alice").shell("sh", "dx whoami", "", &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "alice\n", "{output:?}");
}

/// Without a token, the client says so instead of asking elsewhere.
#[test]
fn not_at_all() {
    let lab = Lab::new();
    let nobody = lab.visitor("nobody");
    let refused = nobody.refused(&["find", "projects"], "");
    assert!(refused.contains("code 401") || refused.contains("not logged in"), "{refused}");
}
