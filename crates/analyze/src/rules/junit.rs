//! Verdicts as JUnit XML, as Jenkins and GitLab read it: a suite for each recording, a test case for each rule.

use command_line::text::one_line;
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

/// A rule of a recording, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    /// The value, and between which ones the truth is.
    pub value: String,
    /// Why it fails; `None` where it passes.
    pub failure: Option<String>,
}

/// A recording, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The folder.
    pub name: String,
    /// What the rules were held against, or why the recording can't be analyzed.
    pub cases: Result<Vec<Case>, String>,
}

/// The whole file.
///
/// # Errors
/// [`SerializeError`], which no text brings about.
pub fn render(suites: &[Suite]) -> Result<String, SerializeError> {
    let mut report = Report::new("analyze assert");
    report.add_test_suites(suites.iter().map(suite));
    report.to_string()
}

fn suite(suite: &Suite) -> TestSuite {
    let name = one_line(&suite.name);
    let mut tests = TestSuite::new(name.as_str());
    match &suite.cases {
        Ok(cases) => tests.add_test_cases(cases.iter().map(|of| case(&name, of))),
        Err(reason) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(one_line(reason)).set_type("analysis");
            let mut case = TestCase::new("analysis", status);
            case.set_classname(name);
            tests.add_test_case(case)
        }
    };
    tests
}

fn case(class: &str, of: &Case) -> TestCase {
    let status = match &of.failure {
        None => TestCaseStatus::success(),
        Some(reason) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(one_line(reason)).set_type("rule");
            status
        }
    };
    let mut case = TestCase::new(one_line(&of.name), status);
    case.set_classname(class);
    case.set_system_out(one_line(&of.value));
    case
}
