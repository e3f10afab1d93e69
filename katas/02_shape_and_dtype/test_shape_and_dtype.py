"""The tests of kata 02. Run them with: make kata N=02"""

import math

import torch
from shape_and_dtype import add_mixed, bytes_for, describe, mean_of_ids, memory_bytes, sequence_dims, to_bfloat16

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_left_alone,
    assert_that,
    oracle,
    parameterized,
)

WIDTHS = {
    torch.float64: 8,
    torch.float16: 2,
    torch.bfloat16: 2,
    torch.int64: 8,
    torch.int32: 4,
    torch.int16: 2,
    torch.int8: 1,
    torch.uint8: 1,
    torch.bool: 1,
}

WEIGHT = "x may be a weight of a model, for which PyTorch keeps a gradient (kata 11)."


def ones(shape, dtype, device):
    """A tensor of ones. (An Apple GPU has no float64: there it stays on the CPU.)"""
    x = torch.ones(shape, dtype=dtype)
    return x if device.type == "mps" and dtype == torch.float64 else x.to(device)


def shown(value):
    """A value of the dict as text."""
    uncalled = callable(value) and not isinstance(value, (type, torch.Tensor))
    return "a method that was not called" if uncalled else repr(value)[:200]


def assert_reached(result, given, wanted, name, *, why):
    """Check that a gradient flows from the result back to `given`, where every number of the result counts `wanted`."""
    says = "The result has no gradient: the way back to the inputs is cut."
    assert_that(result.requires_grad, says, why=why)
    (gradient,) = torch.autograd.grad((result.float() * wanted).sum(), [given], allow_unused=True, retain_graph=True)
    assert_that(gradient is not None, f"No gradient reaches `{name}`.", why=why)
    assert_close(gradient, oracle(wanted), dtype=given.dtype, why=f"The gradient of `{name}` is not right. {why}")


class TestDescribe(KataTest):
    subject = describe

    own = "x itself knows the value for each of the four keys."

    def check(self, result, sizes, dtype, *, why):
        """Check the four entries, one after the other."""
        __tracebackhide__ = True
        wanted = {"shape": sizes, "ndim": len(sizes), "dtype": dtype, "numel": math.prod(sizes)}
        meanings = {
            "shape": f"{sizes} is the shape: the size of each dimension, from the outside in, as a tuple of ints.",
            "ndim": f"ndim says how many dimensions there are, as an int: {sizes} has {len(sizes)} sizes.",
            "dtype": f"Each tensor has its own dtype, here {dtype}: the dtype itself, not its name or its class.",
            "numel": f"numel counts every number in x, as an int: here {' · '.join(map(str, sizes)) or 1}.",
        }
        if not isinstance(result, dict):
            assert_equal(result, wanted, why="The result is a dict: a value for each of the keys in the docstring.")
        keys = "The caller looks the values up by their keys. The dict has exactly these keys: no other, none missing."
        right, listed = set(result) == set(wanted), ", ".join(map(str, result))
        assert_that(right, "The keys are not right.", why=keys, expected=", ".join(wanted), actual=listed)
        for key, value in wanted.items():
            got = result[key]
            items = got if isinstance(got, tuple) else (got,)
            plain = key == "dtype" or all(type(item) is int for item in items)
            right = isinstance(got, type(value)) and plain and got == value
            says, idea = f"The value of `{key}` is not right.", f"{why} {meanings[key]}"
            assert_that(right, says, why=idea, expected=repr(value), actual=shown(got))

    def test_a_matrix_is_described(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        self.check(describe(x), (2, 3), torch.float32, why=self.own)

    @parameterized.expand(
        [
            ("one dimension", (5,)),
            ("a batch of sequences", (2, 5, 3)),
            ("five dimensions", (2, 3, 6, 4, 2)),
            ("a single number", ()),
            ("no rows", (0, 3)),
        ]
    )
    def test_x_may_have_any_shape(self, _case, shape):
        self.check(describe(self.randn(*shape)), shape, torch.float32, why="x may have any number of dimensions.")

    @parameterized.expand([("in front", (1, 4)), ("at the end", (2, 4, 1)), ("alone", (1,))])
    def test_a_size_of_1_is_shown(self, _case, shape):
        why = "A dimension of size 1 is a dimension too."
        self.check(describe(self.randn(*shape)), shape, torch.float32, why=why)

    def test_each_tensor_has_its_own_dtype(self):
        for dtype in (*WIDTHS, torch.complex64):
            self.check(describe(ones((4, 3), dtype, self.device)), (4, 3), dtype, why="Most dtypes are not float32.")

    def test_what_the_numbers_are_makes_no_difference(self):
        x = self.tensor([[0.0, math.nan, 0.0], [math.inf, 7.0, 7.0]])
        why = "A zero is an element too, whatever it stands for; so is NaN (not a number), and the second 7."
        self.check(describe(x), (2, 3), torch.float32, why=why)

    def test_a_part_of_a_tensor_is_described_by_itself(self):
        x = self.randn(4, 6)
        why = "x may be a part of a larger tensor, and use its memory. Only the numbers of x itself count."
        self.check(describe(x[:3, 1:3]), (3, 2), torch.float32, why=why)
        self.check(describe(x[2]), (6,), torch.float32, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        why = "The numbers of x lie in memory with gaps, and gaps are not numbers."
        self.check(describe(self.randn(4, 3, strided=True)), (4, 3), torch.float32, why=why)

    def test_a_weight_of_a_model_is_a_tensor_too(self):
        why = f"{WEIGHT} Its shape and its dtype are read as ever."
        self.check(describe(self.randn(4, 3).requires_grad_()), (4, 3), torch.float32, why=why)

    def test_each_call_gives_a_dict_of_its_own(self):
        first = describe(self.randn(4, 3))
        self.check(describe(ones((2, 5, 1), torch.int64, self.device)), (2, 5, 1), torch.int64, why=self.own)
        why = "Each call makes a dict of its own. Else the second call changes what the first one has returned."
        self.check(first, (4, 3), torch.float32, why=why)


class TestSequenceDims(KataTest):
    subject = sequence_dims
    why = "T and D are the two last sizes of the shape. So count from the right: -1 is the last one."

    def test_one_sequence_has_tokens_and_numbers(self):
        x = self.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        why = (
            "3 tokens of 2 numbers: the result is (3, 2), a tuple of two ints. The tokens come first. They are the two "
            "last sizes of the shape."
        )
        assert_equal(sequence_dims(x), (3, 2), why=why)

    @parameterized.expand(
        [
            ("a batch of sequences", (2, 5, 3)),
            ("four dimensions", (2, 6, 5, 3)),
            ("five dimensions", (4, 2, 6, 5, 3)),
            ("seven dimensions", (2, 1, 4, 1, 6, 5, 3)),
            ("as many sequences as tokens", (5, 5, 3)),
            ("more numbers than tokens", (2, 3, 7)),
        ]
    )
    def test_whatever_stands_in_front_makes_no_difference(self, _case, shape):
        why = f"{self.why} Then it does not matter how many dimensions stand in front of them."
        assert_equal(sequence_dims(self.randn(*shape)), shape[-2:], why=why)

    @parameterized.expand(
        [
            ("one token", (2, 1, 3), (1, 3)),
            ("one number for each token", (2, 5, 1), (5, 1)),
            ("one sequence", (1, 5, 3), (5, 3)),
            ("many sizes of 1", (1, 4, 1, 1), (1, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, shape, expected):
        why = f"The shape is {shape}. A 1 is a size too: one token is still a token. T and D are the two last sizes."
        assert_equal(sequence_dims(self.randn(*shape)), expected, why=why)

    @parameterized.expand(
        [
            ("no tokens", (2, 0, 3), (0, 3)),
            ("no numbers", (2, 5, 0), (5, 0)),
            ("no numbers, and four dimensions", (2, 6, 5, 0), (5, 0)),
            ("no sequences", (0, 5, 3), (5, 3)),
        ]
    )
    def test_a_size_of_0_is_a_size_too(self, _case, shape, expected):
        why = f"The shape is {shape}. Any size may be 0. Read the sizes from the shape, and compute nothing."
        assert_equal(sequence_dims(self.randn(*shape)), expected, why=why)

    def test_the_dtype_makes_no_difference(self):
        for dtype in WIDTHS:
            why = f"A shape is a shape, whatever the dtype of the numbers is, here {dtype}. {self.why}"
            assert_equal(sequence_dims(ones((2, 5, 3), dtype, self.device)), (5, 3), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        why = f"The numbers of x lie in memory with gaps. The shape does not show it. {self.why}"
        assert_equal(sequence_dims(self.randn(2, 5, 3, strided=True)), (5, 3), why=why)

    def test_a_weight_of_a_model_has_a_shape_too(self):
        assert_equal(sequence_dims(self.randn(2, 5, 3).requires_grad_()), (5, 3), why=f"{WEIGHT} {self.why}")

    def test_each_call_looks_at_its_own_tensor(self):
        sequence_dims(self.randn(2, 5, 3))
        assert_equal(sequence_dims(self.randn(4, 6)), (4, 6), why=f"The second tensor has another shape. {self.why}")


class TestMemoryBytes(KataTest):
    subject = memory_bytes

    def test_a_float32_takes_4_bytes(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        why = (
            "x holds 6 numbers, and all of its numbers count. The bytes of one number are 4, for a float32. "
            "The result is 24, an int."
        )
        assert_equal(memory_bytes(x), 24, why=why)

    def test_other_dtypes_take_more_or_fewer_bytes(self):
        for dtype, width in WIDTHS.items():
            why = (
                f"float32 takes 4 bytes for each number, other dtypes take 8, 2 or 1: {dtype} takes {width}. Even a "
                "bool takes a whole byte."
            )
            assert_equal(memory_bytes(ones((4, 3), dtype, self.device)), 12 * width, why=why)

    @parameterized.expand(
        [
            ("one dimension", (5,), 20),
            ("a batch of sequences", (2, 5, 3), 120),
            ("four dimensions", (2, 3, 5, 4), 480),
            ("sizes of 1", (1, 3, 1), 12),
            ("a single number", (), 4),
            ("no rows", (0, 3), 0),
        ]
    )
    def test_x_may_have_any_shape(self, _case, shape, expected):
        count = " · ".join(map(str, shape)) or "1"
        why = f"A tensor of shape {shape} holds {count} numbers: multiply every size. Each number takes 4 bytes."
        assert_equal(memory_bytes(self.randn(*shape)), expected, why=why)

    def test_a_zero_takes_as_much_memory_as_any_number(self):
        x = self.tensor([[0.0, 2.0, 0.0], [math.nan, 0.0, 0.0]])
        why = "What the numbers are makes no difference: a zero takes as much memory as any other number."
        assert_equal(memory_bytes(x), 24, why=why)

    @parameterized.expand(
        [
            ("some rows", (slice(1, 3),), 2 * 6),
            ("some columns", (slice(None), slice(0, 2)), 4 * 2),
            ("one row", (3,), 6),
            ("every other column", (slice(None), slice(None, None, 2)), 4 * 3),
            ("one number", (1, 1), 1),
        ]
    )
    def test_a_part_of_a_tensor_counts_its_own_numbers(self, _case, where, count):
        part = self.randn(4, 6)[where]
        why = f"x is a part of a larger tensor, and uses its memory. Only the {count} numbers of x count."
        assert_equal(memory_bytes(part), 4 * count, why=why)

    def test_gaps_in_memory_do_not_count(self):
        why = "The numbers of x lie in memory with gaps, as parts of a larger tensor do. Only the 12 numbers count."
        assert_equal(memory_bytes(self.randn(4, 3, strided=True)), 48, why=why)

    @parameterized.expand([("one row", (1, 3)), ("one column", (4, 1)), ("one number", (1, 1))])
    def test_a_number_shown_in_several_places_counts_each_time(self, case, shape):
        x = self.randn(*shape).expand(4, 3)
        why = f"x shows {case} of memory several times. As the docstring says, each place counts: 4 · 3 numbers."
        assert_equal(memory_bytes(x), 48, why=why)

    def test_rows_that_share_numbers_count_in_full(self):
        x = self.randn(5).unfold(0, 3, 1)
        why = (
            "x shows the numbers 0 to 2 of a row of 5, then 1 to 3, then 2 to 4. As the docstring says, each place "
            "counts: 3 · 3 numbers."
        )
        assert_equal(memory_bytes(x), 36, why=why)

    def test_the_gradient_is_another_tensor(self):
        x = self.randn(4, 3).requires_grad_()
        x.sum().backward()
        why = f"{WEIGHT} The gradient is a tensor of its own: the numbers of x are 4 · 3."
        assert_equal(memory_bytes(x), 48, why=why)


class TestBytesFor(KataTest):
    subject = bytes_for

    def test_a_matrix_of_float32(self):
        why = (
            "3 rows of 4 make 12 numbers: multiply the sizes. The bytes of one number are 4, for a float32. "
            "The result is 48, an int."
        )
        assert_equal(bytes_for((3, 4), torch.float32), 48, why=why)

    def test_each_dtype_has_its_own_width(self):
        for dtype, width in WIDTHS.items():
            bytes_each = f"{width} {'bytes' if width > 1 else 'byte'}"
            why = f"Each dtype has its own width: {dtype} takes {bytes_each} for each number."
            assert_equal(bytes_for((4, 3), dtype), 12 * width, why=why)

    @parameterized.expand(
        [
            ("one dimension", (5,), 10),
            ("three dimensions", (2, 5, 3), 60),
            ("four dimensions", (2, 3, 5, 4), 240),
            ("six dimensions", (2, 1, 3, 5, 1, 4), 240),
            ("sizes of 1", (1, 3, 1), 6),
        ]
    )
    def test_the_shape_may_have_any_length(self, _case, shape, expected):
        why = f"The tuple may have any length: multiply all the sizes of {shape}. Each float16 takes 2 bytes."
        assert_equal(bytes_for(shape, torch.float16), expected, why=why)

    def test_no_dimension_is_a_single_number(self):
        why = "The shape () has no dimension, and is the shape of a single number. An int64 takes 8 bytes."
        assert_equal(bytes_for((), torch.int64), 8, why=why)

    @parameterized.expand([("no rows", (0, 3)), ("rows of none", (3, 0))])
    def test_a_size_of_0_leaves_nothing(self, _case, shape):
        why = "A size of 0 makes the product 0: no numbers, no bytes."
        assert_equal(bytes_for(shape, torch.float32), 0, why=why)

    def test_the_shape_of_a_tensor_will_do(self):
        shape = self.randn(2, 5, 3).shape
        why = "x.shape is a torch.Size. That is a tuple too."
        assert_equal(bytes_for(shape, torch.float32), 120, why=why)

    @parameterized.expand(
        [
            ("a billion rows of a billion", (10**9, 10**9), torch.float32, 4 * 10**18),
            ("four dimensions", (10**6, 10**3, 10**6, 10**3), torch.float16, 2 * 10**18),
        ]
    )
    def test_the_tensor_may_be_larger_than_any_memory(self, _case, shape, dtype, expected):
        why = (
            "No computer has memory for this tensor. The question comes before anything is made: compute the answer "
            "from the sizes and the dtype."
        )
        assert_equal(bytes_for(shape, dtype), expected, why=why)

    def test_a_large_result_is_exact(self):
        shape = (2**31 + 1, 2**30 + 1)
        why = "Every digit is exact. A Python int is, however large it is; a float rounds after 16 digits."
        assert_equal(bytes_for(shape, torch.int8), 2305843012434919425, why=why)

    def test_the_same_question_gets_the_same_answer(self):
        bytes_for((7, 2), torch.float64)
        why = "The second question has another shape and another dtype, so it has another answer: 3 · 2 numbers."
        assert_equal(bytes_for((3, 2), torch.bool), 6, why=why)


class TestToBfloat16(KataTest):
    subject = to_bfloat16
    same = "The numbers and the same shape come back, as bfloat16."

    def floats(self, *dtypes):
        """These dtypes, without float64 where there is none: on an Apple GPU."""
        return [dtype for dtype in dtypes if not (self.device.type == "mps" and dtype == torch.float64)]

    def test_the_same_numbers_come_back_as_bfloat16(self):
        x = self.tensor([[1.0, -2.5], [0.0, 256.0], [0.75, 3.0]])
        why = (
            "`.to` leaves x alone, and gives a new tensor. Return that one: the same shape and the same numbers with "
            "their fractions, as bfloat16."
        )
        expected = [[1.0, -2.5], [0.0, 256.0], [0.75, 3.0]]
        assert_close(to_bfloat16(x), expected, dtype=torch.bfloat16, why=why)

    def test_each_number_becomes_the_nearest_one(self):
        x = self.tensor([3.14159, 1.006, 1.002, -1.006, 257.5, 0.1, -0.3])
        expected = [3.140625, 1.0078125, 1.0, -1.0078125, 258.0, 0.10009765625, -0.30078125]
        why = "bfloat16 has 2 to 3 digits. Each number becomes the nearest one that there is, with its fraction."
        assert_close(to_bfloat16(x), expected, dtype=torch.bfloat16, rtol=0.0, atol=0.0, why=why)

    def test_large_and_small_numbers_are_kept(self):
        values = [70000.0, 1e20, -3e38, 1e-10, -1e-30, 2e-38]
        why = "A bfloat16 can be as large and as small as a float32. A float16 on the way ends at 65,504."
        for dtype in self.floats(torch.float32, torch.float64):
            x = self.tensor(values, dtype=dtype)
            assert_close(to_bfloat16(x), values, dtype=torch.bfloat16, rtol=0.01, atol=0.0, why=why)

    def test_large_whole_numbers_are_kept(self):
        x = self.tensor([5_000_000_000, -3, -70_000_000_000])
        why = "A bfloat16 has room for the largest int64. An int32 on the way ends at 2,147,483,647."
        expected = [5e9, -3.0, -7e10]
        assert_close(to_bfloat16(x), expected, dtype=torch.bfloat16, rtol=0.01, atol=0.0, why=why)

    @parameterized.expand(
        [
            ("one dimension", (5,)),
            ("a batch of sequences", (2, 5, 3)),
            ("sizes of 1", (1, 3, 1)),
            ("one number in a list", (1,)),
            ("a single number", ()),
            ("no rows", (0, 3)),
        ]
    )
    def test_the_shape_stays(self, _case, shape):
        x = self.randn(*shape)
        why = "The result has the same shape as x, sizes of 1 included. Only the dtype changes."
        assert_close(to_bfloat16(x), oracle(x), dtype=torch.bfloat16, why=why)

    def test_every_dtype_becomes_bfloat16(self):
        floats = self.floats(torch.float64, torch.float16, torch.bfloat16)
        for dtype in (*floats, torch.int64, torch.int32, torch.uint8):
            x = self.tensor([[1, 200, 4], [0, 96, 255]], dtype=dtype)
            why = f"Whatever x is, here {dtype}, its numbers come back as bfloat16, and in the same shape."
            expected = [[1.0, 200.0, 4.0], [0.0, 96.0, 255.0]]
            assert_close(to_bfloat16(x), expected, dtype=torch.bfloat16, rtol=0.0, atol=0.0, why=why)

    def test_true_counts_as_1(self):
        x = self.tensor([True, False, True])
        why = "A bool is converted as well: True counts as 1, and False as 0."
        assert_close(to_bfloat16(x), [1.0, 0.0, 1.0], dtype=torch.bfloat16, why=why)

    def test_infinity_and_nan_stay(self):
        values = [math.inf, 1.0, -math.inf, math.nan]
        why = "bfloat16 has infinity and NaN (not a number) too, so they stay what they are."
        assert_close(to_bfloat16(self.tensor(values)), values, dtype=torch.bfloat16, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.same}"
        assert_close(to_bfloat16(x), oracle(x), dtype=torch.bfloat16, why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(to_bfloat16, x, expected=oracle(x), dtype=torch.bfloat16)

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(to_bfloat16, x, expected=oracle(x), dtype=torch.bfloat16)

    def test_the_way_back_is_kept(self):
        x = self.tensor([[1.0, -2.5, 70000.0], [4.0, 0.5, 1.006]]).requires_grad_()
        result = to_bfloat16(x)
        assert_close(result, oracle(x), dtype=torch.bfloat16, why=self.same)
        why = "PyTorch remembers how the result came from x, to find the gradient (kata 11). Do not cut this way back."
        assert_reached(result, x, self.tensor([[2.0, -1.0, 0.5], [3.0, 4.0, -8.0]]), "x", why=why)

    def test_the_way_back_is_kept_for_every_float(self):
        for dtype in self.floats(torch.float64, torch.float16, torch.bfloat16):
            x = self.tensor([1.0, -2.5, 7.0], dtype=dtype).requires_grad_()
            result = to_bfloat16(x)
            assert_close(result, oracle(x), dtype=torch.bfloat16, why=self.same)
            why = f"x is {dtype} here, so its numbers are real ones. Their way back is kept as well."
            assert_reached(result, x, self.tensor([2.0, -1.0, 0.5]), "x", why=why)


def in_both_orders():
    return parameterized.expand([("float16 second", False), ("float16 first", True)])


class TestAddMixed(KataTest):
    subject = add_mixed
    why = "Each number of the result is a number of a and a number of b, added. The result is a float32 tensor."

    def pair(self, single, half, turned):
        """A float32 and a float16 tensor of these values, and whichever comes first is a."""
        single, half = self.tensor(single, dtype=torch.float32), self.tensor(half, dtype=torch.float16)
        return (half, single) if turned else (single, half)

    @in_both_orders()
    def test_the_sum_is_float32(self, _case, turned):
        a, b = self.pair([1.5, -2.0, 4.0], [0.25, 8.0, -0.5], turned)
        why = (
            "Each number of the result is a number of a and a number of b, added. The dtype is float32, whichever "
            "comes first: float32 can hold every float16, but not the other way round."
        )
        assert_close(add_mixed(a, b), [1.75, 6.0, 3.5], why=why)

    @in_both_orders()
    def test_no_digit_is_lost(self, _case, turned):
        a, b = self.pair([1.0001, 2049.0, -0.12345, 0.0], [1.0, 2.0, 0.5, 2**-24], turned)
        why = "float32 has 7 digits, float16 has 3. So the two become float32 before they are added, and not after."
        assert_close(add_mixed(a, b), [2.0001, 2051.0, 0.37655, 2**-24], rtol=1e-6, atol=0.0, why=why)

    @in_both_orders()
    def test_the_sum_may_be_large(self, _case, turned):
        a, b = self.pair([70000.0, 65000.0, -1e30], [1.0, 64000.0, -2.0], turned)
        why = "float16 ends at 65,504, and then comes infinity. As float32, there is room before they are added."
        assert_close(add_mixed(a, b), [70001.0, 129000.0, -1e30], rtol=1e-6, atol=0.0, why=why)

    @in_both_orders()
    def test_infinity_and_nan_stay(self, _case, turned):
        a, b = self.pair([math.inf, 1.0, math.nan, 2.0], [1.0, -math.inf, 2.0, math.nan], turned)
        why = "Infinity plus 1 is infinity, and NaN (not a number) plus 2 is NaN. Add them like all other numbers."
        assert_close(add_mixed(a, b), [math.inf, -math.inf, math.nan, math.nan], why=why)

    @parameterized.expand(
        [
            ("a batch of sequences", (2, 5, 3)),
            ("four dimensions", (2, 1, 5, 3)),
            ("sizes of 1", (1, 3, 1)),
            ("one number in a list", (1,)),
            ("a single number", ()),
            ("no rows", (0, 3)),
        ]
    )
    def test_they_may_have_any_shape(self, _case, shape):
        single, half = self.randn(*shape), self.randn(*shape, dtype=torch.float16)
        expected = oracle(single) + oracle(half)
        why = f"Both have the shape {shape}, and the sum has it too. {self.why}"
        assert_close(add_mixed(single, half), expected, why=why)
        assert_close(add_mixed(half, single), expected, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        single, half = self.randn(4, 3, strided=True), self.randn(4, 3, dtype=torch.float16, strided=True)
        why = f"The numbers lie in memory with gaps. {self.why}"
        for a, b in ((single, half), (half, single), (single, self.randn(4, 3, dtype=torch.float16))):
            assert_close(add_mixed(a, b), oracle(a) + oracle(b), why=why)

    @in_both_orders()
    def test_the_inputs_are_left_alone(self, _case, turned):
        a, b = self.pair([1.5, -2.0, 4.0], [0.25, 8.0, -0.5], turned)
        assert_left_alone(add_mixed, a, b, expected=[1.75, 6.0, 3.5])

    @in_both_orders()
    def test_the_sum_is_a_new_tensor(self, _case, turned):
        a, b = self.pair([1.5, -2.0, 4.0], [0.0, 0.0, 0.0], turned)
        result = add_mixed(a, b)
        assert_close(result, [1.5, -2.0, 4.0], why=self.why)
        same = {x.untyped_storage().data_ptr() for x in (a, b)} & {result.untyped_storage().data_ptr()}
        why = "The sum is a new tensor, always. Else, whoever writes into the sum changes the input with it."
        assert_that(not same, "The sum lies in the memory of an input.", why=why)

    @in_both_orders()
    def test_it_works_on_any_device(self, _case, turned):
        a, b = self.pair([1.5, -2.0, 4.0], [0.25, 8.0, -0.5], turned)
        assert_follows_device(add_mixed, a, b, expected=[1.75, 6.0, 3.5])

    @in_both_orders()
    def test_the_way_back_to_both_is_kept(self, _case, turned):
        a, b = (x.requires_grad_() for x in self.pair([[1.5, -2.0, 4.0]], [[0.25, 8.0, -0.5]], turned))
        result = add_mixed(a, b)
        assert_close(result, [[1.75, 6.0, 3.5]], why=self.why)
        why = "PyTorch remembers how the sum came from a and b, to find the gradient (kata 11). Keep both ways back."
        for name, given in (("a", a), ("b", b)):
            assert_reached(result, given, self.tensor([[2.0, -1.0, 0.5]]), name, why=why)

    @in_both_orders()
    def test_a_single_number_keeps_its_way_back(self, _case, turned):
        a, b = (x.requires_grad_() for x in self.pair(1.5, 0.25, turned))
        result = add_mixed(a, b)
        assert_close(result, 1.75, why=self.why)
        why = "A tensor of shape () has a way back too. A number that Python took out of it has none."
        for name, given in (("a", a), ("b", b)):
            assert_reached(result, given, self.tensor(2.0), name, why=why)


class TestMeanOfIds(KataTest):
    subject = mean_of_ids
    why = "The mean is the sum of all the numbers, divided by how many there are."

    def test_the_mean_of_whole_numbers_may_have_a_fraction(self):
        why = (
            "1 + 2 + 4 + 6 is 13, and 13 / 4 is 3.25. The mean of whole numbers may have a fraction, so make them "
            "float32 first. The result is a tensor that holds a single number: shape ()."
        )
        assert_close(mean_of_ids(self.tensor([1, 2, 4, 6])), 3.25, why=why)

    @parameterized.expand(
        [
            ("a matrix", [[1, 2, 4], [6, 8, 12]], 5.5),
            ("three dimensions", [[[1], [2]], [[4], [6]], [[9], [5]]], 4.5),
            ("one row", [[3, 4]], 3.5),
            ("one column", [[3], [4]], 3.5),
            ("one number", [7], 7.0),
            ("no dimension", 9, 9.0),
            ("twelve numbers", [*range(1, 12), 21], 7.25),
        ]
    )
    def test_all_the_numbers_are_taken_together(self, _case, ids, expected):
        why = "The mean is taken over all the numbers together, whatever the shape. The result has the shape ()."
        assert_close(mean_of_ids(self.tensor(ids)), expected, why=why)

    def test_an_id_counts_each_time(self):
        why = f"An id counts each time that it occurs. {self.why}"
        assert_close(mean_of_ids(self.tensor([5, 5, 5, 6])), 5.25, why=why)

    def test_zero_and_negative_numbers_count(self):
        why = f"0 is a number like any other, and so is -100. {self.why}"
        assert_close(mean_of_ids(self.tensor([0, 10, 0, 0, -100])), -18.0, why=why)
        assert_close(mean_of_ids(self.tensor([0, 0, 0])), 0.0, why=why)

    def test_ids_are_too_large_for_float16(self):
        why = "float16 has 3 digits, and ends at 65,504. The ids of a tokenizer go far beyond. float32 has 7 digits."
        ids = self.tensor([100255, 50256, 151643, 198])
        assert_close(mean_of_ids(ids), 75588.0, rtol=0.0, atol=1.5, why=why)

    def test_ids_may_be_as_large_as_a_few_billion(self):
        ids = self.tensor([2_000_000_000, 2_000_000_000, 3_500_000_000])
        why = "Numbers may be as large as a few billion, and their sum is larger. An int32 ends at 2,147,483,647."
        assert_close(mean_of_ids(ids), 2.5e9, rtol=0.0, atol=35000.0, why=why)

    def test_many_ids_are_all_counted(self):
        ids = self.randint(0, 50257, (6, 40))
        expected = sum(oracle(ids).flatten().tolist()) / 240
        assert_close(mean_of_ids(ids), expected, rtol=0.0, atol=0.5, why=self.why)

    @parameterized.expand(
        [
            ("int32", torch.int32, [2_000_000_000, 2_000_000_000, 500_000_000], 1.5e9),
            ("int16", torch.int16, [30000, 30001, 20002], 26667.666666667),
            ("int8", torch.int8, [100, 120, 127], 115.66666666667),
            ("uint8", torch.uint8, [200, 250, 255, 1], 176.5),
        ]
    )
    def test_narrow_dtypes_work_as_well(self, _case, dtype, ids, expected):
        why = f"These are {dtype}, and their sum is too large for the dtype. Add up in a wider one. {self.why}"
        assert_close(mean_of_ids(self.tensor(ids, dtype=dtype)), expected, rtol=2e-5, atol=0.0, why=why)

    def test_a_long_text_has_a_mean_too(self):
        ids = self.tensor([50249] * 4000)
        why = (
            "4,000 ids add up to 200 million. A float32 that counts so far has no room for the last digits of one more "
            "id. PyTorch adds a whole tensor up in parts, and so keeps them."
        )
        assert_close(mean_of_ids(ids), 50249.0, rtol=1e-5, atol=0.0, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        ids = torch.stack([self.tensor([[1, 2, 4], [6, 8, 12]]), self.tensor([[90, 91, 92], [93, 94, 95]])], dim=-1)
        why = f"The numbers lie in memory with gaps, and what stands in the gaps does not count. {self.why}"
        assert_close(mean_of_ids(ids[..., 0]), 5.5, why=why)
        assert_close(mean_of_ids(ids[..., 0].T), 5.5, why=why)

    def test_the_input_is_left_alone(self):
        assert_left_alone(mean_of_ids, self.tensor([[1, 2, 4], [6, 8, 12]]), expected=5.5)

    def test_it_works_on_any_device(self):
        assert_follows_device(mean_of_ids, self.tensor([[1, 2, 4], [6, 8, 12]]), expected=5.5)
