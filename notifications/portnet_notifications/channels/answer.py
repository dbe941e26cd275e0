"""What HTTP statuses mean, where gateways agree. A gateway's own words are its plugin's to read."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from http import HTTPStatus

from portnet_notifications.channels.http import Answer
from portnet_notifications.channels.outcome import (
    Outcome,
    Permanent,
    Refusal,
    Throttled,
    Transient,
    Uncertain,
)

#: FCM's documented wait for a 429 that names none.
_DEFAULT_RETRY_AFTER = 60.0
#: A gateway that says "tomorrow" is asked again within the hour: the alert will have expired by
#: then.
_LONGEST_RETRY_AFTER = 3600.0

#: The message is fine and the gateway did not take it: our credentials, our URL, or its moment.
_OUR_FAULT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.GONE,
    }
)


def refused(answer: Answer) -> Outcome:
    """The outcome of an answer that is not 2xx and that the plugin knows nothing better about.

    A 5xx is uncertain: the gateway had the whole message, and may have passed it on before it
    failed.
    """
    detail = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".rstrip()
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(retry_after=retry_after(answer), detail=detail)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Uncertain(detail=detail)
    if answer.status < HTTPStatus.BAD_REQUEST or answer.status in _OUR_FAULT:
        return Transient(detail=detail)
    return Permanent(reason=Refusal.BAD_REQUEST, detail=detail)


def retry_after(answer: Answer) -> float:
    """Seconds to wait, between 0 and an hour. A date is counted from the answer's own, so both are
    one clock's.
    """
    seconds = _seconds(answer.retry_after, answer.date)
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def _seconds(value: str, date: str) -> float:
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        # No header, no date, or one with a time zone and one without.
        return _DEFAULT_RETRY_AFTER
