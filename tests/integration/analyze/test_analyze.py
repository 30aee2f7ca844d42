"""`dermabooth analyze` as a user runs it, on good and bad files, with a real Triton."""

import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image

from phantom import CameraModel, Identity, shade, trace
from server.dicom import build_photo, write
from station.protocol import FrameHeader
from tests.fixtures import command_process
from tests.fixtures.dicom_objects import description
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.real_face import real_face

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

LAYERS = {"skin", "melanin", "haemoglobin", "redness", "reflection", "acne", "severity"}


@dataclass(frozen=True)
class Run:
    """One call of the command."""

    status: int
    errors: str
    out: Path
    results: dict[str, dict[str, Any]]

    def folder(self, stem: str) -> Path:
        return self.out / stem


def analyze(folder: Path, images: list[Path], triton: str) -> Run:
    out, collected = folder / "out", folder / "all.json"
    done = command_process.run(
        "analyze", *images, "--out", out, "--json", collected, "--triton", triton, limit_s=200
    )
    results = {Path(result["image"]).name: result for result in json.loads(collected.read_text())}
    return Run(done.returncode, done.stderr, out, results)


def phantom(seed: int, ita_class: str) -> NDArray[np.uint8]:
    identity = Identity.sample(seed, ita_class, demo=True)
    scene = shade(trace(identity, 450, 550), "white")
    return CameraModel().expose(scene.linear, seed).srgb


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, small_triton_url: str) -> Run:
    """One call on everything at once, with small models in place of the trained ones."""
    folder = tmp_path_factory.mktemp("analyze")
    face = real_face()
    Image.fromarray(face).save(folder / "face.png")
    Image.fromarray(face).save(folder / "face.tiff")
    Image.fromarray(face[:, ::-1]).save(folder / "mirrored.jpg", quality=95)
    Image.fromarray(np.full((300, 400, 3), 128, np.uint8)).save(folder / "wall.png")
    for name in ("light", "dark"):
        Image.fromarray(phantom(5, name)).save(folder / f"{name}.png")
    (folder / "letter.jpg").write_text("Dear doctor")
    (folder / "cut.png").write_bytes((folder / "face.png").read_bytes()[:4000])
    (folder / "bomb.png").write_bytes(_bomb())
    visit = replace(
        description(), header=FrameHeader(frame_id=0, width=512, height=512), accession_number="A-1"
    )
    write(build_photo(visit, face), folder / "clinic.dcm")
    names = [
        "clinic.dcm",
        "face.png",
        "letter.jpg",
        "cut.png",
        "bomb.png",
        "face.tiff",
        "mirrored.jpg",
        "wall.png",
    ]
    paths = [folder / name for name in [*names, "light.png", "dark.png", "absent.jpg"]]
    return analyze(folder, paths, small_triton_url)


def _bomb() -> bytes:
    """A small PNG that says it is 60000 x 60000."""
    ok, data = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))
    assert ok
    content = bytearray(data.tobytes())
    content[16:24] = (60000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    return bytes(content)


def test_good_files_go_on_past_bad_ones_and_the_exit_status_says_so(run: Run) -> None:
    assert run.status == 1, run.errors
    assert set(run.results) == {
        "clinic.dcm",
        "face.png",
        "face.tiff",
        "mirrored.jpg",
        "wall.png",
        "light.png",
        "dark.png",
    }


@pytest.mark.parametrize("name", ["letter.jpg", "cut.png", "bomb.png", "absent.jpg"])
def test_a_bad_file_is_named_with_a_reason(run: Run, name: str) -> None:
    (line,) = [line for line in run.errors.splitlines() if "not analysed" in line and name in line]
    assert line.partition(name)[2].strip(": ")
    assert not run.folder(Path(name).stem).exists()


def test_every_file_of_a_result_is_there_at_the_pictures_size(run: Run) -> None:
    folder = run.folder("face")
    made = {path.stem for path in (folder / "layers").iterdir()}
    assert {name for name in made if not name.startswith("condition_")} == LAYERS
    for path in [folder / "overlay.png", *(folder / "layers").iterdir()]:
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.shape[:2] == (512, 512)
        assert picture.dtype == np.uint8
    assert json.loads((folder / "result.json").read_text()) == run.results["face.png"]


def test_the_objects_are_valid_and_belong_together(run: Run) -> None:
    folder = run.folder("face")
    photo, masks, report = (pydicom.dcmread(folder / f"{name}.dcm") for name in ("photo", "seg", "report"))
    assert_valid([folder / f"{name}.dcm" for name in ("photo", "seg", "report")])
    assert photo.StudyInstanceUID == masks.StudyInstanceUID == report.StudyInstanceUID
    assert (photo.Modality, masks.Modality, report.Modality) == ("XC", "SEG", "SR")
    assert report.VerificationFlag == "UNVERIFIED"
    assert np.array_equal(photo.pixel_array, real_face())


def test_objects_around_a_camera_jpeg_are_valid(run: Run) -> None:
    folder = run.folder("mirrored")
    assert_valid([folder / f"{name}.dcm" for name in ("photo", "seg", "report")])
    photo = pydicom.dcmread(folder / "photo.dcm", stop_before_pixels=True)
    assert photo.LossyImageCompression == "01"
    assert photo.file_meta.TransferSyntaxUID == pydicom.uid.JPEGBaseline8Bit


def test_results_of_a_dicom_photograph_belong_to_its_patient_and_study(run: Run) -> None:
    source = pydicom.dcmread(run.out.parent / "clinic.dcm")
    made = [pydicom.dcmread(run.folder("clinic") / f"{name}.dcm") for name in ("photo", "seg", "report")]
    for keyword in (
        "PatientID",
        "PatientName",
        "StudyInstanceUID",
        "StudyID",
        "AccessionNumber",
        "StudyDate",
    ):
        assert {str(one[keyword].value) for one in made} == {str(source[keyword].value)}
    assert source.SOPInstanceUID not in {one.SOPInstanceUID for one in made}
    assert len({source.SeriesInstanceUID, *(one.SeriesInstanceUID for one in made)}) == 4
    assert "P-1" not in json.dumps(run.results["clinic.dcm"])
    assert_valid([run.folder("clinic") / f"{name}.dcm" for name in ("photo", "seg", "report")])


def test_the_same_pixels_give_the_same_numbers_whatever_the_format(run: Run) -> None:
    png, tiff = run.results["face.png"], run.results["face.tiff"]
    assert png["measures"] == tiff["measures"]
    assert png["faces"] == tiff["faces"]
    assert run.folder("face-2").is_dir()


def test_a_mirrored_face_is_found_mirrored(run: Run) -> None:
    (face,), (mirrored,) = run.results["face.png"]["faces"], run.results["mirrored.jpg"]["faces"]
    centre, other = (one["box"]["x"] + one["box"]["width"] / 2 for one in (face, mirrored))
    assert centre == pytest.approx(512 - other, abs=12)


def test_without_a_face_it_says_so_and_keeps_the_quality(run: Run) -> None:
    wall = run.results["wall.png"]
    assert wall["faces"] == []
    assert "no face" in wall["message"]
    assert wall["quality"]["measures"]
    assert all(measure["value"] is None and measure["reason"] for measure in wall["measures"])
    assert_valid([run.folder("wall") / f"{name}.dcm" for name in ("photo", "seg", "report")])


def test_every_result_names_its_models_by_hash(run: Run) -> None:
    models = {model["name"]: model["sha256"] for model in run.results["face.png"]["models"]}
    assert {"live", "chromophores"} <= set(models)
    assert all(len(digest) == 64 for digest in models.values())


def told(run: Run, name: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["region"], one["name"]): one for one in run.results[name]["measures"]}


def test_models_tell_what_a_photograph_allows_and_say_why_not_the_rest(run: Run) -> None:
    found = told(run, "face.png")
    assert found["face", "acne_severity"]["value"] in range(5)
    assert 0 <= found["face", "acne_probability"]["value"] <= 1
    assert 0 <= found["face", "condition_melasma"]["value"] <= 1
    assert 0.5 < found["face", "estimated_scale"]["value"] < 3
    pair = "needs a cross- and parallel-polarised pair of known scale"
    assert {
        found["face", f"{item}_area"]["reason"] for item in ("spots", "trouble", "wrinkles", "pores")
    } == {pair}
    assert found["face", "porphyrins_area"]["reason"] == "needs ultraviolet light"
    assert "phantom-trained reference weights" in run.results["face.png"]["notice"]


def test_the_skin_is_the_segmenters_and_the_result_says_so(run: Run) -> None:
    result = run.results["face.png"]
    assert result["skin_by"] == "skin_segmenter/1"
    (face,) = result["faces"]
    assert len(face["landmarks"]) == 8
    assert set(face["pose"]) == {"yaw", "pitch", "roll"}
    masks = pydicom.dcmread(run.folder("face") / "seg.dcm", stop_before_pixels=True)
    (algorithm,) = masks.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmName == "skin_segmenter"
    assert run.results["wall.png"]["skin_by"] == "face_layers_still/1"


def test_measures_move_with_the_truth(run: Run) -> None:
    melanin = {
        name: next(
            m["value"]
            for m in run.results[f"{name}.png"]["measures"]
            if (m["region"], m["name"]) == ("face", "melanin")
        )
        for name in ("light", "dark")
    }
    assert melanin["dark"] > melanin["light"] + 0.3


def test_without_triton_there_is_no_result(tmp_path: Path) -> None:
    Image.fromarray(real_face()).save(tmp_path / "face.png")
    done = command_process.run(
        "analyze", tmp_path / "face.png", "--out", tmp_path / "o", "--triton", "127.0.0.1:9"
    )
    assert done.returncode == 1
    assert "Triton" in done.stderr
    assert not (tmp_path / "o" / "face" / "result.json").exists()
