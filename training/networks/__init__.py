"""The networks, written out in PyTorch; widths are scaled from the papers'."""

from training.networks.augmented import Augmented, Averaged, Explained, transforms
from training.networks.bisenet import BiSeNet, Labels, Segmentation
from training.networks.cam import Classified, activation_maps, enlarged, normalised
from training.networks.densenet import DenseNet
from training.networks.encoder_decoder import EncoderDecoder, Maps
from training.networks.enhancement import ColourEnhancement, Denoise
from training.networks.initial import BadWeights, load_initial
from training.networks.pictures import (
    encoded,
    indices,
    linear,
    optical_density,
    planes,
    standardised,
    to_bytes,
)
from training.networks.residual import FineEncoder, Graded, ResNet18, SeverityNetwork
from training.networks.vgg import VGG16

__all__ = [
    "VGG16",
    "Augmented",
    "Averaged",
    "BadWeights",
    "BiSeNet",
    "Classified",
    "ColourEnhancement",
    "Denoise",
    "DenseNet",
    "EncoderDecoder",
    "Explained",
    "FineEncoder",
    "Graded",
    "Labels",
    "Maps",
    "ResNet18",
    "Segmentation",
    "SeverityNetwork",
    "activation_maps",
    "encoded",
    "enlarged",
    "indices",
    "linear",
    "load_initial",
    "normalised",
    "optical_density",
    "planes",
    "standardised",
    "to_bytes",
    "transforms",
]
