"""The server's access token (RFC 6750), which is not to be guessed."""

from __future__ import annotations

import hmac
import math
import re
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from toonmark.errors import ConfigurationError
from toonmark.web.problems import Refusal
from toonmark.web.throttle import Throttle

#: The fewest characters of a token.
SHORTEST = 16
#: Wrong tokens that one address may send within so many seconds.
GUESSES, WINDOW = 10, 60.0

_BEARER = HTTPBearer(
    scheme_name="token",
    description="What this server was started with: toonmark serve --token TOKEN.",
    auto_error=False,  # our own errors say what to do
)


def check(token: str) -> None:
    """Looks whether a token is one that a header can carry and nobody guesses.

    Raises:
        ConfigurationError: it is too short, or has other characters than RFC 6750 allows.
    """
    if len(token) < SHORTEST:
        raise ConfigurationError(
            f"The token has {len(token)} characters, and could be guessed.",
            f"Give one of at least {SHORTEST}, or have one made: --token auto",
        )
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token):
        raise ConfigurationError(
            "The token has characters that a header cannot carry.",
            "Use letters, digits and -._~+/ only, or have one made: --token auto",
        )


class TokenRequired:
    """A dependency of every route that needs the token; it is met before a body is read.

    Raises, when it is called:
        Refusal: 401 without the right token; 429 after too many wrong ones, to any.
    """

    def __init__(self, token: str) -> None:
        check(token)
        self._token = token.encode()
        self._guesses = Throttle(GUESSES, WINDOW)

    async def __call__(
        self,
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    ) -> None:
        host = request.client.host if request.client else ""
        if given is None:
            raise Refusal(
                "no-token",
                401,
                "This server asks for a token.",
                "Send the header: Authorization: Bearer TOKEN",
            )
        wait = self._guesses.wait(host)
        if wait:
            # To the right token too: else guessing would go on.
            raise Refusal(
                "too-many-guesses",
                429,
                "Too many wrong tokens came from this address.",
                f"Come back in {math.ceil(wait)} seconds with the right one.",
                math.ceil(wait),
            )
        if not hmac.compare_digest(given.credentials.encode(), self._token):
            self._guesses.count(host)
            raise Refusal(
                "wrong-token",
                401,
                "The token is not the one that this server was started with.",
                "Copy the whole token that the server printed or was given.",
            )
