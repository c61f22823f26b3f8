//! Small file systems of a test, gone when it ends.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// True where the command says so; where it is not there, or not allowed, nothing is said.
fn is_done(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A mounted file system. It is thawed and unmounted when this is dropped, panic included.
pub struct Mount {
    point: PathBuf,
    folder: tempfile::TempDir,
}

impl Mount {
    /// A file system in memory of 2 MiB; `None`, and a line on stderr, where mounts are not allowed.
    pub fn in_memory() -> Option<Self> {
        Self::in_memory_with("size=2m")
    }

    /// The same, with room for so many files and folders, its root included.
    pub fn in_memory_of_files(files: u32) -> Option<Self> {
        Self::in_memory_with(&format!("size=2m,nr_inodes={files}"))
    }

    fn in_memory_with(options: &str) -> Option<Self> {
        Self::new(|point, _| is_done("mount", &["-t", "tmpfs", "-o", options, "tmpfs", point]))
    }

    /// An ext4 of 32 MiB in a file; `None`, and a line on stderr, where loop mounts are not allowed.
    pub fn in_file() -> Option<Self> {
        Self::in_file_with("loop")
    }

    /// The same, mounted with these options.
    pub fn in_file_with(options: &str) -> Option<Self> {
        Self::new(|point, image| {
            File::create(image).unwrap().set_len(32 << 20).unwrap();
            is_done("mkfs.ext4", &["-q", image]) && is_done("mount", &["-o", options, image, point])
        })
    }

    /// What the device of one from [`Self::in_file`] holds now, mounted as a file system of its own, as after a power cut: what waits
    /// in the memory of the first one's kernel is not in it. Nothing may write to the device meanwhile.
    pub fn after_a_power_cut(&self) -> Self {
        let device = self.folder.path().join("image");
        let cut = Self::new(|point, image| {
            std::fs::copy(&device, image).unwrap();
            is_done("mount", &["-o", "loop", image, point])
        });
        // Its journal is replayed by that.
        cut.unwrap()
    }

    fn new(mount: impl FnOnce(&str, &str) -> bool) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let point = folder.path().join("mounted");
        let image = folder.path().join("image");
        std::fs::create_dir(&point).unwrap();
        let is_mounted = mount(point.to_str().unwrap(), image.to_str().unwrap());
        if !is_mounted {
            eprintln!("nothing was tested: mounts are not allowed here");
        }
        is_mounted.then_some(Self { point, folder })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.point
    }

    /// A write waits now until it is thawed.
    pub fn freeze(&self) {
        assert!(self.fsfreeze("-f"), "fsfreeze");
    }

    pub fn thaw(&self) -> bool {
        self.fsfreeze("-u")
    }

    fn fsfreeze(&self, flag: &str) -> bool {
        is_done("fsfreeze", &[flag, self.point.to_str().unwrap()])
    }

    /// As the kernel does it after an error of the device: from now on it is read-only.
    pub fn make_read_only(&self) {
        let point = self.point.to_str().unwrap();
        assert!(is_done("mount", &["-o", "remount,abort", point]), "abort");
    }

    /// Takes the room but for `left` bytes; the file that takes it.
    pub fn fill(&self, left: u64) -> PathBuf {
        let path = self.point.join("filler");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[b'.'; 4_096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length - left).unwrap();
        path
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.thaw();
        let point = self.point.to_str().unwrap_or_default();
        if !is_done("umount", &[point]) {
            // Somebody still has a file open there: it goes when that one is closed.
            is_done("umount", &["--lazy", point]);
        }
    }
}
