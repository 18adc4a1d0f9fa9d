//! The generated code in `src/generated` is what the .proto files say; no protoc is needed to check or to renew it.
//!
//! To renew: `AXONSCOPE_REGENERATE=1 cargo test -p axonscope-proto`.

use std::path::Path;

use prost::Message;

const FILES: [&str; 2] = ["axonscope/v1/topology.proto", "axonscope/v1/visualiser.proto"];

#[test]
fn generated_code_is_what_the_proto_files_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile(FILES, [root.join("proto")]).expect("the .proto files compile");
    let out = tempfile::tempdir().expect("a folder for fresh code");
    std::fs::write(out.path().join("descriptors.bin"), descriptors.encode_to_vec()).expect("descriptors written");
    tonic_prost_build::configure()
        .out_dir(out.path())
        .client_mod_attribute("axonscope.v1", "#[cfg(feature = \"client\")]")
        .server_mod_attribute("axonscope.v1", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .codec_path("crate::seal::SealedCodec")
        .compile_fds(descriptors)
        .expect("code generated");

    let committed = root.join("src/generated");
    for file in ["axonscope.v1.rs", "descriptors.bin"] {
        let fresh = std::fs::read(out.path().join(file)).expect("fresh code read");
        if std::env::var_os("AXONSCOPE_REGENERATE").is_some() {
            std::fs::create_dir_all(&committed).expect("folder made");
            std::fs::write(committed.join(file), &fresh).expect("code written");
        }
        let old = std::fs::read(committed.join(file)).unwrap_or_default();
        assert!(
            old == fresh,
            "src/generated/{file} is stale; renew with AXONSCOPE_REGENERATE=1 cargo test -p axonscope-proto"
        );
    }
}
