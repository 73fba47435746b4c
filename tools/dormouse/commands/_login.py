"""The options that say which broker, and who logs in there: of `dormouse send` and `dormouse watch`."""

from __future__ import annotations

import typer

BROKER = typer.Option(help="The broker, instead of config.py's.", metavar="HOST[:PORT]")
USER = typer.Option(help="Who logs in, instead of credentials.py's USER.", metavar="NAME")
PASSWORD = typer.Option(help="The password.", envvar="DORMOUSE_PASSWORD", metavar="TEXT")
TLS = typer.Option("--tls", help="TLS, port 8883; checked with the system's authorities, or --ca.")
CA = typer.Option(help="TLS, checked with this authority's certificate, PEM or DER.", metavar="FILE")
CERT = typer.Option(help="This computer's certificate, where the broker wants one, PEM or DER.", metavar="FILE")
KEY = typer.Option(help="Its key, PEM or DER.", metavar="FILE")
TOPIC = typer.Option(help="Where the nodes publish, instead of config.py's TOPIC: dormouse/{name}.", metavar="TOPIC")
