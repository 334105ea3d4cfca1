"""The set-up script on machines that lack this or that; the system's programs are stand-ins that note their calls."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "setup.sh"
TOOLS = (
    "bash",
    "dirname",
    "cat",
    "sha256sum",
    "cut",
    "tail",
    "tr",
    "grep",
    "sed",
    "tee",
    "rm",
    "mkdir",
    "mktemp",
    "cp",
    "env",
    "id",
)

PYTHON = r"""#!/usr/bin/env bash
echo "python $*" >>"$CALLS"
case "$*" in
  *find_spec*) [ -e "$HOME/picamera2" ]; exit ;;
  *"-m venv"*) mkdir -p "${!#}/bin"; cp "$0" "${!#}/bin/python" ;;
  -VV) echo "Python 3.11.2" ;;
  -V) echo "Python 3.11.2" ;;
  *"-m pip"*)
    echo "Downloading big.whl (61.2 MB)"
    [ ! -e "$HOME/pip-fails" ] || { echo "ERROR: no space"; exit 1; } ;;
esac
exit 0
"""
SUDO = '#!/usr/bin/env bash\necho "sudo $*" >>"$CALLS"\n[ "$1" != -n ] || shift\nexec "$@"\n'
APT = """#!/usr/bin/env bash
echo "apt-get $*" >>"$CALLS"
[ ! -e "$HOME/apt-fails" ] || { echo "E: no route to the mirror" >&2; exit 100; }
case "$*" in *--assume-no*) echo "Need to get 10.4 MB of archives."; exit 1 ;; esac
cp "$HOME/python3.deb" "$HOME/bin/python3"
"""


class Machine:
    """A checkout and a PATH of its own, in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.calls_file = root / "calls"
        self.checkout = root / "checkout"
        (self.checkout / "tools").mkdir(parents=True)
        shutil.copy(SCRIPT, self.checkout / "tools" / "setup.sh")
        self.pyproject = self.checkout / "pyproject.toml"
        self.pyproject.write_text("[project]\n")
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        self.has("mosquitto", "#!/usr/bin/env bash\n")
        self.has("npm", "#!/usr/bin/env bash\n")
        for program in ("chromium", "espeak-ng", "nft", "sfdisk", "tesseract"):
            self.has(program, "#!/usr/bin/env bash\n")
        (root / "python3.deb").write_text(PYTHON)
        (root / "python3.deb").chmod(0o755)

    def has(self, name: str, text: str) -> None:
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def with_user(self, number: int) -> None:
        self.has("id", f"#!/usr/bin/env bash\necho {number}\n")

    def run(self, profile: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.bin),
            "HOME": str(self.root),
            "CALLS": str(self.calls_file),
            "TMPDIR": str(self.root),
        }
        command = [str(self.bin / "bash"), str(self.checkout / "tools" / "setup.sh"), profile]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
        )

    def calls(self, word: str) -> list[str]:
        text = self.calls_file.read_text() if self.calls_file.exists() else ""
        return [line for line in text.splitlines() if word in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def with_python(machine: Machine) -> Machine:
    machine.has("python3", PYTHON)
    return machine


def test_an_unknown_profile_is_a_usage_error(machine: Machine) -> None:
    done = machine.run("everything")
    assert done.returncode == 2
    assert "demo|test|tflite" in done.stderr


def test_a_system_without_apt_is_told_what_lacks(machine: Machine) -> None:
    done = machine.run("demo")
    assert done.returncode == 1
    assert "missing here: python3 python3-venv" in done.stderr and "What to do" in done.stderr


def test_a_user_without_sudo_is_given_the_command_for_root(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.with_user(1000)
    done = machine.run("demo")
    assert done.returncode == 1
    assert "As root: apt-get install python3 python3-venv" in done.stderr
    assert machine.calls("apt-get") == []


def test_system_packages_come_through_sudo_without_questions_and_extras(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.has("sudo", SUDO)
    machine.with_user(1000)
    done = machine.run("demo")
    assert done.returncode == 0, done.stderr
    (install,) = machine.calls("apt-get install -y")[-1:]
    assert "--no-install-recommends python3 python3-venv" in install
    assert "Need to get 10.4 MB" in done.stdout
    # Nobody is there to type a password.
    assert all(line.startswith("sudo -n ") for line in machine.calls("sudo"))
    assert any("DEBIAN_FRONTEND=noninteractive" in line for line in machine.calls("sudo"))


def test_root_needs_no_sudo(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.with_user(0)
    assert machine.run("demo").returncode == 0
    assert machine.calls("apt-get install -y")


def test_a_mirror_that_cannot_be_reached_is_named(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.with_user(0)
    (machine.root / "apt-fails").touch()
    done = machine.run("demo")
    assert done.returncode == 1
    assert "no route to the mirror" in done.stderr


def test_a_second_run_installs_nothing(machine: Machine) -> None:
    with_python(machine)
    first, second = machine.run("test"), machine.run("test")
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(machine.calls("pip install")) == 1
    assert "61.2 MB" in first.stdout and "Installing" in first.stdout
    assert "Installing" not in second.stdout


def test_what_the_tests_need_contains_what_the_demonstration_needs(machine: Machine) -> None:
    with_python(machine)
    machine.run("test")
    machine.run("demo")
    assert len(machine.calls("pip install")) == 1


def test_the_demonstration_alone_brings_no_developers_tools(machine: Machine) -> None:
    with_python(machine)
    machine.run("demo")
    (install,) = machine.calls("pip install")
    assert ".[litert,central]" in install
    machine.run("test")
    assert ".[litert,central,dev,measure]" in machine.calls("pip install")[-1]


def test_a_changed_project_file_is_installed_again(machine: Machine) -> None:
    with_python(machine)
    machine.run("demo")
    machine.pyproject.write_text("[project]\nname = 'other'\n")
    machine.run("demo")
    assert len(machine.calls("pip install")) == 2


def test_a_failed_install_is_told_and_tried_again(machine: Machine) -> None:
    with_python(machine)
    (machine.root / "pip-fails").touch()
    failed = machine.run("demo")
    assert failed.returncode == 1
    assert "ERROR: no space" in failed.stderr and "run make again" in failed.stderr
    (machine.root / "pip-fails").unlink()
    assert machine.run("demo").returncode == 0
    assert len(machine.calls("pip install")) == 2


def test_a_virtual_environment_without_its_python_is_made_again(machine: Machine) -> None:
    with_python(machine)
    machine.run("demo")
    (machine.checkout / ".venv" / "bin" / "python").unlink()
    assert machine.run("demo").returncode == 0
    assert len(machine.calls("-m venv")) == 2
    assert os.access(machine.checkout / ".venv" / "bin" / "python", os.X_OK)


def test_a_camera_library_installed_later_is_made_visible(machine: Machine) -> None:
    with_python(machine)
    machine.run("demo")
    (machine.root / "picamera2").touch()
    assert machine.run("demo").returncode == 0
    assert "--system-site-packages" in machine.calls("-m venv")[-1]
    # The system's camera library was built against an older numpy.
    assert "numpy<2" in machine.calls("pip install")[-1]


def test_bundle_and_portraits_are_seen_to_at_every_run(machine: Machine) -> None:
    with_python(machine)
    machine.run("demo")
    machine.run("demo")
    assert len(machine.calls("tools.bundle build")) == 2
    assert len(machine.calls("tools.portraits")) == 2
