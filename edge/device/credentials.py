"""Keys as systemd credentials: sealed by this machine's TPM 2 or host key, opened by systemd for one service only.

The services name them (LoadCredentialEncrypted= in systemd/doorstep-visit.service) and find them in the folder that
CREDENTIALS_DIRECTORY names. Without a TPM the host key lies on the same card: then a credential keeps a key from the
other services, not from whoever has the card (docs/threat-model.md).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from edge.core.errors import SigningError

STORE = Path("/etc/credstore.encrypted")
_REMEDY = "Run it as root on the unit, with systemd 252 or later."


def has_tpm() -> bool:
    """Whether firmware, driver and system know a TPM 2."""
    return shutil.which("systemd-creds") is not None and _run("has-tpm2", check=False).returncode == 0


def seal_credential(name: str, file: Path, store: Path = STORE, *, sealed_by: str = "") -> Path:
    """Seal `file` as credential `name`, and open it again to see that it is the same. Raises SigningError.

    sealed_by: host or tpm2; by default the TPM where there is one. The file itself is left alone.
    """
    by = sealed_by or ("host+tpm2" if has_tpm() else "host")
    made = store / name
    try:
        store.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        raise SigningError(f"cannot make {store}: {e.strerror}", remedy=_REMEDY) from e
    try:
        _run("encrypt", f"--with-key={by}", f"--name={name}", str(file), str(made))
        if _run("decrypt", f"--name={name}", str(made), "-").stdout != file.read_bytes():
            raise SigningError(f"the credential {name} does not open to what was sealed", remedy=_REMEDY)
    except SigningError:
        made.unlink(missing_ok=True)  # half of one would be handed to the service
        raise
    return made


def _run(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(["systemd-creds", *arguments], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise SigningError(f"systemd-creds cannot be run: {e}", remedy=_REMEDY) from e
    if check and done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SigningError(f"systemd-creds {arguments[0]}: {said[-1] if said else done.returncode}", remedy=_REMEDY)
    return done
