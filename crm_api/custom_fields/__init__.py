"""Fields that an organisation adds to its records itself: definitions, and the values they allow."""
