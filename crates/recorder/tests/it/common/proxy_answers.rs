//! What proxies that can't be installed here were seen to answer, and what is to be recorded of it.

use lab::testing::interceptor::{Case, Reaction, told};

/// A case, and what the rows of its operations must say.
pub struct Expected {
    pub case: Case,
    /// In the text of each.
    pub text: &'static str,
    pub sqlstate: &'static str,
    pub class: &'static str,
    pub outcome: &'static str,
}

/// As pgcat 1.2 writes it: the severity in both fields, no routine.
fn pgcat(message: &str) -> Vec<u8> {
    let fields = [
        (b'S', "FATAL"),
        (b'V', "FATAL"),
        (b'C', "58000"),
        (b'M', message),
    ];
    told(b'E', &fields)
}

/// As Odyssey 1.4 writes it: with the id of its client.
fn odyssey(severity: &str, number: usize, message: &str) -> Vec<u8> {
    let message = format!("odyssey: c{:012x}: {message}", number * 7_919 + 0xa0b1_c2d3);
    told(b'E', &[(b'S', severity), (b'C', "08006"), (b'M', &message)])
}

pub const CASES: [Expected; 6] = [
    Expected {
        case: Case {
            reaction: Reaction::DoneButTold,
            bytes: |_| {
                pgcat(
                    "error receiving data from server: SocketError(\"Error reading message code from socket - Error Kind(UnexpectedEof)\")",
                )
            },
        },
        text: "error receiving data from server",
        sqlstate: "58000",
        class: "proxy",
        outcome: "unknown",
    },
    Expected {
        case: Case {
            reaction: Reaction::NotDoneAndTold,
            bytes: |_| {
                let answer = pgcat("could not get connection from the pool - AllServersDown");
                // pgcat stays ready all the same.
                [&answer[..], b"Z\0\0\0\x05I"].concat()
            },
        },
        text: "AllServersDown",
        sqlstate: "58000",
        class: "proxy",
        outcome: "failed",
    },
    Expected {
        // As pgpool-II 4.3 writes it: file and line, no routine.
        case: Case {
            reaction: Reaction::DoneButTold,
            bytes: |_| {
                let message = "unable to read data from DB node 0";
                let fields = [
                    (b'S', "FATAL"),
                    (b'C', "XX000"),
                    (b'M', message),
                    (b'D', "EOF encountered with backend"),
                    (b'F', "pool_stream.c"),
                    (b'L', "333"),
                ];
                told(b'E', &fields)
            },
        },
        text: "unable to read data from DB node 0",
        sqlstate: "XX000",
        class: "proxy",
        outcome: "unknown",
    },
    Expected {
        case: Case {
            reaction: Reaction::NotDoneAndTold,
            bytes: |number| odyssey("FATAL", number, "failed to get remote server connection"),
        },
        text: "failed to get remote server connection",
        sqlstate: "08006",
        class: "proxy",
        outcome: "failed",
    },
    Expected {
        // With severity ERROR, which proves nothing without the field that PostgreSQL never translates.
        case: Case {
            reaction: Reaction::DoneButTold,
            bytes: |number| {
                let text = format!(
                    "remote server read/write error s{:012x}: eof",
                    number + 0xfeed
                );
                odyssey("ERROR", number, &text)
            },
        },
        text: "remote server read/write error",
        sqlstate: "08006",
        class: "proxy",
        outcome: "unknown",
    },
    Expected {
        // A server with lc_messages=de_DE.UTF-8, whose wait for a standby was cancelled.
        case: Case {
            reaction: Reaction::DoneAndToldBefore,
            bytes: |_| {
                let message =
                    "storniere Warten auf synchrone Replikation wegen Benutzeraufforderung";
                let fields = [
                    (b'S', "WARNUNG"),
                    (b'V', "WARNING"),
                    (b'C', "01000"),
                    (b'M', message),
                    (b'F', "syncrep.c"),
                    (b'L', "296"),
                    (b'R', "SyncRepWaitForLSN"),
                ];
                told(b'N', &fields)
            },
        },
        text: "storniere Warten",
        sqlstate: "01000",
        class: "unreplicated",
        outcome: "unknown",
    },
];
