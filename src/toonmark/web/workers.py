"""Worker threads of the server: a bounded queue, with dynamic batching of its jobs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from toonmark.cancellation import watched
from toonmark.cartoon import Cartoon
from toonmark.cartoonizer import Cartoonizer
from toonmark.faces.choose import Faces
from toonmark.landmarks import Array
from toonmark.pictures import Photo

T = TypeVar("T")


@dataclass(eq=False)
class Job(Generic[T]):
    """One request's work.

    Attributes:
        style: the name of the style; jobs of one style and one choice of faces are drawn together.
        read: gives the photo; may raise errors of ours.
        finish: makes the answer of the photo and its cartoons.
        deadline: on the monotonic clock; nobody waits for the answer any longer.
        pixels: of the photo; as many are in memory while the job is done.
        wanted: whether anybody waits for the answer at all.
    """

    style: str
    cartoonizer: Cartoonizer
    faces: Faces
    landmarks: Array | None
    read: Callable[[], Photo]
    finish: Callable[[Photo, list[Cartoon]], T]
    deadline: float
    pixels: int = 0
    answer: Future[T] = field(default_factory=Future)
    wanted: bool = True

    def begin(self) -> bool:
        """Whether anybody still waits; the answer is then set in any case."""
        return time.monotonic() < self.deadline and self.answer.set_running_or_notify_cancel()

    @property
    def is_late(self) -> bool:
        """Whether nobody waits any more."""
        return not self.wanted or time.monotonic() >= self.deadline

    def check(self) -> None:
        """Ends the job, between its steps, once nobody waits any more.

        Raises:
            TimeoutError: so it is.
        """
        if self.is_late:
            raise TimeoutError("Nobody waits for this drawing any more.")


class Workers:
    """A few threads that take jobs from one queue, several at a time.

    Args:
        count: threads; each draws with one core.
        batch: the most jobs that are drawn together.
        on_batch: is told how many were.
        pixels: of all photos that are in memory at a time. What does not fit waits; a photo of more
            is alone.
    """

    def __init__(
        self,
        count: int,
        batch: int,
        on_batch: Callable[[int], Any] | None = None,
        pixels: int = 10**9,
    ) -> None:
        self._most_pixels = pixels
        self._pixels = 0
        self._batch = batch
        self._count = count
        self._on_batch = on_batch or (lambda size: None)
        self._jobs: deque[Job[Any]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Starts the threads, if they are not there yet."""
        if self._threads:
            return
        self._stopping = False
        for number in range(self._count):
            name = f"toonmark-{number}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def lost(self) -> int:
        """The number of started threads that have ended by themselves."""
        return sum(not thread.is_alive() for thread in self._threads)

    def refuse_waiting(self, error: Exception) -> None:
        """Ends with this error what has not begun."""
        with self._changed:
            jobs = list(self._jobs)
            self._jobs.clear()
        for job in jobs:
            if job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(error)

    def stop(self, patience: float = 10) -> None:
        """Ends the threads once they have finished what they are at; nothing new is begun.

        Args:
            patience: seconds to wait for all of them; a thread that takes longer is left to
                itself, and does not outlive the process.
        """
        with self._changed:
            self._stopping = True
            for job in self._jobs:
                job.answer.cancel()
            self._jobs.clear()
            self._changed.notify_all()
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        self._threads.clear()

    async def do(self, job: Job[T]) -> T:
        """Has a job done. If the caller is cancelled, it is not begun, or ends at its next step.

        Raises:
            TimeoutError: it was not done by its deadline.
        """
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()
        try:
            return await asyncio.wrap_future(job.answer)
        finally:
            job.wanted = False

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopping and not (self._jobs and self._fits(self._jobs[0])):
                    self._changed.wait()
                if self._stopping:
                    return
                jobs = self._take()
                pixels = sum(job.pixels for job in jobs)
                self._pixels += pixels
            try:
                jobs = [job for job in jobs if job.begin()]
                if jobs:
                    self._on_batch(len(jobs))
                    _draw(jobs)
                del jobs  # a waiting thread holds no photo
            finally:
                with self._changed:
                    self._pixels -= pixels
                    self._changed.notify_all()

    def _fits(self, job: Job[Any], beside: int = 0) -> bool:
        """Whether a photo may be decoded now, beside so many pixels that will be."""
        others = self._pixels + beside
        return others == 0 or others + job.pixels <= self._most_pixels

    def _take(self) -> list[Job[Any]]:
        """The longest waiting job, and others like it; a fair share where other threads idle."""
        first = self._jobs.popleft()
        share = max(1, min(self._batch, -(-(len(self._jobs) + 1) // self._count)))
        alike = [job for job in self._jobs if (job.style, job.faces) == (first.style, first.faces)]
        taken = [first]
        for job in alike[: share - 1]:
            if self._fits(job, sum(one.pixels for one in taken)):
                self._jobs.remove(job)
                taken.append(job)
        return taken


def _draw(jobs: list[Job[Any]]) -> None:
    """Draws jobs together; if one of them cannot be drawn, each by itself."""
    read: list[tuple[Job[Any], Photo]] = []
    for job in jobs:
        try:
            with watched(job.check):
                read.append((job, job.read()))
        except BaseException as error:  # noqa: BLE001  (whoever waits is told)
            _fail(job, error)
    if not read:
        return
    drawn: list[list[Cartoon]] | None = None
    if len(read) > 1:
        try:
            photos = [photo for _, photo in read]
            points = [job.landmarks for job, _ in read]
            with watched(lambda: _check_any(read)):
                drawn = read[0][0].cartoonizer(photos, read[0][0].faces, points)  # type: ignore[arg-type]
        except BaseException:  # noqa: BLE001
            drawn = None  # one of them cannot be drawn; which one, is found below
    for number, (job, photo) in enumerate(read):
        try:
            with watched(job.check):
                job.check()
                cartoons = (
                    drawn[number] if drawn else job.cartoonizer(photo, job.faces, job.landmarks)
                )
                answer = job.finish(photo, cartoons)
            job.answer.set_result(answer)
        except BaseException as error:  # noqa: BLE001
            _fail(job, error)


def _check_any(read: list[tuple[Job[Any], Photo]]) -> None:
    """Ends what is done for several jobs once nobody waits for any of them.

    Raises:
        TimeoutError: so it is.
    """
    if all(job.is_late for job, _ in read):
        read[0][0].check()


def _fail(job: Job[Any], error: BaseException) -> None:
    """Answers with an error; the thread goes on. What would end the process, such as a
    KeyboardInterrupt out of a library, becomes an error like others."""
    if not isinstance(error, Exception):
        surprise = RuntimeError(f"Drawing was interrupted by {type(error).__name__}.")
        surprise.__cause__ = error
        error = surprise
    job.answer.set_exception(error)
