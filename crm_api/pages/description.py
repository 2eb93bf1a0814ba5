"""/openapi.json: the API as this installation has it.

Whoever is signed in, by token or on the pages, sees the custom fields of this organisation in it. To others their
names and choices are nobody's business: they get the description that every installation has.
"""

from fastapi import Request, Response

from crm_api.core.routing import Router
from crm_api.custom_fields.description import described
from crm_api.dependencies import Db, current_actor, json_answer
from crm_api.pages.session import maybe_visitor

router = Router(include_in_schema=False)


@router.get("/openapi.json")
async def read_description(request: Request, db: Db) -> Response:
    """The description, with custom fields for whoever is signed in; raises NotSignedIn for a bad token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        asker: object = await current_actor(request, token.strip())
    else:
        asker = await maybe_visitor(request)
    general = request.app.openapi()
    answer = json_answer(await db.read(described, general) if asker else general)
    answer.headers["Vary"], answer.headers["Cache-Control"] = "Authorization, Cookie", "private, no-cache"
    return answer
