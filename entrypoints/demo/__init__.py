"""The demo company: Harrow & Vale, an invented maker of garden machines that sells through dealers."""
