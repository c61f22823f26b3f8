use crate::charts::words::chinese::CHINESE;
use crate::charts::words::english::ENGLISH;

/// Names that the field writes alike in both.
#[test]
fn every_text_differs_in_chinese() {
    let (english, chinese) = (ENGLISH.texts(), CHINESE.texts());
    assert_eq!(english.len(), chinese.len());
    assert!(english.len() > 100);
    for ((name, one), (_, other)) in english.iter().zip(&chinese) {
        assert_ne!(one, other, "{name}");
        assert!(!one.trim().is_empty() && !other.trim().is_empty(), "{name}");
    }
}

#[test]
fn english_needs_no_font_and_chinese_has_chinese_in_every_text() {
    for (name, text) in ENGLISH.texts() {
        assert!(
            text.chars().all(|c| u32::from(c) < 0x2e80),
            "{name}: {text}"
        );
    }
    for (name, text) in CHINESE.texts() {
        let is_chinese = |c: char| ('\u{3001}'..='\u{9fff}').contains(&c);
        assert!(text.chars().any(is_chinese), "{name}: {text}");
    }
}

#[test]
fn figures_read_as_in_a_report() {
    let seconds = |us| ENGLISH.seconds(us);
    assert_eq!(
        [seconds(12_310_000), seconds(310_000), seconds(9_996_000)],
        ["12.3 s", "0.31 s", "10.0 s"]
    );
    let response = |us| ENGLISH.response_time_of(us);
    assert_eq!(
        [response(850), response(3_120), response(99_960)],
        ["850 µs", "3.12 ms", "100 ms"]
    );
    assert_eq!(
        [response(999_600), response(12_310_000)],
        ["1.00 s", "12.3 s"]
    );
    assert_eq!(CHINESE.seconds(12_310_000), "12.3秒");
}
