//! What a relay forwards and what it does not: bytes in their order, ends, refusals.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::Relay;

/// How long nothing must come.
const SILENCE: Duration = Duration::from_millis(300);

/// The last byte of the next test's address.
static ADDRESSES: AtomicU8 = AtomicU8::new(1);

/// A server that sends everything back, and a relay in front of it.
async fn echo() -> (Relay, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reading, mut writing) = stream.into_split();
                let _ = tokio::io::copy(&mut reading, &mut writing).await;
            });
        }
    });
    // A port that is free now; the relay takes it when it opens. On an address of its own: another test would find the same port free.
    let address = Ipv4Addr::new(127, 0, 9, ADDRESSES.fetch_add(1, Ordering::Relaxed));
    let free = TcpListener::bind((address, 0)).await.unwrap();
    let public = free.local_addr().unwrap();
    drop(free);
    (Relay::start(public, server).unwrap(), public)
}

async fn connected(public: SocketAddr) -> TcpStream {
    for _ in 0..500 {
        if let Ok(stream) = TcpStream::connect(public).await {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the relay accepts no connection");
}

async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = timeout(Duration::from_secs(30), stream.read_exact(&mut bytes));
    read.await.expect("bytes").unwrap();
    bytes
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(SILENCE, stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn connections_are_refused_until_it_is_open_and_when_it_is_closed() {
    let (relay, public) = echo().await;
    assert!(TcpStream::connect(public).await.is_err());
    relay.open();
    let mut client = connected(public).await;
    client.write_all(b"hello").await.unwrap();
    assert_eq!(read(&mut client, 5).await, b"hello");
    relay.close();
    for _ in 0..500 {
        if TcpStream::connect(public).await.is_err() {
            // A connection that was accepted stays: it ends with its server's.
            client.write_all(b"there").await.unwrap();
            assert_eq!(read(&mut client, 5).await, b"there");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the relay still accepts connections");
}

#[tokio::test]
async fn a_blackhole_answers_nothing_and_loses_nothing() {
    let (relay, public) = echo().await;
    relay.open();
    let mut client = connected(public).await;
    client.write_all(b"1").await.unwrap();
    assert_eq!(read(&mut client, 1).await, b"1");
    relay.blackhole(true);
    // The relay's thread needs a moment.
    tokio::time::sleep(SILENCE).await;
    client.write_all(b"2").await.unwrap();
    assert!(is_silent(&mut client).await);
    // A new one shakes hands with the kernel, and gets no more.
    let mut late = connected(public).await;
    late.write_all(b"3").await.unwrap();
    assert!(is_silent(&mut late).await);
    relay.blackhole(false);
    assert_eq!(read(&mut client, 1).await, b"2");
    assert_eq!(read(&mut late, 1).await, b"3");
}

#[tokio::test]
async fn silenced_connections_hang_until_they_end_and_new_ones_are_served() {
    let (relay, public) = echo().await;
    relay.open();
    let mut old = connected(public).await;
    old.write_all(b"1").await.unwrap();
    assert_eq!(read(&mut old, 1).await, b"1");
    for _ in 0..2 {
        relay.silence(true);
        // The relay's thread needs a moment.
        tokio::time::sleep(SILENCE).await;
        old.write_all(b"2").await.unwrap();
        assert!(is_silent(&mut old).await);
        let mut new = connected(public).await;
        new.write_all(b"3").await.unwrap();
        assert_eq!(read(&mut new, 1).await, b"3");
        relay.silence(false);
        let end = timeout(Duration::from_secs(30), old.read_u8()).await;
        assert!(end.expect("an end").is_err());
        // What is restored forgets nothing: the new one of this round is an old one of the next.
        relay.restore();
        old = new;
    }
}

#[tokio::test]
async fn a_connection_that_lost_an_answer_stays_mute() {
    let (relay, public) = echo().await;
    relay.open();
    let (mut asked, mut idle) = (connected(public).await, connected(public).await);
    for client in [&mut asked, &mut idle] {
        client.write_all(b"1").await.unwrap();
        assert_eq!(read(client, 1).await, b"1");
    }
    relay.lose_answers(true);
    tokio::time::sleep(SILENCE).await;
    asked.write_all(b"2").await.unwrap();
    assert!(is_silent(&mut asked).await);
    relay.lose_answers(false);
    asked.write_all(b"3").await.unwrap();
    assert!(is_silent(&mut asked).await);
    idle.write_all(b"4").await.unwrap();
    assert_eq!(read(&mut idle, 1).await, b"4");
}

#[tokio::test]
async fn a_slow_relay_keeps_the_order_and_the_end() {
    let (relay, public) = echo().await;
    relay.open();
    relay.slow(
        Duration::from_millis(1),
        Duration::from_millis(20),
        Some(400_000),
    );
    let mut client = connected(public).await;
    let sent: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    let begun = std::time::Instant::now();
    let (mut reading, mut writing) = client.split();
    let mut received = Vec::new();
    let write = async {
        for chunk in sent.chunks(7_001) {
            writing.write_all(chunk).await.unwrap();
        }
        // The end is forwarded too, after everything.
        writing.shutdown().await.unwrap();
    };
    let ((), length) = tokio::join!(write, reading.read_to_end(&mut received));
    assert_eq!(length.unwrap(), sent.len());
    assert!(received == sent, "another order");
    // 100,000 bytes at 400,000 a second.
    assert!(begun.elapsed() >= Duration::from_millis(250));
}
