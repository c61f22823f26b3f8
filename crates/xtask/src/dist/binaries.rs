//! Building the archive's binaries for older systems, and what they need there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::dist::programs::{PROGRAMS, RECORDER_PROFILE, clean, output_of};
use crate::python::Environment;
use crate::shell::{self, cargo};

pub(super) const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The newest version of glibc's symbols that the binaries may use: Debian 10 and RHEL 8 have it.
const GLIBC: (u32, u32) = (2, 28);
/// Parts of glibc, which every system with it has.
const LIBRARIES: [&str; 6] = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
];
const RECORDER: &str = "recorder";
const LARGEST_RECORDER: u64 = 15 << 20;

/// Builds the programs with zig as the linker and the C compiler: it has the symbols of every glibc. Returns their folder.
pub(super) fn build(target: &Path, zig: &Environment) -> Result<PathBuf> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = match cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))) {
        Some(home) => home,
        None => bail!("neither CARGO_HOME nor HOME is set"),
    };
    // Paths of this machine are in the texts of panics: with them, two machines would build two binaries.
    let renamed = [(cargo_home.as_path(), "/cargo"), (target, "/target")];
    let flags = |flag: &str| {
        let flags = renamed.map(|(from, to)| format!("{flag}={}={to}", from.display()));
        flags.join(" ")
    };
    let build = |profile: &str, programs: &[&str]| {
        let (major, minor) = GLIBC;
        let mut build = cargo(&[
            "zigbuild",
            "--locked",
            &format!("--profile={profile}"),
            &format!("--target={TARGET}.{major}.{minor}"),
            "--bins",
        ])?;
        for program in programs {
            build.args(["--package", program]);
        }
        build
            .env("PATH", zig.on_path()?)
            .env("CARGO_ZIGBUILD_PYTHON_PATH", zig.interpreter())
            .env("CARGO_TARGET_DIR", target)
            .env("RUSTFLAGS", flags("--remap-path-prefix"))
            .env(
                format!("CFLAGS_{}", TARGET.replace('-', "_")),
                flags("-ffile-prefix-map"),
            );
        shell::run(build)
    };
    let (recorder, profile) = (RECORDER, RECORDER_PROFILE);
    let others = PROGRAMS.iter().copied().filter(|it| *it != recorder);
    build("dist", &others.collect::<Vec<_>>())?;
    build(profile, &[recorder])?;
    let folder = target.join(TARGET);
    let built = folder.join(profile).join(recorder);
    let folder = folder.join("dist");
    fs::copy(&built, folder.join(recorder)).with_context(|| built.display().to_string())?;
    Ok(folder)
}

/// Fails where a binary needs more of a system than it has to, and prints what each is.
pub(super) fn examine(folder: &Path) -> Result<()> {
    for program in PROGRAMS {
        let binary = folder.join(program);
        let headers = output_of(
            Command::new("readelf")
                .args(["--dynamic", "--version-info", "--wide"])
                .arg(&binary),
        )?;
        let needs = Needs::of(&headers)?;
        if needs.glibc > GLIBC {
            bail!("{program} needs glibc {}.{}", needs.glibc.0, needs.glibc.1);
        }
        let unknown = needs
            .libraries
            .iter()
            .find(|name| !LIBRARIES.contains(&name.as_str()));
        if let Some(library) = unknown {
            bail!("{program} needs {library}, which is not on every system");
        }
        let bytes = fs::metadata(&binary)
            .with_context(|| binary.display().to_string())?
            .len();
        if program == RECORDER && bytes > LARGEST_RECORDER {
            bail!("recorder has {bytes} bytes, more than {LARGEST_RECORDER}");
        }
        println!(
            "{program}: {:.1} MiB, glibc {}.{}, --version takes {:.1} ms",
            bytes as f64 / (1024.0 * 1024.0),
            needs.glibc.0,
            needs.glibc.1,
            start_time(&binary)?.as_secs_f64() * 1e3,
        );
    }
    Ok(())
}

/// What a binary needs, as its headers say.
#[derive(Debug, PartialEq, Eq)]
struct Needs {
    /// The newest version of a symbol.
    glibc: (u32, u32),
    libraries: Vec<String>,
}

impl Needs {
    /// Of what `readelf --dynamic --version-info` prints.
    fn of(headers: &str) -> Result<Self> {
        let version = |name: &str| {
            let mut numbers = name.split('.').map(str::parse);
            match (numbers.next(), numbers.next()) {
                (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
                _ => None,
            }
        };
        let names = headers.split("Name: GLIBC_").skip(1);
        let versions = names.filter_map(|rest| version(rest.split_whitespace().next()?));
        let libraries = headers
            .lines()
            .filter(|line| line.contains("(NEEDED)"))
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()));
        Ok(Self {
            glibc: versions
                .max()
                .context("readelf shows no version of glibc")?,
            libraries: libraries.collect(),
        })
    }
}

/// The median of some starts.
fn start_time(binary: &Path) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        output_of(clean(binary).arg("--version"))?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: &str = "\
 0x0000000000000001 (NEEDED)             Shared library: [libm.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
Version needs section '.gnu.version_r' contains 2 entries:
  000000: Version: 1  File: libm.so.6  Cnt: 1
  0x0010:   Name: GLIBC_2.2.5  Flags: none  Version: 3
  0x0020: Version: 1  File: libc.so.6  Cnt: 3
  0x0030:   Name: GLIBC_2.28  Flags: none  Version: 5
  0x0040:   Name: GLIBC_2.3.4  Flags: WEAK  Version: 4
";

    #[test]
    fn what_a_binary_needs() {
        let needs = Needs::of(HEADERS).unwrap();
        assert_eq!(needs.glibc, (2, 28));
        assert_eq!(needs.libraries, ["libm.so.6", "libc.so.6"]);
        // 2.4 is older than 2.28, and 2.34 is newer.
        let newer = HEADERS.replace("GLIBC_2.3.4", "GLIBC_2.34");
        assert_eq!(Needs::of(&newer).unwrap().glibc, (2, 34));
        assert!(
            Needs::of("").is_err(),
            "a static binary, or another readelf"
        );
    }
}
