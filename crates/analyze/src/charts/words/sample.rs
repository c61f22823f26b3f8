//! What a field of the catalogue says, with something filled in.

use recording::vocabulary::Outcome;

use crate::charts::words::topics::Part;
use crate::summary::Group;

pub(super) trait Sample {
    fn samples(&self) -> Vec<String>;
}

impl Sample for &'static str {
    fn samples(&self) -> Vec<String> {
        vec![(*self).to_owned()]
    }
}

impl Sample for fn(&str) -> String {
    fn samples(&self) -> Vec<String> {
        vec![self("1")]
    }
}

impl Sample for fn(&str, &str) -> String {
    fn samples(&self) -> Vec<String> {
        vec![self("1", "2")]
    }
}

impl Sample for fn(&str, &str, &str) -> String {
    fn samples(&self) -> Vec<String> {
        vec![self("1", "2", "3")]
    }
}

impl Sample for fn(Group) -> &'static str {
    fn samples(&self) -> Vec<String> {
        Group::ALL.map(|group| self(group).to_owned()).to_vec()
    }
}

impl Sample for fn(Outcome) -> &'static str {
    fn samples(&self) -> Vec<String> {
        let all = [Outcome::Failed, Outcome::Unknown, Outcome::Unfinished];
        all.map(|outcome| self(outcome).to_owned()).to_vec()
    }
}

impl Sample for fn(Part) -> &'static str {
    fn samples(&self) -> Vec<String> {
        let all = [
            Part::FirstFailure,
            Part::AddressChanged,
            Part::NewWriter,
            Part::FreshClient,
            Part::FirstSuccess,
        ];
        all.map(|part| self(part).to_owned()).to_vec()
    }
}
