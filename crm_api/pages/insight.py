"""The pages one steers by, and those that steer the system: dashboard, reports, settings."""

from fastapi import APIRouter

from crm_api.pages import dashboard, reports
from crm_api.pages.errors import PageRoute

router = APIRouter(include_in_schema=False, route_class=PageRoute)
for _page in (dashboard, reports):
    router.include_router(_page.router)
