"""Softmax: from any scores to weights that sum to one."""

import torch
from jaxtyping import Float
from torch import Tensor

from dojo.authoring import benchmark, mistake, variant


def exp_normalize(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights with the plain definition of softmax.

    A slice is the row of entries that you meet when only the index of `dim` moves. Entry i of a slice becomes
    e^(x_i) divided by the sum of e^(x_j) over all entries j of the same slice.

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype. They are moderate: e^x and its sum fit.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Example:
        >>> exp_normalize(torch.tensor([[0.0, 0.0], [1.0, 3.0]]), dim=1)
        tensor([[0.5000, 0.5000],
                [0.1192, 0.8808]])
    """
    weights = torch.exp(x)
    return weights / weights.sum(dim, keepdim=True)


def softmax(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights, also where e^x is too big or too small for the dtype.

    The values are those of `exp_normalize`. Adding one number to every score of a slice does not change them, and
    you may choose that number. The plain formula: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf gets weight 0, as long as its slice has a finite entry.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Example:
        >>> softmax(torch.tensor([10000.0, 9998.0, -10000.0]), dim=0)
        tensor([0.8808, 0.1192, 0.0000])
    """
    weights = torch.exp(x - x.amax(dim, keepdim=True))  # every exponent is 0 or less, one of each slice is 0
    return weights / weights.sum(dim, keepdim=True)


def log_softmax(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Give the natural logarithm of the softmax weights, also where a weight is too small for the dtype.

    Its formula: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf gives -inf, as long as its slice has a finite entry.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of numbers that are 0 or less, with the shape, dtype and device of x. A weight far below the
        smallest number of the dtype has its logarithm all the same.

    Example:
        >>> log_softmax(torch.tensor([3.0, 3.0, -197.0]), dim=0)
        tensor([  -0.6931,   -0.6931, -200.6931])
    """
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log()


def softmax_with_temperature(x: Float[Tensor, "*shape"], temperature: float, dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights that are sharper or flatter: the softmax of x / temperature.

    A temperature below 1 gives more weight to the largest score, one above 1 makes the weights more even.

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; any numbers from -10000 to 10000, as long as
            x / temperature is a number that the dtype can hold.
        temperature: a number greater than 0, a float or an int.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Raises:
        ValueError: if the temperature is 0 or below.

    Example:
        >>> softmax_with_temperature(torch.tensor([1.0, 3.0]), temperature=2.0, dim=0)
        tensor([0.2689, 0.7311])
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be greater than 0, got {temperature}")
    # The maximum goes first: in float16 x / temperature may not fit, and an exponent of -inf is a weight of 0.
    return softmax((x - x.amax(dim, keepdim=True)) / temperature, dim)


def log_sum_exp(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*rest"]:
    """Give the natural logarithm of the sum of e^x over each slice, also where e^x does not fit into the dtype.

    Its formula: https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf adds nothing to the sum, as long as its slice has a finite entry.
        dim: the dimension to sum over. Negative numbers count from the end.

    Returns:
        A new tensor with the dtype and device of x, and the shape of x without `dim`: one number for each slice.

    Example:
        >>> log_sum_exp(torch.tensor([[0.0, 0.0, 0.0], [1000.0, 1000.0, -1000.0]]), dim=1)
        tensor([   1.0986, 1000.6932])
    """
    biggest = x.amax(dim, keepdim=True)
    total = torch.exp(x - biggest).sum(dim)  # from 1 to the size of dim: its logarithm is harmless
    return biggest.squeeze(dim) + total.log()


HINTS = {
    "exp_normalize": [
        "Two steps: make every number positive, then divide by a total. Which numbers belong to one total?",
        (
            "First e^x, with the shape of x. Then one sum for each slice. To divide (5, 7) by the sums along "
            "dimension 1, the sums must have shape (5, 1), not (5,): the summed dimension stays, with size 1."
        ),
        (
            "`torch.exp` makes the numbers positive. `.sum(dim, keepdim=True)` keeps the summed dimension. Divide one"
            " by the other."
        ),
    ],
    "softmax": [
        "Adding one number to a whole slice changes no weight. Which number makes sure that no e^x is ever too big?",
        (
            "The largest score of each slice, with shape (5, 1) for x (5, 7) and dim=1. Subtract it: the largest "
            "exponent of every slice is then 0, and e^0 is 1, so the sum of the slice is never 0 and never too big."
        ),
        (
            "`x.amax(dim, keepdim=True)` is the largest score of each slice. Subtract it from x, and go on as in "
            "`exp_normalize`."
        ),
    ],
    "log_softmax": [
        (
            "A tiny weight becomes 0, and the logarithm of 0 is -inf. Take the logarithm of the formula, not of the "
            "result."
        ),
        (
            "The logarithm of a / b is log a - log b, and the logarithm of e^x is x. So one part of the formula needs"
            " no exponential at all. The other part is the logarithm of a sum, shape (5, 1) for x (5, 7) and dim=1."
        ),
        (
            "Shift the slice by its largest score as in `softmax`. From the shifted scores subtract `.log()` of the "
            "sum of their exponentials, with keepdim=True."
        ),
    ],
    "softmax_with_temperature": [
        "You have written nearly all of it. What happens to the scores before the softmax sees them?",
        "Check the temperature first. Then x / temperature has the shape of x, and your `softmax` does the rest.",
        (
            'Three lines: `if temperature <= 0:`, `raise ValueError("...")`, and your `softmax` of x / temperature '
            "along dim."
        ),
    ],
    "log_sum_exp": [
        "e^1000 does not fit, but its logarithm, 1000, does. Which factor can every term of the sum share?",
        (
            "With m the largest score of a slice, e^x = e^m · e^(x - m). The logarithm of the whole sum is then m "
            "plus the logarithm of a sum of numbers that are at most 1. Both parts must have the shape without dim: "
            "(5,) for x (5, 7), dim=1."
        ),
        (
            "Subtract `x.amax(dim, keepdim=True)`, exponentiate, `.sum(dim)`, `.log()`. Then add the largest scores "
            "again, this time without the kept dimension: `x.amax(dim)`."
        ),
    ],
}

BANNED = {
    "*log_softmax*": "write the logarithm of softmax yourself, from a maximum, exp, a sum and log",
    "*softmax*": "write softmax yourself, from exp, a sum and a maximum",
    "softmin": "write softmax yourself, from exp, a sum and a maximum",
    "*logsumexp": "write the logarithm of the sum yourself, from a maximum, exp, a sum and log",
    "logcumsumexp": "write the logarithm of the sum yourself, from a maximum, exp, a sum and log",
    "logaddexp*": "write the logarithm of the sum yourself, from a maximum, exp, a sum and log",
    "*cross_entropy*": "write the logarithm of softmax yourself, from a maximum, exp, a sum and log",
    "*attention*": "write softmax yourself, from exp, a sum and a maximum",  # a softmax is inside
}


# --- exp_normalize ------------------------------------------------------------------------------------


@variant(exp_normalize)
def stable_from_the_start(x, dim):
    largest, _ = x.max(dim, keepdim=True)
    weights = torch.exp(x - largest)
    return weights / weights.sum(dim, keepdim=True)


@variant(exp_normalize)
def dimension_moved_to_the_end(x, dim):
    weights = torch.movedim(x, dim, -1).exp()
    return torch.movedim(weights / weights.sum(-1)[..., None], -1, dim)


@variant(exp_normalize)
def total_from_a_loop(x, dim):
    weights = [torch.exp(part) for part in x.unbind(dim)]
    total = weights[0]
    for weight in weights[1:]:
        total = total + weight
    return torch.stack([weight / total for weight in weights], dim)


@variant(exp_normalize)
def scaled_to_length_one(x, dim):
    return torch.nn.functional.normalize(x.exp(), p=1, dim=dim)


@variant(exp_normalize)
def power_of_e_and_reciprocal(x, dim):
    weights = torch.e**x
    return weights * weights.sum(dim, keepdim=True).reciprocal()


@variant(exp_normalize)
def divided_in_place_in_its_own_copy(x, dim):
    weights = x.exp()
    total = weights.sum(dim).unsqueeze(dim)
    return weights.clone().div_(total)


@mistake(exp_normalize, says="runs along dim")
def total_of_the_whole_tensor(x, dim):
    """You divided by the sum of all entries. Without an argument `sum()` adds up every number, so the whole tensor
    sums to 1, and no slice does."""
    weights = torch.exp(x)
    return weights / weights.sum()


@mistake(exp_normalize, says="runs along dim")
def always_the_last_dimension(x, dim):
    """You normalised along the last dimension whatever `dim` says. Attention needs the last one most of the time,
    so `dim=-1` slips in."""
    weights = torch.exp(x)
    return weights / weights.sum(-1, keepdim=True)


@mistake(exp_normalize, says="runs along dim")
def always_the_first_dimension(x, dim):
    """You normalised along dimension 0 whatever `dim` says. For a tensor of one dimension that is the only one, so
    the first try looks right."""
    weights = torch.exp(x)
    return weights / weights.sum(0, keepdim=True)


@mistake(exp_normalize, says="runs along dim")
def dimension_counted_from_the_wrong_end(x, dim):
    """You used the dimension that is as far from the other end. It is easy to mix up "sum over the rows" and "sum
    of each row": the dimension that you name is the one that goes."""
    weights = torch.exp(x)
    return weights / weights.sum(-1 - dim, keepdim=True)


@mistake(exp_normalize, says="runs along dim")
def summed_dimension_dropped(x, dim):
    """You forgot `keepdim=True`. The sums of a (5, 7) tensor along dimension 1 are then (5,), and shapes line up
    from the right: 5 meets 7."""
    weights = torch.exp(x)
    return weights / weights.sum(dim)


@mistake(exp_normalize, says="runs along dim")
def sum_put_back_at_the_end(x, dim):
    """You put the summed dimension back as the last one. That fits when `dim` is the last, and nowhere else:
    `unsqueeze(-1)` does not know where the dimension was."""
    weights = torch.exp(x)
    return weights / weights.sum(dim).unsqueeze(-1)


@mistake(exp_normalize, says="runs along dim")
def every_dimension_but_one(x, dim):
    """You summed over all the other dimensions and kept `dim`. In some libraries an axis argument names what stays;
    in PyTorch it names what is summed."""
    weights = torch.exp(x)
    others = [index for index in range(x.ndim) if index != dim % x.ndim]
    return weights / weights.sum(others, keepdim=True) if others else weights / weights.sum()


@mistake(exp_normalize, says="their sum is 10")
def divided_by_the_largest(x, dim):
    """You divided by the largest exponential. Then the largest weight is 1 and the slice sums to more than 1."""
    weights = torch.exp(x)
    return weights / weights.amax(dim, keepdim=True)


@mistake(exp_normalize, says="their sum is 10")
def divided_by_the_mean(x, dim):
    """You divided by the mean of the slice, as other normalisations do. The weights then sum to the size of the
    slice, not to 1."""
    weights = torch.exp(x)
    return weights / weights.mean(dim, keepdim=True)


@mistake(exp_normalize, says="their sum is 10")
def divided_by_the_length(x, dim):
    """You divided by the length of the slice, the root of the sum of squares. The squares of the weights then sum
    to 1, not the weights."""
    return torch.nn.functional.normalize(torch.exp(x), dim=dim)


@mistake(exp_normalize, says="their sum is 10")
def not_divided(x, dim):
    """You stopped after the exponential. The numbers are positive now, but they do not sum to 1 yet."""
    return torch.exp(x)


@mistake(exp_normalize, says="their sum is 10")
def scores_divided_without_exponential(x, dim):
    """You divided the scores themselves by their sum. A score below 0 becomes a weight below 0 that way, so the
    exponential comes first."""
    return x / x.sum(dim, keepdim=True)


@mistake(exp_normalize, says="their sum is 10")
def exponential_after_the_division(x, dim):
    """You divided first and took the exponential at the end. The exponential comes first: what you divide must be
    the numbers that you summed."""
    return torch.exp(x / x.sum(dim, keepdim=True))


@mistake(exp_normalize, says="their sum is 10")
def exponential_of_the_sum(x, dim):
    """You divided by the exponential of the sum. The order matters: e^(a + b) is the product of e^a and e^b, not
    their sum."""
    return torch.exp(x) / torch.exp(x.sum(dim, keepdim=True))


@mistake(exp_normalize, says="their sum is 10")
def powers_of_two(x, dim):
    """You used powers of 2. They give weights that sum to 1 as well, but softmax is defined with e = 2.718..."""
    weights = 2**x
    return weights / weights.sum(dim, keepdim=True)


@mistake(exp_normalize, says="their sum is 10")
def signs_swapped(x, dim):
    """You took e^(-x), perhaps to keep the numbers small. Now the largest score gets the smallest weight."""
    weights = torch.exp(-x)
    return weights / weights.sum(dim, keepdim=True)


@mistake(exp_normalize, says="their sum is 10")
def each_score_by_itself(x, dim):
    """You used the sigmoid. It turns each score into a number from 0 to 1, but it looks at no other score, so the
    slice does not sum to 1."""
    return torch.sigmoid(x)


@mistake(exp_normalize, says="keeps every dimension")
def sizes_of_one_squeezed_away(x, dim):
    """You called `squeeze()` to tidy up the shape. It removes every dimension of size 1, also those that belong to
    x."""
    weights = torch.exp(x)
    return (weights / weights.sum(dim, keepdim=True)).squeeze()


@mistake(exp_normalize, says="changed its input")
def exponential_written_into_the_input(x, dim):
    """You used `exp_`. The underscore at the end of a name means "in place": the caller's scores are
    overwritten."""
    weights = x.detach().exp_() if x.requires_grad else x.exp_()
    return weights / weights.sum(dim, keepdim=True)


@mistake(exp_normalize, says="dtype of x")
def answer_in_float32(x, dim):
    """You turned x into float32 and stayed there. More digits are a good idea while you compute, but the caller
    gets the dtype that came in."""
    weights = torch.exp(x.float())
    return weights / weights.sum(dim, keepdim=True)


@mistake(exp_normalize, says="follows the gradient")
def sum_cut_from_the_graph(x, dim):
    """You detached the sum. It looks like a constant, but each score changes it, so the gradient must pass through
    it."""
    weights = torch.exp(x)
    return weights / weights.sum(dim, keepdim=True).detach()


@mistake(exp_normalize, says="asks you to")
def built_in_called(x, dim):
    """You called PyTorch's own softmax. It is right, and outside this kata you should use it; here you write it
    once."""
    return x.softmax(dim)


# --- softmax ------------------------------------------------------------------------------------------


@variant(softmax)
def largest_score_detached(x, dim):
    # The weights do not depend on what is subtracted, so no gradient needs to flow through it.
    weights = (x - x.detach().amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@variant(softmax)
def max_with_values(x, dim):
    weights = torch.exp(x - x.max(dim, keepdim=True).values)
    return weights.div(torch.sum(weights, dim=dim, keepdim=True))


@variant(softmax)
def loop_with_a_running_maximum(x, dim):
    parts = x.unbind(dim)
    largest = parts[0]
    for part in parts[1:]:
        largest = torch.maximum(largest, part)
    weights = [torch.exp(part - largest) for part in parts]
    total = sum(weights)
    return torch.stack([weight / total for weight in weights], dim)


@variant(softmax)
def exponential_of_the_logarithm(x, dim):
    shifted = x - x.amax(dim, keepdim=True)
    return torch.exp(shifted - shifted.exp().sum(dim, keepdim=True).log())


@variant(softmax)
def exponential_of_scores_minus_log_sum_exp(x, dim):
    return torch.exp(x - log_sum_exp(x, dim).unsqueeze(dim))


@variant(softmax)
def computed_in_float32_and_returned(x, dim):
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = torch.exp(wide - wide.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@variant(softmax)
def rows_of_a_matrix(x, dim):
    moved = x.transpose(dim, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    weights = torch.exp(rows - torch.sort(rows, dim=-1).values[:, -1:])
    weights = weights / (weights @ weights.new_ones(rows.shape[-1], 1))
    return weights.reshape(moved.shape).transpose(dim, -1)


@variant(softmax)
def in_place_on_its_own_copy(x, dim):
    weights = x.clone()
    weights -= x.detach().amax(dim, keepdim=True)
    weights = weights.exp()
    return weights / weights.sum(dim, keepdim=True)


@variant(softmax)
def sums_block_by_block(x, dim):
    largest = total = None
    for part in x.split(2, dim):  # the sum so far is rescaled when a larger score comes
        new = part.amax(dim, keepdim=True).clamp(min=torch.finfo(x.dtype).min)  # a part may hold only -inf
        new = new if largest is None else torch.maximum(largest, new)
        kept = 0 if total is None else total * torch.exp(largest - new)
        total = kept + torch.exp(part - new).sum(dim, keepdim=True)
        largest = new
    return torch.exp(x - largest) / total


@mistake(softmax, says="too big for float32")
def nothing_subtracted(x, dim):
    """You used the plain definition. e^89 is already too big for float32 and e^12 for float16: they become inf, and
    inf / inf is NaN."""
    weights = torch.exp(x)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="its own largest score")
def largest_score_of_the_whole_tensor(x, dim):
    """You subtracted one maximum for the whole tensor. In a slice whose scores are all far below it every
    exponential becomes 0, and 0 / 0 is NaN."""
    weights = torch.exp(x - x.max())
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="runs along dim")
def always_along_the_last_dimension(x, dim):
    """You normalised along the last dimension whatever `dim` says. Attention needs the last one most of the time,
    so `dim=-1` slips in."""
    weights = torch.exp(x - x.amax(-1, keepdim=True))
    return weights / weights.sum(-1, keepdim=True)


@mistake(softmax, says="runs along dim")
def always_along_the_first_dimension(x, dim):
    """You worked along dimension 0 whatever `dim` says. For a tensor of one dimension that is the only one, so the
    first try looks right."""
    weights = torch.exp(x - x.amax(0, keepdim=True))
    return weights / weights.sum(0, keepdim=True)


@mistake(softmax, says="runs along dim")
def largest_score_along_the_last_dimension(x, dim):
    """You summed along `dim`, but took the maximum along the last dimension. The number that is subtracted may only
    differ from slice to slice, never within one."""
    weights = torch.exp(x - x.amax(-1, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="runs along dim")
def sum_over_all_dimensions(x, dim):
    """You divided by the sum of all entries. Without an argument `sum()` adds up every number, so the whole tensor
    sums to 1, and no slice does."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum()


@mistake(softmax, says="runs along dim")
def maximum_without_keepdim(x, dim):
    """You forgot `keepdim=True` in the maximum. The maxima of a (5, 7) tensor along dimension 1 are then (5,), and
    shapes line up from the right: 5 meets 7. In a square tensor nothing stops you, and the numbers are wrong."""
    weights = torch.exp(x - x.amax(dim))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="runs along dim")
def sum_without_keepdim(x, dim):
    """You forgot `keepdim=True` in the sum. The sums of a (5, 7) tensor along dimension 1 are then (5,), and shapes
    line up from the right: 5 meets 7. In a square tensor nothing stops you, and the numbers are wrong."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim)


@mistake(softmax, says="runs along dim")
def dimensions_mirrored(x, dim):
    """You used the dimension that is as far from the other end. It is easy to mix up "sum over the rows" and "sum
    of each row": the dimension that you name is the one that goes."""
    weights = torch.exp(x - x.amax(-1 - dim, keepdim=True))
    return weights / weights.sum(-1 - dim, keepdim=True)


@mistake(softmax, says="runs along dim")
def reshaped_into_rows(x, dim):
    """You cut the numbers into rows of the right size with `reshape`. It reads them in the order of the memory, so
    the rows are slices only when `dim` is the last dimension."""
    rows = x.reshape(-1, x.shape[dim])
    weights = torch.exp(rows - rows.amax(1, keepdim=True))
    return (weights / weights.sum(1, keepdim=True)).reshape(x.shape)


@mistake(softmax, says="counts from the end")
def negative_dim_not_understood(x, dim):
    """You compared `dim` with the numbers 0, 1, 2... yourself. A dim of -1 is equal to none of them, so it needs to
    be turned into a positive one first."""
    shape = [1 if index == dim else size for index, size in enumerate(x.shape)]
    weights = torch.exp(x - x.amax(dim).reshape(shape))
    return weights / weights.sum(dim).reshape(shape)


@mistake(softmax, says="tensor of any number of dimensions")
def written_for_matrices_only(x, dim):
    """You named the two dimensions of a matrix. Scores come with a batch and with heads in front as well, so write
    it for any number of dimensions."""
    if dim in (1, -1):
        weights = torch.exp(x - x.amax(1)[:, None])
        return weights / weights.sum(1)[:, None]
    weights = torch.exp(x - x.amax(0))
    return weights / weights.sum(0)


@mistake(softmax, says="sum to 1")
def not_divided_by_the_sum(x, dim):
    """You stopped after the exponential of the shifted scores. Each number lies between 0 and 1 now, which looks
    like weights, but they do not sum to 1."""
    return torch.exp(x - x.amax(dim, keepdim=True))


@mistake(softmax, says="sum to 1")
def divided_by_the_maximum(x, dim):
    """You divided the scores by the largest one to make them small. Only adding or subtracting one number leaves
    the weights as they are; dividing changes every difference."""
    weights = torch.exp(x / x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="sum to 1")
def winner_takes_all(x, dim):
    """You gave all the weight to the largest score. Softmax is its soft version: the others get a share too."""
    winner = (x == x.amax(dim, keepdim=True)).to(x.dtype)
    return winner / winner.sum(dim, keepdim=True)


@mistake(softmax, says="far above 0")
def mean_subtracted(x, dim):
    """You subtracted the mean of the slice. It is the same for the whole slice, so the formula holds, but the
    largest score can still be thousands above the mean."""
    weights = torch.exp(x - x.mean(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="far above 0")
def smallest_score_subtracted(x, dim):
    """You subtracted the smallest score. Then every exponent is 0 or more, which is the dangerous side: e^20000
    does not fit. Subtract the largest, and every exponent is 0 or less."""
    weights = torch.exp(x - x.amin(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="too big for float32")
def scores_clamped(x, dim):
    """You limited the scores to a range that e^x can stand. Two scores above the limit become equal that way,
    although one of them should win."""
    weights = torch.exp(x.clamp(-10, 10) if x.dtype == torch.float16 else x.clamp(-80, 80))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="too big for float32")
def nan_replaced_afterwards(x, dim):
    """You repaired the NaN afterwards with `nan_to_num`. inf / inf no longer knows how large each score was, so
    prevent the inf instead."""
    weights = torch.exp(x)
    return torch.nan_to_num(weights / weights.sum(dim, keepdim=True), nan=1.0)


@mistake(softmax, says="too big for float32")
def fixed_number_subtracted(x, dim):
    """You subtracted one fixed number from every score. It fits some scores and not others: read the number from
    the slice itself."""
    weights = torch.exp(x - 10)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="all of them far below 0")
def largest_size_subtracted(x, dim):
    """You subtracted the largest absolute value. Where all scores are far below 0 that pushes them even further
    down: every exponential is 0, and 0 / 0 is NaN."""
    weights = torch.exp(x - x.abs().amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="all of them far below 0")
def running_maximum_starts_at_zero(x, dim):
    """You looked for the maximum from 0 upwards. Where all scores are below 0 it never moves, and every exponential
    can become 0. Start from a score of the slice."""
    weights = torch.exp(x - x.amax(dim, keepdim=True).clamp(min=0))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="e^(-inf) is 0")
def infinite_scores_made_zero(x, dim):
    """You replaced -inf by 0, to be safe from NaN. A score of 0 is an ordinary score and gets a share; -inf is how
    a mask says "no share at all"."""
    scores = torch.where(torch.isinf(x), 0.0, x)
    weights = torch.exp(scores - scores.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="keeps every dimension")
def ones_squeezed_away(x, dim):
    """You called `squeeze()` to tidy up the shape. It removes every dimension of size 1, also those that belong to
    x."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)).squeeze()


@mistake(softmax, says="in one piece")
def viewed_as_rows(x, dim):
    """You used `view` on a tensor whose numbers do not lie in order in the memory. `reshape` copies where it must;
    or stay with operations that take a `dim`."""
    moved = x.transpose(dim, -1)
    rows = moved.contiguous() if x.is_contiguous() else moved
    rows = rows.view(-1, moved.shape[-1])
    weights = torch.exp(rows - rows.amax(1, keepdim=True))
    return (weights / weights.sum(1, keepdim=True)).view(moved.shape).transpose(dim, -1)


@mistake(softmax, says="dtype of x")
def weights_left_in_float32(x, dim):
    """You turned x into float32 and stayed there. More digits are a good idea while you compute, but the caller
    gets the dtype that came in."""
    weights = torch.exp(x.float() - x.float().amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@variant(softmax)
def rounded_to_float32_on_the_way(x, dim):
    wide = x.float()
    weights = torch.exp(wide - wide.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@mistake(softmax, says="changed its input")
def maximum_subtracted_in_place(x, dim):
    """You wrote `x -= ...`. That works on the caller's own tensor: after the call the scores are no longer the
    scores."""
    with torch.no_grad():
        x -= x.amax(dim, keepdim=True)
    weights = torch.exp(x)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="follows the gradient")
def computed_without_a_graph(x, dim):
    """You detached x. Only the maximum may be detached, because the weights do not depend on what is subtracted;
    the scores themselves must stay in the graph."""
    scores = x.detach()
    weights = torch.exp(scores - scores.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax, says="follows the gradient")
def sum_detached(x, dim):
    """You detached the sum. Unlike the maximum it does change the weights: when one score grows, all other weights
    shrink, and the gradient must say so."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True).detach()


@mistake(softmax, says="asks you to")
def torch_softmax_called(x, dim):
    """You called PyTorch's own softmax. It is right, and outside this kata you should use it; here you write it
    once."""
    return torch.nn.Softmax(dim=dim)(x)


# --- log_softmax --------------------------------------------------------------------------------------


@variant(log_softmax)
def largest_detached_in_both_places(x, dim):
    largest = x.detach().amax(dim, keepdim=True)
    return x - largest - (x - largest).exp().sum(dim, keepdim=True).log()


@variant(log_softmax)
def scores_minus_the_log_of_the_sum(x, dim):
    # Less exact than the reference where the largest score is large, because that score hides the small logarithm.
    largest = x.amax(dim, keepdim=True)
    return x - (largest + torch.log(torch.exp(x - largest).sum(dim, keepdim=True)))


@variant(log_softmax)
def through_log_sum_exp(x, dim):
    return x - log_sum_exp(x, dim).unsqueeze(dim)


@variant(log_softmax)
def part_by_part(x, dim):
    parts = x.unbind(dim)
    largest = torch.stack(parts).max(0).values
    total = sum((part - largest).exp() for part in parts)
    return torch.stack([part - largest - total.log() for part in parts], dim=dim)


@variant(log_softmax)
def log_of_the_total_with_log1p(x, dim):
    shifted = x - x.max(dim, keepdim=True)[0]
    return shifted - torch.log1p(torch.expm1(shifted).sum(dim, keepdim=True) + (x.shape[dim] - 1))


@variant(log_softmax)
def exp_by_powers_of_two(x, dim):
    moved = torch.movedim(x, dim, 0)
    shifted = moved - moved.amax(0)
    total = torch.exp2(shifted * 1.4426950408889634).sum(0)
    return torch.movedim(shifted - torch.log2(total) * 0.6931471805599453, 0, dim)


@mistake(log_softmax, says="still has a logarithm")
def logarithm_of_the_weights(x, dim):
    """You took the logarithm of the finished weights. A weight of e^-200 is too small for float32 and becomes 0
    first, and the logarithm of 0 is -inf."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return torch.log(weights / weights.sum(dim, keepdim=True))


@mistake(log_softmax, says="still has a logarithm")
def epsilon_added_before_the_logarithm(x, dim):
    """You added a small number so that the logarithm never sees a 0. It hides the -inf, but every small weight now
    has the same wrong logarithm."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return torch.log(weights / weights.sum(dim, keepdim=True) + 1e-9)


@mistake(log_softmax, says="still has a logarithm")
def weights_clamped_before_the_logarithm(x, dim):
    """You replaced weights of 0 by the smallest number of the dtype. It hides the -inf, but the logarithm stops
    there, near -87 in float32."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return torch.log((weights / weights.sum(dim, keepdim=True)).clamp(min=torch.finfo(x.dtype).tiny))


@mistake(log_softmax, says="too big for float32")
def exponentials_of_the_raw_scores(x, dim):
    """You summed e^x of the raw scores. The formula is right, but e^89 is too big for float32: it becomes inf, and
    its logarithm too. Shift the slice first."""
    return x - torch.exp(x).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="its own largest score")
def one_maximum_for_all_slices(x, dim):
    """You subtracted one maximum for the whole tensor. In a slice whose scores are all far below it every
    exponential becomes 0, and the logarithm of 0 is -inf."""
    shifted = x - x.max()
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="runs along dim")
def last_dimension_whatever_dim_says(x, dim):
    """You worked along the last dimension whatever `dim` says. Attention needs the last one most of the time, so
    `dim=-1` slips in."""
    shifted = x - x.amax(-1, keepdim=True)
    return shifted - torch.exp(shifted).sum(-1, keepdim=True).log()


@mistake(log_softmax, says="runs along dim")
def first_dimension_whatever_dim_says(x, dim):
    """You worked along dimension 0 whatever `dim` says. For a tensor of one dimension that is the only one, so the
    first try looks right."""
    shifted = x - x.amax(0, keepdim=True)
    return shifted - torch.exp(shifted).sum(0, keepdim=True).log()


@mistake(log_softmax, says="runs along dim")
def maximum_along_the_last_dimension(x, dim):
    """You summed along `dim`, but took the maximum along the last dimension. The number that is subtracted may only
    differ from slice to slice, never within one."""
    shifted = x - x.amax(-1, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="runs along dim")
def everything_summed(x, dim):
    """You summed all entries. Without an argument `sum()` adds up every number; here each slice has its own sum."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum().log()


@mistake(log_softmax, says="runs along dim")
def sum_loses_its_dimension(x, dim):
    """You forgot `keepdim=True` in the sum. The sums of a (5, 7) tensor along dimension 1 are then (5,), and shapes
    line up from the right: 5 meets 7."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim).log()


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def logarithm_of_the_sum_forgotten(x, dim):
    """You subtracted the sum itself. The logarithm of a / b is log a - log b: both parts need their logarithm."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True)


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def only_shifted(x, dim):
    """You subtracted the maximum and stopped. The largest score then gets the logarithm 0, which is a weight of 1,
    whatever the others are."""
    return x - x.amax(dim, keepdim=True)


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def shifted_in_one_place_only(x, dim):
    """You shifted the scores inside the sum, but not the score that you subtract it from. Both must be shifted by
    the same number, or it does not cancel."""
    return x - torch.exp(x - x.amax(dim, keepdim=True)).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def weights_without_the_logarithm(x, dim):
    """You returned the weights themselves. Here their natural logarithms are asked for, numbers that are 0 or
    less."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def sign_of_the_loss(x, dim):
    """You returned the negative logarithm. A loss uses that later, but here the results are 0 or less."""
    shifted = x - x.amax(dim, keepdim=True)
    return torch.exp(shifted).sum(dim, keepdim=True).log() - shifted


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def logarithm_to_base_ten(x, dim):
    """You used `log10`. The natural logarithm, `log`, is the one that undoes e^x."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log10()


@mistake(log_softmax, says="0.2, 0.3 and 0.5")
def mean_instead_of_sum(x, dim):
    """You took the mean of the exponentials. The weights sum to 1 only when they are divided by the sum."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).mean(dim, keepdim=True).log()


@mistake(log_softmax, says="keeps every dimension")
def result_squeezed(x, dim):
    """You called `squeeze()` to tidy up the shape. It removes every dimension of size 1, also those that belong to
    x."""
    shifted = x - x.amax(dim, keepdim=True)
    return (shifted - torch.exp(shifted).sum(dim, keepdim=True).log()).squeeze()


@mistake(log_softmax, says="dtype of x")
def logarithms_left_in_float32(x, dim):
    """You turned x into float32 and stayed there. More digits are a good idea while you compute, but the caller
    gets the dtype that came in."""
    shifted = x.float() - x.float().amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="logarithm is -inf as well")
def infinite_logarithms_made_zero(x, dim):
    """You cleaned the result with `nan_to_num`. The logarithm of a weight of 0 is -inf, and the next step may rely
    on it."""
    shifted = x - x.amax(dim, keepdim=True)
    return torch.nan_to_num(shifted - torch.exp(shifted).sum(dim, keepdim=True).log())


@mistake(log_softmax, says="changed its input")
def shifted_in_place(x, dim):
    """You wrote `x.sub_(...)`. That works on the caller's own tensor: after the call the scores are no longer the
    scores."""
    with torch.no_grad():
        x.sub_(x.amax(dim, keepdim=True))
    return x - torch.exp(x).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="follows the gradient")
def logarithm_of_the_sum_detached(x, dim):
    """You detached the logarithm of the sum. Every score of the slice changes it, so the gradient must pass through
    it."""
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - torch.exp(shifted).sum(dim, keepdim=True).log().detach()


@mistake(log_softmax, says="follows the gradient")
def maximum_detached_in_one_place_only(x, dim):
    """You detached the maximum inside the sum, but not outside. Detaching it in both places is fine, because it
    cancels; in one place it leaves a gradient behind."""
    largest = x.amax(dim, keepdim=True)
    return x - largest - torch.exp(x - largest.detach()).sum(dim, keepdim=True).log()


@mistake(log_softmax, says="asks you to")
def built_in_logarithm_called(x, dim):
    """You called PyTorch's own function. It is right, and outside this kata you should use it; here you write it
    once."""
    return torch.log_softmax(x, dim)


# --- softmax_with_temperature -------------------------------------------------------------------------


@variant(softmax_with_temperature)
def divided_then_softmax(x, temperature, dim):
    if temperature <= 0:
        raise ValueError("the temperature must be positive")
    return softmax(x / temperature, dim)


@variant(softmax_with_temperature)
def inverse_temperature(x, temperature, dim):
    if temperature <= 0.0:
        raise ValueError
    scores = x * (1.0 / temperature)
    weights = (scores - scores.max(dim, keepdim=True).values).exp()
    return weights / weights.sum(dim, keepdim=True)


@variant(softmax_with_temperature)
def exponential_of_log_softmax(x, temperature, dim):
    if not temperature > 0:
        raise ValueError(f"temperature {temperature} is not greater than 0")
    return log_softmax(x.div(temperature), dim).exp()


@variant(softmax_with_temperature)
def maximum_divided_too(x, temperature, dim):
    if temperature <= 0:
        raise ValueError("temperature")
    largest = x.detach().amax(dim, keepdim=True)
    weights = torch.exp(x / temperature - largest / temperature)
    return weights / weights.sum(dim, keepdim=True)


@variant(softmax_with_temperature)
def loop_over_the_parts(x, temperature, dim):
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    parts = (x / temperature).unbind(dim)
    largest = torch.stack(parts).amax(0)
    weights = [torch.exp(part - largest) for part in parts]
    return torch.stack(weights, dim) / sum(weights).unsqueeze(dim)


@variant(softmax_with_temperature)
def temperature_as_a_tensor_of_the_same_kind(x, temperature, dim):
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    scores = x / torch.tensor(temperature, dtype=x.dtype, device=x.device)
    weights = torch.exp(scores - scores.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="divided by the temperature")
def temperature_multiplied(x, temperature, dim):
    """You multiplied by the temperature. "Hotter" sounds like "more", but a high temperature makes the scores
    smaller, and so the weights more even: divide."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x * temperature, dim)


@mistake(softmax_with_temperature, says="divided by the temperature")
def temperature_ignored(x, temperature, dim):
    """You checked the temperature, but did not use it afterwards."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x, dim)


@mistake(softmax_with_temperature, says="divided by the temperature")
def weights_divided(x, temperature, dim):
    """You divided the finished weights. They no longer sum to 1 then, and their proportions stay as they were.
    Divide the scores, before the exponential."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x, dim) / temperature


@mistake(softmax_with_temperature, says="divided by the temperature")
def root_of_the_temperature(x, temperature, dim):
    """You divided by the square root, as attention does with the size of a key. The temperature itself is the
    divisor."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / temperature**0.5, dim)


@mistake(softmax_with_temperature, says="divided by the temperature")
def divided_twice(x, temperature, dim):
    """You divided the scores, and once more after the shift. Once is enough."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    scores = x / temperature
    weights = torch.exp((scores - scores.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="divided by the temperature")
def divided_into_whole_numbers(x, temperature, dim):
    """You wrote `//`, which rounds every score down to a whole number. A single `/` keeps the fraction."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x // temperature, dim)


@mistake(softmax_with_temperature, says="a half is allowed")
def temperature_made_whole(x, temperature, dim):
    """You turned the temperature into an int. 0.5 becomes 0 that way. Use the number as it comes."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / max(int(temperature), 1), dim)


@mistake(softmax_with_temperature, says="a half is allowed")
def temperature_below_one_refused(x, temperature, dim):
    """You refused every temperature below 1. Those from 0 to 1 make the weights sharper, and are used often."""
    if temperature < 1:
        raise ValueError("temperature must be at least 1")
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def no_check(x, temperature, dim):
    """You did not look at the temperature. Dividing a tensor by 0 raises no error: it gives inf and NaN, and
    somebody searches for them for a long time."""
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def only_zero_refused(x, temperature, dim):
    """You refused 0, but not the numbers below it. A negative temperature turns the order of the scores around."""
    if temperature == 0:
        raise ValueError("temperature must not be 0")
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def zero_let_through(x, temperature, dim):
    """You refused numbers below 0, but 0 itself passes. Dividing by 0 gives inf and NaN."""
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def greedy_at_zero(x, temperature, dim):
    """You took 0 to mean "all the weight to the largest score". Some programs do that, but this function promises a
    ValueError."""
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    if temperature == 0:
        return (x == x.amax(dim, keepdim=True)).to(x.dtype)
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def checked_with_assert(x, temperature, dim):
    """You checked with `assert`. It raises an AssertionError, and none at all under `python -O`. For a wrong
    argument raise a ValueError."""
    assert temperature > 0, "temperature must be > 0"
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def error_returned(x, temperature, dim):
    """You returned the error. An error is raised: `raise ValueError(...)` stops the function."""
    if temperature <= 0:
        return ValueError("temperature must be > 0")
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="greater than 0")
def smallest_temperature_used(x, temperature, dim):
    """You replaced a temperature of 0 or less by a small one. The caller made a mistake and should hear of it."""
    return softmax(x / max(temperature, 1e-4), dim)


@mistake(softmax_with_temperature, says="after the division")
def nothing_subtracted_after_the_division(x, temperature, dim):
    """You used the plain definition on the divided scores. They can be larger than the scores themselves, so their
    maximum must be subtracted."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    weights = torch.exp(x / temperature)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="after the division")
def undivided_maximum_subtracted(x, temperature, dim):
    """You subtracted the maximum of x from x / temperature. It cancels, so small scores come out right, but it is
    not the maximum of what you exponentiate."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    weights = torch.exp(x / temperature - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="large temperature")
def power_of_the_weights(x, temperature, dim):
    """You took the softmax first and raised its weights to the power 1 / temperature. On paper that is the same,
    but a weight that was too small is 0 by then, and no power brings it back."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    weights = softmax(x, dim) ** (1 / temperature)
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="small temperature")
def something_added_to_the_temperature(x, temperature, dim):
    """You added a small number to the temperature to be safe from 0. The check does that already, and a temperature
    of 0.001 is no longer 0.001."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / (temperature + 1e-5), dim)


@mistake(softmax_with_temperature, says="its own largest score")
def one_maximum_after_the_division(x, temperature, dim):
    """You subtracted one maximum for the whole tensor. In a slice whose scores are all far below it every
    exponential becomes 0, and 0 / 0 is NaN."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    scores = x / temperature
    weights = torch.exp(scores - scores.max())
    return weights / weights.sum(dim, keepdim=True)


@mistake(softmax_with_temperature, says="runs along dim")
def dim_not_passed_on(x, temperature, dim):
    """You called your softmax with dim=-1 instead of the `dim` that you were given."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / temperature, -1)


@mistake(softmax_with_temperature, says="runs along dim")
def total_over_all_slices(x, temperature, dim):
    """You divided by the sum of all entries. Without an argument `sum()` adds up every number, so the whole tensor
    sums to 1, and no slice does."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    scores = x / temperature
    weights = torch.exp(scores - scores.amax(dim, keepdim=True))
    return weights / weights.sum()


@mistake(softmax_with_temperature, says="runs along dim")
def kept_dimension_forgotten(x, temperature, dim):
    """You forgot `keepdim=True` in the sum. The sums of a (5, 7) tensor along dimension 1 are then (5,), and shapes
    line up from the right: 5 meets 7."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    scores = x / temperature
    weights = torch.exp(scores - scores.amax(dim, keepdim=True))
    return weights / weights.sum(dim)


@mistake(softmax_with_temperature, says="a whole number")
def only_floats_accepted(x, temperature, dim):
    """You asked for a float and refused an int. 3 is a number greater than 0 too."""
    if not isinstance(temperature, float) or temperature <= 0:
        raise ValueError("temperature must be a float > 0")
    return softmax(x / temperature, dim)


@mistake(softmax_with_temperature, says="dtype of x")
def temperature_as_a_float32_tensor(x, temperature, dim):
    """You made a tensor of the temperature. With one dimension and float32 it turns float16 scores into float32. A
    Python number leaves the dtype as it is."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / torch.tensor([temperature], dtype=torch.float32, device=x.device), dim)


@mistake(softmax_with_temperature, says="on the same device")
def temperature_on_the_cpu(x, temperature, dim):
    """You made a tensor of the temperature and left it on the CPU. A GPU tensor cannot be divided by it. A Python
    number works everywhere."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax(x / torch.tensor([temperature], dtype=x.dtype), dim)


@mistake(softmax_with_temperature, says="changed its input")
def divided_in_place(x, temperature, dim):
    """You wrote `x /= temperature`. That works on the caller's own tensor: a second call divides once more."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    with torch.no_grad():
        x /= temperature
    return softmax(x, dim)


@mistake(softmax_with_temperature, says="follows the gradient")
def divided_scores_detached(x, temperature, dim):
    """You built a new tensor of the divided scores, without a way back to x. Dividing x itself keeps that way
    open."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return softmax((x / temperature).detach(), dim)


@mistake(softmax_with_temperature, says="asks you to")
def functional_softmax_called(x, temperature, dim):
    """You called PyTorch's own softmax. It is right, and outside this kata you should use it; here use your own."""
    if temperature <= 0:
        raise ValueError("temperature must be > 0")
    return torch.nn.functional.softmax(x / temperature, dim=dim)


# --- log_sum_exp --------------------------------------------------------------------------------------


@variant(log_sum_exp)
def squeezed_at_the_end(x, dim):
    largest = x.max(dim, keepdim=True).values
    return (largest + (x - largest).exp().sum(dim, keepdim=True).log()).squeeze(dim)


@variant(log_sum_exp)
def maximum_detached_in_both_places(x, dim):
    largest = x.detach().amax(dim)
    return largest + torch.exp(x - largest.unsqueeze(dim)).sum(dim).log()


@variant(log_sum_exp)
def one_part_after_the_other(x, dim):
    first, *rest = x.unbind(dim)
    result = first
    for part in rest:
        high, low = torch.maximum(result, part), torch.minimum(result, part)
        result = high + torch.log1p(torch.exp((low - high).nan_to_num(nan=0.0)))  # -inf minus -inf is NaN
    return result.clone()


@variant(log_sum_exp)
def first_score_minus_its_log_softmax(x, dim):
    # At the largest score, where neither number can be -inf.
    best = x.argmax(dim, keepdim=True)
    return (x.gather(dim, best) - log_softmax(x, dim).gather(dim, best)).squeeze(dim)


@variant(log_sum_exp)
def computed_in_float32_when_narrow(x, dim):
    wide = torch.promote_types(x.dtype, torch.float32)
    largest = x.amax(dim).to(wide)
    total = torch.exp(x.to(wide) - largest.unsqueeze(dim)).sum(dim)
    return (largest + total.log()).to(x.dtype)


@variant(log_sum_exp)
def moved_and_multiplied_by_ones(x, dim):
    moved = x.movedim(dim, -1)
    largest = moved.amax(-1, keepdim=True)
    total = torch.exp(moved - largest) @ moved.new_ones(moved.shape[-1])
    return largest[..., 0] + total.log()


@mistake(log_sum_exp, says="`dim` is gone")
def summed_dimension_kept(x, dim):
    """You left the summed dimension in the result, with size 1. `keepdim=True` helps inside the function, but here
    the caller asks for a result without it."""
    largest = x.amax(dim, keepdim=True)
    return largest + torch.exp(x - largest).sum(dim, keepdim=True).log()


@mistake(log_sum_exp, says="runs along dim")
def kept_and_dropped_dimensions_added(x, dim):
    """You added maxima of shape (5, 1) to logarithms of shape (5,). Nothing complains: they broadcast to (5, 5).
    Both parts must have lost the dimension."""
    largest = x.amax(dim, keepdim=True)
    total = torch.exp(x - largest).sum(dim)
    return largest + total.log() if x.ndim > 1 else largest.squeeze(dim) + total.log()


@mistake(log_sum_exp, says="too big for float32")
def raw_exponentials_summed(x, dim):
    """You used the formula as it stands. e^89 is too big for float32 and e^12 for float16: the sum becomes inf, and
    its logarithm too. Take the largest score out first."""
    return torch.exp(x).sum(dim).log()


@mistake(log_sum_exp, says="too big for float32")
def shift_undone_before_the_logarithm(x, dim):
    """You undid the shift before the logarithm, by multiplying with e^maximum. That number is the one that does not
    fit. After the logarithm the factor becomes a sum: add the maximum there."""
    largest = x.amax(dim)
    return torch.log(torch.exp(x - largest.unsqueeze(dim)).sum(dim) * torch.exp(largest))


@mistake(log_sum_exp, says="logarithm of 10")
def maximum_not_added_back(x, dim):
    """You subtracted the largest score and did not add it back. In softmax it cancels; here it does not."""
    return torch.exp(x - x.amax(dim, keepdim=True)).sum(dim).log()


@mistake(log_sum_exp, says="logarithm of 10")
def maximum_subtracted_again(x, dim):
    """You subtracted the largest score a second time. It was taken out of the sum, so it is added at the end."""
    return torch.exp(x - x.amax(dim, keepdim=True)).sum(dim).log() - x.amax(dim)


@mistake(log_sum_exp, says="logarithm of 10")
def maximum_added_without_a_shift(x, dim):
    """You added the largest score, but never subtracted it from the exponents."""
    return torch.exp(x).sum(dim).log() + x.amax(dim)


@mistake(log_sum_exp, says="logarithm of 10")
def only_the_maximum(x, dim):
    """You returned the largest score. It is near the answer when one score stands out, but the others count too."""
    return x.amax(dim)


@mistake(log_sum_exp, says="logarithm of 10")
def logarithm_and_exponential_cancelled(x, dim):
    """You let the logarithm and the exponential cancel. They do for one term, but the logarithm of a sum is not the
    sum of the logarithms."""
    return x.sum(dim)


@mistake(log_sum_exp, says="logarithm of 10")
def logarithm_forgotten(x, dim):
    """You added the sum itself to the largest score. Its logarithm is what belongs there."""
    return x.amax(dim) + torch.exp(x - x.amax(dim, keepdim=True)).sum(dim)


@mistake(log_sum_exp, says="logarithm of 10")
def mean_of_the_exponentials(x, dim):
    """You took the mean of the exponentials. The result is too small by the logarithm of how many there are."""
    largest = x.amax(dim, keepdim=True)
    return largest.squeeze(dim) + torch.exp(x - largest).mean(dim).log()


@mistake(log_sum_exp, says="logarithm of 10")
def one_added_in_the_logarithm(x, dim):
    """You used `log1p`, or started a running sum at 0 = log 1. Both add an extra 1 to the sum that no score put
    there."""
    return torch.log1p(torch.exp(x).sum(dim))


@mistake(log_sum_exp, says="logarithm of 10")
def logarithm_with_base_two(x, dim):
    """You used `log2`. The natural logarithm, `log`, is the one that undoes e^x."""
    return x.amax(dim) + torch.exp(x - x.amax(dim, keepdim=True)).sum(dim).log2()


@mistake(log_sum_exp, says="runs along dim")
def last_dimension_summed(x, dim):
    """You summed along the last dimension whatever `dim` says."""
    return x.amax(-1) + torch.exp(x - x.amax(-1, keepdim=True)).sum(-1).log()


@mistake(log_sum_exp, says="runs along dim")
def all_dimensions_summed(x, dim):
    """You summed all entries into one number. Each slice has its own result."""
    return x.max() + torch.exp(x - x.max()).sum().log()


@mistake(log_sum_exp, says="runs along dim")
def last_dimension_squeezed(x, dim):
    """You removed the kept dimension with `squeeze(-1)`. That fits when `dim` is the last; elsewhere the dimension
    of size 1 stays. `squeeze(dim)` names the right one."""
    largest = x.amax(dim, keepdim=True)
    return (largest + torch.exp(x - largest).sum(dim, keepdim=True).log()).squeeze(-1)


@mistake(log_sum_exp, says="only `dim` goes")
def every_size_of_one_squeezed(x, dim):
    """You called `squeeze()` without a dimension. It removes every dimension of size 1, also those that belong to
    x."""
    largest = x.amax(dim, keepdim=True)
    return (largest + torch.exp(x - largest).sum(dim, keepdim=True).log()).squeeze()


@mistake(log_sum_exp, says="its own largest score")
def global_maximum(x, dim):
    """You took out one maximum for the whole tensor. In a slice whose scores are all far below it every exponential
    becomes 0, and the logarithm of 0 is -inf."""
    return x.max() + torch.exp(x - x.max()).sum(dim).log()


@mistake(log_sum_exp, says="all of them far below 0")
def maximum_never_below_zero(x, dim):
    """You looked for the maximum from 0 upwards. Where all scores are far below 0 every exponential becomes 0, and
    the logarithm of 0 is -inf. Start from a score of the slice."""
    largest = x.amax(dim).clamp(min=0)
    return largest + torch.exp(x - largest.unsqueeze(dim)).sum(dim).log()


@mistake(log_sum_exp, says="adds nothing")
def infinite_entries_made_zero(x, dim):
    """You replaced -inf by 0, to be safe from NaN. A score of 0 adds e^0 = 1 to the sum; -inf adds e^(-inf) = 0."""
    scores = torch.where(torch.isinf(x), 0.0, x)
    largest = scores.amax(dim)
    return largest + torch.exp(scores - largest.unsqueeze(dim)).sum(dim).log()


@mistake(log_sum_exp, says="dtype of x")
def sum_left_in_float32(x, dim):
    """You turned x into float32 and stayed there. More digits are a good idea while you compute, but the caller
    gets the dtype that came in."""
    wide = x.float()
    return wide.amax(dim) + torch.exp(wide - wide.amax(dim, keepdim=True)).sum(dim).log()


@mistake(log_sum_exp, says="changed its input")
def scores_shifted_in_place(x, dim):
    """You wrote `x -= ...`. That works on the caller's own tensor: after the call the scores are no longer the
    scores."""
    largest = x.detach().amax(dim, keepdim=True)
    with torch.no_grad():
        x -= largest
    return largest.squeeze(dim) + torch.exp(x).sum(dim).log()


@mistake(log_sum_exp, says="follows the gradient")
def maximum_detached_inside_only(x, dim):
    """You detached the maximum inside the sum, but not where you add it back. Detaching it in both places is fine,
    because it cancels; in one place it leaves a gradient behind."""
    largest = x.amax(dim, keepdim=True)
    return largest.squeeze(dim) + torch.exp(x - largest.detach()).sum(dim).log()


@mistake(log_sum_exp, says="follows the gradient")
def sum_of_exponentials_detached(x, dim):
    """You detached the sum, so only the largest score of each slice gets a gradient. Every score changes the
    sum."""
    largest = x.amax(dim)
    return largest + torch.exp(x - largest.unsqueeze(dim)).sum(dim).log().detach()


@mistake(log_sum_exp, says="asks you to")
def torch_logsumexp_called(x, dim):
    """You called PyTorch's own function. It is right, and outside this kata you should use it; here you write it
    once."""
    return x.logsumexp(dim)


# What `make bench N=18` measures.


@benchmark(
    softmax,
    title="softmax over the last dimension",
    sizes=((100, 100), (1000, 1000), (4000, 1000)),
    why="Your lines walk over the memory several times: for the maximum, the difference, exp, the sum, the division. "
    "Most of these write a whole new tensor. PyTorch's softmax is one fused kernel: it keeps a row in the cache, "
    "and writes the result once. With small tensors it is each call that costs: some microseconds before it does "
    "anything.",
)
def softmax_beside_others(shape, device):
    import numpy

    x = torch.randn(shape, device=device)
    array = x.cpu().numpy()

    def with_numpy():
        exps = numpy.exp(array - array.max(-1, keepdims=True))
        return exps / exps.sum(-1, keepdims=True)

    return (x, -1), {"torch.softmax": lambda: torch.softmax(x, -1), "NumPy": with_numpy}
