import os
import time

from holdfast_client import AuthenticatedClient
from holdfast_client.api.runs import runs_get, runs_start
from holdfast_client.models import Problem, StartRun

client = AuthenticatedClient(base_url=os.environ["HOLDFAST_URL"], token=os.environ["HOLDFAST_API_KEY"])
run = runs_start.sync(client=client, body=StartRun(agent="parrot", input_="hello"), idempotency_key="greeting-1")
while not isinstance(run, Problem) and run.status not in ("succeeded", "failed", "cancelled"):
    time.sleep(0.2)
    run = runs_get.sync(run.id, client=client)
print(run.code if isinstance(run, Problem) else run.output[0].text)
