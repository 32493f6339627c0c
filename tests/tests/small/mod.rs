//! A small file system that can really be filled: a tmpfs. Who may not mount runs the same test again in a user namespace
//! of its own; where that is forbidden too the test fails and says so.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set for the run in a namespace: it must not try a third time.
const NESTED: &str = "WEIR_TEST_NESTED";

/// A file system of its own, unmounted when dropped.
pub struct Small(tempfile::TempDir);

impl Small {
    pub fn mount(mebibytes: usize) -> Result<Small, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={mebibytes}m"))
            .arg("weir-test")
            .arg(folder.path())
            .output()
            .map_err(|error| format!("mount cannot be run: {error}"))?;
        match mounted.status.success() {
            true => Ok(Small(folder)),
            false => Err(String::from_utf8_lossy(&mounted.stderr).into_owned()),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Runs this test again where one may mount.
pub fn run_nested(test: &str, why: &str) {
    assert!(
        std::env::var_os(NESTED).is_none(),
        "a small file system can be mounted neither here nor in a user namespace: {why}"
    );
    let me = std::env::current_exe().expect("the test's own path");
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(me)
        .args(["--exact", test, "--nocapture"])
        .env(NESTED, "1")
        .status();
    let ran = ran.unwrap_or_else(|error| panic!("mount: {why}; unshare cannot be run: {error}"));
    assert!(
        ran.success(),
        "mount: {why}; in a user namespace the test has failed"
    );
}

/// Takes all the space that is left.
pub fn fill(ballast: &Path) {
    let mut file = File::create(ballast).expect("a ballast file");
    for size in [1 << 20, 4 << 10, 1] {
        let block = vec![0; size];
        // Ends with the space.
        while file.write_all(&block).is_ok() {}
    }
}
