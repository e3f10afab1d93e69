"""Devices: the same code on every device."""

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn

from dojo.authoring import mistake, variant


def pick_device(cuda: bool, mps: bool) -> str:
    """Choose the device to compute on: the best one that there is.

    "cuda", an NVIDIA graphics card, comes before "mps", the graphics processor of an Apple computer. "mps" comes before
    "cpu", which every computer has. The caller has asked the machine what it has. Decide by the two arguments alone.

    Args:
        cuda: True if "cuda" can be used.
        mps: True if "mps" can be used.

    Returns:
        One of the three strings "cuda", "mps" and "cpu".

    Example:
        >>> pick_device(False, True)
        'mps'
    """
    if cuda:
        return "cuda"
    return "mps" if mps else "cpu"


def like_device(x: Shaped[Tensor, "*shape"], other: Shaped[Tensor, "*any"]) -> Shaped[Tensor, "*shape"]:
    """Bring x to the device of another tensor.

    Args:
        x: a tensor of any shape and dtype, on any device. It is not modified: the caller's x stays where it is.
        other: a tensor of any shape and dtype, on any device. Only its device counts.

    Returns:
        A tensor with the values, shape and dtype of x, on the device of other. Where x is there already, it may be x
        itself. Gradients (kata 11) flow back to x.

    Example:
        >>> like_device(torch.tensor([1, 2]), torch.zeros(3, device="meta")).device
        device(type='meta')
    """
    return x.to(other.device)


def positions_for(x: Shaped[Tensor, "batch seq d"]) -> Int64[Tensor, " seq"]:
    """Number the places of the sequences in x: 0, 1, 2 and so on.

    Args:
        x: tokens, shape (batch, seq, d), each size at least 1, of any dtype and on any device. Its numbers do not
            matter: they may be 0 or NaN. It is not modified.

    Returns:
        A new tensor of shape (seq,) with the numbers 0 to seq - 1, int64 whatever the dtype of x, on the device of x.

    Example:
        >>> positions_for(torch.zeros(2, 4, 3))
        tensor([0, 1, 2, 3])
    """
    return torch.arange(x.size(1), device=x.device)  # (T,)


def same_device(*tensors: Shaped[Tensor, "..."]) -> bool:
    """Say whether all tensors lie on one device.

    Two graphics cards in one computer, "cuda:0" and "cuda:1", are two devices.

    Args:
        *tensors: any number of tensors, of any shapes and dtypes: same_device(a), same_device(a, b, c).

    Returns:
        True if all of them are on one device, whichever it is, else False. True also for one tensor, or for none.

    Example:
        >>> same_device(torch.zeros(2), torch.zeros(2, 3), torch.zeros(4, device="meta"))
        False
    """
    return len({tensor.device for tensor in tensors}) <= 1


def add_anywhere(a: Shaped[Tensor, "*shape"], b: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Add two tensors, which may be on two devices: b comes to the device of a.

    Args:
        a: a tensor of any shape, of real or of whole numbers, on any device.
        b: a tensor of the same shape and dtype, on any device. Neither of the two is modified.

    Returns:
        A new tensor, a + b, of that shape and dtype, on the device of a. Gradients (kata 11) flow back to both.

    Example:
        >>> add_anywhere(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([11., 22.])
    """
    return a + b.to(a.device)


class Scaler(nn.Module):
    """A layer that multiplies by fixed numbers. It keeps them as a buffer: a tensor that is part of the layer.

    The layer has one buffer, named `scale`, and no parameters: training must not change the scale.
    A buffer goes with the layer when `.to()` is called, to another device or dtype, and `state_dict()` saves it.

    Example:
        >>> Scaler(torch.tensor([1.0, 10.0]))(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[ 1., 20.],
                [ 3., 40.]])
    """

    def __init__(self, scale: Float[Tensor, "*d"]):
        """Keep the scale as a buffer.

        Args:
            scale: one number for each of the d columns, shape (d,), or one number for all of them, shape (). A
                floating-point dtype, on any device. It is not modified. The buffer has its values, shape, dtype and
                device.
        """
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Multiply x by the buffer, as it is by now: it may have been moved, or loaded from a file.

        Args:
            x: tokens, shape (..., d), with the dtype and device of the buffer. It is not modified.

        Returns:
            A new tensor, x * scale, shape (..., d), with the dtype and device of x. Gradients flow back to x.
        """
        return x * self.scale  # (..., d) * (d,)


BANNED: dict[str, str] = {}

HINTS = {
    "pick_device": [
        "Three questions in the right order. Which device would you take if the machine has everything?",
        "(cuda, mps) is one of four pairs: (True, anything) gives cuda, (False, True) gives mps, (False, False) cpu.",
        'If cuda is true, return "cuda". Otherwise, if mps is true, return "mps". Otherwise return "cpu".',
    ],
    "like_device": [
        "You need not know the name of the device. Which of the two tensors can tell you?",
        "A tensor says where it is: other.device. A tensor has a method that gives it on a device: x.to(device).",
        "Return what x.to(...) gives, with the device of other between the parentheses. Return it: x itself stays.",
    ],
    "positions_for": [
        "Which of the three sizes of x counts the places? And where must the new tensor live?",
        "x is (batch, seq, d): the number of places is x.shape[1]. The result is (seq,), int64, on x.device.",
        "torch.arange takes the number where it stops, and device=. With a whole number it makes int64 by itself.",
    ],
    "same_device": [
        "With a star in front, tensors is a tuple of all arguments. What does each of them say of its device?",
        "Two devices can be compared with ==, and gathered in a set, which keeps each one once.",
        "Make a set of tensor.device for each tensor in tensors. How many entries has it at most, if all are on one?",
    ],
    "add_anywhere": [
        "Which of the two may stay where it is?",
        "a and b have one shape, but perhaps two devices. First bring b to a.device; then the sum lives there too.",
        "Add a and what b.to(...) gives, with the device of a between the parentheses.",
    ],
    "Scaler": [
        "A plain attribute stays behind when the layer moves. Which method of nn.Module makes a buffer?",
        "In __init__: call super().__init__(), then register the tensor under the name scale. "
        "In forward: x is (..., d), the buffer (d,) or (); they line up as they are.",
        'self.register_buffer("scale", ...) keeps it. Afterwards it can be reached as self.scale: '
        "forward returns the product of x and that.",
    ],
}


# ------------------------------------------------------------------------------------------------ other right answers


@variant(pick_device)
def by_table(cuda, mps):
    return {(True, True): "cuda", (True, False): "cuda", (False, True): "mps"}.get((cuda, mps), "cpu")


@variant(pick_device)
def first_of_a_list(cuda, mps):
    return next(name for name, there in (("cuda", cuda), ("mps", mps), ("cpu", True)) if there)


@variant(pick_device)
def with_or(cuda, mps):
    return (cuda and "cuda") or (mps and "mps") or "cpu"


@variant(pick_device)
def type_of_a_device(cuda, mps):
    device = torch.device("cpu")
    if mps:
        device = torch.device("mps")
    if cuda:
        device = torch.device("cuda")
    return device.type


@variant(like_device)
def copied_into_a_new_one(x, other):
    return torch.empty_like(x, device=other.device).copy_(x)


@variant(like_device)
def new_from_other(x, other):
    made = other.new_empty(x.shape, dtype=x.dtype)
    made.copy_(x)
    return made


@variant(like_device)
def only_if_they_differ(x, other):
    if x.device == other.device:
        return x
    return x.to(device=other.device, copy=True)


@variant(like_device)
def by_the_name(x, other):
    return x.to(str(other.device), non_blocking=False)


@variant(like_device)
def by_way_of_the_cpu(x, other):
    return x.cpu().to(other.device)


@variant(positions_for)
def made_then_moved(x):
    positions = torch.arange(0, x.shape[-2], dtype=torch.int64)
    return positions.to(x.device)


@variant(positions_for)
def from_a_list(x):
    return torch.tensor(list(range(len(x[0]))), device=x.device)


@variant(positions_for)
def counted_up(x):
    return torch.ones_like(x[0, :, 0], dtype=torch.int64).cumsum(0) - 1


@variant(positions_for)
def new_from_x(x):
    return x.new_tensor(range(x.size(1)), dtype=torch.long)


@variant(positions_for)
def one_by_one(x):
    positions = torch.zeros(x.size(1), dtype=torch.int64, device=x.device)
    for place in range(x.size(1)):
        positions[place] = place
    return positions


@variant(positions_for)
def inside_a_device(x):
    with torch.device(x.device):
        return torch.arange(x.size(1))


@variant(same_device)
def all_like_the_first(*tensors):
    return all(tensor.device == tensors[0].device for tensor in tensors)


@variant(same_device)
def in_a_loop(*tensors):
    device = None
    for tensor in tensors:
        if device is not None and tensor.device != device:
            return False
        device = tensor.device
    return True


@variant(same_device)
def every_pair(*tensors):
    return not any(a.device != b.device for a in tensors for b in tensors)


@variant(same_device)
def neighbours(*tensors):
    names = [str(tensor.device) for tensor in tensors]
    return all(names[i] == names[i - 1] for i in range(1, len(names)))


@variant(add_anywhere)
def with_like_device(a, b):
    return torch.add(like_device(b, a), a)


@variant(add_anywhere)
def copy_and_add_in_place(a, b):
    result = a.clone()
    result += b.to(result.device)
    return result


@variant(add_anywhere)
def on_the_cpu_and_back(a, b):
    return (a.cpu() + b.cpu()).to(a.device)


@variant(add_anywhere)
def only_where_needed(a, b):
    if not same_device(a, b):
        b = torch.empty_like(b, device=a.device).copy_(b)
    return a.add(b)


@variant(add_anywhere)
def stacked(a, b):
    return torch.stack([a, b.to(device=a.device, dtype=a.dtype)]).sum(0, dtype=a.dtype)


@variant(Scaler)
class BufferAsAnAttribute(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Buffer(scale)

    def forward(self, x):
        return torch.addcmul(torch.zeros_like(x), x, self.scale)


@variant(Scaler)
class CopyOfTheScale(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", scale.detach().clone(), persistent=True)

    def forward(self, x):
        return torch.mul(self.get_buffer("scale"), x)


@variant(Scaler)
class FilledLater(nn.Module):
    def __init__(self, scale):
        nn.Module.__init__(self)
        self.register_buffer("scale", None)
        self.scale = scale

    def forward(self, x):
        result = x.clone()
        return result.mul_(self.scale)


@variant(Scaler)
class BufferObject(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Buffer(scale)

    def forward(self, x):
        columns = self.scale.expand(x.shape[-1])
        return torch.stack([x[..., column] * columns[column] for column in range(x.shape[-1])], dim=-1)


@variant(Scaler)
class DiagonalProduct(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", torch.empty_like(scale))
        self.scale.copy_(scale)

    def forward(self, x):
        return torch.einsum("...d,d->...d", x, self.scale.broadcast_to(x.shape[-1:]))


# ---------------------------------------------------------------------------------------------- pick_device, mistakes


@mistake(pick_device, says="cuda comes before mps")
def mps_before_cuda(cuda, mps):
    """You asked for mps first. A machine with both is rare, but there cuda is the faster one."""
    return "mps" if mps else "cuda" if cuda else "cpu"


@mistake(pick_device, says="a str is asked for")
def a_device_object(cuda, mps):
    """You returned a torch.device. It works as an argument, but this function promises the plain string."""
    return torch.device("cuda" if cuda else "mps" if mps else "cpu")


@mistake(pick_device, says="two arguments alone")
def asks_the_machine(cuda, mps):
    """You asked PyTorch what this machine has. The caller did that already, and told you the answers."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@mistake(pick_device, says="two arguments alone")
def arguments_or_the_machine(cuda, mps):
    """You asked the machine besides, with `or`. The caller may want to leave a card alone, and say False."""
    if cuda or torch.cuda.is_available():
        return "cuda"
    return "mps" if mps or torch.backends.mps.is_available() else "cpu"


@mistake(pick_device, says="mps")
def apple_forgotten(cuda, mps):
    """You wrote the line that stands in most programs, cuda or else cpu. An Apple computer would compute on its CPU."""
    return "cuda" if cuda else "cpu"


@mistake(pick_device, says="cuda")
def nvidia_forgotten(cuda, mps):
    """You look at mps only. Where a graphics card is there, it would stand idle."""
    return "mps" if mps else "cpu"


@mistake(pick_device, says="returned None")
def nothing_without_a_gpu(cuda, mps):
    """You thought of the two graphics processors, and not of the machine that has neither. It has a CPU."""
    if cuda:
        return "cuda"
    if mps:
        return "mps"


@mistake(pick_device, says="cuda")
def called_gpu(cuda, mps):
    """You named it "gpu". PyTorch does not know that word: an NVIDIA card is "cuda", Apple's processor is "mps"."""
    return "gpu" if cuda or mps else "cpu"


@mistake(pick_device, says="cuda")
def in_capitals(cuda, mps):
    """You wrote the names in capitals. PyTorch knows them in small letters only."""
    return "CUDA" if cuda else "MPS" if mps else "CPU"


@mistake(pick_device, says="cuda")
def with_the_number_of_the_card(cuda, mps):
    """You named the first card, "cuda:0". Plain "cuda" leaves open which card it is, and that is what is promised."""
    return "cuda:0" if cuda else "mps" if mps else "cpu"


@mistake(pick_device, says="cuda")
def only_where_both_are(cuda, mps):
    """You joined the two questions with `and`. One of the two is enough."""
    return "cuda" if cuda and mps else "mps" if mps else "cpu"


@mistake(pick_device, says="cuda")
def conditions_turned_round(cuda, mps):
    """You return "cpu" where there is a graphics card. Read the condition aloud: it says the opposite."""
    return "cpu" if cuda or mps else "cuda"


# ---------------------------------------------------------------------------------------------- like_device, mistakes


@mistake(like_device, says="Return what")
def result_of_to_dropped(x, other):
    """You called x.to(...) and did not use what it gives. `.to` does not move x: it returns another tensor."""
    x.to(other.device)
    return x


@mistake(like_device, says="dtype")
def to_the_other_tensor(x, other):
    """You wrote x.to(other). With a tensor, `.to` takes over the dtype as well: whole numbers become float32."""
    return x.to(other)


@mistake(like_device, says="dtype")
def with_type_as(x, other):
    """You used type_as. It takes over the device, and the dtype as well."""
    return x.type_as(other)


@mistake(like_device, says="other.device")
def always_the_cpu(x, other):
    """You brought x to the CPU. That is right as long as `other` is there too."""
    return x.cpu()


@mistake(like_device, says="other.device")
def named_in_the_code(x, other):
    """You chose the device by what this machine has. Where x must go depends on `other` alone."""
    return x.to("cuda" if torch.cuda.is_available() else "cpu")


@mistake(like_device, says="other.device")
def cuda_or_else_cpu(x, other):
    """You asked whether `other` is on cuda, and took the CPU otherwise. There are more than two kinds of devices."""
    return x.cuda() if other.is_cuda else x.cpu()


@mistake(like_device, says="values of x")
def other_comes_to_x(x, other):
    """You moved `other` to the device of x. It is x that moves."""
    return other.to(x.device)


@mistake(like_device, says="values of x")
def shape_only(x, other):
    """You made a tensor of the shape of x in the right place, but x's numbers stayed behind."""
    return torch.zeros_like(x, device=other.device)


@mistake(like_device, says="changed its input")
def copied_into_other(x, other):
    """You copied x into `other`. It is on the right device, true, but its own numbers are lost, and it may have another
    shape or dtype."""
    return other.copy_(x)


@mistake(like_device, says="gradient")
def detached(x, other):
    """You cut the gradient with detach, or .data. A move alone leaves the way back to x open."""
    return x.detach().to(other.device)


@mistake(like_device, says="gradient")
def by_way_of_a_list(x, other):
    """You built a new tensor from Python numbers. The values are right, but the way back to x is lost."""
    return torch.tensor(x.tolist(), dtype=x.dtype, device=other.device).reshape(x.shape)


@mistake(like_device, says="gradient")
def moved_under_no_grad(x, other):
    """You moved x under torch.no_grad(). Then the result does not remember where it came from."""
    with torch.no_grad():
        return x.to(other.device)


@mistake(like_device, says="stays where it is")
def moved_by_its_data(x, other):
    """You wrote to x.data, and so moved the caller's own tensor. Return another tensor and leave x where it is."""
    x.data = x.data.to(other.device)
    return x


@mistake(like_device, says="dtype")
def as_float32(x, other):
    """You made x float32 on the way. Only its place changes."""
    return x.float().to(other.device)


# -------------------------------------------------------------------------------------------- positions_for, mistakes


@mistake(positions_for, says="same device")
def arange_on_the_cpu(x):
    """You made the positions without saying where. PyTorch makes them on the CPU then, and x may be on a graphics card.
    This is the most common of all device errors."""
    return torch.arange(x.size(1))


@mistake(positions_for, says="same device")
def moved_and_dropped(x):
    """You called .to(x.device) and did not use what it gives. It does not move the tensor: it returns another one."""
    positions = torch.arange(x.size(1))
    positions.to(x.device)
    return positions


@mistake(positions_for, says="same device")
def chosen_by_machine(x):
    """You chose the device by what this machine has. x knows best where it is: x.device."""
    return torch.arange(x.size(1), device="cuda" if torch.cuda.is_available() else "cpu")


@mistake(positions_for, says="second size")
def batch_counted(x):
    """You counted the sequences. x is (batch, seq, d), and len(x) or x.shape[0] is the batch."""
    return torch.arange(len(x), device=x.device)


@mistake(positions_for, says="second size")
def columns_counted(x):
    """You counted the numbers of one token: x.shape[-1] is d."""
    return torch.arange(x.shape[-1], device=x.device)


@mistake(positions_for, says="starts at 0")
def counted_from_one(x):
    """You started at 1. Places are counted from 0, as everywhere in Python."""
    return torch.arange(1, x.size(1) + 1, device=x.device)


@mistake(positions_for, says="second size")
def one_too_many(x):
    """You added 1 to the end. arange stops before the number that you give it, so seq is just right."""
    return torch.arange(x.size(1) + 1, device=x.device)


@mistake(positions_for, says="int64")
def in_float32(x):
    """You made real numbers. Positions will be used to look up rows, and only whole numbers can do that."""
    return torch.arange(x.size(1), dtype=torch.float32, device=x.device)


@mistake(positions_for, says="int64")
def in_the_dtype_of_x(x):
    """You gave the positions the dtype of x. The device is that of x, but the dtype is int64 for every x."""
    return torch.arange(x.size(1), device=x.device).to(x.dtype)


@mistake(positions_for, says="int64")
def with_type_as_x(x):
    """You brought the positions to x with type_as, or with .to(x). Both take over the dtype of x, too."""
    return torch.arange(x.size(1)).type_as(x)


@mistake(positions_for, says="exact")
def through_the_dtype_of_x(x):
    """You counted in the dtype of x and made int64 of it at the end. Small dtypes cannot count far: bfloat16 has no
    257, and uint8 stops at 255."""
    return torch.ones_like(x[0, :, 0]).cumsum(0, dtype=x.dtype if x.dtype != torch.bool else None).long() - 1


@mistake(positions_for, says="shape")
def one_row_for_each_sequence(x):
    """You repeated the positions for each sequence. One row is enough: it stretches over the batch (kata 05)."""
    return torch.arange(x.size(1), device=x.device).repeat(x.size(0), 1)


@mistake(positions_for, says="shape")
def standing_upright(x):
    """You made a column of shape (seq, 1). A row of shape (seq,) is asked for."""
    return torch.arange(x.size(1), device=x.device).unsqueeze(-1)


@mistake(positions_for, says="do not matter")
def places_that_are_not_zero(x):
    """You looked for the places that hold something. A token may be all zeros, and has its place all the same."""
    return (x[0] != 0).any(-1).nonzero().flatten()


_remembered: dict[tuple[int, str], Tensor] = {}


@mistake(positions_for, says="new tensor")
def remembered_from_last_time(x):
    """You kept the tensor for the next call. Whoever writes into one result changes all the others with it."""
    key = (x.size(1), str(x.device))
    if key not in _remembered:
        _remembered[key] = torch.arange(x.size(1), device=x.device)
    return _remembered[key]


# ---------------------------------------------------------------------------------------------- same_device, mistakes


@mistake(same_device, says="no two devices")
def none_is_not_one(*tensors):
    """You asked for exactly one device. Without tensors there is none, and none do not differ."""
    return len({tensor.device for tensor in tensors}) == 1


@mistake(same_device, says="no two devices")
def first_of_none(*tensors):
    """You took the first tensor before asking whether there is one."""
    device = tensors[0].device
    return all(tensor.device == device for tensor in tensors)


@mistake(same_device, says="all of them")
def first_two_only(*tensors):
    """You compared the first two. There may be more."""
    return len(tensors) < 2 or tensors[0].device == tensors[1].device


@mistake(same_device, says="all of them")
def first_and_last_only(*tensors):
    """You compared the first and the last. One in between may be elsewhere."""
    return not tensors or tensors[0].device == tensors[-1].device


@mistake(same_device, says="all of them")
def any_for_all(*tensors):
    """You asked whether any of them is on the device of the first. That one is itself there, so it is always so."""
    return any(tensor.device == tensors[0].device for tensor in tensors) or not tensors


@mistake(same_device, says="whichever")
def all_on_the_cpu(*tensors):
    """You asked whether all are on the CPU. They may also be together on a graphics card."""
    return all(tensor.device.type == "cpu" for tensor in tensors)


@mistake(same_device, says="True or False")
def a_set_of_devices(*tensors):
    """You returned the devices. The question is answered by True or False."""
    return {tensor.device for tensor in tensors}


@mistake(same_device, says="Compare with ==")
def compared_with_is(*tensors):
    """You compared with `is`. Each look at x.device makes a new object, so even the device of x `is not` its own."""
    return all(tensor.device is tensors[0].device for tensor in tensors)


@mistake(same_device, says="two devices")
def kinds_only(*tensors):
    """You compared the kind of device, device.type. Two graphics cards are of one kind, and still two devices."""
    return len({tensor.device.type for tensor in tensors}) <= 1


@mistake(same_device, says="holds no numbers")
def empty_ones_left_out(*tensors):
    """You looked only at tensors that hold numbers. One with a size of 0 lies on a device as well."""
    return len({tensor.device for tensor in tensors if tensor.numel()}) <= 1


@mistake(same_device, says="Shapes")
def tried_by_adding(*tensors):
    """You added them up to see whether PyTorch objects. It objects to shapes, too, and not to every mixture: a single
    number on the CPU may meet a tensor on a graphics card."""
    try:
        sum(tensors)
    except RuntimeError:
        return False
    return True


@mistake(same_device, says="on another device")
def always_true(*tensors):
    """You return True whatever comes. On a machine without a graphics card that is true every day."""
    return True


@mistake(same_device, says="one device")
def turned_round(*tensors):
    """You return the answer to the opposite question: whether they are on different devices."""
    return len({tensor.device for tensor in tensors}) > 1


@mistake(same_device, says="dtypes")
def dtypes_compared(*tensors):
    """You compared more than the device. Tensors of two dtypes can lie on one device."""
    return len({(tensor.device, tensor.dtype) for tensor in tensors}) <= 1


# --------------------------------------------------------------------------------------------- add_anywhere, mistakes


@mistake(add_anywhere, says="same device")
def added_as_they_are(a, b):
    """You added them as they came. If they are on two devices, PyTorch refuses."""
    return a + b


@mistake(add_anywhere, says="same device")
def b_moved_and_dropped(a, b):
    """You called b.to(...) and did not use what it gives. `.to` does not move b: it returns another tensor."""
    b.to(a.device)
    return a + b


@mistake(add_anywhere, says="where a is")
def a_comes_to_b(a, b):
    """You brought a to b. It is b that comes to a: the caller goes on where a is."""
    return a.to(b.device) + b


@mistake(add_anywhere, says="where a is")
def met_on_the_cpu(a, b):
    """You brought both to the CPU, and left the sum there. The caller goes on where a is."""
    return a.cpu() + b.cpu()


@mistake(add_anywhere, says="same device")
def b_to_the_cpu(a, b):
    """You brought b to the CPU. That is where a usually is, but not always."""
    return a + b.cpu()


@mistake(add_anywhere, says="same device")
def b_to_a_device_by_name(a, b):
    """You named a device in the code. a knows where it is: a.device."""
    return a + b.to("cuda" if torch.cuda.is_available() else "cpu")


@mistake(add_anywhere, says="a + b")
def values_left_behind(a, b):
    """You made a tensor like b where a is, but b's numbers stayed behind."""
    return a + torch.zeros_like(b, device=a.device)


@mistake(add_anywhere, says="a + b")
def b_alone(a, b):
    """You returned b on the device of a. The sum is asked for."""
    return b.to(a.device)


@mistake(add_anywhere, says="changed its input")
def added_into_a(a, b):
    """You wrote the sum into a with += or add_. The caller's tensor has changed with it."""
    a += b.to(a.device)
    return a


@mistake(add_anywhere, says="changed its input")
def added_into_b(a, b):
    """You moved b and wrote into it. If b was there already, `.to` gave b itself, and the caller's b has changed."""
    moved = b.to(a.device)
    moved += a
    return moved


@mistake(add_anywhere, says="No gradient reaches `b`")
def single_number_with_item(a, b):
    """You took a single number out of its tensor with item. A number can meet any device, but it has no gradient."""
    return a + (b.item() if b.numel() == 1 else b.to(a.device))


@mistake(add_anywhere, says="an input itself")
def a_itself_if_b_is_0(a, b):
    """You returned a itself where all of b is 0. If the caller writes into the result, a changes as well."""
    b = b.to(a.device)
    return a + b if b.any() else a


@mistake(add_anywhere, says="gradient")
def b_detached(a, b):
    """You cut b off with detach, or made it anew from its numbers. Then training cannot reach what b was made of."""
    return a + b.detach().to(a.device)


@mistake(add_anywhere, says="gradient")
def b_moved_under_no_grad(a, b):
    """You moved b under torch.no_grad(). Then the sum does not remember where b came from."""
    with torch.no_grad():
        b = b.to(a.device)
    return a + b


@mistake(add_anywhere, says="dtype")
def sum_in_float32(a, b):
    """You made both float32. The sum keeps the dtype of the two."""
    return a.float() + b.float().to(a.device)


# --------------------------------------------------------------------------------------------------- Scaler, mistakes


class _Base(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="no buffers")
class PlainAttribute(nn.Module):
    """You kept the scale as a plain attribute. It works until the layer moves: the scale stays behind, and it is not
    saved either."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="no parameter")
class LearnedScale(nn.Module):
    """You made the scale a Parameter. It would move and be saved, but training would change it as well."""

    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(scale)

    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="no parameter")
class FrozenParameter(nn.Module):
    """You made the scale a Parameter without a gradient. It is still counted and listed as a parameter. PyTorch has
    buffers for tensors that are not trained."""

    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(scale, requires_grad=False)

    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="saved")
class NotSaved(_Base):
    """You registered the buffer with persistent=False. It moves with the layer, but state_dict() leaves it out."""

    def __init__(self, scale):
        nn.Module.__init__(self)
        self.register_buffer("scale", scale, persistent=False)


@mistake(Scaler, says="named scale")
class AnotherName(nn.Module):
    """You gave the buffer another name. A file that was saved by one Scaler must fit the next: the name is scale."""

    def __init__(self, scale):
        super().__init__()
        self.register_buffer("factor", scale)

    def forward(self, x):
        return x * self.factor


@mistake(Scaler, says="as it is by now")
class OriginalKept(_Base):
    """You registered the buffer, and then multiplied by the tensor that you were first given. What moves, and what is
    loaded, is the buffer."""

    def __init__(self, scale):
        super().__init__(scale)
        self.original = scale

    def forward(self, x):
        return x * self.original


@mistake(Scaler, says="as it is by now")
class HiddenInside(_Base):
    """You registered the buffer, and kept the tensor in a list besides, to multiply by. A list hides what it holds from
    PyTorch: it is neither moved nor loaded."""

    def __init__(self, scale):
        super().__init__(scale)
        self.kept = [scale]

    def forward(self, x):
        return x * self.kept[0].to(x)


@mistake(Scaler, says="as it is by now")
class NumbersKept(_Base):
    """You kept the scale as Python numbers beside the buffer. They do not follow when other values are loaded."""

    def __init__(self, scale):
        super().__init__(scale)
        self.numbers = scale.tolist()

    def forward(self, x):
        return x * torch.tensor(self.numbers, dtype=x.dtype, device=x.device)


@mistake(Scaler, says="as it is by now")
class RememberedFromTheFirstCall(_Base):
    """You kept what the buffer was at the first call, and go on with that. A scale that is loaded later is not seen."""

    def forward(self, x):
        first = self.__dict__.get("first")
        if first is None or first.dtype != x.dtype or first.device != x.device:
            self.__dict__["first"] = first = self.scale.clone()
        return x * first


@mistake(Scaler, says="does not reach another")
class MatrixWithADiagonal(_Base):
    """You multiplied by a matrix with the scale on its diagonal. Its zeros are added as well, and 0 times infinity is
    NaN. It is also d times the work."""

    def forward(self, x):
        return x @ self.scale.expand(x.shape[-1]).diag()


@mistake(Scaler, says="x itself")
class NothingToDoFor1(_Base):
    """You returned x itself where the scale is 1. The result must be a tensor of its own."""

    def forward(self, x):
        return x if bool((self.scale == 1).all()) else x * self.scale


@mistake(Scaler, says="wrong device")
class BroughtToTheCpu(nn.Module):
    """You brought the scale to the CPU before you kept it. Where the layer is built on a graphics card, the
    buffer is left behind."""

    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", scale.cpu())

    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="times")
class Added(_Base):
    """You added the scale. To scale is to multiply."""

    def forward(self, x):
        return x + self.scale


@mistake(Scaler, says="times")
class Divided(_Base):
    """You divided by the scale. To scale is to multiply."""

    def forward(self, x):
        return x / self.scale


@mistake(Scaler, says="times")
class SummedUp(_Base):
    """You used the matrix product. It multiplies, and then adds the products up; each one is wanted by itself."""

    def forward(self, x):
        return x @ self.scale if self.scale.ndim else x * self.scale


@mistake(Scaler, says="changed its input")
class ScaledInPlace(_Base):
    """You wrote the products into x with *= or mul_. The caller's tensor has changed with it."""

    def forward(self, x):
        x *= self.scale
        return x


@mistake(Scaler, says="super().__init__()")
class WithoutSuper(nn.Module):
    """You did not call super().__init__(), which prepares the lists of buffers and parameters."""

    def __init__(self, scale):
        self.given = scale

    def forward(self, x):
        return x * self.given


@mistake(Scaler, says="gradient")
class WithoutGradient(_Base):
    """You multiplied under torch.no_grad(), perhaps because the scale is not trained. x still needs its gradient: it
    comes from layers that are trained."""

    @torch.no_grad()
    def forward(self, x):
        return x * self.scale


@mistake(Scaler, says="shape")
class AlwaysOneDimension(_Base):
    """You made a list of the scale even where it is a single number. A shape of () stays ()."""

    def __init__(self, scale):
        super().__init__(scale.reshape(-1))


@mistake(Scaler, says="dtype")
class AlwaysFloat32(_Base):
    """You made the buffer float32, perhaps by building it anew. It keeps the dtype that it was given."""

    def __init__(self, scale):
        super().__init__(torch.tensor(scale.tolist()))


@mistake(Scaler, says="own scale")
class SharedByAll(nn.Module):
    """You kept the buffer on the class, so all layers share one, and the last one made decides for all."""

    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", scale)
        SharedByAll.last = self.scale

    def forward(self, x):
        return x * SharedByAll.last
