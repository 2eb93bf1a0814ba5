"""The ASGI application: lifespan, routers, error handlers, nothing else."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import sqlalchemy as sa
from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy.orm import Session

from crm_api.accounts.routes import router as accounts
from crm_api.activities.communication_routes import router as communications
from crm_api.activities.note_routes import router as notes
from crm_api.activities.routes import calls_router, timeline_router
from crm_api.activities.routes import router as activities
from crm_api.activities.task_routes import router as tasks
from crm_api.analytics.routes import router as analytics
from crm_api.attachments.routes import router as attachments
from crm_api.changes.routes import history_router
from crm_api.changes.routes import router as changes
from crm_api.contacts.routes import of_account_router as contacts_of_account
from crm_api.contacts.routes import router as contacts
from crm_api.core import openapi, problems
from crm_api.core.middleware import Edge
from crm_api.core.problems import documented
from crm_api.custom_fields.routes import router as custom_fields
from crm_api.dependencies import Db, State, json_answer
from crm_api.events.routes import router as events
from crm_api.exports.routes import router as exports
from crm_api.field.insight_routes import router as insight
from crm_api.field.routes import calendar_router, feed_router
from crm_api.field.routes import router as on_the_road
from crm_api.followups.routes import router as followups
from crm_api.handovers.routes import router as handovers
from crm_api.imports.routes import router as imports
from crm_api.leads.routes import router as leads
from crm_api.maps.place_routes import places_router, runs_router
from crm_api.maps.routes import router as maps
from crm_api.modules.routes import router as modules
from crm_api.notifications.routes import router as notifications
from crm_api.opportunities.routes import of_account_router as opportunities_of_account
from crm_api.opportunities.routes import router as opportunities
from crm_api.orders.routes import of_account_router as orders_of_account
from crm_api.orders.routes import router as orders
from crm_api.organisation.routes import router as organisation
from crm_api.organisation.routes import territories_router
from crm_api.outbox.routes import router as outbox
from crm_api.outbox.routes import suppressions_router as suppressions
from crm_api.pages import errors as pages_errors
from crm_api.pages.description import router as description
from crm_api.pages.routes import router as pages
from crm_api.pipelines.routes import router as pipelines
from crm_api.pipelines.routes import stages_router
from crm_api.privacy.routes import router as privacy
from crm_api.products.routes import router as products
from crm_api.questions.routes import router as questions
from crm_api.segments.routes import of_account_router as segments_of_account
from crm_api.segments.routes import router as segments
from crm_api.settings import Settings
from crm_api.tags.routes import router as tags
from crm_api.targets.routes import router as targets
from crm_api.users.routes import router as auth
from crm_api.users.routes import teams_router, users_router
from crm_api.views.routes import router as views
from crm_api.visits.routes import router as visits
from crm_api.webhooks.routes import router as webhooks

Opened = Callable[[], AbstractAsyncContextManager[State]]
FORM = 1_000_000  # bytes for what stands around an uploaded file
ROUTERS = (
    auth,
    users_router,
    handovers,
    teams_router,
    organisation,
    territories_router,
    modules,
    analytics,
    exports,  # before the records: `accounts/export` is no account's id
    accounts,
    contacts,
    leads,
    calls_router,
    opportunities,
    contacts_of_account,
    opportunities_of_account,
    orders_of_account,
    segments_of_account,
    orders,
    segments,
    activities,
    communications,
    tasks,
    notes,
    timeline_router,
    attachments,
    notifications,
    pipelines,
    stages_router,
    products,
    tags,
    custom_fields,
    views,
    maps,
    places_router,
    runs_router,
    outbox,
    suppressions,
    followups,
    visits,
    on_the_road,
    insight,
    calendar_router,
    feed_router,
    imports,
    questions,
    targets,
    events,
    description,
    pages,
    webhooks,
    changes,
    history_router,
    privacy,
)


def create_app(settings: Settings, open_state: Opened) -> FastAPI:
    """The application. `open_state` opens database and ports for as long as the process serves."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_state() as state:
            app.state.rounds = state
            yield

    app = FastAPI(
        title="Rounds",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,  # pages/description.py: what it says depends on who asks
        docs_url=None,
        redoc_url=None,
        responses=documented(401, 429, 503),
        description="A CRM for companies that sell through reps and dealers.",
        generate_unique_id_function=openapi.operation_id,
    )
    openapi.describe(app)
    problems.install(app)
    pages_errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_api_route("/health", health, tags=["service"], summary="The process is alive")
    app.add_api_route(
        "/ready", ready, tags=["service"], summary="The database answers", responses=documented(503)
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[o.strip() for o in settings.cors_origins.split(",")],
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Idempotency-Key"],
            expose_headers=["ETag", "X-Request-ID"],
        )
    uploads = {
        "/api/v1/crm/imports": settings.max_upload_mb * 1_000_000,
        "/crm/imports": settings.max_upload_mb * 1_000_000,
        "/api/v1/crm/attachments": settings.attachment_max_mb * 1_000_000 + FORM,
        "/crm/visits/check-ins": settings.attachment_max_mb * 1_000_000 + FORM,
    }
    app.add_middleware(Edge, uploads=uploads)
    return app


async def health() -> dict[str, str]:
    """Answers as long as the process runs."""
    return {"status": "ok"}


async def ready(db: Db) -> Response:
    """Answers once the database does; 503 with Retry-After otherwise."""
    await db.read(_ping)
    return json_answer({"status": "ready"})


def _ping(session: Session) -> None:
    session.execute(sa.text("SELECT 1"))
