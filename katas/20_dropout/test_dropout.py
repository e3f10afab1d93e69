"""The tests of kata 20. Chance is tested with large samples: the margins are so wide that a right answer passes."""

import torch
from dropout import Dropout, drop_rows, dropout

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_raises,
    assert_that,
    oracle,
    parameterized,
)

SCALE = "What survives is divided by 1 - p, the part that stays on average. What is dropped is exactly 0."
ROWS = "A token lives or dies as one: a row of the result is all zeros, or the whole row divided by 1 - p."
EVALUATION = "In evaluation nothing is dropped, so nothing is scaled either: the result equals x."
OUTSIDE = "p is a probability: below 0 or above 1 it means nothing. Raise a ValueError, so that the caller hears of it."
HALVES = [("float16", torch.float16), ("bfloat16", torch.bfloat16)]
ZERO = [("drop nothing", torch.float32, 0.0)]
WRONG_P = [("below 0", -0.1), ("above 1", 1.1), ("two", 2), ("meant as per cent", 30)]


def same_shape(out, x):
    """`out`, after a check that it is a tensor of the shape of x."""
    if not isinstance(out, torch.Tensor) or out.shape != x.shape:
        why = "The result has the same shape as x. What is dropped becomes 0; it does not go away."
        assert_close(out, oracle(x), why=why)
    return out


def check_values(out, x, values, *, why):
    """Check which different values occur in `out`."""
    found = sorted({round(value, 2) for value in same_shape(out, x).flatten().tolist()})
    check_found(found, values, "The result does not hold the values that it should.", why=why)


def check_rows(out, x, value, *, why):
    """Check which different rows occur in `out`: all zeros, and all `value`."""
    found = sorted({tuple(round(number, 2) for number in row) for row in same_shape(out, x).flatten(0, -2).tolist()})
    zeros, survivors = (0.0,) * x.shape[-1], (value,) * x.shape[-1]
    check_found(found, [zeros, survivors], "Other rows occur in the result.", why=why)


def check_found(found, wanted, says, *, why):
    shown = "\n".join(str(value) for value in found[:8]) + ("\n..." if len(found) > 8 else "")
    assert_that(found == wanted, says, why=why, expected="\n".join(str(value) for value in wanted), actual=shown)


def check_dropped(out, x, p, *, why, row=False, dtype=torch.float32, device=None):
    """Check that each element of `out` is either 0 or the survivor that belongs to this place, and that both occur.

    Which elements are dropped is up to chance. With `row` the first element of a row tells it for the whole row.
    """
    expected = oracle(x) / (1 - p)
    if isinstance(out, torch.Tensor) and out.shape == x.shape:
        gone = (out[..., :1] == 0).expand(x.shape) if row else out == 0
        expected[gone.cpu()] = 0
    assert_close(out, expected, why=why, dtype=dtype, device=device)
    zeros = int((expected == 0).sum())
    assert_that(
        0 < zeros < x.numel(),
        f"{zeros} of {x.numel()} elements were dropped.",
        why=f"With p = {p} some are dropped and some survive: each has its own draw.",
    )


def check_share(out, x, p):
    """Check that about the part `p` of the elements of `out` is 0. 6000 draws miss it by 3% once in a million times."""
    share = (same_shape(out, x) == 0).double().mean().item()
    margin = min(0.03, p / 2)
    says = f"Too {'many' if share > p else 'few'} were dropped."
    why = "p is the probability of dropping. The part that survives is 1 - p."
    assert_that(abs(share - p) < margin, says, why=why, expected=f"about {p:.1%}", actual=f"{share:.1%}")


def check_every_place(call, x, *, why):
    """Check that in 60 calls with p = 0.6 each place is dropped, and survives; and that once everything is dropped."""
    fates = torch.stack([(same_shape(call(x.clone()), x) == 0).flatten() for _ in range(60)])
    for says, seen in [("was never dropped", fates), ("was always dropped", ~fates)]:
        never = (~seen.any(0)).nonzero().flatten().tolist()
        assert_that(not never, f"In 60 calls with p = 0.6, place {never} {says}.", why=why)
    assert_that(fates.all(1).any(), "In 60 calls with p = 0.6, never were all dropped at once.", why=why)


def check_same_fate(fates, others, says, *, why):
    """Check that two masks, drawn with p = 0.28, agree by chance only: at 0.28 * 0.28 + 0.72 * 0.72 = 60%."""
    share = (fates == others).double().mean().item()
    assert_that(0.45 < share < 0.75, says, why=why, expected="about 60% agree", actual=f"{share:.0%} agree")


def check_neighbours(fates, *, why):
    """Check that along each dimension elements share their fate by chance only. Drawn with p = 0.28."""
    for dim, size in reversed(list(enumerate(fates.shape))):
        for step in (1, size // 2):
            says = f"Along dimension {dim} of {fates.ndim}, elements that are {step} apart do not have separate draws."
            fate, other = fates.narrow(dim, 0, size - step), fates.narrow(dim, step, size - step)
            check_same_fate(fate, other, says, why=why)


def check_counts(counts, *, why):
    """Check that the number of dropped elements varies, as it does by chance."""
    spread = max(counts) - min(counts)
    says = f"In {len(counts)} calls the number of dropped ones went from {min(counts)} to {max(counts)}."
    assert_that(spread >= 5, says, why=why)


def check_seed(call, x, *, row=False):
    """Check that the global seed decides what is dropped."""
    why = "The draws come from PyTorch's global random stream. After the same torch.manual_seed they are the same."
    torch.manual_seed(3)
    first = call(x.clone())
    check_dropped(first, x, 0.4, why=SCALE, row=row)
    torch.manual_seed(3)
    assert_close(call(x.clone()), oracle(first), why=why)


class TestDropoutFunction(KataTest):
    subject = dropout

    @parameterized.expand(
        [
            ("a usual p", 0.3, torch.float32),
            ("p = 0", 0.0, torch.float32),
            ("p = 1", 1.0, torch.float32),
            ("half precision", 0.3, torch.float16),
        ]
    )
    def test_in_evaluation_nothing_changes(self, _case, p, dtype):
        x = self.randn(4, 5, dtype=dtype)
        assert_close(dropout(x, p, False), oracle(x), why=EVALUATION, dtype=dtype)

    @parameterized.expand([("p = 0.2", 0.2, 10.0), ("p = 0.75", 0.75, 32.0), ("p = 0.5", 0.5, 16.0)])
    def test_what_survives_is_scaled_up(self, _case, p, scaled):
        x = self.tensor([8.0] * 1000)
        check_values(dropout(x, p, True), x, [0.0, scaled], why=f"x holds 8 everywhere, and p = {p}. {SCALE}")

    @parameterized.expand([("few", 0.1), ("a quarter", 0.25), ("most", 0.8)])
    def test_p_is_the_part_that_is_dropped(self, _case, p):
        x = self.tensor([1.0] * 6000)
        check_share(dropout(x, p, True), x, p)

    @parameterized.expand(
        [
            ("a vector", (70,), False),
            ("a batch", (4, 5, 6), False),
            ("four dimensions", (2, 3, 5, 6), False),
            ("a batch of one", (1, 80, 1), False),
            ("a view of a larger tensor", (12, 7), True),
        ]
    )
    def test_every_number_is_dropped_or_scaled_where_it_stands(self, _case, shape, strided):
        x = self.randn(*shape, strided=strided)
        why = f"x may have any shape and any memory layout. {SCALE}"
        check_dropped(dropout(x, 0.4, True), x, 0.4, why=why)

    @parameterized.expand([("a matrix", (60, 50)), ("a batch", (10, 15, 20)), ("four dimensions", (7, 6, 8, 9))])
    def test_every_element_has_its_own_draw(self, _case, shape):
        x = self.randn(*shape)
        why = "Each element of each row and each sequence has its own draw. A shared draw drops them together."
        check_neighbours(same_shape(dropout(x, 0.28, True), x) == 0, why=why)

    def test_every_call_draws_again(self):
        x = self.randn(50, 40)
        first, second, third = (same_shape(dropout(x.clone(), 0.28, True), x) == 0 for _ in range(3))
        why = "Every call draws again. With one mask for all calls the model would never see some of its numbers."
        check_same_fate(first, second, "The second call dropped the same elements as the first.", why=why)
        check_same_fate(first, third, "The third call dropped the same elements as the first.", why=why)

    def test_how_many_are_dropped_is_left_to_chance(self):
        x = self.tensor([1.0] * 100)
        counts = [int((same_shape(dropout(x.clone(), 0.3, True), x) == 0).sum()) for _ in range(25)]
        why = "Each element has its own draw, so the number of dropped ones differs from call to call, around p * n."
        check_counts(counts, why=why)

    def test_a_small_p_drops_a_few(self):
        x = self.tensor([1.0] * 4_000)
        dropped = int((same_shape(dropout(x, 0.02, True), x) == 0).sum())
        why = "p is the probability of dropping, and it may be any number from 0 to 1: here 2 in 100 are dropped."
        assert_that(25 <= dropped <= 135, f"{dropped} of 4000 were dropped.", why=why, expected="about 80")

    @parameterized.expand([("one number", (1,)), ("three numbers", (3,))])
    def test_each_place_is_dropped_now_and_then(self, _case, shape):
        why = "However small x is, each element has its own draw: none is safe, and all may go at once."
        check_every_place(lambda x: dropout(x, 0.6, True), self.randn(*shape), why=why)

    def test_gradients_pass_in_evaluation(self):
        x = oracle(self.randn(4, 5))
        why = "In evaluation x passes unchanged, and so does its gradient. Do not detach it."
        assert_gradients(dropout, x, 0.6, False, expected=x, why=why)

    def test_the_arguments_keep_their_names(self):
        x = self.randn(4, 5)
        assert_close(dropout(x, p=0.3, training=False), oracle(x), why=EVALUATION)

    def test_manual_seed_repeats_the_draw(self):
        check_seed(lambda x: dropout(x, 0.4, True), self.randn(12, 10))

    @parameterized.expand(ZERO)
    def test_p_0_drops_nothing(self, _case, dtype, p):
        x = self.randn(15, 10, dtype=dtype)
        why = "p = 0 drops nothing, in training too."
        assert_close(dropout(x, p, True), oracle(x), why=why, dtype=dtype)

    @parameterized.expand([("float32", torch.float32, 1.0), ("float16", torch.float16, 1.0)])
    def test_p_1_drops_everything(self, _case, dtype, p):
        x = self.randn(4, 5, dtype=dtype)
        why = "p = 1 drops everything: all zeros. Take care: 1 - p is 0 then, and 0 / 0 is NaN."
        assert_close(dropout(x, p, True), torch.zeros(4, 5), why=why, dtype=dtype)

    def test_p_1_leaves_the_gradient_finite(self):
        x = self.randn(4, 5).requires_grad_()
        out = dropout(x, 1.0, True)
        assert_close(out, torch.zeros(4, 5), why="p = 1 drops everything: all zeros.")
        (out + x).sum().backward()  # a residual connection: x itself adds a gradient of 1
        why = "p = 1 drops everything, so it adds 0 to the gradient of x, never NaN. Do not divide x by 0 anywhere."
        assert_close(x.grad, torch.ones(4, 5), why=why)

    @parameterized.expand(WRONG_P)
    def test_p_outside_0_to_1_raises_an_error(self, _case, p):
        assert_raises(ValueError, dropout, self.randn(4, 5), p, True, why=OUTSIDE)

    @parameterized.expand(WRONG_P)
    def test_p_outside_0_to_1_raises_an_error_in_evaluation_too(self, _case, p):
        why = "A wrong p is a mistake in evaluation too. Check p first, before anything else."
        assert_raises(ValueError, dropout, self.randn(4, 5), p, False, why=why)

    @parameterized.expand([*HALVES, ("float64", torch.float64)])
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        x = self.randn(10, 12, dtype=dtype)
        why = f"The result keeps the dtype of x, so take care which dtype a mask has. {SCALE}"
        check_dropped(dropout(x, 0.4, True), x, 0.4, why=why, dtype=dtype)

    def test_the_input_is_left_alone(self):
        x = self.randn(12, 10)
        torch.manual_seed(4)
        out = dropout(x.clone(), 0.4, True)
        check_dropped(out, x, 0.4, why=SCALE)
        torch.manual_seed(4)
        assert_left_alone(dropout, x, 0.4, True, expected=oracle(out))

    def test_it_works_on_any_device(self):
        x = self.randn(12, 10)
        torch.manual_seed(5)
        out = dropout(x, 0.4, True)
        check_dropped(out, x, 0.4, why=SCALE)
        torch.manual_seed(5)
        why = "The mask must be made on the device of x. On a GPU this line would stop the program."
        assert_follows_device(dropout, x, 0.4, True, expected=oracle(out), why=why)

    def test_gradients_reach_what_survived(self):
        x = oracle(self.randn(4, 6))
        x[2] = 0  # a survivor may be 0: its gradient still passes
        torch.manual_seed(0)  # as assert_gradients does before each call
        out = dropout(x, 0.6, True)
        check_dropped(out, x, 0.6, why=SCALE, dtype=torch.float64, device="cpu")
        why = "A survivor passes its gradient on, divided by 1 - p like its value. What was dropped has the gradient 0."
        assert_gradients(dropout, x, 0.6, True, expected=oracle(out), why=why)


class TestDropoutModule(KataTest):
    subject = Dropout

    def test_a_new_layer_drops_and_scales(self):
        layer, x = self.make(Dropout, 0.2), self.tensor([8.0] * 1000)
        why = f"A new layer is in training mode. It drops with the layer's own p, here 0.2, and x holds 8. {SCALE}"
        check_values(layer(x), x, [0.0, 10.0], why=why)

    @parameterized.expand([("few", 0.1), ("most", 0.8)])
    def test_p_is_the_part_that_is_dropped(self, _case, p):
        layer, x = self.make(Dropout, p), self.tensor([1.0] * 6000)
        check_share(layer(x), x, p)

    @parameterized.expand([("a usual p", 0.3), ("p = 1", 1.0)])
    def test_eval_switches_it_off(self, _case, p):
        layer, x = self.make(Dropout, p), self.randn(4, 5)
        layer.eval()
        assert_close(layer(x), oracle(x), why="After eval() the layer is in evaluation mode: the result equals x.")

    def test_train_switches_it_on_again(self):
        layer, x = self.make(Dropout, 0.4), self.randn(12, 10)
        layer.eval()
        assert_close(layer(x), oracle(x), why="After eval() the layer is in evaluation mode: the result equals x.")
        layer.train()
        check_dropped(layer(x), x, 0.4, why=f"After train() the layer is back to training mode. {SCALE}")

    def test_a_model_switches_the_layers_that_it_contains(self):
        layer, x = self.make(Dropout, 0.4), self.randn(12, 10)
        model = torch.nn.Sequential(torch.nn.Sequential(layer))
        why = "eval() and train() of a model that contains it must reach the layer. nn.Module keeps the mode for you."
        model.eval()
        assert_close(model(x), oracle(x), why=why)
        model.train()
        check_dropped(model(x), x, 0.4, why=f"{why} {SCALE}")

    def test_every_layer_keeps_its_own_mode(self):
        one, other = self.make(Dropout, 0.4), self.make(Dropout, 0.4)
        x = self.randn(12, 10)
        other.eval()
        check_dropped(
            one(x), x, 0.4, why="Another layer was switched to evaluation. This one is still in training mode."
        )
        other.train()
        one.eval()
        assert_close(one(x), oracle(x), why="Another layer was switched to training. This one is in evaluation mode.")

    def test_train_and_eval_return_the_layer(self):
        layer = self.make(Dropout, 0.4)
        why = "layer = layer.eval() is a common line: train() and eval() return the layer itself, as nn.Module does."
        assert_that(layer.eval() is layer and layer.train() is layer, "They return something else.", why=why)

    def test_how_many_are_dropped_is_left_to_chance(self):
        layer, x = self.make(Dropout, p=0.3), self.tensor([1.0] * 100)
        counts = [int((same_shape(layer(x.clone()), x) == 0).sum()) for _ in range(25)]
        why = "Each element has its own draw, so the number of dropped ones differs from call to call, around p * n."
        check_counts(counts, why=why)

    def test_half_precision_stays_in_evaluation(self):
        layer, x = self.make(Dropout, 0.3), self.randn(4, 5, dtype=torch.float16)
        layer.eval()
        assert_close(layer(x), oracle(x), why=EVALUATION, dtype=torch.float16)

    def test_every_layer_keeps_its_own_p(self):
        x = self.tensor([8.0] * 1000)
        one, other = self.make(Dropout, 0.2), self.make(Dropout, 0.75)
        why = "A model has many layers. Each drops with the layer's own p: here p = {}, and x holds 8 everywhere."
        check_values(one(x), x, [0.0, 10.0], why=why.format(0.2))
        check_values(other(x), x, [0.0, 32.0], why=why.format(0.75))

    @parameterized.expand(
        [
            ("a vector", (70,), False),
            ("a batch of one", (1, 80, 1), False),
            ("four dimensions", (2, 3, 5, 6), False),
            ("a view of a larger tensor", (12, 7), True),
        ]
    )
    def test_every_number_is_dropped_or_scaled_where_it_stands(self, _case, shape, strided):
        layer, x = self.make(Dropout, 0.4), self.randn(*shape, strided=strided)
        check_dropped(layer(x), x, 0.4, why=f"x may have any shape. {SCALE}")

    def test_every_element_has_its_own_draw(self):
        layer, x = self.make(Dropout, 0.28), self.randn(7, 6, 8, 9)
        why = "Each element of each row and each sequence has its own draw."
        check_neighbours(same_shape(layer(x), x) == 0, why=why)

    def test_every_call_draws_a_fresh_mask(self):
        layer, x = self.make(Dropout, 0.28), self.randn(50, 40)
        first, second, third = (same_shape(layer(x.clone()), x) == 0 for _ in range(3))
        why = "Every call draws a fresh mask. With one mask for all calls some numbers would never be seen."
        check_same_fate(first, second, "The second call dropped the same elements as the first.", why=why)
        check_same_fate(first, third, "The third call dropped the same elements as the first.", why=why)

    def test_manual_seed_repeats_the_draw(self):
        check_seed(self.make(Dropout, 0.4), self.randn(12, 10))

    def test_there_is_nothing_to_learn(self):
        layer = self.make(Dropout, 0.3)
        why = "The layer has no parameters: p is a fixed number, and the optimizer must not see it."
        assert_equal(len(list(layer.parameters())), 0, why=why)

    def test_p_0_drops_nothing(self):
        layer, x = self.make(Dropout, 0), self.randn(30, 40)
        assert_close(layer(x), oracle(x), why="p = 0 drops nothing, in training mode too.")

    def test_p_1_drops_everything(self):
        layer, x = self.make(Dropout, 1), self.randn(4, 5)
        assert_close(layer(x), torch.zeros(4, 5), why="p = 1 drops everything: all zeros, never NaN.")

    @parameterized.expand(WRONG_P)
    def test_p_outside_0_to_1_raises_an_error(self, _case, p):
        why = "The layer refuses a wrong p with a ValueError when it is made. Waiting for the first call is too late."
        assert_raises(ValueError, Dropout, p, why=why)

    @parameterized.expand(HALVES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        layer, x = self.make(Dropout, 0.4), self.randn(10, 12, dtype=dtype)
        check_dropped(layer(x), x, 0.4, why=f"The result keeps the dtype of x. {SCALE}", dtype=dtype)

    def test_the_input_is_left_alone(self):
        layer, x = self.make(Dropout, 0.4), self.randn(12, 10)
        torch.manual_seed(4)
        out = layer(x.clone())
        check_dropped(out, x, 0.4, why=SCALE)
        torch.manual_seed(4)
        assert_left_alone(layer, x, expected=oracle(out))

    def test_it_works_on_any_device(self):
        layer, x = self.make(Dropout, 0.4), self.randn(12, 10)
        torch.manual_seed(5)
        out = layer(x)
        check_dropped(out, x, 0.4, why=SCALE)
        torch.manual_seed(5)
        why = "The mask must be made on the device of x. On a GPU this line would stop the program."
        assert_follows_device(layer, x, expected=oracle(out), why=why)

    def test_gradients_reach_what_survived(self):
        layer, x = self.make(Dropout, 0.6).cpu().double(), oracle(self.randn(4, 6))
        torch.manual_seed(0)  # as assert_gradients does before each call
        out = layer(x)
        check_dropped(out, x, 0.6, why=SCALE, dtype=torch.float64, device="cpu")
        why = "A survivor passes its gradient on, divided by 1 - p like its value. What was dropped has the gradient 0."
        assert_gradients(layer, x, expected=oracle(out), why=why)

    def test_gradients_pass_in_evaluation(self):
        layer, x = self.make(Dropout, 0.6).cpu().double().eval(), oracle(self.randn(4, 6))
        why = "In evaluation x passes unchanged, and so does its gradient. Do not detach it."
        assert_gradients(layer, x, expected=x, why=why)


class TestDropRows(KataTest):
    subject = drop_rows

    @parameterized.expand(
        [
            ("a usual p", 0.3, torch.float32),
            ("p = 0", 0.0, torch.float32),
            ("p = 1", 1.0, torch.float32),
            ("half precision", 0.3, torch.float16),
        ]
    )
    def test_in_evaluation_nothing_changes(self, _case, p, dtype):
        x = self.randn(2, 5, 3, dtype=dtype)
        assert_close(drop_rows(x, p, False), oracle(x), why=EVALUATION, dtype=dtype)

    def test_a_token_lives_or_dies_as_one(self):
        x = self.tensor([[[8.0] * 3] * 25] * 40)
        check_rows(drop_rows(x, 0.2, True), x, 10.0, why=f"x holds 8 everywhere, and p = 0.2. {ROWS}")

    @parameterized.expand([("p = 0.5", 0.5, 16.0), ("p = 0.75", 0.75, 32.0)])
    def test_what_survives_is_scaled_up(self, _case, p, scaled):
        x = self.tensor([[[8.0] * 2] * 20] * 60)
        check_rows(drop_rows(x, p, True), x, scaled, why=f"x holds 8 everywhere, and p = {p}. {ROWS}")

    @parameterized.expand(
        [
            ("one sequence", (60, 3), False),
            ("heads", (2, 3, 20, 4), False),
            ("a batch of one", (1, 70, 2), False),
            ("one token each", (80, 1, 3), False),
            ("one feature", (4, 20, 1), False),
            ("a square", (5, 15, 15), False),
            ("a cube", (9, 9, 9), False),
            ("a view of a larger tensor", (4, 21, 3), True),
        ]
    )
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape, strided):
        x = self.randn(*shape, strided=strided)
        why = f"x is (..., T, D) with any leading dimensions and any memory layout: count from the right. {ROWS}"
        check_dropped(drop_rows(x, 0.4, True), x, 0.4, why=why, row=True)

    @parameterized.expand([("one sequence", (2000, 2)), ("a batch", (40, 50, 2)), ("heads", (8, 12, 20, 2))])
    def test_every_token_has_its_own_draw(self, _case, shape):
        x = self.randn(*shape)
        why = "Each token of each sequence (and each head) has its own draw. A shared draw drops them together."
        check_neighbours(same_shape(drop_rows(x, 0.28, True), x)[..., 0] == 0, why=why)

    @parameterized.expand([("few", 0.1), ("a quarter", 0.25), ("most", 0.8)])
    def test_p_is_the_part_that_is_dropped(self, _case, p):
        x = self.tensor([[[1.0] * 2] * 1500] * 4)
        check_share(drop_rows(x, p, True), x, p)

    def test_every_call_draws_again(self):
        x = self.randn(40, 50, 2)
        first, second, third = (same_shape(drop_rows(x.clone(), 0.28, True), x)[..., 0] == 0 for _ in range(3))
        why = "Every call draws again. With one mask for all calls the model would never see some of its tokens."
        check_same_fate(first, second, "The second call dropped the same tokens as the first.", why=why)
        check_same_fate(first, third, "The third call dropped the same tokens as the first.", why=why)

    def test_how_many_are_dropped_is_left_to_chance(self):
        x = self.tensor([[[1.0]] * 20] * 5)
        counts = [int((same_shape(drop_rows(x.clone(), 0.3, True), x) == 0).sum()) for _ in range(25)]
        why = "Each token has its own draw, so the number of dropped ones differs from call to call, around p * n."
        check_counts(counts, why=why)

    def test_a_small_p_drops_a_few(self):
        x = self.tensor([[1.0]] * 4_000)
        dropped = int((same_shape(drop_rows(x, 0.02, True), x) == 0).sum())
        why = "p is the probability of dropping, and it may be any number from 0 to 1: here 2 in 100 are dropped."
        assert_that(25 <= dropped <= 135, f"{dropped} of 4000 were dropped.", why=why, expected="about 80")

    @parameterized.expand([("a single token", (1, 1)), ("three tokens", (1, 3, 1))])
    def test_each_place_is_dropped_now_and_then(self, _case, shape):
        why = "However small x is, each element has its own draw: none is safe, and all may go at once."
        check_every_place(lambda x: drop_rows(x, 0.6, True), self.randn(*shape), why=why)

    def test_gradients_pass_in_evaluation(self):
        x = oracle(self.randn(2, 3, 2))
        why = "In evaluation x passes unchanged, and so does its gradient. Do not detach it."
        assert_gradients(drop_rows, x, 0.6, False, expected=x, why=why)

    def test_the_arguments_keep_their_names(self):
        x = self.randn(4, 5)
        assert_close(drop_rows(x, p=0.3, training=False), oracle(x), why=EVALUATION)

    def test_manual_seed_repeats_the_draw(self):
        check_seed(lambda x: drop_rows(x, 0.4, True), self.randn(5, 20, 3), row=True)

    @parameterized.expand(ZERO)
    def test_p_0_drops_nothing(self, _case, dtype, p):
        x = self.randn(15, 10, 2, dtype=dtype)
        why = "p = 0 drops nothing, in training too."
        assert_close(drop_rows(x, p, True), oracle(x), why=why, dtype=dtype)

    @parameterized.expand([("float32", torch.float32, 1.0), ("float16", torch.float16, 1.0)])
    def test_p_1_drops_everything(self, _case, dtype, p):
        x = self.randn(4, 5, 3, dtype=dtype)
        why = "p = 1 drops everything: all zeros. Take care: 1 - p is 0 then, and 0 / 0 is NaN."
        assert_close(drop_rows(x, p, True), torch.zeros(4, 5, 3), why=why, dtype=dtype)

    def test_p_1_leaves_the_gradient_finite(self):
        x = self.randn(5, 3).requires_grad_()
        out = drop_rows(x, 1.0, True)
        assert_close(out, torch.zeros(5, 3), why="p = 1 drops everything: all zeros.")
        (out + x).sum().backward()  # a residual connection: x itself adds a gradient of 1
        why = "p = 1 drops everything, so it adds 0 to the gradient of x, never NaN. Do not divide x by 0 anywhere."
        assert_close(x.grad, torch.ones(5, 3), why=why)

    @parameterized.expand(WRONG_P)
    def test_p_outside_0_to_1_raises_an_error(self, _case, p):
        assert_raises(ValueError, drop_rows, self.randn(2, 5, 3), p, True, why=OUTSIDE)

    @parameterized.expand(WRONG_P)
    def test_p_outside_0_to_1_raises_an_error_in_evaluation_too(self, _case, p):
        why = "A wrong p is a mistake in evaluation too. Check p first, before anything else."
        assert_raises(ValueError, drop_rows, self.randn(2, 5, 3), p, False, why=why)

    @parameterized.expand([*HALVES, ("float64", torch.float64)])
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        x = self.randn(5, 20, 3, dtype=dtype)
        why = f"The result keeps the dtype of x, so take care which dtype a mask has. {ROWS}"
        check_dropped(drop_rows(x, 0.4, True), x, 0.4, why=why, row=True, dtype=dtype)

    def test_the_input_is_left_alone(self):
        x = self.randn(5, 20, 3)
        torch.manual_seed(4)
        out = drop_rows(x.clone(), 0.4, True)
        check_dropped(out, x, 0.4, why=ROWS, row=True)
        torch.manual_seed(4)
        assert_left_alone(drop_rows, x, 0.4, True, expected=oracle(out))

    def test_it_works_on_any_device(self):
        x = self.randn(5, 20, 3)
        torch.manual_seed(5)
        out = drop_rows(x, 0.4, True)
        check_dropped(out, x, 0.4, why=ROWS, row=True)
        torch.manual_seed(5)
        why = "The mask must be made on the device of x. On a GPU this line would stop the program."
        assert_follows_device(drop_rows, x, 0.4, True, expected=oracle(out), why=why)

    def test_gradients_reach_what_survived(self):
        x = oracle(self.randn(3, 8, 2))
        torch.manual_seed(0)  # as assert_gradients does before each call
        out = drop_rows(x, 0.6, True)
        check_dropped(out, x, 0.6, why=ROWS, row=True, dtype=torch.float64, device="cpu")
        why = "A survivor passes its gradient on, divided by 1 - p like its value. What was dropped has the gradient 0."
        assert_gradients(drop_rows, x, 0.6, True, expected=oracle(out), why=why)
