"""The skin colour table against its reference values."""

import numpy as np
import pytest

from phantom import ITA_CLASSES, Identity, ita_class
from phantom.spectral import individual_typology_angle, skin_table

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("ita", "lab"),
    [(60, (71, 13, 12)), (35, (62, 14, 17)), (18, (57, 14, 19)), (-10, (47, 15, 21)), (-40, (35, 15, 18))],
)
def test_colour_at_a_typical_blood_fraction(ita: float, lab: tuple[float, float, float]) -> None:
    table = skin_table()
    column = int(np.abs(table.blood - 0.012).argmin())
    row = int(np.abs(table.ita[:, column] - ita).argmin())
    assert table.lab[row, column] == pytest.approx(lab, abs=1.1)


def test_more_melanin_lowers_the_typology_angle_at_every_blood_fraction() -> None:
    assert (np.diff(skin_table().ita, axis=0) < 0).all()


def test_more_blood_reddens() -> None:
    redness = skin_table().lab[:60, :, 1]
    assert (np.diff(redness, axis=1) > 0).mean() > 0.9


@pytest.mark.parametrize("name", ITA_CLASSES)
def test_people_have_the_typology_angle_of_their_class(name: str) -> None:
    for seed in range(20):
        person = Identity.sample(seed, name)
        assert person.ita_class == name == ita_class(person.ita)
        table = skin_table()
        lab = table.lab[
            int(np.abs(table.melanin - person.melanin).argmin()),
            int(np.abs(table.blood - person.blood).argmin()),
        ]
        assert individual_typology_angle(lab) == pytest.approx(person.ita, abs=4.0)


def test_unknown_class_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="very_light"):
        Identity.sample(1, "olive")
