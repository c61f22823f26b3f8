//! The lab's name server, which answers A queries for two names over UDP, and the client that `lab status` queries it with.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType, rdata::A},
};

use parking_lot::Mutex;
use rand::seq::IndexedRandom;

use crate::error::LabError;

/// The name of the writer: after a failover it resolves to the old one until DNS is changed.
pub const WRITER_NAME: &str = "writer.lab.test";
pub const READER_NAME: &str = "reader.lab.test";

/// How often the serving thread looks whether it should end.
const POLL: Duration = Duration::from_millis(50);

/// What the two names resolve to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// The address of [`WRITER_NAME`].
    pub writer: Ipv4Addr,
    /// The addresses of [`READER_NAME`]: each query gets any one of them, as with Aurora's reader endpoint.
    pub readers: Vec<Ipv4Addr>,
    /// How long a resolver may keep an answer, in seconds.
    pub ttl_s: u32,
}

impl Zone {
    fn lookup(&self, name: &Name) -> Option<Ipv4Addr> {
        let is = |text: &str| Name::from_str(text).is_ok_and(|own| own.eq_ignore_root(name));
        if is(WRITER_NAME) {
            Some(self.writer)
        } else if is(READER_NAME) {
            self.readers.choose(&mut rand::rng()).copied()
        } else {
            None
        }
    }

    /// The answer to one datagram; `None` for a response, or for less than a header: neither gets an answer.
    #[must_use]
    pub fn answer(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        let request = match Message::from_vec(datagram) {
            Ok(message) => message,
            Err(_) => return format_error(datagram),
        };
        if request.metadata.message_type != MessageType::Query {
            return None;
        }
        let mut response = Message::response(request.metadata.id, request.metadata.op_code);
        response.metadata.recursion_desired = request.metadata.recursion_desired;
        response.add_queries(request.queries.iter().cloned());
        response.metadata.response_code = match request.queries.as_slice() {
            _ if request.metadata.op_code != OpCode::Query => ResponseCode::NotImp,
            [query] if query.query_class() == DNSClass::IN => {
                self.answer_query(query, &mut response)
            }
            [_] => ResponseCode::Refused,
            _ => ResponseCode::FormErr,
        };
        response.to_vec().ok()
    }

    fn answer_query(&self, query: &Query, response: &mut Message) -> ResponseCode {
        response.metadata.authoritative = true;
        let Some(address) = self.lookup(query.name()) else {
            return ResponseCode::NXDomain;
        };
        // The name exists and has IPv4 addresses only: AAAA gets neither an error nor an address.
        if matches!(query.query_type(), RecordType::A | RecordType::ANY) {
            response.add_answer(Record::from_rdata(
                query.name().clone(),
                self.ttl_s,
                RData::A(A(address)),
            ));
        }
        ResponseCode::NoError
    }
}

/// FORMERR for a query that does not parse; its id and its kind are all that can be trusted.
fn format_error(datagram: &[u8]) -> Option<Vec<u8>> {
    let (&[high, low, flags], 12..) = (datagram.first_chunk::<3>()?, datagram.len()) else {
        return None;
    };
    let is_query = flags & 0x80 == 0;
    let id = u16::from_be_bytes([high, low]);
    is_query.then(|| {
        Message::error_msg(id, OpCode::Query, ResponseCode::FormErr)
            .to_vec()
            .ok()
    })?
}

/// A running name server; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct NameServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Serves `zone` on 127.0.0.1 from a thread of its own, so that a busy runtime delays no answer.
    pub(crate) fn start(port: u16, zone: Zone) -> Result<Self, LabError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = UdpSocket::bind(wanted).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => LabError::PortTaken {
                address: wanted,
                option: "--dns-port",
            },
            _ => LabError::Io {
                what: format!("binding the name server to {wanted}"),
                source,
            },
        })?;
        socket
            .set_read_timeout(Some(POLL))
            .map_err(LabError::io("setting up the name server's socket"))?;
        let address = socket
            .local_addr()
            .map_err(LabError::io("asking for the name server's address"))?;
        let zone = Arc::new(Mutex::new(zone));
        let ending = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new()
            .name("lab-dns".to_owned())
            .spawn({
                let (zone, ending) = (Arc::clone(&zone), Arc::clone(&ending));
                move || serve(&socket, &zone, &ending)
            })
            .map_err(LabError::io("starting the name server's thread"))?;
        Ok(Self {
            address,
            zone,
            ending,
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn writer(&self) -> Ipv4Addr {
        self.zone.lock().writer
    }

    /// From the next query on, the writer's name resolves to `writer` and the reader's to `readers`.
    pub(crate) fn point(&self, writer: Ipv4Addr, readers: Vec<Ipv4Addr>) {
        let mut zone = self.zone.lock();
        (zone.writer, zone.readers) = (writer, readers);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // An error here means that it panicked; it has ended in any case.
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, zone: &Mutex<Zone>, ending: &AtomicBool) {
    let mut datagram = [0; 4096];
    while !ending.load(Ordering::Relaxed) {
        // A time-out, or the ICMP error of a client that left: neither concerns the next query.
        let Ok((length, from)) = socket.recv_from(&mut datagram) else {
            continue;
        };
        let answer = zone.lock().answer(&datagram[..length]);
        if let Some(answer) = answer {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// Queries `server` for the address of `name`, without any cache: the address and its TTL in seconds, `None` if there is no such name.
///
/// # Errors
/// No answer within half a second, or one that cannot be read.
pub fn lookup(server: SocketAddr, name: &str) -> io::Result<Option<(Ipv4Addr, u32)>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    socket.connect(server)?;
    let mut request = Message::query();
    let name = Name::from_ascii(name).map_err(io::Error::other)?;
    request.add_query(Query::query(name, RecordType::A));
    socket.send(&request.to_vec().map_err(io::Error::other)?)?;
    let mut datagram = [0; 4096];
    let length = socket.recv(&mut datagram)?;
    let response = Message::from_vec(&datagram[..length]).map_err(io::Error::other)?;
    if response.metadata.id != request.metadata.id {
        return Err(io::Error::other("an answer to another question"));
    }
    Ok(response
        .answers
        .iter()
        .find_map(|record| match record.data {
            RData::A(A(address)) => Some((address, record.ttl)),
            _ => None,
        }))
}
