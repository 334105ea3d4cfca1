"""The package under a running systemd: the system in the folder is started as a machine of its own, and used.

Namespaces of its own stand for the board (processes, mounts, network, control groups); there is no camera and no
broker. What the sandboxes let through and what they stop is the kernel's doing here as there. Each step says what
must hold and raises AssertionError when it does not.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.deb.root import ENVIRONMENT, Root

START_S, STEP_S = 90.0, 60.0
_BEGIN = """
for place in $(awk '$3 == "cgroup2" || /name=systemd/ {print $2}' /proc/mounts); do
  mkdir -p $place/doorstep-boot && echo $$ >$place/doorstep-boot/cgroup.procs
done
exec unshare --mount --pid --fork --uts --ipc --cgroup --net --kill-child sh -ec '
  mount --make-rprivate /
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs run
  mkdir -p old
  pivot_root . old
  umount -l old
  exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
' sh "$1"
"""


class Machine:
    """A system that is running. `run` gives the output of a command inside; `until` waits for a line of one."""

    def __init__(self, process_id: int) -> None:
        self._enter = ["nsenter", "-t", str(process_id), "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w"]

    def run(self, *command: str, check: bool = True) -> str:
        whole = [*self._enter, "env", "-i", *ENVIRONMENT, *command]
        done = subprocess.run(whole, capture_output=True, text=True, timeout=300)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}"
        return done.stdout or done.stderr

    def until(self, wanted: str, *command: str, within_s: float = STEP_S) -> None:
        deadline_s, said = time.monotonic() + within_s, ""
        while time.monotonic() < deadline_s:
            said = self.run(*command, check=False)
            if wanted in said:
                return
            time.sleep(0.5)
        raise AssertionError(f"{' '.join(command)} never said {wanted!r}, at last {said[-300:]!r}")


@contextmanager
def booted(root: Root) -> Iterator[Machine]:
    """Start the system of `root`; killed afterwards."""
    with subprocess.Popen(["bash", "-c", _BEGIN, "bash", str(root.folder)], stdin=subprocess.DEVNULL) as process:
        try:
            machine = Machine(_first_process(process.pid))
            machine.until("doorstep.target", "systemctl", "list-units", "--state=active", within_s=START_S)
            yield machine
        finally:
            process.kill()


def _first_process(parent: int) -> int:
    """The child of unshare, which is process 1 inside. Waits for it to have become systemd."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if children and Path(f"/proc/{children[0]}/cmdline").read_text().startswith("/lib/systemd/systemd"):
            return int(children[0])
        time.sleep(0.2)
    raise AssertionError("systemd did not start")


class Uses:
    """The steps, in order, on a running machine with the package and a unit. stick: holds a newer, signed release."""

    def __init__(self, machine: Machine, stick: Path, media: Path) -> None:
        self._machine, self._stick, self._media = machine, stick, media

    def steps(self) -> list[Callable[[], str]]:
        return [self.screen, self.sandbox, self.timers, self.killed, self.update, self.way_back]

    def screen(self) -> str:
        """Started by itself into the visit, whose page comes in through the socket."""
        self._until_ready()
        fetch = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').status)"
        assert self._machine.run("python3", "-c", fetch).strip() == "200"
        return "the page answers"

    def sandbox(self) -> str:
        """The visit has no capability, a filter of calls and no network; sync cannot see the record key."""
        process = self._machine.run("systemctl", "show", "-P", "MainPID", "doorstep-visit.service").strip()
        status = self._machine.run("cat", f"/proc/{process}/status")
        assert "CapEff:\t0000000000000000" in status and "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        networks = self._machine.run("cat", f"/proc/{process}/net/dev").splitlines()[2:]
        assert [line.split(":")[0].strip() for line in networks] == ["lo"]
        shut = self._as_a_job("ls", "/var/lib/doorstep/keys")
        assert "Permission denied" in shut, shut
        memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return f"capabilities none, network none, {int(memory) // 1024} MB resident"

    def timers(self) -> str:
        """What the timers start succeeds in its sandbox: verify and purge."""
        for name in ("verify", "purge"):
            self._machine.run("systemctl", "start", f"doorstep-{name}.service")
        return "both succeed"

    def killed(self) -> str:
        """Killed, the visit is back."""
        self._machine.run("systemctl", "kill", "-s", "KILL", "doorstep-visit.service")
        self._machine.until("1", "systemctl", "show", "-P", "NRestarts", "doorstep-visit.service")
        self._until_ready()
        return "back by itself"

    def update(self) -> str:
        """A signed release on the stick: rehearsed, on trial after the next start, confirmed."""
        self._media.mkdir(parents=True, exist_ok=True)
        for file in self._stick.iterdir():
            shutil.copy(file, self._media / file.name)
        self._machine.run("systemctl", "start", "doorstep-update.service")
        assert "on trial" in self._machine.run("doorstep", "update", "status")
        self._machine.run("systemctl", "restart", "doorstep-visit.service")
        self._machine.until("success", "systemctl", "show", "-P", "Result", "doorstep-confirm.service")
        self._until_release("a", on_trial=False)
        return self._machine.run("doorstep", "update", "status").splitlines()[0]

    def way_back(self) -> str:
        """A release whose visit does not start: after three tries the one before is in force, and runs."""
        spoil = "cd /srv/doorstep; cp -a a b; cd b/lib/python3*/site-packages/edge/cli; rm -r __pycache__"
        self._machine.run("sh", "-ec", f"{spoil}; echo 'raise SystemExit(9)' >serve.py; /usr/lib/doorstep/slot try b")
        self._machine.run("systemctl", "--no-block", "restart", "doorstep-visit.service")
        self._until_release("a", on_trial=False)
        self._until_ready()
        return "went back and runs"

    def _until_ready(self) -> None:
        self._machine.until("active", "systemctl", "is-active", "doorstep-visit.service")

    def _until_release(self, slot: str, *, on_trial: bool) -> None:
        wanted = f"{slot}\n" if not on_trial else f"{slot}\non trial"
        self._machine.until(f"|{wanted}|", "sh", "-c", 'printf "|%s\\n|" "$(/usr/lib/doorstep/slot show)"')

    def _as_a_job(self, *command: str) -> str:
        """What a command says in the sandbox of the purge, which is that of all jobs."""
        unit = "/run/systemd/system/doorstep-purge.service.d"
        words = " ".join(command)
        text = f"[Service]\\nExecStart=\\nExecStart=/bin/sh -c '{words} >/var/lib/doorstep/said 2>&1; true'\\n"
        write = f"mkdir -p {unit}; printf \"{text}\" >{unit}/try.conf"
        self._machine.run("sh", "-ec", f"{write}; systemctl daemon-reload")
        self._machine.run("systemctl", "start", "doorstep-purge.service")
        said = self._machine.run("cat", "/var/lib/doorstep/said")
        self._machine.run("sh", "-ec", f"rm -r {unit} /var/lib/doorstep/said; systemctl daemon-reload")
        return said
