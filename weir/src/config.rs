//! One configuration: flags, environment variables and a file with the same names, in this order of precedence.
//!
//! Clap's definition of the flags is the only table of settings. What the file and the properties in the environment
//! say becomes further arguments, unless something stronger has said it; so every value is read and checked alike.

mod effective;
mod file;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::{Output, OutputArgs};

pub use effective::{Setting, show};

/// The option of commands that read the file.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// Settings, as TOML: the options of `weir serve` without dashes in front. Options and WEIR_… outrank it
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    config: Option<PathBuf>,
}

/// Whose options a file may have.
const SERVE: &str = "serve";
/// The one setting that has names of its own.
const PROPERTY: &str = "kafka-property";
const PROPERTY_ID: &str = "kafka_property";
const PROPERTY_VARIABLE: &str = "WEIR_KAFKA_PROPERTY_";

/// An argument that nobody typed.
struct Added {
    flag: String,
    value: String,
    /// For people: a variable, or a file and its line.
    from: String,
}

impl Added {
    fn argument(&self) -> OsString {
        format!("--{}={}", self.flag, self.value).into()
    }
}

/// Reads everything. Ends the process as clap does for help, versions and wrong usage.
pub fn command_line(arguments: Vec<OsString>) -> (Output, Result<Cli, Failure>) {
    let definition = || Cli::command().ignore_errors(true);
    // Without complaints: what is missing may be in the file.
    let seen = definition().try_get_matches_from(&arguments);
    let seen = seen.unwrap_or_else(|error| error.exit());
    let output = OutputArgs::from_arg_matches(&seen).map(|args| Output::new(&args));
    let added = match seen.subcommand() {
        Some((_, given)) => added(given),
        None => Ok(Vec::new()),
    };
    let cli = added.and_then(|added| parse(arguments, &added));
    let output =
        output.or_else(|_| Cli::from_arg_matches(&seen).map(|cli| Output::new(&cli.output)));
    (output.unwrap_or_else(|error| error.exit()), cli)
}

fn parse(mut arguments: Vec<OsString>, added: &[Added]) -> Result<Cli, Failure> {
    arguments.extend(added.iter().map(Added::argument));
    let matches = Cli::command().try_get_matches_from(arguments);
    let matches = matches.map_err(|error| blamed(error, added))?;
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let (Command::Serve(args), Some((_, given))) = (&mut cli.command, matches.subcommand()) {
        args.effective = effective::settings(&settings(), given, added);
    }
    Ok(cli)
}

/// Says where a wrong value is, when nobody typed it; ends the process as clap does else.
fn blamed(error: clap::Error, added: &[Added]) -> Failure {
    let context = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let flag = context.as_deref().and_then(|text| text.split(' ').next());
    let flag = flag.map(|flag| flag.trim_start_matches('-'));
    let Some(added) = added.iter().find(|added| Some(added.flag.as_str()) == flag) else {
        error.exit();
    };
    let text = error.to_string();
    let said = text.lines().next().unwrap_or_default();
    let said = said.trim_start_matches("error: ");
    Failure::usage(format!("{}: {said}", added.from))
}

/// The options of `weir serve` that are settings.
fn settings() -> Vec<Arg> {
    let command = Cli::command();
    let serve = command.find_subcommand(SERVE);
    let options = serve.into_iter().flat_map(clap::Command::get_arguments);
    let is_setting = |arg: &&Arg| {
        arg.get_action().takes_values() && arg.get_long().is_some_and(|long| long != "config")
    };
    options.filter(is_setting).cloned().collect()
}

/// What the environment and the file add to what was given to a command.
fn added(given: &ArgMatches) -> Result<Vec<Added>, Failure> {
    let takes = |id: &str| given.try_contains_id(id).is_ok();
    let mut added = Vec::new();
    if takes(PROPERTY_ID) {
        added.extend(properties(given));
    }
    // A command without the option has none.
    let file = given.try_get_one::<PathBuf>("config").ok().flatten();
    let Some(file) = file else {
        return Ok(added);
    };
    let settings = settings();
    for entry in file::read(file, &settings)? {
        let is_stronger = match entry.flag == PROPERTY {
            true => is_property_set(given, &added, &entry.value),
            false => is_set(given, entry.id.as_str()),
        };
        // Files are those of `serve`; other commands have some of its options.
        if takes(&entry.id) && !is_stronger {
            added.push(Added {
                from: format!("{}:{}", file.display(), entry.line),
                flag: entry.flag,
                value: entry.value,
            });
        }
    }
    Ok(added)
}

/// Properties in the environment that no option sets. librdkafka's names have lower case, digits and dots only, so
/// that `SASL_MECHANISM` can be nothing but `sasl.mechanism`.
fn properties(given: &ArgMatches) -> Vec<Added> {
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let property = |(variable, value): (String, String)| {
        let name = variable.strip_prefix(PROPERTY_VARIABLE)?;
        let name = name.to_ascii_lowercase().replace('_', ".");
        let value = format!("{name}={value}");
        (!name.is_empty() && !is_property_set(given, &[], &value)).then(|| Added {
            flag: PROPERTY.to_owned(),
            value,
            from: variable,
        })
    };
    variables.into_iter().filter_map(property).collect()
}

fn is_set(given: &ArgMatches, id: &str) -> bool {
    let known = given.try_contains_id(id).is_ok();
    match known.then(|| given.value_source(id)).flatten() {
        Some(ValueSource::CommandLine | ValueSource::EnvVariable) => true,
        Some(_) | None => false,
    }
}

fn is_property_set(given: &ArgMatches, added: &[Added], property: &str) -> bool {
    let name = |text: &str| text.split('=').next().map(|name| name.trim().to_owned());
    let given = given.try_get_many::<(String, String)>(PROPERTY_ID);
    let mut given = given.ok().flatten().into_iter().flatten();
    let wanted = name(property);
    given.any(|(given, _)| Some(given) == wanted.as_ref())
        || added
            .iter()
            .any(|a| a.flag == PROPERTY && name(&a.value) == wanted)
}
