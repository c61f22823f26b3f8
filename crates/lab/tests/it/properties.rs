//! The name server's answers; it survives any datagram.

use std::{net::Ipv4Addr, str::FromStr};

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, RecordType},
};
use lab::{READER_NAME, WRITER_NAME, Zone};
use proptest::prelude::*;

const WRITER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const READER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

fn zone() -> Zone {
    Zone {
        writer: WRITER,
        readers: vec![READER],
        ttl_s: 5,
    }
}

fn query(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    let mut name = Name::from_str(name).unwrap();
    name.set_fqdn(true);
    message.add_query(Query::query(name, kind));
    message
}

fn ask(message: &Message) -> Message {
    Message::from_vec(
        &zone()
            .answer(&message.to_vec().unwrap())
            .expect("an answer"),
    )
    .unwrap()
}

#[test]
fn each_name_answers_its_address_in_any_case_of_letters() {
    for (name, address) in [
        (WRITER_NAME, WRITER),
        ("WRITER.Lab.Test.", WRITER),
        (READER_NAME, READER),
    ] {
        let question = query(name, RecordType::A);
        let answer = ask(&question);
        assert_eq!(answer.metadata.id, question.metadata.id);
        assert_eq!(answer.metadata.message_type, MessageType::Response);
        assert!(answer.metadata.authoritative);
        assert_eq!(answer.queries, question.queries);
        assert_eq!(answer.answers.len(), 1);
        assert_eq!(answer.answers[0].ttl, 5);
        assert_eq!(
            answer.answers[0].data,
            RData::A(hickory_proto::rr::rdata::A(address))
        );
    }
}

#[test]
fn a_question_for_the_reader_gets_any_one_of_them() {
    let readers = [3, 4, 5].map(|last| Ipv4Addr::new(127, 0, 0, last));
    let zone = Zone {
        readers: readers.to_vec(),
        ..zone()
    };
    let question = query(READER_NAME, RecordType::A).to_vec().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    // That one of three stays away so often happens in one run of 10^70.
    for _ in 0..400 {
        let answer = Message::from_vec(&zone.answer(&question).unwrap()).unwrap();
        let [record] = answer.answers.as_slice() else {
            panic!("{answer:?}");
        };
        let RData::A(address) = record.data else {
            panic!("{record:?}");
        };
        seen.insert(address.0);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), readers);
}

#[test]
fn what_does_not_exist_is_answered_as_such() {
    let none = ask(&query(WRITER_NAME, RecordType::AAAA));
    assert_eq!(
        (none.metadata.response_code, none.answers.len()),
        (ResponseCode::NoError, 0)
    );
    let unknown = ask(&query("other.lab.test", RecordType::A));
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);

    let mut chaos = query(WRITER_NAME, RecordType::A);
    chaos.queries[0].set_query_class(DNSClass::CH);
    assert_eq!(ask(&chaos).metadata.response_code, ResponseCode::Refused);
    let mut update = query(WRITER_NAME, RecordType::A);
    update.metadata.op_code = OpCode::Status;
    assert_eq!(ask(&update).metadata.response_code, ResponseCode::NotImp);
    let mut answer = query(WRITER_NAME, RecordType::A);
    answer.metadata.message_type = MessageType::Response;
    assert_eq!(
        zone().answer(&answer.to_vec().unwrap()),
        None,
        "two servers must not answer each other for ever"
    );
    assert_eq!(zone().answer(b"short"), None);
}

proptest! {
    #[test]
    fn any_datagram_is_survived(datagram in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Some(answer) = zone().answer(&datagram) {
            // An answer is a response to that query.
            let answer = Message::from_vec(&answer).unwrap();
            prop_assert_eq!(answer.metadata.id.to_be_bytes(), [datagram[0], datagram[1]]);
            prop_assert_eq!(answer.metadata.message_type, MessageType::Response);
        }
    }

    #[test]
    fn a_damaged_question_is_survived(at in 0_usize..40, byte: u8, cut in 0_usize..40) {
        let mut datagram = query(WRITER_NAME, RecordType::A).to_vec().unwrap();
        if let Some(place) = datagram.get_mut(at) {
            *place = byte;
        }
        datagram.truncate(cut);
        if let Some(answer) = zone().answer(&datagram) {
            prop_assert!(Message::from_vec(&answer).is_ok());
        }
    }
}
