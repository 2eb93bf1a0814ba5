"""What no route of the service can beat: a FastAPI application that does nothing."""

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/empty")
async def empty() -> dict[str, str]:
    """Answers as FastAPI answers when there is nothing to do."""
    return {}
