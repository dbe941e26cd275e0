"""Turns configured Apprise URLs into plugins, or says all that is wrong with them at once.

Only our own schemas are allowed: Apprise knows 255, and some read files or mail strangers. Its own
plugins are not even loaded, which also saves half a second and their memory.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec
from apprise import Apprise, AppriseAsset
from apprise.manager_plugins import NotificationManager

from portnet.domain.alerts import Channel
from portnet_notifications.channels import plugins
from portnet_notifications.channels.gateway import GatewayPlugin

ALLOWED: Mapping[Channel, frozenset[str]] = {
    Channel.PUSH: frozenset({"pnpush", "pnpushs"}),
    Channel.SMS: frozenset({"pnsms", "pnsmss"}),
}
#: Seconds to connect, seconds to read, and whether the certificate is checked. Retries and
#: redirects are ours to refuse.
_OPTIONS = frozenset({"cto", "rto", "verify"})
_LONGEST_TIMEOUT = 60.0


class UrlProblem(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` is shown without credentials and options."""

    channel: str
    url: str
    reason: str

    def __str__(self) -> str:
        return f"{self.channel} {self.url}: {self.reason}"


class WrongChannelUrls(ValueError):
    """Every problem of a configuration's channel URLs."""

    def __init__(self, problems: Sequence[UrlProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def gateways(
    urls: Mapping[str, Sequence[str]], asset: AppriseAsset
) -> dict[Channel, list[GatewayPlugin]]:
    """The plugins of each channel, made by Apprise. Raises WrongChannelUrls."""
    problems = [problem for name, listed in urls.items() for problem in _problems(name, listed)]
    if problems:
        raise WrongChannelUrls(problems)
    _load_our_plugins()
    return {
        Channel(name): [_instantiated(Channel(name), url, asset) for url in listed]
        for name, listed in urls.items()
    }


def _instantiated(channel: Channel, url: str, asset: AppriseAsset) -> GatewayPlugin:
    # It also takes bare dicts, hence the ignore.
    plugin = Apprise.instantiate(url, asset=asset)  # pyright: ignore[reportUnknownMemberType]  # its keyword arguments are untyped
    if not isinstance(plugin, GatewayPlugin):
        raise WrongChannelUrls([_problem(channel, url, "Apprise cannot read it")])
    return plugin


def _load_our_plugins() -> None:
    # A manager that has loaded a folder never loads Apprise's own: their schemas stay unknown to
    # this process.
    manager = NotificationManager()  # type: ignore[no-untyped-call]  # Apprise's is untyped
    manager.load_modules(  # type: ignore[no-untyped-call]  # as above
        path=plugins.__path__[0], name=plugins.__name__
    )
    # Below INFO, Apprise logs what it sends and to whom.
    logger = logging.getLogger("apprise")
    logger.setLevel(max(logger.level, logging.INFO))


def _problems(name: str, listed: Sequence[str]) -> Iterator[UrlProblem]:
    if name not in ALLOWED:
        known = ", ".join(ALLOWED)
        yield UrlProblem(channel=name, url="", reason=f"no such channel; there are {known}")
    elif not listed:
        yield UrlProblem(channel=name, url="", reason="no URL; leave the channel out to do without")
    else:
        for url in listed:
            for reason in _reasons(ALLOWED[Channel(name)], url):
                yield _problem(name, url, reason)


def _problem(channel: str, url: str, reason: str) -> UrlProblem:
    scheme, _, rest = url.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if rest else scheme
    return UrlProblem(channel=channel, url=shown, reason=reason)


def _reasons(allowed: frozenset[str], url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        yield str(error)
        return
    if parts.scheme not in allowed:
        expected = " or ".join(f"{schema}://" for schema in sorted(allowed))
        yield f"{parts.scheme or 'nothing'}:// is not allowed here; use {expected}"
    if not parts.hostname or port == 0:
        yield "it names no host and port to reach"
    if url.count("://") > 1:
        yield "it is two URLs in one; list them apart"
    if parts.username:
        yield "a user name has no meaning; the token goes after a colon, as in ://:TOKEN@host"
    yield from _option_reasons(parts)


def _option_reasons(parts: SplitResult) -> Iterator[str]:
    if parts.fragment:
        yield "a fragment (#) has no meaning"
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        if option not in _OPTIONS:
            yield f"unknown option {option}; there are {', '.join(sorted(_OPTIONS))}"
        elif option == "verify" and value not in {"yes", "no"}:
            yield "verify is yes or no"
        elif option != "verify" and not _is_timeout(value):
            yield f"{option} is a number of seconds over 0 and up to {_LONGEST_TIMEOUT:.0f}"


def _is_timeout(value: str) -> bool:
    try:
        return 0 < float(value) <= _LONGEST_TIMEOUT
    except ValueError:
        return False
