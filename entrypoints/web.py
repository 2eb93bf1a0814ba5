"""The ASGI application factory: `uvicorn --factory entrypoints.web:app`."""

from fastapi import FastAPI

from crm_api.app import create_app
from crm_api.core import logging
from crm_api.settings import load
from entrypoints.bootstrap import open_state


def app() -> FastAPI:
    """The application with the settings of the environment."""
    settings = load()
    logging.configure(settings.log_level)
    return create_app(settings, lambda: open_state(settings))
