"""Matrix products: the workhorse of a transformer."""

import torch
from jaxtyping import Float
from torch import Tensor

from dojo.authoring import benchmark, mistake, variant


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
    *batch_a, m, k = a
    *batch_b, other_k, n = b
    if k != other_k:
        raise ValueError(f"the inner sizes {k} and {other_k} differ in {tuple(a)} @ {tuple(b)}")
    length = max(len(batch_a), len(batch_b))
    batch = []
    for one, two in zip([1] * (length - len(batch_a)) + batch_a, [1] * (length - len(batch_b)) + batch_b):
        if one != two and one != 1 and two != 1:
            raise ValueError(f"the batch sizes {one} and {two} do not go together in {tuple(a)} @ {tuple(b)}")
        batch.append(two if one == 1 else one)
    return (*batch, m, n)


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
    return (a[:, :, None] * b).sum(dim=1)  # (m, k, 1) * (k, n) is (m, k, n)


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
    return a @ b


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
    return x @ weight + bias  # (..., n) @ (n, p) + (p,)


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
    return (weights[:, None, :] @ values).squeeze(1)  # (B, 1, T) @ (B, T, D) is (B, 1, D)


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
    return x @ x.transpose(1, 2)  # (B, T, D) @ (B, D, T)


BANNED = {
    "matmul_by_hand": {
        "*matmul*": "write this product yourself, from * and a sum",
        "*mm": "write this product yourself, from * and a sum",  # mm, bmm, addmm, baddbmm ...
        "addmm*": "write this product yourself, from * and a sum",
        "*mv": "write this product yourself, from * and a sum",
        "addmv*": "write this product yourself, from * and a sum",
        "*addbmm*": "write this product yourself, from * and a sum",
        "*dot": "write this product yourself, from * and a sum",  # dot, vdot, vecdot, tensordot, multi_dot
        "inner": "write this product yourself, from * and a sum",
        "*einsum*": "write this product yourself, from * and a sum",
        "sumproduct_pair": "write this product yourself, from * and a sum",
        "*linear": "write this product yourself, from * and a sum",  # and bilinear
        "conv*": "write this product yourself, from * and a sum",  # a convolution multiplies and adds up too
        "*convolution*": "write this product yourself, from * and a sum",
        "*attention*": "write this product yourself, from * and a sum",
    }
}

HINTS = {
    "matmul_shape": [
        "Write a sign @ between the two shapes. Which two sizes stand next to it, in (m, k) @ (k, n)?",
        "Cut each shape in two: the last two sizes, and the batch sizes in front. For ((5, 1, 2, 3), (7, 3, 4)): the "
        "inner sizes are 3 and 3, the outer ones are 2 and 4, and the batch sizes (5, 1) and (7,) broadcast to (5, 7).",
        "`a[:-2]` holds the batch sizes, `a[-2]` is m, `a[-1]` and `b[-2]` must be equal, `b[-1]` is n. Broadcast the "
        "batch sizes as in kata 05, then return (*batch, m, n).",
    ],
    "matmul_by_hand": [
        "Every row of a must meet every column of b. In kata 05, how did every number of one list meet every number of "
        "another?",
        "There are m times k times n products: a with shape (m, k, 1) against b with shape (k, n) gives (m, k, n). One "
        "of these three dimensions must then be added up, and (m, n) is left.",
        "Give a a last dimension of size 1 (`unsqueeze`, or an index of None), multiply by b, and call `.sum` over the "
        "middle dimension.",
    ],
    "batched": [
        "PyTorch's product of matrices knows about batches.",
        "(batch, n, m) @ (batch, m, p) is (batch, n, p): only the last two dimensions take part in the product.",
        "The sign @ between a and b is all there is: no loop, and no reshape.",
    ],
    "linear": [
        "The formula is x @ W + b. Look at the shapes before you turn anything round.",
        "(..., n) @ (n, p) is (..., p): the sizes n meet. The bias, (p,), lines up with the last dimension.",
        "One product with @, one addition with +. The weight is used as it comes.",
    ],
    "weighted_sum": [
        "A weight belongs to a whole token: to a row of d numbers. Which dimension is then added up?",
        "Either (batch, tokens, 1) times (batch, tokens, d), added up over the tokens; or a product of matrices, "
        "(batch, 1, tokens) @ (batch, tokens, d), which is (batch, 1, d), and then the 1 goes.",
        "Put a dimension of size 1 at the end of weights (`unsqueeze(-1)`), multiply by values, and sum over dim 1.",
    ],
    "gram": [
        "A table of dot products is a matrix product. Which rows meet which columns?",
        "The tokens are the rows of x. In the second factor they must be columns: (batch, tokens, d) @ (batch, d, "
        "tokens) is (batch, tokens, tokens).",
        "`x.transpose(1, 2)` turns the rows of each sequence into columns. Multiply x by it with @.",
    ],
}


# ------------------------------------------------------------------------------------------ matmul_shape, other ways


@variant(matmul_shape)
def with_empty_tensors(a, b):
    try:
        return tuple((torch.empty(a, device="meta") @ torch.empty(b, device="meta")).shape)
    except RuntimeError as error:
        raise ValueError(f"{error} {a} {b}") from None


@variant(matmul_shape)
def with_broadcast_shapes(a, b):
    if a[-1] != b[-2]:
        raise ValueError("inner sizes: " + str(a[-1]) + ", " + str(b[-2]))
    try:
        batch = torch.broadcast_shapes(a[:-2], b[:-2])
    except RuntimeError:
        raise ValueError(f"batch sizes: {a[:-2]}, {b[:-2]}") from None
    return (*batch, a[-2], b[-1])


@variant(matmul_shape)
def one_batch_size_after_another(a, b):
    if len(a) == len(b) == 2:
        if a[1] == b[0]:
            return a[0], b[1]
        raise ValueError(f"{a[1]} != {b[0]}")
    if len(a) < len(b):
        a = (1,) * (len(b) - len(a)) + tuple(a)
    if len(b) < len(a):
        b = (1,) * (len(a) - len(b)) + tuple(b)
    first = {a[0], b[0]} - {1}
    if len(first) > 1:
        raise ValueError(" and ".join(map(str, first)))
    return (*(first or {1}), *one_batch_size_after_another(a[1:], b[1:]))


# ---------------------------------------------------------------------------------------- matmul_by_hand, other ways


@variant(matmul_by_hand)
def number_by_number(a, b):
    result = torch.zeros(a.shape[0], b.shape[1], dtype=a.dtype, device=a.device)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for inner in range(a.shape[1]):
                result[i, j] = result[i, j] + a[i, inner] * b[inner, j]
    return result


@variant(matmul_by_hand)
def row_times_column(a, b):
    return torch.stack([torch.stack([(row * column).sum() for column in b.T]) for row in a])


@variant(matmul_by_hand)
def sum_of_outer_products(a, b):
    return sum(torch.outer(column, row) for column, row in zip(a.unbind(1), b.unbind(0)))


@variant(matmul_by_hand)
def all_rows_against_all_columns(a, b):
    return torch.sum(a.unsqueeze(1) * b.t().unsqueeze(0), dim=-1)


@variant(matmul_by_hand)
def rows_of_b_mixed(a, b):
    m, n = a.size(0), b.size(1)
    return (a.reshape(m, -1, 1).expand(-1, -1, n) * b.expand(m, -1, -1)).transpose(1, 2).sum(2)


@variant(matmul_by_hand)
def column_by_column(a, b):
    result = a.new_empty(a.shape[0], b.shape[1])
    for j in range(b.shape[1]):
        result[:, j] = (a * b[:, j]).sum(1)
    return result


@variant(matmul_by_hand)
def mean_times_k(a, b):
    return (a[..., None] * b[None]).mean(1) * a.shape[1]


# ----------------------------------------------------------------------------------------------- batched, other ways


@variant(batched)
def with_bmm(a, b):
    return torch.bmm(a, b)


@variant(batched)
def with_einsum(a, b):
    return torch.einsum("bnm,bmp->bnp", a, b)


@variant(batched)
def pair_after_pair(a, b):
    return torch.stack([one.mm(two) for one, two in zip(a, b)])


@variant(batched)
def by_broadcasting(a, b):
    return (a.unsqueeze(-1) * b.unsqueeze(1)).sum(2)


@variant(batched)
def as_one_large_matrix(a, b):
    together = torch.block_diag(*a) @ b.reshape(-1, b.shape[-1])
    return together.reshape(a.shape[0], a.shape[1], b.shape[2])


# ------------------------------------------------------------------------------------------------ linear, other ways


@variant(linear)
def weight_for_pytorch(x, weight, bias):
    return torch.nn.functional.linear(x, weight.T, bias)


@variant(linear)
def bias_added_in_place_to_the_product(x, weight, bias):
    result = torch.matmul(x, weight)
    result += bias
    return result


@variant(linear)
def tokens_flattened_and_back(x, weight, bias):
    rows = torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight)
    return rows.reshape(*x.shape[:-1], -1)


@variant(linear)
def bias_as_one_more_row(x, weight, bias):
    return torch.cat([x, torch.ones_like(x[..., :1])], dim=-1) @ torch.cat([weight, bias[None]])


@variant(linear)
def output_after_output(x, weight, bias):
    return torch.stack([(x * weight[:, j]).sum(-1) + bias[j] for j in range(len(bias))], dim=-1)


@variant(linear)
def tokens_by_einsum(x, weight, bias):
    return bias + torch.einsum("...n,np->...p", x, weight)


# ------------------------------------------------------------------------------------------ weighted_sum, other ways


@variant(weighted_sum)
def multiplied_then_summed(weights, values):
    return (weights.unsqueeze(-1) * values).sum(dim=1)


@variant(weighted_sum)
def mixed_by_einsum(weights, values):
    return torch.einsum("bt,btd->bd", weights, values)


@variant(weighted_sum)
def values_turned(weights, values):
    return torch.bmm(values.mT, weights[..., None])[..., 0]


@variant(weighted_sum)
def sequence_after_sequence(weights, values):
    return torch.stack([w @ v for w, v in zip(weights, values)])


@variant(weighted_sum)
def token_after_token(weights, values):
    total = torch.zeros_like(values[:, 0])
    for t in range(weights.shape[1]):
        total = total + weights[:, t : t + 1] * values[:, t]
    return total


# -------------------------------------------------------------------------------------------------- gram, other ways


@variant(gram)
def gram_by_einsum(x):
    return torch.einsum("bid,bjd->bij", x, x)


@variant(gram)
def gram_by_bmm(x):
    return torch.bmm(x, x.permute(0, 2, 1))


@variant(gram)
def gram_by_broadcasting(x):
    return (x[:, :, None] * x[:, None]).sum(-1)


@variant(gram)
def inner_of_each_sequence(x):
    return torch.stack([torch.inner(sequence, sequence) for sequence in x])


@variant(gram)
def each_pair_once(x):
    result = x.new_zeros(x.shape[0], x.shape[1], x.shape[1])
    for i in range(x.shape[1]):
        for j in range(i + 1):
            result[:, i, j] = result[:, j, i] = (x[:, i] * x[:, j]).sum(-1)
    return result


# -------------------------------------------------------------------------------------------- matmul_shape, mistakes


def _broadcast(a, b):
    """The rule of kata 05, for the mistakes."""
    length = max(len(a), len(b))
    result = []
    for m, n in zip((1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)):
        if m != n and m != 1 and n != 1:
            raise ValueError(f"the sizes {m} and {n} clash")
        result.append(n if m == 1 else m)
    return tuple(result)


def _check_inner(k, other_k):
    if k != other_k:
        raise ValueError(f"the inner sizes {k} and {other_k} differ")


@mistake(matmul_shape, says="The outer two stay")
def inner_sizes_kept(a, b):
    """You kept the two inner sizes. They are the ones that disappear: each dot product adds up k products."""
    _check_inner(a[-1], b[-2])
    return (*_broadcast(a[:-2], b[:-2]), a[-1], b[-2])


@mistake(matmul_shape, says="The outer two stay")
def outer_sizes_swapped(a, b):
    """You returned (n, m). The rows of the result are those of the first matrix, so m comes first."""
    _check_inner(a[-1], b[-2])
    return (*_broadcast(a[:-2], b[:-2]), b[-1], a[-2])


@mistake(matmul_shape, says="The outer two stay")
def shapes_of_an_elementwise_product(a, b):
    """You let the whole shapes broadcast. That is the rule of `*`, number by number. A matrix product has its own rule
    for the last two sizes."""
    return _broadcast(a, b)


@mistake(matmul_shape, says="The outer two stay")
def last_sizes_compared(a, b):
    """You compared the last size of a with the last size of b. A row of a meets a column of b, and the length of that
    column is the second last size of b."""
    _check_inner(a[-1], b[-1])
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-2])


@mistake(matmul_shape, says="must be equal")
def inner_sizes_not_checked(a, b):
    """You never looked at the inner sizes. A row of three numbers and a column of four have no dot product."""
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


@mistake(matmul_shape, says="must be equal")
def inner_1_stretches(a, b):
    """You let an inner size of 1 stretch. Only the batch sizes broadcast; the inner sizes must be equal."""
    _broadcast(a[-1:], (b[-2],))
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


@mistake(matmul_shape, says="in front of them")
def sizes_read_from_the_left(a, b):
    """You counted the sizes from the left: a[0], a[1], b[0], b[1]. With batch sizes in front, the matrix is at the
    end: count from there, with negative indices."""
    _check_inner(a[1], b[0])
    return (a[0], b[1])


@mistake(matmul_shape, says="batch")
def batch_sizes_left_out(a, b):
    """You returned the two sizes of the matrix alone. The batch sizes stand in front of them."""
    _check_inner(a[-1], b[-2])
    _broadcast(a[:-2], b[:-2])
    return (a[-2], b[-1])


@mistake(matmul_shape, says="1 stretches")
def batch_of_the_first_only(a, b):
    """You took the batch sizes of a, and forgot those of b. They broadcast with each other."""
    _check_inner(a[-1], b[-2])
    _broadcast(a[:-2], b[:-2])
    return (*a[:-1], b[-1])


@mistake(matmul_shape, says="batch")
def batch_sizes_side_by_side(a, b):
    """You put the batch sizes of a and those of b one after the other. Each pair of them shares one dimension."""
    _check_inner(a[-1], b[-2])
    return (*a[:-2], *b[:-2], a[-2], b[-1])


@mistake(matmul_shape, says="1 stretches")
def equal_batch_sizes_only(a, b):
    """You raise an error whenever two batch sizes differ. As in kata 05, a size of 1 stretches to the other one."""
    _check_inner(a[-1], b[-2])
    for m, n in zip(reversed(a[:-2]), reversed(b[:-2])):
        _check_inner(m, n)
    return (*max(a[:-2], b[:-2], key=len), a[-2], b[-1])


@mistake(matmul_shape, says="from the right")
def equal_lengths_only(a, b):
    """You refuse shapes of different lengths. A missing batch size counts as 1."""
    _check_inner(a[-1], b[-2])
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} dimensions")
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


@mistake(matmul_shape, says="from the right")
def batch_lined_up_from_the_left(a, b):
    """You lined the batch sizes up at their first one. As in kata 05, they line up from the right."""
    _check_inner(a[-1], b[-2])
    length = max(len(a), len(b)) - 2
    one, two = (*a[:-2], *(1,) * (length - len(a) + 2)), (*b[:-2], *(1,) * (length - len(b) + 2))
    return (*_broadcast(one, two), a[-2], b[-1])


@mistake(matmul_shape, says="from the right")
def batch_cut_to_the_shorter(a, b):
    """You walked over the batch sizes with zip, which stops at the end of the shorter shape."""
    _check_inner(a[-1], b[-2])
    length = min(len(a), len(b)) - 2
    one, two = a[len(a) - 2 - length : -2], b[len(b) - 2 - length : -2]
    return (*_broadcast(one, two), a[-2], b[-1])


@mistake(matmul_shape, says="neither is 1")
def batch_never_refused(a, b):
    """You let every pair of batch sizes pass. Two that differ go together only if one of them is 1."""
    _check_inner(a[-1], b[-2])
    length = max(len(a), len(b)) - 2
    one, two = (1,) * (length - len(a) + 2) + a[:-2], (1,) * (length - len(b) + 2) + b[:-2]
    return (*(n if m == 1 else m for m, n in zip(one, two)), a[-2], b[-1])


@mistake(matmul_shape, says="1 against 0")
def larger_batch_size_wins(a, b):
    """You took the larger of the two batch sizes. That is right for every size but 0: a 1 against a 0 gives 0."""
    _check_inner(a[-1], b[-2])
    _broadcast(a[:-2], b[:-2])
    length = max(len(a), len(b)) - 2
    one, two = (1,) * (length - len(a) + 2) + a[:-2], (1,) * (length - len(b) + 2) + b[:-2]
    return (*(max(m, n) for m, n in zip(one, two)), a[-2], b[-1])


@mistake(matmul_shape, says="names the two sizes")
def message_without_the_sizes(a, b):
    """You raise the right error, but its message does not tell which two sizes clash. The reader has to search."""
    try:
        _check_inner(a[-1], b[-2])
        return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])
    except ValueError:
        raise ValueError("these shapes do not fit") from None


@mistake(matmul_shape, says="names the two sizes")
def message_with_the_outer_sizes(a, b):
    """Your message names the outer sizes. The reader needs those that clash: the inner ones, or two batch sizes."""
    try:
        _check_inner(a[-1], b[-2])
        return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])
    except ValueError:
        raise ValueError(f"cannot multiply: {a[-2]} and {b[-1]}") from None


@mistake(matmul_shape, says="tuple")
def list_for_a_tuple(a, b):
    """You collected the sizes in a list and returned it. A shape is a tuple: wrap the list in tuple(...)."""
    _check_inner(a[-1], b[-2])
    return [*_broadcast(a[:-2], b[:-2]), a[-2], b[-1]]


@mistake(matmul_shape, says="ValueError")
def assert_for_the_error(a, b):
    """You used assert. It raises AssertionError, and Python can be told to skip it. Raise ValueError instead."""
    assert a[-1] == b[-2], f"{a[-1]} and {b[-2]} differ"
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


@mistake(matmul_shape, says="0 is a size")
def zero_refused(a, b):
    """You refuse a size of 0. It is a size like any other: a batch may be empty, and so may a matrix."""
    _check_inner(a[-1], b[-2])
    if 0 in (*a[-2:], *b[-2:]):
        raise ValueError(f"a size of 0 in {a} or {b}")
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


# ------------------------------------------------------------------------------------------ matmul_by_hand, mistakes

_matmul_by_hand = matmul_by_hand


@mistake(matmul_by_hand, says="row i of a times column j of b")
def number_times_number(a, b):
    """You multiplied with *. It goes number by number and needs equal shapes; in a matrix product every row meets
    every column."""
    return a * b


@mistake(matmul_by_hand, says="write this product yourself")
def with_the_at_sign(a, b):
    """You used @. It is the right tool everywhere else; in this function you build what it does."""
    return a @ b


@mistake(matmul_by_hand, says="write this product yourself")
def einsum_does_it(a, b):
    """You used einsum. It is a matrix product too, under another name. Here, build it from * and a sum."""
    return torch.einsum("mk,kn->mn", a, b)


@mistake(matmul_by_hand, says="write this product yourself")
def dot_products_of_pytorch(a, b):
    """You took each dot product with torch.dot. Build that one too: multiply number by number, and add up."""
    return torch.stack([torch.stack([torch.dot(row, column) for column in b.T]) for row in a])


@mistake(matmul_by_hand, says="row i of a times column j of b")
def summed_over_the_columns(a, b):
    """You added up the last dimension, where the columns of b stand. The dimension to add up is the inner one, k."""
    return (a[:, :, None] * b).sum(-1)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def summed_over_the_rows(a, b):
    """You added up the first dimension, where the rows of a stand. The dimension to add up is the inner one, k."""
    return (a[:, :, None] * b).sum(0)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def never_added_up(a, b):
    """You have all m·k·n products, and they are right. The k products of each dot product are still to be added up."""
    return a[:, :, None] * b


@mistake(matmul_by_hand, says="row i of a times column j of b")
def inner_dimension_kept(a, b):
    """You added up with keepdim=True, so the inner dimension is still there, with size 1."""
    return (a[:, :, None] * b).sum(1, keepdim=True)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def averaged_products(a, b):
    """You took the mean of the k products. A dot product is their sum."""
    return (a[:, :, None] * b).mean(1)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def result_on_its_side(a, b):
    """Your result is transposed: its rows belong to the columns of b. Rows come from a, columns from b."""
    return _matmul_by_hand(a, b).T


@mistake(matmul_by_hand, says="row i of a times column j of b")
def rows_of_both(a, b):
    """You multiplied the rows of a with the rows of b. It is the columns of b that they meet."""
    return (a[:, None] * b[None]).sum(-1)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def pairs_row_i_with_column_i_only(a, b):
    """You let row i meet only column i. Every row of a meets every column of b."""
    return (a * b.T).sum(-1)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def summed_before_multiplied(a, b):
    """You added up first and multiplied then. The order matters: multiply number by number, then add the products."""
    return a.sum(1, keepdim=True) * b.sum(0)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def sums_for_products(a, b):
    """You added the numbers of a row and a column. A dot product multiplies them, then adds the products up."""
    return (a[:, :, None] + b).sum(1)


@mistake(matmul_by_hand, says="row i of a times column j of b")
def last_product_left_out(a, b):
    """Your loop stops one step early, at k - 1: the last product of each dot product is missing."""
    return _matmul_by_hand(a[:, :-1], b[:-1]) if a.shape[1] > 1 else a * b


@mistake(matmul_by_hand, says="a number by itself")
def one_product_number_by_number(a, b):
    """You multiplied a by the turned b where k is 1, as there is nothing to add up then. But every row still meets
    every column: m rows and n columns give m · n numbers."""
    return a * b.T if a.shape[1] == 1 and a.shape == b.T.shape else (a.unsqueeze(2) * b).sum(1)


@mistake(matmul_by_hand, says="new tensor")
def a_itself_for_the_identity(a, b):
    """You saved the work where b is the identity, and returned a itself. Whoever writes into the result changes a."""
    if b.shape[0] == b.shape[1] and bool((b == torch.eye(len(b), dtype=b.dtype, device=b.device)).all()):
        return a
    return (a.unsqueeze(2) * b).sum(1)


@mistake(matmul_by_hand, says="dtype of a")
def zeros_of_float32(a, b):
    """You collected the result in torch.zeros(m, n), which is float32. Say dtype=a.dtype, or a.new_zeros(m, n)."""
    result = torch.zeros(a.shape[0], b.shape[1], device=a.device)
    for i, row in enumerate(a):
        result[i] = (row[:, None] * b).sum(0)
    return result


@mistake(matmul_by_hand, says="lives")
def zeros_on_the_cpu(a, b):
    """You collected the result in a tensor that you made on the CPU. Say device=a.device, or a.new_zeros(m, n)."""
    result = torch.zeros(a.shape[0], b.shape[1], dtype=a.dtype)
    for i, row in enumerate(a):
        result[i] = (row[:, None] * b).sum(0)
    return result


@mistake(matmul_by_hand, says="gradient")
def numbers_of_python(a, b):
    """You took the numbers out of the tensors, with tolist(), item() or torch.tensor(...). The result is right, but
    PyTorch no longer knows what it was made from, so no gradient flows back."""
    rows = [[sum(p * q for p, q in zip(row, column)) for column in zip(*b.tolist())] for row in a.tolist()]
    return torch.tensor(rows, dtype=a.dtype, device=a.device)


@mistake(matmul_by_hand, says="dtype of a")
def product_of_numpy(a, b):
    """You let NumPy multiply. It has no bfloat16, its arrays live on the CPU, and it keeps no gradient. Here, build the
    product from * and a sum."""
    return torch.from_numpy(a.numpy() @ b.numpy())


@mistake(matmul_by_hand, says="gradient")
def gradient_reaches_a_only(a, b):
    """You used b.detach() or b.data. The result is right, but no gradient flows back to b."""
    return _matmul_by_hand(a, b.detach())


# ------------------------------------------------------------------------------------------------- batched, mistakes


@mistake(batched, says="matrix i of a meets matrix i of b")
def batch_number_by_number(a, b):
    """You multiplied with *, number by number. Each pair of matrices has a matrix product."""
    return a * b


@mistake(batched, says="matrix i of a meets matrix i of b")
def first_matrix_of_b_for_all(a, b):
    """You used the first matrix of b for the whole batch. Each matrix of a has its own partner."""
    return a @ b[0]


@mistake(batched, says="matrix i of a meets matrix i of b")
def batch_mixed_by_einsum(a, b):
    """You gave the two batch dimensions two different letters, so every matrix of a met every matrix of b, and all was
    added up. With one letter for both, they go in pairs."""
    return torch.einsum("bnm,cmp->bnp", a, b)


@mistake(batched, says="matrix i of a meets matrix i of b")
def every_pair_of_the_batch(a, b):
    """You used tensordot (or dot of NumPy): every matrix of a met every matrix of b, and the batch is there twice."""
    return torch.tensordot(a, b, dims=([2], [1]))


@mistake(batched, says="matrix i of a meets matrix i of b")
def summed_over_the_batch(a, b):
    """You added the products of the whole batch up. Each pair keeps its own result."""
    return torch.einsum("bnm,bmp->np", a, b)


@mistake(batched, says="matrix i of a meets matrix i of b")
def b_turned_round(a, b):
    """You transposed b first. It stands already as it should: its rows, m of them, meet the columns of a."""
    return a @ b.transpose(1, 2)


@mistake(batched, says="matrix i of a meets matrix i of b")
def b_turned_round_with_the_batch(a, b):
    """You used b.T. It turns round all three dimensions, the batch too. And b stands already as it should."""
    return a @ b.permute(2, 1, 0)


@mistake(batched, says="matrix i of a meets matrix i of b")
def mm_for_a_batch(a, b):
    """You used mm, which takes two matrices only. Its relative for batches is bmm, and @ takes both."""
    return torch.mm(a, b)


@mistake(batched, says="matrix i of a meets matrix i of b")
def factors_in_the_wrong_order(a, b):
    """You multiplied b by a. A matrix product depends on the order of its two factors."""
    return b @ a


@mistake(batched, says="matrix i of a meets matrix i of b")
def result_transposed(a, b):
    """Your matrices lie on their side. Their rows come from a, their columns from b."""
    return (a @ b).transpose(1, 2)


@mistake(batched, says="matrix i of a meets matrix i of b")
def first_pair_only(a, b):
    """You multiplied the first pair only, and left the rest of the batch out."""
    return (a[0] @ b[0]).expand(len(a), -1, -1)


@mistake(batched, says="matrix i of a meets matrix i of b")
def batch_laid_out_as_one_matrix(a, b):
    """You reshaped both batches into one matrix each, and multiplied those. reshape keeps the order in memory, not the
    rows and columns, so numbers of different pairs are mixed."""
    return a.reshape(-1, a.shape[2]) @ b.reshape(b.shape[1], -1)


@mistake(batched, says="matrix i of a meets matrix i of b")
def stacked_along_the_rows(a, b):
    """You multiplied pair by pair and stacked the results along dimension 1. The batch is dimension 0."""
    return torch.stack([one @ two for one, two in zip(a, b)], dim=1)


@mistake(batched, says="stay")
def squeezed_at_the_end(a, b):
    """You called squeeze() on the result. It takes away every size of 1, so a batch of one or a single column is
    lost."""
    return (a @ b).squeeze()


@mistake(batched, says="dtype of a")
def batch_in_float32(a, b):
    """You changed the result to float32. It keeps the dtype of a."""
    return a.float() @ b.float()


@mistake(batched, says="gradient")
def batch_without_gradients(a, b):
    """You multiplied under torch.no_grad, or with NumPy. The numbers are right, but no gradient can flow back."""
    with torch.no_grad():
        return a @ b


# -------------------------------------------------------------------------------------------------- linear, mistakes


@mistake(linear, says="x @ W + b")
def weight_as_pytorch_stores_it(x, weight, bias):
    """You called functional.linear with the weight as it is. It wants a weight of shape (p, n), and turns it round.
    Ours is (n, p)."""
    return torch.nn.functional.linear(x, weight, bias)


@mistake(linear, says="no error")
def weight_turned_if_square(x, weight, bias):
    """You transposed the weight when its shape allowed it. A square weight fits both ways, and only one is right."""
    return x @ (weight.T if weight.shape[0] == weight.shape[1] else weight) + bias


@mistake(linear, says="x @ W + b")
def bias_dropped(x, weight, bias):
    """You forgot the bias. It is added to each result."""
    return x @ weight


@mistake(linear, says="x @ W + b")
def bias_taken_away(x, weight, bias):
    """You subtracted the bias. It is added."""
    return x @ weight - bias


@mistake(linear, says="x @ W + b")
def bias_added_twice(x, weight, bias):
    """You added the bias twice, perhaps once through addmm or functional.linear, and then again by hand."""
    return x @ weight + 2 * bias


@mistake(linear, says="x @ W + b")
def bias_before_the_product(x, weight, bias):
    """You added the bias to x, before the product. It has p numbers, one for each that comes out, and is added at the
    end."""
    return (x + bias[: x.shape[-1]]) @ weight if len(bias) >= x.shape[-1] else (x + bias[:1]) @ weight


@mistake(linear, says="x @ W + b")
def one_bias_for_all_outputs(x, weight, bias):
    """You added the mean of the bias everywhere. Each of the p results has a number of its own."""
    return x @ weight + bias.mean()


@mistake(linear, says="x @ W + b")
def bias_down_the_tokens(x, weight, bias):
    """You made the bias a column, so it met the tokens. As it comes, it lines up with the p columns."""
    return x @ weight + bias.unsqueeze(-1)


@mistake(linear, says="x @ W + b")
def weight_times_x(x, weight, bias):
    """You wrote W @ x. Tokens are rows here, so x comes first: x @ W."""
    return weight @ x + bias


@mistake(linear, says="x @ W + b")
def number_by_number_with_the_weight(x, weight, bias):
    """You multiplied with *. Then nothing is added up, and each result hears of one number only."""
    return x.unsqueeze(-1) * weight + bias


@mistake(linear, says="x @ W + b")
def relu_at_the_end(x, weight, bias):
    """You cut off what is below 0. Many networks do that after a linear layer, but the layer itself does not."""
    return (x @ weight + bias).clamp(min=0)


@mistake(linear, says="in front")
def tokens_stay_flat(x, weight, bias):
    """You flattened the tokens into one long list and left them so. The dimensions in front come back at the end."""
    result = x.reshape(-1, x.shape[-1]) @ weight + bias
    return result if x.ndim > 1 else result[0]


@mistake(linear, says="in front")
def with_mm(x, weight, bias):
    """You used mm, which takes two matrices only. A token has one dimension, a batch of sequences three; @ takes them
    all."""
    return torch.mm(x, weight) + bias


@mistake(linear, says="in front")
def with_addmm(x, weight, bias):
    """You used addmm, which takes two matrices only. A token has one dimension, a batch of sequences three; @ takes
    them all."""
    return torch.addmm(bias, x, weight)


@mistake(linear, says="in front")
def batch_and_tokens_unpacked(x, weight, bias):
    """You wrote it for three dimensions: batch, tokens, n. It is asked for any number of them."""
    if x.ndim < 3:
        return x @ weight + bias
    batch, tokens, n = x.shape
    return (x.reshape(batch * tokens, n) @ weight).reshape(batch, tokens, -1) + bias


@mistake(linear, says="stay")
def sizes_of_1_squeezed(x, weight, bias):
    """You called squeeze() on the result. It takes away every size of 1: a batch of one, a single token, one output."""
    return (x @ weight + bias).squeeze()


@mistake(linear, says="dtype of x")
def ones_of_float32(x, weight, bias):
    """You made something of your own on the way, here a column of ones, and it is float32. Give it the dtype of x."""
    ones = torch.ones(*x.shape[:-1], 1, device=x.device)
    return torch.cat([x, ones], dim=-1) @ torch.cat([weight, bias[None]]).to(torch.promote_types(x.dtype, ones.dtype))


@mistake(linear, says="lives")
def ones_on_the_cpu(x, weight, bias):
    """You made a tensor of your own on the way, here a column of ones, on the CPU. Give it the device of x."""
    return torch.cat([x, torch.ones(*x.shape[:-1], 1, dtype=x.dtype)], dim=-1) @ torch.cat([weight, bias[None]])


@mistake(linear, says="gradient")
def weight_and_bias_detached(x, weight, bias):
    """You used weight.data and bias.data. The layer gives the right numbers, but weight and bias get no gradient, so
    they could never learn."""
    return x @ weight.data + bias.data


@mistake(linear, says="changed its input")
def bias_receives_the_product(x, weight, bias):
    """You added the product into the bias with += or add_. The bias belongs to the caller. Make a new tensor."""
    product = x @ weight
    if product.ndim == 1:
        with torch.no_grad():
            return bias.add_(product)
    return product + bias


# -------------------------------------------------------------------------------------------- weighted_sum, mistakes


@mistake(weighted_sum, says="times its own weight")
def weights_against_all_batches(weights, values):
    """You wrote weights @ values. PyTorch takes the weights for one matrix, and lets it meet each sequence: every
    sequence is mixed with the weights of all the others as well."""
    return weights @ values


@mistake(weighted_sum, says="times its own weight")
def weights_without_a_column(weights, values):
    """You multiplied with * as they came. Shapes line up from the right, so the weights of the tokens met the d
    columns. The weights need one more dimension at the end, of size 1."""
    return (weights * values).sum(1)


@mistake(weighted_sum, says="times its own weight")
def weights_of_the_first_sequence(weights, values):
    """You used the weights of the first sequence for all. Each sequence has its own."""
    return weights[0] @ values


@mistake(weighted_sum, says="times its own weight")
def average_of_the_tokens(weights, values):
    """You divided by the number of tokens. The weights say how much of each token is taken; nothing is divided."""
    return (weights[..., None] * values).mean(1)


@mistake(weighted_sum, says="times its own weight")
def weights_made_to_sum_to_1(weights, values):
    """You divided by the sum of the weights first. Here they are used as they come, whatever they sum to."""
    return (weights[..., None] * values).sum(1) / weights.sum(1, keepdim=True)


@mistake(weighted_sum, says="times its own weight")
def weights_through_softmax(weights, values):
    """You sent the weights through a softmax. That comes in kata 18; here the weights are used as they are."""
    return (weights.softmax(1)[..., None] * values).sum(1)


@mistake(weighted_sum, says="times its own weight")
def plain_sum_of_tokens(weights, values):
    """You added the tokens up without their weights."""
    return values.sum(1)


@mistake(weighted_sum, says="times its own weight")
def summed_over_the_d_columns(weights, values):
    """You added up the last dimension, so one number for each token is left. What is added up are the tokens."""
    return (weights[..., None] * values).sum(-1)


@mistake(weighted_sum, says="times its own weight")
def summed_over_the_sequences(weights, values):
    """You added up dimension 0, the batch. The tokens stand in dimension 1."""
    return (weights[..., None] * values).sum(0)


@mistake(weighted_sum, says="times its own weight")
def tokens_never_added(weights, values):
    """You multiplied each token by its weight, and stopped there. The tokens of a sequence are then added up."""
    return weights[..., None] * values


@mistake(weighted_sum, says="times its own weight")
def dimension_of_1_left(weights, values):
    """Your product has the shape (batch, 1, d): the 1 that you put in for the product is still there."""
    return weights[:, None] @ values


@mistake(weighted_sum, says="times its own weight")
def heaviest_token_only(weights, values):
    """You picked the token with the largest weight. Every token takes part."""
    return values[torch.arange(len(values), device=values.device), weights.argmax(1)]


@mistake(weighted_sum, says="as many tokens as columns")
def weights_on_the_columns(weights, values):
    """You gave the weights the shape (batch, 1, tokens) and multiplied with *. That lines them up with the d columns.
    It raises no error where there are as many tokens as columns, and is still wrong."""
    if values.shape[1] != values.shape[2]:
        return (weights[..., None] * values).sum(1)
    return (weights[:, None] * values).sum(1)


@mistake(weighted_sum, says="stay")
def every_1_squeezed(weights, values):
    """You called squeeze() with no argument. It takes away every size of 1: a batch of one, too, and a d of 1. Say
    which dimension: squeeze(1)."""
    return (weights[:, None] @ values).squeeze()


@mistake(weighted_sum, says="may be negative")
def absolute_weights(weights, values):
    """You used the size of the weights without their sign. A negative weight takes the token away."""
    return (weights.abs()[..., None] * values).sum(1)


@mistake(weighted_sum, says="may be negative")
def negative_weights_ignored(weights, values):
    """You left out the tokens whose weight is not above 0. A negative weight takes the token away."""
    return (weights.clamp(min=0)[..., None] * values).sum(1)


@mistake(weighted_sum, says="changed its input")
def values_scaled_in_place(weights, values):
    """You multiplied the values in place, with *= or mul_. The caller's tensor has changed with it."""
    with torch.no_grad():
        values *= weights[..., None]
    return values.sum(1)


@mistake(weighted_sum, says="dtype of values")
def mixed_in_float32(weights, values):
    """You changed the result to float32. It keeps the dtype of values."""
    return (weights[..., None].float() * values.float()).sum(1)


@mistake(weighted_sum, says="gradient")
def weights_detached(weights, values):
    """You used weights.detach() or weights.data. The result is right, but the weights get no gradient: they could never
    learn where to look."""
    return (weights.detach()[..., None] * values).sum(1)


# ---------------------------------------------------------------------------------------------------- gram, mistakes


@mistake(gram, says="token i and token j")
def columns_against_columns(x):
    """You wrote xᵀ @ x: the columns met each other, and the result is (batch, d, d). The tokens are the rows."""
    return x.transpose(1, 2) @ x


@mistake(gram, says="token i and token j")
def no_transpose_at_all(x):
    """You wrote x @ x. The rows of the first x would meet the columns of the second one, but tokens are rows. Turn the
    second x round."""
    return x @ x


@mistake(gram, says="token i and token j")
def first_two_dimensions_swapped(x):
    """You swapped the dimensions 0 and 1, so the batch became the tokens. The two to swap are the last two."""
    return x @ x.transpose(0, 1)


@mistake(gram, says="token i and token j")
def all_dimensions_turned(x):
    """You used .T, which turns round all three dimensions, the batch too. .mT or transpose(1, 2) takes the last two."""
    return x @ x.permute(2, 1, 0)


@mistake(gram, says="token i and token j")
def reshape_for_transpose(x):
    """You used reshape or view to get (batch, d, tokens). The shape is right, but the numbers stay in their order: rows
    do not become columns."""
    return x @ x.reshape(x.shape[0], x.shape[2], x.shape[1])


@mistake(gram, says="token i and token j")
def each_token_with_itself(x):
    """You took the dot product of each token with itself only. Every token meets every token of its sequence."""
    return x.square().sum(-1)


@mistake(gram, says="token i and token j")
def diagonal_only(x):
    """Your table has numbers on its diagonal only: each token met itself. Every token meets every other one too."""
    return torch.diag_embed(x.square().sum(-1))


@mistake(gram, says="token i and token j")
def half_of_the_table(x):
    """You filled one half of the table. The other half holds the same numbers: i with j is j with i."""
    return (x @ x.mT).tril()


@mistake(gram, says="token i and token j")
def tokens_made_unit_length(x):
    """You divided by the lengths of the tokens. That is the cosine similarity of kata 04; a dot product keeps the
    lengths in."""
    x = x / x.norm(dim=-1, keepdim=True)
    return x @ x.mT


@mistake(gram, says="token i and token j")
def divided_by_root_d(x):
    """You divided by √d, as attention does. Here the plain dot product is asked for."""
    return x @ x.mT / x.shape[-1] ** 0.5


@mistake(gram, says="token i and token j")
def mean_of_the_products(x):
    """You took the mean of the d products. A dot product is their sum."""
    return (x[:, :, None] * x[:, None]).mean(-1)


@mistake(gram, says="token i and token j")
def sums_multiplied(x):
    """You gave the last dimensions two different letters in einsum, or summed too early: the sums of two tokens are
    multiplied. The products come first, number by number, and then their sum."""
    return torch.einsum("bid,bje->bij", x, x)


@mistake(gram, says="token i and token j")
def batch_added_up(x):
    """You added up the tables of all sequences. Each sequence keeps its own."""
    return torch.einsum("bid,bjd->ij", x, x).expand(len(x), -1, -1)


@mistake(gram, says="of the same sequence")
def tokens_of_all_sequences(x):
    """You flattened the batch, so the tokens of all sequences met. They meet within their own sequence."""
    rows = x.flatten(0, 1)
    table = rows @ rows.T
    return table if len(x) > 1 else table[None]


@mistake(gram, says="of the same sequence")
def first_sequence_for_all(x):
    """You multiplied each sequence by the first one. Each one meets itself."""
    return x @ x[0].T


@mistake(gram, says="stay")
def table_squeezed(x):
    """You called squeeze() on the result. A batch of one keeps its dimension, and so does a sequence of one token."""
    return (x @ x.mT).squeeze()


@mistake(gram, says="may be negative")
def absolute_products(x):
    """You took the absolute value. A negative dot product says that two tokens point apart, and it stays negative."""
    return (x @ x.mT).abs()


@mistake(gram, says="dtype of x")
def table_in_float32(x):
    """You changed the result to float32. It keeps the dtype of x."""
    return x.float() @ x.float().mT


@mistake(gram, says="gradient")
def second_factor_detached(x):
    """You detached one of the two factors. x stands on both sides of the product, and the gradient comes from both."""
    return x @ x.detach().mT


# ------------------------------------------------------------------------------------ what `make bench N=08` measures


@benchmark(
    None,
    title="a @ b, float32",
    sizes=(500, 2000),
    why="NumPy and PyTorch hand a product to a library that knows the machine: it cuts the matrices into blocks that "
    "fit the cache, and works with all cores at once. On the CPU the two are about as fast. A GPU has thousands "
    "of small cores, and a product is thousands of dot products that need not wait for each other.",
)
def numpy_and_pytorch(n, device):
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)
    first, second = a.cpu().numpy(), b.cpu().numpy()
    return (), {"NumPy": lambda: first @ second, "PyTorch": lambda: a @ b}


@benchmark(
    matmul_by_hand,
    title="matmul_by_hand",
    sizes=(32, 128, 256),
    why="Your function may write all m × k × n products to memory before it adds them up: look at the memory. "
    "PyTorch's product adds each one at once, in a register, and reads every block of a and b from the cache many "
    "times.",
)
def by_hand_beside_others(n, device):
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)
    first, second = a.cpu().numpy(), b.cpu().numpy()
    return (a, b), {"PyTorch's @": lambda: a @ b, "NumPy's @": lambda: first @ second}
