"""The command `portnet` and its parts."""

from __future__ import annotations

import click

from portnet_server.cli.agency import agency
from portnet_server.cli.audit import audit
from portnet_server.cli.catalogue import catalogue
from portnet_server.cli.configuration import config
from portnet_server.cli.demo import demo
from portnet_server.cli.desk.anomalies import anomalies
from portnet_server.cli.desk.reference import reference
from portnet_server.cli.phone import code, phone
from portnet_server.cli.rebuild import rebuild
from portnet_server.cli.schema import schema
from portnet_server.cli.serve import migrate, serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portnet-mobile")
def main() -> None:
    """The mobile backend of Morocco's foreign-trade single window."""


for command in (
    agency,
    anomalies,
    audit,
    catalogue,
    code,
    config,
    demo,
    migrate,
    phone,
    rebuild,
    reference,
    schema,
    serve,
):
    main.add_command(command)
