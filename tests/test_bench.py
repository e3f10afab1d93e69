"""What `make bench` compares computes the same; its clock waits for the device; its bars are to scale."""

import types

import numpy
import pytest
import torch

from dojo import bench, card, catalog
from dojo.__main__ import main
from dojo.authoring import Benchmark, benchmark
from dojo.subject import load_reference

CPU = torch.device("cpu")
DECLARED = [
    (kata, name) for kata in catalog.katas() for names in kata.answers_of("benchmark").values() for name in names
]


@pytest.mark.parametrize(("kata", "name"), DECLARED, ids=lambda value: getattr(value, "name", value))
def test_all_ways_compute_the_same(kata, name):
    module = load_reference(kata)
    declared = getattr(module, name)
    torch.manual_seed(0)
    ways = bench.ways_of(declared, getattr(module, declared.of, None), declared.sizes[0], CPU)
    results = [result[0] if isinstance(result := way.call(), tuple) else result for way in ways]
    assert len(ways) > 1 and declared.why and declared.title
    for result in results[1:]:
        torch.testing.assert_close(torch.as_tensor(result), torch.as_tensor(results[0]), rtol=1e-3, atol=1e-3)


def test_some_katas_have_a_benchmark():
    assert {"08", "18"} <= {kata.number for kata, _ in DECLARED}


def test_the_clock_waits_for_the_device(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: calls.append("wait"))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: calls.append("read") or 0.0)
    bench.clock()
    assert calls == ["wait", "read"]


def in_pieces(x):
    twice = x + x  # 4000 bytes
    return (twice * x).view(10, 100).sum(0)  # 4000 more, and 400 for the sums, when `twice` is still there


def test_peak_memory_is_what_is_held_at_once():
    x = torch.ones(1000)
    assert bench.peak_memory(bench.Way("one", lambda: x + 1, "cpu")) == 4000
    assert bench.peak_memory(bench.Way("a view", lambda: x[::2], "cpu")) == 0
    assert bench.peak_memory(bench.Way("in pieces", lambda: in_pieces(x), "cpu")) == 8400
    assert bench.peak_memory(bench.Way("one after the other", lambda: ((x + 1) + 1) + 1, "cpu")) == 8000
    array = numpy.ones(1000)
    assert 8000 <= bench.peak_memory(bench.Way("NumPy", lambda: array + 1, "")) < 9000


def a_way(name, *times):
    return bench.Way(name, lambda: None, "cpu", list(times), 1000)


def test_bars_are_to_scale():
    console = bench.make_console(width=80, record=True)
    bench.draw("softmax", [a_way("yours", 0.003, 0.004, 0.005), a_way("torch.softmax", 0.002, 0.002, 9.0)], console)
    yours, builtin = console.export_text().splitlines()[-2:]
    assert yours.count("█") == 2 * builtin.count("█") > 10
    assert "2×" in yours and "4.00 ms" in yours and "1.00 kB" in yours and "1×" in builtin and len(yours) <= 80


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5, "1.50 s"), (0.0123, "12.3 ms"), (1.234e-4, "123 µs"), (2e-7, "0.200 µs")],
)
def test_times_have_three_digits(seconds, text):
    assert bench.in_seconds(seconds) == text


@pytest.fixture
def small(kata, monkeypatch):
    """A kata with a benchmark of one small size; its measuring is short."""

    @benchmark(lambda x: x, title="doubled", sizes=(4,), why="Both add.")
    def beside(size, device):
        x = torch.ones(size, device=device)
        return (x,), {"torch.add": lambda: torch.add(x, x), "NumPy": lambda: numpy.add(x.numpy(), x.numpy())}

    declared = Benchmark("first_function", beside.title, beside.sizes, beside.why, beside.make)
    monkeypatch.setattr(bench, "load_reference", lambda kata: types.SimpleNamespace(declared=declared))
    monkeypatch.setattr(bench, "SECONDS", 0.001)
    return kata


def test_the_learners_function_is_measured_once_the_kata_passes(small, learner, monkeypatch, capsys):
    learner("return x + x")
    monkeypatch.setattr(card, "judge", lambda kata, device: types.SimpleNamespace(passed=True))
    assert main(["bench", "7", "--device", "cpu"]) == 0
    text = capsys.readouterr().out
    assert "doubled · 4 × 4" in text and "yours" in text and "NumPy" in text and "Why   Both add." in text


def test_a_kata_that_does_not_pass_is_not_measured(small, monkeypatch, capsys):
    monkeypatch.setattr(card, "judge", lambda kata, device: types.SimpleNamespace(passed=False))
    assert main(["bench", "7"]) == 1
    assert "First: make kata N=07" in capsys.readouterr().out


def test_a_kata_without_a_benchmark_says_so(kata, capsys):
    assert main(["bench", "7"]) == 2
    assert "nothing to measure" in capsys.readouterr().err


def test_what_took_too_long_is_left_out_at_larger_sizes(monkeypatch):
    calls = []

    @benchmark(lambda x: x, title="waiting", sizes=((1,), (2,)), why="It waits.")
    def waiting(size, device):
        return (size[0],), {"at once": lambda: None}

    monkeypatch.setattr(bench, "SECONDS", 0.001)
    monkeypatch.setattr(bench, "TOO_SLOW", 0.01)
    console = bench.make_console(width=80, record=True)
    bench._measure_sizes(waiting, lambda n: calls.append(n) or bench.time.sleep(0.02), ["cpu"], console)
    assert set(calls) == {1} and "yours is left out at 2: it took 20" in console.export_text()
