"""A phone says where a push can reach it."""

from __future__ import annotations

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.alerts import Channel, Device
from portnet.domain.localised import Locale
from portnet.ports.clock import Clock, Ids
from portnet.ports.unit_of_work import AuditDraft, UnitsOfWork
from portnet.services.identity.warning import AccountWarnings

#: FCM's registration tokens take about 160 characters; a Web Push subscription a few hundred.
LONGEST_ADDRESS = 1_000
LONGEST_LABEL = 80

#: What an app may call its push service.
KINDS = frozenset({"FCM", "APNS", "WEB_PUSH"})


class DeviceFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the registration that cannot be taken, and why: EMPTY, TOO_LONG, UNKNOWN."""

    path: str
    code: str


class Devices:
    """The use case of registering a device."""

    def __init__(
        self, units: UnitsOfWork, clock: Clock, ids: Ids, warnings: AccountWarnings
    ) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._warnings = warnings

    async def register(
        self, viewer: Viewer, kind: str, address: str, label: str, locale: Locale
    ) -> Device | tuple[DeviceFault, ...]:
        """Register, or refresh what is registered at the same address; all faults at once.

        Whoever was signed in on this phone before hears nothing on it any more.
        """
        faults = _faults(kind, address, label)
        if faults:
            return faults
        now = self._clock.now()
        async with self._units() as work:
            at_address = await work.devices_at(address)
            known = next((device for device in at_address if device.user == viewer.user), None)
            device = Device(
                id=known.id if known else self._ids.new(),
                user=viewer.user,
                session=viewer.session,
                channel=Channel.PUSH,
                kind=kind,
                address=address,
                label=label,
                locale=locale,
                registered_at=known.registered_at if known else now,
                last_seen_at=now,
            )
            handed_over = [d for d in at_address if d.user != viewer.user and d.dead_at is None]
            work.add(device, *(msgspec.structs.replace(d, dead_at=now) for d in handed_over))
            if known is None or known.dead_at is not None:
                # Collected before the device is written: it does not hear of itself.
                work.add(*await self._warnings.of(work, viewer.user, viewer.company, now))
                work.add(
                    AuditDraft(
                        company=viewer.company,
                        at=now,
                        actor=f"user:{viewer.user}",
                        action="device.registered",
                        subject=device.id,
                    )
                )
            self._warnings.send(await work.commit())
        return device


def _faults(kind: str, address: str, label: str) -> tuple[DeviceFault, ...]:
    faults: list[DeviceFault] = []
    if kind not in KINDS:
        faults.append(DeviceFault(path="kind", code="UNKNOWN"))
    for path, text, longest in (
        ("address", address, LONGEST_ADDRESS),
        ("label", label, LONGEST_LABEL),
    ):
        if not text.strip():
            faults.append(DeviceFault(path=path, code="EMPTY"))
        elif len(text) > longest:
            faults.append(DeviceFault(path=path, code="TOO_LONG"))
    return tuple(faults)
