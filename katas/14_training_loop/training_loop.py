"""Training loop: forward, loss, backward, update.

The lesson is README.md. Write the functions in order, and check them with: make kata N=14
"""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn


def sgd_step_(parameters: Iterable[Tensor], lr: float) -> None:
    """Move each parameter a little way against its gradient: one step of SGD, stochastic gradient descent.

    The new value of a parameter is: its old value minus lr times its gradient. It is written into the parameter itself.

    Args:
        parameters: the tensors to change: a list, or what `model.parameters()` gives, which can be walked through only
            once. There is at least one. They are leaves of any shape and floating-point dtype. Those whose `.grad` is
            None stay as they are; all others move, also one that was frozen (`requires_grad` is False) with a gradient.
        lr: the learning rate, a float of 0 or more.

    Returns:
        Nothing. The parameters have changed, and that is all: they are still leaves, they still require a gradient
        where they did, and what stands in `.grad` stays there.

    Example:
        >>> weight = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> weight.grad = torch.tensor([10.0, -10.0])
        >>> sgd_step_([weight], lr=0.1)
        >>> weight.detach()
        tensor([0., 3.])
    """
    raise NotImplementedError("sgd_step_")


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Float[Tensor, "batch *inputs"],
    y: Float[Tensor, "batch *outputs"],
) -> float:
    """Do one step of training: forward, loss, backward, update.

    The loss is the mean squared error: the mean of (model(x) - y)² over all numbers.

    Args:
        model: any module, in training mode (as a new one is). It stays so. `model(x)` has the shape of y. At least one
            parameter requires a gradient; others may be frozen, or of no use to the loss.
        optimizer: an optimizer of PyTorch, such as SGD or Adam, whose `step()` needs no arguments. It holds the
            parameters to change, all of the model's or some.
        x: the inputs, with the dtype and device of the model.
        y: the targets, what the model should say about x.

    Returns:
        The loss before the update, a Python float. The model was called once, and the optimizer has made one step,
        along the gradients of this loss alone: what stood in `.grad` before does not count.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.ones_(model.weight)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [6.0]])
        >>> train_step(model, optimizer, x, y), train_step(model, optimizer, x, y)
        (10.0, 2.5)
    """
    raise NotImplementedError("train_step")


def train(
    model: nn.Module, x: Float[Tensor, "batch *inputs"], y: Float[Tensor, "batch *outputs"], steps: int, lr: float
) -> list[float]:
    """Train a model: in each step forward, loss, backward, update, with all of x and y.

    The loss is the mean squared error. The update is plain SGD: each parameter minus lr times its gradient.

    Args:
        model: any module, in training mode (as a new one is). It stays so. `model(x)` has the shape of y. Its
            parameters are changed: they get new values, and none is replaced by another. Those that do not require a
            gradient stay as they are, and so do those that are of no use to the loss. At least one requires a gradient.
        x: the inputs, with the dtype and device of the model.
        y: the targets.
        steps: how many steps, 0 or more.
        lr: the learning rate, a float of 0 or more.

    Returns:
        The losses, a list of Python floats, one for each step: the loss before its update. The model was called once in
        each step. What stood in `.grad` before the call does not count.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.ones_(model.weight)
        >>> train(model, torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [6.0]]), steps=3, lr=0.1)
        [10.0, 2.5, 0.625]
    """
    raise NotImplementedError("train")


def evaluate(model: nn.Module, x: Float[Tensor, "batch *inputs"], y: Float[Tensor, "batch *outputs"]) -> float:
    """Measure the loss of a model, and change nothing.

    The loss is the mean squared error. It is measured in evaluation mode (`model.eval()`), so that layers that act in
    another way in training, as dropout does, stand still. No graph is built.

    Args:
        model: any module. `model(x)` has the shape of y. The model, and each module inside of it, may be in training or
            in evaluation mode, in any mixture.
        x: the inputs, with the dtype and device of the model.
        y: the targets.

    Returns:
        The loss, a Python float. Afterwards all is as it was: each module is in the mode in which it was; the
        parameters, their `requires_grad` and their `.grad` are the same; PyTorch records gradients, or not, as before.

    Example:
        >>> model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Dropout(0.5))
        >>> _ = nn.init.ones_(model[0].weight)
        >>> evaluate(model, torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [6.0]]))
        10.0
        >>> model.training
        True
    """
    raise NotImplementedError("evaluate")


def minibatches(
    x: Shaped[Tensor, "n *inputs"], y: Shaped[Tensor, "n *outputs"], size: int, generator: torch.Generator
) -> Iterator[tuple[Shaped[Tensor, "rows *inputs"], Shaped[Tensor, "rows *outputs"]]]:
    """Split the data into small batches, in a random order: once through all rows, which is called an epoch.

    Args:
        x: n inputs, at least one: any shape whose first size is n, any dtype.
        y: the n targets that belong to them, row by row: any shape whose first size is n, any dtype.
        size: how many rows one batch has, 1 or more. It may be larger than n.
        generator: a torch.Generator (on the CPU). All chance comes from it: with the same seed the same batches come
            again, and a second call with the same generator goes on and gives another order. PyTorch's own stream of
            random numbers, the one of torch.manual_seed, is not touched.

    Returns:
        An iterator, or a list, of pairs (some rows of x, the same rows of y). Every row occurs in exactly one batch.
        Any order of the n rows may come up. Each batch has `size` rows; only the last one may be smaller. dtype and
        device are those of x and of y, which are left as they were.

    Example:
        >>> x, y = torch.arange(5), torch.arange(5) * 10
        >>> batches = list(minibatches(x, y, 2, torch.Generator().manual_seed(0)))
        >>> [len(rows) for rows, _ in batches]
        [2, 2, 1]
        >>> all(torch.equal(rows * 10, targets) for rows, targets in batches)
        True
    """
    raise NotImplementedError("minibatches")
