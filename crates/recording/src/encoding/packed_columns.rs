//! The form of batches in the journal: the table's columns, their numbers arranged so that zstd finds what they have in common.
//!
//! A column of timestamps or of `operation_id` holds the differences of neighbours, and every column of 32 or 64 bits holds the
//! lowest bytes of all its values first, then the next ones: those above are zeros then. A third of the bytes, a third of the time.
//! Such a column is one of fixed-size binary values, so that no other reader takes it for numbers; the metadata of its field says
//! what it is. Words are numbers and a list. A column that does not say so is read as it is.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch,
    TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

/// The key in a field's metadata.
const KEY: &str = "packed";

/// What a packed column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packed {
    /// 32-bit numbers.
    Int32,
    /// 64-bit numbers.
    Int64,
    /// Differences of 64-bit numbers.
    Int64Delta,
    /// Differences of timestamps in microseconds UTC.
    TimestampDelta,
}

impl Packed {
    const ALL: [Self; 4] = [
        Self::Int32,
        Self::Int64,
        Self::Int64Delta,
        Self::TimestampDelta,
    ];

    /// The word in the field's metadata.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Int64Delta => "int64 delta",
            Self::TimestampDelta => "timestamp delta",
        }
    }

    /// How a column is packed; `None` for one that stays as it is.
    fn of(field: &Field) -> Option<Self> {
        match field.data_type() {
            DataType::Int32 => Some(Self::Int32),
            DataType::Int64 if field.name() == "operation_id" => Some(Self::Int64Delta),
            DataType::Int64 => Some(Self::Int64),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Some(Self::TimestampDelta),
            _ => None,
        }
    }

    /// How a column of a journal was packed.
    fn was(field: &Field) -> Option<Self> {
        let word = field.metadata().get(KEY)?;
        Self::ALL.into_iter().find(|packed| packed.as_str() == word)
    }

    /// Bytes of a value.
    const fn width(self) -> usize {
        match self {
            Self::Int32 => 4,
            _ => 8,
        }
    }
}

/// The schema of a journal of batches with this one.
pub(crate) fn schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match Packed::of(field) {
        Some(packed) => {
            // 4 or 8.
            let kind = DataType::FixedSizeBinary(packed.width() as i32);
            let metadata = HashMap::from([(KEY.to_owned(), packed.as_str().to_owned())]);
            let field = Field::new(field.name(), kind, field.is_nullable());
            FieldRef::new(field.with_metadata(metadata))
        }
        None => FieldRef::clone(field),
    });
    let metadata = schema.metadata().clone();
    Arc::new(Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        metadata,
    ))
}

/// A batch as it stands in the journal; `schema` is that of [`schema`].
pub(crate) fn pack(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema_ref().fields().iter();
    let columns = fields.zip(batch.columns()).map(|(field, column)| {
        let Some(packed) = Packed::of(field) else {
            return Ok(Arc::clone(column));
        };
        let width = packed.width();
        let length = column.len();
        let bytes = match packed {
            Packed::Int32 => {
                let values = column.as_primitive::<Int32Type>().values().iter();
                let bits = values.map(|value| u64::from(value.cast_unsigned()));
                split(bits, length, width)
            }
            Packed::Int64 => {
                let values = column.as_primitive::<Int64Type>().values().iter();
                split(values.map(|value| value.cast_unsigned()), length, width)
            }
            Packed::Int64Delta => split_deltas(column, column.as_primitive::<Int64Type>().values()),
            Packed::TimestampDelta => {
                let values = column.as_primitive::<TimestampMicrosecondType>().values();
                split_deltas(column, values)
            }
        };
        let nulls = column.nulls().cloned();
        FixedSizeBinaryArray::try_new_with_len(width as i32, bytes.into(), nulls, length)
            .map(|array| Arc::new(array) as ArrayRef)
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

/// A batch of a journal as the table has it: plain numbers and plain text.
pub(crate) fn unpack(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    convert(batch, true)
}

/// A batch of a journal as it was before [`pack`]: plain numbers, and words by their numbers.
pub(crate) fn unpack_numbers(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    convert(batch, false)
}

fn convert(batch: &RecordBatch, to_text: bool) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let column = match (Packed::was(field), field.data_type()) {
            (Some(packed), _) => unpack_column(packed, column)?,
            (None, DataType::Dictionary(_, words)) if to_text && **words == DataType::Utf8 => {
                plain_text(column)?
            }
            _ => Arc::clone(column),
        };
        let kind = column.data_type().clone();
        fields.push(Field::new(field.name(), kind, field.is_nullable()));
        columns.push(column);
    }
    let metadata = batch.schema_ref().metadata().clone();
    RecordBatch::try_new(
        Arc::new(Schema::new_with_metadata(fields, metadata)),
        columns,
    )
}

/// How many words the lists of a batch hold; lists only grow.
pub(crate) fn words(batch: &RecordBatch) -> Option<usize> {
    let lists = batch.columns().iter();
    let lists = lists.filter_map(|column| column.as_any_dictionary_opt());
    Some(lists.map(|list| list.values().len()).sum())
}

fn unpack_column(packed: Packed, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let refused = || ArrowError::SchemaError(format!("not a column of {}", packed.as_str()));
    let width = packed.width();
    let array = column.as_fixed_size_binary_opt().ok_or_else(refused)?;
    let length = array.len();
    let bytes = array.value_data();
    if usize::try_from(array.value_length()) != Ok(width) || bytes.len() != length * width {
        return Err(refused());
    }
    let bits = joined(bytes, length, width);
    let nulls = array.nulls().cloned();
    Ok(match packed {
        Packed::Int32 => {
            // Only the lower half was ever set.
            let values: Vec<i32> = bits.map(|bits| (bits as u32).cast_signed()).collect();
            Arc::new(Int32Array::new(values.into(), nulls))
        }
        Packed::Int64 => {
            let values: Vec<i64> = bits.map(u64::cast_signed).collect();
            Arc::new(Int64Array::new(values.into(), nulls))
        }
        Packed::Int64Delta => Arc::new(Int64Array::new(sums(bits).into(), nulls)),
        Packed::TimestampDelta => {
            let times = TimestampMicrosecondArray::new(sums(bits).into(), nulls);
            Arc::new(times.with_timezone("UTC"))
        }
    })
}

/// The differences of neighbours, their bytes split.
fn split_deltas(column: &ArrayRef, values: &[i64]) -> Vec<u8> {
    let mut last = 0_i64;
    let nulls = column.nulls();
    let differences: Vec<u64> = values
        .iter()
        .enumerate()
        .map(|(row, value)| {
            // What stands under a null is nobody's: as the value before, it costs nothing.
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return 0;
            }
            let difference = value.wrapping_sub(last);
            last = *value;
            // Small in either direction is small: 0, -1, 1, -2 become 0, 1, 2, 3.
            ((difference << 1) ^ (difference >> 63)).cast_unsigned()
        })
        .collect();
    split(differences.into_iter(), values.len(), 8)
}

/// The values of which [`split_deltas`] took the differences.
fn sums(differences: impl Iterator<Item = u64>) -> Vec<i64> {
    let mut last = 0_i64;
    differences
        .map(|bits| {
            let difference = (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed();
            last = last.wrapping_add(difference);
            last
        })
        .collect()
}

/// The lowest byte of every value, then the next of every value, up to `width` bytes each.
fn split(values: impl Iterator<Item = u64> + Clone, length: usize, width: usize) -> Vec<u8> {
    let mut bytes = vec![0; length * width];
    let used = values.clone().fold(0, std::ops::BitOr::bitor);
    // The planes above the highest bit in use stay zeros.
    let planes = (u64::BITS - used.leading_zeros()).div_ceil(8) as usize;
    if length > 0 {
        for (plane, out) in bytes.chunks_exact_mut(length).take(planes).enumerate() {
            for (byte, value) in out.iter_mut().zip(values.clone()) {
                // The byte that was shifted to the lowest place.
                *byte = (value >> (8 * plane)) as u8;
            }
        }
    }
    bytes
}

/// The values that [`split`] took apart.
fn joined(bytes: &[u8], length: usize, width: usize) -> impl Iterator<Item = u64> {
    (0..length).map(move |row| {
        (0..width).fold(0, |bits, plane| {
            bits | u64::from(bytes[plane * length + row]) << (8 * plane)
        })
    })
}

/// Text by numbers as plain text.
fn plain_text(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let refused = || ArrowError::SchemaError("not text by numbers".to_owned());
    let column = column.as_any_dictionary_opt().ok_or_else(refused)?;
    let words = column.values().as_string_opt::<i32>().ok_or_else(refused)?;
    let mut plain = StringBuilder::with_capacity(column.len(), column.len() * 8);
    if words.is_empty() {
        // Without words there is no value, and nothing to look up.
        (0..column.len()).for_each(|_| plain.append_null());
    } else {
        for (row, number) in column.normalized_keys().into_iter().enumerate() {
            let is_value = column.is_valid(row) && words.is_valid(number);
            plain.append_option(is_value.then(|| words.value(number)));
        }
    }
    Ok(Arc::new(plain.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::Table;
    use crate::format::rows::Operation;
    use crate::format::vocabulary::{OperationType, Outcome, Path};
    use crate::write::columns;
    use crate::write::columns::Origin;
    use crate::write::queued_operation::Queued;

    fn row(operation_id: i64, time: i64) -> Operation {
        Operation {
            path: Path::Proxy,
            worker: Some(i32::MIN),
            operation_id,
            operation_type: OperationType::Write,
            operation_name: "create_order",
            scheduled_time: time,
            start_time: Some(time),
            end_time: Some(time),
            checkout_us: Some(-1),
            execute_us: Some(i64::MAX),
            outcome: Outcome::Ok,
            affected_rows: Some(0x0102_0304_0506_0708),
            connection_id: None,
            failure: None,
        }
    }

    fn built(rows: &[Operation]) -> RecordBatch {
        let origin = Origin::new("run".to_owned(), "host".to_owned());
        let rows: Vec<Queued> = rows.iter().cloned().map(Queued::from).collect();
        columns::operations(
            &crate::format::schema::in_memory(Table::Operations),
            &origin,
            &rows,
        )
        .unwrap()
    }

    #[test]
    fn extreme_numbers_nulls_and_texts_come_back_as_the_table_has_them() {
        let mut missing = row(3, i64::MIN);
        (missing.worker, missing.start_time, missing.end_time) = (None, None, None);
        missing.execute_us = None;
        missing.operation_name = "user_list";
        let rows = [
            row(i64::MIN, i64::MAX),
            missing,
            row(i64::MAX, -1),
            row(7, 0),
        ];
        let batch = built(&rows);
        let packed = pack(&batch, &schema(batch.schema_ref())).unwrap();
        assert_ne!(packed.column(4), batch.column(4), "it is packed");
        assert_eq!(unpack_numbers(&packed).unwrap(), batch);
        let unpacked = unpack(&packed).unwrap();
        assert_eq!(unpacked.schema(), crate::format::schema::operations());
        for (place, column) in batch.columns().iter().enumerate() {
            let expected = match column.data_type() {
                DataType::Dictionary(..) => plain_text(column).unwrap(),
                _ => Arc::clone(column),
            };
            let name = batch.schema_ref().field(place).name();
            assert_eq!(unpacked.column(place), &expected, "{name}");
        }
        let names = unpacked.column(6).as_string::<i32>();
        let names: Vec<_> = names.iter().flatten().collect();
        assert_eq!(
            names,
            ["create_order", "user_list", "create_order", "create_order"],
            "in the order of their numbers"
        );
    }

    #[test]
    fn a_batch_without_rows_and_one_of_another_form_are_read_too() {
        let empty = built(&[]);
        let unpacked = unpack(&pack(&empty, &schema(empty.schema_ref())).unwrap()).unwrap();
        assert_eq!(unpacked.num_rows(), 0);
        assert_eq!(unpacked.schema(), crate::format::schema::operations());
        let plain = unpack(&built(&[row(1, 2)])).unwrap();
        let again = unpack(&plain).unwrap();
        assert_eq!(again, plain, "as it is");
    }
}
