"""The service tasks of the insurance claim, as a worker on pyzeebe: a client that nobody here wrote.

Usage: worker.py HOST:PORT poll|stream
"""

import asyncio
import sys

from pyzeebe import Job, ZeebeWorker, create_insecure_channel
from pyzeebe.errors import BusinessError


def serve(worker: ZeebeWorker) -> None:
    """Registers what the worker can do."""

    attempts: dict[int, int] = {}

    @worker.task(task_type="check-coverage")
    async def check_coverage(customer: str) -> dict:
        return {"covered": customer != "Nobody", "checkedBy": "pyzeebe"}

    @worker.task(task_type="ask-for-documents")
    async def ask_for_documents() -> dict:
        return {"asked": True}

    @worker.task(task_type="pay-out")
    async def pay_out(job: Job, customer: str, amount: int) -> dict:
        attempts[job.key] = attempts.get(job.key, 0) + 1
        if customer == "Unlucky" and attempts[job.key] == 1:
            # The default handler fails the job: it has retries left.
            raise RuntimeError("the bank does not answer")
        if customer == "Refused":
            raise BusinessError("PAYOUT_REFUSED", "the account is closed")
        return {"paid": amount, "attempts": attempts[job.key]}


async def main(address: str, mode: str) -> None:
    channel = create_insecure_channel(grpc_address=address)
    worker = ZeebeWorker(channel, stream_enabled=mode == "stream", name=f"pyzeebe-{mode}")
    serve(worker)
    print("ready", flush=True)
    await worker.work()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
