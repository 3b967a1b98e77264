"""The PJSUA phone's own program: pjsua2 without threads, commands on stdin, JSON events on stdout.

Commands: call URI | call-without-offer URI | refer URI TARGET | ood URI TARGET | hold | unhold | update | dtmf KEYS |
message URI TEXT | drop URI | hangup | quit
Each call is recorded to a file of its own: RECORD with the call's number before the suffix.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import pjsua2 as pj


def say(event: str, **facts: object) -> None:
    """One JSON line."""
    print(json.dumps({"event": event, "at": time.time(), **facts}), flush=True)


class PhoneCall(pj.Call):
    """A call: plays the clip, records what comes, reports its states."""

    def __init__(self, phone: "PjsuaPhone", call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, call_id)
        self.phone = phone
        self.number = len(phone.calls)
        self.over = False
        self.recorder = None
        self.audio = None
        phone.calls.append(self)

    def is_with(self, uri: str) -> bool:
        """Whether it was made to this URI, or is now with it after a redirect."""
        info = self.getInfo()
        return any(uri.split(";")[0] in text for text in (info.remoteUri, info.remoteContact))

    def onCallState(self, prm) -> None:  # noqa: N802 - pjsua2's names
        info = self.getInfo()
        facts = {"call": self.number, "remote": info.remoteUri, "contact": info.remoteContact}
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            say("answered", **facts)
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.over, self.recorder, self.audio = True, None, None
            say("ended", status=info.lastStatusCode, reason=info.lastReason, **facts)

    def onCallMediaState(self, prm) -> None:  # noqa: N802
        info = self.getInfo()  # must be held: its media list dies with it
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO or media.status != pj.PJSUA_CALL_MEDIA_ACTIVE:
                continue
            audio = self.getAudioMedia(index)
            if self.phone.player is not None:
                self.phone.player.startTransmit(audio)
            if self.recorder is None:
                self.recorder = pj.AudioMediaRecorder()
                path = self.phone.options.record
                self.recorder.createRecorder(str(path.with_suffix(f".{self.number}.wav")))
            audio.startTransmit(self.recorder)
            if self.phone.options.mix:
                self.join(audio)

    def join(self, audio: pj.AudioMedia) -> None:
        """Let whoever else we have a call with hear this one, and the other way."""
        self.audio = audio
        for other in self.phone.calls:
            if other is not self and other.audio is not None:
                audio.startTransmit(other.audio)
                other.audio.startTransmit(audio)

    def onCallRedirected(self, prm) -> int:  # noqa: N802
        say("redirected", call=self.number, target=prm.targetUri)
        return pj.PJSIP_REDIRECT_ACCEPT

    def onCallTransferRequest(self, prm) -> None:  # noqa: N802
        say("referred", call=self.number, target=prm.dstUri)
        prm.newCall = PhoneCall(self.phone)

    def onCallReplaced(self, prm) -> None:  # noqa: N802
        prm.newCall = PhoneCall(self.phone, prm.newCallId)
        say("replaced", call=self.number, by=prm.newCall.number)

    def onCallTransferStatus(self, prm) -> None:  # noqa: N802
        say("refer_progress", call=self.number, status=prm.statusCode, final=bool(prm.finalNotify))

    def onDtmfDigit(self, prm) -> None:  # noqa: N802
        say("dtmf", call=self.number, keys=prm.digit)


class PhoneAccount(pj.Account):
    """Takes incoming calls, or lets them ring."""

    phone: "PjsuaPhone"

    def onIncomingCall(self, prm) -> None:  # noqa: N802
        call = PhoneCall(self.phone, prm.callId)
        say("incoming", call=call.number, remote=call.getInfo().remoteUri)
        answer = pj.CallOpParam()
        answer.statusCode = 200 if self.phone.options.answer else 180
        call.answer(answer)

    def onInstantMessage(self, prm) -> None:  # noqa: N802
        say("message", sender=prm.fromUri, text=prm.msgBody)

    def onSendRequest(self, prm) -> None:  # noqa: N802
        response = prm.e.body.tsxState.src.rdata.wholeMsg if prm.e.type == pj.PJSIP_EVENT_TSX_STATE else ""
        say("sent", response=response.split("\r\n", 1)[0])


class PjsuaPhone:
    """Endpoint, account and calls."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.calls: list[PhoneCall] = []
        self.buddies: list[pj.Buddy] = []
        self.player = None
        self.endpoint = pj.Endpoint()
        self.account = PhoneAccount()
        self.account.phone = self

    def start(self) -> None:
        """Open the library with the file player as its only sound."""
        config = pj.EpConfig()
        config.logConfig.level, config.logConfig.consoleLevel = 5, self.options.log_level
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
        self.endpoint.libCreate()
        self.endpoint.libInit(config)
        self.endpoint.audDevManager().setNullDev()
        transport = pj.TransportConfig()
        transport.port = self.options.port
        transport.boundAddress = transport.publicAddress = self.options.host
        transport_id = self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        if self.options.transport != "udp":
            self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
            transport_id = -1  # tied to one transport it would not follow a 302 to another
        if self.options.transport == "tls":
            transport.port = self.options.port + 1
            self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            wanted = codec.codecId.startswith(self.options.codec)
            self.endpoint.codecSetPriority(codec.codecId, 255 if wanted else 0)
        if self.options.play:
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(str(self.options.play), pj.PJMEDIA_FILE_NO_LOOP)
        self.account.create(self.account_config(transport_id))
        say("ready", port=self.options.port)

    def account_config(self, transport_id: int) -> pj.AccountConfig:
        """An account without a registrar, media on our own address."""
        config = pj.AccountConfig()
        config.idUri = f"sip:{self.options.user}@{self.options.host}:{self.options.port}"
        if transport_id >= 0:
            config.sipConfig.transportId = transport_id
        if self.options.credentials:
            name, password = self.options.credentials
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", name, 0, password))
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
        config.callConfig.timerMinSESec = config.callConfig.timerSessExpiresSec = 90
        if self.options.srtp:
            config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY  # RTP/SAVP
            config.mediaConfig.srtpSecureSignaling = 0
        media = config.mediaConfig.transportConfig
        media.boundAddress = media.publicAddress = self.options.host
        media.port = self.options.port + 10
        return config

    def command(self, line: str) -> bool:
        """Do one command; False to quit."""
        words = line.split()
        try:
            if words[0] == "call":
                PhoneCall(self).makeCall(words[1], pj.CallOpParam(True))
            elif words[0] == "call-without-offer":
                without = pj.CallOpParam(True)
                without.opt.flag |= pj.PJSUA_CALL_NO_SDP_OFFER
                PhoneCall(self).makeCall(words[1], without)
            elif words[0] == "ood":
                self.refer_outside(words[1], words[2])
            elif words[0] == "message":
                self.send_message(words[1], " ".join(words[2:]))
            elif words[0] == "hangup":
                self.endpoint.hangupAllCalls()
            else:
                self.command_in_call(words)
            return words[0] != "quit"
        except (pj.Error, IndexError) as error:
            say("failed", command=line, problem=str(getattr(error, "reason", error)))
            return True

    def command_in_call(self, words: list[str]) -> None:
        """Do a command to the latest call, or to the latest with whom the command names."""
        live = [call for call in self.calls if not call.over]
        if words[0] == "update":
            live[-1].update(pj.CallOpParam(True))
        elif words[0] == "dtmf":
            live[-1].dialDtmf(words[1])
        elif words[0] == "refer":
            self.call_with(words[1]).xfer(words[2], pj.CallOpParam())
        elif words[0] == "drop":
            self.call_with(words[1]).hangup(pj.CallOpParam())
        elif words[0] == "hold":
            live[-1].setHold(pj.CallOpParam())
        elif words[0] == "unhold":
            again = pj.CallOpParam(True)
            again.opt.flag |= pj.PJSUA_CALL_UNHOLD
            live[-1].reinvite(again)

    def call_with(self, uri: str) -> PhoneCall:
        """The latest call with whoever this URI names. IndexError without one."""
        return [call for call in self.calls if not call.over and call.is_with(uri)][-1]

    def refer_outside(self, uri: str, target: str) -> None:
        """REFER outside any call; the library does not add a Contact by itself."""
        request = pj.SendRequestParam()
        request.method = "REFER"
        request.txOption.targetUri = uri
        options = self.options
        for name, value in (
            ("Refer-To", f"<{target}>"),
            ("Contact", f"<sip:{options.user}@{options.host}:{options.port}>"),
        ):
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            request.txOption.headers.append(header)
        self.account.sendRequest(request)

    def send_message(self, uri: str, text: str) -> None:
        """MESSAGE by way of a buddy."""
        config = pj.BuddyConfig()
        config.uri = uri
        buddy = pj.Buddy()
        buddy.create(self.account, config)
        self.buddies.append(buddy)
        message = pj.SendInstantMessageParam()
        message.content = text
        buddy.sendInstantMessage(message)

    def run(self) -> None:
        """Handle events and commands until `quit`, end of input or the time is up."""
        os.set_blocking(0, False)
        end, pending = time.monotonic() + self.options.life_s, b""
        while time.monotonic() < end:
            self.endpoint.libHandleEvents(10)
            try:
                data = os.read(0, 4096)
            except BlockingIOError:
                continue
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            if not all(self.command(line.decode()) for line in lines if line.strip()):
                break
        self.endpoint.hangupAllCalls()
        end = time.monotonic() + 1.0
        while time.monotonic() < end and not all(call.over for call in self.calls):
            self.endpoint.libHandleEvents(10)
        for call in self.calls:
            call.recorder = None  # closes the file


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--user", default="pjsua")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--play", type=Path)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--codec", default="PCMU")
    parser.add_argument("--answer", action="store_true")
    parser.add_argument("--transport", default="udp", choices=("udp", "tcp", "tls"))
    parser.add_argument("--srtp", action="store_true")
    parser.add_argument("--mix", action="store_true")
    parser.add_argument("--credentials", nargs=2, metavar=("USER", "PASSWORD"))
    parser.add_argument("--log-level", type=int, default=4)
    parser.add_argument("--life-s", type=float, default=300.0)
    phone = PjsuaPhone(parser.parse_args())
    phone.start()
    phone.run()
    phone.calls.clear()
    phone.buddies.clear()
    phone.player = None
    phone.endpoint.libDestroy()
    sys.stdout.flush()
    os._exit(0)  # the library's destructors must not run after libDestroy


if __name__ == "__main__":
    main()
