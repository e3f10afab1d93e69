"""LayerNorm: every token on the same scale."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dojo.authoring import benchmark, mistake, variant


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
    mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
    variance = (x - mean).square().mean(dim=-1, keepdim=True)  # (..., 1)
    return mean, variance


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
    mean, variance = moments(x)  # (..., 1) each
    return (x - mean) / torch.sqrt(variance + eps)  # (..., d)


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
    return normalize(x, eps) * gamma + beta  # (..., d) * (d,) + (d,)


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
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(d))
        self.beta = nn.Parameter(torch.zeros(d))

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Normalize every token of x, scale it by `gamma`, shift it by `beta`.

        Args:
            x: tokens, shape (..., d), with the dtype and device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., d), with the dtype and device of x: what `layer_norm` gives for
            x, `gamma`, `beta` and `eps`. Gradients flow back to x and to both parameters.
        """
        return layer_norm(x, self.gamma, self.beta, self.eps)


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
    mean_square = x.square().mean(dim=-1, keepdim=True)  # (..., 1)
    return x / torch.sqrt(mean_square + eps) * gamma  # (..., d) * (d,)


HINTS = {
    "moments": [
        "Every token is measured alone. Which dimension of x holds the numbers of one token?",
        "Average the last dimension but keep it with size 1: (..., d) becomes (..., 1), which lines up with (..., d). "
        "Then the distances from the mean have shape (..., d); average their squares in the same way.",
        "Tensor.mean takes dim= and keepdim=. First the mean; next the squared differences x - mean; "
        "then the mean of those squares. Return both as a tuple, the mean first.",
    ],
    "normalize": [
        "There are two steps: move the token so that its mean is 0, then shrink or stretch it.",
        "mean and variance are (..., 1) and x is (..., d), so they line up without any reshaping. "
        "eps joins the variance before the root is taken.",
        "Take the two results of moments(x). The numerator is x minus the mean; "
        "the denominator is torch.sqrt of the sum of variance and eps.",
    ],
    "layer_norm": [
        "The hard part is done: which of your functions normalizes a token?",
        "The normalized token is (..., d), and gamma and beta are (d,). "
        "They line up with the last dimension, one number for each column.",
        "Call normalize(x, eps), multiply the result by gamma, and add beta at the end.",
    ],
    "LayerNorm": [
        "What must the optimizer find, and state_dict() save? That is what nn.Parameter is for.",
        "In __init__: call super().__init__(), keep eps, and make two parameters of shape (d,), "
        "ones for the scale and zeros for the shift. In forward: use them.",
        "self.gamma = nn.Parameter(...) around torch.ones(d), the same for self.beta around torch.zeros(d); "
        "forward calls layer_norm with x, the two parameters and the eps that you kept.",
    ],
    "rms_norm": [
        "The name read backwards is the recipe: Square, Mean, Root.",
        "Squares (..., d); their mean over the last dimension, kept: (..., 1); add eps; the root. "
        "x divided by that is (..., d), and gamma (d,) lines up with it.",
        "x.square(), then .mean(dim=..., keepdim=True), then torch.sqrt of that plus eps. "
        "Divide x itself, not x minus its mean, and multiply by gamma.",
    ],
}

BANNED = {
    "*layer_norm*": "normalize by hand, from means, squares and a square root",
    "*rms_norm*": "measure the squares by hand, with a mean and a square root",
    "*batch_norm*": "normalize each token by hand, from means, squares and a square root",
    "*group_norm*": "normalize each token by hand, from means, squares and a square root",
    "*instance_norm*": "normalize each token by hand, from means, squares and a square root",
}


# ---------------------------------------------------------------------------------------------- moments, other ways


@variant(moments)
def from_var_mean(x):
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return mean, variance


@variant(moments)
def sums_over_d(x):
    d = x.shape[-1]
    mean = x.sum(-1).unsqueeze(-1) / d
    return mean, ((x - mean) ** 2).sum(-1).unsqueeze(-1) / d


@variant(moments)
def one_row_at_a_time(x):
    rows = x.reshape(-1, x.shape[-1])
    mean = torch.stack([row.mean() for row in rows])
    variance = torch.stack([row.var(correction=0) for row in rows])
    return mean.reshape(*x.shape[:-1], 1), variance.reshape(*x.shape[:-1], 1)


@variant(moments)
def running_updates(x):
    mean, squares = x[..., :1] * 0, x[..., :1] * 0
    for i in range(x.shape[-1]):  # Welford's method: one column at a time
        step = x[..., i : i + 1] - mean
        mean = mean + step / (i + 1)
        squares = squares + step * (x[..., i : i + 1] - mean)
    return mean, squares / x.shape[-1]


@variant(moments)
def differences_of_all_pairs(x):
    pairs = x.unsqueeze(-1) - x.unsqueeze(-2)  # (..., d, d): their mean square is twice the variance
    return x.mean(-1, keepdim=True), pairs.square().mean(dim=(-2, -1)).unsqueeze(-1) / 2


@variant(moments)
def shifted_then_mean_of_squares(x):
    shifted = x - x[..., :1]  # near 0 now, so the difference of squares no longer cancels
    mean = shifted.mean(-1, keepdim=True)
    return mean + x[..., :1], (shifted * shifted).mean(-1, keepdim=True) - mean * mean


@variant(moments)
def detached_only_inside_the_variance(x):
    mean = x.mean(-1, keepdim=True)
    # the distances sum to 0, so the mean adds nothing to the gradient of the variance
    return mean, (x - mean.detach()).pow(2).mean(-1, keepdim=True)


@variant(moments)
def in_float32_for_half(x):
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    mean = wide.mean(-1, keepdim=True)
    return mean.to(x.dtype), (wide - mean).square().mean(-1, keepdim=True).to(x.dtype)


# -------------------------------------------------------------------------------------------- normalize, other ways


@variant(normalize)
def times_rsqrt(x, eps):
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + eps)


@variant(normalize)
def centering_matrix(x, eps):
    d = x.shape[-1]
    centered = x @ (torch.eye(d, dtype=x.dtype, device=x.device) - 1 / d)
    return centered * (torch.einsum("...i,...i->...", centered, centered) / d + eps).pow(-0.5).unsqueeze(-1)


@variant(normalize)
def eps_inside_the_mean(x, eps):
    out = x.clone()
    out -= x.mean(-1, keepdim=True)
    return out / (out.square() + eps).mean(-1, keepdim=True).sqrt()


@variant(normalize)
def row_by_row(x, eps):
    rows = [(row - row.mean()) / (row.var(unbiased=False) + eps) ** 0.5 for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape)


@variant(normalize)
def hypotenuse(x, eps):
    std, mean = torch.std_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) / torch.hypot(std, torch.full_like(std, eps**0.5))


@variant(normalize)
def half_goes_through_float32(x, eps):
    wide = x.float() if x.element_size() < 4 else x
    centered = wide - wide.mean(-1, keepdim=True)
    return (centered / (centered.square().mean(-1, keepdim=True) + eps).sqrt()).to(x.dtype)


# ------------------------------------------------------------------------------------------- layer_norm, other ways


@variant(layer_norm)
def with_addcmul(x, gamma, beta, eps):
    return torch.addcmul(beta, normalize(x, eps), gamma)


@variant(layer_norm)
def folded_into_scale_and_shift(x, gamma, beta, eps):
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    scale = gamma * torch.rsqrt(variance + eps)  # (..., d)
    return x * scale + (beta - mean * scale)


@variant(layer_norm)
def scale_first(x, gamma, beta, eps):
    mean, variance = moments(x)
    return beta + gamma * (x - mean) / torch.sqrt(variance + eps)


@variant(layer_norm)
def tokens_flattened(x, gamma, beta, eps):
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.mean(1, keepdim=True)
    variance = rows.var(1, correction=0, keepdim=True)
    return ((rows - mean).div((variance + eps).sqrt()).mul(gamma[None]).add(beta[None])).reshape(x.shape)


@variant(layer_norm)
def diagonal_matrix(x, gamma, beta, eps):
    return normalize(x, eps) @ torch.diag(gamma) + beta


# -------------------------------------------------------------------------------------------- LayerNorm, other ways


@variant(LayerNorm)
class ParametersFromInit(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.beta = nn.Parameter(torch.empty(d))
        self.gamma = nn.Parameter(torch.empty(d))
        nn.init.ones_(self.gamma)
        nn.init.zeros_(self.beta)
        self.epsilon = eps

    def forward(self, x):
        mean, variance = moments(x)
        return torch.addcmul(self.beta, (x - mean) * torch.rsqrt(variance + self.epsilon), self.gamma)


@variant(LayerNorm)
class RegisteredByName(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.register_parameter("gamma", nn.Parameter(torch.full((d,), 1.0)))
        self.register_parameter("beta", nn.Parameter(torch.full((d,), 0.0)))
        self.options = {"eps": eps}

    def forward(self, x):
        return layer_norm(x, gamma=self.gamma, beta=self.beta, **self.options)


@variant(LayerNorm)
class SizesFromTheInput(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.d, self.eps = d, eps
        self.gamma = nn.Parameter(torch.ones(self.d), requires_grad=True)
        self.beta = nn.Parameter(torch.zeros(self.d), requires_grad=True)

    def forward(self, x):
        rows = x.reshape(-1, self.d)
        rows = rows - rows.sum(-1, keepdim=True) / self.d
        rows = rows / (rows.pow(2).sum(-1, keepdim=True) / self.d + self.eps).pow(0.5)
        return (rows * self.gamma + self.beta).view(x.shape)


# --------------------------------------------------------------------------------------------- rms_norm, other ways


@variant(rms_norm)
def rsqrt_of_the_mean_square(x, gamma, eps):
    return gamma * (x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps))


@variant(rms_norm)
def from_the_vector_norm(x, gamma, eps):
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / (length**2 / x.shape[-1] + eps) ** 0.5 * gamma


@variant(rms_norm)
def with_einsum(x, gamma, eps):
    mean_square = torch.einsum("...i,...i->...", x, x) / x.shape[-1]
    return torch.einsum("...i,i,...->...i", x, gamma, (mean_square + eps).rsqrt())


@variant(rms_norm)
def a_loop_over_tokens(x, gamma, eps):
    rows = [row * gamma / (row.dot(row) / len(row) + eps).sqrt() for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape)


@variant(rms_norm)
def scaled_up_by_root_d(x, gamma, eps):
    d = x.shape[-1]
    return x * d**0.5 / torch.sqrt(x.pow(2).sum(-1, keepdim=True) + d * eps) * gamma


@variant(rms_norm)
def root_in_float32_for_half(x, gamma, eps):
    wide = x.float() if x.element_size() < 4 else x
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)).type_as(x) * gamma


# ------------------------------------------------------------------------------------------------- moments, mistakes


@mistake(moments, says="not by d - 1")
def unbiased_variance(x):
    """You took the variance as PyTorch gives it, which divides by d - 1. Statistics books do that to guess the
    variance of a larger population; layer normalization measures these d numbers and nothing more."""
    return x.mean(-1, keepdim=True), x.var(-1, keepdim=True)


@mistake(moments, says="shape of mean")
def last_dimension_dropped(x):
    """You reduced the last dimension away, as mean does unless you ask it not to. Then (B, T) no longer lines up with
    (B, T, d), or, worse, lines up with the wrong dimension when the sizes happen to agree."""
    return x.mean(-1), x.var(-1, correction=0)


@mistake(moments, says="token alone")
def over_the_batch(x):
    """You averaged over the first dimension. That mixes different tokens, as batch normalization does; here each token
    looks at its own d numbers only."""
    mean = x.mean(0, keepdim=True)
    return mean, (x - mean).square().mean(0, keepdim=True)


@mistake(moments, says="token alone")
def over_the_whole_sequence(x):
    """You averaged over everything but the batch. All tokens of a sequence then share one mean, and what a token
    becomes depends on its neighbours, even on later ones."""
    dims = tuple(range(1, x.ndim)) if x.ndim > 2 else -1
    mean = x.mean(dims, keepdim=True)
    return mean, (x - mean).square().mean(dims, keepdim=True)


@mistake(moments, says="token alone")
def one_number_for_the_whole_tensor(x):
    """You called mean without a dimension, which averages everything there is, and spread that one number over the
    tokens. Each token needs its own mean and its own variance."""
    shape = (*x.shape[:-1], 1)
    return x.mean().expand(shape), x.var(correction=0).expand(shape)


@mistake(moments, says="squared distances")
def standard_deviation_instead(x):
    """You returned the standard deviation, which is the square root of the variance. The root comes later, after eps
    has been added."""
    return x.mean(-1, keepdim=True), x.std(-1, correction=0, keepdim=True)


@mistake(moments, says="mean comes first")
def variance_comes_first(x):
    """You returned the pair in the other order. torch.var_mean gives the variance first, so the slip is easy."""
    return torch.var_mean(x, dim=-1, correction=0, keepdim=True)


@mistake(moments, says="squared distances")
def mean_of_squares(x):
    """You averaged the squares of the numbers themselves. The variance squares the distances from the mean; the two
    agree only when the mean is 0."""
    return x.mean(-1, keepdim=True), x.square().mean(-1, keepdim=True)


@mistake(moments, says="squared distances")
def sum_of_squared_distances(x):
    """You added the squared distances up and did not divide by d. The variance is their average, so that it does not
    grow with the size of the token."""
    mean = x.mean(-1, keepdim=True)
    return mean, (x - mean).square().sum(-1, keepdim=True)


@mistake(moments, says="squared distances")
def absolute_distances(x):
    """You averaged the distances without squaring them. That is another measure of spread, the mean absolute
    deviation, and it is not the variance."""
    mean = x.mean(-1, keepdim=True)
    return mean, (x - mean).abs().mean(-1, keepdim=True)


@mistake(moments, says="nearly equal")
def difference_of_large_squares(x):
    """You used mean(x²) - mean(x)², the short formula. On paper it is the same; in float32 two nearly equal large
    numbers are subtracted, and their correct digits cancel."""
    mean = x.mean(-1, keepdim=True)
    return mean, x.square().mean(-1, keepdim=True) - mean.square()


@mistake(moments, says="gradient")
def measured_without_gradient(x):
    """You measured under no_grad, or on a detached x. The mean and the variance move when x moves, and training must
    know about it."""
    return x.detach().mean(-1, keepdim=True), x.detach().var(-1, correction=0, keepdim=True)


@mistake(moments, says="gradient")
def variance_without_gradient(x):
    """You cut the variance out of the graph, perhaps to treat the scale as a constant. It depends on every number of
    the token, and its gradient is part of the answer."""
    return x.mean(-1, keepdim=True), x.detach().var(-1, correction=0, keepdim=True)


@mistake(moments, says="gradient")
def mean_without_gradient(x):
    """You cut the mean out of the graph. When x moves, its mean moves too, and the gradient must say so."""
    return x.detach().mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)


@mistake(moments, says="dtype")
def always_in_float32(x):
    """You converted to float32 and left it there. Computing half precision in float32 is a good habit, but the result
    goes back to the dtype of x, and a float64 input must not lose its digits."""
    x = x.float()
    return x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)


@mistake(moments, says="changed its input")
def centered_in_place(x):
    """You subtracted the mean with -=, and x belongs to the caller: the tokens that you were asked to measure have
    changed. A plain x - mean makes a new tensor."""
    mean = x.mean(-1, keepdim=True)
    x -= mean
    return mean, x.square().mean(-1, keepdim=True)


@mistake(moments, says="Dimension out of range")
def always_dimension_two(x):
    """You named the dimension by its number in a (B, T, d) tensor. A single sequence (T, d) or a stack of heads has
    another number of dimensions; the last one is always -1."""
    mean = x.mean(2, keepdim=True)
    return mean, (x - mean).square().mean(2, keepdim=True)


# ----------------------------------------------------------------------------------------------- normalize, mistakes


def _center(x):
    return x - x.mean(-1, keepdim=True)


def _variance(x):
    return x.var(-1, correction=0, keepdim=True)


@mistake(normalize, says="under the root")
def eps_added_to_the_deviation(x, eps):
    """You took the root first and added eps to the standard deviation. Many hand-written versions do this; it differs
    from the formula as soon as the variance is as small as eps."""
    return _center(x) / (_variance(x).sqrt() + eps)


@mistake(normalize, says="divides by d")
def unbiased_deviation_plus_eps(x, eps):
    """You wrote (x - mean) / (x.std() + eps), which stands in many tutorials. It differs twice: std divides by d - 1,
    and eps comes after the root."""
    return _center(x) / (x.std(-1, keepdim=True) + eps)


@mistake(normalize, says="divides by d")
def variance_over_d_minus_one(x, eps):
    """You used the variance as PyTorch gives it, which divides by d - 1. Layer normalization divides by d; with small
    d the difference is easy to see, and with d = 1 it is NaN."""
    return _center(x) / (x.var(-1, keepdim=True) + eps).sqrt()


@mistake(normalize, says="under the root")
def eps_forgotten(x, eps):
    """You left eps out. All is well until a token has equal numbers, as padding has: its variance is 0, and 0 / 0 is
    NaN."""
    return _center(x) / _variance(x).sqrt()


@mistake(normalize, says="under the root")
def eps_as_a_lower_limit(x, eps):
    """You used eps as the smallest variance allowed. It is added to every variance, small or large; no limit is
    involved."""
    return _center(x) / _variance(x).clamp(min=eps).sqrt()


@mistake(normalize, says="under the root")
def eps_of_the_default(x, eps):
    """You wrote 1e-5 where the argument eps belongs. The caller chooses eps, and you must use what you are given."""
    return _center(x) / (_variance(x) + 1e-5).sqrt()


@mistake(normalize, says="under the root")
def eps_divided_by_d(x, eps):
    """You added eps to the sum of the squares, before dividing by d. So eps was divided by d as well; it belongs next
    to the finished variance."""
    d = x.shape[-1]
    return _center(x) / ((_center(x).square().sum(-1, keepdim=True) + eps) / d).sqrt()


@mistake(normalize, says="square root")
def root_forgotten(x, eps):
    """You divided by the variance itself. The variance is measured in squares, and its square root brings it back to
    the unit of x."""
    return _center(x) / (_variance(x) + eps)


@mistake(normalize, says="square root")
def divided_by_the_length(x, eps):
    """You divided by the length of the centered token, so that it has length 1. The formula wants an average size of 1
    for its numbers, and that is sqrt(d) times longer."""
    centered = _center(x)
    return centered / (centered.square().sum(-1, keepdim=True) + eps).sqrt()


@mistake(normalize, says="square root")
def multiplied_by_the_root(x, eps):
    """You multiplied by the root. Dividing, or multiplying by torch.rsqrt, shrinks what is wide; you stretched it."""
    return _center(x) * (_variance(x) + eps).sqrt()


@mistake(normalize, says="Subtract the mean")
def mean_not_subtracted(x, eps):
    """You divided x itself. The token must be moved first, so that its mean is 0."""
    return x / (_variance(x) + eps).sqrt()


@mistake(normalize, says="square root")
def scaled_to_zero_and_one(x, eps):
    """You scaled each token between its smallest and its largest number, which is also called normalizing. One extreme
    number then decides everything; here the mean and the variance do."""
    low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
    return (x - low) / (high - low + eps)


@mistake(normalize, says="token alone")
def normalized_over_the_batch(x, eps):
    """You took the statistics over the first dimension: each column across the tokens. That is batch normalization,
    and a token's result would then depend on the other tokens."""
    mean, variance = x.mean(0, keepdim=True), x.var(0, correction=0, keepdim=True)
    return (x - mean) / (variance + eps).sqrt()


@mistake(normalize, says="token alone")
def normalized_over_everything(x, eps):
    """You took one mean and one variance for the whole tensor, as x.mean() without a dimension does. Every token has
    its own."""
    return (x - x.mean()) / (x.var(correction=0) + eps).sqrt()


@mistake(normalize, says="token alone")
def normalized_over_the_sequence(x, eps):
    """You took the statistics over the tokens and the columns of a sequence together. For one token alone it looks
    right; in a sequence the tokens leak into each other."""
    dims = tuple(range(1, x.ndim)) if x.ndim > 2 else -1
    return (x - x.mean(dims, keepdim=True)) / (x.var(dims, correction=0, keepdim=True) + eps).sqrt()


@mistake(normalize, says="gradient")
def statistics_detached(x, eps):
    """You treated the mean and the variance as constants, with detach or no_grad. The values are right, and the model
    still trains badly: both depend on x, and the gradient must flow through them."""
    frozen = x.detach()
    return (x - frozen.mean(-1, keepdim=True)) / (_variance(frozen) + eps).sqrt()


@mistake(normalize, says="gradient")
def variance_detached(x, eps):
    """You treated the variance as a constant. When one number of the token grows, the divisor grows with it, and the
    gradient must know."""
    return _center(x) / (_variance(x.detach()) + eps).sqrt()


@mistake(normalize, says="gradient")
def mean_detached(x, eps):
    """You treated the mean as a constant. When all numbers of a token grow alike the result does not change, and only
    the gradient through the mean can say so."""
    return (x - x.detach().mean(-1, keepdim=True)) / (_variance(x) + eps).sqrt()


@mistake(normalize, says="nearly equal")
def short_variance_formula(x, eps):
    """You used mean(x²) - mean(x)² for the variance. Two nearly equal large numbers are subtracted, and in float32
    little of the result is true. Subtract the mean first, then square."""
    mean = x.mean(-1, keepdim=True)
    return (x - mean) / ((x * x).mean(-1, keepdim=True) - mean * mean + eps).clamp(min=eps).sqrt()


@variant(normalize)
def root_taken_and_squared_again(x, eps):
    deviation = _center(x).square().mean(-1, keepdim=True).sqrt()
    return _center(x) / (deviation**2 + eps).sqrt()


@mistake(normalize, says="changed its input")
def shifted_in_place(x, eps):
    """You centered x with -=, which writes into the caller's tensor. A plain subtraction makes a new one."""
    variance = _variance(x)
    x -= x.mean(-1, keepdim=True)
    return x / (variance + eps).sqrt()


@mistake(normalize, says="dtype")
def result_left_in_float32(x, eps):
    """You converted to float32 and did not convert back. The next layer expects the dtype that it gave you."""
    return _center(x.float()) / (_variance(x.float()) + eps).sqrt()


@variant(normalize)
def computed_in_float32(x, eps):
    wide = x.float()
    return (_center(wide) / (_variance(wide) + eps).sqrt()).to(x.dtype)


# ---------------------------------------------------------------------------------------------- layer_norm, mistakes


@mistake(layer_norm, says="beta[j] is added")
def beta_forgotten(x, gamma, beta, eps):
    """You left beta out. Without it every column is pinned to a mean near 0, and the model cannot move it."""
    return normalize(x, eps) * gamma


@mistake(layer_norm, says="its own scale")
def gamma_forgotten(x, gamma, beta, eps):
    """You left gamma out. It lets the model give the size back to a column that needs it."""
    return normalize(x, eps) + beta


@mistake(layer_norm, says="its own scale")
def first_gamma_for_all(x, gamma, beta, eps):
    """You scaled the whole token by a single number. gamma has one scale for each of the d columns."""
    return normalize(x, eps) * gamma[0] + beta


@mistake(layer_norm, says="its own scale")
def average_gamma_for_all(x, gamma, beta, eps):
    """You averaged gamma into one number. As long as all its values are equal, as they are at the start, nobody
    notices; then they learn to differ."""
    return normalize(x, eps) * gamma.mean() + beta


@mistake(layer_norm, says="beta[j] is added")
def one_shift_for_all(x, gamma, beta, eps):
    """You shifted the whole token by a single number. beta has one shift for each of the d columns."""
    return normalize(x, eps) * gamma + beta.mean()


@mistake(layer_norm, says="after the scale")
def shifted_before_the_scale(x, gamma, beta, eps):
    """You added beta before you multiplied by gamma, so beta was scaled as well. The scale comes first, and beta is
    added at the end."""
    return (normalize(x, eps) + beta) * gamma


@mistake(layer_norm, says="its own scale")
def gamma_and_beta_swapped(x, gamma, beta, eps):
    """You scaled by beta and shifted by gamma. gamma is the scale, beta is the shift."""
    return normalize(x, eps) * beta + gamma


@mistake(layer_norm, says="its own scale")
def one_plus_gamma(x, gamma, beta, eps):
    """You scaled by 1 + gamma, as some models do whose gamma starts at 0. Here gamma starts at 1 and is the whole
    scale."""
    return normalize(x, eps) * (1 + gamma) + beta


@mistake(layer_norm, says="its own scale")
def divided_by_gamma(x, gamma, beta, eps):
    """You divided by gamma. It is a factor: a larger gamma makes the column larger."""
    return normalize(x, eps) / gamma + beta


@mistake(layer_norm, says="Normalize first")
def normalized_at_the_end(x, gamma, beta, eps):
    """You scaled and shifted x, and normalized afterwards. Then gamma and beta change the statistics, and the result
    always has mean 0 again. Normalize first."""
    return normalize(x * gamma + beta, eps)


@mistake(layer_norm, says="for each column")
def scale_for_each_token(x, gamma, beta, eps):
    """You lined gamma up with the tokens. It has one number for each column, whatever token it is."""
    out = normalize(x, eps)
    if x.ndim < 2:
        return out * gamma + beta
    tokens = x.shape[-2]
    return out * gamma.repeat(tokens)[:tokens].unsqueeze(-1) + beta


@mistake(layer_norm, says="divides by d")
def unbiased_variance_in_the_layer(x, gamma, beta, eps):
    """You used the variance that divides by d - 1, which is what x.var() gives unless you say otherwise."""
    return _center(x) / (x.var(-1, keepdim=True) + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="under the root")
def eps_after_the_root(x, gamma, beta, eps):
    """You added eps to the standard deviation, after the root. It belongs next to the variance, under the root."""
    return _center(x) / (_variance(x).sqrt() + eps) * gamma + beta


@mistake(layer_norm, says="under the root")
def eps_ignored(x, gamma, beta, eps):
    """You wrote your own small number where the argument eps belongs. The caller chooses eps."""
    return _center(x) / (_variance(x) + 1e-5).sqrt() * gamma + beta


@mistake(layer_norm, says="Normalize first")
def no_mean_in_layer_norm(x, gamma, beta, eps):
    """You divided by the root mean square and kept the mean: that is rms_norm with a shift. Layer normalization
    subtracts the mean first."""
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="token alone")
def layer_norm_over_the_batch(x, gamma, beta, eps):
    """You normalized each column over the first dimension, as batch normalization does. Layer normalization looks
    along the token."""
    return (x - x.mean(0, keepdim=True)) / (x.var(0, correction=0, keepdim=True) + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="token alone")
def layer_norm_over_the_sequence(x, gamma, beta, eps):
    """You took one mean and one variance for all tokens of a sequence. Then a token's result depends on the others,
    and in a language model on tokens that it must not see."""
    dims = tuple(range(1, x.ndim)) if x.ndim > 2 else -1
    return (x - x.mean(dims, keepdim=True)) / (x.var(dims, correction=0, keepdim=True) + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="nearly equal")
def cancelling_variance(x, gamma, beta, eps):
    """You used mean(x²) - mean(x)² for the variance. In float32 the two are nearly equal when the mean is large, and
    what is left is rounding error."""
    mean = x.mean(-1, keepdim=True)
    variance = (x.square().mean(-1, keepdim=True) - mean.square()).clamp(min=0)
    return (x - mean) / (variance + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="gradient")
def constants_for_statistics(x, gamma, beta, eps):
    """You detached the mean and the variance. The values stay right and the gradients of x become wrong, which no
    shape and no value will tell you."""
    frozen = x.detach()
    return (x - frozen.mean(-1, keepdim=True)) / (_variance(frozen) + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="gradient")
def parameters_detached(x, gamma, beta, eps):
    """You used gamma.data and beta.data, which carry values without a graph. The two could never learn."""
    return normalize(x, eps) * gamma.data + beta.data


@variant(layer_norm)
def deviation_squared_again(x, gamma, beta, eps):
    deviation = _center(x).square().mean(-1, keepdim=True).sqrt()
    return _center(x) / (deviation * deviation + eps).sqrt() * gamma + beta


@mistake(layer_norm, says="changed its input")
def scaled_in_place(x, gamma, beta, eps):
    """You wrote the steps with -=, /= and *=, and they all went into x, which belongs to the caller."""
    variance = _variance(x)
    x -= x.mean(-1, keepdim=True)
    x /= (variance + eps).sqrt()
    x *= gamma
    x += beta
    return x


@mistake(layer_norm, says="dtype")
def left_in_float32(x, gamma, beta, eps):
    """You computed in float32, which is a good idea for half precision, and returned float32. Convert back to the
    dtype of x at the end."""
    return _center(x.float()) / (_variance(x.float()) + eps).sqrt() * gamma.float() + beta.float()


@variant(layer_norm)
def float64_digits_lost(x, gamma, beta, eps):
    wide = x.float()
    return (_center(wide) / (_variance(wide) + eps).sqrt() * gamma.float() + beta.float()).to(x.dtype)


# ----------------------------------------------------------------------------------------------- LayerNorm, mistakes


@mistake(LayerNorm, says="starts as ones")
class GammaStartsAtZero(LayerNorm):
    """You started gamma at 0. Then the layer gives zeros for every token, and nothing about the token gets through."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.gamma = nn.Parameter(torch.zeros(d))


@mistake(LayerNorm, says="starts as ones")
class RandomGamma(LayerNorm):
    """You started gamma at random numbers, as a weight matrix needs. A scale needs no chance: with ones, a new layer
    only normalizes."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.gamma = nn.Parameter(torch.randn(d))


@mistake(LayerNorm, says="as zeros")
class BetaStartsAtOne(LayerNorm):
    """You started beta at 1, like gamma. A shift that does nothing is 0."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.beta = nn.Parameter(torch.ones(d))


@mistake(LayerNorm, says="one number for each")
class OneScaleForTheToken(LayerNorm):
    """You gave gamma and beta a single number, and broadcasting let it pass. Each of the d columns has its own."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.gamma = nn.Parameter(torch.ones(1))
        self.beta = nn.Parameter(torch.zeros(1))


@mistake(LayerNorm, says="gamma and beta")
class ParametersOfOtherNames(nn.Module):
    """You called the parameters weight and bias, as PyTorch does. Here they are gamma and beta, and a saved model is
    loaded by these names."""

    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d))

    def forward(self, x):
        return layer_norm(x, self.weight, self.bias, self.eps)


@mistake(LayerNorm, says="gamma and beta")
class PlainTensors(nn.Module):
    """You kept plain tensors. The module does not know about them: the optimizer does not train them, state_dict does
    not save them, and .to() leaves them behind. nn.Parameter makes them known."""

    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.eps, self.gamma, self.beta = eps, torch.ones(d), torch.zeros(d)

    def forward(self, x):
        return layer_norm(x, self.gamma, self.beta, self.eps)


@mistake(LayerNorm, says="gamma and beta")
class BuffersInstead(nn.Module):
    """You registered buffers. They are saved and they move, but they are not parameters, so they never learn."""

    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.register_buffer("gamma", torch.ones(d))
        self.register_buffer("beta", torch.zeros(d))

    def forward(self, x):
        return layer_norm(x, self.gamma, self.beta, self.eps)


@mistake(LayerNorm, says="gamma and beta")
class EpsAsAThirdParameter(LayerNorm):
    """You made eps a parameter. It is a fixed number that the caller chose; as a parameter it would be trained."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.eps = nn.Parameter(torch.tensor(eps))


@mistake(LayerNorm, says="trainable")
class FrozenParameters(LayerNorm):
    """You made the parameters with requires_grad=False. They are parameters, but no gradient will ever reach them."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.requires_grad_(False)


@mistake(LayerNorm, says="under the root")
class EpsNotKept(LayerNorm):
    """You accepted eps and used 1e-5 in forward. Keep what you are given in __init__, and use it."""

    def forward(self, x):
        return layer_norm(x, self.gamma, self.beta, 1e-5)


@mistake(LayerNorm, says="1e-5")
class AnotherDefaultEps(LayerNorm):
    """You chose another default for eps. Papers differ here; this kata says 1e-5, as PyTorch does."""

    def __init__(self, d, eps=1e-6):
        super().__init__(d, eps)


@mistake(LayerNorm, says="under the root")
class EpsPlusDeviation(LayerNorm):
    """You added eps to the standard deviation in forward. It belongs under the root, next to the variance."""

    def forward(self, x):
        return _center(x) / (_variance(x).sqrt() + self.eps) * self.gamma + self.beta


@mistake(LayerNorm, says="divides by d")
class UnbiasedInForward(LayerNorm):
    """You wrote forward with x.var(), which divides by d - 1. The layer divides by d."""

    def forward(self, x):
        return _center(x) / (x.var(-1, keepdim=True) + self.eps).sqrt() * self.gamma + self.beta


@mistake(LayerNorm, says="scales and beta shifts")
class ParametersNotUsed(LayerNorm):
    """You made gamma and beta and did not use them in forward. At the start nothing shows, because they are ones and
    zeros; after one step of training it does."""

    def forward(self, x):
        return normalize(x, self.eps)


@mistake(LayerNorm, says="only normalizes")
class SwappedInForward(LayerNorm):
    """You gave the two parameters to layer_norm in the other order. gamma scales, beta shifts."""

    def forward(self, x):
        return layer_norm(x, self.beta, self.gamma, self.eps)


@mistake(LayerNorm, says="token alone")
class StatisticsOfTheSequence(LayerNorm):
    """You normalized all dimensions but the first together, so the tokens of a sequence share their statistics. Each
    token has its own."""

    def forward(self, x):
        dims = tuple(range(1, x.ndim)) if x.ndim > 2 else -1
        x = x - x.mean(dims, keepdim=True)
        return x / (x.square().mean(dims, keepdim=True) + self.eps).sqrt() * self.gamma + self.beta


@mistake(LayerNorm, says="token alone")
class StatisticsOfTheBatch(LayerNorm):
    """You normalized each column over all tokens. That is batch normalization: a token's result then depends on who
    else is in the batch."""

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        rows = (rows - rows.mean(0)) / (rows.var(0, correction=0) + self.eps).sqrt()
        return rows.reshape(x.shape) * self.gamma + self.beta


@mistake(LayerNorm, says="evaluation")
class RemembersTheTraining(LayerNorm):
    """You kept running averages for evaluation, as batch normalization does. A token brings its own statistics with
    it, so there is nothing to remember."""

    def __init__(self, d, eps=1e-5):
        super().__init__(d, eps)
        self.mean, self.variance = 0.0, 1.0

    def forward(self, x):
        if self.training:
            mean, variance = moments(x)
            self.mean = 0.9 * self.mean + 0.1 * mean.mean().detach()
            self.variance = 0.9 * self.variance + 0.1 * variance.mean().detach()
            return layer_norm(x, self.gamma, self.beta, self.eps)
        return (x - self.mean) / (self.variance + self.eps) ** 0.5 * self.gamma + self.beta


@mistake(LayerNorm, says="gradient")
class DetachedInForward(LayerNorm):
    """You measured x under no_grad in forward. The mean and the variance depend on x, and the gradient of x must flow
    through them."""

    def forward(self, x):
        with torch.no_grad():
            mean, variance = moments(x)
        return (x - mean) / (variance + self.eps).sqrt() * self.gamma + self.beta


@mistake(LayerNorm, says="gradient")
class DataOfTheParameters(LayerNorm):
    """You used self.gamma.data and self.beta.data. The values are the same, but they are outside the graph, so the
    parameters get no gradient and stay as they are."""

    def forward(self, x):
        return layer_norm(x, self.gamma.data, self.beta.data, self.eps)


@mistake(LayerNorm, says="Any leading dimensions")
class OnlyForBatches(LayerNorm):
    """You unpacked the shape into batch, tokens and columns. A single token or a single sequence is welcome too; the
    last dimension is all that you need."""

    def forward(self, x):
        batch, tokens, d = x.shape
        return layer_norm(x.reshape(batch * tokens, d), self.gamma, self.beta, self.eps).reshape(batch, tokens, d)


@mistake(LayerNorm, says="dtype")
class AlwaysReturnsFloat32(LayerNorm):
    """You converted x and the parameters to float32 and returned that. Convert the result back to the dtype of x."""

    def forward(self, x):
        return layer_norm(x.float(), self.gamma.float(), self.beta.float(), self.eps)


@mistake(LayerNorm, says="changed its input")
class NormalizesInPlace(LayerNorm):
    """You wrote the result into x. The layer before still needs its output, and so does the residual connection that
    adds x again later."""

    def forward(self, x):
        with torch.no_grad():
            variance = _variance(x)
            x -= x.mean(-1, keepdim=True)
            x /= (variance + self.eps).sqrt()
        return x * self.gamma + self.beta


# ------------------------------------------------------------------------------------------------ rms_norm, mistakes


def _mean_square(x):
    return x.square().mean(-1, keepdim=True)


@mistake(rms_norm, says="No mean")
def mean_subtracted(x, gamma, eps):
    """You subtracted the mean, as in layer normalization. rms_norm leaves that step out; that is its whole point."""
    return normalize(x, eps) * gamma


@mistake(rms_norm, says="No mean")
def divided_by_the_deviation(x, gamma, eps):
    """You kept x as it is, but divided by the standard deviation, which measures from the mean. The root mean square
    measures from 0."""
    return x / (_variance(x) + eps).sqrt() * gamma


@mistake(rms_norm, says="mean of the squares")
def sum_of_squares(x, gamma, eps):
    """You added the squares up without dividing by d. The M in RMS is a mean: without it, long tokens are shrunk more
    than short ones."""
    return x / (x.square().sum(-1, keepdim=True) + eps).sqrt() * gamma


@mistake(rms_norm, says="mean of the squares")
def vector_length(x, gamma, eps):
    """You divided by the length of the token, its norm. The root mean square is the length divided by sqrt(d)."""
    return x / (x.norm(dim=-1, keepdim=True) + eps) * gamma


@mistake(rms_norm, says="mean of the squares")
def square_of_the_mean(x, gamma, eps):
    """You took the mean before you squared. Plus and minus cancel in the mean; squares first, then their mean."""
    return x / (x.mean(-1, keepdim=True).square() + eps).sqrt() * gamma


@mistake(rms_norm, says="mean of the squares")
def mean_of_absolute_values(x, gamma, eps):
    """You averaged the absolute values. That is near the root mean square, and it is another number: squares give
    large values more weight."""
    return x / (x.abs().mean(-1, keepdim=True) + eps) * gamma


@mistake(rms_norm, says="mean of the squares")
def squares_over_d_minus_one(x, gamma, eps):
    """You divided the sum of squares by d - 1. Nothing was estimated from these numbers, so there is no reason to take
    one away."""
    return x / (x.square().sum(-1, keepdim=True) / max(x.shape[-1] - 1, 1) + eps).sqrt() * gamma


@mistake(rms_norm, says="mean of the squares")
def root_left_out(x, gamma, eps):
    """You divided by the mean square without its root. The R in RMS brings the squares back to the unit of x."""
    return x / (_mean_square(x) + eps) * gamma


@mistake(rms_norm, says="under the root")
def eps_plus_the_root(x, gamma, eps):
    """You added eps to the root mean square, after the root. It belongs under the root, next to the mean of the
    squares."""
    return x / (_mean_square(x).sqrt() + eps) * gamma


@mistake(rms_norm, says="under the root")
def eps_left_out(x, gamma, eps):
    """You left eps out. A token of zeros, as padding is, then becomes 0 / 0, which is NaN."""
    return x / _mean_square(x).sqrt() * gamma


@mistake(rms_norm, says="under the root")
def eps_fixed(x, gamma, eps):
    """You wrote your own small number where the argument eps belongs. The caller chooses eps."""
    return x / (_mean_square(x) + 1e-6).sqrt() * gamma


@mistake(rms_norm, says="under the root")
def eps_inside_the_sum(x, gamma, eps):
    """You added eps to the sum of the squares and divided by d afterwards, so eps was divided as well. It joins the
    finished mean."""
    return x / ((x.square().sum(-1, keepdim=True) + eps) / x.shape[-1]).sqrt() * gamma


@mistake(rms_norm, says="its own scale")
def gamma_left_out(x, gamma, eps):
    """You left gamma out. It gives each column its own scale back."""
    return x / (_mean_square(x) + eps).sqrt()


@mistake(rms_norm, says="its own scale")
def one_gamma_for_all(x, gamma, eps):
    """You scaled the whole token by a single number. gamma has one scale for each of the d columns."""
    return x / (_mean_square(x) + eps).sqrt() * gamma.mean()


@mistake(rms_norm, says="its own scale")
def gamma_counts_from_one(x, gamma, eps):
    """You scaled by 1 + gamma, as some models do whose gamma starts at 0. Here gamma is the whole scale."""
    return x / (_mean_square(x) + eps).sqrt() * (1 + gamma)


@mistake(rms_norm, says="its own scale")
def gamma_inside_the_squares(x, gamma, eps):
    """You scaled by gamma before you measured, so that the root mean square saw gamma too. Measure x itself."""
    scaled = x * gamma
    return scaled / (_mean_square(scaled) + eps).sqrt()


@mistake(rms_norm, says="token alone")
def rms_of_everything(x, gamma, eps):
    """You took the mean over the whole tensor. Every token has a root mean square of its own."""
    return x / (x.square().mean() + eps).sqrt() * gamma


@mistake(rms_norm, says="token alone")
def rms_over_the_batch(x, gamma, eps):
    """You took the mean over the first dimension, so each number depends on the other tokens. Look along the token."""
    return x / (x.square().mean(0, keepdim=True) + eps).sqrt() * gamma


@mistake(rms_norm, says="token alone")
def rms_of_the_sequence(x, gamma, eps):
    """You took one root mean square for all tokens of a sequence. A loud token would then make its neighbours quiet."""
    dims = tuple(range(1, x.ndim)) if x.ndim > 2 else -1
    return x / (x.square().mean(dims, keepdim=True) + eps).sqrt() * gamma


@mistake(rms_norm, says="gradient")
def rms_detached(x, gamma, eps):
    """You measured a detached x. The values are right, but the divisor depends on x, and the gradient must flow
    through it."""
    return x / (_mean_square(x.detach()) + eps).sqrt() * gamma


@mistake(rms_norm, says="gradient")
def gamma_detached(x, gamma, eps):
    """You used gamma.data. It carries the values without the graph, so gamma gets no gradient and cannot learn."""
    return x / (_mean_square(x) + eps).sqrt() * gamma.data


@variant(rms_norm)
def rms_squared_again(x, gamma, eps):
    rms = _mean_square(x).sqrt()
    return x / (rms**2 + eps).sqrt() * gamma


@mistake(rms_norm, says="changed its input")
def divided_in_place(x, gamma, eps):
    """You divided with /=, which writes into the caller's x. A plain division makes a new tensor."""
    x /= (_mean_square(x) + eps).sqrt()
    return x * gamma


@mistake(rms_norm, says="dtype")
def float32_comes_out(x, gamma, eps):
    """You computed in float32 and forgot to convert back. The result has the dtype of x."""
    wide = x.float()
    return wide / (_mean_square(wide) + eps).sqrt() * gamma.float()


@variant(rms_norm)
def float32_in_between(x, gamma, eps):
    wide = x.float()
    return (wide / (_mean_square(wide) + eps).sqrt()).type_as(x) * gamma


# What `make bench N=21` measures.


@benchmark(
    layer_norm,
    title="layer_norm of (tokens, d)",
    sizes=((100, 64), (1000, 512), (4000, 768)),
    why="Your lines make a new tensor at each step: the differences, their squares, the quotients, the products. "
    "PyTorch's layer_norm is one fused kernel: it reads a token, computes its mean and variance on the way, and "
    "writes the result.",
)
def layer_norm_beside_others(shape, device):
    x, gamma, beta = (torch.randn(size, device=device) for size in (shape, shape[-1:], shape[-1:]))
    built_in = torch.nn.functional.layer_norm
    return (x, gamma, beta, 1e-5), {"F.layer_norm": lambda: built_in(x, shape[-1:], gamma, beta, 1e-5)}
