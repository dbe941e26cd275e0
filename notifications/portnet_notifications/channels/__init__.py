"""What leaves the house: push and SMS, by Apprise plugins of our own. Nobody is chosen here."""

from portnet_notifications.channels.message import OutgoingMessage, PushMessage, SmsMessage
from portnet_notifications.channels.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Refusal,
    Throttled,
    Transient,
    Uncertain,
)
from portnet_notifications.channels.sending import Channels
from portnet_notifications.channels.urls import UrlProblem, WrongChannelUrls

__all__ = [
    "Accepted",
    "Channels",
    "Outcome",
    "OutgoingMessage",
    "Permanent",
    "PushMessage",
    "Refusal",
    "SmsMessage",
    "Throttled",
    "Transient",
    "Uncertain",
    "UrlProblem",
    "WrongChannelUrls",
]
