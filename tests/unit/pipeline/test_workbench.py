"""What the workbench holds in memory, and how it reads stills."""

import asyncio
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from server.errors import BadImage
from server.inference import TritonClient
from server.pipeline import Examiner, Workbench, encode_layer
from server.pipeline.workbench import KEPT, developed_header, read_layer
from server.store import Archive, Still, Store
from station.protocol import Encoding, Layer, Transfer, encode_pixels
from station.quality import load_profile
from tests.fixtures.stills import a_still
from tests.fixtures.uplinks import prepare

pytestmark = pytest.mark.unit


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def kept(archive: Archive, seed: int, *, bit_depth: int = 8, data: bytes | None = None) -> Still:
    """A still whose bytes are in the archive."""
    taken = a_still(seed=seed, bit_depth=bit_depth)
    encoded = bytes(encode_pixels(taken.frame.pixels, Encoding.RAW)) if data is None else data
    path = archive.blob(taken.study_instance_uid, taken.sop_instance_uid)
    archive.write(path, encoded)
    return Still(
        sop_instance_uid=taken.sop_instance_uid,
        series_instance_uid=taken.series_instance_uid,
        study_instance_uid=taken.study_instance_uid,
        series_number=1,
        instance_number=1,
        header=taken.frame.header,
        encoding=Encoding.RAW,
        size=len(encoded),
        sha256="0" * 64,
        blob=archive.relative(path),
        received_at=time.time(),
        booth_quality=None,
        quality=None,
        face=None,
        face_sought=False,
    )


async def test_only_the_last_stills_stay_in_memory(tmp_path: Path, archive: Archive) -> None:
    await asyncio.to_thread(prepare, tmp_path)
    store = Store.open(f"sqlite:///{tmp_path / 'dermabooth.db'}")
    async with TritonClient("127.0.0.1:9", shared_memory=False) as triton:
        examiner = Examiner(triton, load_profile({"name": "off", "version": "1"}))
        try:
            bench = Workbench(store, archive, examiner)
            stills = [kept(archive, seed) for seed in range(2 * KEPT)]
            for still in stills:
                frame = await bench.frame(still)
                assert await bench.frame(still) is frame
                assert len(bench._held) <= KEPT
            assert bench.held(stills[-1]).frame is not None
            assert bench.held(stills[0]).frame is None
            with pytest.raises(BadImage, match="not the picture its header describes"):
                await bench.frame(kept(archive, 9, data=b"torn"))
        finally:
            examiner.close()
            await store.close()


def test_layers_survive_their_file(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(6, 10) * 4
    path = tmp_path / "layer.png"
    path.write_bytes(encode_layer(Layer.MELANIN, pixels))
    assert np.array_equal(read_layer(path), pixels)
    path.write_bytes(encode_layer(Layer.SKIN, pixels))
    assert set(np.unique(read_layer(path))) == {0, 255}
    with pytest.raises(FileNotFoundError):
        read_layer(tmp_path / "none.png")


def test_only_a_full_range_srgb_picture_is_what_its_photo_holds() -> None:
    header = a_still().frame.header
    assert developed_header(header) == header
    for change in (
        {"transfer": Transfer.LINEAR},
        {"black_level": 4},
        {"white_level": 235},
        {"bit_depth": 12},
    ):
        assert developed_header(msgspec.structs.replace(header, **change)) == header
        assert developed_header(msgspec.structs.replace(header, **change)) != msgspec.structs.replace(
            header, **change
        )
