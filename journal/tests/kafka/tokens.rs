//! A cluster that wants access tokens: what is good is taken and renewed, what is not is refused with the reason.

use super::*;
use journal::Error;
use journal::broker::token;
use journal::kafka::{examine, survey};
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

const USER: &str = "weir";
const LONG: Duration = Duration::from_secs(3600);

/// The file of a token, and what goes with it.
struct Login {
    folder: TempDir,
    options: KafkaOptions,
}

impl Login {
    fn with(token: &str) -> Login {
        static BROKER: OnceLock<Broker> = OnceLock::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let broker = BROKER.get_or_init(|| Broker::start_with_tokens(USER));
        let (bootstrap, properties) = broker.token_login();
        let named = |(name, value): (&str, String)| (name.to_owned(), value);
        let folder = tempfile::tempdir().expect("a folder");
        let login = Login {
            options: KafkaOptions {
                bootstrap: bootstrap.to_owned(),
                namespace: format!("test-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
                partitions: 2,
                oauth_token_file: Some(folder.path().join("token")),
                properties: properties.into_iter().map(named).collect(),
                ..KafkaOptions::default()
            },
            folder,
        };
        login.put(token);
        login
    }

    /// As a file is replaced: nobody sees half of it.
    fn put(&self, token: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, token).expect("written");
        std::fs::rename(new, self.folder.path().join("token")).expect("renamed");
    }

    /// Why the journal does not open.
    fn refusal(&self) -> String {
        let impatient = KafkaOptions {
            request_timeout: Duration::from_secs(2),
            ..self.options.clone()
        };
        match KafkaJournal::open(impatient).map(drop) {
            Err(Error::Failed(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_token_that_is_not_good_is_refused_with_the_reason() {
    // The brokers of this test know no key that could have signed it.
    let login = Login::with(&format!("{}signed", token(USER, LONG)));
    let said = login.refusal();
    let brokers = format!("no broker of {} answers", login.options.bootstrap);
    assert!(said.starts_with(&brokers), "{said}");
    assert!(said.contains("invalid_token"), "{said}");

    login.put(&token(USER, Duration::ZERO));
    let said = login.refusal();
    assert!(said.ends_with("it has expired"), "{said}");

    login.put(&token("somebody", LONG));
    let said = login.refusal();
    assert!(said.contains("TopicAuthorizationFailed"), "{said}");
}

#[test]
fn a_token_and_its_mechanism_belong_together() {
    let mut options = KafkaOptions {
        oauth_token_file: Some(PathBuf::from("token")),
        ..KafkaOptions::default()
    };
    let said = |options: &KafkaOptions| options.check().map_err(|error| error.to_string());
    assert!(said(&options).is_err_and(|said| said.contains("sasl.mechanism=OAUTHBEARER")));
    let mechanism = ("sasl.mechanism".to_owned(), "OAUTHBEARER".to_owned());
    options.properties.extend([mechanism]);
    assert_eq!(said(&options), Ok(()));
    options.oauth_token_file = None;
    assert!(said(&options).is_err_and(|said| said.contains("access token")));
}

#[test]
fn every_client_has_its_token_and_outlives_it() {
    let life = Duration::from_secs(8);
    // The brokers take longer to start than this token lives.
    let login = Login::with("");
    login.put(&token(USER, life));
    let expired = Instant::now() + life;
    let journal = open(&login.options);
    // Read when it is time, and not before: until then the journal works with the first.
    login.put(&token(USER, LONG));
    let mut leader = lead(&journal);
    let mut observer = journal.observe(0).expect("observe");
    let mut state = State::new();
    let mut round = 0;
    // The brokers end each session with its token, so that what has only the first fails soon after this.
    while Instant::now() < expired + Duration::from_secs(2) {
        append(&journal, &["command"]);
        let mut reader = journal.read(0, leader.next_offset()).expect("read");
        let next = read(&mut *reader, 1).last().map(|record| record.offset + 1);
        round += 1;
        let checkpoint = Checkpoint {
            next_offset: next.expect("a record"),
            ..changing(vec![change("round", &round.to_string())])
        };
        leader.checkpoint(&checkpoint).expect("checkpoint");
        follow(&mut *observer, &mut state);
        assert_eq!(journal.ended(0, None, 1), Ok(Vec::new()));
    }
    drop(leader);
    // What was idle all the time.
    journal.lead(1, "test").expect("leads");
    assert_eq!(examine(&login.options), Ok(Vec::new()));
    let lacking = survey(&login.options).expect("it answers").lacking;
    assert_eq!(lacking, Vec::new());
    drop(journal);
    let (state, _, _) = restore(&open(&login.options));
    assert_eq!(
        state.get("round".as_bytes()),
        Some(&bytes(&round.to_string()))
    );
}
