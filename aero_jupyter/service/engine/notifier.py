"""The delivery of notices to the targets of the configuration file, in order and each of them once.

The store holds, for each target, the last notice that it has received. If the service ends between a delivery and the
record of it, the notice is sent again with the same key.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any  # the content of a configuration file

from aero_jupyter.core.config import CONFIG_FILE
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.notice_targets import NoticeTarget, notice_targets
from aero_jupyter.jobs.loopback import bypass_proxies
from aero_jupyter.service.storage.connection import Row, stamp
from aero_jupyter.service.storage.database import Store

#: Seconds before a failed delivery is repeated, and seconds to connect and to wait for the answer.
_RETRY_SECONDS, _TIMEOUT_SECONDS = 60.0, (10.0, 30.0)
#: A notice that no target took for so long is not sent any more.
_OLDEST = timedelta(days=1)


class NotDelivered(Exception):
    """A target did not take a notice; the message names no URL."""


class Notifier:
    """Sends the notices of one local AERO."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self._reported = ""

    def start(self) -> None:
        """Start in the background."""
        threading.Thread(target=self._loop, daemon=True, name="notices").start()

    def wake(self) -> None:
        """Wake the delivery because there may be a notice."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the delivery in progress."""
        self._stopping = True
        self._wake.set()

    def _loop(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self._deliver()
                is_complete, problem = True, ""
            except (AeroError, NotDelivered) as error:
                is_complete, problem = False, str(error)
            except Exception as error:
                # The type alone: the text may hold the URL of a target.
                is_complete, problem = False, f"Notices cannot be sent: {type(error).__name__}."
            if problem and problem != self._reported:
                logging.getLogger(__name__).warning("%s", problem)
            self._reported = problem
            self._wake.wait(None if is_complete else _RETRY_SECONDS)

    def _deliver(self) -> None:
        failures = []
        for target in notice_targets(read_notices_config()):
            try:
                self._deliver_to(target)
            except NotDelivered as error:
                failures.append(str(error))
        if failures:
            raise NotDelivered(" ".join(failures))

    def _deliver_to(self, target: NoticeTarget) -> None:
        done = self._store.db.value("SELECT done FROM notice_target WHERE id = ?", (target.id,))
        if done is None:
            # A new target receives what happens from now on.
            with self._store.transaction() as db:
                newest = db.value("SELECT coalesce(max(seq), 0) FROM notice")
                db.insert("notice_target", id=target.id, done=newest)
            return
        for notice in self._store.db.rows("SELECT * FROM notice WHERE seq > ? ORDER BY seq", (done,)):
            if self._stopping:
                return
            is_old = notice["created_at"] < stamp(datetime.now(timezone.utc) - _OLDEST)
            if not is_old and target.wants(notice["event"], notice["dataset"]):
                _send_notice(target, notice)
            with self._store.transaction() as db:
                db.run("UPDATE notice_target SET done = ? WHERE id = ?", (notice["seq"], target.id))


def _send_notice(target: NoticeTarget, notice: Row) -> None:
    if target.kind == "apprise":
        _send_by_apprise(target, notice)
        return
    import requests

    keys = ("key", "event", "dataset", "data_id", "text", "created_at")
    headers = {"Idempotency-Key": notice["key"]}
    body = {key: notice[key] for key in keys}
    try:
        with requests.Session() as session:
            bypass_proxies(session)
            answer = session.post(
                target.url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True
            )
            answer.close()
    except requests.RequestException as error:
        raise NotDelivered(f"A webhook for notices did not answer ({type(error).__name__}).") from None
    if not 200 <= answer.status_code < 300:
        raise NotDelivered(f"A webhook for notices answered {answer.status_code}.")


def _send_by_apprise(target: NoticeTarget, notice: Row) -> None:
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        raise NotDelivered("Notices by apprise need it. Run: pip install 'aero-jupyter[notify]'") from None
    sender = apprise.Apprise()
    if not sender.add(target.url):
        raise NotDelivered("A URL for apprise has a scheme that apprise does not know.")
    if not sender.notify(body=notice["text"], title=f"AERO: {notice['event']}"):
        raise NotDelivered("A target of apprise did not take a notice.")


def read_notices_config() -> Mapping[str, Any]:
    """Return the configuration file as a mapping; empty if there is none.

    Raises
    ------
    NotDelivered
        If it cannot be read.
    """
    path = Path(os.environ.get("AERO_CONFIG_FILE") or Path.home() / CONFIG_FILE).expanduser()
    if not path.exists():
        return {}
    # By name: tomllib is missing before Python 3.11, and tomli is not installed after it.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: Mapping[str, Any] = toml.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise NotDelivered("Notices cannot be sent: the configuration file cannot be read.") from None
    return document
