"""Plain-English questions: language only. What may be asked about is declared in the domains' catalogues."""
