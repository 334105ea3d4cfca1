"""The one error tree.

Every error carries `.remedy`, a sentence for the person who can mend it. Foreign errors are translated
where they cross into this project. "Does not verify" and "could not be checked" are different errors,
because one accuses somebody and the other does not.
"""

from __future__ import annotations


class DoorstepError(Exception):
    """Base of all errors a caller of Doorstep may see.

    `message` says what was expected and what was got; `remedy` says what to do next. `code` names it in the
    catalogues of pages, where it has a text of its own; empty where it has none.
    """

    default_remedy = "Run the command again with --help, or ask the technician of this unit."

    def __init__(self, message: str, *, remedy: str | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.default_remedy
        self.code = code


class ConfigError(DoorstepError):
    """A configuration or policy file is missing, malformed, or contradicts itself."""

    default_remedy = "Correct the file named above, then start again."


class SimulatedInputRefused(ConfigError):
    """Replayed or scripted pictures were combined with a provisioned key."""

    default_remedy = "Use a live camera with this unit, or a demonstration unit for recorded pictures."


class InputError(DoorstepError):
    """A value typed or passed by a person is not acceptable."""

    default_remedy = "Correct the value and try again."


class CameraError(DoorstepError):
    """The camera, clip or folder of stills cannot be opened or stopped giving frames."""

    default_remedy = "Check the camera's ribbon or the path of the file, then start the visit again."


class LampError(DoorstepError):
    """The unit's lamps cannot be driven."""

    default_remedy = "Check the lamps' wiring and the pins in unit.toml, or take [lamps] out: visits go on without."


class PanelError(DoorstepError):
    """The unit's buttons, lamps or buzzer cannot be driven."""

    default_remedy = "Check the panel's wiring and the pins in unit.toml, or take [panel] out: the page does it all."


class CardReaderError(DoorstepError):
    """A card's number cannot be read from a picture; it is typed instead."""

    default_remedy = "Type the number. To have it read, install: sudo apt-get install tesseract-ocr"


class VoiceError(DoorstepError):
    """A text cannot be read aloud; the screen shows it all the same."""

    default_remedy = "Install the voice: sudo apt-get install espeak-ng"


class PaperError(DoorstepError):
    """A form cannot be printed."""

    default_remedy = "Install a Chinese font: sudo apt-get install fonts-noto-cjk"


class ModelError(DoorstepError):
    """A net cannot be loaded or run on this machine."""

    default_remedy = "Run `doorstep models verify`, and install the bundle again if it reports a fault."


class FaceNotUsable(DoorstepError):
    """A picture holds no face that can serve as a reference, and why."""

    default_remedy = "Take another picture: one person, the whole face, in even light."


class StoreError(DoorstepError):
    """The record store cannot be opened, read or written."""

    default_remedy = "Check the free space and the permissions of the unit's data folder."


class SigningError(DoorstepError):
    """A key is missing, unreadable or of the wrong kind."""

    default_remedy = "Ask a technician to provision this unit again; never copy a key from another unit."


class PinRefused(DoorstepError):
    """The PIN is not the worker's. `left`: how many more wrong ones until the lock."""

    default_remedy = "Type the PIN again, slowly. Nobody else's PIN opens this worker's key."

    def __init__(self, message: str, *, left: int, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.left = left


class PinLocked(DoorstepError):
    """Three wrong PINs in a row have locked this worker (密码错误三次，锁定24小时).

    remaining_s: running time of the unit until the lock ends. until_utc: when that will be, if the unit stays on and
    its clock is right. challenge: what a technician's unlock code is made for.
    """

    default_remedy = "Wait with the unit switched on, or give the technician the challenge to get an unlock code."

    def __init__(self, message: str, *, remaining_s: float, until_utc: str, challenge: str) -> None:
        super().__init__(message)
        self.remaining_s, self.until_utc, self.challenge = remaining_s, until_utc, challenge


class VisitNotAllowed(DoorstepError):
    """No visit may begin on this unit now: its disk is nearly full, or central has withdrawn it."""

    default_remedy = "Nothing is lost. Ask the technician of this unit."


class SyncError(DoorstepError):
    """The broker or central cannot be reached or refuses the unit; nothing is lost by it."""

    default_remedy = "Nothing is lost. Check the network; the unit tries again by itself."


class VerificationError(DoorstepError):
    """Base of the two ways in which a check can end badly. `step` names the numbered step."""

    def __init__(self, message: str, *, step: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.step = step


class DoesNotVerify(VerificationError):
    """The check was made and failed: the thing is altered, forged, or out of place."""

    default_remedy = "Keep the file as evidence, do not act on it, and tell the central server's people."


class CouldNotBeChecked(VerificationError):
    """The check could not be made, for want of a key, a file or a format this version knows."""

    default_remedy = "Supply what is missing (key, file, newer software) and check again."
