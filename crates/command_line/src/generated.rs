//! What a program makes of its own command line: completions of shells, and manual pages. And how it is parsed, with the version that the
//! binary was built as.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, Parser};
use clap_complete::Shell;
use clap_mangen::Man;

/// After the help of `completions`.
pub const COMPLETIONS_EXAMPLES: &str = "\
Examples, with PROGRAM recorder, analyze or lab:
  bash:  PROGRAM completions bash > ~/.local/share/bash-completion/completions/PROGRAM
  zsh:   PROGRAM completions zsh > ~/.zfunc/_PROGRAM      (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  fish:  PROGRAM completions fish > ~/.config/fish/completions/PROGRAM.fish";

/// After the help of `man`.
pub const MAN_EXAMPLES: &str = "\
Example, with PROGRAM recorder, analyze or lab:
  PROGRAM man ~/.local/share/man/man1
  man PROGRAM";

/// `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// Shell that completes
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints what the shell needs to complete `command`.
    ///
    /// # Errors
    /// Standard output can't be written. One that is closed is no error.
    pub fn run(&self, mut command: Command) -> io::Result<()> {
        let name = command.get_name().to_owned();
        // Not to standard output at once: the generator panics where that is closed.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        match io::stdout().write_all(&script) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// `man`.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Folder for the pages; created if missing
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl ManArgs {
    /// Writes a page for `command`, and one for each of its commands.
    ///
    /// # Errors
    /// The folder or a page can't be written: the text says which folder.
    pub fn run(&self, command: Command) -> Result<(), String> {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let written =
            fs::create_dir_all(&self.folder).and_then(|()| write_pages(&command, &self.folder));
        written.map_err(|error| {
            let folder = self.folder.display();
            format!("cannot write manual pages into {folder}: {error}; name another folder")
        })
    }
}

fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        write_pages(below, folder)?;
    }
    let page = Man::new(command.clone())
        .source(concat!("pgoutage ", env!("CARGO_PKG_VERSION")))
        .manual("pgoutage");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    if command
        .get_arguments()
        .any(|argument| !argument.is_hide_set())
    {
        page.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let after = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    if let Some(after) = after {
        text.extend(as_it_is(&after.to_string()).into_bytes());
    }
    fs::write(folder.join(page.get_filename()), text)
}

/// A section whose lines stay as they are: the generator would fill them, and examples and tables would be torn.
fn as_it_is(text: &str) -> String {
    let title = match text.starts_with("Example") {
        true => "EXAMPLES",
        false => "NOTES",
    };
    let escaped = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    // A point at the start of a line would be a command.
    let lines = escaped.lines().map(|line| match line.starts_with('.') {
        true => format!("\\&{line}\n"),
        false => format!("{line}\n"),
    });
    format!(".SH {title}\n.nf\n{}.fi\n", lines.collect::<String>())
}

/// Parses `arguments`, the program's name first, as the program of this version.
///
/// # Errors
/// As [`Parser::try_parse_from`].
pub fn parse<P: Parser>(
    version: &'static str,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<P, clap::Error> {
    let mut command = P::command().version(version);
    let matches = command.try_get_matches_from_mut(arguments)?;
    P::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_page_stay_as_they_are() {
        assert_eq!(
            as_it_is("Examples:\n  run --out 'a\\b'\n.hidden"),
            ".SH EXAMPLES\n.nf\nExamples:\n  run \\-\\-out \\(aqa\\eb\\(aq\n\\&.hidden\n.fi\n"
        );
    }

    #[test]
    fn a_page_for_each_command_that_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("program")
            .about("does it")
            .subcommand(Command::new("run").after_help("Example:\n  program run"))
            .subcommand(Command::new("secret").hide(true));
        let args = ManArgs {
            folder: folder.path().join("made"),
        };
        args.run(command).unwrap();
        let mut names: Vec<_> = fs::read_dir(&args.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["program-run.1", "program.1"]);
        let page = fs::read_to_string(args.folder.join("program-run.1")).unwrap();
        assert!(
            page.contains(".SH EXAMPLES\n.nf\nExample:\n  program run\n.fi\n"),
            "{page}"
        );
    }
}
