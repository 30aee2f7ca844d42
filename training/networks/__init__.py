"""The networks, written out in PyTorch; widths are scaled from the papers'."""

from training.networks.bisenet import BiSeNet, Labels, Segmentation
from training.networks.cam import Classified, activation_maps, enlarged, normalised
from training.networks.densenet import DenseNet
from training.networks.encoder_decoder import EncoderDecoder, Maps
from training.networks.residual import FineEncoder, Graded, ResNet, SeverityNetwork, resnet18, resnet50
from training.networks.vgg import VGG16

__all__ = [
    "VGG16",
    "BiSeNet",
    "Classified",
    "DenseNet",
    "EncoderDecoder",
    "FineEncoder",
    "Graded",
    "Labels",
    "Maps",
    "ResNet",
    "Segmentation",
    "SeverityNetwork",
    "activation_maps",
    "enlarged",
    "normalised",
    "resnet18",
    "resnet50",
]
