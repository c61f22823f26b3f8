//! Settings of recordings, and in which of them several differ.

use command_line::text::one_line;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::campaign::VaryingSetting;
use crate::text::format::NONE;
use crate::text::language::Words;

/// So many values of a setting are written out.
pub(super) const MOST_VALUES: usize = 3;

/// In a sentence longer values are left out, such as commands.
const WIDEST_VALUE: usize = 24;

/// A setting as the manifest has it; a time has its unit with its value.
pub(super) fn name(name: &str) -> String {
    one_line(name.strip_suffix("_us").unwrap_or(name))
}

/// A value of the setting of this name.
pub(super) fn value(words: &Words, name: &str, value: &Value) -> String {
    let many = &words.many;
    let is_time = name.ends_with("_us");
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(true) => many.yes.to_owned(),
        Value::Bool(false) => many.no.to_owned(),
        Value::String(text) => one_line(text),
        Value::Number(number) => match number.as_i64().filter(|_| is_time) {
            Some(us) => words.units.setting(us),
            None => number.to_string(),
        },
        other => one_line(&other.to_string()),
    }
}

/// In which settings the recordings differ, in a sentence; `None` where they do not.
pub(super) fn sentence(words: &Words, settings: &[VaryingSetting]) -> Option<String> {
    let many = &words.many;
    let one = |setting: &VaryingSetting| {
        let values = setting.values.iter();
        let values = values.map(|of| value(words, &setting.name, &of.value));
        let mut values: Vec<String> = values.collect();
        let name = name(&setting.name);
        if values.iter().any(|value| value.width() > WIDEST_VALUE) {
            return name;
        }
        let more = values.len().saturating_sub(MOST_VALUES);
        if more > 0 {
            values.truncate(MOST_VALUES);
            values.push((many.and_more)(more));
        }
        format!("{name} ({})", values.join(words.separator))
    };
    let listed: Vec<String> = settings.iter().map(one).collect();
    (!listed.is_empty()).then(|| (many.settings_vary)(&listed.join(words.separator)))
}
