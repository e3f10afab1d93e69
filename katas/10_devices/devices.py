"""Devices: the same code on every device.

The lesson is README.md. Write the functions in order, and check them with: make kata N=10
"""

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn


def pick_device(cuda: bool, mps: bool) -> str:
    """Choose the device to compute on: the best one that there is.

    "cuda", an NVIDIA graphics card, comes before "mps", the graphics processor of an Apple computer. "mps" comes before
    "cpu", which every computer has. The caller has asked the machine what it has. Decide by the two arguments alone.

    Args:
        cuda: True if "cuda" can be used.
        mps: True if "mps" can be used.

    Returns:
        One of the three strings "cuda", "mps" and "cpu".

    Example:
        >>> pick_device(False, True)
        'mps'
    """
    raise NotImplementedError("pick_device")


def like_device(x: Shaped[Tensor, "*shape"], other: Shaped[Tensor, "*any"]) -> Shaped[Tensor, "*shape"]:
    """Bring x to the device of another tensor.

    Args:
        x: a tensor of any shape and dtype, on any device. It is not modified: the caller's x stays where it is.
        other: a tensor of any shape and dtype, on any device. Only its device counts.

    Returns:
        A tensor with the values, shape and dtype of x, on the device of other. Where x is there already, it may be x
        itself. Gradients (kata 11) flow back to x.

    Example:
        >>> like_device(torch.tensor([1, 2]), torch.zeros(3, device="meta")).device
        device(type='meta')
    """
    raise NotImplementedError("like_device")


def positions_for(x: Shaped[Tensor, "batch seq d"]) -> Int64[Tensor, " seq"]:
    """Number the places of the sequences in x: 0, 1, 2 and so on.

    Args:
        x: tokens, shape (batch, seq, d), each size at least 1, of any dtype and on any device. Its numbers do not
            matter: they may be 0 or NaN. It is not modified.

    Returns:
        A new tensor of shape (seq,) with the numbers 0 to seq - 1, int64 whatever the dtype of x, on the device of x.

    Example:
        >>> positions_for(torch.zeros(2, 4, 3))
        tensor([0, 1, 2, 3])
    """
    raise NotImplementedError("positions_for")


def same_device(*tensors: Shaped[Tensor, "..."]) -> bool:
    """Say whether all tensors lie on one device.

    Two graphics cards in one computer, "cuda:0" and "cuda:1", are two devices.

    Args:
        *tensors: any number of tensors, of any shapes and dtypes: same_device(a), same_device(a, b, c).

    Returns:
        True if all of them are on one device, whichever it is, else False. True also for one tensor, or for none.

    Example:
        >>> same_device(torch.zeros(2), torch.zeros(2, 3), torch.zeros(4, device="meta"))
        False
    """
    raise NotImplementedError("same_device")


def add_anywhere(a: Shaped[Tensor, "*shape"], b: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Add two tensors, which may be on two devices: b comes to the device of a.

    Args:
        a: a tensor of any shape, of real or of whole numbers, on any device.
        b: a tensor of the same shape and dtype, on any device. Neither of the two is modified.

    Returns:
        A new tensor, a + b, of that shape and dtype, on the device of a. Gradients (kata 11) flow back to both.

    Example:
        >>> add_anywhere(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([11., 22.])
    """
    raise NotImplementedError("add_anywhere")


class Scaler(nn.Module):
    """A layer that multiplies by fixed numbers. It keeps them as a buffer: a tensor that is part of the layer.

    The layer has one buffer, named `scale`, and no parameters: training must not change the scale.
    A buffer goes with the layer when `.to()` is called, to another device or dtype, and `state_dict()` saves it.

    Example:
        >>> Scaler(torch.tensor([1.0, 10.0]))(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[ 1., 20.],
                [ 3., 40.]])
    """

    def __init__(self, scale: Float[Tensor, "*d"]):
        """Keep the scale as a buffer.

        Args:
            scale: one number for each of the d columns, shape (d,), or one number for all of them, shape (). A
                floating-point dtype, on any device. It is not modified. The buffer has its values, shape, dtype and
                device.
        """
        raise NotImplementedError("Scaler.__init__")

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Multiply x by the buffer, as it is by now: it may have been moved, or loaded from a file.

        Args:
            x: tokens, shape (..., d), with the dtype and device of the buffer. It is not modified.

        Returns:
            A new tensor, x * scale, shape (..., d), with the dtype and device of x. Gradients flow back to x.
        """
        raise NotImplementedError("Scaler.forward")
