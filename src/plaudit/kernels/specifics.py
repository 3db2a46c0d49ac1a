"""What a short text tells: length, information, and kinds of concrete detail a person who was there would give.

Chinese (simplified and traditional) and English, by small closed lists of everyday words: no dictionary of topics, no
model to download. A detail counts *for* a comment and nothing counts against one; in another language the lists find
digits and little else, which is why readers of these figures compare texts of one export with each other only.
That concrete and self-related wording marks lived experience follows reality monitoring (Johnson and Raye 1981) and
its use on reviews (Ott et al. 2011: space, number and person words are what made-up reviews lack).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import Bools, Floats, Ints

KINDS: tuple[str, ...] = ("number", "time", "place", "people", "thing", "experience")
"""Kinds of concrete detail, in the order of the columns of :attr:`Specifics.kinds`."""

_HAN_NUMBER = "[一二三四五六七八九十百千万萬两兩半几幾]"
_PATTERNS: Mapping[str, str] = {
    "number": rf"\p{{Nd}}|{_HAN_NUMBER}+[多来來余餘]?"
    r"[个個位次遍回年月天日号號周岁歲斤克米块塊元角毛件盒瓶袋包台臺部本条條只隻张張层層楼樓点點分秒]"
    r"|(?i:\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|twice|half)\b)",
    "time": r"[昨今明前后後去当當][天年晚日]|上周|上週|上[个個]?月|上[个個]?星期"
    r"|下午|早上|晚上|中午|半夜|凌晨|小[时時]|分[钟鐘]|星期|周末|週末"
    r"|春[节節天]|暑假|寒假|[国國][庆慶]|中秋|那[年天时時]|小时候|小時候|年前|月前|天前|毕业|畢業"
    r"|(?i:\b(?:yesterday|today|tonight|morning|evening|night|last|ago|since|weeks?|months?|years?|hours?|minutes?|days?"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august"
    r"|september|october|november|december|christmas|summer|winter)\b)",
    "place": r"[^\s\p{P}节節][省市县縣镇鎮村][^\s\p{P}]|市[区區]"
    r"|[门門]店|[医醫]院|学校|學校|小[区區]|公司|超市|[车車]站|地[铁鐵]|机场|機場"
    r"|[饭飯酒]店|[餐饭飯]厅|餐廳|[办辦]公室|家里|家裡|厨房|廚房|老家|楼下|樓下|[店街路院馆館]里|[店街路院馆館]裡"
    r"|(?i:\b(?:shop|store|school|hospital|office|home|kitchen|station|airport|restaurant|street|city|town|village|park"
    r"|college|university|gym|clinic|supermarket|farm)\b)",
    "people": r"[妈媽爸奶爷爺哥姐弟妹][妈媽爸奶爷爺哥姐弟妹]|父母|父[亲親]|母[亲親]|[儿兒女]子|[儿兒女][儿兒]"
    r"|孩子|老[公婆师師板]|同[事学學]|朋友|[邻鄰]居"
    r"|外[公婆]|[室舍队隊]友|[医醫]生|客服|店[员員主]|(?i:\b(?:mom|mum|mother|dad|father|wife|husband|son|daughter|kids?|child|children"
    r"|friends?|colleagues?|teacher|boss|neighbou?rs?|sister|brother|grandma|grandpa|roommate|doctor|staff)\b)",
    "thing": r"\p{Nd}\s?(?i:ml|kg|cm|mm|km|g|gb|mah|inch|w|元|块|塊|斤|克|米|寸|度|码|碼|号|號|折|页|頁|集|章|节|節)"
    r"|\b[A-Za-z]+[0-9]+[A-Za-z0-9]*\b|型[号號]|[颜顏]色|尺[码碼寸]|味道|口感|包[装裝]|材[质質料]|面料|[质質]量|[价價]格|[电電]池|屏幕|按[键鍵]|[盖蓋]子"
    r"|说明书|說明書|[发發]票|[订訂][单單]|快[递遞]|售[后後]|第\S{1,3}[章节節集页頁段]"
    r"|(?i:\b(?:colou?rs?|size|taste|flavou?r|texture|battery|screen|button|packag(?:e|ing)|price|invoice|order|delivery"
    r"|warranty|chapter|page|episode|recipe|ingredients?|fabric|quality)\b)|[$€£¥]\s?\p{Nd}",
    # Someone speaks of themselves and of something done: 我买了, 我们去过, I bought, we were.
    "experience": r"(?:我|俺|咱|本人|自己)[^。！？!?\n]{0,24}[^\s\p{P}为為除罢罷](?:了|过|過)"
    r"|(?:我|俺|咱|本人|自己)[^。！？!?\n]{0,12}(?:当[时年]|當[時年]|一直在用|终于|終於|试[了过]|試[了過]|买的|買的|用的是)"
    r"|(?i:\b(?:i|we|my|our)\b[^.!?\n]{0,30}\b(?:\w{3,}ed|was|were|had|did|went|got|bought|made|took|gave|saw|found|felt"
    r"|came|told|kept|read|ate|drank|cried|lost|won|met|used|left|knew|thought|paid|sent|grew)\b)"
    r"|(?i:\b(?:i|we)(?:'ve|’ve| have) been\b)",
}
_FIRST = r"我|俺|咱|本人|笔者|筆者|(?i:\b(?:i|i'm|i’m|i've|i’ve|me|my|mine|we|our|us)\b)"
_QUESTION = r"[?？]|[吗嗎呢么麼][\s\p{P}]*$"
_WORDLESS = r"[^\p{L}\p{N}]+"

_LETTER, _EMOJI, _BLANK = 1, 2, 3
_STICKER_LENGTH = 8
"""Characters a sticker code may have between its brackets: ``[doge]``, ``[热词系列_知识]`` and the like."""


@dataclass(frozen=True)
class Specifics:
    """Figures of ``n`` texts; nothing in them depends on the order of the texts.

    Attributes:
        letters: letters, digits and ideographs, ``int64[n]``.
        information: bits a reader learns from each *different* character, by how common it is in all these texts,
            ``float64[n]``. Repeating a character or an emoji adds nothing.
        kinds: which of :data:`KINDS` occur, ``bool[n, len(KINDS)]``.
        first_person: words for oneself, ``int64[n]``.
        question: whether something is asked, ``bool[n]``.
        emoji: share of emoji and sticker codes such as ``[doge]`` among what is not blank, ``float64[n]`` in 0..1.
        copies: texts with the same letters, itself included, ``int64[n]``; 1 for a text without letters.
    """

    letters: Ints
    information: Floats
    kinds: Bools
    first_person: Ints
    question: Bools
    emoji: Floats
    copies: Ints

    def take(self, rows: Ints) -> Specifics:
        """The figures of these texts; what they owe to all texts stays as it was."""
        return Specifics(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def detail(self) -> Ints:
        """How many of :data:`KINDS` occur, ``int64[n]``."""
        return np.asarray(self.kinds.sum(axis=1), dtype=np.int64)


def specifics(texts: pa.StringArray) -> Specifics:
    """Read ``texts``, ``string[n]``, one expression per kind and one pass over the characters. Nulls tell nothing."""
    plain = pc.fill_null(texts.cast(pa.string()), "")
    letters, drawn, shown, bits = _characters(plain)
    return Specifics(
        letters=letters,
        information=bits,
        kinds=np.column_stack([_matched(plain, _PATTERNS[kind]) for kind in KINDS]),
        first_person=np.asarray(pc.count_substring_regex(plain, _FIRST), dtype=np.int64),
        question=_matched(plain, _QUESTION),
        emoji=drawn / np.maximum(shown, 1),
        copies=_copies(plain),
    )


def _matched(texts: pa.StringArray, pattern: str) -> Bools:
    return np.asarray(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), dtype=bool)


def _copies(texts: pa.StringArray) -> Ints:
    bare = pc.utf8_lower(pc.replace_substring_regex(texts, _WORDLESS, ""))
    coded = bare.dictionary_encode()
    row = coded.indices.to_numpy(zero_copy_only=False)
    counts = np.bincount(row, minlength=1)[row] if row.shape[0] else np.zeros(0, np.int64)
    return np.where(np.asarray(pc.binary_length(bare)) > 0, counts, 1).astype(np.int64)


def _characters(texts: pa.StringArray) -> tuple[Ints, Ints, Ints, Floats]:
    """``(letters, emoji, not blank, bits)`` of each text."""
    # Through UTF-32 every character is one number; an array of its own has offsets that start at 0.
    length = np.asarray(pc.utf8_length(texts), dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), "")[0].as_py() or ""
    points = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    used, code = _codes(points)
    kind = np.array([_class(chr(point)) for point in used], dtype=np.uint8)
    brackets = np.array([_index(used, "["), _index(used, "]")], dtype=np.int64)
    holding = holders(code, offsets, used.shape[0])
    surprise = -np.log2(np.maximum(holding, 1) / (len(texts) + 1.0)) * (kind == _LETTER)
    told: tuple[Ints, Ints, Ints, Floats] = tell(code, offsets, kind, surprise, brackets)
    return told


def _codes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different characters, ascending, and the number of each character among them, ``int32[m]``."""
    there = np.zeros(0x110000, dtype=bool)
    there[points] = True
    used = np.flatnonzero(there)
    number = np.zeros(0x110000, dtype=np.int32)
    number[used] = np.arange(used.shape[0])
    return used, number[points]


def _index(used: np.ndarray, character: str) -> int:
    at = int(np.searchsorted(used, ord(character)))
    return at if at < used.shape[0] and used[at] == ord(character) else -1


def _class(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] in "LN":
        return _LETTER
    # So: pictographs; Cf and Mn hold the joiners and variation selectors between them; Sk the skin tones.
    if category == "So" or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return _EMOJI
    return _BLANK if category[0] in "ZC" or category == "Mn" else 0


@numba.njit(cache=True, nogil=True)
def holders(code: np.ndarray, offsets: np.ndarray, characters: int) -> np.ndarray:
    """In how many texts each character occurs, ``int64[characters]``; ``code`` and ``offsets`` as in :func:`tell`."""
    seen = np.full(characters, -1, np.int64)
    out = np.zeros(characters, np.int64)
    for i in range(offsets.shape[0] - 1):
        for j in range(offsets[i], offsets[i + 1]):
            if seen[code[j]] != i:
                seen[code[j]] = i
                out[code[j]] += 1
    return out


@numba.njit(cache=True, nogil=True)
def tell(
    code: np.ndarray, offsets: np.ndarray, kind: np.ndarray, surprise: np.ndarray, brackets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Count the characters of each text.

    Args:
        code: numbers of the characters of all texts, one after the other, ``int32[m]``.
        offsets: where each text begins, ``int64[n + 1]``.
        kind: class of each different character, ``uint8[characters]``.
        surprise: bits each different character is worth, ``float64[characters]``.
        brackets: numbers of ``[`` and ``]``, -1 where absent, ``int64[2]``.

    Returns:
        Letters, emoji (with the characters of sticker codes), characters not blank, and bits, each of length ``n``.
    """
    n = offsets.shape[0] - 1
    seen = np.full(kind.shape[0], -1, np.int64)
    letters, drawn, shown = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    bits = np.zeros(n, np.float64)
    for i in range(n):
        opened = -1
        for j in range(offsets[i], offsets[i + 1]):
            c = code[j]
            if c == brackets[0]:
                opened = j
            elif c == brackets[1]:
                if opened >= 0 and 2 <= j - opened <= _STICKER_LENGTH + 1:
                    drawn[i] += j - opened + 1
                opened = -1
            elif kind[c] == _BLANK:
                opened = -1
            if kind[c] == _BLANK:
                continue
            shown[i] += 1
            if kind[c] == _LETTER:
                letters[i] += 1
            elif kind[c] == _EMOJI:
                drawn[i] += 1
            if seen[c] != i:
                seen[c] = i
                bits[i] += surprise[c]
    return letters, drawn, shown, bits
