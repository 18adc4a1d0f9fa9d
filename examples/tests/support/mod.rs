//! What tests of several programs use.
pub(crate) mod mesh;
