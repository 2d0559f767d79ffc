"""`vigil demo`: the whole service on the samples, and what comes out of it."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from cli.output import tell
from cli.service.address import LOOPBACK
from cli.service.up import Plan, serve
from cli.settings import Settings, with_settings
from cli.stopping import Stop
from schemas.errors import Failed, VigilError

SAMPLES = Path(__file__).parents[2] / "samples"
END_SECONDS = 5.0


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End when everything is told, instead of leaving the service on.")
@with_settings
def demo(settings: Settings, *, leave: bool) -> None:
    """Run the whole service on real incidents and political events, and show what comes out.

    Starts what `vigil up --clock log` starts (today's clock would show history as empty windows), publishes the files
    of samples/ in the order in which they became known, shows aggregates and alerts as they arrive, and leaves the
    service running until Ctrl-C. A second run publishes the same again, which changes nothing.

    Example: vigil demo
    """
    if not SAMPLES.is_dir():
        raise Failed(f"{SAMPLES} does not exist; run the demo from a checkout that holds the samples")
    tell(f"starting broker and workers; data in {settings.dir}, logs in {settings.logs_folder}")
    with Stop() as stop:
        story = _Story(settings, stop, leave=leave)
        plan = Plan(clock="log", ledgers=1, rollers=1, host=LOOPBACK, port=None)
        serve(settings, plan, stop, when_ready=story.begin, when_stopping=story.end)
    if story.error is not None:
        raise story.error


class _Story:
    """What the demo tells, in a thread of its own: the main thread keeps the service running meanwhile."""

    def __init__(self, settings: Settings, stop: Stop, *, leave: bool) -> None:
        self._settings, self._stop, self._leave = settings, stop, leave
        self._thread: threading.Thread | None = None
        self.error: VigilError | None = None

    def begin(self, bootstrap: str, url: str | None) -> None:
        """Publish and show, from now on."""
        self._thread = threading.Thread(target=self._tell, args=(bootstrap, url), name="story", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until the thread has noticed the stop, as long as there is a broker that it can talk to."""
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _tell(self, bootstrap: str, url: str | None) -> None:
        from cli.service.show import show_samples, show_ways_on  # noqa: PLC0415 - --help needs none of it

        try:
            show_samples(bootstrap, SAMPLES, stop=self._stop, topic_prefix=self._settings.topic_prefix)
            if self._leave:
                self._stop.ask()
            elif not self._stop.asked:
                show_ways_on(bootstrap, url, self._settings)
        except VigilError as error:
            # While everything stops, that the broker is gone is no news.
            if not self._stop.asked:
                self.error = error
                self._stop.ask()
