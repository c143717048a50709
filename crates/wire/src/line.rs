//! Text from elsewhere, brought into one line of bounded length: for answers, logs and records.

/// Most characters of an error with its causes.
const MAX_CAUSES: usize = 500;

/// Text as one line of so many characters at most.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    line.trim().to_owned()
}

/// An error with its causes, in one line. What a cause repeats is said once.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    one_line(&text, MAX_CAUSES)
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Link(&'static str, Option<Box<Self>>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|inner| inner as &(dyn Error + 'static))
        }
    }

    #[test]
    fn every_cause_is_said_once_and_in_one_line() {
        let inner = Link("connection\nrefused", None);
        let middle = Link("no answer", Some(Box::new(inner)));
        let outer = Link("no answer from the server", Some(Box::new(middle)));
        assert_eq!(with_causes(&outer), "no answer from the server: connection refused");
        assert_eq!(one_line(" a\tb ", 3), "a");
    }
}
