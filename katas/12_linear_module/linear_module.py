"""Linear module: numbers that a layer owns, and learns.

The lesson is README.md. Write the functions in order, and check them with: make kata N=12
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class SimpleLinear(nn.Module):
    """A linear layer: a matrix product, and then one number added to each column of the result.

    It owns a parameter `weight` of shape (n_in, n_out) and, unless it is made with bias=False, a parameter `bias` of
    shape (n_out,). Both are trainable, and they are all that `state_dict()` saves. Without a bias, `bias` is None.
    Training mode and evaluation mode give the same result, and nothing is remembered from one call to the next.

    Example:
        >>> layer = SimpleLinear(3, 2)
        >>> layer(torch.ones(5, 3)).shape
        torch.Size([5, 2])
        >>> SimpleLinear(3, 2, bias=False).bias is None
        True
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True) -> None:
        """Make the parameters.

        The weight starts as random numbers, each drawn on its own, so that no two layers start alike. How they are
        drawn is up to you: `torch.randn` will do, scaled or not. The bias may start as random numbers or as zeros.

        Args:
            n_in: how many numbers one token has when it comes in, at least 1.
            n_out: how many numbers one token has when it leaves, at least 1.
            bias: False makes a layer without a bias.
        """
        raise NotImplementedError("SimpleLinear.__init__")

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Multiply every token by the weight, and add the bias if there is one.

        Args:
            x: tokens, shape (..., n_in), with any number of dimensions in front, or none. It has the dtype and the
                device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), with the dtype and device of x.
            Gradients flow back to x and to the parameters.
        """
        raise NotImplementedError("SimpleLinear.forward")


def parameter_shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """List the parameters of a module: the name of each one, and its shape.

    The parameters of the modules inside it are listed too, however deep they lie. Their names are the full ones that
    PyTorch uses, such as "layers.0.weight". A parameter that is frozen (no gradient is asked for) is listed as well.
    Buffers are no parameters: they are not listed.

    Args:
        module: any nn.Module. It is left as it is.

    Returns:
        A dict with one entry for each parameter: its full name, and its shape as a tuple of ints. In any order; empty
        if there are no parameters. A parameter that is held in two places has two names: list one of them, or both.

    Example:
        >>> parameter_shapes(nn.Sequential(nn.Linear(3, 2), nn.Tanh()))
        {'0.weight': (2, 3), '0.bias': (2,)}
    """
    raise NotImplementedError("parameter_shapes")


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """Count the numbers in the parameters of a module.

    The parameters of the modules inside it count too, however deep they lie. A parameter that is held in two places
    counts once. Buffers are no parameters: they do not count.

    Args:
        module: any nn.Module. It is left as it is.
        trainable_only: True leaves out the parameters that are frozen (no gradient is asked for).

    Returns:
        How many numbers there are, as a Python int.

    Example:
        >>> count_parameters(nn.Linear(3, 2))  # a weight of 6 numbers and a bias of 2
        8
    """
    raise NotImplementedError("count_parameters")


def freeze(module: nn.Module) -> None:
    """Freeze a module: its parameters stop learning, and nothing else changes.

    From then on no parameter of the module, or of the modules inside it, asks for a gradient. A parameter that was
    frozen before stays frozen. Each stays the same nn.Parameter object, with the same numbers. The mode (training or
    evaluation) stays, the result of the module stays, and gradients still flow through the module to its input. A
    gradient that is in `.grad` already may stay there or be removed.

    Args:
        module: any nn.Module. It is changed itself, not a copy of it.

    Returns:
        Nothing that anybody needs: the module itself is changed.

    Example:
        >>> layer = nn.Linear(3, 2)
        >>> _ = freeze(layer)
        >>> layer.weight.requires_grad
        False
    """
    raise NotImplementedError("freeze")


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Copy the numbers of one module into another: all parameters and all buffers that `state_dict()` holds, also those
    of the modules inside.

    Afterwards both hold the same numbers, and share no memory: what happens to one does not reach the other.
    The parameters of target stay the same nn.Parameter objects, because an optimizer may hold them already. What
    is frozen there stays frozen, and the mode (training or evaluation) stays. source is left as it is.

    Args:
        source: any nn.Module, its parameters frozen or not.
        target: another module of the same build: the same names, shapes, dtypes and device. It is changed itself.

    Returns:
        Nothing that anybody needs: target itself is changed.

    Example:
        >>> source, target = nn.Linear(3, 2), nn.Linear(3, 2)
        >>> _ = copy_weights(source, target)
        >>> torch.equal(source.weight, target.weight)
        True
    """
    raise NotImplementedError("copy_weights")
