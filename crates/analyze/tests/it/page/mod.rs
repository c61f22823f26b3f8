//! The HTML page in Chromium: light, dark, on paper, on a screen of 400 pixels; and the command that writes it.

mod browser;
mod command;

use analyze::charts::{self, ChartOptions, svg_all};
use analyze::html::{self, Chart};
use analyze::summary::series::Series;
use analyze::summary::{Summary, Thresholds};
use analyze::text::{Language, document};
use analyze::zone::Zone;
use serde_json::Value;

use crate::campaign::ten_failovers;
use crate::support::{self, HandMade, chart_cases};
use browser::{Browser, Frame, Seen, Theme};

/// A reader's window, and the narrowest.
const WIDTHS: [u32; 2] = [1280, 400];

/// A sheet of A4 within the page's margins, in CSS pixels.
const PAPER: u32 = 703;

const ATTACK: &str =
    "<script>window.attacked=1</script><img src=x onerror=window.attacked=1>\"'><b>";

/// What is wrong with a page, as far as its document tells, and what it looks like.
const EXAMINE: &str = r#"(page, view) => {
  const all = (selector) => [...page.querySelectorAll(selector)];
  const ids = all("[id]").map((element) => element.id);
  const wrong = [];
  const each = (selector, what, is) => all(selector).filter((element) => !is(element)).forEach((element) => wrong.push(what + ": " + element.outerHTML.slice(0, 200)));
  each("[id]", "id twice", (element) => ids.indexOf(element.id) === ids.lastIndexOf(element.id));
  each("[aria-labelledby]", "label", (element) => page.getElementById(element.getAttribute("aria-labelledby"))?.textContent);
  each("a", "link", (link) => page.getElementById(decodeURIComponent(link.getAttribute("href").slice(1))));
  each("table", "caption", (table) => table.caption?.textContent);
  each("thead th", "column", (head) => head.scope === "col");
  each("tbody th", "row", (head) => head.scope === "row");
  each(".scroll:has(thead)", "keyboard", (box) => box.tabIndex === 0);
  each("figure [role=img]", "figure", (card) => card.getAttribute("aria-label").length > 20);
  each("figure", "caption of a figure", (figure) => figure.querySelector("figcaption").textContent && figure.querySelector("svg text"));
  for (const selector of ["html[lang]", "h1", "header", "main", "nav", "a.skip"]) if (all(selector).length !== 1) wrong.push(selector);
  const style = view.getComputedStyle(page.body);
  return {
    wrong,
    width: view.innerWidth,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    background: style.backgroundColor,
    color: style.color,
    attacked: "attacked" in view,
    loaded: view.performance.getEntriesByType("resource").length,
    sections: all("main section").length,
    charts: all("figure svg").length,
    sortable: all("[aria-sort]").length,
    cut: all("main table").filter((table) => table.getBoundingClientRect().right > page.body.getBoundingClientRect().right + 1).map((table) => table.caption.textContent),
    text: page.body.textContent,
  };
}"#;

fn page((summary, series): &(Summary, Series), language: Language) -> String {
    let drawn = |theme| {
        let options = ChartOptions {
            theme,
            language,
            ..ChartOptions::default()
        };
        svg_all(summary, series, &options).unwrap()
    };
    let both = drawn(charts::Theme::Light)
        .into_iter()
        .zip(drawn(charts::Theme::Dark));
    let charts = both.map(|((name, light), (_, dark))| Chart {
        name: name.to_owned(),
        light,
        dark: Some(dark),
    });
    let document = document(summary, language, Zone::default());
    html::render(&document, &charts.collect::<Vec<_>>())
}

fn golden(name: &str) -> (Summary, Series) {
    // As `cargo test` says it now: a path from build time is another clone's where both share a target folder.
    let crate_folder = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let folder = crate_folder.join("../../data/golden").join(name);
    let analysis = support::analyze(&folder, Thresholds::default());
    (analysis.summary, analysis.series)
}

fn analyzed(made: HandMade) -> (Summary, Series) {
    let analysis = made.write().analyze();
    (analysis.summary, analysis.series)
}

/// A recording whose texts are an attack, and whose names are long.
fn hostile() -> (Summary, Series) {
    let mut found = golden("v1-lab-crash-failover");
    let summary = &mut found.0;
    let long = "a-very-long-name-of-a-host-without-any-break-".repeat(5);
    summary.recording.host = format!("{long}{ATTACK}");
    let labels = &mut summary.recording.labels;
    labels.insert(ATTACK.to_owned(), ATTACK.to_owned());
    for path in &mut summary.paths {
        path.connections.addresses = vec![format!("{long}:5432"); 3];
        for error in &mut path.errors {
            error.message = format!("{ATTACK} {long}");
            error.class = ATTACK.to_owned();
        }
    }
    found
}

/// Every kind of page: its name, and its text. For the eye: `KEEP_PAGES=folder cargo test -p analyze --test it page::`.
fn pages() -> Vec<(&'static str, String)> {
    let case = |name: &str| {
        let cases = chart_cases::all();
        chart_cases::make(cases.iter().find(|case| case.name == name).unwrap())
    };
    let pages = vec![
        (
            "both-paths",
            page(&golden("v1-lab-two-downtimes"), Language::En),
        ),
        (
            "chinese",
            page(&golden("v1-lab-two-downtimes"), Language::Zh),
        ),
        ("lost", page(&golden("v1-lab-lost-commits"), Language::En)),
        ("every-word", page(&golden("v1-made-words"), Language::En)),
        ("one-path", page(&golden("v1-made-edges"), Language::En)),
        ("hostile", page(&hostile(), Language::En)),
        ("campaign", page(&analyzed(ten_failovers()), Language::En)),
        ("no-outage", page(&case("no-outage"), Language::En)),
        ("ten-episodes", page(&case("ten-episodes"), Language::En)),
        (
            "twenty-outages",
            page(&case("twenty-outages"), Language::En),
        ),
    ];
    if let Some(folder) = std::env::var_os("KEEP_PAGES").map(std::path::PathBuf::from) {
        for (name, html) in &pages {
            std::fs::write(folder.join(name).with_extension("html"), html).unwrap();
        }
    }
    pages
}

fn frames(width: u32) -> impl Iterator<Item = Frame> {
    pages().into_iter().map(move |(name, html)| Frame {
        name: format!("{name} {width}"),
        html,
        width,
    })
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

/// No frame has an error, nothing is on the console, nothing was loaded.
fn assert_quiet(seen: &Seen) {
    assert!(seen.console.is_empty(), "{:#?}", seen.console);
    for frame in &seen.frames {
        assert!(
            frame.get("error").is_none(),
            "{} {}",
            frame["name"],
            frame["error"]
        );
    }
}

#[test]
fn every_page_is_whole_in_both_themes_and_at_every_width() {
    let browser = Browser::new();
    let frames: Vec<Frame> = WIDTHS.into_iter().flat_map(frames).collect();
    for (theme, background) in [
        (Theme::Light, "rgb(255, 255, 255)"),
        (Theme::Dark, "rgb(15, 20, 26)"),
    ] {
        let seen = browser.look(&frames, theme, EXAMINE);
        assert_quiet(&seen);
        assert_eq!(seen.frames.len(), frames.len());
        for (found, frame) in seen.frames.iter().zip(&frames) {
            let name = &frame.name;
            assert_eq!(strings(&found["wrong"]), [""; 0], "{name} {theme:?}");
            assert_eq!(found["width"], frame.width, "{name}");
            assert!(
                found["overflow"].as_i64().unwrap() <= 0,
                "{name} is wider than its window: {}",
                found["overflow"]
            );
            assert_eq!(found["background"], background, "{name}");
            assert_eq!(found["attacked"], false, "{name}");
            assert_eq!(found["loaded"], 0, "{name}");
            assert!(found["charts"].as_u64().unwrap() >= 4, "{name}");
            assert!(found["sections"].as_u64().unwrap() >= 6, "{name}");
            assert!(found["sortable"].as_u64().unwrap() > 5, "{name}");
            let text = found["text"].as_str().unwrap();
            assert_eq!(text.contains(ATTACK), name.starts_with("hostile"), "{name}");
        }
    }
}

/// What a mail takes, whatever was recorded.
#[test]
fn a_page_of_a_million_operations_is_fit_for_a_mail() {
    let cases = chart_cases::all();
    let case = cases.iter().find(|case| case.name == "a-million").unwrap();
    let html = page(&chart_cases::make(case), Language::En);
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
}

/// The reader of a post-mortem needs the answer first.
#[test]
fn the_verdict_stands_first_and_the_configuration_last() {
    for language in [Language::En, Language::Zh] {
        let html = page(&golden("v1-lab-two-downtimes"), language);
        let sections = html.split("<section id=\"").skip(1);
        let ids: Vec<&str> = sections
            .map(|section| section.split('"').next().unwrap())
            .collect();
        assert_eq!(ids[..2], ["recording", "verdict"], "{ids:?}");
        assert_eq!(ids[ids.len() - 2..], ["configuration", "notes"], "{ids:?}");
    }
}

/// What the test above would not see, it could not find.
#[test]
fn a_bad_page_is_found_bad() {
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">";
    let body = "<body><p id=a>x<p id=a>y<a href=#b>z</a><table><thead><tr><th>h</table>\
        <div style=width:2000px>w</div><script>window.attacked=1</script>";
    let load = "<img src=data:image/gif;base64,R0lGODlhAQABAAAAACw= onerror=window.attacked=1>";
    let frame = |name: &str, html: String| Frame {
        name: name.to_owned(),
        html,
        width: 400,
    };
    let frames = [
        frame("guarded", format!("<!DOCTYPE html>{policy}{body}{load}")),
        frame(
            "open",
            format!("<!DOCTYPE html>{body}<link rel=stylesheet href=http://nowhere.test/x.css>"),
        ),
    ];
    let seen = Browser::new().look(&frames, Theme::Light, EXAMINE);
    let [guarded, open] = [&seen.frames[0], &seen.frames[1]];
    // The guard refuses a style, a script and an image, and says so.
    assert!(seen.console.len() >= 3, "{:#?}", seen.console);
    assert_eq!([&guarded["attacked"], &open["attacked"]], [false, true]);
    assert!(open["overflow"].as_i64().unwrap() > 1_500);
    assert_eq!(open["loaded"], 1);
    let wrong = strings(&open["wrong"]);
    for what in [
        "id twice: ",
        "link: ",
        "caption: ",
        "column: ",
        "html[lang]",
        "h1",
        "main",
    ] {
        assert!(
            wrong.iter().any(|found| found.starts_with(what)),
            "{what} {wrong:?}"
        );
    }
}

#[test]
fn a_click_on_a_heading_sorts_the_rows_and_their_notes_with_them() {
    let click = r#"(page, view) => {
      const table = page.querySelector("SECTION table");
      const heads = [...table.tHead.rows[0].cells];
      const rows = () => [...table.tBodies].map((group) => [...group.rows].map((row) => row.cells[Math.min(COLUMN, row.cells.length - 1)].textContent));
      const state = () => ({ rows: rows(), sort: heads.map((head) => head.getAttribute("aria-sort")) });
      const states = [state()];
      for (let click = 0; click < 2; click++) { heads[COLUMN].querySelector("button").click(); states.push(state()); }
      heads[0].querySelector("button").click();
      states.push(state());
      return { states };
    }"#;
    let browser = Browser::new();
    let look = |name: &str, section: &str, column: usize| {
        let (_, html) = pages().into_iter().find(|(is, _)| *is == name).unwrap();
        let frame = Frame {
            name: name.to_owned(),
            html,
            width: 1280,
        };
        let script = click
            .replace("SECTION", section)
            .replace("COLUMN", &column.to_string());
        let seen = browser.look(&[frame], Theme::Light, &script);
        assert_quiet(&seen);
        seen.frames[0]["states"].as_array().unwrap().clone()
    };

    // Counts of failures, with the message of each under it.
    let states = look("both-paths", "#errors", 3);
    let rows = |state: &Value| -> Vec<Vec<String>> {
        serde_json::from_value(state["rows"].clone()).unwrap()
    };
    let counts = |state: &Value| -> Vec<u64> {
        let rows = rows(state);
        rows.iter()
            .map(|row| row[0].replace(',', "").parse().unwrap())
            .collect()
    };
    let mut expected = counts(&states[0]);
    expected.sort_unstable();
    assert!(
        expected.len() > 2 && expected != counts(&states[0]),
        "{expected:?}"
    );
    assert_eq!(counts(&states[1]), expected);
    expected.reverse();
    assert_eq!(counts(&states[2]), expected);
    // Every message is still under its count.
    let sorted = |state: &Value| {
        let mut rows = rows(state);
        rows.sort();
        rows
    };
    assert!(rows(&states[0]).iter().any(|row| row.len() == 2));
    for state in &states[1..] {
        assert_eq!(sorted(state), sorted(&states[0]));
    }
    let sort = |state: &Value, column: usize| state["sort"][column].as_str().unwrap().to_owned();
    assert_eq!(
        states
            .iter()
            .map(|state| sort(state, 3))
            .collect::<Vec<_>>(),
        ["none", "ascending", "descending", "none"]
    );
    assert_eq!(sort(&states[3], 0), "ascending");

    // Figures in several units; those that can't be given stay last both ways.
    let states = look("ten-episodes", "#response-times", 3);
    let last = |state: &Value| rows(state).last().unwrap()[0].clone();
    assert!(rows(&states[0]).iter().any(|row| row[0] == "-"));
    assert_eq!([last(&states[1]), last(&states[2])], ["-", "-"]);
}

#[test]
fn a_page_fits_paper() {
    let browser = Browser::new();
    let pages = pages();
    // Print rules on a screen as wide as the sheet: no table is cut.
    let printed = pages.iter().map(|(name, html)| {
        let (before, rest) = html.split_once("style-src '").unwrap();
        let (_, after) = rest.split_once('\'').unwrap();
        let open = format!("{before}style-src 'unsafe-inline'{after}");
        let html = open
            .replace("@media print", "@media all")
            .replace("@media screen", "@media not all");
        Frame {
            name: (*name).to_owned(),
            html,
            width: PAPER,
        }
    });
    let printed: Vec<Frame> = printed.collect();
    let seen = browser.look(&printed, Theme::Dark, EXAMINE);
    assert_quiet(&seen);
    for found in &seen.frames {
        assert_eq!(strings(&found["cut"]), [""; 0], "{}", found["name"]);
        assert_eq!(found["background"], "rgb(255, 255, 255)", "paper is light");
    }

    let (pdf, console) = browser.print(&pages[0].1);
    assert!(console.is_empty(), "{console:#?}");
    let pdf = String::from_utf8_lossy(&pdf).into_owned();
    assert!(pdf.starts_with("%PDF-"));
    let boxes: Vec<&str> = pdf
        .split("/MediaBox [")
        .skip(1)
        .map(|rest| rest.split(']').next().unwrap())
        .collect();
    let is_a4 = |edges: &&&str| {
        let edges: Vec<f64> = edges
            .split_whitespace()
            .map(|edge| edge.parse().unwrap())
            .collect();
        (edges[2] - 595.0).abs() < 1.0 && (edges[3] - 842.0).abs() < 1.0
    };
    assert!(
        boxes.len() > 2 && boxes.iter().filter(is_a4).count() == boxes.len(),
        "{boxes:?}"
    );
}
