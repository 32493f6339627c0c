//! `weir feel`: expressions tried out, without a server.
//!
//! Owns the arguments. `session.rs` evaluates, `report.rs` shows what came of it, `repl.rs` reads line after line.

mod complete;
mod editor;
mod repl;
mod report;
mod session;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::moment;
use crate::output::Output;
use crate::variables::ContextArgs;

pub use report::{as_json, reason};
use session::Session;

/// Try FEEL expressions: one by one, or in a dialogue
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir feel                                  a dialogue with completion and history; :help says more
  weir feel --context-file order.json        the same, with variables
  weir feel eval 'sum([1, 2, 3])'
  weir feel < expressions.txt                a line is an expression

Exit status: 0 done, 1 a line of what is no terminal failed, 2 wrong usage, or the variables cannot be read.")]
pub struct FeelArgs {
    #[command(subcommand)]
    command: Option<FeelCommand>,

    /// Tell what became null, where and why
    #[arg(long, global = true)]
    explain: bool,

    /// What now() and today() say: an instant, or a duration from now
    #[arg(long, global = true, value_name = "WHEN", value_parser = moment::parse_instant)]
    now: Option<i64>,

    #[command(flatten)]
    context: ContextArgs,
}

#[derive(Debug, Subcommand)]
enum FeelCommand {
    Eval(EvalArgs),
    /// Read, evaluate and print line after line: what `weir feel` does, too
    #[command(after_help = "\
Examples:
  weir feel repl --context '{\"amount\": 100}'
  weir feel repl --explain < expressions.txt")]
    Repl,
}

/// Evaluate one expression and print its value
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir feel eval 'amount * 1.19' --context '{\"amount\": 100}'
  weir feel eval 'order.total > 10' --context-file order.json --explain
  weir feel eval 'now() + duration(\"P1D\")' --now 2026-11-30T12:00:00Z
  weir feel eval '[18..65], 99' --unary age --set age=70       does the value pass the tests?

Values are printed in FEEL's notation, with --format json as JSON: {\"value\": …}. With --explain what \
became null is told with its reason, in JSON as \"warnings\".

Exit status: 0 it has a value, and null is one; 1 it is not FEEL, or went beyond a limit; 2 wrong usage, \
or the variables cannot be read.")]
struct EvalArgs {
    /// The expression
    #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
    expression: String,

    /// EXPRESSION has the tests of a decision table's cell: tell whether this value passes them
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    unary: Option<String>,
}

pub fn run(args: &FeelArgs, output: Output) -> Result<(), Failure> {
    match &args.command {
        Some(FeelCommand::Eval(what)) => evaluate(args, what, output),
        Some(FeelCommand::Repl) | None => dialogue(args, output),
    }
}

fn evaluate(args: &FeelArgs, what: &EvalArgs, output: Output) -> Result<(), Failure> {
    let session = Session::new(args.context.variables()?, args.now)?;
    let colours_errors = output.colours_errors();
    let evaluated = match &what.unary {
        Some(_) if args.explain => {
            let text = "--explain is for expressions, not for the tests of a cell";
            return Err(Failure::usage(text));
        }
        Some(value) => session.passes(value, &what.expression, colours_errors)?,
        None => session.evaluate(&what.expression, args.explain, colours_errors)?,
    };
    output.show(
        || evaluated.to_json(),
        |paint| evaluated.to_text(&what.expression, paint),
    )
}

fn dialogue(args: &FeelArgs, output: Output) -> Result<(), Failure> {
    if args.context.takes_standard_input() {
        let text = "standard input has the lines of the dialogue";
        return Err(Failure::usage(text).hint("take the variables from a file, or from --context"));
    }
    let session = Session::new(args.context.variables()?, args.now)?;
    repl::run(session, args.explain, output)
}
