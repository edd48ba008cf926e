//! Compiles the contract with protox, so that nobody needs an installed protoc, and keeps the descriptor set for
//! reflection.
use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const PACKAGE_FOLDER: &str = "shouwang/v1";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PACKAGE_FOLDER}");
    let mut files: Vec<PathBuf> = fs::read_dir(PACKAGE_FOLDER)?
        .map(|entry| entry.map(|found| found.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();
    let descriptors = protox::compile(&files, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".shouwang.v1.SignedEntry")
        .bytes(".shouwang.v1.LinkUploadAttachmentRequest.chunk")
        .bytes(".shouwang.v1.DownloadAttachmentResponse.chunk")
        .codec_path("crate::codec::LeanCodec")
        .compile_fds(descriptors)?;
    Ok(())
}
