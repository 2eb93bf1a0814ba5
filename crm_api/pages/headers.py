"""What every page tells the browser not to do."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

ASSET_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
PERMISSIONS = "camera=(), geolocation=(), microphone=()"
# The pages for the road alone may ask where the phone is, and only when somebody taps.
PERMISSIONS_ON_THE_ROAD = "camera=(), geolocation=(self), microphone=()"
ON_THE_ROAD = {
    "Permissions-Policy": PERMISSIONS_ON_THE_ROAD,
    # Photos are looked at before they are sent: what the phone itself took, under an address of the page's own.
    "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace("img-src", "img-src blob:"),
}
PAGE_HEADERS = {
    **ASSET_HEADERS,
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    # Pages show what one person may see: no proxy keeps them, and nothing comes back after signing out.
    "Cache-Control": "private, no-store",
    "Vary": "Cookie, HX-Request, Accept-Encoding",
}
