"""Two follow-up sequences, switched off: nobody is written to until a person says so."""

from typing import Any


def sequences() -> list[dict[str, Any]]:
    """Name, what it is for, and the steps with their days after the one before; born switched off."""
    return [
        {
            "name": "First answer to a new lead",
            "description": "Three short mails to a lead nobody has reached, over two weeks.",
            "is_active": False,
            "steps": [
                {"position": 1, "after_days": 0, "subject": "Your question about our {{ interest }}",
                 "text": "Hello {{ first_name }},\n\nthank you for asking about our {{ interest }}. "
                         "When would a short call suit you?\n\n{{ sender_name }}"},
                {"position": 2, "after_days": 4, "subject": "Shall I send you the price list?",
                 "text": "Hello {{ first_name }},\n\nI can send you the dealer price list today. "
                         "Just answer this mail.\n\n{{ sender_name }}"},
                {"position": 3, "after_days": 10, "subject": "Is this still of interest?",
                 "text": "Hello {{ first_name }},\n\nif the timing is wrong, tell me when to ask again."
                         "\n\n{{ sender_name }}"},
            ],
        },
        {
            "name": "After a quote",
            "description": "Two reminders while a proposal is waiting.",
            "is_active": False,
            "steps": [
                {"position": 1, "after_days": 3, "subject": "Any questions on the quote?",
                 "text": "Hello {{ first_name }},\n\nis there anything in the quote I should explain or change?"
                         "\n\n{{ sender_name }}"},
                {"position": 2, "after_days": 7, "subject": "The quote is valid until the end of the month",
                 "text": "Hello {{ first_name }},\n\nshall I keep the stock reserved for you?\n\n{{ sender_name }}"},
            ],
        },
    ]  # fmt: skip
