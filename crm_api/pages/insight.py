"""The pages one steers by, and those that steer the system: dashboard, reports, settings."""

from crm_api.core.routing import Router
from crm_api.pages import dashboard, reports, settings_company, settings_pages, settings_programs
from crm_api.pages.errors import PageRoute

router = Router(include_in_schema=False, route_class=PageRoute)
# The pages of their own come before those that take any name.
for _page in (dashboard, reports, settings_company, settings_programs, settings_pages):
    router.include_router(_page.router)
