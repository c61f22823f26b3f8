//! What there is to be asked: tables and views, their columns, and what each one means.

use polars::prelude::{DataType, Schema};
use recording::{FORMAT_PAGE, Table};

use crate::query::seconds::SECONDS;
use crate::query::sql::Sql;
use crate::query::tables::Tables;
use crate::query::views::{EPISODES, OUTAGES, ViewColumn};

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// One line.
    pub meaning: String,
    pub columns: Vec<EntryColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryColumn {
    pub name: String,
    /// As `FORMAT.md` names types.
    pub kind: String,
    /// One line, with the unit.
    pub meaning: String,
}

/// Every table of a recording, with its columns as `FORMAT.md` has them, and every view.
#[must_use]
pub fn entries() -> Vec<Entry> {
    let tables = Table::ALL
        .into_iter()
        .map(|table| of_format(table.as_str()));
    let of_view = |column: &ViewColumn| EntryColumn {
        name: column.name.to_owned(),
        kind: column.kind().to_owned(),
        meaning: column.meaning.to_owned(),
    };
    let outages = Entry {
        name: "outages".to_owned(),
        meaning: "View: the outages, with the figures of the report.".to_owned(),
        columns: OUTAGES.iter().map(of_view).collect(),
    };
    let episodes = Entry {
        name: "episodes".to_owned(),
        meaning: "View: outages close together, and how each was recovered from, with the figures of the report.".to_owned(),
        columns: EPISODES.iter().map(of_view).collect(),
    };
    let seconds = Entry {
        name: "seconds".to_owned(),
        meaning: "View: the operations of each second in which any ended.".to_owned(),
        columns: SECONDS
            .iter()
            .map(|(name, kind, meaning)| EntryColumn {
                name: (*name).to_owned(),
                kind: (*kind).to_owned(),
                meaning: (*meaning).to_owned(),
            })
            .collect(),
    };
    tables.chain([outages, episodes, seconds]).collect()
}

/// A table as `FORMAT.md` describes it.
fn of_format(table: &str) -> Entry {
    let heading = format!("## Table: `{table}`");
    let mut lines = FORMAT_PAGE.lines().skip_while(|line| *line != heading);
    lines.next();
    let section: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let prose = section.iter().skip_while(|line| line.is_empty());
    let prose: Vec<&str> = prose.take_while(|line| !line.is_empty()).copied().collect();
    let prose = plain(&prose.join(" "));
    let first = prose
        .split_once(". ")
        .map_or(prose.as_str(), |(first, _)| first);
    let rows = section.iter().filter(|line| line.starts_with("| `"));
    Entry {
        name: table.to_owned(),
        meaning: format!("{}.", first.trim_end_matches('.')),
        columns: rows.filter_map(|row| column(row)).collect(),
    }
}

/// `| name | type | null | encoding | meaning |`
fn column(row: &str) -> Option<EntryColumn> {
    let cells: Vec<String> = row.trim_matches('|').split('|').map(plain).collect();
    let [name, kind, null, _, meaning] = <[String; 5]>::try_from(cells).ok()?;
    let meaning = with_words(&meaning, &name);
    Some(EntryColumn {
        kind,
        meaning: match null.as_str() {
            "never" => meaning,
            _ => format!("{meaning}; null: {null}"),
        },
        name,
    })
}

/// A meaning with the words themselves, where `FORMAT.md` says that they stand below, and without what it says above.
fn with_words(meaning: &str, column: &str) -> String {
    let meaning = meaning
        .replace("; of several hosts, see above", "")
        .replace("; of several, see above", "");
    let Some((before, reference)) = meaning
        .split_once("word")
        .filter(|_| meaning.contains(" below"))
    else {
        return meaning;
    };
    let (reference, after) = reference.split_once(" below").unwrap_or((reference, ""));
    let of = reference.trim().strip_prefix("of ").unwrap_or(column);
    let before = before
        .trim_end_matches(['a', 'A', ' '])
        .trim_end_matches(',');
    let words = words(of).join(", ");
    match before {
        // The words of this table follow.
        _ if after.starts_with(':') => format!("{before}{after}"),
        "" => format!("{words}{after}"),
        _ => format!("{before}: {words}{after}"),
    }
}

/// The words of a section `Words`.
fn words(of: &str) -> Vec<String> {
    let heading = format!("## Words: `{of}`");
    let section = FORMAT_PAGE
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1);
    let rows = section
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| row.split('|').nth(1).map(plain))
        .collect()
}

fn plain(text: &str) -> String {
    text.replace('`', "").trim().to_owned()
}

/// The columns that recordings have and this version does not know.
pub(crate) fn with_later(mut entries: Vec<Entry>, tables: &Tables) -> Vec<Entry> {
    for table in tables.iter() {
        let Some(entry) = entries.iter_mut().find(|entry| entry.name == table.name) else {
            continue;
        };
        for (name, kind) in table.schema.iter() {
            if !entry
                .columns
                .iter()
                .any(|known| known.name == name.as_str())
            {
                entry.columns.push(EntryColumn {
                    name: name.to_string(),
                    kind: name_of(kind),
                    meaning: "A column that this version does not know".to_owned(),
                });
            }
        }
    }
    entries
}

/// What `FORMAT.md` calls a type.
pub(crate) fn name_of(kind: &DataType) -> String {
    match kind {
        DataType::String => "string".to_owned(),
        DataType::Int32 => "int32".to_owned(),
        DataType::Int64 => "int64".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Datetime(..) => "timestamp".to_owned(),
        other => other.to_string(),
    }
}

/// The names of tables and of their columns.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(&'static str, Vec<String>)>);

impl Names {
    pub(crate) fn of(tables: &Tables) -> Self {
        let columns = |schema: &Schema| schema.iter_names().map(ToString::to_string).collect();
        let tables = tables.iter();
        Self(
            tables
                .map(|table| (table.name, columns(&table.schema)))
                .collect(),
        )
    }

    pub(crate) fn tables(&self) -> Vec<&str> {
        self.0.iter().map(|(table, _)| *table).collect()
    }

    /// The columns of the tables that a query names; where it names none, of all.
    pub(crate) fn columns(&self, sql: &Sql) -> Vec<&str> {
        let is_named = |table: &str| sql.names(table);
        let any = self.0.iter().any(|(table, _)| is_named(table));
        let asked = self.0.iter().filter(|(table, _)| !any || is_named(table));
        asked
            .flat_map(|(_, columns)| columns.iter().map(String::as_str))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::tables::Figures;

    #[test]
    fn words_stand_in_the_meaning() {
        let entries = entries();
        let meaning = |table: &str, column: &str| {
            let entry = entries.iter().find(|entry| entry.name == table).unwrap();
            let mut columns = entry.columns.iter();
            let column = columns.find(|found| found.name == column).unwrap();
            column.meaning.clone()
        };
        assert_eq!(
            meaning("operations", "operation_type"),
            "read, write, transaction"
        );
        assert_eq!(
            meaning("operations", "path"),
            "The way to the database: direct, proxy"
        );
        assert_eq!(
            meaning("connections", "error_phase"),
            "How far it came: dns, tcp, tls, startup, identify; null: success"
        );
        assert!(meaning("availability", "outcome").starts_with("How it ended: ok, failed, "));
    }

    #[test]
    fn every_column_is_described() {
        let tables = Tables::of(&[], &Figures::default()).unwrap();
        let entries = entries();
        assert_eq!(tables.iter().count(), entries.len());
        for table in tables.iter() {
            let entry = entries
                .iter()
                .find(|entry| entry.name == table.name)
                .unwrap();
            let described: Vec<_> = entry
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.kind.clone()))
                .collect();
            let there: Vec<_> = table
                .schema
                .iter()
                .map(|(name, kind)| (name.to_string(), name_of(kind)))
                .collect();
            assert_eq!(described, there, "{}", table.name);
            let texts = entry
                .columns
                .iter()
                .map(|column| &column.meaning)
                .chain([&entry.meaning]);
            for text in texts {
                assert!(
                    !text.is_empty() && !text.contains(['`', '|', '\n']),
                    "{text}"
                );
            }
            for column in entry
                .columns
                .iter()
                .filter(|column| column.name.ends_with("_us"))
            {
                assert!(
                    column.meaning.to_lowercase().contains("microseconds"),
                    "{column:?}"
                );
            }
        }
    }
}
