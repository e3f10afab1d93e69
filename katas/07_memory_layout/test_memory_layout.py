"""The tests of kata 07. Run them with: make kata N=07"""

from itertools import pairwise, permutations

import numpy
import torch
from memory_layout import (
    flatten_any,
    flatten_view,
    is_row_major,
    row_major_strides,
    shares_memory,
    sliding_windows,
    transposed_copy,
)

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_raises,
    assert_that,
    oracle,
    parameterized,
)

DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("int64", torch.int64), ("bool", torch.bool)]


def one_storage(a, b):
    """Whether two tensors lie in the same piece of memory."""
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def places(x):
    """Where each number of x lies in memory, row by row: the start, plus each index times its stride."""
    return [
        x.storage_offset() + sum(index * stride for index, stride in zip(indices, x.stride()))
        for indices in numpy.ndindex(*x.shape)
    ]


def in_a_line(x):
    """The numbers of x, row by row, by way of Python lists."""
    line = oracle(x).tolist()
    for _ in range(x.ndim - 1):
        line = [number for part in line for number in part]
    return torch.tensor(line if x.ndim else [line], dtype=oracle(x).dtype)


def layouts(x):
    """Ways to look at a tensor of three dimensions: parts of it, gaps in it, its dimensions in another order."""
    parts = [x, x[:1], x[:, :1], x[:, 1:], x[:, ::2], x[..., :1], x[..., ::2], x[:, :0], x[:1, :, :1], x[:, :1, :1]]
    parts += [x[..., 0], x[:, 1], x[0], x[0, 0], x[:, 0, 0], x[0, 0, 0]]
    return [part.permute(order) for part in parts for order in permutations(range(part.ndim))]


def told(x, name="x"):
    """What a learner is told about the layout of x."""
    return f"Here x is {name}: shape {tuple(x.shape)}, strides {x.stride()}."


def assert_stays_in_place(call, x, expected):
    """Check the result of `call(x)`, and that x lies in memory as before."""
    __tracebackhide__ = True
    before = (x.untyped_storage().data_ptr(), x.storage_offset(), x.stride())
    result = call(x)
    assert_close(result, expected, why="The numbers are the first thing to get right.")
    after = (x.untyped_storage().data_ptr(), x.storage_offset(), x.stride())
    why = "x stays where it is: the caller may have other views of the same memory. Do not assign to x.data."
    assert_that(before == after, "Your code moved its input `x` in memory.", why=why)


class TestRowMajorStrides(KataTest):
    subject = row_major_strides
    why = (
        "The last dimension has stride 1. Each stride is the product of the sizes to its right. It counts numbers; it "
        "does not count bytes."
    )

    def test_from_row_to_row_it_is_a_whole_row(self):
        why = f"In a (4, 3) matrix a row holds 3 numbers, so the row below starts 3 places further on. {self.why}"
        assert_equal(row_major_strides((4, 3)), (3, 1), why=f"The strides are a tuple. {why}")

    @parameterized.expand(
        [
            ("three dimensions", (2, 3, 4), (12, 4, 1)),
            ("four dimensions", (5, 2, 3, 4), (24, 12, 4, 1)),
            ("six dimensions", (2, 4, 3, 2, 2, 5), (240, 60, 20, 10, 5, 1)),
            ("all sizes equal", (3, 3, 3), (9, 3, 1)),
        ]
    )
    def test_each_stride_is_the_product_of_the_sizes_to_its_right(self, _case, shape, expected):
        assert_equal(row_major_strides(shape), expected, why=self.why)

    def test_a_vector_has_one_stride(self):
        why = "The shape may have any number of dimensions. In a new vector, neighbours lie side by side: stride 1."
        assert_equal(row_major_strides((5,)), (1,), why=why)

    def test_a_single_number_has_no_stride(self):
        why = "A shape with no dimensions has no strides: one for each dimension, so here it is the empty tuple ()."
        assert_equal(row_major_strides(()), (), why=why)

    @parameterized.expand(
        [
            ("in front", (1, 4), (4, 1)),
            ("at the end", (4, 1), (1, 1)),
            ("in between", (2, 1, 3), (3, 3, 1)),
            ("everywhere", (1, 1, 1), (1, 1, 1)),
        ]
    )
    def test_a_size_of_1_follows_the_same_rule(self, _case, shape, expected):
        why = "A dimension of size 1 is no exception: its stride is the product of the sizes to its right."
        assert_equal(row_major_strides(shape), expected, why=why)

    def test_each_stride_is_an_int(self):
        why = "Each stride is an int: places are counted. A float, such as / gives, cannot count them."
        strides = row_major_strides((6, 2, 3))
        assert_equal(strides, (6, 3, 1), why=why)
        assert_equal([type(stride) for stride in strides], [int, int, int], why=why)

    def test_nothing_is_made_so_the_sizes_may_be_huge(self):
        why = "Nothing is made: no memory could hold so many numbers. Multiply the sizes, as ints."
        expected = (7_000_000_000_000, 7_000_000, 7, 1)
        assert_equal(row_major_strides((1000, 1_000_000, 1_000_000, 7)), expected, why=why)

    def test_no_digit_of_a_huge_stride_is_lost(self):
        why = (
            "1000000007 * 1000000009 has 19 digits. A Python int has as many digits as it needs. A float, such as / "
            "gives, keeps 16 of them."
        )
        expected = (1_000_000_016_000_000_063, 1_000_000_009, 1)
        assert_equal(row_major_strides((2, 1_000_000_007, 1_000_000_009)), expected, why=why)

    def test_it_agrees_with_pytorch_on_many_shapes(self):
        for shape in [*permutations((2, 3, 4)), *permutations((1, 2, 5)), *permutations((1, 2, 3, 4)), (2, 2), (1, 1)]:
            x = torch.empty(shape)
            assert_equal(row_major_strides(x.shape), x.stride(), why=f"The shape is {shape}. {self.why}")


class TestIsRowMajor(KataTest):
    subject = is_row_major
    why = "Row-major: the numbers lie in memory in order, row by row, without a gap."

    def check(self, x, expected, why, name="x"):
        """Check the answer for x. If it is wrong, show the shape and the strides."""
        __tracebackhide__ = True
        assert_equal(is_row_major(x), expected, why=f"{why} {told(x, name)}")

    def check_parts(self, x, expected, why, parts):
        __tracebackhide__ = True
        for name, part in parts.items():
            self.check(part(x), expected, why, name)

    def test_a_new_tensor_is_and_its_transpose_is_not(self):
        x = self.randn(4, 3)
        self.check(x, True, f"A new tensor is row-major. {self.why}")
        why = f"The transpose is the same memory with its strides swapped, so it is not in order any more. {self.why}"
        self.check(x.transpose(0, 1), False, why, "the transpose of a new matrix")

    def test_a_new_tensor_of_any_shape_is_row_major(self):
        for shape in [(5,), (), (2, 3, 4), (3, 3), (2, 3, 1, 4, 2)]:
            why = f"A new tensor is row-major, with any number of dimensions. {self.why}"
            self.check(self.randn(*shape), True, why, "a new tensor")
        why = f"With any number of dimensions, another order of them is another order of the numbers. {self.why}"
        self.check(self.randn(2, 3, 4, 5).transpose(0, 1), False, why, "a new tensor with two dimensions swapped")

    def test_a_view_of_another_shape_is_row_major_too(self):
        why = "A view is row-major if its numbers lie in order, row by row. That it is a view makes no difference."
        self.check(self.randn(4, 3).view(2, 6), True, why, "a view of a new tensor")

    def test_with_its_dimensions_in_another_order_it_is_not(self):
        why = "Every dimension counts: after a permutation the numbers do not lie in order any more."
        for shape in [(2, 3, 4), (3, 3, 3)]:
            x = self.randn(*shape)
            for order in [(0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)]:
                self.check(x.permute(order), False, why, f"a new tensor with its dimensions in the order {order}")
        self.check(self.randn(3, 3).transpose(0, 1), False, why, "the transpose of a square matrix")

    def test_a_part_with_gaps_is_not(self):
        parts = {
            "some columns of a matrix": lambda x: x[:, :2],
            "a column": lambda x: x[:, 1],
            "a column, kept as a matrix": lambda x: x[:, :1],
            "every other row": lambda x: x[::2],
            "every other column": lambda x: x[:, ::2],
            "every other number of a row": lambda x: x[0, ::2],
            "a block": lambda x: x[1:3, 1:3],
        }
        why = "It must be without a gap: between these numbers lie others, which are not part of x."
        self.check_parts(self.randn(4, 5), False, why, parts)

    def test_a_gap_may_be_in_any_dimension(self):
        parts = {
            "some rows of each matrix": lambda x: x[:, :2],
            "some columns of each matrix": lambda x: x[:, :, :2],
            "every other matrix": lambda x: x[::2],
            "every other row of each matrix": lambda x: x[:, ::2],
            "one row of each matrix, kept as a dimension": lambda x: x[:, :1],
            "one column of each matrix": lambda x: x[:, :, 0],
            "one row of each matrix": lambda x: x[:, 0],
        }
        why = "Every dimension counts. A gap may lie between numbers, between rows, or between matrices: without a gap."
        self.check_parts(self.randn(3, 4, 5), False, why, parts)

    def test_a_part_without_gaps_is(self):
        parts = {
            "the first rows of a matrix": lambda x: x[:2],
            "the last rows": lambda x: x[2:],
            "one row": lambda x: x[1],
            "the last row, kept as a matrix": lambda x: x[3:],
            "the end of a row": lambda x: x[1, 2:],
            "one number": lambda x: x[1, 2],
        }
        why = "It makes no difference where in memory the first number lies, nor what lies around x."
        self.check_parts(self.randn(4, 5), True, why, parts)

    def test_the_stride_of_a_size_1_does_not_matter(self):
        parts = {
            "a row turned into a column": lambda x: x[:1].transpose(0, 1),
            "a column turned into a row": lambda x: x.flatten()[:, None].transpose(0, 1),
            "a matrix with a size of 1 in the middle": lambda x: x[None, :2].transpose(0, 1),
            "a row with a stride far too large": lambda x: x.as_strided((1, 3), (100, 1)),
            "a row with a stride of 0": lambda x: x.as_strided((1, 3), (0, 1)),
            "a matrix with a size of 1 at the end": lambda x: x.as_strided((2, 3, 1), (3, 1, 50)),
            "a single number": lambda x: x.as_strided((1, 1), (7, 9)),
            "every other one of two numbers": lambda x: x[0, :2][::2],
        }
        why = "In a dimension of size 1 nobody takes a step: the stride of a dimension of size 1 may be anything."
        self.check_parts(self.randn(4, 5), True, why, parts)

    def test_a_size_of_1_does_not_hide_the_others(self):
        parts = {
            "one row of each matrix": lambda x: x[:, :1],
            "one transposed matrix": lambda x: x[:1].transpose(1, 2),
            "one column of one matrix": lambda x: x[:1, :, 1:2],
        }
        why = "Only the dimension of size 1 is left out. The strides of the others still count, without a gap."
        self.check_parts(self.randn(2, 4, 3), False, why, parts)

    def test_a_stretched_tensor_is_not(self):
        parts = {
            "one row for all": lambda x: x[0].expand(4, 5),
            "one column for all": lambda x: x[:, :1].expand(4, 6),
            "one column, as often as there are rows": lambda x: x[:, :1].expand(4, 4),
            "one number for all": lambda x: x[0, 0].expand(3),
            "one matrix for all": lambda x: x.expand(2, 4, 5),
        }
        why = "A stretched tensor reads the same number many times: its stride there is 0. A new tensor has each once."
        self.check_parts(self.randn(4, 5), False, why, parts)

    def test_a_tensor_without_numbers_is_row_major(self):
        parts = {
            "no columns of a matrix": lambda x: x[:, :0],
            "no rows, transposed": lambda x: x[:0].transpose(0, 1),
            "no rows, with gaps": lambda x: x[:0, ::2],
            "no columns of each matrix": lambda x: x.view(2, 2, 5)[:, :, :0].permute(2, 1, 0),
        }
        why = "A tensor without numbers is always row-major: there is nothing that could lie in a wrong order."
        self.check_parts(self.randn(4, 5), True, why, parts)

    @parameterized.expand(DTYPES[:1] + DTYPES[2:])
    def test_the_dtype_makes_no_difference(self, _case, dtype):
        x = self.randn(4, 3).to(dtype)
        why = "Strides count numbers, not bytes, so the dtype makes no difference."
        self.check(x, True, why)
        self.check(x[:, :2], False, why)

    def test_it_agrees_with_pytorch_on_many_layouts(self):
        for x in layouts(self.randn(2, 3, 4)):
            self.check(x, x.is_contiguous(), f"PyTorch gives the other answer. {self.why}")


class TestFlattenView(KataTest):
    subject = flatten_view
    why = "The result has one dimension, (n,), and the numbers as x shows them, row by row."
    no_copy = "The result must lie in the memory of x. A copy, as contiguous() or clone() makes, is not a view."
    exists = "From each number to the next, the way in memory is equally long: one stride is enough, so a view exists."

    def check(self, x, expected, why, name="x"):
        """Check the numbers of the result for x, then that it is a view of them."""
        __tracebackhide__ = True
        result = flatten_view(x)
        assert_close(result, expected, dtype=x.dtype, why=f"{why} {told(x, name)}")
        says = "The result lies in memory of its own: it is a copy."
        assert_that(one_storage(x, result), says, why=f"{self.no_copy} {told(x, name)}")
        assert_equal(places(result), places(x), why="The numbers must be those of x itself, each in its own place.")

    def check_parts(self, x, why, parts):
        __tracebackhide__ = True
        for name, part in parts.items():
            self.check(part(x), in_a_line(part(x)), why, name)

    def test_the_rows_follow_one_another(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        why = f"{self.why} Row by row is 1, 2, 3, 4, 5, 6; column by column would be 1, 4, 2, 5, 3, 6."
        assert_close(flatten_view(x), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], why=why)

    def test_what_is_written_into_one_shows_in_the_other(self):
        x = self.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        result = flatten_view(x)
        assert_close(result, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], why=self.why)
        result[3] = 40.0
        why = f"40 was written into the result, and x must show it. {self.no_copy}"
        assert_close(x, [[1.0, 2.0], [3.0, 40.0], [5.0, 6.0]], why=why)
        x[2, 0] = 50.0
        why = f"50 was written into x, and the result must show it. {self.no_copy}"
        assert_close(result, [1.0, 2.0, 3.0, 40.0, 50.0, 6.0], why=why)

    def test_a_new_tensor_always_has_such_a_view(self):
        for shape in [(2, 3, 4), (2, 3, 1, 4), (5,), (1, 4), (4, 1), (1, 1)]:
            x = self.randn(*shape)
            self.check(x, in_a_line(x), self.why, "a new tensor")

    def test_a_single_number_becomes_a_vector_of_one(self):
        why = "The shape () becomes (1,): one dimension, with the one number in it."
        self.check(self.tensor(7.0), [7.0], why, "a single number")

    def test_x_may_start_anywhere_in_memory(self):
        parts = {
            "the last rows of a matrix": lambda x: x[2:],
            "the middle rows": lambda x: x[1:3],
            "one row": lambda x: x[1],
            "the end of a row": lambda x: x[3, 2:],
        }
        why = f"x is a part of a larger tensor, and starts somewhere in its memory, not at its beginning. {self.why}"
        self.check_parts(self.randn(4, 6), why, parts)

    def test_gaps_in_a_vector_are_no_hindrance(self):
        parts = {
            "every other number of a vector": lambda x: x[::2],
            "every third number, from the second on": lambda x: x[1::3],
            "a column of a matrix": lambda x: x.view(4, 6)[:, 1],
            "a column of a matrix, kept as a matrix": lambda x: x.view(4, 6)[:, 2:3],
        }
        self.check_parts(self.randn(24), f"{self.exists} {self.why}", parts)

    def test_gaps_of_one_width_in_a_matrix_are_no_hindrance(self):
        parts = {
            "every other column of a matrix": lambda x: x[:, ::2],
            "every third column, from the third on": lambda x: x[1:, 2::3],
            "every other column of each matrix": lambda x: x.view(2, 2, 6)[:, :, ::2],
        }
        self.check_parts(self.randn(4, 6), f"{self.exists} {self.why}", parts)

    def test_the_stride_of_a_size_1_does_not_matter(self):
        parts = {
            "a row turned into a column": lambda x: x[:1].transpose(0, 1),
            "a matrix with a size of 1 in the middle": lambda x: x[None, :2].transpose(0, 1),
            "a matrix with a size of 1 at the end": lambda x: x.as_strided((2, 3, 1), (3, 1, 50)),
            "every other column of one row": lambda x: x[1:2, ::2],
            "a single number": lambda x: x.as_strided((1, 1), (7, 9)),
        }
        why = f"In a dimension of size 1 nobody takes a step, so its stride is no hindrance. {self.exists}"
        self.check_parts(self.randn(4, 6), why, parts)

    def test_one_number_stretched_over_a_matrix_has_a_view_too(self):
        x = self.tensor([5.0]).expand(3, 4)
        why = "Each step goes on by 0 places: all steps are equally long, so a view exists."
        self.check(x, [5.0] * 12, why, "one number for all")

    def test_without_numbers_there_is_a_view(self):
        parts = {
            "a new tensor without rows": lambda x: x[:0].clone(),
            "no columns of a matrix": lambda x: x[:, :0],
            "no rows, transposed": lambda x: x[:0].transpose(0, 1),
            "no columns of each matrix": lambda x: x.view(2, 2, 6)[:, :, :0].permute(2, 1, 0),
        }
        why = "x is without numbers. No step is ever taken in it, so a view exists, of shape (0,)."
        for name, part in parts.items():
            x = part(self.randn(4, 6))
            assert_close(flatten_view(x), torch.zeros(0), why=f"{why} {told(x, name)}")

    @parameterized.expand(
        [
            ("a transposed matrix", lambda x: x.transpose(0, 1)),
            ("a transposed square", lambda x: x[:, :4].clone().transpose(0, 1)),
            ("some columns", lambda x: x[:, :4]),
            ("every other row", lambda x: x[::2]),
            ("every fourth column", lambda x: x[:, ::4]),
            ("one row for all", lambda x: x[0].expand(3, 6)),
            ("one column for all", lambda x: x[:, :1].expand(4, 3)),
            ("the batch last", lambda x: x.view(2, 4, 3).permute(1, 2, 0)),
        ]
    )
    def test_where_no_view_exists_it_raises_an_error(self, case, part):
        x = part(self.randn(4, 6))
        why = (
            f"{told(x, case)} From number to number, the way in memory is not always equally long, so no view exists. "
            "Raise a ValueError: a copy is never made."
        )
        assert_raises(ValueError, flatten_view, x, why=why)

    def test_it_finds_every_view_that_exists(self):
        for x in layouts(self.randn(2, 3, 4)):
            line = places(x)
            if len({second - first for first, second in pairwise(line)}) > 1:
                why = f"In memory the steps differ, so no view exists. {told(x)}"
                assert_raises(ValueError, flatten_view, x, why=why)
            elif line:
                self.check(x, in_a_line(x), f"{self.exists} {self.why}")
            else:
                assert_close(flatten_view(x), torch.zeros(0), why=f"x has no numbers: a view exists. {told(x)}")

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        x = self.randn(2, 3).to(dtype)
        self.check(x, in_a_line(x), f"A view has the dtype of x. {self.why}")

    def test_x_stays_a_matrix(self):
        x = self.randn(4, 3)
        assert_stays_in_place(flatten_view, x, in_a_line(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 3)
        assert_follows_device(flatten_view, x, expected=in_a_line(x))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3)
        why = "A view is computed from x, so the gradient flows back. x.data and x.detach() cut it."
        assert_gradients(flatten_view, x, expected=in_a_line(x), why=why)


class TestFlattenAny(KataTest):
    subject = flatten_any
    why = "The result has one dimension, (n,), with the numbers in the order in which x shows them, row by row."

    def test_the_rows_follow_one_another(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        assert_close(flatten_any(x), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], why=self.why)

    def test_the_order_is_that_of_x_not_that_of_memory(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).transpose(0, 1)
        why = (
            "It works for all numbers, however they lie in memory. This x is transposed, so they lie there as 1, 2, 3, "
            f"4, 5, 6. {self.why}"
        )
        assert_close(flatten_any(x), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0], why=why)

    def test_any_number_of_dimensions_becomes_one(self):
        for shape in [(2, 3, 4), (2, 3, 1, 4), (5,), (1, 4), (4, 1)]:
            x = self.randn(*shape)
            assert_close(flatten_any(x), in_a_line(x), why=f"{self.why} {told(x, 'a new tensor')}")

    def test_a_single_number_becomes_a_vector_of_one(self):
        why = "A number of shape () becomes a vector of shape (1,): one dimension, with the one number in it."
        assert_close(flatten_any(self.tensor(7.0)), [7.0], why=why)

    @parameterized.expand([("a matrix", (1, 1)), ("a vector", (1,)), ("three dimensions", (1, 1, 1))])
    def test_one_number_is_still_a_vector(self, _case, shape):
        x = self.randn(*shape)
        why = "One number gives a vector of one, shape (1,). Its one dimension has size 1, and stays."
        assert_close(flatten_any(x), in_a_line(x), why=why)

    def test_it_works_for_a_part_of_a_larger_tensor(self):
        parts = {
            "some columns of a matrix": lambda x: x[:, :2],
            "the last rows": lambda x: x[2:],
            "every other row": lambda x: x[::2],
            "every other column": lambda x: x[:, ::2],
            "a column": lambda x: x[:, 1],
            "no columns": lambda x: x[:, :0],
        }
        for name, part in parts.items():
            x = part(self.randn(4, 6))
            why = f"Only the numbers of x belong into the result, not those that lie between them. {told(x, name)}"
            assert_close(flatten_any(x), in_a_line(x), why=why)

    def test_it_works_for_a_stretched_tensor(self):
        x = self.randn(4, 1).expand(4, 3)
        why = f"x shows each number three times, and reads it from one place. {self.why}"
        assert_close(flatten_any(x), in_a_line(x), why=f"{why} {told(x, 'one column for all')}")

    def test_it_works_for_many_layouts(self):
        for x in layouts(self.randn(2, 3, 4)):
            assert_close(flatten_any(x), in_a_line(x), why=f"{self.why} {told(x)}")

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        x = self.randn(4, 3).to(dtype).transpose(0, 1)
        why = f"The result keeps the dtype of x. {self.why}"
        assert_close(flatten_any(x), in_a_line(x), dtype=dtype, why=why)

    def test_large_whole_numbers_stay_exact(self):
        x = self.tensor([[2**53 + 1, -(2**62) - 1], [2**24 + 1, 3]]).transpose(0, 1)
        expected = [2**53 + 1, 2**24 + 1, -(2**62) - 1, 3]
        assert_close(flatten_any(x), expected, why="Numbers only move. A float on the way would round them.")

    def test_x_stays_where_it_is(self):
        x = self.randn(4, 3).transpose(0, 1)
        assert_stays_in_place(flatten_any, x, in_a_line(x))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3).transpose(0, 1)
        assert_follows_device(flatten_any, x, expected=in_a_line(x))

    @parameterized.expand([("a new tensor", (0, 1)), ("a transposed one", (1, 0))])
    def test_gradients_reach_x(self, _case, order):
        x = self.randn(2, 3).permute(order)
        assert_gradients(flatten_any, x, expected=in_a_line(x))


class TestSharesMemory(KataTest):
    subject = shares_memory

    def check(self, a, b, expected, why):
        __tracebackhide__ = True
        assert_equal(shares_memory(a, b), expected, why=why)
        assert_equal(shares_memory(b, a), expected, why=f"The order of the two makes no difference. {why}")

    def test_a_view_shares_and_a_copy_does_not(self):
        x = self.tensor([1.0, 2.0, 3.0, 4.0])
        why = "True: a tensor and a view of it have one storage, whatever part of it the view shows. It is a bool."
        self.check(x, x[1:], True, why)
        self.check(x, x.clone(), False, "False: a copy has equal numbers, in a storage of its own.")

    def test_a_tensor_shares_with_itself(self):
        x = self.randn(3, 2)
        assert_equal(shares_memory(x, x), True, why="A tensor lies in its own memory: the same piece, so True.")

    def test_every_view_shares_with_its_tensor(self):
        views = {
            "the transpose": lambda x: x.transpose(0, 1),
            "a view of another shape": lambda x: x.view(2, 6),
            "the first row": lambda x: x[0],
            "the last row": lambda x: x[-1],
            "a column": lambda x: x[:, 1],
            "the last number": lambda x: x[-1, -1],
            "every other row": lambda x: x[1::2],
            "a stretched row": lambda x: x[2].expand(5, 3),
            "a view with one more dimension": lambda x: x[:, None],
        }
        x = self.randn(4, 3)
        for name, view in views.items():
            why = f"b is {name} of a. A view has the storage of its tensor, whatever part of it the view shows."
            self.check(x, view(x), True, why)

    @parameterized.expand(
        [
            ("the first and the last rows", lambda x: (x[:2], x[2:])),
            ("even and odd rows", lambda x: (x[::2], x[1::2])),
            ("two numbers", lambda x: (x[0, 0], x[3, 2])),
            ("a row, and the others transposed", lambda x: (x[0], x[1:].transpose(0, 1))),
        ]
    )
    def test_different_parts_of_one_storage_share_it(self, _case, parts):
        a, b = parts(self.randn(4, 3))
        why = "Both are views of one tensor. They lie in one storage, even if they show different parts of it."
        self.check(a, b, True, why)

    def test_a_view_of_a_view_still_shares(self):
        x = self.randn(4, 3)
        why = "True: a view of a view lies in the same storage, and so do two views that know nothing of each other."
        self.check(x[1:].transpose(0, 1)[0], x.view(-1)[::2], True, why)

    def test_a_detached_tensor_shares(self):
        x = self.randn(4, 3).requires_grad_()
        why = "detach() gives a tensor that takes no part in gradients. Its memory is that of x: nothing is copied."
        self.check(x, x.detach(), True, why)
        self.check(x, x.detach()[1:], True, why)

    def test_the_same_memory_read_as_another_dtype_is_shared(self):
        x = self.randn(4, 3)
        why = "view(torch.int32) reads the same memory as another dtype. The storage is still one."
        self.check(x, x.view(torch.int32), True, why)
        self.check(x, x[2].view(torch.int16), True, why)

    @parameterized.expand(
        [
            ("a clone", lambda x: x.clone()),
            ("a reshape that had to copy", lambda x: x.transpose(0, 1).reshape(-1)),
            ("contiguous after a transpose", lambda x: x.transpose(0, 1).contiguous()),
            ("another dtype", lambda x: x.to(torch.float16)),
            ("a part of a clone", lambda x: x.clone()[1:]),
            ("rows picked by a list", lambda x: x[[0, 1]]),
        ]
    )
    def test_a_copy_does_not_share(self, _case, copied):
        x = self.randn(4, 3)
        self.check(x, copied(x), False, "A copy has a storage of its own, even if it holds equal numbers.")

    def test_two_tensors_made_alike_do_not_share(self):
        a, b = self.tensor([0.0] * 5), self.tensor([0.0] * 5)
        why = "Two tensors were made, each in a storage of its own. The storages are equally large, and still two."
        self.check(a, b, False, why)
        self.check(a[2:], b[2:], False, why)
        self.check(a[2:], a, True, "Here one is a part of the other.")

    def test_both_are_left_alone(self):
        x = self.randn(4, 3)
        before = oracle(x)
        assert_equal(shares_memory(x[1:], x), True, why="A view and its tensor have one storage.")
        assert_close(x, before, why="Only ask, and write nothing: the caller still needs the numbers.")


def transposed_by_hand(x):
    """The same numbers with the last two dimensions swapped, one by one."""
    numbers = oracle(x)
    *batch, m, n = x.shape
    result = torch.zeros(*batch, n, m, dtype=numbers.dtype)
    for row in range(m):
        for column in range(n):
            result[..., column, row] = numbers[..., row, column]
    return result


class TestTransposedCopy(KataTest):
    subject = transposed_copy
    why = "The last two dimensions are swapped: columns become rows. (..., m, n) becomes (..., n, m)."
    new_memory = (
        "A copy has always new memory. contiguous() and reshape() copy only if they must: where the transpose is "
        "row-major already, they give the memory of x."
    )

    def check(self, x, why, name="x"):
        """Check the numbers of the result for x, then that it is row-major, then that its memory is new."""
        __tracebackhide__ = True
        result = transposed_copy(x)
        assert_close(result, transposed_by_hand(x), dtype=x.dtype, why=f"{why} {told(x, name)}")
        assert_that(
            result.is_contiguous() or not x.numel(),
            "The numbers of the result do not lie in memory row by row.",
            why=(
                "The result must be row-major (contiguous). transpose only swaps the strides. clone and empty_like "
                "keep the order that they find."
            ),
            expected=f"strides {torch.empty(result.shape).stride()}",
            actual=f"strides {result.stride()}",
        )
        shared = bool(x.numel()) and one_storage(x, result)
        assert_that(not shared, "The result lies in the memory of x.", why=f"{self.new_memory} {told(x, name)}")

    def test_columns_become_rows(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        assert_close(transposed_copy(x), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], why=self.why)

    def test_the_result_is_laid_out_anew(self):
        self.check(self.randn(4, 3), self.why, "a new matrix")

    @parameterized.expand(
        [
            ("a single row", lambda x: x[:1]),
            ("a single column", lambda x: x[:, :1].clone()),
            ("a single number", lambda x: x[:1, :1]),
            ("a transposed matrix", lambda x: x.transpose(0, 1)),
            ("a batch of single rows", lambda x: x[:, None]),
            ("a batch of single columns", lambda x: x[:, :, None]),
            ("a batch of transposed matrices", lambda x: x.view(2, 2, 3).transpose(1, 2)),
        ]
    )
    def test_a_copy_is_made_even_where_none_seems_needed(self, case, part):
        self.check(part(self.randn(4, 3)), self.why, case)

    @parameterized.expand([("a matrix", (2, 3)), ("one row", (1, 3)), ("one column", (3, 1)), ("a batch", (2, 1, 3))])
    def test_what_is_written_into_one_does_not_show_in_the_other(self, _case, shape):
        x = self.randn(*shape)
        before = oracle(x)
        result = transposed_copy(x)
        assert_close(result, transposed_by_hand(x), why=self.why)
        result[...] = 7.0
        assert_close(x, before, why=f"7 was written into the result, and x must not show it. {self.new_memory}")
        x[...] = 5.0
        why = f"5 was written into x, and the result must not show it. {self.new_memory}"
        assert_close(result, torch.full_like(result, 7.0).cpu(), why=why)

    def test_only_the_last_two_dimensions_are_swapped(self):
        shapes = [(2, 5, 3), (2, 3, 3), (4, 4, 3), (3, 3, 3), (2, 5, 4, 3), (3, 3), (0, 3), (2, 0, 3)]
        for shape in shapes:
            why = f"{self.why} The dimensions in front, a batch for example, stay where they are."
            self.check(self.randn(*shape), why, "a new tensor")

    def test_it_works_however_the_numbers_lie_in_memory(self):
        parts = {
            "some columns of a matrix": lambda x: x[:, 1:3],
            "every other row": lambda x: x[::2],
            "every other column": lambda x: x[:, ::2],
            "the last rows": lambda x: x[2:],
            "one row for all": lambda x: x[1].expand(5, 4),
            "one column for all": lambda x: x[:, 1:2].expand(6, 2),
            "a batch with its dimensions in another order": lambda x: x.view(2, 3, 4).transpose(0, 1),
            "a batch with the batch last": lambda x: x.view(2, 3, 4).permute(1, 2, 0),
            "one matrix for all": lambda x: x.expand(3, 6, 4),
        }
        for name, part in parts.items():
            self.check(part(self.randn(6, 4)), f"The numbers of x do not lie in order. {self.why}", name)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        x = self.randn(4, 3).to(dtype)
        self.check(x, f"The result keeps the dtype of x. New memory is float32 unless you name another. {self.why}")

    def test_each_call_makes_new_memory(self):
        x = self.randn(4, 3)
        first, second = transposed_copy(x), transposed_copy(x)
        assert_close(second, transposed_by_hand(x), why=self.why)
        why = "Each call makes a new copy. Else, whoever writes into the first result changes the second one with it."
        assert_that(not one_storage(first, second), "Two results lie in the same memory.", why=why)

    def test_x_stays_where_it_is(self):
        x = self.randn(4, 3).transpose(0, 1)
        assert_stays_in_place(transposed_copy, x, transposed_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        why = "The new memory must lie where x lives. On a GPU this line would stop the program."
        assert_follows_device(transposed_copy, x, expected=transposed_by_hand(x), why=why)

    @parameterized.expand([("a matrix", (2, 3)), ("a batch of single rows", (2, 1, 2))])
    def test_gradients_reach_x(self, _case, shape):
        x = self.randn(*shape)
        why = "A copy is computed from x too, so the gradient flows back. x.data and x.detach() cut it."
        assert_gradients(transposed_copy, x, expected=transposed_by_hand(x), why=why)


def windows_by_hand(x, size):
    """Each window cut out, as a list."""
    numbers = oracle(x).tolist()
    windows = [numbers[start : start + size] for start in range(len(numbers) - size + 1)]
    return torch.tensor(windows, dtype=oracle(x).dtype)


class TestSlidingWindows(KataTest):
    subject = sliding_windows
    why = "Row i holds the numbers of x from place i on. Windows overlap: each starts one place after the one before."
    no_copy = "The result must be a view: no number is copied, although each belongs to several windows."

    def check(self, x, size, why):
        """Check the numbers of the windows, then that they are a view of x."""
        __tracebackhide__ = True
        result = sliding_windows(x, size)
        assert_close(result, windows_by_hand(x, size), dtype=x.dtype, why=why)
        assert_that(one_storage(x, result), "The result lies in memory of its own: it is a copy.", why=self.no_copy)
        line = places(x)
        wanted = [line[start + step] for start in range(len(result)) for step in range(size)]
        assert_equal(places(result), wanted, why="The numbers must be those of x itself, each in its own place.")

    def test_each_row_is_one_window(self):
        x = self.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        expected = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [3.0, 4.0, 5.0], [4.0, 5.0, 6.0]]
        why = f"{self.why} The last window ends with the last number of x, so there are n - size + 1."
        assert_close(sliding_windows(x, 3), expected, why=why)

    def test_what_is_written_into_one_shows_in_the_other(self):
        x = self.tensor([1.0, 2.0, 3.0, 4.0])
        result = sliding_windows(x, 2)
        assert_close(result, [[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]], why=self.why)
        x[1] = 20.0
        why = f"20 was written into x, and every window that holds this place must show it. {self.no_copy}"
        assert_close(result, [[1.0, 20.0], [20.0, 3.0], [3.0, 4.0]], why=why)
        result[1, 1] = 30.0
        assert_close(x, [1.0, 20.0, 30.0, 4.0], why=f"30 was written into a window, and x must show it. {self.no_copy}")

    @parameterized.expand(
        [
            ("two numbers each", 7, 2),
            ("five numbers each", 7, 5),
            ("one number each", 5, 1),
            ("one window for all", 5, 5),
            ("a single number", 1, 1),
            ("as many windows as places in each", 5, 3),
        ]
    )
    def test_a_window_may_have_any_size(self, _case, n, size):
        why = f"n = {n} and size = {size} give {n} - {size} + 1 windows. {self.why}"
        self.check(self.randn(n), size, why)

    @parameterized.expand([("every other number", 2, 3), ("every third number", 3, 2)])
    def test_there_may_be_gaps_between_the_numbers(self, _case, gap, size):
        why = f"The numbers of this x lie in memory with gaps: its stride is {gap}. {self.why}"
        self.check(self.randn(20)[::gap], size, why)

    def test_x_may_start_anywhere_in_memory(self):
        why = f"x is the end of a longer vector, and starts somewhere in its memory. {self.why}"
        self.check(self.randn(9)[3:], 2, why)

    def test_x_may_be_a_column_of_a_matrix(self):
        why = f"x is a column of a matrix: it starts in the middle of memory, and its stride is 5. {self.why}"
        self.check(self.randn(4, 5)[:, 2], 3, why)

    def test_a_stretched_number_has_windows_too(self):
        why = "x reads one number again and again: its stride is 0, and so are the strides of its windows."
        self.check(self.tensor([5.0]).expand(4), 3, why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        self.check(self.randn(5).to(dtype), 2, f"A view has the dtype of x. {self.why}")

    def test_x_stays_where_it_is(self):
        x = self.randn(7)[1:]
        assert_stays_in_place(lambda x: sliding_windows(x, 3), x, windows_by_hand(x, 3))

    def test_it_works_on_any_device(self):
        x = self.randn(5)
        assert_follows_device(sliding_windows, x, 2, expected=windows_by_hand(x, 2))

    def test_gradients_reach_x(self):
        x = self.randn(5)
        why = "A view is computed from x, so the gradient flows back. x.data and x.detach() cut it."
        assert_gradients(sliding_windows, x, 3, expected=windows_by_hand(x, 3), why=why)
