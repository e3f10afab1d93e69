"""The tests of kata 21. Run them with: make kata N=21"""

import torch
from layer_norm import LayerNorm, layer_norm, moments, normalize, rms_norm

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_that,
    oracle,
    parameterized,
)

F = torch.nn.functional  # PyTorch's own answers, on float64 copies

SHAPES = [
    ("one token", (4,)),
    ("one sequence", (5, 4)),
    ("a square sequence", (4, 4)),
    ("a batch of sequences", (2, 5, 3)),
    ("a batch of one", (1, 5, 4)),
    ("sequences of one token", (3, 1, 4)),
    ("four dimensions", (2, 3, 5, 7)),
]
EPS = [("a tiny eps", 1e-10), ("a small eps", 1e-4), ("a medium eps", 0.25), ("a large eps", 1.0)]
HALVES = [("float16", torch.float16, 2e-2), ("bfloat16", torch.bfloat16, 1e-1)]

ALONE = "Each token alone is measured, over its last dimension. No other token of the sequence or the batch counts."
UNDER = "eps is added under the root, next to the finished {}. The caller chooses how large it is."
HALF = "The result has the dtype of the input, whatever dtype you compute in."
DOUBLE = "The result has the dtype of the input: a float64 input gives a float64 result."
CANCEL = (
    "Here the mean is 1000 and the spread is 1. mean(x²) and mean(x)² are nearly equal then, and in float32 the digits "
    "of their difference are lost. Subtract the mean first, then square."
)
FLOWS = "The gradient flows through what was measured as well: it is made from x, so it changes when x does."


def tokens(test, *shape, **options):
    """Tokens that differ from each other in their mean and in their spread."""
    lead = (*shape[:-1], 1)
    x = test.randn(*shape, **options)
    return x * (0.5 + 2 * test.rand(*lead)).to(x.dtype) + 2 * test.randn(*lead).to(x.dtype)


def measured(x):
    """The mean and the variance of each token, by numpy in float64."""
    x = oracle(x).numpy()
    return torch.from_numpy(x.mean(-1, keepdims=True)), torch.from_numpy(x.var(-1, keepdims=True))


def normalized(x, eps):
    return F.layer_norm(oracle(x), x.shape[-1:], eps=eps)


def normed(x, gamma, beta, eps):
    return F.layer_norm(oracle(x), x.shape[-1:], oracle(gamma), oracle(beta), eps)


def rms_normed(x, gamma, eps):
    return F.rms_norm(oracle(x), x.shape[-1:], oracle(gamma), eps)


class TestMoments(KataTest):
    subject = moments
    names = ("mean", "variance")

    def test_the_mean_comes_first_and_then_the_variance(self):
        x = self.tensor([1.0, 2.0, 3.0, 6.0])
        why = (
            "The mean comes first: 12 / 4. Then the variance: the squared distances from the mean are 4, 1, 0 and 9, "
            "and their average divides by d, not by d - 1."
        )
        assert_close(moments(x), ([3.0], [3.5]), why=why, names=self.names)

    @parameterized.expand(SHAPES)
    def test_each_token_is_measured_alone(self, _case, shape):
        x = tokens(self, *shape)
        expected = measured(x)
        assert_close(moments(x), expected, why=ALONE, names=self.names)

    def test_a_lone_number_is_its_own_mean_and_has_variance_zero(self):
        x = self.randn(2, 5, 1)
        expected = measured(x)
        assert_close(moments(x), expected, why="One number lies at its own mean: the variance is 0.", names=self.names)

    def test_equal_numbers_have_variance_zero(self):
        x = self.tensor([[2.5, 2.5, 2.5, 2.5], [-1.0, -1.0, -1.0, -1.0], [0.0, 0.0, 0.0, 8.0]])
        expected = ([[2.5], [-1.0], [2.0]], [[0.0], [0.0], [12.0]])
        expected = tuple(torch.tensor(part) for part in expected)
        assert_close(moments(x), expected, why="No number is away from the mean: the variance is 0.", names=self.names)

    def test_small_and_large_numbers_are_measured_alike(self):
        x = self.tensor([[0.0, 0.0, 0.0, 8e-5], [0.0, 0.0, 0.0, 8e3]])
        expected = tuple(torch.tensor(part) for part in ([[2e-5], [2e3]], [[1.2e-9], [1.2e7]]))
        why = "The variance itself is asked for, however small or large: nothing is added to it, and it has no limits."
        assert_close(moments(x), expected, why=why, names=self.names, atol=1e-12)

    def test_a_mean_a_thousand_times_the_spread_does_no_harm(self):
        x = self.randn(10, 64) + 1000 * self.tensor([[1.0], [-1.0]]).repeat(5, 1)
        expected = measured(x)
        assert_close(moments(x), expected, why=CANCEL, names=self.names, rtol=1e-5, atol=5e-3)

    def test_any_memory_layout_will_do(self):
        x = self.randn(2, 5, 4, strided=True)
        expected = measured(x)
        why = "x may be a view with gaps in memory. Its values count."
        assert_close(moments(x), expected, why=why, names=self.names)

    @parameterized.expand(HALVES)
    def test_half_precision_comes_back(self, _case, dtype, tolerance):
        x = self.randn(2, 5, 16, dtype=dtype)
        expected = measured(x)
        assert_close(moments(x), expected, why=HALF, dtype=dtype, names=self.names, rtol=tolerance, atol=tolerance)

    def test_float64_stays_float64(self):
        x = self.randn(2, 5, 7).cpu().double() * 1.1  # not every GPU has float64
        expected = measured(x)
        precise = {"dtype": torch.float64, "device": "cpu", "rtol": 1e-5, "atol": 1e-6}
        assert_close(moments(x), expected, why=DOUBLE, names=self.names, **precise)

    def test_the_tokens_are_left_alone(self):
        x = self.randn(2, 5, 4)
        assert_left_alone(moments, x, expected=measured(x), names=self.names)

    def test_the_device_is_that_of_the_tokens(self):
        x = self.randn(2, 5, 4)
        assert_follows_device(moments, x, expected=measured(x), names=self.names)

    def test_gradients_flow_through_both(self):
        x = self.randn(2, 3, 4)
        assert_gradients(moments, x, expected=measured(x), why=FLOWS, names=self.names)


class TestNormalize(KataTest):
    subject = normalize

    def test_a_token_gets_mean_0_and_spread_1(self):
        x = self.tensor([1.0, 1.0, 5.0, 5.0])
        why = (
            "Subtract the mean, 3. Then divide by the square root of the variance, which is 2 (eps is tiny here). "
            "The variance is 16 / 4: it divides by d, not by d - 1."
        )
        assert_close(normalize(x, 0.01), [-1.0, -1.0, 1.0, 1.0], why=why, rtol=0.01)

    @parameterized.expand(EPS)
    def test_eps_stands_under_the_root(self, _case, eps):
        x = eps**0.5 * self.tensor([1.0, 1.0, 2.5, 2.5])  # the variance is 9/16 of eps
        expected = normalized(x, eps)
        assert_close(normalize(x, eps), expected, why=UNDER.format("variance"))

    @parameterized.expand(SHAPES)
    def test_each_token_is_normalized_alone(self, _case, shape):
        x = tokens(self, *shape)
        expected = normalized(x, 1e-2)
        assert_close(normalize(x, 1e-2), expected, why=ALONE)

    def test_equal_numbers_become_zeros(self):
        x = self.tensor([[2.5, 2.5, 2.5, 2.5], [0.0, 4.0, 4.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
        expected = [[0.0, 0.0, 0.0, 0.0], [-3 / 3.01**0.5, *[1 / 3.01**0.5] * 3], [0.0, 0.0, 0.0, 0.0]]
        why = "The variance of equal numbers is 0. With eps under the root the division is safe, and 0 stays 0."
        assert_close(normalize(x, 1e-2), expected, why=why)

    def test_a_lone_number_becomes_zero(self):
        for shape in [(2, 5, 4), (2, 5, 1)]:
            x = self.randn(*shape)
            expected = normalized(x, 1e-2)
            assert_close(normalize(x, 1e-2), expected, why="A token of one number is its own mean, so 0 is left of it.")

    def test_one_number_may_stand_far_from_the_rest(self):
        x = self.randn(2, 100)
        x[:, 41] = 500.0
        expected = normalized(x, 1e-5)
        assert_close(
            normalize(x, 1e-5),
            expected,
            why="One number far from the rest is scaled as all others are. No limit is set to it.",
        )

    def test_a_mean_a_thousand_times_the_spread_does_no_harm(self):
        x = self.randn(10, 64) + 1000 * self.tensor([[1.0], [-1.0]]).repeat(5, 1)
        expected = normalized(x, 1e-5)
        assert_close(normalize(x, 1e-5), expected, why=CANCEL, rtol=1e-3, atol=3e-3)

    def test_any_memory_layout_will_do(self):
        x = self.randn(2, 5, 4, strided=True)
        expected = normalized(x, 1e-5)
        assert_close(normalize(x, 1e-5), expected, why="x may be a view with gaps in memory. Its values count.")

    @parameterized.expand(HALVES)
    def test_half_precision_comes_back(self, _case, dtype, tolerance):
        x = self.randn(2, 5, 16, dtype=dtype)
        expected = normalized(x, 1e-3)
        assert_close(normalize(x, 1e-3), expected, why=HALF, dtype=dtype, rtol=tolerance, atol=tolerance)

    def test_float64_stays_float64(self):
        x = self.randn(2, 5, 7).cpu().double() * 1.1  # not every GPU has float64
        expected = normalized(x, 1e-5)
        precise = {"dtype": torch.float64, "device": "cpu", "rtol": 1e-5, "atol": 1e-6}
        assert_close(normalize(x, 1e-5), expected, why=DOUBLE, **precise)

    def test_the_tokens_are_left_alone(self):
        x = self.randn(2, 5, 4)
        assert_left_alone(normalize, x, 1e-5, expected=normalized(x, 1e-5))

    def test_the_device_is_that_of_the_tokens(self):
        x = self.randn(2, 5, 4)
        assert_follows_device(normalize, x, 1e-5, expected=normalized(x, 1e-5))

    def test_gradients_flow_through_the_statistics(self):
        x = self.randn(2, 3, 4)
        assert_gradients(normalize, x, 0.1, expected=normalized(x, 0.1), why=FLOWS)


class TestLayerNormFunction(KataTest):
    subject = layer_norm

    def test_each_column_has_its_own_scale(self):
        x, gamma = self.tensor([1.0, 1.0, 5.0, 5.0]), self.tensor([2.0, -1.0, 4.0, 8.0])
        why = (
            "Normalize first: 1, 1, 5, 5 becomes -1, -1, 1, 1 (the variance divides by d). "
            "Then column j has its own scale: multiply it by gamma[j]."
        )
        assert_close(layer_norm(x, gamma, self.tensor([0.0, 0.0, 0.0, 0.0]), 1e-6), [-2.0, 1.0, 4.0, 8.0], why=why)

    def test_each_column_has_its_own_shift(self):
        x, gamma = self.tensor([1.0, 1.0, 5.0, 5.0]), self.tensor([2.0, -1.0, 4.0, 8.0])
        beta = self.tensor([0.5, 0.0, -1.0, 0.25])
        why = "beta[j] is added to column j at the end, after the scale."
        assert_close(layer_norm(x, gamma, beta, 1e-6), [-1.5, 1.0, 3.0, 8.25], why=why)

    @parameterized.expand(EPS)
    def test_eps_stands_under_the_root(self, _case, eps):
        x = eps**0.5 * self.tensor([1.0, 1.0, 2.5, 2.5])  # the variance is 9/16 of eps
        gamma, beta = self.randn(4), self.randn(4)
        expected = normed(x, gamma, beta, eps)
        assert_close(layer_norm(x, gamma, beta, eps), expected, why=UNDER.format("variance"))

    @parameterized.expand(SHAPES)
    def test_each_token_is_normalized_alone(self, _case, shape):
        x, gamma, beta = tokens(self, *shape), self.randn(shape[-1]), self.randn(shape[-1])
        expected = normed(x, gamma, beta, 1e-2)
        why = f"{ALONE} gamma and beta have one number for each column, the same for all tokens."
        assert_close(layer_norm(x, gamma, beta, 1e-2), expected, why=why)

    def test_equal_numbers_become_beta(self):
        x = self.tensor([[2.5, 2.5, 2.5, 2.5], [0.0, 0.0, 0.0, 0.0]])
        gamma, beta = self.randn(4), self.randn(4)
        expected = oracle(beta).repeat(2, 1)
        why = "After normalizing 0 is left of equal numbers, and beta is added."
        assert_close(layer_norm(x, gamma, beta, 1e-5), expected, why=why, atol=1e-3)

    def test_a_lone_number_becomes_beta(self):
        x, gamma, beta = self.randn(2, 5, 1), self.tensor([3.0]), self.tensor([-0.5])
        expected = normed(x, gamma, beta, 1e-5)
        why = "A token of one number is its own mean: 0 is left of it, and beta is added."
        assert_close(layer_norm(x, gamma, beta, 1e-5), expected, why=why, atol=1e-3)

    def test_a_mean_a_thousand_times_the_spread_does_no_harm(self):
        x = self.randn(10, 64) + 1000 * self.tensor([[1.0], [-1.0]]).repeat(5, 1)
        gamma, beta = 0.5 + self.rand(64), self.randn(64)
        expected = normed(x, gamma, beta, 1e-5)
        assert_close(layer_norm(x, gamma, beta, 1e-5), expected, why=CANCEL, rtol=1e-3, atol=3e-3)

    def test_any_memory_layout_will_do(self):
        x, gamma, beta = self.randn(2, 5, 4, strided=True), self.randn(4, strided=True), self.randn(4, strided=True)
        expected = normed(x, gamma, beta, 1e-5)
        why = "The inputs may be views with gaps in memory. Their values count."
        assert_close(layer_norm(x, gamma, beta, 1e-5), expected, why=why)

    @parameterized.expand(HALVES)
    def test_half_precision_comes_back(self, _case, dtype, tolerance):
        x, gamma, beta = (self.randn(*shape, dtype=dtype) for shape in [(2, 5, 16), (16,), (16,)])
        expected = normed(x, gamma, beta, 1e-3)
        actual = layer_norm(x, gamma, beta, 1e-3)
        assert_close(actual, expected, why=HALF, dtype=dtype, rtol=tolerance, atol=tolerance)

    def test_float64_stays_float64(self):
        # float64 on the CPU, because not every GPU has it; times 1.1, so that float32 cannot hold the numbers
        x, gamma, beta = (self.randn(*shape).cpu().double() * 1.1 for shape in [(2, 5, 7), (7,), (7,)])
        expected = normed(x, gamma, beta, 1e-5)
        precise = {"dtype": torch.float64, "device": "cpu", "rtol": 1e-5, "atol": 1e-6}
        assert_close(layer_norm(x, gamma, beta, 1e-5), expected, why=DOUBLE, **precise)

    def test_the_inputs_are_left_alone(self):
        x, gamma, beta = self.randn(2, 5, 4), self.randn(4), self.randn(4)
        assert_left_alone(layer_norm, x, gamma, beta, 1e-5, expected=normed(x, gamma, beta, 1e-5))

    def test_the_device_is_that_of_the_tokens(self):
        x, gamma, beta = self.randn(2, 5, 4), self.randn(4), self.randn(4)
        assert_follows_device(layer_norm, x, gamma, beta, 1e-5, expected=normed(x, gamma, beta, 1e-5))

    def test_gradients_reach_x_gamma_and_beta(self):
        x, gamma, beta = self.randn(2, 3, 4), self.randn(4), self.randn(4)
        why = f"{FLOWS} It reaches gamma and beta too, which are learned."
        assert_gradients(layer_norm, x, gamma, beta, 0.1, expected=normed(x, gamma, beta, 0.1), why=why)


class TestLayerNorm(KataTest):
    subject = LayerNorm

    def trained(self, d, *eps):
        """A module whose gamma and beta have learned something, on the device under test."""
        module = self.make(LayerNorm, d, *eps)
        with torch.no_grad():
            module.gamma.copy_(self.randn(d))
            module.beta.copy_(self.randn(d))
        return module

    def test_it_owns_gamma_and_beta(self):
        module = self.make(LayerNorm, 7)
        found = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
        buffers = {name: tuple(buffer.shape) for name, buffer in module.named_buffers()}
        wanted = {"gamma": (7,), "beta": (7,)}
        assert_that(
            found == wanted,
            "The parameters are not right.",
            why="It has two parameters (nn.Parameter), gamma and beta, with one number for each of the d columns.",
            expected=f"parameters {wanted}",
            actual=f"parameters {found or 'none'}" + (f", buffers {buffers}" if buffers else ""),
        )

    def test_both_are_trainable(self):
        found = {name: parameter.requires_grad for name, parameter in self.make(LayerNorm, 7).named_parameters()}
        why = "Both parameters are trainable: a gradient must be able to reach them."
        assert_equal(found, {"gamma": True, "beta": True}, why=why)

    def test_they_start_as_ones_and_zeros(self):
        module = self.make(LayerNorm, 7)
        why = "gamma starts as ones and beta as zeros: a scale and a shift that change nothing yet."
        assert_close((module.gamma, module.beta), (torch.ones(7), torch.zeros(7)), why=why, names=("gamma", "beta"))

    def test_a_new_module_only_normalizes(self):
        x = tokens(self, 2, 5, 7)
        expected = normalized(x, 1e-5)
        why = (
            "A new module only normalizes: each token alone gets mean 0 and spread 1. "
            "The variance divides by d, not by d - 1."
        )
        assert_close(self.make(LayerNorm, 7)(x), expected, why=why, rtol=1e-3, atol=1e-4)

    def test_gamma_scales_and_beta_shifts(self):
        x, module = tokens(self, 2, 5, 7), self.trained(7)
        expected = normed(x, module.gamma, module.beta, 1e-5)
        why = "gamma scales and beta shifts each column of the normalized token, with the values that they have by now."
        assert_close(module(x), expected, why=why, rtol=1e-3, atol=1e-4)

    @parameterized.expand(SHAPES)
    def test_any_leading_dimensions_will_do(self, _case, shape):
        x, module = tokens(self, *shape), self.trained(shape[-1])
        expected = normed(x, module.gamma, module.beta, 1e-5)
        assert_close(module(x), expected, why=f"Any leading dimensions are welcome. {ALONE}", rtol=1e-3, atol=1e-3)

    @parameterized.expand(EPS)
    def test_it_uses_the_eps_that_it_was_given(self, _case, eps):
        x = eps**0.5 * self.tensor([1.0, 1.0, 2.5, 2.5])  # the variance is 9/16 of eps
        expected = normalized(x, eps)
        why = UNDER.format("variance")
        module, _other = self.make(LayerNorm, 4, eps), self.make(LayerNorm, 4, 100.0)
        assert_close(module(x), expected, why=f"{why} Each module keeps its own.")
        assert_close(self.make(LayerNorm, d=4, eps=eps)(x), expected, why=why)

    def test_eps_has_its_usual_value_unless_one_is_given(self):
        x = 3e-3 * self.randn(2, 5, 4)
        expected = normalized(x, 1e-5)
        why = "Without another choice eps is 1e-5, as in PyTorch. Tokens near 0 show it."
        assert_close(self.make(LayerNorm, 4)(x), expected, why=why)

    def test_a_token_of_equal_numbers_becomes_beta(self):
        for x in [self.tensor([[2.5, 2.5, 2.5, 2.5], [0.0, 0.0, 0.0, 0.0]]), self.randn(5, 1)]:
            module = self.trained(x.shape[-1])
            expected = oracle(module.beta).expand(x.shape)
            why = "After normalizing 0 is left of equal numbers, and beta is added."
            assert_close(module(x), expected, why=why, atol=1e-3)

    def test_training_and_evaluation_give_the_same(self):
        module = self.trained(4, 1e-2)
        for _ in range(3):
            module(tokens(self, 2, 5, 4))
        x = tokens(self, 2, 5, 4)
        expected = normed(x, module.gamma, module.beta, 1e-2)
        why = "Nothing is remembered from earlier calls: training and evaluation both measure the token at hand."
        for mode in (True, False):
            assert_close(module.train(mode)(x), expected, why=why)

    def test_a_saved_module_can_be_loaded(self):
        x, module, fresh = tokens(self, 5, 4), self.trained(4, 1e-2), self.make(LayerNorm, 4, 1e-2)
        expected = normed(x, module.gamma, module.beta, 1e-2)
        fresh.load_state_dict(module.state_dict())
        why = "state_dict() saves gamma and beta, and load_state_dict() brings them back."
        assert_close(fresh(x), expected, why=why)

    def test_any_memory_layout_will_do(self):
        x, module = self.randn(2, 5, 4, strided=True), self.trained(4)
        expected = normed(x, module.gamma, module.beta, 1e-5)
        assert_close(module(x), expected, why="x may be a view with gaps in memory. Its values count.")

    @parameterized.expand(HALVES)
    def test_half_precision_comes_back(self, _case, dtype, tolerance):
        x, module = self.randn(2, 5, 16, dtype=dtype), self.trained(16, 1e-3).to(dtype)
        expected = normed(x, module.gamma, module.beta, 1e-3)
        assert_close(module(x), expected, why=HALF, dtype=dtype, rtol=tolerance, atol=tolerance)

    def test_the_tokens_are_left_alone(self):
        x, module = self.randn(2, 5, 4), self.trained(4)
        assert_left_alone(module, x, expected=normed(x, module.gamma, module.beta, 1e-5))

    def test_it_moves_to_another_device(self):
        x, module = self.randn(2, 5, 4), self.trained(4)
        assert_follows_device(module, x, expected=normed(x, module.gamma, module.beta, 1e-5))

    def test_gradients_reach_the_tokens_and_both_parameters(self):
        x, module = self.randn(2, 3, 4), self.trained(4, 0.1)
        why = f"{FLOWS} It reaches gamma and beta too, which are learned."
        assert_gradients(module, x, expected=normed(x, module.gamma, module.beta, 0.1), why=why)

    def test_gradients_flow_in_evaluation_too(self):
        x, module = self.randn(2, 3, 4), self.trained(4, 0.1).eval()
        assert_gradients(
            module,
            x,
            expected=normed(x, module.gamma, module.beta, 0.1),
            why="In evaluation nothing changes for this layer: the gradient flows as in training.",
        )

    def test_a_mean_a_thousand_times_the_spread_does_no_harm(self):
        x, module = self.randn(10, 64) + 1000 * self.tensor([[1.0], [-1.0]]).repeat(5, 1), self.trained(64)
        expected = normed(x, module.gamma, module.beta, 1e-5)
        assert_close(module(x), expected, why=CANCEL, rtol=1e-3, atol=1e-2)


class TestRmsNorm(KataTest):
    subject = rms_norm

    def test_each_column_has_its_own_scale(self):
        x, gamma = self.tensor([-1.0, 1.0, 1.0, -1.0]), self.tensor([1.0, 2.0, -4.0, 8.0])
        why = (
            "The mean of the squares is 1 here, and so is its root: the division changes almost nothing. "
            "Then column j has its own scale: multiply it by gamma[j]."
        )
        assert_close(rms_norm(x, gamma, 0.01), [-1.0, 2.0, -4.0, -8.0], why=why, rtol=0.02)

    def test_the_root_of_the_mean_of_the_squares_divides(self):
        x, gamma = self.tensor([1.0, -7.0, 5.0, 5.0]), self.tensor([1.0, 1.0, 1.0, 2.0])
        why = "The mean of the squares 1, 49, 25, 25 is 25, and its root is 5: divide by 5. No mean is subtracted."
        assert_close(rms_norm(x, gamma, 1e-6), [0.2, -1.4, 1.0, 2.0], why=why)

    @parameterized.expand(EPS)
    def test_eps_stands_under_the_root(self, _case, eps):
        x = eps**0.5 * self.tensor([0.5, -0.5, 1.0, 0.5])  # the mean of the squares is 7/16 of eps
        gamma = self.randn(4)
        expected = rms_normed(x, gamma, eps)
        assert_close(rms_norm(x, gamma, eps), expected, why=UNDER.format("mean of the squares"))

    @parameterized.expand(SHAPES)
    def test_each_token_is_divided_alone(self, _case, shape):
        x, gamma = tokens(self, *shape), self.randn(shape[-1])
        expected = rms_normed(x, gamma, 1e-2)
        why = f"{ALONE} gamma has one number for each column, the same for all tokens."
        assert_close(rms_norm(x, gamma, 1e-2), expected, why=why)

    def test_a_token_of_zeros_stays_zeros(self):
        x, gamma = self.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, -7.0, 5.0, 5.0]]), self.tensor([1.0, 1.0, 1.0, 2.0])
        expected = [[0.0, 0.0, 0.0, 0.0], [0.2, -1.4, 1.0, 2.0]]
        why = "The mean of the squares is 0 there. With eps under the root the division is safe, and 0 stays 0."
        assert_close(rms_norm(x, gamma, 1e-6), expected, why=why)

    def test_a_lone_number_keeps_its_sign(self):
        x, gamma = self.randn(2, 5, 1), self.tensor([3.0])
        expected = rms_normed(x, gamma, 1e-2)
        why = "With one number the mean of the squares is its square: about 1 or -1 is left, times gamma."
        assert_close(rms_norm(x, gamma, 1e-2), expected, why=why)

    def test_any_memory_layout_will_do(self):
        x, gamma = self.randn(2, 5, 4, strided=True), self.randn(4, strided=True)
        expected = rms_normed(x, gamma, 1e-5)
        why = "The inputs may be views with gaps in memory. Their values count."
        assert_close(rms_norm(x, gamma, 1e-5), expected, why=why)

    @parameterized.expand(HALVES)
    def test_half_precision_comes_back(self, _case, dtype, tolerance):
        x, gamma = self.randn(2, 5, 16, dtype=dtype), self.randn(16, dtype=dtype)
        expected = rms_normed(x, gamma, 1e-3)
        assert_close(rms_norm(x, gamma, 1e-3), expected, why=HALF, dtype=dtype, rtol=tolerance, atol=tolerance)

    def test_float64_stays_float64(self):
        # float64 on the CPU, because not every GPU has it; times 1.1, so that float32 cannot hold the numbers
        x, gamma = self.randn(2, 5, 7).cpu().double() * 1.1, self.randn(7).cpu().double() * 1.1
        expected = rms_normed(x, gamma, 1e-5)
        precise = {"dtype": torch.float64, "device": "cpu", "rtol": 1e-5, "atol": 1e-6}
        assert_close(rms_norm(x, gamma, 1e-5), expected, why=DOUBLE, **precise)

    def test_the_inputs_are_left_alone(self):
        x, gamma = self.randn(2, 5, 4), self.randn(4)
        assert_left_alone(rms_norm, x, gamma, 1e-5, expected=rms_normed(x, gamma, 1e-5))

    def test_the_device_is_that_of_the_tokens(self):
        x, gamma = self.randn(2, 5, 4), self.randn(4)
        assert_follows_device(rms_norm, x, gamma, 1e-5, expected=rms_normed(x, gamma, 1e-5))

    def test_gradients_reach_x_and_gamma(self):
        x, gamma = self.randn(2, 3, 4), self.randn(4)
        why = f"{FLOWS} It reaches gamma too, which is learned."
        assert_gradients(rms_norm, x, gamma, 0.1, expected=rms_normed(x, gamma, 0.1), why=why)
