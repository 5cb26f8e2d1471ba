"""What is said of a registration, in the words of the form: not the options of a magic, but what is to be clicked."""

from __future__ import annotations

import re
from dataclasses import replace

from aero_jupyter.notebook.remarks import Remark

_PHRASES = [
    (r"pass (it|them) as --kwarg", r"make \1 a parameter with a constant"),
    (r"Give each with --input NAME=DATA or --kwarg NAME=VALUE", "Give each an input or a constant"),
    (r"Say which with --name", "Leave one of them in the text"),
    (r"Mend it and run again", "Mend the text"),
    (r"Add --replace to continue its data with this one", "Continue its data with this one"),
    (r"another --output", "another output"),
    (r"the function or a kwarg", "the function or a constant"),
    (r"as an input and as a kwarg", "as an input and as a constant"),
    (r"Name the source like the parameter: --source PARAMETER=URL", "Choose for one parameter: the pulled source"),
    (r"Correct --source", "Correct its address"),
    (r", or give --timeout", ""),
    (r"See what there is with %aero_list data", "Choose one that is offered"),
]


def in_the_form(text: str) -> str:
    """Say something in the words of the form."""
    for said, here in _PHRASES:
        text = re.sub(said, here, text)
    return text


def remark_in_the_form(remark: Remark) -> Remark:
    """Say a remark in the words of the form."""
    return replace(remark, text=in_the_form(remark.text), cure=in_the_form(remark.cure))
