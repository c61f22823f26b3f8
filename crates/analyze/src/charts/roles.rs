//! Under the strips of a path: which server answered behind its endpoints, in which role, and where their names led.

use plotters::style::RGBAColor;

use crate::charts::axis::TimeAxis;
use crate::charts::drawing::scene::{Align, Area, Scene, Sign};
use crate::charts::drawing::style::{MARGIN, PLOT_RIGHT, SMALL, STRIPS_LEFT as LEFT};
use crate::charts::frame::{box_sign, hatched};
use crate::summary::Span;
use crate::summary::series::{EndpointSeries, PathSeries, Series, ServerSpan};

/// Height of a lane, and from one to the next.
const LANE: f64 = 16.0;
const PITCH: f64 = 19.0;
/// From a path's strips to its first lane.
const GAP: f64 = 8.0;
/// A lane's label is as long as this at most.
const LABEL: f64 = LEFT - 14.0;
/// Height of a line of the key.
const LINE: f64 = 17.0;

/// How much room the lanes of a path take.
pub(super) fn height(path: &PathSeries) -> f64 {
    match lanes(path) {
        0 => 0.0,
        lanes => lanes as f64 * PITCH + 4.0,
    }
}

fn lanes(path: &PathSeries) -> usize {
    let lanes = |endpoint: &EndpointSeries| {
        usize::from(!endpoint.servers.is_empty()) + usize::from(!endpoint.addresses.is_empty())
    };
    path.endpoints.iter().map(lanes).sum()
}

/// What the legend explains of the lanes.
pub(super) fn entries(scene: &Scene<'_>, series: &Series) -> Vec<(Sign, String)> {
    let (theme, words) = (scene.theme(), scene.words());
    let servers = || {
        let endpoints = series.paths.iter().flat_map(|path| &path.endpoints);
        endpoints.flat_map(|endpoint| &endpoint.servers)
    };
    let mut entries: Vec<(Sign, String)> = Vec::new();
    for (in_recovery, color, text) in [
        (false, theme.writer, words.writer_answered),
        (true, theme.reader, words.reader_answered),
    ] {
        if servers().any(|server| server.in_recovery == Some(in_recovery)) {
            entries.push((box_sign(color), text.to_owned()));
        }
    }
    entries
}

/// The servers of a recording, each with a letter in order of its first answer.
pub(super) struct Servers(Vec<String>);

impl Servers {
    pub(super) fn of(series: &Series) -> Self {
        let endpoints = series.paths.iter().flat_map(|path| &path.endpoints);
        let mut seen: Vec<_> = endpoints
            .flat_map(|endpoint| &endpoint.servers)
            .map(|server| (server.span.start, &server.server))
            .collect();
        seen.sort();
        let mut servers: Vec<String> = Vec::new();
        for (_, server) in seen {
            if !servers.contains(server) {
                servers.push(server.clone());
            }
        }
        Self(servers)
    }

    /// `A`, `B`, ...; after `Z` a number.
    fn letter(&self, server: &str) -> Option<String> {
        let index = self.0.iter().position(|known| known == server)?;
        Some(letter(index))
    }

    /// The letters of the servers with an address of a name's.
    fn letter_at(&self, addresses: &str) -> Option<String> {
        let letter_at = |address: &str| {
            let is_at = |server: &&String| {
                let host = server
                    .rsplit_once(':')
                    .map_or(server.as_str(), |(host, _)| host);
                host == address
            };
            self.0
                .iter()
                .find(is_at)
                .and_then(|server| self.letter(server))
        };
        let letters: Option<Vec<String>> = addresses.split(',').map(letter_at).collect();
        letters.map(|letters| letters.join(", "))
    }

    /// Draws the lanes of a path below its strips.
    pub(super) fn draw(&self, scene: &mut Scene<'_>, path: &PathSeries, time: &TimeAxis, top: f64) {
        let words = scene.words();
        let mut y = top + GAP;
        for endpoint in &path.endpoints {
            let names = match endpoint.reader {
                false => [words.server, words.address],
                true => [words.reader_server, words.reader_address],
            };
            let servers: Vec<Piece> = endpoint
                .servers
                .iter()
                .map(|found| self.server(scene, found))
                .collect();
            let addresses = self.addresses(scene, endpoint);
            for (name, pieces) in names.into_iter().zip([servers, addresses]) {
                if !pieces.is_empty() {
                    lane(scene, name, &pieces, time, y);
                    y += PITCH;
                }
            }
        }
    }

    fn server(&self, scene: &Scene<'_>, found: &ServerSpan) -> Piece {
        let (theme, words) = (scene.theme(), scene.words());
        let letter = self.letter(&found.server).unwrap_or_default();
        let (color, on, long) = match found.in_recovery {
            Some(false) => (theme.writer, theme.on_writer, (words.as_writer)(&letter)),
            Some(true) => (theme.reader, theme.on_reader, (words.as_reader)(&letter)),
            None => (theme.unobserved, theme.ink, letter.clone()),
        };
        Piece {
            span: found.span,
            color,
            on,
            texts: [long, letter],
        }
    }

    fn addresses(&self, scene: &Scene<'_>, endpoint: &EndpointSeries) -> Vec<Piece> {
        let theme = scene.theme();
        let mut known: Vec<&str> = Vec::new();
        let mut pieces = Vec::new();
        for found in &endpoint.addresses {
            if !known.contains(&found.address.as_str()) {
                known.push(&found.address);
            }
            let index = known.iter().position(|address| *address == found.address);
            let letter = self.letter_at(&found.address).unwrap_or_default();
            pieces.push(Piece {
                span: found.span,
                color: theme.addresses[index.unwrap_or(0) % 2],
                on: theme.ink,
                texts: [found.address.clone(), letter],
            });
        }
        pieces
    }

    /// Writes which server each letter is, from `top` on, and returns where the page ends.
    pub(super) fn draw_key(&self, scene: &mut Scene<'_>, top: f64) -> f64 {
        if self.0.is_empty() {
            return top;
        }
        let (theme, words) = (scene.theme(), scene.words());
        let named = |(index, server): (usize, &String)| format!("{} {server}", letter(index));
        let all: Vec<String> = self.0.iter().enumerate().map(named).collect();
        let (mut lines, mut line) = (Vec::new(), String::new());
        for server in &all {
            let longer = match line.is_empty() {
                true => (words.servers_key)(server),
                false => format!("{line} · {server}"),
            };
            let fits = scene.face().width(&longer, SMALL) <= PLOT_RIGHT - MARGIN;
            match fits || line.is_empty() {
                true => line = longer,
                false => lines.push(std::mem::replace(&mut line, server.clone())),
            }
        }
        lines.push(line);
        let mut y = top + 8.0;
        for line in lines {
            let text = scene.face().fit(&line, SMALL, PLOT_RIGHT - MARGIN);
            scene.text((MARGIN, y), text, SMALL, Align::Left, theme.grey);
            y += LINE;
        }
        y
    }
}

fn letter(index: usize) -> String {
    match u8::try_from(index).ok().filter(|index| *index < 26) {
        Some(index) => char::from(b'A' + index).to_string(),
        None => (index + 1).to_string(),
    }
}

/// A piece of a lane, with its text in long and in short.
struct Piece {
    span: Span,
    color: RGBAColor,
    on: RGBAColor,
    texts: [String; 2],
}

/// Draws a lane: what is between its pieces is not known.
fn lane(scene: &mut Scene<'_>, name: &str, pieces: &[Piece], time: &TimeAxis, top: f64) {
    let theme = scene.theme();
    let baseline = top + 12.0;
    let name = scene.face().fit(name, SMALL, LABEL);
    scene.text(
        (LEFT - 10.0, baseline),
        name,
        SMALL,
        Align::Right,
        theme.grey,
    );
    let right = time.right();
    hatched(scene, Area::new(LEFT, top, right, top + LANE));
    for piece in pieces {
        let (left, right) = time.edges(&piece.span);
        scene.rectangle(Area::new(left, top, right, top + LANE), piece.color);
    }
    for piece in pieces {
        let (left, right) = time.edges(&piece.span);
        let room = right - left - 6.0;
        let fits = |text: &&String| !text.is_empty() && scene.face().width(text, SMALL) <= room;
        if let Some(text) = piece.texts.iter().find(fits) {
            let at = (left.midpoint(right), baseline);
            scene.text(at, text.clone(), SMALL, Align::Centre, piece.on);
        }
    }
}
