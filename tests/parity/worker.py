"""The process that runs cases in cresset: kept between cases, started again where it dies or hangs."""
import json
import select
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Died(Exception):
    """The process ended, or did not answer in time."""


class Worker:
    def __init__(self, binary, timeout=60.0):
        self.binary, self.timeout, self.process, self.jobs = binary, timeout, None, 0

    def run(self, job):
        """The answer to a job: the names of its results, or the diagnostic."""
        # Every model leaves its source in the process's table: start again now and then.
        if self.process is None or self.jobs >= 2000:
            self.stop()
            self.process = subprocess.Popen([self.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.jobs = 0
        self.jobs += 1
        try:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.process.stdout], [], [], self.timeout)
            line = self.process.stdout.readline() if ready else b""
        except BrokenPipeError:
            ready, line = True, b""
        if line:
            return json.loads(line)
        if not ready:
            self.process.kill()
        self.process.stdin.close()
        last = self.process.stderr.read().decode(errors="replace").strip().splitlines()[-3:]
        status = self.process.wait()
        self.process = None
        raise Died(f"no answer in {self.timeout:.0f} s" if not ready else f"status {status}: {' | '.join(last)}")

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None
