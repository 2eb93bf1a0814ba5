"""Groups of accounts: put together by hand, or by what holds of them."""
