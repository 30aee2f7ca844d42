"""Who observed what a document says (PS3.16 TID 1002): a person, a device."""

from collections.abc import Iterator

from pydicom.sr.coding import Code

from server.dicom import content
from server.dicom.attributes import Equipment
from server.dicom.content import Item, Relation
from station.protocol import derived_uid

_OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
_PERSON = Code("121006", "DCM", "Person")
_PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
_DEVICE = Code("121007", "DCM", "Device")
_DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
_DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
_DEVICE_MANUFACTURER = Code("121014", "DCM", "Device Observer Manufacturer")
_DEVICE_MODEL = Code("121015", "DCM", "Device Observer Model Name")
_DEVICE_SERIAL = Code("121016", "DCM", "Device Observer Serial Number")


def device_observer(equipment: Equipment) -> Iterator[Item]:
    """The items for a device or program."""
    context = Relation.OBSERVATION_CONTEXT
    identity = derived_uid("dermabooth", "device", equipment.manufacturer, equipment.model, equipment.serial)
    yield content.code(_OBSERVER_TYPE, _DEVICE, context)
    yield content.uid(_DEVICE_UID, identity, context)
    yield content.text(_DEVICE_NAME, equipment.model, context)
    yield content.text(_DEVICE_MANUFACTURER, equipment.manufacturer, context)
    yield content.text(_DEVICE_MODEL, equipment.model, context)
    yield content.text(_DEVICE_SERIAL, equipment.serial, context)


def person_observer(name: str) -> Iterator[Item]:
    """The items for a person; `name` is a DICOM person name, e.g. `Yamada^Tarou`."""
    context = Relation.OBSERVATION_CONTEXT
    yield content.code(_OBSERVER_TYPE, _PERSON, context)
    yield content.person(_PERSON_NAME, name, context)
