"""Saving views, choosing defaults, and giving a list the view it is asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create, require_role, visible
from crm_api.conditions import records
from crm_api.conditions.compiler import where
from crm_api.conditions.filters import sorts_of
from crm_api.conditions.saved import DEFAULT, Saved
from crm_api.conditions.tree import All, Tree
from crm_api.core.errors import BadRequest, Conflict, Invalid, NotAllowed
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields.fields import registry
from crm_api.users.models import Team
from crm_api.users.service import team_of
from crm_api.views.models import View, ViewDefault
from crm_api.views.schemas import DefaultIn, ViewIn, ViewPatch

_TREE: TypeAdapter[Tree] = TypeAdapter(Tree)


def create(session: Session, actor: Actor, *, data: ViewIn) -> View:
    """Save a view. Raises Invalid naming the field at fault where its kind has no such field."""
    require_create(actor, "view")
    if actor.user_id is None:
        raise NotAllowed("A view belongs to somebody; sign in as a person.")
    catalogue = _listed(session, data.kind)
    _check(session, actor, catalogue, tree=data.where, sort=data.sort, fields=data.fields)
    view = View(
        **data.model_dump(exclude={"where", "team_id"}),
        conditions=_stored(data.where),
        team_id=_team(session, actor, data.shared_with, data.team_id),
        owner_id=actor.user_id,
    )
    session.add(view)
    return view


def update(session: Session, actor: Actor, *, view_id: UUID, data: ViewPatch, if_match: int | None) -> View:
    """Change a view of one's own; administrators change all, and hand them over."""
    view = _own(session, actor, view_id, if_match)
    values = changes(data)
    refuse_null(values, "name", "sort", "fields", "shared_with", "owner_id")
    _check(session, actor, _listed(session, view.kind), tree=data.where, sort=data.sort, fields=data.fields)
    if "where" in values:
        values["conditions"] = _stored(values.pop("where"))
    if {"shared_with", "team_id"} & values.keys():
        shared_with = values.get("shared_with", view.shared_with)
        if shared_with != "all" and _default_of(session, view.kind, None, view.id):
            raise Conflict("Everybody's lists begin with this view; choose another default first.")
        values["team_id"] = _team(session, actor, shared_with, values.get("team_id", view.team_id))
    if values.get("owner_id", view.owner_id) != view.owner_id:
        require_role(actor)
        team_of(session, values["owner_id"])
    apply_patch(view, values)
    return view


def delete(session: Session, actor: Actor, *, view_id: UUID, if_match: int | None) -> None:
    """Remove a view for good; whose default it was has none."""
    view = _own(session, actor, view_id, if_match)
    for default in session.scalars(sa.select(ViewDefault).where(ViewDefault.view_id == view.id)):
        session.delete(default)
    session.flush()
    session.delete(view)


def _own(session: Session, actor: Actor, view_id: UUID, if_match: int | None) -> View:
    view: View = records.get(session, actor, View, view_id, writing=True, if_match=if_match)
    if view.owner_id != actor.user_id:
        require_role(actor)
    return view


def _listed(session: Session, kind: str) -> Catalogue:
    kinds = sorted(catalogue.kind for catalogue in CATALOGUES if catalogue.shown)
    if kind not in kinds:
        raise Invalid.field("kind", f"one of {', '.join(kinds)}")
    return registry(session)[kind]


def _check(
    session: Session,
    actor: Actor,
    catalogue: Catalogue,
    *,
    tree: Tree | None,
    sort: Sequence[str] | None,
    fields: Sequence[str] | None,
) -> None:
    """Raise Invalid unless a list would take all of it: the one compiler says so."""
    if tree is not None:
        where(registry(session), catalogue.kind, tree, actor)
    for place, names, check in (("sort", sort, sorts_of), ("fields", fields, records.require_fields)):
        try:
            check(catalogue, tuple(names or ()))
        except BadRequest as error:
            raise Invalid.field(place, error.detail) from error


def _stored(tree: Tree | None) -> dict[str, Any]:
    return _TREE.dump_python(tree or All(all=[]), mode="json", by_alias=True)  # type: ignore[no-any-return]


def _team(session: Session, actor: Actor, shared_with: str, team_id: UUID | None) -> UUID | None:
    """The team a view is shared with: the actor's own, or one that they lead."""
    if shared_with != "team":
        return None
    chosen = team_id or actor.team_id
    if chosen is None:
        raise Invalid.field("team_id", "you are in no team; name the one to share with")
    if not (actor.is_administrator or chosen == actor.team_id or chosen in actor.team_ids):
        raise Invalid.field("team_id", "share with your own team, or with one that you lead")
    if session.get(Team, chosen) is None:
        raise Invalid.field("team_id", "there is no such team")
    return chosen


# ── Defaults ─────────────────────────────────────────────────────────────────────────────────────


def defaults(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The defaults that hold for the actor, by kind; their own before the organisation's."""
    return [
        {"kind": row.kind, "view_id": row.view_id, "of": "me" if row.user_id else "organisation"}
        for row in session.scalars(_defaults(actor).order_by(ViewDefault.kind, ViewDefault.user_id.is_(None)))
    ]


def set_default(session: Session, actor: Actor, *, kind: str, data: DefaultIn) -> list[dict[str, Any]]:
    """Choose what the lists of a kind begin with: one's own, or, as an administrator, everybody's.

    Raises Invalid for a view that is not the actor's to see, of another kind, or not shared with all
    where it is to be everybody's.
    """
    _listed(session, kind)
    if data.of == "organisation":
        require_role(actor)
    user_id = actor.user_id if data.of == "me" else None
    view = _view(session, actor, kind, data.view_id) if data.view_id else None
    if view is not None and data.of == "organisation" and view.shared_with != "all":
        raise Invalid.field("view_id", "share it with all first: everybody's lists are to begin with it")
    default = _default_of(session, kind, user_id)
    if view is None:
        if default is not None:
            session.delete(default)
    elif default is None:
        session.add(ViewDefault(kind=kind, user_id=user_id, view_id=view.id))
    else:
        default.view_id = view.id
    session.flush()
    return defaults(session, actor)


def _view(session: Session, actor: Actor, kind: str, view_id: UUID) -> View:
    found = session.scalars(_of_kind(actor, kind).where(View.id == view_id)).first()
    if found is None:
        raise Invalid.field(
            "view_id", f"there is no such view of {CATALOGUES[kind].plural}, or it is not yours to see"
        )
    return found


def _of_kind(actor: Actor, kind: str) -> sa.Select[View]:
    return sa.select(View).where(View.kind == kind, visible("view", actor))


def _defaults(actor: Actor) -> sa.Select[ViewDefault]:
    mine = sa.or_(ViewDefault.user_id == actor.user_id, ViewDefault.user_id.is_(None))
    return (
        sa.select(ViewDefault).join(View, View.id == ViewDefault.view_id).where(mine, visible("view", actor))
    )


def _default_of(
    session: Session, kind: str, user_id: UUID | None, view_id: UUID | None = None
) -> ViewDefault | None:
    statement = sa.select(ViewDefault).where(
        ViewDefault.kind == kind, ViewDefault.user_id == user_id if user_id else ViewDefault.user_id.is_(None)
    )
    return session.scalars(statement.where(ViewDefault.view_id == view_id) if view_id else statement).first()


# ── For lists ────────────────────────────────────────────────────────────────────────────────────


def saved(session: Session, actor: Actor, kind: str, wanted: str) -> Saved | None:
    """The view a list of `kind` is asked for, by its id or as `default`; None where there is none to see."""
    statement = _of_kind(actor, kind)
    if wanted == DEFAULT:
        own_first = _defaults(actor).where(ViewDefault.kind == kind).order_by(ViewDefault.user_id.is_(None))
        chosen = session.scalars(own_first.limit(1)).first()
        if chosen is None:
            return None
        statement = statement.where(View.id == chosen.view_id)
    else:
        try:
            statement = statement.where(View.id == UUID(wanted))
        except ValueError:
            return None
    view = session.scalars(statement).first()
    if view is None:
        return None
    tree = _TREE.validate_python(view.conditions)
    return Saved(view.name, tree, view.search, tuple(view.sort), tuple(view.fields))
