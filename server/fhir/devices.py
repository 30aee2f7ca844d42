"""Device: the software that measured, and the cameras that took the pictures."""

from collections.abc import Iterator

from server.fhir.coding import Json
from server.fhir.telling import Telling, identifier, reference
from station.protocol import CameraInfo

MANUFACTURER = "dermabooth"


def software(telling: Telling) -> Json:
    """The software, in its version."""
    name = telling.wording.software
    told: Json = {
        "resourceType": "Device",
        "identifier": [identifier("Device", name)],
        "status": "active",
        "manufacturer": MANUFACTURER,
        "type": _kind("Skin image analysis software", r5=telling.r5),
        "version": [{"value": name}],
    }
    return told | _named("dermabooth server", r5=telling.r5)


def software_reference(telling: Telling) -> Json:
    """A reference to `software`."""
    return reference("Device", telling.wording.software)


def cameras(telling: Telling) -> Iterator[tuple[CameraInfo, Json]]:
    """Every camera that took a picture of the visit."""
    found = [still.header.camera for still in telling.record.stills if still.header.camera is not None]
    for camera in dict.fromkeys(found):
        told: Json = {
            "resourceType": "Device",
            "identifier": [identifier("Device", *_parts(camera))],
            "status": "active",
            **({"manufacturer": camera.manufacturer} if camera.manufacturer else {}),
            **({"serialNumber": camera.serial} if camera.serial else {}),
            **({"modelNumber": camera.model} if camera.model else {}),
            "type": _kind("Camera", r5=telling.r5),
        }
        yield camera, told | (_named(camera.model, r5=telling.r5) if camera.model else {})


def camera_reference(camera: CameraInfo) -> Json:
    """A reference to a camera."""
    return reference("Device", *_parts(camera))


def _parts(camera: CameraInfo) -> tuple[str, ...]:
    return "camera", camera.manufacturer, camera.model, camera.serial


def _kind(words: str, *, r5: bool) -> Json | list[Json]:
    return [{"text": words}] if r5 else {"text": words}


def _named(name: str, *, r5: bool) -> Json:
    if r5:
        return {"name": [{"value": name, "type": "user-friendly-name", "display": True}]}
    return {"deviceName": [{"name": name, "type": "model-name"}]}
