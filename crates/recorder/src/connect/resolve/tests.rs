use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record};

use super::*;

/// What a question gets.
#[derive(Clone, Copy)]
enum Reply {
    /// One record, with this TTL.
    Address(&'static str, u32),
    /// The name is there, and has none of that kind.
    Nothing,
    NoSuchName,
    ServerFailure,
    Silence,
    /// As [`Reply::Address`] with a TTL of 60 s, after so long.
    Late(&'static str, Duration),
}

/// A name server that answers each name and type as `replies` says; other names do not exist. Its thread ends with the process.
struct NameServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    fn start(replies: &'static [(&'static str, RecordType, Reply)]) -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let server = Self {
            address: socket.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&server.asked);
        thread::spawn(move || {
            let mut datagram = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut datagram) {
                asked.fetch_add(1, Ordering::Relaxed);
                let socket = Arc::clone(&socket);
                let question = Message::from_vec(&datagram[..length]).unwrap();
                thread::spawn(move || {
                    if let Some(answer) = answer(&question, replies) {
                        let _ = socket.send_to(&answer, from);
                    }
                });
            }
        });
        server
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn resolver(&self, limit: Duration) -> Resolver {
        Resolver::new(Some(self.address), limit).unwrap()
    }
}

fn answer(question: &Message, replies: &[(&str, RecordType, Reply)]) -> Option<Vec<u8>> {
    let query = &question.queries[0];
    let labels: Vec<_> = query.name().iter().map(String::from_utf8_lossy).collect();
    let name = labels.join(".");
    let reply = replies.iter().find_map(|(known, kind, reply)| {
        (*known == name && *kind == query.query_type()).then_some(*reply)
    });
    let mut response = Message::response(question.metadata.id, question.metadata.op_code);
    response.add_query(query.clone());
    let (address, ttl_s) = match reply.unwrap_or(Reply::NoSuchName) {
        Reply::Address(address, ttl_s) => (Some(address), ttl_s),
        Reply::Late(address, after) => {
            thread::sleep(after);
            (Some(address), 60)
        }
        Reply::Nothing => (None, 0),
        Reply::NoSuchName => {
            response.metadata.response_code = ResponseCode::NXDomain;
            (None, 0)
        }
        Reply::ServerFailure => {
            response.metadata.response_code = ResponseCode::ServFail;
            (None, 0)
        }
        Reply::Silence => return None,
    };
    if let Some(address) = address {
        let address: IpAddr = address.parse().unwrap();
        let record = Record::from_rdata(query.name().clone(), ttl_s, RData::from(address));
        response.add_answer(record);
    }
    Some(response.to_vec().unwrap())
}

const LIMIT: Duration = Duration::from_secs(30);
const A: RecordType = RecordType::A;
const AAAA: RecordType = RecordType::AAAA;

async fn addresses(server: &NameServer, host: &str) -> Vec<String> {
    let answer = server.resolver(LIMIT).addresses(host).await.unwrap();
    answer.iter().map(IpAddr::to_string).collect()
}

#[tokio::test]
async fn both_families_are_asked_for_by_the_name_as_it_is() {
    let server = NameServer::start(&[
        ("my_db", A, Reply::Address("127.0.0.2", 5)),
        ("my_db", AAAA, Reply::Nothing),
        ("six.test", A, Reply::NoSuchName),
        ("six.test", AAAA, Reply::Address("2001:db8::6", 5)),
        ("both.test", A, Reply::Address("127.0.0.4", 9)),
        ("both.test", AAAA, Reply::Address("2001:db8::4", 7)),
        ("xn--bcher-kva.test", A, Reply::Address("127.0.0.5", 5)),
    ]);
    assert_eq!(addresses(&server, "my_db").await, ["127.0.0.2"]);
    // A name server that knows nothing of AAAA says of it that there is no such name; here it says so of A.
    assert_eq!(addresses(&server, "six.test").await, ["2001:db8::6"]);
    let mut both = addresses(&server, "both.test").await;
    both.sort();
    assert_eq!(both, ["127.0.0.4", "2001:db8::4"]);
    assert_eq!(addresses(&server, "b\u{fc}cher.test").await, ["127.0.0.5"]);
    let answer = server.resolver(LIMIT).answer("both.test").await.unwrap();
    assert_eq!(answer.ttl_s, Some(7));
    for (host, text) in [("none.test", "none.test: no such name"), ("a..b", "a..b: ")] {
        let error = server.resolver(LIMIT).answer(host).await.unwrap_err();
        assert!(error.message.starts_with(text), "{error:?}");
        assert!(!error.is_silence && error.class.as_str() == "dns");
    }
}

#[tokio::test]
async fn one_answer_is_enough() {
    let server = NameServer::start(&[
        ("four.test", A, Reply::Address("127.0.0.2", 5)),
        ("four.test", AAAA, Reply::Silence),
        ("six.test", A, Reply::ServerFailure),
        ("six.test", AAAA, Reply::Address("2001:db8::6", 5)),
    ]);
    // Far within the limit: else the answer would be thrown away with it.
    assert_eq!(addresses(&server, "four.test").await, ["127.0.0.2"]);
    assert_eq!(addresses(&server, "six.test").await, ["2001:db8::6"]);
}

#[tokio::test]
async fn a_lost_answer_is_told_from_one_that_says_there_is_none() {
    const AFTER: Duration = Duration::from_secs(20);
    let server = NameServer::start(&[
        ("failed.test", A, Reply::Address("127.0.0.2", 5)),
        ("failed.test", AAAA, Reply::ServerFailure),
        ("late.test", A, Reply::Address("127.0.0.2", 5)),
        ("late.test", AAAA, Reply::Late("2001:db8::6", AFTER)),
        ("six.test", A, Reply::ServerFailure),
        ("six.test", AAAA, Reply::Address("2001:db8::6", 5)),
        ("none.test", A, Reply::Address("127.0.0.2", 5)),
        ("none.test", AAAA, Reply::Nothing),
        ("no-name.test", A, Reply::Address("127.0.0.2", 5)),
        ("no-name.test", AAAA, Reply::NoSuchName),
    ]);
    let resolver = server.resolver(LIMIT);
    for (host, unanswered) in [
        ("failed.test", Some(Family::V6)),
        ("late.test", Some(Family::V6)),
        ("six.test", Some(Family::V4)),
        ("none.test", None),
        ("no-name.test", None),
    ] {
        let answer = resolver.answer(host).await.unwrap();
        assert_eq!(answer.unanswered, unanswered, "{host}");
    }
}

/// As libc does: a run may begin before the network is up.
#[tokio::test]
async fn the_files_of_the_system_are_read_anew_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files {
        hosts: folder.path().join("hosts"),
        resolv_conf: folder.path().join("resolv.conf"),
    };
    let (hosts, resolv_conf) = (files.hosts.clone(), files.resolv_conf.clone());
    std::fs::write(&hosts, "127.0.0.2 db.test\n").unwrap();
    let resolver = Resolver::with_files(None, LIMIT, Cache::Ttl, files);
    let of = async || resolver.addresses("db.test").await.unwrap()[0].to_string();
    assert_eq!(of().await, "127.0.0.2");
    let before = resolver.0.made().unwrap();
    resolver.0.kept.lock().insert(
        "kept.test".to_owned(),
        Kept {
            addresses: vec![IpAddr::from([127, 0, 0, 9])],
            until: Instant::now() + LIMIT,
        },
    );
    std::fs::write(&hosts, "127.0.0.33 db.test\n").unwrap();
    tokio::time::sleep(LOOK_EVERY).await;
    assert_eq!(of().await, "127.0.0.33");
    assert!(resolver.0.kept.lock().is_empty());
    let after = resolver.0.made().unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    // Nothing was written: nothing is read.
    tokio::time::sleep(LOOK_EVERY).await;
    assert!(Arc::ptr_eq(&after, &resolver.0.made().unwrap()));
    std::fs::write(&resolv_conf, "nameserver 127.0.0.53\n").unwrap();
    tokio::time::sleep(LOOK_EVERY).await;
    assert!(!Arc::ptr_eq(&after, &resolver.0.made().unwrap()));
}

#[tokio::test]
async fn a_slow_name_server_has_the_whole_limit() {
    const AFTER: Duration = Duration::from_millis(4_500);
    let server = NameServer::start(&[
        ("slow.test", A, Reply::Late("127.0.0.2", AFTER)),
        ("slow.test", AAAA, Reply::Nothing),
        ("silent.test", A, Reply::Silence),
        ("silent.test", AAAA, Reply::Nothing),
    ]);
    // Two thirds of it were not enough.
    let resolver = server.resolver(Duration::from_secs(6));
    let found = resolver.addresses("slow.test").await.unwrap();
    assert_eq!(found, [IpAddr::from([127, 0, 0, 2])]);
    let resolver = server.resolver(Duration::from_secs(1));
    let error = resolver.addresses("silent.test").await.unwrap_err();
    let expected = "silent.test: the name server did not answer within 1s";
    assert_eq!(error.message, expected);
    assert!(error.is_silence);
}

#[tokio::test]
async fn answers_are_kept_whole() {
    let server = NameServer::start(&[
        ("kept.test", A, Reply::Address("127.0.0.2", 3_600)),
        ("kept.test", AAAA, Reply::Nothing),
        ("never.test", A, Reply::Address("127.0.0.2", 0)),
        ("never.test", AAAA, Reply::Nothing),
    ]);
    let resolver = server.resolver(LIMIT);
    resolver.addresses("kept.test").await.unwrap();
    let asked = server.asked();
    resolver.clone().addresses("kept.test").await.unwrap();
    // Nor for the AAAA that is not there.
    assert_eq!(server.asked(), asked);
    resolver.answer("kept.test").await.unwrap();
    assert!(server.asked() >= asked + 2);
    let anew = resolver.without_cache(LIMIT);
    for _ in 0..2 {
        let asked = server.asked();
        anew.addresses("kept.test").await.unwrap();
        resolver.addresses("never.test").await.unwrap();
        assert!(server.asked() >= asked + 4);
    }
    let keeping = Resolver::keeping(Some(server.address), LIMIT, Duration::from_secs(60)).unwrap();
    keeping.addresses("never.test").await.unwrap();
    let asked = server.asked();
    keeping.addresses("never.test").await.unwrap();
    assert_eq!(server.asked(), asked);
}

#[test]
fn how_long_answers_are_kept() {
    let seconds = Duration::from_secs;
    assert_eq!(Cache::None.keeps(60), Duration::ZERO);
    assert_eq!(Cache::Ttl.keeps(60), seconds(60));
    assert_eq!(Cache::Ttl.keeps(u32::MAX), LONGEST);
    assert_eq!(Cache::AtLeast(seconds(600)).keeps(5), seconds(600));
    assert_eq!(Cache::AtLeast(seconds(6)).keeps(60), seconds(60));
}

/// No name server is needed for what needs none, and no TTL is made up for it.
#[tokio::test]
async fn localhost_and_addresses_ask_no_name_server() {
    let server = NameServer::start(&[]);
    let resolver = server.resolver(LIMIT);
    assert_eq!(
        resolver.addresses("127.1").await.unwrap(),
        [IpAddr::from([127, 0, 0, 1])]
    );
    let answer = resolver.answer("localhost").await.unwrap();
    let mut addresses: Vec<String> = answer.addresses.iter().map(IpAddr::to_string).collect();
    addresses.sort();
    assert_eq!(addresses, ["127.0.0.1", "::1"]);
    assert_eq!(answer.ttl_s, None);
    assert_eq!(server.asked(), 0);
}

/// As a run with 500 connections does when a failover has cut them all.
#[tokio::test]
async fn many_look_ups_at_once_ask_once() {
    let replies = &[("db.test", RecordType::A, Reply::Address("127.0.0.5", 0))];
    let server = NameServer::start(replies);
    let resolver = server.resolver(Duration::from_secs(10));
    let mut look_ups = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let resolver = resolver.clone();
        look_ups.spawn(async move { resolver.addresses("db.test").await });
    }
    for found in look_ups.join_all().await {
        assert_eq!(found.unwrap(), ["127.0.0.5".parse::<IpAddr>().unwrap()]);
    }
    // A and AAAA.
    assert_eq!(server.asked(), 2);
    // What asks later gets an answer of its own: a TTL of 0 s keeps nothing.
    resolver.addresses("db.test").await.unwrap();
    assert_eq!(server.asked(), 4);
}
