//! Two sets of runs: what differs in their configuration, and every figure side by side.

use command_line::text::one_line;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::compare::{
    Compared, ComparedLine, Family, FamilyKind, LEAST_RUNS, SIGNIFICANT, Setting, SettingValue,
    Verdict,
};
use crate::figures::Significance;
use crate::text::Language;
use crate::text::document::{Block, Document, Section};
use crate::text::format::{NONE, decimal, optional, signed};
use crate::text::language::Words;
use crate::text::many::columns::Written;
use crate::text::many::runs::{self, Set};
use crate::text::many::settings::{self, MOST_VALUES};
use crate::text::table::{Cell, Side, Table, Tone};
use crate::zone::Zone;

/// Values of this length are not set side by side, columns.
const WIDEST_VALUE: usize = 32;

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
    let mut sections = vec![
        Section::new("verdict", words.verdict, page.verdict()),
        Section::new("settings", many.settings_heading, page.settings()),
    ];
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

fn is_of_downtime(family: &Family) -> bool {
    matches!(family.kind, FamilyKind::Downtime | FamilyKind::Service)
}

impl ComparePage<'_> {
    fn base(&self) -> String {
        (self.words.many.base)(self.compared.base.len())
    }

    fn other(&self) -> String {
        (self.words.many.new)(self.compared.new.len())
    }

    /// The downtimes that differ, and what holds for the comparison as a whole.
    fn verdict(&self) -> Vec<Block> {
        let many = &self.words.many;
        let families = self.compared.families.iter();
        let lines = families.filter(|family| is_of_downtime(family));
        let lines: Vec<&ComparedLine> = lines.flat_map(|family| &family.lines).collect();
        let mut table = Table::new(&[("", Side::Left); 5], 0);
        for line in lines.iter().filter(|line| line.verdict.is_some()) {
            let mut cells = self.row(line);
            // Without p and the name of the test.
            cells.truncate(5);
            table.row(cells);
        }
        let is_tested = |line: &&ComparedLine| {
            matches!(line.line.significance, Some(Significance::Tested { .. }))
        };
        let any_tested = lines.iter().copied().any(|line| is_tested(&line));
        let mut sentences = self.caveats();
        if any_tested {
            let none = if table.is_empty() {
                many.no_downtime_differs
            } else {
                many.no_other_differs
            };
            sentences.insert(0, none.to_owned());
        }
        let sentences = sentences.into_iter();
        let sentences = sentences.map(|text| Block::Sentence(text, Tone::Plain));
        std::iter::once(Block::Rows(table))
            .chain(sentences)
            .collect()
    }

    fn settings(&self) -> Vec<Block> {
        let many = &self.words.many;
        if self.compared.settings.is_empty() {
            return vec![Block::Sentence(
                many.no_setting_differs.to_owned(),
                Tone::Plain,
            )];
        }
        let rows: Vec<[String; 3]> = self
            .compared
            .settings
            .iter()
            .map(|setting| self.setting(setting))
            .collect();
        let longest = rows
            .iter()
            .flat_map(|[_, base, new]| [base, new])
            .map(|value| value.width())
            .max();
        vec![Block::Table(match longest {
            Some(WIDEST_VALUE..) => self.below_each_other(rows),
            _ => self.side_by_side(rows),
        })]
    }

    fn side_by_side(&self, rows: Vec<[String; 3]>) -> Table {
        let (base, new) = (self.base(), self.other());
        let columns = [
            (self.words.many.setting, Side::Left),
            (&base, Side::Left),
            (&new, Side::Left),
        ];
        let mut table = Table::new(&columns, 0);
        for row in rows {
            table.row(row.into_iter().map(Cell::from).collect());
        }
        table
    }

    /// Long values, such as commands, in a line each: what differs may be at their ends.
    fn below_each_other(&self, rows: Vec<[String; 3]>) -> Table {
        let (many, sets) = (&self.words.many, [self.base(), self.other()]);
        let columns = [
            (many.setting, Side::Left),
            (many.set, Side::Left),
            (many.value, Side::Left),
        ];
        let mut table = Table::new(&columns, 1);
        for [name, base, new] in rows {
            for (set, value) in sets.iter().zip([base, new]) {
                table.row(vec![
                    name.as_str().into(),
                    set.as_str().into(),
                    value.into(),
                ]);
            }
        }
        table
    }

    /// Its name and its values in the two sets.
    fn setting(&self, setting: &Setting) -> [String; 3] {
        [
            settings::name(&setting.name),
            self.values(&setting.name, &setting.base),
            self.values(&setting.name, &setting.new),
        ]
    }

    /// The value of a set, or its values with how many recordings have each.
    fn values(&self, name: &str, values: &[SettingValue]) -> String {
        let many = &self.words.many;
        let text = |value: &Value| settings::value(self.words, name, value);
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
        let is_first = is_of_downtime(family) || family.kind == FamilyKind::Key;
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
        )
        .in_parts();
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
            (Some(points), _) if points.abs() < 1.0 => {
                format!(
                    "{}{}{}",
                    signed(points, 3),
                    units.gap,
                    units.percentage_points
                )
            }
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
