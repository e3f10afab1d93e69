"""Indexing: take the tokens that you want."""

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def first_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch D"]:
    """Take the first token of every sequence.

    Args:
        x: one or more sequences, shape (..., T, D): T tokens of D numbers each. The dots stand for any dimensions in
            front: none, one (a batch of sequences), or more. Every size is at least 1. Any dtype. It is not modified.

    Returns:
        Shape (..., D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> first_token(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[1, 2],
                [7, 8]])
    """
    return x[..., 0, :]


def last_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch D"]:
    """Take the last token of every sequence.

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1.
            Any dtype. It is not modified.

    Returns:
        Shape (..., D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> last_token(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[ 5,  6],
                [11, 12]])
    """
    return x[..., -1, :]


def first_token_kept(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch 1 D"]:
    """Take the first token of every sequence, and keep the dimension of the tokens: each sequence has one token left.

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1.
            Any dtype. It is not modified.

    Returns:
        Shape (..., 1, D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> first_token_kept(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[[1, 2]],
        <BLANKLINE>
                [[7, 8]]])
    """
    return x[..., :1, :]


def every_other_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch half D"]:
    """Take every other token of every sequence: those at the places 0, 2, 4, ...

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1;
            T is even or odd. Any dtype. It is not modified.

    Returns:
        Shape (..., half, D), where half is T / 2, rounded up. Same dtype and device as x. It may share memory with x,
        or be a copy. If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> every_other_token(torch.tensor([[1, 2], [3, 4], [5, 6]]))
        tensor([[1, 2],
                [5, 6]])
    """
    return x[..., ::2, :]


def values_above(x: Shaped[Tensor, "*shape"], threshold: float) -> Shaped[Tensor, " n"]:
    """Take the numbers of x that are greater than a threshold.

    Args:
        x: real or whole numbers, of one dimension or more; sizes may be 0. It may hold infinity, and NaN ("not a
            number"), which is not greater than anything. It is not modified.
        threshold: a Python number, float or int, that is not beyond what the dtype of x can hold. A number that is
            equal to it is not taken. If the two differ by rounding only, either answer is right.

    Returns:
        Shape (n,): the numbers that are greater, each as it was, row by row: as you would read x. n may be 0. Same
        dtype and device as x. If x has real numbers, a gradient flows back to those that were taken (kata 11).

    Example:
        >>> values_above(torch.tensor([[5.0, 1.0, 9.0], [3.0, 7.0, 3.0]]), 3.0)
        tensor([5., 9., 7.])
    """
    return x[x > threshold]


def zero_padding(x: Float[Tensor, "B T D"], is_padding: Bool[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
    """Set to zero what is padding: places that only fill a short sequence up to T tokens.

    Args:
        x: a batch of sequences, shape (B, T, D), of any float dtype. Every size is at least 1. It is not modified.
        is_padding: bool, shape (B, T), on the device of x. True where there is no token, but padding. It may be True
            at any place, everywhere, or nowhere.

    Returns:
        A tensor of shape (B, T, D), with the dtype and device of x. At each place with padding all D numbers are 0,
        whatever was there before: NaN ("not a number") and infinity too. All other numbers are as they were, NaN and
        infinity too. A gradient flows back to x (kata 11): it is 0 for padding, never NaN.

    Example:
        >>> x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
        >>> zero_padding(x, torch.tensor([[False, False], [False, True]]))
        tensor([[[1., 2.],
                 [3., 4.]],
        <BLANKLINE>
                [[5., 6.],
                 [0., 0.]]])
    """
    return torch.where(is_padding[:, :, None], torch.zeros_like(x), x)  # (B, T, 1) for all D numbers


def pick_token(x: Shaped[Tensor, "B T D"], index: Int64[Tensor, " B"]) -> Shaped[Tensor, "B D"]:
    """Take one token from each sequence, each from its own place.

    Args:
        x: a batch of sequences, shape (B, T, D), of finite numbers: float or int64. Every size is at least 1. It is not
            modified.
        index: shape (B,), int64, on the device of x. index[b] is the place of the token that is taken from sequence b,
            from 0 to T - 1. Two sequences may have the same place.

    Returns:
        Shape (B, D): row b is x[b, index[b]]. Same dtype and device as x. If x has real numbers, a gradient flows back
        to x (kata 11).

    Example:
        >>> x = torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
        >>> pick_token(x, torch.tensor([2, 0]))
        tensor([[5, 6],
                [7, 8]])
    """
    return x[torch.arange(x.shape[0], device=x.device), index]  # (B,) and (B,) go in pairs


BANNED: dict[str, str] = {}

HINTS = {
    "first_token": [
        "In (..., T, D) the tokens are the second last dimension. How do you index from the right?",
        "A number as an index takes one entry and removes the dimension: (..., T, D) becomes (..., D).",
        "Inside the brackets: `...` for all that stands in front, then 0 for the token, then `:` for all D numbers.",
    ],
    "last_token": [
        "Python counts places from the end as well. Which number is the last place?",
        "As with the first token, (..., T, D) becomes (..., D). Only the place is another one.",
        "Inside the brackets: `...`, then -1, then `:`.",
    ],
    "first_token_kept": [
        "A number removes a dimension, and a slice keeps it. Which slice holds the place 0 and no other?",
        "(..., T, D) becomes (..., 1, D). The slice from 0 to 1 (1 is not included) has one place.",
        "Inside the brackets: `...`, then `:1`, then `:`.",
    ],
    "every_other_token": [
        "A slice has three parts: start, stop and step. Which of them do you need?",
        "Along T: start at 0, go to the end, step 2. (..., T, D) becomes (..., T / 2 rounded up, D).",
        "Inside the brackets: `...`, then `::2`, then `:`.",
    ],
    "values_above": [
        "Compare x with the threshold. What comes out, and in what shape?",
        "x > threshold is a bool tensor in the shape of x. As an index it takes the numbers where it is True: (n,).",
        "Put `x > threshold` into the brackets after x.",
    ],
    "zero_padding": [
        "Choose, do not multiply: NaN times 0 is NaN. `torch.where` and `masked_fill` choose.",
        "is_padding is (B, T), x is (B, T, D). With a size of 1 at the end, (B, T, 1), it is used for all D numbers.",
        "`x.masked_fill(mask, 0)`, where mask is `is_padding[:, :, None]`. No `_` at the end: that writes into x.",
    ],
    "pick_token": [
        "x[:, index] takes every place of index from every sequence. You want pairs: sequence b, place index[b].",
        "Two index tensors of shape (B,) go in pairs: (0, index[0]), (1, index[1]), ... The result is (B, D).",
        "Two indices in one pair of brackets: first `torch.arange` of B, on the device of x, and then `index`.",
    ],
}


# first_token


@variant(first_token)
def selected(x):
    return x.select(-2, 0)


@variant(first_token)
def unbound_along_tokens(x):
    return x.unbind(dim=-2)[0]


@variant(first_token)
def kept_then_squeezed(x):
    return x.narrow(-2, 0, 1).squeeze(-2)


@variant(first_token)
def flat_batch(x):
    tokens, width = x.shape[-2:]
    return torch.stack([sequence[0] for sequence in x.reshape(-1, tokens, width)]).reshape(*x.shape[:-2], width)


@variant(first_token)
def tokens_moved_to_the_front(x):
    return torch.movedim(x, -2, 0)[0].clone()


@variant(first_token)
def by_an_index_tensor(x):
    return x.index_select(x.ndim - 2, torch.tensor([0], device=x.device)).squeeze(-2)


@mistake(first_token, says="second last")
def first_sequence(x):
    """You wrote x[0]. That is the first entry of the first dimension: in a batch, a whole sequence."""
    return x[0]


@mistake(first_token, says="second last")
def second_dimension_of_any(x):
    """You wrote x[:, 0]. In (B, T, D) the tokens are there. With fewer or more dimensions, something else is."""
    return x[:, 0]


@mistake(first_token, says="second last")
def first_number_of_each(x):
    """You wrote x[..., 0]. That takes from the last dimension: the first number of each token."""
    return x[..., 0]


@mistake(first_token, says="is gone")
def dimension_kept(x):
    """You used a slice, which keeps the dimension. A number as an index removes it."""
    return x[..., :1, :]


@mistake(first_token, says="every sequence")
def of_the_first_sequence_only(x):
    """You took the first token of the first sequence. Every sequence has one."""
    while x.ndim > 2:
        x = x[0]
    return x[0]


@mistake(first_token, says="second last")
def last_for_first(x):
    """You took the last token. Python counts from 0: the first one is at place 0."""
    return x[..., -1, :]


@mistake(first_token, says="second last")
def counted_from_one(x):
    """You took the token at place 1. Python counts from 0."""
    return x[..., min(1, x.shape[-2] - 1), :]


@mistake(first_token, says="Sizes of 1 stay")
def squeezed_everything(x):
    """You used `squeeze()` to drop the dimension of the tokens. It drops every other dimension of size 1 as well."""
    return x[..., :1, :].squeeze()


@mistake(first_token, says="any number of dimensions")
def batch_flattened(x):
    """You flattened all that stands in front to one dimension. It comes back as it was: (..., D)."""
    return x.reshape(-1, *x.shape[-2:])[:, 0]


@mistake(first_token, says="as it is")
def mean_of_the_tokens(x):
    """You took the mean over the tokens. That is another way to make one token of many; here the first is asked for."""
    return x.float().mean(-2).to(x.dtype)


@mistake(first_token, says="any number of dimensions")
def batches_only(x):
    """You wrote it for a batch, with a special case for one sequence. More dimensions may stand in front."""
    return x[0] if x.ndim == 2 else x[:, 0]


# last_token


@variant(last_token)
def selected_from_the_end(x):
    return x.select(-2, -1)


@variant(last_token)
def at_place_t_minus_1(x):
    return x[..., x.size(-2) - 1, :]


@variant(last_token)
def flipped(x):
    return x.flip(-2)[..., 0, :]


@variant(last_token)
def taken_by_index_select(x):
    last = torch.tensor([x.shape[-2] - 1], device=x.device)
    return x.index_select(-2, last).squeeze(-2)


@mistake(last_token, says="whatever they are")
def multiplied_and_summed(x):
    """You multiplied the other tokens by 0, and added them all up. NaN times 0 is NaN, and infinity times 0 too: one of
    them anywhere in the sequence spoils the sum."""
    keep = torch.zeros(x.shape[-2], dtype=x.dtype, device=x.device)
    keep[-1] = 1
    return (x * keep[:, None]).sum(-2, dtype=x.dtype)


@mistake(last_token, says="second last")
def last_sequence(x):
    """You wrote x[-1]. That is the last entry of the first dimension: in a batch, a whole sequence."""
    return x[-1]


@mistake(last_token, says="second last")
def last_number_of_each(x):
    """You wrote x[..., -1]. That takes from the last dimension: the last number of each token."""
    return x[..., -1]


@mistake(last_token, says="second last")
def second_dimension_from_the_end(x):
    """You wrote x[:, -1]. In (B, T, D) the tokens are there. With fewer or more dimensions, something else is."""
    return x[:, -1]


@mistake(last_token, says="is gone")
def last_one_kept(x):
    """You used a slice, which keeps the dimension. A number as an index removes it."""
    return x[..., -1:, :]


@mistake(last_token, says="-1 is the last")
def one_before_the_last(x):
    """You took the token at -2. The last place is -1: there is no -0 to begin with."""
    return x[..., max(-2, -x.shape[-2]), :]


@mistake(last_token, says="-1 is the last")
def place_by_the_wrong_size(x):
    """You computed the place from the last size, D. How many tokens there are is the second last size, T."""
    return x[..., min(x.shape[-1], x.shape[-2]) - 1, :]


@mistake(last_token, says="-1 is the last")
def first_for_last(x):
    """You took the first token."""
    return x[..., 0, :]


@mistake(last_token, says="-1 is the last")
def largest_numbers(x):
    """You took the largest number of each column. The last token is one row of x, whatever it holds."""
    return x.amax(-2)


@mistake(last_token, says="Sizes of 1 stay")
def last_one_squeezed(x):
    """You used `squeeze()` to drop the dimension of the tokens. It drops every other dimension of size 1 as well."""
    return x[..., -1:, :].squeeze()


@mistake(last_token, says="every sequence")
def last_of_the_last_sequence(x):
    """You took the last token of the last sequence. Every sequence has one."""
    return x.reshape(-1, x.shape[-1])[-1]


@mistake(last_token, says="whatever it holds")
def last_that_is_not_zero(x):
    """You looked for the last token that is not all zeros, as if zeros were padding. Here the last place is asked
    for."""
    tokens, width = x.shape[-2:]
    taken = []
    for sequence in x.reshape(-1, tokens, width):
        full = [token for token in sequence if bool((token != 0).any())]
        taken.append(full[-1] if full else sequence[-1])
    return torch.stack(taken).reshape(*x.shape[:-2], width)


# first_token_kept


@variant(first_token_kept)
def narrowed(x):
    return torch.narrow(x, -2, 0, 1)


@variant(first_token_kept)
def taken_then_unsqueezed(x):
    return x[..., 0, :].unsqueeze(-2)


@variant(first_token_kept)
def a_list_as_an_index(x):
    return x[..., [0], :]


@variant(first_token_kept)
def split_into_tokens(x):
    return x.split(1, dim=-2)[0]


@mistake(first_token_kept, says="stays, with size 1")
def dimension_dropped(x):
    """You used a number as an index, which removes the dimension. A slice keeps it."""
    return x[..., 0, :]


@mistake(first_token_kept, says="stays, with size 1")
def first_sequence_kept(x):
    """You wrote x[:1]. That is a slice of the first dimension: in a batch, a whole sequence."""
    return x[:1]


@mistake(first_token_kept, says="stays, with size 1")
def second_dimension_sliced(x):
    """You wrote x[:, :1]. In (B, T, D) the tokens are there. With fewer or more dimensions, something else is."""
    return x[:, :1]


@mistake(first_token_kept, says="stays, with size 1")
def first_number_kept(x):
    """You wrote x[..., :1]. That takes from the last dimension: the first number of each token."""
    return x[..., :1]


@mistake(first_token_kept, says="stays, with size 1")
def new_dimension_at_the_end(x):
    """You put the dimension of size 1 at the end. The tokens are the second last dimension."""
    return x[..., 0, :].unsqueeze(-1)


@mistake(first_token_kept, says="stays, with size 1")
def new_dimension_in_front(x):
    """You put the dimension of size 1 in front of all others. It stands where the tokens were: second last."""
    return x[..., 0, :].unsqueeze(0)


@mistake(first_token_kept, says="stays, with size 1")
def new_dimension_at_place_1(x):
    """You put the dimension of size 1 at place 1. In a batch that is right. With fewer or more dimensions it is not."""
    taken = x[..., 0, :]
    return taken.unsqueeze(min(1, taken.ndim))


@mistake(first_token_kept, says="slice stops before")
def two_tokens_kept(x):
    """You wrote 0:2, or :2. A slice stops before its end, so that is two tokens."""
    return x[..., :2, :]


@mistake(first_token_kept, says="slice stops before")
def last_kept(x):
    """You wrote -1:, which is the last token."""
    return x[..., -1:, :]


@mistake(first_token_kept, says="every sequence")
def first_token_for_all(x):
    """You took the first token of the first sequence, and gave it to every sequence."""
    return x.reshape(-1, x.shape[-1])[:1].expand(*x.shape[:-2], 1, x.shape[-1])


@mistake(first_token_kept, says="stays, with size 1")
def others_set_to_zero(x):
    """You kept all T tokens, and set to zero those after the first. They are to be left out."""
    result = x.clone()
    result[..., 1:, :] = 0
    return result


# every_other_token


@variant(every_other_token)
def places_listed(x):
    return x[..., list(range(0, x.shape[-2], 2)), :]


@variant(every_other_token)
def places_as_a_tensor(x):
    return torch.index_select(x, -2, torch.arange(0, x.size(-2), 2, device=x.device))


@variant(every_other_token)
def stacked_one_by_one(x):
    return torch.stack(x.unbind(-2)[::2], dim=-2)


@variant(every_other_token)
def mask_of_places(x):
    return x[..., torch.arange(x.shape[-2], device=x.device) % 2 == 0, :]


@mistake(every_other_token, says="starts with the first")
def starts_with_the_second(x):
    """You started at place 1. The first token is at place 0, and it is to be taken."""
    return x[..., 1::2, :]


@mistake(every_other_token, says="second last")
def every_other_number(x):
    """You put the step on the last dimension. That takes every other number of each token."""
    return x[..., ::2]


@mistake(every_other_token, says="second last")
def every_other_sequence(x):
    """You wrote x[::2]. In a batch that takes every other sequence."""
    return x[::2]


@mistake(every_other_token, says="second last")
def every_other_of_dimension_1(x):
    """You wrote x[:, ::2]. In (B, T, D) the tokens are there. With fewer or more dimensions, something else is."""
    return x[:, ::2]


@mistake(every_other_token, says="Two places on")
def first_half(x):
    """You took the first half of the tokens. Every other one is asked for."""
    return x[..., : (x.shape[-2] + 1) // 2, :]


@mistake(every_other_token, says="Two places on")
def every_third(x):
    """You used a step of 3, leaving out two each time. To leave out one, step by 2."""
    return x[..., ::3, :]


@mistake(every_other_token, says="end with the last")
def odd_one_dropped(x):
    """You counted T // 2 of them. With an odd number of tokens, the last one is at an even place as well."""
    half = x.shape[-2] // 2
    return x[..., : 2 * half : 2, :]


@mistake(every_other_token, says="end with the last")
def stops_before_the_last(x):
    """You ended the slice at -1, which is the last token itself. A slice stops before its end."""
    return x[..., :-1:2, :]


@mistake(every_other_token, says="left out")
def the_others_set_to_zero(x):
    """You kept all T tokens and set every other one to zero. They are to be left out."""
    result = x.clone()
    result[..., 1::2, :] = 0
    return result


@mistake(every_other_token, says="end with the last")
def in_pairs(x):
    """You laid the tokens out in pairs. An odd number of tokens has one left over."""
    tokens, width = x.shape[-2:]
    return x.reshape(*x.shape[:-2], tokens // 2, 2, width)[..., 0, :]


@mistake(every_other_token, says="in their order")
def from_the_end(x):
    """You went from the end to the start. The tokens stay in their order."""
    return x[..., ::2, :].flip(-2)


# values_above


@variant(values_above)
def selected_by_mask(x, threshold):
    return torch.masked_select(x, x.gt(threshold))


@variant(values_above)
def places_found_first(x, threshold):
    return x[torch.nonzero(x > threshold, as_tuple=True)]


@variant(values_above)
def flat_then_mask(x, threshold):
    flat = x.reshape(-1)
    return flat[flat > threshold]


@variant(values_above)
def one_by_one(x, threshold):
    taken = [value for value in x.flatten() if value > threshold]
    return torch.stack(taken) if taken else x.new_zeros(0)


@mistake(values_above, says="is not greater")
def equal_ones_too(x, threshold):
    """You wrote >=. A number that is equal to the threshold is not greater than it."""
    return x[x >= threshold]


@mistake(values_above, says="numbers themselves")
def the_mask_itself(x, threshold):
    """You returned the comparison. It says where the numbers are; put it into the brackets of x to take them."""
    return x > threshold


@mistake(values_above, says="numbers themselves")
def places_for_numbers(x, threshold):
    """You returned the places of the numbers. The numbers themselves are asked for."""
    return torch.nonzero(x > threshold)


@mistake(values_above, says="numbers themselves")
def others_zeroed(x, threshold):
    """You set the other numbers to zero and kept the shape. Here they are left out."""
    return torch.where(x > threshold, x, torch.zeros_like(x))


@mistake(values_above, says="numbers themselves")
def below_for_above(x, threshold):
    """You compared the other way round, and took the numbers below."""
    return x[x < threshold]


@mistake(values_above, says="row by row")
def sorted_numbers(x, threshold):
    """You sorted the numbers. They are asked for in the order of x."""
    return x[x > threshold].sort().values


@mistake(values_above, says="row by row")
def column_by_column(x, threshold):
    """You went down the columns. A mask goes along the rows, as you read."""
    x = x.permute(*reversed(range(x.ndim)))
    return x[x > threshold]


@mistake(values_above, says="each time")
def doubles_dropped(x, threshold):
    """You took each number once. A number that occurs twice is taken twice."""
    taken = x[x > threshold]
    return torch.stack(list(dict(zip(taken.tolist(), taken)).values())) if taken.numel() else taken


@mistake(values_above, says="as it was")
def amount_above(x, threshold):
    """You returned by how much each number is above the threshold."""
    return x[x > threshold] - threshold


@mistake(values_above, says="sign")
def far_from_zero(x, threshold):
    """You compared without the sign. -9 is far from zero, but not greater than 3."""
    return x[x.abs() > threshold]


@mistake(values_above, says="A 0 is a number too")
def zeroed_then_dropped(x, threshold):
    """You set the other numbers to zero, and then took all that is not zero. With a threshold below 0, a zero of x is
    greater than it, and was lost."""
    kept = torch.where(x > threshold, x, torch.zeros_like(x))
    return kept[kept != 0]


@mistake(values_above, says="numbers themselves")
def whole_rows(x, threshold):
    """You took every row that has such a number. The numbers themselves are asked for, one by one."""
    return x[(x > threshold).any(-1)]


@mistake(values_above, says="is a tensor")
def a_python_list(x, threshold):
    """You collected the numbers in a list. A tensor is asked for."""
    return x[x > threshold].tolist()


@mistake(values_above, says="dtype of x")
def always_float32(x, threshold):
    """You made float32 of the result. It keeps the dtype of x."""
    return x[x > threshold].float()


@mistake(values_above, says="dtype of x")
def list_to_tensor(x, threshold):
    """You made a new tensor from a Python list. It has the dtype that PyTorch guesses, and lives on the CPU."""
    return torch.tensor([value for value in x.flatten().tolist() if value > threshold])


@mistake(values_above, says="way back")
def taken_out_of_the_graph(x, threshold):
    """You used `.detach()` or `.data`. The numbers are right, but PyTorch can no longer tell that they came from x."""
    return x.detach()[x > threshold]


@mistake(values_above, says="nothing is greater")
def empty_as_zero(x, threshold):
    """You returned a zero where no number is greater. Nothing was found, so the result holds nothing: (0,)."""
    taken = x[x > threshold]
    return taken if taken.numel() else x.new_zeros(1)


@mistake(values_above, says="stays a fraction")
def threshold_in_the_dtype_of_x(x, threshold):
    """You gave the threshold the dtype of x. If x has whole numbers, -2.5 becomes -2 there, and -2 is not greater than
    -2. Compare with the number as it is."""
    return x[x > torch.tensor(threshold, dtype=x.dtype, device=x.device)]


@mistake(values_above, says="uint8")
def difference_above_zero(x, threshold):
    """You subtracted the threshold, and took what is greater than 0. In uint8 there is nothing below 0: 1 - 2 becomes
    255."""
    return x[x - threshold > 0]


@mistake(values_above, says="last digit")
def through_float32(x, threshold):
    """You went through float32 and back. float64 has about twice as many digits, and these are gone then."""
    return x[x > threshold].float().to(x.dtype) if x.is_floating_point() else x[x > threshold]


@mistake(values_above, says="NaN")
def not_below(x, threshold):
    """You took what is not smaller or equal. NaN is neither smaller, equal, nor greater, so you took it too."""
    return x[~(x <= threshold)]


# zero_padding


@variant(zero_padding)
def filled_where_masked(x, is_padding):
    return x.masked_fill(is_padding.unsqueeze(-1), 0.0)


@variant(zero_padding)
def written_into_a_copy(x, is_padding):
    result = x.clone()
    result[is_padding] = 0
    return result


@variant(zero_padding)
def place_by_place(x, is_padding):
    rows = [
        torch.stack([torch.zeros_like(token) if hidden else token for token, hidden in zip(sequence, hides)])
        for sequence, hides in zip(x, is_padding.tolist())
    ]
    return torch.stack(rows)


@variant(zero_padding)
def tokens_written_into_zeros(x, is_padding):
    result = torch.zeros_like(x)
    keep = ~is_padding
    result[keep] = x[keep]
    return result


@variant(zero_padding)
def gathered_from_a_zero_in_front(x, is_padding):
    padded = torch.cat((torch.zeros_like(x[:, :1]), x), dim=1)
    places = torch.arange(1, x.shape[1] + 1, device=x.device).masked_fill(is_padding, 0)
    return padded.gather(1, places[:, :, None].expand_as(x))


@variant(zero_padding)
def zero_of_another_dtype(x, is_padding):
    return torch.where(is_padding[..., None], torch.zeros(()), x)  # one number alone gives way to the dtype of x


@mistake(zero_padding, says="times 0 is NaN")
def multiplied_by_the_mask(x, is_padding):
    """You multiplied by 0. That is right until the padding holds NaN or infinity: NaN times 0 is NaN."""
    return x * (~is_padding).unsqueeze(-1).to(x.dtype)


@mistake(zero_padding, says="True means padding")
def mask_inverted(x, is_padding):
    """You kept the padding, and set the tokens to zero. Some masks say True for what is kept; this one does not."""
    return torch.where(is_padding[:, :, None], x, torch.zeros_like(x))


@mistake(zero_padding, says="still needs the input")
def written_into_the_input(x, is_padding):
    """You wrote the zeros into x. The caller's tensor has changed with it: work on a clone."""
    x[is_padding] = 0
    return x


@mistake(zero_padding, says="still needs the input")
def filled_in_place(x, is_padding):
    """You used masked_fill_, with a _ at the end. It writes into x; without the _ it makes a new tensor."""
    return x.masked_fill_(is_padding.unsqueeze(-1), 0)


@mistake(zero_padding, says="shape of x")
def padding_left_out(x, is_padding):
    """You took the tokens that are no padding. Then the sequences are gone: what is left is one long list of tokens."""
    return x[~is_padding]


@mistake(zero_padding, says="all D numbers")
def first_number_only(x, is_padding):
    """You set one number of each padded place to zero. All D of them are padding."""
    result = x.clone()
    result[..., 0][is_padding] = 0
    return result


@mistake(zero_padding, says="own places")
def places_of_the_first_sequence(x, is_padding):
    """You used the first row of the mask for every sequence. Each sequence has its own."""
    return x.masked_fill(is_padding[:1].unsqueeze(-1), 0)


@mistake(zero_padding, says="own places")
def padded_anywhere(x, is_padding):
    """You cleared a place in every sequence if it is padding in one of them."""
    return x.masked_fill(is_padding.any(0)[None, :, None], 0)


@mistake(zero_padding, says="own places")
def whole_sequence_cleared(x, is_padding):
    """You cleared every sequence that has padding. Its tokens are still needed."""
    return x.masked_fill(is_padding.any(1)[:, None, None], 0)


@mistake(zero_padding, says="lines up with")
def mask_above_the_numbers(x, is_padding):
    """You put the new dimension in the middle, (B, 1, T). So the mask met the D numbers of a token, and not the T
    places. When T equals D, no error tells you."""
    return x.masked_fill(is_padding.unsqueeze(1), 0)


@mistake(zero_padding, says="lines up with")
def mask_as_it_is(x, is_padding):
    """You used the mask as it came. (B, T) against (B, T, D): the end of the mask, T, meets the D numbers of a token. A
    size of 1 at its end makes each entry of the mask meet a whole token."""
    return x.masked_fill(is_padding, 0)


@mistake(zero_padding, says="at the end, in front")
def padding_only_at_the_end(x, is_padding):
    """You counted the padding and cleared as many places at the end. The mask says where it is: it may be in front."""
    result = x.clone()
    for sequence, count in zip(result, is_padding.sum(1).tolist()):
        if count:
            sequence[-count:] = 0
    return result


@mistake(zero_padding, says="are as they were")
def every_nan_cleared(x, is_padding):
    """You multiplied, and replaced each NaN by 0 afterwards. A NaN in a real token is gone then too, and nobody will
    ever know."""
    return (x * (~is_padding).unsqueeze(-1).to(x.dtype)).nan_to_num(0.0)


@mistake(zero_padding, says="as they were")
def cut_to_what_float16_holds(x, is_padding):
    """You cut the numbers to what float16 can hold, so that no infinity comes in. In other dtypes, larger numbers are
    as good as any."""
    return x.clamp(-65504, 65504).masked_fill(is_padding.unsqueeze(-1), 0)


@mistake(zero_padding, says="way back")
def cleared_without_gradient(x, is_padding):
    """You worked on a detached copy. The numbers are right, but PyTorch can no longer tell that they came from x."""
    result = x.detach().clone()
    result[is_padding] = 0
    return result


@mistake(zero_padding, says="are 0")
def minus_infinity_for_zero(x, is_padding):
    """You filled the padding with minus infinity. That is for scores (kata 19). Here it becomes 0."""
    return x.masked_fill(is_padding.unsqueeze(-1), float("-inf"))


# pick_token


@variant(pick_token)
def gathered(x, index):
    return x.gather(1, index[:, None, None].expand(-1, 1, x.shape[-1])).squeeze(1)


@variant(pick_token)
def taken_along_dim(x, index):
    return torch.take_along_dim(x, index.view(-1, 1, 1), dim=1)[:, 0]


@variant(pick_token)
def sequence_by_sequence(x, index):
    return torch.stack([sequence[place] for sequence, place in zip(x, index)])


@variant(pick_token)
def by_one_hot_rows(x, index):
    hot = torch.nn.functional.one_hot(index, x.shape[1]).to(x.dtype)
    return torch.einsum("bt,btd->bd", hot, x)


@variant(pick_token)
def flat_places(x, index):
    batch, tokens, width = x.shape
    return x.reshape(batch * tokens, width)[index + tokens * torch.arange(batch, device=x.device)]


@variant(pick_token)
def diagonal_of_all_pairs(x, index):
    return x[:, index].diagonal(dim1=0, dim2=1).transpose(0, 1)


@mistake(pick_token, says="in pairs")
def every_place_of_every_sequence(x, index):
    """You wrote x[:, index]. It takes all B places from each of the B sequences: (B, B, D). The places and the
    sequences are to go in pairs."""
    return x[:, index]


@mistake(pick_token, says="in pairs")
def one_place_for_all(x, index):
    """You used the first place for every sequence. Each sequence has its own."""
    return x[:, index[0]]


@mistake(pick_token, says="in pairs")
def sequences_for_tokens(x, index):
    """You wrote x[index]. The first dimension is the batch, so index picked sequences."""
    return x[index % x.shape[0]][:, 0]


@mistake(pick_token, says="in pairs")
def index_as_the_first(x, index):
    """You wrote x[index]. The first dimension is the batch: index picks whole sequences there."""
    return x[index]


@mistake(pick_token, says="in pairs")
def numbers_for_tokens(x, index):
    """You indexed the last dimension. The tokens are dimension 1."""
    return x[..., index]


@mistake(pick_token, says="in pairs")
def sequence_and_place_swapped(x, index):
    """You have the two indices in the other order: x[index, arange]. The sequence comes first, then the place."""
    places = torch.arange(x.shape[0], device=x.device)
    return x[index % x.shape[0], places % x.shape[1]]


@mistake(pick_token, says="(B, D)")
def token_dimension_kept(x, index):
    """You used gather, which keeps the dimension. One token is left of it, and (B, 1, D) is to become (B, D)."""
    return x.gather(1, index[:, None, None].expand(-1, 1, x.shape[-1]))


@mistake(pick_token, says="all D numbers")
def one_number_gathered(x, index):
    """You gathered with an index of size 1 at the end. gather takes one number for each index, so expand it to D."""
    return x.gather(1, index[:, None, None]).squeeze(1)


@mistake(pick_token, says="one sequence")
def squeezed_too_much(x, index):
    """You used `squeeze()` without a dim. It drops every dimension of size 1: a batch of one sequence too."""
    return x.gather(1, index[:, None, None].expand(-1, 1, x.shape[-1])).squeeze()


@mistake(pick_token, says="count from 0")
def counted_from_1(x, index):
    """You subtracted 1. The places count from 0, as everywhere in Python."""
    return x[torch.arange(len(x), device=x.device), index - 1]


@mistake(pick_token, says="device")
def sequences_counted_on_the_cpu(x, index):
    """You made the numbers of the sequences on the CPU, and computed with them. They belong on the device of x."""
    batch, tokens, width = x.shape
    return x.reshape(batch * tokens, width)[index + tokens * torch.arange(batch)]


@mistake(pick_token, says="way back")
def picked_as_numbers(x, index):
    """You used `.detach()` or `.data`. The numbers are right, but PyTorch can no longer tell that they came from x."""
    return x.detach()[torch.arange(len(x), device=x.device), index]


@mistake(pick_token, says="in pairs")
def diagonal_mixed_up(x, index):
    """You took (B, B, D) and kept the first of each. What is wanted lies on the diagonal: sequence b with index[b]."""
    return x[:, index][:, 0]


@mistake(pick_token, says="in pairs")
def sorted_places(x, index):
    """You sorted the places, or took each once. Then the places no longer belong to their sequences."""
    return x[torch.arange(len(x), device=x.device), index.sort().values]
