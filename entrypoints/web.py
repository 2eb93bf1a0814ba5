"""The ASGI application factory: `uvicorn --factory entrypoints.web:app`."""

import gc
import threading

from fastapi import FastAPI

from crm_api.app import create_app
from crm_api.core import logging
from crm_api.settings import load
from crm_api.visits.engines import vroom
from entrypoints.bootstrap import open_state


def app() -> FastAPI:
    """The application with the settings of the environment."""
    settings = load()
    logging.configure(settings.log_level)
    threading.Thread(target=_settle, daemon=True).start()
    return create_app(settings, lambda: open_state(settings))


def _settle() -> None:
    """What a process does once, beside its first requests: the solver takes two seconds to load, and nobody's first
    plan should wait for that, and no start either. Then all that is loaded is set apart from what the garbage
    collector looks through: it took 160 ms over the 360,000 objects, while every request waited."""
    vroom.warm_up()
    gc.collect()
    gc.freeze()
