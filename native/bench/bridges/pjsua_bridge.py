"""PJSUA as a conference bridge: a program that answers calls and connects all who called the same user.

    pjsua_bridge.py HOST PORT FIRST_RTP_PORT MOST

Its bridge and codec run at 8 kHz, without sound device, echo canceller and silence detection.
"""

import sys
import threading

import pjsua2 as pj


class Member(pj.Call):
    """One call; when its sound begins it is connected with all of its conference, both ways."""

    def __init__(self, bridge, account, call_id):
        super().__init__(account, call_id)
        self.bridge = bridge
        self.conference = ""

    def onCallMediaState(self, prm):  # noqa: N802, D102 - pjsua2's names
        info = self.getInfo()
        self.conference = info.localUri
        mine = self.getAudioMedia(-1)
        members = self.bridge.conferences.setdefault(self.conference, [])
        for other in members:
            theirs = other.getAudioMedia(-1)
            mine.startTransmit(theirs)
            theirs.startTransmit(mine)
        members.append(self)

    def onCallState(self, prm):  # noqa: N802, D102
        if self.getInfo().state == pj.PJSIP_INV_STATE_DISCONNECTED:
            members = self.bridge.conferences.get(self.conference, [])
            if self in members:
                members.remove(self)
            self.bridge.calls.discard(self)


class Answerer(pj.Account):
    """Takes every call."""

    def __init__(self, bridge):
        super().__init__()
        self.bridge = bridge

    def onIncomingCall(self, prm):  # noqa: N802, D102
        call = Member(self.bridge, self, prm.callId)
        self.bridge.calls.add(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


class Bridge:
    """The library, its account and its calls."""

    def __init__(self, host, port, first_rtp_port, most):
        self.calls, self.conferences = set(), {}
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = 1
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.maxCalls = most
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        self.endpoint.libInit(config)
        self.endpoint.audDevManager().setNullDev()
        transport = pj.TransportConfig()
        transport.port, transport.boundAddress, transport.publicAddress = port, host, host
        where = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
        self.account = Answerer(self)
        account = pj.AccountConfig()
        account.idUri = f"sip:bridge@{host}:{port}"
        account.sipConfig.transportId = where
        account.mediaConfig.transportConfig.boundAddress = host
        account.mediaConfig.transportConfig.publicAddress = host
        account.mediaConfig.transportConfig.port = first_rtp_port
        account.mediaConfig.transportConfig.portRange = 4 * most
        self.account.create(account, True)


def main(host, port, first_rtp_port, most):
    """Serves until the other end of standard input is closed."""
    bridge = Bridge(host, int(port), int(first_rtp_port), int(most))
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    while not over.is_set():
        bridge.endpoint.libHandleEvents(100)
    bridge.endpoint.libDestroy()


main(*sys.argv[1:])
