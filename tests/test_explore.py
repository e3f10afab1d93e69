"""`make explore`: the rules of the page do what PyTorch does, and the page works in a real browser."""

import contextlib
import http.client
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import webbrowser

import pytest
import torch

from dojo import catalog, explore
from dojo.catalog import UsageError

SERVER = """
import sys
from dojo import explore
assert "torch" not in sys.modules, "the page needs no torch, which takes a second to import"
sys.exit(explore.serve(int(sys.argv[1]), browser=False))
"""
# Without these, Chromium asks the hosts of its maker at every start. A container has no sandbox, and a small /dev/shm.
FLAGS = (
    "--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
CASES = 300
PATIENCE = 30  # seconds

# ------------------------------------------------------------------ the server


@contextlib.contextmanager
def serving(port=0):
    """A server in a process of its own, with its `port` and the `lines` that it printed."""
    command = [sys.executable, "-c", SERVER, str(port)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=catalog.ROOT)
    try:
        lines = [process.stdout.readline()]
        while lines[-1] and "http://" not in lines[-1]:
            lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
        process.lines = lines
        process.port = int(lines[-1].split("127.0.0.1:")[1].split("/")[0])
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server():
    with serving() as process:
        yield process


def ask(port, path="/", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()


def test_the_page_is_served(server):
    answer, text = ask(server.port)
    assert answer.status == 200 and text == explore.PAGE.read_text(encoding="utf-8")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    answer, text = ask(server.port, method="HEAD")
    assert answer.status == 200 and text == ""


def test_nothing_else_is_served(server):
    for path in ("/explore.py", "/../README.md", "/favicon.ico"):
        assert ask(server.port, path)[0].status == 404
    assert ask(server.port, method="POST")[0].status == 501


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LOCALHOST:65535"])
def test_a_browser_on_this_computer_may_ask(server, host):
    assert ask(server.port, Host=host)[0].status == 200


ELSEWHERE = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil", "", "0.0.0.0"]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_site_may_not(server, host):
    answer, text = ask(server.port, Host=host)
    assert answer.status == 403 and "Explore tensors" not in text


def test_a_taken_port_is_no_obstacle(server):
    with serving(server.port) as other:
        assert other.port != server.port
        assert other.lines[0] == f"Port {server.port} is taken, so this is port {other.port}.\n"
        assert ask(other.port)[0].status == 200


def test_only_this_computer_can_connect():
    with explore._listen(0) as listening:
        assert listening.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("chosen, opened", [(None, False), ("lynx", True)])
def test_a_browser_that_would_take_the_terminal_is_opened_only_if_it_was_chosen(monkeypatch, chosen, opened):
    asked = queue.Queue()
    lynx = webbrowser.GenericBrowser("lynx")
    lynx.open = asked.put
    monkeypatch.setattr(webbrowser, "get", lambda: lynx)
    monkeypatch.setenv("BROWSER", chosen) if chosen else monkeypatch.delenv("BROWSER", raising=False)
    explore._open("http://127.0.0.1:1/")
    if opened:
        assert asked.get(timeout=PATIENCE) == "http://127.0.0.1:1/"
    assert asked.empty()


def test_a_port_that_there_is_not():
    with pytest.raises(UsageError, match="There is no port 70000"):
        explore.serve(70000, browser=False)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_ends_it_quietly():
    with serving() as process:
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
        assert (process.returncode, error) == (0, "")


def test_the_page_is_one_file_and_keeps_to_our_words():
    text = explore.PAGE.read_text(encoding="utf-8")
    assert text.count("//www.") == text.count("http://www.w3.org/2000/svg") == 1  # a name, not an address
    assert "https:" not in text and "<link" not in text.replace('<link rel="icon" href="data:,">', "")
    assert "axis" not in text and "axes" not in text


# ------------------------------------------------------------------ the browser


def not_here(what):
    reason = f"{what}: install Chromium and its driver (Debian: apt-get install chromium chromium-driver), and selenium"
    if os.environ.get("NEED_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium():
    try:
        from selenium import webdriver
    except ImportError:
        not_here("There is no selenium")
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    browser, driver = next(filter(None, found), None), shutil.which("chromedriver")
    if not browser or not driver:
        not_here("There is no Chromium" if not browser else "There is no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    chromium.set_script_timeout(PATIENCE)
    yield chromium
    chromium.quit()


USUAL = (1280, 900, "light", "reduce")  # the window of a test, and what its user prefers


class Page:
    def __init__(self, driver, address):
        self.driver, self.address, self.opened = driver, address, 0

    def set(self, width=USUAL[0], height=USUAL[1], scheme=USUAL[2], motion=USUAL[3]):
        self.settings = (width, height, scheme, motion)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        return self

    def open(self, state=""):
        """A fresh page. `state` is what stands behind the # of the address."""
        self.opened += 1  # only another address makes a browser load a page anew
        self.driver.get(f"{self.address}?{self.opened}#{state}")
        return self

    def show(self, state):
        """The same page, which takes a second less."""
        self.js("history.replaceState(null, '', '#' + arguments[0]); load();", state)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self, name):
        return self.js("return document.getElementById(arguments[0]).innerText", name)

    def each(self, selector, value):
        """The value of an expression, for each element `e`."""
        return self.js(f"return [...document.querySelectorAll(arguments[0])].map((e) => {value})", selector)

    def facts(self):
        return dict(self.each("dd", "[e.dataset.fact, e.innerText]"))

    def hash(self):
        return self.js("return location.hash")

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def select_all(self):
        self.js("document.activeElement.select()")

    def focused(self):
        """What has the focus: its id or its text, and whether one sees that."""
        visible = "getComputedStyle(e).outlineStyle !== 'none'"
        return self.js(f"const e = document.activeElement; return [e.id || e.textContent, {visible}]")

    def tab_to(self, *names):
        """Press Tab until one of these has the focus, which must be visible all the way."""
        from selenium.webdriver.common.keys import Keys

        for name in names:
            for _ in range(30):
                self.press(Keys.TAB)
                found, visible = self.focused()
                assert visible, found
                if found == name:
                    break
            else:
                pytest.fail(f"Tab does not come to {name}")


@pytest.fixture(scope="module")
def window(chromium, server):
    return Page(chromium, f"http://127.0.0.1:{server.port}/").set().open()


@pytest.fixture
def page(window):
    yield window
    if window.settings != USUAL:
        window.set()
    assert window.driver.get_log("browser") == []  # no errors, and nothing refused


# ------------------------------------------------------------------ the rules, against PyTorch


def random_shape(source, sizes=(1, 1, 2, 3, 4), most=4):
    return [source.choice(sizes) for _ in range(source.randint(0, most))]


def broadcast_or_none(shapes):
    """What torch.broadcast_shapes says that it does. It would import for two seconds."""
    try:
        return list(torch.broadcast_tensors(*map(torch.empty, shapes))[0].shape)
    except RuntimeError:
        return None


def shapes_that_often_fit(source):
    full = [source.choice([0, 1, 2, 3, 4]) for _ in range(source.randint(0, 4))]
    shapes = []
    for _ in range(source.choice([2, 2, 2, 3, 4])):
        own = [source.choice([size, size, size, 1]) if source.random() < 0.8 else 3 for size in full]
        shapes.append(own[source.randint(0, len(own) // 2) :])
    return shapes


def test_broadcast(page):
    source = random.Random(1)
    cases = [shapes_that_often_fit(source) for _ in range(CASES)]
    expected = [broadcast_or_none(shapes) for shapes in cases]
    assert CASES / 5 < expected.count(None) < CASES * 4 / 5
    code = "return arguments[0].map((shapes) => { const {ok, shape} = broadcast(shapes); return ok ? shape : null; })"
    for shapes, right, ours in zip(cases, expected, page.js(code, cases), strict=True):
        assert ours == right, shapes


def test_the_message_of_a_clash_is_that_of_pytorch(page):
    source = random.Random(2)
    pairs = [[random_shape(source), random_shape(source)] for _ in range(CASES)]
    pairs = [pair for pair in pairs if broadcast_or_none(pair) is None]
    for (a, b), ours in zip(pairs, page.js("return arguments[0].map(clashMessage)", pairs), strict=True):
        with pytest.raises(RuntimeError) as error:
            torch.empty(a) + torch.empty(b)
        assert str(error.value) == ours


def test_what_mends_a_clash(page):
    source = random.Random(3)
    cases = [[random_shape(source, (1, 2, 3)) for _ in range(source.choice([2, 3]))] for _ in range(CASES)]
    cases = [shapes for shapes in cases if broadcast_or_none(shapes) is None]
    for shapes, found in zip(cases, page.js("return arguments[0].map(repairs)", cases), strict=True):
        for repair in found:
            tensors = [torch.empty(shape) for shape in shapes]
            t = repair["tensor"]
            tensors[t] = eval(f"tensor.{repair['call']}", {"tensor": tensors[t]})
            assert list(tensors[t].shape) == repair["shape"]
            assert [list(tensor.shape) for tensor in tensors] == repair["shapes"]
            assert broadcast_or_none(repair["shapes"]) == repair["result"]
        if not found:  # then there is none
            for t, shape in enumerate(shapes):
                tensor = torch.empty(shape)
                changed = [tensor.unsqueeze(place) for place in range(len(shape) + 1)]
                changed += [tensor.transpose(-2, -1)] if len(shape) > 1 else []
                for one in changed:
                    assert broadcast_or_none([*shapes[:t], list(one.shape), *shapes[t + 1 :]]) is None
    assert page.js("return repairs([[3, 4], [3]])[0].call") == "unsqueeze(1)"
    assert page.js("return repairs([[3, 4], [4, 3]]).map((one) => one.call)")[0] == "transpose(-2, -1)"


def another_shape(source, count):
    """Random sizes whose product is `count`."""
    shape, left = [], count
    while left > 1 or source.random() < 0.4:
        shape.append(source.choice([n for n in range(1, left + 1) if left % n == 0]))
        left //= shape[-1]
    return shape if len(shape) <= 8 else [count]


def strides_or_none(tensor, shape):
    try:
        return list(tensor.view(shape).stride())
    except RuntimeError:
        return None


def test_the_rule_of_view_for_any_strides(page):
    """Also for strides that no step of the page makes, as after a slice or an expand."""
    source = random.Random(4)
    cases, expected = [], []
    for _ in range(2 * CASES):
        shape = random_shape(source, (1, 2, 2, 3, 4) if source.random() < 0.9 else (0, 1, 2))
        tensor = torch.empty(shape)
        for _ in range(source.randint(0, 3)):
            if tensor.dim() > 1:
                tensor = tensor.transpose(*source.sample(range(tensor.dim()), 2))
            if tensor.numel() and tensor.dim() and source.random() < 0.3:
                tensor = tensor.narrow(source.randrange(tensor.dim()), 0, 1)
            if source.random() < 0.3:
                tensor = tensor.expand(source.choice([1, 2]), *tensor.shape)
        count = tensor.numel()
        wanted = another_shape(source, count) if count else [0, *random_shape(source)]
        if source.random() < 0.1:
            wanted = list(tensor.shape)
        cases.append([list(tensor.shape), list(tensor.stride()), wanted])
        expected.append([strides_or_none(tensor, wanted), tensor.is_contiguous()])
    assert CASES / 5 < [view for view, _ in expected].count(None) < CASES
    code = "return arguments[0].map(([shape, ...rest]) => [viewStrides(shape, ...rest), isContiguous(shape, rest[0])])"
    for case, (view, contiguous), (ours, ours_contiguous) in zip(cases, expected, page.js(code, cases), strict=True):
        assert ours["stride"] == view and ours_contiguous == contiguous, case
        if view is None:  # the reason is a true one
            shape, stride, _ = case
            outer, inner = ours["outer"], ours["inner"]
            assert outer < inner and all(size == 1 for size in shape[outer + 1 : inner]), case
            assert shape[inner] * stride[inner] == ours["need"] != ours["is"] == stride[outer], case


def random_step(source, tensor):
    name = source.choice(["transpose", "transpose", "view", "reshape", "contiguous"])
    if name == "transpose" and tensor.dim():
        return [name, source.randrange(tensor.dim()), source.randrange(tensor.dim())]
    if name in ("view", "reshape"):
        wanted = another_shape(source, tensor.numel())
        if wanted and source.random() < 0.3:
            wanted[source.randrange(len(wanted))] = -1
        return [name, *(wanted if source.random() < 0.9 else [5, 7])]
    return ["contiguous"]


def test_steps_one_after_the_other(page):
    """Shapes, strides, what is a copy, and where each number stands, as in PyTorch."""
    source = random.Random(5)
    cases, expected = [], []
    for _ in range(CASES):
        shape = random_shape(source, (1, 2, 3, 4), 3)
        tensor = torch.empty(shape)
        steps, states = [], []
        for _ in range(5):
            name, *numbers = random_step(source, tensor)
            steps.append([name, *numbers])
            try:
                after = getattr(tensor, name)(*([numbers] if name in ("view", "reshape") else numbers))
            except RuntimeError:
                states.append(None)
                continue
            copied = after.data_ptr() != tensor.data_ptr()
            before, tensor = tensor, after
            stands = torch.arange(tensor.numel()).as_strided(tensor.shape, tensor.stride()).flatten().tolist()
            stood = torch.arange(before.numel()).as_strided(before.shape, before.stride()).flatten().tolist()
            layout = [list(tensor.shape), list(tensor.stride()), tensor.is_contiguous()]
            states.append([*layout, stands, stood if copied else None])
        cases.append([shape, steps])
        expected.append(states)
    code = """
    return arguments[0].map(([shape, steps]) => {
      let tensor = fresh(shape);
      return steps.map((step) => {
        const result = take({...tensor, from: null}, step);
        if (result.error) return null;
        tensor = result.tensor;
        return [tensor.shape, tensor.stride, isContiguous(tensor.shape, tensor.stride), places(tensor), tensor.from];
      });
    });
    """
    for case, right, ours in zip(cases, expected, page.js(code, cases), strict=True):
        assert ours == right, case
    flat = [state for states in expected for state in states]
    assert flat.count(None) > CASES / 10 and sum(1 for state in flat if state and state[4]) > CASES / 10


def test_masks(page):
    lengths = [6, 3, 1, 0]
    real = torch.arange(6)[None, None, :] < torch.tensor(lengths)[:, None, None]
    past = torch.ones(6, 6, dtype=torch.bool).tril()
    assert page.js("return masks(6, true, arguments[0])", lengths) == (real & past).tolist()
    assert page.js("return masks(6, false, arguments[0])", lengths) == real.expand(4, 6, 6).tolist()


@pytest.mark.parametrize(
    "causal, query, sentence",
    [
        (True, 0, "may look at key 0. Hidden: keys 1 and 2 (the future), and keys 3 to 6 (padding)."),
        (True, 2, "may look at keys 0, 1 and 2. Hidden: keys 3 to 6 (padding)."),
        (False, 6, "may look at keys 0, 1 and 2. Hidden: keys 3 to 6 (padding). This query is padding itself: "),
    ],
)
def test_what_a_query_sees(page, causal, query, sentence):
    text = page.js("return rowSentence(7, arguments[0], [7, 3], 1, arguments[1])", causal, query)
    assert text.startswith(f"Sequence 1, query {query}: {sentence}")


WAYS = ["(4,1) (1,3)", "4,1 1,3", "[4, 1], [1, 3]", "((4,1),(1,3))", "4x1 1 × 3", "(4 1)(1 3)", "4,1; 1,3"]
WAYS += ["torch.Size([4, 1]) and torch.Size([1, 3])", "(4, 1) + (1, 3,)", "  4 , 1   (1,3"]
REFUSED = {
    "4,1": "two shapes",
    "": "two shapes",
    "(4,q) (1)": "“q” is not a size",
    "(3) (-1)": "negative",
    "3.5 1": "“3.5”",
    "1 1 1 1 1 1 1": "at most 6",
    "1,1,1,1,1,1,1,1,1 1": "at most 8",
    "99999999999 1": "too large",
}


def test_many_ways_to_write_shapes(page):
    found = page.js("return arguments[0].map((way) => parseShapes(way).shapes)", WAYS)
    for way, shapes in zip(WAYS, found, strict=True):
        assert shapes == [[4, 1], [1, 3]], way
    assert page.js("return parseShapes('() 3').shapes") == [[], [3]]
    errors = page.js("return arguments[0].map((text) => parseShapes(text).error)", list(REFUSED))
    for (text, words), error in zip(REFUSED.items(), errors, strict=True):
        assert words in error, text


# ------------------------------------------------------------------ the page


def test_by_keyboard_alone(page):
    from selenium.webdriver.common.keys import Keys

    page.open("shapes=2_2&strides=3,4&mask=4_all_4,2")
    page.tab_to("shapes")
    page.select_all()
    page.press("(3,4) (3)", Keys.ENTER)
    said = page.text("broadcast-says")
    assert "They do not go together" in said and "In dimension 1, a has 4 and b has 3." in said
    assert "The size of tensor a (4) must match the size of tensor b (3) at non-singleton dimension 1" in said
    assert page.hash().startswith("#shapes=3,4_3&")
    page.tab_to("Try it b.unsqueeze(1)")
    page.press(Keys.ENTER)
    assert "(3, 4)" in page.text("broadcast-says") and page.focused()[0] == "shapes"

    page.tab_to("start", "Start", "first", "second", "transpose")
    page.press(Keys.ENTER)
    assert page.facts() == {"shape": "(4, 3)", "stride": "(1, 4)", "contiguous": "no", "elements": "12"}
    page.tab_to("wanted")
    page.press("12", Keys.ENTER)
    said = page.text("strides-says")
    assert "Dimensions 0 and 1 are not next to each other in memory" in said and "reshape would make a copy" in said
    assert page.facts()["shape"] == "(4, 3)"
    page.tab_to("reshape")
    page.press(Keys.SPACE)
    assert "A copy" in page.text("strides-says") and page.facts()["shape"] == "(12,)"
    assert page.hash().split("&")[1] == "strides=3,4_transpose:0,1_reshape:12"
    page.tab_to("undo")
    page.press(Keys.SPACE)
    assert page.facts()["shape"] == "(4, 3)"
    page.tab_to("reset")  # and from there to the cells, which are one stop
    page.press(Keys.TAB, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert "x[1, 1] stands at place 5 of the storage: 1 × 1 + 1 × 4 = 5" in page.text("place")
    assert page.js("return document.querySelector('.storage .here').innerText") == "5"

    page.tab_to("tokens", "lengths", "causal")
    page.press(Keys.SPACE)
    page.tab_to("0")
    page.press(Keys.ARROW_DOWN)
    assert page.text("row-says") == "Sequence 0, query 1: may look at keys 0 and 1. Hidden: keys 2 and 3 (the future)."
    assert page.hash().endswith("mask=4_causal_4,2")


def test_words_and_signs_say_what_colours_say(page):
    page.show("shapes=2,3,4_3,1&strides=2,3_transpose:0,1_contiguous&mask=3_causal_3,0")
    table = page.text("lined")
    assert "1 → 2" in table and "added, stretches" in table and "1 → 4" in table
    assert page.each("#boxes svg", "e.getAttribute('aria-label')") == [
        "a, (2, 3, 4), as (2, 3, 4): 24 boxes of its own, 0 stretched copies",
        "b, (3, 1), as (2, 3, 4): 3 boxes of its own, 21 stretched copies",
        "Result, (2, 3, 4): 24 boxes",
    ]
    assert set(page.each(".copy rect", "getComputedStyle(e).strokeDasharray")) == {"3px, 2.5px"}
    assert page.each(".storage small", "e.innerText") == ["0", "3", "1", "4", "2", "5"]
    assert "every row is fully hidden" in page.text("mask-says")
    may, hidden = "●may look", "·hidden"
    first = [may, hidden, hidden, may, may, hidden, may, may, may]
    assert page.each(".mask td", "e.textContent") == [*first, *[hidden] * 9]


def test_what_is_too_large_is_drawn_in_part(page):
    page.show("shapes=32,10,64_64&strides=5,20")
    assert "Too large to draw whole: 32 … layers, 10 … rows, 64 … columns" in page.text("boxes-note")
    assert page.text("storage-note") == "Too many to draw: 100. This page draws up to 64."
    assert page.facts()["stride"] == "(20, 1)"
    page.show("shapes=1,1,2,2_2")
    assert "More than 3 dimensions" in page.text("boxes-note")


def test_wrong_input_is_explained_and_changes_nothing(page):
    from selenium.webdriver.common.keys import Keys

    page.open("shapes=2_2&mask=4_all_4")
    for name, text, says, words in [
        ("shapes", "(2,a) <b>", "broadcast-says", "“a” is not a size"),
        ("start", "-3", "strides-says", "negative"),
        ("lengths", "5", "mask-says", "A sequence of 5 does not fit into 4 tokens"),
        ("tokens", "99", "mask-says", "from 1 to 12"),
    ]:
        field = page.driver.find_element("id", name)
        for keys in (Keys.CONTROL + "a", text, Keys.ENTER):
            field.send_keys(keys)
        assert words in page.text(says) and field.get_attribute("aria-invalid") == "true"
    assert page.hash() == "#shapes=2_2&strides=3,4_transpose:0,1&mask=4_all_4"


def test_a_link_is_read_and_a_broken_one_does_no_harm(page):
    state = "#shapes=_3,1_2&strides=2,6_view:3,4_transpose:0,1_reshape:-1&mask=5_all_5,0"
    page.open(state[1:])
    assert page.hash() == state and page.facts()["shape"] == "(12,)"
    page.open("shapes=<b>&strides=2,3_view:7_explode:1&mask=99_x_-1&&=%E0%A4%A&constructor=1")
    assert page.hash() == "#shapes=4,1_1,3&strides=3,4_transpose:0,1&mask=6_causal_6,3"
    page.show("strides=2,3_transpose:0,1_view:6_transpose:0,1")  # as far as it is possible
    assert page.hash().split("&")[1] == "strides=2,3_transpose:0,1"


FULL = "shapes=3,4_2,4&strides=2,3,4_transpose:0,2_reshape:4,6&mask=12_causal_12,9,0"
WIDE = "shapes=1000000,1,1000000,1,1000000,1,1000000,1_1000000&strides=64&mask=12_causal_12,0"


LAYERS = "shapes=4,6,8_6,1&strides=2,2,2,2,2,2&mask=1_all_1"
MANY = "shapes=32,10,64_64_1_32,1,1_1_1&strides=0,3&mask=2_all_0,0,0,0,0,0"


def test_no_sideways_scrolling_on_a_telephone(page):
    page.set(width=360, height=640)
    for state in (FULL, WIDE, LAYERS, MANY):
        page.show(state)
        assert page.js("return document.documentElement.scrollWidth") <= 360, state
    assert len(set(page.each("section", "e.getBoundingClientRect().left"))) == 1  # one below the other
    page.set()
    assert len(set(page.each("section", "e.getBoundingClientRect().top"))) == 1  # side by side


CONTRAST = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
const behind = (e) => {
  const own = e.closest("g.own")?.querySelector("rect");
  if (own) return getComputedStyle(own).fill;
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (rgb(colour)[3] !== 0) return colour;
  }
};
const poor = new Set();
for (const e of document.body.querySelectorAll("*")) {
  const words = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!words || e.closest("script, .unseen") || !e.checkVisibility()) continue;
  const style = getComputedStyle(e);
  const [x, y] = [light(rgb(e.namespaceURI.endsWith("svg") ? style.fill : style.color)), light(rgb(behind(e)))];
  const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  if (ratio < 4.5) poor.add(`${e.outerHTML.slice(0, 80)} ${ratio.toFixed(2)}`);
}
return [...poor];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page, scheme):
    page.set(scheme=scheme)
    for state in (FULL, "shapes=4,1_1,3_1&strides=3,4&mask=4_all_4"):
        page.show(state)
        page.js("for (const one of ['.cells [data-place]', '.mask button']) document.querySelector(one).focus()")
        assert page.js(CONTRAST) == []
    dark = page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 24)"
    assert dark == (scheme == "dark")


def test_movement_only_for_those_who_want_it(page):
    for motion in ("no-preference", "reduce"):
        page.set(motion=motion)
        page.show("shapes=4,1_1,3")
        count = page.js("showBoxes(true); return document.getAnimations().length")
        assert count == (8 + 9 if motion == "no-preference" else 0)  # the boxes that are copies
        shown = page.js("return getComputedStyle(document.getElementById('replay')).display") != "none"
        assert shown == (motion == "no-preference")


def test_names_for_those_who_listen(page):
    page.show(FULL)
    names = page.each("input, select, button", "e.labels[0]?.innerText || e.innerText || e.getAttribute('aria-label')")
    assert len(names) > 20 and all(names)
    assert page.each("th:not([scope])", "e.outerHTML") == []
    assert len(page.each("[role=status][aria-live=polite]", "e.id")) == 5


def test_nothing_is_asked_of_another_host(page):
    page.open()
    assert page.js("return performance.getEntriesByType('resource').map((e) => e.name)") == []
    blocked = page.driver.execute_async_script("""
        const done = arguments[0];
        document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective), {once: true});
        fetch("http://127.0.0.2:9/").catch(() => {});""")
    assert blocked == "connect-src"
    assert "Content Security Policy" in page.driver.get_log("browser")[0]["message"]
