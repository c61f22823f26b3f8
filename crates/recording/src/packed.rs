//! The form of batches in the journal: the table's columns, their numbers arranged so that zstd finds what they have in common.
//!
//! A column of timestamps or of `operation_id` holds the differences of neighbours, and every column of 32 or 64 bits holds the
//! lowest bytes of all its values first, then the next ones: those above are zeros then. A third of the bytes, a third of the time.
//! A journal in this form says so in the metadata of its schema; one without is read as it is.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Int32Array, PrimitiveArray, RecordBatch, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

/// The key in the schema's metadata, and what it says of the form described above.
const FORM: (&str, &str) = ("form", "split");

/// The schema of a journal of batches with this one.
pub(crate) fn schema(schema: &Schema) -> SchemaRef {
    let metadata = HashMap::from([(FORM.0.to_owned(), FORM.1.to_owned())]);
    Arc::new(Schema::new_with_metadata(schema.fields().clone(), metadata))
}

/// A batch as it stands in the journal; `schema` is that of [`schema`].
pub(crate) fn pack(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema_ref().fields().iter();
    let columns = fields.zip(batch.columns()).map(|(field, column)| {
        let is_delta = is_delta(field);
        match field.data_type() {
            DataType::Int32 => {
                let array = column.as_primitive::<Int32Type>();
                let bits = array.values().iter().map(|value| value.cast_unsigned());
                let bytes = split(bits.map(u64::from), array.len(), 4);
                let values: Vec<i32> = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| i32::from_le_bytes(*bytes))
                    .collect();
                Arc::new(Int32Array::new(values.into(), array.nulls().cloned())) as ArrayRef
            }
            DataType::Int64 => Arc::new(pack_wide(column.as_primitive::<Int64Type>(), is_delta)),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let array = column.as_primitive::<TimestampMicrosecondType>();
                Arc::new(pack_wide(array, is_delta).with_timezone_opt(zone.clone()))
            }
            _ => Arc::clone(column),
        }
    });
    RecordBatch::try_new(schema.clone(), columns.collect())
}

/// A batch of a journal as the table has it: plain numbers and plain text.
pub(crate) fn unpack(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    if batch
        .schema_ref()
        .metadata()
        .get(FORM.0)
        .map(String::as_str)
        != Some(FORM.1)
    {
        return Ok(batch);
    }
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let is_delta = is_delta(field);
        let column = match field.data_type() {
            DataType::Int32 => {
                let array = column.as_primitive::<Int32Type>();
                let bytes: Vec<u8> = array
                    .values()
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                let values: Vec<i32> = joined(&bytes, array.len(), 4)
                    // Only the lower half was ever set.
                    .map(|bits| (bits as u32).cast_signed())
                    .collect();
                Arc::new(Int32Array::new(values.into(), array.nulls().cloned())) as ArrayRef
            }
            DataType::Int64 => Arc::new(unpack_wide(column.as_primitive::<Int64Type>(), is_delta)),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let array = column.as_primitive::<TimestampMicrosecondType>();
                let array: TimestampMicrosecondArray = unpack_wide(array, is_delta);
                Arc::new(array.with_timezone_opt(zone.clone()))
            }
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => plain_text(column)?,
            _ => Arc::clone(column),
        };
        fields.push(Field::new(
            field.name(),
            column.data_type().clone(),
            field.is_nullable(),
        ));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Columns whose values grow from row to row.
fn is_delta(field: &Field) -> bool {
    matches!(field.data_type(), DataType::Timestamp(..)) || field.name() == "operation_id"
}

fn pack_wide<T: ArrowPrimitiveType<Native = i64>>(
    array: &PrimitiveArray<T>,
    is_delta: bool,
) -> PrimitiveArray<T> {
    let values = array.values();
    let bytes = if is_delta {
        let mut last = 0_i64;
        let nulls = array.nulls();
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
    } else {
        split(
            values.iter().map(|value| value.cast_unsigned()),
            values.len(),
            8,
        )
    };
    let values: Vec<i64> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|bytes| i64::from_le_bytes(*bytes))
        .collect();
    PrimitiveArray::new(values.into(), array.nulls().cloned())
}

fn unpack_wide<T: ArrowPrimitiveType<Native = i64>>(
    array: &PrimitiveArray<T>,
    is_delta: bool,
) -> PrimitiveArray<T> {
    let bytes: Vec<u8> = array
        .values()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let bits = joined(&bytes, array.len(), 8);
    let values: Vec<i64> = if is_delta {
        let mut last = 0_i64;
        bits.map(|bits| {
            let difference = (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed();
            last = last.wrapping_add(difference);
            last
        })
        .collect()
    } else {
        bits.map(u64::cast_signed).collect()
    };
    PrimitiveArray::new(values.into(), array.nulls().cloned())
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
    use crate::builders::{self, Origin};
    use crate::layout::Table;
    use crate::rows::Operation;
    use crate::vocabulary::{OperationType, Outcome, Path};

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
        builders::operations(&crate::schema::in_memory(Table::Operations), &origin, rows).unwrap()
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
        let unpacked = unpack(packed).unwrap();
        assert_eq!(unpacked.schema(), crate::schema::operations());
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
        let unpacked = unpack(pack(&empty, &schema(empty.schema_ref())).unwrap()).unwrap();
        assert_eq!(unpacked.num_rows(), 0);
        assert_eq!(unpacked.schema(), crate::schema::operations());
        let plain = unpack(built(&[row(1, 2)])).unwrap();
        assert_eq!(plain, built(&[row(1, 2)]), "as it is");
    }
}
