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
    "dynamic_range": "Shadows are lost in noise: use more light and less gain.",
    "illumination_uniformity": "One side is darker, {region}: check the lamps, shade the window, turn the face to the camera.",
    "zone_uniformity": "{Region} is in shadow: light it, or take hat and hair out of the way.",
    "flat_field": "The light is uneven: clean and adjust the lamps.",
    "motion": "The head moves: use the rest and keep still.",
    "gradient_anisotropy": "The picture looks moved: keep still and take it again.",
    "head_pose": "Turn the face as the guide shows.",
    "head_pose.yaw_more": "Turn the face to its right.",
    "head_pose.yaw_less": "Turn the face to its left.",
    "head_pose.pitch_more": "Tilt the chin down.",
    "head_pose.pitch_less": "Tilt the chin up.",
    "head_pose.roll_more": "Straighten the head: tilt it towards its right shoulder.",
    "head_pose.roll_less": "Straighten the head: tilt it towards its left shoulder.",
    "pose_change": "Turn the face as at the first visit.",
    "framing": "Bring the face into the guide.",
    "framing.left": "Move the face to its right, into the guide.",
    "framing.right": "Move the face to its left, into the guide.",
    "framing.high": "Lower the face into the guide.",
    "framing.low": "Raise the face into the guide.",
    "framing.cut": "The face is cut off by the edge of the picture.",
    "distance": "Bring the face to the size of the guide.",
    "distance.near": "Move back: the face is larger than the guide.",
    "distance.far": "Come nearer: the face is smaller than the guide.",
    "distance_change": "Sit as far from the camera as at the first visit.",
    "distance_change.near": "Move back: the face is larger than at the first visit.",
    "distance_change.far": "Come nearer: the face is smaller than at the first visit.",
    "eye_opening": "Close the eyes: ultraviolet light comes next.",
    "occlusion": "{Region} is covered: clear it.",
    "occlusion.hair": "Hair covers {region}: tie or clip it back.",
    "occlusion.glasses": "Glasses cover {region}: take them off.",
    "registration": "The picture does not match that of the first visit: take up the same pose and take it again.",
}
_FROM_ELSEWHERE = {
    "underexposure": "The photograph is too dark: take it again in more light.",
    "overexposure": "Parts of {region} are over-exposed: take the photograph again in softer light.",
    "noise": "The photograph is noisy: take it again in more light.",
    "color_cast": "The colours of the photograph are off: take it again in daylight.",
    "sharpness": "The photograph is not sharp: take it again from nearer, holding still.",
    "specular_reflection": "Reflection on {region}: take the photograph again without flash.",
    "illumination_uniformity": "One side is darker, {region}: take the photograph again facing the light.",
    "zone_uniformity": "{Region} is in shadow: take the photograph again facing the light.",
    "head_pose": "The face is turned away: take the photograph again facing the camera.",
}


def sentence(reading: Reading, *, elsewhere: bool) -> str:
    """One sentence for the operator; `elsewhere`: about a photograph that no booth took."""
    if reading.name == "neutral_tab_exposure":
        return _tab_sentence(reading.value or 0.0)
    text = _text(reading, _FROM_ELSEWHERE if elsewhere else {})
    region = _REGIONS.get(reading.region.split(",")[0], "the picture")
    return text.format(region=region, Region=region[0].upper() + region[1:])


def _text(reading: Reading, own: dict[str, str]) -> str:
    for key in (f"{reading.name}.{reading.fault}", reading.name):
        for sentences in (own, _SENTENCES):
            if key in sentences:
                return sentences[key]
    raise KeyError(reading.name)


def _tab_sentence(stops: float) -> str:
    if stops > 0:
        return f"{stops:.1f} stops too bright: lower the lamp power or the exposure time."
    return f"{-stops:.1f} stops too dark: raise the lamp power or the exposure time."
