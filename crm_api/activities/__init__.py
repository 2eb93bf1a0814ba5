"""Everything done or to be done with a customer, and the timeline."""
