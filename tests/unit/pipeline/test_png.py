"""Our PNG encoder, read back by two decoders that are not ours."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from server.pipeline import encode_png

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 33, 3), (1, 300, 3)])
def test_a_picture_reads_back_bit_by_bit(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    data = encode_png(pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert np.array_equal(read[..., ::-1] if len(shape) == 3 else read, pixels)
