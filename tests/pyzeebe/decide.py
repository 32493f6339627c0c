"""Deploys a file of decisions and asks for one of them, with pyzeebe: a client that nobody here wrote.

Usage: decide.py HOST:PORT FILE DECISION VARIABLES
"""

import asyncio
import json
import sys

from pyzeebe import ZeebeClient, create_insecure_channel
from pyzeebe.errors import DecisionNotFoundError


async def main(address: str, file: str, decision: str, variables: str) -> None:
    client = ZeebeClient(create_insecure_channel(grpc_address=address))
    deployed = await client.deploy_resource(file)
    keys = {found.dmn_decision_id: found.decision_key for found in deployed.deployments if hasattr(found, "dmn_decision_id")}
    by_id = await client.evaluate_decision(None, decision, json.loads(variables))
    by_key = await client.evaluate_decision(keys[decision], None, json.loads(variables))
    assert by_id.decision_output == by_key.decision_output
    try:
        await client.evaluate_decision(None, "nobody's", {})
    except DecisionNotFoundError:
        print(json.dumps({
            "output": by_id.decision_output,
            "failure": by_id.failure_message,
            "made": {made.decision_id: [rule.rule_id for rule in made.matched_rules] for made in by_id.evaluated_decisions},
        }))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
