import itertools
import operator

import torch
from qk_scores import most_similar, scaled_scores, scores, transpose_keys

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    oracle,
    parameterized,
)

# Tq = 5 queries, Tk = 7 keys, and d = 4 or 6 numbers in each: all sizes differ, so a swap cannot hide.
BROADCAST = [
    ("one set of keys for all queries", (2, 3), ()),
    ("one set of queries for all keys", (), (2, 3)),
    ("one against two", (1,), (2,)),
    ("two and one against three", (2, 1), (3,)),
    ("a 1 on both sides", (2, 1), (1, 3)),
]
DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]


def places(shape):
    """All index tuples of this shape, in reading order."""
    return itertools.product(*map(range, shape))


def columns_by_hand(k):
    """Each number of k, carried to its new place one after the other."""
    k = oracle(k)
    *leading, tokens, d = k.shape
    turned = torch.empty(*leading, d, tokens, dtype=torch.float64)
    for *where, i, j in places(k.shape):
        turned[(*where, j, i)] = k[(*where, i, j)]
    return turned


def dot_products_by_hand(q, k):
    """All dot products, one pair after the other."""
    q, k = oracle(q), oracle(k)
    leading = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    q, k = q.expand(*leading, *q.shape[-2:]), k.expand(*leading, *k.shape[-2:])
    result = torch.empty(*leading, q.shape[-2], k.shape[-2], dtype=torch.float64)
    for where in places(leading):
        keys = k[where].tolist()
        table = [[sum(map(operator.mul, query, key)) for key in keys] for query in q[where].tolist()]
        result[where] = torch.tensor(table, dtype=torch.float64).reshape(result[where].shape)
    return result


def scaled_by_hand(q, k, root):
    """All dot products, divided by a number that the test knows."""
    return dot_products_by_hand(q, k) / root


def winners_by_hand(q, k):
    """The place of the largest dot product in each row, found in plain Python."""
    table = dot_products_by_hand(q, k)
    winners = torch.empty(table.shape[:-1], dtype=torch.int64)
    for place in places(winners.shape):
        row = table[place].tolist()
        winners[place] = row.index(max(row))
    return winners


class TestTransposeKeys(KataTest):
    subject = transpose_keys

    def test_rows_become_columns(self):
        k = self.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        why = "The rows become columns: row i, column j goes to row j, column i. This k has no leading dimensions."
        assert_close(transpose_keys(k), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], why=why)

    @parameterized.expand(
        [
            ("two leading dimensions", (2, 3, 7, 4)),
            ("one", (2, 7, 4)),
            ("three", (2, 3, 2, 7, 4)),
            ("a square", (2, 4, 4)),
            ("a cube", (4, 4, 4)),
        ]
    )
    def test_leading_dimensions_stay_where_they_are(self, _case, shape):
        k = self.randn(*shape)
        why = "Only the last two dimensions change places. Counted from the right, they are found in any shape."
        expected = columns_by_hand(k)
        assert_close(transpose_keys(k), expected, why=why)

    @parameterized.expand([("one key", (2, 1, 4)), ("keys of one number", (2, 7, 1)), ("a batch of one", (1, 7, 4))])
    def test_a_dimension_of_size_1_is_kept(self, _case, shape):
        k = self.randn(*shape)
        why = "A dimension of size 1 is a dimension like any other: it stays in the shape."
        expected = columns_by_hand(k)
        assert_close(transpose_keys(k), expected, why=why)

    @parameterized.expand([("a batch", (2, 7, 4)), ("one matrix", (7, 4))])
    def test_gaps_in_memory_make_no_difference(self, _case, shape):
        k = self.randn(*shape, strided=True)
        why = "This k is non-contiguous: its numbers do not lie row after row in memory. Its rows become columns too."
        expected = columns_by_hand(k)
        assert_close(transpose_keys(k), expected, why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_k(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        k = self.randn(2, 7, 4, dtype=dtype)
        expected = columns_by_hand(k)
        why = "Numbers that change places keep their dtype, and every digit."
        assert_close(transpose_keys(k), expected, dtype=dtype, rtol=0, atol=0, why=why)

    def test_k_is_left_alone(self):
        k = self.randn(2, 7, 4)
        why = "k belongs to the caller, and so does its shape. Return a new view or a copy."
        assert_left_alone(transpose_keys, k, expected=columns_by_hand(k), why=why)

    def test_it_works_on_any_device(self):
        k = self.randn(2, 7, 4)
        why = "The result lives on the device of k."
        assert_follows_device(transpose_keys, k, expected=columns_by_hand(k), why=why)

    def test_gradients_reach_k(self):
        k = self.randn(2, 3, 4, dtype=torch.float64)
        why = "Training reaches what made the keys through k: the gradient must find its way back."
        assert_gradients(transpose_keys, k, expected=columns_by_hand(k), why=why)


class TestScores(KataTest):
    subject = scores

    def test_every_query_meets_every_key(self):
        q = self.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])
        k = self.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 5.0], [0.0, -3.0, 1.0], [4.0, 0.0, 0.0]])
        why = "Row i, column j is the dot product of query i and key j: multiply, add up. Query 0 and key 0 give 3."
        assert_close(scores(q, k), [[3.0, 2.0, -6.0, 4.0], [0.0, -5.0, -4.0, 0.0]], why=why)

    @parameterized.expand([("one", (2,)), ("two", (2, 3)), ("three", (2, 3, 2))])
    def test_leading_dimensions_keep_sequences_apart(self, _case, leading):
        q, k = self.randn(*leading, 5, 4), self.randn(*leading, 7, 4)
        expected = dot_products_by_hand(q, k)
        why = "The leading dimensions stay in front. Queries meet the keys of their own sequence and no others."
        assert_close(scores(q, k), expected, why=why)

    @parameterized.expand([("one matrix", (4, 4)), ("a batch", (4, 4, 4))])
    def test_square_inputs_are_no_exception(self, _case, shape):
        q, k = self.randn(*shape), self.randn(*shape)
        expected = dot_products_by_hand(q, k)
        why = "As many keys as numbers in each: a forgotten transpose or a wrong dimension raises no error here."
        assert_close(scores(q, k), expected, why=why)

    @parameterized.expand(BROADCAST)
    def test_leading_dimensions_broadcast(self, _case, first, second):
        q, k = self.randn(*first, 5, 4), self.randn(*second, 7, 4)
        expected = dot_products_by_hand(q, k)
        why = "Leading dimensions broadcast, as in kata 05: one of size 1, or a missing one, is used again and again."
        assert_close(scores(q, k), expected, why=why)

    @parameterized.expand(
        [
            ("one query", (1, 4), (7, 4)),
            ("one key", (5, 4), (1, 4)),
            ("one number in each", (5, 1), (7, 1)),
            ("a batch of one", (1, 5, 4), (1, 7, 4)),
        ]
    )
    def test_a_dimension_of_size_1_is_kept(self, _case, first, second):
        q, k = self.randn(*first), self.randn(*second)
        expected = dot_products_by_hand(q, k)
        why = "A dimension of size 1 stays in the shape: a batch of one, one query and one key each keep theirs."
        assert_close(scores(q, k), expected, why=why)

    @parameterized.expand([("a batch", (2,)), ("one matrix", ())])
    def test_gaps_in_memory_make_no_difference(self, _case, leading):
        q, k = self.randn(*leading, 5, 4, strided=True), self.randn(*leading, 7, 4, strided=True)
        expected = dot_products_by_hand(q, k)
        why = "q and k are non-contiguous: their numbers do not lie row after row in memory. The scores are the same."
        assert_close(scores(q, k), expected, why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_q(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q, k = self.randint(1, 4, (2, 5, 4)).to(dtype), self.randint(1, 4, (2, 7, 4)).to(dtype)
        expected = dot_products_by_hand(q, k)
        why = "The scores keep the dtype of q and k."
        assert_close(scores(q, k), expected, dtype=dtype, why=why)

    def test_q_and_k_are_left_alone(self):
        q, k = self.randn(2, 5, 4), self.randn(2, 7, 4)
        why = "q and k belong to the caller. Build a new tensor."
        assert_left_alone(scores, q, k, expected=dot_products_by_hand(q, k), why=why)

    def test_it_works_on_any_device(self):
        q, k = self.randn(2, 1, 5, 4), self.randn(3, 7, 4)
        why = "The scores live on the device of q. A tensor that you make on the way must live there too."
        assert_follows_device(scores, q, k, expected=dot_products_by_hand(q, k), why=why)

    def test_gradients_reach_q_and_k(self):
        q, k = self.randn(2, 1, 2, 3, dtype=torch.float64), self.randn(2, 4, 3, dtype=torch.float64)
        why = "Training reaches what made q and k through these scores: the gradient must find its way back to both."
        assert_gradients(scores, q, k, expected=dot_products_by_hand(q, k), why=why)

    def test_as_many_queries_as_keys(self):
        q, k = self.randn(2, 3, 5, 4), self.randn(2, 3, 5, 4)
        expected = dot_products_by_hand(q, k)
        why = "Tq equals Tk here, and still row i belongs to query i and column j to key j."
        assert_close(scores(q, k), expected, why=why)

    def test_queries_and_keys_may_be_one_tensor(self):
        x = self.randn(5, 4)
        expected = dot_products_by_hand(x, x)
        why = "q and k are the same tensor here. Each row meets all rows, itself included."
        assert_close(scores(x, x), expected, why=why)
        assert_gradients(lambda x: scores(x, x), x, expected=expected, why="q is k here: gradients flow through both.")

    def test_long_rows_and_many_keys(self):
        q, k = self.randint(-9, 10, (3, 100)).float(), self.randint(-9, 10, (40, 100)).float()
        q[0], k[7] = 9.0, 9.0
        expected = dot_products_by_hand(q, k)
        why = "All d products count, for every key, however large the scores get: here d is 100 and there are 40 keys."
        assert_close(scores(q, k), expected, why=why)

    def test_zeros_and_equal_keys(self):
        q = self.tensor([[1.0, 2.0], [0.0, 0.0]])
        k = self.tensor([[0.0, 0.0], [3.0, 1.0], [3.0, 1.0]])
        why = "A query or key of zeros has the score 0 with everything, and equal keys get equal scores."
        assert_close(scores(q, k), [[0.0, 5.0, 5.0], [0.0, 0.0, 0.0]], why=why)

    def test_each_call_gives_a_new_tensor(self):
        q, k = self.randn(5, 4), self.randn(7, 4)
        expected = dot_products_by_hand(q, k)
        first = scores(q, k)
        scores(k[:5], q.repeat(2, 1)[:7])
        why = "A second call must not change the result of the first: each call gives a new tensor."
        assert_close(first, expected, why=why)


class TestScaledScores(KataTest):
    subject = scaled_scores
    why = "Each dot product is divided by √d. d is the size of the last dimension: how many products were added up."

    @parameterized.expand([("d is 9", 9, 3), ("d is 25", 25, 5), ("d is 400", 400, 20)])
    def test_the_scale_is_the_square_root_of_d(self, _case, d, root):
        q, k = self.tensor([[[2.0]]]).repeat(2, 5, d), self.tensor([[[1.0]]]).repeat(2, 7, d)
        expected = torch.full((2, 5, 7), 2.0 * d / root)
        why = f"{self.why} Here each dot product is {d} times 2·1, and √{d} is {root}."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand(
        [
            ("one", (2,), 6, 2.449489743),
            ("none", (), 10, 3.16227766),
            ("two", (2, 4), 3, 1.732050808),
            ("three", (2, 3, 2), 3, 1.732050808),
        ]
    )
    def test_any_leading_dimensions_and_any_d(self, _case, leading, d, root):
        q, k = self.randn(*leading, 5, d), self.randn(*leading, 7, d)
        expected = scaled_by_hand(q, k, root)
        why = f"Each dot product is divided by √d. d is {d} here: the last dimension, whatever the leading dimensions."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand([("one matrix", (4, 4)), ("a batch", (4, 4, 4))])
    def test_square_inputs_are_no_exception(self, _case, shape):
        q, k = self.randn(*shape), self.randn(*shape)
        expected = scaled_by_hand(q, k, 2.0)
        why = "As many keys as numbers in each: a forgotten transpose or a wrong dimension raises no error here."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand(BROADCAST)
    def test_leading_dimensions_broadcast(self, _case, first, second):
        q, k = self.randn(*first, 5, 6), self.randn(*second, 7, 6)
        expected = scaled_by_hand(q, k, 2.449489743)
        why = "Leading dimensions broadcast, as in kata 05: one of size 1, or a missing one, is used again and again."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand(
        [
            ("one query", (1, 6), (7, 6), 2.449489743),
            ("one key", (5, 6), (1, 6), 2.449489743),
            ("one number in each", (5, 1), (7, 1), 1.0),
            ("a batch of one", (1, 5, 6), (1, 7, 6), 2.449489743),
        ]
    )
    def test_a_dimension_of_size_1_is_kept(self, _case, first, second, root):
        q, k = self.randn(*first), self.randn(*second)
        expected = scaled_by_hand(q, k, root)
        why = f"A dimension of size 1 stays in the shape. d is {first[-1]} here, so √d is about {root:.3f}."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand([("a batch", (2,)), ("one matrix", ())])
    def test_gaps_in_memory_make_no_difference(self, _case, leading):
        q, k = self.randn(*leading, 5, 6, strided=True), self.randn(*leading, 7, 6, strided=True)
        expected = scaled_by_hand(q, k, 2.449489743)
        why = "q and k are non-contiguous: their numbers do not lie row after row in memory. The scores are the same."
        assert_close(scaled_scores(q, k), expected, why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_q(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q, k = self.randint(1, 4, (2, 5, 6)).to(dtype), self.randint(1, 4, (2, 7, 6)).to(dtype)
        expected = scaled_by_hand(q, k, 2.449489743)
        why = "The scores keep the dtype of q and k, whatever you divide them by."
        assert_close(scaled_scores(q, k), expected, dtype=dtype, why=why)

    def test_q_and_k_are_left_alone(self):
        q, k = self.randn(2, 5, 6), self.randn(2, 7, 6)
        why = "q and k belong to the caller. Divide in a new tensor, not in place."
        assert_left_alone(scaled_scores, q, k, expected=scaled_by_hand(q, k, 2.449489743), why=why)

    def test_it_works_on_any_device(self):
        q, k = self.randn(2, 1, 5, 6), self.randn(3, 7, 6)
        why = "The scores live on the device of q. A tensor that you make on the way must live there too."
        assert_follows_device(scaled_scores, q, k, expected=scaled_by_hand(q, k, 2.449489743), why=why)

    def test_gradients_reach_q_and_k(self):
        q, k = self.randn(2, 1, 2, 3, dtype=torch.float64), self.randn(2, 4, 3, dtype=torch.float64)
        why = "Training reaches what made q and k through these scores: the gradient must find its way back to both."
        assert_gradients(scaled_scores, q, k, expected=scaled_by_hand(q, k, 1.7320508075688772), why=why)

    def test_as_many_queries_as_keys(self):
        q, k = self.randn(2, 3, 5, 6), self.randn(2, 3, 5, 6)
        expected = scaled_by_hand(q, k, 2.449489743)
        why = "Tq equals Tk here, and still row i belongs to query i and column j to key j."
        assert_close(scaled_scores(q, k), expected, why=why)

    def test_queries_and_keys_may_be_one_tensor(self):
        x = self.randn(5, 4)
        expected = scaled_by_hand(x, x, 2.0)
        why = "q and k are the same tensor here. Each row meets all rows, itself included."
        assert_close(scaled_scores(x, x), expected, why=why)
        assert_gradients(
            lambda x: scaled_scores(x, x), x, expected=expected, why="q is k here: gradients flow through both."
        )


class TestMostSimilar(KataTest):
    subject = most_similar

    def test_each_query_gets_the_index_of_its_best_key(self):
        q = self.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
        k = self.tensor([[3.0, 4.0], [5.0, 0.0], [0.0, 5.0], [4.0, -3.0]])
        # The dot products: 3 5 0 4, then 4 0 5 -3, then 18 10 15 -1.
        why = "There is one number for each query: the index, from 0, of the key with the largest dot product, int64."
        assert_close(most_similar(q, k), [1, 2, 0], why=why)

    def test_a_longer_key_counts_more(self):
        q = self.tensor([[1.0, 0.0], [0.0, 1.0], [6.0, 0.0], [0.0, 9.0], [1.0, 1.0]])
        k = self.tensor([[1.0, 0.0], [5.0, 3.0], [0.0, 1.0], [1.0, 8.0]])
        # The dot products: 1 5 0 1, then 0 3 1 8, then 6 30 0 6, then 0 27 9 72, then 1 8 1 9.
        why = "The dot product alone decides. It grows with the length of the key: larger numbers, larger score."
        assert_close(most_similar(q, k), [1, 3, 1, 3, 3], why=why)

    def test_the_sign_counts(self):
        q = self.tensor([[1.0, 0.0], [0.0, 1.0]])
        k = self.tensor([[2.0, 1.0], [-9.0, 3.0], [1.0, -7.0]])
        # The dot products: 2 -9 1, then 1 3 -7.
        why = "The sign counts: query 0 has the scores 2, -9, 1, and 2 is the largest. -9 is smaller than 2."
        assert_close(most_similar(q, k), [0, 1], why=why)

    def test_the_best_score_may_be_negative(self):
        q = self.tensor([[1.0, 3.0], [3.0, 1.0]])
        k = self.tensor([[-5e9, -4e9], [-1e9, -3e9], [-3e9, -1e9]])
        # The dot products: -17e9 -10e9 -6e9, then -19e9 -6e9 -10e9.
        why = "All scores are below 0 here, and one of them is still the largest: the one nearest to 0."
        assert_close(most_similar(q, k), [2, 1], why=why)

    @parameterized.expand([("one", (2,)), ("two", (2, 3)), ("three", (2, 3, 2))])
    def test_leading_dimensions_keep_sequences_apart(self, _case, leading):
        q, k = self.randn(*leading, 5, 4), self.randn(*leading, 7, 4)
        expected = winners_by_hand(q, k)
        why = "The leading dimensions stay in front: (..., Tq). The dimension of the keys, the last one, goes away."
        assert_close(most_similar(q, k), expected, why=why)

    @parameterized.expand([("one matrix", (4, 4)), ("a batch", (4, 4, 4))])
    def test_square_inputs_are_no_exception(self, _case, shape):
        q, k = self.randn(*shape), self.randn(*shape)
        expected = winners_by_hand(q, k)
        why = "As many keys as numbers in each: a forgotten transpose or a wrong dimension raises no error here."
        assert_close(most_similar(q, k), expected, why=why)

    @parameterized.expand(BROADCAST)
    def test_leading_dimensions_broadcast(self, _case, first, second):
        q, k = self.randn(*first, 5, 4), self.randn(*second, 7, 4)
        expected = winners_by_hand(q, k)
        why = "Leading dimensions broadcast, as in kata 05: one of size 1, or a missing one, is used again and again."
        assert_close(most_similar(q, k), expected, why=why)

    @parameterized.expand(
        [
            ("one query", (2, 1, 4), (2, 7, 4)),
            ("one number in each", (5, 1), (7, 1)),
            ("a batch of one", (1, 5, 4), (1, 7, 4)),
        ]
    )
    def test_a_dimension_of_size_1_is_kept(self, _case, first, second):
        q, k = self.randn(*first), self.randn(*second)
        expected = winners_by_hand(q, k)
        why = "A dimension of size 1 stays in the shape: one query gives one index, in a dimension of its own."
        assert_close(most_similar(q, k), expected, why=why)

    def test_the_only_key_is_the_best(self):
        q, k = self.randn(5, 4), self.randn(2, 4)
        expected = winners_by_hand(q, k)
        assert_close(most_similar(q, k), expected, why="With two keys, each query gets the index 0 or 1.")
        why = "With one key there is no choice: its index, 0, is the answer for every query."
        assert_close(most_similar(q, k[:1]), [0, 0, 0, 0, 0], why=why)

    @parameterized.expand([("a batch", (2,)), ("one matrix", ())])
    def test_gaps_in_memory_make_no_difference(self, _case, leading):
        q, k = self.randn(*leading, 5, 4, strided=True), self.randn(*leading, 7, 4, strided=True)
        expected = winners_by_hand(q, k)
        why = "q and k are non-contiguous: their numbers do not lie row after row in memory. The answer is the same."
        assert_close(most_similar(q, k), expected, why=why)

    @parameterized.expand(DTYPES)
    def test_the_indices_are_int64_for_any_dtype(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.float16  # an Apple GPU has no float64
        q = self.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]], dtype=dtype)
        k = self.tensor([[3.0, 4.0], [5.0, 0.0], [0.0, 5.0], [4.0, -3.0]], dtype=dtype)
        why = "An index is a whole number, int64, whatever the dtype of q and k."
        assert_close(most_similar(q, k), [1, 2, 0], why=why)

    def test_q_and_k_are_left_alone(self):
        q, k = self.randn(2, 5, 4), self.randn(2, 7, 4)
        why = "q and k belong to the caller. Build a new tensor."
        assert_left_alone(most_similar, q, k, expected=winners_by_hand(q, k), why=why)

    def test_it_works_on_any_device(self):
        q, k = self.randn(2, 1, 5, 4), self.randn(3, 7, 4)
        why = "The indices live on the device of q. A tensor that you make on the way must live there too."
        assert_follows_device(most_similar, q, k, expected=winners_by_hand(q, k), why=why)

    def test_large_scores_close_together(self):
        q = self.tensor([[1.0, 1.0], [-1.0, 1.0]])
        k = self.tensor([[3000.0, 0.0], [3000.0, 1.0], [2999.0, 0.0], [2999.0, 1.0]])
        # The dot products: 3000 3001 2999 3000, then -3000 -2999 -2999 -2998.
        why = "3001 is larger than 3000, if only by 1. Compare the scores themselves, in the dtype of q and k."
        assert_close(most_similar(q, k), [1, 3], why=why)

    def test_queries_and_keys_may_be_one_tensor(self):
        x = self.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, -1.0]])
        why = "q and k are the same tensor here. Each row meets all rows, itself included."
        assert_close(most_similar(x, x), [0, 1, 2], why=why)

    def test_several_keys_with_the_largest_score(self):
        q = self.tensor([[1.0, 0.0], [0.0, 0.0]])
        k = self.tensor([[1.0, 0.0], [3.0, 1.0], [3.0, 2.0], [0.0, 1.0], [2.0, 2.0], [0.0, 7.0], [3.0, 5.0]])
        # The dot products: 1 3 3 0 2 0 3, then only zeros. The first query may get 1, 2 or 6, the second any index.
        best = most_similar(q, k)
        one = best.tolist() if isinstance(best, torch.Tensor) and best.shape == (2,) else [1, 0]
        expected = [one[0] if one[0] in (1, 2, 6) else 1, one[1] if one[1] in range(7) else 0]
        why = "Several keys share the largest score. The answer is the index of one of them: it does not matter which."
        assert_close(best, expected, why=why)

    def test_many_keys(self):
        q, k = torch.eye(2), torch.zeros(300, 2)
        k[257, 0] = k[299, 1] = 1.0
        q, k = q.to(self.device, torch.bfloat16), k.to(self.device, torch.bfloat16)
        why = "An index may be larger than 255. bfloat16 and uint8 cannot count that far one by one; int64 can."
        assert_close(most_similar(q, k), [257, 299], why=why)
