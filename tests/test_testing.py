"""The checks that the katas use, the second device, and the watch for banned calls."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from dojo import testing
from dojo.elsewhere import Elsewhere, MixedDevices, elsewhere, second_device
from dojo.subject import CheckFailed
from dojo.trace import BannedCall, Watch


def fails(word, check, *args, **kwargs):
    with pytest.raises(CheckFailed, match=word) as found:
        check(*args, why="because", **kwargs)
    assert found.value.why == "because"
    return found.value


X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_close_accepts_what_is_right():
    testing.assert_close(X + 1e-7, X.double(), why="")
    testing.assert_close(torch.tensor([1, 2]), [1, 2], why="")
    testing.assert_close(torch.tensor(2.5), 2.5, why="")
    testing.assert_close(torch.tensor([float("inf"), float("nan")]), [float("inf"), float("nan")], why="")
    testing.assert_close((X, X), (X, X), why="")
    testing.assert_close(X.half(), X, dtype=torch.float16, why="")


@pytest.mark.parametrize(
    ("actual", "word"),
    [
        (None, "returned None"),
        (X.tolist(), "a list"),
        (X.numpy(), "ndarray"),
        ((X, X), "a tuple of 2"),
        (X[None], "shape"),
        (X.T, "shape"),
        (X[:1], "shape"),
        (X.double(), "dtype"),
        (X.long(), "dtype"),
        (X.to("meta"), "device"),
        (X + 1e-3, "6 of 6 values differ, first at .0, 0."),
        (X.where(X != 5, torch.nan), "1 of 6 values are NaN"),
    ],
)
def test_close_refuses_what_is_wrong(actual, word):
    fails(word, testing.assert_close, actual, X.double())


def test_a_value_that_differs_is_marked():
    wrong = X.clone()
    wrong[1, 2] = 7
    found = fails("first at .1, 2.", testing.assert_close, wrong, X)
    assert found.actual.split()[-1] == "7.0000!" and found.actual.count("!") == 1 and "!" not in found.expected


def test_a_large_tensor_is_shown_where_it_differs():
    right = torch.zeros(3, 50, 60)
    wrong = right.clone()
    wrong[2, 40, 55] = 1
    found = fails("first at .2, 40, 55.", testing.assert_close, wrong, right)
    assert found.actual.startswith("[2]\nrows 36 to 43, columns 51 to 58") and "1.0000!" in found.actual


def test_a_tuple_is_checked_part_by_part():
    fails("not 2 results", testing.assert_close, X, (X, X))
    fails("not 2 results", testing.assert_close, (X,), (X, X))
    fails("of weights", testing.assert_close, (X, X + 1), (X, X), names=("output", "weights"))


def test_equal_looks_at_the_type_too():
    testing.assert_equal((1, 2), (1, 2), why="")
    testing.assert_equal(torch.Size([1, 2]), (1, 2), why="")
    testing.assert_equal({"shape": torch.Size([1]), "of": [{}]}, {"shape": (1,), "of": [{}]}, why="")
    for actual, expected in [([1, 2], (1, 2)), (1, True), (True, 1), (None, 0), (1.0, 1), ((1, 3), (1, 2))]:
        fails("It returned", testing.assert_equal, actual, expected)
    fails("It returned", testing.assert_equal, {"shape": [1]}, {"shape": (1,)})
    fails("It returned", testing.assert_equal, {"of": 1}, {"of": {"shape": (1,)}})


def test_raises_wants_the_right_error_with_the_right_words():
    def refuse(text):
        raise ValueError(text)

    testing.assert_raises(ValueError, refuse, "3 against 4", mentions=("3", "4"), why="")
    fails("does not mention 5", testing.assert_raises, ValueError, refuse, "3 against 4", mentions=("5",))
    fails("should raise ValueError", testing.assert_raises, ValueError, str, 3)
    fails("but it raised TypeError", testing.assert_raises, ValueError, len, 3)


def test_a_changed_input_is_noticed():
    def write(x):
        x[0] = 0
        return x

    def write_through_numpy(x):
        x.numpy()[0] = 0
        return x

    for call in (write, write_through_numpy):
        fails("changed its input", testing.assert_left_alone, call, X.clone(), expected=X)


def test_gradients_are_measured():
    good = {"expected": (X * X).double()}
    testing.assert_gradients(lambda x: x * x, X, why="", **good)
    fails("cut", testing.assert_gradients, lambda x: x.detach() * x.detach(), X, **good)
    fails("not right", testing.assert_gradients, lambda x: x * x.detach(), X, **good)
    fails("No gradient reaches", testing.assert_gradients, lambda x, y: x * x + 0 * y.detach(), X, X, **good)


def test_gradients_of_a_module_reach_its_parameters():
    layer = nn.Linear(3, 2)
    testing.assert_gradients(layer, X, expected=layer.double()(X.double()).detach(), why="")


LEAKS = {
    "add": lambda x: x + torch.ones(3),
    "a product": lambda x: x @ torch.ones(3, 4),
    "a batch of products": lambda x: torch.bmm(x[None], torch.ones(1, 3, 2)),
    "einsum": lambda x: torch.einsum("ij,jk->ik", x, torch.ones(3, 2)),
    "a mask": lambda x: x.masked_fill(torch.ones(2, 3, dtype=torch.bool), 0),
    "where": lambda x: torch.where(torch.ones(2, 3) > 0, x, 0.0),
    "in place": lambda x: x.clone().mul_(torch.ones(2, 3)),
    "random": lambda x: (torch.rand(2, 3) > 0.5) * x,
    "a layer": lambda x: nn.Linear(3, 2)(x),
    "an index of the CPU": lambda x: torch.ones(3, 2)[x.long() * 0],
    "the result": lambda x: torch.zeros(2, 3),
    "copied to the CPU": lambda x: torch.zeros(2, 3).copy_(x),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_device_leak_shows_on_every_laptop(name):
    with second_device():
        try:
            result = LEAKS[name](elsewhere(X))
        except MixedDevices:
            return
        assert not isinstance(result, Elsewhere), "the result is on the CPU, and the check says so"


NO_LEAKS = {
    "a number": lambda x: x * 2 + torch.tensor(1.0),
    "arange there": lambda x: x + torch.arange(3, device=x.device),
    "values there": lambda x: x * torch.tensor([1.0, 2.0, 3.0], device=x.device),
    "moved there": lambda x: x + torch.ones(3).to(x.device),
    "like it": lambda x: torch.rand_like(x) + torch.zeros_like(x) + x.new_ones(3) + x.new_tensor([1, 2, 3]),
    "an index from the CPU": lambda x: x[torch.tensor([0, 1])],
    "read in Python": lambda x: x * max(x.tolist()[0]) if bool((x > 0).any()) else x * x.sum().item(),
    "filtered": lambda x: x[x > 2],
    "written into a copy": lambda x: x.clone().masked_fill_(x > 2, 0).add_(1),
    "a list of rows": lambda x: torch.stack([row * int(i) for i, row in enumerate(x)]),
    "through numpy and back": lambda x: torch.from_numpy(x.cpu().numpy() * 2).to(x.device),
}


@pytest.mark.parametrize("name", NO_LEAKS)
def test_what_follows_the_device_is_accepted(name):
    with second_device():
        result = NO_LEAKS[name](elsewhere(X))
    assert isinstance(result, Elsewhere) and result.device.type == "meta"


def test_the_second_device_computes_real_values():
    with second_device():
        result = elsewhere(X).softmax(-1)
    assert torch.equal(result.values, X.softmax(-1))


@torch.jit.script
def scripted(x):
    return torch.softmax(x, -1)


def without_torch_function(x):
    with torch._C.DisableTorchFunction():
        return torch.softmax(x, -1)


ROUTES = {
    "method": lambda x: x.softmax(-1),
    "function": lambda x: torch.softmax(x, -1),
    "special": lambda x: torch.special.softmax(x, -1),
    "functional": lambda x: F.log_softmax(x, -1).exp(),
    "layer": lambda x: nn.Softmax(-1)(x),
    "softmin": lambda x: F.softmin(-x, -1),
    "kernel": lambda x: torch.ops.aten._softmax.default(x, -1, False),
    "script": scripted,
    "vmap": lambda x: torch.vmap(lambda row: torch.softmax(row, 0))(x),
    "distribution": lambda x: torch.distributions.Categorical(logits=x).probs,
    "torch function off": without_torch_function,
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_banned_call_is_seen_by_any_route(route):
    watch = Watch({"*softmax*": "write softmax", "softmin": "write it", "logsumexp": "write it"})
    with pytest.raises(Exception) as found, watch("f"):
        ROUTES[route](X)
    assert isinstance(watch.violation, BannedCall) and "asks you to write" in str(watch.violation), found


def test_other_calls_are_not_banned():
    watch = Watch({"*softmax*": "write softmax", "softmin": "write it", "logsumexp": "write it"})
    with watch("f"):
        weights = (X - X.amax(-1, keepdim=True)).exp()
        F.dropout(weights / weights.sum(-1, keepdim=True)).log().logcumsumexp(0)


def test_what_one_function_may_not_call_another_may():
    watch = Watch({"relu": {"*relu*": "write it"}, "*sigmoid*": "write that"})
    x = torch.ones(3)
    with pytest.raises(BannedCall), watch("relu"):
        torch.nn.functional.relu(x)
    with watch("forward"):
        torch.nn.functional.relu(x)
    with pytest.raises(BannedCall), watch("forward"):
        x.sigmoid()


def test_a_tensor_made_of_a_list_of_numbers_from_elsewhere_is_on_the_cpu():
    def largest(x):
        return torch.tensor([max(row) for row in x])

    fails("the result is on the CPU", testing.assert_follows_device, largest, X, expected=X.amax(1))


def test_a_gradient_that_needs_an_overwritten_value_is_told_in_words():
    def halved(x):
        y = x.exp()
        y /= 2
        return y

    with pytest.raises(CheckFailed, match="was overwritten") as found:
        testing.assert_gradients(halved, X, expected=X.double().exp() / 2)
    assert "Make a new tensor" in found.value.why
