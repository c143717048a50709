"""A real SMTP server for the tests of the crate `mail`, on a free port of the loopback interface.

Usage: smtp_server.py none|starttls|implicit [certificate.pem key.pem] [user password]

Prints its port as the first line, then one line of JSON for each message it accepted. Recipients called
`refused` are refused for good, recipients called `later` for now. Ends when its standard input is closed.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """Accepts messages and prints them."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 No such person here"
        if address.startswith("later@"):
            return "451 4.3.0 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        seen = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("ascii"),
            "encrypted": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "user": session.auth_data,
        }
        print(json.dumps(seen), flush=True)
        return "250 OK"


def options(mode, context, login):
    """What the protocol demands of a client."""
    options = {"require_starttls": mode == "starttls"}
    if mode == "starttls":
        options["tls_context"] = context
    if login:
        options |= {
            "auth_required": True,
            "auth_require_tls": mode == "starttls",
            "authenticator": lambda server, session, envelope, mechanism, given: AuthResult(
                success=[given.login.decode(), given.password.decode()] == login,
                handled=False,
                auth_data=given.login.decode(),
            ),
        }
    return options


async def main(mode, *rest):
    context, rest = None, list(rest)
    if mode != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(rest.pop(0), rest.pop(0))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Mailbox(), loop=loop, hostname="localhost", **options(mode, context, rest)),
        host="127.0.0.1",
        port=0,
        ssl=context if mode == "implicit" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main(*sys.argv[1:]))
