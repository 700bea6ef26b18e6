//! What happens to brokers, and what servers make of it.
