//! The command line from outside: what it does, what it refuses, and the documents that it writes.

mod bad;
mod command;
mod docs;
mod uses;
