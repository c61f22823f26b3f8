//! Two sets of runs: what differs in their configuration, and every figure side by side.

use command_line::text::one_line;
use serde_json::Value;

use crate::compare::{
    Compared, ComparedLine, Family, FamilyKind, LEAST_RUNS, SIGNIFICANT, SettingValue, Verdict,
};
use crate::figures::{Bounded, Column, Line, Significance};
use crate::summary::Unit;
use crate::text::Language;
use crate::text::document::{Block, Document, Section};
use crate::text::format::{NONE, Scale, count, decimal, optional};
use crate::text::language::Words;
use crate::text::many::runs::{self, Set};
use crate::text::table::{Cell, Side, Table, Tone};
use crate::zone::Zone;

/// So many values of a setting are written out.
const MOST_VALUES: usize = 3;

/// From this on a length of time is written in seconds, microseconds.
const IN_SECONDS_US: f64 = 1e6;

/// Every section, with times of day in a time zone; with `all` the figures without a significant difference too.
#[must_use]
pub fn document(compared: &Compared, all: bool, language: Language, zone: Zone) -> Document {
    let words = language.words();
    let many = &words.many;
    let page = ComparePage {
        words,
        compared,
        all,
    };
    let mut sections = vec![Section::new(
        "settings",
        many.settings_heading,
        page.settings(),
    )];
    for (number, family) in (1..).zip(&compared.families) {
        let heading = (many.family)(family.kind);
        let id = format!("figures-{number}");
        sections.push(Section::new(id, heading, page.family(family)));
    }
    let sets = [
        (many.base_alone, &compared.base),
        (many.new_alone, &compared.new),
    ];
    let sets = sets.map(|(name, runs)| Set {
        name: Some(name),
        runs,
    });
    let all_runs = || compared.base.iter().chain(&compared.new);
    let calendar = runs::calendar(all_runs(), zone);
    let runs = runs::blocks(words, &sets, calendar);
    sections.push(Section::new("runs", many.runs_heading, runs));
    let notes = Block::Prose(page.notes());
    sections.push(Section::of("notes", words.notes_heading, notes));
    Document::new(words, many.compare_title, sections)
}

struct ComparePage<'a> {
    words: &'static Words,
    compared: &'a Compared,
    /// Figures without a significant difference too.
    all: bool,
}

impl ComparePage<'_> {
    fn base(&self) -> String {
        (self.words.many.base)(self.compared.base.len())
    }

    fn other(&self) -> String {
        (self.words.many.new)(self.compared.new.len())
    }

    fn settings(&self) -> Vec<Block> {
        let many = &self.words.many;
        if self.compared.settings.is_empty() {
            return vec![Block::Sentence(
                many.no_setting_differs.to_owned(),
                Tone::Plain,
            )];
        }
        let (base, new) = (self.base(), self.other());
        let mut table = Table::new(
            &[
                (many.setting, Side::Left),
                (&base, Side::Left),
                (&new, Side::Left),
            ],
            0,
        );
        for setting in &self.compared.settings {
            let is_time = setting.name.ends_with("_us");
            let name = setting.name.strip_suffix("_us").unwrap_or(&setting.name);
            table.row(vec![
                one_line(name).into(),
                self.values(&setting.base, is_time).into(),
                self.values(&setting.new, is_time).into(),
            ]);
        }
        vec![Block::Table(table)]
    }

    /// The value of a set, or its values with how many recordings have each.
    fn values(&self, values: &[SettingValue], is_time: bool) -> String {
        let many = &self.words.many;
        let text = |value: &Value| match value {
            Value::Null => NONE.to_owned(),
            Value::Bool(true) => many.yes.to_owned(),
            Value::Bool(false) => many.no.to_owned(),
            Value::String(text) => one_line(text),
            Value::Number(number) => match number.as_i64().filter(|_| is_time) {
                Some(us) => self.words.units.setting(us),
                None => number.to_string(),
            },
            other => one_line(&other.to_string()),
        };
        if let [only] = values {
            return text(&only.value);
        }
        let shown = values.iter().take(MOST_VALUES);
        let mut texts: Vec<String> = shown
            .map(|value| format!("{} ({})", text(&value.value), value.recordings))
            .collect();
        if values.len() > MOST_VALUES {
            texts.push((many.and_more)(values.len() - MOST_VALUES));
        }
        (many.varies)(&texts.join(self.words.separator))
    }

    fn family(&self, family: &Family) -> Vec<Block> {
        let (words, many) = (self.words, &self.words.many);
        let is_first = matches!(family.kind, FamilyKind::Downtime | FamilyKind::Key);
        let is_shown = |line: &&ComparedLine| is_first || self.all || line.verdict.is_some();
        let shown: Vec<&ComparedLine> = family.lines.iter().filter(is_shown).collect();
        let hidden = family.lines.len() - shown.len();
        let (base, new) = (self.base(), self.other());
        let mut table = Table::new(
            &[
                (words.figure, Side::Left),
                (&base, Side::Right),
                (&new, Side::Right),
                (words.change, Side::Right),
                (many.verdict, Side::Left),
                ("p", Side::Right),
                (many.adjusted, Side::Right),
                (many.test, Side::Left),
            ],
            0,
        );
        for line in shown {
            table.row(self.row(line));
        }
        let mut sentences = Vec::new();
        let tested = family.tested();
        if tested > 0 {
            let by_chance = decimal(tested as f64 * SIGNIFICANT, 1);
            sentences.push((many.chance)(
                tested,
                &by_chance,
                family.below(false),
                family.below(true),
            ));
        }
        if hidden > 0 {
            let text = if tested > 0 {
                many.without_difference
            } else {
                many.not_listed
            };
            sentences.push(text(hidden));
        }
        let is_bound = |line: &&ComparedLine| line.line.significance == Some(Significance::Bounds);
        let bounds = family.lines.iter().filter(is_bound).count();
        if bounds > 0 {
            sentences.push((many.bounds)(bounds));
        }
        if family.kind == FamilyKind::Downtime {
            sentences.extend(self.caveats());
        }
        let mut blocks = vec![Block::Table(table)];
        blocks.extend(
            sentences
                .into_iter()
                .map(|text| Block::Sentence(text, Tone::Detail)),
        );
        blocks
    }

    /// What holds for the comparison as a whole.
    fn caveats(&self) -> Vec<String> {
        let many = &self.words.many;
        let mut caveats = Vec::new();
        if self.compared.is_too_small() {
            let (base, new) = (self.compared.base.len(), self.compared.new.len());
            caveats.push((many.too_few)(base, new));
        }
        if self.compared.failovers_differ {
            caveats.push(many.failovers_differ.to_owned());
        }
        caveats
    }

    fn row(&self, compared: &ComparedLine) -> Vec<Cell> {
        let many = &self.words.many;
        let line = &compared.line;
        let written = Written::new(self.words, line);
        let tone = match compared.verdict {
            Some(Verdict::Better) => Tone::Good,
            Some(Verdict::Worse) => Tone::Bad,
            Some(Verdict::Different) | None => Tone::Plain,
        };
        let verdict = compared.verdict.map_or_else(String::new, |verdict| {
            (many.verdict_name)(verdict).to_owned()
        });
        let (p, adjusted, test) = match line.significance {
            Some(Significance::Tested {
                test,
                p,
                adjusted_p,
            }) => (chance(p), chance(adjusted_p), (many.test_name)(test)),
            _ => (NONE.to_owned(), NONE.to_owned(), ""),
        };
        vec![
            one_line(&line.name).into(),
            written.column(&line.a, self.compared.base.len()).into(),
            optional(line.b, |column| {
                written.column(&column, self.compared.new.len())
            })
            .into(),
            Cell::new(self.change(compared), tone),
            Cell::new(verdict, tone),
            p.into(),
            adjusted.into(),
            test.into(),
        ]
    }

    /// Points for fractions, per cent of the base for everything else.
    fn change(&self, compared: &ComparedLine) -> String {
        let units = self.words.units;
        match (compared.change_points, compared.change_percent) {
            (Some(points), _) => units.points(points),
            (None, Some(percent)) => units.change(percent),
            (None, None) => NONE.to_owned(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let (words, many) = (self.words, &self.words.many);
        let mut notes = vec![many.note_columns.to_owned()];
        if self.compared.base.len().min(self.compared.new.len()) >= LEAST_RUNS {
            notes.extend([many.note_tests.to_owned(), many.note_adjusted.to_owned()]);
        }
        let both = || [&self.compared.base, &self.compared.new].into_iter();
        if both().any(|runs| runs::has_several_hosts(runs)) {
            notes.extend([many.note_run.to_owned(), many.note_hosts.to_owned()]);
        }
        if both().any(|runs| runs::has_host_clock(runs)) {
            notes.push(many.note_host_clock.to_owned());
        }
        let definitions = (words.definitions_text)(self.compared.definitions);
        notes.push(format!("{}: {definitions}.", words.definitions));
        notes
    }
}

/// `0.008`, `<0.001`.
fn chance(p: f64) -> String {
    match p {
        ..0.001 => "<0.001".to_owned(),
        _ => decimal(p, 3),
    }
}

/// How the values of a line are written: all of them alike, so that they can be compared at a glance.
struct Written {
    words: &'static Words,
    unit: Unit,
    scale: Option<Scale>,
    /// Counts of several runs may have a median between two.
    places: usize,
}

impl Written {
    fn new(words: &'static Words, line: &Line) -> Self {
        let columns = || std::iter::once(line.a).chain(line.b);
        let values = || {
            columns()
                .flat_map(|column| [column.min, column.max])
                .flatten()
        };
        let medians = || columns().filter_map(|column| column.value.map(|bounded| bounded.value));
        // 0 says nothing of a scale.
        let largest = values().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let is_in_seconds = largest >= IN_SECONDS_US || line.name.ends_with("downtime");
        let is_time = line.unit == Unit::Us && !is_in_seconds;
        let is_whole = medians().all(|median| median.fract() == 0.0);
        Self {
            words,
            unit: line.unit,
            scale: is_time.then(|| {
                words
                    .units
                    .scale(values().map(f64::abs).filter(|us| *us > 0.0))
            }),
            places: usize::from(!is_whole),
        }
    }

    fn number(&self, value: f64) -> String {
        match (self.unit, self.scale) {
            (Unit::Us, Some(scale)) => scale.number(Some(value)),
            (Unit::Us, None) => decimal(value / 1e6, 2),
            (Unit::Fraction, _) => decimal(value * 100.0, 3),
            (Unit::PerSecond, _) => decimal(value, 2),
            (Unit::Count, _) if self.places == 0 && value.fract() == 0.0 && value >= 0.0 => {
                count(value as u64)
            }
            (Unit::Count, _) => decimal(value, self.places),
        }
    }

    fn with_unit(&self, value: f64) -> String {
        let units = self.words.units;
        let unit = match (self.unit, self.scale) {
            (Unit::Us, Some(scale)) => scale.unit,
            (Unit::Us, None) => units.second,
            (Unit::Fraction, _) => return units.percent(value, 3),
            (Unit::PerSecond | Unit::Count, _) => return self.number(value),
        };
        format!("{}{}{unit}", self.number(value), units.gap)
    }

    /// `12.31 s (11.80 to 13.02)`: the median, and the least and the greatest of the runs; how many have one, where not all do.
    fn column(&self, column: &Column, runs: usize) -> String {
        let Some(bounded) = column.value else {
            return NONE.to_owned();
        };
        let mut text = self.bounded(&bounded);
        let mut around = Vec::new();
        if let (Some(min), Some(max), true) = (column.min, column.max, column.runs > 1) {
            around.push((self.words.from_to)(&self.number(min), &self.number(max)));
        }
        if column.runs < runs {
            around.push((self.words.many.runs_with)(column.runs));
        }
        if !around.is_empty() {
            text = format!("{text} ({})", around.join(self.words.separator));
        }
        text
    }

    fn bounded(&self, bounded: &Bounded) -> String {
        let text = self.with_unit(bounded.value);
        match (bounded.least, bounded.most) {
            (Some(_), Some(_)) => text,
            (Some(_), None) => (self.words.at_least)(&text),
            (None, Some(_)) => (self.words.at_most)(&text),
            (None, None) => (self.words.many.about)(&text),
        }
    }
}
