"""What happens to a still: the list of steps, the worker that does them, and the objects that come of it."""

from server.pipeline.examination import Examiner, Layers, Skin, Srgb, as_layers
from server.pipeline.objects import COLOUR_SKIN, Identity, ObjectMaker
from server.pipeline.png import encode_png
from server.pipeline.steps import FIRST_STEPS, NEEDS, STEPS, VERDICT_STEPS, StillSteps
from server.pipeline.told import FAILED, UNCONTROLLED_LACKS, Outcome, Told, refused
from server.pipeline.tracking import Tracking
from server.pipeline.trained import TrainedModels
from server.pipeline.workbench import Workbench, encode_layer
from server.pipeline.worker import NotYet, Worker

__all__ = [
    "COLOUR_SKIN",
    "FAILED",
    "FIRST_STEPS",
    "NEEDS",
    "STEPS",
    "UNCONTROLLED_LACKS",
    "VERDICT_STEPS",
    "Examiner",
    "Identity",
    "Layers",
    "NotYet",
    "ObjectMaker",
    "Outcome",
    "Skin",
    "Srgb",
    "StillSteps",
    "Told",
    "Tracking",
    "TrainedModels",
    "Workbench",
    "Worker",
    "as_layers",
    "encode_layer",
    "encode_png",
    "refused",
]
