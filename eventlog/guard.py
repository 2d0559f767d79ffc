"""Runs one command as a child and ends it when whoever started the guard is gone: no broker outlives its owner.

usage: python -I -S guard.py LOG COMMAND...

The guard's standard input is a pipe whose other end its owner holds. When that end closes, because the owner asks for a
stop, ends or is killed with `kill -9`, the child gets SIGTERM, and SIGKILL if it has not ended after a while. A pipe is
used and not Linux's parent death signal alone, because that signal comes when the starting *thread* ends, and because
other systems lack it; the guard itself has one thread, so its child has the signal on top, against a killed guard.

The first line of standard output is the child's process id. The exit code is the child's, 128 + n after signal n.
A program of its own, not imported by the others: it starts in milliseconds and has no threads or open files of theirs.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys

STOP_SECONDS = 20.0
PR_SET_PDEATHSIG = 1


def main(log: str, command: list[str]) -> int:
    """Runs the command with its output appended to `log`; returns its exit code."""
    ended, held_by_child = os.pipe()
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _become(log, command, held=held_by_child, guard=guard)
    os.close(held_by_child)
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{child}\n".encode())
    # The owner never writes, so readable means closed; likewise the child's end closes when the child ends.
    readable, _, _ = select.select([sys.stdin.fileno(), ended], [], [])
    if ended not in readable:
        os.kill(child, signal.SIGTERM)
        if not select.select([ended], [], [], STOP_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _become(log: str, command: list[str], *, held: int, guard: int) -> None:
    """Turns the forked child into the command; never returns."""
    try:
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.set_inheritable(held, True)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # The guard may have died before the signal was asked for.
        if os.getppid() == guard:
            os.execv(command[0], command)
    except OSError as error:
        os.write(2, f"ERROR cannot run {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    # Ctrl-C and a closed terminal are the owner's to answer; it closes the pipe when all that needs the broker ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
