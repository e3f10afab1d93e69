"""The tests of kata 11. Run them with: make kata N=11"""

import math

import torch
from autograd import accumulate, derivative, gradient_of, linear_gradients, numeric_gradient, stop_gradient

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_left_alone,
    assert_that,
    oracle,
    parameterized,
)


class Formula:
    """A function that a message can show."""

    def __init__(self, text, call):
        self.text, self.call = text, call

    def __call__(self, *args):
        return self.call(*args)

    def __repr__(self):
        return self.text


SQUARE = Formula("x²", lambda x: x**2)
SUM_OF_SQUARES = Formula("the sum of all x²", lambda x: (x**2).sum())
SUM_OF_CUBES = Formula("the sum of all x³", lambda x: (x**3).sum())
SHAPES = [
    ("a number", ()),
    ("a vector", (4,)),
    ("one number in a vector", (1,)),
    ("a matrix", (2, 3)),
    ("a column", (3, 1)),
    ("three dimensions", (2, 3, 4)),
]
EMPTY = ("no numbers", (0, 3))

KEPT = (
    "The values and requires_grad of these tensors are the caller's. Ask for a gradient on a tensor of your own, "
    "outside of their graph."
)
CLEAN = (
    "backward() adds to .grad of every leaf that requires a gradient: the caller's next gradient would be wrong. What "
    "stood in .grad before stands there after."
)
PLAIN = (
    "The result is there to be read. If it requires a gradient itself, it keeps alive all that it was made from, and "
    "what the caller does with it is recorded too."
)
AGAIN = "A second call gives the same. Nothing of the first one may be left over: backward() adds to what is in .grad."
RECORDS = "Afterwards PyTorch no longer records gradients, for the whole program. Limit that: `with torch.no_grad():`"
STEP_BY_STEP = (
    "f(x) is huge here, and two values of f that lie close together differ in their last digits only: the difference "
    "is lost to rounding. Autograd does not compare. It goes back through the calculation, step by step."
)


def remember(**tensors):
    """What must still be so after the call: requires_grad and .grad of each tensor, by the name of the argument."""
    return {name: (x, x.requires_grad, None if x.grad is None else oracle(x.grad)) for name, x in tensors.items()}


def check_kept(remembered):
    """Check that requires_grad and .grad of the caller's tensors are as they were."""
    for name, (x, flag, gradient) in remembered.items():
        assert_that(x.requires_grad == flag, f"Your code changed `requires_grad` of its input `{name}`.", why=KEPT)
        if gradient is None:
            assert_that(x.grad is None, f"Your code left a gradient in `{name}.grad`.", why=CLEAN)
        else:
            assert_that(x.grad is not None, f"Your code emptied `{name}.grad`.", why=CLEAN)
            says, shown = f"Your code changed `{name}.grad`.", [str(g.tolist()) for g in (gradient, oracle(x.grad))]
            assert_that(torch.equal(*[gradient, oracle(x.grad)]), says, why=CLEAN, expected=shown[0], actual=shown[1])


def check_plain(*results):
    """Check that no result requires a gradient."""
    for result in results:
        assert_that(not result.requires_grad, "The result requires a gradient itself.", why=PLAIN)


def recording(call):
    """The call, with gradients recorded: on the second device of dojo.testing they are not, unless it is said."""

    def run(*args):
        with torch.enable_grad():
            return call(*args)

    return run


def kind(x):
    return f"{tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}"


def check_seen(seen, wanted, *, why):
    """Check the kind of what f was given, at each call."""
    says = "f was given something else."
    assert_that(set(seen) == {wanted}, says, why=why, expected=wanted, actual=", ".join(dict.fromkeys(seen)))


def check_number(actual, expected, *, why):
    """Check a Python float, up to rounding."""
    near = isinstance(actual, float) and math.isclose(actual, expected, rel_tol=1e-4, abs_tol=1e-5)
    assert_equal(expected if near else actual, expected, why=why)


def four_times(x):
    y = 1.0
    for _ in range(4):
        y = y * x
    return y


class TestDerivative(KataTest):
    subject = derivative
    why = (
        "The slope says how fast f(x) grows when x grows a little. Each point has its own slope, and it is below 0 "
        "where f falls."
    )

    def test_the_slope_of_a_square_at_3_is_6(self):
        why = "Near 3, f(x) = x² grows 6 times as fast as x. The slope says how fast f(x) grows. It is a Python float."
        check_number(derivative(SQUARE, 3.0), 6.0, why=why)

    def test_a_huge_value_does_not_hide_the_slope(self):
        f = Formula("x² + 10¹²", lambda x: x**2 + 1e12)
        check_number(derivative(f, 3.0), 6.0, why=STEP_BY_STEP)

    @parameterized.expand(
        [
            ("a point below 0", "x²", lambda x: x**2, -1.5, -3.0),
            ("a point that float16 does not have", "x²", lambda x: x**2, 1.1, 2.2),
            ("a cube", "x³", lambda x: x * x * x, 2.0, 12.0),
            ("a line", "5x - 7", lambda x: 5 * x - 7, 4.0, 5.0),
            ("x itself", "x", lambda x: x, 2.5, 1.0),
            ("a sum", "x² + 3x", lambda x: x**2 + 3 * x, 0.5, 4.0),
            ("a falling curve", "1 / x", lambda x: 1 / x, 0.5, -4.0),
            ("the bottom of a valley", "(x - 1)²", lambda x: (x - 1) ** 2, 1.0, 0.0),
            ("a wave", "sin(x)", torch.sin, 1.0, math.cos(1.0)),
            ("a growing curve", "exp(2x)", lambda x: torch.exp(2 * x), 0.0, 2.0),
            ("a steep curve", "x⁸", lambda x: x**8, 10.0, 8e7),
        ]
    )
    def test_each_function_has_its_own_slope_at_each_point(self, _case, text, call, x, slope):
        check_number(derivative(Formula(text, call), x), slope, why=self.why)

    @parameterized.expand([("above 0", 2.0, 4.0), ("below 0", -2.0, -1.0)])
    def test_f_may_decide_with_if(self, _case, x, slope):
        f = Formula("x² if x > 0, else -x", lambda x: x**2 if x > 0 else -x)
        check_number(derivative(f, x), slope, why="Autograd records the way that was taken. Call f at this very point.")

    def test_f_may_use_a_loop(self):
        f = Formula("x⁴ from a loop", four_times)
        check_number(derivative(f, 3.0), 108.0, why="Autograd records each turn of a loop as a step of its own.")

    def test_f_may_use_other_tensors(self):
        weights = self.tensor([1.0, -2.0, 4.0])
        f = Formula("the sum of all x * weights", lambda x: (x * weights).sum())
        why = "x takes part in three products. The slope is the sum of what it does in each."
        check_number(derivative(f, 0.5), 3.0, why=why)

    def test_f_gets_one_number(self):
        seen = []
        f = Formula("x²", lambda x: [seen.append(x), x**2][1])
        check_number(derivative(f, 3.0), 6.0, why=self.why)
        says, why = "f was given something else.", "f is a function of one number: hand it a 0-d tensor, of shape ()."
        kinds = [f"a tensor of shape {tuple(x.shape)}" if isinstance(x, torch.Tensor) else repr(x) for x in seen]
        wanted = "a tensor of shape ()"
        assert_that(set(kinds) == {wanted}, says, why=why, expected=wanted, actual=", ".join(kinds))

    def test_a_second_call_gives_the_same(self):
        for x, slope in [(2.0, 4.0), (3.0, 6.0), (2.0, 4.0), (2.0, 4.0)]:
            check_number(derivative(SQUARE, x), slope, why=AGAIN)


def linear_by_hand(x, weight):
    """The mean of x @ weight + bias changes with weight[i, j] as x[:, i] says, in one of m columns."""
    rows, (n, m) = oracle(x).tolist(), weight.shape
    slopes = [sum(row[i] for row in rows) / (len(rows) * m) for i in range(n)]
    return torch.tensor([[slope] * m for slope in slopes]).double(), torch.tensor([1 / m] * m).double()


class TestLinearGradients(KataTest):
    subject = linear_gradients
    names = ("dW", "db")

    def inputs(self, batch=4, n=3, m=2, **options):
        return self.randn(batch, n, **options), self.randn(n, m, **options), self.randn(m, **options)

    def test_the_mean_depends_on_each_weight_and_on_each_bias(self):
        x = self.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 9.0]])
        weight, bias = self.tensor([[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]]), self.tensor([10.0, 20.0])
        why = (
            "x @ W + b is a matrix of 4 numbers here. A gradient says how one number changes: the mean of all 4. "
            "Bias 0 is added to 2 of the 4, so its gradient is 2 / 4."
        )
        expected = ([[1.0, 1.0], [1.5, 1.5], [3.0, 3.0]], [0.5, 0.5])
        expected = tuple(torch.tensor(part) for part in expected)
        assert_close(linear_gradients(x, weight, bias), expected, why=why, names=self.names)

    @parameterized.expand(
        [
            ("more rows than columns", 5, 2, 3),
            ("all sizes equal", 3, 3, 3),
            ("one row", 1, 4, 2),
            ("one number in", 4, 1, 3),
            ("one number out", 4, 3, 1),
            ("two large sizes", 2, 7, 5),
        ]
    )
    def test_each_gradient_has_the_shape_of_what_it_belongs_to(self, _case, batch, n, m):
        x, weight, bias = self.inputs(batch, n, m)
        why = "dW has the shape of weight, db has the shape of bias. The mean of all batch * m numbers is meant."
        assert_close(linear_gradients(x, weight, bias), linear_by_hand(x, weight), why=why, names=self.names)

    def test_any_memory_layout_will_do(self):
        x, weight, bias = self.inputs(strided=True)
        why = "The inputs may be views with gaps in memory. Their values count."
        assert_close(linear_gradients(x, weight, bias), linear_by_hand(x, weight), why=why, names=self.names)

    def test_float64_stays_float64(self):
        x, weight, bias = (part.cpu().double() for part in self.inputs())  # not every GPU has float64
        why = "The gradients have the dtype of the inputs."
        actual = linear_gradients(x, weight, bias)
        expected = linear_by_hand(x, weight)
        assert_close(actual, expected, why=why, names=self.names, dtype=torch.float64, device="cpu")

    def test_the_arguments_are_left_alone(self):
        x, weight, bias = self.inputs()
        remembered = remember(x=x, weight=weight, bias=bias)
        expected = linear_by_hand(x, weight)
        assert_left_alone(linear_gradients, x, weight, bias, expected=expected, names=self.names, why=KEPT)
        check_kept(remembered)

    @parameterized.expand([("weight and bias", False), ("all three", True)])
    def test_the_arguments_may_require_a_gradient(self, _case, flag):
        x, weight, bias = self.inputs()
        x.requires_grad_(flag), weight.requires_grad_(), bias.requires_grad_()
        remembered = remember(x=x, weight=weight, bias=bias)
        why = "These tensors require a gradient already. No gradient arrives at a tensor that is no leaf, as a clone."
        assert_close(linear_gradients(x, weight, bias), linear_by_hand(x, weight), why=why, names=self.names)
        check_kept(remembered)

    def test_the_arguments_may_be_part_of_a_graph(self):
        leaves = [part.requires_grad_() for part in self.inputs()]
        x, weight, bias = (leaf * 2 for leaf in leaves)
        why = (
            "weight and bias were made from other tensors. A gradient for them is asked for, and none of it may reach "
            "what they were made from."
        )
        assert_close(linear_gradients(x, weight, bias), linear_by_hand(x, weight), why=why, names=self.names)
        filled = any(leaf.grad is not None for leaf in leaves)
        assert_that(not filled, "Your code left a gradient in a tensor that an argument was made from.", why=why)
        kept = all(part.requires_grad for part in (x, weight, bias))
        assert_that(kept, "Afterwards an argument has no connection to its graph.", why=why)

    def test_what_is_in_grad_stays_there(self):
        x, weight, bias = self.inputs()
        for part in (x, weight, bias):
            part.requires_grad_()
            part.grad = torch.full_like(part, 7.0)
        remembered = remember(x=x, weight=weight, bias=bias)
        result = linear_gradients(x, weight, bias)
        assert_close(result, linear_by_hand(x, weight), why=CLEAN, names=self.names)
        check_kept(remembered)

    @parameterized.expand([("without a gradient", False), ("with a gradient", True)])
    def test_a_second_call_gives_the_same(self, _case, flag):
        x, weight, bias = self.inputs()
        weight.requires_grad_(flag), bias.requires_grad_(flag)
        first = linear_gradients(x, weight, bias)
        second = linear_gradients(x, weight, bias)
        for result in (second, first):
            assert_close(result, linear_by_hand(x, weight), why=AGAIN, names=self.names)

    @parameterized.expand([("without a gradient", False), ("with a gradient", True)])
    def test_the_results_are_plain_numbers(self, _case, flag):
        x, weight, bias = self.inputs()
        weight.requires_grad_(flag), bias.requires_grad_(flag)
        result = linear_gradients(x, weight, bias)
        assert_close(result, linear_by_hand(x, weight), why=PLAIN, names=self.names)
        check_plain(*result)

    def test_it_works_on_any_device(self):
        x, weight, bias = self.inputs()
        expected = linear_by_hand(x, weight)
        assert_follows_device(recording(linear_gradients), x, weight, bias, expected=expected, names=self.names)


class TestGradientOf(KataTest):
    subject = gradient_of
    why = "The gradient says how f(x) changes with each number of x: one number for each, in the shape of x."

    def test_the_gradient_of_a_sum_of_squares(self):
        x = self.tensor([1.0, -2.0, 3.0])
        why = f"{self.why} Each square changes twice as fast as its number is large."
        assert_close(gradient_of(SUM_OF_SQUARES, x), [2.0, -4.0, 6.0], why=why)

    @parameterized.expand([*SHAPES, EMPTY])
    def test_it_has_the_shape_of_x(self, _case, shape):
        x = self.randn(*shape)
        assert_close(gradient_of(SUM_OF_CUBES, x), 3 * oracle(x) ** 2, why=self.why)

    @parameterized.expand(
        [
            ("the first one only", "x[0]", lambda x: x[0], [1.0, 0.0, 0.0]),
            ("a mean", "the mean of x", lambda x: x.mean(), [1 / 3, 1 / 3, 1 / 3]),
            ("a product", "x[0] * x[1] * x[2]", lambda x: x[0] * x[1] * x[2], [-8.0, 4.0, -2.0]),
            ("the largest one", "the largest of x", lambda x: x.max(), [0.0, 0.0, 1.0]),
            ("a sum squared", "(the sum of x)²", lambda x: x.sum() ** 2, [6.0, 6.0, 6.0]),
            ("a steep one", "10⁶ times the sum of x", lambda x: (x * torch.full_like(x, 1e6)).sum(), [1e6, 1e6, 1e6]),
            ("less for more", "minus the sum of x", lambda x: -x.sum(), [-1.0, -1.0, -1.0]),
        ]
    )
    def test_each_function_has_its_own_gradient(self, _case, text, call, expected):
        x = self.tensor([1.0, -2.0, 4.0])
        assert_close(gradient_of(Formula(text, call), x), expected, why=self.why)

    def test_f_may_use_other_tensors(self):
        x, weights = self.randn(2, 3), self.randn(2, 3)
        f = Formula("the sum of all x * weights", lambda x: (x * weights).sum())
        assert_close(gradient_of(f, x), oracle(weights), why=self.why)

    def test_a_huge_value_does_not_hide_the_gradient(self):
        x = self.tensor([1.0, -2.0, 3.0])
        huge = self.tensor(1e12)
        f = Formula("the sum of all x², + 10¹²", lambda x: (x**2).sum() + huge)
        assert_close(gradient_of(f, x), [2.0, -4.0, 6.0], why=STEP_BY_STEP)

    def test_any_memory_layout_will_do(self):
        x = self.randn(4, 3, strided=True)
        why = f"x lies in memory with gaps. {self.why}"
        assert_close(gradient_of(SUM_OF_CUBES, x), 3 * oracle(x) ** 2, why=why)

    @parameterized.expand(
        [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)],
    )
    def test_it_has_the_dtype_of_x(self, _case, dtype):
        x = self.randn(2, 3)
        x = x.cpu().double() if dtype == torch.float64 else x.to(dtype)  # not every GPU has float64
        why = "The gradient has the dtype of x."
        actual = gradient_of(SUM_OF_SQUARES, x)
        assert_close(actual, 2 * oracle(x), why=why, dtype=dtype, device=x.device)

    @parameterized.expand([("three dimensions", (2, 1, 3)), ("a number", ())])
    def test_f_gets_what_x_is(self, _case, shape):
        x, seen = self.randn(*shape, dtype=torch.float16), []
        f = Formula("the sum of all x²", lambda x: [seen.append(kind(x)), (x**2).sum()][1])
        why = "f takes a tensor of the shape and the dtype of x."
        assert_close(gradient_of(f, x), 2 * oracle(x), why=why, dtype=torch.float16)
        check_seen(seen, kind(x), why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 3)
        remembered = remember(x=x)
        assert_left_alone(gradient_of, SUM_OF_SQUARES, x, expected=2 * oracle(x), why=KEPT)
        check_kept(remembered)

    def test_x_may_require_a_gradient(self):
        x = self.randn(2, 3).requires_grad_()
        remembered = remember(x=x)
        why = "x requires a gradient already. A clone of it is a step of the calculation: no leaf, so no .grad."
        assert_close(gradient_of(SUM_OF_SQUARES, x), 2 * oracle(x), why=why)
        check_kept(remembered)

    def test_what_is_in_grad_stays_there(self):
        x = self.randn(2, 3).requires_grad_()
        x.grad = torch.full_like(x, 7.0)
        remembered = remember(x=x)
        assert_close(gradient_of(SUM_OF_SQUARES, x), 2 * oracle(x), why=f"{self.why} What was in x.grad is not of f.")
        check_kept(remembered)

    def test_x_may_be_part_of_a_graph(self):
        leaf = self.randn(2, 3).requires_grad_()
        x = (leaf * leaf) * 0.5
        why = "x was made from another tensor. Leave the graph that x belongs to alone: detach() steps out of it."
        assert_close(gradient_of(SUM_OF_SQUARES, x), 2 * oracle(x), why=why)
        assert_that(leaf.grad is None, "Your code left a gradient in the tensor that x was made from.", why=why)
        assert_that(x.requires_grad, "Afterwards x has no connection to its graph.", why=why)
        try:
            (slope,) = torch.autograd.grad(x.sum(), leaf)
        except RuntimeError:
            slope = None
        assert_that(slope is not None, "Afterwards no gradient can flow from x to what it was made from.", why=why)
        assert_close(slope, oracle(leaf), why=why)

    @parameterized.expand([("without a gradient", False), ("with a gradient", True)])
    def test_a_second_call_gives_the_same(self, _case, flag):
        x = self.randn(2, 3).requires_grad_(flag)
        first = gradient_of(SUM_OF_SQUARES, x)
        second = gradient_of(SUM_OF_SQUARES, x)
        for result in (second, first):
            assert_close(result, 2 * oracle(x), why=AGAIN)

    def test_another_call_leaves_the_first_result_alone(self):
        x = self.randn(2, 3)
        first = gradient_of(SUM_OF_SQUARES, x)
        second = gradient_of(SUM_OF_CUBES, x)
        why = "Each call has a result of its own. The caller may keep the first one while asking for the next."
        assert_close(second, 3 * oracle(x) ** 2, why=why)
        assert_close(first, 2 * oracle(x), why=why)

    def test_the_result_is_plain_numbers(self):
        x = self.randn(2, 3)
        result = gradient_of(SUM_OF_CUBES, x)
        assert_close(result, 3 * oracle(x) ** 2, why=PLAIN)
        check_plain(result)

    def test_it_works_on_any_device(self):
        x = self.randn(2, 3)
        assert_follows_device(recording(gradient_of), SUM_OF_SQUARES, x, expected=2 * oracle(x))


class TestStopGradient(KataTest):
    subject = stop_gradient
    why = "The result has the same values, the same shape and the same dtype as x. Only the gradient stops there."

    def test_the_values_stay_and_the_gradient_stops(self):
        x = self.tensor([1.0, -2.0, 3.5]).requires_grad_()
        result = stop_gradient(x)
        assert_close(result, [1.0, -2.0, 3.5], why=self.why)
        why = "What requires a gradient belongs to a graph, and gradients flow through it. The result is a constant."
        assert_that(not result.requires_grad, "The result still requires a gradient.", why=why)

    @parameterized.expand([("with a gradient", True), ("without a gradient", False)])
    def test_the_input_is_left_alone(self, _case, flag):
        x = self.randn(2, 3).requires_grad_(flag)
        x.grad = torch.full_like(x, 7.0)
        remembered = remember(x=x)
        why = "The caller still needs the gradient of x on other ways. Stop it in your result, not in x."
        assert_left_alone(stop_gradient, x, expected=oracle(x), why=why)
        check_kept(remembered)

    def test_gradients_are_still_recorded_afterwards(self):
        x = self.randn(2, 3).requires_grad_()
        assert_close(stop_gradient(x), oracle(x), why=self.why)
        assert_that(torch.is_grad_enabled(), "PyTorch no longer records gradients.", why=RECORDS)

    def test_it_counts_as_a_constant(self):
        x = self.tensor([1.0, -2.0, 3.0]).requires_grad_()
        result = stop_gradient(x)
        assert_close(result, [1.0, -2.0, 3.0], why=self.why)
        (x * result).sum().backward()
        why = "In x * stop_gradient(x) the second factor is a constant. So the slope is x, and not 2 * x as for x²."
        assert_close(x.grad, [1.0, -2.0, 3.0], why=why)

    @parameterized.expand([*SHAPES, EMPTY])
    def test_any_shape_will_do(self, _case, shape):
        x = self.randn(*shape).requires_grad_()
        result = stop_gradient(x)
        assert_close(result, oracle(x), why=self.why)
        assert_that(not result.requires_grad, "The result still requires a gradient.", why=self.why)

    def test_gradients_still_flow_through_x_itself(self):
        leaf = self.randn(2, 3).requires_grad_()
        x = leaf * 2
        result = stop_gradient(x)
        assert_close(result, oracle(x), why=self.why)
        assert_that(not result.requires_grad, "The result still requires a gradient.", why=self.why)
        why = "x is a step on the way from another tensor. Through x itself the gradient flows as before."
        assert_that(x.requires_grad, "Your code changed `requires_grad` of its input `x`.", why=why)
        x.sum().backward()
        assert_close(leaf.grad, torch.full((2, 3), 2.0), why=why)

    @parameterized.expand(
        [
            ("float16", torch.float16),
            ("bfloat16", torch.bfloat16),
            ("whole numbers", torch.int64),
            ("bool", torch.bool),
            ("float64", torch.float64),
        ]
    )
    def test_any_dtype_will_do(self, _case, dtype):
        x = 4 * self.randn(2, 3)
        x = (x.cpu() if dtype == torch.float64 else x).to(dtype)  # not every GPU has float64
        assert_close(stop_gradient(x), oracle(x), why=self.why, dtype=dtype, device=x.device)

    @parameterized.expand([("a large whole number", torch.int64, 2**60 + 1), ("float64", torch.float64, math.pi)])
    def test_no_digit_is_lost(self, _case, dtype, value):
        x = torch.tensor([value, -value], dtype=dtype)  # not every GPU has float64
        why = "The values are the same to the last digit. A detour through another dtype may cost some."
        result = stop_gradient(x)
        assert_close(result, x, why=why, dtype=dtype, device="cpu", rtol=0, atol=0)

    def test_any_memory_layout_will_do(self):
        x = self.randn(4, 3, strided=True).requires_grad_()
        result = stop_gradient(x)
        assert_close(result, oracle(x), why=f"x lies in memory with gaps. {self.why}")
        assert_that(not result.requires_grad, "The result still requires a gradient.", why=self.why)

    def test_inf_and_nan_stay_what_they_are(self):
        x = self.tensor([math.inf, -math.inf, math.nan, 1e-30, -3e38])
        assert_close(stop_gradient(x), oracle(x), why=self.why, atol=0)

    def test_it_works_on_any_device(self):
        x = self.randn(2, 3)
        assert_follows_device(stop_gradient, x, expected=oracle(x))


class TestNumericGradient(KataTest):
    subject = numeric_gradient
    why = "Look at both sides of each number: f at + step and f at - step. These two points lie 2 * step apart."

    def test_the_gradient_of_a_sum_of_squares(self):
        x = self.tensor([1.0, -2.0, 3.0])
        why = f"One slope for each number of x: nudge one number at a time. {self.why} It is above 0 going uphill."
        assert_close(numeric_gradient(SUM_OF_SQUARES, x, 0.25), [2.0, -4.0, 6.0], why=why)

    @parameterized.expand([("a small one", 0.125), ("a half", 0.5), ("a large one", 3.0)])
    def test_the_step_is_the_callers(self, _case, step):
        x = self.tensor([1.0, -2.0, 3.0])
        expected = [slope + step**2 for slope in (3.0, 12.0, 27.0)]  # ((x + h)³ - (x - h)³) / 2h = 3x² + h²
        why = f"Use that step, as it is, on both sides. For a cube exactly {step:g}² is added to the slope then."
        assert_close(numeric_gradient(SUM_OF_CUBES, x, step), expected, why=why)

    @parameterized.expand(SHAPES)
    def test_it_has_the_shape_of_x(self, _case, shape):
        x = self.randn(*shape)
        why = "One number of the result for each number of x, in the shape of x."
        assert_close(numeric_gradient(SUM_OF_CUBES, x, 0.5), 3 * oracle(x) ** 2 + 0.25, why=why, atol=1e-4)

    def test_one_number_is_nudged_at_a_time(self):
        x = self.tensor([3.0, 5.0, 3.0])
        f = Formula("x[0] * x[1] + 10 * x[1] * x[2]", lambda x: x[0] * x[1] + 10 * x[1] * x[2])
        why = "Nudge one number at a time. All others are what they were: put each back before the next."
        assert_close(numeric_gradient(f, x, 0.5), [5.0, 33.0, 50.0], why=why)

    def test_each_number_is_put_back_exactly(self):
        x = self.tensor([1.5, 2.5])
        f = Formula("x[0] * x[1]", lambda x: x[0] * x[1])
        why = (
            "Next to a step of 10⁹, float32 has no digits left for 1.5: who adds the step and subtracts it again is "
            "back at 0. All other numbers stay as they are, whatever the step."
        )
        assert_close(numeric_gradient(f, x, 1e9), [2.5, 1.5], why=why)

    @parameterized.expand([("three dimensions", (2, 1, 3)), ("a number", ())])
    def test_f_gets_what_x_is(self, _case, shape):
        x, seen = self.randn(*shape), []
        f = Formula("the sum of all x²", lambda x: [seen.append(kind(x)), (x**2).sum()][1])
        why = "f takes a tensor of the shape and the dtype of x."
        assert_close(numeric_gradient(f, x, 0.5), 2 * oracle(x), why=why)
        check_seen(seen, kind(x), why=why)

    @parameterized.expand([("x itself", "x", (), lambda x: x), ("the last number", "x[2]", (3,), lambda x: x[2])])
    def test_f_may_return_a_view_of_what_it_gets(self, _case, text, shape, call):
        x = self.randn(*shape)
        expected = torch.tensor([0.0, 0.0, 1.0] if shape else 1.0)
        why = (
            "This f calculates nothing: it returns a part of the tensor that it gets, a view. Change that tensor, and "
            "the value that you keep changes with it."
        )
        assert_close(numeric_gradient(Formula(text, call), x, 0.5), expected, why=why)

    def test_f_may_use_the_shape_of_x(self):
        x = self.randn(2, 3)
        f = Formula("the square of x[1, 2]", lambda x: x[1, 2] ** 2)
        expected = torch.zeros(2, 3, dtype=torch.float64)
        expected[1, 2] = 2 * oracle(x)[1, 2]
        why = "f takes a tensor of the shape of x. It looks at x[1, 2] only: all other slopes are 0."
        assert_close(numeric_gradient(f, x, 0.5), expected, why=why)

    def test_f_may_return_a_python_float(self):
        x = self.tensor([1.0, -2.0, 3.0])
        f = Formula("the sum of all x², as a float", lambda x: float(sum(value**2 for value in x.tolist())))
        why = "f may return a Python float or a 0-d tensor. Take both."
        assert_close(numeric_gradient(f, x, 0.25), [2.0, -4.0, 6.0], why=why)

    @parameterized.expand(
        [("a half", 0.5, [0.75, 2.25], [1.0, 1.0]), ("a tiny one", 1e-6, [2.0, 2.5], [500_000.0, 0.0])],
    )
    def test_f_may_be_a_stair(self, _case, step, values, expected):
        f = Formula("the sum of all x, rounded down", lambda x: torch.floor(x).sum())
        why = (
            "Autograd gives 0 here, for a stair is flat almost everywhere. Use that step: where a rise of 1 lies "
            "between the two points, the slope is 1 / (2 * step)."
        )
        assert_close(numeric_gradient(f, self.tensor(values), step), expected, why=why)

    def test_any_memory_layout_will_do(self):
        x = self.randn(4, 3, strided=True)
        why = "x lies in memory with gaps. Take care that f sees the nudge: reshape and flatten may give a copy."
        assert_close(numeric_gradient(SUM_OF_CUBES, x, 0.5), 3 * oracle(x) ** 2 + 0.25, why=why, atol=1e-4)

    def test_float64_stays_float64(self):
        x = self.randn(2, 3).cpu().double() + 0.1  # not every GPU has float64
        why = "The result has the dtype of x. In float64 a small step is as good as exact."
        actual = numeric_gradient(SUM_OF_CUBES, x, 1e-5)
        assert_close(actual, 3 * oracle(x) ** 2, why=why, dtype=torch.float64, device="cpu", atol=1e-7)

    def test_a_python_float_has_the_digits_of_float64(self):
        x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)  # not every GPU has float64
        f = Formula("the sum of all x², as a float", lambda x: float((x**2).sum()))
        why = (
            "A Python float has 16 digits. torch.tensor makes a float32 of it, with 7 digits, unless you name another "
            "dtype. Then the two values of f, which differ by little, look equal."
        )
        assert_close(numeric_gradient(f, x, 1e-6), [2.0, -4.0, 6.0], why=why, dtype=torch.float64, device="cpu")

    def test_x_may_show_one_number_in_several_places(self):
        x = self.tensor([[1.0], [-2.0]]).expand(2, 3)
        why = (
            "x is stretched by expand: all of a row lies at one place in memory. Whoever writes there nudges the whole "
            "row. Nudge a copy with memory of its own."
        )
        assert_close(numeric_gradient(SUM_OF_SQUARES, x, 0.25), [[2.0] * 3, [-4.0] * 3], why=why)

    def test_f_may_use_tensors_that_require_a_gradient(self):
        x, weights = self.randn(3), self.randn(3).requires_grad_()
        f = Formula("the sum of all x * weights", lambda x: (x * weights).sum())
        why = f"Here what f returns requires a gradient, because the weights do. {PLAIN}"
        result = numeric_gradient(f, x, 0.5)
        assert_close(result, oracle(weights), why=why)
        check_plain(result)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 3)
        remembered = remember(x=x)
        assert_left_alone(numeric_gradient, SUM_OF_SQUARES, x, 0.3, expected=2 * oracle(x))
        check_kept(remembered)

    def test_x_may_require_a_gradient(self):
        x = self.randn(2, 3).requires_grad_()
        remembered = remember(x=x)
        result = numeric_gradient(SUM_OF_SQUARES, x, 0.5)
        assert_close(result, 2 * oracle(x), why=self.why)
        check_kept(remembered)
        check_plain(result)

    def test_gradients_are_still_recorded_afterwards(self):
        x = self.randn(2, 3)
        assert_close(numeric_gradient(SUM_OF_SQUARES, x, 0.5), 2 * oracle(x), why=self.why)
        assert_that(torch.is_grad_enabled(), "PyTorch no longer records gradients.", why=RECORDS)

    def test_it_works_on_any_device(self):
        x = self.randn(2, 3)
        assert_follows_device(numeric_gradient, SUM_OF_SQUARES, x, 0.5, expected=2 * oracle(x))


PRODUCT = Formula("the sum of all w * batch", lambda w, batch: (w * batch).sum())
MEAN_SQUARE = Formula("the mean of (batch @ w)²", lambda w, batch: ((batch @ w) ** 2).mean())


def mean_squares_by_hand(batches, w):
    """The sum of the gradients of MEAN_SQUARE: for each batch the mean of 2 (row · w) row."""
    w = oracle(w)
    total = torch.zeros_like(w)
    for batch in batches:
        for row in oracle(batch):
            total += 2 * (row * w).sum() * row / len(batch)
    return total


class TestAccumulate(KataTest):
    subject = accumulate
    why = "The sum of the gradients of all batches: each batch adds its own."

    def batches(self, *sizes, **options):
        return [self.randn(size, 3, **options) for size in sizes]

    def test_every_batch_adds_its_gradient(self):
        batches = [self.tensor([1.0, 2.0]), self.tensor([10.0, -20.0]), self.tensor([100.0, 300.0])]
        why = (
            "The sum of the gradients of all batches. Here each batch is its own gradient, for f multiplies it by w. "
            "Take care that none counts twice: backward() adds to .grad."
        )
        assert_close(accumulate(PRODUCT, batches, self.tensor([5.0, 7.0])), [111.0, 282.0], why=why)

    @parameterized.expand([("one batch", [3]), ("two batches", [2, 5]), ("four batches", [3, 1, 4, 2])])
    def test_each_batch_counts_on_its_own(self, _case, sizes):
        batches, w = self.batches(*sizes), self.randn(3)
        expected = mean_squares_by_hand(batches, w)
        why = (
            "The sum of the gradients of all batches, each at the same w. f takes the mean of a batch: call it for "
            "each batch on its own, however many rows there are."
        )
        assert_close(accumulate(MEAN_SQUARE, batches, w), expected, why=why)

    def test_a_batch_that_comes_twice_counts_twice(self):
        batch = self.tensor([1.0, 2.0])
        batches = [batch, self.tensor([10.0, -20.0]), batch]
        assert_close(accumulate(PRODUCT, batches, self.tensor([5.0, 7.0])), [12.0, -16.0], why=self.why)

    def test_all_gradients_are_taken_at_the_same_w(self):
        batches, w = [self.tensor([1.0]), self.tensor([10.0])], self.tensor([3.0])
        f = Formula("the sum of all batch * w³", lambda w, batch: (batch * w**3).sum())
        why = "All gradients are taken at the same w: nothing moves w between two batches."
        assert_close(accumulate(f, batches, w), [297.0], why=why)

    def test_a_batch_may_be_a_pair(self):
        pairs = [(self.randn(size, 3), self.randn(size)) for size in (2, 4)]
        w = self.randn(3)
        f = Formula("the mean of (x @ w - y)²", lambda w, batch: ((batch[0] @ w - batch[1]) ** 2).mean())
        total = torch.zeros(3, dtype=torch.float64)
        for x, y in pairs:
            for row, wanted in zip(oracle(x), oracle(y)):
                total += 2 * ((row * oracle(w)).sum() - wanted) * row / len(x)
        why = f"Hand each batch to f as it is, a batch on its own. {self.why}"
        assert_close(accumulate(f, pairs, w), total, why=why)

    def test_a_batch_may_be_whatever_f_takes(self):
        batches, seen = [5.0, 2.0, 0.0], []
        f = Formula("(w - batch)²", lambda w, batch: [seen.append(batch), (w - batch) ** 2][1])
        why = (
            "Each batch is handed to f as it is: a Python number here, and 0 is a batch like any other. The slopes at "
            "w = 2 are -6, 0 and 4."
        )
        assert_close(accumulate(f, batches, self.tensor(2.0)), -2.0, why=why)
        same = all(isinstance(batch, float) for batch in seen)
        assert_that(same, "f was given something else.", why=why, expected=repr(batches), actual=repr(seen))

    def test_a_batch_may_be_whole_numbers(self):
        w, batches = self.tensor([1.0, 2.0, 3.0]), [self.tensor([0, 2, 2]), self.tensor([2])]
        f = Formula("the sum of w[batch]", lambda w, batch: w[batch].sum())
        why = "A batch may be places in w, whole numbers. Hand it to f as it is. Place 2 is named three times here."
        assert_close(accumulate(f, batches, w), [1.0, 0.0, 3.0], why=why)

    @parameterized.expand([("three dimensions", (2, 1, 3), torch.float16), ("a number", (), torch.float32)])
    def test_f_gets_what_w_is(self, _case, shape, dtype):
        w, seen = self.randn(*shape, dtype=dtype), []
        f = Formula("the sum of all w * batch", lambda w, batch: [seen.append(kind(w)), (w * batch).sum()][1])
        why = "f takes a tensor of the shape and the dtype of w."
        assert_close(accumulate(f, [2.0, 3.0], w), torch.full(shape, 5.0), why=why, dtype=dtype)
        check_seen(seen, kind(w), why=why)

    @parameterized.expand([*SHAPES, EMPTY])
    def test_it_has_the_shape_of_w(self, _case, shape):
        w, batches = self.randn(*shape), [self.randn(*shape) for _ in range(3)]
        expected = sum(oracle(batch) for batch in batches)
        why = f"The result has the shape of w. {self.why}"
        assert_close(accumulate(PRODUCT, batches, w), expected, why=why)

    def test_any_memory_layout_will_do(self):
        w, batches = self.randn(4, 3, strided=True), [self.randn(4, 3, strided=True) for _ in range(3)]
        expected = sum(oracle(batch) for batch in batches)
        why = f"The numbers lie in memory with gaps. {self.why}"
        assert_close(accumulate(PRODUCT, batches, w), expected, why=why)

    @parameterized.expand([("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)])
    def test_it_has_the_dtype_of_w(self, _case, dtype):
        w, *batches = (self.randn(2, 3) for _ in range(3))
        if dtype == torch.float64:
            w, *batches = (x.cpu() for x in (w, *batches))  # not every GPU has float64
        w, *batches = (x.to(dtype) for x in (w, *batches))
        expected = sum(oracle(batch) for batch in batches)
        why = "The result has the dtype of w."
        assert_close(accumulate(PRODUCT, batches, w), expected, why=why, dtype=dtype, device=w.device)

    def test_the_input_is_left_alone(self):
        batches, w = self.batches(2, 4), self.randn(3)
        remembered = remember(w=w)
        expected = mean_squares_by_hand(batches, w)
        assert_left_alone(accumulate, MEAN_SQUARE, batches, w, expected=expected, why=KEPT)
        check_kept(remembered)

    def test_the_batches_are_left_alone(self):
        batches, w = self.batches(2, 4), self.randn(3)
        expected, before = mean_squares_by_hand(batches, w), [oracle(batch) for batch in batches]
        kept = list(batches)
        assert_close(accumulate(MEAN_SQUARE, batches, w), expected, why=self.why)
        why = "The list of batches belongs to the caller, who will use it again. Only read it."
        same = len(batches) == 2 and all(batch is old for batch, old in zip(batches, kept))
        same = same and all(torch.equal(oracle(batch), old) for batch, old in zip(batches, before))
        assert_that(same, "Your code changed the list of batches.", why=why)

    def test_w_may_require_a_gradient(self):
        batches, w = self.batches(2, 4), self.randn(3).requires_grad_()
        expected = mean_squares_by_hand(batches, w)
        remembered = remember(w=w)
        why = "w requires a gradient already. A clone of it is a step of the calculation: no leaf, so no .grad."
        assert_close(accumulate(MEAN_SQUARE, batches, w), expected, why=why)
        check_kept(remembered)

    def test_w_may_be_part_of_a_graph(self):
        batches, leaf = self.batches(2, 4), self.randn(3).requires_grad_()
        w = leaf * 2
        why = "w was made from another tensor. Leave the graph that w belongs to alone: detach() steps out of it."
        assert_close(accumulate(MEAN_SQUARE, batches, w), mean_squares_by_hand(batches, w), why=why)
        assert_that(leaf.grad is None, "Your code left a gradient in the tensor that w was made from.", why=why)
        assert_that(w.requires_grad, "Afterwards w has no connection to its graph.", why=why)

    def test_what_is_in_grad_stays_there(self):
        batches, w = self.batches(2, 4), self.randn(3).requires_grad_()
        expected = mean_squares_by_hand(batches, w)
        w.grad = torch.full_like(w, 7.0)
        remembered = remember(w=w)
        why = f"{self.why} What was in w.grad does not count: the sum of all batches is asked for."
        assert_close(accumulate(MEAN_SQUARE, batches, w), expected, why=why)
        check_kept(remembered)

    @parameterized.expand([("without a gradient", False), ("with a gradient", True)])
    def test_a_second_call_gives_the_same(self, _case, flag):
        batches, w = self.batches(2, 4), self.randn(3).requires_grad_(flag)
        expected = mean_squares_by_hand(batches, w)
        first = accumulate(MEAN_SQUARE, batches, w)
        second = accumulate(MEAN_SQUARE, batches, w)
        for result in (second, first):
            assert_close(result, expected, why=AGAIN)

    def test_the_result_is_plain_numbers(self):
        batches, w = self.batches(2, 4), self.randn(3)
        expected = mean_squares_by_hand(batches, w)
        result = accumulate(MEAN_SQUARE, batches, w)
        assert_close(result, expected, why=PLAIN)
        check_plain(result)

    def test_it_works_on_any_device(self):
        w, *batches = (self.randn(2, 3) for _ in range(3))
        expected = sum(oracle(batch) for batch in batches)
        call = recording(lambda w, *batches: accumulate(PRODUCT, list(batches), w))
        assert_follows_device(call, w, *batches, expected=expected)
