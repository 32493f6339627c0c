//! The claims of a round and what becomes of each: who decides what.

use serde_json::{Value, json};

/// What happens to a claim of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// A large one: documents are asked for, two people approve, and the bank answers at the second try only.
    Large,
    /// A small one that was flagged: an adjuster rejects it.
    Flagged,
    /// The adjusters do not decide in time: a lead hands it over.
    Overdue,
    /// Small enough to be paid without a look, but the bank refuses: somebody pays by hand.
    Refused,
}

pub const PLOTS: [Plot; 4] = [Plot::Large, Plot::Flagged, Plot::Overdue, Plot::Refused];

/// A claim of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `C-<round><number, two digits>`.
    pub id: String,
    pub plot: Plot,
}

impl Claim {
    pub fn of_round(round: u32) -> Vec<Claim> {
        let claim = |(number, &plot): (usize, &Plot)| Claim {
            id: format!("C-{round}{:02}", number + 1),
            plot,
        };
        PLOTS.iter().enumerate().map(claim).collect()
    }

    /// The word that its instance can be found by.
    pub fn tag(&self) -> String {
        format!("{TAG}{}", self.id)
    }

    pub fn customer(&self) -> &'static str {
        match self.plot {
            Plot::Large => "Ada Lovelace",
            Plot::Flagged => "Boris Johnsen",
            Plot::Overdue => "Chen Li",
            Plot::Refused => "Dora Maar",
        }
    }

    pub fn amount(&self) -> u32 {
        match self.plot {
            Plot::Large => 12_500,
            Plot::Flagged => 480,
            Plot::Overdue => 4_200,
            Plot::Refused => 640,
        }
    }

    /// The variables that its instance begins with.
    pub fn variables(&self, auto: bool) -> Value {
        let mut variables = json!({
            "claimId": self.id,
            "customer": self.customer(),
            "policy": format!("P-{}", self.id),
            "amount": self.amount(),
        });
        match self.plot {
            Plot::Large => variables["bank"] = Value::from("slow"),
            Plot::Flagged => variables["flagged"] = Value::from(true),
            Plot::Overdue => {
                let limit = if auto { "PT3S" } else { "PT2M" };
                variables["reviewLimit"] = Value::from(limit);
            }
            Plot::Refused => variables["bank"] = Value::from("refuses"),
        }
        variables
    }
}

const TAG: &str = "claim:";

/// The round and the place in it that an instance's tags tell.
pub fn place(tags: &[String]) -> Option<(u32, usize)> {
    let id = tags.iter().find_map(|tag| tag.strip_prefix(TAG))?;
    place_of_id(id)
}

pub fn place_of_id(id: &str) -> Option<(u32, usize)> {
    let digits = id.strip_prefix("C-")?;
    let (round, number) = digits.split_at_checked(digits.len().checked_sub(2)?)?;
    let number: usize = number.parse().ok()?;
    let round = round.parse().ok()?;
    (1..=PLOTS.len())
        .contains(&number)
        .then(|| (round, number - 1))
}

/// What somebody does with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub who: &'static str,
    pub groups: &'static [&'static str],
    /// Tries before, and may not.
    pub refused: Option<&'static str>,
    pub action: &'static str,
    pub variables: Value,
    pub comment: &'static str,
}

/// What is to be done with a task of the element; `None`: nobody of the cast does it.
pub fn act(element: &str, variables: &Value, auto: bool) -> Option<Act> {
    let id = variables["claimId"].as_str().unwrap_or_default();
    let plot = place_of_id(id).map(|(_, number)| PLOTS[number]);
    match element {
        "review-claim" if auto => review(plot, variables),
        "second-approval" if auto => Some(Act {
            refused: variables["review"]["by"]
                .as_str()
                .filter(|&by| by == "anna")
                .map(|_| "anna"),
            ..acts("bert", &["adjusters"], "approve", "I agree.")
        }),
        "decide-overdue" => Some(acts(
            "lea",
            &["leads"],
            "hand-over",
            "For the legal department.",
        )),
        "manual-payout" => Some(Act {
            variables: json!({ "reference": format!("MANUAL-{id}") }),
            ..acts("max", &["accounting"], "paid", "Paid by cheque.")
        }),
        _ => None,
    }
}

fn review(plot: Option<Plot>, variables: &Value) -> Option<Act> {
    match plot {
        Some(Plot::Overdue) => None,
        Some(Plot::Flagged) => Some(acts(
            "anna",
            &["adjusters"],
            "reject",
            "The bill is older than the policy.",
        )),
        Some(Plot::Large) if variables["documents"].is_null() => Some(Act {
            variables: json!({ "documentsWanted": "photos of the roof" }),
            ..acts(
                "anna",
                &["adjusters"],
                "request-documents",
                "I need to see the roof.",
            )
        }),
        Some(Plot::Large | Plot::Refused) | None => {
            Some(acts("anna", &["adjusters"], "approve", "All is in order."))
        }
    }
}

fn acts(
    who: &'static str,
    groups: &'static [&'static str],
    action: &'static str,
    comment: &'static str,
) -> Act {
    Act {
        who,
        groups,
        refused: None,
        action,
        variables: json!({}),
        comment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_again_by_its_tag() {
        for (number, claim) in Claim::of_round(12).iter().enumerate() {
            assert_eq!(place(&["demo".to_owned(), claim.tag()]), Some((12, number)));
        }
        for other in [
            "claim:C-1",
            "claim:X-101",
            "claim:C-105",
            "claim:C-1é1",
            "C-101",
        ] {
            assert_eq!(place(&[other.to_owned()]), None, "{other}");
        }
    }

    #[test]
    fn the_reader_plays_the_adjusters_and_nobody_else() {
        let claim = json!({ "claimId": "C-101" });
        let played = |auto| {
            let elements = [
                "review-claim",
                "second-approval",
                "decide-overdue",
                "manual-payout",
            ];
            elements.map(|element| act(element, &claim, auto).is_some())
        };
        assert_eq!(played(false), [false, false, true, true]);
        assert_eq!(played(true), [true; 4]);
    }
}
