"""Text that may stay: made only of words that the objects use themselves, so that no name, date or number of a record is
among them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from types import ModuleType

from pydicom.sr.coding import Code

from server.dicom import codes, context, groups, report, segmentation
from server.dicom.report import NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS
from station.protocol import Layer, Light, Preparation, Verdict, View
from station.quality import MEASURES

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")
_CHARACTERS = re.compile(r"[\w .,:;/%()\[\]{}<>=*+^²³°µ·'~-]*")
_MOST_DIGITS = 3
"""Of one run of digits in a text; dates and numbers of records have more."""
_LONG_NUMBER = re.compile(r"\d{4}")
_MOST_NUMBERS = 6
_LONGEST_UNIT = 16
_UNIT_LIST = "s ms db mm nm um deg min cel k pixels cm bit score"
_UNIT_WORDS = frozenset(_UNIT_LIST.split())
_SHA256 = re.compile(r"(?:sha256=|SHA-256 )[0-9a-f]{64}")
_CODE = re.compile(r"([A-Z0-9_]{1,16}|[A-Z0-9_]{1,9}-[0-9A-F]{6})")
_STANDARD_CODES = {
    "DCM": re.compile(r"\d{5,6}|XC|SEG|SR|KO|DMS"),
    "SCT": re.compile(r"\d{6,12}"),
    "LN": re.compile(r"C?\d{4,6}(-\d)?"),
    "RFC5646": re.compile(r"[a-z]{2}(-[A-Z]{2})?"),
}

_WORD_LIST = """
a absent accepted acne acral across actual advice affected after again all ambient analogue analysed
analysis and angle anisotropy apart are area areas around as aside asked at away b band bare beside best
between blue bottom box bright brown but by calibrated calibration camera cannot cast center chart cheeks
chromophores cielab circularity classifier clean cleansed clipped clipping clogged closed cm coarse code
codes color colour comedo comedones condition conditions conical consistent contrast correction cosmetic
count cover covered cross d dark dart dense density depth dermabooth dermatitis detail device difference
diffuse dimensions discussed distance dn drowned dryness dynamic e early elsewhere empty ephelides equal
erythema established estimate estimated ev evenness exposure eye eyes face facial failed far fast few field
finding findings finite flat fluorescence focus for forehead found frame frames framing from full given
glasses gloss graded grades gradient green hair has have held high highlights hint hot illumination image in
index indices individual installed intensity is it items its known l lab label lamp layers least lentigo
lesion lesions level levels light lights limit linear live longest low luminance made map maps marked marks
mask masks mean measurable measure measured measures median melanin melasma middle missing mm model modelled
models more motion nearest needs neutral no noise none nostrils not number occlusion of off older on open
opening or other out outside over overexposure p pair papule papules parallel part parts per percent
perioral periorbital phantom phi phototype picture pictures pigment pitch pixel pixels plain polarised
polariser pore pores porphyrin porphyrins positive probability products profile pustule pustules px quality
r range ratio recipe record red redness reflectance reflection reflections reflects region regions
registration regular relative repeated reports research resolution rest result results roll rough roughness
ruler s same scale scene score seen segment segmenter severity shadow shadows shape sharpness shift shine
shot should side sight sigma size skin small smaller smooth software specular spot spots standard star step
steps still surface symmetry tab taken tap telangiectasia temperature temple texture that the there third
this three time to together tone too top total trained trouble two type uncalibrated uncertain uncontrolled
under underexposure uniformity unknown unspecified upper use uv value verdict version vessels view visible
was weight weights where which white whole width with without wrinkle wrinkles x y yaw z zone zones
"""


@lru_cache(maxsize=4096)
def is_known(text: str) -> bool:
    """Whether a text holds only words of these objects, and no number that could be a date's or a record's."""
    rest = _SHA256.sub("", text.replace("\n", " "))
    numbers = _NUMBER.findall(rest)
    return (
        _CHARACTERS.fullmatch(rest) is not None
        and len(numbers) <= _MOST_NUMBERS
        and all(len(number) <= _MOST_DIGITS for number in numbers)
        and any(len(word) > 1 for word in words_of(rest))
        and all(word in lexicon() for word in words_of(rest))
    )


def is_sentence(text: str) -> bool:
    """Whether a text is one that these objects give to every patient's alike."""
    return text in _sentences()


@lru_cache(maxsize=4096)
def is_code(value: str, scheme: str) -> bool:
    """Whether a code is of a public scheme or of this program's, and looks like one of its codes."""
    if scheme == "UCUM":
        return (
            len(value) <= _LONGEST_UNIT
            and not _LONG_NUMBER.search(value)
            and all(word in _UNIT_WORDS or word in lexicon() for word in words_of(value))
        )
    if scheme == codes.PRIVATE_SCHEME:
        return value in _private_values() or (_CODE.fullmatch(value) is not None and _is_derived(value))
    pattern = _STANDARD_CODES.get(scheme)
    return pattern is not None and pattern.fullmatch(value) is not None


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return [word.casefold() for word in _WORD.findall(text)]


@cache
def lexicon() -> frozenset[str]:
    """Every word that may stay."""
    names: list[str] = [_WORD_LIST, *MEASURES, codes.PRIVATE_SCHEME, *_sentences()]
    names += [member.value for kind in (Layer, Light, Preparation, Verdict, View) for member in kind]
    names += [code.meaning for code in _known_codes()]
    return frozenset(word for name in names for word in words_of(name))


@cache
def _sentences() -> frozenset[str]:
    titles = [light.words for light in codes.ILLUMINATION.values()]
    titles += [f"{title}, {view.meaning.lower()}" for title in titles for view in codes.VIEW.values()]
    comments = [f"{title}; {one.meaning}" for title in titles for one in codes.PREPARATION.values()]
    again = [f"{comment}; taken again" for comment in comments]
    derived = [
        f"{prefix}: {title}"
        for prefix in ("Masks", "Measures", "Heat maps", "Label map", "Overlay")
        for title in titles
    ]
    fixed = (
        "Skin photography",
        "Regions and findings of a skin photograph",
        "Where models see what they tell of a skin photograph",
        "Parts of a skin photograph",
    )
    return frozenset(
        (*titles, *comments, *again, *derived, *fixed, NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS)
    )


def _known_codes() -> Iterator[Code]:
    for module in (codes, context, groups, report, segmentation):
        yield from _codes_of(module)


def _codes_of(module: ModuleType) -> Iterator[Code]:
    for value in vars(module).values():
        held: Iterable[object] = value.values() if isinstance(value, dict) else (value,)
        for one in held:
            if isinstance(one, Code):
                yield one
            elif isinstance(one, codes.SegmentKind):
                yield from (one.category, one.type)
            elif isinstance(one, codes.Illumination):
                yield one.method


@cache
def _private_values() -> frozenset[str]:
    return frozenset(code.value for code in _known_codes() if code.scheme_designator == codes.PRIVATE_SCHEME)


def _is_derived(value: str) -> bool:
    """Whether a private code is one that `codes.named` gives: words of ours, of which the last may be cut off."""
    name, digest, _ = value.partition("-")
    words = words_of(name.replace("_", " "))
    if not words:
        return False
    cut = words.pop() if digest else ""
    return all(word in lexicon() for word in words) and (
        not cut or any(known.startswith(cut) for known in lexicon())
    )
