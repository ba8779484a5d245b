"""Verifies access tokens and checks in Redis whether they are revoked, for services in Python.

    pip install "redis>=4" "PyJWT[crypto]"

Run it with tokens on standard input, one a line:

    python3 revocations.py https://id.example.com https://api.example.com redis://localhost
"""

import sys

import jwt
import redis

PREFIX = "TOKEN_BLACK_LIST"


class Unavailable(Exception):
    """It is unknown whether the token is revoked. Answer 503 with Retry-After, never 401."""


def is_revoked(client, claims):
    """Returns whether a verified token is revoked, with one command. Raises Unavailable if that is unknown."""
    sub, epochs = claims["sub"], claims["epochs"]
    ids = [claims[name] for name in ("jti", "azn", "sid") if name in claims]
    keys = [f"{PREFIX}:COMPLETE", f"{PREFIX}:ISSUER", f"{PREFIX}:CLIENT:{claims['client_id']}"]
    keys.append(f"{PREFIX}:USER:{sub if claims['subject_type'] == 'user' else ''}")
    # Without a sub: a machine token that was revoked by its ID alone.
    keys += [f"{PREFIX}_{owner}_{name}" for name in ids for owner in (sub, "")]
    try:
        complete, *found = client.mget(keys)
    except redis.RedisError as error:
        raise Unavailable from error
    # Without this key, Redis was flushed or restarted, and others may be missing too.
    if complete is None:
        raise Unavailable
    lowest, revoked = found[: len(epochs)], found[len(epochs) :]
    is_old = any(limit is not None and epoch < int(limit) for epoch, limit in zip(epochs, lowest))
    return is_old or any(value is not None for value in revoked)


def verify(token, keys, issuer, audience):
    """Returns the claims of a genuine, unexpired token. Raises jwt.PyJWTError otherwise."""
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    key = keys.get_signing_key_from_jwt(token).key
    algorithms = ["ES256", "RS256", "PS256", "EdDSA"]
    return jwt.decode(token, key, algorithms=algorithms, issuer=issuer, audience=audience)


if __name__ == "__main__":
    issuer, audience, url = sys.argv[1:]
    keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    for line in sys.stdin:
        try:
            claims = verify(line.strip(), keys, issuer, audience)
            print("Token revoked" if is_revoked(client, claims) else claims["sub"])
        except jwt.ExpiredSignatureError:
            print("Token expired")
        except jwt.PyJWTError:
            print("Invalid token")
        except Unavailable:
            print("Unavailable")
