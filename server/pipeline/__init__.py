"""What happens to a still: the list of steps, the worker that does them, and the objects that come of it."""

from server.pipeline.examination import Examiner, Layers, Skin, Srgb
from server.pipeline.objects import Identity, ObjectMaker
from server.pipeline.png import encode_png
from server.pipeline.steps import NEEDS, STEPS, StillSteps
from server.pipeline.workbench import Workbench, encode_layer
from server.pipeline.worker import NotYet, Worker

__all__ = [
    "NEEDS",
    "STEPS",
    "Examiner",
    "Identity",
    "Layers",
    "NotYet",
    "ObjectMaker",
    "Skin",
    "Srgb",
    "StillSteps",
    "Workbench",
    "Worker",
    "encode_layer",
    "encode_png",
]
