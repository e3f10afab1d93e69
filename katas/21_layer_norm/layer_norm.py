"""LayerNorm: every token on the same scale.

The lesson is README.md. Write the functions in order, and check them with: make kata N=21
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def moments(x: Float[Tensor, "*batch d"]) -> tuple[Float[Tensor, "*batch 1"], Float[Tensor, "*batch 1"]]:
    """Measure each token on its own: the mean of its d numbers, and their variance.

    The variance says how far the numbers lie from their mean: the average of the squared distances.
    It is the biased variance, the one that divides by d and not by d - 1, so one lone number has variance 0.
    It must stay accurate in float32 when the mean is a thousand times larger than the spread.

    Args:
        x: tokens, shape (..., d), a floating-point dtype, d at least 1. It is not modified.

    Returns:
        A tuple (mean, variance). Each has shape (..., 1), so that it lines up with x, and the dtype and device of x.
        Gradients flow back to x through both.

    Example:
        >>> moments(torch.tensor([[1.0, 5.0, 5.0, 5.0]]))
        (tensor([[4.]]), tensor([[3.]]))
    """
    raise NotImplementedError("moments")


def normalize(x: Float[Tensor, "*batch d"], eps: float) -> Float[Tensor, "*batch d"]:
    """Give every token mean 0 and a spread of about 1.

    From each number subtract the mean of its token. Then divide by the square root of (variance + eps),
    with the biased variance of the token. The small number eps stands under the root, next to the variance.
    A token whose numbers are all equal becomes zeros, not NaN.
    It must stay accurate in float32 when the mean is a thousand times larger than the spread.

    Args:
        x: tokens, shape (..., d), a floating-point dtype, d at least 1. It is not modified.
        eps: a number above 0, which keeps the division safe when the variance is 0.

    Returns:
        A new tensor, shape (..., d), with the dtype and device of x.
        Gradients flow back to x through the mean and the variance too.

    Example:
        >>> normalize(torch.tensor([[1.0, 5.0, 5.0, 5.0]]), eps=1.0)
        tensor([[-1.5000,  0.5000,  0.5000,  0.5000]])
    """
    raise NotImplementedError("normalize")


def layer_norm(
    x: Float[Tensor, "*batch d"],
    gamma: Float[Tensor, " d"],
    beta: Float[Tensor, " d"],
    eps: float,
) -> Float[Tensor, "*batch d"]:
    """Normalize every token, then give each of the d columns its own scale and its own shift.

    First the token is normalized as in `normalize`. Then column j is multiplied by gamma[j], and beta[j] is added.
    The formula is that of "Layer Normalization" (Ba, Kiros and Hinton, 2016, arXiv:1607.06450).
    A token whose numbers are all equal becomes beta, not NaN.

    Args:
        x: tokens, shape (..., d), a floating-point dtype, d at least 1. It is not modified.
        gamma: one scale for each column, shape (d,), with the dtype and device of x.
        beta: one shift for each column, shape (d,), with the dtype and device of x.
        eps: a number above 0, added to the variance under the root.

    Returns:
        A new tensor, shape (..., d), with the dtype and device of x.
        Gradients flow back to x (through the mean and the variance too), to gamma and to beta.

    Example:
        >>> x = torch.tensor([[1.0, 5.0, 5.0, 5.0]])
        >>> gamma, beta = torch.tensor([1.0, 2.0, 4.0, 8.0]), torch.tensor([0.0, 0.0, 0.0, 1.0])
        >>> layer_norm(x, gamma, beta, eps=1.0)
        tensor([[-1.5000,  1.0000,  2.0000,  5.0000]])
    """
    raise NotImplementedError("layer_norm")


class LayerNorm(nn.Module):
    """Layer normalization as a module, which owns its scale `gamma` and its shift `beta` and learns them.

    It has exactly two parameters, both of shape (d,) and both trainable: `gamma` starts as ones and `beta` as zeros,
    so that a new module only normalizes. They are saved in `state_dict()` and move with `.to()`.
    It keeps nothing from one call to the next: training and evaluation give the same result.

    Example:
        >>> LayerNorm(4, eps=1.0)(torch.tensor([[1.0, 5.0, 5.0, 5.0]])).detach()
        tensor([[-1.5000,  0.5000,  0.5000,  0.5000]])
    """

    def __init__(self, d: int, eps: float = 1e-5):
        """Make the two parameters.

        Args:
            d: how many numbers one token has, at least 1.
            eps: a number above 0, added to the variance under the root in `forward`.
        """
        raise NotImplementedError("LayerNorm.__init__")

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Normalize every token of x, scale it by `gamma`, shift it by `beta`.

        Args:
            x: tokens, shape (..., d), with the dtype and device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., d), with the dtype and device of x: what `layer_norm` gives for
            x, `gamma`, `beta` and `eps`. Gradients flow back to x and to both parameters.
        """
        raise NotImplementedError("LayerNorm.forward")


def rms_norm(x: Float[Tensor, "*batch d"], gamma: Float[Tensor, " d"], eps: float) -> Float[Tensor, "*batch d"]:
    """Divide every token by its root mean square, then give each of the d columns its own scale.

    The root mean square of a token: square its d numbers, take the mean of the squares, add eps, take the square root.
    No mean is subtracted and nothing is added at the end. A token of zeros stays zeros.
    The formula is that of "Root Mean Square Layer Normalization" (Zhang and Sennrich, 2019, arXiv:1910.07467),
    with eps placed as in `torch.nn.RMSNorm`.

    Args:
        x: tokens, shape (..., d), a floating-point dtype, d at least 1. It is not modified.
        gamma: one scale for each column, shape (d,), with the dtype and device of x.
        eps: a number above 0, added to the mean of the squares under the root.

    Returns:
        A new tensor, shape (..., d), with the dtype and device of x.
        Gradients flow back to x (through the root mean square too) and to gamma.

    Example:
        >>> rms_norm(torch.tensor([[3.0, 1.0, 1.0, 1.0]]), torch.tensor([1.0, 2.0, 4.0, 8.0]), eps=1.0)
        tensor([[1.5000, 1.0000, 2.0000, 4.0000]])
    """
    raise NotImplementedError("rms_norm")
