"""One typed condition tree, and the only compiler from it to SQL."""

from crm_api.conditions.compiler import where
from crm_api.conditions.tree import All, Any_, Comparison, Not, Related, Tree

__all__ = ["All", "Any_", "Comparison", "Not", "Related", "Tree", "where"]
