"""Elementwise: arithmetic number by number, and reductions."""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from dojo.authoring import mistake, variant


def hadamard(a: Num[Tensor, "*shape"], b: Num[Tensor, "*shape"]) -> Num[Tensor, "*shape"]:
    """Multiply two tensors number by number. This is called the Hadamard product.

    Args:
        a: a tensor with any number of dimensions, or none; all sizes are at least 1. Its dtype is a floating-point one
            (float32, float16, ...) or int64. No number in a or b is infinity or NaN.
        b: a tensor of the same shape, dtype and device.

    Returns:
        A new tensor of that shape, dtype and device. In each place stands the number of a times the number of b in
        the same place. Products of whole numbers are exact.

    Example:
        >>> hadamard(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[10.0, 0.0, -1.0]]))
        tensor([[10.,  0., -3.]])
    """
    return a * b


def squared_error(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Measure how far two tensors are from each other: the mean of the squared differences.

    Subtract number by number, square each difference, and take the mean of all the squares, over every dimension.

    Args:
        a: a tensor with any number of dimensions, or none, of a floating-point dtype; all sizes are at least 1. No
            number in a or b is infinity or NaN, and the squares, added up, fit into the dtype.
        b: a tensor of the same shape, dtype and device.

    Returns:
        A tensor of shape (), which holds one number. Same dtype and device as a.

    Example:
        >>> squared_error(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 5.0, 6.0]))  # (0 + 9 + 9) / 3
        tensor(6.)
    """
    return (a - b).square().mean()


def exp_scaled(x: Float[Tensor, "*shape"], temperature: float) -> Float[Tensor, "*shape"]:
    """Divide every number by the temperature, then raise e = 2.71828... to that power: exp(x / temperature).

    Args:
        x: a tensor with any number of dimensions, or none, of a floating-point dtype; all sizes are at least 1. Its
            numbers may be negative.
        temperature: one Python number above 0, a float or an int. exp(x / temperature) fits into the dtype of x, even
            where exp(x) would be too large.

    Returns:
        A new tensor with the shape, dtype and device of x.

    Example:
        >>> exp_scaled(torch.tensor([0.0, 2.0, 4.0]), 2.0)  # e to the power of 0, 1 and 2
        tensor([1.0000, 2.7183, 7.3891])
    """
    return torch.exp(x / temperature)


def mean_per_token(x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch 1"]:
    """Take the mean of each token on its own. A token is one row of d numbers: the last dimension of x.

    Args:
        x: tokens, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none; all
            sizes are at least 1. No number is infinity or NaN, and the sum of a token fits into the dtype.

    Returns:
        A tensor of shape (..., 1). The last dimension stays, with size 1, so that the result lines up with x.
        Same dtype and device as x.

    Example:
        >>> mean_per_token(torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 60.0]]))
        tensor([[ 2.],
                [30.]])
    """
    return x.mean(dim=-1, keepdim=True)  # (..., d) -> (..., 1)


def max_per_row(x: Num[Tensor, "n m"]) -> Num[Tensor, " n"]:
    """Find the largest number of each row of a matrix. The number itself is asked for, not its place.

    Args:
        x: a matrix of shape (n, m), n and m at least 1. Its dtype is a floating-point one or int64. Any number may
            occur, however small, and infinity and minus infinity too, but no NaN.

    Returns:
        A tensor of shape (n,), one number for each row, exactly as it stands in x. Same dtype and device as x.

    Example:
        >>> max_per_row(torch.tensor([[1.0, 9.0, 3.0], [4.0, 2.0, 8.0]]))
        tensor([9., 8.])
    """
    return x.amax(dim=1)  # (n, m) -> (n,)


def center(x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Subtract from each token its own mean. Afterwards the mean of every token is 0.

    Args:
        x: tokens, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none; all
            sizes are at least 1. No number is infinity or NaN, and the sum of a token fits into the dtype.

    Returns:
        A new tensor of shape (..., d), with the dtype and device of x.

    Example:
        >>> center(torch.tensor([[1.0, 2.0, 6.0], [10.0, 20.0, 30.0]]))  # the means are 3 and 20
        tensor([[ -2.,  -1.,   3.],
                [-10.,   0.,  10.]])
    """
    return x - mean_per_token(x)  # (..., d) - (..., 1)


def cosine_similarity(a: Float[Tensor, "*batch d"], b: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch"]:
    """Say how alike the directions of two vectors are: 1 for the same direction, 0 for a right angle, -1 for opposite.

    A vector is one row of d numbers: the last dimension. Multiply the two number by number and add up: that is their
    dot product. Divide it by the length of a and by the length of b. The length of a vector is the square root of the
    sum of its squares.

    Args:
        a: vectors, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none.
            All sizes are at least 1. The length of each vector is at least 0.1, and at most 500 (float16: 10).
        b: vectors of the same shape, dtype and device. Their lengths are in the same range.

    Returns:
        A tensor of shape (...): the last dimension is gone, and there is one number for each pair of vectors that
        stand in the same place. Same dtype and device as a.

    The formula is that of https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html

    Example:
        >>> cosine_similarity(torch.tensor([3.0, 4.0]), torch.tensor([8.0, 6.0]))  # (24 + 24) / (5 * 10)
        tensor(0.9600)
    """
    dot = (a * b).sum(dim=-1)  # (..., d) -> (...)
    return dot / (a.norm(dim=-1) * b.norm(dim=-1))


BANNED: dict[str, str] = {}

HINTS = {
    "hadamard": [
        "Python has two signs for a product. Which one goes number by number, and which one is the matrix product?",
        "Both have the same shape, and the result has it too. Nothing is added up, nothing is turned over.",
        "The sign * between the two is all there is.",
    ],
    "squared_error": [
        "Read the name backwards: first the error, which is a difference, then the square. Which step is left?",
        "The difference and its squares still have the whole shape. The mean over all of them has shape ().",
        "Subtract; square with ** 2 or .square(); then call .mean() with nothing in the brackets.",
    ],
    "exp_scaled": [
        "Which comes first, the division or exp? The order makes a difference.",
        "Dividing a tensor by a Python number divides every number of it. The shape stays the same all along.",
        "Divide x by temperature, and hand the result to torch.exp.",
    ],
    "mean_per_token": [
        "The d numbers of one token lie in one dimension. Which one, counted from the end?",
        "(..., d) becomes (..., 1): one dimension is averaged, and it stays with size 1. keepdim is what keeps it.",
        "Call x.mean with dim=-1 and with keepdim=True.",
    ],
    "max_per_row": [
        "A row is walked along its columns. So which dimension is used up, 0 or 1?",
        "(n, m) becomes (n,): dimension 1 is gone. x.max(dim) gives a pair: the numbers, and where they stand.",
        "x.amax(dim=1) gives the numbers alone. Or take .values of what x.max(dim=1) gives.",
    ],
    "center": [
        "You have a function already that gives one half of this. What is left to do?",
        "x is (..., d), the mean of each token is (..., 1). The 1 stretches over the d numbers.",
        "Subtract mean_per_token(x) from x.",
    ],
    "cosine_similarity": [
        "There are three numbers to find for each pair of vectors: the dot product, and two lengths.",
        "Each of the three reduces (..., d) to (...), over the last dimension. Then they have the same shape.",
        "(a * b).sum(dim=-1), divided by the product of two lengths; a length is (a * a).sum(dim=-1).sqrt().",
    ],
}


# Other right answers.


@variant(hadamard)
def with_torch_mul(a, b):
    return torch.mul(b, a)


@variant(hadamard)
def by_einsum(a, b):
    return torch.einsum("...,...->...", a, b)


@variant(hadamard)
def in_a_python_list(a, b):
    numbers = [p * q for p, q in zip(a.flatten().tolist(), b.flatten().tolist())]
    return torch.tensor(numbers, dtype=a.dtype, device=a.device).reshape(a.shape)


@variant(hadamard)
def copied_and_multiplied_in_place(a, b):
    result = a.clone()
    result *= b
    return result


@variant(hadamard)
def zero_plus_the_product(a, b):
    return torch.addcmul(torch.zeros_like(a), a, b)


@variant(squared_error)
def with_mse_loss(a, b):
    return torch.nn.functional.mse_loss(a, b)


@variant(squared_error)
def sum_over_count(a, b):
    difference = (b - a).flatten()
    return difference.dot(difference) / a.numel()


@variant(squared_error)
def in_a_loop(a, b):
    total = 0.0
    for p, q in zip(a.flatten(), b.flatten()):
        total += (p - q).item() ** 2
    return torch.tensor(total / a.numel(), dtype=a.dtype, device=a.device)


@variant(squared_error)
def variance_and_bias(a, b):
    error = a - b
    return error.var(correction=0) + error.mean() ** 2


@variant(squared_error)
def mean_after_mean(a, b):
    squares = (a - b) * (a - b)
    while squares.ndim > 0:
        squares = squares.mean(0)
    return squares


@variant(exp_scaled)
def a_power_of_e(x, temperature):
    import math

    return math.e ** (x / temperature)


@variant(exp_scaled)
def times_one_over_temperature(x, temperature):
    return x.mul(1 / temperature).exp()


@variant(exp_scaled)
def through_powers_of_two(x, temperature):
    import math

    return torch.exp2(x / temperature / math.log(2))


@variant(exp_scaled)
def in_place_on_a_copy(x, temperature):
    return x.clone().div_(temperature).exp_()


@variant(exp_scaled)
def number_by_number(x, temperature):
    import math

    numbers = [math.exp(number / temperature) for number in x.flatten().tolist()]
    return torch.tensor(numbers, dtype=x.dtype, device=x.device).view(x.shape)


@variant(exp_scaled)
def temperature_as_a_tensor(x, temperature):
    return x.div(torch.full_like(x, temperature)).expm1() + 1


@variant(mean_per_token)
def sum_over_d(x):
    return x.sum(-1, keepdim=True) / x.size(-1)


@variant(mean_per_token)
def mean_then_unsqueeze(x):
    return torch.mean(x, dim=x.ndim - 1)[..., None]


@variant(mean_per_token)
def product_with_a_column(x):
    return x @ torch.full((x.shape[-1], 1), 1 / x.shape[-1], dtype=x.dtype, device=x.device)


@variant(mean_per_token)
def column_after_column(x):
    total = torch.zeros_like(x[..., :1])
    for column in range(x.shape[-1]):
        total += x[..., column : column + 1]
    return total / x.shape[-1]


@variant(mean_per_token)
def token_after_token(x):
    means = [token.mean() for token in x.reshape(-1, x.shape[-1])]
    return torch.stack(means).reshape(*x.shape[:-1], 1)


@variant(max_per_row)
def values_of_the_pair(x):
    return x.max(dim=1).values


@variant(max_per_row)
def last_after_sorting(x):
    return x.sort(dim=-1)[0][:, -1]


@variant(max_per_row)
def row_after_row(x):
    return torch.stack([row.max() for row in x])


@variant(max_per_row)
def with_python_max(x):
    return torch.tensor([max(row) for row in x.tolist()], dtype=x.dtype, device=x.device)


@variant(max_per_row)
def gathered_at_argmax(x):
    return x.gather(1, x.argmax(1, keepdim=True)).squeeze(1)


@variant(max_per_row)
def larger_of_two_columns(x):
    import functools

    return functools.reduce(torch.maximum, x.unbind(1))


@variant(max_per_row)
def topk_of_one(x):
    return x.topk(1).values[:, 0]


@variant(center)
def mean_unsqueezed(x):
    return x - x.mean(-1).unsqueeze(-1)


@variant(center)
def product_with_a_matrix(x):
    d = x.shape[-1]
    return x @ (torch.eye(d, dtype=x.dtype, device=x.device) - 1 / d)


@variant(center)
def each_token_in_a_loop(x):
    result = x.clone().reshape(-1, x.shape[-1])
    for token in result:
        token -= token.mean().item()
    return result.reshape(x.shape)


@variant(center)
def mean_expanded(x):
    mean = torch.einsum("...d->...", x) / x.shape[-1]
    return torch.sub(x, mean[..., None].expand_as(x))


@variant(center)
def mean_of_all_differences(x):
    return (x.unsqueeze(-1) - x.unsqueeze(-2)).mean(-1)


@variant(cosine_similarity)
def with_the_built_in(a, b):
    return torch.nn.functional.cosine_similarity(a, b, dim=-1)


@variant(cosine_similarity)
def shortened_first(a, b):
    unit = torch.nn.functional.normalize
    return (unit(a, dim=-1) * unit(b, dim=-1)).sum(-1)


@variant(cosine_similarity)
def by_einsum_alone(a, b):
    squares = torch.einsum("...d,...d->...", a, a) * torch.einsum("...d,...d->...", b, b)
    return torch.einsum("...d,...d->...", a, b) * squares.rsqrt()


@variant(cosine_similarity)
def law_of_cosines(a, b):
    first, second, third = ((v * v).sum(-1) for v in (a, b, a - b))
    return (first + second - third) / (2 * first.sqrt() * second.sqrt())


@variant(cosine_similarity)
def pair_after_pair(a, b):
    import math

    d = a.shape[-1]
    numbers = []
    for p, q in zip(a.reshape(-1, d).tolist(), b.reshape(-1, d).tolist()):
        numbers.append(sum(m * n for m, n in zip(p, q)) / (math.hypot(*p) * math.hypot(*q)))
    return torch.tensor(numbers, dtype=a.dtype, device=a.device).reshape(a.shape[:-1])


@variant(cosine_similarity)
def guarded_and_clamped(a, b):
    lengths = torch.linalg.vector_norm(a, dim=-1) * torch.linalg.vector_norm(b, dim=-1)
    return ((a.unsqueeze(-2) @ b.unsqueeze(-1)).squeeze(-1).squeeze(-1) / (lengths + 1e-8)).clamp(-1, 1)


# Wrong answers that people write.


@mistake(hadamard, says="Number by number")
def matrix_product(a, b):
    """You used @, the matrix product. It multiplies rows by columns and adds up. The sign for number by number is *."""
    return a @ b


@mistake(hadamard, says="Number by number")
def matrix_product_with_b_turned(a, b):
    """You turned b over so that @ accepts the two shapes. But @ adds the products up, and here nothing is added up."""
    return a @ b.mT if b.ndim > 1 else a @ b


@mistake(hadamard, says="Number by number")
def products_added_up(a, b):
    """You multiplied and then added all products up. That is the dot product: one number. Here every product stays."""
    return (a * b).sum()


@mistake(hadamard, says="Number by number")
def products_added_up_by_row(a, b):
    """You added the products of each row up, as the dot product of two rows does. Here every product stays."""
    return (a * b).sum(-1)


@mistake(hadamard, says="Number by number")
def sum_for_product(a, b):
    """You added. The Hadamard product multiplies."""
    return a + b


@mistake(hadamard, says="Number by number")
def power_for_product(a, b):
    """You wrote ** where * belongs: in Python, two stars raise to a power."""
    return a**b


@mistake(hadamard, says="Number by number")
def table_of_products(a, b):
    """You multiplied every number of a by every number of b. Only numbers that stand in the same place meet."""
    return torch.outer(a.flatten(), b.flatten())


@mistake(hadamard, says="Number by number")
def one_row_of_products(a, b):
    """You flattened both tensors first. The products are right, but the shape is lost."""
    return a.flatten() * b.flatten()


@mistake(hadamard, says="Number by number")
def first_row_for_all(a, b):
    """You used the first row of b for every row of a. Each number of a has a partner of its own."""
    return a * b[0]


@mistake(hadamard, says="Number by number")
def a_times_itself(a, b):
    """You multiplied a by itself, and b was not used."""
    return a * a


@mistake(hadamard, says="any number of dimensions")
def product_in_two_loops(a, b):
    """You wrote two loops, one over rows and one over columns. A tensor may have one dimension, or four, or none."""
    return torch.stack([torch.stack([a[i, j] * b[i, j] for j in range(a.shape[1])]) for i in range(a.shape[0])])


@mistake(hadamard, says="changed its input")
def multiplied_in_place(a, b):
    """You wrote the products into a, with *= or mul_. The caller's tensor has changed with it."""
    a *= b
    return a


@mistake(hadamard, says="new tensor")
def a_itself_if_b_is_ones(a, b):
    """You saved the work where b is all ones, and returned a itself. Whoever writes into the result changes a then."""
    return a if bool((b == 1).all()) else a * b


@mistake(hadamard, says="dtype of a and b")
def product_always_float32(a, b):
    """You changed the numbers to float32. The product has the dtype of the two tensors."""
    return a.float() * b.float()


@mistake(hadamard, says="whole numbers")
def product_through_float64(a, b):
    """You multiplied in floating point and went back. For large whole numbers the last digits are gone by then."""
    return (a.double() * b.double()).to(a.dtype)


@mistake(squared_error, says="mean over all")
def sum_for_mean(a, b):
    """You added the squares up. The mean divides that sum by how many there are, so that size does not count."""
    return (a - b).square().sum()


@mistake(squared_error, says="square each difference")
def absolute_error(a, b):
    """You took the absolute value of each difference. That is another measure, which forgives large errors more."""
    return (a - b).abs().mean()


@mistake(squared_error, says="The result is one number")
def root_taken(a, b):
    """You took the square root at the end. That is the root mean square error. Here the squares stay squares."""
    return (a - b).square().mean().sqrt()


@mistake(squared_error, says="square each difference")
def mean_squared_afterwards(a, b):
    """You took the mean first and squared it. In a mean, positive and negative errors cancel: square before."""
    return (a - b).mean() ** 2


@mistake(squared_error, says="Subtract")
def difference_of_squares(a, b):
    """You squared both tensors and subtracted the squares. Subtract first, then square the difference."""
    return (a**2 - b**2).mean()


@mistake(squared_error, says="square each difference")
def not_squared(a, b):
    """You forgot the square. Without it, positive and negative differences cancel."""
    return (a - b).mean()


@mistake(squared_error, says="mean over all")
def mean_forgotten(a, b):
    """You returned all the squared differences. The mean of them is asked for, one number."""
    return (a - b) ** 2


@mistake(squared_error, says="mean over all")
def one_mean_for_each_row(a, b):
    """You took the mean over the last dimension only, so there is one number for each row."""
    return (a - b).square().mean(-1)


@mistake(squared_error, says="mean over all")
def divided_by_the_rows(a, b):
    """You divided by len(a). For a tensor that is its first size, not how many numbers it has: that is numel()."""
    return (a - b).square().sum() / len(a)


@mistake(squared_error, says="mean over all")
def halved(a, b):
    """You put a 1/2 in front, as textbooks do to make the derivative look nicer. The mean itself has none."""
    return (a - b).square().mean() / 2


@mistake(squared_error, says="shape ()")
def size_one_kept(a, b):
    """You kept the dimensions with keepdim, or put the number into a list. One number has no dimension: shape ()."""
    return (a - b).square().mean().reshape(1)


@mistake(squared_error, says="shape ()")
def a_python_number(a, b):
    """You called .item(), which makes a Python number. A tensor of shape () is asked for: training needs a tensor."""
    return (a - b).square().mean().item()


@mistake(squared_error, says="Subtract")
def sum_of_the_two(a, b):
    """You added a and b where they should be subtracted. The error is the difference."""
    return (a + b).square().mean()


@mistake(squared_error, says="square each difference")
def huber_loss(a, b):
    """You took a loss that squares small differences only. Here every difference is squared, however large it is."""
    return torch.nn.functional.smooth_l1_loss(a, b)


@mistake(squared_error, says="mean over all")
def length_of_the_difference(a, b):
    """You took norm(), the length of the difference: the square root of a sum. No sum, and no root, is asked for."""
    return (a - b).norm()


@mistake(squared_error, says="changed its input")
def subtracted_in_place(a, b):
    """You wrote the differences into a, with -= or sub_. The caller's tensor has changed with it."""
    a -= b
    return (a * a).mean()


@mistake(squared_error, says="dtype of a")
def error_always_float32(a, b):
    """You changed the result to float32. It keeps the dtype of a."""
    return (a - b).square().mean().float()


@mistake(exp_scaled, says="Divide each number")
def temperature_multiplied(x, temperature):
    """You multiplied by the temperature. A high temperature should bring the numbers together, so it divides."""
    return torch.exp(x * temperature)


@mistake(exp_scaled, says="Divide each number")
def temperature_forgotten(x, temperature):
    """You did not use the temperature. With a temperature of 1 nobody would notice."""
    return torch.exp(x)


@mistake(exp_scaled, says="then take exp")
def divided_afterwards(x, temperature):
    """You took exp first and divided its result. The division comes first: exp(x / temperature)."""
    return torch.exp(x) / temperature


@mistake(exp_scaled, says="Divide each number")
def upside_down(x, temperature):
    """You divided the temperature by x. It is x that is divided."""
    return torch.exp(temperature / x)


@mistake(exp_scaled, says="then take exp")
def made_to_sum_to_one(x, temperature):
    """You used softmax, which also divides by the sum. That comes later (kata 18): here exp is the last step."""
    return torch.softmax(x / temperature, dim=-1)


@mistake(exp_scaled, says="then take exp")
def power_of_two(x, temperature):
    """You raised 2 to the power. exp raises e, which is 2.71828..."""
    return 2 ** (x / temperature)


@mistake(exp_scaled, says="then take exp")
def one_too_few(x, temperature):
    """You used expm1, which is exp minus 1."""
    return torch.expm1(x / temperature)


@mistake(exp_scaled, says="then take exp")
def exp_forgotten(x, temperature):
    """You divided, and stopped there. exp is still to come."""
    return x / temperature


@mistake(exp_scaled, says="then take exp")
def exp_of_the_math_module(x, temperature):
    """You used math.exp, which takes one Python number. torch.exp takes a tensor, and treats each number of it."""
    import math

    return math.exp(x / temperature)


@mistake(exp_scaled, says="then take exp")
def a_list_of_rows(x, temperature):
    """You went through x in a list comprehension, and returned the list. torch.exp takes the whole tensor at once."""
    return [torch.exp(row / temperature) for row in x]


@mistake(exp_scaled, says="before exp")
def exp_first_and_the_root_of_it(x, temperature):
    """You took exp of x first, and a power of 1 / temperature of that. On paper it is the same. But exp(100) has 44
    digits, more than a float32 can hold, and what has become infinity stays infinity."""
    return torch.exp(x) ** (1 / temperature)


@mistake(exp_scaled, says="and do no more")
def exponent_held_back(x, temperature):
    """You held the exponent below 20, so that nothing becomes too large. exp(60) fits into a float32 as it is."""
    return torch.exp((x / temperature).clamp(max=20))


@mistake(exp_scaled, says="no lowest temperature")
def temperature_held_up(x, temperature):
    """You let no temperature below 0.1 through, to be safe from a division by 0. Every number above 0 is allowed."""
    return torch.exp(x / max(temperature, 0.1))


@mistake(exp_scaled, says="exp of a negative number")
def sign_turned(x, temperature):
    """You put a minus in front, as formulas of physics do. Here a larger x gives a larger result."""
    return torch.exp(-x / temperature)


@mistake(exp_scaled, says="then take exp")
def logarithm(x, temperature):
    """You took the logarithm, which undoes exp."""
    return torch.log(x / temperature)


@mistake(exp_scaled, says="then take exp")
def largest_subtracted_first(x, temperature):
    """You subtracted the largest number first, as a stable softmax does. Here exp(x / temperature) itself is asked."""
    return torch.exp((x - x.max()) / temperature)


@mistake(exp_scaled, says="Divide each number")
def temperature_subtracted(x, temperature):
    """You subtracted the temperature. It divides."""
    return torch.exp(x - temperature)


@mistake(exp_scaled, says="Divide each number")
def rounded_division(x, temperature):
    """You wrote //, which divides and rounds down. A single / divides."""
    return torch.exp(x // temperature)


@mistake(exp_scaled, says="may be a fraction")
def temperature_made_an_int(x, temperature):
    """You rounded the temperature to a whole number. 0.5 becomes 0 then, and a division by 0 gives infinity or NaN."""
    return torch.exp(x / int(temperature))


@mistake(exp_scaled, says="has the shape of x")
def temperature_in_a_list(x, temperature):
    """You wrapped the temperature into a tensor of one dimension. The Python number itself can divide a tensor."""
    return torch.exp(x / torch.tensor([temperature]))


@mistake(exp_scaled, says="has the shape of x")
def exp_of_each_row_only(x, temperature):
    """You went through x row by row and joined the rows again. A single number has no rows to go through."""
    return torch.stack([torch.exp(row / temperature) for row in x])


@mistake(exp_scaled, says="changed its input")
def divided_in_place(x, temperature):
    """You wrote the quotients into x, with /= or div_. The caller's tensor has changed with it."""
    x /= temperature
    return x.exp()


@mistake(exp_scaled, says="dtype of x")
def exp_always_float32(x, temperature):
    """You changed the result to float32. It keeps the dtype of x."""
    return torch.exp(x.float() / temperature)


@mistake(squared_error, says="first of all")
def multiplied_out(a, b):
    """You multiplied the square out: a² - 2ab + b². On paper it is the same. But two large numbers that are nearly
    equal have lost their last digits by the time that you subtract them, and the small difference is in those."""
    return (a * a - 2 * a * b + b * b).mean()


@mistake(mean_per_token, says="dimension of size 1")
def dimension_dropped(x):
    """You took the right mean, but its dimension is gone. keepdim=True keeps it, with size 1."""
    return x.mean(dim=-1)


@mistake(mean_per_token, says="A token is one row")
def mean_of_everything(x):
    """You called mean() without a dimension, so all tokens went into one number."""
    return x.mean()


@mistake(mean_per_token, says="A token is one row")
def one_mean_for_all_tokens(x):
    """You averaged over all tokens, and then spread that one number over them. Each token has its own mean."""
    return torch.full_like(x[..., :1], x.mean().item())


@mistake(mean_per_token, says="A token is one row")
def mean_of_each_column(x):
    """You averaged down the columns, over the tokens. The numbers of one token lie side by side, in a row."""
    return x.mean(dim=0, keepdim=True)


@mistake(mean_per_token, says="A token is one row")
def mean_over_the_sequence(x):
    """You averaged over the second last dimension: that is a mean over tokens, one for each column."""
    return x.mean(dim=-2, keepdim=True)


@mistake(mean_per_token, says="last dimension")
def mean_over_dimension_one(x):
    """You wrote dim=1. In a matrix that is the last dimension, in a batch of sequences it is not. dim=-1 always is."""
    return x.mean(dim=1, keepdim=True) if x.ndim > 1 else x.mean(dim=0, keepdim=True)


@mistake(mean_per_token, says="A token is one row")
def sum_of_each_token(x):
    """You added the numbers up. The mean also divides by how many there are."""
    return x.sum(dim=-1, keepdim=True)


@mistake(mean_per_token, says="A token is one row")
def middle_number_of_each_token(x):
    """You took the median, the number in the middle. The mean is the sum divided by the count."""
    return x.median(dim=-1, keepdim=True).values


@mistake(mean_per_token, says="A token is one row")
def divided_by_one_less(x):
    """You divided by d - 1, as some formulas for the variance do. A mean divides by d."""
    return x.sum(dim=-1, keepdim=True) / (x.shape[-1] - 1)


@mistake(mean_per_token, says="A token is one row")
def divided_by_the_number_of_tokens(x):
    """You divided by len(x), the first size. The sum of d numbers is divided by d, the last size."""
    return x.sum(dim=-1, keepdim=True) / len(x)


@mistake(mean_per_token, says="dimension of size 1")
def mean_in_every_column(x):
    """You repeated the mean d times. It is not needed: a size of 1 stretches by itself when it meets x."""
    return x.mean(dim=-1, keepdim=True).expand_as(x)


@mistake(mean_per_token, says="dimension of size 1")
def means_in_one_row(x):
    """You put the new dimension of size 1 in front. The means stand in a row then, and they should stand upright."""
    return x.mean(dim=-1).unsqueeze(0)


@mistake(mean_per_token, says="the digits after the point")
def rounded_mean(x):
    """You divided with //, which rounds down. A mean of whole numbers is often a fraction."""
    return x.sum(dim=-1, keepdim=True) // x.shape[-1]


@mistake(mean_per_token, says="dtype of x")
def mean_always_float32(x):
    """You changed the result to float32. It keeps the dtype of x."""
    return x.float().mean(dim=-1, keepdim=True)


@mistake(max_per_row, says="its own largest number")
def the_pair_itself(x):
    """You returned all that x.max(dim) gives: a pair of the numbers and their places. Only the numbers are asked."""
    return x.max(dim=1)


@mistake(max_per_row, says="its own largest number")
def places_for_values(x):
    """You took argmax: where the largest number stands. The number itself is asked for."""
    return x.argmax(dim=1)


@mistake(max_per_row, says="its own largest number")
def largest_of_all(x):
    """You called max() without a dimension, so there is one number for the whole matrix."""
    return x.max()


@mistake(max_per_row, says="its own largest number")
def largest_of_each_column(x):
    """You went down the columns. dim names the dimension that is used up: for rows that is dimension 1."""
    return x.amax(dim=0)


@mistake(max_per_row, says="shape (n,)")
def upright_largest(x):
    """You kept the dimension, so the shape is (n, 1). Here it is dropped: (n,)."""
    return x.amax(dim=1, keepdim=True)


@mistake(max_per_row, says="its own largest number")
def smallest_of_each_row(x):
    """You sorted from large to small and took the last one, or used min. That is the smallest number."""
    return x.sort(dim=1, descending=True).values[:, -1]


@mistake(max_per_row, says="its own largest number")
def last_of_each_row(x):
    """You took the last number of each row without sorting the row first."""
    return x[:, -1]


@mistake(max_per_row, says="its own largest number")
def sorted_down_the_columns(x):
    """You sorted along dimension 0, so numbers of different rows changed places."""
    return x.sort(dim=0).values[:, -1]


@mistake(max_per_row, says="its own largest number")
def largest_row(x):
    """You took the row with the largest sum. Each row is asked for its own largest number."""
    return x[x.sum(1).argmax()]


@mistake(max_per_row, says="its own largest number")
def a_list_of_numbers(x):
    """You returned a Python list. Its numbers are right, but it has no shape, no dtype and no device."""
    return [max(row) for row in x.tolist()]


@mistake(max_per_row, says="below 0")
def started_from_zero(x):
    """You started your search at 0. In a row of negative numbers nothing is larger than that."""
    best = torch.zeros_like(x[:, 0])
    for column in x.unbind(1):
        best = torch.maximum(best, column)
    return best


@mistake(max_per_row, says="below 0")
def largest_without_its_sign(x):
    """You compared absolute values. Then -9 counts as 9. But it is smaller than every number above 0."""
    return x.abs().amax(dim=1)


@mistake(max_per_row, says="below 0")
def farthest_from_zero(x):
    """You looked for the number farthest from 0. -9 is far from 0, and yet smaller than 1."""
    return x.gather(1, x.abs().argmax(1, keepdim=True)).squeeze(1)


@mistake(max_per_row, says="however small")
def started_from_minus_a_billion(x):
    """You started your search at a very small number. There are smaller ones. Start with a number of the row itself."""
    best = torch.full_like(x[:, 0], -1_000_000_000 if x.dtype != torch.float16 else -60000)
    for column in x.unbind(1):
        best = torch.maximum(best, column)
    return best


@mistake(max_per_row, says="shape (n,)")
def one_row_loses_its_dimension(x):
    """You squeezed the result. That drops every dimension of size 1, so one row gives () where (1,) is right."""
    return x.amax(dim=1, keepdim=True).squeeze()


@mistake(max_per_row, says="changed its input")
def sorted_in_place(x):
    """You wrote the sorted rows into x: `x[:] = ...` changes the caller's tensor."""
    x[:] = x.sort(dim=1).values
    return x[:, -1]


@mistake(max_per_row, says="dtype of x")
def largest_always_float32(x):
    """You changed the result to float32, perhaps by going through a Python list. It keeps the dtype of x."""
    return torch.tensor([float(max(row)) for row in x.tolist()], device=x.device)


@mistake(max_per_row, says="exactly as it stands")
def largest_through_float64(x):
    """You went through floating point and back. A large whole number is rounded on that way."""
    return x.double().amax(dim=1).to(x.dtype)


@mistake(center, says="the mean of its own token")
def mean_of_everything_subtracted(x):
    """You subtracted one mean, that of all numbers. Each token has a mean of its own."""
    return x - x.mean()


@mistake(center, says="the mean of its own token")
def column_means_subtracted(x):
    """You subtracted the mean of each column. A token is a row: its numbers lie side by side."""
    return x - x.mean(dim=0)


@mistake(center, says="the mean of its own token")
def sequence_means_subtracted(x):
    """You averaged over the tokens of the sequence, and subtracted that from each of them."""
    return x - x.mean(dim=-2, keepdim=True)


@mistake(center, says="the mean of its own token")
def keepdim_forgotten(x):
    """You dropped the averaged dimension. A shape of (n,) meets the columns of x: an error, or, if x is square, worse:
    wrong numbers and no error."""
    return x - x.mean(dim=-1)


@mistake(center, says="no other token")
def whole_sequence_at_once(x):
    """You averaged over both the tokens and their numbers. One token must not feel what the others hold."""
    return x - x.mean(dim=(-2, -1), keepdim=True) if x.ndim > 2 else x - x.mean(dim=-1, keepdim=True)


@mistake(center, says="no other token")
def centered_along_dimension_one(x):
    """You wrote dim=1. In a matrix that is the last dimension, in a batch of sequences it is not. dim=-1 always is."""
    return x - x.mean(dim=min(1, x.ndim - 1), keepdim=True)


@mistake(center, says="subtract")
def subtracted_from_the_mean(x):
    """You subtracted x from the mean, so every sign is turned."""
    return x.mean(dim=-1, keepdim=True) - x


@mistake(center, says="subtract")
def mean_added(x):
    """You added the mean. It is subtracted."""
    return x + x.mean(dim=-1, keepdim=True)


@mistake(center, says="subtract")
def only_the_mean(x):
    """You returned the means, and did not subtract them from x."""
    return x.mean(dim=-1, keepdim=True)


@mistake(center, says="subtract")
def sum_subtracted(x):
    """You subtracted the sum of each token. The mean is the sum divided by d."""
    return x - x.sum(dim=-1, keepdim=True)


@mistake(center, says="the mean of its own token")
def middle_number_subtracted(x):
    """You subtracted the median, the number in the middle. It is not the mean."""
    return x - x.median(dim=-1, keepdim=True).values


@mistake(center, says="the mean of its own token")
def largest_number_subtracted(x):
    """You subtracted the largest number of each token, as a stable softmax does. Here it is the mean."""
    return x - x.amax(dim=-1, keepdim=True)


@mistake(center, says="the mean of its own token")
def first_number_subtracted(x):
    """You subtracted the first number of each token. It is the mean that has to become 0."""
    return x - x[..., :1]


@mistake(center, says="the mean of its own token")
def spread_divided_out(x):
    """You also divided by the spread. That is layer normalization (kata 21). Here only the mean is removed."""
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()


@mistake(center, says="the mean of its own token")
def distances_without_sign(x):
    """You took the absolute value. Numbers below the mean become negative, and stay so."""
    return (x - x.mean(dim=-1, keepdim=True)).abs()


@mistake(center, says="changed its input")
def centered_in_place(x):
    """You wrote into x, with -= or sub_. The caller's tensor has changed with it."""
    x -= x.mean(dim=-1, keepdim=True)
    return x


@mistake(center, says="new tensor")
def x_itself_if_centered_already(x):
    """You returned x itself where the means are 0 already. Whoever writes into the result changes x then."""
    mean = x.mean(dim=-1, keepdim=True)
    return x - mean if mean.any() else x


@mistake(center, says="dtype of x")
def centered_always_float32(x):
    """You changed the result to float32. It keeps the dtype of x."""
    return (x - x.mean(dim=-1, keepdim=True)).float()


@mistake(cosine_similarity, says="divide by the length")
def dot_product_only(a, b):
    """You stopped at the dot product. It grows with the lengths of the vectors; the division takes that out."""
    return (a * b).sum(dim=-1)


@mistake(cosine_similarity, says="dot product")
def matrix_product_of_vectors(a, b):
    """You used @. For two vectors it is their dot product, but for many it is the matrix product. Multiply with * and
    add up each row."""
    return a @ b / (a.norm() * b.norm())


@mistake(cosine_similarity, says="One number for each pair")
def lengths_kept_upright(a, b):
    """You kept the last dimension of the lengths, but not that of the dot product: (n,) over (n, 1) gives (n, n)."""
    return (a * b).sum(dim=-1) / a.norm(dim=-1, keepdim=True) / b.norm(dim=-1, keepdim=True)


@mistake(cosine_similarity, says="One number for each pair")
def lengths_over_all_dimensions(a, b):
    """You called norm() without a dimension. It then measures all vectors together, as if they were a single one."""
    return (a * b).sum(dim=-1) / (a.norm() * b.norm())


@mistake(cosine_similarity, says="One number for each pair")
def everything_as_one_vector(a, b):
    """You flattened both, so all vectors together make one. There is one number for each pair."""
    return torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0)


@mistake(cosine_similarity, says="divide by the length")
def only_one_length(a, b):
    """You divided by the length of a only. The length of b still counts then."""
    return (a * b).sum(dim=-1) / a.norm(dim=-1)


@mistake(cosine_similarity, says="divide by the length")
def squared_lengths(a, b):
    """You forgot the square root: the sum of the squares is the length squared."""
    return (a * b).sum(dim=-1) / ((a * a).sum(dim=-1) * (b * b).sum(dim=-1))


@mistake(cosine_similarity, says="divide by the length")
def lengths_added(a, b):
    """You added the two lengths before you divided. Dividing by both is dividing by their product."""
    return (a * b).sum(dim=-1) / (a.norm(dim=-1) + b.norm(dim=-1))


@mistake(cosine_similarity, says="divide by the length")
def sums_for_lengths(a, b):
    """You added up absolute values to get the length. The length is the square root of the sum of squares."""
    return (a * b).sum(dim=-1) / (a.abs().sum(dim=-1) * b.abs().sum(dim=-1))


@mistake(cosine_similarity, says="divide by the length")
def scaled_by_the_root_of_d(a, b):
    """You divided by the square root of d, as attention does (kata 17). Here the lengths divide."""
    return (a * b).sum(dim=-1) / a.shape[-1] ** 0.5


@mistake(cosine_similarity, says="the last dimension")
def default_dimension(a, b):
    """You called the built-in without dim. Its default is dimension 1: the last one in a matrix, and not elsewhere."""
    return torch.nn.functional.cosine_similarity(a, b)


@mistake(cosine_similarity, says="One number for each pair")
def down_the_columns(a, b):
    """You compared columns. A vector is a row: the last dimension."""
    return torch.nn.functional.cosine_similarity(a, b, dim=0)


@mistake(cosine_similarity, says="One number for each pair")
def every_vector_with_every_vector(a, b):
    """You compared every vector of a with every vector of b. Only vectors in the same place make a pair."""
    unit_a, unit_b = torch.nn.functional.normalize(a, dim=-1), torch.nn.functional.normalize(b, dim=-1)
    return unit_a @ unit_b.mT if a.ndim > 1 else unit_a @ unit_b


@mistake(cosine_similarity, says="One number for each pair")
def similarity_kept_upright(a, b):
    """You kept the last dimension with size 1. Here it is dropped: one number for each pair."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).unsqueeze(-1)


@mistake(cosine_similarity, says="One number for each pair")
def mean_over_the_pairs(a, b):
    """You averaged over all pairs at the end, as one does for a loss. There is one number for each pair."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).mean()


@mistake(cosine_similarity, says="1 for the same direction")
def distance_for_similarity(a, b):
    """You returned 1 minus the similarity. That is the cosine distance: 0 for the same direction."""
    return 1 - torch.nn.functional.cosine_similarity(a, b, dim=-1)


@mistake(cosine_similarity, says="-1 for opposite")
def sign_dropped(a, b):
    """You took the absolute value. The sign says whether the vectors point the same way or opposite ways."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).abs()


@mistake(cosine_similarity, says="-1 for opposite")
def nothing_below_zero(a, b):
    """You cut the result off at 0. Opposite directions have a similarity of -1."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).clamp(0, 1)


@mistake(cosine_similarity, says="1 for the same direction")
def the_angle_itself(a, b):
    """You returned the angle. Its cosine is asked for, and that is what the division gives already."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).acos()


@mistake(cosine_similarity, says="divide by the length")
def length_without_its_dimension(a, b):
    """You divided each vector by its length, but the length had lost its dimension: (n,) meets the columns of (n, d).
    keepdim=True keeps it."""
    return (a / a.norm(dim=-1) * (b / b.norm(dim=-1))).sum(dim=-1)


@mistake(cosine_similarity, says="divide by the length")
def correlation(a, b):
    """You subtracted the mean of each vector first. That gives the correlation, which is a relative of the cosine."""
    a, b = a - a.mean(dim=-1, keepdim=True), b - b.mean(dim=-1, keepdim=True)
    return torch.nn.functional.cosine_similarity(a, b, dim=-1)


@mistake(cosine_similarity, says="divide by the length")
def mean_for_sum(a, b):
    """You took the mean of the products. The dot product is their sum, so the result is d times too small."""
    return (a * b).mean(dim=-1) / (a.norm(dim=-1) * b.norm(dim=-1))


@mistake(cosine_similarity, says="changed its input")
def shortened_in_place(a, b):
    """You divided a itself by its length, with /= or div_. The caller's tensor has changed with it."""
    a /= a.norm(dim=-1, keepdim=True)
    return (a * b).sum(dim=-1) / b.norm(dim=-1)


@mistake(cosine_similarity, says="dtype of a")
def similarity_always_float32(a, b):
    """You changed the result to float32. It keeps the dtype of the vectors."""
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).float()
