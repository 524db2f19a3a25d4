"""Load on one address, and what it cost the server: requests a second, latencies, CPU time.

`wrk` where it is installed; else a few processes of keep-alive connections of our own, whose cost
is larger, so that the server gets less of the machine: compare only figures of the same one.
"""

import http.client
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import perf_counter

TYPE = "application/json"
PROCESSES = 2

# Every connection sends the calls in turn, each with the next token where there are any.
_LUA = """
local bodies, calls, tokens = {}, {}, {}
local headers = {["Content-Type"] = "application/json"}
for line in io.lines("%s") do
  bodies[#bodies + 1] = line
  calls[#calls + 1] = wrk.format("POST", nil, headers, line)
end
for line in io.lines("%s") do
  tokens[#tokens + 1] = line
end
local turn, used = 0, 0
request = function()
  turn = turn %% #calls + 1
  if #tokens == 0 then
    return calls[turn]
  end
  used = used + 1
  headers["Authorization"] = "Bearer " .. (tokens[used] or "none")
  return wrk.format("POST", nil, headers, bodies[turn])
end
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect
    + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("\\nFOUND %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), bad))
end
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Latencies and CPU (of the server, a request) in microseconds."""

    per_second: float
    p50: float
    p99: float
    cpu: float
    failed: int


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "python"


def run(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    server: int,
    tokens: Sequence[str] = (),
) -> Figures:
    """Load `path` and measure; `server` is the process whose tree's CPU time is counted. Each of
    the `tokens` goes with one request; where they run out, requests fail."""
    before = cpu_seconds(server)
    driver = _with_wrk if generator() == "wrk" else _with_python
    requests, spent, p50, p99, failed = driver(port, path, bodies, connections, seconds, tokens)
    cpu = (cpu_seconds(server) - before) / max(requests, 1) * 1e6
    return Figures(requests / spent, p50, p99, cpu, failed)


def cpu_seconds(root: int) -> float:
    """User and system time that a process and those it started have used so far."""
    ticks, waiting = 0, [root]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        # The second field, the name, may hold blanks; it ends with the last parenthesis.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        for thread in (process / "task").iterdir():
            waiting += map(int, (thread / "children").read_text().split())
    return ticks / os.sysconf("SC_CLK_TCK")


Counted = tuple[int, float, float, float, int]  # requests, seconds, p50, p99 in us, failures


def _with_wrk(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    connections: int,
    seconds: float,
    tokens: Sequence[str],
) -> Counted:
    with tempfile.TemporaryDirectory() as folder:
        calls, script = Path(folder, "calls"), Path(folder, "calls.lua")
        used = Path(folder, "tokens")
        calls.write_bytes(b"\n".join(bodies) + b"\n")
        used.write_text("".join(f"{token}\n" for token in tokens))
        script.write_text(_LUA % (calls, used))
        address = f"http://127.0.0.1:{port}{path}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", script, address]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^FOUND (\d+) (\d+) (\d+) (\d+) (\d+)$", shown, re.MULTILINE)
    if found is None:
        raise SystemExit(f"wrk said:\n{shown}")
    requests, micros, p50, p99, failed = map(int, found.groups())
    return requests, micros / 1e6, p50, p99, failed


def _with_python(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    connections: int,
    seconds: float,
    tokens: Sequence[str],
) -> Counted:
    processes = min(PROCESSES, connections)
    shares = [connections // processes + (i < connections % processes) for i in range(processes)]
    # Not a fork: the children must not inherit this process's threads and pipes.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        jobs = [
            (port, path, list(bodies), share, seconds, tokens[place::processes])
            for place, share in enumerate(shares)
        ]
        parts = pool.starmap(_one_process, jobs)
    times = sorted(time for part in parts for time in part[0])
    if len(times) < 2:
        raise SystemExit("the server did not answer")
    cuts = statistics.quantiles(times, n=100)
    spent = max(part[1] for part in parts)
    failed = sum(part[2] for part in parts)
    return len(times), spent, cuts[49] * 1e6, cuts[98] * 1e6, failed


def _one_process(
    port: int,
    path: str,
    bodies: list[bytes],
    connections: int,
    seconds: float,
    tokens: Sequence[str],
) -> tuple[list[float], float, int]:
    unused = deque(tokens)
    times: list[float] = []
    failures: list[int] = []
    started = perf_counter()

    def drive(turn: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while perf_counter() - started < seconds:
            turn += 1
            sent = perf_counter()
            client.request("POST", path, bodies[turn % len(bodies)], _headers(unused))
            answer = client.getresponse()
            answer.read()
            times.append(perf_counter() - sent)
            if answer.status != 200:
                failures.append(answer.status)
        client.close()

    threads = [Thread(target=drive, args=(7 * i,)) for i in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, perf_counter() - started, len(failures)


def _headers(unused: "deque[str]") -> dict[str, str]:
    token = {"Authorization": f"Bearer {unused.popleft()}"} if unused else {}
    return {"Content-Type": TYPE, **token}


def post(port: int, path: str, body: bytes, token: str = "") -> object:
    """One answer, which must be 200. Raises OSError where nobody listens yet."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request("POST", path, body, _headers(deque([token] if token else [])))
        answer = client.getresponse()
        text = answer.read()
    finally:
        client.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return json.loads(text)
