"""A planned day on the map, as GeoJSON (RFC 7946: longitude comes first)."""

from collections.abc import Mapping
from typing import Any


def of_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan as the API answers it: where it starts, every stop in its order, where it ends, and a line along them.

    The line is straight from place to place: roads are the navigation's business.
    """
    start = [plan["start_longitude"], plan["start_latitude"]]
    end = [plan["end_longitude"], plan["end_latitude"]]
    stops = plan["stops"] or []
    line = [start, *([stop["longitude"], stop["latitude"]] for stop in stops), end]
    features = [_point(start, {"role": "start", "at": plan["leaves_at"]})]
    features += [_point([stop["longitude"], stop["latitude"]], _about(stop)) for stop in stops]
    features.append(_point(end, {"role": "end", "at": plan["returns_at"]}))
    about = {
        "role": "route",
        "plan_id": plan["id"],
        "day": plan["day"],
        "driving_metres": plan["driving_metres"],
        "driving_seconds": plan["driving_seconds"],
    }
    geometry = {"type": "LineString", "coordinates": line}
    features.append({"type": "Feature", "geometry": geometry, "properties": about})
    return {"type": "FeatureCollection", "features": features}


def _point(place: list[float], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": properties}


def _about(stop: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role": "visit",
        "position": stop["position"],
        "account_id": stop["account_id"],
        "name": stop["account_name"],
        "starts_at": stop["starts_at"],
        "ends_at": stop["ends_at"],
        "must_see": stop["must_see"],
        "reasons": [reason["text"] for reason in stop["reasons"]],
    }
