"""Tensor creation: from lists, shapes and randomness.

The lesson is README.md. Write the functions in order, and check them with: make kata N=01
"""

import torch
from jaxtyping import Float32, Int64, Shaped
from torch import Tensor


def from_rows(rows: list[list[float]], device: str | torch.device) -> Float32[Tensor, "n m"]:
    """Make a matrix from a list of rows.

    Args:
        rows: n lists of m numbers each; n and m are at least 1. The numbers are floats, ints, or a mix of both.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, shape (n, m). It is float32 even if every number is an int.

    Example:
        >>> from_rows([[1, 2, 3], [4, 5, 6]], "cpu")
        tensor([[1., 2., 3.],
                [4., 5., 6.]])
    """
    raise NotImplementedError("from_rows")


def token_ids(ids: list[int], device: str | torch.device) -> Int64[Tensor, " tokens"]:
    """Make a tensor from the ids of the tokens of one text.

    Args:
        ids: one int for each token, at least one of them. Any int that int64 can hold may occur, however large.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new int64 tensor on `device`, shape (tokens,), with every id exactly as it was given, in the same order.

    Example:
        >>> token_ids([15496, 995, 0], "cpu")
        tensor([15496,   995,     0])
    """
    raise NotImplementedError("token_ids")


def filled(shape: tuple[int, ...], value: float, device: str | torch.device) -> Float32[Tensor, "*shape"]:
    """Make a tensor that holds the same number in every place.

    Args:
        shape: a tuple with the size of each dimension. It may have any length, a size may be 0,
            and () asks for a single number.
        value: the number: a float (infinity too), an int, or a bool (True counts as 1, False as 0).
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, of that shape. It is float32 whatever kind of number `value` is.

    Example:
        >>> filled((2, 3), 7, "cpu")
        tensor([[7., 7., 7.],
                [7., 7., 7.]])
    """
    raise NotImplementedError("filled")


def even_numbers(stop: int, device: str | torch.device) -> Int64[Tensor, " n"]:
    """Make the even numbers 0, 2, 4, ... that are below `stop`.

    Args:
        stop: where to stop, 0 or more. As in Python's `range`, `stop` itself is not included.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new int64 tensor on `device`, shape (n,), in rising order. Nothing is below 0: even_numbers(0, device)
        has shape (0,), and it is int64 as well.

    Example:
        >>> even_numbers(8, "cpu")
        tensor([0, 2, 4, 6])
    """
    raise NotImplementedError("even_numbers")


def random_embeddings(
    batch: int, seq_len: int, d_model: int, device: str | torch.device
) -> Float32[Tensor, "batch seq_len d_model"]:
    """Make random numbers in the shape of a batch of token embeddings.

    An embedding is the list of d_model numbers that stands for one token. Before a model has learned anything, these
    numbers are drawn at random from the standard normal distribution: they gather around 0, their mean is 0, their
    standard deviation (the usual distance from the mean) is 1. Each number is drawn by itself.

    Args:
        batch: how many sequences.
        seq_len: how many tokens in each sequence.
        d_model: how many numbers for each token.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, shape (batch, seq_len, d_model). The numbers come from PyTorch's own stream
        of random numbers: another call gives other numbers, and after `torch.manual_seed` with the same seed the same
        numbers come again. The function sets no seed: that is for its caller to do.

    Example:
        >>> random_embeddings(2, 5, 4, "cpu").shape
        torch.Size([2, 5, 4])
    """
    raise NotImplementedError("random_embeddings")


def zeros_like_input(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Make zeros that match another tensor.

    Args:
        x: a tensor of any shape and dtype (float16, int64, bool, ...), on any device. What it holds does not matter:
            it may be infinity or NaN ("not a number", what 0/0 gives). It is left as it is.

    Returns:
        A new tensor of zeros (False where x is bool) with the shape, the dtype and the device of x. It owes nothing to
        x: it shares no memory with x, and it is not computed from x, so no gradient flows back to x (kata 11).

    Example:
        >>> zeros_like_input(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        tensor([[0, 0, 0],
                [0, 0, 0]])
    """
    raise NotImplementedError("zeros_like_input")
