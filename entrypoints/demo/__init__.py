"""The demo company: Harrow & Vale, an invented maker of outdoor power equipment that sells through dealers."""
