//! Columns of any writer as plain numbers and words.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, UInt64Array};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Compression;
use parquet::file::metadata::RowGroupMetaData;

use crate::load::columns::OPERATIONS;

/// No time and no count is further from 0, and sums and differences of two still fit: the microseconds of 73,000 years.
pub(crate) const FURTHEST: i64 = i64::MAX / 4;

/// True where the one pass reads the part as it is; and where nothing can be read of it, which is told when it is.
pub(super) fn is_plain(path: &Path) -> bool {
    let metadata = File::open(path)
        .ok()
        .and_then(|file| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).ok());
    let Some(metadata) = metadata else {
        return true;
    };
    let is_read = |name: &str| OPERATIONS.iter().any(|column| column.name == name);
    let fields = metadata.schema().fields().iter();
    let mut fields = fields.filter(|field| is_read(field.name()));
    let groups = metadata.metadata().row_groups().iter();
    let columns = groups.flat_map(RowGroupMetaData::columns);
    let mut columns = columns.filter(|column| is_read(&column.column_path().string()));
    let is_known = |codec| matches!(codec, Compression::UNCOMPRESSED | Compression::ZSTD(_));
    fields.all(|field| is_plain_type(field.data_type()))
        && columns.all(|column| is_known(column.compression()))
}

fn is_plain_type(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, words) => words.is_string() || **words == DataType::Null,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Timestamp(..) => true,
        other => other.is_integer(),
    }
}

/// A column of texts: for each row the number of its word, or of none.
pub(crate) struct Texts {
    keys: Vec<u32>,
    words: Words,
}

/// Texts in one of the forms that Arrow has.
enum Words {
    None,
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
}

/// The number of no word.
const NO_WORD: u32 = u32::MAX;

impl Texts {
    pub(super) fn none(rows: usize) -> Self {
        Self {
            keys: vec![NO_WORD; rows],
            words: Words::None,
        }
    }

    /// `None` where the column holds something else.
    pub(super) fn of(column: &ArrayRef) -> Option<Self> {
        let (numbers, words): (Vec<u32>, _) = match column.as_any_dictionary_opt() {
            Some(dictionary) => (keys(dictionary.keys())?, dictionary.values()),
            None => ((0..).take(column.len()).collect(), column),
        };
        let or_none = |(row, number)| match column.is_null(row) {
            true => NO_WORD,
            false => number,
        };
        let keys = match column.null_count() {
            0 => numbers,
            _ => numbers.into_iter().enumerate().map(or_none).collect(),
        };
        let words = Words::of(words)?;
        Some(Self { keys, words })
    }

    /// The word of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.words.get(self.keys[row] as usize)
    }

    /// What each word means, and what no word means.
    pub(crate) fn meanings<T>(
        &self,
        mut meaning: impl FnMut(Option<&str>) -> T,
    ) -> Meanings<'_, T> {
        let words = (0..self.words.len()).map(|number| self.words.get(number));
        Meanings {
            keys: &self.keys,
            of_words: words.map(&mut meaning).collect(),
            none: meaning(None),
        }
    }
}

impl Words {
    fn of(column: &ArrayRef) -> Option<Self> {
        Some(match column.data_type() {
            DataType::Utf8 => Self::Small(column.as_string::<i32>().clone()),
            DataType::LargeUtf8 => Self::Large(column.as_string::<i64>().clone()),
            DataType::Utf8View => Self::View(column.as_string_view().clone()),
            DataType::Null => Self::None,
            _ => return None,
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Small(words) => words.len(),
            Self::Large(words) => words.len(),
            Self::View(words) => words.len(),
        }
    }

    fn get(&self, number: usize) -> Option<&str> {
        if number >= self.len() {
            return None;
        }
        match self {
            Self::None => None,
            Self::Small(words) => words.is_valid(number).then(|| words.value(number)),
            Self::Large(words) => words.is_valid(number).then(|| words.value(number)),
            Self::View(words) => words.is_valid(number).then(|| words.value(number)),
        }
    }
}

/// What the words of a column mean: looked up once for each word.
pub(crate) struct Meanings<'t, T> {
    keys: &'t [u32],
    of_words: Vec<T>,
    none: T,
}

impl<T> Meanings<'_, T> {
    /// Of the word of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &T {
        self.of_words
            .get(self.keys[row] as usize)
            .unwrap_or(&self.none)
    }
}

/// A column of whole numbers; times are UTC microseconds.
pub(crate) struct Integers {
    values: ScalarBuffer<i64>,
    nulls: Option<NullBuffer>,
}

impl Integers {
    pub(super) fn none() -> Self {
        Self {
            values: Vec::new().into(),
            nulls: None,
        }
    }

    /// `None` where the column holds something else.
    pub(super) fn of(column: &ArrayRef) -> Option<Self> {
        let values = match column.data_type() {
            DataType::Int64 => column.as_primitive::<Int64Type>().values().clone(),
            DataType::Timestamp(TimeUnit::Microsecond, _) => column
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .clone(),
            DataType::Timestamp(TimeUnit::Second, _) => {
                each::<TimestampSecondType>(column, |value| value.saturating_mul(1_000_000))
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                each::<TimestampMillisecondType>(column, |value| value.saturating_mul(1_000))
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                each::<TimestampNanosecondType>(column, |value| value.div_euclid(1_000))
            }
            DataType::Int8 => each::<Int8Type>(column, i64::from),
            DataType::Int16 => each::<Int16Type>(column, i64::from),
            DataType::Int32 => each::<Int32Type>(column, i64::from),
            DataType::UInt8 => each::<UInt8Type>(column, i64::from),
            DataType::UInt16 => each::<UInt16Type>(column, i64::from),
            DataType::UInt32 => each::<UInt32Type>(column, i64::from),
            DataType::UInt64 => return Some(Self::unsigned(column.as_primitive::<UInt64Type>())),
            DataType::Null => return Some(Self::none()),
            _ => return None,
        };
        let nulls = column.nulls().cloned();
        Some(Self { values, nulls })
    }

    /// What is beyond 63 bits is no number that a recorder writes.
    fn unsigned(column: &UInt64Array) -> Self {
        let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
        let numbers: Vec<Option<i64>> = column.iter().map(number).collect();
        Self {
            values: numbers.iter().map(|number| number.unwrap_or(0)).collect(),
            nulls: Some(numbers.iter().map(Option::is_some).collect()),
        }
    }

    /// The number of a row. Values beyond what a recorder writes, as a damaged part may hold them, are clamped so that sums can't overflow.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some((*self.values.get(row)?).clamp(-FURTHEST, FURTHEST)),
        }
    }
}

fn each<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    micros: impl Fn(T::Native) -> i64,
) -> ScalarBuffer<i64> {
    let values = column.as_primitive::<T>().values().iter();
    values
        .map(|value| micros(*value))
        .collect::<Vec<i64>>()
        .into()
}

/// The keys of a dictionary.
fn keys(keys: &dyn Array) -> Option<Vec<u32>> {
    Some(match keys.data_type() {
        DataType::Int8 => key::<Int8Type>(keys, |key| key as u32),
        DataType::Int16 => key::<Int16Type>(keys, |key| key as u32),
        DataType::Int32 => key::<Int32Type>(keys, |key| key as u32),
        DataType::Int64 => key::<Int64Type>(keys, |key| key as u32),
        DataType::UInt8 => key::<UInt8Type>(keys, u32::from),
        DataType::UInt16 => key::<UInt16Type>(keys, u32::from),
        DataType::UInt32 => key::<UInt32Type>(keys, |key| key),
        DataType::UInt64 => key::<UInt64Type>(keys, |key| key as u32),
        _ => return None,
    })
}

fn key<T: ArrowPrimitiveType>(keys: &dyn Array, number: impl Fn(T::Native) -> u32) -> Vec<u32> {
    let values = keys.as_primitive::<T>().values().iter();
    values.map(|value| number(*value)).collect()
}
