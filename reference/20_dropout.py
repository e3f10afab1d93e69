"""Dropout: switch off random numbers while the model learns."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dojo.authoring import mistake, variant


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
    _check(p)
    if not training:
        return x
    keep = torch.rand(x.shape, device=x.device) >= p  # one draw for each element
    return _zero_and_scale(x, keep, p)


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
        super().__init__()
        _check(p)
        self.p = p

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply dropout with the layer's p, if the layer is in training mode.

        Args:
            x: numbers of any shape, of any float dtype. It is not modified.

        Returns:
            The shape, dtype and device of x: in training mode zeros and survivors divided by 1 - p, with a fresh
            draw for every call (from PyTorch's global random stream); in evaluation mode the same values as x.
        """
        return dropout(x, self.p, self.training)


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
    _check(p)
    if not training:
        return x
    keep = torch.rand(x.shape[:-1], device=x.device) >= p  # (..., T): one draw for each token
    return _zero_and_scale(x, keep.unsqueeze(-1), p)  # (..., T, 1) stretches over D


def _check(p):
    if not 0 <= p <= 1:
        raise ValueError(f"p is a probability, from 0 to 1, but it is {p}")


def _zero_and_scale(x, keep, p):
    return x * keep / (1 - p if p < 1 else 1)  # p = 1 keeps nothing, and 0 / 0 would be NaN


_right_dropout, _right_drop_rows = dropout, drop_rows  # for the mistakes: a mistake takes the place of the name itself


HINTS = {
    "dropout": [
        (
            "You need one random yes-or-no for each element of x, and a yes (keep it) has probability 1 - p. "
            "Which functions of torch make random numbers, and where do they put them?"
        ),
        (
            "Check p first, before you look at training. Then: random numbers between 0 and 1, of the shape of x and "
            "on the device of x; compare them with p, which gives a mask of that shape; make 0 what the mask drops; "
            "divide by 1 - p. A random number can be exactly 0 but never 1: choose the comparison so that p = 0 keeps "
            "it. And what is 1 - p when p is 1?"
        ),
        (
            "keep = torch.rand(x.shape, device=x.device) >= p. The result is x times keep, divided by 1 - p. When p is "
            "1, skip the division: everything is 0 already. Return x when training is False."
        ),
    ],
    "Dropout": [
        (
            "Your function dropout does the work. The layer remembers p and knows its mode: nn.Module already has an "
            "attribute that train() and eval() set."
        ),
        (
            "In __init__: call super().__init__(), check p, keep it as a plain number (not an nn.Parameter). In "
            "forward: ask for the mode at that moment, every time, and draw a new mask."
        ),
        "forward returns dropout(x, ..., self.training), where the dots are what __init__ kept.",
    ],
    "drop_rows": [
        "How many yes-or-no draws does a tensor of shape (B, T, D) need now?",
        (
            "Draw one number for each token: shape (..., T), the shape of x without its last dimension. To line the "
            "mask up with x it needs a last dimension of size 1, and broadcasting stretches it over the D columns."
        ),
        "keep = torch.rand(x.shape[:-1], device=x.device) >= p, then keep.unsqueeze(-1). The rest is as in dropout.",
    ],
}
BANNED = {
    "*dropout*": "draw the mask yourself, for instance with torch.rand",
    "*attention*": "draw the mask yourself, for instance with torch.rand",
    "rnn_*": "draw the mask yourself, for instance with torch.rand",
    "lstm": "draw the mask yourself, for instance with torch.rand",
    "gru": "draw the mask yourself, for instance with torch.rand",
}


# --- other right answers -------------------------------------------------------------------------------------------


@variant(dropout)
def bernoulli_mask_filled_in_place(x, p, training):
    _check(p)
    if not training or p == 0:
        return x.clone()
    if p == 1:
        return torch.zeros_like(x)
    return x * torch.empty_like(x).bernoulli_(1 - p).div_(1 - p)


@variant(dropout)
def choose_with_where(x, p, training):
    _check(p)
    if training and p > 0:
        drop = torch.rand(x.shape, device=x.device) < p
        return torch.where(drop, torch.zeros((), dtype=x.dtype, device=x.device), x * (1 / max(1 - p, 1e-6)))
    return x


@variant(dropout)
def masked_fill_after_scaling(x, p, training):
    if p < 0 or p > 1:
        raise ValueError("p must be in [0, 1]")
    if not training:
        return x * 1
    drop = torch.bernoulli(torch.full(x.shape, float(p), device=x.device)).bool()
    return (x / (1 - p) if p < 1 else x).masked_fill(drop, 0)


@variant(dropout)
def assign_zeros_to_own_copy(x, p, training):
    _check(p)
    out = x.clone()
    if training:
        out[torch.rand_like(x, dtype=torch.float32) < p] = 0
        if p < 1:
            out /= 1 - p
    return out


@variant(dropout)
def floor_of_a_shifted_draw(x, p, training):
    _check(p)
    if not training or p == 0:
        return x
    keep = (torch.rand(x.shape, device=x.device) + (1 - p)).floor().to(x.dtype)
    return x.div(1 - p) * keep if p < 1 else x * 0


@variant(dropout)
def one_slice_at_a_time(x, p, training):
    _check(p)
    if not training:
        return x
    parts = [part * (torch.rand_like(part) >= p) / ((1 - p) or 1) for part in x.reshape(-1, *x.shape[1:])]
    return torch.stack(parts).reshape(x.shape)


@variant(dropout)
def own_backward(x, p, training):
    class Drop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.save_for_backward(factor)
            return x * factor

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0], None

    _check(p)
    if not training:
        return x
    factor = (torch.rand(x.shape, device=x.device) >= p).to(x.dtype) / (1 - p + (p == 1))
    return Drop.apply(x, factor)


@variant(Dropout)
class MaskInForward(nn.Module):
    def __init__(self, p):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError("p must be in [0, 1]")
        self.keep_probability = 1 - p

    def forward(self, x):
        if not self.training or self.keep_probability == 1:
            return x
        if self.keep_probability == 0:
            return torch.zeros_like(x)
        mask = torch.bernoulli(torch.full_like(x, self.keep_probability))
        return x * mask / self.keep_probability


@variant(Dropout)
class ModeFollowedInTrain(nn.Module):
    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.active = True

    def train(self, mode=True):
        self.active = mode
        return super().train(mode)

    def forward(self, x):
        return _right_dropout(x, self.p, True) if self.active else x.clone()


@variant(Dropout)
class ProbabilityInABuffer(nn.Module):
    def __init__(self, p):
        _check(p)
        super().__init__()
        self.register_buffer("p", torch.tensor(float(p)), persistent=False)
        self.probability = p

    def forward(self, x):
        if self.training:
            drop = torch.empty(x.shape, device=x.device).uniform_() < self.probability
            return x.masked_fill(drop, 0.0) * (1 / (1 - self.probability) if self.probability < 1 else 0)
        return x


@variant(drop_rows)
def expanded_mask(x, p, training):
    _check(p)
    if not training:
        return x.clone()
    mask = (torch.rand(x.shape[:-1], device=x.device) < p).unsqueeze(-1).expand(x.shape)
    return x.masked_fill(mask, 0) / (1 - p if p < 1 else 1)


@variant(drop_rows)
def bernoulli_from_one_column(x, p, training):
    _check(p)
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0
    keep = torch.empty_like(x[..., :1]).bernoulli_(1 - p)
    return x * (keep / (1 - p))


@variant(drop_rows)
def flattened_to_one_long_sequence(x, p, training):
    _check(p)
    if not training:
        return x
    flat = x.reshape(-1, x.shape[-1]).clone()
    flat[torch.rand(len(flat), device=x.device) < p] = 0
    return (flat / (1 - p) if p < 1 else flat).reshape(x.shape)


@variant(drop_rows)
def diagonal_matrix_of_factors(x, p, training):
    _check(p)
    if not training:
        return x
    factors = (torch.rand(x.shape[:-1], device=x.device) >= p).to(x.dtype) / max(1 - p, 1e-9)
    return torch.diag_embed(factors.clamp(max=1e4)) @ x if p < 1 else torch.zeros_like(x)


@variant(drop_rows)
def einsum_with_the_factors(x, p, training):
    _check(p)
    if training:
        keep = torch.rand(x.shape[:-1], device=x.device) >= p
        return torch.einsum("...td,...t->...td", x, keep.to(x.dtype) / ((1 - p) or 1))
    return x


# --- wrong answers: dropout ----------------------------------------------------------------------------------------


@mistake(dropout, says="divided by 1 - p")
def survivors_not_scaled(x, p, training):
    """You zeroed the right elements but left the others as they were. With a part of the numbers gone, the sums that
    the next layer sees would be smaller in training than in evaluation: scaling up the survivors makes up for that."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) >= p) if training else x


@mistake(dropout, says="divided by 1 - p")
def divided_by_p(x, p, training):
    """You divided by p, the part that is dropped. Divide by the part that stays, 1 - p. At p = 0.5 the two are equal,
    so a try with 0.5 cannot show the difference."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) >= p) / (p or 1) if training else x


@mistake(dropout, says="divided by 1 - p")
def multiplied_by_one_minus_p(x, p, training):
    """You multiplied the survivors by 1 - p. That makes them smaller; they have to make up for those that were
    dropped, so they must grow."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) >= p) * (1 - p) if training else x


@mistake(dropout, says="evaluation")
def scaled_in_evaluation_instead(x, p, training):
    """You left the survivors alone in training and multiplied by 1 - p in evaluation. The first paper on dropout did
    it so; here, as in PyTorch, the scaling belongs to training, and evaluation has nothing to do."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) >= p) if training else x * (1 - p)


@mistake(dropout, says="divided by 1 - p")
def scaled_by_what_happened_to_survive(x, p, training):
    """You divided by the part that survived in this call. That part changes from call to call; 1 - p is its average,
    and it is the number that is asked for."""
    _check(p)
    if not training:
        return x
    keep = torch.rand(x.shape, device=x.device) >= p
    return x * keep / keep.to(x.dtype).mean().clamp(min=1e-6)


@mistake(dropout, says="probability of dropping")
def p_is_the_probability_to_keep(x, p, training):
    """You kept elements with probability p. In PyTorch p is the probability that an element is dropped."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) < p) / (1 - p if p < 1 else 1) if training else x


@mistake(dropout, says="divided by 1 - p")
def p_is_the_probability_to_keep_throughout(x, p, training):
    """You kept elements with probability p and divided by p: right by itself, but for another meaning of p. In PyTorch
    p is the probability that an element is dropped."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) < p) / (p or 1) if training else x


@mistake(dropout, says="evaluation")
def drops_in_evaluation_too(x, p, training):
    """You forgot to look at training. A model that is in use should give its best answer, and the same one each time:
    dropout is for training only."""
    return _right_dropout(x, p, True)


@mistake(dropout, says="evaluation")
def training_the_wrong_way_round(x, p, training):
    """You drop in evaluation and leave training alone: the condition is turned round."""
    return _right_dropout(x, p, not training)


@mistake(dropout, says="evaluation")
def scaled_in_evaluation_too(x, p, training):
    """You divide by 1 - p in evaluation too. Nothing was dropped there, so there is nothing to make up for."""
    _check(p)
    keep = torch.rand(x.shape, device=x.device) >= p if training else torch.ones_like(x)
    return x * keep / (1 - p if p < 1 else 1)


@mistake(dropout, says="its own draw")
def one_mask_for_the_whole_batch(x, p, training):
    """You drew a mask for one item of the batch, and broadcasting gave it to all of them. Each element of each item
    needs its own draw."""
    _check(p)
    if not training:
        return x
    shape = x.shape[1:] if x.dim() > 2 else x.shape
    return _zero_and_scale(x, torch.rand(shape, device=x.device) >= p, p)


@mistake(dropout, says="its own draw")
def whole_rows_dropped(x, p, training):
    """You drew one number for each row, so that a row lives or dies as one. That is drop_rows; here each element
    needs its own draw."""
    return _right_drop_rows(x, p, training) if x.dim() > 1 else _right_dropout(x, p, training)


@mistake(dropout, says="its own draw")
def whole_columns_dropped(x, p, training):
    """You drew one number for each column, and broadcasting used it for every row. Each element needs its own draw."""
    _check(p)
    return _zero_and_scale(x, torch.rand(x.shape[-1], device=x.device) >= p, p) if training else x


@mistake(dropout, says="differs from call to call")
def exactly_the_same_number_dropped(x, p, training):
    """You dropped an exact number of elements, chosen at random. Then the elements depend on each other: each should
    have its own draw, and how many are dropped should vary a little."""
    _check(p)
    if not training:
        return x
    keep = torch.ones(x.numel(), dtype=torch.bool, device=x.device)
    keep[torch.randperm(x.numel(), device=x.device)[: round(p * x.numel())]] = False
    return _zero_and_scale(x, keep.reshape(x.shape), p)


@mistake(dropout, says="draws again")
def seeded_inside(x, p, training):
    """You set the seed inside the function, so every call draws the same mask. The model would learn without some of
    its numbers, always the same ones. Leave the seed to the caller."""
    torch.manual_seed(0)
    return _right_dropout(x, p, training)


@mistake(dropout, says="draws again")
def generator_with_a_fixed_seed(x, p, training):
    """You made a new generator with a fixed seed in every call, so every call draws the same mask."""
    _check(p)
    generator = torch.Generator().manual_seed(7)
    keep = torch.rand(x.shape, generator=generator).to(x.device) >= p
    return _zero_and_scale(x, keep, p) if training else x


@mistake(dropout, says="manual_seed")
def generator_seeded_by_chance(x, p, training):
    """You made a generator of your own and seeded it by chance. Then nobody can repeat an experiment: the draws should
    come from PyTorch's global stream, which torch.manual_seed controls."""
    _check(p)
    generator = torch.Generator()
    generator.seed()
    keep = torch.rand(x.shape, generator=generator).to(x.device) >= p
    return _zero_and_scale(x, keep, p) if training else x


@mistake(dropout, says="device of x")
def mask_on_the_cpu(x, p, training):
    """You drew the mask without saying where, so it is on the CPU. On a GPU it could not be multiplied with x."""
    _check(p)
    return _zero_and_scale(x, torch.rand(x.shape) >= p, p) if training else x


@mistake(dropout, says="p = 1")
def nan_when_everything_is_dropped(x, p, training):
    """At p = 1 everything is zero and 1 - p is zero too: 0 / 0 is NaN, not 0."""
    _check(p)
    return (
        x * (torch.rand(x.shape, device=x.device) >= p) / torch.tensor(1 - p, dtype=x.dtype, device=x.device)
        if training
        else x
    )


@mistake(dropout, says="p = 1")
def python_division_by_zero(x, p, training):
    """You worked out 1 / (1 - p) in plain Python. At p = 1 Python stops with a ZeroDivisionError; the answer should be
    all zeros."""
    _check(p)
    return x * (torch.rand(x.shape, device=x.device) >= p) * (1 / (1 - p)) if training else x


@mistake(dropout, says="gradient")
def nan_in_the_gradient_only(x, p, training):
    """You divided first and chose with where after that. At p = 1 the values are right, but the branch that was not
    chosen holds x / 0, and its gradient is 0 * infinity: NaN."""
    _check(p)
    if not training:
        return x
    keep = torch.rand(x.shape, device=x.device) >= p
    return torch.where(keep, x / torch.tensor(1 - p, dtype=x.dtype, device=x.device), torch.zeros_like(x))


@mistake(dropout, says="dtype")
def half_precision_becomes_float32(x, p, training):
    """You made the mask a float32 tensor. Multiplied with float16 it makes the result float32, twice the memory."""
    _check(p)
    return _zero_and_scale(x, (torch.rand(x.shape, device=x.device) >= p).float(), p) if training else x


@mistake(dropout, says="changed its input")
def zeros_written_into_the_input(x, p, training):
    """You wrote the zeros into x itself. The caller still needs it, for instance for the residual connection."""
    _check(p)
    if not training:
        return x
    with torch.no_grad():
        x[torch.rand(x.shape, device=x.device) < p] = 0
    return x / (1 - p if p < 1 else 1)


@mistake(dropout, says="gradient")
def cut_off_from_the_graph(x, p, training):
    """You worked on a copy without a graph (detach, .data or no_grad), so nothing in front of dropout can learn."""
    return _right_dropout(x.detach(), p, training)


@mistake(dropout, says="ValueError")
def p_never_checked(x, p, training):
    """You trusted p. With p = 30 for "30 percent" every element is zeroed, and nobody is told."""
    return _zero_and_scale(x, torch.rand(x.shape, device=x.device) >= p, p) if training else x


@mistake(dropout, says="in evaluation too")
def p_checked_in_training_only(x, p, training):
    """You looked at training before you checked p, so a wrong p goes unnoticed in evaluation."""
    return _right_dropout(x, p, True) if training else x


@mistake(dropout, says="ValueError")
def asserted_not_raised(x, p, training):
    """You used assert. It raises AssertionError, which nobody expects for a bad value, and `python -O` skips it."""
    assert 0 <= p <= 1
    return _right_dropout(x, p, training)


@mistake(dropout, says="p = 0")
def ends_of_the_range_refused(x, p, training):
    """You refused p = 0 and p = 1. Both are fine: "drop nothing" and "drop everything"."""
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, got {p}")
    return _right_dropout(x, p, training)


@mistake(dropout, says="p = 1")
def p_of_one_refused(x, p, training):
    """You refused p = 1 to be safe from the division by zero. It has a clear meaning: everything is dropped."""
    if not 0 <= p < 1:
        raise ValueError(f"p must be below 1, got {p}")
    return _right_dropout(x, p, training)


@mistake(dropout, says="divided by 1 - p")
def multiplied_by_random_numbers(x, p, training):
    """You multiplied by the random numbers themselves. They decide who stays: compare them with p first, to get a
    mask of zeros and ones."""
    _check(p)
    return x * torch.rand(x.shape, device=x.device) / (1 - p if p < 1 else 1) if training else x


@mistake(dropout, says="probability of dropping")
def normal_numbers_for_uniform_ones(x, p, training):
    """You drew with randn. Those numbers are spread around 0, and half of them are negative; to compare with a
    probability you need numbers spread evenly from 0 to 1, as rand gives."""
    _check(p)
    return _zero_and_scale(x, torch.randn(x.shape, device=x.device) >= p, p) if training else x


@mistake(dropout, says="any memory layout")
def flattened_with_view(x, p, training):
    """You flattened x with view, which cannot work on every memory layout. You need no flattening here: the mask can
    have the shape of x."""
    _check(p)
    if not training:
        return x
    flat = x.view(-1)
    return _zero_and_scale(flat, torch.rand(flat.shape, device=x.device) >= p, p).view(x.shape)


# --- wrong answers: Dropout ----------------------------------------------------------------------------------------


@mistake(Dropout, says="evaluation mode")
class AlwaysDrops(nn.Module):
    """You did not ask for the mode. nn.Module keeps it for you: train() and eval() set it."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p

    def forward(self, x):
        return _right_dropout(x, self.p, True)


@mistake(Dropout, says="training mode")
class NeverDrops(nn.Module):
    """A new layer should start in training mode. Here it starts in evaluation mode, so it does nothing."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.training = False

    def forward(self, x):
        return _right_dropout(x, self.p, self.training)


@mistake(Dropout, says="evaluation mode")
class ModeReadOnce(nn.Module):
    """You read the mode when the layer was made. It changes later: ask for it in every call."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.drop = self.training

    def forward(self, x):
        return _right_dropout(x, self.p, self.drop)


@mistake(Dropout, says="back to training mode")
class StaysInEvaluation(nn.Module):
    """You notice eval(), but not the way back: after train() the layer must drop again."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.evaluated = False

    def forward(self, x):
        self.evaluated = self.evaluated or not self.training
        return _right_dropout(x, self.p, not self.evaluated)


@mistake(Dropout, says="model that contains it")
class EvalOverridden(nn.Module):
    """You wrote train and eval of your own with a flag of your own. A model that contains the layer switches it through
    train(False), so your eval is never called. nn.Module already keeps the flag."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.active = True

    def train(self, mode=True):
        self.active = True
        return super().train(mode)

    def eval(self):
        super().eval()
        self.active = False
        return self

    def forward(self, x):
        return _right_dropout(x, self.p, self.active)


@mistake(Dropout, says="from call to call")
class MaskKeptForLater(nn.Module):
    """You drew the mask at the first call and kept it. Then the same numbers are missing all through training."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p
        self.keep = None

    def forward(self, x):
        if not self.training:
            return x
        if self.keep is None or self.keep.shape != x.shape:
            self.keep = torch.rand(x.shape, device=x.device) >= self.p
        return _zero_and_scale(x, self.keep.to(x.device), self.p)


@mistake(Dropout, says="when it is made")
class CheckedInForward(nn.Module):
    """You leave the check to forward. A wrong p should stop the program where the layer is made, not hours later."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return _right_dropout(x, self.p, self.training)


@mistake(Dropout, says="no parameters")
class ProbabilityIsAParameter(nn.Module):
    """You made p an nn.Parameter. The optimizer would then treat it as a weight; p is a fixed number."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = nn.Parameter(torch.tensor(float(p)))

    def forward(self, x):
        return _right_dropout(x, self.p.item(), self.training)


@mistake(Dropout, says="layer's own p")
class AlwaysHalf(nn.Module):
    """You drop a half, whatever p was given. Keep the p of __init__ and use it in forward."""

    def __init__(self, p):
        super().__init__()
        _check(p)

    def forward(self, x):
        return _right_dropout(x, 0.5, self.training)


@mistake(Dropout, says="layer's own p")
class LastProbabilityWins(nn.Module):
    """You kept p on the class, not on self, so all layers share it: the layer made last decides for every one."""

    p = 0.5

    def __init__(self, p):
        super().__init__()
        _check(p)
        type(self).p = p

    def forward(self, x):
        return _right_dropout(x, self.p, self.training)


@mistake(Dropout, says="divided by 1 - p")
class LayerWithoutScaling(nn.Module):
    """You zeroed the right elements but left the survivors as they were: divide them by 1 - p."""

    def __init__(self, p):
        super().__init__()
        _check(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) >= self.p) if self.training else x


@mistake(Dropout, says="nn.Module")
class NotAModule:
    """You wrote a plain class with a mode of its own. A model does not know of it, so model.eval() cannot reach it:
    make it an nn.Module."""

    def __init__(self, p):
        _check(p)
        self.p = p
        self.training = True

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def forward(self, x):
        return _right_dropout(x, self.p, self.training)

    __call__ = forward


@mistake(Dropout, says="nn.Module")
class SuperInitForgotten(nn.Module):
    """You forgot super().__init__(). It prepares everything that nn.Module keeps, the mode as well."""

    def __init__(self, p):
        _check(p)
        self.p = p

    def forward(self, x):
        return _right_dropout(x, self.p, self.training)


# --- wrong answers: drop_rows --------------------------------------------------------------------------------------


@mistake(drop_rows, says="lives or dies as one")
def single_elements_dropped(x, p, training):
    """You drew for each element, as in dropout. Here a token lives or dies as one: one draw for all its D numbers."""
    return _right_dropout(x, p, training)


@mistake(drop_rows, says="lives or dies as one")
def columns_dropped(x, p, training):
    """You dropped columns: one feature of every token. A token is a row, along the last dimension."""
    return _right_drop_rows(x.transpose(-1, -2), p, training).transpose(-1, -2)


@mistake(drop_rows, says="its own draw")
def same_tokens_in_every_sequence(x, p, training):
    """You drew T numbers and broadcasting used them for every sequence. Each sequence needs its own draws."""
    _check(p)
    return _zero_and_scale(x, torch.rand(x.shape[-2], 1, device=x.device) >= p, p) if training else x


@mistake(drop_rows, says="its own draw")
def whole_sequences_dropped(x, p, training):
    """You drew one number for each sequence, so all its tokens go together. Each token needs its own draw."""
    _check(p)
    return _zero_and_scale(x, torch.rand(*x.shape[:-2], 1, 1, device=x.device) >= p, p) if training else x


@mistake(drop_rows, says="its own draw")
def heads_share_their_draws(x, p, training):
    """You drew for (B, T) and let all the dimensions between share it. Every row along the last dimension is a token
    with its own draw, however many dimensions come before it."""
    _check(p)
    shape = (x.shape[0], *[1] * (x.dim() - 3), x.shape[-2], 1) if x.dim() > 2 else (x.shape[0], 1)
    return _zero_and_scale(x, torch.rand(shape, device=x.device) >= p, p) if training else x


@mistake(drop_rows, says="leading dimensions")
def three_dimensions_only(x, p, training):
    """You unpacked the shape into exactly three sizes. One sequence (T, D) or heads (B, H, T, D) must work too:
    count dimensions from the right."""
    _check(p)
    B, T, _ = x.shape
    return _zero_and_scale(x, torch.rand(B, T, 1, device=x.device) >= p, p) if training else x


@mistake(drop_rows, says="leading dimensions")
def tokens_counted_from_the_left(x, p, training):
    """You took dimension 1 for the tokens. That is true for (B, T, D) only; counted from the right the tokens are
    always at -2."""
    _check(p)
    if not training:
        return x
    shape = [size if i < 2 else 1 for i, size in enumerate(x.shape)]
    return _zero_and_scale(x, torch.rand(shape, device=x.device) >= p, p)


@mistake(drop_rows, says="lives or dies as one")
def last_dimension_of_the_mask_forgotten(x, p, training):
    """You drew a mask (..., T) and multiplied x with it as it is. Shapes line up from the right, so T meets D; the mask
    needs a last dimension of size 1."""
    _check(p)
    return _zero_and_scale(x, torch.rand(x.shape[:-1], device=x.device) >= p, p) if training else x


@mistake(drop_rows, says="same shape")
def dropped_tokens_removed(x, p, training):
    """You took the dropped tokens out. They stay, as rows of zeros, so that every sequence keeps its length."""
    _check(p)
    if not training:
        return x
    keep = torch.rand(x.shape[:-1], device=x.device) >= p
    return x[keep] / (1 - p if p < 1 else 1)


@mistake(drop_rows, says="divided by 1 - p")
def surviving_tokens_not_scaled(x, p, training):
    """You zeroed whole tokens but left the others as they were. They are scaled up here too: divide by 1 - p."""
    _check(p)
    return x * (torch.rand(x.shape[:-1], device=x.device) >= p).unsqueeze(-1) if training else x


@mistake(drop_rows, says="divided by 1 - p")
def tokens_divided_by_p(x, p, training):
    """You divided by p, the part that is dropped. Divide by the part that stays, 1 - p."""
    _check(p)
    return x * (torch.rand(x.shape[:-1], device=x.device) >= p).unsqueeze(-1) / (p or 1) if training else x


@mistake(drop_rows, says="probability of dropping")
def p_is_the_probability_to_keep_a_token(x, p, training):
    """You kept tokens with probability p. Here p is the probability that a token is dropped."""
    _check(p)
    return _zero_and_scale(x, torch.rand(*x.shape[:-1], 1, device=x.device) < p, p) if training else x


@mistake(drop_rows, says="evaluation")
def tokens_dropped_in_evaluation_too(x, p, training):
    """You forgot to look at training: in evaluation every token stays as it is."""
    return _right_drop_rows(x, p, True)


@mistake(drop_rows, says="draws again")
def same_tokens_in_every_call(x, p, training):
    """You set the seed inside the function, so every call drops the same tokens. Leave the seed to the caller."""
    torch.manual_seed(0)
    return _right_drop_rows(x, p, training)


@mistake(drop_rows, says="its own draw")
def exact_number_of_tokens_dropped(x, p, training):
    """You dropped an exact number of tokens from each sequence. Each token has its own draw, so the number varies."""
    _check(p)
    if not training:
        return x
    T = x.shape[-2]
    rank = torch.rand(x.shape[:-1], device=x.device).argsort(-1)  # a random order of the tokens of each sequence
    return _zero_and_scale(x, rank.unsqueeze(-1) >= round(p * T), p)


@mistake(drop_rows, says="differs from call to call")
def exact_share_of_all_tokens_dropped(x, p, training):
    """You shuffled all tokens and dropped an exact number of them. Then one draw depends on the others; each token
    should have its own, and how many are dropped should vary."""
    _check(p)
    if not training:
        return x
    n = x.shape[:-1].numel()
    keep = torch.randperm(n, device=x.device) >= round(p * n)
    return _zero_and_scale(x, keep.reshape(x.shape[:-1]).unsqueeze(-1), p)


@mistake(drop_rows, says="device of x")
def token_mask_on_the_cpu(x, p, training):
    """You drew the mask without saying where, so it is on the CPU, and x may be on a GPU."""
    _check(p)
    return _zero_and_scale(x, torch.rand(*x.shape[:-1], 1) >= p, p) if training else x


@mistake(drop_rows, says="p = 1")
def nan_when_every_token_is_dropped(x, p, training):
    """At p = 1 everything is zero and 1 - p is zero too: 0 / 0 is NaN, not 0."""
    _check(p)
    keep = torch.rand(*x.shape[:-1], 1, device=x.device) >= p
    return x * keep / torch.tensor(1 - p, dtype=x.dtype, device=x.device) if training else x


@mistake(drop_rows, says="dtype")
def tokens_become_float32(x, p, training):
    """You made the mask a float32 tensor. Multiplied with float16 it makes the result float32."""
    _check(p)
    keep = torch.ones(x.shape[:-1], device=x.device).bernoulli_(1 - p).unsqueeze(-1)
    return _zero_and_scale(x, keep, p) if training else x


@mistake(drop_rows, says="changed its input")
def tokens_zeroed_in_the_input(x, p, training):
    """You wrote the zeros into x itself. The caller still needs it."""
    _check(p)
    if not training:
        return x
    with torch.no_grad():
        x[torch.rand(x.shape[:-1], device=x.device) < p] = 0
    return x / (1 - p if p < 1 else 1)


@mistake(drop_rows, says="ValueError")
def p_of_tokens_never_checked(x, p, training):
    """You trusted p. With p = 30 for "30 percent" every token is zeroed, and nobody is told."""
    keep = torch.rand(*x.shape[:-1], 1, device=x.device) >= p
    return _zero_and_scale(x, keep, p) if training else x


@mistake(drop_rows, says="in evaluation too")
def p_of_tokens_checked_in_training_only(x, p, training):
    """You looked at training before you checked p, so a wrong p goes unnoticed in evaluation."""
    return _right_drop_rows(x, p, True) if training else x
