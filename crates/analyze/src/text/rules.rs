//! Verdicts on rules, and figures by name, as tables.

use command_line::text::one_line;

use crate::figures::{Bounded, Figure, known};
use crate::rules::{Judged, Verdict};
use crate::summary::Unit;
use crate::text::TextOptions;
use crate::text::figures::{Downtime, figure};
use crate::text::format::{NONE, count, decimal, optional, trimmed};
use crate::text::language::Words;
use crate::text::table::{Cell, Paint, Side, Table, Tone};

/// The verdicts on a recording, under its name.
#[must_use]
pub fn verdicts(recording: &str, judged: &[Judged<'_>], options: &TextOptions) -> String {
    let page = options.language.words();
    let words = page.rules;
    let has_names = judged.iter().any(|one| one.rule.name.is_some());
    let name = has_names.then_some((words.name, Side::Left));
    let mut columns: Vec<_> = name.into_iter().collect();
    columns.extend([
        (words.rule, Side::Left),
        (words.value, Side::Right),
        (words.verdict, Side::Left),
    ]);
    let mut table = Table::new(&columns, 0);
    for one in judged {
        let name = one.rule.name.as_deref().unwrap_or_default();
        let mut cells: Vec<Cell> = match has_names {
            true => vec![one_line(name).into()],
            false => Vec::new(),
        };
        cells.extend([
            one.rule.expression.to_string().into(),
            value_of(page, one).into(),
            match one.verdict.is_pass() {
                true => Cell::new(words.holds, Tone::Good),
                false => Cell::new(words.fails, Tone::Bad),
            },
        ]);
        table.row(cells);
        if let Some(note) = note(page, one) {
            table.note(note);
        }
    }
    let held = judged.iter().filter(|one| one.verdict.is_pass()).count();
    let all = count(judged.len() as u64);
    let held = (words.held)(&count(held as u64), &all);
    format!(
        "{}\n{}  {held}\n",
        one_line(recording),
        table.render(paint(options))
    )
}

/// Every figure of a recording, under its name.
#[must_use]
pub fn figures(recording: &str, figures: &[Figure], options: &TextOptions) -> String {
    let page = options.language.words();
    let words = page.rules;
    let mut table = Table::new(
        &[
            (words.figure, Side::Left),
            (words.unit, Side::Left),
            (words.value, Side::Right),
            (words.least, Side::Right),
            (words.most, Side::Right),
        ],
        0,
    );
    for figure in figures {
        let bound = |bound: fn(&Bounded) -> Option<f64>| {
            let value = figure.value.as_ref().and_then(bound);
            optional(value, |value| plain(page, figure, value))
        };
        table.row(vec![
            one_line(&figure.name).into(),
            (words.unit_name)(figure.unit).into(),
            value(page, figure).into(),
            bound(|value| value.least).into(),
            bound(|value| value.most).into(),
        ]);
    }
    format!("{}\n{}", one_line(recording), table.render(paint(options)))
}

/// The value of a rule's figure, as the report prints it.
#[must_use]
pub fn value_text(judged: &Judged<'_>, options: &TextOptions) -> String {
    value_of(options.language.words(), judged)
}

/// Why a rule fails; `None` where it holds.
#[must_use]
pub fn failure(judged: &Judged<'_>, options: &TextOptions) -> Option<String> {
    if judged.verdict.is_pass() {
        return None;
    }
    let words = options.language.words();
    let value = value_of(words, judged);
    let why = note(words, judged).map(|note| format!("; {note}"));
    let rule = &judged.rule.expression;
    Some(format!("{rule}: {value}{}", why.unwrap_or_default()))
}

fn paint(options: &TextOptions) -> Paint {
    Paint {
        color: options.color,
        columns: options.columns,
    }
}

fn value_of(words: &Words, judged: &Judged<'_>) -> String {
    let figure = judged.figure();
    figure.map_or_else(|| NONE.to_owned(), |figure| value(words, &figure))
}

/// What the value alone does not tell of a rule that fails.
fn note(words: &Words, judged: &Judged<'_>) -> Option<String> {
    let figure = judged.figure()?;
    match judged.verdict {
        Verdict::Holds | Verdict::AbsentAllowed => None,
        Verdict::Absent => Some(words.rules.absent.to_owned()),
        Verdict::Broken => {
            let value = judged.value?.value;
            let reads_alike =
                plain(words, &figure, value) == plain(words, &figure, judged.rule.limit);
            reads_alike.then(|| (words.rules.exactly)(&exact(words, &figure, value)))
        }
        Verdict::Undecided => {
            let Bounded { least, most, .. } = judged.value?;
            Some(match (least, most) {
                (None, None) => words.rules.unsure.to_owned(),
                (Some(_), None) => words.rules.lower_bound.to_owned(),
                (None, Some(_)) => words.rules.upper_bound.to_owned(),
                (Some(least), Some(most)) => {
                    let exact = |value| exact(words, &figure, value);
                    (words.rules.between)(&exact(least), &exact(most))
                }
            })
        }
    }
}

/// A figure with its bounds, as the report prints it.
fn value(words: &Words, of: &Figure) -> String {
    let Some(Bounded { value, least, most }) = of.value else {
        return NONE.to_owned();
    };
    let text = plain(words, of, value);
    let is_length = of.unit == Unit::Us && !is_response_time(of);
    match (least, most) {
        (Some(least), most)
            if is_length && least < value && most.is_none_or(|most| most == value) =>
        {
            let downtime = Downtime {
                us: value as i64,
                resolution_us: (value - least) as i64,
                paused_us: 0,
                at_least: most.is_none(),
            };
            figure(words, downtime)
        }
        (Some(least), Some(most)) if is_length && least < most => {
            let (least, most) = (decimal(least / 1e6, 2), plain(words, of, most));
            format!("{text} ({})", (words.from_to)(&least, &most))
        }
        (Some(_), None) => (words.at_least)(&text),
        (None, Some(_)) => (words.at_most)(&text),
        _ => text,
    }
}

fn is_response_time(figure: &Figure) -> bool {
    known(&figure.name).is_some_and(|known| known.about().is_response_time)
}

/// A value without its bounds.
fn plain(words: &Words, figure: &Figure, value: f64) -> String {
    let units = words.units;
    match figure.unit {
        Unit::Us if is_response_time(figure) => units.response(value),
        Unit::Us => units.seconds(value as i64, 2),
        Unit::Fraction if figure.name.ends_with("availability") => units.percent(value, 3),
        Unit::Fraction => units.percent(value, 2),
        Unit::PerSecond => format!("{}{}/s", decimal(value, 2), units.gap),
        Unit::Count => decimal(value, 0),
    }
}

/// The same with all its places.
fn exact(words: &Words, figure: &Figure, value: f64) -> String {
    let units = words.units;
    let (value, unit) = match figure.unit {
        Unit::Us if is_response_time(figure) => (value / 1e3, units.millisecond),
        Unit::Us => (value / 1e6, units.second),
        Unit::Fraction => (value * 100.0, "%"),
        Unit::PerSecond => (value, "/s"),
        Unit::Count => return decimal(value, 0),
    };
    format!("{}{}{unit}", trimmed(value, 6), units.gap)
}
