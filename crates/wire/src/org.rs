//! Inputs and answers about organisations (contract: identity-and-sharing 4).
