//! A network between clients and a broker that loses answers, so that the broker has done what it was asked and nobody
//! hears, and that holds requests back.

use journal::broker::Broker;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};

/// `Produce`, as Kafka's protocol numbers its requests.
const PRODUCE: [u8; 2] = [0, 0];
/// `InitProducerId`, by which a transactional producer fences others.
const INIT_PRODUCER_ID: [u8; 2] = [0, 22];
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
    /// The next fencing waits until the receiver's other end is gone; the sender goes with its answer.
    to_hold: Mutex<Option<(Receiver<()>, Sender<()>)>>,
}

/// A request that is held back.
pub(super) struct Held {
    release: Sender<()>,
    answered: Receiver<()>,
}

impl Held {
    /// Passes the request on and waits until the broker has answered it.
    pub fn release(self) {
        drop(self.release);
        let answered = self.answered.recv_timeout(super::faults::PROGRESS);
        assert_eq!(answered, Err(RecvTimeoutError::Disconnected));
    }
}

impl Counts {
    /// Counts a `Produce`; whether its answer is to be lost.
    fn produce(&self) -> bool {
        self.produced.fetch_add(1, SeqCst);
        let less = |left: u32| left.checked_sub(1);
        self.to_lose.fetch_update(SeqCst, SeqCst, less).is_ok()
    }

    /// Holds a fencing back, if it is to be; gives what goes with its answer.
    fn hold(&self) -> Option<Sender<()>> {
        let (released, answered) = self.to_hold.lock().expect("nobody panics with it").take()?;
        // An error: nobody holds it any more.
        let _ = released.recv();
        Some(answered)
    }
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
        self.counts.to_lose.store(1, SeqCst);
    }

    /// The next `InitProducerId` is held back.
    pub fn hold_a_fencing(&self) -> Held {
        let (release, released) = channel();
        let (answer, answered) = channel();
        *self.counts.to_hold.lock().expect("nobody panics with it") = Some((released, answer));
        Held { release, answered }
    }

    /// How many answers were lost so far, and how often anything was produced.
    pub fn lost_and_produced(&self) -> (u32, u32) {
        let count = |number: &AtomicU32| number.load(SeqCst);
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
    // The one that was held back, and what goes with its answer.
    let late = Arc::new(Mutex::new(None));
    let (requests, mut to_broker) = (client.try_clone()?, broker.try_clone()?);
    let (doom, held, asked) = (Arc::clone(&doomed), Arc::clone(&late), Arc::clone(counts));
    std::thread::spawn(move || {
        // What a client has sent before it goes is done all the same, so its connection to the broker stays.
        pass_on(requests, &mut to_broker, |request| {
            let id = correlation(&request[4..]);
            match [request[0], request[1]] {
                PRODUCE if asked.produce() => doom.store(id, SeqCst),
                INIT_PRODUCER_ID => {
                    let answered = asked.hold().map(|answered| (id, answered));
                    *held.lock().expect("nobody panics with it") = answered;
                }
                _ => {}
            }
            true
        });
    });
    let told = Arc::clone(counts);
    std::thread::spawn(move || {
        let mut to_client = client;
        pass_on(broker.try_clone()?, &mut to_client, |answer| {
            let id = correlation(answer);
            let mut late = late.lock().expect("nobody panics with it");
            late.take_if(|(late, _)| *late == id);
            let is_lost = id == doomed.load(SeqCst);
            told.lost.fetch_add(u32::from(is_lost), SeqCst);
            !is_lost
        });
        broker.shutdown(Shutdown::Both)?;
        to_client.shutdown(Shutdown::Both)
    });
    Ok(())
}

fn correlation(bytes: &[u8]) -> i64 {
    let number = bytes[..4].try_into().expect("four bytes");
    i32::from_be_bytes(number).into()
}

/// Passes messages on until one is not to be, or either end is closed.
fn pass_on(mut from: TcpStream, to: &mut TcpStream, mut passes: impl FnMut(&[u8]) -> bool) {
    let mut length = [0; 4];
    while from.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        let is_whole = from.read_exact(&mut message).is_ok();
        if !is_whole || !passes(&message) {
            return;
        }
        if to
            .write_all(&length)
            .and_then(|()| to.write_all(&message))
            .is_err()
        {
            return;
        }
    }
}
