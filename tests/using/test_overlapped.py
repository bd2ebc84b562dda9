"""Work done behind the caller's."""

import threading
from contextvars import ContextVar

import pytest

from toonmark.video.overlapped import MOST, behind

PATIENCE = 30


def test_it_is_done_beside_the_callers_work_and_in_order():
    done, caller, beside = [], threading.get_ident(), threading.Event()

    def first():
        assert beside.wait(PATIENCE)
        done.append(threading.get_ident())

    with behind() as do:
        do(first)
        do(done.append, 2)
        beside.set()  # the caller was not held up
        for i in range(3, 20):
            do(done.append, i)
    assert done[0] != caller
    assert done[1:] == list(range(2, 20))


def test_only_so_much_waits():
    begun, free = [], threading.Semaphore(0)
    with behind() as do:
        for i in range(MOST):
            do(lambda i=i: begun.append(i) or free.acquire(timeout=PATIENCE))
        late = threading.Thread(target=do, args=(begun.append, MOST))
        late.start()
        late.join(0.2)
        assert late.is_alive()  # it waits for the first piece
        free.release(MOST)
        late.join(PATIENCE)
        assert not late.is_alive()
    assert begun == list(range(MOST + 1))


@pytest.mark.parametrize("later", [0, 5])
def test_what_goes_wrong_is_told(later):
    def broken():
        raise OSError("the disk is full")

    done = []

    def work():
        with behind() as do:
            do(broken)
            for i in range(later):
                do(done.append, i)

    with pytest.raises(OSError, match="full"):
        work()
    assert len(done) <= MOST


def test_after_an_exception_only_what_has_begun_is_done():
    begun, free, done = threading.Event(), threading.Event(), []

    def first():
        begun.set()
        free.wait(PATIENCE)
        done.append(1)

    def work():
        with behind() as do:
            do(first)
            do(done.append, 2)
            assert begun.wait(PATIENCE)
            threading.Timer(0.2, free.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]


def test_the_work_sees_the_callers_context():
    said, seen = ContextVar("said", default="nothing"), []
    said.set("something")
    with behind() as do:
        do(lambda: seen.append(said.get()))
    assert seen == ["something"]
