"""Text as numbers: one normal form, tokens, shingles, near-duplicates, and how much a wording says.

Nothing here knows a language beyond what Unicode knows; Chinese and English take the same road. ``normal`` folds what
writers vary without meaning it, ``tokens`` cuts, ``similar`` finds texts that are nearly the same, ``surprise`` says
how unlikely a text is to be written twice by chance.
"""

from plaudit.kernels.text.normal import normalise
from plaudit.kernels.text.similar import Alike, near_duplicates
from plaudit.kernels.text.surprise import PhraseModel, phrase_model
from plaudit.kernels.text.tokens import Kind, Shingles, Tokens, shingles, text_keys, tokenise

__all__ = [
    "Alike",
    "Kind",
    "PhraseModel",
    "Shingles",
    "Tokens",
    "near_duplicates",
    "normalise",
    "phrase_model",
    "shingles",
    "text_keys",
    "tokenise",
]
