"""The tests of kata 13. Run them with: make kata N=13"""

import torch
from mlp import DeepNet, SimpleNet, hidden_activations, relu
from torch import nn

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_that,
    oracle,
    parameterized,
)

F = nn.functional  # PyTorch's own answers, on float64 copies

SHAPES = [
    ("one token", (3,)),
    ("one sequence", (4, 3)),
    ("a batch of sequences", (2, 4, 3)),
    ("four dimensions", (2, 3, 5, 4)),
    ("a batch of one", (1, 4, 3)),
    ("sequences of one token", (2, 1, 3)),
    ("one number in", (2, 4, 1)),
]
DTYPES = [("float64", torch.float64, 1e-10), ("float16", torch.float16, 2e-2), ("bfloat16", torch.bfloat16, 1e-1)]
KEEPS = "Number by number: what is above 0 stays as it is, what is below 0 becomes 0."
MANY = "x may have any number of dimensions in front of the last one, or none. They come back as they were."
FLOWS = "Training needs the way back: the gradient reaches x, and the parameters of every layer."


class TestRelu(KataTest):
    subject = relu

    def test_what_is_below_0_becomes_0(self):
        x = self.tensor([-8.0, -2.0, -0.5, 0.0, 0.25, 3.0, 8.0])
        assert_close(relu(x), [0.0, 0.0, 0.0, 0.0, 0.25, 3.0, 8.0], why=f"{KEEPS} 0 stays 0.", rtol=0, atol=0)

    @parameterized.expand(
        [
            ("a matrix", (4, 3)),
            ("a square", (3, 3)),
            ("a batch", (2, 5, 3)),
            ("four dimensions", (2, 3, 1, 5)),
            ("one number in a vector", (1,)),
            ("one number in a matrix", (1, 1)),
            ("a lone number", ()),
        ]
    )
    def test_any_shape(self, _case, shape):
        x = self.randn(*shape)
        assert_close(relu(x), F.relu(oracle(x)), why=f"x may have any shape, and the shape stays. {KEEPS}")
        assert_close(relu(-x), F.relu(-oracle(x)), why=f"x may have any shape, and the shape stays. {KEEPS}")

    def test_large_and_small_numbers(self):
        x = self.tensor([[12_345.0, -12_345.0, 1e-3], [-1e-3, 700.0, -700.0]])
        expected = [[12_345.0, 0.0, 1e-3], [0.0, 700.0, 0.0]]
        why = f"There is no upper limit, and no number is too small. {KEEPS}"
        assert_close(relu(x), expected, why=why)
        x = self.tensor([1e30, -1e30, 1e-30, -1e-30])
        why = f"1e30 is a number like any other, but its square is inf, and the square of 1e-30 is 0. {KEEPS}"
        assert_close(relu(x), [1e30, 0.0, 1e-30, 0.0], why=why, atol=0)

    @parameterized.expand([("all below", -1.0), ("all above", 1.0)])
    def test_all_on_one_side(self, _case, sign):
        x = (self.rand(4, 3) + 0.1) * sign
        assert_close(relu(x), F.relu(oracle(x)), why=f"All numbers lie on the same side of 0 here. {KEEPS}")

    @parameterized.expand([("a matrix", (4, 3)), ("a lone number", ())])
    def test_the_result_is_a_new_tensor(self, _case, shape):
        x = self.rand(*shape) + 0.1
        result = relu(x)
        assert_close(result, oracle(x), why=f"All numbers are above 0 here. {KEEPS}")
        why = "The result is a new tensor, also where nothing had to be cut: to write into it must not change x."
        assert_that(result.data_ptr() != x.data_ptr(), "The result shares its memory with x.", why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 4, 3, strided=True)
        assert_close(relu(x), F.relu(oracle(x)), why=f"The numbers of x lie in memory with gaps. {KEEPS}")

    @parameterized.expand([(name, dtype) for name, dtype, _ in DTYPES])
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        x = self.randn(4, 5, dtype=dtype)
        why = "The result keeps the dtype of x. What you make yourself is float32 unless you say dtype=x.dtype."
        assert_close(relu(x), F.relu(oracle(x)), dtype=dtype, why=f"{why} {KEEPS}", rtol=0, atol=0)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 5)
        assert_left_alone(relu, x, expected=F.relu(oracle(x)))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 5)
        assert_follows_device(relu, x, expected=F.relu(oracle(x)))

    @parameterized.expand(
        [
            ("a matrix", [[-3.0, 2.0, -0.5, 1.5], [0.5, -1.0, 4.0, -2.0]]),
            ("a lone number above 0", 2.0),
            ("a lone number below 0", -2.0),
        ]
    )
    def test_gradients_pass_where_x_is_above_0(self, _case, numbers):
        x = self.tensor(numbers)
        why = "The gradient passes where x is above 0. Where the number was cut, a small change changes nothing: 0."
        assert_gradients(relu, x, expected=F.relu(oracle(x)), why=why)

    def test_the_gradient_at_0_is_a_number(self):
        x = self.tensor([0.0, -1.0, 2.0]).requires_grad_()
        result = relu(x)
        assert_close(result, [0.0, 0.0, 2.0], why=KEEPS)
        assert_that(result.requires_grad, "The result has no gradient: the way back is cut.", why=FLOWS)
        (slopes,) = torch.autograd.grad(result.sum(), x)
        slope = slopes[0].item()
        why = (
            "At 0 the line has a corner, and any gradient from 0 to 1 will do. NaN will not: one step of training "
            "would carry it into the parameters. A root brings it: its slope at 0 is inf, and 0 times inf is NaN."
        )
        assert_that(
            0 <= slope <= 1, f"The gradient at 0 is {slope:g}.", why=why, expected="0 to 1", actual=f"{slope:g}"
        )


def parameters_of(layers):
    """The parameters of these linear layers, by the identity of the objects."""
    return {id(parameter): parameter for layer in layers for parameter in layer.parameters()}


def sizes_of(layer):
    bias = "" if layer.bias is not None else ", no bias"
    return f"from {layer.in_features} to {layer.out_features}{bias}"


def check_layers(module, layers, sizes, why):
    """These are linear layers from each size to the next, and the module learns just what they hold."""
    for layer in layers:
        says = f"There is {type(layer).__name__} in the place of an nn.Linear layer."
        assert_that(isinstance(layer, nn.Linear), says, why=why)
    found = [sizes_of(layer) for layer in layers]
    wanted = [f"from {sizes[i]} to {sizes[i + 1]}" for i in range(len(sizes) - 1)]
    shown = {"expected": ", ".join(wanted), "actual": ", ".join(found) or "no layers"}
    assert_that(found == wanted, "The layers are not right.", why=why, **shown)
    known = parameters_of(layers)
    says = "Two of the layers are the same layer."
    assert_that(len(known) == 2 * len(layers), says, why=why)
    given = parameters_of([module])
    says = "The module does not find the parameters of its layers: nobody will train them."
    assert_that(known.keys() <= given.keys(), says, why=why)
    others = [name for name, parameter in module.named_parameters() if id(parameter) not in known]
    assert_that(not others, f"There are more parameters: {', '.join(others)}.", why=why)
    frozen = [name for name, parameter in module.named_parameters() if not parameter.requires_grad]
    assert_that(not frozen, f"These parameters do not ask for a gradient: {', '.join(frozen)}.", why=why)


def check_start(layers, why):
    """They hold random numbers, each layer its own."""
    weights = [layer.weight.detach().flatten().tolist() for layer in layers]
    constant = any(len(set(weight)) < len(weight) / 2 for weight in weights)
    equal = len({tuple(weight) for weight in weights}) < len(weights)
    assert_that(not constant and not equal, "The layers do not start with random numbers of their own.", why=why)


def check_first_numbers(layers):
    """They hold what PyTorch draws for them: from -k to k, all equally likely, with k = 1 / sqrt(in_features)."""
    why = (
        "The layers start as PyTorch makes them. Leave the numbers that nn.Linear draws; how to draw them comes later."
    )
    for layer in layers:
        for name, parameter in layer.named_parameters():
            numbers = parameter.detach().cpu().double() * layer.in_features**0.5
            usual = numbers.abs().max() < 1.001 and 0.377 < numbers.std() < 0.777 and numbers.mean().abs() < 0.5
            says = f"The {name} of the layer {sizes_of(layer)} starts with other numbers."
            assert_that(usual, says, why=why)


def held_by(net):
    """All that the net and its layers keep in their attributes."""
    return {(name, key): value for name, part in net.named_modules() for key, value in vars(part).items()}


def check_nothing_remembered(net, x, expected):
    """A call leaves the net as it was."""
    before, numbers = held_by(net), {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert_close(net(x), expected, why="A ReLU between the layers, and nothing after the last one.")
    why = "Nothing is remembered from one call to the next: forward computes its result, and changes nothing in self."
    check_same(net, before, numbers, "A call", why)


def check_same(net, before, numbers, who, why):
    after, state = held_by(net), net.state_dict()
    changed = [key for (name, key), value in after.items() if before.get((name, key), net) is not value]
    changed += [key for name, key in before if (name, key) not in after]
    assert_that(not changed, f"{who} has changed what the net holds: {', '.join(changed)}.", why=why)
    same = state.keys() == numbers.keys() and all(torch.equal(state[name], numbers[name]) for name in numbers)
    assert_that(same, f"{who} has changed the numbers in the net.", why=why)


def through(layers, x):
    """What linear layers give with a ReLU between them, by PyTorch's own operations."""
    x = oracle(x)
    for i, layer in enumerate(layers):
        x = F.linear(F.relu(x) if i else x, oracle(layer.weight), oracle(layer.bias))
    return x


def learned(test, module):
    """The module with other numbers in its parameters, as after some training."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(test.randn(*parameter.shape))
    return module


def write(test, layer, weight, bias):
    """Put these numbers into a linear layer."""
    with torch.no_grad():
        layer.weight.copy_(test.tensor(weight))
        layer.bias.copy_(test.tensor(bias))


def step(module):
    """One step of training: against the gradient."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter -= 0.1 * parameter.grad


def check_training(module, x, layers, why):
    """After one step of training it computes with the new numbers."""
    result = module(x)
    assert_close(result, through(layers(), x), why="The result before the step is not right yet.")
    assert_that(result.requires_grad, "The result has no gradient: the way back is cut.", why=FLOWS)
    result.square().mean().backward()
    without = [name for name, parameter in module.named_parameters() if parameter.grad is None]
    assert_that(not without, f"No gradient reaches {', '.join(without)}.", why=FLOWS)
    step(module)
    assert_close(module(x), through(layers(), x), why=why)


TWO = (
    "layer1 and layer2 are two layers: nn.Linear with its bias, made once in __init__, as attributes of self. "
    "layer1 goes from n_in to n_hidden, layer2 from n_hidden to n_out. There is nothing else to learn."
)
BETWEEN = "The ReLU stands between the layers, and only there. Nothing comes after the second layer."


def by_eye(test, net):
    """A SimpleNet(2, 3, 1) with numbers that can be followed by eye, and two tokens for it."""
    write(test, net.layer1, [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]], [0.0, -1.0, 0.0])
    write(test, net.layer2, [[1.0, -10.0, 100.0]], [-50.0])
    return test.tensor([[2.0, 30.0], [-1.0, 0.5]])


class TestSimpleNet(KataTest):
    subject = SimpleNet

    def trained(self, *sizes):
        return learned(self, self.make(SimpleNet, *sizes))

    def test_it_owns_two_layers(self):
        net = self.make(SimpleNet, 3, 5, 2)
        for name in ("layer1", "layer2"):
            layer = getattr(net, name, None)
            assert_that(isinstance(layer, nn.Linear), f"`{name}` is no nn.Linear layer of the net.", why=TWO)
        check_layers(net, [net.layer1, net.layer2], (3, 5, 2), why=TWO)

    def test_the_bend_is_between_the_layers(self):
        net = self.make(SimpleNet, 2, 3, 1)
        x = by_eye(self, net)
        why = f"layer1 gives [2, 29, -32] and [-1, -0.5, 0.5] here, and layer2 has the bias -50. {BETWEEN}"
        assert_close(net(x), [[-338.0], [0.0]], why=why)

    def test_the_layers_start_as_pytorch_makes_them(self):
        net = self.make(SimpleNet, 100, 50, 40)
        check_layers(net, [net.layer1, net.layer2], (100, 50, 40), why=TWO)
        check_first_numbers([net.layer1, net.layer2])

    def test_nothing_is_remembered(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        check_nothing_remembered(net, x, through([net.layer1, net.layer2], x))

    def test_two_layers_also_where_the_sizes_agree(self):
        net = self.make(SimpleNet, 4, 4, 4)
        check_layers(net, [net.layer1, net.layer2], (4, 4, 4), why=f"All sizes are equal here. {TWO}")
        check_start([net.layer1, net.layer2], why="The layers start as PyTorch makes them: each draws its own numbers.")
        x = self.randn(5, 4)
        learned(self, net)
        assert_close(net(x), through([net.layer1, net.layer2], x), why=f"All sizes are equal here. {BETWEEN}")

    def test_every_net_has_its_own_numbers(self):
        one, other, x = self.trained(3, 5, 2), self.make(SimpleNet, 3, 5, 2), self.randn(4, 3)
        third = self.make(SimpleNet, 3, 5, 2)
        why = "Each net makes its own layers in __init__. Two new nets differ, and what one learns the other does not."
        check_start([other.layer1, third.layer1], why=why)
        expected = through([one.layer1, one.layer2], x)
        learned(self, other)
        assert_close(one(x), expected, why=why)

    @parameterized.expand(SHAPES)
    def test_any_leading_dimensions_will_do(self, _case, shape):
        net, x = self.trained(shape[-1], 5, 2), self.randn(*shape)
        assert_close(net(x), through([net.layer1, net.layer2], x), why=f"{MANY} {BETWEEN}")

    @parameterized.expand(
        [
            ("narrow in the middle", (4, 1, 3)),
            ("one number out", (4, 5, 1)),
            ("as many out as in", (4, 6, 4)),
            ("wide in the middle", (2, 30, 3)),
        ]
    )
    def test_any_sizes_will_do(self, _case, sizes):
        net, x = self.trained(*sizes), self.randn(2, 5, sizes[0])
        check_layers(net, [net.layer1, net.layer2], sizes, why=TWO)
        assert_close(net(x), through([net.layer1, net.layer2], x), why=BETWEEN)

    def test_training_and_evaluation_give_the_same(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        expected = through([net.layer1, net.layer2], x)
        why = "This net does the same in training and in evaluation, call after call."
        for mode in (True, False, True):
            assert_close(net.train(mode)(x), expected, why=why)

    def test_a_step_of_training_counts(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        why = "One step of training has changed the layers. The net computes with the numbers that they hold now."
        check_training(net, x, lambda: [net.layer1, net.layer2], why=why)

    def test_a_saved_net_can_be_loaded(self):
        net, fresh, x = self.trained(3, 5, 2), self.make(SimpleNet, 3, 5, 2), self.randn(4, 3)
        expected = through([net.layer1, net.layer2], x)
        fresh.load_state_dict(net.state_dict())
        why = "state_dict() saves both layers, load_state_dict() brings them back, and the net computes with them."
        assert_close(fresh(x), expected, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        net, x = self.trained(3, 5, 2), self.randn(2, 4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {BETWEEN}"
        assert_close(net(x), through([net.layer1, net.layer2], x), why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype, tolerance):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype, tolerance = torch.float16, 2e-2  # an Apple GPU has no float64
        net, x = self.trained(3, 5, 2).to(dtype), self.randn(2, 4, 3, dtype=dtype)
        expected = through([net.layer1, net.layer2], x)
        why = "net.to(dtype) turns the parameters into another dtype, x has it too, and so has the result."
        assert_close(net(x), expected, dtype=dtype, why=why, rtol=tolerance, atol=2 * tolerance)

    def test_x_is_left_alone(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        assert_left_alone(net, x, expected=through([net.layer1, net.layer2], x))

    def test_it_works_on_any_device(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        assert_follows_device(net, x, expected=through([net.layer1, net.layer2], x))

    @parameterized.expand([("in training", True), ("in evaluation", False)])
    def test_gradients_reach_x_and_both_layers(self, _case, mode):
        net, x = self.trained(2, 3, 2).train(mode), self.randn(3, 2)
        assert_gradients(net, x, expected=through([net.layer1, net.layer2], x), why=FLOWS)


NEIGHBOURS = (
    "`layers` is an nn.ModuleList, which the module looks into. It holds one nn.Linear with its bias from each size to "
    "the next, and nothing else: no ReLU, and nothing more that could be learned."
)
NEXT = "The layers are used once each, in order, with a ReLU between each layer and the next: none after the last."
TWICE = "A size may occur twice: each place in the sequence has a layer of its own."


class TestDeepNet(KataTest):
    subject = DeepNet

    def trained(self, sizes):
        return learned(self, self.make(DeepNet, sizes))

    def test_one_layer_from_each_size_to_the_next(self):
        net = self.make(DeepNet, [3, 8, 6, 2])
        has = hasattr(net, "layers")
        assert_that(has, "The net has no `layers`.", why=NEIGHBOURS)
        registers = isinstance(net.layers, (nn.ModuleList, nn.Sequential))
        assert_that(registers, f"`layers` is {type(net.layers).__name__}, not nn.ModuleList.", why=NEIGHBOURS)
        check_layers(net, list(net.layers), [3, 8, 6, 2], why=NEIGHBOURS)

    @parameterized.expand([("in the middle", [2, 4, 2, 3]), ("all of them", [4, 4, 4, 4])])
    def test_a_size_may_occur_twice(self, _case, sizes):
        net = self.make(DeepNet, list(sizes))
        check_layers(net, list(net.layers), sizes, why=f"{TWICE} {NEIGHBOURS}")
        why = "The layers start as PyTorch makes them: each draws random numbers of its own."
        check_start(list(net.layers), why=why)

    @parameterized.expand([("three layers", [100, 50, 50, 40]), ("one layer", [100, 40])])
    def test_the_layers_start_as_pytorch_makes_them(self, _case, sizes):
        net = self.make(DeepNet, list(sizes))
        check_layers(net, list(net.layers), sizes, why=NEIGHBOURS)
        check_first_numbers(net.layers)

    def test_a_relu_between_each_layer_and_the_next(self):
        net, x = self.make(DeepNet, [2, 2, 2, 1]), self.tensor([[3.0, -2.0], [300.0, -200.0]])
        write(self, net.layers[0], [[0.0, 1.0], [1.0, 1.0]], [0.0, 0.0])
        write(self, net.layers[1], [[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0])
        write(self, net.layers[2], [[1.0, 10.0]], [-100.0])
        why = (
            "Follow the token [3, -2]: the first layer gives [-2, 1], the second [-1, 1], the third 10 - 100, each "
            f"from what the ReLU has left. {NEXT}"
        )
        assert_close(net(x), [[-90.0], [900.0]], why=why)

    @parameterized.expand(
        [
            ("one layer", [3, 2], "With two sizes there is one layer, and no ReLU."),
            ("two layers", [3, 5, 2], "With three sizes there are two layers, and one ReLU."),
            ("one number in the middle", [3, 1, 4], "A token may have a single number between two layers."),
            ("four layers", [3, 5, 4, 6, 2], "With five sizes there are four layers, and three ReLUs."),
            ("seven layers", [2, 4, 5, 6, 5, 4, 2, 3], "With eight sizes there are seven layers, and six ReLUs."),
        ]
    )
    def test_any_depth(self, _case, sizes, why):
        net, x = self.trained(list(sizes)), self.randn(4, sizes[0])
        check_layers(net, list(net.layers), sizes, why=f"{why} {NEIGHBOURS}")
        assert_close(net(x), through(net.layers, x), why=f"{why} {NEXT}", rtol=1e-3, atol=1e-3)

    @parameterized.expand(
        [
            ("the last one occurs before", [3, 2, 5, 2]),
            ("all of them", [4, 4, 4, 4]),
            ("the first one occurs again", [3, 5, 3, 3, 2]),
            ("one number everywhere", [1, 1, 1]),
        ]
    )
    def test_the_relus_where_a_size_occurs_twice(self, _case, sizes):
        net, x = self.trained(list(sizes)), self.randn(6, sizes[0])
        check_layers(net, list(net.layers), sizes, why=f"{TWICE} {NEIGHBOURS}")
        assert_close(net(x), through(net.layers, x), why=f"{TWICE} {NEXT}", rtol=1e-3, atol=1e-3)

    @parameterized.expand([("one layer", (3, 2)), ("three layers", (3, 5, 4, 2))])
    def test_the_sizes_may_be_a_tuple(self, _case, sizes):
        why = "The sizes may come as a list or as a tuple."
        net, x = self.trained(sizes), self.randn(4, 3)
        check_layers(net, list(net.layers), sizes, why=f"{why} {NEIGHBOURS}")
        assert_close(net(x), through(net.layers, x), why=f"{why} {NEXT}")

    def test_the_list_is_left_unchanged(self):
        sizes = [3, 5, 4, 2]
        net, x = self.trained(sizes), self.randn(4, 3)
        assert_close(net(x), through(net.layers, x), why=NEXT)
        why = "The list belongs to the caller, who may need it again: the list is left unchanged."
        same = sizes == [3, 5, 4, 2]
        assert_that(same, "Your code changed the list of sizes.", why=why, expected="[3, 5, 4, 2]", actual=str(sizes))

    def test_the_caller_may_change_the_list_later(self):
        sizes = [3, 5, 4, 2]
        net, x = self.trained(sizes), self.randn(4, 3)
        sizes.clear()
        why = (
            "Here the caller has emptied the list after the net was made. A net that keeps the list itself sees every "
            "change in it. The net does not need the list any more: the number of its layers tells the same."
        )
        assert_close(net(x), through(net.layers, x), why=f"{why} {NEXT}")

    def test_nothing_is_remembered(self):
        net, x = self.trained([3, 5, 4, 2]), self.randn(4, 3)
        check_nothing_remembered(net, x, through(net.layers, x))

    def test_every_net_has_its_own_numbers(self):
        one, other, x = self.trained([3, 5, 2]), self.make(DeepNet, [3, 5, 2]), self.randn(4, 3)
        third = self.make(DeepNet, [3, 5, 2])
        why = "Each net makes its own layers in __init__. Two new nets differ, and what one learns the other does not."
        check_start([other.layers[0], third.layers[0]], why=why)
        expected = through(one.layers, x)
        learned(self, other)
        assert_close(one(x), expected, why=why)

    @parameterized.expand(SHAPES)
    def test_any_leading_dimensions_will_do(self, _case, shape):
        net, x = self.trained([shape[-1], 5, 6, 2]), self.randn(*shape)
        assert_close(net(x), through(net.layers, x), why=f"{MANY} {NEXT}", rtol=1e-3, atol=1e-3)

    def test_training_and_evaluation_give_the_same(self):
        net, x = self.trained([3, 5, 4, 2]), self.randn(4, 3)
        expected = through(net.layers, x)
        why = "This net does the same in training and in evaluation, call after call."
        for mode in (True, False, True):
            assert_close(net.train(mode)(x), expected, why=why)

    def test_a_step_of_training_counts(self):
        net, x = self.make(DeepNet, [3, 5, 4, 2]), self.randn(6, 3)
        why = "One step of training has changed the layers. The net computes with the numbers that they hold now."
        check_training(net, x, lambda: net.layers, why=why)

    def test_a_saved_net_can_be_loaded(self):
        net, fresh, x = self.trained([3, 5, 4, 2]), self.make(DeepNet, [3, 5, 4, 2]), self.randn(4, 3)
        expected = through(net.layers, x)
        fresh.load_state_dict(net.state_dict())
        why = "state_dict() saves every layer, load_state_dict() brings them back, and the net computes with them."
        assert_close(fresh(x), expected, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        net, x = self.trained([3, 5, 4, 2]), self.randn(2, 4, 3, strided=True)
        assert_close(net(x), through(net.layers, x), why=f"The numbers of x lie in memory with gaps. {NEXT}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype, tolerance):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype, tolerance = torch.float16, 2e-2  # an Apple GPU has no float64
        net, x = self.make(DeepNet, [3, 5, 4, 2]).to(dtype), self.randn(2, 4, 3, dtype=dtype)
        why = "net.to(dtype) turns the parameters into another dtype, x has it too, and so has the result."
        assert_close(net(x), through(net.layers, x), dtype=dtype, why=why, rtol=tolerance, atol=tolerance)

    @parameterized.expand([("one layer", [3, 2]), ("three layers", [3, 5, 4, 2])])
    def test_x_is_left_alone(self, _case, sizes):
        net, x = self.trained(list(sizes)), self.randn(4, 3)
        assert_left_alone(net, x, expected=through(net.layers, x))

    def test_it_works_on_any_device(self):
        net, x = self.trained([3, 5, 4, 2]), self.randn(4, 3)
        assert_follows_device(net, x, expected=through(net.layers, x))

    @parameterized.expand([("in training", True), ("in evaluation", False)])
    def test_gradients_reach_x_and_every_layer(self, _case, mode):
        net, x = self.trained([2, 3, 2, 2]).train(mode), self.randn(3, 2)
        assert_gradients(net, x, expected=through(net.layers, x), why=FLOWS)


HANDED = (
    "For each token: what the net that it is given hands to its second layer. The first layer takes the input as it is "
    "and adds its bias; the numbers asked for stand after the ReLU, and before the second layer."
)


def hidden_by_pytorch(net, x):
    return F.relu(F.linear(oracle(x), oracle(net.layer1.weight), oracle(net.layer1.bias)))


class TestHiddenActivations(KataTest):
    subject = hidden_activations

    def trained(self, *sizes):
        return learned(self, self.make(SimpleNet, *sizes))

    def test_what_stands_between_the_layers(self):
        net = self.make(SimpleNet, 2, 3, 1)
        x = by_eye(self, net)
        why = f"layer1 gives [2, 29, -32] and [-1, -0.5, 0.5] here. {HANDED}"
        assert_close(hidden_activations(net, x), [[2.0, 29.0, 0.0], [0.0, 0.0, 0.5]], why=why)

    @parameterized.expand(SHAPES)
    def test_any_leading_dimensions_will_do(self, _case, shape):
        net, x = self.trained(shape[-1], 5, 2), self.randn(*shape)
        assert_close(hidden_activations(net, x), hidden_by_pytorch(net, x), why=f"{MANY} {HANDED}")

    @parameterized.expand([("all equal", (4, 4, 4)), ("narrow in the middle", (4, 1, 3)), ("wide", (2, 30, 3))])
    def test_any_sizes_will_do(self, _case, sizes):
        net, x = self.trained(*sizes), self.randn(2, 5, sizes[0])
        assert_close(hidden_activations(net, x), hidden_by_pytorch(net, x), why=HANDED)

    def test_two_nets_and_a_net_that_has_learned(self):
        one, other, x = self.trained(3, 5, 2), self.trained(3, 5, 2), self.randn(4, 3)
        why = f"Each net has its own numbers, and they change while it learns. Keep nothing from before. {HANDED}"
        for net in (one, other, one):
            assert_close(hidden_activations(net, x), hidden_by_pytorch(net, x), why=why)
            learned(self, net)
        assert_close(hidden_activations(one, -x), hidden_by_pytorch(one, -x), why=why)

    def test_the_second_layer_makes_the_result_of_it(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        hidden = hidden_activations(net, x)
        assert_close(hidden, hidden_by_pytorch(net, x), why=HANDED)
        assert_close(net(x), oracle(net.layer2(hidden)), why="The second layer makes of it what the net returns.")

    @parameterized.expand([("in training", True), ("in evaluation", False)])
    def test_the_net_is_left_as_it_is(self, _case, mode):
        net, x = self.trained(3, 5, 2).train(mode), self.randn(4, 3)
        for parameter in net.parameters():
            parameter.grad = torch.ones_like(parameter)
        before, numbers = held_by(net), {name: tensor.clone() for name, tensor in net.state_dict().items()}
        assert_close(hidden_activations(net, x), hidden_by_pytorch(net, x), why=HANDED)
        why = "To look at a net changes nothing in it: the net is left as it is, its mode and its parameters too."
        assert_that(all(part.training == mode for part in net.modules()), "The mode of the net was changed.", why=why)
        asked = all(parameter.requires_grad for parameter in net.parameters())
        assert_that(asked, "A parameter of the net does not ask for a gradient any more.", why=why)
        hooks = [part for part in net.modules() if part._forward_hooks or part._forward_pre_hooks]
        assert_that(not hooks, "A hook was left in the net.", why=why)
        kept = all(p.grad is not None and bool((p.grad == 1).all()) for p in net.parameters())
        assert_that(kept, "A parameter of the net has another .grad now.", why=why)
        check_same(net, before, numbers, "Your function", why)

    def test_gaps_in_memory_make_no_difference(self):
        net, x = self.trained(3, 5, 2), self.randn(2, 4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {HANDED}"
        assert_close(hidden_activations(net, x), hidden_by_pytorch(net, x), why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype, tolerance):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype, tolerance = torch.float16, 2e-2  # an Apple GPU has no float64
        net, x = self.trained(3, 5, 2).to(dtype), self.randn(2, 4, 3, dtype=dtype)
        expected = hidden_by_pytorch(net, x)
        why = "Net and x have the same dtype here, and so has the result."
        assert_close(hidden_activations(net, x), expected, dtype=dtype, why=why, rtol=tolerance, atol=tolerance)

    def test_x_is_left_alone(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        assert_left_alone(hidden_activations, net, x, expected=hidden_by_pytorch(net, x))

    def test_it_works_on_any_device(self):
        net, x = self.trained(3, 5, 2), self.randn(4, 3)
        assert_follows_device(hidden_activations, net, x, expected=hidden_by_pytorch(net, x))

    @parameterized.expand([("in training", True), ("in evaluation", False)])
    def test_gradients_reach_x(self, _case, mode):
        net, x = self.trained(3, 4, 2).cpu().double().train(mode), self.randn(2, 3)
        why = "The gradient flows back through the ReLU and the first layer to x."
        assert_gradients(hidden_activations, net, x, expected=hidden_by_pytorch(net, x), why=why)

    def test_gradients_reach_the_first_layer(self):
        net, x, factor = self.trained(3, 5, 2), self.randn(4, 3), self.randn(4, 5)
        hidden = hidden_activations(net, x)
        assert_close(hidden, hidden_by_pytorch(net, x), why=HANDED)
        why = "The gradient reaches the parameters of the first layer, so one can train with what is shown here."
        assert_that(hidden.requires_grad, "The way back to the first layer is cut.", why=why)
        (hidden * factor).sum().backward()
        without = [name for name, parameter in net.layer1.named_parameters() if parameter.grad is None]
        assert_that(not without, f"No gradient reaches {' and '.join(without)} of layer1.", why=why)
        weight, bias = (oracle(p).requires_grad_() for p in (net.layer1.weight, net.layer1.bias))
        (F.relu(F.linear(oracle(x), weight, bias)) * oracle(factor)).sum().backward()
        for name, found, wanted in [("weight", net.layer1.weight, weight), ("bias", net.layer1.bias, bias)]:
            assert_close(found.grad, wanted.grad, why=f"This is the gradient of layer1.{name}. {why}")
