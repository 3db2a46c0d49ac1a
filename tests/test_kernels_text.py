"""Texts as numbers: what the normal form folds, what counts as nearly the same, how much a wording says."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pytest
import rensa
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.kernels.text import (
    Kind,
    near_duplicates,
    normalise,
    phrase_model,
    shingles,
    text_keys,
    tokenise,
)
from plaudit.kernels.text.similar import common_order, jaccard
from plaudit.kernels.text.sketch import BANDS, ROWS, band_keys, most_shared, set_marks
from plaudit.kernels.text.tokens import Shingles
from plaudit.model import Ints

ALPHABET = "aBcZé 0123,.!?，。！～ＡＢｃ１２ 这個這个软軟体體哈頭头発한국ありがとう👍❤️🔥🏻\u200b\ufeff\t[]笑"
TEXTS = st.lists(st.text(ALPHABET, max_size=24), max_size=12)
RUN_FREE = st.text("abc 这软体头", max_size=30)


def told(texts: list[str]) -> pa.StringArray:
    return pa.array(texts, pa.string())


def keys(*texts: str) -> list[int]:
    return [int(key) for key in text_keys(tokenise(told(list(texts))).wording())]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｈｅｌｌｏ，Ｗｏｒｌｄ", "hello world"),
        ("這個軟體很棒", "这个软体很棒"),
        ("哈哈哈哈哈哈哈", "哈哈"),
        ("sooooo good", "soo good!!!"),
        ("好看👍🏻👍🏽❤️", "好看"),
        ("[打call]好看[大哭]", "好看"),
        ("加\u200b油\ufeff", "加油"),
        ("再见，2019。你好,2020！", "再见2019 你好２０２０"),
        ("CAFÉ", "cafe\u0301"),
    ],
)
def test_what_writers_vary_without_meaning_it_is_folded(one: str, other: str) -> None:
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("好看", "好吃"), ("ab cd", "abcd"), ("不好看", "好看不"), ("2019", "2020")]
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert keys(one) != keys(other)


def test_decoration_is_kept_apart_and_says_nothing() -> None:
    tokens = tokenise(told(["好看👍[打call]", "👍👍", "[打call]", "", "!!!"]))
    assert [list(tokens.kind[a:b]) for a, b in pairwise(tokens.offsets)] == [
        [Kind.SIGN, Kind.SIGN, Kind.EMOJI, Kind.EMOJI],
        [Kind.EMOJI, Kind.EMOJI],
        [Kind.EMOJI],
        [],
        [],
    ]
    assert list(near_duplicates(tokens.wording()).group) == [0, -1, -1, -1, -1]


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_the_normal_form_is_its_own_normal_form_and_holds_the_same_tokens(texts: list[str]) -> None:
    once = normalise(told(texts))
    assert normalise(once).to_pylist() == once.to_pylist()
    one, other = tokenise(told(texts)), tokenise(once)
    assert np.array_equal(one.offsets, other.offsets) and np.array_equal(one.hash, other.hash)


@given(RUN_FREE)
@settings(max_examples=100, deadline=None)
def test_tokens_are_words_and_single_ideographs(text: str) -> None:
    squeezed = normalise(told([text]))[0].as_py()
    plain: list[str] = []
    for word in squeezed.split():
        letters = ""
        for sign in word:
            if sign.isascii():
                letters += sign
                continue
            plain += [letters] if letters else []
            plain, letters = [*plain, sign], ""
        plain += [letters] if letters else []
    tokens = tokenise(told([text]))
    assert len(plain) == tokens.hash.shape[0]
    names = {token: int(tokenise(told([token])).hash[0]) for token in set(plain)}
    assert [names[token] for token in plain] == [int(h) for h in tokens.hash]
    pairs = {(a, b) for a, b in pairwise(plain)} if len(plain) > 1 else set(plain)
    assert shingles(tokens).hash.shape[0] == len(pairs)


def test_missing_texts_and_none_at_all() -> None:
    assert len(tokenise(pa.array([], pa.string()))) == 0
    assert list(tokenise(pa.array([None, "好"], pa.string())).offsets) == [0, 0, 1]
    nothing = near_duplicates(tokenise(pa.array([], pa.string())))
    assert nothing.group.shape == (0,) and nothing.medoid.shape == (0,)


@given(st.lists(st.integers(0, 5), max_size=14), st.lists(st.integers(0, 5), max_size=14), st.sampled_from([1, 6]))
@settings(max_examples=150, deadline=None)
def test_likeness_of_two_texts_is_what_the_definition_says(one: list[int], other: list[int], times: int) -> None:
    one, other = one * times, other * times  # beyond 64 tokens the table has no row that fits into one number
    sets = [sorted(set(one)), sorted(set(other))]
    offsets = np.array([0, len(sets[0]), len(sets[0]) + len(sets[1])], np.int64)
    hashes = np.array([*sets[0], *sets[1]], np.uint64)
    union = len(set(one) | set(other))
    assert jaccard(offsets, hashes, 0, 1) == pytest.approx(len(set(one) & set(other)) / union if union else 0.0)
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for x, a in enumerate(one):
        for y, b in enumerate(other):
            table[x + 1][y + 1] = table[x][y] + 1 if a == b else max(table[x][y + 1], table[x + 1][y])
    offsets = np.array([0, len(one), len(one) + len(other)], np.int64)
    longest = max(len(one), len(other))
    share = table[-1][-1] / longest if one and other else 0.0
    assert common_order(offsets, np.array([*one, *other], np.uint64), 0, 1) == pytest.approx(share)


SLOTS = (
    ("这款", "这个", "该款"),
    ("面霜真的",),
    ("很好用", "特别好用", "太好用了"),
    ("，用了",),
    ("三天", "一周", "半个月"),
    ("皮肤就变得又白又嫩，",),
    ("强烈推荐", "推荐大家", "安利给大家"),
    ("姐妹们入手",),
)


def templated(rng: np.random.Generator, size: int) -> list[str]:
    return ["".join(slot[int(rng.integers(len(slot)))] for slot in SLOTS) for _ in range(size)]


def chatter(rng: np.random.Generator, size: int, words: int = 400, length: int = 14) -> list[str]:
    signs = [chr(0x4E00 + 37 * k) for k in range(words)]
    return ["".join(signs[k] for k in rng.integers(0, words, length)) for _ in range(size)]


def test_fillings_of_one_template_are_found_among_others() -> None:
    rng = np.random.default_rng(5)
    texts = [*chatter(rng, 500), *templated(rng, 40)]
    alike = near_duplicates(tokenise(told(texts)).wording())
    groups, sizes = np.unique(alike.group[500:], return_counts=True)
    assert sizes.max() >= 36
    assert not np.isin(alike.group[:500], groups).any()
    assert np.unique(alike.group[:500]).shape[0] == 500


def test_a_chain_of_small_steps_does_not_join_two_wordings() -> None:
    signs = [chr(0x4E00 + 11 * k) for k in range(60)]
    chain = ["".join(signs[k : k + 12]) for k in range(0, 48, 3)]  # neighbours share most, the ends nothing
    alike = near_duplicates(tokenise(told(chain)).wording())
    assert alike.group[0] != alike.group[-1]
    for text, group in enumerate(alike.group):
        centre = chain[alike.medoid[group]]
        assert len(set(chain[text]) & set(centre)) >= 6


@pytest.mark.parametrize("seed", range(3))
def test_groups_do_not_depend_on_the_order_of_texts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = [*chatter(rng, 200), *templated(rng, 60), *(["好看"] * 20), *chatter(rng, 300, words=6, length=4)]
    order = rng.permutation(len(texts))
    here = near_duplicates(tokenise(told(texts)).wording())
    there = near_duplicates(tokenise(told([texts[k] for k in order])).wording())

    def partition(group: Ints) -> set[frozenset[int]]:
        return {frozenset(np.flatnonzero(group == g).tolist()) for g in np.unique(group)}

    back = np.empty_like(there.group)
    back[order] = there.group
    assert partition(here.group) == partition(back)
    similarity = np.empty_like(there.similarity)
    similarity[order] = there.similarity
    assert np.allclose(here.similarity, similarity)


def test_a_wording_says_more_the_longer_it_is_and_less_the_more_others_say_it() -> None:
    rng = np.random.default_rng(8)
    common = ["新年快乐" + tail for tail in chatter(rng, 60, length=5)]
    texts = [
        *chatter(rng, 300),
        *common,
        "新年快乐",
        "新年快乐" + chatter(rng, 1, length=3)[0],
        *chatter(rng, 1, length=30),
    ]
    tokens = tokenise(told(texts)).wording()
    nats = phrase_model(tokens, np.arange(len(texts))).information(tokens)
    assert nats[360] < 8 < nats[361] < nats[362]
    # 3.4 nats at most for every ideograph.
    assert (nats <= 3.4 * np.diff(tokens.offsets) + 1e-9).all() and (nats > 0).all()


def test_pasting_a_text_a_thousand_times_does_not_make_it_look_ordinary() -> None:
    rng = np.random.default_rng(9)
    others, pasted = chatter(rng, 300), chatter(rng, 1, length=20)
    once = tokenise(told([*others, *pasted])).wording()
    often = tokenise(told([*others, *pasted * 1000])).wording()
    alone = phrase_model(once, np.arange(301)).information(once)[300]
    group = np.r_[np.arange(300), np.full(1000, 300)].astype(np.int64)
    assert phrase_model(often, group).information(often)[300] == pytest.approx(alone, rel=0.1)


def plain_fold(text: str, table: dict[str, str]) -> str:
    """The slow way to fold: what is seen, no character more than twice running, no blank more than once."""
    shown = [table[character] for character in text if table[character]]
    runs = [list(run) for _, run in groupby(shown)]
    return "".join("".join(run[: 1 if run[0] == " " else 2]) for run in runs)


@given(st.lists(st.text(alphabet="aAbB  \u200b\ufe0f哈好萬", max_size=12), max_size=6))
@settings(max_examples=80, deadline=None)
def test_texts_looked_up_sign_by_sign_are_folded_as_by_hand(texts: list[str]) -> None:
    table = {sign: sign.lower() for sign in "aAbB 哈好"} | {"萬": "万", "\u200b": "", "\ufe0f": ""}
    assert normalise(told(texts)).to_pylist() == [plain_fold(text, table).strip() for text in texts]


def test_a_topic_is_a_label_and_no_wording() -> None:
    one, other = "再回味，意无穷。#最美 的夜#", "＃最美 的夜＃还是忘不掉"
    assert keys(one) == keys("再回味，意无穷。") and keys(other) == keys("还是忘不掉")
    assert keys("love it #launchday") == keys("love it") and keys("#1 song, #2 film") == keys("1 song, 2 film")
    assert keys("#first thing #second") == keys("thing")


def test_a_neighbour_that_joins_changes_the_form_whichever_texts_stand_around() -> None:
    apart = ["e\u0301", "Ａ", "ﬁ", "\u1112\u1161\u11ab", "ﾊﾞ", "x"]
    whole = normalise(told(apart)).to_pylist()
    assert whole == ["é", "a", "fi", "한", "バ", "x"]
    assert [normalise(told([text]))[0].as_py() for text in apart] == whole


def test_sketches_propose_as_often_as_a_library_does() -> None:
    rng = np.random.default_rng(11)
    for overlap in (0.3, 0.5, 0.8):
        both, size = round(40 * overlap), 400
        alone = (40 - both) // 2
        rows = []
        for _ in range(size):
            common = rng.integers(0, 1 << 63, both, dtype=np.uint64)
            rows += [np.sort(np.r_[common, rng.integers(0, 1 << 63, alone, dtype=np.uint64)]) for _ in range(2)]
        offsets = np.concatenate([[0], np.cumsum([row.shape[0] for row in rows])]).astype(np.int64)
        keys = band_keys(Shingles(offsets, np.concatenate(rows)))
        ours = (keys[:, ::2] == keys[:, 1::2]).mean()
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            np.concatenate(rows), offsets.astype(np.uint64), BANDS * ROWS, 1
        )
        digest = np.array(matrix.to_rows(), np.uint32).reshape(-1, BANDS, ROWS)
        theirs = (digest[::2] == digest[1::2]).all(axis=2).mean()
        jaccard_of = both / (both + 2 * alone)
        assert abs(ours - theirs) < 0.06
        assert abs(ours - jaccard_of**ROWS) < 0.05


@given(st.lists(st.frozensets(st.integers(0, 300), min_size=1, max_size=40), min_size=2, max_size=8))
@settings(max_examples=60, deadline=None)
def test_marks_never_promise_less_than_two_sets_share(sets: list[frozenset[int]]) -> None:
    rows = [np.sort(np.array([hash_of(x) for x in one], np.uint64)) for one in sets]
    offsets = np.concatenate([[0], np.cumsum([row.shape[0] for row in rows])]).astype(np.int64)
    marks = set_marks(offsets, np.concatenate(rows))
    for i, one in enumerate(sets):
        for j, other in enumerate(sets):
            assert most_shared(marks, i, j, len(one), len(other)) >= len(one & other)


def hash_of(number: int) -> int:
    return (number * 0x9E3779B97F4A7C15) % (1 << 64)
