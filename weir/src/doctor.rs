//! `weir doctor`: whether a cluster is fit for Weir, and for each thing that is not, the command that mends it.
//!
//! It changes nothing and tries nothing out, so it may be run on a cluster at work.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use journal::kafka::topics::{Finding, Severity, table};
use journal::kafka::{KafkaOptions, Lacking, Survey, examine, survey};
use serde_json::{Value, json};

use crate::acls::Grant;
use crate::config::ConfigArgs;
use crate::failure::{Exit, Failure};
use crate::moment;
use crate::output::{Output, Paint};
use crate::serve::{Storage, StorageArgs};
use crate::topics;

/// Look whether a Kafka cluster is as Weir needs it, and how to mend what is not
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir doctor --kafka localhost:9092
  weir doctor --config weir.toml
  weir doctor --kafka broker:9093 --kafka-property security.protocol=SSL --format json

It takes what `weir serve` takes, changes nothing and tries nothing out. It checks that a broker
answers, the topics and their settings, and what this user may do with them. It cannot check
permissions for transactional ids or for topics that do not exist: that takes writing; nor how
clocks differ: `weir serve` warns. Topics that are all missing are no fault: the first `weir serve`
makes them.

Exit status: 0 nothing is unsafe, 1 something is, 3 no broker answers.")]
pub struct DoctorArgs {
    #[command(flatten)]
    storage: StorageArgs,

    /// How long ended instances stay listed, with their stories
    #[arg(long, value_name = "DURATION", default_value = "7d", env = "WEIR_KEEP_ENDED", value_parser = moment::parse_duration)]
    keep_ended: Duration,

    #[command(flatten)]
    config: ConfigArgs,
}

/// A person waits; a broker that needs longer is not well.
const PATIENCE: Duration = Duration::from_secs(5);
/// Who the brokers take this user for is not said to it.
const SOMEBODY: &str = "User:NAME";

pub fn run(args: &DoctorArgs, output: Output) -> Result<Exit, Failure> {
    let mut kafka = match args.storage.storage(Path::new(""), args.keep_ended) {
        Storage::Kafka(kafka) => kafka,
        Storage::Folder { .. } => {
            let failure = Failure::usage("there is nothing to look at without Kafka");
            return Err(failure.hint("name some of its brokers with --kafka or WEIR_KAFKA"));
        }
    };
    kafka.options.request_timeout = PATIENCE;
    let wrong = |error: journal::Error| Failure::usage(error.to_string());
    kafka.options.check().map_err(wrong)?;
    let unreachable = |error| unreachable(&kafka.options, &error);
    let survey = survey(&kafka.options).map_err(unreachable)?;
    let options = kafka.clone().settled().map_err(unreachable)?;
    let problems = problems(&options, &survey)?;
    output.show(
        || json(&options, &survey, &problems),
        |paint| text(&options, &survey, &problems, paint),
    )?;
    Ok(match count(&problems, Severity::Unsafe) {
        0 => Exit::Ok,
        _ => Exit::Failed,
    })
}

fn unreachable(options: &KafkaOptions, error: &journal::Error) -> Failure {
    let brokers = &options.bootstrap;
    let message = format!("no Kafka broker answers at {brokers}: {error}");
    let hint = match options.properties.contains_key("security.protocol") {
        true => {
            "see that the address is of a listener for that security.protocol, and the passwords, tokens and certificates"
        }
        false => {
            "see that a broker runs there and the address is right; a secured cluster needs --kafka-property security.protocol=…"
        }
    };
    Failure::new(Exit::Unreachable, "UNAVAILABLE", message).hint(hint)
}

/// One thing that is not as it should be.
struct Problem {
    topic: String,
    what: String,
    why: String,
    severity: Severity,
    mend: String,
}

fn problems(options: &KafkaOptions, survey: &Survey) -> Result<Vec<Problem>, Failure> {
    let lacking = survey.lacking.iter();
    let mut problems: Vec<Problem> = lacking.map(|l| forbidden(options, l)).collect();
    match examine(options) {
        Ok(findings) => {
            let is_new =
                findings.iter().filter(|f| is_missing(f)).count() == table(options, 1).len();
            let findings = findings.into_iter();
            // What may not be seen looks as if it were not there.
            let is_seen = |finding: &Finding| {
                let mut hidden = survey.lacking.iter();
                !(is_missing(finding) && hidden.any(|lacking| lacking.topic == finding.topic))
            };
            problems.extend(findings.filter(is_seen).map(|f| found(f, is_new)));
        }
        // The reason is among the problems.
        Err(_) if !problems.is_empty() => {}
        Err(error) => return Err(Failure::failed(error.to_string())),
    }
    Ok(problems)
}

fn is_missing(finding: &Finding) -> bool {
    finding.setting == "existence"
}

fn forbidden(options: &KafkaOptions, lacking: &Lacking) -> Problem {
    let user = options.properties.get("sasl.username");
    let principal = user.map_or(SOMEBODY.to_owned(), |name| format!("User:{name}"));
    let grant = Grant::on_topic(&lacking.topic, lacking.operations.clone());
    Problem {
        topic: lacking.topic.clone(),
        what: format!("this user lacks {}", lacking.operations.join(", ")),
        why: "it cannot serve without; `weir acls` prints all that it needs".to_owned(),
        severity: Severity::Unsafe,
        mend: grant.command(&options.bootstrap, &principal),
    }
}

fn found(finding: Finding, is_new: bool) -> Problem {
    if is_missing(&finding) {
        let (severity, why) = match is_new {
            true => (
                Severity::Advice,
                "no topic is there yet: `weir serve` makes them where it may",
            ),
            false => (
                Severity::Unsafe,
                "others are there: what it held is lost, or this is another namespace",
            ),
        };
        return Problem {
            topic: finding.topic,
            what: "it does not exist".to_owned(),
            why: why.to_owned(),
            severity,
            mend: finding.mend,
        };
    }
    Problem {
        what: format!(
            "{} is {}, must be {}",
            finding.setting, finding.found, finding.wanted
        ),
        topic: finding.topic,
        why: finding.why,
        severity: finding.severity,
        mend: finding.mend,
    }
}

fn count(problems: &[Problem], severity: Severity) -> usize {
    problems.iter().filter(|p| p.severity == severity).count()
}

fn text(options: &KafkaOptions, survey: &Survey, problems: &[Problem], paint: Paint) -> String {
    let cluster = paint.name(&survey.cluster_id);
    let brokers = survey.brokers.join(", ");
    let mut text = format!("Cluster {cluster}, brokers {brokers}\n");
    for problem in problems {
        let severity = match problem.severity {
            Severity::Unsafe => paint.bad("unsafe:"),
            Severity::Advice => paint.warn("advice:"),
        };
        let _ = writeln!(
            text,
            "{severity} topic {}: {}\n  {} {}\n  {} {}",
            problem.topic,
            problem.what,
            paint.faint("why:"),
            problem.why,
            paint.faint("mend:"),
            problem.mend
        );
    }
    let (wrong, advice) = (
        count(problems, Severity::Unsafe),
        count(problems, Severity::Advice),
    );
    let verdict = match (wrong, advice) {
        (0, 0) => paint.good("Nothing is wrong"),
        (0, advice) => paint.good(&format!("Nothing is unsafe, {advice} could be better")),
        (wrong, _) => paint.bad(&format!(
            "{wrong} unsafe: a server would lose data or not start"
        )),
    };
    let (namespace, partitions) = (&options.namespace, options.partitions);
    let _ = writeln!(
        text,
        "{verdict}  topics {namespace}.*, partitions {partitions}"
    );
    text
}

fn json(options: &KafkaOptions, survey: &Survey, problems: &[Problem]) -> Value {
    let problem = |problem: &Problem| {
        json!({
            "topic": problem.topic,
            "severity": topics::severity(problem.severity),
            "what": problem.what,
            "why": problem.why,
            "mend": problem.mend,
        })
    };
    json!({
        "clusterId": survey.cluster_id,
        "brokers": survey.brokers,
        "partitions": options.partitions,
        "findings": problems.iter().map(problem).collect::<Vec<_>>(),
        "unsafe": count(problems, Severity::Unsafe),
    })
}
