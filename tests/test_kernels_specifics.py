"""What a text tells, by the lists and against a plain reading of it."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.kernels.specifics import KINDS, specifics


def told(*texts: str | None):
    return specifics(pa.array(texts, pa.string()))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("我去年在门店买了2盒，孩子很喜欢", {"number", "time", "place", "people", "experience"}),
        ("我去年在門店買了2盒，孩子很喜歡", {"number", "time", "place", "people", "experience"}),
        ("型号A320的电池用了三年", {"number", "thing"}),
        ("I bought two of these last week for my daughter", {"number", "time", "people", "experience"}),
        ("The battery of my shop's screen is fine", {"place", "thing"}),
        ("支持！写得真好", set()),
        ("so good!!!", set()),
        ("我觉得很好", set()),
        ("", set()),
    ],
)
def test_kinds_of_detail(text: str, kinds: set[str]) -> None:
    found = told(text)
    assert {kind for kind, there in zip(KINDS, found.kinds[0], strict=True) if there} == kinds
    assert found.detail[0] == len(kinds)


def test_detail_ranks_what_happened_above_praise_in_both_languages() -> None:
    detail = told(
        "2019年我陪妈妈去医院，护士也说过这件事",
        "太棒了太棒了太棒了",
        "I paid 30 dollars at the shop yesterday",
        "great!",
    ).detail
    assert detail[0] >= 4 and detail[2] >= 4 and detail[1] == detail[3] == 0


def test_questions_first_person_and_emoji() -> None:
    found = told(
        "请问哪里能买到？",
        "这个好用吗",
        "we like it, I do",
        "[doge][doge]",
        "哈😂😂😂",
        "【公告】[这不是一个表情因为太长了]",
    )
    assert found.question.tolist() == [True, True, False, False, False, False]
    assert found.first_person.tolist() == [0, 0, 2, 0, 0, 0]
    assert found.emoji[3] == 1.0 and found.emoji[4] == 0.75 and found.emoji[5] == 0.0


def test_repeating_adds_no_information() -> None:
    found = told("哈", "哈哈哈哈哈哈", "今天天气真好")
    assert found.information[0] == found.information[1] < found.information[2]
    assert found.letters.tolist() == [1, 6, 6]


def test_copies_ignore_marks_and_case() -> None:
    assert told("Nice!", "nice", " NICE 😀", "other", "😀", "！！").copies.tolist() == [3, 3, 3, 1, 1, 1]


def test_nothing_tells_nothing() -> None:
    empty = told()
    assert empty.kinds.shape == (0, len(KINDS)) and empty.letters.shape == (0,)
    missing = told(None, "")
    assert missing.letters.tolist() == [0, 0] and missing.information.tolist() == [0.0, 0.0]


def _plain(texts: list[str]) -> tuple[list[int], list[float]]:
    """Letters and bits, by the definition."""
    letters = [sum(unicodedata.category(c)[0] in "LN" for c in text) for text in texts]
    holding: dict[str, int] = {}
    for text in texts:
        for c in set(text):
            holding[c] = holding.get(c, 0) + 1
    bits = [
        sum(-np.log2(holding[c] / (len(texts) + 1)) for c in set(text) if unicodedata.category(c)[0] in "LN")
        for text in texts
    ]
    return letters, bits


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=8))
def test_characters_are_counted_as_the_definition_says(texts: list[str]) -> None:
    found = told(*texts)
    letters, bits = _plain(texts)
    assert found.letters.tolist() == letters
    assert np.allclose(found.information, bits)
    assert ((found.emoji >= 0) & (found.emoji <= 1)).all()


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=8), st.randoms())
def test_the_order_of_texts_does_not_matter(texts: list[str], random) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    one, other = told(*texts), told(*(texts[k] for k in order))
    for name in ("letters", "kinds", "first_person", "question", "emoji", "copies"):
        assert np.array_equal(getattr(one, name)[order], getattr(other, name)), name
    assert np.allclose(one.information[order], other.information)


def test_a_slice_of_an_array_reads_like_the_texts() -> None:
    whole = pa.array(["壹", "我买了2盒", "😀😀", "z"], pa.string())
    part, plain = specifics(whole[1:3]), told("我买了2盒", "😀😀")
    assert np.array_equal(part.kinds, plain.kinds) and np.array_equal(part.letters, plain.letters)
    assert np.array_equal(part.emoji, plain.emoji) and np.array_equal(part.information, plain.information)
