"""What customers ordered, as the company's order system tells it."""
