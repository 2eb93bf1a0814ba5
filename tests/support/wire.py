"""A wire between a browser and the application: it can be cut, and it can lose answers on their way back."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

CHUNK = 65_536


class Wire:
    """A loopback port that leads to another one. `address` stays the same whatever happens to the wire.

    cut()           nothing goes through, and what was going through breaks
    mend()          as before
    lose_answers()  what is asked arrives; what is answered to it does not, until the wire is mended.
                    `swallowed` is set with the first answer lost
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._whole, self._deaf = True, ""
        self.swallowed = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True, name="wire").start()

    def cut(self) -> None:
        """The signal is gone."""
        self._whole = False
        self._hang_up()

    def mend(self) -> None:
        """The signal is back."""
        self._whole, self._deaf = True, ""
        self._hang_up()

    def lose_answers(self, to: str) -> None:
        """Requests that begin with these words are done, and nobody hears of it."""
        self._deaf = to
        self.swallowed.clear()

    def close(self) -> None:
        """Give the port back."""
        self.cut()
        self._listener.close()

    def _hang_up(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.create_connection(self._target) as far:
            self._open |= {near, far}
            lost = threading.Event()
            back = threading.Thread(target=self._answer, args=(near, far, lost), daemon=True)
            back.start()
            while piece := near.recv(CHUNK):
                if self._deaf and piece.startswith(self._deaf.encode()):
                    lost.set()
                far.sendall(piece)
            with suppress(OSError):
                far.shutdown(socket.SHUT_WR)
            back.join()
        self._open -= {near, far}

    def _answer(self, near: socket.socket, far: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while piece := far.recv(CHUNK):
                if lost.is_set():
                    self.swallowed.set()
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(piece)
            near.shutdown(socket.SHUT_RDWR)
