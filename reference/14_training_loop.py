"""Training loop: forward, loss, backward, update."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from dojo.authoring import mistake, variant


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
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= lr * parameter.grad


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
    optimizer.zero_grad()
    loss = (model(x) - y).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()


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
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return [train_step(model, optimizer, x, y) for _ in range(steps)]


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
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        loss = (model(x) - y).square().mean()
    for module, mode in modes:
        module.training = mode
    return loss.item()


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
    order = torch.randperm(len(x), generator=generator)
    for rows in order.split(size):
        yield x[rows.to(x.device)], y[rows.to(y.device)]


BANNED: dict[str, str] = {}

HINTS = {
    "sgd_step_": [
        "The update is arithmetic on the parameters themselves. Should autograd write it down as a step of the graph?",
        "Inside of `with torch.no_grad():`, go through the parameters, and leave out those whose .grad is None. "
        "`p = p - ...` would make a new tensor and give it the name p; the parameter must change in place.",
        "with torch.no_grad(): for p in parameters: if p.grad is not None: p -= lr * p.grad",
    ],
    "train_step": [
        "Four things happen in a step, and one before them: backward() adds to .grad. What must be done first?",
        "prediction = model(x), with the shape of y. The loss is a 0-d tensor: the mean of the squared differences. "
        "backward() belongs to the loss; zero_grad() and step() belong to the optimizer.",
        "optimizer.zero_grad(); loss = the mean of (model(x) - y) squared; loss.backward(); optimizer.step(); "
        "return loss.item().",
    ],
    "train": [
        "Which of your functions does one step? What does it need that you do not have yet?",
        "Make one optimizer, before the loop: torch.optim.SGD takes the parameters of the model and lr. Then call "
        "train_step `steps` times and keep what it returns.",
        "optimizer = torch.optim.SGD(model.parameters(), lr=lr); losses = []; for _ in range(steps): append "
        "train_step(model, optimizer, x, y); return losses.",
    ],
    "evaluate": [
        "model.eval() changes the mode of the model and of every module in it. How will you know what to put back?",
        "model.modules() gives the model and all modules inside of it; each has a bool, .training. Note all of these "
        "first. Then eval(), and the loss under torch.no_grad(). Then write the bools back, one by one.",
        "modes = [(m, m.training) for m in model.modules()]; model.eval(); the loss inside of torch.no_grad(); "
        "for m, mode in modes: m.training = mode; return loss.item().",
    ],
    "minibatches": [
        "If you shuffle x, and then shuffle y, do they still belong together? What could both share?",
        "torch.randperm(n, generator=generator) is a random order of the row numbers, shape (n,). Cut it into pieces "
        "of `size`, and take the same piece from x and from y. A slice over the end is just shorter.",
        "order = torch.randperm(len(x), generator=generator); for start in range(0, len(x), size): "
        "rows = order[start : start + size]; yield x[rows], y[rows].",
    ],
}


# ------------------------------------------------------------------------------------------- sgd_step_, other ways


@variant(sgd_step_)
def through_data(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.data = parameter.data - lr * parameter.grad.data


@variant(sgd_step_)
@torch.no_grad()
def with_add_and_alpha(parameters, lr):
    for parameter in parameters:
        if parameter.grad is None:
            continue
        parameter.add_(parameter.grad, alpha=-lr)


@variant(sgd_step_)
def on_a_detached_view(parameters, lr):
    for parameter in list(parameters):
        gradient = parameter.grad
        if gradient is not None:
            parameter.detach().sub_(gradient.detach().clone().mul_(lr))


@variant(sgd_step_)
def copied_back(parameters, lr):
    new = [(p, (p - lr * p.grad).detach()) for p in parameters if p.grad is not None]
    with torch.no_grad():
        for p, value in new:
            p.copy_(value)


@variant(sgd_step_)
def with_the_optimizer(parameters, lr):
    torch.optim.SGD(list(parameters), lr=lr).step()


# ------------------------------------------------------------------------------------------ train_step, other ways


@variant(train_step)
def with_mse_loss(model, optimizer, x, y):
    prediction = model(x)
    loss = nn.functional.mse_loss(prediction, y)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return float(loss)


@variant(train_step)
def with_a_closure(model, optimizer, x, y):
    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@variant(train_step)
def gradients_put_in_place(model, optimizer, x, y):
    optimizer.zero_grad()
    parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    loss = torch.mean((y - model(x)) ** 2)
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach().cpu().numpy().item()


@variant(train_step)
def cleaned_on_both_ends(model, optimizer, x, y):
    model.zero_grad()
    optimizer.zero_grad()
    error = model(x).sub(y).flatten()
    loss = error.dot(error) / len(error)
    value = loss.item()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return value


# ----------------------------------------------------------------------------------------------- train, other ways


@variant(train)
def with_the_step_by_hand(model, x, y, steps, lr):
    losses = []
    while len(losses) < steps:
        model.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        sgd_step_(model.parameters(), lr)
        losses.append(loss.item())
    return losses


@variant(train)
def a_new_optimizer_each_time(model, x, y, steps, lr):
    return [train_step(model, torch.optim.SGD(model.parameters(), lr), x, y) for _ in range(steps)]


@variant(train)
def gradients_without_grad(model, x, y, steps, lr):
    losses = []
    parameters = [p for p in model.parameters() if p.requires_grad]
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(x), y)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):
                if gradient is not None:
                    parameter -= lr * gradient
        losses.append(float(loss.detach()))
    return losses


@variant(train)
def by_recursion(model, x, y, steps, lr):
    if steps == 0:
        return []
    loss = train_step(model, torch.optim.SGD(model.parameters(), lr=lr), x, y)
    return [loss, *by_recursion(model, x, y, steps - 1, lr)]


# -------------------------------------------------------------------------------------------- evaluate, other ways


@variant(evaluate)
@torch.inference_mode()
def modes_in_a_dict(model, x, y):
    modes = {name: module.training for name, module in model.named_modules()}
    try:
        return nn.functional.mse_loss(model.eval()(x), y).item()
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]


@variant(evaluate)
def on_a_copy(model, x, y):
    import copy

    with torch.no_grad():
        return float(((copy.deepcopy(model).eval()(x) - y) ** 2).mean())


@variant(evaluate)
def wakes_those_that_trained(model, x, y):
    trained = [module for module in model.modules() if module.training]
    for module in trained:
        module.training = False
    with torch.no_grad():
        error = (model(x) - y).flatten()
    for module in trained:
        module.training = True
    return error.dot(error).item() / error.numel()


@variant(evaluate)
def grad_mode_by_hand(model, x, y):
    before = torch.is_grad_enabled()
    modes = [module.training for module in model.modules()]
    torch.set_grad_enabled(False)
    loss = (y - model.eval()(x)).pow(2).mean().item()
    torch.set_grad_enabled(before)
    list(map(lambda module, mode: setattr(module, "training", mode), model.modules(), modes))
    return loss


# ----------------------------------------------------------------------------------------- minibatches, other ways


@variant(minibatches)
def slices_of_the_shuffled(x, y, size, generator):
    order = torch.randperm(x.shape[0], generator=generator)
    x, y = x[order], y[order]
    return [(x[i : i + size], y[i : i + size]) for i in range(0, x.shape[0], size)]


@variant(minibatches)
def by_sorting_random_keys(x, y, size, generator):
    keys = torch.rand(len(x), generator=generator, dtype=torch.float64)
    rows = sorted(range(len(x)), key=keys.tolist().__getitem__)
    while rows:
        taken, rows = rows[:size], rows[size:]
        yield torch.stack([x[row] for row in taken]), torch.stack([y[row] for row in taken])


@variant(minibatches)
def with_a_data_loader(x, y, size, generator):
    data = torch.utils.data.TensorDataset(x, y)
    return torch.utils.data.DataLoader(data, batch_size=size, shuffle=True, generator=generator)


@variant(minibatches)
def fisher_and_yates(x, y, size, generator):
    rows = list(range(len(x)))
    for last in range(len(rows) - 1, 0, -1):
        other = int(torch.randint(last + 1, (), generator=generator))
        rows[last], rows[other] = rows[other], rows[last]
    picks = [torch.tensor(rows[start : start + size], device=x.device) for start in range(0, len(rows), size)]
    return ((x.index_select(0, pick), y.index_select(0, pick)) for pick in picks)


# --------------------------------------------------------------------------------------------- sgd_step_, mistakes


@torch.no_grad()
def _move(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter -= lr * parameter.grad


@mistake(sgd_step_, says="the parameter itself")
def name_bound_anew(parameters, lr):
    """You wrote p = p - lr * p.grad. That makes a new tensor and gives it the name p; the parameter itself is what it
    was."""
    for p in parameters:
        if p.grad is not None:
            p = p - lr * p.grad


@mistake(sgd_step_, says="the parameter itself")
def name_bound_anew_for_all(parameters, lr):
    """You wrote p = p - lr * p.grad. That makes a new tensor and gives it the name p; the parameter itself is what it
    was. (And .grad may be None: skip it then.)"""
    for p in parameters:
        p = p - lr * p.grad


@mistake(sgd_step_, says="the parameter itself")
def list_filled_anew(parameters, lr):
    """You put new tensors into a list. The model holds the old ones, and goes on with them."""
    parameters = list(parameters)
    for i, p in enumerate(parameters):
        if p.grad is not None:
            parameters[i] = p - lr * p.grad


@mistake(sgd_step_, says="leaf Variable that requires grad")
def recorded_update(parameters, lr):
    """You changed a parameter where autograd records each step. It refuses: a leaf has no history. The update is no
    part of the model, so do it inside of torch.no_grad()."""
    for p in parameters:
        if p.grad is not None:
            p -= lr * p.grad


@mistake(sgd_step_, says="minus lr times")
def uphill(parameters, lr):
    """You added the gradient. It points to where the loss grows; training goes the other way."""
    _move(parameters, -lr)


@mistake(sgd_step_, says="minus lr times")
def learning_rate_forgotten(parameters, lr):
    """You subtracted the whole gradient. It says a direction and a steepness, not how far to go: that is lr."""
    _move(parameters, 1.0)


@mistake(sgd_step_, says="minus lr times")
def only_the_sign(parameters, lr):
    """You used the sign of the gradient. A steep slope makes a larger step than a gentle one."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * p.grad.sign()


@mistake(sgd_step_, says="minus lr times")
def gradient_of_length_one(parameters, lr):
    """You scaled each gradient to length 1. A steep slope makes a larger step than a gentle one."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * p.grad / p.grad.norm()


@mistake(sgd_step_, says="minus lr times")
def gradient_clipped(parameters, lr):
    """You limited the gradient to -1 .. 1, as some training loops do against steps that are too large. Plain SGD takes
    it as it is."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * p.grad.clamp(-1, 1)


@mistake(sgd_step_, says="minus lr times")
def shrinks_the_weights_too(parameters, lr):
    """You pulled the parameters toward 0 as well (weight decay). Plain SGD does not."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * (p.grad + 0.01 * p)


@mistake(sgd_step_, says="without a gradient")
def grad_always_there(parameters, lr):
    """You took it for granted that every parameter has a gradient. .grad is None until backward() has reached it, and
    stays None for frozen ones."""
    with torch.no_grad():
        for p in parameters:
            p -= lr * p.grad


@mistake(sgd_step_, says="without a gradient")
def stops_at_the_first_none(parameters, lr):
    """You left the loop at the first parameter without a gradient. Skip it, and go on with the next."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is None:
                break
            p -= lr * p.grad


@mistake(sgd_step_, says="each parameter")
def first_parameter_only(parameters, lr):
    """Your loop ends after its first turn. Each parameter makes its step."""
    for p in parameters:
        _move([p], lr)
        return


@mistake(sgd_step_, says="each parameter")
def parameters_counted_first(parameters, lr):
    """You walked through the parameters once before the loop, perhaps to count or to check them. What
    model.parameters() gives can be walked through only once: afterwards nothing is left of it."""
    count = sum(1 for _ in parameters)
    _move(parameters if count else [], lr)


@mistake(sgd_step_, says="`.grad`")
def grad_set_to_none(parameters, lr):
    """You cleared .grad after the step. That is a job of its own, zero_grad(); somebody may still want to look at the
    gradients."""
    for p in parameters:
        _move([p], lr)
        p.grad = None


@mistake(sgd_step_, says="`.grad`")
def grad_filled_with_zeros(parameters, lr):
    """You filled .grad with zeros after the step. That is a job of its own, zero_grad(); somebody may still want to
    look at the gradients."""
    for p in parameters:
        _move([p], lr)
        if p.grad is not None:
            p.grad.zero_()


@mistake(sgd_step_, says="`.grad`")
def grad_scaled_in_place(parameters, lr):
    """You multiplied .grad by lr in place, to subtract it then. Make the product a new tensor."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.grad *= lr
                p -= p.grad


@mistake(sgd_step_, says="requires a gradient")
def switched_off_for_the_step(parameters, lr):
    """You called requires_grad_(False), to be allowed to change the parameter, and left it so. The next backward()
    will pass it by. torch.no_grad() needs no switch at the parameter."""
    for p in parameters:
        if p.grad is not None:
            p.requires_grad_(False)
            p -= lr * p.grad


@mistake(sgd_step_, says="records gradients")
def recording_stays_off(parameters, lr):
    """You called torch.set_grad_enabled(False) and left it so. From now on no backward() works in the whole program.
    `with torch.no_grad():` ends by itself."""
    torch.set_grad_enabled(False)
    for p in parameters:
        if p.grad is not None:
            p -= lr * p.grad


@mistake(sgd_step_, says="Whether PyTorch records gradients")
def recording_switched_on(parameters, lr):
    """You switched the recording of gradients off, and on again at the end. But the caller may have switched it off."""
    _move(parameters, lr)
    torch.set_grad_enabled(True)


@mistake(sgd_step_, says="A frozen parameter requires a gradient now")
def thawed_by_the_step(parameters, lr):
    """You switched requires_grad off for the update, and on again after it. A parameter that was frozen before is
    trainable now. `with torch.no_grad():` leaves requires_grad as it is."""
    for p in parameters:
        if p.grad is not None:
            p.requires_grad_(False)
            p -= lr * p.grad
            p.requires_grad_(True)


@mistake(sgd_step_, says="Only `.grad` counts")
def only_those_that_require_a_gradient(parameters, lr):
    """You asked for requires_grad as well. A parameter may be frozen after its gradient came; here only .grad decides,
    as in PyTorch's own SGD."""
    _move([p for p in parameters if p.requires_grad], lr)


@mistake(sgd_step_, says="returned something")
def parameters_returned(parameters, lr):
    """You returned the parameters. They have changed in place, so the caller has them already."""
    parameters = list(parameters)
    _move(parameters, lr)
    return parameters


@mistake(sgd_step_, says="digit")
def through_float32(parameters, lr):
    """You went through float32. A parameter in float64 loses more than half of its digits on this way."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.copy_(p.float() - lr * p.grad.float())


# -------------------------------------------------------------------------------------------- train_step, mistakes


def _loss(model, x, y):
    return (model(x) - y).square().mean()


def _step(model, optimizer, x, y, loss=_loss):
    """The right step, or one with another loss."""
    optimizer.zero_grad()
    value = loss(model, x, y)
    value.backward()
    optimizer.step()
    return value.item()


@mistake(train_step, says="does not count")
def gradients_not_cleared(model, optimizer, x, y):
    """You did not clear the gradients. backward() adds to .grad, so each step goes along the gradients of all steps
    before it as well."""
    loss = _loss(model, x, y)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake(train_step, says="does not count")
def cleared_at_the_end_only(model, optimizer, x, y):
    """You cleared the gradients after the step only. What stood in .grad before the first step is still in it."""
    loss = _loss(model, x, y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@mistake(train_step, says="one step along the gradients")
def cleared_before_the_step(model, optimizer, x, y):
    """You cleared the gradients between backward() and step(). Then there is nothing left to step along."""
    loss = _loss(model, x, y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@mistake(train_step, says="one step along the gradients")
def step_before_backward(model, optimizer, x, y):
    """You called step() before backward(). The optimizer reads .grad, and backward() has not filled it yet."""
    optimizer.zero_grad()
    loss = _loss(model, x, y)
    optimizer.step()
    loss.backward()
    return loss.item()


@mistake(train_step, says="one step along the gradients")
def backward_forgotten(model, optimizer, x, y):
    """You did not call backward(). Without gradients, step() moves nothing, and it does not complain."""
    optimizer.zero_grad()
    loss = _loss(model, x, y)
    optimizer.step()
    return loss.item()


@mistake(train_step, says="one step along the gradients")
def step_forgotten(model, optimizer, x, y):
    """You computed the gradients and did not use them: optimizer.step() is missing."""
    optimizer.zero_grad()
    loss = _loss(model, x, y)
    loss.backward()
    return loss.item()


@mistake(train_step, says="one step along the gradients")
def two_steps(model, optimizer, x, y):
    """You called step() twice. Each call moves the parameters along the same gradients."""
    value = _step(model, optimizer, x, y)
    optimizer.step()
    return value


@mistake(train_step, says="before the update")
def loss_after_the_update(model, optimizer, x, y):
    """You measured the loss again after the step. The loss of the step is the one that its gradients belong to."""
    _step(model, optimizer, x, y)
    return _loss(model, x, y).item()


@mistake(train_step, says="where a float is asked for")
def loss_with_its_graph(model, optimizer, x, y):
    """You returned the loss as a tensor. It holds on to its whole graph; whoever collects such losses fills the memory.
    .item() gives the number alone."""
    optimizer.zero_grad()
    loss = _loss(model, x, y)
    loss.backward()
    optimizer.step()
    return loss


@mistake(train_step, says="where a float is asked for")
def loss_detached_only(model, optimizer, x, y):
    """You detached the loss. It has no graph any more, but it is still a tensor. .item() gives a Python float."""
    return torch.tensor(_step(model, optimizer, x, y), device=x.device)


@mistake(train_step, says="mean of the squares")
def sum_of_squared_errors(model, optimizer, x, y):
    """You added the squared errors up. With the mean, the size of a step does not depend on the size of the batch."""
    return _step(model, optimizer, x, y, lambda model, x, y: (model(x) - y).square().sum())


@mistake(train_step, says="mean of the squares")
def half_of_the_squares(model, optimizer, x, y):
    """You halved the loss, as some books do to lose the 2 of the derivative. Here the plain mean is asked for."""
    return _step(model, optimizer, x, y, lambda model, x, y: _loss(model, x, y) / 2)


@mistake(train_step, says="mean of the squares")
def distance_without_square(model, optimizer, x, y):
    """You averaged the absolute errors. The mean squared error squares them."""
    return _step(model, optimizer, x, y, lambda model, x, y: (model(x) - y).abs().mean())


@mistake(train_step, says="mean of the squares")
def root_of_the_mean(model, optimizer, x, y):
    """You took the root of the mean. The mean squared error has none."""
    return _step(model, optimizer, x, y, lambda model, x, y: _loss(model, x, y).sqrt())


@mistake(train_step, says="over all numbers")
def mean_over_the_batch_only(model, optimizer, x, y):
    """You added the squared errors of one row, and averaged over the batch. The mean is over all numbers of y."""
    return _step(model, optimizer, x, y, lambda model, x, y: (model(x) - y).square().sum() / len(y))


@mistake(train_step, says="over all numbers")
def first_row_only(model, optimizer, x, y):
    """You used the first row of the batch only. All rows take part."""
    return _step(model, optimizer, x[:1], y[:1])


@mistake(train_step, says="the optimizer that it is given")
def update_by_hand(model, optimizer, x, y):
    """You updated the parameters yourself. The optimizer knows how: it may remember earlier steps, and it may hold some
    of the parameters only."""
    model.zero_grad()
    loss = _loss(model, x, y)
    loss.backward()
    _move(model.parameters(), optimizer.param_groups[0]["lr"])
    return loss.item()


@mistake(train_step, says="the optimizer that it is given")
def optimizer_of_my_own(model, optimizer, x, y):
    """You made an SGD optimizer of your own in the step. It forgets at each call what the given one would remember."""
    return _step(model, torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"]), x, y)


@mistake(train_step, says="does not require grad")
def loss_on_detached_predictions(model, optimizer, x, y):
    """You detached the predictions. The way from the loss back to the parameters is cut there."""
    return _step(model, optimizer, x, y, lambda model, x, y: (model(x).detach() - y).square().mean())


@mistake(train_step, says="does not require grad")
def step_without_recording(model, optimizer, x, y):
    """You put the whole step under torch.no_grad(). The forward pass must be recorded; only the update needs no graph,
    and the optimizer sees to that."""
    with torch.no_grad():
        return _step(model, optimizer, x, y)


@mistake(train_step, says="training mode")
def step_in_evaluation_mode(model, optimizer, x, y):
    """You called eval() before the forward pass. Then dropout sleeps through the training that it was made for."""
    return _step(model.eval(), optimizer, x, y)


@mistake(train_step, says="does not count")
def loss_rounded(model, optimizer, x, y):
    """You rounded the loss. The caller can do so where they print it; here all digits are asked for."""
    return round(_step(model, optimizer, x, y), 4)


@mistake(train_step, says="one step along the gradients")
def gradients_limited(model, optimizer, x, y):
    """You limited the length of the gradients. Many training loops do, but nobody asked for it here."""
    optimizer.zero_grad()
    loss = _loss(model, x, y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@mistake(train_step, says="one and the same call")
def loss_measured_first(model, optimizer, x, y):
    """You called the model twice: once to know the loss, once to learn. With dropout each call gives another number,
    and the loss that you return is not the one that the model learned from."""
    with torch.no_grad():
        before = _loss(model, x, y).item()
    _step(model, optimizer, x, y)
    return before


@mistake(train_step, says="model itself")
def forward_called_by_name(model, optimizer, x, y):
    """You called model.forward(x). That leaves out the hooks, which run when the model itself is called: model(x)."""
    return _step(model, optimizer, x, y, lambda model, x, y: (model.forward(x) - y).square().mean())


@mistake(train_step, says="frozen with a gradient")
def cleared_where_it_learns_only(model, optimizer, x, y):
    """You cleared .grad only where requires_grad is True. step() does not ask for that: it moves along every .grad."""
    for p in model.parameters():
        if p.requires_grad:
            p.grad = None
    loss = _loss(model, x, y)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake(train_step, says="two learning rates")
def one_learning_rate_for_all(model, optimizer, x, y):
    """You took the first learning rate for all parameters. An optimizer may hold several groups, each with its own."""
    for group in optimizer.param_groups:
        group["lr"] = optimizer.param_groups[0]["lr"]
    return _step(model, optimizer, x, y)


# ------------------------------------------------------------------------------------------------- train, mistakes


def _train(model, x, y, steps, optimizer):
    return [_step(model, optimizer, x, y) for _ in range(steps)]


@mistake(train, says="alone")
def gradients_pile_up(model, x, y, steps, lr):
    """You did not clear the gradients between the steps. backward() adds, so each step goes along the gradients of all
    steps before it as well."""
    losses = []
    model.zero_grad()
    for _ in range(steps):
        loss = _loss(model, x, y)
        loss.backward()
        _move(model.parameters(), lr)
        losses.append(loss.item())
    return losses


@mistake(train, says="does not count")
def not_cleared_at_the_start(model, x, y, steps, lr):
    """You cleared the gradients at the end of each step only. What stood in .grad before the call is in the first
    step."""
    losses = []
    for _ in range(steps):
        loss = _loss(model, x, y)
        loss.backward()
        _move(model.parameters(), lr)
        model.zero_grad()
        losses.append(loss.item())
    return losses


@mistake(train, says="One loss for each step")
def last_loss_only(model, x, y, steps, lr):
    """You returned the last loss. The caller wants to see how it went: a list with the loss of each step."""
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))[-1]


@mistake(train, says="One loss for each step")
def losses_with_their_graphs(model, x, y, steps, lr):
    """You kept the losses as tensors. Each of them keeps its graph alive, so the memory fills up step by step.
    .item() keeps the number alone."""
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = _loss(model, x, y)
        loss.backward()
        _move(model.parameters(), lr)
        losses.append(loss)
    return losses


@mistake(train, says="One loss for each step")
def one_loss_too_many(model, x, y, steps, lr):
    """You added the loss after the last step to the list. There is one loss for each step, taken before its update."""
    losses = _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))
    return [*losses, _loss(model, x, y).item()]


@mistake(train, says="One loss for each step")
def losses_after_the_updates(model, x, y, steps, lr):
    """You measured each loss after its update. The first number of the list tells where training began."""
    losses = []
    for _ in range(steps):
        _train(model, x, y, 1, torch.optim.SGD(model.parameters(), lr=lr))
        losses.append(_loss(model, x, y).item())
    return losses


@mistake(train, says="One loss for each step")
def one_step_too_few(model, x, y, steps, lr):
    """You made one step too few. range(steps) counts from 0 and has `steps` numbers; range(1, steps) has one less."""
    return _train(model, x, y, max(steps - 1, 0), torch.optim.SGD(model.parameters(), lr=lr))


@mistake(train, says="One loss for each step")
def losses_summed_up(model, x, y, steps, lr):
    """You kept a running total of the losses. Each entry is the loss of its own step."""
    total, totals = 0.0, []
    for loss in _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr)):
        total += loss
        totals.append(total)
    return totals


@mistake(train, says="The caller's model")
def a_copy_is_trained(model, x, y, steps, lr):
    """You trained a copy. The list is right, and the caller's model has learned nothing."""
    import copy

    model = copy.deepcopy(model)
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))


@mistake(train, says="plain SGD")
def with_momentum(model, x, y, steps, lr):
    """You used momentum, which keeps going in the direction of earlier steps. The first step is the same; after it
    they part."""
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9))


@mistake(train, says="plain SGD")
def with_adam(model, x, y, steps, lr):
    """You used Adam. It is a good optimizer, and another one: its steps have about the same length everywhere."""
    return _train(model, x, y, steps, torch.optim.Adam(model.parameters(), lr=lr))


@mistake(train, says="plain SGD")
def with_the_usual_rate(model, x, y, steps, lr):
    """You wrote 0.01 for the learning rate. The caller chooses it: lr."""
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=0.01))


@mistake(train, says="plain SGD")
def with_weight_decay(model, x, y, steps, lr):
    """You used weight decay, which pulls the parameters toward 0 as well."""
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr, weight_decay=0.01))


@mistake(train, says="plain SGD")
def rate_that_shrinks(model, x, y, steps, lr):
    """You made the learning rate smaller from step to step. That can help; here it stays what it is."""
    return [_train(model, x, y, 1, torch.optim.SGD(model.parameters(), lr=lr / (i + 1)))[0] for i in range(steps)]


@mistake(train, says="all of x and y")
def a_step_for_each_row(model, x, y, steps, lr):
    """You made a step for each row. Each step takes all of x and y: the full batch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        losses.append(_loss(model, x, y).item())
        for i in range(len(x)):
            _step(model, optimizer, x[i : i + 1], y[i : i + 1])
    return losses


@mistake(train, says="All steps are made")
def stops_when_it_is_good(model, x, y, steps, lr):
    """You stopped when the loss was close to 0. The caller asked for so many steps, and wants to see all of them."""
    losses = []
    for _ in range(steps):
        losses += _train(model, x, y, 1, torch.optim.SGD(model.parameters(), lr=lr))
        if losses[-1] < 1e-6:
            break
    return losses


@mistake(train, says="training mode")
def trained_in_evaluation_mode(model, x, y, steps, lr):
    """You called eval() at the start. Then dropout sleeps through the training that it was made for."""
    model.eval()
    losses = _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))
    model.train()
    return losses


@mistake(train, says="training mode")
def ready_for_use(model, x, y, steps, lr):
    """You called eval() at the end, as the training seemed to be over. The caller may go on with it."""
    losses = _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))
    model.eval()
    return losses


@mistake(train, says="All steps are made")
def stops_when_it_gets_worse(model, x, y, steps, lr):
    """You stopped as soon as the loss grew. The caller asked for so many steps, and wants to see all of them."""
    losses = []
    for _ in range(steps):
        losses += _train(model, x, y, 1, torch.optim.SGD(model.parameters(), lr=lr))
        if len(losses) > 1 and losses[-1] > losses[-2]:
            break
    return losses


@mistake(train, says="does not require a gradient")
def everything_unfrozen(model, x, y, steps, lr):
    """You made all parameters trainable. Whoever froze one did it on purpose."""
    model.requires_grad_(True)
    return _train(model, x, y, steps, torch.optim.SGD(model.parameters(), lr=lr))


@mistake(train, says="NoneType")
def every_gradient_expected(model, x, y, steps, lr):
    """You took for granted that each parameter gets a gradient. One that the loss does not use has None in .grad."""
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = _loss(model, x, y)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                if p.requires_grad:
                    p -= lr * p.grad
        losses.append(loss.item())
    return losses


@mistake(train, says="one parameter, which makes one step")
def shared_parameter_moved_twice(model, x, y, steps, lr):
    """You went through the modules, and moved what each one holds. A module that stands in two places moved twice.
    model.parameters() gives each parameter once."""
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = _loss(model, x, y)
        loss.backward()
        _move([p for _, p in model.named_parameters(remove_duplicate=False) if p.requires_grad], lr)
        losses.append(loss.item())
    return losses


@mistake(train, says="new parameter in place of its own")
def parameters_made_anew(model, x, y, steps, lr):
    """You gave the model new parameters at each step. An optimizer, or another module that shares one, still holds the
    old ones. Change the values of those that are there."""
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = _loss(model, x, y)
        loss.backward()
        for module in {*model.modules()}:
            for name, p in [*module.named_parameters(recurse=False)]:
                if p.requires_grad and p.grad is not None:
                    setattr(module, name, nn.Parameter((p - lr * p.grad).detach()))
        losses.append(loss.item())
    return losses


# ---------------------------------------------------------------------------------------------- evaluate, mistakes


def _evaluate(model, x, y, loss=_loss):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        value = loss(model, x, y)
    for module, mode in modes:
        module.training = mode
    return value.item()


@mistake(evaluate, says="mode in which it was")
def left_in_evaluation(model, x, y):
    """You called eval() and left it so. From the next epoch on, the model trains without dropout, and nothing tells."""
    model.eval()
    with torch.no_grad():
        return _loss(model, x, y).item()


@mistake(evaluate, says="mode in which it was")
def always_back_to_training(model, x, y):
    """You called train() at the end. But the model may have been in evaluation mode before, or a part of it."""
    value = _evaluate(model, x, y)
    model.train()
    return value


@mistake(evaluate, says="mode in which it was")
def mode_of_the_outermost(model, x, y):
    """You remembered model.training and restored it with train(...), which sets every module inside to the same. Some
    of them may have been in another mode, such as a frozen part."""
    before = model.training
    value = _evaluate(model, x, y)
    model.train(before)
    return value


@mistake(evaluate, says="mode in which it was")
def mode_of_the_children_only(model, x, y):
    """You remembered the modes of model.children(). These are only the modules directly inside; modules() goes all the
    way down."""
    modes = [(module, module.training) for module in [model, *model.children()]]
    value = _evaluate(model.eval(), x, y)
    for module, mode in modes:
        module.training = mode
    return value


@mistake(evaluate, says="evaluation mode")
def still_in_training(model, x, y):
    """You did not switch to evaluation mode. Dropout drops then, and each measurement gives another number."""
    with torch.no_grad():
        return _loss(model, x, y).item()


@mistake(evaluate, says="evaluation mode")
def switched_at_the_top_only(model, x, y):
    """You set model.training = False. The modules inside have switches of their own: eval() reaches all of them."""
    before, model.training = model.training, False
    with torch.no_grad():
        value = _loss(model, x, y).item()
    model.training = before
    return value


@mistake(evaluate, says="No graph")
def graph_built(model, x, y):
    """You let autograd record the forward pass. That costs memory and time for a backward() that never comes. eval()
    does not stop it; torch.no_grad() does."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    value = _loss(model, x, y).item()
    for module, mode in modes:
        module.training = mode
    return value


@mistake(evaluate, says="where a float is asked for")
def loss_as_a_tensor(model, x, y):
    """You returned the loss as a tensor. .item() gives a Python float."""
    return torch.tensor(_evaluate(model, x, y), device=x.device)


@mistake(evaluate, says="records gradients")
def recording_off_for_good(model, x, y):
    """You switched the recording of gradients off, and left it so. `with torch.no_grad():` ends by itself."""
    value = _evaluate(model, x, y)
    torch.set_grad_enabled(False)
    return value


@mistake(evaluate, says="records gradients")
def recording_on_for_good(model, x, y):
    """You switched the recording of gradients on at the end. But the caller may have switched it off."""
    value = _evaluate(model, x, y)
    torch.set_grad_enabled(True)
    return value


@mistake(evaluate, says="requires_grad")
def frozen_to_save_memory(model, x, y):
    """You set requires_grad to False for all parameters, so that no graph is built, and left it so. They will never
    learn again."""
    model.requires_grad_(False)
    return _evaluate(model, x, y)


@mistake(evaluate, says="requires_grad")
def frozen_and_thawed(model, x, y):
    """You froze all parameters, and made all of them trainable again at the end. Some may have been frozen before."""
    value = _evaluate(model, x, y)
    model.requires_grad_(True)
    return value


@mistake(evaluate, says=".grad")
def gradients_cleared(model, x, y):
    """You called zero_grad(). To measure is no reason to lose gradients that somebody is still collecting."""
    model.zero_grad()
    return _evaluate(model, x, y)


@mistake(evaluate, says="mean of the squares")
def summed_errors(model, x, y):
    """You added the squared errors up. Their mean does not depend on how many there are."""
    return _evaluate(model, x, y, lambda model, x, y: (model(x) - y).square().sum())


@mistake(evaluate, says="mean of the squares")
def root_of_the_loss(model, x, y):
    """You took the root. The mean squared error has none."""
    return _evaluate(model, x, y) ** 0.5


@mistake(evaluate, says="All digits")
def rounded_for_the_eye(model, x, y):
    """You rounded the loss. The caller can do so where they print it; here all digits are asked for."""
    return round(_evaluate(model, x, y), 4)


@mistake(evaluate, says="over all numbers")
def averaged_over_rows(model, x, y):
    """You added the squared errors of one row, and averaged over the rows. The mean is over all numbers of y."""
    return _evaluate(model, x, y, lambda model, x, y: (model(x) - y).square().sum() / len(y))


@mistake(evaluate, says="change nothing")
def learns_while_measuring(model, x, y):
    """You made a step of training along with the measurement. What is measured must not learn from it."""
    value = _evaluate(model, x, y)
    parameters = [p for p in model.parameters() if p.requires_grad]
    with torch.enable_grad():
        gradients = torch.autograd.grad(_loss(model, x, y), parameters, allow_unused=True)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients):
            if gradient is not None:
                parameter -= 0.01 * gradient
    return value


@mistake(evaluate, says="changed its input")
def difference_in_place(model, x, y):
    """You subtracted y in place from what the model gave. A model may give back x itself, and then x is changed."""
    return _evaluate(model, x, y, lambda model, x, y: model(x).sub_(y).square().mean())


@mistake(evaluate, says="all of x at once")
def measured_row_by_row(model, x, y):
    """You called the model with one row at a time. A model may compare the rows of a batch, and has nothing to compare
    then."""
    return _evaluate(
        model, x, y, lambda model, x, y: torch.stack([_loss(model, a[None], b[None]) for a, b in zip(x, y)]).mean()
    )


# ------------------------------------------------------------------------------------------- minibatches, mistakes


def _cut(x, y, size, rows, targets=None):
    """Batches of these rows; the targets from the same rows, or from others."""
    targets = rows if targets is None else targets
    return [(x[rows[i : i + size]], y[targets[i : i + size]]) for i in range(0, len(rows), size)]


@mistake(minibatches, says="belong together")
def shuffled_apart(x, y, size, generator):
    """You drew one order for x and another one for y. Then each input has the target of some other input. Draw once,
    and use the order for both."""
    orders = [torch.randperm(len(x), generator=generator) for _ in range(2)]
    return _cut(x, y, size, *orders)


@mistake(minibatches, says="belong together")
def targets_in_their_old_order(x, y, size, generator):
    """You shuffled x and left y as it was. Then each input has the target of some other input."""
    return _cut(x, y, size, torch.randperm(len(x), generator=generator), torch.arange(len(x)))


@mistake(minibatches, says="smaller")
def last_batch_dropped(x, y, size, generator):
    """You left the last batch out, because it is not full. Every row counts: the last batch is just smaller."""
    batches = _cut(x, y, size, torch.randperm(len(x), generator=generator))
    return [batch for batch in batches if len(batch[0]) == size]


@mistake(minibatches, says="smaller")
def last_batch_filled_up(x, y, size, generator):
    """You filled the last batch with rows that were used already. Every row occurs once."""
    rows = torch.randperm(len(x), generator=generator)
    missing = -len(rows) % size
    return _cut(x, y, size, torch.cat([rows, rows.repeat(missing // len(rows) + 1)[:missing]]))


@mistake(minibatches, says="smaller")
def size_is_how_many_batches(x, y, size, generator):
    """You cut the data into `size` batches. size says how many rows one batch has."""
    rows = torch.randperm(len(x), generator=generator)
    return [(x[part], y[part]) for part in rows.chunk(size)]


@mistake(minibatches, says="one pair after the other")
def first_batch_only(x, y, size, generator):
    """You wrote return in the loop, which ends the function at the first batch. With yield it gives this batch, and
    goes on from there when the next one is asked for."""
    return _cut(x, y, size, torch.randperm(len(x), generator=generator))[0]


@mistake(minibatches, says="exactly one batch")
def drawn_with_repetition(x, y, size, generator):
    """You drew each row anew, so that some come twice and others never. A random order has each of them once."""
    return _cut(x, y, size, torch.randint(len(x), (len(x),), generator=generator))


@mistake(minibatches, says="shuffled")
def in_the_old_order(x, y, size, generator):
    """You left the rows in their order. Data often comes sorted, and then each batch shows one kind only."""
    return _cut(x, y, size, torch.arange(len(x)))


@mistake(minibatches, says="Any order")
def batches_in_random_order(x, y, size, generator):
    """You shuffled the batches. Within a batch the same rows meet at every epoch; shuffle the rows before you cut."""
    batches = _cut(x, y, size, torch.arange(len(x)))
    full = [batch for batch in batches if len(batch[0]) == size]
    order = torch.randperm(len(full), generator=generator)
    return [full[i] for i in order] + batches[len(full) :]


@mistake(minibatches, says="Any order")
def shuffled_within_each_batch(x, y, size, generator):
    """You cut first, and shuffled the rows within each batch. The same rows meet at every epoch; shuffle the rows
    before you cut."""
    parts = [part[torch.randperm(len(part), generator=generator)] for part in torch.arange(len(x)).split(size)]
    return [(x[part], y[part]) for part in parts]


@mistake(minibatches, says="Any order")
def begins_at_a_random_row(x, y, size, generator):
    """You started at a random row and went on in the old order. Neighbours stay neighbours then."""
    start = int(torch.randint(len(x), (), generator=generator))
    return _cut(x, y, size, torch.arange(len(x)).roll(start))


@mistake(minibatches, says="generator")
def generator_not_used(x, y, size, generator):
    """You called torch.randperm without generator=. It draws from PyTorch's own stream then, and the caller's seed has
    no effect."""
    return _cut(x, y, size, torch.randperm(len(x)))


@mistake(minibatches, says="goes on")
def generator_started_again(x, y, size, generator):
    """You set the seed of the generator at the start. Then every epoch has the same order. The caller has set it
    once; let the generator go on from there."""
    generator.manual_seed(generator.initial_seed())
    return _cut(x, y, size, torch.randperm(len(x), generator=generator))


@mistake(minibatches, says="goes on")
def generator_only_read(x, y, size, generator):
    """You made a generator of your own from the caller's seed. The caller's does not go on then, and every epoch has
    the same order."""
    own = torch.Generator().manual_seed(generator.initial_seed())
    return _cut(x, y, size, torch.randperm(len(x), generator=own))


@mistake(minibatches, says="generator")
def fixed_seed(x, y, size, generator):
    """You chose a seed of your own. Which order comes is up to the caller's generator."""
    return _cut(x, y, size, torch.randperm(len(x), generator=generator.manual_seed(0)))


@mistake(minibatches, says="PyTorch's own stream")
def seeds_everything(x, y, size, generator):
    """You set PyTorch's global seed, with a number from the generator. All other chance in the program starts again
    then, with each epoch."""
    torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
    return _cut(x, y, size, torch.randperm(len(x)))


@mistake(minibatches, says="pair")
def inputs_only(x, y, size, generator):
    """You gave batches of x only. Training needs the targets as well: pairs (rows of x, the same rows of y)."""
    return [batch for batch, _ in _cut(x, y, size, torch.randperm(len(x), generator=generator))]


@mistake(minibatches, says="pair")
def two_lists(x, y, size, generator):
    """You returned two lists, the batches of x and the batches of y. The caller takes one pair after the other."""
    return tuple(zip(*_cut(x, y, size, torch.randperm(len(x), generator=generator))))


@mistake(minibatches, says="dtype")
def everything_to_float(x, y, size, generator):
    """You converted the rows to float32. Targets may be whole numbers, such as the ids of tokens: the dtype stays."""
    return [(a.float(), b.float()) for a, b in _cut(x, y, size, torch.randperm(len(x), generator=generator))]


@mistake(minibatches, says="shape")
def targets_flattened(x, y, size, generator):
    """You flattened y. Each row keeps its shape."""
    return [(a, b.flatten()) for a, b in _cut(x, y, size, torch.randperm(len(x), generator=generator))]


@mistake(minibatches, says="changed its input")
def shuffled_in_place(x, y, size, generator):
    """You shuffled the caller's x and y in place. They need the old order again, for instance to compare."""
    order = torch.randperm(len(x), generator=generator)
    x.copy_(x[order].clone())
    y.copy_(y[order].clone())
    return _cut(x, y, size, torch.arange(len(x)))


@mistake(minibatches, says="fit into one batch")
def all_in_one_as_they_are(x, y, size, generator):
    """You left the rows in their order where all of them fit into one batch. The caller counts on a random order, of
    any data."""
    if size >= len(x):
        return [(x, y)]
    return _cut(x, y, size, torch.randperm(len(x), generator=generator))


@mistake(minibatches, says="the old one too")
def never_the_old_order(x, y, size, generator):
    """You shuffled again when the old order came up. It is one of the random orders, as good as any other."""
    order = torch.randperm(len(x), generator=generator)
    while len(x) > 1 and torch.equal(order, torch.arange(len(x))):
        order = torch.randperm(len(x), generator=generator)
    return _cut(x, y, size, order)


@mistake(minibatches, says="On a GPU this would stop")
def rows_picked_from_the_cpu(x, y, size, generator):
    """You picked rows with an index on the CPU. index_select and gather want it where the data is; x[index] takes
    both."""
    order = torch.randperm(len(x), generator=generator)
    return [(x.index_select(0, rows), y.index_select(0, rows)) for rows in order.split(size)]
