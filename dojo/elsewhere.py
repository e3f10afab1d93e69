"""A second device for every laptop: tensors that live elsewhere, so that a device leak shows without a GPU.

A tensor `elsewhere(x)` reports the device `meta` and holds its values on the CPU, out of sight. An operation that mixes
it with a tensor that was made on the CPU raises what CUDA would raise. All else is computed as ever, so an answer may
read values in Python too. (Plain `meta` tensors would not do: they have no values, some of their operations mix with
the CPU without a word, and the first of them imports a second's worth of PyTorch.)
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import numpy
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter, tree_map

from dojo.trace import KernelMode, operation_name

DEVICE = torch.device("meta")
# These make a tensor from Python values before an operation is seen.
FROM_VALUES = {torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor.new_tensor}
INDEXING = {"index", "index_put", "unsafe_index", "unsafe_index_put"}  # CUDA takes indices that lie on the CPU
COPIES = {"copy", "to_copy"}


class MixedDevices(RuntimeError):
    """One operation received tensors of two devices."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
            f"(in `{operation}`)"
        )


class Elsewhere(torch.Tensor):
    """A tensor that reports another device than that of its values."""

    values: torch.Tensor

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> Elsewhere:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            device=DEVICE,
            requires_grad=False,
        )
        made.values = values
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"{self.values!r} (on another device)"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(func, args, kwargs or {})


def compute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run one operation on the hidden values, and put its results where it says."""
    tensors = [item for item in tree_iter((args, kwargs)) if isinstance(item, torch.Tensor)]
    there = [item for item in tensors if isinstance(item, Elsewhere)]
    here = [item for item in tensors if not isinstance(item, Elsewhere) and item.ndim]  # a 0-d tensor is a number
    name = operation_name(func)
    if there and here and name not in COPIES and not (name in INDEXING and isinstance(args[0], Elsewhere)):
        raise MixedDevices(name)
    device = kwargs.get("device")
    goes_there = torch.device(device).type == DEVICE.type if device is not None else bool(there)
    if device is not None and goes_there:
        kwargs = kwargs | {"device": torch.device("cpu")}
    if name == "copy" and not isinstance(args[0], Elsewhere):
        goes_there = False
    inner_args, inner_kwargs = tree_map(_inner, (args, kwargs))
    result = func(*inner_args, **inner_kwargs)
    if args and isinstance(args[0], Elsewhere) and result is inner_args[0]:
        if torch.Tag.inplace_view in func.tags:  # `transpose_`, `squeeze_`: the shape that it reports changes too
            with torch._C._DisableTorchDispatch():
                func(*args, **kwargs)
        return args[0]  # an operation in place
    return tree_map(elsewhere, result) if goes_there else result


def elsewhere(value: Any) -> Any:
    """`value` on the other device: a tensor, a module with its parameters and buffers, or anything else as it is."""
    if isinstance(value, torch.nn.Module):
        moved = copy.deepcopy(value)
        for module in moved.modules():
            for name, parameter in list(module._parameters.items()):
                if parameter is not None:
                    there = Elsewhere(parameter.detach())
                    there._is_param = True  # what makes it an nn.Parameter to isinstance
                    module._parameters[name] = there
            for name, buffer in list(module._buffers.items()):
                module._buffers[name] = elsewhere(buffer)
        return moved
    if isinstance(value, torch.Tensor) and not isinstance(value, Elsewhere):
        value = value.detach().cpu()
        return Elsewhere(value if value.layout == torch.strided else value.to_dense())
    return value


@contextlib.contextmanager
def second_device() -> Iterator[None]:
    """Inside, what is made on `meta` lives elsewhere too."""
    with torch.no_grad(), _Making(), _Values():
        yield


class _Making(KernelMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(func, args, kwargs or {})


class _Values(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.Tensor.tolist and isinstance(args[0], Elsewhere):
            return args[0].values.tolist()
        if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__) and isinstance(args[0], Elsewhere):
            args = (args[0], _index(args[1]), *args[2:])
        if func in FROM_VALUES:
            device = kwargs.get("device")
            if device is None and func is torch.Tensor.new_tensor:
                device, kwargs = args[0].device, {"dtype": args[0].dtype} | kwargs
            if device is not None and torch.device(device).type == DEVICE.type:
                data = args[1] if func is torch.Tensor.new_tensor else args[0] if args else kwargs["data"]
                if isinstance(data, torch.Tensor):
                    return data.to(device=DEVICE, dtype=kwargs.get("dtype"))
                return elsewhere(torch.tensor(_numbers(data), dtype=kwargs.get("dtype")))
            if args and isinstance(args[0], (list, tuple)):
                args = (_numbers(args[0]), *args[1:])  # of a list of 0-d tensors, one on the CPU is made
        return func(*args, **kwargs)


def _inner(item: Any) -> Any:
    return item.values if isinstance(item, Elsewhere) else item


def _numbers(data: Any) -> Any:
    """Nested lists with the values of the 0-d tensors in them."""
    if isinstance(data, (list, tuple)):
        return [_numbers(item) for item in data]
    return data.item() if isinstance(data, Elsewhere) else data


def _index(item: Any) -> Any:
    """A list as an index: PyTorch would write it, unseen, into memory of the device, which is not there."""
    if isinstance(item, tuple):
        return tuple(_index(part) for part in item)
    if isinstance(item, numpy.ndarray) or (isinstance(item, list) and not _holds_tensors(item)):
        index = torch.as_tensor(item)
        return index if index.numel() else index.long()
    return item


def _holds_tensors(item: Any) -> bool:
    if isinstance(item, list):
        return any(_holds_tensors(part) for part in item)
    return item is None or isinstance(item, (torch.Tensor, slice))
