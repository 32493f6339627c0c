//! The end of a round: a table of outcomes, and a picture of the path that each claim took.

use serde_json::{Value, json};

use super::rounds::Round;
use super::{Stage, narrator, sentence};
use crate::failure::{Exit, Failure};
use crate::moment;
use crate::output::{Paint, Tone, plain, table, toned};
use crate::picture;

struct Ending {
    claim: String,
    customer: &'static str,
    amount: u32,
    key: u64,
    outcome: String,
    reason: String,
    took_ms: i64,
    picture: String,
}

pub async fn show(stage: &Stage, round: &Round) -> Result<(), Failure> {
    let mut endings = Vec::new();
    for (number, key) in round.instances() {
        let claim = &round.claims[number];
        let found = narrator::fetch(stage, key).await?;
        let svg = picture::of_instance(&stage.client, &found).await?;
        let file = stage.folder.join(format!("{}.svg", claim.id));
        std::fs::write(&file, svg).map_err(|error| {
            let text = format!("{} cannot be written: {error}", file.display());
            Failure::new(Exit::Data, "DATA_FOLDER", text)
        })?;
        let (outcome, reason) = sentence::outcome(&found);
        let instance = found.instance.unwrap_or_default();
        endings.push(Ending {
            claim: claim.id.clone(),
            customer: claim.customer(),
            amount: claim.amount(),
            key,
            outcome,
            reason,
            took_ms: instance.ended_ms - instance.created_ms,
            picture: file.display().to_string(),
        });
    }
    if stage.output.is_json() {
        let claims: Vec<Value> = endings.iter().map(to_json).collect();
        return stage.output.print_json(&json!({ "claims": claims }));
    }
    stage.say(text(stage.output.paint(), &endings)).await;
    Ok(())
}

fn to_json(ending: &Ending) -> Value {
    json!({
        "claim": ending.claim,
        "customer": ending.customer,
        "amount": ending.amount,
        "instanceKey": ending.key.to_string(),
        "outcome": ending.outcome,
        "reason": ending.reason,
        "tookMs": ending.took_ms,
        "picture": ending.picture,
    })
}

fn text(paint: Paint, endings: &[Ending]) -> String {
    let header = [
        "CLAIM",
        "CUSTOMER",
        "AMOUNT",
        "OUTCOME",
        "REASON",
        "TOOK",
        "THE PATH IT TOOK",
    ];
    let rows = endings
        .iter()
        .map(|ending| {
            let tone = match ending.outcome.as_str() {
                "APPROVED" => Tone::Good,
                "REJECTED" => Tone::Bad,
                _ => Tone::Warn,
            };
            vec![
                toned(&ending.claim, Tone::Name),
                plain(ending.customer),
                plain(ending.amount),
                toned(&ending.outcome, tone),
                plain(&ending.reason),
                plain(moment::length(ending.took_ms)),
                toned(&ending.picture, Tone::Faint),
            ]
        })
        .collect();
    format!("\n{}", table(paint, &header, rows).trim_end())
}
