//! Keeping messages in memory, for tests.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::{Mailer, Message, SendError};

/// Keeps what is sent; on demand it fails like a mail server.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Message>,
    failures: VecDeque<SendError>,
}

impl Memory {
    /// Everything sent so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Message> {
        self.with(|state| state.sent.clone())
    }

    /// Makes one later call of `send` fail with this error; several wait in line.
    pub fn fail_next(&self, error: SendError) {
        self.with(|state| state.failures.push_back(error));
    }

    fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Mailer for Memory {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.with(|state| match state.failures.pop_front() {
            Some(error) => Err(error),
            None => {
                state.sent.push(message.clone());
                Ok(())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_kept_and_failures_come_in_their_order() {
        let memory = Memory::default();
        let message = Message::new("m", 0, "a@example.org".parse().unwrap(), "s", "t").unwrap();
        let (busy, gone) = (SendError::Temporary("busy".into()), SendError::Permanent("gone".into()));
        memory.fail_next(busy.clone());
        memory.fail_next(gone.clone());
        let mailer: &dyn Mailer = &memory;
        assert_eq!(mailer.send(&message).await, Err(busy));
        assert_eq!(mailer.send(&message).await, Err(gone));
        assert_eq!(memory.sent(), []);
        assert_eq!(mailer.send(&message).await, Ok(()));
        assert_eq!(memory.sent(), [message]);
    }
}
