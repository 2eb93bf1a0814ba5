"""Follow-up mails that go out by themselves: rules find leads, sequences say what to write and when."""
