"""Text tables: encoding, separator, header, and numbers only if every value survives."""

from __future__ import annotations

import codecs
import csv
import re
import warnings
from typing import IO, Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.jobs.table_formats import wide_encoding
from aero_jupyter.jobs.table_layout import NUMBER_TEXT, lacks_header, separator_under
from aero_jupyter.jobs.uneven_rows import read_even

_SAMPLE_BYTES = 8 << 20
_LATIN = ("iso8859-1", "ascii", "cp1252")
_DETECTED = ["cp1252", "cp1251", "cp1253", "koi8_r", "shift_jis", "euc_jp", "euc_kr", "big5", "gb18030"]
#: Non-ASCII bytes for a reliable detection.
_DETECTABLE = 200
_SHOWN_BYTES = 1 << 16
_FLOAT_DIGITS = 15
#: Options that are about numbers.
_OF_NUMBERS = {"decimal", "thousands"}


def text_encoding(file: IO[bytes], declared: str | None) -> str:
    """Return the encoding of a text: by its mark, as declared if it fits, UTF-8, else as detected."""
    file.seek(0)
    sample = file.read(1 << 16)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    wide = wide_encoding(sample)
    declared_encoding = _known_encoding(declared)
    latin = declared_encoding in _LATIN
    # Latin-1 is HTTP's default, so UTF-8 is tried first.
    for candidate in (wide, None if latin else declared_encoding, "utf-8", declared_encoding if latin else None):
        name = "cp1252" if candidate == "iso8859-1" else candidate
        if name and _decodes(file, name):
            return name
    return _detected(file)


def _known_encoding(declared: str | None) -> str | None:
    try:
        return codecs.lookup(declared).name if declared else None
    except (LookupError, ValueError):
        return None


def _decodes(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        while chunk := file.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", True)
    except (UnicodeError, LookupError, TypeError):
        return False
    return True


def _showing(file: IO[bytes]) -> bytes:
    """Return the beginning of the lines with bytes beyond ASCII, wherever they are."""
    file.seek(0)
    found = bytearray()
    while len(found) < _SHOWN_BYTES and (lines := file.readlines(1 << 20)):
        if not (block := b"".join(lines)).isascii():
            found += block if len(block) < 256 else b"".join(line for line in lines if not line.isascii())
    return bytes(found[:_SHOWN_BYTES])


def _is_damaged_utf8(sample: bytes) -> bool:
    """Return whether nearly all bytes beyond ASCII are characters of UTF-8."""
    beyond = sum(byte > 127 for byte in sample)
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    return beyond >= _DETECTABLE and broken * 20 < beyond


def _detected(file: IO[bytes]) -> str:
    sample = _showing(file)
    if _is_damaged_utf8(sample):
        return "utf-8"
    if sum(byte > 127 for byte in sample) >= _DETECTABLE:
        try:
            from charset_normalizer import from_bytes
        except ImportError:
            pass
        else:
            best = from_bytes(sample, cp_isolation=_DETECTED).best()
            if best is not None and _decodes(file, best.encoding):
                return best.encoding
    return "cp1252" if _decodes(file, "cp1252") else "latin-1"


def read_delimited(
    file: IO[bytes], kind: str, encoding: str, options: dict[str, Any], notes: list[str], label: str = "The file"
) -> Any:
    """Read a text table; `notes` receives the reader's unexpected decisions."""
    file.seek(0)
    sample = file.read(_SAMPLE_BYTES)
    lines = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample)
    options = {"encoding": encoding, **options}
    if not {"sep", "delimiter"} & options.keys():
        options["sep"] = "\t" if kind == "tsv" and "\t" in lines else separator_under(lines, options, label)
    mark = options.get("sep") or options.get("delimiter")
    is_open = not {"header", "names", "skiprows"} & options.keys()
    if is_open and mark and len(mark) == 1 and lacks_header(lines, mark, notes):
        options["header"] = None
    if options.get("engine", "c") == "c":
        options = {**_exact_floats(), "low_memory": False, **options}
    frame = read_even(file, options, notes)
    return _with_text_kept(file, frame, options)


def _exact_floats() -> dict[str, str]:
    import pandas as pd

    # pandas 3 reads exactly by default, and warns about the option.
    return {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}


def _with_text_kept(file: IO[bytes], frame: Any, options: dict[str, Any]) -> Any:
    """Read columns and row names as text if a value would not survive as a number."""
    import pandas as pd

    declared = _declared_columns(options)
    if declared is None:
        return frame
    places = [at for at, name in enumerate(frame.columns) if _is_guessed(name, frame.dtypes.iloc[at], declared)]
    if not places and isinstance(frame.index, pd.RangeIndex) and options.get("index_col") is None:
        return frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        plain = {name: value for name, value in options.items() if name not in _OF_NUMBERS}
        if plain.get("engine") == "pyarrow":
            # This engine does not skip spaces.
            del plain["engine"]
        text = read_even(file, {**plain, "dtype": str, "skipinitialspace": True}, [])
    if text.shape != frame.shape:
        return frame
    for at in places:
        if not _survives(_plain_numbers(text.iloc[:, at], options), frame.dtypes.iloc[at].kind):
            frame.isetitem(at, text.iloc[:, at])
    frame.index = _labels_with_text_kept(frame.index, text.index, declared)
    return frame


def _declared_columns(options: dict[str, Any]) -> set[Any] | None:
    """Return the columns whose types the options declare; None if they declare those of all."""
    dtype, converters = options.get("dtype"), options.get("converters") or {}
    if options.get("quoting") == csv.QUOTE_NONNUMERIC or (dtype is not None and not isinstance(dtype, dict)):
        return None
    return None if any(isinstance(name, int) for name in converters) else {*(dtype or {}), *converters}


def _is_guessed(name: object, dtype: Any, declared: set[Any]) -> bool:
    """Return whether the reader took a column for numbers that no option declares."""
    return dtype.kind in "iuf" and name not in declared and str(name) not in declared


def _labels_with_text_kept(labels: Any, text: Any, declared: set[Any]) -> Any:
    import pandas as pd

    if isinstance(text, pd.RangeIndex) or labels.nlevels != text.nlevels:
        return labels
    pairs = [(labels.get_level_values(at), text.get_level_values(at)) for at in range(labels.nlevels)]
    kept = [
        other
        if _is_guessed(one.name, one.dtype, declared) and not _survives(other.to_series(), one.dtype.kind)
        else one
        for one, other in pairs
    ]
    return kept[0] if len(kept) == 1 else pd.MultiIndex.from_arrays(kept, names=labels.names)


def _plain_numbers(text: Any, options: dict[str, Any]) -> Any:
    """Return numbers as programs write them: without correctly placed thousands separators."""
    decimal, thousands = options.get("decimal", "."), options.get("thousands")
    if decimal == "." and thousands is None:
        return text
    text = text.str.strip()
    if thousands is not None:
        grouped = rf"[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
        text = text.where(~text.str.fullmatch(grouped, na=False), text.str.replace(thousands, "", regex=False))
        text = text.where(~text.str.contains(thousands, regex=False, na=False), "not a number")
    return text if decimal == "." else text.str.replace(decimal, ".", regex=False)


def _survives(text: Any, kind: str) -> bool:
    present = text.dropna().astype(str).str.strip()
    special = present.str.fullmatch(r"[+-]?inf(?:inity)?|nan", case=False)
    present = present[~special]
    if not present.str.fullmatch(NUMBER_TEXT).all():
        return False
    if kind in "iu":
        return True
    digits = present.str.replace(r"[eE].*|[-.]", "", regex=True).str.lstrip("0")
    doubtful = present[(digits.str.len() > _FLOAT_DIGITS)]
    return all(_is_exact(value) for value in doubtful)


def _is_exact(text: str) -> bool:
    from decimal import Decimal

    # A text with other digits than its float prints would lose them.
    return Decimal(text) == Decimal(repr(float(text)))
