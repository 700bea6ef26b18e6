//! Each file of the page beside its compressed forms: `app.js`, `app.js.br`, `app.js.gz`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::files_in;

/// Below this the header that names the encoding eats what it saves.
const WORTH_IT: usize = 256;

/// Compresses every file below a folder that gets smaller by it.
pub(crate) fn compress_all(folder: &Path) -> Result<()> {
    for path in files_in(folder)? {
        let plain = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if plain.len() < WORTH_IT {
            continue;
        }
        for (ending, packed) in [("br", brotli(&plain)?), ("gz", gzip(&plain)?)] {
            if packed.len() < plain.len() {
                let packed_path = beside(&path, ending);
                fs::write(&packed_path, packed)
                    .with_context(|| format!("cannot write {}", packed_path.display()))?;
            }
        }
    }
    Ok(())
}

/// The bytes of all files, plain and as brotli where there is that.
pub(crate) fn sizes(folder: &Path) -> Result<(u64, u64)> {
    let (mut plain, mut wire) = (0, 0);
    for path in files_in(folder)? {
        if path.extension().is_some_and(|ending| ending == "br" || ending == "gz") {
            continue;
        }
        let size = fs::metadata(&path)?.len();
        plain += size;
        wire += fs::metadata(beside(&path, "br")).map_or(size, |packed| packed.len());
    }
    Ok((plain, wire))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn brotli(plain: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    // The best there is: it happens once, here, and is read many times.
    let mut writer = brotli::CompressorWriter::new(&mut packed, 64 * 1024, 11, 22);
    writer.write_all(plain)?;
    writer.flush()?;
    drop(writer);
    Ok(packed)
}

fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_was_packed_unpacks() {
        let plain = "all work and no play makes a dull page ".repeat(100).into_bytes();
        let (brotli, gzip) = (brotli(&plain).expect("packs"), gzip(&plain).expect("packs"));
        assert!(brotli.len() < plain.len() && gzip.len() < plain.len());

        let (mut from_brotli, mut from_gzip) = (Vec::new(), Vec::new());
        brotli::Decompressor::new(&brotli[..], 4096).read_to_end(&mut from_brotli).expect("unpacks");
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut from_gzip).expect("unpacks");
        assert!(from_brotli == plain && from_gzip == plain);
    }

    #[test]
    fn what_does_not_shrink_stays_as_it_is() {
        let folder = std::env::temp_dir().join(format!("xtask-compress-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        fs::write(folder.join("small.txt"), "a").expect("writes");
        fs::write(folder.join("large.txt"), "a".repeat(5000)).expect("writes");

        compress_all(&folder).expect("compresses");

        let names: Vec<_> = files_in(&folder)
            .expect("reads")
            .into_iter()
            .map(|path| path.file_name().map(ToOwned::to_owned))
            .collect();
        assert_eq!(
            names.iter().flatten().collect::<Vec<_>>(),
            ["large.txt", "large.txt.br", "large.txt.gz", "small.txt"]
        );
        let (plain, wire) = sizes(&folder).expect("reads");
        assert!(plain == 5001 && wire < 100, "{plain} {wire}");
        fs::remove_dir_all(folder).expect("removes");
    }
}
