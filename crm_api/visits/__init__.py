"""Field visits: who is worth a visit today, in which order, at what time, and why the others are not."""
