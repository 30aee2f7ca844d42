"""What happens to a still: the list of steps, the worker that does them, and the objects that come of it."""

from server.pipeline.examination import Examination, Examiner, Layers, Srgb, as_layers
from server.pipeline.missing import FAILED, UNCONTROLLED_LACKS, no_result
from server.pipeline.objects import COLOUR_SKIN, Identity, ObjectMaker
from server.pipeline.outcome import MappedOutcome, Outcome
from server.pipeline.plan import FIRST_STEPS, NEEDS, STEPS, VERDICT_STEPS
from server.pipeline.png import encode_png
from server.pipeline.steps import still_steps
from server.pipeline.tracking import Tracking
from server.pipeline.trained import TrainedModels
from server.pipeline.workbench import Workbench, encode_layer
from server.pipeline.worker import NotYet, Step, Worker

__all__ = [
    "COLOUR_SKIN",
    "FAILED",
    "FIRST_STEPS",
    "NEEDS",
    "STEPS",
    "UNCONTROLLED_LACKS",
    "VERDICT_STEPS",
    "Examination",
    "Examiner",
    "Identity",
    "Layers",
    "MappedOutcome",
    "NotYet",
    "ObjectMaker",
    "Outcome",
    "Srgb",
    "Step",
    "Tracking",
    "TrainedModels",
    "Workbench",
    "Worker",
    "as_layers",
    "encode_layer",
    "encode_png",
    "no_result",
    "still_steps",
]
