//! Over the failovers of several recordings: each of them, and what holds over all.

use command_line::text::one_line;

use crate::campaign::{Campaign, Distribution, FailoverFigure, Measured, Paired, RunFailover};
use crate::gaps::HEADLINE_GROUPS;
use crate::summary::{Group, Interval, Spread};
use crate::text::Language;
use crate::text::document::{Block, Document, Section};
use crate::text::figures::{Downtime, of_failover};
use crate::text::format::{Calendar, NONE, decimal, optional, signed};
use crate::text::language::Words;
use crate::text::many::runs::{self, Set};
use crate::text::many::settings;
use crate::text::table::{Cell, Side, Table, Tone, item};
use crate::zone::Zone;

/// Every section, with times of day in a time zone.
#[must_use]
pub fn document(campaign: &Campaign, language: Language, zone: Zone) -> Document {
    let words = language.words();
    let many = &words.many;
    let page = CampaignPage {
        words,
        campaign,
        calendar: runs::calendar(&campaign.runs, zone),
    };
    let sets = [Set {
        name: None,
        runs: &campaign.runs,
    }];
    let runs = runs::blocks(words, &sets, page.calendar);
    let sections = vec![
        Section::new("verdict", words.verdict, page.verdict()),
        Section::new("charts", words.page.charts, vec![Block::Charts]),
        Section::of("overall", many.overall_heading, page.overall()),
        Section::of("paired", many.paired_heading, page.paired()),
        Section::of("failovers", words.failovers_heading, page.failovers()),
        Section::new("runs", many.runs_heading, runs),
        Section::of("notes", words.notes_heading, Block::Prose(page.notes())),
    ];
    Document::new(words, many.title, sections)
}

struct CampaignPage<'a> {
    words: &'static Words,
    campaign: &'a Campaign,
    /// `None` without a recording.
    calendar: Option<Calendar>,
}

impl CampaignPage<'_> {
    fn seconds(&self, us: i64) -> String {
        self.words.units.seconds(us, 2)
    }

    /// The downtime of each path in the group that was down longer, and how often the proxy was shorter.
    fn verdict(&self) -> Vec<Block> {
        let (words, many) = (self.words, &self.words.many);
        let mut items = Vec::new();
        for path in ["direct", "proxy"] {
            let of_path = |group| self.downtime(path, group).map(|spread| (group, spread));
            let groups = HEADLINE_GROUPS.into_iter().filter_map(of_path);
            let Some((group, spread)) = groups.max_by_key(|(_, spread)| spread.median_us) else {
                continue;
            };
            let [median, least, most] =
                [spread.median_us, spread.min_us, spread.max_us].map(|us| self.seconds(us));
            let text = (many.median_of)(&median, &least, &most, spread.n);
            items.push(item((words.path_name)(path), (words.down)(group, &text)));
        }
        let is_empty = items.is_empty();
        let mut blocks = vec![Block::List(items)];
        let paired = self
            .campaign
            .paired
            .iter()
            .filter(|paired| paired.measured == Measured::Downtime);
        blocks.extend(paired.map(|paired| {
            let text = (many.shorter_for)(paired.group, paired.proxy_shorter, paired.spread.n);
            Block::Sentence(text, Tone::Plain)
        }));
        if self.campaign.failovers.is_empty() {
            blocks.push(Block::Sentence(many.no_failover.to_owned(), Tone::Plain));
        } else if is_empty {
            blocks.push(Block::Sentence(words.no_pair.to_owned(), Tone::Plain));
        } else if self.campaign.failovers.len() == 1 {
            blocks.push(Block::Sentence(words.anecdote.to_owned(), Tone::Plain));
        }
        // Medians over recordings that were set up in different ways are of no one set-up.
        let varying = settings::sentence(words, &self.campaign.settings);
        blocks.extend(varying.map(|text| Block::Sentence(text, Tone::Plain)));
        blocks
    }

    fn downtime(&self, path: &str, group: Group) -> Option<Spread> {
        let mut figures = self.campaign.figures.iter();
        let found = figures.find(|figure| {
            figure.measured == Measured::Downtime && figure.path == path && figure.group == group
        });
        found?.spread
    }

    fn overall(&self) -> Table {
        let (words, many) = (self.words, &self.words.many);
        let mut table = Table::new(
            &[
                (words.figure, Side::Left),
                (words.group, Side::Left),
                (words.path_column, Side::Left),
                ("n", Side::Right),
                (words.median, Side::Right),
                (words.min, Side::Right),
                (words.max, Side::Right),
                (many.interval, Side::Right),
            ],
            2,
        );
        for figure in &self.campaign.figures {
            self.distribution(&mut table, figure);
        }
        table
    }

    fn distribution(&self, table: &mut Table, figure: &Distribution) {
        let (words, many) = (self.words, &self.words.many);
        let mut cells: Vec<Cell> = vec![
            (many.measured)(figure.measured).into(),
            (words.group_name)(figure.group).into(),
            (words.path_name)(&figure.path).into(),
        ];
        cells.extend(self.spread(figure.spread, |us| decimal(us as f64 / 1e6, 2)));
        table.row(cells);
        if figure.left_out > 0 {
            table.note((many.left_out)(figure.left_out));
        }
        if figure.without_episode > 0 {
            table.note((words.without_episode)(&figure.without_episode.to_string()));
        }
    }

    /// n, median, range and interval; `number` writes microseconds as seconds.
    fn spread(&self, spread: Option<Spread>, number: fn(i64) -> String) -> Vec<Cell> {
        let units = self.words.units;
        let seconds = |us| format!("{}{}{}", number(us), units.gap, units.second);
        let interval = |interval: Interval| {
            (self.words.from_to)(&number(interval.low_us), &seconds(interval.high_us))
        };
        vec![
            spread.map_or(0, |spread| spread.n).to_string().into(),
            optional(spread, |spread| seconds(spread.median_us)).into(),
            optional(spread, |spread| seconds(spread.min_us)).into(),
            optional(spread, |spread| seconds(spread.max_us)).into(),
            optional(spread.and_then(|spread| spread.interval), interval).into(),
        ]
    }

    fn paired(&self) -> Table {
        let (words, many) = (self.words, &self.words.many);
        let mut table = Table::new(
            &[
                (words.figure, Side::Left),
                (words.group, Side::Left),
                ("n", Side::Right),
                (words.median, Side::Right),
                (words.min, Side::Right),
                (words.max, Side::Right),
                (many.interval, Side::Right),
                (many.shorter, Side::Right),
            ],
            1,
        );
        for paired in &self.campaign.paired {
            let Paired {
                spread,
                proxy_shorter,
                ..
            } = paired;
            let mut cells: Vec<Cell> = vec![
                (many.measured)(paired.measured).into(),
                (words.group_name)(paired.group).into(),
            ];
            cells.extend(self.spread(Some(*spread), |us| signed(us as f64 / 1e6, 2)));
            cells.push((many.of)(*proxy_shorter, spread.n).into());
            table.row(cells);
            if paired.unpaired > 0 {
                table.note((many.unpaired)(paired.unpaired));
            }
        }
        table
    }

    fn failovers(&self) -> Table {
        let (words, many) = (self.words, &self.words.many);
        let shown = Shown {
            hosts: runs::has_several_hosts(&self.campaign.runs),
            services: self
                .campaign
                .figures
                .iter()
                .any(|of| of.measured == Measured::ServiceDowntime),
        };
        let zone = self.calendar.map(|calendar| calendar.zone());
        let from = words.from.replace("UTC", &zone.unwrap_or_default());
        let mut columns = vec![
            (words.number, Side::Right),
            (many.run, Side::Right),
            (from.as_str(), Side::Left),
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (words.downtime, Side::Right),
        ];
        columns.extend(
            shown
                .services
                .then_some((words.service.downtime, Side::Right)),
        );
        columns.extend([
            (many.to_first_failure, Side::Right),
            (many.to_new_writer, Side::Right),
            (many.to_full_throughput, Side::Right),
        ]);
        columns.extend(shown.hosts.then_some((many.worst_host, Side::Left)));
        let mut table = Table::new(&columns, 4);
        for failover in &self.campaign.failovers {
            for path in ["direct", "proxy"] {
                for group in HEADLINE_GROUPS {
                    let cells = self.calendar.and_then(|calendar| {
                        self.failover(failover, calendar, (path, group), shown)
                    });
                    cells.into_iter().for_each(|cells| table.row(cells));
                }
            }
        }
        table
    }

    fn failover(
        &self,
        failover: &RunFailover,
        calendar: Calendar,
        (path, group): (&str, Group),
        shown: Shown,
    ) -> Option<Vec<Cell>> {
        let words = self.words;
        let figure = |measured| failover.figure(path, group, measured);
        let downtime = figure(Measured::Downtime)?;
        let mut cells: Vec<Cell> = vec![
            failover.number.to_string().into(),
            failover.run.to_string().into(),
            calendar.time(failover.start).into(),
            (words.path_name)(path).into(),
            (words.group_name)(group).into(),
            self.down(downtime).into(),
        ];
        let service = figure(Measured::ServiceDowntime);
        cells.extend(
            shown
                .services
                .then(|| Cell::from(optional(service, |service| self.down(service)))),
        );
        for measured in [
            Measured::TriggerToFirstFailure,
            Measured::TriggerToNewWriter,
            Measured::FullThroughput,
        ] {
            cells.push(self.time(figure(measured)).into());
        }
        if shown.hosts {
            let worst = one_line(&downtime.host);
            cells.push((words.many.hosts)(downtime.hosts, failover.hosts_recording, &worst).into());
        }
        Some(cells)
    }

    fn down(&self, figure: &FailoverFigure) -> String {
        let downtime = figure.us.map(|us| Downtime {
            us,
            resolution_us: figure.resolution_us,
            paused_us: figure.paused_us,
            at_least: figure.at_least,
        });
        of_failover(self.words, downtime, figure.at_most_us)
    }

    fn time(&self, figure: Option<&FailoverFigure>) -> String {
        let Some((figure, us)) = figure.and_then(|figure| Some((figure, figure.us?))) else {
            return NONE.to_owned();
        };
        let text = self.words.units.seconds(us, 2);
        match figure.at_least {
            true => (self.words.at_least)(&text),
            false => text,
        }
    }

    fn notes(&self) -> Vec<String> {
        let (words, many) = (self.words, &self.words.many);
        let thresholds = self.campaign.thresholds;
        let [outage, stall, merge] = [
            thresholds.min_outage_us,
            thresholds.min_stall_us,
            thresholds.merge_within_us,
        ]
        .map(|us| words.units.setting(us));
        let mut notes = vec![
            words.note_downtime.to_owned(),
            many.note_measured.to_owned(),
        ];
        notes.push(many.note_run.to_owned());
        if runs::has_several_hosts(&self.campaign.runs) {
            notes.push(many.note_worst.to_owned());
        }
        if runs::has_host_clock(&self.campaign.runs) {
            notes.push(many.note_host_clock.to_owned());
        }
        if self.campaign.failovers.len() > 1 {
            notes.push(many.note_few.to_owned());
        }
        notes.push((words.note_thresholds)(&outage, &stall, &merge));
        let definitions = (words.definitions_text)(self.campaign.definitions);
        notes.push(format!("{}: {definitions}.", words.definitions));
        notes
    }
}

/// Columns that not every campaign has.
#[derive(Clone, Copy)]
struct Shown {
    hosts: bool,
    services: bool,
}
