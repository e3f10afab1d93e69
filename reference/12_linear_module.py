"""Linear module: numbers that a layer owns, and learns."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dojo.authoring import mistake, variant


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
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out) / n_in**0.5)
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Multiply every token by the weight, and add the bias if there is one.

        Args:
            x: tokens, shape (..., n_in), with any number of dimensions in front, or none. It has the dtype and the
                device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), with the dtype and device of x.
            Gradients flow back to x and to the parameters.
        """
        out = x @ self.weight  # (..., n_in) @ (n_in, n_out)
        return out if self.bias is None else out + self.bias  # (..., n_out) + (n_out,)


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
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


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
    wanted = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum(p.numel() for p in wanted)


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
    for parameter in module.parameters():
        parameter.requires_grad_(False)


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
    target.load_state_dict(source.state_dict())


BANNED: dict[str, str] = {}

HINTS = {
    "SimpleLinear": [
        "Which numbers must the layer keep from one call to the next? An optimizer and state_dict() have to find them.",
        "In __init__: call super().__init__(), then make weight (n_in, n_out) and bias (n_out,) with nn.Parameter. "
        "In forward: (..., n_in) @ (n_in, n_out) gives (..., n_out), and the bias lines up with its last dimension.",
        "self.weight = nn.Parameter(...) around torch.randn(n_in, n_out). self.bias is an nn.Parameter of n_out zeros, "
        "or None. forward: the product of x and the weight; add the bias only if it is not None.",
    ],
    "parameter_shapes": [
        "A module can list its parameters for you, names included. Look up `named_parameters`.",
        "module.named_parameters() gives pairs: a name, and a parameter. A parameter has a shape, as a tensor has, and "
        "tuple(...) makes a plain tuple of it.",
        "Build a dict in a loop over the pairs: the name is the key, tuple(parameter.shape) the value.",
    ],
    "count_parameters": [
        "How many numbers does one parameter hold? Then go through all of them with `module.parameters()`.",
        "A tensor of shape (3, 2) holds 6 numbers, and `numel()` says so. parameter.requires_grad says whether it "
        "learns. With trainable_only, add only those that do.",
        "total = 0; for each parameter of module.parameters(): if parameter.requires_grad, or if not trainable_only, "
        "add parameter.numel(). Return the total.",
    ],
    "freeze": [
        "Every parameter knows whether it asks for a gradient. Which attribute is it? (Kata 11.)",
        "Go through module.parameters(), which finds those of the modules inside too, and switch off requires_grad "
        "of each one. The module itself has no such switch.",
        "for parameter in module.parameters(): then set parameter.requires_grad to False. Nothing is returned.",
    ],
    "copy_weights": [
        "How does PyTorch save a model, and load it again? Saving includes the buffers.",
        "source.state_dict() is a dict from names to tensors: parameters and buffers. Another module can take such "
        "a dict in, and copies the numbers into its own parameters.",
        "target has a method load_state_dict. Give it the state_dict() of source.",
    ],
}


# ------------------------------------------------------------------------------------------ SimpleLinear, other ways


@variant(SimpleLinear)
class RegisteredByName(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.register_parameter("bias", nn.Parameter(torch.randn(n_out)) if bias else None)
        self.register_parameter("weight", nn.Parameter(torch.empty(n_in, n_out)))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x):
        return nn.functional.linear(x, self.weight.T, self.bias)


@variant(SimpleLinear)
class UniformAndEinsum(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.n_in, self.n_out = n_in, n_out
        limit = n_in**-0.5
        self.weight = nn.Parameter(torch.rand(n_in, n_out) * 2 * limit - limit)
        if bias:
            self.bias = nn.Parameter(torch.empty(n_out).uniform_(-limit, limit))
        else:
            self.bias = None

    def forward(self, x):
        out = torch.einsum("...i,io->...o", x, self.weight)
        if self.bias is not None:
            out += self.bias
        return out


@variant(SimpleLinear)
class ALinearTurnedAround(nn.Linear):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_out, n_in, bias=False)  # PyTorch keeps its weight as (out, in)
        if bias:
            self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        result = torch.matmul(x, self.weight)
        if isinstance(self.bias, nn.Parameter):
            result = result.add(self.bias)
        return result


@variant(SimpleLinear)
class ColumnByColumn(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_in, n_out))
        with torch.no_grad():
            self.weight.normal_(0, 0.02)
        self.bias = nn.Parameter(torch.full((n_out,), 0.5)) if bias else None

    def forward(self, x):
        columns = [(x * column).sum(-1) for column in self.weight.unbind(1)]
        if self.bias is not None:
            columns = [column + number for column, number in zip(columns, self.bias)]
        return torch.stack(columns, -1)


@variant(SimpleLinear)
class FlattenedForAddmm(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn((n_in, n_out)))
        if not bias:
            self.register_parameter("bias", None)
        else:
            self.bias = nn.Parameter(torch.randn((n_out,)))

    def forward(self, x):
        n_in, n_out = self.weight.shape
        rows = x.reshape(-1, n_in)
        out = rows.mm(self.weight) if self.bias is None else torch.addmm(self.bias, rows, self.weight)
        return out.reshape(*x.shape[:-1], n_out)


@variant(SimpleLinear)
class OrthogonalStart(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        nn.Module.__init__(self)
        weight, offset = torch.zeros(n_in, n_out), torch.zeros(n_out)
        nn.init.orthogonal_(weight)
        self.weight = nn.Parameter(data=weight, requires_grad=True)
        self.bias = nn.Parameter(offset) if bias else None

    def forward(self, x):
        zeros = torch.zeros(self.weight.shape[1], dtype=x.dtype, device=x.device)
        return torch.tensordot(x, self.weight, dims=1) + (zeros if self.bias is None else self.bias)


# -------------------------------------------------------------------------------------- parameter_shapes, other ways


@variant(parameter_shapes)
def in_a_loop(module):
    shapes = {}
    for name, parameter in module.named_parameters():
        shapes[name] = tuple(int(size) for size in parameter.size())
    return shapes


@variant(parameter_shapes)
def module_by_module(module):
    found = {}
    for path, part in module.named_modules():
        for name, parameter in part.named_parameters(recurse=False):
            found[f"{path}.{name}" if path else name] = tuple(parameter.shape)
    return found


@variant(parameter_shapes)
def shapes_by_recursion(module):
    shapes = {name: p.shape for name, p in module._parameters.items() if p is not None}
    for name, child in module.named_children():
        shapes.update({f"{name}.{inner}": shape for inner, shape in shapes_by_recursion(child).items()})
    return shapes


@variant(parameter_shapes)
def saved_without_buffers(module):
    buffers = {name for name, _ in module.named_buffers()}
    return {name: tuple(x.shape) for name, x in module.state_dict().items() if name not in buffers}


# -------------------------------------------------------------------------------------- count_parameters, other ways


@variant(count_parameters)
def total_in_a_loop(module, trainable_only=False):
    total = 0
    for parameter in module.parameters():
        if trainable_only and not parameter.requires_grad:
            continue
        size = 1
        for n in parameter.shape:
            size *= n
        total += size
    return total


@variant(count_parameters)
def counted_as_one_vector(module, trainable_only=False):
    flat = [p.detach().reshape(-1) for p in module.parameters() if p.requires_grad >= trainable_only]
    return len(torch.cat(flat)) if flat else 0


@variant(count_parameters)
def each_memory_once(module, trainable_only=False):
    seen = {}
    for part in module.modules():
        for parameter in part.parameters(recurse=False):
            seen[id(parameter)] = parameter
    return sum(p.nelement() for p in seen.values() if not trainable_only or p.requires_grad)


@variant(count_parameters)
def all_minus_the_frozen(module, trainable_only=False):
    everything = sum(p.shape.numel() for p in module.parameters())
    frozen = sum(p.shape.numel() for p in module.parameters() if not p.requires_grad)
    return everything - frozen if trainable_only else everything


# ------------------------------------------------------------------------------------------------ freeze, other ways


@variant(freeze)
def with_the_method_of_the_module(module):
    return module.requires_grad_(False)


@variant(freeze)
def by_the_attribute(module):
    for _name, parameter in module.named_parameters():
        parameter.requires_grad = False


@variant(freeze)
def by_recursion(module):
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad = False
    for child in module.children():
        by_recursion(child)


@variant(freeze)
def applied_to_every_part(module):
    module.apply(lambda part: [p.requires_grad_(False) for p in part.parameters(recurse=False)])
    module.zero_grad()


# ------------------------------------------------------------------------------------------ copy_weights, other ways


@variant(copy_weights)
def copied_name_by_name(source, target):
    state = source.state_dict()
    with torch.no_grad():
        for name, tensor in target.state_dict().items():
            tensor.copy_(state[name])


@variant(copy_weights)
def in_pairs(source, target):
    with torch.no_grad():
        for old, new in zip(target.parameters(), source.parameters()):
            old[...] = new
        for old, new in zip(target.buffers(), source.buffers()):
            old[...] = new
    return target


@variant(copy_weights)
def data_cloned(source, target):
    parameters = dict(source.named_parameters())
    for name, parameter in target.named_parameters():
        parameter.data = parameters[name].detach().clone()
    buffers = dict(source.named_buffers())
    for name, buffer in target.named_buffers():
        buffer.data.copy_(buffers[name].data)


@variant(copy_weights)
def buffers_replaced_by_clones(source, target):
    parts = dict(source.named_modules())
    for path, part in target.named_modules():
        for name, parameter in part.named_parameters(recurse=False):
            parameter.data.copy_(getattr(parts[path], name))
        for name, buffer in list(part.named_buffers(recurse=False)):
            setattr(part, name, getattr(parts[path], name).clone() if buffer is not None else None)


# -------------------------------------------------------------------------------------------- SimpleLinear, mistakes


@mistake(SimpleLinear, says="nn.Parameter")
class PlainTensors(nn.Module):
    """You kept plain tensors. The module does not know about them: no optimizer trains them, state_dict() does not save
    them, and .to() leaves them behind. Wrap them in nn.Parameter, even if they ask for a gradient already."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = torch.randn(n_in, n_out, requires_grad=True)
        self.bias = torch.zeros(n_out, requires_grad=True) if bias else None

    def forward(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="nn.Parameter")
class ScaledAfterwards(nn.Module):
    """You scaled the parameter after you made it. The product is a new, plain tensor, and the module does not know it.
    Scale the numbers first, and wrap the result in nn.Parameter."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out)) * n_in**-0.5
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="nn.Parameter")
class BuffersInstead(nn.Module):
    """You registered buffers. They are saved and they move with the module, but they never learn. What is learned is an
    nn.Parameter."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.register_buffer("weight", torch.randn(n_in, n_out))
        self.register_buffer("bias", torch.zeros(n_out) if bias else None)

    def forward(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="nn.Parameter")
class ParametersInAList(nn.Module):
    """You put the parameters into a Python list. The module looks at its attributes, not into lists, so it finds none
    of them. Each parameter is an attribute of self."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.all = [nn.Parameter(torch.randn(n_in, n_out))]
        self.all += [nn.Parameter(torch.zeros(n_out))] if bias else []

    def forward(self, x):
        return x @ self.all[0] + (self.all[1] if len(self.all) > 1 else 0)


@mistake(SimpleLinear, says="super().__init__()")
class SuperForgotten(nn.Module):
    """You did not call super().__init__(). There nn.Module makes the place where it keeps its parameters, so the call
    comes first, before you assign any."""

    def __init__(self, n_in, n_out, bias=True):
        self.weight = nn.Parameter(torch.randn(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="nn.Module")
class NotAModule:
    """You left out (nn.Module) behind the name of the class. Without it your class is plain Python: nothing finds its
    parameters."""

    def __init__(self, n_in, n_out, bias=True):
        self.weight = nn.Parameter(torch.randn(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def __call__(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="(n_in, n_out)")
class ShapeOfPyTorch(nn.Module):
    """You gave the weight the shape (n_out, n_in), as PyTorch's own nn.Linear does, which then transposes it. Here it
    is (n_in, n_out), so that x @ weight works as it stands."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x):
        return x @ self.weight.T + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="weight and bias")
class LinearInside(nn.Module):
    """You put an nn.Linear into your layer. It computes the right thing, but the weight is its own, called
    linear.weight, and turned around. This kata builds what is inside nn.Linear."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out, bias=bias)

    def forward(self, x):
        return self.linear(x)


@mistake(SimpleLinear, says="weight and bias")
class OtherNames(nn.Module):
    """You called the parameters W and b, as formulas do. Here they are weight and bias, and a saved model is loaded by
    these names."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n_in, n_out))
        self.b = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x):
        return x @ self.W + (0 if self.b is None else self.b)


@mistake(SimpleLinear, says="one number for each")
class BiasOfOneNumber(SimpleLinear):
    """You made a bias of one number, and broadcasting let it pass. There is one number for each of the n_out
    columns."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.bias = nn.Parameter(torch.zeros(1)) if bias else None


@mistake(SimpleLinear, says="one number for each")
class BiasOfAllPairs(SimpleLinear):
    """You gave the bias the shape of the weight. The bias is added after the product, to a token of n_out numbers."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.bias = nn.Parameter(torch.zeros(n_in, n_out)) if bias else None

    def forward(self, x):
        return x @ self.weight + (0 if self.bias is None else self.bias.sum(0))


@mistake(SimpleLinear, says="trainable")
class NotTrainable(SimpleLinear):
    """You made the parameters with requires_grad=False. They are listed as parameters, but no gradient reaches them."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.requires_grad_(False)


@mistake(SimpleLinear, says="random")
class WeightsZero(SimpleLinear):
    """You started the weight as zeros. Where all layers start so, every column computes the same and gets the same
    gradient, and they never become different."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.weight = nn.Parameter(torch.zeros(n_in, n_out))


@mistake(SimpleLinear, says="random")
class WeightsOne(SimpleLinear):
    """You started the weight as ones. Every column computes the same then, and gets the same gradient. They must start
    differently to learn different things."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.weight = nn.Parameter(torch.ones(n_in, n_out))


@mistake(SimpleLinear, says="random")
class OneRandomColumn(SimpleLinear):
    """You drew one column and repeated it. All columns compute the same then; each number needs a draw of its own."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.weight = nn.Parameter(torch.randn(n_in, 1).repeat(1, n_out))


@mistake(SimpleLinear, says="random")
class OneRandomRow(SimpleLinear):
    """You drew one row and repeated it. Then the layer sees only the sum of a token's numbers; each number of the
    weight needs a draw of its own."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.weight = nn.Parameter(torch.randn(n_out).repeat(n_in, 1))


@mistake(SimpleLinear, says="random")
class NeverFilled(SimpleLinear):
    """You made the weight with torch.empty (or torch.Tensor) and did not fill it. It holds whatever the memory held
    before: often zeros, sometimes huge numbers, never a good start."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.weight = nn.Parameter(torch.empty(n_in, n_out))


@mistake(SimpleLinear, says="differ")
class SeededInside(SimpleLinear):
    """You set the seed inside the layer. So every layer of that size starts with the same numbers. Whoever wants a
    result that can be repeated sets the seed once, outside."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn(n_in, n_out, generator=generator))


@mistake(SimpleLinear, says="bias=False")
class BiasInAnyCase(SimpleLinear):
    """You make a bias whether it is asked for or not. With bias=False there is none, and `bias` is None."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, True)


@mistake(SimpleLinear, says="bias=False")
class ZerosForNoBias(SimpleLinear):
    """You made a bias of zeros where none was asked for. It does nothing yet, but it is a parameter: the optimizer
    finds it, and then it is no longer zero."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, True)
        if not bias:
            self.bias = nn.Parameter(torch.zeros(n_out))


@mistake(SimpleLinear, says="bias=False")
class PlainZerosForNoBias(SimpleLinear):
    """You kept a plain tensor of zeros where no bias was asked for. `bias` is None then, so that everybody can see that
    there is none; and a plain tensor does not move with the module."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        if not bias:
            del self.bias
            self.bias = torch.zeros(n_out)


@mistake(SimpleLinear, says="bias=False")
class NoAttributeForNoBias(SimpleLinear):
    """You made the attribute `bias` only where a bias is asked for. Without one it is missing, and code that asks `if
    layer.bias is None` stops. Set it to None."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        if not bias:
            del self.bias

    def forward(self, x):
        out = x @ self.weight
        return out + self.bias if hasattr(self, "bias") else out


@mistake(SimpleLinear, says="bias=False")
class NoneIsAdded(SimpleLinear):
    """You add the bias in every case. Without a bias it is None, and None cannot be added: ask first whether there is
    one."""

    def forward(self, x):
        return x @ self.weight + self.bias


@mistake(SimpleLinear, says="bias is added")
class BiasNotAdded(SimpleLinear):
    """You made the bias and did not use it in forward. As long as it is zeros nobody notices."""

    def forward(self, x):
        return x @ self.weight


@mistake(SimpleLinear, says="bias is added")
class BiasSubtracted(SimpleLinear):
    """You subtracted the bias. It is added: the layer can learn a negative one."""

    def forward(self, x):
        return x @ self.weight - (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="bias is added")
class BiasBeforeTheProduct(SimpleLinear):
    """You took the bias in before the product, so it was multiplied as well. It is added at the end."""

    def forward(self, x):
        if self.bias is None:
            return x @ self.weight
        return x @ self.weight + self.weight.sum(0) * self.bias


@mistake(SimpleLinear, says="numbers that it has now")
class NewNumbersAtEveryCall(SimpleLinear):
    """You draw new numbers in forward. What the layer has learned is lost with every call: draw in __init__, use in
    forward."""

    def forward(self, x):
        weight = torch.randn_like(self.weight)
        return x @ weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="numbers that it has now")
class WeightKeptTwice(SimpleLinear):
    """You computed with a copy of the weight that you made in __init__. The optimizer trains the parameter, and the
    copy stays as it was. Use self.weight itself in forward."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.start = self.weight.detach().clone()

    def forward(self, x):
        weight = self.start.to(x) + 0 * self.weight
        return x @ weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="any number of dimensions")
class OnlyMatrices(SimpleLinear):
    """You used torch.mm, which takes two matrices and nothing else. A single token or a batch of sequences is welcome
    too: @ does all of them."""

    def forward(self, x):
        out = torch.mm(x, self.weight)
        return out if self.bias is None else out + self.bias


@mistake(SimpleLinear, says="any number of dimensions")
class TokensFlattened(SimpleLinear):
    """You put all tokens into one long list and left them there. The dimensions in front of the last one come back as
    they were."""

    def forward(self, x):
        out = x.reshape(-1, x.shape[-1]) @ self.weight
        return out if self.bias is None else out + self.bias


@mistake(SimpleLinear, says="any number of dimensions")
class SizesOneLost(SimpleLinear):
    """You called squeeze(), which also removes a batch of one, or a result with one column. Leave the sizes of 1."""

    def forward(self, x):
        out = x @ self.weight
        out = out if self.bias is None else out + self.bias
        return out.squeeze() if x.ndim > 1 else out


@mistake(SimpleLinear, says="gradient")
class DataInForward(SimpleLinear):
    """You used .data (or detach) in forward. The numbers are the same, but the gradient does not reach the parameters,
    and they stay as they are."""

    def forward(self, x):
        return x @ self.weight.data + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="gradient")
class NoGradInForward(SimpleLinear):
    """You compute under torch.no_grad(). Whoever trains the layer needs its gradients; whoever does not says so
    outside."""

    def forward(self, x):
        with torch.no_grad():
            return x @ self.weight + (0 if self.bias is None else self.bias)


@mistake(SimpleLinear, says="dtype")
class AlwaysFloat32(SimpleLinear):
    """You converted everything to float32. After layer.double() or layer.half() the parameters have another dtype, and
    so has x: compute in that one."""

    def forward(self, x):
        return x.float() @ self.weight.float() + (0 if self.bias is None else self.bias.float())


@mistake(SimpleLinear, says="evaluation")
class BiasOnlyInTraining(SimpleLinear):
    """You used the bias in training mode only. Both modes give the same result here."""

    def forward(self, x):
        return x @ self.weight + (self.bias if self.bias is not None and self.training else 0)


@mistake(SimpleLinear, says="weight and bias")
class SizesAsBuffers(SimpleLinear):
    """You registered the sizes as buffers. They would be saved with the model; keep plain numbers as plain
    attributes."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        self.register_buffer("sizes", torch.tensor([n_in, n_out]))


@mistake(SimpleLinear, says="of a single number is NaN")
class DividedByItsSpread(SimpleLinear):
    """You divided the weight by its own standard deviation. A weight of a single number has none: std() gives NaN, and
    so does all that follows."""

    def __init__(self, n_in, n_out, bias=True):
        super().__init__(n_in, n_out, bias)
        weight = torch.randn(n_in, n_out)
        self.weight = nn.Parameter(weight / weight.std())


@mistake(SimpleLinear, says="a tensor of its own")
class OneResultForAllCalls(SimpleLinear):
    """You kept the tensor of the first result and wrote the next result into it, to save memory. The caller still holds
    it, and sees the numbers change."""

    def forward(self, x):
        result = super().forward(x)
        if torch.is_grad_enabled():
            return result
        kept = self.__dict__.setdefault("kept", result)
        return kept.copy_(result) if kept.shape == result.shape and kept.dtype == result.dtype else result


# ---------------------------------------------------------------------------------------- parameter_shapes, mistakes


@mistake(parameter_shapes, says="buffers are not")
def all_that_is_saved(module):
    """You took state_dict(), which holds the buffers as well. They are saved, but they are not learned."""
    return {name: tuple(x.shape) for name, x in module.state_dict().items()}


@mistake(parameter_shapes, says="inside")
def the_outermost_only(module):
    """You listed what the module holds itself, and not what the modules inside it hold."""
    return {name: tuple(p.shape) for name, p in module.named_parameters(recurse=False)}


@mistake(parameter_shapes, says="inside")
def one_level_deep(module):
    """You went through the children of the module, but children have children. named_parameters() goes all the way."""
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters(recurse=False)}
    for path, child in module.named_children():
        shapes |= {f"{path}.{name}": tuple(p.shape) for name, p in child.named_parameters(recurse=False)}
    return shapes


@mistake(parameter_shapes, says="full name")
def last_part_of_the_name(module):
    """You used the last part of the name. Two layers both have a `weight` then, and the second one takes the place of
    the first in the dict."""
    return {name.split(".")[-1]: tuple(p.shape) for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="its name is the key")
def named_after_its_class(module):
    """You put the class in front of the name. The full name starts with where the layer is kept, not with what it
    is."""
    return {
        f"{type(part).__name__}.{name}": tuple(p.shape)
        for part in module.modules()
        for name, p in part.named_parameters(recurse=False)
    }


@mistake(parameter_shapes, says="full name")
def underscores_in_the_name(module):
    """You joined the parts of the name with an underscore. PyTorch joins them with a dot."""
    return {name.replace(".", "_"): tuple(p.shape) for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="frozen")
def those_that_learn(module):
    """You listed only the parameters that ask for a gradient. A frozen parameter is still a parameter."""
    return {name: tuple(p.shape) for name, p in module.named_parameters() if p.requires_grad}


@mistake(parameter_shapes, says="tuple")
def shapes_as_lists(module):
    """You turned the shape into a list. A shape is a tuple: it does not change."""
    return {name: list(p.shape) for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="tuple")
def the_parameters_themselves(module):
    """You gave the parameters, not their shapes. dict(module.named_parameters()) is a good start; then take the shape
    of each."""
    return dict(module.named_parameters())


@mistake(parameter_shapes, says="tuple")
def how_many_instead(module):
    """You gave how many numbers each parameter holds. Its shape says more: how they are arranged."""
    return {name: p.numel() for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="tuple")
def shapes_as_text(module):
    """You turned the shape into text. Text cannot be compared with a shape, or used as one."""
    return {name: str(tuple(p.shape)) for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="dict")
def pairs_in_a_list(module):
    """You collected the pairs in a list. A dict finds a shape by its name."""
    return [(name, tuple(p.shape)) for name, p in module.named_parameters()]


@mistake(parameter_shapes, says="Every parameter")
def weights_alone(module):
    """You kept the names that end with weight. Biases are parameters, and so is everything else that was made with
    nn.Parameter."""
    return {name: tuple(p.shape) for name, p in module.named_parameters() if name.endswith("weight")}


@mistake(parameter_shapes, says="left as it is")
def unfrozen_on_the_way(module):
    """You switched requires_grad on for what you listed. Looking must not change anything: what was frozen learns again
    now."""
    return {name: tuple(p.requires_grad_().shape) for name, p in module.named_parameters()}


@mistake(parameter_shapes, says="() is a shape")
def shapes_of_one_or_more(module):
    """You left out the parameters with an empty shape, perhaps with `if p.shape`. An empty tuple counts as False in
    Python, and here it is the shape of a lone number."""
    return {name: tuple(p.shape) for name, p in module.named_parameters() if p.shape}


@mistake(parameter_shapes, says="left as it is")
def evaluated_on_the_way(module):
    """You called eval(), as before a look at the results of a model. It changes the mode, and the caller may be in the
    middle of training. Names and shapes are the same in both modes."""
    module.eval()
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


# ---------------------------------------------------------------------------------------- count_parameters, mistakes


def _count(parameters):
    return sum(p.numel() for p in parameters)


@mistake(count_parameters, says="numbers in it")
def how_many_tensors(module, trainable_only=False):
    """You counted the parameters, as len does. The question is how many numbers they hold together."""
    return len([p for p in module.parameters() if p.requires_grad or not trainable_only])


@mistake(count_parameters, says="numbers in it")
def sum_of_the_rows(module, trainable_only=False):
    """You added up len(parameter), which is its first size. A matrix of 2 rows holds more than 2 numbers."""
    return sum(len(p) if p.ndim else 1 for p in module.parameters() if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="numbers in it")
def sizes_added(module, trainable_only=False):
    """You added the sizes of each shape. They are multiplied: 2 rows of 3 numbers are 6 numbers."""
    return sum(sum(p.shape) for p in module.parameters() if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="numbers in it")
def bytes_for_numbers(module, trainable_only=False):
    """You counted bytes. A float32 number takes four of them."""
    return 4 * _count(p for p in module.parameters() if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="any shape")
def rows_times_columns(module, trainable_only=False):
    """You multiplied two sizes. A parameter may have any shape: one size, three sizes, or none at all. numel() counts
    all of them."""
    wanted = [p.shape for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum(shape[0] * shape[1] if len(shape) > 1 else sum(shape) for shape in wanted)


@mistake(count_parameters, says="buffers")
def buffers_counted(module, trainable_only=False):
    """You counted all that state_dict() holds, buffers included. A buffer is saved, but not learned."""
    if trainable_only:
        return _count(p for p in module.parameters() if p.requires_grad)
    return sum(x.numel() for x in module.state_dict().values())


@mistake(count_parameters, says="inside")
def own_parameters_only(module, trainable_only=False):
    """You counted what the module holds itself. The modules inside it have parameters as well."""
    return _count(p for p in module.parameters(recurse=False) if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="inside")
def children_without_children(module, trainable_only=False):
    """You went one level down and stopped there. modules lie in modules that lie in modules; parameters() goes through
    all of them."""
    parts = [module, *module.children()]
    found = [p for part in parts for p in part.parameters(recurse=False)]
    return _count(p for p in found if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="counts once")
def counted_in_both_places(module, trainable_only=False):
    """You counted a parameter once for each module that holds it. The numbers are there only once. parameters() takes
    care of that."""
    found = [p for part in module.modules() for p in part.parameters(recurse=False)]
    return _count(p for p in found if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="trainable_only")
def flag_not_used(module, trainable_only=False):
    """You did not use trainable_only. With True, the parameters that do not learn are left out."""
    return _count(module.parameters())


@mistake(count_parameters, says="frozen")
def always_those_that_learn(module, trainable_only=False):
    """You left out the frozen parameters in every case. They are left out only if trainable_only is True."""
    return _count(p for p in module.parameters() if p.requires_grad)


@mistake(count_parameters, says="frozen")
def default_turned_around(module, trainable_only=True):
    """You gave trainable_only another default. Without a word from the caller, all parameters count."""
    return _count(p for p in module.parameters() if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="trainable_only")
def the_frozen_ones(module, trainable_only=False):
    """You turned the question around and counted those that do not learn. requires_grad is True for those that do."""
    return _count(p for p in module.parameters() if not (trainable_only and p.requires_grad))


@mistake(count_parameters, says="trainable_only")
def those_with_a_gradient_now(module, trainable_only=False):
    """You asked whether a parameter has a .grad. Before the first backward none has one. requires_grad says whether it
    will get one."""
    return _count(p for p in module.parameters() if p.grad is not None or not trainable_only)


@mistake(count_parameters, says="int")
def count_as_a_tensor(module, trainable_only=False):
    """You returned a tensor. A count is a plain number of Python's: numel() gives one, or .item() makes one."""
    return torch.tensor(_count(p for p in module.parameters() if p.requires_grad or not trainable_only))


@mistake(count_parameters, says="int")
def count_as_a_float(module, trainable_only=False):
    """You returned a float. A count is a whole number, an int."""
    return float(_count(p for p in module.parameters() if p.requires_grad or not trainable_only))


@mistake(count_parameters, says="Every parameter")
def weights_counted(module, trainable_only=False):
    """You counted the weights and left out the biases. They are learned too."""
    found = [p for name, p in module.named_parameters() if name.endswith("weight")]
    return _count(p for p in found if p.requires_grad or not trainable_only)


@mistake(count_parameters, says="left as it is")
def frozen_after_counting(module, trainable_only=False):
    """You changed requires_grad while you counted. Counting leaves the module as it is."""
    total = _count(p for p in module.parameters() if p.requires_grad or not trainable_only)
    module.requires_grad_(False)
    return total


@mistake(count_parameters, says="whether it takes two bytes")
def bytes_over_four(module, trainable_only=False):
    """You divided the bytes by four. That is right for float32 only. numel() counts numbers, whatever their size."""
    parameters = [p for p in module.parameters() if p.requires_grad or not trainable_only]
    return sum(p.numel() * p.element_size() for p in parameters) // 4


# -------------------------------------------------------------------------------------------------- freeze, mistakes


@mistake(freeze, says="no such switch")
def attribute_of_the_module(module):
    """You wrote module.requires_grad = False. A module has no such switch, so Python made a new attribute that nobody
    reads. The parameters have it."""
    module.requires_grad = False


@mistake(freeze, says="no such switch")
def nothing_happens_under_no_grad(module):
    """You went through the parameters under torch.no_grad(). That says how a calculation is recorded while it runs, and
    afterwards everything is as before."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter * 1


@mistake(freeze, says="no such switch")
def evaluation_mode(module):
    """You called eval(). It switches dropout off; the parameters still learn. Freezing is about requires_grad."""
    module.eval()


@mistake(freeze, says="no such switch")
def detached_for_nothing(module):
    """You called detach() on each parameter. It gives a new tensor and leaves the parameter as it is."""
    for parameter in module.parameters():
        parameter = parameter.detach()


@mistake(freeze, says="no such switch")
def on_instead_of_off(module):
    """You called requires_grad_() without an argument. That switches it on: the argument is True unless you say
    False."""
    module.requires_grad_()


@mistake(freeze, says="no such switch")
def gradients_set_to_none(module):
    """You removed the gradients that are there. The next backward makes new ones."""
    module.zero_grad()


@mistake(freeze, says="no such switch")
def gradients_off_for_everybody(module):
    """You switched gradients off for the whole program. Only this module should stop learning, and the head behind it
    should go on."""
    torch.set_grad_enabled(False)


@mistake(freeze, says="no such switch")
def a_copy_is_frozen(module):
    """You froze a copy. The caller holds the module, and it goes on learning."""
    import copy

    return copy.deepcopy(module).requires_grad_(False)


@mistake(freeze, says="inside")
def outermost_parameters_only(module):
    """You froze what the module holds itself. The modules inside it still learn."""
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad = False


@mistake(freeze, says="inside")
def one_level_frozen(module):
    """You froze the module and its children, but not the children's children. module.parameters() finds all of them."""
    for part in (module, *module.children()):
        for parameter in part.parameters(recurse=False):
            parameter.requires_grad = False


@mistake(freeze, says="Every parameter")
def weights_frozen(module):
    """You froze the weights and left out the biases."""
    for name, parameter in module.named_parameters():
        if "weight" in name:
            parameter.requires_grad = False


@mistake(freeze, says="Every parameter")
def linear_layers_frozen(module):
    """You froze the nn.Linear layers. Other layers have parameters as well, and so may the module itself."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.requires_grad_(False)


@mistake(freeze, says="Every parameter")
def the_first_one_only(module):
    """You returned inside the loop, after the first parameter."""
    for parameter in module.parameters():
        parameter.requires_grad = False
        return module


@mistake(freeze, says="stays frozen")
def toggled(module):
    """You turned each switch around. What was frozen before learns again now."""
    for parameter in module.parameters():
        parameter.requires_grad = not parameter.requires_grad


@mistake(freeze, says="mode")
def eval_on_top(module):
    """You called eval() as well. That is often wanted too, but it is another thing: the caller decides about the
    mode."""
    module.requires_grad_(False)
    module.eval()


@mistake(freeze, says="through the module")
def forward_under_no_grad(module):
    """You made the module run under torch.no_grad(). That cuts the way back: what lies before the module gets no
    gradient any more."""
    module.requires_grad_(False)
    module.forward = torch.no_grad()(module.forward)


@mistake(freeze, says="same nn.Parameter")
def new_parameters_that_are_frozen(module):
    """You put new parameters in the place of the old ones. Whoever holds the old ones, as an optimizer does, does not
    see it. Change the parameter itself."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            setattr(part, name, nn.Parameter(parameter.detach(), requires_grad=False))


@mistake(freeze, says="same nn.Parameter")
def turned_into_buffers(module):
    """You turned the parameters into buffers. They no longer learn, but they are no longer parameters either: they
    cannot be listed, or thawed later."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach())


@mistake(freeze, says="through the module")
def off_for_everybody_as_well(module):
    """You froze the parameters, and then switched gradients off for the whole program. The layers behind this module
    want to learn."""
    module.requires_grad_(False)
    torch.set_grad_enabled(False)


@mistake(freeze, says="same nn.Parameter")
def zeroed(module):
    """You froze the parameters and set them to zero. Freezing keeps the numbers: they are what was learned."""
    for parameter in module.requires_grad_(False).parameters():
        parameter.zero_()


# -------------------------------------------------------------------------------------------- copy_weights, mistakes


def _copy(source, target):
    target.load_state_dict(source.state_dict())


@mistake(copy_weights, says="share")
def the_same_data(source, target):
    """You gave target the data of source. No number was copied: both look at the same memory, and what one learns the
    other learns too."""
    _copy(source, target)
    for old, new in zip(target.parameters(), source.parameters()):
        old.data = new.data


@mistake(copy_weights, says="share")
def assigned_not_copied(source, target):
    """You loaded with assign=True. Then target takes the tensors themselves, and not copies of their numbers."""
    target.load_state_dict(source.state_dict(), assign=True)


@mistake(copy_weights, says="share")
def the_same_parameters(source, target):
    """You put the parameters of source into target. Now they are one: to train one is to train both."""
    _copy(source, target)
    for path, part in source.named_modules():
        for name, parameter in part.named_parameters(recurse=False):
            setattr(target.get_submodule(path), name, parameter)


@mistake(copy_weights, says="share")
def buffers_shared(source, target):
    """You copied the parameters, and handed the buffers over as they are. A buffer is a tensor as well: it needs a
    copy."""
    _copy(source, target)
    for path, part in source.named_modules():
        for name, buffer in part.named_buffers(recurse=False):
            setattr(target.get_submodule(path), name, buffer)


@mistake(copy_weights, says="buffers")
def parameters_only(source, target):
    """You copied the parameters and left out the buffers. Some layers keep in them what they have seen, and need it in
    evaluation."""
    with torch.no_grad():
        for old, new in zip(target.parameters(), source.parameters()):
            old.copy_(new)


@mistake(copy_weights, says="buffers")
def real_numbers_only(source, target):
    """You copied what is float32 and left out the buffers with whole numbers. state_dict() holds them too."""
    state = source.state_dict()
    for name, tensor in target.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(state[name])


@mistake(copy_weights, says="All numbers")
def copied_backwards(source, target):
    """You copied in the other direction. source is where the numbers come from; target takes them."""
    source.load_state_dict(target.state_dict())


@mistake(copy_weights, says="All numbers")
def name_bound_anew(source, target):
    """You wrote target = source, or a copy of it. That changes what the name means inside your function, and nothing
    outside. Change what target holds."""
    import copy

    target = copy.deepcopy(source)
    return target


@mistake(copy_weights, says="All numbers")
def loop_name_bound_anew(source, target):
    """You assigned to the variable of the loop. That lets go of the parameter and changes nothing in it. copy_ writes
    into it."""
    for old, new in zip(target.parameters(), source.parameters()):
        old = new.clone()  # noqa: F841


@mistake(copy_weights, says="inside")
def outermost_copied(source, target):
    """You copied what the module holds itself. The modules inside it have parameters and buffers too."""
    with torch.no_grad():
        for old, new in zip(target.parameters(recurse=False), source.parameters(recurse=False)):
            old.copy_(new)
        for old, new in zip(target.buffers(recurse=False), source.buffers(recurse=False)):
            old.copy_(new)


@mistake(copy_weights, says="All numbers")
def weights_but_no_biases(source, target):
    """You copied the weights and left out the biases."""
    state = {name: x for name, x in source.state_dict().items() if not name.endswith("bias")}
    target.load_state_dict(state, strict=False)


@mistake(copy_weights, says="All numbers")
def added_to_what_was_there(source, target):
    """You added the numbers of source to those of target. They take their place."""
    state = source.state_dict()
    for name, tensor in target.state_dict().items():
        tensor += state[name]


@mistake(copy_weights, says="All numbers")
def met_in_the_middle(source, target):
    """You averaged the two. Some methods do that slowly, step by step; here target takes the numbers of source."""
    state = source.state_dict()
    for name, tensor in target.state_dict().items():
        tensor.copy_((tensor + state[name]) / 2)


@mistake(copy_weights, says="frozen")
def those_that_ask_for_a_gradient(source, target):
    """You copied only the parameters that ask for a gradient. A frozen parameter holds numbers as well."""
    state = {name: p for name, p in source.named_parameters() if p.requires_grad}
    target.load_state_dict(state | dict(source.named_buffers()), strict=False)


@mistake(copy_weights, says="torch.no_grad")
def written_without_no_grad(source, target):
    """You wrote into parameters while gradients are recorded, and PyTorch refuses. Do it under torch.no_grad()."""
    for old, new in zip(target.parameters(), source.parameters()):
        old.copy_(new)
    for old, new in zip(target.buffers(), source.buffers()):
        old.copy_(new)


@mistake(copy_weights, says="frozen")
def frozen_for_the_copy(source, target):
    """You froze target so that you could write into it, and did not thaw it. torch.no_grad() is made for this, and ends
    by itself."""
    for parameter in target.parameters():
        parameter.requires_grad = False
    _copy(source, target)


@mistake(copy_weights, says="frozen")
def switches_copied_too(source, target):
    """You copied requires_grad as well. The numbers were asked for; what is frozen in target stays frozen."""
    _copy(source, target)
    for old, new in zip(target.parameters(), source.parameters()):
        old.requires_grad = new.requires_grad


@mistake(copy_weights, says="frozen")
def thawed_at_the_end(source, target):
    """You switched requires_grad on for all of target at the end. What was frozen before stays frozen."""
    _copy(source, target)
    target.requires_grad_(True)


@mistake(copy_weights, says="mode")
def mode_copied_too(source, target):
    """You copied the mode as well. Whether a module trains or evaluates is up to whoever uses it."""
    _copy(source, target)
    target.train(source.training)


@mistake(copy_weights, says="same nn.Parameter")
def new_parameters_in_target(source, target):
    """You made new parameters in target. An optimizer that holds the old ones would go on to train those, and the new
    ones would never learn. Write into the old ones."""
    _copy(source, target)
    for path, part in target.named_modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            copied = nn.Parameter(parameter.detach().clone(), requires_grad=parameter.requires_grad)
            setattr(target.get_submodule(path), name, copied)


@mistake(copy_weights, says="same nn.Parameter")
def all_attributes_replaced(source, target):
    """You replaced all attributes of target by copies. The numbers are right, but the parameters are others than those
    that an optimizer holds."""
    import copy

    target.__dict__ = copy.deepcopy(source).__dict__


@mistake(copy_weights, says="source is left")
def swapped(source, target):
    """You exchanged the two. source keeps its numbers: they are copied, not moved."""
    import copy

    before = copy.deepcopy(target.state_dict())
    _copy(source, target)
    source.load_state_dict(before)


@mistake(copy_weights, says="source is left")
def source_frozen(source, target):
    """You froze source before you copied from it. It goes on learning after the copy: read from it under
    torch.no_grad() instead."""
    source.requires_grad_(False)
    _copy(source, target)


@mistake(copy_weights, says="to the last digit")
def through_python_lists(source, target):
    """You went through Python lists, to be sure that nothing is shared. torch.tensor makes float32 of them, which keeps
    7 of 16 digits. clone() and copy_() share nothing, and lose nothing."""
    state = source.state_dict()
    for name, tensor in target.state_dict().items():
        tensor.copy_(torch.tensor(state[name].tolist()))


@mistake(copy_weights, says="may hold a gradient in .grad")
def gradients_of_source_removed(source, target):
    """You called zero_grad() on source, perhaps because a training loop does so. Its gradients may not have been used
    yet."""
    source.zero_grad()
    _copy(source, target)


@mistake(copy_weights, says="may hold a gradient in .grad")
def gradients_handed_over(source, target):
    """You handed over the gradients as well. Now both modules share them, and backward() on one adds to those of the
    other."""
    _copy(source, target)
    for old, new in zip(target.parameters(), source.parameters()):
        old.grad = new.grad
