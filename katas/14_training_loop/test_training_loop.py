"""The tests of kata 14. Run them with: make kata N=14"""

import itertools
import math

import torch
from torch import nn
from training_loop import evaluate, minibatches, sgd_step_, train, train_step

from dojo.elsewhere import Elsewhere, elsewhere
from dojo.testing import KataTest, assert_close, assert_equal, assert_that, on_two_devices, oracle, parameterized

SQUARES = "The loss is the mean of the squares of all errors, model(x) - y, over all numbers of y."
RECORDS = "Whether PyTorch records gradients is the caller's choice, for the whole program. Leave it as you found it."
DIGITS = "float64 keeps 16 digits, and float32 only 7. Stay with the dtype of the model, and no digit is lost."
CALL = (
    "Call the model itself: model(x). The call runs forward, and what was attached to the model too. Here that is a "
    "hook, a function that changes what comes out."
)
SHAPES = [
    ("a row in, a row out", (4, 3), 2),
    ("one output", (5, 2), 1),
    ("one row", (1, 3), 2),
    ("one input", (4, 1), 3),
    ("as many outputs as rows", (3, 2), 3),
    ("a batch of sequences", (2, 4, 3), 2),
]


class Scale(nn.Module):
    """Multiplies its input by one number."""

    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, x):
        return x * self.scale

    def __repr__(self):
        return "a model that multiplies x by its parameter `scale`"


class Centered(nn.Module):
    """Takes the mean of the batch away from each row, so that a row says something only among the others."""

    def forward(self, x):
        return x - x.mean(0)

    def __repr__(self):
        return "a model that subtracts the mean over the batch"


class Seeded(torch.Generator):
    """A generator that a message can show."""

    def __repr__(self):
        return f"a generator with the seed {self.initial_seed()}"


class Probe(nn.Module):
    """Gives its input on, and notes what it sees."""

    def __init__(self, note):
        super().__init__()
        self.note = note

    def forward(self, x):
        self.note("training mode" if self.training else "evaluation mode", "a graph" if x.requires_grad else "no graph")
        return x


def check_number(actual, expected, *, why, rtol=1e-4):
    """Check a Python float, up to rounding."""
    near = isinstance(actual, float) and math.isclose(actual, expected, rel_tol=rtol, abs_tol=1e-9)
    assert_equal(expected if near else actual, expected, why=why)


def check_numbers(actual, expected, *, why, rtol=1e-4):
    """Check a list of Python floats, up to rounding."""
    if isinstance(actual, list) and len(actual) == len(expected):
        kinds = sorted({type(item).__name__ for item in actual if not isinstance(item, float)})
        says = "The list does not hold Python floats."
        assert_that(not kinds, says, why=why, expected="float", actual=", ".join(kinds))
        if all(math.isclose(*pair, rel_tol=rtol, abs_tol=1e-9) for pair in zip(actual, expected)):
            actual = expected
    assert_equal(actual, expected, why=why)


def by_hand(model, x, y, lr, steps=1):
    """The losses of a Linear that is trained with SGD, then its weight and its bias: worked out without autograd."""
    weight, bias = oracle(model.weight), oracle(model.bias)
    x, y = oracle(x).flatten(0, -2), oracle(y).flatten(0, -2)
    losses = []
    for _ in range(steps):
        errors = x @ weight.T + bias - y
        losses.append(float((errors * errors).sum()) / errors.numel())
        weight -= lr * 2 / errors.numel() * (errors.T @ x)
        bias -= lr * 2 / errors.numel() * errors.sum(0)
    return losses, weight, bias


def check_recording(now, before):
    says = f"PyTorch {'no longer records gradients' if before else 'records gradients now'}."
    assert_that(now == before, says, why=RECORDS)


class LoopTest(KataTest):
    """What the tests of this kata have in common."""

    def scale(self, scale=1.0):
        """A model, inputs and targets to reckon with: the errors are -2 and -4, and 3 would be the right scale."""
        return Scale(scale).to(self.device), self.tensor([[1.0], [2.0]]), self.tensor([[3.0], [6.0]])

    def linear(self, shape=(4, 3), outputs=2, dtype=torch.float32):
        """A Linear with weights of this test, inputs and targets."""
        model = nn.Linear(shape[-1], outputs, dtype=dtype).to(self.device)
        with torch.no_grad():
            model.weight.copy_(self.randn(outputs, shape[-1]))
            model.bias.copy_(self.randn(outputs))
        return model, self.randn(*shape, dtype=dtype), self.randn(*shape[:-1], outputs, dtype=dtype)

    def probed(self):
        """The model of `scale` with a probe behind it, what this has seen, inputs and targets."""
        (model, x, y), seen = self.scale(), []
        return nn.Sequential(model, Probe(lambda *words: seen.append(words))), seen, x, y

    def double(self):
        """A Linear on the CPU in float64, which not every GPU has."""
        model, x, y = self.linear()
        return model.cpu().double(), x.cpu().double(), y.cpu().double()


def modes(model):
    return {name or "the model": "train" if module.training else "eval" for name, module in model.named_modules()}


def check_training(model, seen, steps):
    """Check that the model was in training mode when it was called, once in each step, and still is."""
    why = "The model is in training mode, so that layers such as dropout do their work. It trains in it, and stays so."
    called = {mode for mode, _ in seen}
    assert_that(called == {"training mode"}, "The model was called in evaluation mode.", why=why)
    assert_that(set(modes(model).values()) == {"train"}, "Afterwards the model is in evaluation mode.", why=why)
    why = (
        "A step calls the model once, with all of x. A layer may look at the whole batch, and may draw random numbers "
        "at each call: so the loss that you return and the gradients come from one and the same call."
    )
    says = "The model was called too often, or not often enough."
    assert_that(len(seen) == steps, says, why=why, expected=f"calls: {steps}", actual=f"calls: {len(seen)}")


def check_parameter(parameter, expected, *, why, **options):
    assert_close(parameter.detach(), expected, why=why, **options)


class TestSgdStep(LoopTest):
    subject = sgd_step_
    why = (
        "The new value is the old one minus lr times the gradient. It is written into the parameter itself, in place, "
        "and autograd must not record that."
    )

    def parameter(self, values, gradient=None):
        parameter = nn.Parameter(self.tensor(values))
        parameter.grad = None if gradient is None else self.tensor(gradient)
        return parameter

    def test_a_parameter_moves_against_its_gradient(self):
        weight = self.parameter([1.0, 2.0, -3.0], [10.0, -20.0, 0.0])
        sgd_step_(parameters=[weight], lr=0.1)
        check_parameter(weight, [0.0, 4.0, -3.0], why=self.why)

    @parameterized.expand([("a small step", 0.001), ("a large step", 3.0), ("no step", 0.0)])
    def test_lr_says_how_far(self, _case, lr):
        weight = self.parameter([1.0, 2.0, -3.0], [10.0, -2000.0, 0.5])
        sgd_step_(parameters=[weight], lr=lr)
        expected = [1.0 - 10.0 * lr, 2.0 + 2000.0 * lr, -3.0 - 0.5 * lr]
        check_parameter(weight, expected, why=self.why)

    def test_each_parameter_makes_its_step(self):
        first, second = self.parameter([[1.0, 2.0], [3.0, 4.0]], [[10.0, 10.0]] * 2), self.parameter(8.0, 20.0)
        sgd_step_(parameters=[first, second], lr=0.1)
        why = f"There are two: each parameter makes its own step. {self.why}"
        check_parameter(first, [[0.0, 1.0], [2.0, 3.0]], why=why)
        check_parameter(second, 6.0, why=why)

    @parameterized.expand([("the first one", 0), ("one in the middle", 1), ("the last one", 2)])
    def test_a_parameter_without_a_gradient_stays(self, _case, place):
        parameters = [self.parameter([1.0, 2.0], None if index == place else [10.0, -20.0]) for index in range(3)]
        why = "Skip a parameter without a gradient, whose .grad is None, and go on with the next."
        sgd_step_(parameters=parameters, lr=0.1)
        for index, parameter in enumerate(parameters):
            check_parameter(parameter, [1.0, 2.0] if index == place else [0.0, 4.0], why=why)

    def test_parameters_may_come_one_by_one(self):
        model, x, y = self.linear()
        (_, weight, bias) = by_hand(model, x, y, 0.1)
        (model(x) - y).square().mean().backward()
        why = (
            "model.parameters() can be walked through only once: it has no len(), and a second loop finds nothing. "
            "In that one walk each parameter makes its step."
        )
        sgd_step_(parameters=model.parameters(), lr=0.1)
        check_parameter(model.weight, weight, why=why)
        check_parameter(model.bias, bias, why=why)

    def test_grad_is_left_alone(self):
        first, second = self.parameter([1.0, 2.0], [10.0, -20.0]), self.parameter([5.0])
        sgd_step_(parameters=[first, second], lr=0.1)
        check_parameter(first, [0.0, 4.0], why=self.why)
        why = "To clear the gradients is a job of its own. Here `.grad` is only read."
        assert_that(first.grad is not None, "Your code emptied `.grad` of a parameter.", why=why)
        assert_close(first.grad, [10.0, -20.0], why=why)
        assert_that(second.grad is None, "Your code filled a `.grad` that was None.", why=why)

    def test_a_parameter_is_still_a_leaf_that_requires_a_gradient(self):
        weight = self.parameter([1.0, 2.0], [10.0, -20.0])
        frozen, without = self.parameter([5.0]).requires_grad_(False), self.parameter([5.0])
        sgd_step_(parameters=[weight, frozen, without], lr=0.1)
        check_parameter(weight, [0.0, 4.0], why=self.why)
        check_parameter(frozen, [5.0], why=self.why)
        why = "The update is no step of the graph. A parameter is a leaf before and after, and learns on."
        assert_that(weight.requires_grad, "The parameter no longer requires a gradient.", why=why)
        assert_that(weight.is_leaf, "The parameter is no leaf any more.", why=why)
        assert_that(not frozen.requires_grad, "A frozen parameter requires a gradient now.", why=why)
        says = "A parameter whose .grad is None no longer requires a gradient."
        assert_that(without.requires_grad, says, why=why)

    def test_a_frozen_parameter_may_have_a_gradient(self):
        frozen = self.parameter([1.0, 2.0], [10.0, -20.0]).requires_grad_(False)
        sgd_step_(parameters=[frozen], lr=0.1)
        why = "It was frozen after its gradient came. Only `.grad` counts here: a parameter that has one moves."
        check_parameter(frozen, [0.0, 4.0], why=why)
        why = "Its value moves, and nothing else. It does not require a gradient, before and after."
        assert_that(not frozen.requires_grad, "A frozen parameter requires a gradient now.", why=why)

    def test_small_gradients_count_too(self):
        weight = self.parameter([1.0, 2.0], [1e-6, -2e-6])
        sgd_step_(parameters=[weight], lr=1e5)
        check_parameter(weight, [0.9, 2.2], why=self.why)

    @parameterized.expand([("recording", True), ("not recording", False)])
    def test_gradients_are_recorded_as_before(self, _case, recording):
        weight = self.parameter([1.0, 2.0], [10.0, -20.0])
        with torch.set_grad_enabled(recording):
            sgd_step_(parameters=[weight], lr=0.1)
            now = torch.is_grad_enabled()
        check_parameter(weight, [0.0, 4.0], why=self.why)
        check_recording(now, recording)

    def test_nothing_is_returned(self):
        weight = self.parameter([1.0, 2.0], [10.0, -20.0])
        result = sgd_step_(parameters=[weight], lr=0.1)
        check_parameter(weight, [0.0, 4.0], why=self.why)
        why = "The parameters themselves have changed, and the caller holds them. There is nothing to return."
        assert_that(result is None, "It returned something.", why=why, expected="None", actual=type(result).__name__)

    def test_a_second_step_goes_on_from_the_first(self):
        weight = self.parameter([1.0, 2.0], [10.0, -20.0])
        for _ in range(2):
            sgd_step_(parameters=[weight], lr=0.1)
        check_parameter(weight, [-1.0, 6.0], why=self.why)

    @parameterized.expand([("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)])
    def test_the_dtype_stays(self, _case, dtype):
        weight, gradient = self.tensor([1.0, 2.0]), self.tensor([10.0, -20.0])
        if dtype == torch.float64:
            weight, gradient = weight.cpu(), gradient.cpu()  # not every GPU has float64
        weight = nn.Parameter(weight.to(dtype))
        weight.grad = gradient.to(dtype)
        sgd_step_(parameters=[weight], lr=0.5)
        check_parameter(weight, [-4.0, 12.0], why=self.why, dtype=dtype, device=weight.device)

    def test_each_parameter_keeps_its_own_dtype(self):
        first, second = self.parameter([1.0, 2.0], [10.0, -20.0]), nn.Parameter(self.tensor([1.0], torch.float16))
        second.grad = self.tensor([2.0], torch.float16)
        sgd_step_(parameters=[first, second], lr=0.5)
        check_parameter(first, [-4.0, 12.0], why=self.why)
        check_parameter(second, [0.0], why=self.why, dtype=torch.float16)

    def test_no_digit_of_float64_is_lost(self):
        weight = nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float64))
        weight.grad = torch.tensor([2.0**-40, 1.0], dtype=torch.float64)
        sgd_step_(parameters=[weight], lr=0.1)
        expected = [1.0 - 0.1 * 2.0**-40, -0.1]
        check_parameter(weight, expected, why=DIGITS, dtype=torch.float64, device="cpu", rtol=1e-14, atol=0.0)

    def test_all_stays_on_the_device_of_the_parameter(self):
        weight = self.parameter([1.0, 2.0], [10.0, -20.0])
        sgd_step_(parameters=[weight], lr=0.1)
        check_parameter(weight, [0.0, 4.0], why=self.why)
        moved = elsewhere(self.tensor([1.0, 2.0]))
        moved.grad = elsewhere(self.tensor([10.0, -20.0]))
        why = "A tensor that you make for the update must live where the parameter lives. A Python number always can."
        on_two_devices(lambda: sgd_step_(parameters=[moved], lr=0.1), why=why)

    def test_any_memory_layout_will_do(self):
        values, gradient = self.randn(4, 3, strided=True), self.randn(4, 3, strided=True)
        weight = values.detach().requires_grad_()
        expected = oracle(values) - 0.25 * oracle(gradient)
        weight.grad = gradient
        sgd_step_(parameters=[weight], lr=0.25)
        check_parameter(weight, expected, why=f"The numbers lie in memory with gaps. {self.why}")


class TestTrainStep(LoopTest):
    subject = train_step
    why = "The model makes one step along the gradients of this loss: forward, loss, backward, and then the update."

    def sgd(self, model, lr=0.1, **options):
        return torch.optim.SGD(model.parameters(), lr=lr, **options)

    def test_one_step_of_training(self):
        model, x, y = self.scale()
        why = f"x * scale is 1 and 2, and y is 3 and 6. The errors are -2 and -4: (4 + 16) / 2 is 10. {SQUARES}"
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, 10.0, why=f"{why} Return it as it was before the update.")
        why = f"The slope of the loss is -10 here, and lr is 0.1: scale goes from 1 to 2. {self.why}"
        check_parameter(model.scale, 2.0, why=why)

    def test_a_second_step_has_a_smaller_loss(self):
        model, x, y = self.scale()
        optimizer = self.sgd(model)
        why = "backward() adds to .grad. What is left of the step before does not count: each has its own gradient."
        losses = [train_step(model, optimizer, x, y) for _ in range(4)]
        check_numbers(losses, [10.0, 2.5, 0.625, 0.15625], why=why)
        check_parameter(model.scale, 2.875, why=why)

    def test_old_gradients_do_not_count(self):
        model, x, y = self.scale()
        model.scale.grad = self.tensor(100.0)
        outer = nn.Sequential(nn.Sequential(model))  # its parameter lies two modules deep
        loss = train_step(outer, self.sgd(outer), x, y)
        check_number(loss, 10.0, why=SQUARES)
        why = "backward() adds to .grad. What stood there before the call does not count: clear it first."
        check_parameter(model.scale, 2.0, why=why)

    @parameterized.expand(SHAPES)
    def test_the_mean_is_over_all_numbers(self, _case, shape, outputs):
        model, x, y = self.linear(shape, outputs)
        (losses, weight, bias) = by_hand(model, x, y, 0.1)
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, losses[0], why=SQUARES)
        check_parameter(model.weight, weight, why=self.why)
        check_parameter(model.bias, bias, why=self.why)

    def test_the_optimizer_may_have_a_memory(self):
        model, x, y = self.scale()
        optimizer = self.sgd(model, momentum=0.5)
        losses = [train_step(model, optimizer, x, y) for _ in range(3)]
        # the slopes are -10, -5, 0; the steps 0.1 * 10, 0.1 * (5 + 10 / 2), 0.1 * (0 + 10 / 2)
        why = "Leave the update to the optimizer that it is given. This one remembers its last step (momentum)."
        check_numbers(losses, [10.0, 2.5, 0.0], why=why)
        check_parameter(model.scale, 3.5, why=why)

    def test_the_optimizer_may_be_of_another_kind(self):
        model, x, y = self.scale()
        loss = train_step(model, torch.optim.Adam(model.parameters(), lr=0.25), x, y)
        check_number(loss, 10.0, why=SQUARES)
        why = "Leave the update to the optimizer that it is given. The first step of this one (Adam) has length lr."
        check_parameter(model.scale, 1.25, why=why)

    def test_the_optimizer_may_hold_some_of_the_parameters(self):
        model, x, y = self.linear()
        before = oracle(model.weight)
        (losses, _, bias) = by_hand(model, x, y, 0.1)
        loss = train_step(model, torch.optim.SGD([model.bias], lr=0.1), x, y)
        check_number(loss, losses[0], why=SQUARES)
        why = "Leave the update to the optimizer that it is given. This one holds the bias only: the weight stays."
        check_parameter(model.weight, before, why=why)
        check_parameter(model.bias, bias, why=why)

    def test_some_parameters_may_be_frozen(self):
        model, x, y = self.linear()
        before = oracle(model.weight)
        (losses, _, bias) = by_hand(model, x, y, 0.1)
        model.weight.requires_grad_(False)
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, losses[0], why=SQUARES)
        why = "The weight does not require a gradient: it stays. The bias makes its step."
        check_parameter(model.weight, before, why=why)
        check_parameter(model.bias, bias, why=why)

    def test_the_model_trains_in_training_mode(self):
        model, seen, x, y = self.probed()
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, 10.0, why=SQUARES)
        check_training(model, seen, 1)

    def test_the_model_itself_is_called(self):
        model, x, y = self.scale(2.0)
        model.register_forward_hook(lambda _model, _inputs, output: output / 2)
        # the errors are -2 and -4; the slope is half of that without the hook
        check_number(train_step(model, self.sgd(model), x, y), 10.0, why=CALL)
        check_parameter(model.scale, 2.5, why=CALL)

    def test_a_frozen_parameter_may_have_an_old_gradient(self):
        model, x, y = self.linear()
        before = oracle(model.weight)
        (losses, _, bias) = by_hand(model, x, y, 0.1)
        model.weight.grad = torch.ones_like(model.weight)
        model.weight.requires_grad_(False)
        check_number(train_step(model, self.sgd(model), x, y), losses[0], why=SQUARES)
        why = (
            "The weight was frozen with a gradient in its .grad. step() moves along whatever stands there, so that "
            "must be cleared too: the weight stays."
        )
        check_parameter(model.weight, before, why=why)
        check_parameter(model.bias, bias, why=self.why)

    def test_a_parameter_may_be_of_no_use(self):
        model, x, y = self.scale()
        model.spare = nn.Parameter(self.tensor(7.0))
        check_number(train_step(model, self.sgd(model), x, y), 10.0, why=SQUARES)
        why = "The model holds a parameter that it does not use. No gradient reaches it: it stays, and is no error."
        check_parameter(model.spare, 7.0, why=why)
        check_parameter(model.scale, 2.0, why=self.why)

    def test_parts_of_the_model_may_have_a_learning_rate_of_their_own(self):
        model, x, y = self.linear()
        (_, weight, _) = by_hand(model, x, y, 0.1)
        (losses, _, bias) = by_hand(model, x, y, 0.5)
        groups = [{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.5}]
        check_number(train_step(model, torch.optim.SGD(groups), x, y), losses[0], why=SQUARES)
        why = "Leave the update to the optimizer that it is given. This one has two learning rates: 0.1 and 0.5."
        check_parameter(model.weight, weight, why=why)
        check_parameter(model.bias, bias, why=why)

    def test_a_large_error_makes_a_large_step(self):
        model, x, y = self.scale()
        check_number(train_step(model, self.sgd(model), x, 100 * y), 223502.5, why=SQUARES)
        why = f"The errors are -299 and -598, so the slope is -1495: scale goes from 1 to 150.5. {self.why}"
        check_parameter(model.scale, 150.5, why=why)

    def test_any_memory_layout_will_do(self):
        model, _, _ = self.linear()
        x, y = self.randn(4, 3, strided=True), self.randn(4, 2, strided=True)
        (losses, weight, _) = by_hand(model, x, y, 0.1)
        why = f"The numbers lie in memory with gaps. {self.why}"
        check_number(train_step(model, self.sgd(model), x, y), losses[0], why=why)
        check_parameter(model.weight, weight, why=why)

    def test_float64_will_do(self):
        model, x, y = self.double()
        (losses, weight, _) = by_hand(model, x, y, 0.1)
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, losses[0], why=SQUARES)
        check_number(loss, losses[0], why=DIGITS, rtol=1e-11)
        check_parameter(model.weight, weight, why=self.why, dtype=torch.float64, device="cpu")
        check_parameter(model.weight, weight, why=DIGITS, dtype=torch.float64, device="cpu", rtol=1e-10, atol=1e-11)

    def test_the_data_is_left_alone(self):
        model, x, y = self.scale()
        loss = train_step(model, self.sgd(model), x, y)
        check_number(loss, 10.0, why=SQUARES)
        why = "The model learns; x and y are data. They need no gradient."
        assert_that(not x.requires_grad and not y.requires_grad, "Your code made the data require a gradient.", why=why)


class TestTrain(LoopTest):
    subject = train
    why = "One loss for each step, a Python float: the loss before the update of this step."
    rule = "The update is plain SGD: each parameter minus lr times the gradient of this loss alone."

    def test_three_steps(self):
        model, x, y = self.scale()
        why = f"{self.why} Each step takes all of x and y. {self.rule}"
        check_numbers(train(model, x, y, 3, 0.05), [10.0, 5.625, 3.1640625], why=why)
        why = f"The caller's model has learned: scale goes from 1 to 1.5, 1.875 and 2.15625. {self.rule}"
        check_parameter(model.scale, 2.15625, why=why)

    @parameterized.expand(
        [("one step", 1, 0.25), ("a few", 9, 0.05), ("no step", 0, 0.25), ("steps of length 0", 2, 0.0)]
    )
    def test_there_is_one_loss_for_each_step(self, _case, steps, lr):
        model, x, y = self.linear((5, 3), 2)
        (losses, weight, bias) = by_hand(model, x, y, lr, steps)
        check_numbers(train(model, x, y, steps, lr), losses, why=self.why)
        check_parameter(model.weight, weight, why=self.rule)
        check_parameter(model.bias, bias, why=self.rule)

    @parameterized.expand(SHAPES)
    def test_each_step_takes_all_of_x_and_y(self, _case, shape, outputs):
        model, x, y = self.linear(shape, outputs)
        (losses, weight, bias) = by_hand(model, x, y, 0.1, 3)
        why = f"Each step takes all of x and y. {self.rule} {SQUARES}"
        check_numbers(train(model, x, y, 3, 0.1), losses, why=why)
        check_parameter(model.weight, weight, why=why)
        check_parameter(model.bias, bias, why=why)

    @parameterized.expand(
        [
            ("and the loss grows", 1.0, 0.5, [10.0, 22.5, 50.625], 9.75),
            ("and the loss is 0", 3.0, 0.1, [0.0, 0.0, 0.0], 3.0),
            ("and the loss jumps", 2.0, 0.4, [2.5, 2.5, 2.5], 4.0),
        ]
    )
    def test_all_steps_are_made(self, _case, scale, lr, losses, end):
        model, x, y = self.scale(scale)
        why = "All steps are made, whether the loss grows, or shrinks, or stays. The list shows how it went."
        check_numbers(train(model, x, y, 3, lr), losses, why=why)
        check_parameter(model.scale, end, why=why)

    def test_old_gradients_do_not_count(self):
        model, x, y = self.scale()
        model.scale.grad = self.tensor(100.0)
        why = "backward() adds to .grad. What stood there before the call does not count: clear it first."
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=why)
        check_parameter(model.scale, 2.5, why=why)

    def test_a_second_call_goes_on_from_the_first(self):
        model, x, y = self.scale()
        why = "The second call starts from what the model has learned, and from nothing else."
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=self.why)
        check_numbers(train(model, x, y, 2, 0.1), [0.625, 0.15625], why=why)
        check_parameter(model.scale, 2.875, why=why)

    def test_some_parameters_may_be_frozen(self):
        model, x, y = self.linear()
        before = oracle(model.weight)
        (losses, _, bias) = by_hand(model, x, y, 0.1)
        model.weight.requires_grad_(False)
        check_numbers(train(model, x, y, 1, 0.1), losses, why=self.why)
        why = "A parameter that does not require a gradient stays as it is, and stays frozen. The other one learns."
        check_parameter(model.weight, before, why=why)
        check_parameter(model.bias, bias, why=why)
        assert_that(not model.weight.requires_grad, "A frozen parameter requires a gradient now.", why=why)

    def test_any_module_can_be_trained(self):
        model, x, y = self.scale()
        model = nn.Sequential(nn.Sequential(nn.Sequential(model)), Scale(2.0).to(self.device))
        losses = train(model, x, y, 2, 0.01)
        # the product of the two is 2, so the errors are -1 and -2; the slopes are -10 and -5; then 1.1 * 2.05 = 2.255
        why = f"Both scales learn, each along its own gradient. {self.rule}"
        check_numbers(losses, [2.5, 2.5 * (3 - 1.1 * 2.05) ** 2], why=why)

    def test_the_model_trains_in_training_mode(self):
        model, seen, x, y = self.probed()
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=self.why)
        check_training(model, seen, 2)

    def test_the_model_itself_is_called(self):
        model, x, y = self.scale(2.0)
        model.register_forward_hook(lambda _model, _inputs, output: output / 2)
        # the errors are -2 and -4; the slope is half of that without the hook
        check_numbers(train(model, x, y, 1, 0.1), [10.0], why=CALL)
        check_parameter(model.scale, 2.5, why=CALL)

    def test_a_parameter_may_be_used_twice(self):
        model, x, y = self.scale()
        twice = nn.Sequential(model, model)
        # scale * scale is 1, so the errors are -2 and -4; the slope is -20; then 1.2 * 1.2 is 1.44
        losses = train(twice, x, y, 2, 0.01)
        why = f"One module stands in this model twice. It is still one parameter, which makes one step. {self.rule}"
        check_numbers(losses, [10.0, 2.5 * (3 - 1.44) ** 2], why=why)

    def test_a_parameter_may_be_of_no_use(self):
        model, x, y = self.scale()
        model.spare = nn.Parameter(self.tensor(7.0))
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=self.why)
        why = "The model holds a parameter that it does not use. No gradient reaches it: it stays, and is no error."
        check_parameter(model.spare, 7.0, why=why)

    def test_a_frozen_parameter_may_have_an_old_gradient(self):
        model, x, y = self.linear()
        before = oracle(model.weight)
        (losses, _, bias) = by_hand(model, x, y, 0.1)
        model.weight.grad = torch.ones_like(model.weight)
        model.weight.requires_grad_(False)
        check_numbers(train(model, x, y, 1, 0.1), losses, why=self.why)
        why = "The weight was frozen with a gradient in its .grad. What stood there does not count: the weight stays."
        check_parameter(model.weight, before, why=why)
        check_parameter(model.bias, bias, why=self.rule)

    def test_the_model_keeps_its_parameters(self):
        model, x, y = self.scale()
        scale = model.scale
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=self.why)
        why = (
            "The model holds the same parameters as before, with new values. Others hold them too, an optimizer for "
            "one: they would go on with the old ones."
        )
        assert_that(model.scale is scale, "The model has a new parameter in place of its own.", why=why)

    def test_gradients_are_still_recorded_afterwards(self):
        model, x, y = self.scale()
        check_numbers(train(model, x, y, 2, 0.1), [10.0, 2.5], why=self.why)
        check_recording(torch.is_grad_enabled(), True)

    def test_any_memory_layout_will_do(self):
        model, _, _ = self.linear()
        x, y = self.randn(4, 3, strided=True), self.randn(4, 2, strided=True)
        (losses, _, _) = by_hand(model, x, y, 0.1, 2)
        why = f"The numbers lie in memory with gaps. {self.why}"
        check_numbers(train(model, x, y, 2, 0.1), losses, why=why)

    def test_float64_will_do(self):
        model, x, y = self.double()
        (expected, weight, _) = by_hand(model, x, y, 0.1, 2)
        losses = train(model, x, y, 2, 0.1)
        check_numbers(losses, expected, why=self.why)
        check_numbers(losses, expected, why=DIGITS, rtol=1e-11)
        check_parameter(model.weight, weight, why=self.rule, dtype=torch.float64, device="cpu")
        check_parameter(model.weight, weight, why=DIGITS, dtype=torch.float64, device="cpu", rtol=1e-10, atol=1e-11)


class TestEvaluate(LoopTest):
    subject = evaluate
    untouched = "To evaluate is to measure and to change nothing. The model goes on as it was."

    def nested(self):
        """A model with modules inside of modules; in evaluation it is its Linear."""
        linear, x, y = self.linear((5, 3), 2)
        return nn.Sequential(nn.Sequential(nn.Dropout(0.5), linear), nn.Dropout(0.5)), linear, x, y

    def test_the_loss_of_a_model(self):
        model, x, y = self.scale()
        why = f"x * scale is 1 and 2, and y is 3 and 6. The errors are -2 and -4: (4 + 16) / 2 is 10. {SQUARES}"
        check_number(evaluate(model, x, y), 10.0, why=why)

    @parameterized.expand(SHAPES)
    def test_the_mean_is_over_all_numbers(self, _case, shape, outputs):
        model, x, y = self.linear(shape, outputs)
        (losses, _, _) = by_hand(model, x, y, 0.1)
        check_number(evaluate(model, x, y), losses[0], why=SQUARES)

    def test_a_good_model_has_a_small_loss(self):
        model, x, y = self.scale(2.9375)
        why = f"The errors are -1/16 and -1/8. {SQUARES} All digits are asked for."
        check_number(evaluate(model, x, y), 0.009765625, why=why)

    def test_dropout_stands_still(self):
        model, linear, x, y = self.nested()
        (losses, _, _) = by_hand(linear, x, y, 0.1)
        why = "Measure in evaluation mode: every module inside of the model must know, for dropout drops in training."
        check_number(evaluate(model, x, y), losses[0], why=why)

    @parameterized.expand(
        [
            ("all in training", []),
            ("all in evaluation", ["", "0", "0.0", "0.1", "1"]),
            ("an inner part in evaluation", ["0", "0.0", "0.1"]),
            ("one deep inside in evaluation", ["0.0"]),
            ("only the outermost in evaluation", [""]),
            ("only one deep inside in training", ["", "0", "0.1", "1"]),
        ]
    )
    def test_each_module_is_back_in_its_mode(self, _case, names):
        model, linear, x, y = self.nested()
        for name in names:
            model.get_submodule(name).training = False
        before = modes(model)
        (losses, _, _) = by_hand(linear, x, y, 0.1)
        check_number(evaluate(model, x, y), losses[0], why="Measure in evaluation mode, whatever the mode was before.")
        shown = ["\n".join(f"{name}: {mode}" for name, mode in found.items()) for found in (before, modes(model))]
        why = (
            "Afterwards each module is in the mode in which it was. A part of a model may stay in evaluation mode "
            "while the rest trains, so each module has its own switch."
        )
        assert_that(shown[0] == shown[1], "The modes have changed.", why=why, expected=shown[0], actual=shown[1])

    def test_the_parameters_are_left_alone(self):
        model, x, y = self.linear()
        model.weight.requires_grad_(False)
        model.bias.grad = self.tensor([7.0, 8.0])
        before = oracle(model.weight), oracle(model.bias)
        (losses, _, _) = by_hand(model, x, y, 0.1)
        check_number(evaluate(model, x, y), losses[0], why=SQUARES)
        check_parameter(model.weight, before[0], why=self.untouched)
        check_parameter(model.bias, before[1], why=self.untouched)
        flags = (model.weight.requires_grad, model.bias.requires_grad)
        says = "Your code changed `requires_grad` of a parameter."
        assert_that(flags == (False, True), says, why=self.untouched)
        assert_that(model.bias.grad is not None, "Your code emptied `.grad` of a parameter.", why=self.untouched)
        assert_close(model.bias.grad, [7.0, 8.0], why=f"`.grad` of a parameter has changed. {self.untouched}")
        assert_that(model.weight.grad is None, "Your code filled `.grad` of a parameter.", why=self.untouched)

    def test_no_graph_is_built(self):
        linear, x, y = self.linear()
        seen = []
        model = nn.Sequential(linear, Probe(lambda *words: seen.append(words)))
        (losses, _, _) = by_hand(linear, x, y, 0.1)
        check_number(evaluate(model, x, y), losses[0], why=SQUARES)
        kinds = {graph for _, graph in seen}
        why = "No graph is needed to measure. It takes memory and time, and eval() does not stop it."
        assert_that(kinds == {"no graph"}, "A graph was built in the forward pass.", why=why)

    def test_running_averages_stay(self):
        layer = nn.BatchNorm1d(1).to(self.device)
        layer.running_mean += 1.0  # in evaluation it subtracts 1, and its running variance is 1
        x, y = self.tensor([[2.0], [4.0]]), self.tensor([[0.0], [0.0]])
        why = "In evaluation mode this layer subtracts its running mean, 1. In training it would use the batch's own."
        check_number(evaluate(layer, x, y), 5.0 / (1 + 1e-5), why=why)
        assert_close(layer.running_mean, [1.0], why=f"The layer has changed its running mean. {self.untouched}")

    @parameterized.expand([("recording", True), ("not recording", False)])
    def test_gradients_are_recorded_as_before(self, _case, recording):
        model, x, y = self.scale()
        with torch.set_grad_enabled(recording):
            check_number(evaluate(model, x, y), 10.0, why=SQUARES)
            now = torch.is_grad_enabled()
        check_recording(now, recording)

    def test_a_second_call_gives_the_same(self):
        model, linear, x, y = self.nested()
        (losses, _, _) = by_hand(linear, x, y, 0.1)
        for _ in range(2):
            check_number(evaluate(model, x, y), losses[0], why=self.untouched)

    def test_float64_will_do(self):
        model, x, y = self.double()
        (losses, _, _) = by_hand(model, x, y, 0.1)
        loss = evaluate(model, x, y)
        check_number(loss, losses[0], why=SQUARES)
        check_number(loss, losses[0], why=DIGITS, rtol=1e-11)

    def test_the_model_itself_is_called(self):
        model, x, y = self.scale(2.0)
        model.register_forward_hook(lambda _model, _inputs, output: output / 2)
        check_number(evaluate(model, x, y), 10.0, why=CALL)

    def test_the_model_sees_the_whole_batch(self):
        x, y = self.tensor([[1.0], [2.0], [6.0]]), self.tensor([[0.0], [0.0], [0.0]])
        why = (
            "Call the model with all of x at once. This one subtracts the mean of the batch, 3: the rest is -2, -1, 3."
        )
        check_number(evaluate(Centered(), x, y), 14 / 3, why=why)

    def test_the_data_is_left_alone(self):
        x, y = self.tensor([[1.0], [2.0]]), self.tensor([[3.0], [6.0]])
        # this model gives back x itself; that x and y keep their numbers is checked at every call
        check_number(evaluate(nn.Identity(), x, y), 10.0, why=SQUARES)
        says = "Your code made the data require a gradient."
        assert_that(not x.requires_grad and not y.requires_grad, says, why=self.untouched)

    def test_any_memory_layout_will_do(self):
        model, _, _ = self.linear()
        x, y = self.randn(4, 3, strided=True), self.randn(4, 2, strided=True)
        (losses, _, _) = by_hand(model, x, y, 0.1)
        check_number(evaluate(model, x, y), losses[0], why=f"The numbers lie in memory with gaps. {SQUARES}")


class TestMinibatches(LoopTest):
    subject = minibatches

    def data(self, n):
        """Row i of x is [10 * i, 10 * i + 1], and its target is -i."""
        rows = torch.arange(n)
        return (10.0 * rows[:, None] + torch.arange(2)).to(self.device), -rows.to(self.device)

    def generator(self, seed=0):
        return Seeded().manual_seed(seed)

    def pairs(self, batches):
        """The batches as a list, after a check that they are pairs of tensors."""
        why = "Each batch is a pair: (some rows of x, the same rows of y). Yield one pair after the other."
        assert_that(batches is not None, "It returned None. Is a `yield` or a `return` missing?", why=why)
        assert_that(hasattr(batches, "__iter__"), "What it returned cannot be used in a for loop.", why=why)
        one_pair = isinstance(batches, tuple) and len(batches) == 2 and isinstance(batches[0], torch.Tensor)
        assert_that(not one_pair, "It returned one pair, and no more.", why=why)
        pairs = list(batches)
        for pair in pairs:
            fine = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(x, torch.Tensor) for x in pair)
            kind = f"{type(pair).__name__} of {len(pair)}" if isinstance(pair, (tuple, list)) else type(pair).__name__
            assert_that(fine, "A batch is not a pair.", why=why, expected="a pair of tensors", actual=kind)
        return pairs

    def check_epoch(self, batches, n, size):
        """Check one epoch of `data(n)`, and give the numbers of the rows in their order."""
        pairs = self.pairs(batches)
        sizes = [len(rows) if rows.ndim else 0 for rows, _ in pairs]
        why = "Each batch has `size` rows, and only the last one may be smaller: it takes what is left."
        wanted = [size] * (n // size) + ([n % size] if n % size else [])
        says = "The batches do not have the right numbers of rows."
        assert_that(sizes == wanted, says, why=why, expected=str(wanted), actual=str(sizes))
        order = []
        for rows, targets in pairs:
            numbers = [round(number / 10) for number in rows.flatten(1).select(1, 0).tolist()]
            expected = torch.tensor([[10.0 * number, 10.0 * number + 1] for number in numbers], dtype=torch.float64)
            assert_close(rows, expected, why="A batch holds whole rows of x, as they are.")
            why = "An input and its target belong together: the same rows of y, in the same order."
            assert_close(targets, [-number for number in numbers], why=why)
            order += numbers
        why = "Every row is in exactly one batch: none comes twice, and none is left out."
        says = "The rows are not those of x."
        assert_that(sorted(order) == list(range(n)), says, why=why, expected=f"0 to {n - 1}", actual=str(sorted(order)))
        return order

    @parameterized.expand(
        [
            ("a smaller one at the end", 5, 2),
            ("all of one size", 6, 3),
            ("one row left", 7, 3),
            ("a row each", 4, 1),
            ("all in one", 5, 5),
            ("more asked for than there are", 3, 8),
            ("one row", 1, 1),
            ("many rows", 300, 70),
        ]
    )
    def test_every_row_comes_once_with_its_target(self, _case, n, size):
        x, y = self.data(n)
        self.check_epoch(minibatches(x, y, size, self.generator()), n, size)

    def test_the_rows_are_shuffled(self):
        x, y = self.data(20)
        order = self.check_epoch(minibatches(x, y, 6, self.generator()), 20, 6)
        why = "The rows are shuffled: they come in a random order. Their old order is one of a million million million."
        assert_that(order != sorted(order), "The rows come in their old order.", why=why, actual=str(order))

    @parameterized.expand([("as large as the data", 20), ("larger than the data", 50)])
    def test_a_single_batch_is_shuffled_too(self, _case, size):
        x, y = self.data(20)
        order = self.check_epoch(minibatches(x, y, size, self.generator()), 20, size)
        why = "Any order of the rows may come, also when all of them fit into one batch."
        assert_that(order != sorted(order), "The rows come in their old order.", why=why, actual=str(order))

    def test_the_next_epoch_has_another_order(self):
        x, y = self.data(20)
        generator = self.generator()
        first, second = (self.check_epoch(minibatches(x, y, 6, generator), 20, 6) for _ in range(2))
        why = "With each call the generator goes on: draw from it, and do not set its seed. So every epoch differs."
        assert_that(first != second, "A second call with the same generator gave the same order.", why=why)

    def test_the_same_seed_gives_the_same_batches(self):
        x, y = self.data(20)
        torch.manual_seed(1)
        first = self.check_epoch(minibatches(x, y, 6, self.generator(5)), 20, 6)
        torch.manual_seed(2)
        second = self.check_epoch(minibatches(x, y, 6, self.generator(5)), 20, 6)
        why = "All chance comes from the generator: with the same seed, it gives the same batches again."
        assert_that(first == second, "Two generators with the same seed gave two orders.", why=why)

    def test_another_seed_gives_other_batches(self):
        x, y = self.data(20)
        torch.manual_seed(1)
        first = self.check_epoch(minibatches(x, y, 6, self.generator(5)), 20, 6)
        torch.manual_seed(1)
        second = self.check_epoch(minibatches(x, y, 6, self.generator(6)), 20, 6)
        why = "All chance comes from the generator: another seed of it gives another order."
        assert_that(first != second, "Two generators with different seeds gave the same order.", why=why)

    def test_any_order_may_come(self):
        n, size, generator = 8, 3, self.generator()
        x, y = self.data(n)
        why = "Any order of all the rows may come. Shuffle the rows first, and cut them into batches then."
        self.check_epoch(minibatches(x, y, size, generator), n, size)
        epochs = [self.pairs(minibatches(x, y, size, generator)) for _ in range(60)]
        orders = [[round(number / 10) for rows, _ in epoch for number in rows[:, 0].tolist()] for epoch in epochs]
        for place in range(n):
            missing = sorted(set(range(n)) - {order[place] for order in orders})
            says = f"In 60 epochs, row {missing[0] if missing else ''} never came at place {place}."
            assert_that(not missing, says, why=why)
        together = sum(order.index(0) // size == order.index(1) // size for order in orders)  # about one in four
        assert_that(0 < together < 45, f"In 60 epochs, rows 0 and 1 met in one batch {together} times.", why=why)
        follows = sum(order.index(1) == order.index(0) + 1 for order in orders)  # about one in eight
        assert_that(follows < 35, f"In 60 epochs, row 1 came right after row 0 {follows} times.", why=why)

    def test_three_rows_come_in_all_six_orders(self):
        x, y = self.data(3)
        generator = self.generator()
        orders = {tuple(self.check_epoch(minibatches(x, y, 2, generator), 3, 2)) for _ in range(100)}
        why = "Any order of the rows may come, the old one too. Three rows have six orders."
        missing = sorted(set(itertools.permutations(range(3))) - orders)
        assert_that(not missing, f"In 100 epochs, these orders never came: {str(missing)[1:-1]}.", why=why)

    def test_other_chance_is_left_alone(self):
        x, y = self.data(20)
        before = torch.get_rng_state()
        self.check_epoch(minibatches(x, y, 6, self.generator()), 20, 6)
        why = "PyTorch's own stream of random numbers is for others, dropout for one. Draw from the generator only."
        assert_that(torch.equal(before, torch.get_rng_state()), "PyTorch's own stream has moved on.", why=why)

    @parameterized.expand(
        [
            ("images and labels", (7, 2, 1, 3), (7,), torch.float16),
            ("sequences and sequences", (7, 4), (7, 4), torch.int64),
            ("numbers and a column", (7,), (7, 1), torch.float32),
        ]
    )
    def test_rows_keep_their_shape_and_dtype(self, _case, x_shape, y_shape, dtype):
        x, y = 100 * self.randn(*x_shape), self.randint(0, 1000, y_shape)
        x = x.to(dtype)
        pairs = self.pairs(minibatches(x, y, 3, self.generator()))
        sizes = [len(rows) for rows, _ in pairs]
        assert_equal(sizes, [3, 3, 1], why="7 rows in batches of 3: the last one is smaller.")
        why = "A row of x may be anything, and so may a row of y. Its shape and its dtype stay."
        left = list(range(7))
        for rows, targets in pairs:
            chosen = []
            for row in rows:
                number = next((i for i in left if torch.equal(x[i], row.to(x.dtype).reshape(x[0].shape))), None)
                assert_that(number is not None, "A batch holds a row that is not one of x, or comes twice.", why=why)
                chosen.append(number)
                left.remove(number)
            assert_close(rows, oracle(x)[chosen], why=why, dtype=dtype)
            assert_close(targets, oracle(y)[chosen], why=why)

    def test_values_stay_as_they_are(self):
        y = self.tensor([2**60 + row for row in range(5)])
        for values in ([math.nan, math.inf, -math.inf, 0.0, 1e-30], [True, False, True, True, False], [1 + 2j] * 5):
            x = self.tensor(values)
            why = "A row is handed on, and nothing is reckoned with it: NaN, infinity and large whole numbers stay."
            for rows, targets in self.pairs(minibatches(x, y, 2, self.generator())):
                numbers = [target - 2**60 for target in targets.tolist()]
                known = all(number in range(5) for number in numbers)
                assert_that(known, "A target is none of y.", why=why, actual=str(targets.tolist()))
                expected = [values[number] for number in numbers]
                assert_close(rows, torch.tensor(expected, dtype=x.dtype), why=why, dtype=x.dtype, rtol=0.0, atol=0.0)

    def test_equal_rows_are_rows_too(self):
        x, y = self.tensor([[1.0, 2.0]] * 5), self.tensor([3] * 5)
        sizes = [len(rows) for rows, _ in self.pairs(minibatches(x, y, 2, self.generator()))]
        assert_equal(sizes, [2, 2, 1], why="All five rows are equal here. Each of them counts, as in any other data.")

    def test_a_row_may_be_empty(self):
        x, y = self.tensor([[]] * 5), self.tensor([3] * 5)
        shapes = [tuple(rows.shape) for rows, _ in self.pairs(minibatches(x, y, 2, self.generator()))]
        assert_equal(shapes, [(2, 0), (2, 0), (1, 0)], why="x has shape (5, 0): five rows with no numbers in them.")

    def test_batches_are_where_the_data_is(self):
        x, y = self.data(7)
        self.check_epoch(minibatches(x, y, 3, self.generator()), 7, 3)
        why = "x and y may be on a GPU. The batches stay there, and so must a tensor that picks rows from them."
        moved, generator = (elsewhere(x), elsewhere(y)), self.generator()
        pairs = on_two_devices(lambda: self.pairs(minibatches(*moved, 3, generator)), why=why)
        there = all(isinstance(tensor, Elsewhere) for pair in pairs for tensor in pair)
        assert_that(there, "The data was on another device, but the batches are on the CPU.", why=why)

    def test_any_memory_layout_will_do(self):
        x, y = self.data(7)
        wide = torch.zeros(2, 7, 2, dtype=x.dtype, device=x.device)
        wide[..., 0] = x.T
        x, y = wide[..., 0].T, torch.stack([y, y], dim=1)[:, 1]
        self.check_epoch(minibatches(x, y, 3, self.generator()), 7, 3)

    def test_the_data_is_left_alone(self):
        x, y = self.data(7)
        before = oracle(x), oracle(y)
        self.check_epoch(minibatches(x, y, 3, self.generator()), 7, 3)
        why = "The data itself keeps its order. The batches are what is shuffled."
        assert_close(x, before[0], why=why)
        assert_close(y, before[1], why=why)
