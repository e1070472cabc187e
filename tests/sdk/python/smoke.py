"""The generated client against a real server: starts a run, waits for its end, reads its events and its lists."""

import json
import sys
import time
from pathlib import Path

url, key, agent, folder = sys.argv[1:5]
sys.path.insert(0, str(Path(folder).parent))

from holdfast_client import AuthenticatedClient  # noqa: E402
from holdfast_client.api.agents import agents_get  # noqa: E402
from holdfast_client.api.runs import runs_events, runs_get, runs_list, runs_start  # noqa: E402
from holdfast_client.models import EventPage, Problem, Run, StartRun  # noqa: E402

client = AuthenticatedClient(base_url=url, token=key)

started = runs_start.sync(client=client, body=StartRun(agent=agent, input_="go"), idempotency_key="python-1")
assert isinstance(started, Run), started
again = runs_start.sync(client=client, body=StartRun(agent=agent, input_="go"), idempotency_key="python-1")
assert isinstance(again, Run) and again.id == started.id, "the same key gives the same run"

until = time.monotonic() + 60
run = started
while run.status not in ("succeeded", "failed", "cancelled"):
    assert time.monotonic() < until, f"the run is still {run.status}"
    time.sleep(0.05)
    run = runs_get.sync(started.id, client=client)
    assert isinstance(run, Run), run
assert run.status == "succeeded", run

numbers: list[int] = []
ended = False
while not ended:
    page = runs_events.sync(started.id, client=client, after=len(numbers), limit=3)
    assert isinstance(page, EventPage), page
    numbers += [event.seq for event in page.items]
    ended = page.ended
assert numbers == list(range(1, run.head + 1)), numbers

listed = runs_list.sync(client=client, agent=agent)
assert [item.id for item in listed.items] == [started.id]

refused = agents_get.sync("nobody", client=client)
assert isinstance(refused, Problem) and refused.code == "agent_not_found", refused

print(json.dumps({"events": len(numbers), "status": str(run.status)}))
