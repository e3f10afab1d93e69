"""The tests of kata 19. Run them with: make kata N=19"""

import math

import numpy
import torch
from masking import apply_mask, causal_mask, combine, masked_softmax, padding_mask

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_made_where_asked,
    assert_that,
    oracle,
    parameterized,
)


def table(*rows):
    """A mask drawn with T (may look) and . (hidden), as lists of bools."""
    return [[letter == "T" for letter in row] for row in rows]


def triangle(size):
    """The causal mask of `size` tokens, drawn."""
    return ["T" * number + "." * (size - number) for number in range(1, size + 1)]


def real_tokens(lengths, size):
    """The padding mask, drawn: one row for each sequence."""
    return [["T" * length + "." * (size - length)] for length in lengths]


def assert_mask(actual, expected, *, why, shape_why):
    """First the shape and the dtype of a mask, which have reasons of their own, then its values."""
    expected = torch.tensor(expected)
    if isinstance(actual, torch.Tensor) and actual.shape != expected.shape:
        why = shape_why
    elif isinstance(actual, torch.Tensor) and actual.dtype != torch.bool:
        why = "A mask answers yes or no, so its dtype is bool. ~ (not) swaps True and False; of 1 it makes -2."
    assert_close(actual, expected, why=why)


class TestCausalMask(KataTest):
    subject = causal_mask
    why = "True means may look. A token looks at itself and at the past (to its left), never at the future."
    shape_why = "The mask is a square (size, size): a row for each token that looks, a column for each one looked at."

    def test_a_token_sees_itself_and_the_past(self):
        expected = table("T...", "TT..", "TTT.", "TTTT")
        assert_mask(causal_mask(4, self.device), expected, why=self.why, shape_why=self.shape_why)

    @parameterized.expand([("one token", 1), ("two tokens", 2), ("seven tokens", 7), ("many tokens", 140)])
    def test_it_works_for_any_number_of_tokens(self, _case, size):
        expected = table(*triangle(size))
        assert_mask(causal_mask(size, self.device), expected, why=self.why, shape_why=self.shape_why)

    def test_it_lives_on_the_device_that_is_asked_for(self):
        why = "The caller names the device, by a string or a torch.device. Pass it on, or the mask is on the CPU."
        assert_made_where_asked(lambda device: causal_mask(3, device), expected=table(*triangle(3)), why=why)


def hidden_by_hand(actual, scores, mask):
    """The scores with -inf where they are hidden, or with the number that `actual` has there if it is low enough."""
    expected, mask = oracle(scores), oracle(mask).expand(scores.shape)
    limit = torch.finfo(scores.dtype).min / 2
    given = oracle(actual) if isinstance(actual, torch.Tensor) and actual.shape == scores.shape else expected
    for place, allowed in numpy.ndenumerate(mask.numpy()):
        if not allowed:
            number = given[place].item()
            expected[place] = number if number <= limit else -math.inf
    return expected


def random_mask(test, *shape):
    """True at about half of the places, and in each row at one place at least."""
    mask = test.rand(*shape) < 0.5
    mask[..., -1] |= ~mask.any(dim=-1)
    return mask


SHAPES = [
    ("one mask for all sequences", (2, 5, 7), (5, 7)),
    ("a row of keys for each sequence", (2, 5, 7), (2, 1, 7)),
    ("a mask for each sequence", (2, 5, 7), (2, 5, 7)),
    ("no leading dimensions", (5, 7), (5, 7)),
    ("one row for all queries", (5, 7), (1, 7)),
    ("heads and one mask", (2, 3, 5, 7), (5, 7)),
    ("heads and a row of keys for each sequence", (2, 3, 5, 7), (2, 1, 1, 7)),
    ("a mask for each head", (2, 3, 5, 7), (3, 5, 7)),
    ("as many keys as queries", (2, 4, 4), (4, 4)),
    ("all sizes equal", (4, 4, 4), (4, 1, 4)),
    ("one sequence", (1, 5, 7), (1, 1, 7)),
    ("one query", (2, 1, 7), (2, 1, 7)),
    ("one key", (2, 5, 1), (1, 1)),
]

DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]


class TestApplyMask(KataTest):
    subject = apply_mask
    why = "Row q of the mask speaks about query q: True at column k means that it may look at key k."

    def check(self, actual, scores, mask, *, why):
        hidden = hidden_by_hand(actual, scores, mask)
        expected = hidden.clone()
        if isinstance(actual, torch.Tensor) and actual.shape == expected.shape:
            places = ~oracle(mask).expand(expected.shape)
            expected[places] = oracle(actual).to(expected.dtype)[places]  # the allowed ones first
            why = f"An allowed score stays as it is, exactly. {why}"
        assert_close(actual, expected, dtype=scores.dtype, rtol=0, atol=0, why=why)
        low = "Hidden means -inf, or at most torch.finfo(scores.dtype).min / 2. A score of 0 is a score, not nothing."
        assert_close(actual, hidden, dtype=scores.dtype, rtol=0, atol=0, why=low)

    def test_hidden_scores_become_very_low(self):
        scores = self.tensor([[0.0, 2.0, 3.0], [4.0, 5.0, 0.0]])
        mask = self.tensor(table("T.T", "TT."))
        why = f"{self.why} Scores are (..., Tq, Tk), here without leading dimensions."
        self.check(apply_mask(scores, mask), scores, mask, why=why)

    @parameterized.expand(SHAPES)
    def test_the_mask_broadcasts_to_the_scores(self, _case, shape, mask_shape):
        scores, mask = self.randn(*shape), random_mask(self, *mask_shape)
        why = "The mask may be smaller than the scores: (Tq, Tk), (B, 1, Tk), ... Let it broadcast to their shape."
        self.check(apply_mask(scores, mask), scores, mask, why=why)

    @parameterized.expand([("nothing", False), ("everything", True)])
    def test_a_mask_may_allow_nothing_or_everything(self, _case, allowed):
        scores, mask = self.randn(5, 7), torch.full((5, 7), allowed, device=self.device)
        why = "A mask of only True changes nothing, and a mask of only False hides every score."
        result = apply_mask(scores, mask)
        self.check(result, scores, mask, why=why)
        why = "Whoever writes into the result would change the scores too. Make a new tensor, whatever the mask says."
        shared = result.untyped_storage().data_ptr() == scores.untyped_storage().data_ptr()
        assert_that(not shared, "The result is the input itself.", why=why)

    @parameterized.expand([("high", 1e4), ("low", -1e4)])
    def test_scores_may_be_large(self, _case, size):
        scores, mask = self.randn(2, 5, 7) + size, random_mask(self, 5, 7)
        why = (
            f"These scores are near {size:g}. Hidden means -inf, or at most half of the lowest number of the dtype,"
            " torch.finfo(scores.dtype).min. A fixed number such as -1e9 is a score like any other."
        )
        self.check(apply_mask(scores, mask), scores, mask, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        scores, mask = self.randn(2, 5, 7, strided=True), random_mask(self, 5, 14)[:, ::2]
        self.check(apply_mask(scores, mask), scores, mask, why="The scores and the mask are views of larger tensors.")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_the_scores(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        scores, mask = self.randn(2, 5, 7, dtype=dtype), random_mask(self, 5, 7)
        why = "The result keeps the dtype of the scores. How low a number can be depends on it: float16 ends at -65504."
        self.check(apply_mask(scores, mask), scores, mask, why=why)

    def test_the_inputs_are_left_alone(self):
        scores, mask = self.randn(2, 5, 7), random_mask(self, 5, 7)
        expected = hidden_by_hand(apply_mask(scores.clone(), mask.clone()), scores, mask)
        assert_left_alone(apply_mask, scores, mask, expected=expected)

    def test_it_works_on_any_device(self):
        scores, mask = self.randn(2, 5, 7), random_mask(self, 2, 1, 7)
        expected = hidden_by_hand(apply_mask(scores.clone(), mask.clone()), scores, mask)
        assert_follows_device(apply_mask, scores, mask, expected=expected)

    def test_gradients_reach_the_allowed_scores(self):
        scores, mask = self.randn(2, 5, 7).requires_grad_(), random_mask(self, 2, 5, 7)
        weight = self.randn(2, 5, 7)
        why = "The gradient passes through the allowed scores unchanged: they were only copied. Do not detach them."
        result = apply_mask(scores, mask)
        self.check(result, scores, mask, why=why)
        assert_that(result.requires_grad, "The result has no gradient: the way back to the scores is cut.", why=why)
        (gradient,) = torch.autograd.grad((result[mask] * weight[mask]).sum(), scores)
        assert_close(gradient, oracle(weight) * oracle(mask), why=why)


def weights_by_hand(scores, mask):
    """Row after row: exp of the allowed scores, divided by their sum. A row with nothing allowed stays 0."""
    scores, mask = oracle(scores), oracle(mask).expand(scores.shape)
    weights = torch.zeros_like(scores)
    for row in numpy.ndindex(*scores.shape[:-1]):
        keys = [key for key, allowed in enumerate(mask[row].tolist()) if allowed]
        numbers = scores[row].tolist()
        largest = max((numbers[key] for key in keys), default=0.0)
        shares = {key: math.exp(numbers[key] - largest) for key in keys}
        total = sum(shares.values())
        row_of_weights = [shares.get(key, 0.0) / (total or 1.0) for key in range(len(numbers))]
        weights[row] = torch.tensor(row_of_weights, dtype=torch.float64)
    return weights


class TestMaskedSoftmax(KataTest):
    subject = masked_softmax
    why = "In each row the allowed keys share the whole 1, as if the hidden keys were not there. A hidden key gets 0."

    def test_the_allowed_keys_share_the_whole_1(self):
        scores = self.tensor([[1.0, 1.0, 4.0], [0.0, math.log(3.0), 2.0], [5.0, 5.0, 5.0], [-3.0, 2.0, -3.0]])
        mask = self.tensor(table("TT.", "TT.", "..T", "T.T"))
        expected = [[0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0], [0.5, 0.0, 0.5]]
        why = f"{self.why} Scores are (..., Tq, Tk), here without leading dimensions."
        assert_close(masked_softmax(scores, mask), expected, why=why)

    def test_a_mask_of_only_true_gives_the_plain_softmax(self):
        scores, mask = self.randn(2, 5, 7), torch.ones(2, 5, 7, dtype=torch.bool, device=self.device)
        why = "With nothing hidden, this is the softmax over the keys, the last dimension, in every sequence."
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    @parameterized.expand(SHAPES)
    def test_the_mask_broadcasts_to_the_scores(self, _case, shape, mask_shape):
        scores, mask = self.randn(*shape), random_mask(self, *mask_shape)
        why = f"The mask may be smaller than the scores: let it broadcast. The keys are the last dimension. {self.why}"
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    @parameterized.expand(
        [
            ("one row", (5, 7), table("T.TT..T", ".......", "TTTTTTT", "......T", ".TTT.T.")),
            ("the last row", (2, 3, 4), table("TTTT", "..T.", "....")),
            ("a sequence of padding", (3, 5, 4), [table("TT.."), table("...."), table("TTTT")]),
            ("a row of one sequence", (2, 2, 3), [table("TT.", "..."), table("T.T", ".T.")]),
            ("heads, and a sequence of padding", (2, 3, 4, 5), [[table("TTT..")], [table(".....")]]),
            ("every row", (2, 3, 4), table("....", "....", "....")),
            ("the only key", (2, 2, 1), table("T", ".")),
        ]
    )
    def test_a_row_with_nothing_allowed_has_only_zeros(self, _case, shape, mask):
        scores, mask = self.randn(*shape), self.tensor(mask)
        why = (
            "A row with nothing allowed has weights of 0, not NaN (0 divided by 0) and not equal shares."
            " That concerns only its own row: the others still sum to 1."
        )
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    def test_a_hidden_score_may_be_the_largest(self):
        scores = self.tensor([[0.0, 1.0, 2.0, 76.0], [76.0, 1.0, 0.0, 2.0], [0.0, 70.0, 0.0, 70.0]])
        mask = self.tensor(table("TTT.", ".TTT", "T.T."))
        why = (
            "A hidden score changes nothing, however large. A small number added to the sum of the row may outweigh it."
        )
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    def test_only_differences_within_a_row_count(self):
        scores, mask = self.randn(2, 5, 7), random_mask(self, 5, 7)
        scores += self.tensor([0.0, 30.0, -30.0, 15.0, -20.0])[:, None]
        why = "Each row shares a total of 1, whether its scores are high or low. Nothing outside of the row counts."
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        scores, mask = self.randn(2, 5, 7, strided=True), random_mask(self, 5, 7).T.contiguous().T
        why = f"The scores and the mask lie in memory in another order here. {self.why}"
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), why=why)

    @parameterized.expand(DTYPES)
    def test_the_weights_have_the_dtype_of_the_scores(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        scores, mask = self.randn(2, 5, 7, dtype=dtype), random_mask(self, 2, 5, 7)
        mask[0, 2] = False
        why = "The weights keep the dtype of the scores. -1e9 does not fit into every dtype: float16 ends at -65504."
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), dtype=dtype, why=why)

    @parameterized.expand([("float16", torch.float16, 8.0), ("bfloat16", torch.bfloat16, 76.0)])
    def test_a_hidden_score_may_be_the_largest_in_half_precision(self, _case, dtype, top):
        scores = self.tensor([[0.0, 1.0, 2.0, top], [top, 0.0, top, top]], dtype=dtype)
        mask = self.tensor(table("TTT.", ".T.."))
        why = "What a hidden score says changes nothing. A small number added to the sum of a row may outweigh it."
        assert_close(masked_softmax(scores, mask), weights_by_hand(scores, mask), dtype=dtype, why=why)

    def test_the_inputs_are_left_alone(self):
        scores, mask = self.randn(2, 5, 7), random_mask(self, 5, 7)
        assert_left_alone(masked_softmax, scores, mask, expected=weights_by_hand(scores, mask))

    def test_it_works_on_any_device(self):
        scores, mask = self.randn(2, 5, 7), random_mask(self, 2, 1, 7)
        assert_follows_device(masked_softmax, scores, mask, expected=weights_by_hand(scores, mask))

    def test_gradients_reach_the_allowed_scores(self):
        scores, mask = self.randn(2, 3, 4), self.tensor(table("T.T.", "TTTT", ".TTT"))
        why = "The gradient goes to every allowed score of the row, through the row's sum as well. Hidden scores get 0."
        assert_gradients(masked_softmax, scores, mask, expected=weights_by_hand(scores, mask), why=why)

    @parameterized.expand(
        [
            ("one row", (3, 4), table("T.T.", "....", "TTTT")),
            ("a sequence of padding", (2, 3, 4), [table("TT.."), table("....")]),
        ]
    )
    def test_a_row_with_nothing_allowed_has_a_gradient_of_zero(self, _case, shape, mask):
        scores, mask = self.randn(*shape), self.tensor(mask)
        why = (
            "The gradient of a row with nothing allowed is 0, never NaN. A NaN that is covered up in the result"
            " comes back on the way to the scores: 0 times NaN is NaN. Let it never arise."
        )
        assert_gradients(masked_softmax, scores, mask, expected=weights_by_hand(scores, mask), why=why)


class TestPaddingMask(KataTest):
    subject = padding_mask
    why = "True means may look: in sequence b the first lengths[b] tokens are real, and all that follows is padding."
    shape_why = "The result is (B, 1, size): one row of keys for each sequence. All queries share it, hence the 1."

    def check(self, lengths, size, *, why):
        expected = [table(*rows) for rows in real_tokens(lengths.tolist(), size)]
        assert_mask(padding_mask(lengths, size), expected, why=why, shape_why=self.shape_why)

    def test_the_first_tokens_are_real(self):
        expected = [table("TT...."), table("TTTT.."), table("T.....")]
        why = f"{self.why} Each sequence has its own length. The result is (B, 1, size)."
        assert_mask(padding_mask(self.tensor([2, 4, 1]), 6), expected, why=why, shape_why=self.shape_why)

    def test_a_length_may_be_zero(self):
        why = f"A length of 0 means that no token is real: the row holds only False. {self.why}"
        self.check(self.tensor([3, 0, 1]), 4, why=why)

    def test_a_length_may_be_equal_to_size(self):
        why = f"A length equal to size means that there is no padding: the row holds only True. {self.why}"
        self.check(self.tensor([2, 5, 1]), 5, why=why)

    @parameterized.expand(
        [
            ("one sequence", [3], 5),
            ("one position", [1, 0, 1], 1),
            ("one of each", [1], 1),
            ("as many sequences as positions", [1, 4, 0, 2], 4),
            ("more sequences than positions", [1, 2, 0, 1, 2], 2),
            ("equal lengths", [3, 3], 7),
            ("much padding", [1, 2], 9),
            ("many tokens", [139, 3, 0, 128, 140], 140),
        ]
    )
    def test_it_works_for_any_batch(self, _case, lengths, size):
        self.check(self.tensor(lengths), size, why=self.why)

    def test_lengths_may_be_int32(self):
        why = "The lengths may be of any integer dtype. The mask is bool all the same."
        self.check(self.tensor([2, 0, 5], dtype=torch.int32), 5, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        lengths = self.tensor([2, 9, 4, 9, 0, 9])[::2]
        self.check(lengths, 5, why=f"The lengths are every other number of a larger tensor. {self.why}")

    def test_the_lengths_are_left_alone(self):
        lengths = self.tensor([2, 4, 1])
        expected = torch.tensor([table("TT..."), table("TTTT."), table("T....")])
        assert_left_alone(padding_mask, lengths, 5, expected=expected)

    def test_it_works_on_any_device(self):
        expected = torch.tensor([table("TT..."), table("TTTT."), table("T....")])
        assert_follows_device(padding_mask, self.tensor([2, 4, 1]), 5, expected=expected)


class TestCombine(KataTest):
    subject = combine
    why = (
        "Query q may look at key k if both masks allow it: k is not after q, and k is no padding."
        " Padding hides keys (columns), from every query, itself included."
    )
    shape_why = "The result is (B, T, T): a square for each sequence, even if there is only one sequence or one token."

    def masks(self, lengths, size):
        """Both inputs, and what they give together: in each row of the triangle, nothing after the real tokens."""
        causal = self.tensor(table(*triangle(size)))
        padding = self.tensor([table(*rows) for rows in real_tokens(lengths, size)])
        expected = [table(*(row[:length].ljust(size, ".") for row in triangle(size))) for length in lengths]
        return causal, padding, expected

    def test_a_key_must_pass_both_masks(self):
        causal, padding = (
            self.tensor(table("T...", "TT..", "TTT.", "TTTT")),
            self.tensor([table("TTT."), table("T...")]),
        )
        expected = [table("T...", "TT..", "TTT.", "TTT."), table("T...", "T...", "T...", "T...")]
        why = f"{self.why} Each sequence has its own padding, so the result is (B, T, T)."
        assert_mask(combine(causal, padding), expected, why=why, shape_why=self.shape_why)

    def test_one_sequence_is_still_a_batch(self):
        causal, padding = self.tensor(table("T..", "TT.", "TTT")), self.tensor([table("TT.")])
        expected = [table("T..", "TT.", "TT.")]
        assert_mask(combine(causal, padding), expected, why=self.why, shape_why=self.shape_why)

    @parameterized.expand(
        [
            ("a length of zero", [0, 3], 5),
            ("no padding", [5, 5, 5], 5),
            ("as many sequences as tokens", [1, 4, 0, 2], 4),
            ("more sequences than tokens", [1, 2, 0, 1, 2], 2),
            ("one sequence", [3], 6),
            ("one token", [1, 0], 1),
            ("one token in one sequence", [1], 1),
        ]
    )
    def test_it_works_for_any_batch(self, _case, lengths, size):
        causal, padding, expected = self.masks(lengths, size)
        assert_mask(combine(causal, padding), expected, why=self.why, shape_why=self.shape_why)

    def test_gaps_in_memory_make_no_difference(self):
        causal, padding, expected = self.masks([2, 5, 0], 5)
        causal, padding = causal.T.contiguous().T, padding.transpose(0, 2).contiguous().transpose(0, 2)
        why = f"The masks lie in memory in another order here. {self.why}"
        assert_mask(combine(causal, padding), expected, why=why, shape_why=self.shape_why)

    @parameterized.expand([("one sequence", [3]), ("three sequences", [3, 0, 5])])
    def test_the_masks_are_left_alone(self, _case, lengths):
        causal, padding, expected = self.masks(lengths, 5)
        assert_left_alone(combine, causal, padding, expected=expected)

    def test_it_works_on_any_device(self):
        causal, padding, expected = self.masks([3, 5], 6)
        assert_follows_device(combine, causal, padding, expected=torch.tensor(expected))
