"""Says what a V4L2 device is, from sysfs: its card name, its USB serial number, and whether it is a device at all.

A loopback or test driver can play any picture; it must never pass for a live camera. What sysfs does not
show cannot be told from one, so it counts as simulated too.
"""

from __future__ import annotations

from pathlib import Path

from edge.core.record import CaptureSource, SourceKind

# Drivers whose pictures or whose whole USB bus are made by software, by their folder under /sys/devices/platform:
# the test drivers of the kernel's media tree, USB over a network, and the USB bus without hardware.
SOFTWARE_PLATFORMS = ("vivid", "vimc", "vim2m", "vicodec", "visl", "vhci_hcd", "dummy_hcd", "dummy_udc")


def identify(number: int, sysfs: Path = Path("/sys")) -> CaptureSource:
    """The source that /dev/video`number` is: LIVE_CAMERA for hardware, SCRIPTED for everything else."""
    entry = sysfs / "class" / "video4linux" / f"video{number}"
    name = _line(entry / "name") or f"video{number}"
    try:
        device = entry.resolve(strict=True)
    except OSError:
        return CaptureSource(kind=SourceKind.SCRIPTED, model=f"{name} (unknown to the system)")
    if _made_by_software(device, sysfs.resolve()):
        return CaptureSource(kind=SourceKind.SCRIPTED, model=f"{name} (software device)")
    return CaptureSource(kind=SourceKind.LIVE_CAMERA, model=name, serial=_usb_serial(device))


def _made_by_software(device: Path, sysfs: Path) -> bool:
    try:
        bus, driver = device.relative_to(sysfs / "devices").parts[:2]
    except ValueError:
        return True
    return bus == "virtual" or (bus == "platform" and driver.partition(".")[0] in SOFTWARE_PLATFORMS)


def _usb_serial(device: Path) -> str:
    """The serial number in the nearest folder above that describes a USB device; empty where there is none."""
    for folder in device.parents:
        if (folder / "idVendor").is_file():
            return _line(folder / "serial")
    return ""


def _line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
