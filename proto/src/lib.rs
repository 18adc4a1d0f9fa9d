//! The wire between probes, the visualiser and its readers: generated messages and services, ids and limits.
//!
//! The .proto files beside this crate's sources are the contract and say what every field means. Nothing here thinks:
//! probes turn what they know into these words in one file, and the visualiser turns them back in another.

pub mod limits;
pub mod seal;

/// Generated from `proto/axonscope/v1/*.proto`; a test keeps it fresh.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::unwrap_used, rustdoc::all)]
pub mod v1 {
    include!("generated/axonscope.v1.rs");
}

/// The compiled .proto files, as the reflection service hands them out.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// The version of the protocol that Hello states.
pub const PROTOCOL: u32 = 1;

/// The port a visualiser listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 7420;

/// Where a probe dials, and a reader asks, unless told otherwise.
pub const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:7420";

/// The environment variable that tells a probe, or a reader, another endpoint.
pub const ENDPOINT_VARIABLE: &str = "AXONSCOPE_ENDPOINT";
