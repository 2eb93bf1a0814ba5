"""On the road: checking in at the door, what came of a visit, the calendar, and what the kilometres say."""
