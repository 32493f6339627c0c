//! `weir decide`: a decision of a DMN file, made without a server.

mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use dmn::{Decision, Diagnostic, Evaluation};
use feel::Environment;
use serde_json::{Value, json};

use crate::check;
use crate::decision_files::DecisionFile;
use crate::failure::{Exit, Failure};
use crate::feel_command::reason;
use crate::moment;
use crate::output::{Output, Paint};
use crate::variables::{ContextArgs, encoded};

/// How many ids are listed where there is no such decision.
const LISTED_MAX: usize = 30;

/// Make a decision of a DMN file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir decide routing.dmn --set amount=4000
  weir decide routing.dmn --decision route --context '{\"amount\": 4000}' --explain
  weir decide routing.dmn --decision route --context-file claim.json --format json
  weir decide routing.dmn --decision route --with rates.dmn

The value is printed in FEEL's notation, with --format json as JSON: {\"decision\": …, \"output\": …}. \
What `weir check` would say of the file is told on standard error. With --explain every decision that \
was made follows, with its inputs and the rules that matched, counted from 1; in JSON as \"decisions\".

Exit status: 0 it is decided; 1 the model has errors, or the evaluation failed; 2 wrong usage, no such \
decision, or a file cannot be read.")]
pub struct DecideArgs {
    /// A DMN file
    file: PathBuf,

    /// Id of the decision; may be left out where the file has one
    #[arg(long, short, value_name = "ID")]
    decision: Option<String>,

    /// A file that it imports (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,

    /// Tell which decisions were made, and which rules matched
    #[arg(long)]
    explain: bool,

    /// What now() and today() say: an instant, or a duration from now
    #[arg(long, value_name = "WHEN", value_parser = moment::parse_instant)]
    now: Option<i64>,

    #[command(flatten)]
    context: ContextArgs,
}

pub fn run(args: &DecideArgs, output: Output) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let others = args.with.iter().map(|path| read(path));
    let others = others.collect::<Result<Vec<_>, _>>()?;
    let compiled = file.compile(&others);
    let found = compiled.as_ref().map(|compiled| &*compiled.diagnostics);
    let findings = Findings::new(&file, &others, found.unwrap_or_default());
    let Some(compiled) = compiled.filter(|_| findings.blocking == 0) else {
        return Err(findings.failure(&file.name, output.colours_errors()));
    };
    let decisions = &compiled.decisions;
    let decision = choose(decisions.decisions(), args.decision.as_deref(), &file.name)?;
    let variables = encoded(&args.context.variables()?)?;
    let now_ms = args.now.unwrap_or_else(moment::now_ms);
    let evaluation = decisions.evaluate(decision, &Environment::new(&variables, now_ms));
    let told = findings.text(false);
    if !output.is_json() && !told.is_empty() {
        output.note(|| Value::Null, || told.trim_end().to_owned() + "\n");
    }
    let made = Made {
        decision,
        evaluation,
        explain: args.explain,
    };
    made.tell(&file, &others, &findings, output)
}

fn read(path: &Path) -> Result<DecisionFile, Failure> {
    let name = path.display().to_string();
    match check::read(path) {
        Ok(bytes) => Ok(DecisionFile::of(name, &bytes)),
        Err(reason) => Err(Failure::usage(format!("{name} cannot be read: {reason}"))),
    }
}

fn choose<'d>(all: &'d [Decision], id: Option<&str>, file: &str) -> Result<&'d Decision, Failure> {
    let mut listed: Vec<String> = all
        .iter()
        .take(LISTED_MAX)
        .map(|decision| format!("{} ({})", decision.id, decision.name))
        .collect();
    if all.len() > LISTED_MAX {
        listed.push(format!("and {} more", all.len() - LISTED_MAX));
    }
    let listed = format!("its decisions are {}", listed.join(", "));
    match (id, all) {
        (_, []) => Err(Failure::usage(format!("{file} has no decision"))),
        (None, [only]) => Ok(only),
        (None, _) => {
            let text = format!(
                "{file} has {} decisions: name one with --decision",
                all.len()
            );
            Err(Failure::usage(text).hint(listed))
        }
        (Some(id), _) => {
            let found = all.iter().find(|decision| decision.id == id);
            let text = || format!("{file} has no decision with the id '{id}'");
            found.ok_or_else(|| Failure::usage(text()).hint(listed))
        }
    }
}

/// What is wrong with the files.
struct Findings<'f> {
    by_file: Vec<(&'f DecisionFile, Vec<Diagnostic>)>,
    /// How many of them keep the decision from being made.
    blocking: usize,
}

impl<'f> Findings<'f> {
    fn new(
        file: &'f DecisionFile,
        others: &'f [DecisionFile],
        compiled: &[Diagnostic],
    ) -> Findings<'f> {
        let used = std::iter::once(file).chain(file.needed(others));
        let by_file: Vec<_> = used.map(|file| (file, file.findings(compiled))).collect();
        let all = by_file.iter().flat_map(|(_, found)| found);
        let blocking = all.filter(|found| found.blocks_deployment()).count();
        Findings { by_file, blocking }
    }

    /// As `weir check` renders them.
    fn text(&self, colour: bool) -> String {
        let texts = self.by_file.iter();
        texts
            .map(|(file, found)| dmn::render(found, &file.text, colour))
            .collect()
    }

    fn json(&self) -> Value {
        let all = self.by_file.iter().flat_map(|(_, found)| found);
        json!(all.collect::<Vec<_>>())
    }

    fn failure(&self, name: &str, colour: bool) -> Failure {
        let message = match self.blocking {
            0 => format!("{name} is not DMN"),
            1 => format!("{name} cannot decide: there is an error"),
            count => format!("{name} cannot decide: there are {count} errors"),
        };
        let error = Paint { colour }.bad("error:");
        let excerpt = format!("{}{error} {message}", self.text(colour));
        let failure = Failure::new(Exit::Failed, "MODEL_INVALID", message);
        failure.shown(excerpt, json!({ "diagnostics": self.json() }))
    }
}

/// A decision that was made, or not.
struct Made<'a> {
    decision: &'a Decision,
    evaluation: Evaluation<'a>,
    explain: bool,
}

impl Made<'_> {
    fn tell(
        &self,
        file: &DecisionFile,
        others: &[DecisionFile],
        findings: &Findings<'_>,
        output: Output,
    ) -> Result<(), Failure> {
        let made = &self.evaluation.made;
        let value = match &self.evaluation.output {
            Ok(value) => value,
            Err(failure) => {
                if self.explain && !output.is_json() {
                    output.print(&report::text(made, output.paint()))?;
                }
                let failed = self.failed(file, others.is_empty(), failure, output);
                return Err(failed?);
            }
        };
        if !output.is_json() {
            let mut text = format!("{value}\n");
            if self.explain {
                text += "\n";
                text += &report::text(made, output.paint());
            }
            return output.print(&text);
        }
        let mut document = json!({
            "decision": self.decision.id,
            "name": self.decision.name,
            "output": report::as_json(value)?,
            "diagnostics": findings.json(),
        });
        if self.explain {
            document["decisions"] = report::json(made)?;
        }
        output.print_json(&document)
    }

    /// `is_alone`: what failed is in this very file.
    fn failed(
        &self,
        file: &DecisionFile,
        is_alone: bool,
        failure: &dmn::Failure,
        output: Output,
    ) -> Result<Failure, Failure> {
        let told = Failure::new(Exit::Failed, reason(failure.kind), failure.to_string());
        let location = match is_alone {
            true => dmn::place_in(
                &file.text,
                failure.location,
                failure.position.offset as usize,
            ),
            false => failure.location,
        };
        let diagnostic = Diagnostic {
            severity: dmn::Severity::Error,
            code: "evaluation",
            file: file.name.clone(),
            location,
            element_id: Some(failure.element.clone()),
            element: None,
            message: failure.message.clone(),
            help: report::help(failure.kind).to_owned(),
            process: None,
        };
        let excerpt = match is_alone {
            true => dmn::render(&[diagnostic], &file.text, output.colours_errors()),
            false => format!("error: {failure}\n"),
        };
        let mut detail = json!({
            "element": failure.element,
            "line": location.line,
            "column": location.column,
        });
        if self.explain {
            detail["decisions"] = report::json(&self.evaluation.made)?;
        }
        Ok(told.shown(excerpt, detail))
    }
}
