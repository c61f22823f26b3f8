//! How a rule is written: `FIGURE OP VALUE [or absent]`.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::summary::Unit;

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    text: String,
    /// The byte in the text at which the mistake is.
    at: usize,
    /// What is wrong, in one line.
    pub what: String,
}

impl Mistake {
    pub(super) fn new(text: &str, at: usize, what: String) -> Self {
        Self {
            text: text.to_owned(),
            at: at.min(text.len()),
            what,
        }
    }
}

/// What is wrong, the rule, and a caret under the place.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| text.replace(char::is_control, " ");
        let before = self.text.get(..self.at).unwrap_or_default();
        let space = " ".repeat(shown(before).width());
        let (what, text) = (shown(&self.what), shown(&self.text));
        write!(f, "{what}\n  {text}\n  {space}^")
    }
}

/// A figure, and what it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Its name.
    pub figure: String,
    pub comparison: Comparison,
    pub literal: Literal,
    /// A figure that can't be given is all right.
    pub or_absent: bool,
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Literal { digits, unit } = &self.literal;
        let (comparison, unit) = (self.comparison.as_str(), unit.as_str());
        write!(f, "{} {comparison} {digits}{unit}", self.figure)?;
        match self.or_absent {
            true => f.write_str(" or absent"),
            false => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    NotEqual,
}

impl Comparison {
    /// The longer ones first, as one may begin with another.
    pub const ALL: [Self; 6] = [
        Self::AtMost,
        Self::AtLeast,
        Self::Equal,
        Self::NotEqual,
        Self::Below,
        Self::Above,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// A decimal number: `-1.5`.
    pub digits: String,
    pub unit: LiteralUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralUnit {
    None,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Percent,
    PerSecond,
}

impl LiteralUnit {
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Microseconds,
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Percent,
        Self::PerSecond,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Percent => "%",
            Self::PerSecond => "/s",
        }
    }

    /// What a figure has to be for this unit to fit; `None` where it has none.
    const fn of(self) -> Option<Unit> {
        match self {
            Self::None => None,
            Self::Percent => Some(Unit::Fraction),
            Self::PerSecond => Some(Unit::PerSecond),
            _ => Some(Unit::Us),
        }
    }
}

impl Literal {
    /// The value in the unit of a figure.
    pub(super) fn in_unit(&self, unit: Unit) -> Result<f64, String> {
        if let Some(of) = self.unit.of().filter(|of| *of != unit) {
            return Err(format!(
                "`{}` is a unit of {}, and the figure is {}; write {}",
                self.unit.as_str(),
                plural(of),
                singular(unit),
                example(unit)
            ));
        }
        // The nearest number to the decimal one, as a quotient of two counts is: 99.95% is 1999 of 2000.
        let (exponent, factor) = match self.unit {
            LiteralUnit::Seconds => (6, 1.0),
            LiteralUnit::Milliseconds => (3, 1.0),
            LiteralUnit::Minutes => (6, 60.0),
            LiteralUnit::Hours => (6, 3600.0),
            LiteralUnit::Percent => (-2, 1.0),
            _ => (0, 1.0),
        };
        let value = format!("{}e{exponent}", self.digits).parse().ok();
        let value = value.map(|value: f64| value * factor);
        let Some(value) = value.filter(|value| value.is_finite()) else {
            return Err("the number is too large".to_owned());
        };
        match (unit, self.unit) {
            (Unit::Us, LiteralUnit::None) if value != 0.0 => {
                Err(format!("the figure is a time; write {}", example(unit)))
            }
            (Unit::Fraction, _) if value > 1.0 => Err(format!(
                "the figure is a fraction, at most 1; write {}",
                example(unit)
            )),
            _ => Ok(value),
        }
    }
}

const fn plural(unit: Unit) -> &'static str {
    match unit {
        Unit::Us => "times",
        Unit::Fraction => "fractions",
        Unit::PerSecond => "rates",
        Unit::Count => "counts",
    }
}

const fn singular(unit: Unit) -> &'static str {
    match unit {
        Unit::Us => "a time",
        Unit::Fraction => "a fraction",
        Unit::PerSecond => "a rate per second",
        Unit::Count => "a count",
    }
}

const fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Us => "a value such as 5s, 50ms or 2m",
        Unit::Fraction => "a value such as 99.95% or 0.9995",
        Unit::PerSecond => "a value such as 200/s or 200",
        Unit::Count => "a value such as 0",
    }
}

/// A rule's parts, and where they stand.
pub(super) struct Parsed {
    pub(super) expression: Expression,
    pub(super) figure_at: usize,
    pub(super) literal_at: usize,
}

/// Reads a rule; whether its figure exists is not known yet.
pub(super) fn parse(text: &str) -> Result<Parsed, Mistake> {
    let mut rest = Rest { text, at: 0 };
    rest.skip_space();
    let figure_at = rest.at;
    let figure = rest.take(|c| !c.is_whitespace() && !"<>=!".contains(c));
    if figure.is_empty() {
        return Err(rest.mistake("a figure is missing here, such as proxy.writer.downtime"));
    }
    rest.skip_space();
    let comparison = rest.comparison()?;
    rest.skip_space();
    let literal_at = rest.at;
    let literal = rest.literal()?;
    let or_absent = rest.or_absent()?;
    Ok(Parsed {
        expression: Expression {
            figure: figure.to_owned(),
            comparison,
            literal,
            or_absent,
        },
        figure_at,
        literal_at,
    })
}

/// What of a rule is not read yet.
#[derive(Clone, Copy)]
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Rest<'t> {
    fn left(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let left = self.left();
        let length = left.find(|c| !is_part(c)).unwrap_or(left.len());
        self.at += length;
        &left[..length]
    }

    fn skip_space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn mistake(&self, what: impl Into<String>) -> Mistake {
        Mistake::new(self.text, self.at, what.into())
    }

    fn comparison(&mut self) -> Result<Comparison, Mistake> {
        let left = self.left();
        let mut all = Comparison::ALL.into_iter();
        let Some(found) = all.find(|one| left.starts_with(one.as_str())) else {
            return Err(self.mistake("a comparison is missing here: <=, <, >=, >, == or !="));
        };
        self.at += found.as_str().len();
        Ok(found)
    }

    fn literal(&mut self) -> Result<Literal, Mistake> {
        let start = self.at;
        if self.left().starts_with('-') {
            self.at += 1;
        }
        let whole = self.take(|c| c.is_ascii_digit());
        let is_number = !whole.is_empty() && {
            let has_point = self.left().starts_with('.');
            self.at += usize::from(has_point);
            !has_point || !self.take(|c| c.is_ascii_digit()).is_empty()
        };
        let digits = &self.text[start..self.at];
        if !is_number {
            self.at = start;
            return Err(self.mistake("a value is missing here, such as 5s, 99.95%, 200/s or 0"));
        }
        Ok(Literal {
            digits: digits.to_owned(),
            unit: self.unit()?,
        })
    }

    /// The unit of a number, next to it or after a space.
    fn unit(&mut self) -> Result<LiteralUnit, Mistake> {
        let mut word = *self;
        word.skip_space();
        let start = word;
        let name = word.take(|c| !c.is_whitespace());
        if name == "or" || name.is_empty() {
            return Ok(LiteralUnit::None);
        }
        let mut all = LiteralUnit::ALL.into_iter();
        let Some(unit) = all.find(|unit| unit.as_str() == name) else {
            let what = format!("`{name}` is no unit; write us, ms, s, m, h, % or /s");
            return Err(start.mistake(what));
        };
        *self = word;
        Ok(unit)
    }

    /// `or absent`, or nothing.
    fn or_absent(&mut self) -> Result<bool, Mistake> {
        self.skip_space();
        let start = *self;
        let words: Vec<&str> = self.left().split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(false),
            ["or", "absent"] => Ok(true),
            _ => Err(start.mistake("only `or absent` may stand here")),
        }
    }
}
