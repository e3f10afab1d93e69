import torch
from mini_attention import SelfAttention, attention, attention_with_dropout, causal_attention
from torch.nn import functional

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_left_alone,
    assert_raises,
    assert_that,
    oracle,
    parameterized,
)

PAIR = ("output", "weights")
DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]
LEADING = [("none", ()), ("a batch of one", (1,)), ("batch and heads", (2, 3)), ("three", (2, 1, 3))]


def by_pytorch(q, k, v, causal=False):
    """PyTorch's own attention. It hides its weights, but what it mixes from an identity matrix is the weights."""
    q, k, v = oracle(q), oracle(k), oracle(v)
    return pytorch_output(q, k, v, causal), pytorch_weights(q, k, causal)


def pytorch_output(q, k, v, causal=False):
    return functional.scaled_dot_product_attention(q, k, v, is_causal=causal)


def pytorch_weights(q, k, causal=False):
    identity = torch.eye(k.shape[-2], dtype=torch.float64).expand(*k.shape[:-1], -1)
    return pytorch_output(q, k, identity, causal)


def mixed(weights, v):
    """The values in the shares of the weights: one sum over the keys for each number of the output."""
    return torch.einsum("...qk,...kn->...qn", weights, v)


def gradients_of(results, factors, leaves, why):
    """The gradient of the sum of all results times their factors, for each of the leaves."""
    total = sum((result * factor).sum() for result, factor in zip(results, factors))
    assert_that(total.requires_grad, "The result has no gradient: the way back to the inputs is cut.", why=why)
    gradients = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    for name, gradient in zip(leaves, gradients):
        assert_that(gradient is not None, f"No gradient reaches `{name}`.", why=why)
    return dict(zip(leaves, gradients))


def check_gradients(call, *inputs, why, causal=False):
    """Output and weights, and the gradients of both, are those of PyTorch's own attention."""
    inputs = [x.requires_grad_() for x in inputs]
    results = call(*inputs)
    not_right = "The result must be right before its gradient can be."
    assert_close(results, by_pytorch(*inputs, causal), names=PAIR, why=not_right)
    q, k, v = (oracle(x).requires_grad_() for x in inputs)
    expected = pytorch_output(q, k, v, causal), pytorch_weights(q, k, causal)
    # Factors that differ from cell to cell: the plain sum of the weights is always the same, so its gradient is 0.
    factors = [torch.randn(part.shape, dtype=torch.float64) for part in expected]
    wanted = gradients_of(expected, factors, {"q": q, "k": k, "v": v}, why)
    factors = [factor.float().to(inputs[0].device) for factor in factors]
    for name, gradient in gradients_of(results, factors, dict(zip("qkv", inputs)), why).items():
        assert_close(gradient, wanted[name], why=f"This is the gradient of {name}. {why}", atol=1e-4)


def room(dtype):
    """The tolerance: the usual one, but not for float64, because an answer may take the softmax in float32."""
    return 1e-6 if dtype == torch.float64 else None


def assert_new(output, v):
    shared = output.untyped_storage().data_ptr() == v.untyped_storage().data_ptr()
    why = "The output is a new tensor, also where it has the numbers of v: whoever changes it later must not change v."
    assert_that(not shared, "The output shares its memory with `v`.", why=why)


class TestAttention(KataTest):
    subject = attention

    def test_a_single_key_gets_the_whole_weight(self):
        q, k, v = self.randn(2, 1, 4), self.randn(2, 1, 4), self.randn(2, 1, 3)
        why = (
            "The result is a pair, output and weights. Each query meets each key, here one and one: that key gets the "
            "whole weight, and the output is its value."
        )
        result = attention(q, k, v)
        assert_close(result, (oracle(v), torch.ones(2, 1, 1)), names=PAIR, why=why)
        assert_new(result[0], v)

    def test_equal_scores_give_equal_shares(self):
        q, k = self.tensor([[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]), self.randn(1, 4, 2)
        v = self.tensor([[[2.0, 8.0, 0.0], [4.0, 8.0, 0.0], [6.0, 8.0, 0.0], [0.0, 8.0, 12.0]]])
        expected = torch.tensor([[[3.0, 8.0, 3.0]] * 3]), torch.full((1, 3, 4), 0.25)
        why = (
            "All scores are 0 here, so every key gets a share of 1/4. The shares of one query sum to 1 over the keys, "
            "and the output is the average of the values."
        )
        assert_close(attention(q, k, v), expected, names=PAIR, why=why)

    def test_a_better_fit_gets_a_larger_share(self):
        q = self.tensor([[[2.0, 0.0, 0.0, 0.0]]])
        k = self.tensor([[[1.0986123, 0.0, 0.0, 0.0], [0.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]]])
        v = self.tensor([[[10.0], [5.0], [0.0]]])
        why = (
            "A key that is a better fit gets a larger share. The dot products are 2.2, 0 and 0. Divide by "
            "the square root of d, √4 = 2, before the softmax. exp(1.1) = 3 stands against 1 and 1: 3/5, 1/5, 1/5."
        )
        assert_close(attention(q, k, v), ([[[7.0]]], [[[0.6, 0.2, 0.2]]]), names=PAIR, why=why)

    @parameterized.expand(
        [
            ("more keys than queries", 2, 5, 7, 6, 3),
            ("more queries than keys", 3, 8, 2, 5, 4),
            ("wide values", 2, 3, 6, 2, 9),
            ("all sizes equal", 3, 3, 3, 3, 3),
            ("one query", 2, 1, 5, 3, 4),
            ("many", 1, 40, 70, 48, 20),
            ("queries and keys of one number", 2, 5, 3, 1, 4),
            ("values of one number", 2, 3, 5, 4, 1),
        ]
    )
    def test_it_agrees_with_pytorch(self, _case, batch, queries, keys, d, dv):
        q, k, v = self.randn(batch, queries, d), self.randn(batch, keys, d), self.randn(batch, keys, dv)
        why = (
            "A score is the dot product of a query and a key, divided by the square root of d, the last size of q. "
            "The softmax over the keys makes the weights, and the output mixes the values with them."
        )
        assert_close(attention(q, k, v), by_pytorch(q, k, v), names=PAIR, why=why)

    @parameterized.expand(LEADING)
    def test_any_leading_dimensions_come_along(self, _case, leading):
        q, k, v = self.randn(*leading, 5, 4), self.randn(*leading, 7, 4), self.randn(*leading, 7, 6)
        why = (
            "The leading dimensions, as many as there are, come along unchanged. Count dimensions from the end: "
            "the last two are tokens and numbers, in every shape."
        )
        assert_close(attention(q, k, v), by_pytorch(q, k, v), names=PAIR, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        q, k, v = (self.randn(2, 3, tokens, d, strided=True) for tokens, d in [(5, 4), (7, 4), (7, 6)])
        why = "These inputs are non-contiguous: their rows do not lie one after the other in memory."
        assert_close(attention(q, k, v), by_pytorch(q, k, v), names=PAIR, why=why)

    def test_dimensions_may_have_been_swapped(self):
        q, k, v = (self.randn(2, tokens, 3, d).transpose(1, 2) for tokens, d in [(5, 4), (7, 4), (7, 6)])
        why = "These inputs are non-contiguous: they were (batch, tokens, heads, d) before a transpose."
        assert_close(attention(q, k, v), by_pytorch(q, k, v), names=PAIR, why=why)

    @parameterized.expand(DTYPES)
    def test_the_results_keep_the_dtype(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q, k, v = (self.randn(2, tokens, d, dtype=dtype) for tokens, d in [(5, 4), (7, 4), (7, 3)])
        why = "Output and weights have the dtype of q, whatever you compute in."
        expected, limit = by_pytorch(q, k, v), room(dtype)
        assert_close(attention(q, k, v), expected, dtype=dtype, names=PAIR, why=why, rtol=limit, atol=limit)

    def test_the_inputs_are_left_alone(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 7, 4), self.randn(2, 7, 3)
        assert_left_alone(attention, q, k, v, expected=by_pytorch(q, k, v), names=PAIR)

    def test_it_works_on_any_device(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 7, 4), self.randn(2, 7, 3)
        assert_follows_device(attention, q, k, v, expected=by_pytorch(q, k, v), names=PAIR)

    def test_gradients_reach_queries_keys_and_values(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 7, 4), self.randn(2, 7, 3)
        why = "All three are learned: the gradient goes back through the weights to q and k, and through the mix to v."
        check_gradients(attention, q, k, v, why=why)


class TestCausalAttention(KataTest):
    subject = causal_attention

    def test_a_single_token_sees_itself(self):
        q, k, v = self.randn(2, 1, 4), self.randn(2, 1, 4), self.randn(2, 1, 3)
        why = (
            "The result is a pair, output and weights. A token always sees itself. The first token sees nothing else: "
            "its weight is 1 and its output is its own value."
        )
        result = causal_attention(q, k, v)
        assert_close(result, (oracle(v), torch.ones(2, 1, 1)), names=PAIR, why=why)
        assert_new(result[0], v)

    def test_the_future_gets_no_weight(self):
        q, k, v = self.tensor([[[0.0, 0.0]] * 3]), self.randn(1, 3, 2), self.tensor([[[2.0], [4.0], [12.0]]])
        expected = [[[2.0], [3.0], [6.0]]], [[[1.0, 0.0, 0.0], [1 / 2, 1 / 2, 0.0], [1 / 3, 1 / 3, 1 / 3]]]
        why = (
            "All scores are 0 here. The future, right of the diagonal, gets the weight 0. What is left of each row is "
            "shared equally and must sum to 1. The output is mixed with these weights."
        )
        assert_close(causal_attention(q, k, v), expected, names=PAIR, why=why)

    @parameterized.expand([("d is 6", 2, 5, 6, 3), ("d is 3", 3, 4, 3, 5), ("all sizes equal", 3, 3, 3, 3)])
    def test_it_agrees_with_pytorch(self, _case, batch, tokens, d, dv):
        q, k, v = self.randn(batch, tokens, d), self.randn(batch, tokens, d), self.randn(batch, tokens, dv)
        why = (
            "Row i is query i, column j is key j. A score is the dot product of a query and a key, divided by "
            "the square root of d. The keys in sight share a total of 1."
        )
        assert_close(causal_attention(q, k, v), by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    @parameterized.expand([("two tokens", 2), ("six tokens", 6), ("many tokens", 300)])
    def test_a_sequence_may_have_any_length(self, _case, tokens):
        q, k, v = self.randn(2, tokens, 4), self.randn(2, tokens, 4), self.randn(2, tokens, 3)
        why = "The mask has as many rows and columns as there are tokens, and that differs from call to call."
        assert_close(causal_attention(q, k, v), by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    @parameterized.expand(LEADING)
    def test_any_leading_dimensions_come_along(self, _case, leading):
        q, k, v = self.randn(*leading, 5, 4), self.randn(*leading, 5, 4), self.randn(*leading, 5, 6)
        why = (
            "The leading dimensions, as many as there are, come along unchanged. The number of tokens is the second "
            "last size, in every shape."
        )
        assert_close(causal_attention(q, k, v), by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    def test_what_comes_later_does_not_change_what_came_before(self):
        q, k, v = self.randn(2, 6, 4), self.randn(2, 6, 4), self.randn(2, 6, 3)
        late_q, late_k, late_v = q.clone(), k.clone(), v.clone()
        for changed in (late_q, late_k, late_v):
            changed[:, 4:] = 3 * self.randn(2, 2, changed.shape[-1])
        output, weights = by_pytorch(q, k, v, causal=True)
        why = "The result before the change is not right yet."
        assert_close(causal_attention(q, k, v), (output, weights), names=PAIR, why=why)
        late = causal_attention(late_q, late_k, late_v)
        why = "Tokens 4 and 5 are others now. Tokens 0 to 3 cannot see that: the future does not leak."
        assert_close((late[0][:, :4], late[1][:, :4]), (output[:, :4], weights[:, :4]), names=PAIR, why=why)

    def test_low_scores_are_still_scores(self):
        # Each score is 4 * 3 * -3 / 2 = -18, give or take 2: a hidden score of -10 would win over all of them.
        q, k, v = 3 + self.randn(2, 5, 4) / 4, self.randn(2, 5, 4) / 4 - 3, self.randn(2, 5, 3)
        why = (
            "A hidden score must lose against any other score, and here these are far below 0. Only -inf always loses."
        )
        assert_close(causal_attention(q, k, v), by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    def test_a_hidden_score_may_be_the_largest(self):
        q = self.tensor([[[2.0, 0.0, 0.0, 0.0]] * 3])
        k = self.tensor([[[0.0, 1.0, 2.0, 3.0], [1.0986123, 0.0, 0.0, 0.0], [70.0, 0.0, 0.0, 0.0]]])
        v = self.tensor([[[8.0], [4.0], [6.0]]])
        expected = [[[8.0], [5.0], [6.0]]], [[[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]]
        why = (
            "The scores are 0, 1.1 and 70. The 70 is hidden from tokens 0 and 1, however large it is: the keys in sight"
            " share the whole 1. A small number such as 1e-6 added to a sum would spoil that."
        )
        assert_close(causal_attention(q, k, v), expected, names=PAIR, why=why)

    def test_dimensions_may_have_been_swapped(self):
        q, k, v = (self.randn(2, 5, 3, d).transpose(1, 2) for d in (4, 4, 6))
        why = "These inputs are non-contiguous: they were (batch, tokens, heads, d) before a transpose."
        assert_close(causal_attention(q, k, v), by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    @parameterized.expand(DTYPES)
    def test_the_results_keep_the_dtype(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q, k, v = (self.randn(2, 5, d, dtype=dtype) for d in (4, 4, 3))
        why = "Output and weights have the dtype of q. What hides a score must fit it too: float16 ends at 65504."
        expected, limit = by_pytorch(q, k, v, causal=True), room(dtype)
        assert_close(causal_attention(q, k, v), expected, dtype=dtype, names=PAIR, why=why, rtol=limit, atol=limit)

    def test_the_inputs_are_left_alone(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 5, 4), self.randn(2, 5, 3)
        assert_left_alone(causal_attention, q, k, v, expected=by_pytorch(q, k, v, causal=True), names=PAIR)

    def test_the_mask_is_made_where_the_scores_are(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 5, 4), self.randn(2, 5, 3)
        why = "The mask meets the scores, so it must live on their device. On a GPU this line would stop the program."
        assert_follows_device(causal_attention, q, k, v, expected=by_pytorch(q, k, v, causal=True), names=PAIR, why=why)

    def test_gradients_reach_queries_keys_and_values(self):
        q, k, v = self.randn(2, 5, 4), self.randn(2, 5, 4), self.randn(2, 5, 3)
        why = "The gradient goes back through the weights in sight to q and k, and through the mix to v."
        check_gradients(causal_attention, q, k, v, causal=True, why=why)


class TestAttentionWithDropout(KataTest):
    subject = attention_with_dropout

    def inputs(self, *leading, queries=20, keys=30, dtype=torch.float32):
        """q, k, v with d = 6 and dv = 3, and many weights, so that chance evens out."""
        shapes = [(queries, 6), (keys, 6), (keys, 3)]
        return [self.randn(*leading, *shape, dtype=dtype) for shape in shapes]

    def check_weights(self, weights, q, k, p, dtype=torch.float32):
        """Some weights are 0, the others are those of attention, divided by 1 - p."""
        expected = pytorch_weights(oracle(q), oracle(k))
        why = "Dropout acts on the weights, after the softmax. In training some weights are 0, and you return those."
        right = isinstance(weights, torch.Tensor) and weights.shape == expected.shape
        assert_that(right, f"The weights are not a tensor of the shape {tuple(expected.shape)}.", why=why)
        dropped = (weights == 0).cpu()
        assert_that(dropped.any(), "Not one weight is 0.", why=why)
        assert_that(not dropped.all(), "Every weight is 0.", why=f"With p = {p} some weights survive.")
        expected = expected.masked_fill(dropped, 0.0) / (1 - p)
        why = (
            f"Dropout comes after the softmax: a weight that survives is divided by 1 - p, here {1 - p:.2g}, and "
            "is not changed in any other way."
        )
        assert_close(weights, expected, dtype=dtype, why=why, rtol=room(dtype), atol=room(dtype))
        return dropped

    def draw(self, q, k, v, p):
        """One call in training, its weights checked. Which of them were dropped?"""
        weights = attention_with_dropout(q, k, v, p, True)[1]
        return self.check_weights(weights, q, k, p)

    @parameterized.expand([("p is 0.3", 0.3, 7), ("p is 1", 1.0, 7), ("as many keys as queries", 0.3, 5)])
    def test_in_evaluation_nothing_is_dropped(self, _case, p, keys):
        q, k, v = self.inputs(2, queries=5, keys=keys)
        why = (
            "The result is a pair, output and weights. With training=False, in evaluation, they are those of "
            "`attention`, with scores divided by the square root of d: nothing is dropped, nothing is scaled."
        )
        assert_close(attention_with_dropout(q, k, v, p, False), by_pytorch(q, k, v), names=PAIR, why=why)

    def test_with_p_0_nothing_is_dropped(self):
        q, k, v = self.inputs(2, queries=5, keys=7)
        why = "p is the probability to drop a weight. With p = 0 all of them stay as they are, in training too."
        assert_close(attention_with_dropout(q, k, v, 0.0, True), by_pytorch(q, k, v), names=PAIR, why=why)

    @parameterized.expand([("a quarter", 0.25), ("four fifths", 0.8)])
    def test_weights_are_dropped_and_the_others_scaled(self, _case, p):
        q, k, v = self.inputs(2)
        why = "The result is a pair, output and weights."
        result = attention_with_dropout(q, k, v, p, True)
        assert_that(isinstance(result, (tuple, list)) and len(result) == 2, "It did not return two results.", why=why)
        self.check_weights(result[1], q, k, p)

    def test_the_output_is_mixed_with_the_weights_that_are_returned(self):
        q, k, v = self.inputs(2, 3)
        output, weights = attention_with_dropout(q, k, v, 0.4, True)
        self.check_weights(weights, q, k, 0.4)
        why = "The weights that you return mixed the values: both results come from one draw."
        assert_close(output, mixed(oracle(weights), oracle(v)), why=why)

    @parameterized.expand([("sequences", 0), ("heads", 1), ("queries", 2), ("keys", 3)])
    def test_every_weight_is_dropped_on_its_own(self, dimension, axis):
        q, k, v = self.inputs(3, 2)
        dropped = self.draw(q, k, v, 0.5)
        # Neighbours agree in half of the 3600 cases: one standard deviation is 0.012.
        agree = (dropped == dropped.roll(1, axis)).double().mean().item()
        why = f"Every weight has a draw of its own, so two {dimension} lose different ones. At p = 0.5 half agree."
        says = f"Neighbouring {dimension} lost the same weights in {agree:.0%} of the cases."
        assert_that(abs(agree - 0.5) < 0.15, says, why=why, expected="about 50%", actual=f"{agree:.0%}")

    def test_chance_decides_how_many_are_dropped(self):
        q, k, v = self.inputs(3, 2)
        dropped = self.draw(q, k, v, 0.5)
        for axis, name in ((-1, "query"), (-2, "key")):
            counts = dropped.sum(axis).flatten()
            why = f"Every weight has a draw of its own. So by chance one {name} loses more weights than another."
            assert_that((counts != counts[0]).any(), f"Every {name} lost {counts[0]} weights.", why=why)
        tables = dropped.sum((-2, -1)).flatten()
        why = "Every weight has a draw of its own. So by chance one sequence loses more weights than another."
        assert_that((tables != tables[0]).any(), f"Every table of weights lost {tables[0]}.", why=why)

    @parameterized.expand([("a tenth", 0.1), ("seven tenths", 0.7)])
    def test_a_share_of_p_is_dropped(self, _case, p):
        q, k, v = self.inputs(3, 2)
        share = self.draw(q, k, v, p).double().mean().item()
        why = f"p is the probability to drop a weight: of 3600 weights about {p:.0%} become 0."
        # 3600 draws: one standard deviation is 0.0083 at most.
        assert_that(
            abs(share - p) < 0.06, "Another share was dropped.", why=why, expected=f"{p:.0%}", actual=f"{share:.0%}"
        )

    def test_every_call_draws_anew(self):
        q, k, v = self.inputs(2)
        first, second = self.draw(q, k, v, 0.5), self.draw(q, k, v, 0.5)
        agree = (first == second).double().mean().item()
        why = "Every call makes a fresh draw. The seed belongs to the caller: do not set it inside the function."
        # 1200 draws: one standard deviation is 0.014.
        assert_that(
            abs(agree - 0.5) < 0.15, f"Two calls agree in {agree:.0%} of the weights.", why=why, expected="about 50%"
        )

    def test_calls_differ_in_how_many_are_dropped(self):
        q, k, v = self.inputs(3, 2)
        totals = [int(self.draw(q, k, v, 0.5).sum()) for _ in range(5)]
        why = "Every weight has a draw of its own. So by chance one call drops more weights than another."
        assert_that(len(set(totals)) > 1, f"Each of five calls dropped {totals[0]} weights.", why=why)

    def test_no_weight_is_safe(self):
        q, k, v = self.inputs(queries=6, keys=6)
        draws = torch.stack([self.draw(q, k, v, 0.5) for _ in range(40)])
        # 40 draws of 36 weights: that one of them is always dropped, or never, has a chance of 7e-11.
        why = "Each weight is dropped with probability p: the largest, the first and the diagonal ones too."
        for says, always in (("never dropped", ~draws.any(0)), ("always dropped", draws.all(0))):
            where = always.nonzero().tolist()
            assert_that(not where, f"In 40 draws at p = 0.5, {len(where)} of 36 weights were {says}.", why=why)

    def test_a_row_may_lose_all_its_weights(self):
        q, k, v = self.inputs(2, queries=40, keys=1)
        why = "A query with a single key may lose it: nothing else decides than the draw of that weight."
        share = self.draw(q, k, v, 0.5).double().mean().item()
        assert_that(abs(share - 0.5) < 0.35, "Another share was dropped.", why=why)

    def test_gradients_in_evaluation(self):
        q, k, v = self.inputs(2, queries=5, keys=7)
        why = "training=False switches dropout off and nothing else: the gradient still goes back to q, k and v."
        check_gradients(lambda *qkv: attention_with_dropout(*qkv, 0.5, False), q, k, v, why=why)

    def test_with_p_1_everything_is_dropped(self):
        q, k, v = self.inputs(2, queries=5, keys=7)
        why = "With p = 1 every weight is dropped, so weights and output are 0. No weight survives to be divided by 0."
        expected = torch.zeros(2, 5, 3), torch.zeros(2, 5, 7)
        assert_close(attention_with_dropout(q, k, v, 1.0, True), expected, names=PAIR, why=why)

    @parameterized.expand([("below 0", -0.01), ("above 1", 1.01)])
    def test_p_must_be_a_probability(self, _case, p):
        q, k, v = self.inputs(2, queries=5, keys=7)
        why = "A probability lies between 0 and 1. Anything else is a mistake of the caller: raise a ValueError."
        assert_raises(ValueError, attention_with_dropout, q, k, v, p, True, why=why)

    @parameterized.expand(LEADING[:3])
    def test_any_leading_dimensions_come_along(self, _case, leading):
        q, k, v = self.inputs(*leading)
        why = "The leading dimensions come along unchanged, in training and in evaluation."
        assert_close(attention_with_dropout(q, k, v, 0.5, False), by_pytorch(q, k, v), names=PAIR, why=why)
        output, weights = attention_with_dropout(q, k, v, 0.5, True)
        self.check_weights(weights, q, k, 0.5)
        assert_close(output, mixed(oracle(weights), oracle(v)), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        q, k, v = (self.randn(2, tokens, 3, d).transpose(1, 2) for tokens, d in [(9, 4), (8, 4), (8, 6)])
        output, weights = attention_with_dropout(q, k, v, 0.5, True)
        self.check_weights(weights, q, k, 0.5)
        why = "These inputs are non-contiguous: they were (batch, tokens, heads, d) before a transpose."
        assert_close(output, mixed(oracle(weights), oracle(v)), why=why)

    @parameterized.expand(DTYPES)
    def test_the_results_keep_the_dtype(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q, k, v = self.inputs(2, queries=9, keys=8, dtype=dtype)
        output, weights = attention_with_dropout(q, k, v, 0.5, True)
        why = "Output and weights have the dtype of q, and so has the mask that you draw, unless it is bool."
        assert_that(getattr(weights, "dtype", None) == dtype, "The dtype of weights is not right.", why=why)
        self.check_weights(weights, q, k, 0.5, dtype=dtype)
        expected = mixed(oracle(weights), oracle(v))
        assert_close(output, expected, dtype=dtype, why=why, rtol=room(dtype), atol=room(dtype))

    def test_the_inputs_are_left_alone(self):
        q, k, v = self.inputs(2, queries=5, keys=7)
        # p is so small that nothing is dropped, and so the result is known.
        expected = by_pytorch(q, k, v)
        assert_left_alone(attention_with_dropout, q, k, v, 1e-9, True, expected=expected, names=PAIR)

    def test_the_draw_is_made_where_the_weights_are(self):
        q, k, v = self.inputs(2, queries=5, keys=7)
        expected = by_pytorch(q, k, v)
        why = "The mask meets the weights, so it is drawn on their device. On a GPU this line would stop the program."
        assert_follows_device(attention_with_dropout, q, k, v, 1e-9, True, expected=expected, names=PAIR, why=why)

    def test_gradients_pass_through_the_weights_that_survive(self):
        inputs = [x.requires_grad_() for x in self.inputs(2, queries=5, keys=7)]
        output, weights = attention_with_dropout(*inputs, 0.5, True)
        dropped = self.check_weights(weights, *inputs[:2], 0.5)
        factors = self.randn(2, 5, 3)
        why = "The gradient goes back to q, k and v through the weights that survive, each divided by 1 - p."
        gradients = gradients_of((output,), (factors,), dict(zip("qkv", inputs)), why)
        copies = {name: oracle(x).requires_grad_() for name, x in zip("qkv", inputs)}
        q, k, v = copies.values()
        expected = mixed(pytorch_weights(q, k).masked_fill(dropped, 0.0) * 2, v)
        wanted = gradients_of((expected,), (oracle(factors),), copies, why)
        for name, gradient in gradients.items():
            assert_close(gradient, wanted[name], why=f"This is the gradient of {name}. {why}")


LAYERS = ("query", "key", "value")


def parameters_of(module):
    """The parameters of the three layers, query.weight, query.bias, ..., wherever the module keeps the layers."""
    layers = {name: getattr(module, name) for name in LAYERS}
    return {f"{name}.{kind}": part for name, layer in layers.items() for kind, part in layer.named_parameters()}


def by_layers(module, x, causal=False):
    """PyTorch's own attention on what the layers of the module make of x."""
    layers = [getattr(module, name) for name in LAYERS]
    q, k, v = (functional.linear(oracle(x), oracle(layer.weight), oracle(layer.bias)) for layer in layers)
    return by_pytorch(q, k, v, causal)


class TestSelfAttention(KataTest):
    subject = SelfAttention

    def module(self, *args, **kwargs):
        """A module whose parameters the test has set, large enough to make the weights differ."""
        module = self.make(SelfAttention, *args, **kwargs)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(0.6 * self.randn(*parameter.shape))
        return module

    def test_it_has_three_layers_and_nothing_else(self):
        module = self.make(SelfAttention, d_model=6)
        for name in LAYERS:
            layer = getattr(module, name, None)
            why = "The layers query, key and value are nn.Linear layers, made once, in __init__, as attributes of self."
            assert_that(isinstance(layer, torch.nn.Linear), f"`{name}` is no nn.Linear layer of the module.", why=why)
        first, second, third = (getattr(module, name).weight for name in LAYERS)
        why = "These are three separate layers, each with numbers of its own: one to ask, one to be found, one to tell."
        different = not any(torch.equal(a, b) for a, b in [(first, second), (second, third), (first, third)])
        assert_that(different, "Two of the layers are the same.", why=why)
        names = {id(part): name for name, part in parameters_of(module).items()}
        trained = [
            f"{names.get(id(part), name)} {tuple(part.shape)}"
            for name, part in module.named_parameters()
            if part.requires_grad
        ]
        expected = [f"{name}.{part}" for name in LAYERS for part in ("weight (6, 6)", "bias (6,)")]
        why = "Each layer has a weight and a bias, from d_model to d_model. They are all trained, and nothing else is."
        says = "The parameters of the module are not those of three layers."
        same = sorted(trained) == sorted(expected)
        assert_that(same, says, why=why, expected="\n".join(sorted(expected)), actual="\n".join(sorted(trained)))

    def test_the_value_layer_makes_what_is_mixed(self):
        module, x = self.module(4), self.randn(2, 5, 4)
        with torch.no_grad():
            module.query.weight.zero_()
            module.query.bias.zero_()
        why = (
            "The result is a pair, output and weights. The query layer gives zeros here, so all scores are equal. Each "
            "token gets the average of what the value layer makes of the tokens of its sequence. Nothing is hidden "
            "unless causal is True, and nothing is added."
        )
        assert_close(module(x), by_layers(module, x), names=PAIR, why=why)

    @parameterized.expand([("d_model is 6", 6), ("d_model is 3", 3)])
    def test_the_scores_are_scaled(self, _case, d_model):
        module, x = self.module(d_model), self.randn(2, 5, d_model)
        module.key.load_state_dict(module.query.state_dict())
        why = (
            "Query layer and key layer hold the same numbers here. The scores are divided by the square root of "
            "d_model, and the shares of each token sum to 1 over the keys."
        )
        assert_close(module(x), by_layers(module, x), names=PAIR, why=why)

    def test_each_layer_has_its_own_part(self):
        module, x = self.module(6), self.randn(2, 5, 6)
        why = (
            "Each layer has its own part: the query layer makes the queries, the key layer the keys, row i is query i."
        )
        assert_close(module(x), by_layers(module, x), names=PAIR, why=why)

    def test_causal_hides_the_future(self):
        module, x = self.module(6, causal=True), self.randn(2, 5, 6)
        self.module(6, causal=False)  # another one; the two have nothing to do with each other
        why = "With causal=True the future is hidden: its weights are 0, and what is left of each row must sum to 1."
        assert_close(module(x), by_layers(module, x, causal=True), names=PAIR, why=why)

    @parameterized.expand([("seen by all", False), ("causal", True)])
    def test_it_is_the_same_in_training_and_in_evaluation(self, _case, causal):
        module, x = self.module(6, causal).eval(), self.randn(2, 5, 6)
        why = "There is no dropout here: in evaluation the module does what it does in training, and hides as much."
        result = module(x)
        assert_close(result, by_layers(module, x, causal), names=PAIR, why=why)
        why = "eval() switches dropout off, not gradients. Whoever wants none calls the module under no_grad."
        assert_that(result[0].requires_grad, "In evaluation the output has no gradient.", why=why)

    @parameterized.expand([("seen by all", False), ("causal", True)])
    def test_sequences_may_have_any_length(self, _case, causal):
        module = self.module(4, causal)
        why = (
            "One module takes sequences of any length, one after the other: nothing in it depends on T or on the batch."
        )
        for shape in [(2, 3, 4), (3, 9, 4), (1, 300, 4), (2, 1, 4), (4, 4, 4)]:
            x = self.randn(*shape)
            assert_close(module(x), by_layers(module, x, causal), names=PAIR, why=why)

    def test_what_comes_later_does_not_change_what_came_before(self):
        module, x = self.module(4, True), self.randn(2, 6, 4)
        output, weights = by_layers(module, x, causal=True)
        why = "The result before the change is not right yet."
        assert_close(module(x), (output, weights), names=PAIR, why=why)
        other = x.clone()
        other[:, 4:] = self.randn(2, 2, 4)
        late = module(other)
        why = "Tokens 4 and 5 are others now. Tokens 0 to 3 cannot see that: the future does not leak."
        assert_close((late[0][:, :4], late[1][:, :4]), (output[:, :4], weights[:, :4]), names=PAIR, why=why)

    def test_a_step_of_training_counts(self):
        module, x = self.module(4), self.randn(2, 5, 4)
        why = "The layers as they are now make q, k and v: keep nothing from an earlier call."
        assert_close(module(x), by_layers(module, x), names=PAIR, why="The first result is not right yet.")
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(0.1)
        assert_close(module(x), by_layers(module, x), names=PAIR, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        module, x = self.module(4, True), self.randn(5, 2, 4).transpose(0, 1)
        why = "This x is non-contiguous: it was (T, B, D) before a transpose."
        assert_close(module(x), by_layers(module, x, causal=True), names=PAIR, why=why)

    @parameterized.expand(DTYPES)
    def test_the_results_keep_the_dtype(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        module, x = self.module(4, True).to(dtype), self.randn(2, 5, 4, dtype=dtype)
        why = "A model in half precision gets half precision and gives it back: the results have the dtype of x."
        # Half precision rounds queries and keys before they meet, so it needs more room than usual.
        limit = {torch.float16: 2e-2, torch.bfloat16: 1e-1}.get(dtype, room(dtype))
        expected = by_layers(module, x, causal=True)
        assert_close(module(x), expected, dtype=dtype, names=PAIR, why=why, rtol=limit, atol=limit)

    def test_x_is_left_alone(self):
        module, x = self.module(4, True), self.randn(2, 5, 4)
        assert_left_alone(module, x, expected=by_layers(module, x, causal=True), names=PAIR)

    @parameterized.expand([("seen by all", False), ("causal", True)])
    def test_it_works_on_any_device(self, _case, causal):
        module, x = self.module(4, causal), self.randn(2, 5, 4)
        assert_follows_device(module, x, expected=by_layers(module, x, causal), names=PAIR)

    @parameterized.expand([("seen by all", False), ("causal", True)])
    def test_gradients_reach_x_and_every_layer(self, _case, causal):
        module, x = self.module(4, causal), self.randn(2, 5, 4)
        why = "All three layers learn: the gradient goes back to x, to each weight and to each bias."
        result, expected = module(x.requires_grad_()), by_layers(module, x, causal)
        assert_close(result, expected, names=PAIR, why="The result must be right before its gradient can be.")
        factors = self.randn(2, 5, 4), self.randn(2, 5, 5)
        leaves = {"x": x, **parameters_of(module)}
        gradients = gradients_of(result, factors, leaves, why)
        copies = {name: oracle(leaf).requires_grad_() for name, leaf in leaves.items()}
        q, k, v = (functional.linear(copies["x"], copies[f"{name}.weight"], copies[f"{name}.bias"]) for name in LAYERS)
        expected = pytorch_output(q, k, v, causal), pytorch_weights(q, k, causal)
        wanted = gradients_of(expected, [oracle(factor) for factor in factors], copies, why)
        for name, gradient in gradients.items():
            assert_close(gradient, wanted[name], why=f"This is the gradient of {name}. {why}", atol=1e-4)
