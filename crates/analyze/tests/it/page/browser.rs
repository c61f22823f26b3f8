//! Chromium without a window: what a page looks like there, and what it complains of.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A run takes about two seconds; on a busy host many more.
const LIMIT: Duration = Duration::from_secs(180);

/// It asks nothing of any host: neither for the page nor for itself.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// A page in a window of so many pixels.
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) html: String,
    pub(crate) width: u32,
}

/// What was found in each frame, and the lines of the console.
pub(crate) struct Seen {
    pub(crate) frames: Vec<Value>,
    pub(crate) console: Vec<String>,
}

pub(crate) struct Browser {
    folder: TempDir,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Shows pages, and calls the function `script` with the document and the window of each. A frame is as narrow as it is told to be,
    /// which a window is not.
    pub(crate) fn look(&self, frames: &[Frame], theme: Theme, script: &str) -> Seen {
        let attribute = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
        let frames = frames.iter().map(|frame| {
            let (name, html, width) = (attribute(&frame.name), attribute(&frame.html), frame.width);
            format!("<iframe name=\"{name}\" width=\"{width}\" height=\"900\" srcdoc=\"{html}\"></iframe>")
        });
        let frames: String = frames.collect();
        let wrapper = format!(
            "<!DOCTYPE html><meta charset=utf-8><meta name=color-scheme content='light dark'><style>iframe {{ border: 0 }}</style>{frames}
             <script>
             const script = {script};
             onload = () => {{
               const found = [...document.querySelectorAll('iframe')].map((frame) => {{
                 try {{ return {{ name: frame.name, ...script(frame.contentDocument, frame.contentWindow) }}; }}
                 catch (error) {{ return {{ name: frame.name, error: String(error) }}; }}
               }});
               const ascii = (c) => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0');
               const text = JSON.stringify(found).replace(/[<>&\\u007f-\\uffff]/g, ascii);
               document.body.replaceChildren('FOUND' + text + 'END');
             }};
             </script>"
        );
        let page = self.folder.path().join("wrapper.html");
        fs::write(&page, wrapper).unwrap();
        let (dom, console) = self.run(theme, &["--dump-dom"], &page);
        let found = dom
            .split("FOUND")
            .nth(1)
            .and_then(|rest| rest.split("END").next());
        let found = found.unwrap_or_else(|| panic!("nothing was found: {console:?}\n{dom}"));
        Seen {
            frames: serde_json::from_str(found).unwrap(),
            console,
        }
    }

    /// The page on paper, as a PDF, and the lines of the console.
    pub(crate) fn print(&self, html: &str) -> (Vec<u8>, Vec<String>) {
        let page = self.folder.path().join("page.html");
        fs::write(&page, html).unwrap();
        let pdf = self.folder.path().join("page.pdf");
        let to = format!("--print-to-pdf={}", pdf.display());
        let (_, console) = self.run(Theme::Dark, &[&to, "--no-pdf-header-footer"], &page);
        (fs::read(&pdf).unwrap(), console)
    }

    /// What Chromium prints, and the lines that the page wrote to the console.
    fn run(&self, theme: Theme, flags: &[&str], page: &Path) -> (String, Vec<String>) {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.folder.path().join(name));
        let theme = match theme {
            Theme::Light => "--blink-settings=preferredColorScheme=1",
            Theme::Dark => "--blink-settings=preferredColorScheme=0",
        };
        let profile = format!(
            "--user-data-dir={}",
            self.folder.path().join("profile").display()
        );
        let mut child = Command::new(program())
            .args(FLAGS)
            .args([theme, &profile, "--window-size=1600,1200"])
            .args(flags)
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > LIMIT {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("chromium did not end: {}", read(&stderr));
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let said = read(&stderr);
        assert!(status.success(), "chromium: {status}: {said}");
        let console = said.lines().filter(|line| line.contains(":CONSOLE:"));
        (read(&stdout), console.map(str::to_owned).collect())
    }
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
    let found = programs.find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("chromium is not installed: `cargo xtask test` installs it"))
}
