//! A network between clients and a broker that loses answers: the broker has done what it was asked, and nobody hears.

use journal::broker::Broker;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// `Produce`, as Kafka's protocol numbers its requests.
const PRODUCE: [u8; 2] = [0, 0];
/// No request that waits for its answer has this number.
const NONE: i64 = -1;

/// A broker that tells its clients to connect through here.
pub(super) struct Proxy {
    pub broker: Broker,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// So many answers to `Produce` are still to be lost.
    to_lose: AtomicU32,
    lost: AtomicU32,
    produced: AtomicU32,
}

impl Proxy {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let here = listener.local_addr().expect("its address");
        let advertised = format!("advertised.listeners=PLAINTEXT://{here}");
        let broker = Broker::start(1, &[&advertised]);
        let there = broker.bootstrap().parse().expect("an address");
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A broker that is gone is the end of the test.
                let _ = connect(client, there, &shared);
            }
        });
        Self { broker, counts }
    }

    /// The answer to the next `Produce` is lost, and its connection with it.
    pub fn lose_an_answer(&self) {
        self.counts.to_lose.store(1, Ordering::SeqCst);
    }

    /// How many answers were lost so far, and how often anything was produced.
    pub fn lost_and_produced(&self) -> (u32, u32) {
        let count = |number: &AtomicU32| number.load(Ordering::SeqCst);
        (count(&self.counts.lost), count(&self.counts.produced))
    }
}

fn connect(client: TcpStream, there: SocketAddr, counts: &Arc<Counts>) -> std::io::Result<()> {
    let broker = TcpStream::connect(there)?;
    for end in [&client, &broker] {
        end.set_nodelay(true)?;
    }
    // The request of this connection whose answer will be lost, by its correlation id.
    let doomed = Arc::new(AtomicI64::new(NONE));
    let (requests, answers) = (client.try_clone()?, broker.try_clone()?);
    let (doom, asked) = (Arc::clone(&doomed), Arc::clone(counts));
    std::thread::spawn(move || {
        pass_on(requests, broker, |request| {
            if request[..2] == PRODUCE {
                asked.produced.fetch_add(1, Ordering::SeqCst);
                let less = |left: u32| left.checked_sub(1);
                let to_lose = &asked.to_lose;
                if to_lose
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                    .is_ok()
                {
                    doom.store(correlation(&request[4..]), Ordering::SeqCst);
                }
            }
            true
        })
    });
    let told = Arc::clone(counts);
    std::thread::spawn(move || {
        pass_on(answers, client, |answer| {
            let is_lost = correlation(answer) == doomed.load(Ordering::SeqCst);
            told.lost.fetch_add(u32::from(is_lost), Ordering::SeqCst);
            !is_lost
        })
    });
    Ok(())
}

fn correlation(bytes: &[u8]) -> i64 {
    let number = bytes[..4].try_into().expect("four bytes");
    i32::from_be_bytes(number).into()
}

/// Passes messages on until one is not to be, or either end is closed; then both are.
fn pass_on(mut from: TcpStream, mut to: TcpStream, mut passes: impl FnMut(&[u8]) -> bool) {
    let mut length = [0; 4];
    while from.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        let is_whole = from.read_exact(&mut message).is_ok();
        if !is_whole || !passes(&message) {
            break;
        }
        if to
            .write_all(&length)
            .and_then(|()| to.write_all(&message))
            .is_err()
        {
            break;
        }
    }
    for end in [from, to] {
        // One that is closed already is as wanted.
        let _ = end.shutdown(Shutdown::Both);
    }
}
