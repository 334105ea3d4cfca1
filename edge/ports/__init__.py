"""The unit's outside, as Protocols: what services may ask for, and of which shape the answer is.

Adapters (capture, models, store, signing, sync, device) implement these; only edge/wiring/unit.py knows which.
All of them raise members of the DoorstepError tree and nothing else.
"""

from edge.ports.handing_on import BundleStore, EvidenceStore, InboxStore, LinkIdentity, Outbox, ReleaseStore, Uplink
from edge.ports.keeping import RecordArchive, RecordExport, RecordStore, SessionStore
from edge.ports.meeting import AtRest, CardReader, Clock, Panel, RecordSigner, Voice
from edge.ports.seeing import Camera, Embedder, FaceDetector, Landmarker, Light, LivenessNet

__all__ = [
    "AtRest",
    "BundleStore",
    "Camera",
    "CardReader",
    "Clock",
    "Embedder",
    "EvidenceStore",
    "FaceDetector",
    "InboxStore",
    "Landmarker",
    "Light",
    "LinkIdentity",
    "LivenessNet",
    "Outbox",
    "Panel",
    "RecordArchive",
    "RecordExport",
    "RecordSigner",
    "RecordStore",
    "ReleaseStore",
    "SessionStore",
    "Uplink",
    "Voice",
]
