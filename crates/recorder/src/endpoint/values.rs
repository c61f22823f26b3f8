//! Every setting of an endpoint with the place where it stands: the connection string, then its service, then libpq's variables.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::endpoint::environment::Environment;
use crate::endpoint::grammar;
use crate::endpoint::grammar::Given;
use crate::endpoint::keywords;
use crate::endpoint::keywords::{KEYWORDS, Support};
use crate::endpoint::service;

/// A value, and where it stands.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) place: String,
    pub(super) text: String,
}

impl Value {
    pub(super) fn wrong(&self, remedy: &str) -> String {
        format!("{}={}: {remedy}", self.place, self.text)
    }

    /// A whole number; 0 leaves it to the system, as with libpq.
    fn number<T: FromStr + PartialEq + From<u8>>(&self, what: &str) -> Result<Option<T>, String> {
        let number: T = self
            .text
            .trim()
            .parse()
            .map_err(|_| self.wrong(&format!("write {what}, or 0 for the system's")))?;
        Ok(Some(number).filter(|number| *number != T::from(0)))
    }
}

/// Every value that is given.
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Reads a connection string and fills in what it leaves out.
    ///
    /// # Errors
    /// One line that names the keyword, the variable or the file.
    pub(super) fn read(text: &str, environment: &Environment) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for (key, text) in grammar::read(text)? {
            let name = keywords::find(&key)?;
            let place = name.to_owned();
            values.insert(name, Value { place, text });
        }
        let mut values = Self(values);
        values.fill_from("service", environment)?;
        values.fill_from("servicefile", environment)?;
        if let Some(name) = values.given("service").map(|value| value.text.clone()) {
            let file = values.given("servicefile").map(|value| value.text.as_str());
            values.add_service(&name, service::read(&name, file, environment)?)?;
        }
        for (name, _, _) in KEYWORDS {
            values.fill_from(name, environment)?;
        }
        values.check_support()?;
        Ok(values)
    }

    fn add_service(&mut self, service: &str, given: Given) -> Result<(), String> {
        for (key, text) in given {
            let name = keywords::find(&key)?;
            let place = format!("service {service}: {name}");
            self.0.entry(name).or_insert(Value { place, text });
        }
        Ok(())
    }

    /// From the variable of a keyword that is not given.
    fn fill_from(&mut self, name: &'static str, environment: &Environment) -> Result<(), String> {
        let variable = KEYWORDS
            .iter()
            .find_map(|(known, variable, _)| (*known == name).then_some(*variable)?);
        let Some(variable) = variable.filter(|_| !self.0.contains_key(name)) else {
            return Ok(());
        };
        if let Some(text) = environment.get(variable)? {
            let place = variable.to_owned();
            self.0.insert(name, Value { place, text });
        }
        Ok(())
    }

    fn check_support(&self) -> Result<(), String> {
        for (name, _, support) in KEYWORDS {
            let Some(value) = self.given(name) else {
                continue;
            };
            match support {
                Support::Used | Support::NoEffect => {}
                Support::Only(taken, _) if taken.contains(&value.text.as_str()) => {}
                Support::Only(_, remedy) => return Err(value.wrong(remedy)),
                Support::Refused(remedy) => return Err(format!("{}: {remedy}", value.place)),
            }
        }
        Ok(())
    }

    /// What is given and not empty: an empty value leaves a keyword to its default, and not to a variable.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.text.is_empty())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.given(name).map(|value| value.text.clone())
    }

    /// One of some words.
    pub(super) fn word<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        words: &str,
    ) -> Result<Option<T>, String> {
        let read = |value: &Value| parse(&value.text).ok_or_else(|| value.wrong(words));
        self.given(name).map(read).transpose()
    }

    pub(super) fn number<T: FromStr + PartialEq + From<u8>>(
        &self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, String> {
        self.given(name)
            .map_or(Ok(None), |value| value.number(what))
    }

    /// Where a value stands, or would.
    pub(super) fn place<'a>(&'a self, name: &'a str) -> &'a str {
        self.given(name).map_or(name, |value| &value.place)
    }
}
