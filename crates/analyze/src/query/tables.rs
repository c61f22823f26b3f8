//! The tables of several recordings as one lazy frame each, with all of their columns.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::DataType as ArrowType;
use polars::prelude::*;
use recording::Table;

use crate::error::AnalyzeError;
use crate::load::range::Cut;
use crate::load::{self, Loaded};
use crate::query::frame::{NamedFrame, TIME};
use crate::query::seconds::{self, Second};
use crate::query::views;
use crate::summarize;
use crate::summary::{Summary, Thresholds};

/// What the views are made of: a pass over the operations each, and so empty where no view is asked.
#[derive(Default)]
pub(crate) struct Figures {
    summaries: Vec<Summary>,
    seconds: Vec<Second>,
}

impl Figures {
    /// The figures of the views that are asked.
    pub(crate) fn of(
        loaded: &[Loaded],
        thresholds: Thresholds,
        asks: impl Fn(&str) -> bool,
    ) -> Result<Self, AnalyzeError> {
        let mut figures = Self::default();
        for loaded in loaded {
            if asks("outages") || asks("episodes") {
                figures.summaries.push(summarize(loaded, thresholds)?);
            }
            if asks("seconds") {
                figures.seconds.extend(seconds::of(loaded)?);
            }
        }
        Ok(figures)
    }
}

/// What a query can ask.
pub(crate) struct Tables(Vec<NamedFrame>);

impl Tables {
    /// The tables of some recordings, and the views with the rows of the figures.
    pub(crate) fn of(loaded: &[Loaded], figures: &Figures) -> PolarsResult<Self> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            let (frame, schema) = union(&known(table), loaded, table)?;
            let name = table.as_str();
            tables.push(NamedFrame {
                name,
                frame,
                schema,
            });
        }
        tables.push(views::outages(&figures.summaries)?);
        tables.push(views::episodes(&figures.summaries)?);
        tables.push(seconds::view(&figures.seconds)?);
        Ok(Self(tables))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &NamedFrame> {
        self.0.iter()
    }
}

/// The columns that format version 1 gives a table.
fn known(table: Table) -> Schema {
    let columns = match table {
        Table::Operations => recording::operations(),
        Table::Connections => recording::connections(),
        Table::Probes => recording::probes(),
        Table::Availability => recording::availability(),
        Table::Events => recording::events(),
        Table::Load => recording::load(),
    };
    let kind = |arrow: &ArrowType| match arrow {
        ArrowType::Int32 => DataType::Int32,
        ArrowType::Int64 => DataType::Int64,
        ArrowType::Float64 => DataType::Float64,
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Timestamp(..) => TIME,
        _ => DataType::String,
    };
    let fields = columns.fields().iter();
    fields
        .map(|field| (field.name().as_str().into(), kind(field.data_type())))
        .collect()
}

/// The rows of a table of some recordings, with the columns of all: one that a recording does not have is null in its rows.
fn union(known: &Schema, loaded: &[Loaded], table: Table) -> PolarsResult<(LazyFrame, SchemaRef)> {
    // Files of one schema are read together.
    let mut alike: Vec<((&SchemaRef, Cut), Vec<PathBuf>)> = Vec::new();
    let mut all = known.clone();
    for file in loaded.iter().flat_map(|loaded| loaded.files(table)) {
        let (kind, path) = ((file.schema, file.cut), file.path.to_path_buf());
        match alike.iter_mut().find(|(found, _)| *found == kind) {
            Some((_, files)) => files.push(path),
            None => {
                widen(&mut all, file.schema);
                alike.push((kind, vec![path]));
            }
        }
    }
    let mut frames = Vec::with_capacity(alike.len());
    for ((schema, cut), files) in alike {
        let columns = all.iter().map(|(name, kind)| match schema.get(name) {
            Some(found) => of_kind(in_one_form(name, found), kind),
            None => lit(NULL).cast(kind.clone()).alias(name.clone()),
        });
        let columns: Vec<Expr> = columns.collect();
        frames.push(cut.of_table_and_types(table, load::scan(&files)?.select(columns)));
    }
    let frame = match frames.len() {
        0 => DataFrame::empty_with_schema(&all).lazy(),
        1 => frames.remove(0),
        _ => concat(frames, UnionArgs::default())?,
    };
    Ok((frame, Arc::new(all)))
}

/// Adds the columns of a file, and widens types so that they hold its values.
fn widen(all: &mut Schema, schema: &Schema) {
    for (name, found) in schema.iter() {
        let (_, found) = in_one_form(name, found);
        let kind = match all.get(name) {
            Some(known) => wider(known, found),
            None => found,
        };
        all.insert(name.clone(), kind);
    }
}

/// A type that holds the values of both.
fn wider(known: &DataType, found: DataType) -> DataType {
    match known {
        _ if *known == found || found == DataType::Null => known.clone(),
        DataType::Null => found,
        _ if known.is_integer() && found.is_integer() => DataType::Int64,
        _ if known.is_primitive_numeric() && found.is_primitive_numeric() => DataType::Float64,
        _ => DataType::String,
    }
}

/// A column as every recorder writes it, and its type: text and time may have several forms.
fn in_one_form(name: &PlSmallStr, found: &DataType) -> (Expr, DataType) {
    let column = col(name.clone());
    match found {
        DataType::Categorical(..) | DataType::Enum(..) => {
            (column.cast(DataType::String), DataType::String)
        }
        found if *found == TIME => (column, TIME),
        // The zone is that of the text form: what is stored is UTC.
        DataType::Datetime(_, zone) => {
            let micros = DataType::Datetime(TimeUnit::Microseconds, zone.clone());
            (column.cast(micros).to_physical().cast(TIME), TIME)
        }
        found => (column, found.clone()),
    }
}

fn of_kind((column, found): (Expr, DataType), kind: &DataType) -> Expr {
    match found == *kind {
        true => column,
        false => column.strict_cast(kind.clone()),
    }
}
