//! The environment variables of libpq that fill in what a connection string leaves out, and the home folder, where its files are. The
//! look-up is handed to those who read them, so that tests do not share the environment of their process.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

type LookUp = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Looks variables up.
pub struct Environment {
    look_up: Box<LookUp>,
    home: Option<PathBuf>,
}

impl fmt::Debug for Environment {
    /// Never a value: passwords are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            look_up: Box::new(|name| std::env::var_os(name)),
            home: std::env::home_dir(),
        }
    }

    /// These variables and no others.
    #[must_use]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), OsString::from(value));
        let variables: Vec<(String, OsString)> = variables.iter().map(owned).collect();
        let look_up = move |wanted: &str| {
            let mut found = variables.iter().filter(|(name, _)| name == wanted);
            found.next().map(|(_, value)| value.clone())
        };
        Self {
            home: look_up("HOME").map(PathBuf::from),
            look_up: Box::new(look_up),
        }
    }

    /// A variable's value; an empty one counts as not set, as with libpq.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<OsString> {
        (self.look_up)(name).filter(|value| !value.is_empty())
    }

    /// A variable's value as text.
    ///
    /// # Errors
    /// One line that names the variable, where it is not UTF-8.
    pub fn get(&self, name: &str) -> Result<Option<String>, String> {
        let text = self.get_os(name).map(OsString::into_string).transpose();
        text.map_err(|_| format!("the environment variable {name} is not UTF-8"))
    }

    /// A file of the home folder.
    #[must_use]
    pub fn in_home(&self, file: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(file))
    }
}
