"""A push gateway and an SMSC in place of real ones: HTTP servers that can be told to fail."""

from portnet_mobile.gateways.push import AcceptedPush, PushGateway
from portnet_mobile.gateways.server import Behaviour
from portnet_mobile.gateways.smsc import AcceptedSms, Smsc

__all__ = ["AcceptedPush", "AcceptedSms", "Behaviour", "PushGateway", "Smsc"]
