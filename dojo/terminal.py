"""The terminal of `make watch`: a screen of its own, keys without Enter, and all of it left as it was found."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

WINDOWS = sys.platform == "win32"
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"  # the other screen, without a cursor; a line that is too long is cut
LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
# What would move the cursor, or leave this screen: only colours are let through of what the learner's code prints.
UNSAFE = re.compile(r"\x1b(?!\[[\d;]*m)|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]")
# What the keys that scroll send: on Unix an escape sequence, on Windows a prefix and a letter.
SCROLL = {" ": "down", "\x1b[B": "down", "\x1b[6~": "down", "\xe0P": "down", "\xe0Q": "down"}
SCROLL |= {"b": "up", "\x1b[A": "up", "\x1b[5~": "up", "\xe0H": "up", "\xe0I": "up"}


def interactive() -> bool:
    """Whether there is a person at a terminal that can draw a screen and send keys."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


class Screen:
    """Draws lines on a screen of its own. `tell` is called with ("key", name) and ("resized",)."""

    def __init__(self, tell: Callable[[tuple[Any, ...]], None]) -> None:
        self.tell = tell
        self.lines: list[str] = []
        self.footer = ""
        self.top = 0  # the first line shown
        self._closing = threading.Event()
        self._settings: Any = None  # of the terminal, before

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Screen]:
        """Take the terminal, and give it back whatever happens."""
        handlers: dict[int, Any] = {}
        try:
            self._take()
            if not WINDOWS:
                for number, handler in {
                    signal.SIGWINCH: lambda *_: self.tell(("resized",)),
                    signal.SIGCONT: lambda *_: self.tell(("continued",)),
                    signal.SIGTERM: end,
                    signal.SIGHUP: end,
                }.items():
                    handlers[number] = signal.signal(number, handler)
            threading.Thread(target=self._read_keys, daemon=True).start()
            yield self
        finally:
            self._closing.set()
            for code, before in handlers.items():
                signal.signal(code, before)
            self._give_back()

    def show(self, lines: list[str], footer: str, to_the_end: bool = False) -> None:
        """Show these lines, which may be more than fit, and `footer` on the last row."""
        if [*lines[:1]] != [*self.lines[:1]]:
            self.top = 0
        self.lines, self.footer = lines, footer
        if to_the_end:
            self.top = len(lines)
        self.draw()

    def draw(self) -> None:
        """Draw again, in one write, so that nothing flickers."""
        height = shutil.get_terminal_size().lines - 1
        last = max(0, len(self.lines) - height)
        self.top = max(0, min(self.top, last))
        shown = self.lines[self.top : self.top + height]
        rows = [*shown, *[""] * (height - len(shown))]
        more = "space: more" if self.top < last else "b: back" if self.top else ""
        _write("\x1b[H" + "".join(f"\x1b[2K{row}\x1b[0m\r\n" for row in rows) + f"\x1b[2K{self.footer}{more}\x1b[0m")

    def scroll(self, way: str) -> None:
        page = max(1, shutil.get_terminal_size().lines - 3)
        self.top += page if way == "down" else -page
        self.draw()

    def _take(self) -> None:
        if WINDOWS:
            os.system("")  # switches escape sequences on
        else:
            import termios
            import tty

            self._settings = self._settings or termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)  # keys at once, and Ctrl-C still works
            settings = termios.tcgetattr(sys.stdin)
            settings[6][termios.VSUSP] = b"\0"  # Ctrl-Z is a key: the terminal is given back before all stops
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)
        _write(ENTER)

    def _give_back(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            _write(LEAVE)
        if self._settings is not None:
            import termios

            with contextlib.suppress(termios.error, ValueError):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)

    def suspend(self) -> None:
        """Ctrl-Z: stop, with `make`, and give the terminal back for that time."""
        if not WINDOWS:
            self._give_back()
            os.killpg(0, signal.SIGTSTP)
            self.go_on()

    def go_on(self) -> None:
        """After a stop: take the terminal again."""
        self._take()
        self.draw()

    def _read_keys(self) -> None:
        while not self._closing.is_set():
            key = _key_windows() if WINDOWS else _key()
            if key:
                self.tell(("key", SCROLL.get(key, key.lower())))


def _key() -> str:
    """The key that was pressed; "" if there was none for a while."""
    import select

    if not select.select([sys.stdin], [], [], 0.2)[0]:
        return ""
    pressed = os.read(sys.stdin.fileno(), 8)
    if not pressed:  # the terminal is gone
        time.sleep(0.2)
        return "q"
    return pressed.decode("utf-8", "ignore")


def _key_windows() -> str:
    import msvcrt

    if not msvcrt.kbhit():  # type: ignore[attr-defined]
        time.sleep(0.02)
        return ""
    pressed = msvcrt.getwch()  # type: ignore[attr-defined]
    return "\xe0" + msvcrt.getwch() if pressed in ("\x00", "\xe0") else pressed  # type: ignore[attr-defined]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def end(*_: Any) -> None:
    """The handler of a signal that ends the program, but not before everything is put away."""
    raise SystemExit(143)


class Page:
    """Takes what is printed on it as lines with colours, where a rich console is expected.

    A console measures and wraps every line, which takes longer than the tests. Here only those that are too long.
    """

    def __init__(self) -> None:
        from dojo.console import make_console

        self.width = max(40, shutil.get_terminal_size().columns)
        self.encoding = sys.stdout.encoding
        self.lines: list[str] = []
        self._text = io.StringIO()
        self._console = make_console(file=self._text, width=self.width, force_terminal=True)
        self._colors = self._console._color_system

    def print(self, *parts: Any, **options: Any) -> None:
        from rich.text import Text

        text = parts[0] if parts else Text()
        if isinstance(text, Text) and text.cell_len <= self.width and "\n" not in text.plain:
            pieces = [
                segment.style.render(segment.text, color_system=self._colors) if segment.style else segment.text
                for segment in text.render(self._console)
            ]
            self.lines.append("".join(pieces))
            return
        self._text.truncate(self._text.seek(0))
        self._console.print(*parts, **options)
        self.lines += self._text.getvalue().rstrip("\n").split("\n")


def rendered(draw: Callable[[Any], None]) -> list[str]:
    """What `draw` prints on a page as wide as the terminal: lines, with their colours."""
    page = Page()
    draw(page)
    return [UNSAFE.sub("", line) for line in page.lines]
