"""`make bench N=18`: the learner's function beside what PyTorch brings along, and NumPy. Ratios, from one run.

A reference declares what is measured (`@benchmark` of dojo.authoring). All ways are measured in turn, round after
round, so that what else the machine does meets each of them. Times are medians of `torch.utils.benchmark.Timer`, whose
clock is read only when the device has finished its work.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_iter
from torch.utils.benchmark import Timer

from dojo import card, catalog
from dojo.authoring import Benchmark
from dojo.catalog import Kata, UsageError
from dojo.console import make_console, write_line, write_paragraph
from dojo.subject import implement, load_reference
from dojo.trace import KernelMode

if TYPE_CHECKING:
    from rich.console import Console

ROUNDS = 5
SECONDS = 0.2  # of measuring, for each way in each round
TOO_SLOW = 0.5  # seconds for one call: at larger sizes, this way is left out
BAR = 30  # characters of the longest bar
YOURS = "yours"


@dataclass
class Way:
    """One way to compute the result at one size on one device."""

    name: str
    call: Callable[[], Any]
    device: str  # cpu, cuda or mps; "" for NumPy
    times: list[float] = field(default_factory=list)  # seconds for one call
    memory: int | None = None  # bytes at the peak, beyond the inputs

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def run(kata: Kata, device: str) -> int:
    """Measure every benchmark of `kata`, and draw bars. Returns 0, or 1 if the kata does not pass yet."""
    from dojo.plugin import devices

    module = load_reference(kata)
    benchmarks: list[Benchmark] = [found for found in vars(module).values() if isinstance(found, Benchmark)]
    if not benchmarks:
        numbers = [other.number for other in catalog.katas(kata.root) if other.answers_of("benchmark")]
        have = f"These have: {', '.join(numbers)}.\nTry: make bench N={numbers[0]}" if numbers else "No kata has."
        raise UsageError(f"Kata {kata.number} has nothing to measure. {have}")
    console = make_console()
    answer: Any = None
    if any(benchmark.of for benchmark in benchmarks):
        result = card.judge(kata, device="cpu")
        if not result.passed:
            write_paragraph(console, "", "A benchmark compares right answers, and not all tests pass yet.")
            write_line(console, f"  First: make kata N={kata.number}")
            return 1
        answer = implement(kata, "learner").module
    places = devices(device or "all")
    where = f"{' '.join(places)} · {torch.get_num_threads()} threads · torch {torch.__version__.split('+')[0]}"
    write_line(console, f"Bench {kata.number} · {kata.slug} · {where}", "bold")
    for benchmark in benchmarks:
        mine = getattr(answer, benchmark.of) if benchmark.of else None
        _measure_sizes(benchmark, mine, places, console)
        console.print()
        write_paragraph(console, "Why", benchmark.why)
    return 0


def _measure_sizes(benchmark: Benchmark, mine: Callable[..., Any] | None, places: list[str], console: Console) -> None:
    slow: dict[str, str] = {}  # ways that took too long: at which size, and how long
    for size in benchmark.sizes:
        label = benchmark.label(size)
        ways: list[Way] = []
        for place in places:
            ways += ways_of(benchmark, mine, size, torch.device(place), named=len(places) > 1)
        for way in ways:
            if way.name in slow:
                write_line(console, f"\n  {way.name} is left out at {label}: it took {slow[way.name]}.", "dim")
        ways = [way for way in ways if way.name not in slow and _warm_up(way, console, label)]
        if not ways:
            break
        for _ in range(ROUNDS):
            for way in ways:
                way.times += timed(way.call)
        for way in ways:
            way.memory = peak_memory(way)
            if way.median > TOO_SLOW:
                slow[way.name] = f"{in_seconds(way.median)} at {label}"
        draw(f"{benchmark.title} · {label}", ways, console)


def ways_of(benchmark: Benchmark, mine: Any, size: Any, device: torch.device, named: bool = False) -> list[Way]:
    """The learner's way first, then the others. NumPy computes on the CPU only."""
    arguments, others = benchmark.make(size, device)
    calls = {YOURS: lambda: mine(*arguments)} if mine is not None else {}
    ways = []
    for name, call in (calls | others).items():
        numpy = name.startswith("NumPy")
        if numpy and device.type != "cpu":
            continue
        ways.append(Way(name + (f", {device.type}" if named and not numpy else ""), call, "" if numpy else device.type))
    return ways


def _warm_up(way: Way, console: Console, label: str) -> bool:
    """Call it once: the first call pays for what is set up once. A way that does not work here is left out."""
    try:
        way.call()
        synchronize()
        return True
    except (RuntimeError, MemoryError, ValueError) as error:
        write_paragraph(console, "", f"{way.name} is left out at {label}: {str(error).splitlines()[0]}")
        return False


def timed(call: Callable[[], Any]) -> list[float]:
    """Seconds for one call, a few times over."""
    timer = Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads(), timer=clock)
    return timer.blocked_autorange(min_run_time=SECONDS).times


def clock() -> float:
    """The time, once all devices have finished what they were given."""
    synchronize()
    return time.perf_counter()


def synchronize() -> None:
    """Wait until the GPU has done its work: it runs beside Python, and a call returns before it is done."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    if torch.backends.mps.is_available():
        torch.mps.synchronize()


def peak_memory(way: Way) -> int | None:
    """Bytes that one call needs at its peak, beyond its inputs, its result included."""
    gc.collect()
    if not way.device:  # NumPy tells tracemalloc of its arrays
        tracemalloc.start()
        try:
            way.call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    if way.device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        way.call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    if way.device == "mps":
        return None  # PyTorch does not tell the peak there
    with _Storages() as storages:
        way.call()
    return storages.peak


class _Storages(KernelMode):
    """The bytes that the tensors made inside hold at once, at the peak. (The profiler knows too, but talks.)"""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._seen: dict[int, tuple[StorageWeakRef, int]] = {}  # those of the inputs count nothing

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._note((args, kwargs), counts=False)
        result = func(*args, **(kwargs or {}))
        self._note(result, counts=True)
        self._seen = {key: (ref, size) for key, (ref, size) in self._seen.items() if not ref.expired()}
        self.peak = max(self.peak, sum(size for _, size in self._seen.values()))
        return result

    def _note(self, tree: Any, counts: bool) -> None:
        for item in tree_iter(tree):
            if isinstance(item, torch.Tensor):
                storage = item.untyped_storage()
                if storage._cdata not in self._seen:
                    self._seen[storage._cdata] = (StorageWeakRef(storage), storage.nbytes() if counts else 0)


def draw(title: str, ways: list[Way], console: Console) -> None:
    """Bars: how long each way takes, as a ratio to the first one that is not the learner's."""
    base = next((way for way in ways if not way.name.startswith(YOURS)), ways[0])
    longest = max(way.median for way in ways)
    width = max(len(way.name) for way in ways)
    room = max(8, min(BAR, console.width - width - 36))
    console.print()
    write_line(console, f"  {title}", "bold")
    for way in ways:
        bar = "█" * max(1, round(room * way.median / longest))
        ratio = f"{way.median / base.median:.3g}×" if way is not base else "1×"
        amounts = f"{ratio:>7}  {in_seconds(way.median):>8}  {in_bytes(way.memory):>9}"
        write_line(
            console, f"     {way.name:<{width}}  {bar:<{room}}{amounts}", "cyan" if way.name.startswith(YOURS) else ""
        )


def in_seconds(seconds: float) -> str:
    """`1.23 ms`: three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{_three_digits(seconds / size)} {unit}"
    raise AssertionError


def in_bytes(size: int | None) -> str:
    if size is None:
        return "-"
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of:
            return f"{_three_digits(size / of)} {unit}"
    return f"{size} B"


def _three_digits(value: float) -> str:
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"
