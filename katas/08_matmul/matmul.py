"""Matrix products: the workhorse of a transformer.

The lesson is README.md. Write the functions in order, and check them with: make kata N=08
"""

import torch
from jaxtyping import Float
from torch import Tensor


def matmul_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Predict the shape of `x @ y` from the shapes of x and y. Plain Python is enough: no tensor is needed.

    The rule: the last two sizes of each shape belong to the matrices, and (m, k) @ (k, n) gives (m, n). The two inner
    sizes, both called k here, must be equal; here a 1 does not stretch. The sizes in front are batch sizes. They
    broadcast by the rule of kata 05: line them up from the right, where one is missing read 1, and equal sizes go
    together, or any size with a 1.

    Args:
        a: the first shape, a tuple of two or more sizes, for example (5, 2, 3).
        b: the second shape, likewise. The two may differ in length. A size may be 0, in either shape.

    Returns:
        The shape of the result, as a tuple: the batch sizes, then m, then n.

    Raises:
        ValueError: if the inner sizes differ, or if two batch sizes do not go together. The message names the two
            sizes that clash. (If both go wrong, either pair will do.)

    The rule is from https://docs.pytorch.org/docs/stable/generated/torch.matmul.html

    Example:
        >>> matmul_shape((5, 2, 3), (3, 4))
        (5, 2, 4)
    """
    raise NotImplementedError("matmul_shape")


def matmul_by_hand(a: Float[Tensor, "m k"], b: Float[Tensor, "k n"]) -> Float[Tensor, "m n"]:
    """Multiply two matrices, from multiplication and sums alone.

    The number in row i and column j of the result is a dot product: row i of a times column j of b, number by number,
    and then the k products are added up.

    In this function every ready-made product that adds up is closed to you: `@`, matmul, mm, einsum, dot and the like,
    and those of NumPy. What only multiplies is open: `*`, `torch.mul`, `torch.outer`.

    Args:
        a: shape (m, k), a float dtype. All sizes are at least 1.
        b: shape (k, n), of the same dtype and device.

    Returns:
        A new tensor of shape (m, n), with the dtype and device of a. Gradients flow through it to a and to b.

    Example:
        >>> matmul_by_hand(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [10.0, 1.0]]))
        tensor([[31.,  5.]])
    """
    raise NotImplementedError("matmul_by_hand")


def batched(a: Float[Tensor, "batch n m"], b: Float[Tensor, "batch m p"]) -> Float[Tensor, "batch n p"]:
    """Multiply two batches of matrices, pair by pair: the first of a with the first of b, and so on.

    Args:
        a: shape (batch, n, m), a float dtype. All sizes are at least 1.
        b: shape (batch, m, p), of the same batch size, dtype and device.

    Returns:
        A new tensor of shape (batch, n, p), with the dtype and device of a. Matrix i of it is a[i] times b[i], a
        matrix product. Gradients flow through it to a and to b.

    Example:
        >>> a = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
        >>> b = torch.tensor([[[1.0], [1.0]], [[10.0], [100.0]]])
        >>> batched(a, b)
        tensor([[[  3.]],
        <BLANKLINE>
                [[430.]]])
    """
    raise NotImplementedError("batched")


def linear(
    x: Float[Tensor, "*batch n"], weight: Float[Tensor, "n p"], bias: Float[Tensor, " p"]
) -> Float[Tensor, "*batch p"]:
    """Send each token through a linear layer: x times the weight, plus the bias.

    The weight stands here as in the formula x @ W + b: a row for each number that goes in, a column for each number
    that comes out. (PyTorch's own `functional.linear` wants it the other way round, with shape (p, n).)

    Args:
        x: tokens, shape (..., n), with any number of dimensions in front, or none; a float dtype. All sizes are at
            least 1.
        weight: shape (n, p), of the same dtype and device.
        bias: shape (p,), of the same dtype and device.

    Returns:
        A new tensor of shape (..., p), with the dtype and device of x. Gradients flow through it to x, weight and
        bias.

    Example:
        >>> weight = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
        >>> linear(torch.tensor([3.0, 4.0]), weight, torch.tensor([0.0, 0.0, 100.0]))
        tensor([  3.,   4., 107.])
    """
    raise NotImplementedError("linear")


def weighted_sum(
    weights: Float[Tensor, "batch tokens"], values: Float[Tensor, "batch tokens d"]
) -> Float[Tensor, "batch d"]:
    """Mix the tokens of each sequence into one: multiply each by its own weight, and add them up.

    Args:
        weights: shape (batch, tokens), one number for each token, a float dtype. Any numbers: they may be negative, and
            they need not sum to 1. All sizes are at least 1.
        values: shape (batch, tokens, d), one row of d numbers for each token, of the same dtype and device.

    Returns:
        A new tensor of shape (batch, d), with the dtype and device of values. Row i belongs to sequence i. Gradients
        flow through it to weights and to values.

    Example:
        >>> weights = torch.tensor([[0.5, 0.5, 2.0]])
        >>> weighted_sum(weights, torch.tensor([[[2.0, 10.0], [4.0, 20.0], [1.0, 0.0]]]))
        tensor([[ 5., 15.]])
    """
    raise NotImplementedError("weighted_sum")


def gram(x: Float[Tensor, "batch tokens d"]) -> Float[Tensor, "batch tokens tokens"]:
    """Take the dot product of every token with every token of the same sequence. Such a table is a Gram matrix.

    Args:
        x: sequences of tokens, shape (batch, tokens, d), a float dtype. All sizes are at least 1.

    Returns:
        A new tensor of shape (batch, tokens, tokens), with the dtype and device of x. At [b, i, j] it holds the dot
        product of the tokens i and j of sequence b. Gradients flow through it to x, from both sides of the product.

    Example:
        >>> gram(torch.tensor([[[1.0, 2.0], [3.0, 0.0], [0.0, -1.0]]]))
        tensor([[[ 5.,  3., -2.],
                 [ 3.,  9.,  0.],
                 [-2.,  0.,  1.]]])
    """
    raise NotImplementedError("gram")
