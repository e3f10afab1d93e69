"""Dropout: switch off random numbers while the model learns.

The lesson is README.md. Write the functions in order, and check them with: make kata N=20
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def dropout(x: Float[Tensor, "*shape"], p: float, training: bool) -> Float[Tensor, "*shape"]:
    """In training, set a random part of x to zero and scale up the rest. In evaluation, change nothing.

    In training each element becomes 0 with probability p. An element that survives is divided by 1 - p, so that
    the average stays the same. Each element gets its own random draw, and every call draws again.
    This is "inverted dropout", as in https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html

    The draws come from PyTorch's global random stream: after the same torch.manual_seed a call gives the same result.

    Args:
        x: numbers of any shape, of any float dtype. It is not modified.
        p: the probability that an element is dropped, from 0 to 1, both included. With p = 0 every element is kept;
            with p = 1 the result and its gradient are all 0, never NaN.
        training: True to drop, False to leave everything as it is.

    Returns:
        The shape, dtype and device of x. In evaluation it equals x (x itself or a copy, as you like).

    Raises:
        ValueError: p is below 0 or above 1, in training and in evaluation.

    Example:
        >>> dropout(torch.tensor([1.0, 2.0, 3.0]), 0.2, training=False)
        tensor([1., 2., 3.])
        >>> out = dropout(torch.full((1000,), 8.0), 0.2, training=True)
        >>> out.unique()  # about 200 zeros; the others are 8 / 0.8
        tensor([ 0., 10.])
    """
    raise NotImplementedError("dropout")


class Dropout(nn.Module):
    """Dropout as a layer: it drops while the model trains, and does nothing while the model is evaluated.

    A new layer is in training mode. `train()` and `eval()`, called on the layer or on a model that contains it,
    switch the mode. The layer has no parameters.

    Example:
        >>> layer = Dropout(0.2)
        >>> layer(torch.full((1000,), 8.0)).unique()
        tensor([ 0., 10.])
        >>> layer = layer.eval()
        >>> layer(torch.tensor([1.0, 2.0, 3.0]))
        tensor([1., 2., 3.])
    """

    def __init__(self, p: float) -> None:
        """Remember how much to drop.

        Args:
            p: the probability that an element is dropped, from 0 to 1, both included.

        Raises:
            ValueError: p is below 0 or above 1.
        """
        raise NotImplementedError("Dropout.__init__")

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply dropout with the layer's p, if the layer is in training mode.

        Args:
            x: numbers of any shape, of any float dtype. It is not modified.

        Returns:
            The shape, dtype and device of x: in training mode zeros and survivors divided by 1 - p, with a fresh
            draw for every call (from PyTorch's global random stream); in evaluation mode the same values as x.
        """
        raise NotImplementedError("Dropout.forward")


def drop_rows(x: Float[Tensor, "*batch T D"], p: float, training: bool) -> Float[Tensor, "*batch T D"]:
    """Dropout of whole tokens: in training each row of D numbers is zeroed as one, or survives as one.

    In training each token (one row, all its D numbers) becomes 0 with probability p. The tokens that survive are
    divided by 1 - p. Each token of each sequence gets its own random draw, and every call draws again.
    For x of shape (B, T, D) this is what https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html does.

    The draws come from PyTorch's global random stream: after the same torch.manual_seed a call gives the same result.

    Args:
        x: tokens, shape (..., T, D), with any number of leading dimensions (also none), of any float dtype.
            It is not modified.
        p: the probability that a token is dropped, from 0 to 1, both included. With p = 0 every token is kept
           ; with p = 1 the result and its gradient are all 0, never NaN.
        training: True to drop, False to leave everything as it is.

    Returns:
        Shape (..., T, D), with the dtype and device of x. In evaluation it equals x (x itself or a copy).

    Raises:
        ValueError: p is below 0 or above 1, in training and in evaluation.

    Example:
        >>> out = drop_rows(torch.full((1000, 3), 8.0), 0.2, training=True)
        >>> out.unique(dim=0)  # a row is all zeros, or all 8 / 0.8
        tensor([[ 0.,  0.,  0.],
                [10., 10., 10.]])
    """
    raise NotImplementedError("drop_rows")
