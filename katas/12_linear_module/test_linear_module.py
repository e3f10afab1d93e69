"""The tests of kata 12. Run them with: make kata N=12"""

import torch
from linear_module import SimpleLinear, copy_weights, count_parameters, freeze, parameter_shapes
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


class Block(nn.Module):
    """A module for the tests: a lone number, modules that lie inside modules, and buffers."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(()))
        self.first = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.rest = nn.Sequential(nn.Linear(4, 5, bias=False), nn.Sequential(nn.Tanh(), nn.Linear(5, 2)))
        self.register_buffer("weight", torch.randn(2))

    def forward(self, x):
        return self.rest(self.norm(self.first(x))) * self.scale + self.weight


BLOCK = {
    "scale": (),
    "first.weight": (4, 3),
    "first.bias": (4,),
    "norm.weight": (4,),
    "norm.bias": (4,),
    "rest.0.weight": (5, 4),
    "rest.1.1.weight": (2, 5),
    "rest.1.1.bias": (2,),
}  # 57 numbers


def deep():
    """Linear layers, each lying deeper than the one before."""
    return nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.Linear(5, 2))))


class Holder(nn.Module):
    """It holds parameters in every way that nn.Module knows."""

    def __init__(self):
        super().__init__()
        self.tables = nn.ParameterList([torch.randn(2, 3), torch.randn(4)])
        self.named = nn.ParameterDict({"start": torch.randn(5)})
        self.parts = nn.ModuleDict({"out": nn.Linear(3, 2)})


def half_frozen():
    """A Block in which three parameters, of 4 + 20 + 2 numbers, are frozen."""
    block = Block()
    for name in ("first.bias", "rest.0.weight", "rest.1.1.bias"):
        block.get_parameter(name).requires_grad = False
    return block


def shared():
    """Two layers with the same weight of 12 numbers, and each with a bias of its own."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3))
    model[1].weight = model[0].weight
    return model


def state(module):
    """All that could be changed in a module: its numbers, what is frozen, its modes."""
    return (
        {name: x.clone() for name, x in module.state_dict().items()},
        {name: parameter.requires_grad for name, parameter in module.named_parameters()},
        [part.training for part in module.modules()],
    )


def step(parameters):
    """One step of training, as an optimizer takes it: against the gradient, where there is one."""
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= 0.5 * parameter.grad


def check_left(module, before, whose, why):
    """The module is as it was."""
    numbers, flags, modes = state(module)
    same = numbers.keys() == before[0].keys() and all(torch.equal(numbers[name], x) for name, x in before[0].items())
    assert_that(same, f"The numbers in {whose} are others now.", why=why)
    assert_that(flags == before[1], f"requires_grad of a parameter in {whose} was changed.", why=why)
    assert_that(modes == before[2], f"The mode (training or evaluation) of {whose} was changed.", why=why)


def by_pytorch(layer, x):
    """What the layer should give, by PyTorch's own operation: it wants the weight turned around."""
    bias = None if layer.bias is None else oracle(layer.bias)
    return nn.functional.linear(oracle(x), oracle(layer.weight).T, bias)


OWNS = (
    "A layer owns what it learns: weight and bias are attributes of self, each made with nn.Parameter, and there is "
    "nothing else to save. The weight has the shape (n_in, n_out), the bias one number for each of the n_out columns."
)
RANDOM = "The weight starts as random numbers, each with a draw of its own. Columns that start equal learn the same."
PRODUCT = "Each token is multiplied by the weight, and the bias is added at the end: with the numbers that it has now."
NO_BIAS = "With bias=False there is no bias: the attribute `bias` is None, nothing is added, nothing else is learned."
MANY = "x may have any number of dimensions in front of the last one, or none. They come back as they were."
FLOWS = "Training needs the way back: the gradient reaches x, and every parameter that the layer owns."


class TestSimpleLinear(KataTest):
    subject = SimpleLinear

    def trained(self, *args, **kwargs):
        """A layer that has learned some numbers."""
        layer = self.make(SimpleLinear, *args, **kwargs)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(self.randn(*parameter.shape))
        return layer

    def test_it_owns_a_weight_and_a_bias(self):
        layer = self.make(SimpleLinear, 3, 5)
        found = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
        wanted = {"weight": (3, 5), "bias": (5,)}
        assert_that(
            found == wanted,
            "SimpleLinear(3, 5) does not own the right parameters.",
            why=OWNS,
            expected=f"parameters {wanted}",
            actual=f"parameters {found or '{}, none at all'}",
        )
        saved = [name for name in layer.state_dict() if name not in wanted]
        assert_that(not saved, f"It also saves {', '.join(saved)}.", why=OWNS)

    def test_both_are_trainable(self):
        layer = self.make(SimpleLinear, 3, 5)
        found = {name: parameter.requires_grad for name, parameter in layer.named_parameters()}
        why = "Both parameters are trainable: they ask for a gradient. nn.Parameter does so unless you forbid it."
        right = found == {"weight": True, "bias": True}
        assert_that(right, "Not both parameters ask for a gradient.", why=why, actual=f"requires_grad {found}")

    def test_the_product_and_then_the_bias(self):
        layer, x = self.make(SimpleLinear, 2, 3), self.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        with torch.no_grad():
            layer.weight.copy_(self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
            layer.bias.copy_(self.tensor([10.0, 20.0, 30.0]))
        expected = [[11.0, 22.0, 33.0], [14.0, 25.0, 36.0], [15.0, 27.0, 39.0]]
        why = f"The weight is [[1, 2, 3], [4, 5, 6]] here, the bias [10, 20, 30]. {PRODUCT}"
        assert_close(layer(x), expected, why=why)

    @parameterized.expand([("by name", [], {"bias": False}), ("by place", [False], {})])
    def test_a_layer_without_a_bias(self, _case, args, kwargs):
        layer, x = self.trained(3, 5, *args, **kwargs), self.randn(4, 3)
        bias = getattr(layer, "bias", "missing")
        shown = f"a tensor {tuple(bias.shape)}" if isinstance(bias, torch.Tensor) else f"{bias!r}"
        assert_that(bias is None, "`bias` is not None.", why=NO_BIAS, expected="None", actual=shown)
        found = sorted(layer.state_dict())
        owned = " and ".join(found) or "nothing"
        assert_that(found == ["weight"], "It does not own just a weight.", why=NO_BIAS, expected="weight", actual=owned)
        assert_close(layer(x), oracle(x) @ oracle(layer.weight), why=NO_BIAS)

    def test_a_bias_may_be_asked_for(self):
        layer, x = self.trained(3, 5, bias=True), self.randn(4, 3)
        assert_close(layer(x), by_pytorch(layer, x), why=f"bias=True asks for a bias, as no word does. {PRODUCT}")

    @parameterized.expand([("with a bias", True), ("without a bias", False)])
    def test_the_weight_starts_as_random_numbers(self, _case, bias):
        layer = self.make(SimpleLinear, 20, 16, bias)
        weight = layer.weight.detach().cpu()
        assert_that(
            bool(weight.isfinite().all()) and float(weight.abs().max()) < 1e4,
            "The weight holds numbers that nobody wrote there.",
            why=f"torch.empty and torch.Tensor only reserve memory. {RANDOM}",
        )
        rows, columns = len({tuple(row) for row in weight.tolist()}), len({tuple(row) for row in weight.T.tolist()})
        assert_that(
            rows == 20 and columns == 16,
            "Some rows or columns of the weight are equal.",
            why=RANDOM,
            expected="20 different rows, 16 different columns",
            actual=f"{rows} different, {columns} different",
        )
        if bias:
            given = layer.bias.detach()
            says = "The bias holds numbers that nobody wrote there."
            why = "The bias starts as random numbers or as zeros. torch.empty only reserves memory."
            assert_that(bool(given.isfinite().all()) and float(given.abs().max()) < 1e4, says, why=why)

    @parameterized.expand([("one number in", 1, 16), ("one number out", 20, 1), ("one of each", 1, 1)])
    def test_the_smallest_layers_start_as_random_numbers_too(self, _case, n_in, n_out):
        weight = self.make(SimpleLinear, n_in, n_out).weight.detach().cpu()
        why = (
            "n_in and n_out may be 1. Look at what you divide by: n_in - 1 is 0 then, and the standard deviation of a "
            "single number is NaN."
        )
        assert_that(bool(weight.isfinite().all()), "The weight holds NaN or inf.", why=why)
        different = n_in * n_out == 1 or len(set(weight.flatten().tolist())) > 1
        assert_that(different, "All numbers of the weight are equal.", why=RANDOM)

    def test_every_layer_starts_with_its_own_numbers(self):
        layers = [self.make(SimpleLinear, 3, 5) for _ in range(3)]
        equal = any(torch.equal(layers[i].weight, layers[j].weight) for i, j in [(0, 1), (0, 2), (1, 2)])
        why = "Two layers of the same size differ from the start: each draws its own numbers. Set no seed inside."
        assert_that(not equal, "Two new layers have the same weight.", why=why)

    def test_every_layer_keeps_its_own_numbers(self):
        one, other = self.trained(3, 5), self.make(SimpleLinear, 3, 5)
        x = self.randn(4, 3)
        expected = by_pytorch(one, x)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.fill_(2.0)
        why = "Another layer of the same size was changed. This one must not notice: make the numbers in __init__."
        assert_close(one(x), expected, why=why)

    @parameterized.expand(
        [
            ("one token", (3,), 5),
            ("one sequence", (4, 3), 5),
            ("a batch of sequences", (2, 4, 3), 5),
            ("four dimensions", (2, 3, 5, 4), 2),
            ("a batch of one", (1, 4, 3), 5),
            ("sequences of one token", (2, 1, 3), 5),
            ("as many out as in", (2, 4, 4), 4),
            ("one number in", (2, 4, 1), 3),
            ("one number out", (2, 4, 3), 1),
        ]
    )
    def test_any_leading_dimensions_will_do(self, _case, shape, n_out):
        layer, x = self.trained(shape[-1], n_out), self.randn(*shape)
        assert_close(layer(x), by_pytorch(layer, x), why=f"{MANY} {PRODUCT}")
        bare = self.trained(shape[-1], n_out, bias=False)
        assert_close(bare(x), by_pytorch(bare, x), why=f"{MANY} {NO_BIAS}")

    def test_the_arguments_keep_their_names(self):
        layer, x = self.trained(n_in=3, n_out=5, bias=True), self.randn(4, 3)
        assert_close(layer(x), by_pytorch(layer, x), why=f"The arguments are n_in, n_out and bias. {PRODUCT}")

    def test_training_and_evaluation_give_the_same(self):
        layer, x = self.trained(3, 5), self.randn(4, 3)
        expected = by_pytorch(layer, x)
        why = "This layer does the same in training and in evaluation, call after call."
        for mode in (True, False, True):
            assert_close(layer.train(mode)(x), expected, why=why)

    def test_a_step_of_training_counts(self):
        layer, x = self.trained(3, 5), self.randn(4, 3)
        assert_close(layer(x), by_pytorch(layer, x), why=PRODUCT)
        result = layer(x)
        assert_that(result.requires_grad, "The result has no gradient: the way back is cut.", why=FLOWS)
        result.square().mean().backward()
        without = [name for name, parameter in layer.named_parameters() if parameter.grad is None]
        assert_that(not without, f"No gradient reaches {' and '.join(without)}.", why=FLOWS)
        step(layer.parameters())
        why = f"One step of training has changed the parameters. {PRODUCT}"
        assert_close(layer(x), by_pytorch(layer, x), why=why)

    @parameterized.expand([("with a bias", True), ("without a bias", False)])
    def test_a_saved_layer_can_be_loaded(self, _case, bias):
        layer, fresh, x = self.trained(3, 5, bias), self.make(SimpleLinear, 3, 5, bias), self.randn(4, 3)
        expected = by_pytorch(layer, x)
        fresh(x)
        fresh.load_state_dict(layer.state_dict())
        why = "state_dict() saves the parameters, load_state_dict() brings them back, and the layer computes with them."
        assert_close(fresh(x), expected, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        layer, x = self.trained(3, 5), self.randn(2, 4, 3, strided=True)
        assert_close(layer(x), by_pytorch(layer, x), why=f"The numbers of x lie in memory with gaps. {PRODUCT}")

    @parameterized.expand(
        [
            ("float64", torch.float64, 1e-6),
            ("float16", torch.float16, 2e-2),
            ("bfloat16", torch.bfloat16, 1e-1),
        ]
    )
    def test_the_result_has_the_dtype_of_x(self, _case, dtype, tolerance):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype, tolerance = torch.float16, 2e-2  # an Apple GPU has no float64
        layer, x = self.trained(3, 5).to(dtype), self.randn(2, 4, 3, dtype=dtype)
        why = "layer.to(dtype) turns the parameters into another dtype, x has it too, and so has the result."
        assert_close(layer(x), by_pytorch(layer, x), dtype=dtype, why=why, rtol=tolerance, atol=tolerance)
        bare = self.trained(3, 5, bias=False).to(dtype)
        assert_close(bare(x), by_pytorch(bare, x), dtype=dtype, why=why, rtol=tolerance, atol=tolerance)

    def test_x_is_left_alone(self):
        layer, x = self.trained(4, 4), self.randn(3, 4)
        assert_left_alone(layer, x, expected=by_pytorch(layer, x))
        with torch.no_grad():
            assert_left_alone(layer, x, expected=by_pytorch(layer, x))

    def test_each_call_gives_a_new_tensor(self):
        layer, x = self.trained(4, 4), self.randn(3, 4)
        with torch.no_grad():
            first, second = layer(x), layer(2 * x)
        why = "Each call gives a tensor of its own. A later call leaves the result of an earlier one as it was."
        assert_close(second, by_pytorch(layer, 2 * x), why=why)
        assert_close(first, by_pytorch(layer, x), why=why)

    @parameterized.expand([("with a bias", True), ("without a bias", False)])
    def test_it_works_on_any_device(self, _case, bias):
        layer, x = self.trained(3, 5, bias), self.randn(4, 3)
        assert_follows_device(layer, x, expected=by_pytorch(layer, x))

    @parameterized.expand([("with a bias", True), ("without a bias", False)])
    def test_gradients_reach_x_and_every_parameter(self, _case, bias):
        layer, x = self.trained(3, 2, bias), self.randn(2, 2, 3)
        assert_gradients(layer, x, expected=by_pytorch(layer, x), why=FLOWS)

    def test_gradients_flow_in_evaluation_too(self):
        layer, x = self.trained(3, 2).eval(), self.randn(2, 3)
        why = "eval() does not switch gradients off. Whoever wants none says torch.no_grad() outside."
        assert_gradients(layer, x, expected=by_pytorch(layer, x), why=why)


def check_shapes(found, expected, why):
    """A dict from names to tuples."""
    assert_that(isinstance(found, dict), f"It returned {type(found).__name__}, where a dict is asked for.", why=why)
    for name, shape in found.items():
        says = f"A key of the dict is not a name, but {type(name).__name__}."
        assert_that(isinstance(name, str), says, why=why, expected=", ".join(expected), actual=str(name)[:40])
        if not isinstance(shape, tuple) or not all(isinstance(size, int) for size in shape):
            says = f"The shape of {name!r} is not a tuple of ints."
            shown = f"a tensor {tuple(shape.shape)}" if isinstance(shape, torch.Tensor) else repr(shape)
            assert_that(False, says, why=why, expected=repr(expected.get(name)), actual=shown)
    missing = [name for name in expected if name not in found]
    more = [name for name in found if name not in expected]
    lacks = f"The dict lacks {', '.join(missing)}. " if missing else ""
    says = lacks + (f"It holds {', '.join(more)}, which does not belong there." if more else "")
    assert_that(not missing and not more, says.strip(), why=why)
    assert_equal({name: tuple(shape) for name, shape in found.items()}, expected, why=why)


class TestParameterShapes(KataTest):
    subject = parameter_shapes

    def test_a_name_and_a_shape_for_each_parameter(self):
        module = nn.Linear(3, 2)
        why = "Every parameter has one entry in the dict: its name is the key, its shape the value, as a tuple."
        check_shapes(parameter_shapes(module), {"weight": (2, 3), "bias": (2,)}, why=why)

    def test_modules_inside_modules(self):
        expected = {
            "0.weight": (4, 3),
            "0.bias": (4,),
            "1.0.weight": (5, 4),
            "1.0.bias": (5,),
            "1.1.0.weight": (2, 5),
            "1.1.0.bias": (2,),
        }
        why = (
            "The parameters of the modules inside count too, however deep they lie. The full name tells the way to "
            "them: the names of the modules, with dots between."
        )
        check_shapes(parameter_shapes(deep()), expected, why=why)

    def test_every_number_of_dimensions(self):
        module = nn.Sequential(nn.Conv1d(3, 2, 5), nn.Embedding(7, 3), nn.Module())
        module[2].alone = nn.Parameter(torch.tensor(1.0))
        expected = {"0.weight": (2, 3, 5), "0.bias": (2,), "1.weight": (7, 3), "2.alone": ()}
        why = "A parameter may have three dimensions, or none: () is a shape as well, that of a lone number."
        check_shapes(parameter_shapes(module), expected, why=why)

    @parameterized.expand(
        [
            ("of a norm layer", lambda: nn.BatchNorm1d(4), {"weight": (4,), "bias": (4,)}),
            ("named like a parameter", Block, BLOCK),
        ]
    )
    def test_buffers_are_not_listed(self, _case, build, expected):
        why = "It holds buffers as well: they are saved, but not learned, so buffers are not parameters."
        check_shapes(parameter_shapes(build()), expected, why=why)

    def test_frozen_parameters_are_listed(self):
        why = "Some parameters are frozen here: requires_grad is False. They are parameters all the same."
        check_shapes(parameter_shapes(half_frozen()), BLOCK, why=why)

    def test_what_is_none_is_not_listed(self):
        why = "A layer without a bias has the entry None in its place. There is no shape to list."
        check_shapes(parameter_shapes(nn.Linear(3, 2, bias=False)), {"weight": (2, 3)}, why=why)

    def test_lists_and_dicts_of_parameters(self):
        expected = {
            "tables.0": (2, 3),
            "tables.1": (4,),
            "named.start": (5,),
            "parts.out.weight": (2, 3),
            "parts.out.bias": (2,),
        }
        why = "nn.ParameterList, nn.ParameterDict and nn.ModuleDict are modules too: what they hold is found, by name."
        check_shapes(parameter_shapes(Holder()), expected, why=why)

    def test_a_module_without_parameters(self):
        found = parameter_shapes(nn.Linear(2, 1))
        why = "Without parameters the dict is empty. Keep nothing from an earlier call."
        check_shapes(found, {"weight": (1, 2), "bias": (1,)}, why="The call before is not right yet.")
        check_shapes(parameter_shapes(nn.Sequential(nn.Tanh(), nn.Dropout(0.5))), {}, why=why)

    def test_the_module_is_left_as_it_is(self):
        module = half_frozen()
        module.rest.eval()
        before = state(module)
        check_shapes(parameter_shapes(module), BLOCK, why="The list is not right yet.")
        check_left(module, before, "the module", why="Looking changes nothing: the module is left as it is.")


class TestCountParameters(KataTest):
    subject = count_parameters

    def test_the_numbers_of_a_weight_and_a_bias(self):
        why = (
            "Every parameter counts with all the numbers in it: the weight here has the shape (2, 3), which makes 6, "
            "and the bias has 2. The result is a plain int."
        )
        assert_equal(count_parameters(nn.Linear(3, 2)), 8, why=why)

    @parameterized.expand(
        [
            ("a table", lambda: nn.Embedding(7, 3), 21),
            ("three dimensions", lambda: nn.Conv1d(3, 2, 5), 32),
            ("four dimensions", lambda: nn.Conv2d(3, 2, (5, 7), bias=False), 210),
        ]
    )
    def test_parameters_of_any_shape(self, _case, build, expected):
        why = "A parameter may have any shape: all its sizes are multiplied, however many there are."
        assert_equal(count_parameters(build()), expected, why=why)

    @parameterized.expand([("float16", torch.float16), ("float64", torch.float64)])
    def test_the_dtype_makes_no_difference(self, _case, dtype):
        why = "A number is one number, whether it takes two bytes of memory (float16), four, or eight (float64)."
        assert_equal(count_parameters(nn.Linear(3, 2, dtype=dtype)), 8, why=why)

    def test_a_lone_number(self):
        module = nn.Module()
        module.scale = nn.Parameter(torch.tensor(2.0))
        why = "A parameter of shape () is one number. It may have any shape, this one included."
        assert_equal(count_parameters(module), 1, why=why)

    @parameterized.expand([("layer by layer", deep, 16 + 25 + 12), ("lists and dicts of parameters", Holder, 23)])
    def test_modules_inside_modules(self, _case, build, expected):
        why = "The parameters of the modules inside count too, however deep they lie."
        assert_equal(count_parameters(build()), expected, why=why)

    @parameterized.expand([("all", False), ("trainable only", True)])
    def test_buffers_do_not_count(self, _case, trainable_only):
        why = "A norm layer keeps buffers beside its parameters. They are saved, but not learned: buffers do not count."
        assert_equal(count_parameters(nn.BatchNorm1d(4), trainable_only), 8, why=why)
        assert_equal(count_parameters(Block(), trainable_only), 57, why=why)

    def test_frozen_parameters_count(self):
        why = "Some parameters are frozen here. They count, unless the caller asks for those that learn."
        assert_equal(count_parameters(half_frozen()), 57, why=why)
        assert_equal(count_parameters(half_frozen(), trainable_only=False), 57, why=why)

    def test_trainable_only_leaves_out_what_is_frozen(self):
        why = "trainable_only=True leaves out each parameter whose requires_grad is False: here 4 + 20 + 2 numbers."
        assert_equal(count_parameters(half_frozen(), trainable_only=True), 31, why=why)
        assert_equal(count_parameters(half_frozen(), True), 31, why=why)

    def test_trainable_only_does_not_ask_for_gradients_that_are_there(self):
        module = half_frozen().eval()
        module(self.randn(2, 3).cpu()).sum().backward()
        module.scale.grad = None
        why = "trainable_only asks whether a parameter will get a gradient (requires_grad), not whether it has one now."
        assert_equal(count_parameters(module, trainable_only=True), 31, why=why)

    @parameterized.expand([("all", False), ("trainable only", True)])
    def test_a_shared_parameter_counts_once(self, _case, trainable_only):
        why = "Two layers share one weight here. Its 12 numbers are in memory once, so it counts once, and two biases."
        assert_equal(count_parameters(shared(), trainable_only), 12 + 3 + 3, why=why)

    def test_equal_numbers_are_not_shared(self):
        module = nn.Sequential(nn.BatchNorm1d(4), nn.BatchNorm1d(4))
        why = "Two parameters that hold equal numbers are still two: both count."
        assert_equal(count_parameters(module), 16, why=why)

    def test_nothing_to_count(self):
        why = "Where nothing is left to count, the result is 0."
        assert_equal(
            count_parameters(nn.Linear(3, 2, bias=False)), 6, why="None in the place of a bias has no numbers."
        )
        assert_equal(count_parameters(nn.Tanh()), 0, why=why)
        assert_equal(count_parameters(nn.Linear(3, 2).requires_grad_(False), True), 0, why=why)

    @parameterized.expand([("all", False, 57), ("trainable only", True, 31)])
    def test_the_module_is_left_as_it_is(self, _case, trainable_only, expected):
        module = half_frozen()
        module.rest.eval()
        before = state(module)
        assert_equal(count_parameters(module, trainable_only), expected, why="The count is not right yet.")
        check_left(module, before, "the module", why="Counting changes nothing: the module is left as it is.")


# What freeze and copy_weights return is up to you: the tests only look at the modules.

EACH = (
    "Every parameter has its own requires_grad, which says whether it asks for a gradient: switch it off in each one. "
    "The module has no such switch, and no_grad() and eval() are about other things."
)


def check_frozen(module, why):
    learning = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    assert_that(not learning, f"These parameters still ask for a gradient: {', '.join(learning)}.", why=why)


class TestFreeze(KataTest):
    subject = freeze

    def test_the_weight_and_the_bias_stop_learning(self):
        module = nn.Linear(3, 2).to(self.device)
        freeze(module=module)
        check_frozen(module, why=EACH)

    @parameterized.expand(
        [
            ("layer by layer", deep),
            ("all kinds of parameters", Block),
            ("lists and dicts of parameters", Holder),
            ("a shared parameter", shared),
        ]
    )
    def test_modules_inside_modules_are_frozen_too(self, _case, build):
        module = build().to(self.device)
        freeze(module=module)
        why = "Every parameter counts: those of the modules inside, however deep they lie, and those of any name."
        check_frozen(module, why=why)

    def test_what_is_frozen_stays_frozen(self):
        module = half_frozen().to(self.device)
        freeze(module=module)
        check_frozen(module, why="Some parameters are frozen already. What is frozen stays frozen, the others follow.")
        freeze(module=module)
        check_frozen(module, why="To freeze twice is to freeze: what is frozen stays frozen.")

    def test_the_parameters_stay_the_same_objects(self):
        module = Block().to(self.device)
        before, numbers = dict(module.named_parameters()), {name: x.clone() for name, x in module.state_dict().items()}
        freeze(module=module)
        check_frozen(module, why=EACH)
        after = dict(module.named_parameters())
        why = "Each one stays the same nn.Parameter with the same numbers, because an optimizer may hold it."
        same = after.keys() == before.keys() and all(after[name] is before[name] for name in before)
        assert_that(same, "The module holds other parameters than before.", why=why)
        same = all(torch.equal(x, numbers[name]) for name, x in module.state_dict().items())
        assert_that(same, "The numbers in the module are others now.", why=why)

    @parameterized.expand([("in training", True), ("in evaluation", False)])
    def test_the_mode_stays(self, _case, mode):
        module = Block().to(self.device).train(mode)
        module.rest.eval()
        before = [part.training for part in module.modules()]
        freeze(module=module)
        check_frozen(module, why=EACH)
        why = "The mode (training or evaluation) is something else: the caller decides about it, for each part."
        assert_that([part.training for part in module.modules()] == before, "The mode was changed.", why=why)

    def test_gradients_still_flow_through(self):
        module, x = Block().to(self.device).eval(), self.randn(5, 3).requires_grad_()
        before = module(x)
        expected = oracle(torch.autograd.grad(before.sum(), x)[0])
        freeze(module=module)
        check_frozen(module, why=EACH)
        why = "What lies before a frozen part still learns: the gradient flows through the module back to its input."
        result = module(x)
        assert_close(result, oracle(before), why="A frozen module gives the same result as before.")
        assert_that(result.requires_grad, "The way back through the module is cut.", why=why)
        result.sum().backward()
        assert_close(x.grad, expected, why=why)
        assert_that(module.scale.grad is None, "A frozen parameter got a gradient.", why=EACH)

    def test_only_this_part_of_a_model_is_frozen(self):
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 3), nn.Linear(3, 2)).to(self.device)
        freeze(module=model[1])
        check_frozen(model[1], why=EACH)
        model(self.randn(5, 3)).sum().backward()
        learned = [name for name, parameter in model.named_parameters() if parameter.grad is not None]
        why = "Only the layer in the middle is frozen. Those before it and behind it go on learning."
        says = "Other parameters got a gradient than those of the first and the last layer."
        right = learned == ["0.weight", "0.bias", "2.weight", "2.bias"]
        assert_that(right, says, why=why, expected="0.weight, 0.bias, 2.weight, 2.bias", actual=", ".join(learned))

    def test_an_optimizer_leaves_it_alone(self):
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).to(self.device)
        held = list(model.parameters())
        before = {name: x.clone() for name, x in model.state_dict().items()}
        freeze(module=model[0])
        check_frozen(model[0], why=EACH)
        model(self.randn(5, 3)).square().mean().backward()
        step(held)
        changed = [name for name, x in model.state_dict().items() if not torch.equal(x, before[name])]
        why = "An optimizer that already holds the parameters steps: the frozen ones must keep their numbers."
        says = "Other parameters were changed than those of the second layer."
        right = changed == ["1.weight", "1.bias"]
        assert_that(right, says, why=why, expected="1.weight, 1.bias", actual=", ".join(changed))


TAKE = "All numbers of source are in target afterwards, each in the parameter of the same name."
COPIED = f"{TAKE} Whoever writes into a parameter by hand does it under torch.no_grad()."
FROZEN = "A frozen parameter is copied too, and each parameter of target stays frozen, or not frozen, as it was."


def check_numbers(found, expected, why, whose="target"):
    """The tensors of these names hold these numbers."""
    for name, x in expected.items():
        says = f"{whose} has no `{name}` any more."
        assert_that(name in found, says, why=why)
        assert_close(found[name], oracle(x), why=f"This is `{name}` of {whose}. {why}", dtype=x.dtype)


class TestCopyWeights(KataTest):
    subject = copy_weights

    def blocks(self):
        """Two modules of the same build, whose parameters and buffers hold other numbers."""
        source, target = Block().to(self.device), Block().to(self.device)
        for block in (source, target):
            for parameter in block.parameters():
                parameter.data.copy_(self.randn(*parameter.shape))
            block.weight.copy_(self.randn(2))
            block.norm.running_mean.copy_(self.randn(4))
            block.norm.running_var.copy_(1 + self.rand(4))
            block.norm.num_batches_tracked.copy_(self.randint(1, 1000, ()) + 2**40)
        return source, target

    def test_the_numbers_of_a_layer(self):
        source, target = nn.Linear(3, 2).to(self.device), nn.Linear(3, 2).to(self.device)
        with torch.no_grad():
            source.weight.copy_(self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
            source.bias.copy_(self.tensor([7.0, 8.0]))
        copy_weights(source=source, target=target)
        assert_close(target.weight, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], why=f"{COPIED} This is the weight of target.")
        assert_close(target.bias, [7.0, 8.0], why=f"{COPIED} This is the bias of target.")

    @parameterized.expand([("layer by layer", deep), ("lists and dicts of parameters", Holder)])
    def test_modules_inside_modules(self, _case, build):
        source, target = build().to(self.device), build().to(self.device)
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        why = f"{COPIED} Those of the modules inside too, however deep they lie."
        check_numbers(dict(target.named_parameters()), expected, why=why)

    def test_parameters_of_all_kinds(self):
        source, target = self.blocks()
        expected = {name: x.detach().clone() for name, x in source.named_parameters()}
        copy_weights(source=source, target=target)
        check_numbers(dict(target.named_parameters()), expected, why=COPIED)

    def test_buffers_are_copied_too(self):
        source, target = self.blocks()
        expected = {name: x.clone() for name, x in source.named_buffers()}
        copy_weights(source=source, target=target)
        why = "The buffers are copied too, real numbers and whole numbers: a norm layer needs them in evaluation."
        check_numbers(dict(target.named_buffers()), expected, why=why)

    def test_no_digit_is_lost(self):
        source, target = nn.Linear(3, 2, dtype=torch.float64), nn.Linear(3, 2, dtype=torch.float64)
        expected = oracle(source.weight)  # on the CPU: not every GPU has float64
        copy_weights(source=source, target=target)
        why = f"{COPIED} They are float64 here, and the same to the last digit. A detour through float32 costs half."
        says, shown = (
            "target holds other numbers than source.",
            [f"{x[0, 0]:.16f} ..." for x in (expected, target.weight)],
        )
        same = torch.equal(target.weight, expected)
        assert_that(same, says, why=why, expected=shown[0], actual=shown[1])

    def test_gradients_that_are_there_stay_with_source(self):
        source, target = self.blocks()
        for parameter in source.parameters():
            parameter.grad = torch.ones_like(parameter)
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), expected, why=f"{TAKE} Buffers as well.")
        why = "A parameter of source may hold a gradient in .grad. It is no number of the model: it stays where it is."
        pairs = [(name, x.grad, target.get_parameter(name).grad) for name, x in source.named_parameters()]
        lost = [name for name, grad, _ in pairs if grad is None or not bool((grad == 1).all())]
        assert_that(not lost, f"The .grad in source was changed: {', '.join(lost)}.", why=why)
        same = [name for name, grad, other in pairs if other is not None and other.data_ptr() == grad.data_ptr()]
        assert_that(not same, f"source and target share the .grad of {', '.join(same)}.", why=why)

    def test_afterwards_they_share_nothing(self):
        source, target = self.blocks()
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), expected, why=f"{TAKE} Buffers as well.")
        with torch.no_grad():
            for x in [*source.parameters(), *source.buffers()]:
                x.add_(1)
        why = "source went on and changed. They share no memory, so target still holds the numbers of before."
        check_numbers(target.state_dict(), expected, why=why)

    def test_the_parameters_stay_the_same_objects(self):
        source, target = self.blocks()
        before, expected = dict(target.named_parameters()), {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), expected, why=f"{TAKE} Buffers as well.")
        after = dict(target.named_parameters())
        same = after.keys() == before.keys() and all(after[name] is before[name] for name in before)
        why = "target keeps the same nn.Parameter objects, with other numbers in them: an optimizer may hold them."
        assert_that(same, "target holds other parameters than before.", why=why)

    def test_frozen_parameters_are_copied_too(self):
        source, target = self.blocks()
        source.first.requires_grad_(False)
        target.rest.requires_grad_(False)
        expected = {name: x.detach().clone() for name, x in source.named_parameters()}
        copy_weights(source=source, target=target)
        check_numbers(dict(target.named_parameters()), expected, why=FROZEN)
        learning = {name: not name.startswith("rest") for name in BLOCK}
        found = {name: parameter.requires_grad for name, parameter in target.named_parameters()}
        changed = ", ".join(name for name in learning if found.get(name) != learning[name])
        assert_that(found == learning, f"requires_grad was changed in target: {changed}.", why=FROZEN)

    @parameterized.expand([("source trains", True, False), ("target trains", False, True)])
    def test_the_modes_stay(self, _case, first, second):
        source, target = self.blocks()
        source.train(first)
        target.train(second)
        target.norm.train(first)
        before = [part.training for part in target.modules()]
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), expected, why=f"{TAKE} Buffers as well.")
        why = "The mode (training or evaluation) is not a number that is learned: in target it stays as it was."
        assert_that([part.training for part in target.modules()] == before, "The mode of target was changed.", why=why)

    def test_source_is_left_as_it_is(self):
        source, target = self.blocks()
        source.first.requires_grad_(False)
        source.norm.eval()
        before = state(source)
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), before[0], why=f"{TAKE} Buffers as well.")
        check_left(source, before, "source", why="source is left as it is: its numbers are copied, not moved.")

    def test_the_same_result_in_evaluation(self):
        source, target = (block.eval() for block in self.blocks())
        x = self.randn(5, 3)
        expected = oracle(source(x))
        copy_weights(source=source, target=target)
        why = f"With the same numbers both give the same result. {TAKE} Buffers as well."
        assert_close(target(x), expected, why=why)

    def test_target_can_learn_from_there(self):
        source, target = self.blocks()
        held = list(target.parameters())
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        check_numbers(target.state_dict(), expected, why=f"{TAKE} Buffers as well.")
        result = target(self.randn(5, 3))
        why = "After the copy target learns on its own: its parameters get gradients and change, not those of source."
        assert_that(result.requires_grad, "No gradient reaches target any more.", why=why)
        result.square().mean().backward()
        step(held)
        changed = [name for name, x in target.named_parameters() if not torch.equal(x, expected[name])]
        assert_that(len(changed) > 4, "The optimizer no longer changes the parameters of target.", why=why)
        check_numbers(source.state_dict(), expected, why=why, whose="source")
        graded = [name for name, parameter in source.named_parameters() if parameter.grad is not None]
        assert_that(not graded, "source got a gradient from the training of target.", why=why)

    def test_it_can_be_copied_again(self):
        source, target = self.blocks()
        copy_weights(source=source, target=target)
        with torch.no_grad():
            for x in [*source.parameters(), *source.buffers()]:
                x.mul_(2)
        expected = {name: x.clone() for name, x in source.state_dict().items()}
        copy_weights(source=source, target=target)
        why = f"source has changed since the last copy. {TAKE} Buffers as well."
        check_numbers(target.state_dict(), expected, why=why)
