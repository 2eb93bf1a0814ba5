"""The ASGI application factory: `uvicorn --factory entrypoints.web:app`."""

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
    # The solver takes two seconds to load; nobody's first plan should wait for that, and no start either.
    threading.Thread(target=vroom.warm_up, daemon=True).start()
    return create_app(settings, lambda: open_state(settings))
