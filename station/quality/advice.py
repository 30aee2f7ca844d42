"""What the operator should do about a measure that did not pass."""

from station.quality.sample import Reading

_REGIONS = {
    "forehead": "the forehead",
    "left_cheek": "the left cheek",
    "right_cheek": "the right cheek",
    "chin": "the chin",
    "cheeks": "the cheeks",
    "face": "the face",
    "skin": "the skin",
}
_SENTENCES = {
    "underexposure": "Too dark: raise the lamp power or the exposure time.",
    "overexposure": "Parts of {region} are over-exposed: lower the lamp power or the exposure time.",
    "noise": "Noisy picture: use more light and less gain.",
    "color_cast": "The light is coloured: switch off other lamps, close the curtain, check the white balance.",
    "shadow_share": "Deep shadows on {region}: light it more evenly.",
    "sharpness": "{Region} is not sharp: bring the head to the rest, keep still and focus again.",
    "zone_sharpness": "{Region} is out of focus: turn the face to the camera, keep still and focus again.",
    "specular_reflection": "Reflection on {region}: dab it dry or powder it, and switch off other lamps.",
    "polarised_reflection": "Strong shine on {region}: dab it dry.",
    "gloss": "Strong shine on {region}: dab it dry.",
    "polariser": "The polarisers are not crossed: check the filter of the camera and of the lamps.",
}
_FROM_ELSEWHERE = {
    "underexposure": "The photograph is too dark: take it again in more light.",
    "overexposure": "Parts of {region} are over-exposed: take the photograph again in softer light.",
    "noise": "The photograph is noisy: take it again in more light.",
    "color_cast": "The colours of the photograph are off: take it again in daylight.",
    "sharpness": "The photograph is not sharp: take it again from nearer, holding still.",
    "specular_reflection": "Reflection on {region}: take the photograph again without flash.",
}


def sentence(reading: Reading, *, elsewhere: bool) -> str:
    """One sentence for the operator; `elsewhere`: about a photograph that no booth took."""
    if reading.name == "neutral_tab_exposure":
        return _tab_sentence(reading.value or 0.0)
    text = (_FROM_ELSEWHERE if elsewhere else {}).get(reading.name) or _SENTENCES[reading.name]
    region = _REGIONS.get(reading.region.split(",")[0], "the picture")
    return text.format(region=region, Region=region[0].upper() + region[1:])


def _tab_sentence(stops: float) -> str:
    if stops > 0:
        return f"{stops:.1f} stops too bright: lower the lamp power or the exposure time."
    return f"{-stops:.1f} stops too dark: raise the lamp power or the exposure time."
