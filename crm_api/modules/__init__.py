"""Optional parts, and the manifest of menus."""
