"""What a kata's tests import: random inputs, oracles, and checks whose failure says what, where and why.

    class TestAddBias(KataTest):
        subject = add_bias

        @parameterized.expand([("one sequence", (4, 3)), ("a batch of sequences", (2, 4, 3))])
        def test_every_token_gets_the_same_bias(self, _case, shape):
            x, bias = self.randn(*shape), self.randn(shape[-1])
            assert_close(add_bias(x, bias), by_hand(oracle(x), oracle(bias)), why="...")

Every check takes `why`: what the learner reads when it fails. `expected` is computed on the CPU in float64 (`oracle`),
or written out by hand; a list or a number will do. `actual` must have the expected shape, dtype and device before its
values are compared.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import random
import types
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy
import pytest
import torch
from parameterized import parameterized

from dojo import picture, state
from dojo.elsewhere import Elsewhere, MixedDevices, elsewhere, second_device
from dojo.subject import (
    INPUT_CHANGED,
    CheckFailed,
    Problem,
    Stopped,
    Subject,
    describe,
    first_line,
    shape_text,
    with_article,
)
from dojo.trace import BannedCall

__all__ = [
    "KataTest",
    "assert_close",
    "assert_equal",
    "assert_follows_device",
    "assert_gradients",
    "assert_lands",
    "assert_left_alone",
    "assert_made_where_asked",
    "assert_raises",
    "assert_that",
    "on_two_devices",
    "oracle",
    "parameterized",
    "unwritten_memory_filled",
]

# Looser than torch.testing's own, because a right answer may add its terms in another order, or round at each step.
TOLERANCE = types.MappingProxyType(
    {  # dtype: (relative, absolute)
        torch.float64: (1e-5, 1e-6),  # an answer may compute in float32 and go back
        torch.float32: (1e-4, 1e-5),
        torch.float16: (1e-2, 4e-3),
        torch.bfloat16: (4e-2, 2e-2),
    }
)

OVERWRITTEN = (
    "Some steps remember a value that they were given, or that they computed: the gradient needs it. What is done in "
    "place (`/=`, `div_`, `y[0] =`) writes over it. Make a new tensor."
)
_isclose, _equal = torch.isclose, torch.equal  # our own, should a learner's file replace them


class KataTest:
    """The base of every test class: the device under test, and inputs that are the same on every device."""

    subject: Any = None  # the function or class that this class tests
    device = torch.device("cpu")

    @pytest.fixture(autouse=True)
    def _prepare(self, device: torch.device, request: pytest.FixtureRequest) -> Iterator[None]:
        with self.prepared(device, request.node.originalname):
            yield

    @contextlib.contextmanager
    def prepared(self, device: torch.device, name: str) -> Iterator[None]:
        """Around the test of this name: its inputs, the same at every run, and the state of PyTorch as it should be."""
        self.device = device
        _current["device"] = device
        seed = zlib.crc32(name.encode()) + int(os.environ.get("DOJO_SEED", "0"))
        self._random = torch.Generator().manual_seed(seed)
        self._seed = seed
        filled = unwritten_memory_filled() if device.type == "cpu" else contextlib.nullcontext()
        with state.restored(), filled:
            _seed(seed)
            numpy.random.seed(seed % 2**32)
            random.seed(seed)
            yield

    def drew_by_chance(self) -> bool:
        """Whether the test drew random numbers of PyTorch's, or the code that it called did."""
        return not _equal(torch.get_rng_state(), torch.Generator().manual_seed(self._seed).get_state())

    def randn(self, *shape: int, dtype: torch.dtype = torch.float32, strided: bool = False) -> torch.Tensor:
        """Standard normal numbers. `strided=True` lays them out in memory so that they are not contiguous."""
        x = torch.randn(shape, generator=self._random, dtype=torch.float64).to(dtype).to(self.device)
        return _strided(x) if strided else x

    def rand(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Uniform numbers from 0 to 1."""
        return torch.rand(shape, generator=self._random, dtype=torch.float64).to(dtype).to(self.device)

    def randint(self, low: int, high: int, shape: Sequence[int]) -> torch.Tensor:
        """Whole numbers from `low` to `high - 1`, int64."""
        return torch.randint(low, high, tuple(shape), generator=self._random).to(self.device)

    def tensor(self, values: Any, dtype: torch.dtype | None = None) -> torch.Tensor:
        """A tensor of these values on the device under test: float32, int64 or bool unless `dtype` is given."""
        return torch.tensor(values, dtype=dtype).to(self.device)

    def make(self, subject: Any, *args: Any, **kwargs: Any) -> torch.nn.Module:
        """Build the learner's class, check that it is an `nn.Module`, and move it to the device under test."""
        module = subject(*args, **kwargs)
        if not isinstance(module, torch.nn.Module):
            raise CheckFailed(
                f"{subject} is not an nn.Module.",
                why=f"A layer inherits from nn.Module: class {subject}(nn.Module). So PyTorch finds what it holds.",
            )
        if not hasattr(module, "_parameters"):
            raise CheckFailed(
                f"{subject}.__init__ does not call super().__init__().",
                why="nn.Module prepares itself there: its mode, its parameters. Call it first in your own __init__.",
            )
        return module.to(self.device)


def oracle(x: torch.Tensor) -> torch.Tensor:
    """A copy of `x` to compute the expected values from: on the CPU, float64 if it holds real numbers, no gradient."""
    x = x.detach().cpu().clone()
    return x.double() if x.is_floating_point() else x


def assert_close(
    actual: Any,
    expected: Any,
    *,
    why: str,
    dtype: torch.dtype | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    names: Sequence[str] = (),
    device: torch.device | str | None = None,
) -> None:
    """Check shape, dtype, device and values, in this order.

    Args:
        actual: what the learner's function returned.
        expected: a tensor (`oracle` numbers), a list or a number; or a tuple of tensors, for a tuple of results.
        why: the idea that a wrong answer missed, in a sentence or two.
        dtype: the dtype that is promised. By default float32 for real numbers, else the dtype of `expected`.
        rtol, atol: other tolerances than the usual ones for that dtype.
        names: for a tuple, what its parts are called.
        device: the device that is promised, if it is not the one under test.
    """
    __tracebackhide__ = True
    if isinstance(expected, tuple):
        _check_tuple(actual, len(expected), names, why)
        parts = names or [f"part {index}" for index in range(len(expected))]
        for index, (part, got, wanted) in enumerate(zip(parts, actual, expected)):
            _check_one(got, wanted, why, dtype, rtol, atol, device, part, index)
    else:
        _check_one(actual, expected, why, dtype, rtol, atol, device)


def assert_equal(actual: Any, expected: Any, *, why: str) -> None:
    """Check a plain Python value (a bool, a number, a string, a tuple, a dict, a dtype), its type included."""
    __tracebackhide__ = True
    says = _difference(actual, expected)
    if says:
        raise CheckFailed(says, why=why, expected=repr(expected), actual=_repr(actual), got=actual)


def assert_that(condition: Any, says: str, *, why: str, expected: str | None = None, actual: str | None = None) -> None:
    """Check what no other helper fits. `says` is the sentence that is true of the wrong answer."""
    __tracebackhide__ = True
    if not bool(condition):
        raise CheckFailed(says, why=why, expected=expected, actual=actual)


def assert_raises(
    error: type[Exception], call: Callable[..., Any], *args: Any, why: str, mentions: Sequence[str] = (), **kwargs: Any
) -> None:
    """Check that `call(*args, **kwargs)` raises `error`, with a message that contains each of `mentions`."""
    __tracebackhide__ = True
    try:
        result = call(*args, **kwargs)
    except error as raised:
        if type(raised) is NotImplementedError and error is not NotImplementedError:
            raise
        missing = [text for text in mentions if text not in str(raised)]
        if missing:
            raise CheckFailed(
                f"The message of your {error.__name__} does not mention {' and '.join(missing)}.",
                why=why,
                expected=f"a message with {' and '.join(mentions)}",
                actual=f"{error.__name__}: {raised}",
            ) from None
        return
    except (Problem, Stopped, BannedCall, CheckFailed, NotImplementedError):
        raise
    except Exception as other:
        raise CheckFailed(
            f"It should raise {error.__name__} here, but it raised {type(other).__name__}.",
            why=why,
            expected=f"raise {error.__name__}",
            actual=f"{type(other).__name__}: {first_line(other)}",
            error=other,
            got=type(other).__name__,
        ) from other
    raise CheckFailed(
        f"It should raise {error.__name__} here, but it returned {_kind(result)}.",
        why=why,
        expected=f"raise {error.__name__}",
        actual=_repr(result),
        got=result,
    )


def assert_left_alone(
    call: Callable[..., Any],
    *args: Any,
    expected: Any,
    why: str = INPUT_CHANGED,
    dtype: torch.dtype | None = None,
    names: Sequence[str] = (),
) -> None:
    """Check the result of `call(*args)`, and that it changed none of the tensors in `args`."""
    __tracebackhide__ = True
    before = [arg.detach().clone() if isinstance(arg, torch.Tensor) else None for arg in args]
    flags = [arg.requires_grad if isinstance(arg, torch.Tensor) else None for arg in args]
    result = call(*args)
    for index, (arg, old, flag) in enumerate(zip(args, before, flags)):
        if old is None:
            continue
        name = _parameter(call, index)
        same = arg.shape == old.shape and arg.dtype == old.dtype
        if not same or not _isclose(arg.detach(), old, rtol=0, atol=0, equal_nan=True).all():
            shown: dict[str, Any] = {"expected": shape_text(old.shape), "actual": shape_text(arg.shape)}
            if same:
                changed = arg.detach().clone()
                shown = {"picture": lambda changed=changed, old=old: picture.compare(changed, old)}
            raise CheckFailed(f"Your code changed its input `{name}`.", why=why, got=arg.detach().clone(), **shown)
        if arg.requires_grad != flag:
            raise CheckFailed(f"Your code changed `requires_grad` of its input `{name}`.", why=why)
    assert_close(
        result, expected, why="The input is left alone, but the result is not right yet.", dtype=dtype, names=names
    )


def assert_follows_device(
    call: Callable[..., Any],
    *args: Any,
    expected: Any,
    why: str = "Every tensor that you make must live where the input lives. On a GPU this line would stop the program.",
    dtype: torch.dtype | None = None,
    names: Sequence[str] = (),
) -> None:
    """Check the result of `call(*args)`, then that it works on a device other than the CPU, on every laptop.

    The second call gets tensors that live elsewhere (see dojo.elsewhere): they cannot meet a tensor that the learner's
    code made on the CPU, as tensors on a GPU could not.
    """
    __tracebackhide__ = True
    assert_close(
        call(*args),
        expected,
        why="The result is not right yet. Its device is the next question.",
        dtype=dtype,
        names=names,
    )
    function, *moved = [elsewhere(value) for value in (call, *args)]
    result = on_two_devices(function, *moved, why=why)
    several = isinstance(expected, tuple)
    for got, wanted in zip(result if several else [result], expected if several else [expected]):
        if not isinstance(got, Elsewhere):
            raise CheckFailed("The input was on another device, but the result is on the CPU.", why=why)
        shape = tuple(torch.as_tensor(wanted).shape)
        if tuple(got.shape) != shape:
            raise CheckFailed("The shape is not right.", why=why, expected=shape_text(shape), actual=describe(got))


def on_two_devices(call: Callable[..., Any], *args: Any, why: str, gradients: bool = False) -> Any:
    """What `call(*args)` returns, where some of `args` live `elsewhere`. What would stop on a GPU fails in words."""
    __tracebackhide__ = True
    try:
        with second_device(), torch.set_grad_enabled(gradients):
            return call(*args)
    except MixedDevices as mixed:
        says = f"On a GPU this would stop with: {mixed}"
        raise CheckFailed(says, why=why, error=mixed, got="two devices") from mixed
    except (CheckFailed, BannedCall, NotImplementedError):
        raise
    except Exception as error:
        if "incompatible tensor type" in str(error):
            moved = "The caller's tensor stays where it is. Return another tensor instead of writing to its `.data`."
            raise CheckFailed("Your code moves its input itself.", why=moved, error=error, got="moved") from error
        # The answer did not mix devices: what fails is that the second device is not a real one.
        pytest.skip("your answer cannot be tried on another device here; that does not mean that it is wrong")


def assert_lands(result: Any, expected: Any, there: bool, *, why: str, dtype: torch.dtype | None = None) -> None:
    """Check values and dtype of a result, and that it is on the second device (`there`), or is not."""
    __tracebackhide__ = True
    if isinstance(result, torch.Tensor) and isinstance(result, Elsewhere) != there:
        place = {True: "on another device", False: "on this device"}
        raise CheckFailed("The result is on the wrong device.", why=why, expected=place[there], actual=place[not there])
    assert_close(result, expected, why=why, dtype=dtype, device="meta" if there else None)


def assert_made_where_asked(
    make: Callable[[Any], Any],
    *,
    expected: Any,
    why: str = "Hand `device` on to the call that makes the tensor, or move it and return what .to(device) gives.",
    **options: Any,
) -> None:
    """Check `make(device)`: on the device under test, given as an object and by name, and on a second device."""
    __tracebackhide__ = True
    here = _current["device"]
    by_name = "A device may be given by its name, such as 'cpu', or as a torch.device. Hand on what you are given."
    for device in (here, str(here)):
        assert_close(make(device), expected, why=by_name, **options)
    for device in ("meta", torch.device("meta")):
        result = on_two_devices(make, device, why=why)
        assert_close(result, expected, why=why, device="meta", **options)


def assert_gradients(
    call: Callable[..., Any],
    *args: Any,
    expected: Any,
    why: str = "Training follows the gradient back through every step. A .detach(), .item() or numpy step cuts it.",
    names: Sequence[str] = (),
) -> None:
    """Check the result of `call(*args)` in float64, and its gradient for every real-valued tensor, on the CPU.

    The gradient is compared with central differences, as `torch.autograd.gradcheck` does. For a module, its parameters
    are checked as well. The global seed is set before each call, so a random function draws the same numbers.
    """
    __tracebackhide__ = True
    module = copy.deepcopy(call).cpu().double() if isinstance(call, torch.nn.Module) else None
    function = module if module is not None else call
    inputs = [_leaf(arg) if isinstance(arg, torch.Tensor) else arg for arg in args]
    leaves = {
        _parameter(call, index): arg
        for index, arg in enumerate(inputs)
        if isinstance(arg, torch.Tensor) and arg.is_floating_point()
    }
    leaves |= dict(module.named_parameters()) if module is not None else {}

    def run() -> tuple[torch.Tensor, ...]:
        _seed(0)
        return _as_tuple(function(*inputs))

    results = run()
    given = results if isinstance(expected, tuple) else results[0]
    not_right = "The result must be right before its gradient can be."
    assert_close(given, expected, why=not_right, dtype=torch.float64, names=names, device="cpu")
    random_weights = torch.Generator().manual_seed(1)
    weights = [torch.randn(result.shape, generator=random_weights, dtype=torch.float64) for result in results]

    def total() -> torch.Tensor:
        return torch.stack([(result * weight).sum() for result, weight in zip(run(), weights)]).sum()

    value = total()
    if not value.requires_grad:
        raise CheckFailed("The result has no gradient: the way back to the inputs is cut.", why=why)
    try:
        gradients = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        says = "The gradient cannot be computed: a value that it needs was overwritten."
        raise CheckFailed(says, why=OVERWRITTEN, error=error, got="overwritten") from error
    for (name, leaf), gradient in zip(leaves.items(), gradients):
        if gradient is None:
            raise CheckFailed(f"No gradient reaches `{name}`.", why=why)
        # A step of 1e-6 is best in float64. An answer that computes in float32 on the way needs a larger one.
        for step, rtol, atol in ((1e-6, 1e-4, 1e-6), (1e-2, 2e-2, 2e-3)):
            measured = _numeric_gradient(total, leaf, step)
            if right := bool(_isclose(gradient, measured, rtol=rtol, atol=atol, equal_nan=False).all()):
                break
        if not right:
            raise CheckFailed(
                f"The gradient of `{name}` is not right.",
                why=why,
                got=gradient,
                picture=functools.partial(picture.compare, gradient, measured),
            )


@contextlib.contextmanager
def unwritten_memory_filled() -> Iterator[None]:
    """Inside, memory that nobody wrote to holds NaN or a huge number, so that no answer is right by chance."""
    before = torch.are_deterministic_algorithms_enabled()
    torch._C._set_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch._C._set_deterministic_algorithms(before)


_current = {"device": torch.device("cpu")}  # the device under test, for the checks


def _seed(seed: int) -> None:
    """`torch.manual_seed` for the devices at hand: on its own it costs 1 ms, queueing calls for devices not there."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)


def _difference(actual: Any, expected: Any) -> str:
    """What is wrong with a plain value, in a sentence; "" if nothing is."""
    if actual is None and expected is not None:
        return "It returned None. Is a `return` missing?"
    if not isinstance(actual, type(expected)) or isinstance(actual, bool) != isinstance(expected, bool):
        return f"It returned {_kind(actual)}, where {with_article(type(expected).__name__)} is asked for."
    if isinstance(expected, tuple) and [type(item) for item in actual] != [type(item) for item in expected]:
        return "The values are of another type."
    return "" if _same_values(actual, expected) else "It returned another value."


def _check_tuple(actual: Any, size: int, names: Sequence[str], why: str) -> None:
    __tracebackhide__ = True
    shown: dict[str, Any] = {"why": why, "expected": f"({', '.join(names)})" if names else f"a tuple of {size}"}
    if actual is None:
        raise CheckFailed("It returned None. Is a `return` missing?", actual="None", **shown)
    if not isinstance(actual, (tuple, list)) or len(actual) != size:
        raise CheckFailed(
            f"It returned {_kind(actual)}, not {size} results.", actual=_repr(actual), got=actual, **shown
        )


def _check_one(
    actual: Any,
    expected: Any,
    why: str,
    dtype: torch.dtype | None,
    rtol: float | None,
    atol: float | None,
    device: torch.device | str | None,
    part: str = "",
    index: int = 0,
) -> None:
    __tracebackhide__ = True
    expected = (
        expected if isinstance(expected, torch.Tensor) else torch.tensor(expected, dtype=_literal_dtype(expected))
    )
    if dtype is None:
        dtype = torch.float32 if expected.is_floating_point() else expected.dtype
    of = f" of {part}" if part else ""
    wanted = f"{shape_text(expected.shape)} {str(dtype).removeprefix('torch.')}"
    if actual is None:
        raise CheckFailed("It returned None. Is a `return` missing?", why=why, expected=wanted, actual="None")
    if not isinstance(actual, torch.Tensor):
        says = f"{f'{part} is' if part else 'It returned'} {_kind(actual)}, where a tensor is asked for."
        raise CheckFailed(says, why=why, expected=wanted, actual=_repr(actual), got=actual)
    actual = _plain(actual)
    told: dict[str, Any] = {"why": why, "got": actual, "wanted": expected}
    if actual.shape != expected.shape:
        wanted, given = _with_few_values(expected), _with_few_values(actual)
        raise CheckFailed(f"The shape{of} is not right.", expected=wanted, actual=given, **told)
    if actual.dtype != dtype:
        wanted, given = (str(kind).removeprefix("torch.") for kind in (dtype, actual.dtype))
        raise CheckFailed(f"The dtype{of} is not right.", expected=wanted, actual=given, **told)
    place = torch.device(device) if device is not None else _current["device"]
    if actual.device.type != place.type:
        raise CheckFailed(f"The device{of} is not right.", expected=place.type, actual=actual.device.type, **told)
    got = (actual.values if isinstance(actual, Elsewhere) else actual).detach().cpu()
    if dtype.is_floating_point:
        usual = TOLERANCE.get(dtype, (1e-2, 1e-2))
        close = _isclose(
            got.double(),
            expected.double(),
            rtol=usual[0] if rtol is None else rtol,
            atol=usual[1] if atol is None else atol,
            equal_nan=True,
        )
    else:
        close = got == expected
    if not bool(close.all()):
        raise CheckFailed(
            functools.partial(_values_differ, got, expected, close, of),
            picture=functools.partial(picture.compare, got, expected, close, part=index),
            **told,
        )


def _plain(x: torch.Tensor) -> torch.Tensor:
    """The tensor without a class of the learner's, which could say of itself what it likes."""
    if type(x) in (torch.Tensor, torch.nn.Parameter, Elsewhere):
        return x
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.as_subclass(x, torch.Tensor)


def _same_values(actual: Any, expected: Any) -> bool:
    """Whether two plain values are equal, by the rules of Python's own types, whatever their class says of `==`."""
    if isinstance(expected, (tuple, list, dict)) and not isinstance(actual, type(expected)):
        return False
    if isinstance(expected, (tuple, list)):
        items = list(type(expected).__iter__(actual))  # not what a subclass makes of it
        return len(items) == len(expected) and all(map(_same_values, items, expected))
    if isinstance(expected, dict):
        given = dict(dict.items(actual))
        return given.keys() == expected.keys() and all(_same_values(given[key], expected[key]) for key in expected)
    if not isinstance(actual, type(expected)):
        return bool(expected == actual)  # 1 and 1.0 inside a tuple or a dict
    return type(expected).__eq__(expected, actual) is True  # type: ignore[call-arg]


def _with_few_values(x: torch.Tensor) -> str:
    """The shape; of a small vector its values too."""
    few = x.ndim == 1 and 0 < x.numel() <= 10 and x.device.type != "meta"
    return f"{shape_text(x.shape)}\n{picture.compare(x, x).texts()[0]}" if few else shape_text(x.shape)


def _values_differ(got: torch.Tensor, expected: torch.Tensor, close: torch.Tensor, of: str) -> str:
    wrong, count = int((~close).sum()), close.numel()
    if got.is_floating_point() and bool(got.isnan().any()) and not bool(expected.isnan().any()):
        return f"{int(got.isnan().sum())} of {count} values{of} are NaN (not a number)."
    if count == 1:
        return f"The value{of} is not right."
    where = tuple(int(index) for index in (~close).nonzero()[0])
    text = f"{wrong} of {count} values{of} differ, first at {list(where)}"
    if got.is_floating_point():
        gaps = (got.double() - expected.double()).abs()[~close]
        if bool(gaps.isfinite().all()):
            return f"{text}; the largest difference is {float(gaps.max()):.3g}."
    return text + "."


def _literal_dtype(value: Any) -> torch.dtype | None:
    """Real numbers written out by hand are float64; whole numbers and bools stay what they are."""
    flat = value
    while isinstance(flat, (list, tuple)) and flat:
        flat = next((item for item in flat if isinstance(item, float)), flat[0])
    return torch.float64 if isinstance(flat, float) or flat == [] else None


def _numeric_gradient(total: Callable[[], torch.Tensor], leaf: torch.Tensor, step: float) -> torch.Tensor:
    gradient = torch.zeros_like(leaf)
    with torch.no_grad():
        for index in numpy.ndindex(*leaf.shape):
            old = leaf[index].item()
            leaf[index] = old + step
            above = total().item()
            leaf[index] = old - step
            below = total().item()
            leaf[index] = old
            gradient[index] = (above - below) / (2 * step)
    return gradient


def _leaf(x: torch.Tensor) -> torch.Tensor:
    copied = x.detach().cpu().clone()
    return copied.double().requires_grad_() if x.is_floating_point() else copied


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _parameter(call: Any, index: int) -> str:
    if isinstance(call, Subject):
        names = call.function.parameters()
    else:
        names = getattr(getattr(type(call), "forward", None), "parameters", [])
    return names[index] if index < len(names) else f"argument {index + 1}"


def _strided(x: torch.Tensor) -> torch.Tensor:
    """The same values, column after column in memory if there are columns, and with a gap after each."""
    if x.ndim == 0:
        return x
    turned = x.transpose(-1, -2) if x.ndim > 1 else x
    wide = torch.zeros((*turned.shape, 2), dtype=x.dtype, device=x.device)
    wide[..., 0] = turned
    return wide[..., 0].transpose(-1, -2) if x.ndim > 1 else wide[..., 0]


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor {describe(value)}"
    if type(value).__module__ == "torch.return_types":
        return f"a pair ({', '.join(name for name in ('values', 'indices') if hasattr(value, name))})"
    if isinstance(value, (tuple, list)):
        return f"{with_article(type(value).__name__)} of {len(value)}"
    return "None" if value is None else with_article(type(value).__name__)


def _repr(value: Any) -> str:
    several = isinstance(value, (tuple, list)) and any(isinstance(item, torch.Tensor) for item in value)
    text = describe(value) if isinstance(value, torch.Tensor) or several else repr(value)
    return text if len(text) <= 200 else text[:200] + "..."
